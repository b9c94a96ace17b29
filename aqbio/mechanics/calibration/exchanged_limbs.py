"""Ends of limbs whose labels changed sides as a whole: those of the feet, or from the knees down.

Poses that are fitted to a crossed limb are no person's, and one pair of labels put right makes them
no better. So whole ends are asked before single labels, by trial, with poses that are sought from
nothing on the body that was believed before any recording: what the wrong labels made of the body
has no say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.calibration.fit import (
    BodyFit,
    FlexionStarts,
    body_fit,
    first_poses,
    root_poses,
)
from aqbio.mechanics.calibration.hypothesis import (
    MARGIN,
    LabelHypothesis,
    doubted_labels,
    of_all_sessions,
    problem_under,
)
from aqbio.mechanics.calibration.parts import LIMBS
from aqbio.mechanics.calibration.problem import FREEDOM, Problem
from aqbio.mechanics.calibration.sessions import Session
from aqbio.mechanics.calibration.unknowns import State
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import SIDES

FEWEST_DOUBTED = 2
"""Ends of a limb are asked where so many of its labels are doubted."""


@dataclass(frozen=True, eq=False)
class LimbEnd:
    """Labels of both sides from one part of a limb outwards."""

    part: str
    """``thigh``, ``shank``, ``foot``, …"""
    labels: IntArray
    """(2N,) int array. Each mirrors the one as far from the other end: backwards, they have changed
    sides."""


def with_limbs_sorted(
    fit: BodyFit, flexions: FlexionStarts, sessions: Sequence[Session]
) -> tuple[BodyFit, tuple[LabelHypothesis, ...]]:
    """Fit again with limbs whose labels changed sides put right; poses and body from nothing.

    Parameters
    ----------
    sessions : sequence of Session
        Of the person.

    Returns
    -------
    BodyFit
        The same where nothing changed sides.
    tuple of LabelHypothesis
        What did, in which trials.
    """
    taken: dict[tuple[int, tuple[int, ...]], LabelHypothesis] = {}
    for place, session in enumerate(sessions):
        for end, trial, gain in exchanged_ends(fit, flexions, session.labels, session.trials):
            if gain < MARGIN:
                continue
            labels = tuple(np.searchsorted(session.labels, end.labels).tolist())
            own = (int(np.searchsorted(session.trials, trial)),)
            first = taken.get((place, labels))
            trials, before = (first.trials, first.gain) if first else ((), 0.0)
            taken[place, labels] = LabelHypothesis(
                "exchanged", labels, trials + own, before + gain, session=place, part=end.part
            )
    for hypothesis in taken.values():
        whole = of_all_sessions(sessions[hypothesis.session], hypothesis)
        fit = replace(fit, problem=problem_under(fit, whole))
    return (body_fit(fit.problem, flexions=flexions) if taken else fit), tuple(taken.values())


def exchanged_ends(
    fit: BodyFit, flexions: FlexionStarts, labels: IntArray, trials: IntArray
) -> Iterator[tuple[LimbEnd, int, float]]:
    """Find the likeliest end of every limb that may have changed sides, trial by trial.

    Parameters
    ----------
    labels, trials : int arrays
        Those of one session.

    Yields
    ------
    end, trial : LimbEnd, int
        Of limbs that are doubted.
    gain : float
        Twice the logarithm of how much likelier the trial's frames are with the sides exchanged; of
        any size, or negative.
    """
    unlearned = replace(fit.problem, priors=replace(fit.problem.priors, softness=1.0, oddness=1.0))
    # skin that was learnt to be soft excuses a limb that is elsewhere
    doubted = doubted_labels(replace(fit, weights=unlearned.weights(fit.error)))
    limbs = [
        ends
        for ends in limb_ends(fit.problem, labels)
        if np.isin(ends[0].labels, doubted).sum() >= FEWEST_DOUBTED
    ]
    if not limbs:
        return
    every = [end for ends in limbs for end in ends]
    frames = unlearned.frames.rows(np.isin(unlearned.frames.trial, trials))
    costs = _costs(replace(unlearned, frames=frames, loose=True), every, flexions)
    for trial in trials.tolist():
        as_labelled, *others = costs[:, frames.trial == trial].sum(axis=1).tolist()
        gains = iter(others)
        for ends in limbs:
            gain, best = max(
                ((as_labelled - next(gains), end) for end in ends), key=lambda one: one[0]
            )
            yield best, trial, gain


def limb_ends(problem: Problem, labels: IntArray) -> list[list[LimbEnd]]:
    """Ends of every limb with markers on both sides, from the whole limb to its last part.

    Notes
    -----
    Labels mirror each other where they are nearest, mirrored, in the model's own posture; those
    without a partner are left where they are.
    """
    from scipy.optimize import linear_sum_assignment

    template = problem.template
    part_of = template.parts.of_body[template.markers.body]
    place = _at_rest(problem)
    limbs = []
    for kinds in LIMBS.values():
        pairs: list[list[IntArray]] = []
        for kind in kinds:
            names = [f"{kind}_{side}" for side in SIDES]
            if not set(names) <= set(template.parts.names):
                continue
            left, right = (
                labels[np.isin(part_of[labels], template.parts.index(name))] for name in names
            )
            apart = np.linalg.norm(place[left][:, None] * (1.0, 1.0, -1.0) - place[right], axis=2)
            one, other = linear_sum_assignment(apart)
            pairs.append([left[one], right[other]])
        shown = [kind for kind in kinds if f"{kind}_{SIDES[0]}" in template.parts.names]
        ends = []
        for first, kind in enumerate(shown):
            left, right = (np.concatenate(side) for side in zip(*pairs[first:], strict=True))
            ends.append(LimbEnd(kind, np.concatenate([left, right[::-1]]).astype(np.int64)))
        limbs.append(_different([end for end in ends if len(end.labels)]))
    return [ends for ends in limbs if ends]


def _different(ends: Sequence[LimbEnd]) -> list[LimbEnd]:
    """Leave out ends that have the labels of the next one: a part without markers."""
    inner = [*ends[1:], None]
    return [
        end
        for end, other in zip(ends, inner, strict=True)
        if other is None or len(other.labels) < len(end.labels)
    ]


def _at_rest(problem: Problem) -> FloatArray:
    """(K, 3) array, m: markers in the model's own posture, from the middle of the trunk's."""
    shape = problem.template.shape(problem.start[: problem.shape_size])
    rest = problem.template.skeleton.coordinate_default[None, problem.free]
    return np.asarray(problem.markers.positions(shape, problem.full(rest))[0])


def _costs(problem: Problem, ends: Sequence[LimbEnd], flexions: FlexionStarts) -> FloatArray:
    """(1 + E, F) array: as labelled and with each end exchanged, minus twice the log likelihood.

    Of every frame at its likeliest pose on the believed body, by its worth; Student's, so that one
    label that is nowhere outweighs no limb. Poses of all are sought at once.
    """
    frames, times = problem.frames, 1 + len(ends)
    root = root_poses(problem, problem.start, flexions)  # no limb has markers of the trunk
    position = np.stack([frames.position] * times)
    for exchanged, end in zip(position[1:], ends, strict=True):
        exchanged[:, end.labels] = exchanged[:, end.labels[::-1]]
    sides = replace(frames.repeated(times), position=np.concatenate(position))
    many = replace(problem, frames=sides)
    roots = np.concatenate([root] * times)
    state = State(many.start, first_poses(many, many.start, flexions, roots))
    error = many.errors(state)
    left = error - many.common_part(error, many.weights(error))
    squares = (left**2).sum(axis=2) / many.variances[0]
    tails = np.where(many.visible, (FREEDOM + 3.0) * np.log1p(squares / FREEDOM), 0.0)
    costs: FloatArray = (sides.worth * tails.sum(axis=1)).reshape(times, -1)
    return costs
