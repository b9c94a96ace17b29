"""``python -m benchmarks.arms_and_draws STUDY.yaml PARTICIPANT TRIAL``: more of either.

How long fits of a trial take with a choice held, and motions that the data allow, as there are more
of them; and how alike spread of the body's angular momentum is if draws of the motion are followed
by its derivatives instead of being moved through.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from aqbio.mechanics.consistency.draws import Draws, drawn
from aqbio.mechanics.consistency.fit import fit_trial, fits_held, held_fit
from aqbio.mechanics.consistency.parameters import LEGS
from aqbio.mechanics.consistency.posterior import sampled_momentum, samples_of
from aqbio.mechanics.consistency.trial_fit import Start, TrialFit
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.mechanics.multibody.momentum_jacobians import momentum_jacobians
from aqbio.mechanics.vectors import FloatArray
from benchmarks.long_trials import OneTrial, one_trial

ARMS = (1, 2, 4, 8, 16, 32)
DRAWS = (10, 40, 160, 640)
FARTHEST = 0.1
"""Of the legs' share in the mass that is held, from what was found."""


def arms_s(one: OneTrial, fit: TrialFit, count: int) -> float:
    """CPU seconds of so many fits, each with legs of another mass."""
    near = Start(fit.motion.q, fit.values, fit.skin)
    shares = fit.values[LEGS] + np.linspace(-FARTHEST, FARTHEST, count + 2)[1:-1]
    weights = replace(one.weights, learnt_skin=False)
    held = [(weights, {**fit.values, LEGS: float(share)}) for share in shares]
    begun = time.process_time()
    for _ in fits_held(one.runner, one.seen, one.parameters, near, held):
        pass
    return time.process_time() - begun


def draws_s(fit: TrialFit, count: int) -> float:
    """CPU seconds of so many motions and parameters that the data allow."""
    _, response = held_fit(fit, fit.values)
    begun = time.process_time()
    drawn(response, fit.covariance, count, seed=1)
    return time.process_time() - begun


def linear_momentum(fit: TrialFit, draws: Draws) -> FloatArray:
    """What draws of the motion change of the body's angular momentum, linear, (T, 3, S)."""
    motion = fit.motion
    moves = segment_kinematics(fit.skeleton, motion.q, motion.u, motion.udot)
    by = momentum_jacobians(fit.skeleton, moves, fit.coordinates)
    away = draws.coefficients.reshape(len(fit.coefficients), -1)
    places, speeds = (
        (table @ away).reshape(len(motion.q), len(fit.coordinates), -1)
        for table in fit.problem.basis.values[:2]
    )
    return by.by_speed[:, 3:] @ speeds + by.by_coordinate[:, 3:] @ places


def alike(fit: TrialFit, count: int) -> str:
    """How spread by derivatives compares with that of motions, and what either takes."""
    _, response = held_fit(fit, fit.values)
    draws = drawn(response, fit.covariance, count, seed=1)
    motion_alone = replace(draws, theta=np.zeros_like(draws.theta))
    begun = time.process_time()
    moved = sampled_momentum(fit, samples_of(fit, motion_alone))[0][:, :, -1].std(axis=0, ddof=1)
    between = time.process_time()
    linear = linear_momentum(fit, motion_alone).std(axis=-1, ddof=1)
    ended = time.process_time()
    ratios = np.quantile(linear / moved, (0.05, 0.5, 0.95))
    cells = " | ".join(f"{one:.3f}" for one in ratios)
    return f"| {count} | {cells} | {between - begun:.2f} | {ended - between:.2f} |"


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arms_and_draws")
    parser.add_argument("study", type=Path)
    parser.add_argument("participant")
    parser.add_argument("trial")
    options = parser.parse_args()
    one = one_trial(options.study, options.participant, options.trial)
    fit = fit_trial(one.runner, one.seen, one.weights, one.parameters)
    for what, numbers, seconds in (
        ("fits with a choice held", ARMS, lambda count: arms_s(one, fit, count)),
        ("draws", DRAWS, lambda count: draws_s(fit, count)),
    ):
        print(f"\n| {what} | CPU s | CPU ms of each |\n| --- | --- | --- |")
        seconds(numbers[0])
        for count in numbers:
            took = seconds(count)
            print(f"| {count} | {took:.2f} | {1e3 * took / count:.0f} |")
    print("\n| draws | linear / moved: 5 % | median | 95 % | moved: CPU s | linear: CPU s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for count in DRAWS[1:]:
        print(alike(fit, count))


if __name__ == "__main__":
    main()
