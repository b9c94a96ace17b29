"""Low-pass filters that signals went through before their export, and what these hide.

A laboratory exports all recordings alike: a filter is one fact, estimated from all recordings of
one format and rate together. The scope is a participant's session, the largest that a job reads:
jobs of participants run apart, and none starts again because another one's recording changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from aqbio.filters import low_pass
from aqbio.force_plates.offsets import resting
from aqbio.io.recording import ForceRecording, Recording
from aqbio.prepare.people import of_people
from aqbio.prepare.signal_scales import SpectrumScales, spectrum_scales
from aqbio.signals import runs
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class LowPass:
    """Butterworth filter that ran forth and back over a signal."""

    cutoff_hz: float
    """Frequency at which the power is halved."""
    order: int
    stated_hz: float
    """Cut-off of each of its two passes, as laboratories state it."""
    error: float
    """Standard deviation of the logarithm of the cut-off."""

    def raised(self, sds: float) -> LowPass:
        """Filter whose cut-offs are some standard deviations higher."""
        factor = float(np.exp(sds * self.error))
        return replace(self, cutoff_hz=factor * self.cutoff_hz, stated_hz=factor * self.stated_hz)

    def hidden_motion(self, contact: float) -> float:
        """Lost share of a motion to one side for the time of a contact, s, and back."""
        cycles = 0.5 / (contact * self.stated_hz)
        return float(1.0 - 1.0 / (1.0 + cycles ** (2 * self.order)))

    def half_sine_change(
        self, duration: float, peak: float = 1.0, threshold: float = 0.0
    ) -> tuple[float, float]:
        """Lengthening, s, above a threshold of a half sine, and lost share of its RMS."""
        reach = duration + 1.0 / self.cutoff_hz
        share = np.arange(-reach, duration + reach, 1.0 / SINE_RATE_HZ) / duration
        force = peak * np.sin(np.pi * np.clip(share, 0.0, 1.0))
        filtered = low_pass(force, SINE_RATE_HZ, self.cutoff_hz)
        longer = np.count_nonzero(filtered > threshold) - np.count_nonzero(force > threshold)
        loss = np.linalg.norm(filtered - force) / np.linalg.norm(force)
        return longer / SINE_RATE_HZ, float(loss)

    def hidden_rates(self, contact: float) -> float:
        """Lost share of the RMS of a moment that acts during a contact, s."""
        return self.half_sine_change(contact)[1]


SINE_RATE_HZ = 2000.0
"""Rate at which a half sine is filtered."""


@dataclass(frozen=True, slots=True)
class ForceLowPass:
    """Effect of a filter on the contacts of a trial: medians of half sines as long and high."""

    cutoff_hz: float
    """Frequency at which the power is halved."""
    lengthening_s: float
    """Additional time above the threshold of events, s."""
    lost_share: float
    """RMS that the filter takes at least, share of that of the half sine."""


MIN_LENGTHENING_S = 0.007
"""Lengthening of contacts, s, from which a low-pass counts: less is near the error of contact times
on plates, 4 ms. Runs at 2 to 5 m/s that were low-passed at 20 Hz (Hamner and Delp 2013) have 2 to
6 ms."""


LOSS_SDS = 1.0
"""Standard deviations by which a cut-off is taken higher where a loss forbids to use forces."""


def filtered_contacts(
    vertical: FloatArray, rate: float, threshold: float, filtered: LowPass | None
) -> ForceLowPass | None:
    """Effect of a filter on contacts of vertical forces (S, P), N; None where none counts."""
    contacts = loaded_contacts(vertical, rate)
    if filtered is None or not contacts:
        return None
    raised = filtered.raised(LOSS_SDS)
    changes = [filtered.half_sine_change(width, peak, threshold) for _, peak, width in contacts]
    losses = [raised.half_sine_change(width)[1] for *_, width in contacts]
    lengthening, lost_share = float(np.median(changes, axis=0)[0]), float(np.median(losses))
    if lengthening < MIN_LENGTHENING_S:
        return None
    return ForceLowPass(filtered.cutoff_hz, lengthening, lost_share)


@dataclass(frozen=True, slots=True)
class RecordedFilters:
    """Filters that a recording went through; None where none shows."""

    markers: LowPass | None = None
    forces: LowPass | None = None


def recorded_filters(recordings: Sequence[tuple[str, Recording]]) -> list[RecordedFilters]:
    """Filters of recordings, each with its file format: those of one format and rate share them."""
    markers, forces = defaultdict(list), defaultdict(list)
    keys = []
    for kind, recording in recordings:
        of_markers, of_forces = (kind, round(recording.rate, RATE_DIGITS)), None
        markers[of_markers].append(recording.positions)
        if recording.forces is not None:
            of_forces = (kind, round(recording.forces.rate, RATE_DIGITS))
            forces[of_forces].append(vertical_forces(recording.forces))
        keys.append((of_markers, of_forces))
    marker_filters = {x: find_filter(marker_spectrum(paths, x[1])) for x, paths in markers.items()}
    force_filters = {x: find_filter(force_spectrum(loads, x[1])) for x, loads in forces.items()}
    return [RecordedFilters(marker_filters[x], y and force_filters[y]) for x, y in keys]


RATE_DIGITS = 1
"""Digits of a rate, Hz, that recordings of one export have in common."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power of the second derivative of a signal in B bands."""

    signal: str
    """{"markers", "forces"}."""
    frequency: FloatArray
    """(B,) array, Hz."""
    power: FloatArray
    """(B,) array."""
    rate: float
    """Hz: a digital filter lowers power near half of it more than an analogue one."""
    level: float
    """Logarithm of the power of an unfiltered signal, which is even but for a tilt."""
    floors: tuple[float, float]
    """Powers of the frequency of what is left behind a filter: kinks, or jumps, and noise."""
    max_noise: float = float("inf")
    """Largest noise behind a filter, at 1 Hz: more shows that there was none."""


