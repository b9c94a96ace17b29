"""Labels that one trial has and another has not: compared is what both have."""

from __future__ import annotations

import numpy as np
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError, Finding
from aqbio.io.recording import Recording
from aqbio.prepare.label_check import (
    StaticReference,
    median_positions,
    with_checked_labels,
    with_numbered_unknowns,
)
from aqbio.prepare.notes import Notes
from aqbio.prepare.stage import _calibration_only, calibration_labels, without_absences
from aqbio.prepare.trial import prepare_trial
from tests import made_run

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))
TRIAL = Trial(participant_id="P1", trial_id="fast", task="run", file="run.c3d")
LIMBS = {"leg": (("foot_l",), ("foot_r",))}

lacking = st.sets(st.sampled_from(made_run.LABELS), max_size=6)


def part(positions: np.ndarray, absent: set[str], hidden: set[str]) -> Recording:
    """A recording without some labels, and with others that have no position."""
    present = [index for index, label in enumerate(made_run.LABELS) if label not in absent]
    labels = tuple(made_run.LABELS[index] for index in present)
    positions = positions[:, present].copy()
    positions[:, [index for index, label in enumerate(labels) if label in hidden]] = np.nan
    return Recording(labels, positions, made_run.FRAME_RATE)


@settings(max_examples=60, deadline=None)
@given(
    absent=lacking, hidden=lacking, of_static=lacking, limbs=st.booleans(), accepted=st.booleans()
)
def test_any_labels_may_be_missing_in_either_trial(absent, hidden, of_static, limbs, accepted):
    """A trial is prepared, or refused with a reason; never an internal error."""
    moving = made_run.markers()
    standing = np.repeat(moving[:1], 30, axis=0)
    static = part(standing, of_static, set())
    reference = StaticReference(median_positions(static), LIMBS if limbs else {})
    notes = Notes("fast", "P1", "run.c3d", "run.c3d")
    trial = TRIAL.model_copy(update={"fix": "labels as recorded" if accepted else None})
    refusal = AqbioError("none", fix="none")
    try:
        recording = with_checked_labels(
            part(moving, absent, hidden), trial, reference, MARKER_SET, notes
        )
        prepare_trial(recording, trial, MARKER_SET, Laboratory(), Prepare(), notes)
    except AqbioError as error:
        refusal = error
    assert refusal.what
    assert refusal.fix


def test_a_readers_finding_names_no_label_that_the_marker_set_lacks():
    """Such a label may be the name of a person."""
    points = np.ones((9, 2, 3))
    finding = Finding("points-away", "info", "Jane, RASI: far away.", label="Jane, RASI")
    recording = Recording(("RASI", "Jane"), points, 100.0, None, (finding,))
    notes = Notes("fast", "P1", "run.c3d", "run.c3d")
    numbered = with_numbered_unknowns(recording, MARKER_SET, notes)
    assert numbered.findings[0].what == "unused point 2, RASI: far away."
    assert "Jane" not in repr((numbered, notes.findings))


@settings(max_examples=60, deadline=None)
@given(of_static=lacking, of_runs=st.lists(lacking, min_size=1, max_size=3))
def test_static_only_labels_give_one_remark(of_static, of_runs):
    """Those that every run lacks; what one run lacks stays a finding of that run."""
    worn = set(made_run.LABELS) - of_static
    runs = [
        {
            "status": "ok",
            "findings": [{"rule": "marker-absent", "label": label} for label in sorted(absent)],
        }
        for absent in of_runs
    ]
    calibrating = calibration_labels(worn, runs)
    assert calibrating == worn.intersection(*of_runs)
    for run, absent in zip(runs, of_runs, strict=True):
        left = {finding["label"] for finding in without_absences(run, calibrating)["findings"]}
        assert left == absent - calibrating
    remark = _calibration_only("P1", sorted(calibrating))
    assert (remark.rule, remark.severity) == ("markers-calibration", "info")
