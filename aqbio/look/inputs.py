"""A model in motion: what OpenSim's files say, read and prepared as a study's trials are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr
import yaml
from pydantic import ValidationError

from aqbio.config import MarkerSet, ModelMap, Trial
from aqbio.config.settings import Laboratory, Prepare, Solve
from aqbio.errors import AqbioError, Finding, listed
from aqbio.intake.models import map_of_skeleton, shipped_map
from aqbio.inverse_dynamics.files import plain_trial
from aqbio.inverse_kinematics.findings import force_findings, motion_findings
from aqbio.inverse_kinematics.pose import (
    SolvedPose,
    pose_faults,
    pose_finding,
    refuse_without_pose,
    without_faults,
)
from aqbio.inverse_kinematics.solution import (
    FIRST_TIME,
    Solution,
    SolvedTrial,
    solution_findings,
    solved_dataset,
)
from aqbio.inverse_kinematics.stage import moving_solution
from aqbio.inverse_kinematics.trial_pose import SolvedCoordinates, coordinates_of_file
from aqbio.io.mot import Storage, read_storage
from aqbio.look.model_findings import model_findings
from aqbio.look.unmeasured import unmeasured_stance, without_unmeasured
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import TrackedMarkers
from aqbio.multibody.skeleton import FIXED, GROUND, Skeleton
from aqbio.observed.mask import NOT_IN_FILE, Observed, observed_from
from aqbio.observed.parts import ObservedParts, lost_findings, of_the_model
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton
from aqbio.prepare.coordinates import coordinate_columns, trial_of_storage
from aqbio.prepare.dataset import prepared_dataset
from aqbio.prepare.marked_body import SegmentMasses
from aqbio.prepare.notes import Notes
from aqbio.prepare.prepared import foot_loads, without_free_moment
from aqbio.prepare.stage import OPENSIM_AXES
from aqbio.prepare.stated_faults import stated_faults
from aqbio.prepare.trial import prepare_trial
from aqbio.signals import longest_gap
from aqbio.vectors import BoolArray, FloatArray

DEFAULT_CUTOFF_HZ = Prepare().cutoff_hz
"""Matched low-pass of coordinates and forces, the same as a study's, Hz."""

GUESSED = "guessed"
"""Name of a map that no shipped one stands for."""


@dataclass(frozen=True)
class ModelInMotion:
    """A model, its motion and the forces on its feet, at the times of the motion file."""

    name: str
    """Of the motion file, without its ending."""
    model: Path
    motion_file: Path
    forces_file: Path | None
    skeleton: Skeleton
    model_map: ModelMap
    map_name: str
    """Of the shipped model whose names this one has, or `GUESSED`."""
    map_text: str
    """Map file of a guessed map; empty where a shipped one fits."""
    start: float
    """First instant of the motion file, s; times below count from it."""
    cutoff_hz: float
    prepared: xr.Dataset
    """Loads of the feet, contacts, ground: as stage prepare writes them."""
    solution: Solution
    """Low-passed coordinates with their derivatives, and generalised forces."""
    data: xr.Dataset
    """Motion, loads and contacts as stage contributions reads them."""
    parts: ObservedParts
    findings: tuple[Finding, ...]

    @property
    def time(self) -> FloatArray:
        """(T,) array, s, from the first instant of the motion file."""
        return self.solution.markers.time


MARKER_FILES = (".trc", ".c3d")
"""Suffixes of recordings of markers, from which coordinates are still to be computed."""


def refuse_markers(motion: Path) -> None:
    """Refuse a recording of markers where coordinates are asked for."""
    if motion.suffix.lower() in MARKER_FILES:
        raise AqbioError(
            f"this is a recording of markers or poses of segments ({motion.suffix}), not a motion "
            "of the model's coordinates.",
            file=motion.name,
            fix="aqbio new FOLDER --from RECORDINGS shows in seconds what is in it, and aqbio run "
            "FOLDER computes its levels A to C; or run inverse kinematics in OpenSim and give its "
            ".mot. Poses of Theia3D or Visual3D need no model: aqbio look POSES.c3d.",
            rule="motion-of-markers",
        )


