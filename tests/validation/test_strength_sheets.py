"""Sheets of made-up strengths: what was planted comes out of the product's own reading."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from aqbio.io.strength import checked_strength
from aqbio.pages.strength import _lines, percent
from aqbio.stats.leg_strength import session_changes, strength_tests
from validation.strength_sheets import ATHLETES, SESSIONS, participants, sheet

SEEDS = range(12)

NO_RUNNING = pd.DataFrame(columns=["comparison", "condition", "speed_mps", "source"])
"""Differences of an athlete of whom no step was recorded."""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Rows of every sheet."""
    path, sheets = tmp_path_factory.mktemp("sheets") / "strength.tsv", []
    for seed in SEEDS:
        path.write_text(sheet(seed), encoding="utf-8")
        rows, findings = checked_strength(path, participants())
        assert findings == []
        sheets.append(rows)
    return sheets


def _of(rows, athlete, session):
    return [row for row in rows if row.participant_id == f"{athlete.name}_{session}"]


def test_planted_legs_are_found_and_intervals_hold_them(read):
    """Coverage of the page's intervals is the stated one; without a difference none is found."""
    truth_within, weaker_found = [], {athlete.name: [] for athlete in ATHLETES}
    for rows in read:
        for athlete in ATHLETES:
            for session in SESSIONS:
                change = (athlete.left_gain - athlete.right_gain) * (session == "after")
                true = percent(-(athlete.left + change))
                for line in _lines(_of(rows, athlete, session), NO_RUNNING):
                    truth_within.append(line.ratio.low <= true <= line.ratio.high)
                    if session == "before":
                        weaker_found[athlete.name].append(line.ratio.sure and line.ratio.low > 0.0)
    assert binomtest(sum(truth_within), len(truth_within), 0.95).pvalue > 1e-3
    assert np.mean(weaker_found["weaker_left"]) > 0.7
    assert np.mean(weaker_found["nothing"]) < 0.15


def test_training_shows_as_change_of_the_leg_that_trained(read):
    changes = {}
    for rows in read:
        for athlete in ATHLETES:
            names = [f"{athlete.name}_{session}" for session in SESSIONS]
            athlete_rows = [row for row in rows if row.participant_id in names]
            for row in session_changes(strength_tests(athlete_rows), *names).itertuples():
                changes.setdefault((athlete, row.side), []).append(math.log(row.after / row.before))
    for (athlete, side), values in changes.items():
        true = athlete.left_gain if side == "left" else athlete.right_gain
        room = 4.0 * 0.05 * math.sqrt(2.0 / 3.0 / len(values))
        assert np.mean(values) == pytest.approx(true, abs=room), (athlete.name, side)
