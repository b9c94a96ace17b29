"""Points on the bodies of a skeleton that show where pelvis and feet are, as markers would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.limbs import FORWARD, RIGHT, Posture
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

PELVIS = {"asis": (0.08, 0.08, 0.12), "psis": (-0.10, 0.08, 0.05)}
"""Forward of, above and beside the middle of the hips: within 4 cm of where the markers of the
models of Rajagopal (2016) and Hamner (2010) are, m. Only directions and paths are told from it."""

HEEL_BEHIND = 0.37
"""A heel is behind the ankle by this share of the distance from ankle to toe joint: calcaneus and
toe joint of the gait2392 family are at -0.049 and 0.130 m."""

TOES_AHEAD = 2.5
"""Without a toe joint, the forefoot is in front of the ankle by this times the foot's mass."""

APART = 0.1
"""Points that show how a body turns are this far from its centre of mass, m."""


@dataclass(frozen=True, slots=True)
class BodyPoint:
    """A point that is fixed on a body."""

    name: str
    body: str
    position: tuple[float, float, float]
    """tuple of 3 floats, m. In the body's frame."""


def with_points(skeleton: Skeleton, points: Sequence[BodyPoint]) -> Skeleton:
    """A skeleton with points as further markers."""
    bodies = np.array([skeleton.bodies.index(one.body) for one in points], dtype=np.int64)
    places = np.array([one.position for one in points]).reshape(-1, 3)
    return replace(
        skeleton,
        markers=(*skeleton.markers, *(one.name for one in points)),
        marker_body=np.concatenate((skeleton.marker_body, bodies)),
        marker_position=np.concatenate((skeleton.marker_position, places)),
    )


def pelvis_point(
    posture: Posture, name: str, landmark: str, side: str, hips: Mapping[str, int]
) -> BodyPoint:
    """A point at the front (asis) or the back (psis) of the pelvis; hips: bodies they move."""
    middle = 0.5 * (posture.centres[hips["left"]] + posture.centres[hips["right"]])
    forward, up, beside = PELVIS[landmark]
    place = middle + np.array([forward, up, beside if side == "right" else -beside])
    return _on(posture, name, int(posture.skeleton.parent[hips[side]]), place)


def foot_point(posture: Posture, name: str, landmark: str, foot: int, ankle: int) -> BodyPoint:
    """A point at the heel (landmark ``heel``) or the forefoot."""
    centre = posture.centres[ankle]
    joints = posture.children(foot)
    reach = TOES_AHEAD * (posture.com[foot] - centre)
    toe = posture.centres[joints[0]] if joints else centre + reach
    place = toe.copy()
    if landmark == "heel":
        place[FORWARD] = centre[FORWARD] - HEEL_BEHIND * (toe[FORWARD] - centre[FORWARD])
        place[RIGHT] = centre[RIGHT]
    return _on(posture, name, foot, place)


def turning_points(skeleton: Skeleton, body: int) -> list[BodyPoint]:
    """Three points of a body that show its place and how it turns."""
    name = skeleton.bodies[body]
    return [
        BodyPoint(f"{name}_point_{axis}", name, _triple(skeleton.com[body] + APART * along))
        for axis, along in zip("xyz", np.eye(3), strict=True)
    ]


def _on(posture: Posture, name: str, body: int, place: FloatArray) -> BodyPoint:
    """Fix a place on the ground to a body of the posture."""
    origin, rotation = posture.poses.origin[0, body], posture.poses.rotation[0, body]
    return BodyPoint(name, posture.skeleton.bodies[body], _triple(rotation.T @ (place - origin)))


def _triple(place: FloatArray) -> tuple[float, float, float]:
    x, y, z = place.tolist()
    return x, y, z