def read_model_in_motion(
    model: Path,
    motion: Path,
    forces: Path | None = None,
    cutoff_hz: float = DEFAULT_CUTOFF_HZ,
    fix: str = "",
) -> ModelInMotion:
    """Read a model, a motion of its coordinates and forces, and prepare them as a study would.

    Parameters
    ----------
    model : Path
        An ``.osim`` file: generic, scaled or adjusted.
    motion : Path
        Coordinates of inverse kinematics, RRA, CMC or Moco (``.mot``, ``.sto``).
    forces : Path, optional
        Ground reaction forces (``.mot``, ``.sto``), or the external-loads file that names them.
    cutoff_hz : float
        Matched low-pass of coordinates and forces, Hz.
    fix : str
        What is wrong with the forces, in the words of column fix of a study.

    Raises
    ------
    AqbioError
        A file cannot be read, or model, motion and forces do not belong together.
    """
    check_cutoff(cutoff_hz)
    refuse_markers(motion)
    with quiet(level="Off"):
        skeleton = read_skeleton(model)
    try:
        return _prepared(model, skeleton, motion, forces, cutoff_hz, fix)
    except AqbioError as error:
        raise AqbioError(
            error.what.replace(*MARKERS_BLAMED),
            file=error.file or motion.name,
            where=error.where,
            fix=without_sheets(error.fix) or "check the path and the kind of this file.",
            rule=error.rule,
        ) from error


def check_cutoff(cutoff_hz: float) -> None:
    """Refuse a cut-off that no filter has; one above the rates is refused with the file."""
    if not 0.0 < cutoff_hz < np.inf:
        raise AqbioError(
            f"the cut-off is {cutoff_hz:g} Hz.",
            fix="give a frequency above 0, such as 6 in walking or 20 in running.",
            rule="cutoff",
        )


def _prepared(
    model: Path, skeleton: Skeleton, motion: Path, forces: Path | None, cutoff_hz: float, fix: str
) -> ModelInMotion:
    _check_gravity(skeleton, model)
    model_map, map_name, map_text = map_for(skeleton, model)
    storage = read_storage(motion)
    skeleton, held_joints = with_held_joints(skeleton, storage, model_map.groups)
    read = trial_of_storage(skeleton, model_map, storage, motion, forces)
    settings, rate = Prepare(cutoff_hz=cutoff_hz), read.recording.rate
    pose, observed, lost_frames = _observed(
        skeleton, read.q, rate, model_map, read.marker_set, settings
    )
    start = float(storage.time[0])
    notes = Notes(motion.stem, "", motion.name, (forces or motion).name, first_time=start)
    row = Trial(
        participant_id="model", trial_id="motion", task="run", coordinates_file=motion.name,
        fix=fix or None,
    )  # fmt: skip
    laboratory = Laboratory(axes=OPENSIM_AXES)
    masses = SegmentMasses(
        dict(zip(skeleton.bodies, skeleton.mass.tolist(), strict=True)), model_map.groups,
        body_kg=float(skeleton.mass.sum()), is_weighed=False,
    )  # fmt: skip
    trial = prepare_trial(
        read.recording, row, read.marker_set, laboratory, settings, notes,
        masses=masses if read.shows_body else None,
        stated=stated_faults(row, (forces or motion).name, where="option --fix"),
    )  # fmt: skip
    prepared = prepared_dataset(trial, cutoff_hz).assign_attrs({FIRST_TIME: start})
    unmeasured = unmeasured_stance(trial, prepared, read.marker_set)
    prepared, beside_plates = without_unmeasured(prepared, unmeasured, start)
    findings = [*held_joints, *notes.findings, *beside_plates]
    findings += model_findings(model, skeleton, model_map, trial)
    markers = TrackedMarkers(trial.time, trial.labels, trial.markers, np.ones(len(trial.labels)))
    solution = moving_solution(
        model_map, skeleton, markers, pose, observed, prepared,
        cutoff_hz=cutoff_hz, from_markers=False,
    )  # fmt: skip
    name = motion.stem
    loads = foot_loads(model_map, prepared)
    short = _short_findings(trial.time, cutoff_hz)
    of_forces, free_moment = _judged_forces(solution, loads, model_map.groups, name)
    findings += [
        *solution_findings(solution, name, read.marker_set, Solve()),
        *lost_frames,
        *(short or motion_findings(solution, model_map, cutoff_hz, name)),
        *of_forces,
        *lost_findings(observed, model_map.groups, solution.contact_window, name),
    ]
    parts = ObservedParts(observed, skeleton, model_map)
    data, unused = plain_trial(
        _solved_trial(solution, prepared, parts, free_moment, name), "", findings
    )
    return ModelInMotion(
        name=name, model=model, motion_file=motion, forces_file=forces, skeleton=skeleton,
        model_map=model_map, map_name=map_name, map_text=map_text,
        start=start, cutoff_hz=cutoff_hz, prepared=prepared,
        solution=solution, data=data, parts=parts, findings=reworded([*findings, *unused]),
    )  # fmt: skip


MIN_PERIODS = 2.0
"""Least length of a motion in periods of the low-pass: within one of either end, what is taken for
the motion before and after shows in accelerations."""


