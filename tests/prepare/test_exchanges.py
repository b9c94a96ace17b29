"""Sequence of states in which two groups of labels are exchanged or not, against all sequences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.prepare.label_evidence import MIN_MARGIN, most_likely_states
from aqbio.prepare.label_faults import frame_words, note_exchange
from aqbio.prepare.notes import Notes


def best_costs(frames: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Least cost (T, 2) of all sequences that have a state in a frame: every one is tried."""
    best = np.full(frames.shape, np.inf)
    rows = np.arange(len(frames))
    for sequence in product((0, 1), repeat=len(frames)):
        states = np.array(sequence)
        switched = np.abs(np.diff(states))
        cost = frames[rows, states].sum() + steps[rows[1:] - 1, switched].sum()
        best[rows, states] = np.minimum(best[rows, states], cost)
    return best


@given(st.integers(1, 8), st.integers(0, 10_000), st.sampled_from([1.0, 10.0, 40.0]))
def test_states_are_those_of_the_cheapest_of_all_sequences(count, seed, size):
    random = np.random.default_rng(seed)
    frames, steps = random.uniform(0.0, size, (count, 2)), random.uniform(0.0, 12.0, (count - 1, 2))
    states = most_likely_states(np.subtract(*frames.T), np.subtract(*steps.T[::-1]))
    margin = np.subtract(*best_costs(frames, steps).T)
    np.testing.assert_array_equal(states.exchanged, margin > 0.0)
    np.testing.assert_array_equal(states.is_clear, np.abs(margin) >= MIN_MARGIN)


@pytest.mark.parametrize(("before", "after"), [(5.9, 6.1), (6.1, 5.9)])
def test_a_lone_frame_is_sure_by_the_margin(before, after):
    states = most_likely_states(np.array([before, -after]), np.zeros(1))
    assert states.exchanged.tolist() == [True, False]
    assert states.is_clear.tolist() == [before >= MIN_MARGIN, after >= MIN_MARGIN]


@pytest.mark.parametrize(
    ("masked", "words"),
    [
        ([2, 3, 4], "from frame 3 to 5"),
        (range(9), "in all frames"),
        ([6], "in frame 7"),
        ([1, 2, 5], "from frame 2 to 3 and in 6"),
    ],
)
@pytest.mark.parametrize("statements", [("swap a and b",), ()])
def test_words_say_where_labels_are_not_used_and_what_to_type(masked, words, statements):
    where = frame_words(np.isin(np.arange(9), masked), np.ones(9, np.bool_))
    assert where == words
    notes = Notes("fast", "P1", "fast.trc", "")
    for stated in ((), statements):
        evidence = ("distances are off by 90 mm", 0.09)
        note_exchange("heels", ["a", "b"], where, evidence, statements, stated, notes)
    finding, stated = notes.findings
    assert finding.what == (
        f"heels are exchanged {words} (a, b): distances are off by 90 mm. These positions are not "
        "used."
    )
    assert finding.proposal == "; ".join(statements)
    assert all(f"write “{x}” into column fix" in finding.fix for x in statements)
    assert "write “labels as recorded”" in finding.fix
    assert not statements or stated.fix.startswith("take “swap a and b” out of column fix")
    assert not stated.proposal
