"""Rows of the sheets that a laboratory fills in."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from aqbio.config.settings import GivenFile, valid_windows_name
from aqbio.names import NORMAL

Identifier = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100),
    AfterValidator(valid_windows_name),
]
"""Letters, digits, underscore, hyphen and dot: identifiers become file names."""


UNMODELLED_FORCE_WORDS = re.compile(
    r"(?<![a-z])((over)?load(s|ed|ing)?|weights?|weighted|vest|sled|sledge|tow(ed|ing)?|pull(ed|ing)?|"
    r"assist(ed|ance)?|resist(ed|ance)?|bungee|parachute|backpack|exo(skeleton)?|uphill|downhill|"
    r"incline|decline|(hypo|hyper)gravity)(?![a-z])"
)
"""Words for what acts on a runner besides gravity, air and level ground."""


BLOCK_START_WORDS = re.compile(
    r"(?<![a-z])((starting)?blocks?(starts?)?|crouch(ed)?(starts?)?)(?![a-z])"
)
"""Words for starts with hands on the ground and feet on tilted blocks."""


def unmodelled_force(name: str) -> str:
    """The word in a name that means added mass, towing or a slope; empty without one."""
    match = UNMODELLED_FORCE_WORDS.search(re.sub("(?<=[a-z])(?=[A-Z])", "_", name).casefold())
    return "" if match is None else match[0]


MAX_BELT_SPEED_MPS = 13.0
"""Largest speed of a belt, m/s: the fastest sprinter ran 12.3 (Graubner & Nixdorf 2011); larger
values are in km/h."""


class Row(BaseModel):
    """A row of a sheet; `n/a` and empty cells are missing values."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Participant(Row):
    """A row of participants.tsv."""

    participant_id: Identifier = Field(description="Identifier, unique in the sheet.")
    sex: Literal["female", "male"] | None = Field(
        default=None, description="female or male: chooses our sprint model; n/a if unknown."
    )
    mass_kg: Annotated[float, Field(ge=20, le=200)] | None = Field(
        default=None,
        description="Body mass, kg; n/a takes it from the static trial's plate or from whole "
        "strides.",
    )
    mass_confirmed: Literal["yes", "no"] = Field(
        default="no",
        description="yes keeps the mass of this sheet although plates and strides agree on "
        "another one; otherwise the participant is stopped.",
    )
    height_m: Annotated[float, Field(ge=1.0, le=2.3)] | None = Field(
        default=None, description="Stature, m; used for normalisation."
    )
    static_trial: Identifier | None = Field(
        default=None, description="trial_id of the static trial; n/a if there is none."
    )
    model_file: GivenFile | None = Field(
        default=None,
        description="Model that is scaled to this participant already (.osim), relative to the "
        "data folder: it is used as it is; n/a scales the generic model.",
    )
    marker_set: GivenFile | None = Field(
        default=None,
        description="Marker set of the participant's recordings, relative to study.yaml, where "
        "laboratories label their markers differently; n/a: model.markers of study.yaml.",
    )
    person: Identifier | None = Field(
        default=None,
        description="Who it is, where a person has several rows, one for each session: they share "
        "one body, calibrated from all sessions; markers, mass and trials are each row's own.",
    )
    laboratory: Identifier | None = Field(
        default=None,
        description="Where the participant was recorded, where a study has several laboratories: "
        "held where athletes are compared with each other.",
    )
    footwear: Identifier | None = Field(
        default=None,
        description="What the participant ran in, for example spikes or shoes: held likewise.",
    )
    session: Identifier | None = Field(
        default=None,
        description="Which session of the person the row is, for example before or after; "
        "contrasts compare sessions by it.",
    )
    group: Identifier | None = Field(
        default=None,
        description="Group of the person, for example trained; contrasts compare its change with "
        "that of all others.",
    )
    reason: str | None = Field(
        default=None,
        description="Why the row is left out, or was changed after data were first read; it stands "
        "in deviations.tsv and in the flow of the study.",
    )
    decided_by: str | None = Field(default=None, description="Who decided that.")
    decided_on: str | None = Field(
        default=None, description="When it was decided, for example 2026-05-04."
    )


