"""Marker positions on a body of free shape, and their terms of the normal equations.

    p_k = o_b + R_b (s_b a_k + d_k + c_b φ / 90°)       marker k on body b
    o_c = o_b + R_b s_b j_c + Σ s_b u_c - R_c s_c i_c    body c, child of b

with s the scale factors, a the position on the template, d the person's offset, c the sliding of
the skin with the flexion φ, j and i the joint's frames in both bodies, and u the joint's shifts.

The normal equations ``J' V⁻¹ J`` and ``J' V⁻¹ e`` are summed part by part: only some coordinates,
sizes, tilts and slides move a part's markers, and of the offsets each marker's own, by the rotation
R of its segment. Nothing is multiplied by the zeros of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.body.shape import RIGHT_ANGLE, Blocks, Shape, Template
from aqbio.multibody.jacobians import velocity_fields
from aqbio.multibody.poses import SegmentPoses, axis_amounts, segment_poses, station_positions
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross, rotate


@dataclass(frozen=True, eq=False)
class MarkerDerivatives:
    """Markers in F frames, and their derivatives by pose and shape, ground axes."""

    position: FloatArray
    """(F, K, 3) array, m."""
    by_pose: FloatArray
    """(F, K, 3, C) array. By all coordinates; zero columns for those that are locked or depend on
    others."""
    by_body: FloatArray
    """(F, K, 3, N) array. By the common unknowns, :attr:`Template.common`: sizes, tilts, slides."""
    by_offset: FloatArray
    """(F, K, 3, 3) array. By the marker's own offset: the rotation of its segment."""


