"""The skeleton, the loads and the air drag that fitted parameters stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import (
    CENTRES,
    CLOCK,
    COP,
    LEGS,
    MASS,
    PELVIS,
    centre_direction,
)
from aqbio.consistency.runner import Runner
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, cross

AIR_DENSITY = 1.2
"""Of air at 20 °C and sea level, kg/m³."""


def mass_shares(runner: Runner, part: BoolArray) -> FloatArray:
    """Relative change of every segment's mass when a part gains, (B,).

    The part's own segments gain all alike, those of the torso lose as much as they gain.
    """
    mass = runner.skeleton.mass
    lost = mass[part].sum() / mass[runner.torso].sum()
    shares: FloatArray = part.astype(float) - runner.torso * lost
    return shares


def centre_shifts(runner: Runner, values: Mapping[str, float]) -> FloatArray:
    """How far parameters displace the segments' centres of mass, (B, 3), m, segment axes."""
    along = np.zeros(len(runner.centres))
    for name, value in values.items():
        if name.startswith(CENTRES):
            along[centre_direction(name)] = value
    shift: FloatArray = np.tensordot(along, runner.centres, axes=1)
    return shift


def adjusted_skeleton(runner: Runner, values: Mapping[str, float]) -> Skeleton:
    """Skeleton with the masses and centres of mass that parameters stand for.

    Parameters
    ----------
    values : mapping
        Parameters by name; those that are missing change nothing.

    Notes
    -----
    A segment's inertia about its centre of mass changes as its mass does.
    """
    skeleton = runner.skeleton
    factor = np.ones(len(skeleton.mass))
    for name, part in ((LEGS, runner.legs), (PELVIS, runner.pelvis)):
        factor += values.get(name, 0.0) * mass_shares(runner, part)
    factor *= 1.0 + values.get(MASS, 0.0)
    return skeleton.of_size(
        mass=skeleton.mass * factor,
        inertia=skeleton.inertia * factor[:, None, None],
        com=skeleton.com + centre_shifts(runner, values),
    )


def cop_shift(values: Mapping[str, float]) -> FloatArray:
    """Shift of the point of application of the ground's force, (3,), m."""
    return np.array([values.get(COP[0], 0.0), 0.0, values.get(COP[1], 0.0)])


def adjusted_loads(
    loads: Sequence[ExternalLoad], time: FloatArray, values: Mapping[str, float]
) -> tuple[ExternalLoad, ...]:
    """Loads of the ground with the clock offset and the COP offset taken off.

    Parameters
    ----------
    loads : sequence of ExternalLoad
        On the markers' clock, as measured, low-passed.
    time : (T,) array, s
    values : mapping
        Parameters by name.

    Returns
    -------
    tuple of ExternalLoad
        About the ground origin.

    Notes
    -----
    ``F'(t) = F(t + τ)`` and ``M'(t) = M(t + τ) + δ × F(t + τ)``, as in the fit. A shift of all
    points of application by δ: the moment about the shifted point is what it was.
    """
    later = time + values.get(CLOCK, 0.0)
    shifted = []
    for load in loads:
        about_origin = load.moment + cross(
            np.broadcast_to(load.point, load.force.shape), load.force
        )
        force, moment = GroundWrench(time, load.force, about_origin).at(later)
        moment = moment + cross(np.broadcast_to(cop_shift(values), force.shape), force)
        shifted.append(ExternalLoad(load.body, force, moment, np.zeros(3)))
    return tuple(shifted)


def drag_load(runner: Runner, motion: Motion, area: float) -> ExternalLoad:
    """Force of the air on the runner at the centre of mass, carried by the torso.

    Parameters
    ----------
    runner : Runner
        With the adjusted skeleton.
    motion : Motion
        Over the ground, in still air.
    area : float
        Frontal area times drag coefficient, m²; 0 on a treadmill.

    Notes
    -----
    ``−ρ/2 A |v| v`` with the velocity v of the centre of mass.
    """
    skeleton = runner.skeleton
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    com, velocity, _ = centre_of_mass(segment_motion(skeleton, kinematics))
    heaviest = int(np.argmax(skeleton.mass * runner.torso))
    force = -drag(velocity, area)
    return ExternalLoad(skeleton.bodies[heaviest], force, np.zeros_like(force), com)


def drag(velocity: FloatArray, area: float) -> FloatArray:
    """Force that the runner exerts on the air, ``ρ/2 A |v| v``, (T, 3), N.

    Parameters
    ----------
    velocity : (T, 3) array, m/s
        Of the centre of mass in still air, ground axes.
    area : float
        Frontal area times drag coefficient, m².

    Examples
    --------
    >>> drag(np.array([[10.0, 0.0, 0.0]]), 0.5)
    array([[30.,  0.,  0.]])
    """
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    force: FloatArray = 0.5 * AIR_DENSITY * area * speed * velocity
    return force
