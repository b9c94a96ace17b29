"""Steps that accelerate or turn: the words of the page, and what they are compared with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.pages.address import plain
from aqbio.pages.unsteady import STEADY_ONLY, unsteady_words, why_beyond_others


def steps(**columns) -> pd.DataFrame:
    """Three steps of a steady run at 6 m/s, with some columns changed."""
    table = {
        "participant_id": "P1", "trial_id": "run", "step": [1, 2, 3],
        "side": ["left", "right", "left"], "status": "ok", "step_flags": None, "speed_mps": 6.0,
        "speed_change_mps": 0.02, "acceleration_mps2": 0.1, "heading_change_deg": 0.2,
        "step_frequency_hz": 3.3,
    }  # fmt: skip
    return pd.DataFrame(table | columns)


def test_steady_running_is_not_spoken_of():
    assert unsteady_words(steps()) == ""
    assert unsteady_words(steps(step_flags="lateral_force,marker_error")) == ""
    assert why_beyond_others(steps(), 6.0, "") == ""


@pytest.mark.parametrize(
    ("side", "angle", "way"),
    [("left", -23.6, "right"), ("left", 23.6, "left"), ("right", -23.6, "left")],
)
def test_a_side_step_turns_and_is_no_run(side, angle, way):
    """Positive is toward the foot on the ground."""
    cut = steps(side=side, heading_change_deg=angle, step_flags="lateral_force,heading_change")
    words = plain(unsteady_words(cut[:1]))
    assert words == (
        f"In trial run the direction of travel turns: 24° to the {way} in step 1. {STEADY_ONLY}"
    )


@pytest.mark.parametrize(("change", "text"), [(0.5, "by 0.50 m/s"), (-0.5, "by −0.50 m/s")])
def test_every_step_has_its_speed_and_the_acceleration_by_the_forces(change, text):
    speeding = steps(
        speed_change_mps=change, speed_mps=[5.6, 6.1, 6.6], step_flags="accelerating",
        acceleration_mps2=[2.5, -0.04, np.nan],
    )  # fmt: skip
    words = plain(unsteady_words(speeding))
    assert f"{text} in step 1 at 5.60 m/s (by the forces 2.5 m/s²); {text} in step 2" in words
    assert "(by the forces 0.0 m/s²)" in words
    assert f"{text} in step 3 at 6.60 m/s." in words  # forces are not known
    assert unsteady_words(speeding.assign(status="rejected")) == ""
    one_of_three = speeding.assign(step_flags=["accelerating", None, None])
    assert unsteady_words(one_of_three) == ""


@pytest.mark.parametrize("frequency", [3.3, 4.3])
def test_the_page_says_why_an_accelerating_runner_lies_outside(frequency):
    """A faster rhythm is named where it is one: 3.0 to 3.6 a second are usual at 6 m/s."""
    words = why_beyond_others(
        steps(step_flags="accelerating", step_frequency_hz=frequency), 6.0, ""
    )
    words = plain(words)
    assert words.startswith("These steps change their speed, and those of the others do not")
    assert ("4.3 a second" in words) == (frequency > 4.0)