@dataclass(frozen=True, eq=False)
class BodyMarkers:
    """Markers of recordings on a template."""

    template: Template

    def positions(self, shape: Shape, q: FloatArray) -> FloatArray:
        """(F, K, 3) array, m: positions of all markers in poses (F, C)."""
        skeleton = self.template.bones_of(shape)
        poses = segment_poses(skeleton, q)
        return self._positions(skeleton, poses, shape, q)

    def derivatives(self, shape: Shape, q: FloatArray) -> MarkerDerivatives:
        """Positions and their derivatives in poses (F, C)."""
        skeleton = self.template.bones_of(shape)
        poses = segment_poses(skeleton, q)
        position = self._positions(skeleton, poses, shape, q)
        by_coordinate = self._by_coordinate(skeleton, poses, position, shape)
        pieces = (
            self._by_factor(poses, shape, q),
            self._by_tilt(skeleton, poses, position, shape),
            self._by_slide(poses, q),
        )
        return MarkerDerivatives(
            position,
            np.ascontiguousarray(np.moveaxis(by_coordinate, 0, -1)),
            np.concatenate(pieces, axis=3),
            poses.rotation[:, self.template.markers.body],
        )

    def by_coordinate(self, shape: Shape, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions (F, K, 3) and derivatives by each of the coordinates (C, F, K, 3)."""
        skeleton = self.template.bones_of(shape)
        poses = segment_poses(skeleton, q)
        position = self._positions(skeleton, poses, shape, q)
        return position, self._by_coordinate(skeleton, poses, position, shape)

    @cached_property
    def dependence(self) -> tuple[BoolArray, BoolArray]:
        """Unknowns that move each marker: coordinates (K, C); sizes, tilts and slides (K, N)."""
        template, skeleton = self.template, self.template.skeleton
        part = template.parts.of_body[template.markers.body]
        lineage = skeleton.lineage[template.markers.body]
        by_pose = np.zeros(
            (len(part), len(skeleton.coordinates) + 1), dtype=bool
        )  # FIXED comes last
        for driver, body in zip(skeleton.driver, skeleton.axes.body, strict=True):
            by_pose[:, driver] |= lineage[:, body]
        for sliding, coordinate, _ in template.sliding:
            by_pose[part == sliding, coordinate] = True
        sizes = np.zeros((len(part), len(template.parts.names)), dtype=bool)
        for body, stretched in enumerate(template.parts.of_body):
            sizes[:, stretched] |= lineage[:, body]
        slides = part[:, None] == template.sliding[:, 0]
        groups = ((sizes, 3), (lineage[:, template.hinges], 2), (slides, 3))
        by_body = np.concatenate([np.repeat(mask, times, axis=1) for mask, times in groups], axis=1)
        return by_pose[:, :-1], by_body

    @cached_property
    def _paths(self) -> FloatArray:
        """(K, B, 3) array, m: vectors along the bodies to a marker, stretched by their factors."""
        skeleton, markers = self.template.skeleton, self.template.markers
        paths = np.zeros((len(markers.labels), len(skeleton.bodies), 3))
        for marker, (body, position) in enumerate(zip(markers.body, markers.position, strict=True)):
            end, at = int(body), position
            while end != GROUND:
                paths[marker, end] = at - self.template.inner[end]
                end, at = int(skeleton.parent[end]), skeleton.parent_position[end]
        return paths

    def _positions(
        self, skeleton: Skeleton, poses: SegmentPoses, shape: Shape, q: FloatArray
    ) -> FloatArray:
        position = station_positions(poses, skeleton.marker_body, skeleton.marker_position)
        for row, (part, coordinate, sign) in enumerate(self.template.sliding):
            on = self.template.part_markers(int(part))
            flexion = sign * q[:, coordinate] / RIGHT_ANGLE
            turned = rotate(poses.rotation[:, skeleton.marker_body[on]], shape.slide[row])
            position[:, on] += flexion[:, None, None] * turned
        return position

    def _by_coordinate(
        self, skeleton: Skeleton, poses: SegmentPoses, position: FloatArray, shape: Shape
    ) -> FloatArray:
        about = poses.origin[:, 0]
        fields = velocity_fields(skeleton, poses, about)
        by_coordinate = np.zeros((len(skeleton.coordinates), *position.shape[::-1]))
        by_coordinate = by_coordinate.transpose(0, 3, 2, 1)  # frames are contiguous, as in `moved`
        for index, (coordinate, body) in enumerate(
            zip(fields.coordinate, fields.body, strict=True)
        ):
            on = np.flatnonzero(skeleton.lineage[skeleton.marker_body, body])
            arm = position[:, on] - about[:, None]
            moved = fields.shift[:, index, None] + cross(fields.turn[:, index, None], arm)
            by_coordinate[coordinate][:, on] += moved
        for row, (part, coordinate, sign) in enumerate(self.template.sliding):
            on = self.template.part_markers(int(part))
            turned = rotate(poses.rotation[:, skeleton.marker_body[on]], shape.slide[row])
            by_coordinate[coordinate][:, on] += sign / RIGHT_ANGLE * turned
        return by_coordinate

    def _by_factor(self, poses: SegmentPoses, shape: Shape, q: FloatArray) -> FloatArray:
        skeleton, parts = self.template.skeleton, self.template.parts
        factors = self.template.factors(shape)
        frames, markers = len(q), len(self.template.markers.labels)
        by_part = np.zeros((frames, markers, 3, len(parts.names), 3))
        stretched = self._paths * factors
        for body, part in enumerate(parts.of_body):
            on = np.flatnonzero(skeleton.lineage[self.template.markers.body, body])
            turned = poses.rotation[:, None, body] * stretched[on, body][:, None]
            by_part[..., part, :][:, on] += turned
        amount = axis_amounts(skeleton, q)[0]
        for axis in np.flatnonzero(~skeleton.axes.is_rotation):
            body = skeleton.axes.body[axis]
            parent = skeleton.parent[body]
            if parent == GROUND:
                continue
            on = np.flatnonzero(skeleton.lineage[self.template.markers.body, body])
            along = skeleton.axes.direction[axis] ** 2 * factors[parent]
            shifted = amount[:, axis, None] * poses.axis_direction[:, axis]
            stretch = shifted[:, None, :, None] * along
            by_part[..., parts.of_body[parent], :][:, on] += stretch
        return by_part.reshape(frames, markers, 3, -1)

    def _by_tilt(
        self, skeleton: Skeleton, poses: SegmentPoses, position: FloatArray, shape: Shape
    ) -> FloatArray:
        """Derivatives by the hinges' tilts, which turn the joint frames of parent and child."""
        template = self.template
        by_tilt = np.zeros((*position.shape, len(template.hinges), 2))
        for row, body in enumerate(template.hinges):
            on = np.flatnonzero(skeleton.lineage[skeleton.marker_body, body])
            parent = skeleton.parent[body]
            outer = poses.rotation[:, parent] @ skeleton.parent_rotation[body]
            inner = poses.rotation[:, body] @ skeleton.child_rotation[body].T
            start = poses.origin[:, parent] + rotate(
                poses.rotation[:, parent], skeleton.parent_position[body]
            )
            centre = poses.joint_centre[:, body]
            for column, turn in enumerate(turn_rates(template.hinge_axes[row], shape.tilt[row])):
                forward = outer @ turn
                shift = cross(forward, centre - start)
                arm = position[:, on] - centre[:, None]
                turned = cross((forward - inner @ turn)[:, None], arm)
                by_tilt[..., row, column][:, on] = shift[:, None] + turned
        return by_tilt.reshape(*position.shape, -1)

    def _by_slide(self, poses: SegmentPoses, q: FloatArray) -> FloatArray:
        template, body = self.template, self.template.markers.body
        by_slide = np.zeros((len(q), len(body), 3, len(template.sliding), 3))
        for row, (part, coordinate, sign) in enumerate(template.sliding):
            on = template.part_markers(int(part))
            flexion = sign * q[:, coordinate] / RIGHT_ANGLE
            turned = flexion[:, None, None, None] * poses.rotation[:, body[on]]
            by_slide[..., row, :][:, on] = turned
        return by_slide.reshape(len(q), len(body), 3, -1)


def turn_rates(across: FloatArray, tilt: FloatArray) -> FloatArray:
    """(2, 3): rotation vectors, turned frame, of the rates at which two tilts, rad, turn it.

    ``Rᵀ ∂R/∂τ = [J w]×`` with the right Jacobian of SO(3),
    ``J = 1 − (1 − cos θ)/θ² [v]× + (θ − sin θ)/θ³ [v]×²``, v the rotation vector of length θ.
    """
    vector = tilt @ across
    angle = float(np.linalg.norm(vector))
    if angle < 1e-6:
        first, second = 0.5, 1.0 / 6.0
    else:
        first = (1.0 - np.cos(angle)) / angle**2
        second = (angle - np.sin(angle)) / angle**3
    normal = cross(vector, across)
    rates: FloatArray = across - first * normal + second * cross(vector, normal)
    return rates


@dataclass(frozen=True, eq=False)
class PartColumns:
    """The unknowns that move the markers of a part."""

    markers: IntArray
    """(N,) int array."""
    coordinates: IntArray
    driven: IntArray
    """coordinates, driven: (A,) int arrays. Indices among the free coordinates and among all."""
    shared: IntArray
    """(B,) int array. Among sizes, tilts and slides."""
    common: IntArray
    offsets: IntArray
    """common, offsets: (B,) and (3 N,) int arrays. Indices of these, and of the markers' offsets,
    in the border."""


def apply_precision(precision: FloatArray, columns: FloatArray) -> FloatArray:
    """``V⁻¹ J`` of N markers with common errors: V⁻¹ (F, N, N), the same for each axis."""
    frames, markers = columns.shape[:2]
    pulled: FloatArray = precision @ columns.reshape(frames, markers, -1)
    return pulled.reshape(columns.shape)


def add_poses(
    hessian: FloatArray,
    gradient: FloatArray,
    by_coordinate: FloatArray,
    error: FloatArray,
    precision: FloatArray,
    part: PartColumns,
) -> None:
    """Add a part to the postures' Hessian (F, C, C) and downhill gradient (F, C), body fixed."""
    markers, coordinates = part.markers, part.coordinates
    frames, width = len(error), len(coordinates) + 1
    columns = np.empty((frames, len(markers), 3, width))
    columns[..., :-1] = by_coordinate[part.driven[:, None], :, markers].transpose(2, 1, 3, 0)
    columns[..., -1] = error[:, markers]
    pulled = apply_precision(precision, columns).reshape(frames, -1, width)
    normal = np.swapaxes(columns[..., :-1].reshape(frames, -1, width - 1), 1, 2) @ pulled
    hessian[:, coordinates[:, None], coordinates] += normal[..., :-1]
    gradient[:, coordinates] += normal[..., -1]


def add_part(
    blocks: Blocks,
    derivatives: MarkerDerivatives,
    error: FloatArray,
    precision: FloatArray,
    part: PartColumns,
) -> None:
    """Add a part to the blocks; derivatives by pose are those by the free coordinates."""
    markers, coordinates, common = part.markers, part.coordinates, part.common
    moved = [
        derivatives.by_pose[:, markers][..., coordinates],
        derivatives.by_body[:, markers][..., part.shared],
    ]
    columns = np.concatenate([*moved, error[:, markers, :, None]], axis=3)
    frames, _, _, width = columns.shape
    split, pulled = len(coordinates), apply_precision(precision, columns)
    flat, rest = columns.reshape(frames, -1, width), pulled.reshape(frames, -1, width)
    normal = np.swapaxes(flat[..., :split], 1, 2) @ rest
    blocks.poses[:, coordinates[:, None], coordinates] += normal[..., :split]
    blocks.across[:, coordinates[:, None], common] += normal[..., split:-1]
    blocks.pose_gradient[:, coordinates] += normal[..., -1]
    left = flat[..., split:-1].reshape(-1, len(common))
    among = left.T @ rest[..., split:].reshape(-1, len(common) + 1)
    blocks.border[common[:, None], common] += among[:, :-1]
    blocks.border_gradient[common] += among[:, -1]
    _add_offsets(blocks, derivatives.by_offset[:, markers], pulled, precision, part)


def _add_offsets(
    blocks: Blocks,
    rotation: FloatArray,
    pulled: FloatArray,
    precision: FloatArray,
    part: PartColumns,
) -> None:
    """Add the columns of the offsets: ``R' V⁻¹ J``, and ``R' V⁻¹ R`` among the offsets."""
    (frames, markers, _, width), offsets = pulled.shape, part.offsets
    back, split = np.swapaxes(rotation, 2, 3), len(part.coordinates)
    turned = (back @ pulled).reshape(frames, -1, width)
    across = np.swapaxes(turned[..., :split], 1, 2)
    blocks.across[:, part.coordinates[:, None], offsets] += across
    normal = turned[..., split:].sum(axis=0)
    blocks.border[offsets[:, None], part.common] += normal[:, :-1]
    blocks.border[part.common[:, None], offsets] += normal[:, :-1].T
    blocks.border_gradient[offsets] += normal[:, -1]
    side = back.reshape(frames, -1, 3)
    relative = (side @ np.swapaxes(side, 1, 2)).reshape(frames, markers, 3, markers, 3)
    among = (precision[:, :, None, :, None] * relative).sum(axis=0)
    blocks.border[offsets[:, None], offsets] += among.reshape(3 * markers, -1)
