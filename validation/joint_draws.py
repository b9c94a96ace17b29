"""Errors of differences with joint draws, against errors added as if they were independent.

``python -m validation.joint_draws STUDY PARTICIPANT`` prints, for a participant of a finished
study, standard deviations of differences between one step and another (vertical angular momentum,
mean over the contact, kg m²/s; root mean square over pairs of steps).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.intervals.study_draws import study_draws
from aqbio.io.study import finished_study
from aqbio.names import NORMAL
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

PARTS = ("push_side", "swing_leg", "arms", "torso")

SAME_SPEED_MPS = 0.3
"""Largest difference of trials' speeds that count as one speed, m/s."""

Pairs = list[tuple[int, int]]


def comparisons(draws: xr.Dataset) -> Iterator[tuple[str, Pairs]]:
    """Titles of comparisons, and the pairs of steps that each compares."""
    side, trial, condition, speed = (
        draws[name].values for name in ("side", "trial_id", "condition", "speed_mps")
    )
    normal = condition == NORMAL
    speeds = np.array([speed[trial == name].mean() for name in trial])
    fastest = speeds[normal].max()
    is_fast = normal & (speeds > fastest - SAME_SPEED_MPS)
    slower = speeds[normal & ~is_fast]

    def pairs(first: np.ndarray, second: np.ndarray, *, same_foot: bool = True) -> Pairs:
        chosen = product(np.flatnonzero(first).tolist(), np.flatnonzero(second).tolist())
        return [(i, j) for i, j in chosen if (side[i] == side[j]) == same_foot]

    right, left = (is_fast & (side == foot) for foot in ("right", "left"))
    yield f"right - left, {fastest:.1f} m/s", pairs(right, left, same_foot=False)
    if len(slower):
        is_slower = normal & (np.abs(speeds - slower.max()) < SAME_SPEED_MPS)
        title = f"{fastest:.1f} - {slower.max():.1f} m/s, same foot"
        yield title, pairs(is_fast, is_slower)
    twice = [(i, j) for i, j in pairs(is_fast, is_fast) if trial[i] < trial[j]]
    yield f"two trials, {fastest:.1f} m/s, same foot", twice
    for name in sorted(set(condition) - {NORMAL}):
        yield f"{name.replace('_', ' ')} - {NORMAL}, same foot", pairs(condition == name, is_fast)


def difference_sds(deviation: FloatArray, pairs: Pairs) -> tuple[float, float]:
    """Root mean square over pairs of the standard deviation of their difference.

    As if the errors (K, N) of both were independent, and with those that they share.
    """
    first, second = (deviation[:, [pair[end] for pair in pairs]] for end in (0, 1))
    independent = first.var(axis=0) + second.var(axis=0)
    joint = (first - second).var(axis=0)
    return float(np.sqrt(independent.mean())), float(np.sqrt(joint.mean()))


def main() -> None:
    """Print the table of a participant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="study.yaml of a finished study")
    parser.add_argument("participant")
    arguments = parser.parse_args()
    study = finished_study(arguments.study)
    draws = study_draws(study, [arguments.participant], levels=("A",))
    print("| comparison | part | independent | joint |\n| --- | --- | --- | --- |")
    for title, pairs in comparisons(draws):
        if not pairs:
            continue
        for part in PARTS:
            is_part = (draws["source"] == part) & (draws["statistic"] == "momentum_mean")
            momentum = draws["deviation"].isel(outcome=int(is_part.values.argmax())).sel(axis="y")
            independent, joint = difference_sds(momentum.values.astype(float), pairs)
            print(f"| {title} | {part.replace('_', ' ')} | {independent:.3f} | {joint:.3f} |")


if __name__ == "__main__":
    main()
