"""Every column of steps.tsv, quality.tsv and contributions.tsv against an outsider's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.gait.step_files import STEADY_SPEED_CHANGE
from tests.outsider.quality import AXES, ELSEWHERE, limits, measures
from tests.outsider.signals import Results, Step
from tests.outsider.tables import (
    FORCE,
    contributions,
    heading_changes,
    intervals,
    posterior_sds,
    step_numbers,
)

SPLINES = 3e-3
"""Of the largest value: 101 points on straight lines between frames against a spline through them;
frames are 2 to 4 per cent of a phase."""

EXTREMES = 2e-2
"""The same for the least and the largest value, between whose points the grid may miss it."""

REST = 5e-2
"""The same of residuals: what large moments leave of each other turns within a frame."""

GIVEN_COLUMNS = {
    "participant_id", "trial_id", "step", "condition", "side", "touchdown_s", "toe_off_s",
    "next_touchdown_s", "touchdown_fitted_s", "toe_off_fitted_s", "next_touchdown_fitted_s",
    "status", "reason", "events", "motion", "step_flags", "height_m", "heading_change_deg",
}  # fmt: skip
"""Columns of the table of steps that `check_events` and `check_words` look at."""

POSTURES = (
    "thigh_", "knee_separation_", "swing_knee_", "touchdown_distance_", "trunk_lean_",
    "shin_angle_", "ankle_angle_", "foot_angle_", "knee_height_", "heel_recovery_",
)  # fmt: skip
"""How columns begin that take the body's joints: `tests/virtual/test_measures.py` checks them."""


def check_steps(trial: Results, rows: pd.DataFrame, step_numbers_kept: set[int]) -> None:
    """Every number of the table of steps; no column is unchecked."""
    for _, row in rows[rows["step"].isin(step_numbers_kept)].iterrows():
        computed = step_numbers(trial, row)
        checked = (
            GIVEN_COLUMNS
            | set(computed)
            | {column for column in rows if column.startswith(POSTURES)}
        )
        assert checked >= set(rows.columns[rows.notna().any()]), "a column is unchecked"
        largest = max(abs(row[n]) for n in computed if n.endswith("stance_mean_kgm2ps"))
        for name, value in computed.items():
            size = largest if name.endswith("stance_mean_kgm2ps") else abs(row[name])
            both_missing = np.isnan(value) and pd.isna(row[name])
            near_zero = name in ("speed_change_mps", "acceleration_mps2")
            limit = max(SPLINES * size, 1e-3 if near_zero else 1e-12)
            assert both_missing or abs(row[name] - value) <= limit, (name, row[name], value)
    turns = heading_changes(trial, rows)
    np.testing.assert_allclose(rows["heading_change_deg"][: len(turns)], turns, atol=1e-3)
    assert rows["heading_change_deg"][len(turns) :].isna().all()


def check_events(trial: Results, rows: pd.DataFrame) -> None:
    """Contacts of the file in order; the next one of the other foot ends a step."""
    data = trial.data
    for column, name in (("touchdown", "touchdown"), ("toe_off", "toe_off")):
        fitted_times = data[f"contact_{name}"].values
        np.testing.assert_allclose(rows[f"{column}_fitted_s"], fitted_times, rtol=0, atol=1e-12)
    following = [*rows["touchdown_fitted_s"][1:], np.nan]
    has_next = rows["next_touchdown_fitted_s"].notna()
    np.testing.assert_allclose(
        rows["next_touchdown_fitted_s"][has_next], np.array(following)[has_next], rtol=0, atol=1e-12
    )
    assert rows["side"].tolist() == data["contact_foot"].values.tolist()
    assert rows["step"].tolist() == list(range(1, len(rows) + 1))
    for name in ("touchdown", "toe_off", "next_touchdown"):
        late = (rows[f"{name}_s"] - rows[f"{name}_fitted_s"]).dropna()
        np.testing.assert_allclose(late, trial.clock_offset, rtol=0, atol=1e-12)


def check_words(trial: Results, rows: pd.DataFrame, sheet: pd.Series, settings) -> None:
    """Status, flags, and what is the same in all rows of a trial."""
    assert set(rows["trial_id"]) == {trial.trial}
    assert set(rows["condition"]) == {sheet["condition"]}
    assert set(rows["events"]) == {trial.data.attrs["events"]}
    assert set(rows["motion"]) == {trial.data.attrs["motion"]}
    assert len(set(rows["height_m"])) == 1
    unknown = rows["next_touchdown_s"].isna()
    assert (rows["status"][unknown] != "ok").all()
    assert (rows["reason"].isna() == (rows["status"] == "ok")).all()
    limit = settings.steps
    for _, row in rows.iterrows():
        expected = {
            "accelerating": abs(row["speed_change_mps"]) > STEADY_SPEED_CHANGE * row["speed_mps"],
            "lateral_force": abs(row["lateral_force_bw"]) > limit.lateral_force_bw,
            "heading_change": abs(row["heading_change_deg"]) > limit.heading_change_degrees,
            "whole_body_unknown": pd.isna(row["H_total_y_stance_mean_kgm2ps"]),
            "marker_error": row["marker_rms_m"] > settings.solve.reject_rms_m
            or row["marker_max_m"] > settings.solve.reject_max_m,
        }
        flags = "" if pd.isna(row["step_flags"]) else row["step_flags"]
        assert set(flags.split(",")) - {""} == {name for name, is_so in expected.items() if is_so}


