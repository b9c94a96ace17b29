"""Information on body and plates from static postures and planted feet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from aqbio.body.draws import drawn_skeleton
from aqbio.force_plates.alignment import ALIGNMENT, ROTATION, Alignment, planted_information
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.force_plates.single_plates import DISPLACEMENTS, TURNS, plate_error, plate_parameter
from aqbio.inverse_dynamics.balance import adjusted_skeleton
from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import (
    CENTRES,
    CLOCK,
    DRAG,
    PLATE_ROTATION_SD_RAD,
    SOFT_TISSUE,
    Parameter,
    Runner,
    centre_direction,
    priors,
)
from aqbio.multibody.poses import SegmentPoses, segment_poses, whole_body_com
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray

STATIC_DISTANCE_SD_M = 0.005
"""Horizontal distance from the centre of mass to the COP in quiet standing, m: error of the COP,
sway and pose."""


@dataclass(frozen=True, eq=False)
class StaticStance:
    """Quiet standing on force plates."""

    q: FloatArray
    """(C,) array, rad or m. Mean pose."""
    cop: FloatArray
    """(3,) array, m, ground. Mean centre of pressure of both feet together, in the same axes as the
    pose."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Share of the weight that each plate bears, by plate."""

    def pressure(self, values: Mapping[str, float]) -> FloatArray:
        """Centre of pressure, (3,), m, with every plate where the parameters say it lies."""
        along, across = (
            sum(
                share * values.get(plate_parameter(error, plate), 0.0)
                for plate, share in self.shares.items()
            )
            for error in DISPLACEMENTS
        )
        shift: FloatArray = np.array([along, 0.0, across])
        return self.cop + shift


@dataclass(frozen=True, eq=False)
class Standing:
    """Centre of mass relative to the centre of pressure in a static posture, of several bodies.

    Each a (2,) array, m: forward and to the right, ground.
    """

    given: FloatArray
    """Of the body before the fit."""
    fitted: FloatArray
    """Of the body fitted to all trials and postures."""
    left_out: FloatArray
    """Of the body fitted without this posture: a leave-one-out prediction."""


ELSEWHERE = (CLOCK, DRAG, *SOFT_TISSUE)
"""Parameters that no still posture tells."""

PRIOR_STEP = 1e-3
"""Step of finite differences by a parameter, in prior standard deviations."""


def com_over_cop(
    runner: Runner,
    values: Mapping[str, float],
    static: StaticStance,
    poses: SegmentPoses | None = None,
) -> FloatArray:
    """Horizontal distance from COP to centre of mass in a still posture, x and z, (2,), m.

    Along gravity, with the centre of pressure in the cameras' frame. `poses`: of the posture, where
    they were computed before; they do not depend on the parameters.
    """
    placed = replace(static, cop=Alignment.of(values).placed(static.pressure(values)))
    skeleton = adjusted_skeleton(runner, values)
    com, down = com_from_cop(skeleton, placed, poses), skeleton.gravity
    return np.asarray((com - com[1] * down / down[1])[[0, 2]])


def com_from_cop(
    skeleton: Skeleton, static: StaticStance, poses: SegmentPoses | None = None
) -> FloatArray:
    """Centre of mass of a body in a still posture, from the centre of pressure, (3,), m, ground."""
    there = segment_poses(skeleton, static.q[None]) if poses is None else poses
    return np.asarray(whole_body_com(skeleton, there)[0] - static.cop)


def stance_equations(
    runner: Runner, parameters: Sequence[Parameter], static: StaticStance
) -> tuple[FloatArray, FloatArray]:
    """Normal equations (P, P) and (P,) of the fitted parameters from a static posture.

    Its two distances are two observations.
    """
    poses = segment_poses(runner.skeleton, static.q[None])
    slope = _stance_slope(runner, parameters, static, poses)
    distance = com_over_cop(runner, priors(parameters), static, poses) / STATIC_DISTANCE_SD_M
    prior = np.array([parameter.prior for parameter in parameters if parameter.on])
    return slope.T @ slope, slope.T @ (slope @ prior - distance)


def stance_pulls(
    runner: Runner, parameters: Sequence[Parameter], static: StaticStance, inertia: FloatArray
) -> FloatArray:
    """(P, J) array: pull of bodies of other inertial parameters (J, B, 10) on the fitted ones.

    The first body's are those about which the others lie.
    """
    skeleton = runner.skeleton
    poses = segment_poses(skeleton, static.q[None])
    down = skeleton.gravity
    coms = np.stack([whole_body_com(drawn_skeleton(skeleton, x), poses)[0] for x in inertia])
    moved = coms - coms[0]
    moved = (moved - moved[:, 1:2] * down / down[1])[:, [0, 2]] / STATIC_DISTANCE_SD_M
    pulls: FloatArray = -_stance_slope(runner, parameters, static, poses).T @ moved[1:].T
    return pulls


