"""Contacts whose forces were left out and predicted: whether the fit sees what it was not shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Self

import numpy as np

from aqbio.mechanics.consistency.balance import Residual
from aqbio.mechanics.consistency.band import BandedEquations, MotionRows, assembled
from aqbio.mechanics.consistency.changes import Change
from aqbio.mechanics.consistency.descent import free_descent
from aqbio.mechanics.consistency.fit import TrialFit, residual
from aqbio.mechanics.consistency.observations import FILTER_LEAK, SHORTEST_RUN
from aqbio.mechanics.consistency.problem import Equations, Point, Problem
from aqbio.mechanics.vectors import BoolArray, FloatArray


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
    predicted, and an only one neither. All begin at the fit, with its equations less their rows.
    """
    seen, problem = fit.observations, fit.problem
    point = problem.point(fit.coefficients, fit.theta)
    known = point, problem.equations(point)
    follow = problem.motion(problem.basis.nearest(fit.q_alone[:, fit.coordinates]))
    given = fit.before, residual(problem, follow, {})
    for (touchdown, toe_off), left in zip(seen.contacts, seen.left, strict=True):
        near = (seen.time >= touchdown - FILTER_LEAK) & (seen.time <= toe_off + FILTER_LEAK)
        blind = _Blind.of(problem, known, near)
        whole = near.sum() >= SHORTEST_RUN and problem.measured[near].all()
        if not whole or not blind.measured.any():
            continue
        again = free_descent(blind, blind.start)[0]
        motion, values = problem.motion(again.coefficients), problem.values(again.theta)
        ways = *given, residual(problem, motion, values)
        before, alone, after = (wrench_error(one, near) for one in ways)
        yield LeftOut(bool(left), float(touchdown), before, alone, after)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Blind(Problem):
    """A problem that is not shown the forces of some frames of another, and begins at its point."""

    known: tuple[Point, Equations]
    """That point, and the equations there of all that was measured."""

    @classmethod
    def of(cls, problem: Problem, known: tuple[Point, Equations], near: BoolArray) -> Self:
        """That of a problem without some frames, (T,) bool."""
        given = {field.name: getattr(problem, field.name) for field in fields(problem)}
        seen = problem.observations
        seen = replace(seen, measured=seen.measured & ~near)
        return cls(**given | {"observations": seen, "splines": problem.basis}, known=known)

    @cached_property
    def shown(self) -> BoolArray:
        """(D,) bool: which rows of the equations it is shown."""
        return self.measured[self.known[1].rows.frame]

    @property
    def start(self) -> Point:
        """Where it begins: what it is not shown costs nothing."""
        point, equations = self.known
        less = float((equations.rows.residual[~self.shown] ** 2).sum())
        return replace(point, cost=point.cost - less)

    def equations(self, point: Point) -> Equations:
        """As of any problem; where it begins, those that are known less what it is not shown."""
        first, every = self.known
        if point.coefficients is not first.coefficients:
            return super().equations(point)
        rows, number = _rows(every.rows, ~self.shown), len(self.coordinates)
        nothing = np.zeros((len(self.observations.time), number, number))
        less, whole = assembled(self.basis, nothing, nothing[:, 0], rows), every.motion
        by_parameter = rows.by_parameter.reshape(6 * len(rows.frame), len(self.on))
        return Equations(
            BandedEquations(
                np.subtract(whole.band, less.band, out=less.band),
                whole.right - less.right,
                whole.border - less.border,
            ),
            every.matrix - by_parameter.T @ by_parameter,
            every.right + by_parameter.T @ rows.residual.ravel(),
            _rows(every.rows, self.shown),
        )


def _rows(rows: MotionRows, chosen: BoolArray) -> MotionRows:
    """Some of the rows of the equations of motion, (D,) bool."""
    by_q, by_u, by_udot = (by[chosen] for by in rows.by_motion)
    found = rows.frame[chosen], (by_q, by_u, by_udot), rows.by_parameter[chosen]
    return MotionRows(*found, rows.residual[chosen])


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
