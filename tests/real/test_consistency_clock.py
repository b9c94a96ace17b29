"""When the forces come: JA1's plates seem late by a marker frame, the treadmill's do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aqbio.mechanics.consistency.session import fit_session
from benchmarks.recorded_runs import FILES, MODELS, recorded_run, standing
from tests.virtual.test_consistency_clock import SHIFTS, offsets

pytestmark = [pytest.mark.real, pytest.mark.opensim]


@pytest.mark.parametrize("model", MODELS)
def test_shifts_of_ja1s_forces_are_followed(realdata: Path, model: str):
    """Sprint and jog together, static trial included."""
    runs = [recorded_run(realdata, trial, model) for trial in FILES]
    seen = [run.observations for run in runs]
    found = offsets(runs[0].runner, seen, standing(realdata, model))
    assert np.polyfit(SHIFTS, found, 1)[0] >= 0.9


@pytest.mark.parametrize("model", MODELS)
def test_ja1s_forces_seem_late(realdata: Path, model: str):
    """Both models say 2.5 to 5 ms, and the interval excludes zero. A shift of all plates along the
    run by some 2 cm would look alike: the number is a finding, not a fact about the laboratory."""
    runs = [recorded_run(realdata, trial, model) for trial in FILES]
    seen = [run.observations for run in runs]
    session = fit_session(runs[0].runner, seen, static=standing(realdata, model))
    clock = next(one for one in session.estimates if one.name == "clock_offset")
    assert 0.0 < clock.low < clock.high < 0.006
    assert 0.0025 < clock.estimate < 0.005


@pytest.mark.workflow
@pytest.mark.xdist_group("rajagopal")
def test_the_treadmills_clock_is_right(run_study):
    """Negative control: at most 1 ms. Weak, because the body does not travel over the plates."""
    study = run_study("rajagopal_run")
    folder = study.results / "participants" / "subject01"
    manifest = json.loads((folder / "consistency.json").read_text(encoding="utf-8"))
    assert [trial["motion"] for trial in manifest["trials"]] == ["fitted"]
    clock = next(one for one in manifest["parameters"] if one["name"] == "clock_offset")
    assert abs(clock["estimate"]) <= 0.001
