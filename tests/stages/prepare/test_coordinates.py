"""Joint angles of files: what no reader of numbers can see, people's speed tells."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.stages.prepare.coordinates import check_lengths

RATE = 250.0


@pytest.mark.parametrize(("speed", "refused"), [(9.5, False), (29.9, False), (30.1, True)])
def test_translations_faster_than_people_are_not_metres(speed, refused):
    lengths = np.outer(np.arange(100) * speed / RATE, [1.0, 0.0, 0.0])
    words = pytest.raises(AqbioError, match="their unit is not the metre")
    with words if refused else nullcontext():
        check_lengths(lengths, RATE, Path("ik.mot"))


def test_millimetres_are_found_on_a_treadmill_too():
    """The pelvis stays in its place and bounces by 4 cm at 3 Hz."""
    time = np.arange(0.0, 2.0, 1.0 / RATE)
    height = 0.95 + 0.04 * np.cos(2.0 * np.pi * 3.0 * time)
    lengths = np.stack((0.0 * time, height, np.full(len(time), np.nan)), axis=1)
    check_lengths(lengths, RATE, Path("ik.mot"))
    with pytest.raises(AqbioError, match=r"in millimetres they would go 0\.5 m/s"):
        check_lengths(1000.0 * lengths, RATE, Path("ik.mot"))
