"""Which steps pages and figures count, and which they average together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from aqbio.figures.step_means import kept_steps, step_columns

STATUS = st.sampled_from(["ok", "incomplete", "rejected"])
TRIALS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.lists(STATUS, min_size=1, max_size=5), min_size=1
)
SPEEDS = st.lists(
    st.one_of(st.just(np.nan), st.floats(2.0, 11.0)), min_size=4, max_size=4
)  # of the trials
EDGES = (0.0, 4.0, 7.0, 12.0)


def table(trials: dict[str, list[str]], speeds: list[float]) -> pd.DataFrame:
    of = dict(zip("abcd", speeds, strict=True))
    rows = [("P", name, one, of[name]) for name, own in trials.items() for one in own]
    return pd.DataFrame(rows, columns=["participant_id", "trial_id", "status", "speed_mps"])


@given(TRIALS, SPEEDS)
def test_a_trial_without_a_whole_step_gives_its_whole_contacts(trials, speeds):
    kept = kept_steps(table(trials, speeds))
    for name, own in trials.items():
        whole = own.count("ok")
        found = kept[kept["trial_id"] == name]
        assert len(found) == (whole or own.count("incomplete"))
        assert set(found["status"]) <= {"ok" if whole else "incomplete"}


@given(TRIALS, SPEEDS)
def test_steps_of_speeds_that_are_not_known_are_not_pooled(trials, speeds):
    kept = kept_steps(table(trials, speeds))
    columns = step_columns(kept, EDGES)
    assert sorted(row for one in columns for row in one.rows) == list(range(len(kept)))
    for one in columns:
        own = kept.iloc[one.rows]
        known = own["speed_mps"].notna()
        assert known.all() or len(set(own["trial_id"])) == 1
        assert len(set(np.searchsorted(EDGES[1:-1], own["speed_mps"][known], side="right"))) <= 1
    unknown = [one.title for one in columns if np.isnan(one.speed_mps)]
    assert len(set(unknown)) == len(unknown)
