"""Intervals of a step's outcomes: draws of masses, plates and bodies, in roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Literal

import numpy as np

from aqbio.mechanics.gait.mirror import mirrored_axial, mirrored_polar, rotation_about_vertical
from aqbio.mechanics.gait.roles import by_role, role_name
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.uncertainty import (
    DrawnOutcomes,
    interval,
)
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_SIDES
from aqbio.stages.levels.trial_draws import TrialDraws, frame_outcomes

Row = dict[str, Any]
Outcome = tuple[str, str, str, str, str]
"""Level, source, target, statistic and unit of a row."""


def interval_rows(
    draws: TrialDraws, step: Step, outcomes: tuple[DrawnOutcomes, DrawnOutcomes] | None = None
) -> Iterator[Row]:
    """95 % intervals of stance means of levels A and B and of the force shares of one step.

    Parameters
    ----------
    draws : TrialDraws
    step : Step
    outcomes : pair of DrawnOutcomes, optional
        Of the stance's frames, from :func:`frame_outcomes`, where they are known already.

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, unit as in `aqbio.stages.levels.rows`, and
        value (undisturbed, of the same frames), low, high, sd.
    """
    found, base = outcomes or frame_outcomes(draws, draws.frames(step))
    time = draws.time[draws.frames(step)]
    drawn = zip(*(_stance_means(draws, step, one, time) for one in (found, base)), strict=True)
    for (outcome, means), (_, value) in drawn:
        yield from outcome_rows(outcome, value[0], interval(means), means.std(axis=0))


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


def time_mean(values: FloatArray, time: FloatArray) -> FloatArray:
    """Mean over the second axis, (K, T, ...) to (K, ...), by the trapezoidal rule."""
    mean: FloatArray = np.trapezoid(values, time, axis=1) / (time[-1] - time[0])
    return mean


def _stance_means(
    draws: TrialDraws, step: Step, outcomes: DrawnOutcomes, time: FloatArray
) -> Iterator[tuple[Outcome, FloatArray]]:
    """Names and canonical (K, 3) stance means of every row."""
    means = {one.name: time_mean(getattr(outcomes, one.name), time) for one in fields(outcomes)}
    for outcome, value in _moments(draws, step, means):
        yield outcome, seen(draws, step, value)
    ground = seen(draws, step, _ground_force(draws, step, means["ground_force"], time), "polar")
    roles, matrix = draws.roles.known(step.side, draws.found.groups)
    relative, inertial = (
        seen(draws, step, by_role(means[name], matrix), "polar")
        for name in ("relative_force", "inertial_force")
    )
    for place, role in enumerate(roles):
        if role == "total":
            continue
        if role not in ROLE_SIDES:
            yield ("force", role, "ground", "relative_force_mean", "N"), relative[:, place]
        yield ("force", role, "ground", "inertial_share", "1"), inertial[:, place] / ground


def _ground_force(draws: TrialDraws, step: Step, drawn: FloatArray, time: FloatArray) -> FloatArray:
    """(K, 3) stance mean of the ground force: measured over all frames, times the drawn gains.

    Its fore-aft mean is a small difference of braking and propulsion, which few frames miss.
    """
    force, inside = draws.found.mechanics.balance.force.sum(axis=1), draws.frames(step)
    few = np.linalg.norm(time_mean(force[None, inside], time))
    whole = slice(inside.start, inside.stop)
    mean = time_mean(force[None, whole], draws.time[whole])
    gain: FloatArray = np.linalg.norm(drawn, axis=1, keepdims=True) / few
    return gain * mean


def _moments(
    draws: TrialDraws, step: Step, means: Mapping[str, FloatArray]
) -> Iterator[tuple[Outcome, FloatArray]]:
    """Names and (K, 3) means of momenta and moments, ground axes."""
    roles, matrix = draws.roles.known(step.side, draws.found.groups)
    for name, statistic, unit in (
        ("momentum", "momentum_mean", "kg m2/s"),
        ("rate", "moment_mean", "N m"),
    ):
        values = by_role(means[name], matrix)
        for place, role in enumerate(roles):
            yield ("A", role, "whole_body", statistic, unit), values[:, place]
    for place, joint in enumerate(draws.anatomy.joints):
        source = role_name(joint, step.side)
        value = means["joint_moment"][:, place]
        yield ("joint", source, "distal_segment", "moment_mean", "N m"), value
    for place, chain in enumerate(draws.parts.hub.chains):
        source, whole = role_name(chain.name, step.side), means["hub_moment"][:, place]
        yield ("B", source, "pelvis", "moment_mean", "N m"), whole
        joints = [np.flatnonzero(draws.parts.joints == root) for root in chain.roots]
        if all(len(one) for one in joints):  # Where the model's map names the joint.
            joint_part = -means["joint_moment"][:, np.concatenate(joints)].sum(axis=1)
            yield ("B", source, "pelvis", "joint_moment_mean", "N m"), joint_part
            yield ("B", source, "pelvis", "force_moment_mean", "N m"), whole - joint_part
    residual = means["residual_moment"]
    yield ("A", "residual_moment", "whole_body", "moment_mean", "N m"), residual
