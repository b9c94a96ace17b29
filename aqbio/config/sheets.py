"""Rows of the sheets that a laboratory fills in."""

from __future__ import annotations

import re
from datetime import date as calendar
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from aqbio.config.settings import GivenFile, fix_statements, valid_windows_name
from aqbio.config.written import WrittenModel, spelled
from aqbio.names import GRAVITY, MAX_BODY_KG, MIN_BODY_KG, NORMAL

IDENTIFIER = spelled(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
    "letters, digits, underscores, hyphens and dots, with a letter or digit first",
)

Identifier = Annotated[
    str, Field(pattern=IDENTIFIER, max_length=100), AfterValidator(valid_windows_name)
]
"""Identifiers become file names."""


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


def is_block_start(name: str) -> bool:
    """Tell whether a name means a start with hands on the ground or feet on tilted blocks."""
    return BLOCK_START_WORDS.search(name.casefold()) is not None


def unmodelled_force(name: str) -> str:
    """The word in a name that means added mass, towing or a slope; empty without one."""
    match = UNMODELLED_FORCE_WORDS.search(re.sub("(?<=[a-z])(?=[A-Z])", "_", name).casefold())
    return "" if match is None else match[0]


MAX_BELT_SPEED_MPS = 13.0
"""Largest speed of a belt, m/s: the fastest sprinter ran 12.3 (Graubner & Nixdorf 2011); larger
values are in km/h."""


