"""Settings of a study, section by section: one default per scientific choice."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator

from aqbio.config.written import WrittenModel, spelled

Positive = Annotated[float, Field(gt=0)]
"""A number above zero."""

MAX_NAME_BYTES = 255
"""Longest file name on Linux, to which results may be moved, bytes."""

MAX_PATH_BYTES = 4095
"""Longest path on Linux, bytes."""


def valid_disk_path(path: str) -> str:
    """Return a path; refuse one with names too long for a disk."""
    longest = max((len(part.encode()) for part in path.split("/")), default=0)
    if longest > MAX_NAME_BYTES or len(path.encode()) > MAX_PATH_BYTES:
        raise ValueError(
            f"no disk can have this file: a name of {longest} bytes in a path of "
            f"{len(path.encode())}, where {MAX_NAME_BYTES} and {MAX_PATH_BYTES} are the most"
        )
    if "\0" in path:
        raise ValueError("no disk can have this file: there is a zero byte in its name")
    return path


GivenFile = Annotated[str, AfterValidator(valid_disk_path)]
"""A file or folder that a laboratory names."""


WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that no file on Windows may have."""


def valid_windows_name(name: str) -> str:
    """Return a name of a file or folder of results; refuse those that Windows reserves."""
    if WINDOWS_DEVICES.fullmatch(name) or name.endswith("."):  # a last dot is dropped
        raise ValueError(f"{name} cannot be the name of a file on Windows: choose another one")
    return name


FOLDER_NAME = spelled(
    r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
    "letters, digits, underscores and hyphens, with a letter or digit first",
)

FolderName = Annotated[str, Field(pattern=FOLDER_NAME), AfterValidator(valid_windows_name)]
"""The name of a folder of results."""


class Section(WrittenModel):
    """A group of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Corrections(Section):
    """Documented corrections of models; each can be switched off."""

    drop_muscles: bool = Field(
        default=True, description="Remove muscles and other forces, which inverse dynamics ignores."
    )
    unclamp: bool = Field(
        default=True,
        description="Remove the clamping of coordinates, which breaks inverse kinematics silently "
        "on long runways and beyond 120 degrees of knee flexion.",
    )
    torso_inertia: bool = Field(
        default=True,
        description="Scale the torso inertia of the Hamner, Rajagopal and Lai-Uhlrich family to "
        "the torso's mass.",
    )


class Model(Section):
    """The generic model, its map and the markers on it."""

    file: GivenFile = Field(
        default="sprint",
        description="`sprint` (our own model, by the participant's sex), `sprint_anatomical` (the "
        "same body with the joints of Rajagopal et al. 2016) or the path of a generic .osim file; "
        "relative to study.yaml, ${NAME} is replaced.",
    )
    map: GivenFile = Field(
        default="sprint",
        description="Name of a folder in models/ or path of a map file: groups, feet and joints.",
    )
    markers: GivenFile = Field(
        default="",
        description="Path of the marker set of the recordings; empty: the one of the model's map.",
    )
    corrections: Corrections = Corrections()


class OtherModels(Section):
    """Models on which the same recordings are worked through in addition to the study's own."""

    models: dict[FolderName, Model] = Field(
        default={},
        description="Name of each and its settings, as in section model. How far stance means and "
        "curves differ from those on the study's own model is a source of their uncertainty. "
        "Without any, one contact of each foot is drawn on a second model that follows the same "
        "markers (with our own models only).",
    )
    trials: tuple[str, ...] = Field(
        default=(),
        description="Trials that are compared, by trial_id; empty: all. Their differences count "
        "for all trials of the participant: name the fastest.",
    )


