"""How sure level C is: induced accelerations of other bodies, motions, plates and feet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from aqbio.contributions.contact_models import foot_contact
from aqbio.contributions.induced import InducedAccelerations
from aqbio.contributions.joint_power import coordinate_sources
from aqbio.contributions.levels import Anatomy, causes
from aqbio.gait.groups import membership
from aqbio.intervals.sources import CONTACT, States, joined_states
from aqbio.multibody.dynamics import RESIDUAL, ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray

TOES = "mtp"
"""What the joints at the ball of the foot are reported as, before their side."""


@dataclass(frozen=True, slots=True)
class Run:
    """One motion and what was measured with it.

    The arguments of `aqbio.contributions.levels.levels`.
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
    states = joined_states(tuple(every))
    again = replace(
        run,
        skeleton=states.skeleton,
        kinematics=states.kinematics,
        loads=states.loads,
        touching=np.tile(run.touching, (len(states.sources), 1)),
    )
    return _drawn(states, _causes(again))


def stiff_foot_causes(run: Run) -> dict[str, DrawnCauses]:
    """Level C of feet that do not bend at the ball, one draw; empty where they bend nowhere.

    Foot and toes are one body then, as in models without such a joint, or with a locked one. What
    the ground prevents of this body, a heel that rises above resting toes included, hangs on it
    more than on all else that is drawn, if a foot must not turn (C3).
    """
    skeleton, names = run.skeleton, run.anatomy.joints.items()
    toes = {name: joint for name, joint in names if name.rpartition("_")[0] == TOES}
    owned = coordinate_sources(skeleton, toes, run.anatomy.root, RESIDUAL)
    held = np.isin(np.arange(len(skeleton.coordinates)), [n for one in toes for n in owned[one]])
    if not held[skeleton.free].any():
        return {}
    stiff = replace(skeleton, coordinate_locked=skeleton.coordinate_locked | held)
    state = States((CONTACT,), stiff, run.kinematics, tuple(load.whole for load in run.loads))
    return _drawn(state, _causes(replace(run, skeleton=stiff, loads=state.loads)))


def joined_causes(
    first: Mapping[str, DrawnCauses], then: Mapping[str, DrawnCauses]
) -> dict[str, DrawnCauses]:
    """Draws of the same frames, those of one set behind those of another."""
    names = [one.name for one in fields(DrawnCauses)][1:]
    return {
        model: DrawnCauses(
            one.sources,
            *(np.concatenate([getattr(one, name), getattr(then[model], name)]) for name in names),
        )
        for model, one in first.items()
    }


def _causes(run: Run) -> Mapping[str, InducedAccelerations]:
    """Level C by contact model."""
    skeleton, anatomy = run.skeleton, run.anatomy
    feet = [
        foot_contact(load, held, surface_height=run.surface_height)
        for load, held in zip(run.loads, run.touching.T, strict=True)
    ]
    tau = inverse_dynamics(skeleton, run.kinematics, run.loads)
    coordinates = coordinate_sources(skeleton, anatomy.joints, anatomy.root, RESIDUAL)
    groups = membership(anatomy.groups, skeleton.bodies)
    pelvis = skeleton.bodies.index(anatomy.groups["pelvis"][0])
    return causes(skeleton, run.kinematics, tau, coordinates, feet, (groups, pelvis))


def _drawn(states: States, caused: Mapping[str, InducedAccelerations]) -> dict[str, DrawnCauses]:
    return {
        model: DrawnCauses(
            sources=induced.sources,
            ground_force=states.each(induced.force.sum(axis=2)),
            group_rate=states.each(induced.group_rate),
            pelvis_acceleration=states.each(induced.pelvis_acceleration),
        )
        for model, induced in caused.items()
    }
