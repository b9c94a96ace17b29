"""The gait of one person of the demo study, drawn around the presets and solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.sprint_geometry import PLAIN_JOINTS, JointForm
from aqbio.vectors import FloatArray, IntArray
from aqbio.virtual.demo import LEVELS, SEED, SPRINTERS, GaitName, sprinter
from aqbio.virtual.study import PlannedTrial
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.measures import gait_measures
from validation.gaits.parameters import (
    SCALARS,
    SWING,
    SWING_POINTS,
    GaitDesign,
    GaitParameters,
    flat,
    interpolated,
    presets,
    reference_speed,
    unflat,
)

# sheets -------------------------------------------------------------------------------------------


RESTRICTED_SPEED = 0.984
"""Speed with restricted arms over the highest normal one."""


def sheets(trials: Sequence[PlannedTrial]) -> dict[str, str]:
    """Text of the two sheets."""
    people = ["participant_id\tsex\tlaboratory\tmass_kg\theight_m\tstatic_trial\tfastest_mps"]
    for person in SPRINTERS:
        athlete = person.athlete
        cells = (
            athlete.name, athlete.sex, "virtual", f"{athlete.mass:g}", f"{athlete.stature:.2f}",
            "static", f"{person.fastest:g}",
        )  # fmt: skip
        people.append("\t".join(cells))
    rows = ["participant_id\ttrial_id\ttask\tcondition\teffort\torder\tfile\tnominal_mps"]
    order_of = orders(trials)
    for trial in trials:
        speed = "n/a" if trial.gait is None else f"{gait_speed(trial.gait):g}"
        condition = "n/a" if trial.gait is None else trial.gait.condition
        task = "static" if trial.gait is None else "run"
        effort = "n/a" if trial.gait is None else _effort(trial.gait)
        order = "n/a" if trial.gait is None else str(order_of[trial])
        row = (trial.participant, trial.trial, task, condition, effort, order, trial.file, speed)
        rows.append("\t".join(row))
    return {"participants.tsv": "\n".join(people) + "\n", "trials.tsv": "\n".join(rows) + "\n"}


def orders(trials: Sequence[PlannedTrial]) -> dict[PlannedTrial, int]:
    """Place of every run in its athlete's session: every second athlete holds the arms still first.

    Sprints in both conditions come last and in turn: fatigue can be separated from the arms.
    """
    order_of: dict[PlannedTrial, int] = {}
    for number, person in enumerate(SPRINTERS):
        runs = [
            trial for trial in trials if trial.participant == person.athlete.name and trial.gait
        ]
        first = "restricted_arms" if number % 2 else "normal"

        def sort_key(trial: PlannedTrial, first: str = first) -> tuple[bool, bool]:
            assert trial.gait is not None
            return _effort(trial.gait) == "maximal", trial.gait.condition != first

        order_of |= {
            trial: position + 1 for position, trial in enumerate(sorted(runs, key=sort_key))
        }
    return order_of


def _effort(gait: GaitName) -> str:
    """Effort of a gait: maximal at the highest speed of either condition."""
    return "maximal" if gait.level == LEVELS - 1 else "submaximal"


def gait_speed(name: GaitName) -> float:
    """Nominal speed of a gait, m/s."""
    speed = sprinter(name.participant).speeds[name.level]
    return round(RESTRICTED_SPEED * speed, 2) if name.condition == "restricted_arms" else speed


MODERATE: dict[str, float] = {
    "hip_height_m": 0.015,
    "toe_out_deg": 2.0,
    "swing_adduction_deg": 2.0,
    "pitch_toe_off_deg": 6.0,
    "pitch_touchdown_deg": 3.0,
    "sole_radius_m": 0.015,
    "arm_amplitude": 0.1,
    "arm_phase": 0.2,
    "arm_adduction_deg": 6.0,
    "lean_deg": 2.0,
    "tilt_deg": 2.0,
    "yaw_deg": 2.0,
    "yaw_phase": 0.3,
    "list_deg": 1.5,
    "list_phase": 0.3,
    "twist_deg": 4.0,
    "twist_phase": 0.3,
    "bend_deg": 2.0,
    "bend_phase": 0.4,
    "momentum_x": 0.6,
    "momentum_y": 0.6,
    "momentum_z": 1.5,
    "tilt_swing_deg": 1.0,
    "foot_beside_m": 0.01,
    "braking": 0.04,
    "cop_start_m": 0.008,
    "cop_end_m": 0.012,
    "contact_s": 0.003,
    "swing_hip_deg": 4.0,
    "swing_knee_deg": 4.0,
    "swing_ankle_deg": 4.0,
}
"""What persons, sides and steps differ in, and the size of a moderate change."""
ARMS = ("arm_amplitude", "arm_phase", "arm_adduction_deg")
"""The same in all who hold the arms still."""
STEPS = 10
"""Steps after which a gait of the library repeats."""
PERSON, SIDE, STEP = 0.10, 0.05, 0.05
"""How much persons, their two sides, and single steps differ, in moderate changes of a number."""
CONTACT_PERSON, CONTACT_STEP = 0.025, 0.008
"""How much contact and flight times differ between persons and steps, relative."""
SPEED_STEP = 0.004
"""How much the speed differs between steps, relative."""
ATTEMPTS = 12
CROUCH = 0.004
"""How much lower the hips are at each attempt, m: bodies with short legs over-reach first."""
LONGEST = 0.997
"""Reach of a leg in a contact, share of its full length."""


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Excess of the right limbs over the left ones, relative."""

    swing: float = 0.0
    """Flexion of the hip in swing, of `HIP_RANGE_DEG`."""
    arms: float = 0.0
    """Swing of the arms, where they are not held still."""


