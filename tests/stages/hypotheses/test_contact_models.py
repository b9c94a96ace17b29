"""Level C on other models of the body: what they change of the share that others cause."""

from __future__ import annotations

import pandas as pd
import pytest

from aqbio.hypotheses.contact_models import shares_on_other_models

ROWS = (
    ("hip_swing", "y", 10.0, 30.0),
    ("hip_push", "y", 90.0, 70.0),
    ("swing_side", "y", 10.0, 30.0),  # a sum of others
    ("lumbar", "x", 99.0, 99.0),
)


def _table(*rows, person="P1", model="other", steps=2, level="C (C2)"):
    told = {
        "participant_id": person, "trial_id": "run", "model": model, "level": level,
        "target": "ground", "statistic": "force_mean", "steps": steps,
    }  # fmt: skip
    names = ("source", "axis", "own", "other")
    return pd.DataFrame([told | dict(zip(names, row, strict=True)) for row in rows])


def test_a_share_is_of_all_single_sources_of_the_vertical_force():
    found = shares_on_other_models([_table(*ROWS)], ["C1", "C2"])
    assert found == {"other": {"C2": {"P1": pytest.approx(0.3 - 0.1)}}}


def test_every_step_counts_alike_and_everybody_alone():
    """Three steps of which nothing changes, and one with 0.2 more."""
    still = (("hip_swing", "y", 10.0, 10.0), ("hip_push", "y", 90.0, 90.0))
    first = pd.concat([_table(*still, steps=3), _table(*ROWS, steps=1)])
    second = _table(*ROWS, person="P2", model="third")
    found = shares_on_other_models([first, second], ["C2"])
    assert found["other"]["C2"] == {"P1": pytest.approx(0.05)}
    assert found["third"]["C2"] == {"P2": pytest.approx(0.2)}


def test_what_was_not_compared_is_not_told():
    assert shares_on_other_models([_table(*ROWS)[:0]], ["C2"]) == {}
    assert shares_on_other_models([_table(*ROWS, level="C (C1)")], ["C2"]) == {}
