"""Comparisons that an athlete's page offers: of the trials that there are, and of whole steps."""

from __future__ import annotations

import pandas as pd

from aqbio.pages.athlete import comparisons


def made(*trials: tuple[str, str, float], sides: str = "lr") -> pd.DataFrame:
    """Steps of trials: name, condition and speed."""
    return pd.DataFrame(
        [
            {
                "participant_id": "A b", "trial_id": name, "condition": condition, "status": "ok",
                "speed_mps": speed, "side": {"l": "left", "r": "right"}[side],
            }
            for name, condition, speed in trials
            for side in sides
        ]
    )  # fmt: skip


def test_slowest_fastest_and_the_other_condition():
    steps = made(("jog", "normal", 4.0), ("top", "normal", 9.0), ("tied", "restricted_arms", 8.0))
    assert list(comparisons(steps, {"jog", "top", "tied"})) == [
        ("left step against right step at 9.00 m/s", "a=A%20b/top@left&b=A%20b/top@right&mirror=a"),
        ("4.00 against 9.00 m/s", "a=A%20b/jog@right&b=A%20b/top@right"),
        ("normal against restricted arms at top speed", "a=A%20b/top@right&b=A%20b/tied@right"),
    ]


def test_what_has_no_page_or_no_step_is_not_offered():
    steps = made(("jog", "normal", 4.0), ("top", "normal", 9.0))
    assert [words for words, _ in comparisons(steps, {"jog"})] == [
        "left step against right step at 4.00 m/s"
    ]
    assert list(comparisons(steps, ())) == []
    assert list(comparisons(steps.assign(status="rejected"), {"jog", "top"})) == []


def test_a_foot_that_never_lands_whole_is_not_compared():
    assert list(comparisons(made(("jog", "normal", 4.0), sides="l"), {"jog"})) == []
