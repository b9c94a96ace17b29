"""The sprint model and plausible motions of it, shared by the tests of OpenSim's solvers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import aqbio
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.multibody.skeleton import Skeleton

SPRINT = Path(aqbio.__file__).parents[1] / "models" / "sprint" / "sprint_male.osim"


@pytest.fixture(scope="session")
def sprint_file() -> Path:
    return SPRINT


@pytest.fixture(scope="session")
def sprint(sprint_file: Path) -> Skeleton:
    from aqbio.opensim.skeleton import read_skeleton

    return read_skeleton(sprint_file)


@pytest.fixture(scope="session")
def running():
    """Give a maker of coordinates of a runner: random, smooth, inside the middle of each range."""

    def make(skeleton: Skeleton, frames: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        low, high = skeleton.coordinate_range.T
        middle, half = (low + high) / 2, np.minimum((high - low) / 2, 1.2)
        offset = rng.uniform(-0.4, 0.4, len(low)) * half
        phase, rate = rng.uniform(0, 6, len(low)), rng.uniform(3, 8, len(low))
        time = np.arange(frames)[:, None] / 250.0
        q = middle + offset + 0.3 * half * np.sin(rate * time + phase)
        for name, value in (("tilt", -0.1), ("list", 0.05), ("rotation", 0.1)):
            q[:, skeleton.coordinates.index(f"pelvis_{name}")] = value + 0.05 * np.sin(
                8 * time[:, 0]
            )
        for name, place in (("tx", 9.0 * time[:, 0] - 2.0), ("ty", 1.0), ("tz", 0.3)):
            q[:, skeleton.coordinates.index(f"pelvis_{name}")] = place
        return q

    return make


@pytest.fixture(scope="session")
def recorded():
    """Give a maker of the markers that a perfect laboratory would record of a motion."""

    def make(skeleton: Skeleton, q: np.ndarray, rate: float = 250.0) -> TrackedMarkers:
        return TrackedMarkers(
            time=np.arange(len(q)) / rate,
            names=skeleton.markers,
            positions=np.ascontiguousarray(marker_positions(skeleton, q)),
            weights=np.ones(len(skeleton.markers)),
        )

    return make
