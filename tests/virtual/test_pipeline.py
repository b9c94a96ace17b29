"""From noise-free files through the pipeline: what is known comes out again, levels A to C."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from aqbio.body.stage import scale_participant
from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.contributions.dataset import levels_dataset, trial_levels
from aqbio.contributions.levels import Levels
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.recordings.stage import prepare_participant
from aqbio.signals import low_pass
from aqbio.steps.stage import contributions_participant
from aqbio.virtual.recording import Laboratory, RecordedRun, RunPlan, moved_loads, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER
from validation.true_contacts import contacts

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("pipeline")]

SPEEDS = {"run7": 7.0, "run9": 9.5}
RATE, CUTOFF = 200.0, 20.0
MILLIMETRE, PRODUCT = 1e-3, 4e-3


@pytest.fixture(scope="module")
def made(gait_of: GaitOf, tmp_path_factory) -> tuple[Study, dict[str, RecordedRun]]:
    """Give a study of two runs after all stages, and what is known about them."""
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in SPEEDS.items()
    }
    folder = tmp_path_factory.mktemp("made")
    study = write_made_study(folder, RUNNER, runs, Laboratory(), body_known=True)
    for stage in (
        prepare_participant, scale_participant, inverse_kinematics_participant,
        inverse_dynamics_participant, contributions_participant,
    ):  # fmt: skip
        stage(study, RUNNER.name, lambda _: None)
    return study, runs


def _prepared(study: Study, trial: str) -> xr.Dataset:
    return read_dataset(study.folder(RUNNER.name, "prepare") / f"{trial}.nc")


def _smooth(run: RecordedRun):
    """True time and coordinates, with the pipeline's low-pass."""
    skeleton, time = run.truth.gait.skeleton, run.truth.gait_time - run.start
    return time, spline_motion(skeleton, time, low_pass(run.truth.motion.q, RATE, CUTOFF))


def _rows(time: np.ndarray, found: xr.Dataset) -> slice:
    """Where the frames of results begin and end among the true ones."""
    first = int(np.argmin(np.abs(time - float(found["time"][0]))))
    return slice(first, first + found.sizes["time"])


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


@pytest.mark.parametrize("trial", SPEEDS)
def test_group_momentum_comes_out_of_the_whole_pipeline(made, trial: str):
    """About the vertical, of every group, against the low-passed truth; and the filter alone."""
    study, run = made[0], made[1][trial]
    found = read_dataset(study.folder(RUNNER.name, "contributions") / f"{trial}.nc")
    skeleton, (time, smooth) = run.truth.gait.skeleton, _smooth(run)
    inner = slice(20, found.sizes["time"] - 20)
    for group, members in study.model_map.groups.items():
        known, true = (
            _group_momentum(skeleton, motion, members)[_rows(time, found)][inner, 1]
            for motion in (smooth, run.truth.motion)
        )
        ours = found["group_angular_momentum"].sel(group=group).values[inner, 1]
        assert np.abs(ours - known).max() < 0.01, group
        assert np.abs(known - true).max() < 0.15, group


@dataclass(frozen=True)
class Both:
    """What came out of the pipeline, and what is known, at the same frames in stance."""

    found: xr.Dataset
    known: xr.Dataset
    peak_force: float


def _known(run: RecordedRun, touching: np.ndarray, model_map) -> Levels:
    """Levels of the true skeleton, coordinates and loads, with the pipeline's low-pass."""
    gait, (_, smooth) = run.truth.gait, _smooth(run)
    loads = tuple(
        ExternalLoad(
            load.body, low_pass(load.force, RATE, CUTOFF), low_pass(load.moment, RATE, CUTOFF),
            load.point,
        )
        for load in run.truth.loads.external()
    )  # fmt: skip
    moves = segment_kinematics(gait.skeleton, smooth.q, smooth.u, smooth.udot)
    return trial_levels(gait.skeleton, moves, loads, touching, model_map)


@pytest.fixture(scope="module")
def both(made) -> Both:
    study, run = made[0], made[1]["run9"]
    found = read_dataset(study.folder(RUNNER.name, "contributions") / "run9.nc")
    time = run.truth.gait_time - run.start
    rows = _rows(time, found)
    held = np.zeros((len(time), 2), dtype=bool)
    held[rows] = found["foot_held"].values
    levels = _known(run, held, study.model_map)
    known = levels_dataset(levels, time, 0.0).isel(time=rows)
    skeleton = levels.mechanics.skeleton
    joints = [skeleton.joints.index(name) for name in study.model_map.joints.by_name().values()]
    moments = levels.mechanics.wrenches.moment[rows][:, joints]
    known["joint_moment"] = (("time", "joint", "axis"), moments)
    force = found["ground_force"].sum("foot").values
    chosen = np.flatnonzero((force[:, 1] > 200.0) & found["foot_held"].values.any(axis=1))
    chosen = chosen[(chosen > 20) & (chosen < len(force) - 20)]
    return Both(
        found.isel(time=chosen),
        known.isel(time=chosen),
        float(np.abs(force).max()),
    )


def _largest(both: Both, name: str, **chosen: str) -> tuple[np.ndarray, np.ndarray]:
    """Largest error and largest known value along each axis."""
    found, known = (one[name].sel(**chosen) for one in (both.found, both.known))
    others = tuple(place for place, dim in enumerate(known.dims) if dim != "axis")
    error = np.abs(found.values - known.values).max(axis=others)
    return error, np.abs(known.values).max(axis=others)


@pytest.mark.parametrize("name", ["hub_moment", "hub_force_moment", "joint_moment"])
def test_moments_come_out_of_the_whole_pipeline(both: Both, name: str):
    """Moments of legs and upper body on the pelvis, and of every joint."""
    error, size = _largest(both, name)
    assert (error < MILLIMETRE * both.peak_force + PRODUCT * size).all(), error
    assert size[1] > 20 * error[1]


@pytest.mark.parametrize(("model", "lever"), [("C1", 0.2), ("C2", 0.2), ("C3", 0.1)])
def test_induced_ground_forces_come_out_of_the_whole_pipeline(both: Both, model: str, lever: float):
    """Every source under every contact model."""
    error, size = _largest(both, "induced_ground_force", contact_model=model)
    limit = MILLIMETRE * both.peak_force / lever + PRODUCT * size.max()
    assert (error < limit).all(), (error, limit)
    assert size[1] > 50 * error[1]


def test_induced_rotation_comes_out_of_the_whole_pipeline(both: Both):
    """What every source does to every group: as its ground force at a height of 1 m."""
    error, size = _largest(both, "induced_momentum_rate", contact_model="C2")
    force, _ = _largest(both, "induced_ground_force", contact_model="C2")
    limit = MILLIMETRE * both.peak_force + PRODUCT * size.max() + force.max() * 1.0
    assert (error < limit).all(), (error, limit)
