"""How sure level C is: induced accelerations of other bodies, motions and plates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.contributions.chains import RESIDUAL
from aqbio.mechanics.contributions.contact_models import foot_contact
from aqbio.mechanics.contributions.joint_power import coordinate_sources
from aqbio.mechanics.contributions.levels import Anatomy, causes
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.sources import States, joined_states
from aqbio.mechanics.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.mechanics.multibody.kinematics import SegmentKinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Run:
    """One motion and what was measured with it.

    The arguments of `aqbio.mechanics.contributions.levels.levels`.
    """

    skeleton: Skeleton
    kinematics: SegmentKinematics
    loads: Sequence[ExternalLoad]
    """Sequence of F ExternalLoad."""
    touching: BoolArray
    """(T, F) bool array."""
    anatomy: Anatomy
    surface_height: float = 0.0
    """Of the ground that feet touch, m."""


@dataclass(frozen=True, slots=True)
class DrawnCauses:
    """Draws of level C under one contact model."""

    sources: tuple[str, ...]
    """Tuple of S names."""
    ground_force: FloatArray
    """(K, T, S, 3) array, N. Of both feet together."""
    group_rate: FloatArray
    """(K, T, S, G, 3) array, N m. Rate of each group's angular momentum about the whole body's
    centre of mass."""
    pelvis_acceleration: FloatArray
    """(K, T, S, 3) array, rad/s². Angular acceleration of the pelvis."""


def state_causes(every: Iterable[States], run: Run) -> dict[str, DrawnCauses]:
    """Level C of states, one draw each.

    Parameters
    ----------
    run : Run
        Of the undisturbed state: which feet touch, and the body's anatomy.

    Returns
    -------
    dict of DrawnCauses
        By contact model.
    """
    states, anatomy = joined_states(tuple(every)), run.anatomy
    skeleton, kinematics = states.skeleton, states.kinematics
    touching = np.tile(run.touching, (len(states.sources), 1))
    feet = [
        foot_contact(load, held, surface_height=run.surface_height)
        for load, held in zip(states.loads, touching.T, strict=True)
    ]
    tau = inverse_dynamics(skeleton, kinematics, states.loads)
    coordinates = coordinate_sources(skeleton, anatomy.joints, anatomy.root, RESIDUAL)
    groups = membership(anatomy.groups, skeleton.bodies)
    pelvis = skeleton.bodies.index(anatomy.groups["pelvis"][0])
    caused = causes(skeleton, kinematics, tau, coordinates, feet, (groups, pelvis))
    return {
        model: DrawnCauses(
            sources=induced.sources,
            ground_force=states.each(induced.force.sum(axis=2)),
            group_rate=states.each(induced.group_rate),
            pelvis_acceleration=states.each(induced.pelvis_acceleration),
        )
        for model, induced in caused.items()
    }