def check_contributions(trial: Results, step: Step, rows: pd.DataFrame) -> None:
    """Every row of a step: value, both ends of its interval, the posterior; none is unchecked."""
    expected = {key: (value, size) for key, value, size in contributions(trial, step)}
    half, push_ranges = intervals(trial, step), _push_ankle_toes(trial, step, expected)
    sds = {
        statistic: posterior_sds(trial, step, name)
        for statistic, name in (("momentum_mean", "momentum"), ("moment_mean", "rate"))
    }
    force = rows[rows["source"] == FORCE[1]].set_index("axis")["value"]
    for row in rows.itertuples():
        key = (row.level, row.source, row.target, row.axis, row.phase, row.statistic)
        if row.level == "C":
            assert np.isnan(row.value)
            low, high, size = push_ranges[key]
            np.testing.assert_allclose((row.low, row.high), (low, high), rtol=0, atol=size)
            continue
        assert key in expected, f"nobody computes {key}"
        value, size = expected[key]
        far = REST if row.source == "residual_moment" else EXTREMES
        limit = far if row.statistic.endswith(("_min", "_max")) else SPLINES
        both_missing = np.isnan(row.value) and np.isnan(value)
        assert both_missing or abs(row.value - value) <= limit * size, (key, row.value, value)
        half_width = _interval(row, step, half)
        if row.statistic == "inertial_share":
            half_width = _share_interval(row, half) / abs(force[row.axis])
        np.testing.assert_allclose(row.high - row.value, half_width, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(row.value - row.low, half_width, rtol=1e-6, atol=1e-9)
        has_posterior = row.level == "A" and row.phase == "stance"
        sd = sds.get(row.statistic, {}).get(row.source) if has_posterior else None
        half_width = np.nan if sd is None else sd[AXES.index(row.axis)]
        np.testing.assert_allclose(row.sd_posterior, half_width, rtol=1e-4)


def _interval(row, step: Step, half) -> float:
    """Half of the interval of a stance mean, or of its impulse."""
    statistic = row.statistic.replace("_impulse", "_mean")
    factor = step.toe_off - step.touchdown if row.statistic.endswith("_impulse") else 1.0
    key = (row.level, row.source, row.target, statistic, row.axis)
    return factor * half.get(key, np.nan) if row.phase == "stance" else np.nan


def _share_interval(row, half) -> float:
    """Half of the interval of a share, times the force that it is of."""
    part = half.get(("force", row.source, "ground", "inertial_force_mean", row.axis), np.nan)
    return float(np.hypot(part, row.value * half.get((*FORCE, "force_mean", row.axis), np.nan)))


def _push_ankle_toes(trial, step, expected) -> dict[tuple[str, ...], tuple[float, float, float]]:
    """Ankle and toes alone: the least and the largest under any contact model, and a tolerance."""
    half, ranges = intervals(trial, step), {}
    for (level, *rest), (value, size) in expected.items():
        if level.startswith("C alone"):
            source, target, axis, _, statistic = rest
            off = half.get((level, source, target, statistic, axis), 0.0)
            ends = ranges.setdefault(("C", *rest), ([], [], []))
            for values, end in zip(ends, (value - off, value + off, SPLINES * size), strict=True):
                values.append(end)
    return {key: (min(low), max(high), max(size)) for key, (low, high, size) in ranges.items()}


def check_quality(trial: Results, rows: pd.DataFrame, steps: pd.DataFrame) -> None:
    """Every measure with its limit and verdict; none is unchecked."""
    computed, table = measures(trial, steps), rows.set_index("measure")
    unknown = set(table.index) - set(computed) - set(ELSEWHERE)
    assert not unknown, f"nobody computes {unknown}"
    for name in set(computed) & set(table.index):
        loose = "effect" in name or name.endswith("stance_rms")  # quotients of root mean squares
        limit = (2e-2 if loose else SPLINES) * abs(computed[name])
        limit = 1e-4 if name == "force_delay" else limit
        assert abs(table["value"][name] - computed[name]) <= limit, (name, table["value"][name])
    for name, value in limits(trial).items():
        assert abs(table["limit"][name] - value) <= 1e-5 * value, name
    assert rows.loc[rows["limit"].notna(), "verdict"].notna().all()
    for row in rows[rows["verdict"].notna()].itertuples():
        if np.isnan(row.value) or np.isnan(row.limit):
            assert row.verdict == "not tested", row.measure
            continue
        good = row.value >= row.limit if "effect" in row.measure else row.value <= row.limit
        assert (row.verdict == "ok") == good, row.measure
        assert row.verdict in ("ok", "warning", "fail")


def check_files_of_tests() -> None:
    """Tests that look at the other measures are there, and name them."""
    for name, file in ELSEWHERE.items():
        text = (Path(__file__).parents[2] / file).read_text(encoding="utf-8")
        assert name.removeprefix("sd_") in text, (name, file)
