"""Counting, wording and arranging: each against hand-made rows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aqbio.pages.methods import origin
from aqbio.pages.quality import disagreement_words, quality_cell, quality_tables, residuals


def _quality(*rows: tuple[str, str, float, str, float, str | None]) -> pd.DataFrame:
    names = ["trial_id", "measure", "value", "unit", "limit", "verdict"]
    return pd.DataFrame(rows, columns=names).assign(participant_id="A", note=None)


def _residual_rows(trial: str, size: float, verdict: str) -> list:
    return [
        (trial, f"residual_{kind}_{axis}_rms", size, unit, 1.0, verdict)
        for kind, unit in (("force", "body weight"), ("moment", "N m"))
        for axis in "xyz"
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


def test_a_fitted_trial_has_residuals_before_and_after():
    before = [
        (trial, f"plain_{name}", *rest)
        for trial, name, *rest in _residual_rows("jog", 99.0, "fail")
    ]
    rows = _quality(*_residual_rows("jog", 7.0, "ok"), *before)
    assert [(one.version, one.moment[0].value) for one in residuals(rows)] == [
        ("before the consistency fit", 99.0), ("after it", 7.0),
    ]  # fmt: skip
    assert disagreement_words(rows) == (
        "Residual forces or moments lie outside their limits before the consistency fit in 1 of 1 "
        "trial, in the motion that the results rest on in 0 of 1 trial (fitted values: they do not "
        "show that the data are good)."
    )
    assert disagreement_words(rows[:0]) == ""
