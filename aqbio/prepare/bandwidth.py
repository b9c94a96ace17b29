"""Signals that were low-passed before they were exported: at which cut-off, and what that hides.

The spectrum of a recorded signal is compared with what sound recordings of people have, up to a
level, a tilt and what no filter took away: forces with half sines as long as their contacts,
accelerations of markers with a flat spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from aqbio.filters import low_pass
from aqbio.names import NORMAL_95
from aqbio.prepare.people import of_people
from aqbio.prepare.signal_scales import SpectrumScales, spectrum_scales
from aqbio.signals import runs
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class LowPass:
    """A zero-lag low-pass filter that a signal went through before it was exported."""

    cutoff_hz: float
    """Frequency at which the power is halved."""
    order: int
    """Of the Butterworth filter that ran forth and back."""
    stated_hz: float
    """Cut-off of each of its two passes, as laboratories state it."""
    error: float
    """Standard deviation of the logarithm of the cut-off."""

    @property
    def highest_hz(self) -> float:
        """Upper end of the 95 % interval of the stated cut-off, Hz."""
        return float(self.stated_hz * np.exp(NORMAL_95 * self.error))


@dataclass(frozen=True, slots=True)
class ForceLowPass:
    """Low-pass of forces, and what it does to their contacts."""

    cutoff_hz: float
    """Frequency at which the power is halved."""
    lengthening_s: float
    """By how much longer a half sine like the contacts stays above the threshold, s."""
    lost_share: float
    """RMS of what the filter takes from such a half sine, share of its RMS."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power of a signal in bands, and what a sound one has but for level and tilt."""

    frequency: FloatArray
    """(B,) array, Hz."""
    power: FloatArray
    expected: FloatArray
    """power, expected: (B,) arrays in the signal's unit squared."""
    rate: float
    """Of the filter, Hz: a digital one lowers what is near half of it more than an analogue one.
    Infinite for one of many samples."""
    floors: tuple[float, float]
    """Powers of the frequency of what is left behind a filter: kinks, or jumps, and noise."""
    max_noise: float = float("inf")
    """Largest noise behind a filter, at 1 Hz."""


POWER_RATIO = float(np.sqrt(2.0)) - 1.0
"""Each of two passes halves the power where the square of the ratio of frequencies is this."""

BANDS_PER_OCTAVE = 6

MIN_BANDS = 8

MIN_FREQUENCY_HZ = 3.0
"""Lowest frequency that is compared."""

MAX_FREQUENCY_HZ = 120.0
"""Highest frequency that is compared; above, mains, cameras and plates' resonances show."""

MAX_RATE_SHARE = 0.4
"""Frequencies above this share of the rate are shaped by what resampled the signal."""

TILT_CENTRE_HZ = 20.0
"""Frequency at which the tilt changes nothing."""

MIN_SPECTRUM_S = 4.0
"""Spectra are resolved as in a signal of at least this duration, s."""

START_CUTOFFS_HZ = (12.0, 40.0)
"""Cut-offs from which the search starts, Hz."""


def find_filter(spectrum: Spectrum, scales: SpectrumScales) -> LowPass | None:
    """Find the filter that explains a spectrum, where none does so far worse.

    A Butterworth filter of order n that runs forth and back lowers the power with 4 n powers of the
    frequency. Sound recordings gain something from one too: an improvement counts beside theirs.
    """
    plain = fit_spectrum(spectrum, scales, None)
    needed = scales.improvement_needed
    if improvement(plain.cost, 0.0, len(spectrum.frequency)) < needed:
        return None
    best = best_filter(spectrum, scales)
    if improvement(plain.cost, best.cost, len(spectrum.frequency)) < needed:
        return None
    stated = best.cutoff / POWER_RATIO ** (0.5 / best.order)
    hz, stated_hz = (float(x) for x in _unwarped(np.array([best.cutoff, stated]), spectrum.rate))
    error = float(np.hypot(best.cutoff_error, of_people("shape of spectra").error))
    return LowPass(hz, best.order, stated_hz, error)


