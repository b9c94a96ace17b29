"""Physical limits at reading: just inside is taken, just outside is not."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.recording import FARTHEST, STRONGEST, possible_positions, refuse_impossible
from tests.refusal import refused


@pytest.mark.parametrize(("place", "kept"), [(0.999 * FARTHEST, True), (1.001 * FARTHEST, False)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_marker_farther_than_the_limit_is_missing(place, sign, kept):
    positions = np.ones((50, 2, 3))
    positions[7, 1, 2] = sign * place
    found, findings = possible_positions(positions, ("A", "B"), "a.c3d")
    assert np.isfinite(found[7, 1]).all() == kept
    assert np.isfinite(found).sum() == positions.size - (0 if kept else 3)
    assert [one.label for one in findings] == ([] if kept else ["B"])
    for one in findings:
        assert (one.number, one.limit, one.where) == (place, FARTHEST, "from frame 8 on")


@pytest.mark.parametrize(("count", "findings"), [(5, 1), (6, 0)])
def test_many_markers_beyond_the_limit_have_another_unit(count, findings):
    """Of 100 positions: millimetres taken for metres are left to the check of the body's size."""
    positions = np.ones((100, 1, 3))
    positions[:count] = 2.0 * FARTHEST
    found, noted = possible_positions(positions, ("A",), "a.c3d")
    assert [one.rule for one in noted] == ["marker-impossible"] * findings
    assert np.isfinite(found).all() != bool(findings)


@pytest.mark.parametrize(("size", "wrong"), [(0.999, False), (1.001, True)])
def test_a_force_that_nobody_pushes_with_is_refused(size, wrong):
    force = np.zeros((10, 3))
    force[3, 1] = -size * STRONGEST
    if wrong:
        with refused("force-impossible", "weight of 100 kg") as caught:
            refuse_impossible(force, "plate 1", "a.mot")
        assert caught.value.where == "sample 4"
    else:
        refuse_impossible(force, "plate 1", "a.mot")
