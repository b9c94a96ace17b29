"""docs/walk.md: one number of a verdict, back to the marker, by files and by functions."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

import aqbio
from aqbio.body.records import final_model
from aqbio.gait.roles import group_sum, membership
from aqbio.gait.steps import rotation_about_vertical
from aqbio.io.c3d import read_c3d
from aqbio.io.dictionary import variables
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.tables import read_table
from aqbio.multibody.kinematics import (
    marker_positions,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.signals import low_pass
from tests.virtual.runners import RUNNER

pytestmark = pytest.mark.xdist_group("finished")

ROOT = Path(aqbio.__file__).parents[1]
PAGE = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
HOPS = re.findall(r"`(aqbio/[\w/]+\.py)`: `(\w+)`", PAGE)

PERSON, TRIAL = RUNNER.name, "run1"
UPWARD = 1


def test_the_page_walks_from_verdict_to_marker():
    assert len(HOPS) >= 10
    for place in ("verdicts.tsv", "hypotheses_athletes.tsv", "hypotheses_steps.tsv", ".c3d"):
        assert place in PAGE


@pytest.mark.parametrize(("path", "name"), HOPS)
def test_every_hop_is_one_function_of_one_file(path, name):
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    named = getattr(module, name)
    source = inspect.getsourcefile(inspect.unwrap(named))
    assert source is not None
    assert Path(source).relative_to(ROOT).as_posix() == path


# one real number --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def step(finished):
    """The first step of a run that the verdicts count, as every file names it."""
    steps = read_table(finished.table("hypotheses_steps.tsv"))
    own = steps[(steps["participant_id"] == PERSON) & (steps["trial_id"] == TRIAL)]
    return own.iloc[0]


def _cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def test_the_verdict_is_the_mean_of_athletes_and_they_of_their_steps(finished):
    verdicts = read_table(finished.table("verdicts.tsv")).set_index("hypothesis")
    athletes = read_table(finished.table("hypotheses_athletes.tsv"))
    own = athletes[(athletes["hypothesis"] == "H2") & (athletes["column"] == "value")]
    steps = read_table(finished.table("hypotheses_steps.tsv")).groupby("participant_id")
    assert verdicts.loc["H2", "estimate"] == pytest.approx(own["value"].mean(), rel=1e-12)
    assert len(own) == 2
    means = steps["arms_push_cosine"].mean()
    np.testing.assert_allclose(own.set_index("participant_id")["value"], means, rtol=1e-12)


def test_a_step_is_the_cosine_of_momenta_of_contributions(finished, step):
    """Arms against the leg that stands, about the vertical, over the stance, 101 instants."""
    data = read_dataset(finished.folder(PERSON, "contributions") / f"{TRIAL}.nc")
    table = read_table(finished.table("steps.tsv"))
    same = (table["participant_id"] == PERSON) & (table["trial_id"] == TRIAL)
    row = table[same & (table["step"] == step["step"])].iloc[0]
    instants = np.linspace(row["touchdown_fitted_s"], row["toe_off_fitted_s"], 101)
    vertical = data["group_angular_momentum"].sel(axis="y")
    curves = vertical.interp(time=instants, method="cubic")
    arms = curves.sel(group="arm_left") + curves.sel(group="arm_right")
    push = curves.sel(group=f"leg_{step['side']}")
    # a cubic through 5 ms samples against the product's quintic: 1e-5 of a cosine near -1
    assert _cosine(arms.values, push.values) == pytest.approx(step["arms_push_cosine"], abs=1e-5)


def test_events_are_those_of_the_plates(finished):
    """And where the curves begin and end is the fit's clock offset away."""
    prepared = read_dataset(finished.folder(PERSON, "prepare") / f"{TRIAL}.nc")
    motion = read_dataset(finished.folder(PERSON, "inverse_dynamics") / f"{TRIAL}.nc")
    table = read_table(finished.table("steps.tsv"))
    rows = table[(table["participant_id"] == PERSON) & (table["trial_id"] == TRIAL)]
    offset = float(motion.attrs.get("fit_clock_offset", 0.0))  # JA1's is not zero: test_ja1.py
    for name in ("touchdown", "toe_off"):
        seen = np.sort(prepared[f"contact_{name}"].values)
        np.testing.assert_allclose(rows[f"{name}_s"], seen, rtol=0, atol=1e-6)
        np.testing.assert_allclose(rows[f"{name}_fitted_s"], seen - offset, rtol=0, atol=1e-6)


