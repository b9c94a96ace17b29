"""Exchanged labels are told from distances; what cannot be seen is not guessed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from aqbio.recordings.label_check import SegmentDistances, exchanged_positions, swapped_labels

THIGH = {
    "knee": np.array([0.0, 0.0, 0.0]),
    "distal": np.array([0.05, 0.09, 0.012]),  # 103.7 mm from the knee
    "proximal": np.array([0.03, 0.17, 0.02]),  # 173.8 mm
    "side": np.array([-0.04, 0.12, 0.06]),
}
SHANK = {
    "ankle": np.array([0.0, -0.40, 0.0]),
    "front": np.array([0.05, -0.2, 0.01]),
    "outside": np.array([0.0, -0.25, 0.05]),
}
LABELS = (*THIGH, *SHANK)
SEGMENTS = dict.fromkeys(THIGH, "thigh") | dict.fromkeys(SHANK, "shank")
PLACES = THIGH | SHANK
FRAMES, SKIN = 200, 0.004


def _trial(rng=None):
    """A thigh and a shank that turn, each by itself, with skin that moves by a few millimetres."""
    rng = rng or np.random.default_rng(1)
    angle = np.linspace(0.0, 1.5, FRAMES)
    positions = np.empty((FRAMES, len(LABELS), 3))
    for index, label in enumerate(LABELS):
        turn = angle if label in THIGH else 1.7 * angle
        c, s = np.cos(turn), np.sin(turn)
        x, y, z = PLACES[label]
        positions[:, index] = np.stack([c * x - s * y + 9.0 * angle, s * x + c * y, 0 * c + z], 1)
    return positions + SKIN * rng.standard_normal(positions.shape)


def _distances(positions):
    return SegmentDistances.of(LABELS, positions, PLACES, SEGMENTS)


def _swap(positions, one, two, frames=slice(None)):
    swapped = positions.copy()
    first, second = LABELS.index(one), LABELS.index(two)
    swapped[frames, first], swapped[frames, second] = (
        positions[frames, second],
        positions[frames, first],
    )
    return swapped


def test_right_labels_stay():
    assert swapped_labels(_distances(_trial())) == []


@pytest.mark.parametrize("pair", list(combinations(LABELS, 2)))
def test_every_pair_is_found_and_put_right(pair):
    right = _trial()
    wrong = _swap(right, *pair)
    swaps = swapped_labels(_distances(wrong))
    assert [{swap.first, swap.second} for swap in swaps] == [set(pair)]
    np.testing.assert_array_equal(exchanged_positions(LABELS, wrong, swaps), right)


def test_labels_that_change_in_the_middle_of_a_trial():
    right = _trial()
    wrong = _swap(right, "proximal", "distal", slice(120, None))
    [swap] = swapped_labels(_distances(wrong))
    np.testing.assert_array_equal(np.flatnonzero(swap.frames), np.arange(120, FRAMES))
    np.testing.assert_array_equal(exchanged_positions(LABELS, wrong, [swap]), right)


def test_a_moved_marker_is_no_exchange():
    """A marker that was put on again 30 mm away: no exchange brings its distances back."""
    moved = _trial()
    moved[:, LABELS.index("front")] += [0.0, 0.03, 0.0]
    assert swapped_labels(_distances(moved)) == []


def test_what_distances_cannot_show_is_not_guessed():
    """Two markers that mirror each other keep all distances."""
    twins = {"a": np.array([0.0, 0.1, 0.1]), "b": np.array([0.0, 0.1, -0.1]), "c": np.zeros(3)}
    positions = np.broadcast_to(np.array(list(twins.values()))[[1, 0, 2]], (50, 3, 3))
    distances = SegmentDistances.of(tuple(twins), positions, twins, dict.fromkeys(twins, "pelvis"))
    assert swapped_labels(distances) == []
