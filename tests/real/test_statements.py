"""What is stated about real recordings: right statements pass, wrong ones are named."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from aqbio.config import MarkerSet, Participant, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.io.opensim_xml import model_masses
from aqbio.io.recording import Recording
from aqbio.io.study import load_study
from aqbio.io.trial_files import read_recording
from aqbio.recordings.body_size import measured_stature, size_findings, stance_height
from aqbio.recordings.clock import note_clock, note_rate
from aqbio.recordings.label_check import with_checked_sides
from aqbio.recordings.notes import Notes
from aqbio.recordings.trial import prepare_trial

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
    return done, {one.rule for one in notes.findings}


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


def rated(
    name: str, factor: float, late: float = 0.0, bare: tuple[str, ...] = ()
) -> set[tuple[str, str]]:
    """Findings about a rate that is a factor too high, forces late by some s, bodies bare."""
    recording, trial, marker_set = recorded(name)
    worn = {label: one for label, one in marker_set.markers.items() if one.body not in bare}
    forces = recording.forces
    if forces is not None:
        start = forces.start / factor + late
        forces = replace(forces, rate=factor * forces.rate, start=start)
    wrong = replace(recording, rate=factor * recording.rate, forces=forces)
    notes = Notes(trial.trial_id, trial.participant_id, trial.source, "")
    with pytest.MonkeyPatch.context() as shorter:  # contacts of a clock that runs too fast
        shorter.setattr("aqbio.recordings.trial.EVENT_MINIMUM_S", 0.005)
        done = prepare_trial(wrong, trial, marker_set, (Laboratory(), Prepare()), notes)
    study = load_study(HERE / RUNS[name][0] / "study.yaml")
    masses = model_masses(study.model_file(trial.participant_id))
    marker_set = marker_set.model_copy(update={"markers": worn})
    note_rate(done, marker_set, masses, study.model_map.groups, notes)
    return {(one.rule, one.severity) for one in notes.findings if one.rule == "rate"}


@pytest.mark.parametrize(
    ("factor", "said"), [(0.8, True), (0.97, False), (1.0, False), (1.03, False), (1.3, True)]
)
@pytest.mark.parametrize("name", RUNS)
def test_rate_against_gravity(realdata, name, factor, said):
    """Runners fall at 9 to 11.3 m/s² here; a rate 20 % too low makes 6 to 7 of them."""
    assert rated(name, factor) == ({("rate", "warning")} if said else set())


@pytest.mark.parametrize("limb", ["leg", "arm"])
@pytest.mark.parametrize("name", RUNS)
def test_sides_of_a_limb_that_are_exchanged(realdata, name, limb):
    """Arms alone passed unseen: nothing compared them with the pelvis."""
    recording, trial, marker_set = recorded(name)
    groups = load_study(HERE / RUNS[name][0] / "study.yaml").model_map.groups
    limbs = {one: (groups[f"{one}_left"], groups[f"{one}_right"]) for one in ("leg", "arm")}
    notes = Notes(trial.trial_id, trial.participant_id, trial.source, "")
    with_checked_sides(recording, marker_set, limbs, notes)
    markers = marker_set.markers
    sides = [
        [label for label in recording.labels if label in markers and markers[label].body in bodies]
        for bodies in limbs[limb]
    ]
    other = dict(zip(sides[0] + sides[1], sides[1] + sides[0], strict=False))
    exchanged = replace(recording, labels=tuple(other.get(one, one) for one in recording.labels))
    with pytest.raises(AqbioError, match=f"the {limb} labelled right") as error:
        with_checked_sides(exchanged, marker_set, limbs, notes)
    assert error.value.rule == "sides-exchanged"


@pytest.mark.parametrize(("size", "said"), [(1.0, False), (0.85, True), (1.2, True)])
def test_stature_against_a_run_without_a_static_trial(realdata, size, said):
    """Subject 01 is 1.80 m tall; his run alone shows when lengths are 15 % too small."""
    recording, trial, marker_set = recorded("treadmill")
    scaled = replace(recording, positions=size * recording.positions, forces=None)
    notes = Notes(trial.trial_id, trial.participant_id, trial.source, "")
    done = prepare_trial(scaled, trial, marker_set, (Laboratory(), Prepare()), notes)
    shown = measured_stature([{"stance_height_m": stance_height(done, marker_set)}])
    person = Participant(participant_id="subject01", height_m=1.80)
    rules = [one.rule for one in size_findings(person, shown, 72.8, "participants.tsv")]
    assert ("height-implausible" in rules) is said


@pytest.mark.parametrize(
    ("delay", "said"), [(-0.045, True), (-0.005, False), (0.005, False), (0.045, True)]
)
@pytest.mark.parametrize("name", RUNS)
def test_clock_of_the_forces_against_the_foot_markers(realdata, name, delay, said):
    """Landings and departures must both say so: either alone is wrong by up to 21 ms."""
    recording, trial, marker_set = recorded(name)
    late = replace(recording.forces, start=recording.forces.start + delay)
    notes = Notes(trial.trial_id, trial.participant_id, trial.source, "")
    moved = replace(recording, forces=late)
    done = prepare_trial(moved, trial, marker_set, (Laboratory(), Prepare()), notes)
    note_clock(done, notes)
    found = [one for one in notes.findings if one.rule == "force-clock"]
    assert bool(found) is said
    if said:
        assert found[0].number == pytest.approx(delay, abs=0.015)
