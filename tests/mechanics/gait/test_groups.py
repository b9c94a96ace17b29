"""Groups are a partition, and roles are a view of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.gait.roles import group_sum, membership

SEGMENTS = ("pelvis", "torso", "thigh_l", "shank_l", "thigh_r")
GROUPS = {"pelvis": ["pelvis"], "torso": ["torso"], "legs": ["thigh_r", "thigh_l", "shank_l"]}


def test_every_segment_is_in_exactly_one_group():
    matrix = membership(GROUPS, SEGMENTS)
    assert matrix.shape == (3, 5)
    np.testing.assert_array_equal(matrix.sum(axis=0), 1)
    np.testing.assert_array_equal(matrix[2], [0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({**GROUPS, "torso": []}, "torso': 0"),
        ({**GROUPS, "torso": ["torso", "pelvis"]}, "pelvis': 2"),
        ({**GROUPS, "torso": ["torso", "torso"]}, "torso': 2"),
        ({**GROUPS, "torso": ["torso", "head"]}, r"\['head'\] are not in the model"),
    ],
)
def test_what_is_no_partition_is_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        membership(groups, SEGMENTS)


@given(seed=st.integers(0, 10_000))
def test_groups_add_up_to_the_whole(seed):
    """Whatever the partition; integers, so that the sums are exact."""
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, 3, len(SEGMENTS))
    groups = {
        f"g{g}": [s for s, o in zip(SEGMENTS, owner, strict=True) if o == g] for g in range(3)
    }
    values = rng.integers(-99, 99, (4, len(SEGMENTS), 3)).astype(float)
    grouped = group_sum(values, membership(groups, SEGMENTS))
    np.testing.assert_array_equal(grouped.sum(axis=1), values.sum(axis=1))
    for index in range(3):
        np.testing.assert_array_equal(grouped[:, index], values[:, owner == index].sum(axis=1))
