"""Who takes part in the demo study and what each of them runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.virtual.athlete import Athlete
from aqbio.virtual.gaits.design import GaitDesign, reference_speed
from aqbio.virtual.gaits.generator import SolvedGait, generated_gait
from aqbio.virtual.gaits.library import GaitName, presets
from aqbio.virtual.gaits.measures import gait_measures
from aqbio.virtual.gaits.parameters import GaitParameters, flat, interpolated, unflat
from aqbio.virtual.gaits.tuning import tuned_sizes
from aqbio.virtual.recordings.disturbances import Disturbances

SEED = 20260101
STEPS = 10
"""Steps after which a gait of the library repeats."""
SLOWEST = 5.0
"""Lowest of the four speeds, m/s; the highest is the athlete's own."""
LEVELS = 4
RESTRICTED_SPEED = 0.984
"""Speed with restricted arms over the highest normal one."""

PERSON, SIDE, STEP = 0.10, 0.05, 0.05
"""How much persons, their two sides, and single steps differ, in moderate changes of a number."""
CONTACT_PERSON, CONTACT_STEP = 0.025, 0.008
"""How much contact and flight times differ between persons and steps, relative."""
SPEED_STEP = 0.004
"""How much the speed differs between steps, relative."""
ATTEMPTS = 12
CROUCH = 0.004
"""How much lower the hips are at each attempt, m: bodies with short legs over-reach first."""

DISTURBANCES = Disturbances(
    marker_noise_m=0.0004,
    soft_tissue_m=0.005,
    force_noise_n=1.5,
    moment_noise_nm=0.3,
    plate_offset_n=2.0,
    clock_offset_s=0.001,
    gaps=4,
    gap_frames=6,
)
"""What the demo's recordings suffer from."""


@dataclass(frozen=True, slots=True)
class Sprinter:
    """A participant of the demo study.

    Attributes
    ----------
    athlete : Athlete
    fastest : float, m/s
    """

    athlete: Athlete
    fastest: float

    @property
    def speeds(self) -> tuple[float, ...]:
        """Nominal speeds of the normal condition, m/s."""
        return tuple(round(float(v), 2) for v in np.linspace(SLOWEST, self.fastest, LEVELS))


SPRINTERS = (
    Sprinter(Athlete("V01", "female", 52.0, 1.60), 8.1),
    Sprinter(Athlete("V02", "male", 62.0, 1.70), 9.2),
    Sprinter(Athlete("V03", "female", 56.0, 1.65), 8.4),
    Sprinter(Athlete("V04", "male", 70.0, 1.76), 9.4),
    Sprinter(Athlete("V05", "female", 58.0, 1.68), 8.6),
    Sprinter(Athlete("V06", "male", 75.0, 1.80), 9.5),
    Sprinter(Athlete("V07", "female", 62.0, 1.72), 8.8),
    Sprinter(Athlete("V08", "male", 82.0, 1.86), 9.5),
    Sprinter(Athlete("V09", "female", 66.0, 1.76), 8.9),
    Sprinter(Athlete("V10", "male", 78.0, 1.83), 9.3),
    Sprinter(Athlete("V11", "female", 60.0, 1.70), 8.3),
    Sprinter(Athlete("V12", "male", 68.0, 1.74), 9.0),
)

GAITS = tuple(
    GaitName(sprinter.athlete.name, condition, level)
    for sprinter in SPRINTERS
    for condition, levels in (("normal", range(LEVELS)), ("restricted_arms", (LEVELS - 1,)))
    for level in levels
)
"""All gaits of the library."""


def sprinter(participant: str) -> Sprinter:
    """Give a participant by name."""
    return next(one for one in SPRINTERS if one.athlete.name == participant)


def gait_speed(name: GaitName) -> float:
    """Nominal speed of a gait, m/s."""
    speed = sprinter(name.participant).speeds[name.level]
    return round(RESTRICTED_SPEED * speed, 2) if name.condition == "restricted_arms" else speed


