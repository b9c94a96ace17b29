"""Numbers that something invalidates are in no mean, on no page and in no figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.figures.counted import counted_rows, counted_steps, invalidated_outcomes, is_counted

TRIALS = pd.DataFrame({
    "participant_id": ["A", "A", "A", "B"], "trial_id": ["raw", "smooth", "late", "smooth"],
    "invalidated": [None, "postures, momentum, moments, causes", "forces, moments, causes", None],
})  # fmt: skip
STEPS = pd.DataFrame({
    "participant_id": ["A", "A", "A", "B"], "trial_id": ["raw", "smooth", "late", "smooth"],
    "step": [1, 1, 1, 1], "speed_mps": 9.0, "contact_s": 0.1, "H_arms_y_stance_mean_kgm2ps": 3.0,
    "peak_vertical_force_bw": 3.5, "M_residual_y_stance_rms_Nm": 5.0, "side": "left",
})  # fmt: skip


@pytest.mark.parametrize(("column", "counted"), [
    ("contact_s", [1, 1, 1, 1]), ("speed_mps", [1, 1, 1, 1]), ("step", [1, 1, 1, 1]),
    ("H_arms_y_stance_mean_kgm2ps", [1, 0, 1, 1]), ("peak_vertical_force_bw", [1, 1, 0, 1]),
    ("M_residual_y_stance_rms_Nm", [1, 0, 0, 1]),
])  # fmt: skip
def test_a_number_of_a_step_counts_unless_what_it_rests_on_is_invalid(column, counted):
    invalidated = invalidated_outcomes(TRIALS)
    counts = counted_steps(STEPS, invalidated)[column].notna()
    assert counts.tolist() == [bool(one) for one in counted]
    assert counted_steps(STEPS, {}) is STEPS


def test_a_trial_of_another_person_of_the_same_name_counts():
    assert is_counted(STEPS, "momentum", invalidated_outcomes(TRIALS)).tolist() == [
        True, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(("level", "statistic", "trials"), [
    ("A", "momentum_mean", "raw late"), ("A", "moment_mean", "raw"), ("B", "moment_mean", "raw"),
    ("joint", "moment_mean", "raw"), ("C (C2)", "moment_mean", "raw"),
    (ESTIMATED, "force_mean", "raw smooth"),
])  # fmt: skip
def test_contributions_count_by_their_level(level, statistic, trials):
    rows = pd.DataFrame({
        "participant_id": "A", "trial_id": ["raw", "smooth", "late"], "level": level,
        "statistic": statistic, "value": np.arange(3.0),
    })  # fmt: skip
    assert counted_rows(rows, invalidated_outcomes(TRIALS))["trial_id"].tolist() == trials.split()
