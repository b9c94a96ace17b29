"""``python -m benchmarks.arms_and_draws STUDY.yaml PARTICIPANT TRIAL``: more of either.

How long fits of a trial take with a choice held, and motions that the data allow, as there are more
of them.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from aqbio.mechanics.consistency.draws import drawn
from aqbio.mechanics.consistency.fit import fit_trial, fits_held, held_fit
from aqbio.mechanics.consistency.parameters import LEGS
from aqbio.mechanics.consistency.trial_fit import Start, TrialFit
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


def main() -> None:
    """Print both tables."""
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


if __name__ == "__main__":
    main()