def _short_findings(time: FloatArray, cutoff_hz: float) -> list[Finding]:
    """Finding that a motion is too short for its low-pass; none where it is not."""
    length, shortest = float(time[-1] - time[0]), MIN_PERIODS / cutoff_hz
    if length >= shortest:
        return []
    return [
        Finding(
            rule="motion-short",
            severity="warning",
            what=f"the motion lasts {length:.3f} s, less than {shortest:.3f} s (two periods of the "
            f"low-pass at {cutoff_hz:g} Hz): all of it is near an end, where accelerations are not "
            "known. Residual, joint moments and levels B and C are as unsure.",
            number=length,
            limit=shortest,
            unit="s",
            fix="give a longer motion, and cut the results.",
        )
    ]


def _judged_forces(
    solution: Solution,
    loads: tuple[ExternalLoad, ...],
    groups: Mapping[str, Sequence[str]],
    name: str,
) -> tuple[list[Finding], str]:
    """Findings about the forces, and the state of their free moment.

    A model without arms tells nothing of the sign of the free moment: its momentum about the
    vertical is not the person's.
    """
    return force_findings(
        replace(solution, observed=of_the_model(solution.observed, groups)), loads, name
    )


def _solved_trial(
    solution: Solution, prepared: xr.Dataset, parts: ObservedParts, free_moment: str, name: str
) -> SolvedTrial:
    """The trial as stage inverse_dynamics reads it."""
    coordinates = solution.skeleton.coordinates
    solved = solved_dataset(solution, parts.along("coordinate", coordinates))
    solved = solved.assign_attrs(free_moment=free_moment, from_coordinates="coordinates_file")
    if free_moment != prepared.attrs["free_moment"]:
        prepared = without_free_moment(prepared, free_moment)
    return SolvedTrial(name, prepared, solved, (), prepared)


# the map ------------------------------------------------------------------------------------------


MAX_LACKING = 2
"""Number of parts that are named where a model has no legs."""


def map_for(skeleton: Skeleton, model: Path) -> tuple[ModelMap, str, str]:
    """Map of a model, its name, and its text where it is guessed from how the model moves."""
    names = {*skeleton.bodies, *skeleton.joints, *skeleton.coordinates}
    if fitting := shipped_map(names, model.stem):
        name, model_map = fitting
        return model_map, name, ""
    try:
        proposed = map_of_skeleton(skeleton, model.stem)
    except (ValueError, IndexError) as error:
        raise _no_person(model, str(error)) from error
    try:
        model_map = ModelMap.model_validate(yaml.safe_load(proposed.text))
    except ValidationError as error:
        lacking = [entry for entry in proposed.to_complete if not entry.startswith("source")]
        raise _no_person(model, "; ".join(lacking[:MAX_LACKING])) from error
    return model_map, GUESSED, proposed.text


def _no_person(model: Path, lacking: str) -> AqbioError:
    return AqbioError(
        f"pelvis and both legs with hip, knee and ankle are not recognised in this model "
        f"({lacking or 'no legs'}): levels A to C are of a person on two feet.",
        file=model.name,
        fix="give a model of a whole body or of pelvis and legs, that stands upright facing +x in "
        "its default pose; aqbio.momentum works with any model.",
        rule="model-map",
    )


def _check_gravity(skeleton: Skeleton, model: Path) -> None:
    """Refuse a model whose gravity does not point down the y axis: up is y everywhere here."""
    x, y, z = skeleton.gravity.tolist()
    if not y < -MIN_GRAVITY_MPS2 or abs(x) + abs(z) > MAX_TILT * abs(y):
        raise AqbioError(
            f"the model's gravity is ({x:g}, {y:g}, {z:g}) m/s², not along -y: its ground is "
            "tilted, or z points up.",
            file=model.name,
            fix="use OpenSim's ground axes, x forward, y up, z right, in model, motion and forces.",
            rule="model-gravity",
        )


MIN_GRAVITY_MPS2 = 9.0
"""Least gravity, m/s²: people are measured on earth."""

MAX_TILT = 0.1
"""Largest share of gravity across the vertical: fits of plates tilt it by less than 1 degree."""


# joints that a file holds -------------------------------------------------------------------------


