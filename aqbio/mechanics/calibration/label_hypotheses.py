"""Labels that are not what they say: what else they may be, and what the recordings make of it.

A label of a calibrated body may have been exchanged with another one, may sit elsewhere on its
segment than it does in other trials, or in all than its landmark is, may be on another segment, or
nowhere on the body. Each of these is a hypothesis about one or two labels in some trials; its gain
is twice the logarithm of how much likelier it makes the recordings (:mod:`label_evidence`), the
poses being held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from aqbio.mechanics.calibration.exchanged_limbs import with_limbs_sorted
from aqbio.mechanics.calibration.fit import BodyFit, FlexionStarts, body_fit
from aqbio.mechanics.calibration.hypothesis import (
    MARGIN,
    MOVED_SD,
    Kind,
    LabelHypothesis,
    doubted_labels,
    of_all_sessions,
    problem_under,
)
from aqbio.mechanics.calibration.label_evidence import Place, SeenFromBodies, place_evidence
from aqbio.mechanics.calibration.sessions import Session, whole_session
from aqbio.mechanics.calibration.unknowns import State
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray

TIED = 6.0
"""Gains that differ by less than this leave open in which trials a label is wrong: 20 to one."""

MOST = 8
"""Hypotheses that are taken of one session, one after another."""

SHOWN = 0.5
"""Labels are exchanged in trials that show each of them in at least this share of the frames."""


def likeliest_labels(
    fit: BodyFit, flexions: FlexionStarts, sessions: Sequence[Session] = ()
) -> tuple[BodyFit, tuple[LabelHypothesis, ...]]:
    """Fit a body again under the likeliest labels, until no doubt is left that is worth it.

    Parameters
    ----------
    sessions : sequence of Session, optional
        Of the person, between which markers were put on anew; one, if not given.

    Returns
    -------
    BodyFit
    tuple of LabelHypothesis
        What was taken, in this order.
    """
    each = sessions or (whole_session(fit.problem),)
    fit, limbs = with_limbs_sorted(fit, flexions, each)
    taken = list(limbs)
    while len(taken) < MOST + len(limbs):
        found = [one for place in range(len(each)) if (one := _of_session(fit, each, place))]
        if not found:
            break
        taken.append(max(found, key=lambda one: one.gain))
        whole = of_all_sessions(each[taken[-1].session], taken[-1])
        fit = body_fit(problem_under(fit, whole), flexions=flexions, start=_placed(fit, whole))
    return fit, tuple(taken)


def _of_session(fit: BodyFit, sessions: Sequence[Session], place: int) -> LabelHypothesis | None:
    """The likeliest hypothesis about the labels of one session."""
    own = sessions[place].fit_of(fit)
    best = _best(own, label_hypotheses(own, doubted_labels(own)))
    return None if best is None else replace(best, session=place)


def _best(fit: BodyFit, found: list[LabelHypothesis]) -> LabelHypothesis | None:
    """Take the likeliest, in the fewest moving frames for which the recordings speak as well."""
    if not found or found[0].gain < MARGIN:
        return None
    alike = [
        one
        for one in found
        if (one.kind, one.labels, one.body) == (found[0].kind, found[0].labels, found[0].body)
        and one.gain > found[0].gain - TIED
    ]
    frames = fit.problem.frames
    moving = [np.isin(frames.trial[~frames.still], one.trials).sum() for one in alike]
    best = alike.pop(int(np.argmin(moving)))
    return replace(best, tied=tuple(one.trials for one in alike), apart=_apart_by(fit, best))


def _apart_by(fit: BodyFit, taken: LabelHypothesis) -> tuple[float, ...]:
    """Median distances (m) of labels in some trials from where the other trials have them."""
    seen, labels = SeenFromBodies(fit), np.array(taken.labels)
    rows = np.isin(fit.problem.frames.trial, taken.trials)
    positions = seen.of(labels, labels)
    _, place = _as_stated(seen, labels, positions, np.where(rows, 0.0, seen.worth))
    distance = np.linalg.norm(positions[rows] - place, axis=2)
    return tuple(float(one) for one in np.nanmedian(distance, axis=0))


def _placed(fit: BodyFit, taken: LabelHypothesis) -> State:
    """State of a fit with the labels at the places that a hypothesis gives them."""
    sizes, theta = fit.problem.template.sizes, fit.state.theta.copy()
    offset = theta[sizes[0] : sizes[0] + sizes[1]].reshape(-1, 3)
    offset[list(taken.labels)] = 0.0 if taken.offset is None else taken.offset
    return State(theta, fit.state.q)


def label_hypotheses(fit: BodyFit, doubted: IntArray) -> list[LabelHypothesis]:
    """Hypotheses about doubted labels, the likeliest first.

    Notes
    -----
    The poses of the fit are held, which makes gains smaller than they would be with poses of their
    own.
    """
    seen = SeenFromBodies(fit)
    found = [
        one
        for trials in trial_sets(fit)
        for ways in (_exchanges, _elsewhere)
        for one in ways(seen, doubted, trials)
    ]
    return sorted(found, key=lambda one: -one.gain)


def trial_sets(fit: BodyFit) -> list[tuple[int, ...]]:
    """Sets of trials in which a label may be wrong: each, all that move, all."""
    frames = fit.problem.frames
    each = [(int(trial),) for trial in np.unique(frames.trial)]
    moving = tuple(int(trial) for trial in np.unique(frames.trial[~frames.still]))
    every = tuple(trial for (trial,) in each)
    return [one for one in dict.fromkeys([*each, moving, every]) if one]


def _exchanges(
    seen: SeenFromBodies, doubted: IntArray, trials: tuple[int, ...]
) -> Iterator[LabelHypothesis]:
    """Doubted labels exchanged with any other in some trials."""
    rows = np.isin(seen.fit.problem.frames.trial, trials)
    pairs = _pairs(seen.fit.problem.visible[rows].mean(axis=0) >= SHOWN, doubted)
    if not len(pairs):
        return
    gains = _as_stated(seen, pairs, seen.of(pairs, pairs), seen.worth)[0]
    mixed = np.where(
        rows[:, None, None, None], seen.of(pairs[:, ::-1], pairs), seen.of(pairs, pairs)
    )
    cost, place = _as_stated(seen, pairs, mixed, seen.worth)
    gains = (gains - cost).sum(axis=1)
    offsets = place - seen.stated.mean[pairs]
    for (one, two), gain, offset in zip(pairs.tolist(), gains.tolist(), offsets, strict=True):
        yield LabelHypothesis("exchanged", (one, two), trials, gain, offset=offset)


def _pairs(shown: BoolArray, doubted: IntArray) -> IntArray:
    """(N, 2) array: pairs of shown labels of which at least one is doubted."""
    doubt = np.isin(np.arange(len(shown)), doubted) & shown
    either = np.triu(np.outer(doubt, shown) | np.outer(shown, doubt), 1)
    return np.argwhere(either)


def _elsewhere(
    seen: SeenFromBodies, doubted: IntArray, trials: tuple[int, ...]
) -> Iterator[LabelHypothesis]:
    """Doubted labels moved or displaced, on another segment or nowhere in some trials."""
    rows = np.isin(seen.fit.problem.frames.trial, trials)
    labels = doubted[seen.fit.problem.visible[np.ix_(rows, doubted)].any(axis=0)]
    own, inside = seen.own[labels], np.where(rows, seen.worth, 0.0)
    positions = seen.of(labels, labels)
    whole, _ = _as_stated(seen, labels, positions, seen.worth)
    rest, _ = _as_stated(seen, labels, positions, np.where(rows, 0.0, seen.worth))
    gains = whole - rest
    on_bodies, _ = place_evidence(
        np.moveaxis(seen.positions[:, labels], 0, 2), inside, seen.variance.T, seen.anywhere
    )
    about = Place(seen.stated.mean[labels], np.hypot(seen.stated.sd[labels], MOVED_SD))
    moved, _ = place_evidence(np.moveaxis(positions, 0, 1), inside, seen.variance[:, own].T, about)
    for row, label in enumerate(labels.tolist()):
        gain = float(gains[row])
        yield LabelHypothesis("nowhere", (label,), trials, gain)
        body = int(seen.bodies[own[row]])
        kind: Kind = "displaced" if rows.all() else "moved"
        yield LabelHypothesis(kind, (label,), trials, gain - float(moved[row]), body)
        for place in np.flatnonzero(np.arange(len(seen.bodies)) != own[row]).tolist():
            other = gain - float(on_bodies[row, place])
            yield LabelHypothesis("elsewhere", (label,), trials, other, int(seen.bodies[place]))


def _as_stated(
    seen: SeenFromBodies, labels: IntArray, positions: FloatArray, worth: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Evidence of positions (F, ..., 3) as labels (...) on their stated places, and the places."""
    stated = Place(seen.stated.mean[labels], seen.stated.sd[labels])
    variance = np.moveaxis(seen.variance[:, seen.own[labels]], 0, -1)
    return place_evidence(np.moveaxis(positions, 0, -2), worth, variance, stated)
