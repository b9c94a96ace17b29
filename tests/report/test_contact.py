"""The contact on the first page: outlines of solids, which contact, words from its row."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from aqbio.names import DOUBTFUL, NORMAL_95, USABLE
from aqbio.pages.address import plain
from aqbio.pages.stance import UNIT
from aqbio.report.contact import INSTANTS, _curves, _sentence, projected_ellipse, shown_contact

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
    numbers = re.findall(r"−?\d+\.\d+", plain(_sentence(row)))
    expected = [2.0, NORMAL_95 * 0.2, -2.5, NORMAL_95 * 0.1]
    assert [float(text.replace("−", "-")) for text in numbers] == pytest.approx(expected, abs=0.005)
    row["H_push_side_y_stance_mean_sd_kgm2ps"] = row["H_swing_side_y_stance_mean_sd_kgm2ps"] = (
        math.nan
    )
    assert plain(_sentence(row)).endswith(f"2.00, swing side (dashed) −2.50 {UNIT}.")


PHASE = np.linspace(0.0, math.pi, 101)
CURVES = {
    "both signs": (3.0 * np.cos(PHASE) + 1.0, -2.0 * np.sin(PHASE), 0.2),
    "above": (40.0 + 9.0 * np.cos(PHASE), 20.0 + PHASE, 0.0),
    "below": (-0.03 * np.sin(PHASE) - 0.01, -0.02 + 0.001 * PHASE, 0.004),
}
"""Push side, swing side, and the standard deviation of their error at touchdown; it halves to the
end."""


def _path(line: ElementTree.Element) -> np.ndarray:
    return np.array(
        [pair.split() for pair in re.split("[MLZ]", line.get("d")) if pair], dtype=float
    )


def _straight(numbers, positions):
    """Place of any number, by labelled ones that stand on one line."""
    slope, start = np.polyfit(numbers, positions, 1)
    np.testing.assert_allclose(start + slope * np.array(numbers), positions, atol=0.11)
    return lambda number: start + slope * np.asarray(number)


def _axes(panel: ElementTree.Element):
    """From per cent of the contact and momentum to places, by the words and numbers drawn."""
    texts = panel.findall("text")
    at = {text.text: float(text.get("x")) for text in texts if text.text in INSTANTS}
    labels = [text for text in texts if text.get("text-anchor") == "end"]
    labels = [text for text in labels if text.text not in INSTANTS]
    numbers = [float(text.text.replace("−", "-")) for text in labels]
    assert len(numbers) == 3
    positions = [float(text.get("y")) - 4.0 for text in labels]
    assert list(at) == ["touchdown", "middle", "toe-off"]
    assert max(float(text.get("x")) for text in labels) < at["touchdown"]
    return _straight([0.0, 50.0, 100.0], list(at.values())), _straight(numbers, positions)


@pytest.mark.parametrize("name", CURVES)
def test_curves_stand_where_the_words_and_numbers_beside_them_say(name):
    """Lines, 95 % of the error about them, zero, and the instants of the bodies above."""
    push, swing, sd = CURVES[name]
    curves = {"push_side": push, "swing_side": swing}
    sds = {side: np.linspace(sd, sd / 2.0, 101) for side in curves} if sd else {}
    panel = ElementTree.fromstring(str(_curves(curves, sds)))
    (x, y), percent = _axes(panel), np.arange(0, 101, 2)
    lines = [(line.get("class"), line) for line in panel.findall("path")]
    instants = [line.get("d") for look, line in lines if look == "instant"]
    ends = np.array([re.findall(r"[\d.]+", line) for line in instants], dtype=float)
    np.testing.assert_allclose(ends[:, 0], x([0.0, 50.0, 100.0]), atol=0.11)
    [(top, bottom)] = {(float(high), float(low)) for _, high, low in ends}
    paths = {look: _path(line) for look, line in lines if look != "instant"}
    looks = ("line", "band") if sd else ("line",)
    assert set(paths) == {"zero", *(f"{side} {look}" for side in curves for look in looks)}
    np.testing.assert_allclose(paths["zero"], [[x(0), y(0)], [x(100), y(0)]], atol=0.2)
    for side, values in curves.items():
        points = paths[f"{side} line"]
        np.testing.assert_allclose(
            points, np.column_stack((x(percent), y(values[percent]))), atol=0.3
        )
        if sd:
            half = norm.ppf(0.975) * sds[side]
            outline = np.concatenate(((values + half)[percent], (values - half)[percent[::-1]]))
            expected = np.column_stack((x([*percent, *percent[::-1]]), y(outline)))
            np.testing.assert_allclose(paths[f"{side} band"], expected, atol=0.3)
    heights = np.concatenate([path[:, 1] for path in paths.values()])
    assert heights.min() == pytest.approx(top, abs=0.11)
    assert heights.max() == pytest.approx(bottom, abs=0.11)
    _, _, width, height = map(float, panel.get("viewBox").split())
    assert 0.0 < top < bottom < height
    assert x(100.0) <= width


def test_curves_of_nothing_are_flat():
    panel = ElementTree.fromstring(str(_curves({"push_side": np.zeros(101)}, {})))
    paths = [line for line in panel.findall("path") if line.get("class") != "instant"]
    lines = {line.get("class"): _path(line)[:, 1] for line in paths}
    assert set(lines["push_side line"]) == set(lines["zero"])
