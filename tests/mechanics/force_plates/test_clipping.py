"""Channels driven beyond their range, and round peaks that are none."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.force_plates.forces import clipped_samples

RATE = 1000.0


def _contact(peak=2400.0, seconds=0.12, rate=RATE):
    """Half a sine between two stretches of nothing, N."""
    phase = np.arange(round(seconds * rate)) / (seconds * rate)
    quiet = np.zeros(round(0.2 * rate))
    return np.concatenate((quiet, peak * np.sin(np.pi * phase), quiet))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("limit", [1600.0, 2000.0, 2250.0])
def test_flat_tops_are_found_where_the_limit_is_reached(sign, limit):
    force = _contact()
    found = clipped_samples(sign * np.minimum(force, limit), RATE)
    np.testing.assert_array_equal(found, force >= limit)


@pytest.mark.parametrize("bit", [0.0, 2.44, 9.8])
@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.7])
def test_round_peaks_of_coarse_numbers_are_none(bit, seconds):
    """Steps of a 12-bit converter make flat tops of up to 50 ms in a walk, without slopes."""
    force = _contact(seconds=seconds)
    force = np.round(force / bit) * bit if bit else force
    assert not clipped_samples(force, RATE).any()


def test_standing_still_unloaded_and_made_up_steps_are_none():
    assert not clipped_samples(np.zeros(1000), RATE).any()
    assert not clipped_samples(np.full(1000, 740.0), RATE).any()
    step = np.zeros(400)
    step[100:220] = 1500.0
    assert not clipped_samples(step, RATE).any()
