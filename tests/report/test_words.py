"""Counting, wording and arranging: each against hand-made rows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aqbio.errors import Cause, Finding, Severity, causes
from aqbio.pages.methods import origin
from aqbio.pages.quality import (
    cautions,
    closure_summary,
    closures,
    quality_cell,
    quality_tables,
    residuals,
)
from aqbio.pages.summary import gaps, study_summary

NO_FINDINGS: tuple[Cause, ...] = ()


def _quality(*rows: tuple[str, str, float, str, float, str | None]) -> pd.DataFrame:
    names = ["trial_id", "measure", "value", "unit", "limit", "verdict"]
    return pd.DataFrame(rows, columns=names).assign(participant_id="A", note=None)


def _residual_rows(trial: str, size: float, verdict: str) -> list:
    return [
        (trial, f"residual_{kind}_{axis}_rms", size, unit, 1.0, verdict)
        for kind, unit in (("force", "body weight"), ("moment", "N m"))
        for axis in "xyz"
    ]


def test_steps_and_trials_are_counted_with_their_reasons() -> None:
    trials = pd.DataFrame(
        {
            "participant_id": ["A", "A"],
            "trial_id": ["1", "2"],
            "status": ["ok", "failed"],
            "reason": [None, "prepare: no plates"],
            "state": ["usable", "failed"],
            "unobserved": [None, None],
            "agreement_before": ["fail", None],
            "agreement_after": ["ok", None],
        }
    )
    steps = pd.DataFrame(
        {
            "participant_id": "A",
            "trial_id": "1",
            "H_push_side_y_stance_mean_kgm2ps": 1.0,
            "H_swing_side_y_stance_mean_kgm2ps": -1.0,
            "peak_vertical_force_bw": 3.0,
            "status": ["ok", "ok", "rejected", "incomplete", "rejected"],
            "reason": [None, None, "edge; 6 mm", "no later contact", "edge; 9 mm; to 1.4 s"],
            "speed_mps": [9.5, 9.6, np.nan, 9.5, np.nan],
            "contact_s": [0.119, 0.119, 0.12, 0.12, 0.12],
            "flight_s": [0.11, 0.12, np.nan, np.nan, np.nan],
        }
    )
    found = study_summary(1, trials, steps)
    facts = dict(found.facts)
    assert facts["Trials"] == "2: 1 usable, 1 failed"
    assert facts["Steps"] == "2 kept, 2 rejected, 1 incomplete"
    assert facts["Speed"] == "9.50 to 9.60\xa0m/s"
    assert facts["Contact time"] == "0.119\xa0s"
    [cause] = found.failed
    assert (cause.concerns, cause.first.what) == ("A, 2", "prepare: no plates")
    assert found.gaps == ()
    assert found.agreement == (
        "Residuals, drift in flight or effect over residual lie outside their limits before the "
        "consistency fit in 1 of 1 trials; after it in 0 of 1 trials, where they are fitted and no "
        "evidence."
    )
    assert found.left_out == (("edge", 2), ("no later contact", 1))
    assert study_summary(1, trials, steps[steps["status"] == "ok"]).left_out == ()


def _told(lost: list[bool], unobserved: str | None, *, forces: bool = True) -> list[str]:
    """What cannot be said of four steps of two trials."""
    side = np.where(lost, np.nan, 2.0)
    steps = pd.DataFrame(
        {
            "participant_id": "A",
            "trial_id": ["1", "1", "2", "2"],
            "status": "ok",
            "H_push_side_y_stance_mean_kgm2ps": side,
            "H_swing_side_y_stance_mean_kgm2ps": -1.0,
            "peak_vertical_force_bw": 3.0 if forces else np.nan,
        }
    )
    trials = pd.DataFrame(
        {"participant_id": "A", "trial_id": ["1", "2"], "unobserved": [unobserved, unobserved]}
    )
    return list(gaps(trials, steps))


def test_what_cannot_be_said_is_said_with_its_reason() -> None:
    """Zero errors and seven warnings, where nothing about the two sides could be said."""
    arms = "the markers do not show arm_left, arm_right"
    assert _told([True] * 4, arms) == [
        "Nothing about the two sides can be said: the markers do not show both arms."
    ]
    [partly] = _told([False, False, False, True], arms)
    assert partly.startswith("In 1 of 4 steps nothing about the two sides can be said: the markers")
    assert _told([False] * 4, None) == []
    for unobserved in (None, arms):  # forces lack for their own reason, whatever is not seen
        [said] = _told([False] * 4, unobserved, forces=False)
        assert said.startswith("Nothing about ground forces, joint moments")
        assert said.endswith("no plate measured the force.")


def test_a_study_without_a_step_says_nothing_of_the_motion() -> None:
    steps = pd.DataFrame({"status": ["rejected"]})
    assert list(gaps(pd.DataFrame(), steps)) == [
        "No step was kept: nothing can be said about the motion."
    ]


@pytest.mark.parametrize(
    ("measure", "value", "limit", "verdict", "unit", "text", "against"),
    [
        ("marker_rms", 0.0158, 0.02, "ok", "m", "15.8", "limit 20"),
        ("marker_max", 0.047, 0.04, "warning", "m", "47.0", "above the limit of 40"),
        (
            "residual_force_y_rms",
            0.55,
            0.13,
            "fail",
            "body weight",
            "55.0",
            "above the limit of 13",
        ),
        ("effect_to_residual_y", 0.62, 3.0, "fail", "1", "0.62", "below the limit of 3"),
        ("opensim_position", 3e-15, 1e-9, "ok", "m", "3.0×10⁻¹⁵", "limit 1.0×10⁻⁹"),
        ("simbody_defect", 0.0, np.nan, np.nan, "relative", "0", ""),
        ("something_new", 4.3, np.nan, None, "ms", "4.3", ""),
    ],
)
def test_a_value_is_shown_against_its_limit(
    measure: str, value: float, limit: float, verdict: str, unit: str, text: str, against: str
) -> None:
    cell = quality_cell(measure, value, limit, verdict, unit)
    assert (cell.value, cell.text, cell.against) == (value, text, against)


def test_measures_stand_in_rows_and_trials_in_columns() -> None:
    rows = _quality(
        ("jog", "marker_rms", 0.012, "m", 0.02, "ok"),
        ("jog", "lag", 2.0, "ms", np.nan, None),
        ("sprint", "marker_rms", 0.025, "m", 0.02, "warning"),
        ("sprint", "closure_A1", 1e-16, "relative", 1e-12, "ok"),
    )
    (table,) = quality_tables(rows)
    assert (table.participant_id, table.trials) == ("A", ("jog", "sprint"))
    errors, lag = table.rows
    assert errors[:2] == ("Marker error, RMS", "mm")
    assert [cell.text for cell in errors[3] if cell] == ["12.0", "25.0"]
    assert lag[:2] == ("lag", "ms")
    assert lag[3][1] is None


def test_a_note_stands_once_or_with_each_trial() -> None:
    rows = _quality(
        ("jog", "marker_rms", 0.012, "m", 0.02, "ok"),
        ("sprint", "marker_rms", 0.015, "m", 0.02, "ok"),
        ("jog", "marker_max", 0.03, "m", 0.04, "ok"),
        ("sprint", "marker_max", 0.04, "m", 0.04, "ok"),
    ).assign(note=["all markers", "all markers", "marker LTOE", "marker RASI"])
    errors, largest = quality_tables(rows)[0].rows
    assert errors[2] == "all markers"
    assert [cell.note for cell in errors[3] if cell] == ["", ""]
    assert largest[2] == ""
    assert [cell.note for cell in largest[3] if cell] == ["marker LTOE", "marker RASI"]


def test_residuals_outside_their_limits_lead_the_page() -> None:
    rows = _quality(
        *_residual_rows("jog", 0.5, "ok"),
        *_residual_rows("sprint", 144.0, "fail"),
        ("sprint", "closure_A3", 0.06, "relative", 0.05, "fail"),
        ("sprint", "closure_A1", 1e-16, "relative", 1e-12, "ok"),
    )
    assert [row.outside for row in residuals(rows)] == [False, True]
    severities: tuple[Severity, ...] = ("warning", "warning", "error", "info")
    findings = causes(
        Finding("made-up", severity, f"finding {'abcd'[place]}.")
        for place, severity in enumerate(severities)
    )
    said = (
        "Residual forces or moments lie outside their limits in 1 of 2 trials; the largest "
        "residual moment is 144.0 N m RMS (A, sprint)."
    )
    assert cautions(rows, findings) == [
        said,
        "Closures that do not hold: 1 (A3).",
        "1 error and 2 warnings were found, each counted once for all trials that it concerns.",
    ]
    assert closures(rows)["name"].tolist() == ["A3", "A1"]


def test_other_measures_outside_their_limits_are_told() -> None:
    """Not those before the fit: the numbers do not rest on them. Warnings are counted elsewhere."""
    rows = _quality(
        ("jog", "flight_drift_y", 0.1, "1", 0.15, "ok"),
        ("sprint", "flight_drift_y", 0.2, "1", 0.15, "fail"),
        ("sprint", "plain_flight_drift_y", 0.6, "1", 0.15, "fail"),
        ("sprint", "marker_max", 0.05, "m", 0.04, "warning"),
    )
    assert cautions(rows, NO_FINDINGS) == [
        "Drift of the total in flight, vertical axis: outside its limit in 1 of 2 trials."
    ]


def test_every_closure_is_told_once_by_its_worst_trial() -> None:
    rows = _quality(
        ("jog", "closure_B1", 3e-15, "relative", 1e-8, "ok"),
        ("sprint", "closure_B1", 5e-3, "relative", 1e-8, "fail"),
        ("jog", "closure_C-1", 4e-14, "relative", 1e-8, "ok"),
        ("sprint", "closure_C-1", 2e-14, "relative", 1e-8, "ok"),
    )
    found = closure_summary(rows)
    told = [(row["name"], row["trial_id"], row["broken"], row["trials"]) for row in found]
    assert told == [("B1", "sprint", 1, 2), ("C-1", "jog", 0, 2)]


def test_a_clean_study_needs_no_caution() -> None:
    assert cautions(_quality(*_residual_rows("jog", 0.5, "ok")), NO_FINDINGS) == []


def test_origin_joins_the_stages() -> None:
    def record(stage: str, settings: dict, inputs: dict) -> dict[str, str]:
        return {
            "stage": stage,
            "inputs": json.dumps(inputs),
            "settings": json.dumps(settings),
            "versions": json.dumps({"aqbio": "0.1.0"}),
            "commit": "abc",
        }

    found = origin(
        [
            ("A", record("prepare", {"prepare": {"cutoff_hz": 20.0}}, {"a.c3d": "12"})),
            ("B", record("prepare", {"prepare": {"cutoff_hz": 20.0}}, {"a.c3d": "34"})),
            ("", record("steps", {"model": {"corrections": {"unclamp": True}}}, {})),
        ]
    )
    assert found.commits == ("abc",)
    assert found.settings == {"prepare.cutoff_hz": "20.0", "model.corrections.unclamp": "true"}
    assert found.inputs == (("prepare", "A", "a.c3d", "12"), ("prepare", "B", "a.c3d", "34"))


def test_residuals_before_the_fit_are_not_counted_as_trials() -> None:
    """Nor do they lend their size: the numbers rest on what is left after the fit."""
    before = [
        (trial, f"plain_{name}", *rest)
        for trial, name, *rest in _residual_rows("jog", 99.0, "fail")
    ]
    rows = _quality(*_residual_rows("jog", 7.0, "fail"), *before)
    assert len(residuals(rows)) == 2
    [said] = cautions(rows, NO_FINDINGS)
    assert "in 1 of 1 trials; the largest residual moment is 7.0 N m RMS (A, jog)" in said
