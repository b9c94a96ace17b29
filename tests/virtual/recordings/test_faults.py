"""Faults do what they are called, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.recording import RunPlan, recorded_run
from tests.virtual.conftest import GaitOf
from tests.virtual.faults import FAULTS
from tests.virtual.runners import RUNNER


@pytest.fixture(scope="module")
def recording(gait_of: GaitOf):
    return recorded_run(gait_of(RUNNER, 7.0).gait, RunPlan(first_contact=0), Laboratory()).recording


@pytest.mark.parametrize("name", FAULTS)
def test_faults_touch_only_what_they_say(recording, name: str):
    made = FAULTS[name](recording)
    forces = name in ("plate_force_sign", "clock_30_ms")
    moments = forces or name == "free_moment_sign"
    markers = name in ("swapped_feet", "swapped_markers")
    assert np.array_equal(made.force, recording.force) != forces
    assert np.array_equal(made.moment, recording.moment) != moments
    assert np.array_equal(made.markers, recording.markers) != markers


@pytest.mark.parametrize("name", ["plate_force_sign", "free_moment_sign", "swapped_feet"])
def test_twice_is_never(recording, name: str):
    twice = FAULTS[name](FAULTS[name](recording))
    np.testing.assert_allclose(twice.moment, recording.moment, rtol=0, atol=1e-9)
    assert np.array_equal(twice.markers, recording.markers)


def test_the_free_moment_turns_round(recording):
    """Forces stay; about the centre of pressure the vertical moment changes its sign."""
    made = FAULTS["free_moment_sign"](recording)
    loaded = recording.force[..., 1] > 200.0
    sums = [r.moment[loaded] for r in (recording, made)]
    force = recording.force[loaded]
    along, across = sums[0][:, 2] / force[:, 1], -sums[0][:, 0] / force[:, 1]
    of_force = across * force[:, 0] - along * force[:, 2]
    np.testing.assert_allclose(sums[0][:, 1] - of_force, -(sums[1][:, 1] - of_force), atol=1e-9)