MIN_FREQUENCY_HZ = 3.0
"""Lowest frequency that is compared."""

MAX_ROUNDING_M = 1e-4 / np.sqrt(12.0)
"""Standard deviation of a coordinate that is rounded to 0.1 mm, m."""

MIN_PATHS = 5
"""Fewest markers that show what all have in common."""


def marker_spectrum(recordings: Sequence[FloatArray], rate: float) -> Spectrum | None:
    """Spectrum of markers (T, M, 3), m.

    A filter leaves kinks of gaps that were filled after it (f⁰), and rounding (f⁴); a camera's
    noise it does not.
    """
    paths = [path for positions in recordings for path in positions.swapaxes(0, 1)]
    frequency, powers = _spectra(paths, rate, MIN_FREQUENCY_HZ)
    if len(powers) < MIN_PATHS:
        return None
    power = np.exp(np.median(np.log(powers), axis=0))
    level = float(np.log(power[:BANDS_PER_OCTAVE]).mean())
    noise = 3.0 * MAX_ROUNDING_M**2 * (2.0 * np.pi) ** 4 / rate**2
    return Spectrum("markers", frequency, power, rate, level, (0.0, 4.0), noise)


SMOOTH_LOBE = 1.5
"""A half sine of duration T has lobes from this / T on; beyond, its second derivative is even."""


def force_spectrum(recordings: Sequence[FloatArray], rate: float) -> Spectrum | None:
    """Spectrum of vertical forces (S, P), as shares of those of half sines of the same contacts.

    A force begins and ends with a kink. What was set to zero below a threshold after a filter adds
    jumps (f²), noise f⁴.
    """
    paths, durations = [], []
    for vertical in recordings:
        contacts = loaded_contacts(vertical, rate)
        window = np.hanning(len(vertical))
        kinks = [window[middle] * np.pi * peak / duration for middle, peak, duration in contacts]
        power = 2.0 * np.square(kinks).sum() / (window**2).sum()
        paths += [vertical / np.sqrt(power)] if contacts else []
        durations += [duration for *_, duration in contacts]
    if not paths:
        return None
    lowest = max(MIN_FREQUENCY_HZ, SMOOTH_LOBE / float(np.median(durations)))
    frequency, powers = _spectra(paths, rate, lowest)
    if not len(powers):
        return None
    return Spectrum("forces", frequency, powers.mean(axis=0), CONTINUOUS_RATE_HZ, 0.0, (2.0, 4.0))


CONTINUOUS_RATE_HZ = 1e9
"""Rate at which a digital filter is an analogue one, Hz."""

MIN_CONTACT_S = 0.05
"""Shortest contact that shows a spectrum, s."""

