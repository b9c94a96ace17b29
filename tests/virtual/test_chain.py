"""One virtual sprinter through every stage of a participant: what is true, and what it was.

Trials of one gait, as good and as poor laboratories record it: everything that the rooms of
recordings, plates, body, inverse kinematics, gait, observed parts and steps make of them is held
against the truth of the gait, and against `tests/golden/chain.txt`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from aqbio.io.study import Study
from aqbio.stage_table import stage_module
from aqbio.virtual.demo import DATA, DISTURBANCES, SPRINTERS, GaitName, load_library
from aqbio.virtual.recording import (
    Laboratory,
    PlateRow,
    RecordedRun,
    RunPlan,
    VirtualRecording,
    recorded_run,
)
from aqbio.virtual.study import LIBRARY
from tests.examples import told
from tests.golden import differences, sizes
from tests.virtual.made_study import write_made_study
from validation.true_contacts import contacts

pytestmark = pytest.mark.opensim

WHO = "V01"
LABORATORY = Laboratory(plates=PlateRow(count=6))
THRESHOLD = 20.0
"""Vertical force at which contacts begin and end, N, as in the study."""
STAGES = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics", "contributions")
SETTINGS = """consistency: off
contributions: {draws: 4}
multiverse: {cutoffs_hz: [15], event_thresholds_n: [], bodies: [], pelvis: [out]}
"""


def hidden(recording: VirtualRecording, *bodies: str, frames: slice = slice(None)) -> dict:
    markers = recording.markers.copy()
    own = np.flatnonzero([recording.bodies[b].startswith(bodies) for b in recording.marker_body])
    markers[frames, own] = np.nan
    return {"markers": markers}


def exchanged(recording: VirtualRecording) -> dict:
    """Both feet are called by each other's name."""
    order = list(range(len(recording.labels)))
    for label in (one for one in recording.labels if one.startswith("R")):
        one, other = recording.labels.index(label), recording.labels.index(f"L{label[1:]}")
        foot = recording.bodies[recording.marker_body[one]].startswith(("foot", "toes"))
        order[one], order[other] = (other, one) if foot else (one, other)
    return {"markers": recording.markers[:, order]}


def on_belt(recording: VirtualRecording) -> dict:
    time = np.arange(len(recording.markers)) / recording.marker_rate
    pelvis = recording.markers[:, :4, 0].mean(axis=1)
    speed = (pelvis[-1] - pelvis[0]) / (time[-1] - time[0])
    back = recording.markers - speed * time[:, None, None] * [1.0, 0.0, 0.0]
    return {"markers": back, "force": 0.0 * recording.force, "moment": 0.0 * recording.moment}


def swapped(recording: VirtualRecording) -> dict:
    """Heel and toe of one foot are called by each other's name, of the other for a while."""
    markers = recording.markers.copy()
    for one, other, frames in (("LHEE", "LTOE", slice(None)), ("RHEE", "RTOE", slice(200, None))):
        pair = [recording.labels.index(one), recording.labels.index(other)]
        markers[frames, pair] = markers[frames, pair[::-1]]
    return {"markers": markers}


def faulty_plates(recording: VirtualRecording) -> dict:
    """One plate has drifted, one is clipped, and one measures nothing."""
    force, moment = recording.force.copy(), recording.moment.copy()
    force[:, 0, 1] += np.linspace(0.0, 60.0, len(force))
    force[:, 2, 1] = np.minimum(force[:, 2, 1], 900.0)
    force[:, 4], moment[:, 4] = 0.0, 0.0
    return {"force": force, "moment": moment}


def turned_round(recording: VirtualRecording) -> dict:
    """Free moments have the wrong sign, thigh markers shake, and knees are labelled inside out."""
    moment, markers = recording.moment.copy(), recording.markers.copy()
    moment[..., 1] *= -1.0
    bodies = np.array(recording.bodies)[recording.marker_body]
    shaking = np.random.default_rng(1).normal(0.0, 0.025, (len(markers), 1, 3))
    markers[:, bodies == "femur_l"] += shaking
    pair = [recording.labels.index(one) for one in ("RKNL", "RKNM")]
    markers[:, pair] = markers[:, pair[::-1]]
    return {"markers": markers, "moment": moment}


TRIALS: dict[str, tuple[int, RunPlan, Callable[[VirtualRecording], dict[str, Any]]]] = {
    "fast": (3, RunPlan(0), lambda _: {}),
    "late": (0, RunPlan(1, clock_offset_s=0.012, cop_bias_m=0.01, across=0.05), lambda _: {}),
    "armless": (3, RunPlan(0), lambda one: hidden(one, "humerus", "radius", "hand", "ulna")),
    "lost": (
        0,
        RunPlan(0),
        lambda one: hidden(one, "tibia_l", "foot_l", "toes_l", frames=slice(150, 260)),
    ),
    "exchanged": (0, RunPlan(0), exchanged),
    "swapped": (0, RunPlan(0), swapped),
    "no_plates": (3, RunPlan(0), lambda one: {"force": 0 * one.force, "moment": 0 * one.moment}),
    "belt": (0, RunPlan(0), on_belt),
    "plates": (0, RunPlan(0), faulty_plates),
    "edge": (0, RunPlan(0, across=0.24, clock_offset_s=-0.03), lambda _: {}),
    "one_leg": (0, RunPlan(0), lambda one: hidden(one, "femur_l", "tibia_l")),
    "trunk": (0, RunPlan(1), lambda one: hidden(one, "torso", "head", "clavicle")),
    "pelvis": (0, RunPlan(0), lambda one: hidden(one, "pelvis", frames=slice(120, 180))),
    "turned": (3, RunPlan(0, cop_bias_m=0.05), turned_round),
}
"""Level of speed, part of the gait, and what is done to the recording."""


