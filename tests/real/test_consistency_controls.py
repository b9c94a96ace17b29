"""Negative controls on JA1's sprint: a fault ends with its name, not bent into shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import ModelMap, read_yaml
from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.consistency.observations import GroundWrench, Observations, measured_frames
from aqbio.consistency.parameters import Runner
from aqbio.consistency.suspicion import doubts
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.c3d import read_c3d
from aqbio.io.recording import Recording
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.skeleton import read_skeleton
from aqbio.recordings.contacts import contacts
from aqbio.signals import low_pass
from aqbio.vectors import FloatArray, cross
from benchmarks.engine import observable

pytestmark = [pytest.mark.real, pytest.mark.opensim]

ROOT = Path(__file__).parents[2]
JA1 = "ja1_dorn2012"
TO_GROUND = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
FILES = {"jog": "JA1Gait21.c3d", "sprint": "JA1Gait35.c3d"}
CUTOFFS = {"jog": 15.0, "sprint": 20.0}
"""Of forces and of the plain way's coordinates, Hz."""
MODELS = {
    "rajagopal": ("rajagopal_scaled_ja1.osim", "rajagopal2016"),
    "ja1": ("JA1_SCALED_Osim40.osim", "hamner2010"),
}
"""File and map of each stock model."""
EVENT_LEVEL, EVENT_CUTOFF, SHORTEST_CONTACT = 20.0, 200.0, 0.05
PLATE_LOADED = 200.0
"""Plates that never carry this much are not used, N."""


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A recording on a model, and its contacts and cut-off."""

    runner: Runner
    observations: Observations
    contacts: FloatArray
    """(C, 2) touchdowns and toe-offs, forces' clock, s."""
    cutoff: float
    """Hz."""


@lru_cache(maxsize=4)
def stock_runner(realdata: Path, model: str) -> Runner:
    """A stock model that was scaled to JA1, with its groups."""
    file, name = MODELS[model]
    groups = read_yaml(ROOT / "models" / name / "map.yaml", ModelMap).groups
    return Runner(read_skeleton(realdata / JA1 / "models" / file), groups)


@lru_cache(maxsize=8)
def recorded_run(realdata: Path, trial: str, model: str) -> RecordedRun:
    """Read one of JA1's two runs."""
    runner, cutoff = stock_runner(realdata, model), CUTOFFS[trial]
    recording = read_c3d(realdata / JA1 / "c3d" / FILES[trial])
    index, markers = _markers(recording, runner.skeleton)
    force_time, force, moment = _total(recording)
    rate = 1.0 / float(force_time[1] - force_time[0])
    vertical = low_pass(force[:, 1], rate, EVENT_CUTOFF)
    found = contacts(vertical, rate, EVENT_LEVEL, SHORTEST_CONTACT)
    spans = np.stack((found.touchdown, found.toe_off), axis=1)
    time = np.arange(len(markers)) / recording.rate
    solved = inverse_kinematics(runner.skeleton, markers, index, np.ones(len(index)))
    both = low_pass(np.concatenate((force, moment), axis=1), rate, cutoff)
    plain = low_pass(solved, recording.rate, cutoff)
    observations = Observations(
        time=time,
        marker_index=index,
        markers=low_pass(markers, recording.rate, cutoff),
        wrench=GroundWrench(force_time, both[:, :3], both[:, 3:]),
        measured=measured_frames(time, spans, found.complete),
        start=plain,
        plain=spline_motion(runner.skeleton, time, plain),
        cutoff=cutoff,
        unobservable=tuple(np.flatnonzero(~observable(runner.skeleton, index, markers, solved))),
    )
    return RecordedRun(runner, observations, spans, cutoff)


def _markers(recording: Recording, skeleton: Skeleton) -> tuple[np.ndarray, FloatArray]:
    """Markers that the model has: their index there and their positions, ground axes."""
    used = [label for label in recording.labels if label in skeleton.markers]
    columns = [recording.labels.index(label) for label in used]
    index = np.array([skeleton.markers.index(label) for label in used])
    return index, recording.positions[:, columns] @ TO_GROUND.T


