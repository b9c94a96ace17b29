"""Partitions: by brute force, by algebra and by what balance means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from aqbio.names import ROLE_GROUPS
from aqbio.stats.step_numbers import (
    BOTH_LEGS,
    SWING_ALONE,
    cosines,
    opposition,
    partition_names,
    ranks,
    same_legs_cosine,
)

CURVES = np.random.default_rng(2).standard_normal((4, 101, 5))


def _side(name: str) -> list[int]:
    return [ROLE_GROUPS.index(group) for group in name.split()]


@pytest.mark.parametrize(("groups", "count"), [(ROLE_GROUPS, 15), (tuple("abcdef"), 31)])
def test_every_way_to_divide_the_body_is_there_once(groups, count):
    sides = set()
    for name in partition_names(groups):
        one = frozenset(name.split())
        sides.add(frozenset((one, frozenset(groups) - one)))
    assert len(sides) == len(partition_names(groups)) == count
    assert all(len(side) == 2 and frozenset() not in side for side in sides)


def test_opposition_is_its_definition():
    found = opposition(CURVES, partition_names())
    for step in range(len(CURVES)):
        for column, name in enumerate(partition_names()):
            above = below = 0.0
            for row in CURVES[step]:
                one = sum(row[place] for place in _side(name))
                other = sum(row) - one
                above += abs(one) + abs(other) - abs(one + other)
                below += sum(abs(value) for value in row)
            assert found[step, column] == pytest.approx(above / below, rel=1e-12)


def test_opposition_does_not_know_units_nor_turning_direction():
    names = partition_names()
    for scale in (-1.0, 0.01):
        np.testing.assert_allclose(opposition(scale * CURVES, names), opposition(CURVES, names))


def test_the_best_partition_sorts_groups_by_sign():
    """Without a total, the side of all positive groups takes up everything: the index is 1."""
    groups = np.array([[-3.0, -2.0, 4.0, 1.0, 0.0]])
    index = opposition(groups, partition_names())
    assert index[partition_names().index(BOTH_LEGS)] == 1.0
    assert ranks(index)[partition_names().index(BOTH_LEGS)] == 1.0
    alone = opposition(groups, (SWING_ALONE,))
    assert alone[0] == pytest.approx(2 * 2.0 / 10.0)


def test_round_off_makes_no_rank():
    """A body without total momentum: each side's index is that of the rest, whose sum has another
    round-off. Both share the better rank, so that all ranks but the last one are odd."""
    random = np.random.default_rng(4)
    curves = random.standard_normal((200, 101, len(ROLE_GROUPS)))
    curves[..., -1] = 0.0  # the pelvis
    curves[..., 0] = -curves[..., 1:].sum(axis=-1)
    index = opposition(curves, partition_names())
    apart = np.sort(index, axis=-1)
    assert (np.diff(apart)[:, 1::2] > 0.0).any()  # the danger: equal, but for round-off
    place = np.sort(ranks(index), axis=-1)
    np.testing.assert_array_equal(
        place[:, :-1], np.tile(np.repeat(np.arange(1, 15, 2), 2), (200, 1))
    )


def test_a_missing_group_gives_no_number():
    curves = CURVES.copy()
    curves[0, :, 2] = np.nan
    assert np.isnan(opposition(curves, partition_names())[0]).all()
    assert np.isfinite(opposition(curves, partition_names())[1]).all()
    assert np.isnan(ranks(opposition(curves, partition_names()))[0]).all()


def test_cosines_are_those_of_scipy():
    table = cosines(CURVES)
    for one in range(5):
        for other in range(5):
            expected = 1.0 - cosine(CURVES[1, :, one], CURVES[1, :, other])
            assert table[1, one, other] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(cosines(np.zeros((10, 2)))).all()


def test_legs_and_total_alone_give_the_cosine_of_shared_rest():
    """Rest shared in fixed proportions: the arms' cosine is that of the rest itself."""
    curves = CURVES.copy()
    legs, rest = curves[..., :2].sum(axis=-1), curves[..., 2:].sum(axis=-1)
    shared = curves.copy()
    for column, part in ((2, 0.6), (3, 0.3), (4, 0.1)):
        shared[..., column] = part * rest
    np.testing.assert_allclose(same_legs_cosine(curves), same_legs_cosine(shared))
    np.testing.assert_allclose(same_legs_cosine(shared), cosines(shared)[:, 2, 0])
    assert legs.shape == rest.shape
