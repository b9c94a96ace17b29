"""Gaits of one athlete at several speeds, solved once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from aqbio.io.study import Study
from aqbio.virtual.athlete import Athlete
from tests.virtual.made_study import finished_study
from validation.gaits.generator import SolvedGait, generated_gait
from validation.gaits.parameters import interpolated, presets, reference_speed, steady

GaitOf = Callable[[Athlete, float], SolvedGait]


@lru_cache(maxsize=8)
def _gait(athlete: Athlete, speed: float) -> SolvedGait:
    step = interpolated(presets(), reference_speed(athlete, speed))
    return generated_gait(steady(athlete, speed, step))


@pytest.fixture(scope="session")
def gait_of() -> GaitOf:
    """Give a solved symmetric gait of an athlete at a speed."""
    return _gait


@pytest.fixture(scope="session")
def finished(gait_of, tmp_path_factory) -> Study:
    """A small finished study; tests must not change it."""
    return finished_study(tmp_path_factory.mktemp("whole"), gait_of)
