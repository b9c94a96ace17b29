"""Other ways to cut a runner into push side and swing side, for the sensitivity analysis.

The declared roles are those of `aqbio.mechanics.gait.groups.role_groups`. Here are the
alternatives that a result must survive: where the pelvis belongs, arms one by one, and who pushes
in flight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from aqbio.mechanics.contributions.source_roles import Side, other_side
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import BoolArray, FloatArray

PelvisMember = Literal["torso", "push_leg", "swing_leg", "legs", "out"]
FlightRule = Literal["last_stance", "mid_flight", "backward_foot"]

PELVIS_MEMBERS: tuple[PelvisMember, ...] = ("torso", "push_leg", "swing_leg", "legs", "out")
FLIGHT_RULES: tuple[FlightRule, ...] = ("last_stance", "mid_flight", "backward_foot")
"""R1 (default), R2 and R3."""

Weights = Mapping[str, float]


def role_weights(
    stance: Side, *, pelvis: PelvisMember | None = None, split_arms: bool = False
) -> dict[str, Weights]:
    """Weights of the anatomical groups in every role.

    Parameters
    ----------
    stance : {"left", "right"}
        The stance foot: its leg is the push leg.
    pelvis : {"torso", "push_leg", "swing_leg", "legs", "out"}, optional
        The role that the pelvis is merged into: half to each leg for ``"legs"``, nobody's for
        ``"out"``; without it the pelvis is a role of its own.
    split_arms : bool
        ``arm_push`` and ``arm_swing``, on the sides of the legs, instead of ``arms``.

    Returns
    -------
    dict of mappings
        A partition, but for a pelvis that is out.

    Examples
    --------
    >>> role_weights("right", pelvis="swing_leg")["swing_leg"]
    {'leg_left': 1.0, 'pelvis': 1.0}
    """
    swing = other_side(stance)
    roles: dict[str, dict[str, float]] = {
        "push_leg": {f"leg_{stance}": 1.0},
        "swing_leg": {f"leg_{swing}": 1.0},
    }
    if split_arms:
        roles["arm_push"] = {f"arm_{stance}": 1.0}
        roles["arm_swing"] = {f"arm_{swing}": 1.0}
    else:
        roles["arms"] = {"arm_left": 1.0, "arm_right": 1.0}
    roles["torso"] = {"torso": 1.0}
    if pelvis is None:
        roles["pelvis"] = {"pelvis": 1.0}
    elif pelvis == "legs":
        roles["push_leg"]["pelvis"] = roles["swing_leg"]["pelvis"] = 0.5
    elif pelvis != "out":
        roles[pelvis]["pelvis"] = 1.0
    return dict(roles)


def side_roles(roles: Mapping[str, Weights]) -> dict[str, Weights]:
    """Weights of the groups in push side and swing side: the swing leg against all the others.

    Parameters
    ----------
    roles : mapping
        From :func:`role_weights`.

    Examples
    --------
    >>> sides = side_roles(role_weights("right", pelvis="legs"))
    >>> sides["push_side"]["pelvis"], sides["swing_side"]["pelvis"]
    (0.5, 0.5)
    """
    push: dict[str, float] = {}
    for role, weights in roles.items():
        if role != "swing_leg":
            for group, weight in weights.items():
                push[group] = push.get(group, 0.0) + weight
    return {"push_side": push, "swing_side": roles["swing_leg"]}


def weighted_sum(values: FloatArray, groups: tuple[str, ...], weights: Weights) -> FloatArray:
    """Sum a quantity over the groups of a role.

    Parameters
    ----------
    values : (T, G, ...) array
    groups : tuple of G names
    weights : mapping
        Groups that the model lacks count as nothing.

    Returns
    -------
    (T, ...) array
    """
    row = np.array([weights.get(group, 0.0) for group in groups])
    total: FloatArray = np.tensordot(values, row, axes=([1], [0]))
    return total


def right_pushes(
    step: Step, time: FloatArray, rule: FlightRule, forward_velocity: FloatArray
) -> BoolArray:
    """Whether the right leg is the push leg, in the frames of one step.

    Parameters
    ----------
    step : Step
    time : (T,) array, s
        Within the step.
    rule : {"last_stance", "mid_flight", "backward_foot"}
        In flight nobody pushes; R1: the last stance leg keeps its role until the next touchdown;
        R2: roles change in the middle of the flight; R3: the leg whose foot moves backward
        relative to the pelvis, the faster one if both do.
    forward_velocity : (T, 2) array, m/s
        Of the left and of the right foot relative to the pelvis; read by R3 only.

    Returns
    -------
    (T,) bool array
    """
    stance = np.full(len(time), step.side == "right")
    flight = time > step.toe_off
    if rule == "last_stance":
        return stance
    if rule == "mid_flight":
        later = time > 0.5 * (step.toe_off + step.next_touchdown)
        return np.where(later, ~stance, stance)
    backward = forward_velocity[:, 1] < forward_velocity[:, 0]
    return np.where(flight, backward, stance)
