"""A stick runner whose forces belong to its motion exactly, and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from aqbio.consistency.balance import adjusted_skeleton, drag
from aqbio.consistency.observations import GroundWrench, Observations
from aqbio.consistency.parameters import PARAMETERS, Runner, centre_parameters
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import (
    marker_positions,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.signals import low_pass
from aqbio.vectors import FloatArray

RATE = 200.0
NONE_FITTED = tuple(replace(parameter, on=False) for parameter in PARAMETERS)
GROUPS = {
    "pelvis": ("pelvis",),
    "torso": ("torso",),
    "leg_left": ("thigh_l", "shank_l", "foot_l"),
    "leg_right": ("thigh_r", "shank_r", "foot_r"),
    "arm_left": ("arm_l", "forearm_l"),
    "arm_right": ("arm_r", "forearm_r"),
}


@dataclass(frozen=True)
class Case:
    """A run, what is measured of it, and its truth."""

    runner: Runner
    observations: Observations
    motion: Motion
    momentum: FloatArray
    momentum_rate: FloatArray


def stepping(observations: Observations, step: float) -> Observations:
    """Give the stick's run contacts of both feet in turn, as if it were on the ground."""
    touchdown = np.arange(observations.time[0], observations.time[-1], step)
    return replace(
        observations,
        contacts=np.stack([touchdown, touchdown + 0.5 * step], axis=1),
        left=np.arange(len(touchdown)) % 2 == 0,
    )


def centre_values(runner: Runner, **shifts: tuple[float, float, float]) -> dict[str, float]:
    """Give values of the directions that displace segments' centres of mass, m, best."""
    wanted = np.zeros_like(runner.skeleton.com)
    for segment, shift in shifts.items():
        wanted[runner.skeleton.bodies.index(segment)] = shift
    directions = runner.centres.reshape(len(runner.centres), -1)
    z = np.linalg.lstsq(directions.T, wanted.ravel(), rcond=None)[0]
    names = [one.name for one in centre_parameters(len(z))]
    return dict(zip(names, z.tolist(), strict=True))


def wrench_of(runner, time, motion, values, area):
    """Give the force and moment about the origin that a motion of a body needs."""
    skeleton = adjusted_skeleton(runner, values)
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, acceleration = centre_of_mass(segments)
    force = skeleton.mass.sum() * (acceleration - skeleton.gravity) + drag(velocity, area)
    rate = angular_momentum_rate(segments, com, acceleration)
    momentum = angular_momentum(segments, com, velocity)
    wrench = GroundWrench(time, force, rate.sum(axis=1) + np.cross(com, force))
    return wrench, momentum, rate


@pytest.fixture(scope="session")
def stick(runner) -> Runner:
    """Give the stick runner with a body's distribution of mass; the torso's centre is open."""
    share = np.array([11, 35, 10, 4, 1.5, 10, 4, 1.5, 2.2, 1.8, 2.2, 1.8])
    names = ("inertia", "mass")
    sized = dict(zip(names, (runner.inertia * 0.2, share), strict=True))
    open_centres = np.zeros((len(share), 3))
    open_centres[1] = [0.02, 0.02, 0.01]
    return Runner(replace(runner, **sized), GROUPS, np.diag(open_centres.ravel() ** 2))


@pytest.fixture(scope="session")
def case(stick, running) -> Callable[..., Case]:
    """Give a maker of exactly consistent runs; `body` changes the body of the forces, which are
    `late` s.
    """

    def make(
        *,
        body: dict[str, Any] | None = None,
        noise: float = 0.0,
        late: float = 0.0,
        area: float = 0.45,
        speed: float = 1.0,
        seed: int = 0,
    ) -> Case:
        source = np.arange(len(running)) / 150.0 / speed
        curve = make_interp_spline(source, running, k=7)
        time = np.arange(0.05 / speed, source[-1] - 0.05 / speed, 1.0 / RATE)
        motion = Motion(*(np.asfortranarray(curve(time, nu=order)) for order in range(3)))
        values = {name: value for name, value in (body or {}).items() if name != "torso"}
        values |= centre_values(stick, torso=(body or {}).get("torso", (0.0, 0.0, 0.0)))
        wrench, momentum, rate = wrench_of(stick, time + late, motion, values, area)
        found = marker_positions(stick.skeleton, motion.q)
        found = found + np.random.default_rng(seed).normal(0.0, noise, found.shape)
        index = np.arange(found.shape[1])
        q = inverse_kinematics(stick.skeleton, found, index, np.ones(len(index)))
        plain = spline_motion(stick.skeleton, time, low_pass(q, RATE, 20.0))
        everywhere = np.ones(len(time), dtype=bool)
        seen = Observations(time, index, found, wrench, everywhere, q, plain)
        return Case(stick, seen, motion, momentum, rate)

    return make
