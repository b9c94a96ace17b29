"""Forces that were low-passed before they were exported: at which cut-off, and what that hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from aqbio.filters import low_pass
from aqbio.signals import runs
from aqbio.vectors import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ForceLowPass:
    """A zero-lag low-pass filter that forces went through before they were exported."""

    cutoff_hz: float
    """Frequency at which the power is halved."""
    lengthening_s: float
    """By how much longer a half sine like the contacts stays above the threshold, s."""
    lost_share: float
    """RMS of what the filter takes from such a half sine, share of its RMS."""


BANDS_PER_OCTAVE = 6

MIN_FREQUENCY_HZ = 3.0
"""Lowest frequency that is compared."""

MAX_FREQUENCY_HZ = 120.0
"""Highest frequency that is compared; above, mains, cameras and plates' resonances show."""

MAX_RATE_SHARE = 0.4
"""Frequencies above this share of the rate are shaped by what resampled the forces."""

SMOOTH_LOBE = 1.5
"""A half sine of duration T has lobes from this / T on; beyond, their mean is taken."""

BAND_SD = 0.5
"""Standard deviation of the logarithm of a band's power around the model's."""

LEVEL_SD = 0.6
"""Standard deviation of the logarithm of the power of contacts over that of half sines."""

TILT_SD = 0.7
"""Standard deviation of the power of the frequency by which the two differ."""

TILT_CENTRE_HZ = 20.0
"""Frequency at which the tilt changes nothing."""

MIN_IMPROVEMENT = 20.0
"""Half the chi square by which a filter must explain the spectrum better than none. Without filter
0 to 15 in 36 recordings of walking, running and sprinting, but for one walk (27, at 60 Hz, which
lengthens nothing); 22 and more of virtual and real sprints and jogs low-passed at 6 to 30 Hz."""

MIN_BANDS = 8

MIN_CONTACT_S = 0.05

LOADED_N = 200.0
"""Peak of a contact that shows a spectrum."""

CONTACT_N = 20.0

ORDERS = (2, 4)
"""Orders of Butterworth filters that run forth and back, as laboratories use them."""

START_CUTOFFS_HZ = (12.0, 40.0)
"""Cut-offs from which the search starts, Hz."""

WIDTH_AT_HALF_PEAK = 2.0 / 3.0
"""Share of its duration during which a half sine exceeds half its peak: a filter hardly changes
this width."""

MIN_LENGTHENING_S = 0.007
"""Lengthening of contacts, s, from which a low-pass counts: less is near the error of contact times
on plates, 4 ms. Runs at 2 to 5 m/s that were low-passed at 20 Hz (Hamner and Delp 2013) have 2 to
6 ms."""

SINE_RATE_HZ = 2000.0
"""Rate at which a half sine is filtered."""


def find_low_pass(vertical: FloatArray, rate: float, threshold: float) -> ForceLowPass | None:
    """Low-pass filter that vertical forces (T, P), N, went through; None where none counts.

    A force that starts and ends with the contact has kinks there: its power falls with the fourth
    power of the frequency, somewhat faster or slower by person and gait. A Butterworth filter of
    order n that runs forth and back adds 4 n. What was set to zero below a threshold after the
    filter adds jumps (f⁻²), noise a constant. `threshold`, N, of the events.
    """
    contacts = _loaded_contacts(vertical, rate)
    measured = _spectrum(vertical, rate, contacts)
    if measured is None:
        return None
    plain, _ = _fit(*measured, None)
    if plain < MIN_IMPROVEMENT:
        return None
    best, cutoff = min(_fit(*measured, order) for order in ORDERS)
    if plain - best < MIN_IMPROVEMENT:
        return None
    changes = [half_sine_change(peak, width, threshold, cutoff) for _, _, peak, width in contacts]
    lengthening, lost_share = np.median(changes, axis=0).tolist()
    if lengthening < MIN_LENGTHENING_S:
        return None
    return ForceLowPass(cutoff, lengthening, lost_share)


def half_sine_change(
    peak: float, duration: float, threshold: float, cutoff: float
) -> tuple[float, float]:
    """Lengthening, s, above a threshold and lost share of a half sine that is low-passed."""
    reach = duration + 1.0 / cutoff
    share = np.arange(-reach, duration + reach, 1.0 / SINE_RATE_HZ) / duration
    force = peak * np.sin(np.pi * np.clip(share, 0.0, 1.0))
    filtered = low_pass(force, SINE_RATE_HZ, cutoff)
    longer = np.count_nonzero(filtered > threshold) - np.count_nonzero(force > threshold)
    loss = np.linalg.norm(filtered - force) / np.linalg.norm(force)
    return longer / SINE_RATE_HZ, float(loss)


Contact = tuple[int, float, float, float]
"""Plate, middle (samples), peak (N) and duration (s) of the half sine of the same width."""


def _loaded_contacts(vertical: FloatArray, rate: float) -> list[Contact]:
    """Contacts plate by plate as half sines."""
    contacts: list[Contact] = []
    for plate, force in enumerate(vertical.T):
        for start, stop in _load_spans(force, rate):
            peak = float(force[start:stop].max())
            wide = np.count_nonzero(force[start:stop] > 0.5 * peak) / rate
            contacts.append((plate, 0.5 * float(start + stop), peak, wide / WIDTH_AT_HALF_PEAK))
    return contacts