def with_held_joints(
    skeleton: Skeleton, storage: Storage, groups: Mapping[str, Sequence[str]]
) -> tuple[Skeleton, list[Finding]]:
    """Lock coordinates that a file keeps at one value, in a limb whose other joints move.

    Toes and wrists are locked in many set-ups of inverse kinematics, and files repeat their value.
    Where no joint of a limb moves it was not measured: it stays free, and is not observed.
    """
    columns = coordinate_columns(storage)
    is_constant = np.array(
        [
            name in columns and not np.ptp(storage.column(columns[name]))
            for name in skeleton.coordinates
        ]
    )
    is_constant &= ~skeleton.coordinate_locked
    is_constant[skeleton.couplers.dependent] = False
    is_held = np.zeros(len(is_constant), dtype=bool)
    for bodies in groups.values():
        of_group = _coordinates_of(skeleton, bodies)
        if (~is_constant & of_group & _movable(skeleton)).any():
            is_held |= is_constant & of_group
    if not is_held.any():
        return skeleton, []
    names = [name for name, locked in zip(skeleton.coordinates, is_held, strict=True) if locked]
    finding = Finding(
        rule="coordinates-held",
        severity="info",
        what=f"the file keeps {listed(names)} at one value while other joints of the same limb "
        "move: these joints are taken as locked there.",
        number=float(len(names)),
        unit="coordinates",
        label=", ".join(names),
    )
    return replace(skeleton, coordinate_locked=skeleton.coordinate_locked | is_held), [finding]


def _movable(skeleton: Skeleton) -> BoolArray:
    free = np.zeros(len(skeleton.coordinates), dtype=bool)
    free[skeleton.free] = True
    return free


def _coordinates_of(skeleton: Skeleton, bodies: Sequence[str]) -> BoolArray:
    """(C,) bool: coordinates that drive the joints of some bodies, but for those of the root."""
    axes = np.isin(np.asarray(skeleton.bodies)[skeleton.axes.body], list(bodies))
    axes &= (skeleton.driver != FIXED) & (skeleton.parent[skeleton.axes.body] != GROUND)
    return np.isin(np.arange(len(skeleton.coordinates)), skeleton.driver[axes])


# what the file determines -------------------------------------------------------------------------


def _observed(
    skeleton: Skeleton,
    columns: FloatArray,
    rate: float,
    model_map: ModelMap,
    marker_set: MarkerSet,
    settings: Prepare,
) -> tuple[SolvedCoordinates, Observed, list[Finding]]:
    """Coordinates, the mask of parts that they determine, and poses that no person can take."""
    pose, longest = coordinates_of_file(skeleton, columns), longest_gap(settings, rate)
    observed = observed_from(skeleton.bodies, pose.determined, longest, NOT_IN_FILE)
    observed = observed.determine(skeleton.coordinates, pose.determined_coordinates, longest)
    solved = SolvedPose(skeleton, pose.q, None, model_map, marker_set, observed)
    findings = []
    if faults := pose_faults(solved):
        refuse_without_pose(solved, faults, faults, "")
        findings = [pose_finding(solved, faults, "")]
        observed = without_faults(solved, faults)
    return pose, observed.widened(round(0.5 * rate / settings.cutoff_hz)), findings


# words --------------------------------------------------------------------------------------------

MARKERS_BLAMED = (
    "the unit of the markers is wrong, labels are swapped or the file is damaged",
    "the angles are those of another model, or of another sign or unit",
)
"""Cause of an impossible size, of recordings of markers and of files of angles."""

SHEET_WORDS = {
    "coordinates_file in trials.tsv and model_file in participants.tsv": "motion and model",
    "coordinates_file in trials.tsv": "the motion file",
    "model_file in participants.tsv": "the model",
    "the column force_file of trials.tsv": "the command",
    "force_file in trials.tsv": "the file of forces",
    "in the column force_file": "in the command",
    "clear force_file to use the markers alone": "leave the forces out",
    "force_file": "the file of forces",
    "lower prepare.cutoff_hz in study.yaml": "lower --cutoff",
    "prepare.cutoff_hz": "--cutoff",
    "laboratory.force_delay_s takes a known delay back": "take a known delay from the times in "
    "the file of forces",
    "or list the plate in laboratory.ignore_plates": "or take its columns out of the file",
    "or set start_s and end_s in trials.tsv to what it covers": "or cut the motion to its time",
    "or set end_s in trials.tsv before that frame": "or cut the motion file before that frame",
}
"""Words of a study's findings for things that only a study has, and what stands here instead."""

SHEET_NAMES = re.compile(r"\w+\.tsv|study\.yaml|\b(laboratory|prepare|solve)\.\w+|\b\w+_file\b")
"""Names of sheets and settings."""


def without_sheets(fix: str) -> str:
    """Advice without sheets and settings of a study; a clause that names others is left out."""
    for words, instead in SHEET_WORDS.items():
        fix = fix.replace(words, instead)
    clauses = [
        clause
        for clause in re.split(r"(?<=[;.]) ", fix)
        if clause and not SHEET_NAMES.search(clause)
    ]
    text = " ".join(clauses)
    return f"{text[:-1]}." if text.endswith((";", ",")) else text


def reworded(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings without names of trials, and advice without sheets."""
    return tuple(
        replace(finding, trial="", participant="", fix=without_sheets(finding.fix))
        for finding in findings
    )
