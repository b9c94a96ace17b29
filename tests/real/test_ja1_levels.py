"""JA1's levels as benchmarks/results/ja1_levels.md has them: what its studies give."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_columns

pytestmark = [pytest.mark.real, pytest.mark.opensim]

LEVELS = Path(__file__).parents[2] / "benchmarks/results/ja1_levels.md"
STUDIES = {"Rajagopal's": "ja1", "ours": "ja1_sprint"}
PUSH_SIDE, FORWARD = ("push_side", "y", "moment_mean"), ("ground", "x", "force_mean")
ROWS = {
    "**ankle and toes**": ("ankle_toes_push", *PUSH_SIDE),
    "hip of the push leg": ("hip_push", *PUSH_SIDE),
    "lumbar joint": ("lumbar", *PUSH_SIDE),
    "force forward, ankle and toes": ("ankle_toes_push", *FORWARD),
}
"""Rows as they begin: source, target, axis and statistic of level C."""

CLOSE = 1.01
"""A number that is told without decimals, and what a library's last bits do to it."""


@pytest.fixture(scope="module")
def lines():
    return LEVELS.read_text(encoding="utf-8").splitlines()


def _cells(lines, begin, model):
    row = next(
        one
        for one in lines
        if one.startswith(f"| {begin}") and one.split("|")[1].strip().endswith(model)
    )
    return [
        [float(x) for x in re.findall(r"-?\d+", one.replace("−", "-"))]
        for one in row.split("|")[2:4]
    ]


def _steps(run):
    rows = read_columns(run.results / "participants/JA1/steps/contributions.nc")
    rows = rows[rows["trial_id"].eq("sprint") & rows["phase"].eq("stance")]
    names = ["level", "source", "target", "axis", "statistic"]
    return rows.astype(dict.fromkeys(names, str)).sort_values("step").set_index(names)


@pytest.mark.parametrize("model", STUDIES)
@pytest.mark.parametrize("begin", ROWS)
def test_what_causes_turning_and_push(run_study, lines, begin, model):
    """Before and now: the foot bears all, foot and toes bear it; intervals where they are told."""
    rows = _steps(run_study(STUDIES[model]))
    before, now = _cells(lines, begin, model)
    np.testing.assert_allclose(before, rows.loc[("C (C4)", *ROWS[begin])]["value"], atol=CLOSE)
    found = rows.loc[("C (C2)", *ROWS[begin])][["value", "low", "high"]].to_numpy()
    told = np.reshape(now, (4, -1))
    np.testing.assert_allclose(told, found[:, : told.shape[1]], atol=CLOSE)


@pytest.mark.parametrize(
    ("begin", "source"), [("ankle alone", "ankle_push"), ("toes alone", "mtp_push")]
)
def test_what_neither_does_alone(run_study, lines, begin, source):
    rows = _steps(run_study("ja1")).loc[("C", source, *PUSH_SIDE)]
    _, now = _cells(lines, begin, "Rajagopal's")
    np.testing.assert_allclose(np.reshape(now, (4, 2)), rows[["low", "high"]], atol=CLOSE)


@pytest.mark.parametrize("model", STUDIES)
def test_moment_and_work_at_the_toes(run_study, lines, model):
    run = run_study(STUDIES[model])
    work = _steps(run).loc[("B", "mtp_push", "whole_body", "all", "work_negative")]["value"]
    np.testing.assert_allclose(_cells(lines, "work absorbed", model)[1], -work, atol=CLOSE)
    data = read_dataset(run.results / "participants/JA1/contributions/sprint.nc")
    steps = run.table("steps.tsv")
    steps = steps[steps["trial_id"].eq("sprint") & steps["status"].ne("rejected")]
    peaks = []
    for row in steps.sort_values("step").to_dict("records"):
        inside = (data["time"] >= row["touchdown_fitted_s"]) & (
            data["time"] <= row["toe_off_fitted_s"]
        )
        own = data["joint_moment_coordinate"].sel(coordinate=f"mtp_angle_{row['side'][0]}")
        peaks.append(np.abs(own.values[inside.values]).max())
    np.testing.assert_allclose(_cells(lines, "peak moment", model)[1], peaks, atol=CLOSE)


def test_how_far_feet_slide(run_study, lines):
    run, text = run_study("ja1_sprint"), " ".join(lines)
    told = re.search(r"([\d.]+) mm in the jog and\s+([\d.]+) mm in the sprint", text).groups()
    found = [1000.0 * run.quality(trial, "foot_slip") for trial in ("jog", "sprint")]
    np.testing.assert_allclose([float(one) for one in told], found, atol=0.15)
