"""JA1's levels as they are told, and a sentence of docs/consistency.md: what its studies give."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.consistency.stage import inverse_dynamics_participant
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.io.tables import read_columns
from tests.real.conftest import StudyRun

pytestmark = [pytest.mark.real, pytest.mark.opensim]

DOCS = Path(__file__).parents[2] / "docs"
LEVELS = DOCS.parent / "benchmarks/results/ja1_levels.md"
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


def test_thighs_are_farther_outward_than_tables_say(run_study):
    """On our model, both sides, along the segment's own axis to the right."""
    text = (DOCS / "consistency.md").read_text(encoding="utf-8")
    low, high = re.search(r"are (\d+) to (\d+) mm farther outward", text).groups()
    folder = run_study("ja1_sprint").results / "participants/JA1/consistent"
    shift = read_dataset(folder / "JA1_centres.nc")["centre_shift"]
    outward = [
        sign * float(shift.sel(segment=f"femur_{side}", axis="z"))
        for side, sign in (("r", 1), ("l", -1))
    ]
    assert all(float(low) - 0.5 <= 1000.0 * one <= float(high) + 0.5 for one in outward), outward


def test_tables_have_no_row_that_nobody_holds(lines):
    start = next(n for n, one in enumerate(lines) if one.startswith("| | the foot bears all"))
    rows = [one for one in lines[start + 2 :][:20] if one.startswith("| ")]
    known = (*ROWS, "ankle alone", "toes alone", "work absorbed", "peak moment")
    told = pd.Series(rows).str.removeprefix("| ")
    assert told.str.startswith(known).sum() == 14


CHANGED = {
    "share of a leg": ("mass", "leg_left", "", "share", 1.0),
    "centre of mass, height, m": ("centre_of_mass", "whole body", "y", "mean", 1.0),
    "right thigh's markers, mm": ("marker_error", "femur_r", "", "rms", 1000.0),
    "hip flexion, right, N m": ("joint_moment", "hip_flexion_r", "", "peak", 1.0),
    "knee, right, N m": ("joint_moment", "knee_angle_r", "", "peak", 1.0),
    "lumbar extension, N m": ("joint_moment", "lumbar_extension", "", "peak", 1.0),
    "lumbar bending, N m": ("joint_moment", "lumbar_bending", "", "peak", 1.0),
}
"""Rows of the table of both trials and models in docs/consistency.md: what they are of."""

TOLD = (("ja1", "sprint"), ("ja1", "jog"), ("ja1_sprint", "sprint"), ("ja1_sprint", "jog"))


NEW = "skin: new, samples: 0"
SKINS = ("learnt", "new")
"""As cells tell them after the arrow."""


@pytest.fixture(scope="module")
def fitted(run_study, tmp_path_factory):
    """Give a function for results of stage consistency, as it is or with errors that are new."""
    found: dict[tuple[str, str], Path] = {}

    def folder(study: str, skin: str) -> Path:
        if (study, skin) not in found:
            run = run_study(study)
            if skin == "new":
                run = _with_new_errors(run, tmp_path_factory.mktemp(study) / "copy")
            found[study, skin] = run.results / "participants/JA1"
        return found[study, skin]

    return folder


@pytest.fixture(scope="module")
def changes(fitted):
    """Give a function for what fits of a study changed, as it is or with errors that are new."""

    def rows(study: str, skin: str) -> pd.DataFrame:
        return read_columns(fitted(study, skin) / "consistent/JA1_changes.nc")

    return rows