class Row(WrittenModel):
    """A row of a sheet; `n/a` and empty cells are missing values."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


REASON = Field(
    default=None,
    description="Why the row is left out, or was changed after data were first read; it stands in "
    "deviations.tsv and in the flow of the study.",
)
DECIDED_BY = Field(default=None, description="Who decided that.")
DECIDED_ON = Field(default=None, description="When it was decided, for example 2026-05-04.")


class Participant(Row):
    """A row of participants.tsv."""

    participant_id: Identifier = Field(description="Identifier, unique in the sheet.")
    sex: Literal["female", "male"] | None = Field(
        default=None, description="female or male: chooses our sprint model; n/a if unknown."
    )
    mass_kg: Annotated[float, Field(ge=MIN_BODY_KG, le=MAX_BODY_KG)] | None = Field(
        default=None,
        description="Body mass, kg; n/a takes it from the static trial's plate or from whole "
        "strides.",
    )
    mass_confirmed: Literal["yes", "no"] = Field(
        default="no",
        description="yes states that the mass of this sheet is right although plates weigh "
        "another one: the remark then only informs.",
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
    cluster: Identifier | None = Field(
        default=None,
        description="What the person has in common with others of the study who are therefore "
        "alike: a team, a family, a training group; n/a: a stranger to all others. People of one "
        "cluster never count as independent.",
    )
    chosen: Identifier | None = Field(
        default=None,
        description="How the person came into the study, in a word: volunteer, whole_team, "
        "fastest_of_team; the verdict page says it.",
    )
    reason: str | None = REASON
    decided_by: str | None = DECIDED_BY
    decided_on: str | None = DECIDED_ON
    preferred_leg: Literal["left", "right"] | None = Field(
        default=None,
        description="Leg that kicks a ball: held where the legs of athletes are compared.",
    )


class Trial(Row):
    """A row of trials.tsv."""

    participant_id: Identifier = Field(description="Participant of the trial.")
    trial_id: Identifier = Field(description="Identifier, unique within the participant.")
    task: Literal["static", "run"] = Field(description="static or run.")
    condition: Identifier = Field(
        default=NORMAL,
        description="What was different, in a word of your own that a contrast of hypotheses.yaml "
        "names: normal; restricted_arms: arms held still; block_start: from blocks, whose forces "
        "are not used. Added masses, towing and slopes are not modelled: such trials are refused.",
    )
    file: GivenFile = Field(
        default="",
        description="C3D or TRC file, relative to the data folder; n/a where coordinates_file "
        "takes its place.",
    )
    force_file: GivenFile | None = Field(
        default=None,
        description="MOT file with the forces that belong to a TRC file, the XML file of external "
        "loads that names it, or the C3D file of the plates where that of the markers has none.",
    )
    coordinates_file: GivenFile | None = Field(
        default=None,
        description="MOT file with the coordinates of the participant's model_file, where there "
        "are no markers.",
    )
    include: Literal["yes", "no"] = Field(
        default="yes", description="no leaves the trial out; say why in column reason."
    )
    fix: str | None = Field(
        default=None,
        description="What is known to be wrong with the recording; several statements with "
        "semicolons between them. swap A and B exchanges two labels, swap A and B in frames 10 to "
        "40 in some frames (counted from 1), swap left and right of all labels; mirror turns "
        "mirrored (left-handed) coordinates back; labels as recorded uses every label as it is, "
        "also one that a finding says to be on another marker; a fault of the "
        "forces, such as force-x-sign, plates-exchanged plates 2 and 4, force-clock 0.012 or "
        "force-gain plate 2 1.5, is corrected; as recorded uses the forces as they are but for "
        "what the cell states, and settles remarks on whose recording the trial is. aqbio new "
        "writes identified faults here as proposals: keep or erase them.",
    )
    belt_speed_mps: Annotated[float, Field(ge=0, le=MAX_BELT_SPEED_MPS)] | None = Field(
        default=None,
        description="Treadmill speed, m/s, mean over strides: a prior of what the feet that stand "
        "on the belt show, contact by contact; n/a where it is not known.",
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
    reason: str | None = REASON
    decided_by: str | None = DECIDED_BY
    decided_on: str | None = DECIDED_ON

    @property
    def source(self) -> str:
        """File of the motion: markers or coordinates."""
        return self.coordinates_file or self.file

    @property
    def is_block_start(self) -> bool:
        """True for a start whose forces no plate of level ground measures."""
        return is_block_start(self.condition)

    @property
    def fixes(self) -> tuple[str, ...]:
        """Statements of column fix."""
        return fix_statements(self.fix or "")

    @model_validator(mode="before")
    @classmethod
    def _unloaded(cls, cells: dict[str, str]) -> dict[str, str]:
        condition = str(cells.get("condition", ""))
        if not unmodelled_force(condition):
            return cells
        if cells.get("include") == "no":
            return {name: cell for name, cell in cells.items() if name != "condition"}
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


Movement = Literal[
    "hip_flexion", "hip_extension", "hip_abduction", "hip_adduction",
    "hip_internal_rotation", "hip_external_rotation",
    "knee_extension", "knee_flexion", "ankle_plantarflexion", "ankle_dorsiflexion",
    "leg_extension", "trunk_rotation", "arm_swing",
    "band_rotation_clockwise", "band_rotation_anticlockwise",
    "reactive_jump", "sprint_force", "sprint_velocity",
]  # fmt: skip
"""Movements that are tested; `leg_extension` is that of the whole leg (press, squat, jump)."""

Contraction = Literal[
    "isometric", "concentric", "eccentric", "band_repetitions", "jump", "sprint"
]  # fmt: skip

CONTRACTIONS: tuple[str, ...] = get_args(Contraction)

ISOKINETIC = re.compile("isokin", re.IGNORECASE)

HAND_HELD = re.compile(r"\bhhd\b|hand.?held|dynamomet", re.IGNORECASE)

CELL_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def valid_contraction(text: object) -> object:
    """Return a kind of contraction; refuse one that is none, or that holds a second number."""
    if not isinstance(text, str) or text in CONTRACTIONS:
        return text
    number = next(iter(CELL_NUMBER.findall(text)), "")
    if ISOKINETIC.search(text):
        speed = f"the speed ({number})" if number else "the speed"
        usual = f"concentric at {number} degrees per second" if number else "concentric"
        raise ValueError(
            f"an isokinetic test is concentric or eccentric Fix: did you mean {usual}? write "
            f"concentric or eccentric, and {speed} into its column, velocity_deg_s"
        )
    if HAND_HELD.search(text):
        raise ValueError(
            f"{text} is a device Fix: write it into column device, and isometric here where the "
            "tester holds against the leg, eccentric where the tester breaks its hold"
        )
    kind = next((kind for kind in CONTRACTIONS if kind in text.casefold()), "")
    if kind and number:
        column = "angle_deg" if kind == "isometric" else "velocity_deg_s"
        raise ValueError(
            f"the cell holds {kind} and a number Fix: write {kind}, and {number} into its column, "
            f"{column}"
        )
    return text


Unit = Literal["N m", "N", "kg", "N m/kg", "N/kg", "repetitions", "m", "cm", "m/s", "index"]

UNREAD_UNITS = {
    "lb": "write kg: 1 lb is 0.4536 kg", "lbs": "write kg: 1 lb is 0.4536 kg",
    "lbf": "write N: 1 lbf is 4.448 N", "ft-lb": "write N m: 1 ft lb is 1.356 N m",
    "ftlb": "write N m: 1 ft lb is 1.356 N m", "ftlbs": "write N m: 1 ft lb is 1.356 N m",
    **dict.fromkeys(
        ("%bw", "%bm", "%bodyweight", "%bodymass", "%kg", "%kg/kg"),
        "write N m/kg for a moment, of which most machines call 1 N m/kg 100 %; write N/kg for a "
        "force: 100 % of body weight is 9.807 N/kg",
    ),
    "bw": "write N/kg: 1 body weight is 9.807 N/kg", "in": "write cm: 1 inch is 2.54 cm",
    "inch": "write cm: 1 inch is 2.54 cm", "inches": "write cm: 1 inch is 2.54 cm",
    '"': "write cm: 1 inch is 2.54 cm",
    "km/h": "write m/s: 1 km/h is 0.2778 m/s", "w/kg": "power is not read: leave the row out",
    "w": "power is not read: leave the row out",
}  # fmt: skip
"""Units of strength that people write and that are not read, in small letters, and what to do."""


def valid_unit(text: object) -> object:
    """Return a unit; refuse one that is known and not read."""
    fix = UNREAD_UNITS.get("".join(str(text).casefold().split()))
    if fix is not None:
        raise ValueError(f"unit {text} is not read Fix: {fix}")
    return text


Side = Literal["left", "right", "bilateral"]

DOMINANT = re.compile(r"(non)?\W*(dom(inant)?[a-z]*|nd|prefer[a-z]*|weak[a-z]*|strong[a-z]*)\.?")
"""Words for a leg that do not say which, in small letters."""


def valid_side(text: object) -> object:
    """Return a side; refuse words that do not say which leg it is."""
    if DOMINANT.fullmatch(str(text).casefold().strip()):
        raise ValueError(
            f"{text} says not which leg Fix: write left or right; which one is preferred stands in "
            "participants.tsv (preferred_leg)"
        )
    return text


def valid_value(text: object) -> object:
    """Return a value; refuse several in one cell."""
    if isinstance(text, str) and re.search(r"\d\s*[/;|\s]\s*\d", text):
        raise ValueError("the cell holds several numbers Fix: write one row per attempt")
    return text


MEASURED_AS = {
    "reactive_jump": ("jump", ("m/s", "index")),
    "sprint_force": ("sprint", ("N", "N/kg")),
    "sprint_velocity": ("sprint", ("m/s",)),
}
"""Contraction and units of tests that measure something else than the strength of one movement:
reactive strength index, and the ends F0 and V0 of the force-velocity profile of a sprint."""


MOVEMENTS: tuple[str, ...] = get_args(Movement)

PUSH_MOVEMENTS = ("hip_extension", "knee_extension", "ankle_plantarflexion", "leg_extension")
"""Movements of the pushing leg: "glutes driving, hamstrings extending, quads stabilizing, calves
helping transfer force" (article 000)."""

