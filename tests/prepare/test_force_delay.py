"""Delay between two signals, and its standard error."""

import numpy as np
import pytest

from aqbio.prepare.force_delay import delay_sd, force_delay


@pytest.mark.parametrize("correlated_frames", [1, 8])
def test_standard_error_of_a_delay_is_the_scatter_of_its_estimates(correlated_frames):
    """Of a sine in noise, white or a moving mean of it."""
    random, time = np.random.default_rng(3), np.arange(0.0, 2.0, 0.004)
    delay, late = 0.010, np.sin(2.0 * np.pi * 4.0 * (time - 0.010))
    caused, mean = np.sin(2.0 * np.pi * 4.0 * time), np.ones(correlated_frames)
    delays, errors = [], []
    for _ in range(200):
        noise = np.convolve(random.normal(0.0, 0.1, len(time)), mean, "same") / mean.size**0.5
        delays.append(force_delay(time, late + noise, caused))
        back = slice(3, len(time))  # 2.5 frames late
        errors.append(delay_sd((late + noise)[back], caused[: len(time) - 3], 0.004))
    assert np.mean(delays) == pytest.approx(delay, abs=3e-4)
    assert np.median(errors) == pytest.approx(np.std(delays), rel=0.25)


def test_a_delay_that_noise_hides_is_not_known():
    random, time = np.random.default_rng(3), np.arange(0.0, 1.0, 0.004)
    caused = np.sin(2.0 * np.pi * 4.0 * time)
    assert np.isnan(force_delay(time, caused + random.normal(0.0, 5.0, len(time)), caused))