class Consistency(Section):
    """Motion, forces and body made to obey Newton and Euler together."""

    enabled: bool = Field(
        default=True,
        description="Fit motion, forces and body together; `consistency: off` is short for "
        "`{enabled: false}`, the plain way.",
    )
    drag_area_m2: Annotated[float, Field(ge=0)] = Field(
        default=0.45,
        description="Frontal area times drag coefficient of the runner, m²; 0 where there is no "
        "air to run against, as on a treadmill.",
    )
    align_plates: bool = Field(
        default=True,
        description="Estimate how the force plates are turned, displaced and scaled against the "
        "cameras, from planted feet and from motion and forces; false: a horizontal displacement "
        "only.",
    )
    samples: Annotated[int, Field(ge=0)] = Field(
        default=40, description="Samples of the posterior behind its intervals; 0: none."
    )


class Quality(Section):
    """Limits of quality: what lies outside is marked, and the gates of verdicts read it."""

    residual_force: Positive = Field(
        default=0.05,
        description="Largest residual force (RMS by axis), share of the peak ground reaction force "
        "(Hicks 2015).",
    )
    residual_moment: Positive = Field(
        default=0.01,
        description="Largest residual moment (RMS by axis), share of the peak ground reaction "
        "force times the height of the centre of mass (Hicks 2015).",
    )
    yaw_residual_nm: Positive = Field(
        default=10.0,
        description="Largest residual moment about the vertical in stance (RMS) that a conclusion "
        "about the vertical can bear, N m: group rates are 20 to 80 N m.",
    )
    effect_to_residual: Positive = Field(
        default=3.0,
        description="Least ratio of the smallest group's rate to the residual about the vertical, "
        "both RMS in stance.",
    )
    flight_drift: Positive = Field(
        default=0.3,
        description="Largest range of the total angular momentum about the vertical in flight, "
        "share of the largest group's: 1.5 times what a tenth of real recordings exceeds.",
    )
    flight_acceleration_mps2: Positive = Field(
        default=1.0,
        description="Largest acceleration of the centre of mass in flight, apart from that of "
        "gravity and air (RMS), m/s².",
    )
    foot_slip_m: Positive = Field(
        default=0.011,
        description="How far the forefoot's markers may slide in the middle of a foot's contacts, "
        "median, m; on a treadmill against the belt under the other foot. 1.5 times what a tenth "
        "of real recordings exceeds.",
    )
    beyond_band: Positive = Field(
        default=0.20,
        description="How far contact and flight times, step length, step frequency and peak force "
        "may be outside what men do at that speed, share: short women are up to 0.15.",
    )
    vertical_impulse: Positive = Field(
        default=0.03,
        description="How far the vertical impulse of steady steps may be from weight times "
        "duration, share.",
    )
    markers_moved_m: Positive = Field(
        default=0.008,
        description="How far the fitted motion may have the model's markers from inverse "
        "kinematics (RMS), m.",
    )
    joint_change_median_degrees: Positive = Field(
        default=3.0,
        description="Largest RMS change of joint angles by the consistency fit, median joint, "
        "degrees: sound recordings whose markers err by 16 mm come to 2.5.",
    )
    joint_change_max_degrees: Positive = Field(
        default=6.0,
        description="Largest RMS change of joint angles by the consistency fit, largest joint, "
        "degrees: sound recordings come to 5.3.",
    )
    usable_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.70,
        description="Least share of the recorded steps that are usable for a hypothesis, and of "
        "these with a known error of measurement, for a verdict.",
    )


class Figures(Section):
    """Figures for the page and for a paper."""

    widths_mm: tuple[Positive, ...] = Field(
        default=(85.0, 180.0), description="Widths of the figures, mm (one and two columns)."
    )
    formats: tuple[Literal["pdf", "svg"], ...] = Field(
        default=("pdf", "svg"), description="File formats of the figures."
    )
    reference: GivenFile = Field(
        default="",
        description="Table of the people whom athletes are shown beside, made by `aqbio reference` "
        "from a study of yours; relative to study.yaml. Empty: the public runners that come with "
        "aqbio.",
    )


class Report(Section):
    """The page."""

    title: str = Field(default="", description="Title of the page; empty: the study's name.")
    authors: str = Field(default="", description="Line under the title.")


Direction = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


MARKED_STEP_FACTOR = 1.5
"""Factor on the limits of a trial above which the marker errors of a step mark it."""