def individual_gait(
    name: GaitName,
    *,
    seed: int = SEED,
    heavier: tuple[tuple[str, float], ...] = (),
    drag_area: float = 0.0,
) -> SolvedGait:
    """Give the gait of one person: presets, and what persons, sides and steps differ by.

    Parameters
    ----------
    name : GaitName
    seed : int
    heavier : tuple of (segment, factor)
        Segments whose mass is not the model's, as in `aqbio.virtual.athlete.Athlete`.
    drag_area : float, m²
        Drag coefficient times frontal area; the demo's sprinters run without air.

    A draw that a human would not run is drawn again, each time a little nearer to the preset and
    with lower hips.

    Raises
    ------
    ValueError
        When no draw can be run.
    """
    for attempt in range(ATTEMPTS):
        try:
            design = _drawn(name, seed, attempt)
            who = replace(design.athlete, heavier=heavier)
            design = replace(design, athlete=who, drag_area=drag_area)
            solved = generated_gait(design, sweeps=12)
        except (ValueError, np.linalg.LinAlgError):
            continue
        if plausible(solved):
            return solved
    raise ValueError(f"{name}: none of {ATTEMPTS} draws can be run.")


def plausible(solved: SolvedGait) -> bool:
    """Whether a gait stays within what humans do; limits are for the issue's population."""
    athlete = solved.gait.athlete
    weight = athlete.mass * 9.80665
    force = solved.forces.force
    measures = gait_measures(solved)
    return bool(
        solved.reach <= 0.997
        and solved.change < 2e-3
        and np.abs(solved.forces.free_moment).max() <= 0.45 * athlete.mass
        and np.abs(force[..., 2]).max() <= 0.45 * weight
        and np.abs(force[..., 0]).max() <= 1.25 * weight
        and force[..., 1].min() > -1e-6 * weight
        and measures.slip.max() <= 8e-3
        and measures.clearance > 0.015
    )


def _drawn(name: GaitName, seed: int, attempt: int) -> GaitDesign:
    """Design of one draw; person and sides are the same at all speeds and in both conditions."""
    who = sprinter(name.participant)
    number = SPRINTERS.index(who)
    person = np.random.default_rng([seed, number, attempt])
    condition = presets(name.condition)
    run = np.random.default_rng(
        [seed, number, 1 + name.level, int(name.condition != "normal"), attempt]
    )
    speed = gait_speed(name)
    usual = interpolated(condition, reference_speed(who.athlete, speed))
    places, sizes = tuned_sizes(restricted=name.condition != "normal")
    calm = 0.9**attempt
    own = PERSON * calm * person.standard_normal(len(places))
    side = SIDE * calm * person.standard_normal(len(places))
    times = CONTACT_PERSON * calm * person.standard_normal(2)
    arm_asymmetry = 0.04 * float(person.standard_normal())
    steps: list[GaitParameters] = []
    for step in range(STEPS):
        numbers = flat(usual)
        sign = 1.0 if step % 2 == 0 else -1.0
        each = STEP * calm * run.standard_normal(len(places))
        numbers[places] += sizes * (own + sign * side + each)
        drawn = unflat(numbers)
        late = 1.0 + times + CONTACT_STEP * calm * run.standard_normal(2)
        steps.append(
            drawn.changed(
                contact_s=usual.contact_s * float(late[0]),
                flight_s=usual.flight_s * float(late[1]),
                hip_height_m=drawn.hip_height_m - CROUCH * attempt,
            )
        )
    speeds = speed * (1.0 + SPEED_STEP * calm * run.standard_normal(STEPS))
    return GaitDesign(
        athlete=who.athlete,
        speeds=tuple(speeds.tolist()),
        steps=tuple(steps),
        arm_asymmetry=arm_asymmetry if name.condition == "normal" else 0.0,
    )
