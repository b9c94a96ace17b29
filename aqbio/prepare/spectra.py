"""Spectra of recorded signals, and the low-pass filter that explains one best.

The power of second derivatives in bands of frequency is compared with that of unfiltered recordings
of people, up to level, tilt and what a filter leaves behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from aqbio.prepare.signal_scales import SpectrumScales
from aqbio.signals import runs
from aqbio.vectors import FloatArray

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


def band_powers(
    paths: Sequence[FloatArray], rate: float, lowest: float
) -> tuple[FloatArray, FloatArray]:
    """Bands (B,), Hz, and power (N, B) in them of the second derivatives of paths (T, D).

    By the longest stretch without a gap of each; of none where bands are too few.
    """
    duration = max(map(len, paths), default=0) / rate
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


CONTINUOUS_RATE_HZ = 1e9
"""Rate at which a digital filter is an analogue one, Hz."""


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
