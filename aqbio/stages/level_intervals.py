"""Intervals of a step's outcomes: draws of body, plates and markers, in roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aqbio.mechanics.dynamics import ExternalLoad
from aqbio.mechanics.groups import membership, role_groups
from aqbio.mechanics.inertia_draws import twins
from aqbio.mechanics.levels import Anatomy, Levels
from aqbio.mechanics.mirror import mirrored_axial
from aqbio.mechanics.motion import spline_motion
from aqbio.mechanics.registration import misplaced
from aqbio.mechanics.source_roles import role_name
from aqbio.mechanics.steps import Step
from aqbio.mechanics.uncertainty import (
    DrawnOutcomes,
    Motions,
    Parts,
    Spread,
    drawn_outcomes,
    interval,
    marker_outcomes,
)
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES

Row = dict[str, Any]

MARKER_DRAWS = 60
"""Motions recomputed for misplaced markers; each is a whole trial."""


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
class TrialDraws:
    """What the intervals of all steps of a trial are drawn from.

    Attributes
    ----------
    found : Levels
    anatomy : Anatomy
    time : (T,) array, s
    parts : Parts
    spread : Spread
    moved : Motions or None
        The trial's motion with misplaced markers; None where markers are taken as exact.
    """

    found: Levels
    anatomy: Anatomy
    time: FloatArray
    parts: Parts
    spread: Spread
    moved: Motions | None


def trial_draws(
    found: Levels,
    anatomy: Anatomy,
    time: FloatArray,
    markers: TrackedPlaces | None,
    spread: Spread,
    seed: int,
) -> TrialDraws:
    """Prepare the draws of a trial: misplaced markers move its whole motion.

    Parameters
    ----------
    found : Levels
    anatomy : Anatomy
    time : (T,) array, s
    markers : TrackedPlaces, optional
    spread : Spread
    seed : int
    """
    skeleton, kinematics = found.mechanics.skeleton, found.mechanics.kinematics
    joints = [skeleton.joints.index(joint) for joint in anatomy.joints.values()]
    parts = Parts(
        groups=membership(anatomy.groups, skeleton.bodies),
        hub=found.hubs[0][0].hub,
        joints=np.array(joints),
        twin=twins(skeleton.bodies, anatomy.groups),
    )
    moved = None
    if markers is not None and spread.marker > 0:
        generator = np.random.default_rng(seed)
        offset = spread.marker * generator.standard_normal((MARKER_DRAWS, len(markers.marker), 3))
        change = misplaced(skeleton, kinematics, markers.marker, markers.weight, offset)
        changed = [spline_motion(skeleton, time, kinematics.q + one) for one in change]
        moved = Motions(
            *(np.stack([getattr(one, name) for one in changed]) for name in ("q", "u", "udot"))
        )
    return TrialDraws(found, anatomy, time, parts, spread, moved)


def interval_rows(draws: TrialDraws, step: Step, count: int, seed: int) -> Iterator[Row]:
    """95 % intervals of stance means of levels A and B of one step.

    Parameters
    ----------
    draws : TrialDraws
    step : Step
    count : int
        Number of draws.
    seed : int

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, unit as in `aqbio.stages.level_rows`, and
        low, high, sd.
    """
    outcomes = _stance_outcomes(draws, step, count, seed)
    for (level, source, target, statistic, unit), values in _by_role(draws, step, outcomes):
        means = values if step.side == "right" else mirrored_axial(values)
        low, high = interval(means)
        for axis, name in enumerate(AXES):
            yield {
                "level": level,
                "source": source,
                "target": target,
                "axis": name,
                "phase": "stance",
                "statistic": statistic,
                "unit": unit,
                "low": float(low[axis]),
                "high": float(high[axis]),
                "sd": float(means[:, axis].std()),
            }


def _stance_outcomes(
    draws: TrialDraws, step: Step, count: int, seed: int
) -> Mapping[str, FloatArray]:
    """(K, items, 3) time means over the sampled stance, every cause of uncertainty included."""
    mechanics = draws.found.mechanics
    inside = (draws.time >= step.touchdown) & (draws.time <= step.toe_off)
    frames = slice(int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1])))
    loads: list[ExternalLoad] = [load.frames(frames) for load in mechanics.loads]
    kinematics = mechanics.kinematics.frames(frames)
    generator = np.random.default_rng(seed)
    found = drawn_outcomes(
        mechanics.skeleton, kinematics, loads, draws.parts, draws.spread, count, generator
    )
    if draws.moved is not None:
        own = Motions(*(x[None] for x in (kinematics.q, kinematics.u, kinematics.udot)))
        moved = draws.moved.frames(frames)
        other = marker_outcomes(mechanics.skeleton, moved, loads, draws.parts)
        base = marker_outcomes(mechanics.skeleton, own, loads, draws.parts)
        chosen = generator.integers(0, len(moved.q), count)
        found = found.changed_by(other, base, chosen)
    return {
        name: _time_mean(getattr(found, name), draws.time[frames])
        for name in DrawnOutcomes.__dataclass_fields__
    }


def _time_mean(values: FloatArray, time: FloatArray) -> FloatArray:
    mean: FloatArray = np.trapezoid(values, time, axis=1) / (time[-1] - time[0])
    return mean


def _by_role(
    draws: TrialDraws, step: Step, outcomes: Mapping[str, FloatArray]
) -> Iterator[tuple[tuple[str, str, str, str, str], FloatArray]]:
    """Names and (K, 3) values of every row."""
    groups = list(draws.found.groups)
    for role in (*ROLE_GROUPS, *ROLE_SIDES, "total"):
        members = [groups.index(group) for group in role_groups(step.side)[role] if group in groups]
        if members:
            for name, statistic, unit in (
                ("momentum", "momentum_mean", "kg m2/s"),
                ("rate", "moment_mean", "N m"),
            ):
                value = outcomes[name][:, members].sum(axis=1)
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