def _total(recording: Recording) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Time, force and moment about the ground's origin of all plates that are used."""
    forces = recording.forces
    if forces is None:
        raise ValueError("the recording has no force plates.")
    wrench = forces.wrench.rotated(TO_GROUND)
    used = wrench.select(wrench.force[:, :, 1].max(axis=0) > PLATE_LOADED)
    time = forces.start + np.arange(len(used.force)) / forces.rate
    return time, used.force.sum(axis=1), used.moment_about_origin().sum(axis=1)


Fault = Callable[[GroundWrench], GroundWrench]


def _signs(force: tuple[int, int, int], moment: tuple[int, int, int]) -> Fault:
    return lambda wrench: replace(
        wrench, force=wrench.force * np.array(force), moment=wrench.moment * np.array(moment)
    )


def _late(seconds: float) -> Fault:
    return lambda wrench: replace(wrench, time=wrench.time + seconds)


def _ahead(metres: float) -> Fault:
    shift = np.array([[metres, 0.0, 0.0]])
    return lambda wrench: replace(wrench, moment=wrench.moment + cross(shift, wrench.force))


NAMED: dict[str, tuple[Fault, str]] = {
    "sideways force turned round": (_signs((1, 1, -1), (1, 1, 1)), "force_z_sign"),
    "fore-aft force turned round": (_signs((-1, 1, 1), (1, 1, 1)), "force_x_sign"),
    "moment about the vertical turned round": (_signs((1, 1, 1), (1, -1, 1)), "moment_y_sign"),
    "everything turned round": (_signs((-1, -1, -1), (-1, -1, -1)), "force_sign"),
    "forces 8 ms later": (_late(0.008), "clock"),
    "forces 30 ms later": (_late(0.030), "clock"),
}


@pytest.mark.parametrize("name", NAMED)
def test_faults_of_the_forces_are_named(realdata: Path, name: str):
    fault, cause = NAMED[name]
    run = recorded_run(realdata, "sprint", "rajagopal")
    seen = replace(run.observations, wrench=fault(run.observations.wrench))
    fit = fit_trial(run.runner, seen)
    assert cause in {one.cause for one in doubts(fit)}


@pytest.mark.parametrize("factor", [1.2, 0.8])
def test_a_wrong_body_mass_is_named(realdata: Path, factor: float):
    run = recorded_run(realdata, "sprint", "rajagopal")
    skeleton = run.runner.skeleton
    wrong = replace(skeleton, mass=factor * skeleton.mass, inertia=factor * skeleton.inertia)
    fit = fit_trial(Runner(wrong, run.runner.groups), run.observations)
    assert "mass" in {one.cause for one in doubts(fit)}


@lru_cache(maxsize=4)
def sound_fit(realdata: Path, trial: str, model: str) -> TrialFit:
    run = recorded_run(realdata, trial, model)
    return fit_trial(run.runner, run.observations)


@pytest.mark.parametrize("model", ["rajagopal", "ja1"])
@pytest.mark.parametrize("trial", ["jog", "sprint"])
def test_sound_recordings_are_not_suspected(realdata: Path, trial: str, model: str):
    fit = sound_fit(realdata, trial, model)
    assert doubts(fit) == ()


def test_a_shift_of_the_plates_hides_behind_the_clock(realdata: Path):
    """Silent in one trial: 2 cm along the run move the clock offset by 1 ms or more instead."""
    run = recorded_run(realdata, "sprint", "rajagopal")
    moved = replace(run.observations, wrench=_ahead(0.02)(run.observations.wrench))
    sound, fit = sound_fit(realdata, "sprint", "rajagopal"), fit_trial(run.runner, moved)
    assert doubts(fit) == ()
    assert sound.values["clock_offset"] - fit.values["clock_offset"] > 0.001