SCALE_FREEDOM = 2.0
"""Degrees of freedom by which people tell how far the bands of one recording are off: few, since
recordings differ."""


def improvement(plain: float, filtered: float, bands: int) -> float:
    """Logarithm of the likelihood ratio of two fits, by half their chi squares.

    How far the bands of a recording are off what is expected is known by its own spectrum alone but
    for `SCALE_FREEDOM`: what a filter leaves unexplained tells how little it need explain.
    """
    prior = 0.5 * SCALE_FREEDOM
    return (prior + 0.5 * bands) * float(np.log((prior + plain) / (prior + filtered)))


def best_filter(spectrum: Spectrum, scales: SpectrumScales) -> SpectrumFit:
    """The filter of the usual orders that explains a spectrum best."""
    fits = (fit_spectrum(spectrum, scales, order) for order in scales.orders)
    return min(fits, key=lambda fit: fit.cost)


def _warped(frequency: FloatArray, rate: float) -> FloatArray:
    """Frequency at which an analogue filter has the gain of a digital one, Hz."""
    if np.isinf(rate):
        return frequency
    return np.asarray(rate / np.pi * np.tan(np.pi * frequency / rate))


def _unwarped(frequency: FloatArray, rate: float) -> FloatArray:
    if np.isinf(rate):
        return frequency
    return np.asarray(rate / np.pi * np.arctan(np.pi * frequency / rate))


@dataclass(frozen=True, slots=True)
class SpectrumFit:
    """How well a filter of an order, or none (0), explains a spectrum."""

    cost: float
    """Half the chi square."""
    order: int
    cutoff: float
    """Of an analogue filter, Hz: the power is halved."""
    cutoff_error: float
    """Standard deviation of its logarithm."""
    tilt: float
    misfit: FloatArray
    """(B,) array: logarithms of the bands' powers less those of the fit."""


