"""Statements of column fix about labels: what they do, and which cells are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import StatedLabels, stated_labels, swap_statements

LABELS = ("RHEE", "LHEE", "R and D", "RTOE", "LTOE")
RECORDING = Recording(LABELS, np.random.default_rng(3).normal(size=(40, 5, 3)), 100.0)


def of_cell(cell: str) -> StatedLabels:
    trial = Trial(participant_id="P1", trial_id="t", task="run", file="t.c3d", fix=cell)
    return stated_labels(trial, "trials.tsv")


def after(cell: str, recording: Recording = RECORDING) -> Recording:
    return of_cell(cell).applied(recording, Notes("t", "P1", "t.c3d", ""))


@pytest.mark.parametrize(
    ("cell", "first", "second", "frames"),
    [
        ("swap RHEE and LHEE", "RHEE", "LHEE", slice(None)),
        ("Swap rhee  and lhee in frames 10 to 40", "RHEE", "LHEE", slice(9, 40)),
        ("swap LTOE and RTOE in frame 1; labels-late", "RTOE", "LTOE", slice(0, 1)),
        ("swap R and D and RTOE in frames 2 to 3", "R and D", "RTOE", slice(1, 3)),
    ],
)
def test_two_labels_are_exchanged_in_the_frames_that_are_stated(cell, first, second, frames):
    expected = RECORDING.positions.copy()
    columns = [LABELS.index(first), LABELS.index(second)]
    expected[frames, columns] = expected[frames, columns[::-1]]
    np.testing.assert_array_equal(after(cell).positions, expected)


def test_all_sides_and_labels_as_recorded_are_read():
    assert of_cell("swap").whole == "swap"
    assert of_cell("mirror; labels as recorded") == StatedLabels(
        (), "mirror", as_recorded=True, sheet="trials.tsv"
    )
    assert of_cell("force-x-sign") == StatedLabels(sheet="trials.tsv")


@pytest.mark.parametrize(
    ("cell", "what", "fix"),
    [
        ("swap; swap", "“swap” twice", "write it once"),
        ("force-x-sign; force-x-sign", "“force-x-sign” twice", "write it once"),
        ("swap; mirror", "exclude each other", "keep swap if labels are exchanged, mirror if"),
        ("swap; labels as recorded", "exclude each other", "keep “labels as recorded” if"),
        ("swap a and b; swap b and a", "exclude each other", "keep one"),
        ("swap a and b; swap a and b in frames 3 to 9", "exclude each other", "keep one"),
        ("swap a", "“swap a”, which is not understood", "swap A and B in frames 10 to 40"),
        ("swap a and b in frame ten", "no label", "name labels of this recording"),
        ("swap RHEL and LHEE", "has no label rhel", "did you mean RHEE"),
        ("swap RHEE and RHEE", "one label twice", "two labels"),
        ("swap RHEE and LHEE in frames 30 to 41", "has the frames 1 to 40", "the first one is 1"),
        ("swap RHEE and LHEE in frames 30 to 20", "has the frames 1 to 40", "correct the frames"),
        ("swap RHEE and LHEE in frame 0", "has the frames 1 to 40", "correct the frames"),
    ],
)
def test_a_cell_that_cannot_be_followed_is_refused_with_what_to_keep(cell, what, fix):
    with pytest.raises(AqbioError) as refused:
        after(cell)
    error = refused.value
    assert (error.rule, error.file, error.where) == ("fix-unknown", "trials.tsv", "column fix")
    assert what in error.what
    assert fix in error.fix


def test_stretches_apart_are_stated_one_by_one():
    once = after("swap RHEE and LHEE in frames 3 to 9; swap RHEE and LHEE in frames 12 to 20")
    assert (once.positions != RECORDING.positions).any(axis=(1, 2)).sum() == 16


@given(st.permutations(range(5)), st.sampled_from([None, (0, 1), (4, 30)]))
def test_statements_put_any_arrangement_back(order, span):
    """Of pairs, and of several labels in a circle."""
    frames = slice(*span) if span else slice(None)
    positions = RECORDING.positions.copy()
    positions[frames] = positions[frames][:, order]
    wrong = Recording(LABELS, positions, 100.0)
    sources = {column: order.index(column) for column in range(5)}
    cell = "; ".join(swap_statements(LABELS, sources, span))
    assert (cell == "") == (list(order) == list(range(5)))
    np.testing.assert_array_equal(after(cell, wrong).positions, RECORDING.positions)
