"""Negative controls on JA1's sprint: a fault ends with its name, not bent into shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import Runner
from aqbio.consistency.suspicion import doubts
from aqbio.vectors import cross
from benchmarks.recorded_runs import recorded_run

pytestmark = [pytest.mark.real, pytest.mark.opensim]

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
