"""Which joint does most, and in which direction: only as far as intervals and models say."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.pages.stance import Effect, SourceEffects

SIDE = "push_side_y"


def effect(source: str, mean: float, half: float, *, compared: bool = True) -> Effect:
    return Effect(source, mean, mean - half, mean + half, (0.5 * mean,), compared)


def column(*effects: Effect) -> SourceEffects:
    return SourceEffects("normal", 9.0, 4, 0, {(SIDE, one.label): one for one in effects})


@pytest.mark.parametrize(
    ("half", "first", "last"), [(1.0, (1, 1), (3, 3)), (3.0, (1, 2), (2, 3)), (9.0, (1, 3), (1, 3))]
)
def test_ranks_hold_every_order_that_the_intervals_allow(half, first, last):
    """Sizes 10, 6 and 2, the second the other way round; sums and gravity have no rank."""
    every = [effect("hip_push", 10.0, half), effect("knee_push", -6.0, half),
             effect("lumbar", 2.0, half), effect("push_side", 99.0, 1.0)]  # fmt: skip
    made = column(*every)
    assert made.rank(every[0], SIDE) == first
    assert made.rank(every[2], SIDE) == last


def test_without_another_model_there_is_neither_direction_nor_rank():
    alone = effect("hip_push", 10.0, 1.0, compared=False)
    assert not alone.sure
    assert column(alone).rank(alone, SIDE) is None
    assert effect("hip_push", 10.0, 1.0).sure
    assert column().rank(effect("hip_push", 10.0, np.nan), SIDE) is None
