"""Contacts whose forces were left out and predicted: whether the fit sees what it was not shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from aqbio.consistency.balance import Residual
from aqbio.consistency.changes import Change
from aqbio.consistency.descent import near_descent
from aqbio.consistency.observations import FILTER_LEAK, SHORTEST_RUN, Observations
from aqbio.consistency.problem import Place
from aqbio.consistency.trial_fit import TrialFit, residual
from aqbio.vectors import BoolArray, FloatArray

FOLDS = 11
"""Fits of a trial with contacts left out, at most. Odd: those that go together are of both feet."""


@dataclass(frozen=True, slots=True)
class WrenchError:
    """What a motion asks for over a contact, less what the ground gave: lengths of vectors."""

    force_mean: float
    force_rms: float
    moment_mean: float
    moment_rms: float
    """force_mean and so on: N, and N m about the centre of mass. The mean is the impulse's error by
    the time; the root mean square is the course's."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A contact, and how it was predicted."""

    left: bool
    """Whether it is the left foot's."""
    touchdown: float
    """s."""
    before: WrenchError
    """By the plain motion of the body as it was given."""
    alone: WrenchError
    """By splines that follow the markers alone, of the same body."""
    after: WrenchError
    """By a fit that was shown the forces of the other contacts only, of the body that it found."""


def left_out_contacts(fit: TrialFit) -> Iterator[LeftOut]:
    """Predict every contact by a fit that was not shown its forces.

    Parameters
    ----------
    fit : TrialFit
        Where the new ones begin.

    Notes
    -----
    Markers stay. The parameters are those that the rest of this trial tells, without its session.
    With the contact goes what a filter smears of it. One of which not all was measured is not
    predicted, and an only one neither. Of more than `FOLDS` contacts every `FOLDS`-th are left out
    together, strides apart: what it takes would grow with the square of a trial's length otherwise.
    """
    seen, problem = fit.observations, fit.problem
    follow = problem.motion(problem.basis.nearest(fit.q_alone[:, fit.coordinates]))
    given = fit.before, residual(problem, follow, {})
    found: dict[int, LeftOut] = {}
    for fold in _folds(seen, problem.measured):
        hidden = np.any([near for _, near in fold], axis=0)
        shown = replace(seen, measured=seen.measured & ~hidden)
        blind = problem.beside(observations=shown)
        if not blind.measured.any():
            continue
        again = near_descent(blind, Place(fit.coefficients, fit.theta))[0]
        motion, values = problem.motion(again.coefficients), problem.values(again.theta)
        ways = *given, residual(problem, motion, values)
        for number, near in fold:
            before, alone, after = (wrench_error(one, near) for one in ways)
            touchdown = float(seen.contacts[number, 0])
            found[number] = LeftOut(bool(seen.left[number]), touchdown, before, alone, after)
    yield from (found[number] for number in sorted(found))


def _folds(seen: Observations, measured: BoolArray) -> Iterator[list[tuple[int, BoolArray]]]:
    """Contacts of which all was measured, by number, that are left out together, and when."""
    for first in range(min(FOLDS, len(seen.contacts))):
        fold = []
        for number in range(first, len(seen.contacts), FOLDS):
            touchdown, toe_off = seen.contacts[number]
            near = (seen.time >= touchdown - FILTER_LEAK) & (seen.time <= toe_off + FILTER_LEAK)
            if near.sum() >= SHORTEST_RUN and measured[near].all():
                fold.append((number, near))
        if fold:
            yield fold


def left_out_changes(contacts: Iterable[LeftOut]) -> Iterator[Change]:
    """The same as rows: of the plain motion, and of the fit that was not shown the contact."""
    for number, one in enumerate(contacts, 1):
        part = f"contact {number}, {'left' if one.left else 'right'}, {one.touchdown:.3f} s"
        after = asdict(one.after)
        for statistic, before in asdict(one.before).items():
            unit = "N" if statistic.startswith("force") else "N m"
            yield Change("left_out", part, "", statistic, before, after[statistic], unit)


def wrench_error(left: Residual, near: BoolArray) -> WrenchError:
    """Sizes of a residual over some frames, (T,) bool."""
    force, moment = left.force[near], left.moment[near]
    return WrenchError(_mean(force), _rms(force), _mean(moment), _rms(moment))


def _mean(values: FloatArray) -> float:
    return float(np.linalg.norm(values.mean(axis=0)))


def _rms(values: FloatArray) -> float:
    return float(np.sqrt((values**2).sum(axis=1).mean()))
