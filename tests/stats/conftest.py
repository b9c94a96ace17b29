"""Drawn studies as evidence, one per world, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from aqbio.stats.evidence import Evidence
from tests.waves import wave_athletes, wave_evidence, wave_study


@cache
def _world_evidence(world: str, athletes: int, seed: int) -> Evidence:
    random = np.random.default_rng(seed)
    people = wave_athletes(world, athletes, random)
    study = wave_study(world, random, athletes=people, steps=12)
    return wave_evidence(study, people)


@pytest.fixture(scope="session")
def world_evidence() -> Callable[..., Evidence]:
    """Evidence of a drawn study: world, athletes, seed."""
    return lambda world, athletes=12, seed=5: _world_evidence(world, athletes, seed)
