"""Still postures and planted feet: what they tell of body and plates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.consistency.balance import adjusted_skeleton
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import TURN_SD, Parameter, Runner, priors
from aqbio.force_plates.alignment import ALIGNMENT, ROTATION, Alignment, planted_information
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray, rotate

STATIC_SD = 0.005
"""Of the horizontal distance from the centre of mass to the COP in quiet standing, m: the COP's
own error, sway, and the pose."""


@dataclass(frozen=True, eq=False)
class StaticStance:
    """Quiet standing on force plates."""

    q: FloatArray
    """(C,) array, rad or m. Mean pose."""
    cop: FloatArray
    """(3,) array, m, ground. Mean centre of pressure of both feet together, in the same axes as the
    pose."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Centre of mass from the centre of pressure in a static posture, of several bodies.

    Each a (2,) array, m: forward and to the right, ground.
    """

    given: FloatArray
    """Of the body as it was given."""
    fitted: FloatArray
    """Of the body that was fitted to all trials and postures."""
    left_out: FloatArray
    """Of a body that was fitted to everything but this posture: a prediction."""


FAINT = 1e-3
"""Standard deviations of its prior by which a parameter is changed to see what follows."""


def com_over_cop(runner: Runner, values: dict[str, float], static: StaticStance) -> FloatArray:
    """Horizontal distance from COP to centre of mass in a still posture, x and z, (2,), m.

    Along gravity, with the centre of pressure in the cameras' frame.
    """
    placed = replace(static, cop=Alignment.of(values).placed(static.cop))
    skeleton = adjusted_skeleton(runner, values)
    apart, down = com_from_cop(skeleton, placed), skeleton.gravity
    return np.asarray((apart - apart[1] * down / down[1])[[0, 2]])


def com_from_cop(skeleton: Skeleton, static: StaticStance) -> FloatArray:
    """Centre of mass of a body in a still posture, from the centre of pressure, (3,), m, ground."""
    poses = segment_poses(skeleton, static.q[None])
    points = (poses.origin + rotate(poses.rotation, skeleton.com))[0]
    return np.asarray(skeleton.mass @ points / skeleton.mass.sum() - static.cop)


def stance_equations(
    runner: Runner, parameters: Sequence[Parameter], static: StaticStance
) -> tuple[FloatArray, FloatArray]:
    """What a still posture tells of the parameters that are on: normal equations (P, P) and (P,).

    Its two distances are two observations.
    """
    given, on = priors(parameters), [parameter for parameter in parameters if parameter.on]
    columns = []
    for one in on:  # by differences: hardly curved
        step = FAINT * one.prior_sd
        ends = (one.prior - step, one.prior + step)
        less, more = (com_over_cop(runner, given | {one.name: end}, static) for end in ends)
        columns.append((more - less) / (2.0 * step))
    slope = np.stack(columns, axis=1) / STATIC_SD
    distance = com_over_cop(runner, given, static) / STATIC_SD
    prior = np.array([parameter.prior for parameter in on])
    return slope.T @ slope, slope.T @ (slope @ prior - distance)


FOREFOOT_MARKERS = 3
"""So many of a foot's markers, the lowest ones, say where it is planted."""

PRESSED = 0.5
"""Share of a contact's largest vertical force from which the foot is planted."""

NEAR = 0.15
"""A forefoot higher than this above the plates is not planted, whatever its force, m."""


PlantedFeet = tuple[FloatArray, FloatArray, IntArray]
"""Where feet press by the plates, (N, 3), m: centre of pressure, mean over the planted frames of N
contacts; where cameras see them, (N, 3), m: mean place of forefoot markers, and of the least
height; and trial and foot, (N,)."""


def planted_feet(runner: Runner, trials: Sequence[Observations]) -> PlantedFeet:
    """Contacts of single feet that were measured completely."""
    points, markers, groups = [], [], []
    for number, seen in enumerate(trials):
        force, moment = seen.wrench.at(seen.time)
        for side, frames, lowest in planted_contacts(runner, seen):
            cop, _ = centre_of_pressure(
                force[frames], moment[frames], np.zeros(3), seen.surface_height, 0.0
            )
            share = force[frames, 1] / force[frames, 1].sum()
            forefoot = seen.markers[frames][:, lowest]
            marker = share @ forefoot.mean(axis=1)
            marker[1] = forefoot[..., 1].min(axis=0).mean()
            if marker[1] - seen.surface_height < NEAR:
                points.append(share @ cop)
                markers.append(marker)
                groups.append(2 * number + side)
    shape = (len(groups), 3)
    places = np.reshape(points, shape), np.reshape(markers, shape)
    return (*places, np.array(groups, dtype=np.int64))


def planted_contacts(
    runner: Runner, observations: Observations
) -> Iterator[tuple[int, BoolArray, IntArray]]:
    """Side (0 left, 1 right), planted frames (T,) and forefoot markers of measured contacts."""
    force, _ = observations.wrench.at(observations.time)
    carrier = runner.skeleton.marker_body[observations.marker_index]
    foot = np.array([one == "foot" for one in runner.tissue])[carrier]
    for side, leg in enumerate(("leg_left", "leg_right")):
        own, kept = np.flatnonzero(foot & runner.members(leg)[carrier]), []
        for first, last in observations.contacts[observations.left == (side == 0)]:
            inside = (observations.time >= first) & (observations.time <= last)
            others = (observations.contacts[:, 0] < last) & (observations.contacts[:, 1] > first)
            if others.sum() > 1 or not inside.any() or not observations.measured[inside].all():
                continue
            frames = inside & (force[:, 1] > PRESSED * force[inside, 1].max())
            own = own[observations.visible[np.ix_(frames, own)].all(axis=0)]
            if frames.any():  # else the ground pulls
                kept.append(frames)
        if kept and len(own):
            least = [observations.markers[frames][:, own, 1].min(axis=0) for frames in kept]
            lowest = own[np.argsort(np.mean(least, axis=0))[:FOREFOOT_MARKERS]]
            yield from ((side, frames, lowest) for frames in kept)


def tells_alignment(feet: PlantedFeet) -> bool:
    """Whether planted feet tell the pitch of the plates better than its prior."""
    matrix, _ = planted_information(*feet)
    pitch = ALIGNMENT.index(ROTATION[2])
    return bool(matrix[pitch, pitch] > 1.0 / TURN_SD**2)


def feet_equations(feet: PlantedFeet, on: Sequence[Parameter]) -> tuple[FloatArray, FloatArray]:
    """What planted feet tell of the parameters that are on: normal equations (P, P) and (P,)."""
    matrix, right = planted_information(*feet)
    names = [one.name for one in on]
    table = np.array([[one == name for name in names] for one in ALIGNMENT], dtype=float)
    return table.T @ matrix @ table, table.T @ right
