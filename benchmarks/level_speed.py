"""Budgets of levels A to C and of their intervals: run as ``python -m benchmarks.level_speed``.

A virtual sprinter for one second at 1000 Hz. Levels A, B and C of a whole trial must take well
under a second, the whole uncertainty of a trial of four steps at 250 Hz at most 2 s.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aqbio.config import ModelMap, read_yaml
from aqbio.mechanics.contributions.levels import Anatomy, Levels, levels
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.uncertainty import Spread
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.stages.level_intervals import TrackedPlaces, interval_rows, trial_draws
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.design import reference_speed, steady
from aqbio.virtual.gait import Gait
from aqbio.virtual.generator import generated_gait
from aqbio.virtual.library import presets
from aqbio.virtual.parameters import interpolated
from aqbio.virtual.truth import run_truth

MAP = Path(__file__).parents[1] / "models" / "sprint" / "map.yaml"
DRAWS, REPEATS = 500, 5
BUDGETS = {"levels A, B and C, 1000 frames": 1.0, "intervals of four steps, 250 Hz": 2.0}


def sprint(speed: float) -> Gait:
    """Give a virtual sprinter's steady run."""
    athlete = Athlete("runner", "male", 75.0, 1.80)
    step = interpolated(presets(), reference_speed(athlete, speed))
    return generated_gait(steady(athlete, speed, step)).gait


def anatomy() -> Anatomy:
    """Give the sprint model's anatomy."""
    found = read_yaml(MAP, ModelMap)
    return Anatomy(found.groups, found.joints.by_name(), found.pelvis.joint)


def trial(gait: Gait, times: np.ndarray) -> tuple[Levels, float]:
    """Compute levels A, B and C, and how long that took, s."""
    truth = run_truth(gait, times)
    motion = truth.motion
    moves = segment_kinematics(gait.skeleton, motion.q, motion.u, motion.udot)
    side, _ = gait.stance_foot(times)
    touching = np.stack([side < 0, side > 0], axis=1)
    loads = truth.loads.external()
    start = time.perf_counter()
    found = levels(gait.skeleton, moves, loads, touching, anatomy())
    return found, time.perf_counter() - start


def intervals(gait: Gait, found: Levels, times: np.ndarray) -> None:
    """Intervals of the four steps of a trial."""
    markers = np.arange(len(gait.skeleton.markers))
    places = TrackedPlaces(markers, np.ones(len(markers)))
    draws = trial_draws(found, anatomy(), times, places, Spread(), 1)
    line = gait.timeline
    for number in range(4):
        start = number * float(line.step[:2].mean())
        off = start + float(line.contact[number % len(line)])
        step = Step(number + 1, "right", start + 0.001, off, np.nan, "incomplete", "")
        list(interval_rows(draws, step, DRAWS, 2))


def median(work: Callable[[], float]) -> float:
    """Median of several runs, s."""
    return statistics.median(work() for _ in range(REPEATS))


def main() -> None:
    """Print measured times beside their budgets."""
    gait = sprint(9.5)
    fast = np.arange(1000) / 1000.0
    slow = np.arange(0.0, 1.0, 1.0 / 250.0)
    found, _ = trial(gait, slow)

    def whole() -> float:
        return trial(gait, fast)[1]

    def uncertain() -> float:
        start = time.perf_counter()
        intervals(gait, found, slow)
        return time.perf_counter() - start

    for (what, budget), work in zip(BUDGETS.items(), (whole, uncertain), strict=True):
        seconds = median(work)
        verdict = "holds" if seconds <= budget else "MISSED"
        print(f"{what}: {seconds:.2f} s, budget {budget:.0f} s: {verdict}")


if __name__ == "__main__":
    main()
