"""The zero-lag low-pass against its own equation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from aqbio.signals import design_cutoff, low_pass


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def gain(frequency: float, rate: float, cutoff: float) -> float:
    """Two passes of a second-order Butterworth whose joint cut-off is ``cutoff`` (bilinear)."""
    corner = np.tan(np.pi * cutoff / rate) / (np.sqrt(2.0) - 1.0) ** 0.25
    return 1.0 / (1.0 + (np.tan(np.pi * frequency / rate) / corner) ** 4)


@pytest.mark.parametrize("rate", [100.0, 250.0, 1500.0])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 1.5])
def test_sine_keeps_its_phase_and_gets_the_gain_of_the_equation(rate, ratio):
    cutoff, seconds = 20.0, 4.0
    time = np.arange(int(seconds * rate)) / rate
    wave = np.sin(2 * np.pi * ratio * cutoff * time + 0.3)
    middle = slice(len(time) // 3, 2 * len(time) // 3)
    # the transient of the ends has decayed by exp(-2 pi 17.6 Hz 1.3 s) there
    np.testing.assert_allclose(
        low_pass(wave, rate, cutoff)[middle],
        gain(ratio * cutoff, rate, cutoff) * wave[middle],
        atol=1e-9,
    )


@pytest.mark.parametrize(("frames", "rate", "cutoff"), [(2, 250.0, 20.0), (700, 1000.0, 6.0)])
def test_it_is_the_filter_of_signal_processing(rng, frames, rate, cutoff):
    """SciPy's second-order sections, there and back, with odd padding."""
    signal = rng.normal(size=(frames, 4)).cumsum(axis=0)
    sections = butter(2, design_cutoff(rate, cutoff), fs=rate, output="sos")
    length = min(int(np.ceil(3.0 * rate / cutoff)), frames - 1)
    expected = sosfiltfilt(sections, signal, axis=0, padtype="odd", padlen=length)
    np.testing.assert_allclose(low_pass(signal, rate, cutoff), expected, atol=1e-11)


def test_power_is_halved_at_the_cutoff_at_every_rate():
    assert gain(20.0, 100.0, 20.0) == pytest.approx(np.sqrt(0.5))
    assert gain(20.0, 1500.0, 20.0) == pytest.approx(np.sqrt(0.5))


def test_design_cutoff_is_winters_correction():
    assert design_cutoff(1e6, 20.0) == pytest.approx(20.0 / 0.8022, rel=1e-4)


def test_step_at_the_end_of_a_trial_is_not_smeared_into_it():
    """A level that the trial starts on stays: reflection, not zeros, beyond the end."""
    level = np.full(300, 745.0)
    np.testing.assert_allclose(low_pass(level, 250.0, 20.0), level, rtol=1e-12)


def test_gap_stays_and_both_sides_are_filtered_alone(rng):
    signal = rng.normal(size=(200, 2, 3))
    signal[80:95, 1] = np.nan
    filtered = low_pass(signal, 250.0, 20.0)
    np.testing.assert_array_equal(np.isnan(filtered), np.isnan(signal))
    np.testing.assert_allclose(filtered[:, 0], low_pass(signal[:, 0], 250.0, 20.0), rtol=1e-12)
    np.testing.assert_allclose(filtered[:80, 1], low_pass(signal[:80, 1], 250.0, 20.0), rtol=1e-12)
    np.testing.assert_allclose(filtered[95:, 1], low_pass(signal[95:, 1], 250.0, 20.0), rtol=1e-12)


def test_single_frame_between_gaps_is_left_as_it_is():
    signal = np.array([np.nan, 3.0, np.nan])
    np.testing.assert_array_equal(low_pass(signal, 250.0, 20.0), signal)


def test_it_is_linear(rng):
    one, two = rng.normal(size=(2, 400))
    both = low_pass(2.0 * one - 3.0 * two, 1000.0, 20.0)
    apart = 2.0 * low_pass(one, 1000.0, 20.0) - 3.0 * low_pass(two, 1000.0, 20.0)
    np.testing.assert_allclose(both, apart, atol=1e-12)


def test_rate_too_low_is_refused():
    with pytest.raises(ValueError, match=r"20 Hz needs a rate of more than 50 Hz, not 50 Hz"):
        low_pass(np.zeros(100), 50.0, 20.0)