MIN_PEAK_SHARE = 0.1
"""Peak of a contact that shows a spectrum, share of the largest force."""

CONTACT_SHARE = 0.01
"""Force in a contact that shows a spectrum, share of the largest one: 20 N of a runner's 2 kN."""

WIDTH_AT_HALF_PEAK = 2.0 / 3.0
"""Share of its duration during which a half sine exceeds half its peak: a filter hardly changes
this width."""


def loaded_contacts(vertical: FloatArray, rate: float) -> list[tuple[int, float, float]]:
    """Middle (sample), peak and duration (s) of half sines as wide as contacts of forces (S, P)."""
    contacts: list[tuple[int, float, float]] = []
    largest = float(vertical.max(initial=0.0))
    for force in vertical.T:
        for start, stop in runs(force > CONTACT_SHARE * largest):
            peak = float(force[start:stop].max())
            if stop - start > MIN_CONTACT_S * rate and peak > MIN_PEAK_SHARE * largest:
                wide = np.count_nonzero(force[start:stop] > 0.5 * peak) / rate
                contacts.append((int(start + stop) // 2, peak, float(wide / WIDTH_AT_HALF_PEAK)))
    return contacts


def vertical_forces(forces: ForceRecording) -> FloatArray:
    """Vertical forces (S, P) above those at rest, whatever their axis, sign and unit."""
    sizes = np.nan_to_num(forces.wrench.force)
    vertical = np.array(sizes[..., np.abs(sizes).sum(axis=(0, 1)).argmax()])
    for plate in vertical.T:
        plate -= plate[at_rest].mean() if (at_rest := resting(plate)).any() else 0.0
        plate *= np.sign(plate[np.abs(plate).argmax()])
    return vertical


BANDS_PER_OCTAVE = 6

MIN_BANDS = 8

MAX_FREQUENCY_HZ = 120.0
"""Highest frequency that is compared; above, mains, cameras and plates' resonances show."""

MAX_RATE_SHARE = 0.4
"""Frequencies above this share of the rate are shaped by what resampled the signal."""

MIN_SPECTRUM_S = 4.0
"""Spectra are resolved as in a signal of at least this duration, s."""

MIN_PATH_S = 0.3
"""Shortest stretch of a path that shows a spectrum, s."""


def _spectra(
    paths: Sequence[FloatArray], rate: float, lowest: float
) -> tuple[FloatArray, FloatArray]:
    """Bands (B,), Hz, and power (N, B) in them of the second derivatives of paths (T, D).

    By the longest stretch without a gap of each; of none where bands are too few.
    """
    duration = max(map(len, paths)) / rate
    size = 2 ** int(np.ceil(np.log2(max(duration, MIN_SPECTRUM_S) * rate)))
    highest = min(MAX_FREQUENCY_HZ, MAX_RATE_SHARE * rate)
    count = int(BANDS_PER_OCTAVE * np.log2(max(highest / lowest, 1.0)))
    edges = lowest * 2.0 ** (np.arange(count + 1) / BANDS_PER_OCTAVE)
    frequency = np.fft.rfftfreq(size, 1.0 / rate)
    derivative = rate**-2 * np.sinc(frequency / rate) ** 2  # of a second difference
    firsts = np.searchsorted(frequency, edges)
    spectra = []
    for path in paths if count >= MIN_BANDS else ():
        start, stop = max(runs(np.isfinite(path.sum(axis=1))), key=np.ptp, default=(0, 0))
        if stop - start < MIN_PATH_S * rate:
            continue
        bent = np.diff(path[start:stop], 2, axis=0)
        window = np.hanning(len(bent))[:, None]
        transform = np.fft.rfft(window * bent, size, axis=0) / (derivative[:, None] * rate)
        power = (np.abs(transform) ** 2).sum(axis=1) / (window**2).sum()
        sums = np.add.reduceat(power, firsts)[:-1]
        spectra += [sums / np.diff(firsts)] if sums.min() > 0.0 else []
    return np.sqrt(edges[1:] * edges[:-1]), np.reshape(spectra, (-1, count))


POWER_RATIO = float(np.sqrt(2.0)) - 1.0
"""Each of two passes halves the power where the square of the ratio of frequencies is this."""

TILT_CENTRE_HZ = 20.0
"""Frequency at which the tilt changes nothing."""

START_CUTOFFS_HZ = (5.0, 12.0, 40.0)
"""Cut-offs from which the search starts, Hz."""

LOG_CUTOFFS = (1.25, 5.5)
"""Range of the logarithm of a cut-off, Hz."""


def fit_spectrum(spectrum: Spectrum, scales: SpectrumScales, order: int) -> OptimizeResult:
    """Fit level, tilt, logarithms of cut-off and of both floors; order 0 is no filter.

    A Butterworth filter of order n that runs forth and back lowers the power with 4 n powers of
    the frequency, and halves it at the cut-off.
    """
    frequency, level, warp = spectrum.frequency, spectrum.level, np.pi / spectrum.rate
    analogue = np.tan(frequency * warp) / warp
    floors = [frequency**power for power in spectrum.floors]

    def residual(parameters: FloatArray) -> FloatArray:
        """Logarithms of the bands' powers less those of the fit, level and tilt, by their SDs."""
        above, tilt, log_cutoff, *sizes = parameters
        loss = (order > 0) * POWER_RATIO * (analogue / np.exp(log_cutoff)) ** (2 * order)
        slope = tilt * np.log(frequency / TILT_CENTRE_HZ)
        power = np.exp(level + above + slope) / (1.0 + loss) ** 2
        power += sum(np.exp(size) * floor for size, floor in zip(sizes, floors, strict=True))
        misfit = np.log(spectrum.power / power) / scales.band_sd
        prior = [above / scales.level_sd, (tilt - scales.tilt_mean) / scales.tilt_sd]
        return np.append(misfit, prior)

    last = [float(np.log(spectrum.power[-1] / floor[-1])) - 1.0 for floor in floors]
    most_noise = min(last[1] + 10.0, np.log(spectrum.max_noise) if order else np.inf)
    limits = (
        [-8.0, -6.0, LOG_CUTOFFS[0], level - 60.0, level - 60.0],
        [8.0, 6.0, LOG_CUTOFFS[1], last[0] + 10.0, max(most_noise, level - 59.0)],
    )
    starts = [[0.5, scales.tilt_mean, np.log(cutoff), *last] for cutoff in START_CUTOFFS_HZ]
    fits = [
        least_squares(residual, np.clip(start, *limits), bounds=limits)
        for start in starts[: None if order else 1]
    ]
    return min(fits, key=lambda fit: float(fit.cost))


SCALE_FREEDOM = 2.0
"""Degrees of freedom by which people tell how far the bands of a recording are off: few, since
recordings differ."""


def improvement(plain: float, filtered: float, bands: int) -> float:
    """Logarithm of the likelihood ratio of two fits, by half their chi squares.

    The scatter of the bands is estimated from the spectrum itself but for `SCALE_FREEDOM`.
    """
    prior = 0.5 * SCALE_FREEDOM
    return (prior + 0.5 * bands) * float(np.log((prior + plain) / (prior + filtered)))


def best_filter(spectrum: Spectrum, scales: SpectrumScales) -> tuple[float, int, OptimizeResult]:
    """Improvement by the filter of the usual orders that explains a spectrum best, and its fit."""
    plain = fit_spectrum(spectrum, scales, 0).cost
    fits = {order: fit_spectrum(spectrum, scales, order) for order in scales.orders}
    order = min(fits, key=lambda x: float(fits[x].cost))
    return improvement(plain, fits[order].cost, len(spectrum.power)), order, fits[order]


def find_filter(spectrum: Spectrum | None) -> LowPass | None:
    """Find the filter without which a spectrum is far less likely, if any."""
    if spectrum is None:
        return None
    scales = spectrum_scales(spectrum.signal)
    better, order, fit = best_filter(spectrum, scales)
    if better < scales.improvement_needed:
        return None
    warp, analogue = np.pi / spectrum.rate, float(np.exp(fit.x[2]))
    halved = float(np.arctan(analogue * warp) / warp)
    stated = float(np.arctan(analogue * POWER_RATIO ** (-0.5 / order) * warp) / warp)
    variance = float(np.linalg.pinv(fit.jac.T @ fit.jac)[2, 2])
    error = float(np.hypot(max(variance, 0.0) ** 0.5, of_people("shape of spectra").error))
    return LowPass(halved, order, stated, error)