def fit_spectrum(spectrum: Spectrum, scales: SpectrumScales, order: int | None) -> SpectrumFit:
    """Fit level, tilt, what no filter took, and the cut-off of a filter of an order, or of none."""
    shape = _Shape(spectrum, scales, order or 0)
    limits, floors = shape.limits()
    candidates = [
        least_squares(
            shape.residual,
            np.clip([0.5, scales.tilt_mean, np.log(start), *floors], *limits),
            shape.slopes,
            bounds=limits,
        )
        for start in (
            (*START_CUTOFFS_HZ, *scales.further_starts_hz) if order else (START_CUTOFFS_HZ[0],)
        )
    ]
    best = min(candidates, key=lambda candidate: float(candidate.cost))
    jacobian = np.asarray(best.jac, dtype=np.float64)
    covariance = np.linalg.pinv(jacobian.T @ jacobian)
    return SpectrumFit(
        cost=float(best.cost),
        order=order or 0,
        cutoff=float(np.exp(best.x[2])),
        cutoff_error=float(np.sqrt(max(covariance[2, 2], 0.0))),
        tilt=float(best.x[1]),
        misfit=np.asarray(np.log(spectrum.power) - np.log(shape.parts(best.x).sum(axis=0))),
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    """Spectrum behind a filter of an order; of order 0 behind none.

    Parameters are the logarithm of the level, the tilt, and the logarithms of the cut-off and of
    both floors.
    """

    spectrum: Spectrum
    scales: SpectrumScales
    order: int

    def attenuation(self, log_cutoff: float) -> FloatArray:
        """By how much, added to 1, each of both passes divides the power.

        Power is halved at the cut-off behind both passes: each leaves a factor sqrt(2) of it.
        """
        if not self.order:
            return np.zeros_like(self.spectrum.frequency)
        ratio = _warped(self.spectrum.frequency, self.spectrum.rate) / np.exp(log_cutoff)
        return np.asarray(POWER_RATIO * ratio ** (2 * self.order))

    def parts(self, parameters: FloatArray) -> FloatArray:
        """Power of what was filtered, of kinks or jumps, and of noise."""
        level, tilt, log_cutoff, *log_floors = parameters
        sound = np.exp(level + tilt * self.octave) * self.spectrum.expected
        filtered = sound / (1.0 + self.attenuation(log_cutoff)) ** 2
        rest = [np.exp(size) * floor for size, floor in zip(log_floors, self.floors, strict=True)]
        return np.stack([filtered, *rest])

    @property
    def octave(self) -> FloatArray:
        return np.asarray(np.log(self.spectrum.frequency / TILT_CENTRE_HZ))

    @property
    def floors(self) -> list[FloatArray]:
        """What is left behind a filter, of unit size."""
        return [np.asarray(self.spectrum.frequency**power) for power in self.spectrum.floors]

    def residual(self, parameters: FloatArray) -> FloatArray:
        """Misfits of the bands and of level and tilt, as multiples of their scales."""
        scales = self.scales
        misfit = np.log(self.spectrum.power) - np.log(self.parts(parameters).sum(axis=0))
        level, tilt = parameters[0], parameters[1] - scales.tilt_mean
        return np.append(misfit / scales.band_sd, [level / scales.level_sd, tilt / scales.tilt_sd])

    def slopes(self, parameters: FloatArray) -> FloatArray:
        """Derivatives of the residuals by the parameters."""
        scales, parts = self.scales, self.parts(parameters)
        filtered, *rest = parts / parts.sum(axis=0)
        loss = self.attenuation(float(parameters[2]))
        steepness = 4.0 * self.order * loss / (1.0 + loss)
        misfit = -np.stack([filtered, filtered * self.octave, filtered * steepness, *rest])
        priors = np.diag([1.0 / scales.level_sd, 1.0 / scales.tilt_sd, 0.0, 0.0, 0.0])
        return np.vstack((misfit.T / scales.band_sd, priors[:2]))

    def limits(self) -> tuple[tuple[list[float], list[float]], list[float]]:
        """Limits of the parameters, and floors from which the search starts."""
        spectrum = self.spectrum
        last = float(np.log(spectrum.power[-1])) - 1.0
        starts = [last - float(np.log(floor[-1])) for floor in self.floors]
        scale = float(np.log(spectrum.expected[0])) - 60.0
        most_noise = starts[1] + 10.0
        if self.order and np.isfinite(spectrum.max_noise):
            most_noise = min(most_noise, float(np.log(spectrum.max_noise)))
        lowest = [-8.0, -6.0, LOG_CUTOFFS[0], scale, scale]
        highest = [8.0, 6.0, LOG_CUTOFFS[1], starts[0] + 10.0, max(most_noise, scale + 1.0)]
        return (lowest, highest), starts


LOG_CUTOFFS = (1.25, 5.5)
"""Range of the logarithm of a cut-off, Hz."""


def _bands(duration: float, lowest: float, rate: float) -> tuple[int, FloatArray] | None:
    """Length of a transform, and edges of bands, Hz; None where there are too few."""
    size = 2 ** int(np.ceil(np.log2(max(duration, MIN_SPECTRUM_S) * rate)))
    highest = min(MAX_FREQUENCY_HZ, MAX_RATE_SHARE * rate)
    count = int(BANDS_PER_OCTAVE * np.log2(max(highest / lowest, 1.0)))
    if count < MIN_BANDS:
        return None
    return size, lowest * 2.0 ** (np.arange(count + 1) / BANDS_PER_OCTAVE)


def _band_means(spectra: FloatArray, frequency: FloatArray, edges: FloatArray) -> FloatArray:
    """Means (N, B) of spectra (N, F) in bands; NaN in bands without a frequency."""
    band = np.digitize(frequency, edges) - 1
    count = len(edges) - 1
    inside = (band >= 0) & (band < count)
    samples = np.bincount(band[inside], minlength=count)
    sums = [np.bincount(band[inside], spectrum[inside], count) for spectrum in spectra]
    return np.array(sums) / np.where(samples > 0, samples, np.nan)


# markers ----------------------------------------------------------------------------------------

MIN_PATH_S = 0.3
"""Shortest stretch of a marker's path that shows a spectrum, s."""

MIN_PATHS = 5
"""Fewest paths that show what all have in common."""


def marker_spectrum(positions: FloatArray, rate: float) -> Spectrum | None:
    """Spectrum of the accelerations of markers (T, M, 3) m: the median over their paths.

    Of each the longest stretch without a gap. A filter leaves the kinks of gaps that were filled
    after it (f⁰), and rounding (f⁴); a camera's noise it does not.
    """
    resolved = _bands(len(positions) / rate, MIN_FREQUENCY_HZ, rate)
    if resolved is None:
        return None
    size, edges = resolved
    frequency = np.asarray(np.fft.rfftfreq(size, 1.0 / rate), dtype=np.float64)
    seconds = rate**-2 * np.sinc(frequency / rate) ** 2  # of second differences
    spectra = []
    for path in positions.transpose(1, 0, 2):
        stretches = runs(np.isfinite(path).all(axis=1))
        start, stop = max(stretches, key=np.ptp, default=(0, 0))
        if stop - start < MIN_PATH_S * rate:
            continue
        bent = np.diff(path[start:stop], 2, axis=0)
        window = np.hanning(len(bent))[:, None]
        transform = np.fft.rfft(window * bent, size, axis=0) / (seconds[:, None] * rate)
        spectra.append((np.abs(transform) ** 2).sum(axis=1) / (window**2).sum())
    if len(spectra) < MIN_PATHS:
        return None
    bands = _band_means(np.array(spectra), frequency, edges)
    seen = bands.min(axis=1) > 0.0
    if seen.sum() < MIN_PATHS:
        return None
    logs = np.median(np.log(bands[seen]), axis=0)
    middles = np.sqrt(edges[1:] * edges[:-1])
    level = logs[:BANDS_PER_OCTAVE].mean()
    return Spectrum(
        middles, np.exp(logs), np.full_like(middles, np.exp(level)), rate, MARKER_FLOORS,
        max_noise=3.0 * MAX_ROUNDING_M**2 * (2.0 * np.pi) ** 4 / rate**2,
    )  # fmt: skip


MARKER_FLOORS = (0.0, 4.0)

MAX_ROUNDING_M = 1e-4 / np.sqrt(12.0)
"""Standard deviation of a coordinate that is rounded to 0.1 mm, m: noise that is larger shows that
nothing was filtered."""


def find_marker_low_pass(positions: FloatArray, rate: float) -> LowPass | None:
    """Low-pass filter that the markers (T, M, 3), m, of a moving trial went through, if any."""
    spectrum = marker_spectrum(positions, rate)
    return None if spectrum is None else find_filter(spectrum, spectrum_scales("markers"))


def hidden_motion(low_pass: LowPass, contact: float) -> float:
    """Share that a filter takes of a motion to one side for the time of a contact, s, and back."""
    return float(1.0 - 1.0 / (1.0 + (0.5 / (contact * low_pass.stated_hz)) ** (2 * low_pass.order)))


def hidden_rates(low_pass: LowPass, contact: float) -> float:
    """Share of its RMS that a filter takes of a moment that acts during a contact, s."""
    _, lost_share = half_sine_change(1.0, contact, 0.0, low_pass.cutoff_hz)
    return lost_share


# forces -----------------------------------------------------------------------------------------

SMOOTH_LOBE = 1.5
"""A half sine of duration T has lobes from this / T on; beyond, their mean is taken."""

MIN_CONTACT_S = 0.05

LOADED_N = 200.0
"""Peak of a contact that shows a spectrum."""

CONTACT_N = 20.0

WIDTH_AT_HALF_PEAK = 2.0 / 3.0
"""Share of its duration during which a half sine exceeds half its peak: a filter hardly changes
this width."""

MIN_LENGTHENING_S = 0.007
"""Lengthening of contacts, s, from which a low-pass counts: less is near the error of contact times
on plates, 4 ms. Runs at 2 to 5 m/s that were low-passed at 20 Hz (Hamner and Delp 2013) have 2 to
6 ms."""

SINE_RATE_HZ = 2000.0
"""Rate at which a half sine is filtered."""

FORCE_FLOORS = (-2.0, 0.0)


def find_low_pass(vertical: FloatArray, rate: float, threshold: float) -> ForceLowPass | None:
    """Low-pass filter that vertical forces (T, P), N, went through; None where none counts.

    A force that starts and ends with the contact has kinks there: its power falls with the fourth
    power of the frequency, somewhat faster or slower by person and gait. What was set to zero below
    a threshold after the filter adds jumps (f⁻²), noise a constant. `threshold`, N, of the events.
    """
    contacts = _loaded_contacts(vertical, rate)
    spectrum = force_spectrum(vertical, rate, contacts)
    if spectrum is None:
        return None
    found = find_filter(spectrum, spectrum_scales("forces"))
    if found is None:
        return None
    cutoff = found.cutoff_hz
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
        for start, stop in runs(force > CONTACT_N):
            peak = float(force[start:stop].max())
            if stop - start <= MIN_CONTACT_S * rate or peak <= LOADED_N:
                continue
            wide = np.count_nonzero(force[start:stop] > 0.5 * peak) / rate
            contacts.append((plate, 0.5 * float(start + stop), peak, wide / WIDTH_AT_HALF_PEAK))
    return contacts


def force_spectrum(
    vertical: FloatArray, rate: float, contacts: list[Contact] | None = None
) -> Spectrum | None:
    """Spectrum of vertical forces (T, P), N, beside that of half sines of the same contacts."""
    contacts = _loaded_contacts(vertical, rate) if contacts is None else contacts
    if not contacts:
        return None
    median_duration = float(np.median([duration for *_, duration in contacts]))
    lowest = max(MIN_FREQUENCY_HZ, SMOOTH_LOBE / median_duration)
    resolved = _bands(len(vertical) / rate, lowest, rate)
    if resolved is None:
        return None
    size, edges = resolved
    window = np.hanning(len(vertical))
    frequency = np.asarray(np.fft.rfftfreq(size, 1.0 / rate), dtype=np.float64)
    reference = np.zeros(len(frequency))
    for _, middle, peak, duration in contacts:
        weight = float(window[int(middle)])
        reference += (weight * peak * duration) ** 2 * half_sine_power(frequency * duration)
    used = sorted({plate for plate, *_ in contacts})
    transform = np.fft.rfft(window[:, None] * vertical[:, used], size, axis=0) / rate
    power = (np.abs(transform) ** 2).sum(axis=1)
    measured, expected = _band_means(np.array([power, reference]), frequency, edges)
    if not np.isfinite(measured).all():
        return None
    middles = np.sqrt(edges[1:] * edges[:-1])
    return Spectrum(middles, measured, expected, float("inf"), FORCE_FLOORS)


def half_sine_power(cycles: FloatArray) -> FloatArray:
    """Power of a half sine of unit height and duration at frequencies in cycles a duration.

    ``(2/π)² cos²(π u) / (1 − (2 u)²)²``, with the mean of the squared cosine above 1.5 cycles:
    runners' contacts differ, and fill each other's zeros.
    """
    lobes = 0.25 * (np.sinc(cycles + 0.5) + np.sinc(cycles - 0.5)) ** 2
    smooth = 0.5 * (2.0 / np.pi) ** 2 / (1.0 - 4.0 * np.maximum(cycles, SMOOTH_LOBE) ** 2) ** 2
    return np.asarray(np.where(cycles < SMOOTH_LOBE, lobes, smooth))
