"""H1 without what chance gives: the opposition index of waveforms shifted in time is taken away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.stats.evidence import Evidence, StepEvidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.outcomes import Outcome
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE
from aqbio.stats.registry import Hypothesis
from aqbio.stats.surrogates import shifted_opposition

DRAWS = 60
"""Shifted steps per athlete."""
POINTS = 100
"""Points of a step at equal distances in time."""


def whole_step(steps: StepEvidence, place: int) -> tuple[FloatArray, int]:
    """Angular momentum about the vertical over one step at equal distances in time.

    Parameters
    ----------
    steps : StepEvidence
    place : int

    Returns
    -------
    curves : (100, G) array
    stance_points : int
        Points at the beginning that are contact.
    """
    contact, flight = steps.contact[place], steps.flight[place]
    percent = np.linspace(0.0, 1.0, steps.momentum.shape[2])
    known = np.concatenate((percent * contact, contact + percent[1:] * flight))
    wanted = np.arange(POINTS) / POINTS * (contact + flight)
    both = steps.momentum[place, :, :, :, 1]
    curves = np.concatenate((both[0], both[1, 1:]))
    resampled = np.stack([np.interp(wanted, known, column) for column in curves.T], axis=1)
    return resampled, int(np.count_nonzero(wanted <= contact))


def shift_expectation(evidence: Evidence, seed: int = 0) -> FloatArray:
    """Difference of opposition indices that shifted waveforms give on average, by athlete.

    Parameters
    ----------
    evidence : Evidence
    seed : int

    Returns
    -------
    (A,) array
        NaN for an athlete without whole steps.
    """
    random = np.random.default_rng(seed)
    steps = evidence.steps
    whole = np.isfinite(steps.momentum[..., 1]).all(axis=(1, 2, 3)) & np.isfinite(steps.flight)
    expected = np.full(len(evidence.athletes.name), np.nan)
    for athlete in range(len(expected)):
        own = np.flatnonzero(whole & (steps.athlete == athlete))
        if not len(own):
            continue
        drawn = [
            shifted_opposition(*whole_step(steps, place), (SWING_ALONE, BOTH_LEGS), random, 1)[0]
            for place in random.choice(own, DRAWS).tolist()
        ]
        expected[athlete] = float(np.mean([alone - legs for alone, legs in drawn]))
    return expected


def corrected_opposition(evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome) -> Outcome:
    """Outcome of H1 with every athlete's difference less what shifted waveforms give.

    Parameters
    ----------
    evidence : Evidence
    hypothesis : Hypothesis
    outcome : Outcome
        Of H1, not corrected.
    """
    values = outcome.values["value"] - shift_expectation(evidence)
    found = replace(mean_estimate(values), within=outcome.error.within)
    return replace(
        outcome,
        estimate=found.value,
        error=found,
        ci95=found.interval(0.95),
        ci90=found.interval(0.90),
        p=found.p(hypothesis.predicted, hypothesis.delta),
        values={**outcome.values, "value": values},
        model="t over athletes' means less shifted waveforms",
    )
