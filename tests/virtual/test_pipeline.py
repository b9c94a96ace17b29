"""From noise-free files through the pipeline: what is known comes out again."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.recordings.stage import prepare_participant
from aqbio.signals import low_pass
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.recording import RecordedRun, RunPlan, moved_loads, recorded_run
from aqbio.virtual.truth import contacts
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

SPEEDS = {"run7": 7.0, "run9": 9.5}


def _silent(_: str) -> None:
    pass


def _runs(gait_of: GaitOf, laboratory: Laboratory) -> dict[str, RecordedRun]:
    return {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), laboratory)
        for name, speed in SPEEDS.items()
    }


def _prepared(study: Study, trial: str) -> xr.Dataset:
    return read_dataset(study.folder(RUNNER.name, "prepare") / f"{trial}.nc")


@pytest.fixture(scope="module")
def made(gait_of: GaitOf, tmp_path_factory) -> tuple[Study, dict[str, RecordedRun]]:
    """Give a prepared study of two runs, and what is known about them."""
    runs = _runs(gait_of, Laboratory())
    study = write_made_study(tmp_path_factory.mktemp("made"), RUNNER, runs, Laboratory())
    prepare_participant(study, RUNNER.name, _silent)
    return study, runs


@pytest.mark.parametrize("trial", SPEEDS)
def test_events_are_the_analytic_crossings(made, trial: str):
    """Contacts on the plates begin and end within one force sample of the 20 N crossing."""
    study, runs = made
    prepared, run = _prepared(study, trial), runs[trial]
    end = run.start + len(run.truth.gait_time) / 200.0
    known = contacts(run.truth.gait, run.start, end, 20.0)
    begin, stop = run.shift[0], Laboratory().plates.end
    known = [one for one in known if -0.1 < one.place + begin < stop - 0.2]
    assert prepared.sizes["contact"] == len(known) >= 4
    assert prepared["contact_foot"].values.tolist() == [one.foot for one in known]
    sample = 1.0 / 1000.0
    touchdown = [one.rises - run.start for one in known]
    toe_off = [one.falls - run.start for one in known]
    np.testing.assert_allclose(prepared["contact_touchdown"], touchdown, rtol=0, atol=sample)
    np.testing.assert_allclose(prepared["contact_toe_off"], toe_off, rtol=0, atol=sample)


@pytest.mark.parametrize("trial", SPEEDS)
def test_unfiltered_wrench_gives_cop_and_free_moment(made, trial: str):
    """RMSE above 100 N: free moment 0.1 N m, centre of pressure 0.5 mm."""
    study, runs = made
    prepared, run = _prepared(study, trial), runs[trial]
    force = prepared["plate_force_raw"].values.sum(axis=1)
    point = prepared["plate_point"].values
    about = prepared["plate_moment_raw"].values + np.cross(
        point[None], prepared["plate_force_raw"].values
    )
    loaded = force[:, 1] > 100.0
    cop, free = centre_of_pressure(force, about.sum(axis=1), np.zeros(3), 0.0, 100.0)
    matrix = prepared.attrs["lab_to_ground"].reshape(3, 3)
    assert np.abs(np.abs(matrix).sum(axis=1) - 1.0).max() == 0.0
    loads = moved_loads(run.force_truth.loads, run.shift)
    known_cop, known_free = loads.cop(100.0)
    which = np.argmax(loads.force[:, :, 1], axis=1)
    frames = np.flatnonzero(loaded)
    error = cop[frames] - known_cop[frames, which[frames]]
    assert np.sqrt(np.mean(error[:, [0, 2]] ** 2)) < 0.5e-3
    twist = free[frames] - known_free[frames, which[frames]]
    assert np.sqrt(np.mean(twist**2)) < 0.1


def _group_momentum(skeleton, motion, members: tuple[str, ...]) -> np.ndarray:
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, _ = centre_of_mass(segments)
    momentum = angular_momentum(segments, com, velocity)
    return momentum[:, [skeleton.bodies.index(body) for body in members]].sum(axis=1)


def _solved_errors(study: Study, run: RecordedRun, trial: str) -> dict[str, tuple[float, float]]:
    """Largest error of each group's H_y against the low-passed truth, and of the filter alone."""
    dataset = read_dataset(study.folder(RUNNER.name, "contributions") / f"{trial}.nc")
    gait = run.truth.gait
    time = run.truth.gait_time - run.start
    smooth = spline_motion(gait.skeleton, time, low_pass(run.truth.motion.q, 200.0, 20.0))
    first = int(np.argmin(np.abs(time - float(dataset["time"][0]))))
    inner = slice(20, dataset.sizes["time"] - 20)
    errors = {}
    for group, members in study.model_map.groups.items():
        rows = slice(first, first + dataset.sizes["time"])
        known = _group_momentum(gait.skeleton, smooth, members)[rows][inner, 1]
        true = _group_momentum(gait.skeleton, run.truth.motion, members)[rows][inner, 1]
        found = dataset["group_angular_momentum"].sel(group=group).values[inner, 1]
        errors[group] = float(np.abs(found - known).max()), float(np.abs(known - true).max())
    return errors


@pytest.mark.opensim
def test_group_momentum_comes_out_of_the_whole_pipeline(made, tmp_path):
    """Angular momentum about the vertical of every group, from files to contributions."""
    from aqbio.body.stage import scale_participant
    from aqbio.consistency.stage import inverse_dynamics_participant
    from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
    from aqbio.steps.stage import contributions_participant

    _, runs = made
    study = write_made_study(tmp_path, RUNNER, runs, Laboratory(), body_known=True)
    for stage in (
        prepare_participant,
        scale_participant,
        inverse_kinematics_participant,
        inverse_dynamics_participant,
        contributions_participant,
    ):
        stage(study, RUNNER.name, _silent)
    for trial, run in runs.items():
        for group, (error, by_filter) in _solved_errors(study, run, trial).items():
            assert error < 0.01, (trial, group)
            assert by_filter < 0.15, (trial, group)