SWING_MOVEMENTS = ("hip_flexion",)
"""Movements of the swing leg, which attacks forward: "the hip flexors play a major role in helping
the swing side attack forward" (article 001)."""

NO_PAIN = ("none", "no", "0")
"""Words for no pain, in small letters."""

LIMITS: dict[str, tuple[float, float]] = {
    "N m": (3.0, 700.0),
    "N": (5.0, 10_000.0),
    "N m/kg": (0.05, 8.0),
    "N/kg": (0.05, 60.0),
    "m/s": (0.05, 14.0),
    "index": (0.05, 7.0),
    "repetitions": (1.0, 1_000.0),
    "m": (0.01, 1.3),
}
"""Smallest and largest value that a person can reach, in SI units; ours, and wide: they find cells
with another unit. A moment below 3 N m is one that was divided by body mass."""

CONVERTED_UNITS = {"kg": ("N", GRAVITY), "cm": ("m", 0.01)}
"""Units that are converted: the SI unit and its size."""


def valid_date(text: str) -> str:
    """Return a date as YYYY-MM-DD; refuse what may be read in two ways."""
    try:
        return calendar.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(
            f"date {text} is no date that is read in one way only Fix: write year-month-day, for "
            "example 2026-04-03"
        ) from None


class Strength(Row):
    """A row of strength.tsv: one attempt of one test, of one leg or side."""

    participant_id: Identifier = Field(
        description="Participant, as in participants.tsv; or the person of several rows there, "
        "whose session tells the row."
    )
    session: Identifier | None = Field(
        default=None, description="Session of the test, as in participants.tsv, such as before."
    )
    side: Annotated[Side, BeforeValidator(valid_side)] = Field(
        description="Leg or arm that was tested; of a rotation of the trunk the side it turns to; "
        "bilateral: both together."
    )
    movement: Movement = Field(
        description="Movement of the test. leg_extension is that of the whole leg (press, squat, "
        "jump); clockwise is seen from above."
    )
    contraction: Annotated[Contraction, BeforeValidator(valid_contraction)] = Field(
        description="Kind of contraction; band_repetitions counts repetitions against a band, "
        "jump is a height or a reactive strength index, sprint a force-velocity profile."
    )
    value: Annotated[float, Field(gt=0), BeforeValidator(valid_value)] = Field(
        description="Result of the attempt; empty cells are attempts without a result."
    )
    unit: Annotated[Unit, BeforeValidator(valid_unit)] = Field(
        description="Unit of the value. kg is converted to N; N and kg with a lever arm become "
        "N m. index: a reactive strength index as flight time over contact time."
    )
    lever_arm_m: Annotated[float, Field(ge=0.02, le=1.2)] | None = Field(
        default=None, description="Distance from the joint to the point of the force, m."
    )
    angle_deg: Annotated[float, Field(ge=-90, le=180)] | None = Field(
        default=None, description="Angle of the joint in an isometric test, degrees."
    )
    velocity_deg_s: Annotated[float, Field(ge=0, le=600)] | None = Field(
        default=None, description="Velocity of an isokinetic test, degrees per second."
    )
    attempt: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="Number of the attempt: attempts of the same test tell its error."
    )
    order: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Place of the test in the session, 1 the first: a leg that is always tested "
        "first is rested or unpractised.",
    )
    device: str | None = Field(
        default=None, description="Device; tests with different devices are not compared."
    )
    date: Annotated[str, AfterValidator(valid_date)] | None = Field(
        default=None, description="Date of the test, YYYY-MM-DD."
    )
    pain: str | None = Field(
        default=None,
        description="Pain or injury of that leg or side on that day, in words; none where there is "
        "none. Empty: not stated, and comparisons of strengths support nothing.",
    )

    @property
    def si(self) -> tuple[float, str]:
        """Value in SI units and the unit: of `LIMITS`."""
        unit, size = CONVERTED_UNITS.get(self.unit, (self.unit, 1.0))
        value = self.value * size
        if self.lever_arm_m is None:
            return value, unit
        return value * self.lever_arm_m, "N m"

    @property
    def hurt(self) -> bool | None:
        """True where pain or an injury is noted, False where none is, None where neither is."""
        return None if self.pain is None else self.pain.casefold() not in NO_PAIN

    @property
    def role(self) -> Literal["push", "swing"] | None:
        """Role of the movement in a step; None for what neither leg does in it alone."""
        if self.movement in PUSH_MOVEMENTS:
            return "push"
        return "swing" if self.movement in SWING_MOVEMENTS else None

    @property
    def measure(self) -> tuple[str, str, float | None, float | None, str | None]:
        """Properties that make tests comparable: movement, contraction, angle, velocity, device."""
        return (
            self.movement, self.contraction, self.angle_deg, self.velocity_deg_s, self.device
        )  # fmt: skip

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        counted = self.contraction == "band_repetitions"
        if counted != (self.unit == "repetitions"):
            raise ValueError(
                f"unit {self.unit} with contraction {self.contraction}: repetitions are of "
                "band_repetitions, and of nothing else Fix: correct unit or contraction"
            )
        kind, units = MEASURED_AS.get(self.movement, ("", ()))
        if kind:
            if self.contraction != kind or self.unit not in units:
                raise ValueError(
                    f"{self.movement} with contraction {self.contraction} and unit {self.unit} "
                    f"Fix: write contraction {kind} and unit {' or '.join(units)}"
                )
        elif self.contraction == "sprint" or self.unit in ("m/s", "index"):
            raise ValueError(
                f"{self.movement} with contraction {self.contraction} and unit {self.unit} Fix: "
                "write movement sprint_force (F0), sprint_velocity (V0) or reactive_jump (RSI), or "
                "correct contraction and unit"
            )
        elif (self.contraction == "jump") != (self.unit in ("m", "cm")):
            raise ValueError(
                f"unit {self.unit} with contraction {self.contraction}: a jump has a height in m "
                "or cm, and nothing else has Fix: correct unit or contraction"
            )
        if counted and self.value != round(self.value):
            raise ValueError(
                f"value {self.value:g} is no whole number of repetitions Fix: count whole "
                "repetitions, one row per attempt"
            )
        if self.lever_arm_m is not None and self.unit not in ("N", "kg"):
            raise ValueError(
                f"lever_arm_m {self.lever_arm_m:g} belongs to a force, but the unit is {self.unit} "
                "Fix: empty lever_arm_m, or write the unit of the force"
            )
        if self.contraction == "isometric" and self.velocity_deg_s:
            raise ValueError(
                f"an isometric test has no velocity ({self.velocity_deg_s:g} degrees per second) "
                "Fix: write concentric or eccentric, or empty velocity_deg_s"
            )
        return self

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        value, unit = self.si
        least, most = LIMITS[unit]
        if least <= value <= most:
            return self
        words = f"{self.value:g} {self.unit}"
        if unit != self.unit:
            words += f" ({value:.3g} {unit})"
        hint = "read the value again"
        if unit == "N m" and value < least:
            hint = "a moment per body mass has the unit N m/kg"
        elif unit == "N m/kg" and value > most:
            hint = "a moment that was not divided by body mass has the unit N m"
        elif unit == "N m" and value > most:
            hint = "a force has the unit N, with the lever arm in lever_arm_m"
        elif self.unit == "m" and value > most:
            hint = "a height in centimetres has the unit cm"
        raise ValueError(
            f"no person reaches {words} in {self.movement}: {least:g} to {most:g} {unit} are "
            f"possible Fix: {hint}"
        )


SHEETS: dict[str, type[Row]] = {"participants": Participant, "trials": Trial, "strength": Strength}
"""Tab-separated sheets of a study; the last one is optional."""
