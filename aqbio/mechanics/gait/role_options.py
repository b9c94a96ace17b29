"""Other ways to cut a runner into push side and swing side, for the sensitivity analysis.

The declared roles are those of `aqbio.mechanics.gait.groups.role_groups`. Here are the
alternatives that a result must survive: where the pelvis belongs, arms one by one, and who pushes
in flight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.mechanics.contributions.source_roles import Side, other_side
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.names import ANATOMICAL_GROUPS, ROLE_GROUPS, ROLE_SIDES

PelvisMember = Literal["torso", "push_leg", "swing_leg", "legs", "out"]
Arms = Literal["together", "split"]
FlightRule = Literal["R1", "R2", "R3"]
"""The last stance leg keeps its role (default); roles change in mid-flight; the foot that moves
backward pushes."""

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RoleScheme:
    """One way to cut the runner into push side and swing side.

    Attributes
    ----------
    pelvis : {"torso", "push_leg", "swing_leg", "legs", "out"}
        With the torso on the push side, as a group of its own (the declared roles); merged into one
        leg or half into each, no group of its own then; ``"out"``: a group that no side counts.
    arms : {"together", "split"}
        Split: ``arm_push`` and ``arm_swing``, named after the legs of their own sides, are told
        beside ``arms``.
    flight : {"R1", "R2", "R3"}
        Who pushes in flight, see :func:`right_pushes`.

    Examples
    --------
    >>> RoleScheme(pelvis="legs", arms="split").partition
    ('push_leg', 'swing_leg', 'arm_push', 'arm_swing', 'torso')
    """

    pelvis: PelvisMember = "torso"
    arms: Arms = "together"
    flight: FlightRule = "R1"

    @property
    def items(self) -> tuple[str, ...]:
        """Groups, sides and total that are told; one that the scheme merges is unknown."""
        split = ("arm_push", "arm_swing") if self.arms == "split" else ()
        return (*ROLE_GROUPS, *ROLE_SIDES, "total", *split)

    @property
    def partition(self) -> tuple[str, ...]:
        """Groups that add up to the whole body."""
        return tuple(role_weights("right", pelvis=self._merged, split_arms=self.arms == "split"))

    @property
    def _merged(self) -> PelvisMember | None:
        return None if self.pelvis in ("torso", "out") else self.pelvis

    def weights(self, stance: Side) -> dict[str, Weights]:
        """Weights of the anatomical groups in every item that the scheme has.

        Parameters
        ----------
        stance : {"left", "right"}
            The foot whose leg is the push leg.
        """
        groups = role_weights(stance, pelvis=self._merged)
        if self.arms == "split":
            every = role_weights(stance, pelvis=self._merged, split_arms=True)
            groups |= {name: every[name] for name in ("arm_push", "arm_swing")}
        sides = side_roles(role_weights(stance, pelvis=self.pelvis))
        return groups | sides | {"total": dict.fromkeys(ANATOMICAL_GROUPS, 1.0)}

    def words(self) -> str:
        """Say what the sides are.

        Examples
        --------
        >>> RoleScheme().words()
        'Push side: push leg, arms, torso and pelvis; swing side: swing leg.'
        >>> RoleScheme(pelvis="push_leg").words()
        'Push side: push leg (with the pelvis), arms and torso; swing side: swing leg.'
        """
        legs = {"push_leg": "push leg", "swing_leg": "swing leg"}
        for leg in legs:
            if self.pelvis == leg:
                legs[leg] += " (with the pelvis)"
            elif self.pelvis == "legs":
                legs[leg] += " (with half of the pelvis)"
        torso = "torso and pelvis" if self.pelvis == "torso" else "torso"
        joint = "arms, " if self.pelvis == "torso" else "arms and "
        told = f"Push side: {legs['push_leg']}, {joint}{torso}; swing side: {legs['swing_leg']}."
        return f"{told} The pelvis is on neither side." if self.pelvis == "out" else told


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
        Groups that the model lacks count as nothing, and so do the values of other groups, which
        may be unknown.

    Returns
    -------
    (T, ...) array
    """
    own = [place for place, group in enumerate(groups) if weights.get(group)]
    row = np.array([weights[groups[place]] for place in own])
    total: FloatArray = np.tensordot(values[:, own], row, axes=([1], [0]))
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
    rule : {"R1", "R2", "R3"}
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
    if rule == "R1":
        return stance
    if rule == "R2":
        later = time > 0.5 * (step.toe_off + step.next_touchdown)
        return np.where(later, ~stance, stance)
    backward = forward_velocity[:, 1] < forward_velocity[:, 0]
    return np.where(flight, backward, stance)
