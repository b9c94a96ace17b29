"""The contact on the first page: outlines of solids, which contact, words from its row."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.names import DOUBTFUL, NORMAL_95, USABLE
from aqbio.pages.stance import UNIT
from aqbio.report.contact import _sentence, projected_ellipse, shown_contact

LENGTHS = st.floats(0.01, 1.0)
ANGLES = st.floats(-math.pi, math.pi)


@given(a=LENGTHS, b=LENGTHS, c=LENGTHS, turns=st.tuples(ANGLES, ANGLES, ANGLES), along=ANGLES)
def test_the_outline_reaches_as_far_as_the_ellipsoid_in_every_direction(a, b, c, turns, along):
    """Support functions: of the ellipsoid ``|diag(a) Rᵀ d|``, of the ellipse by its half axes."""
    rotation = Rotation.from_euler("xyz", turns).as_matrix()
    large, small, angle = projected_ellipse(np.array([a, b, c]), rotation)
    direction = np.array([math.cos(along), math.sin(along), 0.0])
    reach = np.linalg.norm(np.array([a, b, c]) * (rotation.T @ direction))
    ellipse = math.hypot(large * math.cos(along - angle), small * math.sin(along - angle))
    assert ellipse == pytest.approx(reach, rel=1e-6, abs=1e-9)
    assert large >= small > 0.0


def _steps(**columns):
    """Two trials of one athlete, three steps each; the second one is faster."""
    trials = np.repeat(["slow", "fast"], 3)
    table = pd.DataFrame(
        {
            "participant_id": "A", "trial_id": trials, "step": [1, 2, 3, 1, 2, 3],
            "status": "ok", "condition": "normal", "side": ["left", "right", "left"] * 2,
            "speed_mps": np.where(trials == "fast", 9.0, 5.0),
            "H_push_side_y_stance_mean_kgm2ps": 2.0, "H_swing_side_y_stance_mean_kgm2ps": -2.5,
            "H_push_side_y_stance_mean_sd_kgm2ps": 0.2,
            "H_swing_side_y_stance_mean_sd_kgm2ps": 0.1,
        }
    )  # fmt: skip
    return table.assign(**columns)


TRIALS = pd.DataFrame(
    {"participant_id": "A", "trial_id": ["slow", "fast"], "state": [USABLE, USABLE]}
)
REPLAYED = {("A", "slow"), ("A", "fast")}


def test_the_contact_is_a_right_one_of_the_fastest_usable_trial_with_a_replay():
    row = shown_contact(_steps(), TRIALS, REPLAYED)
    assert (row["trial_id"], row["step"]) == ("fast", 2)
    doubtful = TRIALS.assign(state=[USABLE, DOUBTFUL])
    assert shown_contact(_steps(), doubtful, REPLAYED)["trial_id"] == "slow"
    assert shown_contact(_steps(), TRIALS, {("A", "slow")})["trial_id"] == "slow"
    assert shown_contact(_steps(side="left"), TRIALS, REPLAYED)["side"] == "left"
    unknown = _steps(H_swing_side_y_stance_mean_kgm2ps=np.nan)
    assert shown_contact(unknown, TRIALS, REPLAYED) is None
    assert shown_contact(_steps(status="rejected"), TRIALS, REPLAYED) is None


def test_its_sentence_has_the_numbers_of_its_row():
    row = shown_contact(_steps(), TRIALS, REPLAYED)
    numbers = re.findall(r"−?\d+\.\d+", _sentence(row))
    expected = [2.0, NORMAL_95 * 0.2, -2.5, NORMAL_95 * 0.1]
    assert [float(text.replace("−", "-")) for text in numbers] == pytest.approx(expected, abs=0.005)
    row["H_push_side_y_stance_mean_sd_kgm2ps"] = row["H_swing_side_y_stance_mean_sd_kgm2ps"] = (
        math.nan
    )
    assert _sentence(row).endswith(f"2.00, swing side (dashed) −2.50 {UNIT}.")
