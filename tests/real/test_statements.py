"""What is stated about real recordings: right statements pass, wrong ones are named."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.io.study import load_study
from aqbio.io.trial_files import read_recording
from aqbio.stages.preparation.notes import Notes
from aqbio.stages.preparation.trial import prepare_trial

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
RUNS = {
    "jog": ("ja1", "jog", "overground"),
    "sprint": ("ja1", "sprint", "overground"),
    "treadmill": ("rajagopal_run", "run", "treadmill"),
}
"""Study, trial and true surface of each recording."""

STATED = {"surface", "surface-doubt", "belt-speed", "heading-unknown", "heading-doubt"}


@cache
def recorded(name: str) -> tuple[Recording, Trial, MarkerSet]:
    """Give a recording, its row and its marker set, read once."""
    study = load_study(HERE / RUNS[name][0] / "study.yaml")
    trial = next(one for one in study.trials if one.trial_id == RUNS[name][1])
    return read_recording(study.recording(trial), study.forces(trial)), trial, study.marker_set


def prepared(name: str, *, forces: bool = True, belt: float | None = None, **laboratory: str):
    """Prepare a recording under statements and give it with the rules of its findings."""
    recording, trial, marker_set = recorded(name)
    recording = recording if forces else replace(recording, forces=None)
    row = trial.model_copy(update={"belt_speed_mps": belt})
    notes = Notes(trial.trial_id, trial.participant_id, trial.source, "")
    settings = (Laboratory.model_validate(laboratory), Prepare())
    done = prepare_trial(recording, row, marker_set, settings, notes)
    return done, {one.rule for one in notes.found}


@pytest.mark.parametrize("forces", [True, False])
@pytest.mark.parametrize("name", RUNS)
def test_true_statements_pass(realdata, name, forces):
    surface = RUNS[name][2]
    unstated, rules = prepared(name, forces=forces)
    assert unstated.ground.surface == surface
    assert not rules & STATED
    stated, rules = prepared(name, forces=forces, surface=surface)
    assert stated.ground == unstated.ground
    assert not rules & STATED


@pytest.mark.parametrize("forces", [True, False])
@pytest.mark.parametrize("name", RUNS)
def test_wrong_surface_is_refused(realdata, name, forces):
    """With the treadmill taken for a runway, speeds were -0.09 to 0.07 m/s and headings noise."""
    other = {"overground": "treadmill", "treadmill": "overground"}[RUNS[name][2]]
    with pytest.raises(AqbioError) as error:
        prepared(name, forces=forces, surface=other)
    assert error.value.rule == "surface"


@pytest.mark.parametrize(("belt", "used", "said"), [(4.0, 4.0, False), (4.4, 3.86, True)])
def test_belt_speed_against_the_feet(realdata, belt, used, said):
    done, rules = prepared("treadmill", belt=belt)
    assert done.ground.belt_speed == pytest.approx(used, abs=0.01)
    assert ("belt-speed" in rules) is said


def test_belt_speed_of_a_runway_is_refused(realdata):
    with pytest.raises(AqbioError) as error:
        prepared("sprint", belt=9.5)
    assert error.value.rule == "surface"
