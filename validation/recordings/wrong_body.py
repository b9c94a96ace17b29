"""A model whose body is not the runner's: leg, pelvis and whole-body mass, place of the trunk."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.sprint_body import coarse_segment
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray

LEG = ("femur", "tibia", "foot", "toes")
"""Segments of a leg, without the side."""


@dataclass(frozen=True, slots=True)
class BodyError:
    """What must be done to the model's body to make it the runner's.

    Attributes
    ----------
    mass : float
        Relative change of the whole body's mass.
    leg_share, pelvis_share : float
        Relative change of the mass of every leg segment and of the pelvis; the torso gives it.
    torso_com_x, torso_com_y, torso_com_z : float, m
        Shift of the torso's centre of mass, torso axes.
    """

    mass: float = 0.0
    leg_share: float = 0.0
    pelvis_share: float = 0.0
    torso_com_x: float = 0.0
    torso_com_y: float = 0.0
    torso_com_z: float = 0.0


def model_of(runner: Skeleton, error: BodyError) -> Skeleton:
    """The model of a runner that is wrong by a known error.

    With leg share l, pelvis share p and mass error m: ``leg = runner's / ((1 + l)(1 + m))``, the
    pelvis likewise, the torso what is missing to the runner's mass over ``1 + m``. A segment's
    inertia goes with its mass.
    """
    torso = np.array([coarse_segment(name) == "torso" for name in runner.bodies])
    factor = np.ones(len(runner.bodies))
    factor[_legs(runner)] = 1.0 / (1.0 + error.leg_share)
    factor[runner.bodies.index("pelvis")] = 1.0 / (1.0 + error.pelvis_share)
    factor[torso] += (1.0 - factor) @ runner.mass / runner.mass[torso].sum()
    if (factor[torso] <= 0.0).any():
        raise ValueError(f"nothing of the torso is left: {error}.")
    factor /= 1.0 + error.mass
    com = runner.com.copy()
    com[torso] -= [error.torso_com_x, error.torso_com_y, error.torso_com_z]
    return replace(
        runner,
        mass=runner.mass * factor,
        inertia=runner.inertia * factor[:, None, None],
        com=com,
    )


def with_joints_apart(model: Skeleton, spread: float, random: np.random.Generator) -> Skeleton:
    """A model whose joint centres are elsewhere in both segments, but at the pelvis's root."""
    moves = spread * random.standard_normal(model.parent_position.shape)
    moves[model.parent == GROUND] = 0.0
    return replace(
        model,
        parent_position=model.parent_position + moves,
        child_position=model.child_position - moves,
    )


def with_centres_apart(model: Skeleton, spread: float, random: np.random.Generator) -> Skeleton:
    """Give a model whose segments' centres of mass are elsewhere, each side for itself."""
    return replace(model, com=model.com + spread * random.standard_normal(model.com.shape))


def _legs(skeleton: Skeleton) -> BoolArray:
    return np.array([name.rsplit("_", 1)[0] in LEG for name in skeleton.bodies])
