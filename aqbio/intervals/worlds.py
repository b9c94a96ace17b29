"""Worlds: joint draws of all errors of measurement, the same in every trial, step and table.

A source of uncertainty (`aqbio.intervals.sources`) is a set of J states: the trial with one error
disturbed, the same physical error in every trial of its scope. With the deviations ``d_j`` of a
number in these states, its deviation in world k is ``Σ_j w_kj d_j``. The weights w are drawn once
for each source and each bearer of its error: the tables of all people, a person, a session, a
trial, a step. A function of numbers has the value in world k that it has of their values in world
k, so that an error that two numbers share cancels in their difference.

The weights of a source are orthogonal, of mean 0 over worlds, and of mean square 1/J: the variance
over worlds is the mean of ``d_j²`` without sampling error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import sha256

import numpy as np
from scipy.special import stdtrit

from aqbio.intervals.sources import (
    BODY,
    CENTRES,
    CLOCK,
    CONTACT,
    EVENTS,
    INERTIA,
    MODEL,
    MOTION,
    PLATES,
    SKIN,
    UNSEEN,
    WEIGHED,
)
from aqbio.names import NORMAL_95
from aqbio.vectors import FloatArray

WORLDS = 256
"""Number of worlds: a standard deviation over them is accurate to 4 %, and exact for one source."""

COMMON, LABORATORY, PERSON, SESSION, TRIAL, STEP = SCOPES = (
    "common", "laboratory", "person", "session", "trial", "step",
)  # fmt: skip
"""Bearers of an error: everybody, all who were recorded in a session of a laboratory, a person, a
person's session, a trial, a step."""

SYSTEMATIC = SCOPES[:-1]
"""Errors that are not in the scatter of steps."""

SCOPE_SHARES: Mapping[str, Mapping[str, float]] = {
    INERTIA: {COMMON: 0.5, PERSON: 0.5},
    CENTRES: {COMMON: 0.5, PERSON: 0.5},
    BODY: {LABORATORY: 0.5, SESSION: 0.5},
    PLATES: {LABORATORY: 1.0},
    CLOCK: {LABORATORY: 1.0},
    SKIN: {TRIAL: 1.0},
    UNSEEN: {TRIAL: 1.0},
    MOTION: {TRIAL: 1.0},
    EVENTS: {STEP: 1.0},
    WEIGHED: {TRIAL: 1.0},
    CONTACT: {COMMON: 1.0},
    MODEL: {COMMON: 1.0},
}
"""Share of each source's variance by scope; shares add up to 1.

Plates and clock are the laboratory's: their offsets have one sign in ten of ten people of one
laboratory (docs/decisions/0034). Half of the variance of the calibrated body is taken as the hand's
that placed the markers, the largest source of differences between examiners (Osis et al. 2016, PLoS
ONE 11(1):e0147111).
"""


def weights(count: int, seed: int, *bearer: str) -> FloatArray:
    """Weights of the `count` states of a source in every world, (K, J).

    ``wᵀ w = K / J`` times the identity, mean 0 over worlds; from J = K on normal numbers of the
    same size.

    Parameters
    ----------
    count : int
        Number J of states.
    seed : int
        Of the study.
    *bearer : str
        Names of the source and of what bears its error, for example the person.
    """
    return _weights(count, seed, bearer)


@lru_cache(maxsize=4096)
def _weights(count: int, seed: int, bearer: tuple[str, ...]) -> FloatArray:
    digest = sha256("\n".join(bearer).encode()).digest()
    generator = np.random.default_rng((seed, int.from_bytes(digest[:8], "big")))
    normal = generator.standard_normal((WORLDS, count))
    if count >= WORLDS:
        mean_error: FloatArray = normal / np.sqrt(count)
        return mean_error
    directions, triangle = np.linalg.qr(normal - normal.mean(axis=0))
    signs = np.where(np.diagonal(triangle) < 0.0, -1.0, 1.0)
    result: FloatArray = directions * (signs * np.sqrt(WORLDS / count))
    result.setflags(write=False)
    return result


def source_weights(
    source: str, count: int, seed: int, bearers: Mapping[str, str], scopes: Collection[str] = SCOPES
) -> FloatArray:
    """Weights of a source's states, (K, J), of the parts of its error with the given scopes.

    `bearers`: name of the bearer of each scope: of the person, the session, the trial, the step.
    """
    total = np.zeros((WORLDS, count))
    for scope, share in SCOPE_SHARES[source].items():
        if scope in scopes:
            bearer = bearers.get(scope, "")
            total += np.sqrt(share) * weights(count, seed, source, scope, bearer)
    return total


# functions of draws -------------------------------------------------------------------------------


def interval(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the 95 % interval of numbers (K, ...): mean ± 1.96 standard deviations.

    Examples
    --------
    The right foot minus the left one, of numbers (worlds, steps) with the same error of 2:

    >>> error = weights(1, 1, "body") @ [[2.0]]
    >>> low, high = interval((7.0 + error) - (4.0 + error))
    >>> low.round(9).tolist(), high.round(9).tolist()
    ([3.0], [3.0])
    """
    values = np.asarray(draws, dtype=float)
    mean, half = values.mean(axis=0), NORMAL_95 * values.std(axis=0)
    return mean - half, mean + half


def student_factor(freedom: int) -> float:
    """Widen a standard error so that ± 1.96 of it is Student's 95 % interval."""
    return float(-stdtrit(freedom, 0.025) / NORMAL_95)


def mean_over_steps(
    values: FloatArray, deviation: FloatArray, seed: int, *sample: str
) -> FloatArray:
    """Draws (K,) of the mean of a number over steps as a sample of all steps that there could be.

    Parameters
    ----------
    values : (N,) array
        Of the steps.
    deviation : (K, N) array
        Of their errors in every world, without scope `STEP`, which is in the steps' scatter.
    seed : int
        Of the study.
    *sample : str
        Names of the steps' participant, trials, side: other samples scatter independently.

    Returns
    -------
    (K,) array
        Their `interval` without errors is Student's. NaN from fewer than two steps.
    """
    count = len(values)
    if count < 2:
        return np.full(WORLDS, np.nan)
    error = values.std(ddof=1) / np.sqrt(count) * student_factor(count - 1)
    sampling = weights(1, seed, "sampling", *sample)[:, 0]
    draws: FloatArray = values.mean() + deviation.mean(axis=1) + error * sampling
    return draws


def difference(first: FloatArray, second: FloatArray) -> tuple[float, float, float]:
    """First minus second number over worlds (K,): their mean difference with its 95 % interval."""
    draws = first - second
    low, high = interval(draws)
    return float(draws.mean()), float(low), float(high)


def slope(x: FloatArray, draws: FloatArray) -> FloatArray:
    """Least-squares slopes (K,) of numbers (K, N) on x (N,)."""
    centred = x - x.mean()
    slopes: FloatArray = draws @ centred / (centred @ centred)
    return slopes
