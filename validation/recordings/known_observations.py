"""A known run as the consistency fit reads it, and the truth by groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aqbio.config import ModelMap, read_yaml
from aqbio.consistency.observations import GroundWrench, Observations
from aqbio.consistency.parameters import Runner
from aqbio.gait.roles import group_sum
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.signals import low_pass
from aqbio.vectors import FloatArray
from aqbio.virtual.library import DATA
from validation.recordings.known_run import KnownRun

MAP = DATA.parents[1] / "models" / "sprint" / "map.yaml"


@lru_cache(maxsize=1)
def sprint_map() -> ModelMap:
    """The map of the sprint model, which all virtual athletes have."""
    return read_yaml(MAP, ModelMap)


@dataclass(frozen=True, eq=False)
class GroupMomentum:
    """Angular momentum of groups about the whole body's centre of mass, and its rate.

    Attributes
    ----------
    momentum, rate : (T, G, 3) arrays, kg m²/s and N m, ground
        Groups in the order of the runner's.
    """

    momentum: FloatArray
    rate: FloatArray


def known_runner(made: KnownRun) -> Runner:
    """The (wrong) model of a known run with its groups."""
    return Runner(made.model, sprint_map().groups)


def known_observations(made: KnownRun, cutoff: float) -> Observations:
    """What the fit reads: raw markers, low-passed forces, inverse kinematics."""
    model, rate = made.model, made.laboratory.marker_rate
    index = np.arange(len(model.markers))
    q = inverse_kinematics(model, made.markers, index, np.ones(len(index))).q
    plates = made.laboratory.force_rate
    force, moment = (low_pass(part, plates, cutoff) for part in (made.force, made.moment))
    return Observations(
        time=made.time,
        marker_index=index,
        markers=made.markers,
        wrench=GroundWrench(np.arange(len(force)) / plates, force, moment),
        measured=made.measured,
        start=q,
        plain=spline_motion(model, made.time, low_pass(q, rate, cutoff)),
        contacts=made.contacts,
        left=np.array(made.run.contacts_on_plates) % 2 == 0,
    )


def true_momentum(made: KnownRun) -> GroupMomentum:
    """The truth of a known run: groups with all their mass, the soft one too."""
    truth, soft, grouping = made.run.truth, made.soft, known_runner(made).grouping
    return GroupMomentum(
        group_sum(truth.momentum + soft.momentum, grouping),
        group_sum(truth.momentum_rate + soft.rate, grouping),
    )


def motion_momentum(skeleton: Skeleton, motion: Motion, grouping: FloatArray) -> GroupMomentum:
    """The same of a motion of some body."""
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, acceleration = centre_of_mass(segments)
    return GroupMomentum(
        group_sum(angular_momentum(segments, com, velocity), grouping),
        group_sum(angular_momentum_rate(segments, com, acceleration), grouping),
    )