def _with_new_errors(run: StudyRun, folder: Path) -> StudyRun:
    """A copy of a run whose stage consistency is done again."""
    shutil.copytree(run.directory, folder)
    file = folder / run.study_file.relative_to(run.directory)
    text = file.read_text(encoding="utf-8")
    assert "consistency:" not in text
    file.write_text(f"{text}consistency: {{{NEW}}}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        inverse_dynamics_participant(load_study(file), "JA1", lambda _: None)
    return StudyRun(folder, file)


@pytest.mark.parametrize("begin", CHANGED)
@pytest.mark.parametrize("skin", SKINS)
def test_what_the_fit_changed_of_both_trials_and_models(changes, begin, skin):
    """Before, after and, of moments, their correlation."""
    text = (DOCS / "consistency.md").read_text(encoding="utf-8")
    table = text[text.index("**Both trials, both models**") :].splitlines()
    cells = next(one for one in table if one.startswith(f"| {begin}")).split("|")[2:-1]
    quantity, part, axis, statistic, factor = CHANGED[begin]
    for cell, (study, trial) in zip(cells, TOLD, strict=True):
        if cell.strip() == "the same":
            continue
        rows = changes(study, skin)
        rows = rows[rows["trial_id"].isna() | rows["trial_id"].eq(trial)]
        rows = rows[rows["quantity"].eq(quantity) & rows["part"].eq(part)]
        if axis:
            rows = rows[rows["axis"].eq(axis)]
        [row] = rows[rows["statistic"].eq(statistic)].to_dict("records")
        before, _, after = cell.partition("→")
        own = after.split(";")[SKINS.index(skin)]
        told = [float(one) for one in re.findall(r"[\d.]*\d", before + own)]
        expected = [factor * row["before"], factor * row["after"]]
        if quantity == "joint_moment":
            alike = rows[rows["statistic"].eq("correlation")]["after"].item()
            assert told.pop() == pytest.approx(alike, abs=0.011)
        digits = len(before.strip().partition(".")[2])
        np.testing.assert_allclose(told, expected, rtol=0.004, atol=0.6 * 10.0**-digits)


@pytest.mark.parametrize(
    ("begin", "statistic", "factor", "digits"),
    [("the height is known to", "sd", 1000.0, 0), ("the share of a leg to", "share_sd", 1.0, 3)],
)
def test_how_sure_height_and_legs_are(changes, begin, statistic, factor, digits):
    """After the fit by both models, then before it."""
    text = (DOCS / "consistency.md").read_text(encoding="utf-8")
    told = text[text.index(begin) :].partition(")")[0]
    rows = [changes(study, "learnt") for study in ("ja1", "ja1_sprint")]
    found = [one[one["statistic"].eq(statistic)].iloc[0] for one in rows]
    expected = [factor * one[end] for end in ("after", "before") for one in found]
    numbers = [float(one) for one in re.findall(r"± ([\d.]+)", told)]
    np.testing.assert_allclose(numbers, expected, atol=0.55 * 10.0**-digits)


@pytest.mark.parametrize(("begin", "study"), [("Rajagopal's", "ja1"), ("ours", "ja1_sprint")])
def test_markers_and_contacts_that_were_left_out(fitted, changes, begin, study):
    """Of the sprint: inverse kinematics, no forces, errors that are new, errors that last."""
    text = (DOCS / "consistency.md").read_text(encoding="utf-8").splitlines()
    row = next(one for one in text if one.startswith(f"| sprint, {begin}, calibrated"))
    new, own = (_manifest(fitted(study, skin)) for skin in ("new", "learnt"))
    assert new["held_out_before_m"] == pytest.approx(own["held_out_before_m"])
    after = [one["held_out_after_m"] for one in (new, own)]
    found = np.array([new["held_out_before_m"], own["held_out_alone_m"], *after])
    told = [float(one) for one in re.findall(r"\d+\.\d", row)]
    np.testing.assert_allclose(told, 1e3 * found, atol=0.1)
    start = "| Rajagopal's model | " if study == "ja1" else "| ours | "
    row = next(one for one in text if one.startswith(start) and one.count(",") == 4)
    told = [float(one) for one in re.findall(r"\d+", row)]
    rms = [
        changes(study, skin).query(f"quantity == 'left_out' and statistic == '{what}'")[way]
        for what in ("force_mean", "force_rms")
        for skin, way in (("new", "before"), ("new", "after"), ("learnt", "after"))
    ]
    np.testing.assert_allclose(told, [np.sqrt((one**2).mean()) for one in rms], rtol=0.01, atol=0.6)


def _manifest(folder: Path) -> dict:
    """What stage consistency says of the sprint."""
    trials = json.loads((folder / "inverse_dynamics.json").read_text(encoding="utf-8"))["trials"]
    return next(one for one in trials if one["trial_id"] == "sprint")
