"""Poses of segments in place of markers: points that stand for them, and files that are refused."""

from __future__ import annotations

import ezc3d
import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.c3d import read_c3d
from aqbio.multibody.poses import segment_poses
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import SPRINTERS
from tests.golden import differences
from tests.outcome_lines import outcome_lines
from tests.pose_files import poses_of_motion, write_pose_c3d

RATE, FRAMES = 100.0, 120

VISUAL3D = {
    "pelvis": "RPV", "torso": "RTA", "head": "RHE", "thigh": "{}TH", "shank": "{}SK",
    "foot": "{}FT", "toes": "{}TO", "uarm": "{}AR", "larm": "{}FA", "hand": "{}HA",
}  # fmt: skip


@pytest.fixture(scope="module")
def runner():
    """Skeleton, coordinates and exact poses of a figure that moves all its joints."""
    skeleton = athlete_skeleton(SPRINTERS[0].athlete)
    phase = 2.0 * np.pi * np.arange(FRAMES)[:, None] / 60.0
    shift = np.arange(len(skeleton.coordinates))
    q = np.where(skeleton.coordinate_is_rotation, 0.4 * np.sin(phase + shift), 0.0)
    q[:, skeleton.coordinates.index("pelvis_tx")] = 8.0 * np.arange(FRAMES) / RATE
    q[:, skeleton.coordinates.index("pelvis_ty")] = 1.0
    return skeleton, q, poses_of_motion(skeleton, q, RATE)


def _read(path, poses, **changes):
    write_pose_c3d(path, poses, RATE)
    return read_c3d(path, **changes)


def test_points_move_with_their_bodies_and_centres_are_joints(runner, tmp_path):
    """Joint centres to the file's 32 bits, and every other point fixed in its body."""
    skeleton, q, poses = runner
    read = _read(tmp_path / "poses.c3d", poses)
    assert read.rate == RATE
    motion = segment_poses(skeleton, q)
    at = dict(zip(read.labels, read.positions.transpose(1, 0, 2), strict=True))
    for label, body in {"RHip": "femur_r", "LKnee": "tibia_l", "RToeJoint": "toes_r"}.items():
        origin = motion.origin[:, skeleton.bodies.index(body)]
        assert np.abs(at[label] - origin).max() < 1e-5
    carriers = {"Torso": "torso", "L_Thigh": "femur_l", "R_Foot": "foot_r", "RHeel": "foot_r"}
    for begin, body in {**carriers, "R_UpperArm": "humerus_r", "Head": "head"}.items():
        index = skeleton.bodies.index(body)
        paths = [path for label, path in at.items() if label.startswith(begin)]
        assert paths
        for path in paths:
            inside = np.einsum(
                "tij,ti->tj", motion.rotation[:, index], path - motion.origin[:, index]
            )
            assert np.ptp(inside, axis=0).max() < 1e-4


def test_axes_of_any_convention_give_the_same_points(runner, tmp_path):
    """What a tracker's axes are called changes nothing."""
    _, _, poses = runner
    plain = _read(tmp_path / "plain.c3d", poses)
    turned = {name: matrices.copy() for name, matrices in poses.items()}
    random = np.random.default_rng(3)
    for matrices in turned.values():
        axes, _ = np.linalg.qr(random.normal(size=(3, 3)))
        matrices[:, :3, :3] = matrices[:, :3, :3] @ (axes * np.linalg.det(axes))
    other = _read(tmp_path / "turned.c3d", turned)
    assert other.labels == plain.labels
    centres = [k for k, label in enumerate(plain.labels) if "Pose" not in label]
    assert np.abs(other.positions - plain.positions)[:, centres].max() < 0.02
    limbs = [k for k, label in enumerate(plain.labels) if "Pose" in label]
    assert np.median(np.abs(other.positions - plain.positions)[:, limbs]) < 0.02


def test_what_was_not_seen_is_missing(runner, tmp_path):
    """A pelvis that comes late has no points before; whole arms are left out."""
    _, _, poses = runner
    late = {name: matrices for name, matrices in poses.items() if "arm" not in name}
    late["pelvis_4X4"] = late["pelvis_4X4"].copy()
    late["pelvis_4X4"][:40] = np.nan
    late["l_shank_4X4"] = late["l_shank_4X4"].copy()
    late["l_shank_4X4"][50:60] = 0.0
    read = _read(tmp_path / "late.c3d", late)
    at = dict(zip(read.labels, read.positions.transpose(1, 0, 2), strict=True))
    assert not any("Elbow" in label or "Arm" in label for label in at)
    seen = np.isfinite(at["L_Pelvis_Pose1"][:, 0])
    assert not seen[:40].any()
    assert seen[40:].all()
    assert not np.isfinite(at["LKnee"][50:60]).any()
    assert np.isfinite(at["LHip"]).all()


def _without(poses, *parts):
    return {key: value for key, value in poses.items() if not any(part in key for part in parts)}


def _changed(poses, name, frames, value):
    altered = poses[name].copy()
    altered[frames] = value
    return {**poses, name: altered}


FILES = {
    "whole": lambda poses: poses,
    "names of Visual3D": lambda poses: {
        VISUAL3D[key.removesuffix("_4X4").split("_")[-1]].format(key[0].upper()): value
        for key, value in poses.items()
    },
    "no arms": lambda poses: _without(poses, "arm", "hand"),
    "no pelvis": lambda poses: _without(poses, "pelvis"),
    "no toes": lambda poses: _without(poses, "toes"),
    "ten frames": lambda poses: {key: value[:10] for key, value in poses.items()},
    "one person twice": lambda poses: {f"{key}_{n}": poses[key] for n in (1, 2) for key in poses},
    "two names": lambda poses: {f"{n}:{key}": poses[key] for n in ("Ann", "Bo") for key in poses},
    "never seen": lambda poses: {key: np.nan * value for key, value in poses.items()},
    "pelvis hardly seen": lambda poses: _changed(poses, "pelvis_4X4", slice(6, None), np.nan),
    "a foot of zeros": lambda poses: _changed(poses, "l_foot_4X4", slice(None), 0.0),
    "unknown segments": lambda poses: {f"bone {n}": path for n, path in enumerate(poses.values())},
    "a tail besides": lambda poses: {**poses, "tail_4X4": poses["pelvis_4X4"]},
    "a trunk besides": lambda poses: {**poses, "thorax_4X4": poses["torso_4X4"]},
}


def test_golden_words_about_pose_files(runner, tmp_path):
    """Each is read or refused in words that say what to do."""
    lines = []
    for name, change in FILES.items():
        path = tmp_path / "poses.c3d"
        write_pose_c3d(path, change(runner[2]), RATE)

        def read(path=path):
            recording = read_c3d(path)
            findings = [f"{finding.rule}: {finding.what}" for finding in recording.findings]
            return [f"{len(recording.labels)} points", *findings]

        lines += outcome_lines(name, read, tmp_path)
    assert not any("Ann" in line for line in lines)
    assert differences("io/poses", lines) == []


def test_a_rate_that_is_none_is_refused(runner, tmp_path):
    path = tmp_path / "poses.c3d"
    write_pose_c3d(path, runner[2], RATE)
    c3d = ezc3d.c3d(str(path))
    c3d["parameters"]["ROTATION"]["RATE"]["value"] = [1.0]
    c3d["parameters"]["POINT"]["RATE"]["value"] = [1.0]
    c3d.write(str(path))
    with pytest.raises(AqbioError, match="rate of 1 Hz"):
        read_c3d(path)
