"""Recordings turned to where a model faces: no heading, and no place in the room, tells of a body.

    φ = atan2(Σ (x'z - z'x), Σ (x'x + z'z))      about the vertical, primes of the template

is the turn that brings the markers of a frame nearest to those of the template, both about their
means. Poses are sought from there, so that a run in any direction is fitted from the same starts,
along the same steps, to the same body.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.mechanics.calibration.shape import MarkerPlaces
from aqbio.mechanics.calibration.unknowns import ChosenFrames
from aqbio.mechanics.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import BoolArray, FloatArray


def faced(frames: ChosenFrames, skeleton: Skeleton, places: MarkerPlaces) -> ChosenFrames:
    """Turn and shift every frame to where the model stands in its default pose.

    Parameters
    ----------
    skeleton : Skeleton
        The template; whatever its gravity, it stands upright there.

    Returns
    -------
    ChosenFrames
        With the same distances between markers, and the same heights between them.
    """
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    [standing] = station_positions(segment_poses(skeleton, q), places.body, places.place)
    seen: BoolArray = frames.visible[..., None]
    own, own_middle = _about_middle(np.broadcast_to(standing, frames.position.shape), seen)
    recorded, _ = _about_middle(frames.position, seen)
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    turned = recorded @ _upright_turns(recorded, own, up)
    return replace(frames, position=np.where(seen, turned + own_middle, np.nan))


def _about_middle(position: FloatArray, seen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Positions (F, K, 3) less their mean, zero where nothing is seen, and the means (F, 1, 3)."""
    known = np.where(seen, position, 0.0)
    middle = known.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
    return np.where(seen, position - middle, 0.0), middle


def _upright_turns(recorded: FloatArray, own: FloatArray, up: FloatArray) -> FloatArray:
    """(F, 3, 3) array: rotations, of rows, about the vertical that bring positions nearest."""
    from scipy.spatial.transform import Rotation

    sine = np.cross(recorded, own).sum(axis=1) @ up
    across = (recorded * own).sum(axis=(1, 2)) - ((recorded @ up) * (own @ up)).sum(axis=1)
    angle = np.arctan2(sine, across)
    return np.asarray(Rotation.from_rotvec(-angle[:, None] * up).as_matrix())