HIP_RANGE_DEG = 80.0
"""Range of flexion of a sprinter's hip in a stride."""


def individual_gait(
    name: GaitName,
    *,
    seed: int = SEED,
    heavier: tuple[tuple[str, float], ...] = (),
    form: JointForm = PLAIN_JOINTS,
    drag_area: float = 0.0,
    asymmetry: Asymmetry | None = None,
) -> SolvedGait:
    """The gait of one person: presets, and what persons, sides and steps differ by.

    `asymmetry` is added to what the sides of the person differ by.
    """
    for attempt in range(ATTEMPTS):
        try:
            design = _draw_design(name, seed, attempt)
            if asymmetry is not None:
                design = _asymmetric(design, asymmetry, restricted=name.condition != "normal")
            athlete = replace(design.athlete, heavier=heavier, form=form)
            design = replace(design, athlete=athlete, drag_area=drag_area)
            solved = generated_gait(design, sweeps=12, longest=LONGEST + 0.003)
        except (ValueError, np.linalg.LinAlgError):
            continue
        if plausible(solved):
            return solved
    raise ValueError(f"{name}: none of {ATTEMPTS} draws can be run.")


def plausible(solved: SolvedGait) -> bool:
    """True for a gait within the range of humans; limits are for the issue's population."""
    athlete = solved.gait.athlete
    weight = athlete.mass * 9.80665
    force = solved.forces.force
    measures = gait_measures(solved)
    return bool(
        solved.reach <= LONGEST
        and solved.change < 2e-3
        and np.abs(solved.forces.free_moment).max() <= 0.45 * athlete.mass
        and np.abs(force[..., 2]).max() <= 0.45 * weight
        and np.abs(force[..., 0]).max() <= 1.25 * weight
        and force[..., 1].min() > -1e-6 * weight
        and measures.slip.max() <= 8e-3
        and measures.clearance > 0.015
    )


def _draw_design(name: GaitName, seed: int, attempt: int) -> GaitDesign:
    """Design of one draw; person and sides are the same at all speeds and in both conditions."""
    person_drawn = sprinter(name.participant)
    number = SPRINTERS.index(person_drawn)
    person = np.random.default_rng([seed, number, attempt])
    condition = presets(name.condition)
    run = np.random.default_rng(
        [seed, number, 1 + name.level, int(name.condition != "normal"), attempt]
    )
    speed = gait_speed(name)
    usual = interpolated(condition, reference_speed(person_drawn.athlete, speed))
    chosen, sizes = _moderate(restricted=name.condition != "normal")
    calm = 0.9**attempt
    personal = PERSON * calm * person.standard_normal(len(chosen))
    side = SIDE * calm * person.standard_normal(len(chosen))
    times = CONTACT_PERSON * calm * person.standard_normal(2)
    arm_asymmetry = 0.04 * float(person.standard_normal())
    steps: list[GaitParameters] = []
    for step in range(STEPS):
        numbers = flat(usual)
        sign = 1.0 if step % 2 == 0 else -1.0
        of_step = STEP * calm * run.standard_normal(len(chosen))
        numbers[chosen] += sizes * (personal + sign * side + of_step)
        varied = unflat(numbers)
        late = 1.0 + times + CONTACT_STEP * calm * run.standard_normal(2)
        steps.append(
            varied.changed(
                contact_s=usual.contact_s * float(late[0]),
                flight_s=usual.flight_s * float(late[1]),
                hip_height_m=varied.hip_height_m - CROUCH * attempt,
            )
        )
    speeds = speed * (1.0 + SPEED_STEP * calm * run.standard_normal(STEPS))
    return GaitDesign(
        athlete=person_drawn.athlete,
        speeds=tuple(speeds.tolist()),
        steps=tuple(steps),
        arm_asymmetry=arm_asymmetry if name.condition == "normal" else 0.0,
    )


def _asymmetric(design: GaitDesign, asymmetry: Asymmetry, *, restricted: bool) -> GaitDesign:
    """Add an asymmetry to a design: a leg swings in the stride that begins with its step."""
    steps = []
    for number, step in enumerate(design.steps):
        degrees = 0.5 * asymmetry.swing * HIP_RANGE_DEG * (-1.0 if number % 2 else 1.0)
        hip = tuple(angle + degrees for angle in step.swing_hip_deg)
        steps.append(step.changed(swing_hip_deg=hip))
    arms = design.arm_asymmetry + (0.0 if restricted else 0.5 * asymmetry.arms)
    return replace(design, steps=tuple(steps), arm_asymmetry=arms)


def _moderate(*, restricted: bool) -> tuple[IntArray, FloatArray]:
    """Places of the numbers of `MODERATE` in a flat row of parameters, and their sizes."""
    names = [*SCALARS, *(name for name in SWING for _ in SWING_POINTS)]
    left = ARMS if restricted else ()
    chosen = [
        i for i, parameter in enumerate(names) if parameter in MODERATE and parameter not in left
    ]
    return np.array(chosen), np.array([MODERATE[names[index]] for index in chosen])
