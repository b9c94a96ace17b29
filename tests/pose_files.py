"""C3D files with poses of segments in place of markers, of solved motions, in Theia3D's axes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import ezc3d
import numpy as np
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from aqbio.io.c3d import read_c3d
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

BODIES = {
    "pelvis": "pelvis", "torso": "torso", "head": "head",
    "{}_thigh": "femur_{}", "{}_shank": "tibia_{}", "{}_foot": "foot_{}", "{}_toes": "toes_{}",
    "{}_uarm": "humerus_{}", "{}_larm": "radius_{}", "{}_hand": "hand_{}",
}  # fmt: skip
"""Bodies of the sprint model by Theia3D's segments."""

THEIA_AXES = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Columns: to the right, forward and up, in axes of the model (forward, up, to the right)."""

CORNER_HZ, ERROR_M, ERROR_RAD = 6.0, 0.007, np.radians(2.5)
"""Errors of a tracker vary below this rate, by so much at every coordinate and about every axis."""

AXES_RAD, CENTRES_M = np.radians(5.0), {"thigh": 0.020}
"""A tracker's axes are turned in the body, and its origins lie off the joint centres (15 mm along
each axis elsewhere; Kanko et al. 2021: 36 mm at the hip, less than 25 mm elsewhere in all)."""


def ground_to_laboratory(prepared: FloatArray, raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotation and shift that lay positions (N, 3) on those of a laboratory."""
    seen = np.isfinite(prepared + raw).all(axis=1)
    first, second = prepared[seen], raw[seen]
    left, _, right = np.linalg.svd((first - first.mean(0)).T @ (second - second.mean(0)))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turn = (left @ flip @ right).T
    return turn, second.mean(0) - turn @ first.mean(0)


def poses_of_motion(
    skeleton: Skeleton, q: FloatArray, rate: float, rng: np.random.Generator | None = None
) -> dict[str, FloatArray]:
    """Poses (T, 4, 4), m, of the segments of a motion; with `rng` with the errors of a tracker."""
    poses = segment_poses(skeleton, q)
    smooth = butter(2, CORNER_HZ, fs=rate, output="sos")
    tracked = {}
    for name, body in BODIES.items():
        for side in ("r", "l") if "{}" in name else ("",):
            index = skeleton.bodies.index(body.format(side))
            axes, origin = poses.rotation[:, index] @ THEIA_AXES, poses.origin[:, index]
            if rng is not None:
                noise = sosfiltfilt(smooth, rng.normal(size=(len(q), 6)), axis=0)
                noise /= noise.std(axis=0)
                off = CENTRES_M.get(name.removeprefix("{}_"), 0.015) * rng.normal(size=3)
                origin = origin + axes @ off + ERROR_M * noise[:, :3]
                fixed = Rotation.from_rotvec(AXES_RAD * rng.normal(size=3) / np.sqrt(3.0))
                axes = Rotation.from_rotvec(ERROR_RAD * noise[:, 3:]).as_matrix() @ axes
                axes = axes @ fixed.as_matrix()
            matrices = np.tile(np.eye(4), (len(q), 1, 1))
            matrices[:, :3, :3], matrices[:, :3, 3] = axes, origin
            tracked[f"{name.format(side)}_4X4"] = matrices
    return tracked


def tracked_poses(
    study: Study, participant: str, trial: str, recording: Path, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Poses of a solved trial's segments, in the laboratory of its recording."""
    folder = study.root / "participants" / participant
    solved = read_dataset(folder / "consistent" / f"{trial}.nc")
    skeleton = load_skeleton(folder / "consistent" / f"{participant}.skeleton.npz")
    prepared, raw = read_dataset(folder / "prepared" / f"{trial}.nc"), read_c3d(recording)
    recorded = {
        study.marker_set.model_name(label): column
        for column, label in enumerate(raw.labels)
        if label in study.marker_set.markers
    }
    names = prepared["marker"].to_numpy().tolist()
    both = [name for name in recorded if name in names]
    turn, shift = ground_to_laboratory(
        prepared["marker_raw"].to_numpy()[:, [names.index(name) for name in both]].reshape(-1, 3),
        raw.positions[:, [recorded[name] for name in both]].reshape(-1, 3),
    )
    place = np.eye(4)
    place[:3, :3], place[:3, 3] = turn, shift
    motion = poses_of_motion(skeleton, solved["q"].to_numpy(), raw.rate, rng)
    return {name: place @ matrices for name, matrices in motion.items()}


def write_pose_c3d(
    path: Path, poses: Mapping[str, FloatArray], rate: float, plates: Path | None = None
) -> None:
    """Write poses (T, 4, 4), m, as Theia3D does, in mm; with the plates of another C3D file."""
    frames = len(next(iter(poses.values())))
    c3d = ezc3d.c3d() if plates is None else ezc3d.c3d(str(plates))
    worldbody = np.tile(np.eye(4), (frames, 1, 1))
    names = ["worldbody_4X4", *poses]
    matrices = np.stack([worldbody, *poses.values()], axis=1)
    matrices[..., :3, 3] *= 1e3
    c3d["parameters"]["POINT"]["RATE"]["value"] = [rate]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = []
    c3d["parameters"]["POINT"]["DESCRIPTIONS"]["value"] = []
    c3d["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    c3d["data"]["points"] = np.zeros((4, 0, frames))
    if plates is not None:
        del c3d["data"]["meta_points"]
    c3d.add_parameter("ROTATION", "RATE", [rate])
    c3d.add_parameter("ROTATION", "LABELS", names)
    c3d["data"]["rotations"] = np.moveaxis(matrices, (0, 1), (3, 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    c3d.write(str(path))
