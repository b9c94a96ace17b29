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

from aqbio.filters import low_pass
from aqbio.force_plates.offsets import resting
from aqbio.io.recording import ForceRecording, Recording
from aqbio.prepare.people import of_people
from aqbio.prepare.signal_scales import spectrum_scales
from aqbio.prepare.spectra import (
    BANDS_PER_OCTAVE,
    CONTINUOUS_RATE_HZ,
    POWER_RATIO,
    Spectrum,
    band_powers,
    best_filter,
)
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
    frequency, powers = band_powers(paths, rate, MIN_FREQUENCY_HZ)
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
        power = 2.0 * np.square(kinks).sum() / np.square(window).sum() if kinks else 0.0
        paths += [vertical / np.sqrt(power)] if power > 0.0 else []
        durations += [duration for *_, duration in contacts]
    if not paths:
        return None
    lowest = max(MIN_FREQUENCY_HZ, SMOOTH_LOBE / float(np.median(durations)))
    frequency, powers = band_powers(paths, rate, lowest)
    if not len(powers):
        return None
    return Spectrum("forces", frequency, powers.mean(axis=0), CONTINUOUS_RATE_HZ, 0.0, (2.0, 4.0))


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
        plate *= -1.0 if -plate.min(initial=0.0) > plate.max(initial=0.0) else 1.0
    return vertical


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
