"""What the markers of one part add to the normal equations: ``J' V⁻¹ J`` and ``J' V⁻¹ e``.

Few things move a part's markers: some coordinates, sizes, tilts and slides, and of the offsets each
marker's own, by the rotation R of its segment. Nothing is multiplied by the zeros of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.body.body import MarkerDerivatives
from aqbio.body.unknowns import Blocks
from aqbio.vectors import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PartColumns:
    """What moves the markers of a part."""

    markers: IntArray
    """(N,) int array."""
    coordinates: IntArray
    driven: IntArray
    """coordinates, driven: (A,) int arrays. The same ones, among the free and among all."""
    shared: IntArray
    """(B,) int array. Among sizes, tilts and slides."""
    common: IntArray
    offsets: IntArray
    """common, offsets: (B,) and (3 N,) int arrays. Places of these, and of the markers' offsets, in
    the border."""


def weighed(precision: FloatArray, columns: FloatArray) -> FloatArray:
    """``V⁻¹ J`` of N markers that share errors: V⁻¹ (F, N, N), alike for each axis."""
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
    """Add to Hessian (F, C, C) and downhill gradient (F, C) of the postures, body fixed."""
    own, some = part.markers, part.coordinates
    frames, width = len(error), len(some) + 1
    columns = np.empty((frames, len(own), 3, width))
    columns[..., :-1] = by_coordinate[part.driven[:, None], :, own].transpose(2, 1, 3, 0)
    columns[..., -1] = error[:, own]
    pulled = weighed(precision, columns).reshape(frames, -1, width)
    normal = np.swapaxes(columns[..., :-1].reshape(frames, -1, width - 1), 1, 2) @ pulled
    hessian[:, some[:, None], some] += normal[..., :-1]
    gradient[:, some] += normal[..., -1]


def add_part(
    blocks: Blocks,
    found: MarkerDerivatives,
    error: FloatArray,
    precision: FloatArray,
    part: PartColumns,
) -> None:
    """Add to the blocks of everything; derivatives by pose are those by the free coordinates."""
    own, some, common = part.markers, part.coordinates, part.common
    moved = [found.by_pose[:, own][..., some], found.by_body[:, own][..., part.shared]]
    columns = np.concatenate([*moved, error[:, own, :, None]], axis=3)
    frames, _, _, width = columns.shape
    split, pulled = len(some), weighed(precision, columns)
    flat, rest = columns.reshape(frames, -1, width), pulled.reshape(frames, -1, width)
    normal = np.swapaxes(flat[..., :split], 1, 2) @ rest
    blocks.poses[:, some[:, None], some] += normal[..., :split]
    blocks.across[:, some[:, None], common] += normal[..., split:-1]
    blocks.pose_gradient[:, some] += normal[..., -1]
    left = flat[..., split:-1].reshape(-1, len(common))
    among = left.T @ rest[..., split:].reshape(-1, len(common) + 1)
    blocks.border[common[:, None], common] += among[:, :-1]
    blocks.border_gradient[common] += among[:, -1]
    _add_offsets(blocks, found.by_offset[:, own], pulled, precision, part)


def _add_offsets(
    blocks: Blocks,
    rotation: FloatArray,
    pulled: FloatArray,
    precision: FloatArray,
    part: PartColumns,
) -> None:
    """Columns of the offsets: ``R' V⁻¹ J``, and among themselves ``R' V⁻¹ R``."""
    (frames, markers, _, width), offsets = pulled.shape, part.offsets
    back, split = np.swapaxes(rotation, 2, 3), len(part.coordinates)
    turned = (back @ pulled).reshape(frames, -1, width)
    across = np.swapaxes(turned[..., :split], 1, 2)
    blocks.across[:, part.coordinates[:, None], offsets] += across
    whole = turned[..., split:].sum(axis=0)
    blocks.border[offsets[:, None], part.common] += whole[:, :-1]
    blocks.border[part.common[:, None], offsets] += whole[:, :-1].T
    blocks.border_gradient[offsets] += whole[:, -1]
    side = back.reshape(frames, -1, 3)
    relative = (side @ np.swapaxes(side, 1, 2)).reshape(frames, markers, 3, markers, 3)
    among = (precision[:, :, None, :, None] * relative).sum(axis=0)
    blocks.border[offsets[:, None], offsets] += among.reshape(3 * markers, -1)