@dataclass(frozen=True)
class Chain:
    """A study of one participant, and the truth of its runs."""

    study: Study
    runs: dict[str, RecordedRun]

    def results(self, folder: str, trial: str) -> xr.Dataset:
        path = self.study.root / "participants" / WHO / folder / f"{trial}.nc"
        with xr.open_dataset(path) as found:
            return found.load()


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    athletes = {one.athlete.name: one.athlete for one in SPRINTERS}
    gaits, runs, laboratory = load_library(DATA / LIBRARY, athletes), {}, LABORATORY
    for name, (level, plan, change) in TRIALS.items():
        run = recorded_run(gaits[GaitName(WHO, "normal", level)], plan, laboratory)
        runs[name] = replace(run, recording=run.recording.changed(**change(run.recording)))
    folder = tmp_path_factory.mktemp("chain")
    study = write_made_study(folder, athletes[WHO], runs, laboratory, DISTURBANCES, SETTINGS)
    for stage in STAGES:
        getattr(stage_module(stage), f"{stage}_participant")(study, WHO, lambda _: None)
    return Chain(study, runs)


def test_everything_is_what_it_was(chain):
    """Every number and text of the participant's files, and of the records of all stages."""
    lines, root = [], chain.study.root / "participants" / WHO
    for path in sorted(root.rglob("*.nc")):
        with xr.open_dataset(path) as data:
            for name in sorted(data.variables):
                values = np.asarray(data[name].values)
                if values.dtype.kind in "fiub":
                    said = sizes(np.atleast_1d(values.astype(float)).ravel())
                else:
                    said = " ".join(dict.fromkeys(map(str, values.ravel().tolist())))
                lines.append(f"{path.parent.name} {path.stem} {name} {values.shape}: {said}")
    for stage in STAGES:
        manifest = chain.study.read_manifest(WHO, stage)
        manifest.pop("made_of")  # seals of the records before: they name this commit
        lines += told(stage, manifest)
    assert differences("chain", lines) == []


@pytest.mark.parametrize(("trial", "off"), [("fast", 0.003), ("lost", 0.003), ("no_plates", 0.025)])
def test_contacts_are_those_of_the_gait(chain, trial, off):
    run = chain.runs[trial]
    end = run.start + len(run.truth.gait_time) / LABORATORY.marker_rate
    truth = contacts(run.truth.gait, run.start, end, THRESHOLD)
    found = chain.results("prepared", trial)
    every = (found[f"contact_{one}"].values for one in ("foot", "touchdown", "toe_off"))
    for foot, begin, end in zip(*every, strict=True):
        if np.isnan(begin + end):
            continue  # the recording cuts it
        near = min(truth, key=lambda one, at=begin: abs(one.rises - run.start - at))
        assert near.foot == str(foot)
        assert begin == pytest.approx(near.rises - run.start, abs=off)
        assert end == pytest.approx(near.falls - run.start, abs=off)


@pytest.mark.parametrize("trial", ["fast", "lost", "plates"])
def test_momentum_is_that_of_the_gait(chain, trial):
    """Of the whole body about the vertical, where it is known, to a fifth of its size."""
    found, truth = chain.results("contributions", trial), chain.runs[trial].truth
    group = found["group_angular_momentum"].sel(axis="y")
    at = np.rint(found["time"].values * 200).astype(int)
    skeleton = truth.gait.skeleton
    leg = [skeleton.bodies.index(f"{name}_r") for name in ("femur", "tibia", "foot", "toes")]
    true = truth.momentum[at][:, leg, 1].sum(axis=1)
    ours = group.sel(group="leg_right").values
    known = np.isfinite(ours)
    assert known.mean() > 0.5
    error = np.sqrt(np.mean((ours - true)[known] ** 2))
    assert error < 0.2 * np.sqrt(np.mean(true**2))


def test_what_a_recording_does_not_show_is_not_stated(chain):
    momentum = chain.results("contributions", "armless")["group_angular_momentum"]
    for group in ("arm_left", "arm_right"):
        assert np.isnan(momentum.sel(group=group)).all()
    assert np.isfinite(momentum.sel(group="leg_left")).any()
    lost = chain.results("contributions", "lost")["group_angular_momentum"].sel(group="leg_left")
    assert 0.1 < np.isnan(lost.isel(axis=1)).mean() < 0.9
