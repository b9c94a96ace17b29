"""The demo study: its sheets, its library and its files."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.c3d import read_c3d
from aqbio.io.study import load_study
from aqbio.names import GRAVITY
from aqbio.virtual import study
from aqbio.virtual.demo import GAITS, LEVELS, SPRINTERS
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.gait import Gait
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.library import DATA, GaitName, load_library
from aqbio.virtual.recording import RunPlan, contacts_on_row
from aqbio.virtual.study import ENOUGH_STEPS, LIBRARY, Recipe, planned_trials, write_study
from aqbio.virtual.truth import run_truth
from tests.virtual.faults import swapped_feet
from validation.gaits.individual import gait_speed, sheets

ATHLETES = {one.athlete.name: one.athlete for one in SPRINTERS}


@pytest.fixture(scope="module")
def gaits() -> dict[GaitName, Gait]:
    return load_library(DATA / LIBRARY, ATHLETES)


def test_twelve_athletes_at_four_speeds(gaits):
    sexes = [one.athlete.sex for one in SPRINTERS]
    assert (sexes.count("female"), sexes.count("male")) == (6, 6)
    assert set(gaits) == set(GAITS)
    for one in SPRINTERS:
        normal = [n for n in GAITS if n.participant == one.athlete.name and n.condition == "normal"]
        assert len(normal) == LEVELS
        assert [gait_speed(name) for name in normal] == pytest.approx(sorted(one.speeds))
    assert min(gait_speed(name) for name in GAITS) == 5.0
    assert max(gait_speed(name) for name in GAITS) == 9.5


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
    assert len(files) == 12
    different = 0
    for file in files:
        one = (tmp_path / "one" / file).read_bytes()
        assert one == (tmp_path / "same" / file).read_bytes(), file
        different += one != (tmp_path / "other" / file).read_bytes()
    assert different == len(files)


def test_truth_files_say_what_was_done(tmp_path: Path):
    recipe = Recipe(Disturbances(gaps=2), faults=(swapped_feet,))
    written = write_study(tmp_path, participants=["V01"], recipe=recipe)
    known = json.loads((tmp_path / "recordings/V01/V01_speed4-01_truth.json").read_text("utf-8"))
    assert known["disturbances"]["gaps"] == len(known["gaps"]) == 2
    assert known["athlete"]["mass"] == 52.0
    assert known["fault"] == "swapped_feet"
    assert len(known["contacts_on_plates"]) >= 4
    recording = read_c3d(next(path for path in written if "speed4-01" in path.name))
    assert recording.forces is not None
    vertical = recording.forces.wrench.force[..., 2].sum(axis=1)
    on_plates = [one for one in known["contacts"] if 0.0 < one["place_m"] < 9.3]
    for one in on_plates:
        begin, end = (int(1000 * one[key]) for key in ("touchdown_s", "toe_off_s"))
        assert vertical[begin : end + 1].max() == pytest.approx(one["peak_n"], rel=1e-3)
