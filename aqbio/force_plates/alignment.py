"""Alignment of force plates with cameras: a small rotation, a displacement and a scale.

Plates are located by their surveyed corners, cameras by their calibration frame and wand. Where the
two disagree, forces are displaced from the feet, the more the farther along the runway.

The *cameras' frame* is that of markers and of coordinates. The *laboratory's frame* is that of the
plates, which lie level: gravity along -y, the ground at one height, distances as the cameras see
them. Motion and forces meet in the first while they are fitted, and in the second ever after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.vectors import FloatArray, IntArray, cross

ALIGNMENT = (
    "plate_roll", "plate_yaw", "plate_pitch",
    "cop_offset_x", "cop_offset_y", "cop_offset_z",
    "plate_scale",
)  # fmt: skip
"""Parameters of the alignment: rotation about x, y and z (rad), displacement (m), and scale."""

ROTATION, OFFSET, SCALE = ALIGNMENT[:3], ALIGNMENT[3:6], ALIGNMENT[6]

PIVOT = ("plate_pivot_x", "plate_pivot_y", "plate_pivot_z")
"""The point about which plates turn and scale, m: among the contacts, so that the prior of their
displacement does not depend on where a laboratory has its origin."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """From the plates' own frame to that of the cameras: ``p -> c + R (1 + s) (p - c) + d``."""

    turn: FloatArray
    """(3,) array, rad. Rotation vector of R."""
    offset: FloatArray
    """(3,) array, m. d: of a force at the pivot."""
    scale: float
    """s: of the plates' distances from the pivot, relative."""
    pivot: FloatArray
    """(3,) array, m. c."""

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Alignment:
        """Build an alignment from parameters by name; missing ones are 0."""
        turn, offset, pivot = (
            np.array([values.get(name, 0.0) for name in names])
            for names in (ROTATION, OFFSET, PIVOT)
        )
        return cls(turn, offset, values.get(SCALE, 0.0), pivot)

    @property
    def moved(self) -> FloatArray:
        """(3,) array, m: the pivot in the cameras' frame."""
        return self.offset + self.pivot

    @property
    def rotation(self) -> FloatArray:
        """(3, 3) array: R."""
        return np.asarray(Rotation.from_rotvec(self.turn).as_matrix())

    def turned_by(self, name: str, turned: FloatArray) -> FloatArray:
        """Derivative of turned vectors (..., 3) by a parameter; 0 if that is no rotation.

        About the axis ``e + r × e / 2 + r × (r × e) / 6`` of the rotation vector r.
        """
        if name not in ROTATION:
            return np.zeros_like(turned)
        axis = np.eye(3)[ROTATION.index(name)]
        perpendicular = np.cross(self.turn, axis)
        return np.cross(
            axis + perpendicular / 2.0 + np.cross(self.turn, perpendicular) / 6.0, turned
        )

    def applied(self, force: FloatArray, moment: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Force (T, 3), N, and moment about the origin (T, 3), N m, in the cameras' frame.

        ``F' = R F`` and ``M' = (1 + s) R (M - c x F) + (c + d) x F'``. A free moment
        would keep its size; that the scale changes it too is less than 0.1 N m.
        """
        turned = force @ self.rotation.T
        about = moment - cross(np.broadcast_to(self.pivot, force.shape), force)
        about = (1.0 + self.scale) * (about @ self.rotation.T)
        return turned, about + cross(np.broadcast_to(self.moved, force.shape), turned)

    def placed(self, point: FloatArray) -> FloatArray:
        """Points (..., 3), m, of the plates in the cameras' frame."""
        return (1.0 + self.scale) * ((point - self.pivot) @ self.rotation.T) + self.moved

    def levelled(self, point: FloatArray) -> FloatArray:
        """Points (..., 3), m, of the cameras in the laboratory's frame: ``c + Rᵀ (p' − c − d)``."""
        return (point - self.moved) @ self.rotation + self.pivot

    def spaced(self, force: FloatArray, moment: FloatArray) -> FloatArray:
        """Moment about the origin (T, 3), N m, in the laboratory's frame, of a force (T, 3), N.

        Turning and displacement are in the motion there; what is left is the scale of distances.
        """
        at_pivot = cross(np.broadcast_to(self.pivot, force.shape), force)
        return (1.0 + self.scale) * (moment - at_pivot) + at_pivot

    def spread(self, point: FloatArray) -> FloatArray:
        """Points (..., 3), m, of the plates in the laboratory's frame, which has their axes."""
        return self.pivot + (1.0 + self.scale) * (point - self.pivot)

    def surface(self, height: float) -> float:
        """Height, m, of the ground in the laboratory's frame, given that of the plates."""
        return float(self.spread(np.array([0.0, height, 0.0]))[1])

    def heading(self, angle: float) -> float:
        """Direction about +y from +x, rad, in the laboratory's frame, of one seen by cameras."""
        x, _, z = np.array([np.cos(angle), 0.0, -np.sin(angle)]) @ self.rotation
        return float(np.arctan2(-z, x))

    def by_parameter(
        self, name: str, force: FloatArray, moment: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Derivatives (T, 3) of an applied force (T, 3) and moment (T, 3) by a parameter."""
        arm = np.broadcast_to(self.moved, force.shape)
        centred, turned = moment - cross(arm, force), self.turned_by(name, force)
        if name == SCALE:
            return turned, centred / (1.0 + self.scale)
        if name in OFFSET:
            return turned, np.cross(np.eye(3)[OFFSET.index(name)], force)
        return turned, self.turned_by(name, centred) + cross(arm, turned)


PLANTED_SD = (0.005, 0.003, 0.005)
"""Scatter between contacts of a planted forefoot relative to the centre of pressure, m, along x, y
and z: runners land on different parts of the shoe, and more or less flat. A session that scatters
more has its own scatter."""

RANK_TOLERANCE = 1e-6
"""Singular values below this share of the largest are ignored."""


def planted_information(
    point: FloatArray, marker: FloatArray, group: IntArray, on_plate: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Information about `ALIGNMENT` from feet standing on plates: matrix (7, 7), right side (7,).

    With the contacts on each of M plates, ``on_plate`` (N, M) of zeros and ones, also about their
    displacements, (7 + 2 M, 7 + 2 M): along x and along z of every plate in turn.
    Measured centres of pressure (N, 3), m, and positions (N, 3), m, of a marker on the foot on the
    plate; contacts of one foot at one speed are a group (N,) and share one unknown distance
    between the two. ``m − p = b_g + r × p + s p``, to first order.
    """
    shown = np.zeros((len(point), 0)) if on_plate is None else on_plate
    number = len(ALIGNMENT) + 2 * shown.shape[1]
    information, right = np.zeros((number, number)), np.zeros(number)
    contacts = np.bincount(group)
    if not (contacts > 1).any():
        return information, right
    turn = np.stack([np.cross(axis, point) for axis in np.eye(3)], axis=2)
    moved = (shown[:, None, :, None] * np.eye(3)[:, None, [0, 2]]).reshape(*point.shape, -1)
    common = np.zeros((*point.shape, 3))
    slopes = np.concatenate([turn, common, point[:, :, None], moved], axis=2)
    group_mean = (group[:, None] == group) / contacts[group]
    gaps, slopes = (
        array - np.tensordot(group_mean, array, axes=1) for array in (marker - point, slopes)
    )
    for axis, sd in enumerate(PLANTED_SD):
        rows, values = slopes[:, axis], gaps[:, axis]
        variance = max(sd**2, _scatter(rows, values, int((contacts > 0).sum())))
        information += rows.T @ rows / variance
        right += rows.T @ values / variance
    return information, right


def _scatter(rows: FloatArray, values: FloatArray, groups: int) -> float:
    """Variance of values (N,) about an alignment; one plate at most may lie elsewhere.

    The least of those with each plate's displacement, of the columns (N, 7 + 2 M), fitted too.
    """
    aligned, scatters = np.arange(len(ALIGNMENT)), []
    plates = [[], *([first, first + 1] for first in range(len(ALIGNMENT), rows.shape[1], 2))]
    for moved in plates:
        chosen = rows[:, [*aligned, *moved]]
        fitted, _, rank, _ = np.linalg.lstsq(chosen, values, rcond=RANK_TOLERANCE)
        free = len(values) - groups - rank
        if free > 0:
            scatters.append(float(((values - chosen @ fitted) ** 2).sum()) / free)
    return min(scatters, default=0.0)
