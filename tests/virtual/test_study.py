"""The demo study: its sheets, its library and its files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.study import load_study
from aqbio.names import GRAVITY
from aqbio.virtual import study
from aqbio.virtual.demo import DATA, SPRINTERS, GaitName, load_library
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import Laboratory, RunPlan, contacts_on_row
from aqbio.virtual.study import ENOUGH_STEPS, LIBRARY, Recipe, planned_trials, write_study
from aqbio.virtual.truth import run_truth
from validation.gaits.individual import sheets

ATHLETES = {one.athlete.name: one.athlete for one in SPRINTERS}


@pytest.fixture(scope="module")
def gaits() -> dict[GaitName, Gait]:
    return load_library(DATA / LIBRARY, ATHLETES)


def test_every_gait_of_the_library_obeys_newton(gaits):
    """Ballistic flights, and contacts whose impulse carries the weight; every 7 ms of a period."""
    for name, gait in gaits.items():
        truth = run_truth(gait, np.arange(0.0, gait.timeline.period, 0.007))
        side, _ = gait.stance_foot(truth.gait_time)
        flight = side == 0
        fall = truth.com_acceleration[flight] + [0.0, GRAVITY, 0.0]
        weight = gait.athlete.mass * GRAVITY
        assert np.abs(fall).max() * gait.athlete.mass < 1e-8 * weight, name
        turning = truth.momentum_rate[flight].sum(axis=1)
        assert np.abs(turning).max() < 1e-3 * weight * gait.athlete.stature, name
        assert truth.loads.force[..., 1].min() > -1e-6 * weight, name


def test_sheets_are_those_of_the_code(gaits):
    trials = planned_trials(gaits)
    for name, text in sheets(trials).items():
        assert (DATA / name).read_text(encoding="utf-8") == text, "run validation.gaits.regenerate"
    loaded = load_study(DATA / "study.yaml")
    assert [p.participant_id for p in loaded.participants] == list(ATHLETES)
    assert len(loaded.trials) == len(trials)
    assert all(loaded.static_of(name) is not None for name in ATHLETES)


def test_ten_steps_of_every_gait(gaits):
    """Steps from touchdown to the next one, both on the plates, none of them twice."""
    row, place = Laboratory().plates, RunPlan(0).first_place
    for name, gait in gaits.items():
        steps: list[int] = []
        for trial in planned_trials(gaits):
            if trial.gait == name:
                numbers = contacts_on_row(gait, trial.first_contact, place, row)
                steps += [one for one, _ in pairwise(numbers)]
        assert len(steps) == len(set(steps)) >= ENOUGH_STEPS, name


def test_same_seed_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two writings of one participant are equal byte by byte; another seed is another recording."""
    monkeypatch.setattr(study, "ENOUGH_STEPS", 1)
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_study(tmp_path / name, participants=["V03"], recipe=Recipe(seed=seed))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 6
    different = 0
    for file in files:
        one = (tmp_path / "one" / file).read_bytes()
        assert one == (tmp_path / "same" / file).read_bytes(), file
        different += one != (tmp_path / "other" / file).read_bytes()
    assert different == len(files)
