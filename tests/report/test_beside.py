"""What the page of two replays opens on."""

from __future__ import annotations

import pandas as pd

from aqbio.pages.athlete import left_right_address


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


def test_the_fastest_trial_of_both_feet_opens_side_by_side():
    steps = made(("jog", "normal", 4.0), ("top", "normal", 9.0))
    steps = pd.concat([steps, made(("hop", "normal", 10.0), sides="l")], ignore_index=True)
    trials = [("A b", one) for one in ("jog", "top", "hop")]
    assert left_right_address(steps, trials) == "a=A%20b/top@left&b=A%20b/top@right&mirror=a"
    assert left_right_address(steps, trials[:1]) == "a=A%20b/jog@left&b=A%20b/jog@right&mirror=a"
    assert left_right_address(steps, ()) == ""
    assert left_right_address(steps.assign(status="rejected"), trials) == ""
