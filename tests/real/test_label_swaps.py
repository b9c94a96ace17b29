"""Exchanged labels in the JA1 sprint: found, said, and put right where the sheet accepts it."""

from __future__ import annotations

import shutil
from itertools import combinations

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.io.trc import read_trc, write_trc
from aqbio.recordings.label_check import SegmentDistances, median_places, swapped_labels
from aqbio.recordings.stage import prepare_participant
from tests.real.conftest import ROOT

pytestmark = pytest.mark.real

ONE, TWO = "RTHAP", "RTHAD"


@pytest.fixture(scope="module")
def trials(realdata):
    from aqbio.io.trial_files import read_recording

    folder = realdata / "ja1_dorn2012" / "c3d"
    static = median_places(read_recording(folder / "JA1Static05.c3d"))
    return static, read_recording(folder / "JA1Gait35.c3d")


@pytest.fixture(scope="module")
def segments():
    from aqbio.config import MarkerSet, read_yaml

    markers = read_yaml(ROOT / "tests" / "real" / "ja1_sprint" / "markers.yaml", MarkerSet).markers
    return {label: marker.body for label, marker in markers.items()}


def _found(trials, segments, positions):
    static, sprint = trials
    distances = SegmentDistances.of(sprint.labels, positions, static, segments)
    return [{swap.first, swap.second} for swap in swapped_labels(distances)]


def test_the_recording_itself_has_none(trials, segments):
    assert _found(trials, segments, trials[1].positions) == []


def test_exchanges_within_segments_are_found_or_invisible_never_wrong(trials, segments):
    """Every pair on one segment of the legs: 15 mm of distance are needed to see it."""
    _, sprint = trials
    visible = 0
    for one, two in combinations(sprint.labels, 2):
        segment = segments.get(one)
        if segment not in ("femur_r", "tibia_l", "foot_r") or segments.get(two) != segment:
            continue
        columns = [sprint.labels.index(one), sprint.labels.index(two)]
        positions = sprint.positions.copy()
        positions[:, columns] = positions[:, columns[::-1]]
        found = _found(trials, segments, positions)
        assert found in ([], [{one, two}]), (one, two)
        visible += bool(found)
    assert visible >= 20


def _prepared(tmp_path, realdata, name, *, swapped, fix):
    """Prepare the static trial and the sprint, as TRC, with or without an exchange."""
    folder = tmp_path / name
    data = folder / "data"
    data.mkdir(parents=True)
    source = realdata / "ja1_dorn2012"
    shutil.copy(source / "trc_mot" / "static.trc", data)
    shutil.copy(source / "trc_mot" / "sprint_grf.mot", data)
    content = read_trc(source / "trc_mot" / "sprint.trc")
    labels = list(content.labels)
    if swapped:
        one, two = labels.index(ONE), labels.index(TWO)
        labels[one], labels[two] = TWO, ONE
    write_trc(data / "sprint.trc", tuple(labels), content.positions, content.rate)
    shutil.copy(ROOT / "tests" / "real" / "ja1_sprint" / "markers.yaml", folder)
    (folder / "study.yaml").write_text(
        f"name: swaps\nresults: {folder / 'results'}\nmodel: {{markers: markers.yaml}}\n"
    )
    (folder / "participants.tsv").write_text(
        "participant_id\tsex\tmass_kg\tstatic_trial\nJA1\tmale\t75.95\tstatic\n"
    )
    (folder / "trials.tsv").write_text(
        "participant_id\ttrial_id\ttask\tfile\tforce_file\tfix\n"
        "JA1\tstatic\tstatic\tstatic.trc\tn/a\tn/a\n"
        f"JA1\tsprint\trun\tsprint.trc\tsprint_grf.mot\t{fix}\n"
    )
    study = load_study(folder / "study.yaml")
    prepare_participant(study, "JA1", lambda line: None)
    manifest = study.read_manifest("JA1", "prepare")
    [entry] = [trial for trial in manifest["trials"] if trial["trial_id"] == "sprint"]
    assert entry["status"] == "ok", entry["reason"]
    found = [one for one in entry["findings"] if one["rule"] == "labels-swapped"]
    return read_dataset(study.folder("JA1", "prepare") / "sprint.nc")["marker_raw"], found


def test_a_sheet_accepts_the_proposal(tmp_path, realdata):
    right, none = _prepared(tmp_path, realdata, "right", swapped=False, fix="n/a")
    assert none == []
    wrong, [proposal] = _prepared(tmp_path, realdata, "wrong", swapped=True, fix="n/a")
    assert f"labels {TWO} and {ONE} sit on each other's markers in 100% of" in proposal["what"]
    assert proposal["severity"] == "warning"
    assert "write swap into the column fix" in proposal["fix"]
    assert np.nanmax(np.abs(wrong.sel(marker=ONE) - right.sel(marker=ONE))) > 0.05
    fixed, [done] = _prepared(tmp_path, realdata, "fixed", swapped=True, fix="swap")
    assert done["severity"] == "info"
    for label in right["marker"].values:
        np.testing.assert_array_equal(fixed.sel(marker=label), right.sel(marker=label))