def test_momenta_are_those_of_the_segments_of_the_consistent_motion(finished):
    data = read_dataset(finished.folder(PERSON, "contributions") / f"{TRIAL}.nc")
    motion = read_dataset(finished.folder(PERSON, "inverse_dynamics") / f"{TRIAL}.nc")
    skeleton = load_skeleton(final_model(finished, PERSON).table)
    states = (motion[name].values for name in ("q", "u", "udot"))
    segments = segment_motion(skeleton, segment_kinematics(skeleton, *states))
    com, velocity, _ = centre_of_mass(segments)
    by_segment = angular_momentum(segments, com, velocity)
    turn = rotation_about_vertical(-float(data.attrs["heading"]))
    matrix = membership(finished.model_map.groups, skeleton.bodies)
    names = list(finished.model_map.groups)
    found = data["group_angular_momentum"].sel(group=names).values
    known = np.isfinite(found)
    own = group_sum(by_segment, matrix) @ turn.T
    stored = variables("contributions")["group_angular_momentum"].precision
    np.testing.assert_allclose(own[known], found[known], rtol=0, atol=stored)


def test_the_plain_motion_is_the_low_passed_pose_under_the_markers(finished):
    """The study is not fitted: what stage consistency hands on is what stage solve found."""
    solved = read_dataset(finished.folder(PERSON, "inverse_kinematics") / f"{TRIAL}.nc")
    handed = read_dataset(finished.folder(PERSON, "inverse_dynamics") / f"{TRIAL}.nc")
    np.testing.assert_array_equal(handed["q"].values, solved["q"].values)
    pose = solved["q_unfiltered"].values
    smooth = low_pass(pose, 200.0, finished.settings.prepare.cutoff_hz)
    np.testing.assert_allclose(solved["q"].values, smooth, rtol=0, atol=1e-9)


def test_the_pose_puts_the_markers_where_they_were_recorded(finished):
    solved = read_dataset(finished.folder(PERSON, "inverse_kinematics") / f"{TRIAL}.nc")
    prepared = read_dataset(finished.folder(PERSON, "prepare") / f"{TRIAL}.nc")
    skeleton = load_skeleton(final_model(finished, PERSON).table)
    placed = marker_positions(skeleton, solved["q_unfiltered"].values)
    label = "RASI"
    own = placed[:, skeleton.markers.index(finished.marker_set.model_name(label))]
    seen = prepared["marker_raw"].sel(marker=label, time=solved["time"]).values
    error = np.linalg.norm(own - seen, axis=1)
    told = solved["marker_error"].sel(marker=finished.marker_set.model_name(label)).values
    stored = variables("prepare")["marker_raw"].precision
    np.testing.assert_allclose(error, told, rtol=0, atol=stored)
    assert error.max() < 0.02


def test_the_marker_is_that_of_the_recording_on_other_axes(finished):
    prepared = read_dataset(finished.folder(PERSON, "prepare") / f"{TRIAL}.nc")
    recording = read_c3d(finished.recording(finished.trial(PERSON, TRIAL)))
    matrix = np.reshape(prepared.attrs["lab_to_ground"], (3, 3))
    recorded = recording.positions[:, recording.labels.index("RASI")]
    turned = recorded @ matrix.T
    seen = prepared["marker_raw"].sel(marker="RASI").values
    np.testing.assert_allclose(seen, turned, rtol=0, atol=1e-6)  # files round to float32
    assert json.loads(prepared.attrs["inputs"]).keys() >= {f"file of {PERSON} {TRIAL}"}