def _stance_slope(
    runner: Runner, parameters: Sequence[Parameter], static: StaticStance, poses: SegmentPoses
) -> FloatArray:
    """(2, P) array: change of a posture's distances with the fitted parameters, by their SD."""
    prior_values, columns = priors(parameters), []
    body = adjusted_skeleton(runner, prior_values)
    shares, down = body.mass / body.mass.sum(), body.gravity
    by_centres = np.einsum("b,bij,dbj->di", shares, poses.rotation[0], runner.centres)
    by_centres = (by_centres - by_centres[:, 1:2] * down / down[1])[:, [0, 2]]
    for parameter in parameters:
        if not parameter.on:
            continue
        if parameter.name.startswith(CENTRES):
            columns.append(by_centres[centre_direction(parameter.name)])
            continue
        error, plate = plate_error(parameter.name)
        turns = error in TURNS  # about a point on the plate
        if turns or (plate and plate not in static.shares) or parameter.name in ELSEWHERE:
            columns.append(np.zeros(2))
            continue
        step = PRIOR_STEP * parameter.prior_sd  # finite differences: nearly linear
        ends = (parameter.prior - step, parameter.prior + step)
        below, above = (
            com_over_cop(runner, prior_values | {parameter.name: end}, static, poses)
            for end in ends
        )
        columns.append((above - below) / (2.0 * step))
    slope: FloatArray = np.stack(columns, axis=1) / STATIC_DISTANCE_SD_M
    return slope


FOREFOOT_MARKERS = 3
"""Number of lowest markers of a foot that define its planted position."""

MIN_PLANTED_FORCE_SHARE = 0.5
"""Share of a contact's peak vertical force above which the foot counts as planted."""

MAX_PLANTED_HEIGHT_M = 0.15
"""Maximum height above the plates of a planted forefoot, whatever its force."""


PlantedFeet = tuple[FloatArray, FloatArray, IntArray, NDArray[np.str_]]
"""Planted feet of N contacts: mean centre of pressure over the planted frames, (N, 3), m; mean
position of the forefoot markers, with the mean of the lowest height, (N, 3), m; an index of trial
and foot, (N,); and the plate, (N,), empty where it is not known."""


def planted_feet(runner: Runner, trials: Sequence[Observations]) -> PlantedFeet:
    """Completely measured contacts of single feet."""
    points, markers, groups, plates = [], [], [], []
    for number, observations in enumerate(trials):
        force, moment = observations.wrench.at(observations.time + observations.clock)
        for side, frames, lowest in planted_contacts(runner, observations):
            cop, _ = centre_of_pressure(
                force[frames], moment[frames], np.zeros(3), observations.surface_height, 0.0
            )
            share = force[frames, 1] / force[frames, 1].sum()
            forefoot = observations.markers[frames][:, lowest]
            marker = share @ forefoot.mean(axis=1)
            marker[1] = forefoot[..., 1].min(axis=0).mean()
            if marker[1] - observations.surface_height < MAX_PLANTED_HEIGHT_M:
                points.append(share @ cop)
                markers.append(marker)
                groups.append(2 * number + side)
                plates.append(_plate_under(observations, frames))
    shape = (len(groups), 3)
    pairs = np.reshape(points, shape), np.reshape(markers, shape)
    return (*pairs, np.array(groups, dtype=np.int64), np.array(plates, dtype="U32"))


def _plate_under(observations: Observations, frames: BoolArray) -> str:
    """Plate that bears most in some frames (T,); empty where that is not known."""
    time = observations.time[frames] + observations.clock
    borne = {
        name: plate.at(time)[0][:, 1].sum() for name, plate in observations.wrench.plates.items()
    }
    return max(borne, key=lambda name: float(borne[name]), default="")


def planted_contacts(
    runner: Runner, observations: Observations
) -> Iterator[tuple[int, BoolArray, IntArray]]:
    """Side (0 left, 1 right), planted frames (T,) and forefoot markers of measured contacts."""
    force, _ = observations.wrench.at(observations.time + observations.clock)
    carrier = runner.skeleton.marker_body[observations.marker_index]
    foot = np.array([tissue == "foot" for tissue in runner.tissue])[carrier]
    for side, leg in enumerate(("leg_left", "leg_right")):
        markers, planted = np.flatnonzero(foot & runner.members(leg)[carrier]), []
        for first, last in observations.contacts[observations.left == (side == 0)]:
            inside = (observations.time >= first) & (observations.time <= last)
            overlapping = (observations.contacts[:, 0] < last) & (
                observations.contacts[:, 1] > first
            )
            if overlapping.sum() > 1 or not inside.any() or not observations.measured[inside].all():
                continue
            frames = inside & (force[:, 1] > MIN_PLANTED_FORCE_SHARE * force[inside, 1].max())
            markers = markers[observations.visible[np.ix_(frames, markers)].all(axis=0)]
            if frames.any():  # empty where the force is negative
                planted.append(frames)
        if planted and len(markers):
            heights = [
                observations.markers[frames][:, markers, 1].min(axis=0) for frames in planted
            ]
            lowest = markers[np.argsort(np.mean(heights, axis=0))[:FOREFOOT_MARKERS]]
            yield from ((side, frames, lowest) for frames in planted)


def determines_alignment(feet: PlantedFeet) -> bool:
    """Tell whether planted feet determine the pitch of the plates better than its prior."""
    matrix, _ = planted_information(*feet[:3])
    pitch = ALIGNMENT.index(ROTATION[2])
    return bool(matrix[pitch, pitch] > 1.0 / PLATE_ROTATION_SD_RAD**2)


def feet_equations(feet: PlantedFeet, on: Sequence[Parameter]) -> tuple[FloatArray, FloatArray]:
    """Normal equations (P, P) and (P,) of the fitted parameters from planted feet."""
    plates = np.unique(feet[3][feet[3] != ""])
    matrix, right = planted_information(*feet[:3], (feet[3][:, None] == plates).astype(float))
    moved = [plate_parameter(error, plate) for plate in plates for error in DISPLACEMENTS]
    names = [parameter.name for parameter in on]
    table = np.array(
        [[parameter == name for name in names] for parameter in (*ALIGNMENT, *moved)], dtype=float
    )
    return table.T @ matrix @ table, table.T @ right
