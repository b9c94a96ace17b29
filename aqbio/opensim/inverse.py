"""Inverse dynamics by OpenSim itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import Motion
from aqbio.opensim.moved import MovedModel
from aqbio.opensim.session import array_from_vec3, opensim, vec3
from aqbio.vectors import FloatArray, cross


def inverse_dynamics(
    moved: MovedModel, motion: Motion, loads: Sequence[ExternalLoad]
) -> FloatArray:
    """(T, C): generalised forces by Simbody's recursive Newton-Euler operator.

    Each coordinate's on its own, as OpenSim's tool reports it: a coupled coordinate's is not folded
    into the independent one.
    """
    model, state = moved.model, moved.state
    matter = model.getMatterSubsystem()
    slots = _mobility_slots(state, moved.coordinates)
    bodies = [model.getBodySet().get(index) for index in range(model.getBodySet().getSize())]
    tau = np.empty_like(motion.q)
    udot, none = opensim.Vector(len(slots), 0.0), opensim.Vector(len(slots), 0.0)
    for frame in range(len(tau)):
        for slot, acceleration in zip(slots, motion.udot[frame], strict=True):
            udot.set(slot, float(acceleration))
        moved.move(motion, frame)
        wrenches = _body_wrenches(model, state, bodies, loads, frame)
        residual = opensim.Vector()
        matter.calcResidualForceIgnoringConstraints(state, none, wrenches, udot, residual)
        tau[frame] = [residual.get(slot) for slot in slots]
    return tau


def _mobility_slots(state: Any, handles: Sequence[Any]) -> list[int]:
    """Each coordinate's place in Simbody's vector of speeds."""
    slots = []
    for handle in handles:
        before = state.getU().to_numpy()
        handle.setSpeedValue(state, 1.0 + float(before.max(initial=0.0)))
        after = state.getU().to_numpy()
        slots.append(int(np.flatnonzero(before != after)[0]))
    return slots


def _body_wrenches(
    model: Any, state: Any, bodies: Sequence[Any], loads: Sequence[ExternalLoad], frame: int
) -> Any:
    """Moment about and force at every body's origin from weight and external loads, in ground."""
    gravity = array_from_vec3(model.getGravity())
    wrenches = opensim.VectorOfSpatialVec(len(bodies) + 1, opensim.SpatialVec())
    for body in bodies:
        origin = array_from_vec3(body.getPositionInGround(state))
        weight = body.getMass() * gravity
        centre = array_from_vec3(body.findStationLocationInGround(state, body.getMassCenter()))
        moment, force = cross(centre - origin, weight), weight
        for load in loads:
            for part in (p for name, p in load.borne() if name == body.getName()):
                point = load.point if load.point.ndim == 1 else load.point[frame]
                pushed = (part if isinstance(part, float) else part[frame]) * load.force[frame]
                turned = (part if isinstance(part, float) else part[frame]) * load.moment[frame]
                force = force + pushed
                moment = moment + turned + cross(point - origin, pushed)
        wrench = opensim.SpatialVec(vec3(moment), vec3(force))
        wrenches.set(int(body.getMobilizedBodyIndex()), wrench)
    return wrenches
