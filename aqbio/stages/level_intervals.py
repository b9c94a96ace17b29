"""Intervals of a step's outcomes: draws of body, plates and markers, in roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from aqbio.mechanics.contributions.levels import Anatomy, Levels
from aqbio.mechanics.contributions.source_roles import role_name
from aqbio.mechanics.gait.mirror import mirrored_axial, mirrored_polar, rotation_about_vertical
from aqbio.mechanics.gait.role_options import RoleScheme, weighted_sum
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.level_draws import drawn_parts
from aqbio.mechanics.intervals.registration import misplaced
from aqbio.mechanics.intervals.uncertainty import (
    DrawnOutcomes,
    Motions,
    Parts,
    Spread,
    drawn_outcomes,
    interval,
    marker_outcomes,
)
from aqbio.mechanics.multibody.motion import spline_motion
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray
from aqbio.names import AXES

Row = dict[str, Any]
Outcome = tuple[str, str, str, str, str]
"""Level, source, target, statistic and unit of a row."""


@dataclass(frozen=True, slots=True)
class TrackedPlaces:
    """Markers that inverse kinematics followed.

    Attributes
    ----------
    marker : (K,) int array
        Among the skeleton's markers.
    weight : (K,) array
    """

    marker: IntArray
    weight: FloatArray


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many draws, and of how much of a stance.

    Attributes
    ----------
    count : int
        Draws of levels A and B.
    seed : int
    frames : int
        About so many frames of a stance are drawn, evenly spread; 0: all of them. The means of few
        frames differ from those of all, what the draws change about them hardly.
    motions : int
        Motions recomputed for misplaced markers; each is a whole trial.
    """

    count: int
    seed: int
    frames: int = 0
    motions: int = 60

    def __post_init__(self) -> None:
        """Refuse samples of nothing."""
        if min(self.count, self.motions) < 1 or self.frames < 0:
            raise ValueError(f"a sampling needs draws: {self}.")


