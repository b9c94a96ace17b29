"""How often the 95 % intervals hold the truth: run as ``python -m benchmarks.interval_coverage``.

A virtual sprinter's stance, its motion and ground forces known exactly. Intervals are drawn around
the model's body (de Leva's table); the truth is another body: drawn from the same prior (a check of
the code), with limbs from Dumas's table, or with every parameter two standard deviations away.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from aqbio.config import ModelMap, read_yaml
from aqbio.mechanics.anthropometry.dumas import dumas_limbs
from aqbio.mechanics.contributions.chains import pelvis_hub
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.drawn_levels import LoadSpread
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, twins
from aqbio.mechanics.intervals.uncertainty import (
    DrawnOutcomes,
    Parts,
    Spread,
    drawn_outcomes,
    interval,
)
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.design import reference_speed, steady
from aqbio.virtual.generator import generated_gait
from aqbio.virtual.library import presets
from aqbio.virtual.parameters import interpolated
from aqbio.virtual.truth import RunTruth, run_truth

DRAWS, TRUTHS = 500, 500
MAP = Path(__file__).parents[1] / "models" / "sprint" / "map.yaml"
EXACT = InertiaSpread(0.0, 0.0, 0.0, 0.0)
OUTCOMES = ("momentum", "rate", "joint_moment", "hub_moment")


class TwoAway(np.random.Generator):
    """Every normal number is two, up or down with equal chance."""

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        """Give twice the signs of normal numbers."""
        return 2.0 * np.sign(super().standard_normal(size, dtype, out))


def stance(athlete: Athlete, speed: float) -> RunTruth:
    """Right stance of a steady run, 60 instants."""
    step = interpolated(presets(), reference_speed(athlete, speed))
    gait = generated_gait(steady(athlete, speed, step)).gait
    times = np.linspace(0.0, 2 * float(gait.timeline.step[:2].mean()), 601)
    side, _ = gait.stance_foot(times)
    held = times[side > 0]
    return run_truth(gait, np.linspace(held[1], held[-2], 60))


def covered(intervals: dict, truth: DrawnOutcomes) -> dict[str, float]:
    """Share of stance means inside their interval, by outcome."""
    share = {}
    for name, (low, high) in intervals.items():
        means = getattr(truth, name).mean(axis=1)
        share[name] = float(((means >= low) & (means <= high)).mean())
    return share


def main() -> None:
    """Print the table."""
    athlete = Athlete("runner", "male", 75.0, 1.80)
    truth = stance(athlete, 9.5)
    skeleton = athlete_skeleton(athlete)
    moves: SegmentKinematics = segment_kinematics(
        skeleton, truth.motion.q, truth.motion.u, truth.motion.udot
    )
    model_map = read_yaml(MAP, ModelMap)
    joints = model_map.joints.by_name().values()
    parts = Parts(
        groups=membership(model_map.groups, skeleton.bodies),
        hub=pelvis_hub(skeleton, model_map.groups),
        joints=np.array([skeleton.joints.index(joint) for joint in joints]),
        twin=twins(skeleton.bodies, model_map.groups),
    )
    loads = truth.loads.external()
    spread = Spread()

    def drawn(body, how: Spread, count: int, generator) -> DrawnOutcomes:
        return drawn_outcomes(body, moves, loads, parts, how, count, generator)

    start = time.perf_counter()
    draws = drawn(skeleton, spread, DRAWS, np.random.default_rng(1))
    seconds = time.perf_counter() - start
    intervals = {name: interval(getattr(draws, name).mean(axis=1)) for name in OUTCOMES}
    plates = replace(spread, inertia=EXACT)
    only_plates = Spread(EXACT, LoadSpread())
    other = dumas_limbs(skeleton, athlete.sex, athlete.stature)
    rows = {
        "same prior": drawn(skeleton, spread, TRUTHS, np.random.default_rng(2)),
        "limbs of Dumas's table": drawn(other, plates, TRUTHS, np.random.default_rng(3)),
        "every parameter 2 SD away": drawn(skeleton, spread, TRUTHS, TwoAway(np.random.PCG64(4))),
        "body known, plates off": drawn(skeleton, only_plates, TRUTHS, np.random.default_rng(5)),
    }
    print(f"{DRAWS} draws of 60 frames in {seconds:.2f} s; share of {TRUTHS} truths inside 95 %:")
    print("| truth | " + " | ".join(OUTCOMES) + " |\n|" + " --- |" * (len(OUTCOMES) + 1))
    for name, outcome in rows.items():
        share = covered(intervals, outcome)
        print(f"| {name} | " + " | ".join(f"{share[key]:.3f}" for key in OUTCOMES) + " |")


if __name__ == "__main__":
    main()
