"""One hypothesis about labels, and the problem that is to be fitted under it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.problem import Problem
from aqbio.mechanics.calibration.sessions import Session
from aqbio.mechanics.vectors import FloatArray, IntArray

MARGIN = 20.0
"""Gain from which a hypothesis is taken: e¹⁰ to one, against some ten thousand hypotheses about a
session. The largest one below it in thirteen recordings of five sessions, in which no fault is
known, is 18.7: there is little room."""

MOVED_SD = 0.04
"""How far a marker that was put on again is from where it was, each axis, m."""

FEWER_WEIGHT = 0.5
"""A label is doubted where its median Student weight in a trial is below this ..."""

FAR = 11.3
"""... or where it is farther from its stated place than one in a hundred (χ² of 3 axes)."""

Kind = Literal["exchanged", "moved", "displaced", "elsewhere", "nowhere"]


@dataclass(frozen=True, eq=False)
class LabelHypothesis:
    """What labels may be in some trials."""

    kind: Kind
    """Exchanged with each other; moved on the own segment in some trials; displaced there in all
    from its landmark; elsewhere, on another segment; nowhere on the body."""
    labels: tuple[int, ...]
    """Two that are exchanged, or more, each with the one as far from the other end; otherwise
    one."""
    trials: tuple[int, ...]
    """Where they are."""
    gain: float
    """Twice the logarithm of how much likelier the recordings are."""
    body: int = -1
    """The template's body on which a label is; -1 where there is none, or each has its own."""
    offset: FloatArray | None = None
    """(N, 3) array, m. Of exchanged labels from their places on the template."""
    tied: tuple[tuple[int, ...], ...] = ()
    """Other sets of trials for which the recordings speak as well."""
    apart: tuple[float, ...] = ()
    """tuple of float, m. Median distance of each label in these trials from its place on the
    body."""
    session: int = 0
    """Which session of the person; labels and trials are counted within it."""
    part: str = ""
    """From which part outwards all labels of a limb changed sides; empty where it is one pair."""


def of_all_sessions(session: Session, one: LabelHypothesis) -> LabelHypothesis:
    """Count labels and trials of a session's hypothesis among those of all sessions."""
    labels, trials = session.labels[list(one.labels)], session.trials[list(one.trials)]
    return replace(one, labels=tuple(labels.tolist()), trials=tuple(trials.tolist()))


def problem_under(fit: BodyFit, taken: LabelHypothesis) -> Problem:
    """Problem under a hypothesis; of a displaced label nothing is left out but its landmark."""
    problem = fit.problem
    if taken.kind != "displaced":
        position = as_they_are(fit, taken)
        return replace(problem, frames=replace(problem.frames, position=position))
    precision = problem.priors.precision.copy()
    own = problem.template.sizes[0] + 3 * taken.labels[0] + np.arange(3)
    precision[own, own] = 1.0 / (1.0 / precision[own, own] + MOVED_SD**2)
    return replace(problem, priors=replace(problem.priors, precision=precision))


def as_they_are(fit: BodyFit, taken: LabelHypothesis) -> FloatArray:
    """(F, K, 3) array, m: positions under the labels that a hypothesis gives them.

    A label that is not on its place has none in these trials.
    """
    frames = fit.problem.frames
    rows = np.flatnonzero(np.isin(frames.trial, taken.trials))[:, None]
    position, labels = frames.position.copy(), list(taken.labels)
    position[rows, labels] = position[rows, labels[::-1]] if taken.kind == "exchanged" else np.nan
    return position


def doubted_labels(fit: BodyFit) -> IntArray:
    """Labels that lose their weight in a trial, or that are far from their stated places."""
    trial, seen = fit.problem.frames.trial, fit.problem.visible
    weights = np.where(seen, fit.weights, np.nan)
    low = [
        np.nanmedian(np.where(seen[rows].any(axis=0), weights[rows], 1.0), axis=0) < FEWER_WEIGHT
        for rows in (trial == one for one in np.unique(trial))
    ]
    first, count = fit.problem.template.sizes[:2]
    precision = np.diagonal(fit.problem.priors.precision)[first : first + count]
    squares = fit.state.theta[first : first + count] ** 2 * precision
    return np.flatnonzero(np.any(low, axis=0) | (squares.reshape(-1, 3).sum(axis=1) > FAR))
