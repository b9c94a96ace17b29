"""What a folder of recordings says by itself: whose, which trial, which files together."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.trc import write_trc
from aqbio.mechanics.recordings.movement import stands_still
from aqbio.stages.gathering.facts import MarkerFacts, same_recording
from aqbio.stages.gathering.files import StorageFacts, folder_content
from aqbio.stages.gathering.pairing import (
    force_files,
    foreign_recordings,
    marker_vocabularies,
    repeated_recordings,
)
from aqbio.stages.gathering.people import people_of, trial_names
from aqbio.stages.gathering.rows import MASS_NEEDED, PersonRow
from aqbio.stages.gathering.study import _other_words
from tests.recorded_study import RATE, recorded_figure


def _markers(file, *, frames=500, still=False, plates=0, labels=("RASI", "LASI"), length=0.3):
    names = [f"M{index}" for index in range(14)]
    distances = dict.fromkeys(pairwise(names), (length, 0.01))
    return MarkerFacts(Path(file), labels, frames, 100.0, 0.0, still, plates, distances)


def _forces(file, start=0.0, end=5.0):
    return StorageFacts(Path(file), start, end, 1000.0)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # folders that only sort files are nobody
        (["c3d/a.c3d", "trc_mot/b.trc", "Day 1/c.trc"], ["S01", "S01", "S01"]),
        # a code stays, a name does not
        (["P07/a.c3d", "P08/raw/a.c3d"], ["P07", "P08"]),
        (["Ada Lovelace/a.c3d", "Grace Hopper/a.c3d"], ["S01", "S02"]),
        # what all share is nobody either
        (["Study (final)/P1/a.c3d", "Study (final)/P2/Session 1/a.c3d"], ["P1", "P2"]),
        (["Study (final)/a.c3d", "Study (final)/static/b.c3d"], ["S01", "S01"]),
        (["P1_static.c3d", "P1_fast.c3d"], ["P1", "P1"]),
        # one folder: the first part of the names, if it is a shared code
        (
            ["P1_static.c3d", "P1_fast.c3d", "P2_static.c3d", "P2_fast.c3d"],
            ["P1", "P1", "P2", "P2"],
        ),
        (["static_1.c3d", "sprint_1.c3d", "sprint_2.c3d"], ["S01", "S01", "S01"]),
        (
            ["sub-03_run-1.trc", "sub-03_run-2.trc", "sub-04_a.trc", "sub-04_b.trc"],
            ["sub03"] * 2 + ["sub04"] * 2,
        ),
    ],
)
def test_whose_recordings_they_are(files, expected):
    assert list(people_of([Path(file) for file in files]).values()) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["Ada_Lovelace_static.c3d", "Ada_Lovelace_sprint.c3d"], ["static", "sprint"]),
        (["sprint01.c3d", "sprint02.c3d"], ["sprint01", "sprint02"]),
        (["a/run.trc", "b/run.trc"], ["run", "run_2"]),
        (["Läufer 1.c3d"], ["L_ufer_1"]),
        (
            ["Ada Lovelace/Static 01.c3d", "Ada Lovelace/Lovelace sprint (2).c3d"],
            ["Static_01", "sprint_2"],
        ),
    ],
)
def test_what_trials_are_called(files, expected):
    assert list(trial_names([Path(file) for file in files]).values()) == expected


def test_static_trial_is_told_from_a_treadmill_run():
    """Sway of 20 mm; and a runner whose trunk stays while the limbs swing by 0.4 m and more."""
    phase = np.linspace(0.0, 20.0, 400)[:, None, None]
    sway = 0.01 * np.sin(phase) * np.ones((1, 12, 3))
    assert stands_still(sway)
    swing = sway.copy()
    swing[:, 6:] *= 40.0
    assert not stands_still(swing)


def test_forces_go_with_the_markers_of_that_name_and_time():
    markers = [
        _markers("run/motion_capture_run.trc"),
        _markers("run/static_run.trc", still=True),
        _markers("walk/motion_capture_walk.trc"),
        _markers("c3d/with_plates.c3d", plates=4),
    ]
    forces = [_forces("run/grf_run.mot"), _forces("walk/grf_walk.mot")]
    found = {str(k): str(v.file) for k, v in force_files(markers, forces).items()}
    assert found == {
        "run/motion_capture_run.trc": "run/grf_run.mot",
        "walk/motion_capture_walk.trc": "walk/grf_walk.mot",
    }
    late = [_forces("run/grf_run.mot", 60.0, 65.0)]
    assert force_files(markers, late) == {}


def test_the_export_with_plates_stays():
    c3d, trc = _markers("c3d/a.c3d", plates=8), _markers("trc/b.trc", frames=499)
    other = _markers("trc/c.trc", length=0.301)
    assert same_recording(c3d, trc)
    assert repeated_recordings([trc, other, c3d], {}) == {Path("trc/b.trc"): Path("c3d/a.c3d")}
    longer = replace(trc, frames=520)
    assert not same_recording(c3d, longer)


def test_the_same_recording_of_two_people_is_kept_and_said():
    mine, theirs = _markers("P1/a.c3d"), _markers("P2/a.c3d")
    assert repeated_recordings([mine, theirs], {}) == {}
    assert foreign_recordings([mine, theirs]) == [(mine.file, theirs.file)]


def test_results_of_ours_are_no_recordings(tmp_path):
    """The prepared trials of an earlier study in the same folder."""
    labels, positions = recorded_figure(moving=True)
    prepared = tmp_path / "results" / "mine" / "participants" / "P1" / "prepared"
    for folder in (tmp_path, prepared):
        folder.mkdir(parents=True, exist_ok=True)
        write_trc(folder / "run.trc", labels, positions, RATE)
    (prepared.parent / "prepare.json").write_text("{}")
    content = folder_content(tmp_path)
    assert [one.file.as_posix() for one in content.markers] == ["run.trc"]


def test_recordings_with_other_labels_are_another_study():
    run = _markers("run.trc", labels=("RASI", "LASI", "RCAL"))
    static = _markers("static.trc", still=True, labels=("RASI", "LASI", "RCAL", "RMFC"))
    walk = _markers("walk.trc", labels=("R.ASIS", "L.ASIS", "R.Heel"))
    groups = marker_vocabularies([walk, run, static], frozenset())
    assert [[one.file.name for one in group] for group in groups] == [
        ["static.trc", "run.trc"],
        ["walk.trc"],
    ]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["run/a.trc", "walk/b.trc"], "a study of its own from data/walk"),
        # in one folder with the others: the same folder again would not help
        (["a.trc", "b.trc"], "a study of its own from a folder that holds only b.trc"),
        (["run/a.trc", "walk/b.trc", "c.trc"], "from a folder that holds only b.trc, c.trc"),
    ],
)
def test_recordings_with_other_labels_say_where_their_study_starts(files, told):
    group, *others = [_markers(file) for file in files]
    found = _other_words([group], [others], Path("data"))
    assert {one.file for one in found} == {one.file for one in others}
    assert all(one.why.endswith(told) for one in found)


def test_mass_that_no_plate_shows_is_among_the_cells_to_fill():
    row = PersonRow("S01", found=f"2 moving trials; {MASS_NEEDED}")
    assert row.cells()["please_fill"] == "sex (female or male), height_m, mass_kg"
    assert "mass_kg" not in PersonRow("S01", found="2 moving trials").cells()["please_fill"]
