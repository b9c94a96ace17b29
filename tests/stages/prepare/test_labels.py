"""A sheet that says labels are to be exchanged, and a recording in which none are."""

from __future__ import annotations

import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.io.recording import Recording
from aqbio.recordings.label_check import StaticReference, median_places, with_checked_labels
from aqbio.recordings.notes import Notes
from tests.stages import made_run

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))


@pytest.mark.parametrize("fix", ["swap", None])
def test_nothing_to_exchange_is_said_where_the_sheet_asks_for_it(fix):
    recording = Recording(tuple(made_run.LABELS), made_run.markers(), made_run.FRAME_RATE)
    standing = Recording(recording.labels, recording.positions[:1], made_run.FRAME_RATE)
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="a.trc", fix=fix)
    notes = Notes("fast", "P1", "a.trc", "")
    static = StaticReference(median_places(standing))
    checked = with_checked_labels(recording, trial, static, MARKER_SET, notes)
    assert [one.rule for one in notes.found] == ["labels-not-swapped"] * (fix == "swap")
    for one in notes.found:
        assert one.what == "the sheet says fix: swap, but no exchanged labels are found."
        assert one.fix == "clear the column fix of this trial."
    assert (checked.positions == recording.positions).all()