@dataclass(frozen=True, slots=True)
class TrialDraws:
    """What the intervals of all steps of a trial are drawn from.

    Attributes
    ----------
    found : Levels
    anatomy : Anatomy
    time : (T,) array, s
    heading : float
        Direction of travel, rad to the left of +x: rows are told along it.
    touching : (T, 2) bool array
        Frames between touchdown and toe-off of the left and of the right foot.
    parts : Parts
    spread : Spread
    sampling : Sampling
    roles : RoleScheme
    moved : Motions or None
        The trial's motion with misplaced markers; None where markers are taken as exact.
    """

    found: Levels
    anatomy: Anatomy
    time: FloatArray
    heading: float
    touching: BoolArray
    parts: Parts
    spread: Spread
    sampling: Sampling
    roles: RoleScheme
    moved: Motions | None = None

    def frames(self, step: Step) -> slice:
        """Give the frames of a stance that are drawn."""
        inside = (self.time >= step.touchdown) & (self.time <= step.toe_off)
        first, last = int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1]))
        wanted = self.sampling.frames or last - first
        return slice(first, last, max(1, (last - first) // wanted))


def trial_draws(
    found: Levels,
    anatomy: Anatomy,
    trial: tuple[FloatArray, float, BoolArray],
    spread: Spread,
    sampling: Sampling,
    roles: RoleScheme | None = None,
) -> TrialDraws:
    """Prepare the draws of a trial.

    Parameters
    ----------
    found : Levels
    anatomy : Anatomy
    trial : (time, heading, touching)
        As the attributes of `TrialDraws`.
    spread : Spread
    sampling : Sampling
    roles : RoleScheme, optional
        Without it the declared roles.
    """
    time, heading, touching = trial
    parts = drawn_parts(found, anatomy)
    scheme = roles or RoleScheme()
    return TrialDraws(found, anatomy, time, heading, touching, parts, spread, sampling, scheme)


def with_markers(draws: TrialDraws, markers: TrackedPlaces) -> TrialDraws:
    """Draw misplaced markers too: they move the whole motion."""
    spread, sampling = draws.spread.marker, draws.sampling
    if spread == 0:
        return draws
    skeleton, kinematics = draws.found.mechanics.skeleton, draws.found.mechanics.kinematics
    generator = np.random.default_rng(sampling.seed)
    shape = (sampling.motions, len(markers.marker), 3)
    offset = spread * generator.standard_normal(shape)
    change = misplaced(skeleton, kinematics, markers.marker, markers.weight, offset)
    changed = [spline_motion(skeleton, draws.time, kinematics.q + one) for one in change]
    moved = (np.stack([getattr(one, name) for one in changed]) for name in ("q", "u", "udot"))
    return replace(draws, moved=Motions(*moved))


def interval_rows(draws: TrialDraws, step: Step) -> Iterator[Row]:
    """95 % intervals of stance means of levels A and B of one step.

    Parameters
    ----------
    draws : TrialDraws
    step : Step

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, unit as in `aqbio.stages.level_rows`, and
        value (undisturbed, of the same frames), low, high, sd.
    """
    outcomes, undisturbed = _stance_outcomes(draws, step)
    drawn = zip(_by_role(draws, step, outcomes), _by_role(draws, step, undisturbed), strict=True)
    for (outcome, values), (_, own) in drawn:
        means, value = (seen(draws, step, x) for x in (values, own))
        low, high = interval(means)
        yield from outcome_rows(outcome, value[0], (low, high), means.std(axis=0))


def seen(
    draws: TrialDraws, step: Step, values: FloatArray, kind: Literal["axial", "polar"] = "axial"
) -> FloatArray:
    """Vectors (..., 3) along the direction of travel, left steps mirrored onto right ones."""
    turned: FloatArray = values @ rotation_about_vertical(-draws.heading).T
    if step.side == "right":
        return turned
    return mirrored_axial(turned) if kind == "axial" else mirrored_polar(turned)


def outcome_rows(
    outcome: Outcome, value: FloatArray, bounds: tuple[FloatArray, FloatArray], sd: FloatArray
) -> Iterator[Row]:
    """Give the rows of one outcome, one an axis; every array (3,)."""
    level, source, target, statistic, unit = outcome
    for axis, name in enumerate(AXES):
        yield {
            "level": level,
            "source": source,
            "target": target,
            "axis": name,
            "phase": "stance",
            "statistic": statistic,
            "unit": unit,
            "value": float(value[axis]),
            "low": float(bounds[0][axis]),
            "high": float(bounds[1][axis]),
            "sd": float(sd[axis]),
        }


def _stance_outcomes(
    draws: TrialDraws, step: Step
) -> tuple[Mapping[str, FloatArray], Mapping[str, FloatArray]]:
    """(K, items, 3) time means over the sampled stance: drawn, and undisturbed with K = 1."""
    mechanics, frames, count = draws.found.mechanics, draws.frames(step), draws.sampling.count
    loads = [load.frames(frames) for load in mechanics.loads]
    kinematics = mechanics.kinematics.frames(frames)
    generator = np.random.default_rng(draws.sampling.seed)
    found = drawn_outcomes(
        mechanics.skeleton, kinematics, loads, draws.parts, draws.spread, count, generator
    )
    own = Motions(*(x[None] for x in (kinematics.q, kinematics.u, kinematics.udot)))
    base = marker_outcomes(mechanics.skeleton, own, loads, draws.parts)
    if draws.moved is not None:
        moved = draws.moved.frames(frames)
        other = marker_outcomes(mechanics.skeleton, moved, loads, draws.parts)
        found = found.changed_by(other, base, generator.integers(0, len(moved.q), count))
    names = tuple(DrawnOutcomes.__dataclass_fields__)
    time = draws.time[frames]
    drawn, undisturbed = (
        {name: time_mean(getattr(one, name), time) for name in names} for one in (found, base)
    )
    return drawn, undisturbed


def time_mean(values: FloatArray, time: FloatArray) -> FloatArray:
    """Mean over the second axis, (K, T, ...) to (K, ...), by the trapezoidal rule."""
    mean: FloatArray = np.trapezoid(values, time, axis=1) / (time[-1] - time[0])
    return mean


def _by_role(
    draws: TrialDraws, step: Step, outcomes: Mapping[str, FloatArray]
) -> Iterator[tuple[Outcome, FloatArray]]:
    """Names and (K, 3) values of every row."""
    groups = draws.found.groups
    for role, weights in draws.roles.weights(step.side).items():
        if set(weights) & set(groups):
            for name, statistic, unit in (
                ("momentum", "momentum_mean", "kg m2/s"),
                ("rate", "moment_mean", "N m"),
            ):
                value = weighted_sum(outcomes[name], groups, weights)
                yield ("A", role, "whole_body", statistic, unit), value
    for place, joint in enumerate(draws.anatomy.joints):
        source = role_name(joint, step.side)
        value = outcomes["joint_moment"][:, place]
        yield ("joint", source, "distal_segment", "moment_mean", "N m"), value
    for place, chain in enumerate(draws.parts.hub.chains):
        source = role_name(chain.name, step.side)
        value = outcomes["hub_moment"][:, place]
        yield ("B", source, "pelvis", "moment_mean", "N m"), value
    residual = outcomes["residual_moment"]
    yield ("A", "residual_moment", "whole_body", "moment_mean", "N m"), residual