class Files(Section):
    """Files and folders of the recordings."""

    data: GivenFile = Field(
        default="data",
        description="Folder of the recordings, relative to study.yaml; ${NAME} is replaced by the "
        "environment variable NAME.",
    )
    participants: GivenFile = Field(
        default="participants.tsv", description="Sheet with one row per participant."
    )
    trials: GivenFile = Field(default="trials.tsv", description="Sheet with one row per trial.")


def fix_statements(cells: str | tuple[str, ...]) -> tuple[str, ...]:
    """Statements as in column fix, in small letters; a comma before a digit is a decimal one."""
    text = cells if isinstance(cells, str) else ";".join(cells)
    parts = re.split(r";|,(?!\d)", text.casefold())
    return tuple(" ".join(part.split()) for part in parts if part.strip())


class LaboratoryAxes(Section):
    """Laboratory axes, stated instead of detected."""

    forward: Direction = Field(description="Laboratory axis along the direction of travel.")
    up: Direction = Field(description="Laboratory axis that points up.")

    @model_validator(mode="after")
    def _different(self) -> LaboratoryAxes:
        if self.forward[1] == self.up[1]:
            raise ValueError(f"forward ({self.forward}) and up ({self.up}) are the same axis")
        return self


class Laboratory(Section):
    """Laboratory: axes, units and force plates."""

    axes: Literal["auto"] | LaboratoryAxes = Field(
        default="auto",
        description="Laboratory axes: `auto` detects them from plates, forces and the pelvis's "
        "path; or `{forward: +y, up: +z}`.",
    )
    surface: Literal["auto", "overground", "treadmill"] = Field(
        default="auto", description="Running surface; `auto` looks at the pelvis's displacement."
    )
    marker_unit: Literal["auto", "m", "mm", "cm", "inch"] = Field(
        default="auto", description="Unit of marker positions; `auto` takes the file's own."
    )
    ignore_plates: tuple[int, ...] = Field(
        default=(),
        description="Plate numbers (1-based) that are left out, for example a defective one.",
    )
    ignore_markers: tuple[str, ...] = Field(
        default=(), description="Marker labels that are left out of every trial."
    )
    force_delay_s: Annotated[float, Field(ge=-0.1, le=0.1)] = Field(
        default=0.0,
        description="Known delay of the forces behind the markers, s, the same in every trial, for "
        "example of a filter that was applied before export; negative where forces come early.",
    )
    fix: str | tuple[str, ...] = Field(
        default="",
        description="What is wrong with the forces of every trial, in the words of column fix of "
        "trials.tsv (plates-action; force-x-sign): one text, or a list. A cell adds to it; as "
        "recorded in a cell keeps it from that trial. Trials that cannot have it are unchanged.",
    )


class Prepare(Section):
    """Signals, gaps and events."""

    cutoff_hz: Positive = Field(
        default=20.0,
        description="Matched low-pass cut-off of kinematics and forces (4th-order zero-lag "
        "Butterworth), Hz.",
    )
    event_cutoff_hz: Positive = Field(
        default=200.0,
        description="Low-pass cut-off of the vertical force that gives events, Hz; at 100 Hz the "
        "touchdown of a stiff sprint contact comes 1.5 ms early.",
    )
    event_threshold_overground_n: Positive = Field(
        default=20.0, description="Vertical force that starts and ends a contact overground, N."
    )
    event_threshold_treadmill_n: Positive = Field(
        default=50.0, description="Vertical force that starts and ends a contact on a treadmill, N."
    )
    max_gap_frames: Annotated[int, Field(ge=0)] = Field(
        default=10, description="Longest marker gap that is filled (cubic), frames."
    )
    max_gap_s: Positive = Field(default=0.040, description="Longest marker gap that is filled, s.")


