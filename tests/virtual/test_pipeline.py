"""From noise-free files through the pipeline: what is known comes out again, levels A to C."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.dataset import levels_dataset, trial_levels
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.signals import low_pass
from aqbio.virtual.recording import Laboratory, RecordedRun, RunPlan, moved_loads, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import run_stages, write_made_study
from tests.virtual.runners import RUNNER
from validation.true_contacts import contacts

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("pipeline")]

SPEEDS = {"run7": 7.0, "run9": 9.5}
RATE, CUTOFF = 200.0, 20.0
MILLIMETRE, PRODUCT = 1e-3, 4e-3
STAGES = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics", "contributions")


@pytest.fixture(scope="module")
def made(gait_of: GaitOf, tmp_path_factory) -> tuple[Study, dict[str, RecordedRun]]:
    """Give a study of two runs after all stages, and what is known about them."""
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in SPEEDS.items()
    }
    folder = tmp_path_factory.mktemp("made")
    study = write_made_study(folder, RUNNER, runs, Laboratory(), body_known=True)
    run_stages(study, STAGES, (RUNNER.name,))
    return study, runs


def _read(study: Study, stage: str, trial: str) -> xr.Dataset:
    return read_dataset(study.folder(RUNNER.name, stage) / f"{trial}.nc")


def _smooth(run: RecordedRun):
    """True time and coordinates, with the pipeline's low-pass."""
    skeleton, time = run.truth.gait.skeleton, run.truth.gait_time - run.start
    return time, spline_motion(skeleton, time, low_pass(run.truth.motion.q, RATE, CUTOFF))


def _rows(time: np.ndarray, found: xr.Dataset) -> slice:
    """Where the frames of results begin and end among the true ones."""
    first = int(np.argmin(np.abs(time - float(found["time"][0]))))
    return slice(first, first + found.sizes["time"])


@pytest.mark.parametrize("trial", SPEEDS)
def test_events_and_wrenches_are_the_analytic_ones(made, trial: str):
    """Contacts begin and end within one force sample of the 20 N crossing; RMSE of the unfiltered
    wrench above 100 N: free moment 0.1 N m, centre of pressure 0.5 mm."""
    prepared, run = _read(made[0], "prepare", trial), made[1][trial]
    end = run.start + len(run.truth.gait_time) / 200.0
    known = contacts(run.truth.gait, run.start, end, 20.0)
    begin, stop = run.shift[0], Laboratory().plates.end
    known = [one for one in known if -0.1 < one.place + begin < stop - 0.2]
    assert prepared["contact_foot"].values.tolist() == [one.foot for one in known]
    assert len(known) >= 4
    for name, event in (("touchdown", "rises"), ("toe_off", "falls")):
        times = [getattr(one, event) - run.start for one in known]
        np.testing.assert_allclose(prepared[f"contact_{name}"], times, rtol=0, atol=1e-3)
    forces, point = prepared["plate_force_raw"].values, prepared["plate_point"].values
    about = (prepared["plate_moment_raw"].values + np.cross(point[None], forces)).sum(axis=1)
    force = forces.sum(axis=1)
    cop, free = centre_of_pressure(force, about, np.zeros(3), 0.0, 100.0)
    loads = moved_loads(run.force_truth.loads, run.shift)
    known_cop, known_free = loads.cop(100.0)
    which = np.argmax(loads.force[:, :, 1], axis=1)
    frames = np.flatnonzero(force[:, 1] > 100.0)
    error = cop[frames] - known_cop[frames, which[frames]]
    assert np.sqrt(np.mean(error[:, [0, 2]] ** 2)) < 0.5e-3
    assert np.sqrt(np.mean((free[frames] - known_free[frames, which[frames]]) ** 2)) < 0.1


def _group_momentum(skeleton, motion, members: tuple[str, ...]) -> np.ndarray:
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    segments = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(segments)
    momentum = angular_momentum(segments, com, velocity)
    return momentum[:, [skeleton.bodies.index(body) for body in members]].sum(axis=1)


@pytest.mark.parametrize("trial", SPEEDS)
def test_group_momentum_comes_out_of_the_whole_pipeline(made, trial: str):
    """About the vertical, of every group, against the low-passed truth; and the filter alone."""
    study, run = made[0], made[1][trial]
    found = _read(study, "contributions", trial)
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


class Both(NamedTuple):
    """What came out of the pipeline, and what is known, at the same frames in stance."""

    found: xr.Dataset
    known: xr.Dataset
    peak_force: float


@pytest.fixture(scope="module")
def both(made) -> Both:
    """Levels of the true skeleton, coordinates and loads, with the pipeline's low-pass."""
    study, run = made[0], made[1]["run9"]
    found = _read(study, "contributions", "run9")
    skeleton, (time, smooth) = run.truth.gait.skeleton, _smooth(run)
    rows, held = _rows(time, found), np.zeros((len(time), 2), dtype=bool)
    held[rows] = found["foot_held"].values
    loads = tuple(
        ExternalLoad(
            one.body, *(low_pass(x, RATE, CUTOFF) for x in (one.force, one.moment)), one.point
        )
        for one in run.truth.loads.external()
    )
    moves = segment_kinematics(skeleton, smooth.q, smooth.u, smooth.udot)
    levels = trial_levels(skeleton, moves, loads, held, study.model_map)
    known = levels_dataset(levels, time, 0.0).isel(time=rows)
    names = levels.mechanics.skeleton.joints
    joints = [names.index(name) for name in study.model_map.joints.by_name().values()]
    moments = levels.mechanics.wrenches.moment[rows][:, joints]
    known["joint_moment"] = (("time", "joint", "axis"), moments)
    force = found["ground_force"].sum("foot").values
    chosen = np.flatnonzero((force[:, 1] > 200.0) & found["foot_held"].values.any(axis=1))
    chosen = chosen[(chosen > 20) & (chosen < len(force) - 20)]
    return Both(found.isel(time=chosen), known.isel(time=chosen), float(np.abs(force).max()))


def _largest(both: Both, name: str, **chosen: str) -> tuple[np.ndarray, np.ndarray]:
    """Largest error and largest known value along each axis."""
    found, known = (one[name].sel(**chosen) for one in both[:2])
    others = tuple(place for place, dim in enumerate(known.dims) if dim != "axis")
    error = np.abs(found.values - known.values).max(axis=others)
    return error, np.abs(known.values).max(axis=others)


@pytest.mark.parametrize(
    ("name", "model", "lever", "times"),
    [
        ("hub_moment", "", 1.0, 20), ("hub_force_moment", "", 1.0, 20),
        ("joint_moment", "", 1.0, 20), ("induced_ground_force", "C1", 0.2, 50),
        ("induced_ground_force", "C2", 0.2, 50), ("induced_ground_force", "C3", 0.1, 50),
        ("induced_momentum_rate", "C2", 1.0, 0),
    ],
)  # fmt: skip
def test_levels_b_and_c_come_out_of_the_whole_pipeline(both: Both, name, model, lever, times):
    """Moments on the pelvis and of joints, every source under every contact model, and what it does
    to every group, which is off as its ground force at a height of 1 m."""
    error, size = _largest(both, name, **({"contact_model": model} if model else {}))
    limit = MILLIMETRE * both.peak_force / lever + PRODUCT * (size.max() if model else size)
    if name == "induced_momentum_rate":
        force, _ = _largest(both, "induced_ground_force", contact_model=model)
        limit = limit + force.max() * 1.0
    assert (error < limit).all(), (error, limit)
    assert size[1] > times * error[1]