class Trial(Row):
    """A row of trials.tsv."""

    participant_id: Identifier = Field(description="Participant of the trial.")
    trial_id: Identifier = Field(description="Identifier, unique within the participant.")
    task: Literal["static", "run"] = Field(description="static or run.")
    condition: Identifier = Field(
        default=NORMAL,
        description="What was different, in a word of your own that a contrast of hypotheses.yaml "
        "names: normal; restricted_arms: arms held still. Added masses, towing, slopes and "
        "starting blocks are not modelled: such trials are refused.",
    )
    file: GivenFile = Field(
        default="",
        description="C3D or TRC file, relative to the data folder; n/a where coordinates_file "
        "takes its place.",
    )
    force_file: GivenFile | None = Field(
        default=None,
        description="MOT file with the forces that belong to a TRC file, or the XML file of "
        "external loads that names it.",
    )
    coordinates_file: GivenFile | None = Field(
        default=None,
        description="MOT file with the coordinates of the participant's model_file, where there "
        "are no markers.",
    )
    include: Literal["yes", "no"] = Field(
        default="yes", description="no leaves the trial out; say why in column reason."
    )
    fix: Literal["swap", "mirror"] | None = Field(
        default=None,
        description="swap exchanges the labels that a finding says sit on each other's markers; "
        "mirror turns mirrored (left-handed) coordinates back.",
    )
    belt_speed_mps: Annotated[float, Field(ge=0, le=MAX_BELT_SPEED_MPS)] | None = Field(
        default=None, description="Treadmill speed, m/s; n/a estimates it from the stance foot."
    )
    start_s: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="First instant that is used, s from the trial's first frame."
    )
    end_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Last instant that is used, s from the trial's first frame."
    )
    effort: Literal["maximal", "submaximal"] | None = Field(
        default=None,
        description="Whether it was a sprint as fast as possible; conditions are compared by "
        "their maximal sprints, n/a leaves the trial out of that.",
    )
    order: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Place of the trial in the order of its participant's session, 1 the first: "
        "conditions that were always run in the same order cannot be separated from fatigue.",
    )
    rating: Annotated[float, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="How the trial felt to who ran it, or looked to who knew no condition, in "
        "points; contrasts compare it.",
    )
    reason: str | None = Field(
        default=None,
        description="Why the row is left out, or was changed after data were first read; it stands "
        "in deviations.tsv and in the flow of the study.",
    )
    decided_by: str | None = Field(default=None, description="Who decided that.")
    decided_on: str | None = Field(
        default=None, description="When it was decided, for example 2026-05-04."
    )

    @property
    def source(self) -> str:
        """File of the motion: markers or coordinates."""
        return self.coordinates_file or self.file

    @model_validator(mode="before")
    @classmethod
    def _unloaded(cls, cells: dict[str, str]) -> dict[str, str]:
        condition = str(cells.get("condition", ""))
        start = BLOCK_START_WORDS.search(condition.casefold())
        if not unmodelled_force(condition) and start is None:
            return cells
        if cells.get("include") == "no":
            return {name: cell for name, cell in cells.items() if name != "condition"}
        if start is not None:
            raise ValueError(
                f"condition {condition} is a start with hands on the ground or feet on tilted "
                "blocks, whose forces no plate here measures: angular momentum and joint moments "
                "would be wrong Fix: set include = no, or cut the start off with start_s and "
                "name the condition after what follows it."
            )
        raise ValueError(
            f"condition {condition} changes the runner's masses or the forces on the runner, and "
            "neither is in the model: added masses, towing forces and slopes enter no equation, so "
            "that angular momentum and joint moments would be wrong Fix: set include = no; only "
            "runs without load, on level ground, can be analysed."
        )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if not self.file and not self.coordinates_file:
            raise ValueError("file is missing (or coordinates_file, where there are no markers)")
        if self.file and self.coordinates_file:
            raise ValueError("file and coordinates_file are both given: keep one of them")
        if self.coordinates_file and self.task == "static":
            raise ValueError("a static trial needs markers, not a coordinates_file")
        return self

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.end_s is not None and self.end_s <= (self.start_s or 0.0):
            raise ValueError(f"end_s ({self.end_s:g}) is not after start_s ({self.start_s or 0:g})")
        return self


class Capacity(Row):
    """A row of capacities.tsv: one strength, measured apart from motion capture."""

    participant_id: Identifier = Field(description="Participant.")
    measure: Identifier = Field(
        description="What was measured, for example knee_extension_60 or hip_flexion_isometric."
    )
    side: Literal["push", "swing"] = Field(
        description="The side it is a capacity of: push (support and extension in contact) or "
        "swing (hip flexion and recovery of the leg)."
    )
    value: Annotated[float, Field(gt=0)] = Field(
        description="Result; several rows of a participant and measure are repetitions."
    )
    unit: Annotated[str, Field(min_length=1)] = Field(
        description="Unit of the value, the same for all rows of a measure, for example N m/kg."
    )


SHEETS: dict[str, type[Row]] = {
    "participants": Participant,
    "trials": Trial,
    "capacities": Capacity,
}
