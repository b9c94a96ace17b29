"""`aqbio look` at poses of segments: what it refuses, before a study is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.cli import app
from aqbio.errors import AqbioError
from aqbio.multibody.skeleton import Skeleton
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import SPRINTERS
from tests.pose_files import poses_of_motion, write_pose_c3d

RATE, FRAMES = 100.0, 60


@pytest.fixture(scope="module")
def poses() -> dict[str, np.ndarray]:
    skeleton: Skeleton = athlete_skeleton(SPRINTERS[0].athlete)
    phase = 2.0 * np.pi * np.arange(FRAMES)[:, None] / 60.0
    shift = np.arange(len(skeleton.coordinates))
    q = np.where(skeleton.coordinate_is_rotation, 0.4 * np.sin(phase + shift), 1.0)
    return poses_of_motion(skeleton, q, RATE)


CHANGED = {
    "whole": lambda poses: poses,
    "no pelvis": lambda poses: {name: path for name, path in poses.items() if "pelvis" not in name},
    "ten frames": lambda poses: {name: path[:10] for name, path in poses.items()},
    "two people": lambda poses: {f"{n}:{name}": path for n in "AB" for name, path in poses.items()},
}

SEX = ("--sex", "female")
REFUSED = {
    "no pelvis": ("no pelvis", SEX, "holds no pose of pelvis"),
    "ten frames": ("ten frames", SEX, "in 10 frames, and a step takes more"),
    "two people": ("two people", SEX, "of 2 people in one file"),
    "no sex": ("whole", (), "add --sex female or --sex male"),
    "another sex": ("whole", ("--sex", "m"), "the sex is m"),
    "no low-pass": ("whole", (*SEX, "--cutoff", "0"), "the cut-off is 0 Hz"),
    "muscles": ("whole", (*SEX, "--muscles", "so.sto"), "neither a model nor muscles"),
    "a third file": ("whole", ("plates.c3d", "loads.xml", *SEX), "neither a model nor muscles"),
    "no such forces": ("whole", ("plates.c3d", *SEX), "plates.c3d"),
    "a study in the way": ("whole", SEX, "choose another one with --out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_looked_at_is_refused_and_leaves_nothing(name, poses, tmp_path, monkeypatch):
    change, options, words = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    write_pose_c3d(tmp_path / "run.c3d", CHANGED[change](poses), RATE)
    before = {Path("run.c3d")}
    if name == "a study in the way":
        taken = Path("run_look/study.yaml")
        taken.parent.mkdir()
        taken.write_text("name: mine\n", "utf-8")
        before |= {taken}
    with pytest.raises(AqbioError) as caught:
        app(["look", "run.c3d", *options], standalone_mode=False)
    assert words in str(caught.value)
    assert {path for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["model.osim"], "a model alone does not move"),
        (["model.osim", "run.mot", "--sex", "male"], "has a body of its own"),
        (["run.trc", "--sex", "male"], "this is a recording of markers"),
    ],
)
def test_a_model_needs_a_motion_and_markers_are_no_poses(files, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header = (
        "PathFileType\t4\t(X/Y/Z)\trun.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n"
    )
    header += "100\t100\t2\t1\tmm\nFrame#\tTime\tRASI\n\t\tX1\tY1\tZ1\n\n"
    Path("run.trc").write_text(header + "1\t0\t1\t2\t3\n2\t0.01\t1\t2\t4\n", "utf-8")
    with pytest.raises(AqbioError) as caught:
        app(["look", *files], standalone_mode=False)
    assert words in str(caught.value)


def test_a_recording_with_problems_is_left_as_a_study_to_put_right(poses, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pose_c3d(tmp_path / "run.c3d", poses, RATE)
    with pytest.raises(AqbioError, match="cannot be computed as it is") as caught:
        app(["look", "run.c3d", *SEX, "--mass", "900"], standalone_mode=False)
    assert caught.value.rule == "look-problems"
    assert Path("run_look/participants.tsv").is_file()