class Solve(Section):
    """Inverse kinematics and inverse dynamics."""

    marker_rms_m: Positive = Field(
        default=0.020,
        description="Marker RMS error of a trial without a finding, m; a step whose contact "
        "exceeds it by half is marked.",
    )
    marker_max_m: Positive = Field(
        default=0.040,
        description="Largest marker error of a trial without a finding, m; a step whose contact "
        "exceeds it by half is marked.",
    )
    reject_on_marker_error: bool = Field(
        default=False,
        description="Reject the steps whose contact exceeds marker_rms_m or marker_max_m by half; "
        "otherwise they are marked in the column `step_flags`.",
    )

    @property
    def reject_rms_m(self) -> float:
        """Marker RMS error of a contact above which its step is marked, m."""
        return MARKED_STEP_FACTOR * self.marker_rms_m

    @property
    def reject_max_m(self) -> float:
        """Largest marker error of a contact above which its step is marked, m."""
        return MARKED_STEP_FACTOR * self.marker_max_m


class Contributions(Section):
    """Momentum, moments and closure."""

    align_heading: bool = Field(
        default=True,
        description="Rotate about the vertical so that the mean velocity of the centre of mass is "
        "along +x.",
    )
    draws: Annotated[int, Field(ge=0)] = Field(
        default=64,
        description="Draws of body, plates and markers behind the 95 % intervals, for one contact "
        "of each foot of a trial; 0: no intervals. 64, as many as a fit has, are the same errors "
        "in trials with and without one.",
    )


class Roles(Section):
    """Members of the push side and of the swing side: a view of every step."""

    pelvis: Literal["torso", "push_leg", "swing_leg", "legs", "out"] = Field(
        default="torso",
        description="Where the pelvis counts: `torso` on the push side, stated as a group of its "
        "own; `push_leg`, `swing_leg`, `legs` (half in each) merge it into them; `out`: stated, "
        "but on no side.",
    )
    arms: Literal["together", "split"] = Field(
        default="together",
        description="`split` tells the arms on the sides of push leg and swing leg apart "
        "(arm_push, arm_swing), in addition to their sum.",
    )
    flight: Literal["R1", "R2", "R3"] = Field(
        default="R1",
        description="Push leg in flight: R1 the last stance leg until the next touchdown, R2 roles "
        "change in mid-flight, R3 the leg whose foot moves backward relative to the pelvis.",
    )


class Random(Section):
    """Random numbers: draws of bodies and errors, samples of the posterior."""

    seed: Annotated[int, Field(ge=0)] = Field(
        default=1, description="The same seed gives the same intervals."
    )


class Steps(Section):
    """Conditions for contacts to become steps, and for steps to be kept."""

    heading_change_degrees: Positive = Field(
        default=1.5,
        description="Change of heading over a step above which it counts as a turn, degrees.",
    )
    lateral_force_bw: Positive = Field(
        default=0.05,
        description="Step-mean lateral force above which a step counts as a turn, body weights.",
    )
    reject_turns: bool = Field(
        default=False,
        description="Reject the steps that count as turns; otherwise they are marked in the column "
        "`step_flags`.",
    )


class Hypotheses(Section):
    """The test of the hypotheses."""

    registry: GivenFile = Field(
        default="",
        description="Path of the registry of hypotheses, relative to study.yaml; empty: "
        "hypotheses.yaml next to it where there is one, otherwise the one that comes with aqbio.",
    )
    strength: GivenFile = Field(
        default="strength.tsv",
        description="Sheet with strengths by leg, measured in addition to motion capture; "
        "hypotheses that need it are not testable where the file does not exist.",
    )


ConsistencyWay = Literal["default", "loose", "off"]
"""Method by which motion and forces are made to agree."""