def _load_spans(force: FloatArray, rate: float) -> IntArray:
    spans = runs(force > CONTACT_N)
    long_enough = np.ptp(spans, axis=1) > MIN_CONTACT_S * rate
    heavy = [force[start:stop].max() > LOADED_N for start, stop in spans]
    return np.asarray(spans[long_enough & np.array(heavy, dtype=np.bool_)])


def _spectrum(
    vertical: FloatArray, rate: float, contacts: list[Contact]
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Frequencies, Hz, power of the forces there, and power of half sines of the same contacts."""
    if not contacts:
        return None
    window = np.hanning(len(vertical))
    size = 2 ** int(np.ceil(np.log2(max(len(vertical), 4.0 * rate))))
    frequency = np.asarray(np.fft.rfftfreq(size, 1.0 / rate), dtype=np.float64)
    reference = np.zeros(len(frequency))
    for _, middle, peak, duration in contacts:
        weight = float(window[int(middle)])
        reference += (weight * peak * duration) ** 2 * half_sine_power(frequency * duration)
    used = sorted({plate for plate, *_ in contacts})
    transform = np.fft.rfft(window[:, None] * vertical[:, used], size, axis=0) / rate
    power = (np.abs(transform) ** 2).sum(axis=1)
    median_duration = float(np.median([duration for *_, duration in contacts]))
    lowest = max(MIN_FREQUENCY_HZ, SMOOTH_LOBE / median_duration)
    highest = min(MAX_FREQUENCY_HZ, MAX_RATE_SHARE * rate)
    count = int(BANDS_PER_OCTAVE * np.log2(max(highest / lowest, 1.0)))
    if count < MIN_BANDS:
        return None
    edges = lowest * 2.0 ** (np.arange(count + 1) / BANDS_PER_OCTAVE)
    band = np.digitize(frequency, edges) - 1
    inside = (band >= 0) & (band < count)
    samples = np.bincount(band[inside], minlength=count)
    if not samples.all():
        return None
    means = [
        np.bincount(band[inside], spectrum[inside], count) / samples
        for spectrum in (power, reference)
    ]
    return np.sqrt(edges[1:] * edges[:-1]), means[0], means[1]


def half_sine_power(cycles: FloatArray) -> FloatArray:
    """Power of a half sine of unit height and duration at frequencies in cycles a duration.

    ``(2/π)² cos²(π u) / (1 − (2 u)²)²``, with the mean of the squared cosine above 1.5 cycles:
    runners' contacts differ, and fill each other's zeros.
    """
    lobes = 0.25 * (np.sinc(cycles + 0.5) + np.sinc(cycles - 0.5)) ** 2
    smooth = 0.5 * (2.0 / np.pi) ** 2 / (1.0 - 4.0 * np.maximum(cycles, SMOOTH_LOBE) ** 2) ** 2
    return np.asarray(np.where(cycles < SMOOTH_LOBE, lobes, smooth))


def _fit(
    frequency: FloatArray, power: FloatArray, reference: FloatArray, order: int | None
) -> tuple[float, float]:
    """Half the chi square of the best filter of an order (None: none), and its cut-off, Hz.

    Power is halved at the cut-off behind both passes: each leaves a factor sqrt(2) of it.
    """
    measured = np.log(power)
    octave = np.log(frequency / TILT_CENTRE_HZ)
    jumps, noise = measured[-1] + 2.0 * np.log(frequency[-1]) - 1.0, measured[-1] - 1.0
    scale = float(np.log(reference[0])) - 60.0

    def attenuation(log_cutoff: float) -> FloatArray:
        if order is None:
            return np.zeros_like(frequency)
        ratio = frequency / np.exp(log_cutoff)
        return np.asarray((np.sqrt(2.0) - 1.0) * ratio ** (2 * order))

    def parts(parameters: FloatArray) -> FloatArray:
        """Power of contacts, of jumps and of noise."""
        level, tilt, log_cutoff, log_jumps, log_noise = parameters
        contacts = np.exp(level + tilt * octave) * reference / (1.0 + attenuation(log_cutoff)) ** 2
        jumps, noise = np.exp(log_jumps) * frequency**-2, np.full_like(frequency, np.exp(log_noise))
        return np.stack([contacts, jumps, noise])

    def residual(parameters: FloatArray) -> FloatArray:
        misfit = (measured - np.log(parts(parameters).sum(axis=0))) / BAND_SD
        return np.append(misfit, [parameters[0] / LEVEL_SD, parameters[1] / TILT_SD])

    def slopes(parameters: FloatArray) -> FloatArray:
        """Derivatives of the residuals by the parameters."""
        contacts, jumps, noise = parts(parameters) / parts(parameters).sum(axis=0)
        loss = attenuation(float(parameters[2]))
        steepness = 4.0 * (order or 0) * loss / (1.0 + loss)
        misfit = -np.stack([contacts, contacts * octave, contacts * steepness, jumps, noise])
        return np.vstack((misfit.T / BAND_SD, np.diag([1 / LEVEL_SD, 1 / TILT_SD, 0, 0, 0])[:2]))

    limits = ([-8.0, -6.0, 1.0, scale, scale], [8.0, 6.0, 5.5, jumps + 10.0, noise + 10.0])
    candidates = [
        least_squares(
            residual, np.clip([0.5, 0.0, np.log(start), jumps, noise], *limits), slopes,
            bounds=limits,
        )
        for start in (START_CUTOFFS_HZ if order else START_CUTOFFS_HZ[:1])
    ]  # fmt: skip
    best = min(candidates, key=lambda candidate: float(candidate.cost))
    return float(best.cost), float(np.exp(best.x[2]))