class Multiverse(Section):
    """Choices that a verdict must survive; each is varied separately from the study's own."""

    enabled: bool = Field(
        default=True, description="Compute the arms; without them no verdict is called robust."
    )
    consistency: tuple[ConsistencyWay, ...] = Field(
        default=("default", "loose", "off"),
        description="How motion and forces are made to agree: the study's weights, forces trusted "
        "a third as much, or not at all. Only where the study uses the consistency stage.",
    )
    cutoffs_hz: tuple[Positive, ...] = Field(
        default=(15.0, 20.0, 30.0), description="Matched low-pass cut-offs, Hz."
    )
    event_thresholds_n: tuple[Positive, ...] = Field(
        default=(10.0, 20.0, 50.0), description="Vertical forces that start and end a contact, N."
    )
    bodies: tuple[Literal["model", "de_leva", "dumas"], ...] = Field(
        default=("model", "de_leva", "dumas"),
        description="Tables of segment inertia; de_leva and dumas exist for our sprint model.",
    )
    pelvis: tuple[Literal["torso", "out", "push_leg", "legs"], ...] = Field(
        default=("torso", "out", "push_leg", "legs"),
        description="Where the pelvis belongs: with the torso, to no side, with the push leg, half "
        "with each leg.",
    )

    @field_validator("consistency", mode="before")
    @classmethod
    def _off_is_a_word(cls, value: object) -> object:
        """Take a bare `off` in the list, which YAML reads as a boolean, for the word."""
        if isinstance(value, list | tuple):
            return ["off" if value is False else value for value in value]
        return value


SECTIONS: dict[str, type[Section]] = {
    "files": Files,
    "laboratory": Laboratory,
    "prepare": Prepare,
    "model": Model,
    "other_models": OtherModels,
    "solve": Solve,
    "consistency": Consistency,
    "contributions": Contributions,
    "roles": Roles,
    "steps": Steps,
    "quality": Quality,
    "hypotheses": Hypotheses,
    "multiverse": Multiverse,
    "random": Random,
    "figures": Figures,
    "report": Report,
}
"""Every section of study.yaml, in the order of the data flow."""


RESULTS_PATH = spelled(r"^[^{}\x00-\x1f]+$", "a path without braces, tabs and line breaks")


class StudySettings(Section):
    """Settings of one study: the content of study.yaml."""

    name: Annotated[FolderName, Field(max_length=100)] = Field(
        description="Name of the study: results are written to results/<name>."
    )
    results: Annotated[str, Field(pattern=RESULTS_PATH), AfterValidator(valid_disk_path)] = Field(
        default="results", description="Folder of all results, relative to the working directory."
    )
    files: Files = Files()
    laboratory: Laboratory = Laboratory()
    prepare: Prepare = Prepare()
    model: Model = Model()
    other_models: OtherModels = OtherModels()
    solve: Solve = Solve()
    consistency: Consistency = Consistency()
    contributions: Contributions = Contributions()
    roles: Roles = Roles()
    steps: Steps = Steps()
    quality: Quality = Quality()
    hypotheses: Hypotheses = Hypotheses()
    multiverse: Multiverse = Multiverse()
    random: Random = Random()
    figures: Figures = Figures()
    report: Report = Report()

    @model_validator(mode="before")
    @classmethod
    def _consistency_switch(cls, value: object) -> object:
        """Take `consistency: off` and `on` for the whole section; YAML reads them as booleans."""
        if isinstance(value, dict) and isinstance(value.get("consistency"), bool):
            return {**value, "consistency": {"enabled": value["consistency"]}}
        return value


EVERYDAY = {
    "files.data": "the recordings lie in another folder",
    "model.file": "you use a generic model of your own instead of our sprint model",
    "model.map": "that model is none of those that aqbio knows (`aqbio map-model` proposes a map)",
    "model.markers": "the labels of your recordings are not those of the model",
    "laboratory.axes": "the axes are not recognised, or wrongly: signs and sides depend on them",
    "laboratory.ignore_plates": "a plate is defective or lies off the runway",
    "laboratory.ignore_markers": "a marker is worse than none",
    "laboratory.force_delay_s": "a filter before export delayed the forces",
    "prepare.cutoff_hz": "your signals ask for another low-pass than 20 Hz",
    "roles.pelvis": "the pelvis shall count to a leg, to both legs or to no side",
    "consistency.enabled": "you want motion and forces as they were measured, not made consistent",
    "hypotheses.registry": "you test hypotheses of your own, written before the data were read",
}
"""Settings by name, and when to change them; every other one is for experts."""
