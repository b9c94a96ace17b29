"""Forces that were low-passed before they were exported: at which cut-off, and what that hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aqbio.signals import runs
from aqbio.vectors import FloatArray, IntArray


class Butterworth(NamedTuple):
    """A Butterworth filter as laboratories use it."""

    order: int
    passes: int
    """1: one way, which delays the signal; 2: forth and back, without delay."""


FILTERS = (Butterworth(2, 1), Butterworth(4, 1), Butterworth(2, 2), Butterworth(4, 2))


@dataclass(frozen=True, slots=True, order=True)
class ForceLowPass:
    """A low-pass filter that forces went through before they were exported."""

    cutoff_hz: float
    """Frequency at which the power is halved."""
    filter: Butterworth


def filter_response(ratio: FloatArray, filter_used: Butterworth) -> NDArray[np.complex128]:
    """Complex gain of a filter at frequencies in units of its half-power frequency."""
    order, passes = filter_used
    if passes == 2:
        return np.asarray(1.0 / (1.0 + _attenuation(ratio, filter_used)), dtype=np.complex128)
    poles = _poles(order)
    return np.asarray(np.prod(-poles) / np.prod(1j * ratio[:, None] - poles, axis=1))


def response_slope(ratio: FloatArray, filter_used: Butterworth) -> NDArray[np.complex128]:
    """Derivative of `filter_response` by the logarithm of the half-power frequency."""
    order, passes = filter_used
    response = filter_response(ratio, filter_used)
    if passes == 2:
        return np.asarray(2.0 * order * _attenuation(ratio, filter_used) * response**2)
    frequency = 1j * ratio[:, None]
    return np.asarray(response * (frequency / (frequency - _poles(order))).sum(axis=1))


def _poles(order: int) -> NDArray[np.complex128]:
    """Poles of a Butterworth filter of unit half-power frequency."""
    angles = np.pi * (2.0 * np.arange(order) + order + 1.0) / (2.0 * order)
    return np.asarray(np.exp(1j * angles))


def _attenuation(ratio: FloatArray, filter_used: Butterworth) -> FloatArray:
    """Power before each pass over that behind it, less one; frequencies as in `filter_response`.

    Two passes halve the power where one has lost a factor sqrt(2) of it.
    """
    order, passes = filter_used
    return np.asarray((2.0 ** (1.0 / passes) - 1.0) * ratio ** (2 * order))


def delay_s(low_pass: ForceLowPass) -> float:
    """Delay of slow signals through a filter, s: 0 where it went forth and back.

    ``Σ 1 / Re(−p)`` over the poles of a Butterworth filter, ``1 / sin(π / 2 n)`` over ``2 π f``.
    """
    order, passes = low_pass.filter
    if passes == 2:
        return 0.0
    return float(1.0 / np.sin(np.pi / (2.0 * order)) / (2.0 * np.pi * low_pass.cutoff_hz))


# spectrum -----------------------------------------------------------------------------------------

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

SHARPNESS_SD = 1.2
"""Standard deviation of the logarithm of the power above the lobes, of runners around a half sine:
0.3 to 1.2 in a sprint, a jog and the first harmonics of forty runs on a treadmill."""

MIN_IMPROVEMENT = 20.0
"""Half the chi square by which a filter must explain the spectrum better than none. Without filter
0 to 15 in 22 recordings of walking, running and sprinting; 35 and more of those low-passed at 60 Hz
or below."""

MIN_BANDS = 8

MIN_CONTACT_S = 0.05

LOADED_N = 200.0
"""Peak of a contact that shows a spectrum."""

CONTACT_N = 20.0


MAX_COST_DIFFERENCE = 40.0
"""Filters whose half chi square is within this of the best may explain the spectrum as well; the
course of the contacts, by which cut-offs are refined, decides between them."""

CUTOFF_FACTOR = 1.7
"""The spectrum tells a cut-off within this factor."""


def find_low_pass(vertical: FloatArray, rate: float) -> ForceLowPass | None:
    """Low-pass filter that vertical forces (T, P), N, went through; None where none shows.

    A force that starts and ends with the contact has kinks there: its power falls with the fourth
    power of the frequency. A Butterworth filter of order n adds 2 n for each pass. What was set to
    zero below a threshold after the filter adds jumps (f⁻²), noise a constant. Filters that the
    spectrum does not tell apart differ in how force leads in and out of contacts.
    """
    measured = _spectrum(vertical, rate)
    if measured is None:
        return None
    plain, _ = _fit(*measured, None)
    if plain < MIN_IMPROVEMENT:
        return None
    fits = [(*_fit(*measured, filter_kind), filter_kind) for filter_kind in FILTERS]
    best, _, _ = min(fits)
    if plain - best < MIN_IMPROVEMENT:
        return None
    sharpened = [
        _refined(vertical, rate, ForceLowPass(cutoff, filter_kind))
        for cost, cutoff, filter_kind in fits
        if cost < best + MAX_COST_DIFFERENCE
    ]
    return min(sharpened)[1] if sharpened else None


def _refined(
    vertical: FloatArray, rate: float, low_pass: ForceLowPass
) -> tuple[float, ForceLowPass]:
    """Median misfit of the strongest contacts, and the filter with the cut-off that fits them."""
    contacts = [
        (float(force[start:stop].max()), plate, start, stop)
        for plate, force in enumerate(vertical.T)
        for start, stop in _load_spans(force, rate).tolist()
        if start > 0 and stop < len(force)
    ]
    refined = []
    for peak, plate, start, stop in sorted(contacts, reverse=True)[:COMPARED_CONTACTS]:
        ends = np.array([start, stop], dtype=float) / rate
        model = _ContactModel(vertical[:, plate] / peak, rate, ends, low_pass)
        refined.append(model.fit(ends, with_cutoff=True))
    if not refined:
        return np.inf, low_pass
    cutoff = low_pass.cutoff_hz * float(np.exp(np.median([fit[2] for _, fit in refined])))
    misfit = float(np.sqrt(np.median([cost for cost, _ in refined])))
    return misfit, ForceLowPass(cutoff, low_pass.filter)


COMPARED_CONTACTS = 3
"""Contacts that the cut-off is refined with."""


def _spectrum(
    vertical: FloatArray, rate: float
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Frequencies, Hz, power of the forces there, and power of half sines of the same contacts."""
    window = np.hanning(len(vertical))
    size = 2 ** int(np.ceil(np.log2(max(len(vertical), 4.0 * rate))))
    frequency = np.fft.rfftfreq(size, 1.0 / rate)
    power, reference = np.zeros(len(frequency)), np.zeros(len(frequency))
    durations = []
    for force in vertical.T:
        for start, stop in _load_spans(force, rate):
            duration = (stop - start) / rate
            peak = float(force[start:stop].max())
            weight = float(window[(start + stop) // 2])
            reference += (weight * peak * duration) ** 2 * half_sine_power(frequency * duration)
            durations.append(duration)
        power += np.abs(np.fft.rfft(window * force, size) / rate) ** 2
    if not durations:
        return None
    lowest = max(MIN_FREQUENCY_HZ, SMOOTH_LOBE / float(np.median(durations)))
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
    squared = np.where(cycles < SMOOTH_LOBE, np.cos(np.pi * cycles) ** 2, 0.5)
    away = np.where(np.abs(cycles - 0.5) < 1e-6, 0.5 + 1e-6, cycles)
    return np.asarray((2.0 / np.pi) ** 2 * squared / (1.0 - (2.0 * away) ** 2) ** 2)


def _load_spans(force: FloatArray, rate: float) -> IntArray:
    spans = runs(force > CONTACT_N)
    long_enough = np.ptp(spans, axis=1) > MIN_CONTACT_S * rate
    heavy = [force[start:stop].max() > LOADED_N for start, stop in spans]
    return np.asarray(spans[long_enough & np.array(heavy, dtype=np.bool_)])


START_CUTOFFS_HZ = (8.0, 25.0, 70.0)
"""Cut-offs from which the search starts, Hz."""


def _fit(
    frequency: FloatArray, power: FloatArray, reference: FloatArray, filter_used: Butterworth | None
) -> tuple[float, float]:
    """Half the chi square of the best filter of a kind (None: none), and its cut-off, Hz."""
    from scipy.optimize import least_squares

    order, passes = filter_used or Butterworth(0, 1)
    measured = np.log(power)
    jumps, noise = measured[-1] + 2.0 * np.log(frequency[-1]) - 1.0, measured[-1] - 1.0
    scale = float(np.log(reference[0])) - 60.0

    def parts(parameters: FloatArray) -> FloatArray:
        """Power that passes, its derivative by the cut-off's logarithm; of jumps; of noise."""
        sharpness, log_cutoff, log_jumps, log_noise = parameters
        attenuation = np.zeros_like(frequency)
        if filter_used is not None:
            attenuation = _attenuation(frequency / np.exp(log_cutoff), filter_used)
        passed = np.exp(sharpness) * reference / (1.0 + attenuation) ** passes
        jumps, noise = np.exp(log_jumps) * frequency**-2, np.full_like(frequency, np.exp(log_noise))
        steepness = passes * 2.0 * order * attenuation / (1.0 + attenuation)
        return np.stack([passed, passed * steepness, jumps, noise])

    def residual(parameters: FloatArray) -> FloatArray:
        passed, _, jumps, noise = parts(parameters)
        misfit = (measured - np.log(passed + jumps + noise)) / BAND_SD
        return np.append(misfit, parameters[0] / SHARPNESS_SD)

    def slopes(parameters: FloatArray) -> FloatArray:
        """Derivatives of the residuals by the parameters."""
        changes = parts(parameters)
        model = changes[0] + changes[2] + changes[3]
        prior = [1.0 / SHARPNESS_SD, 0.0, 0.0, 0.0]
        return np.vstack((-(changes / model).T / BAND_SD, prior))

    limits = ([-8.0, 0.7, scale, scale], [8.0, 6.0, jumps + 10.0, noise + 10.0])
    candidates = [
        least_squares(
            residual, np.clip([0.5, np.log(start), jumps, noise], *limits), slopes, bounds=limits
        )
        for start in (START_CUTOFFS_HZ if filter_used else START_CUTOFFS_HZ[:1])
    ]
    best = min(candidates, key=lambda candidate: candidate.cost)
    return float(best.cost), float(np.exp(best.x[1]))


# contacts -----------------------------------------------------------------------------------------

MIN_HARMONICS = 8
"""Smallest number of sines, of half periods of the contact, in the model of an unfiltered force."""

MAX_HARMONICS = 24
"""Largest number of these sines."""

HARMONICS_PER_CYCLE = 3.0
"""Sines for every period of the cut-off in the contact: content that passes the filter must be
explained."""

STIFFNESS = 1e-3
"""Weight against high harmonics, of which a low-passed force says little."""

PULL_WEIGHT = 0.3
"""Weight against forces that pull the foot down."""

MIN_DURATION_SHARE = 0.25
"""Smallest share of a filtered contact's duration that the unfiltered one lasts."""

MAX_SOFT_END_S = 0.010
"""Longest time for which the sole touches the ground below the threshold of the events, s."""

GRID_SIZE = 768
"""Instants at which a contact is modelled."""

LEAD_PERIODS = 0.8
"""Periods of the cut-off that are compared before and after a contact."""

LEAD_SHARE = 0.5
"""Share of its duration that is compared before and after a contact."""


UNIT = np.array([0.006, 0.006, 0.1])
"""Steps of touchdown, s, duration, s, and logarithm of the cut-off's factor in the search."""

STARTS_INWARD = (0.0, 1.0, 2.0)
"""Starts of the search: ends moved into the contact, in tenths of a period of the cut-off."""

MIDDLE_START = STARTS_INWARD[1:2]
"""Start of the search for a cut-off, which compares several contacts."""

MAX_STEPS = 15
"""Steps of one search."""


class UnfilteredContact(NamedTuple):
    """Contact before the low-pass."""

    touchdown: float
    toe_off: float
    """touchdown, toe_off: Samples, from the first of the force."""
    lost_share: float
    """RMS of what the filter changed, share of the RMS of the force."""
    misfit: float
    """RMS of what no force through this filter explains, share of the peak."""


def unfiltered_contact(
    force: FloatArray, rate: float, span: tuple[int, int], threshold: float, low_pass: ForceLowPass
) -> UnfilteredContact:
    """Estimate when a force exceeded a threshold, N, before it was low-passed.

    Parameters
    ----------
    force : (T,) array, N
        Vertical, low-passed.
    span : (first, stop)
        Samples above the threshold.

    Notes
    -----
    A foot pushes between touchdown t₁ and toe-off t₂ only: ``f(t) = Σ a_k sin(k π (t − t₁) / (t₂ −
    t₁))`` between them and 0 outside, k = 1 ... 8. The filter is linear, so that the recorded force
    is the same sum of filtered sines: for given ends a_k follow from least squares, and the ends
    are those that fit best (variable projection, Golub & Pereyra 1973, SIAM J Numer Anal 10:413).
    The filter does not change impulse and mean instant (but for its delay) nor, maximally flat,
    the variance over time: ends and shape cannot trade freely.
    """
    first, stop = span
    peak = float(force[first:stop].max())
    ends = np.array([first, stop], dtype=float) / rate
    model = _ContactModel(force / peak, rate, ends, low_pass)
    cost, fitted = model.fit(ends)
    unfiltered, filtered = model.forces(fitted)
    above = np.flatnonzero(unfiltered * peak > threshold)
    if not len(above):
        return UnfilteredContact(float(first), float(stop), np.nan, np.inf)
    changed = np.linalg.norm(unfiltered - filtered) / np.linalg.norm(unfiltered)
    touchdown, toe_off = model.time[above[[0, -1]]] * rate
    return UnfilteredContact(touchdown, toe_off, float(changed), float(np.sqrt(cost)))


class _Fit(NamedTuple):
    """A contact between certain ends, and the force that fits best."""

    ends: FloatArray
    response: NDArray[np.complex128]
    waves: NDArray[np.complex128]
    sines: FloatArray
    compared: FloatArray
    """(K, N). The sines behind the filter, at the instants that are compared."""
    normal: FloatArray
    amplitude: FloatArray


class _ContactModel:
    """A force of one contact that goes through a filter."""

    def __init__(
        self, force: FloatArray, rate: float, ends: FloatArray, low_pass: ForceLowPass
    ) -> None:
        """Take the recorded force (T,) around the ``ends``, s, of a contact."""
        duration = float(np.diff(ends)[0])
        reach = LEAD_SHARE * duration + LEAD_PERIODS / low_pass.cutoff_hz
        step = 1.6 * (duration + 2.0 * reach) / GRID_SIZE
        self.time = ends.mean() + (np.arange(GRID_SIZE) - 0.5 * GRID_SIZE) * step
        self.low_pass = low_pass
        self.ratio = np.asarray(
            np.fft.rfftfreq(GRID_SIZE, step) / low_pass.cutoff_hz, dtype=np.float64
        )
        self.response = filter_response(self.ratio, low_pass.filter)
        recorded = np.arange(len(force)) / rate
        near = (self.time > ends[0] - reach) & (self.time < ends[1] + reach)
        near &= (self.time > recorded[0]) & (self.time < recorded[-1])
        self.durations = MIN_DURATION_SHARE * duration, duration + MAX_SOFT_END_S
        self.compared = np.flatnonzero(near)[::3]
        self.measured = np.interp(self.time[self.compared], recorded, force)
        count = round(HARMONICS_PER_CYCLE * duration * low_pass.cutoff_hz)
        self.harmonic = np.arange(1, np.clip(count, MIN_HARMONICS, MAX_HARMONICS) + 1)
        self._stiffness = STIFFNESS * self.harmonic**1.5
        self._latest: _Fit | None = None

    def _waves(self, ends: FloatArray) -> NDArray[np.complex128]:
        """Cosines and sines, ``exp(i k π (t − t₁) / (t₂ − t₁))`` (K, G); 0 outside the contact."""
        share = (self.time - ends[0]) / (ends[1] - ends[0])
        inside = np.flatnonzero((share > 0.0) & (share < 1.0))
        waves = np.zeros((len(self.harmonic), GRID_SIZE), dtype=np.complex128)
        within = slice(inside[0], inside[-1] + 1) if len(inside) else slice(0)
        waves[0, within] = np.exp(1j * np.pi * share[within])
        for number in range(1, len(self.harmonic)):
            np.multiply(waves[number - 1, within], waves[0, within], out=waves[number, within])
        return waves

    def _filtered(self, signals: FloatArray, response: NDArray[np.complex128]) -> FloatArray:
        """Signals (..., G) behind a filter."""
        return np.fft.irfft(np.fft.rfft(signals) * response, GRID_SIZE)

    def _solved(self, ends: FloatArray) -> _Fit:
        """The sines of a contact and the amplitudes that fit best."""
        response = self.response
        if len(ends) > 2:
            response = filter_response(self.ratio * np.exp(-ends[2]), self.low_pass.filter)
        waves = self._waves(ends)
        sines = np.ascontiguousarray(waves.imag)
        compared = self._filtered(sines, response)[:, self.compared]
        # the stiffness keeps these normal equations well-conditioned (below 1e7)
        normal = compared @ compared.T / len(self.compared)
        normal[np.diag_indices_from(normal)] += self._stiffness**2
        amplitude = np.linalg.solve(normal, compared @ self.measured / len(self.compared))
        return _Fit(ends, response, waves, sines, compared, normal, amplitude)

    def fit(self, ends: FloatArray, *, with_cutoff: bool = False) -> tuple[float, FloatArray]:
        """Least misfit, and touchdown and toe-off, s, of a contact above the threshold.

        ``with_cutoff``: also the logarithm of the factor by which the cut-off is another one.
        """
        from scipy.optimize import least_squares

        lead = 0.1 / self.low_pass.cutoff_hz * np.array([1.0, -1.0])
        middle = ends - delay_s(self.low_pass)
        size = 3 if with_cutoff else 2
        shortest, longest = self.durations
        factor = np.log(CUTOFF_FACTOR)
        bounds = np.array([[-np.inf, shortest, -factor], [np.inf, longest, factor]]) / UNIT
        limits = bounds[:, :size]
        candidates = []
        for inward in STARTS_INWARD if not with_cutoff else MIDDLE_START:
            first, last = middle + inward * lead
            start = np.array([first, last - first, 0.0])[:size] / UNIT[:size]
            if not ((limits[0] < start) & (start < limits[1])).all():
                continue
            result = least_squares(
                self._residuals, start, self._slopes, bounds=limits,
                xtol=1e-3, ftol=1e-4, gtol=1e-10, max_nfev=MAX_STEPS,
            )  # fmt: skip
            candidates.append((2.0 * float(result.cost), self._ends(result.x)))
        if not candidates:
            return np.inf, ends
        return min(candidates, key=lambda candidate: candidate[0])

    def _ends(self, unknowns: FloatArray) -> FloatArray:
        """Touchdown, toe-off and logarithm of the cut-off's factor, from scaled unknowns.

        Those are touchdown, duration and the logarithm, which bounds keep possible.
        """
        values = unknowns * UNIT[: len(unknowns)]
        values[1] += values[0]
        return np.asarray(values)

    def _residuals(self, unknowns: FloatArray) -> FloatArray:
        """Residuals of what is not explained, with the weights against what no foot does."""
        ends = self._ends(unknowns)
        self._latest = fit = self._solved(ends)
        pull = np.minimum(fit.amplitude @ fit.sines, 0.0)
        return self._stacked(
            fit.amplitude @ fit.compared - self.measured, self._stiffness * fit.amplitude, pull
        )

    @staticmethod
    def _stacked(explained: FloatArray, stiff: FloatArray, pull: FloatArray) -> FloatArray:
        """Residuals (...), or their derivatives, with their weights."""
        sizes = explained.shape[-1] ** 0.5, pull.shape[-1] ** 0.5
        return np.concatenate((explained / sizes[0], stiff, PULL_WEIGHT * pull / sizes[1]), axis=-1)

    def _slopes(self, unknowns: FloatArray) -> FloatArray:
        """Derivatives of the residuals by the scaled unknowns (variable projection, exact)."""
        ends, fit = self._ends(unknowns), self._latest
        if fit is None or not np.array_equal(ends, fit.ends):
            fit = self._solved(ends)
        frequency = np.pi * self.harmonic / (ends[1] - ends[0])
        share = (self.time - ends[0]) / (ends[1] - ends[0])
        cosines, courses = fit.waves.real.copy(), -np.stack([np.ones_like(share), share])
        missed = np.zeros(GRID_SIZE)
        missed[self.compared] = fit.amplitude @ fit.compared - self.measured
        # by touchdown and duration, (2, G): change of the force with its amplitudes kept
        moved = ((fit.amplitude * frequency) @ cosines) * courses
        filtered = self._filtered(moved, fit.response)[:, self.compared]
        back = self._filtered(missed[::-1], fit.response)[::-1]  # the transpose of the filter
        correlated = frequency[:, None] * (cosines @ (courses * back).T)
        force = fit.amplitude @ fit.sines
        if len(ends) > 2:  # by the logarithm of the cut-off
            slope = response_slope(self.ratio * np.exp(-ends[2]), self.low_pass.filter)
            filtered_pair = self._filtered(np.stack([force, missed[::-1]]), slope)
            moved = np.vstack((moved, np.zeros(GRID_SIZE)))
            filtered = np.vstack((filtered, filtered_pair[0, self.compared]))
            correlated = np.column_stack((correlated, fit.sines @ filtered_pair[1, ::-1]))
        correlated += fit.compared @ filtered.T
        amplitudes = -np.linalg.solve(fit.normal, correlated / len(self.compared)).T
        slopes = self._stacked(
            filtered + amplitudes @ fit.compared,
            self._stiffness * amplitudes,
            (force < 0.0) * (moved + amplitudes @ fit.sines),
        )
        return np.asarray((UNIT[: len(ends), None] * slopes).T)

    def forces(self, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Force before and behind the filter, (G,) each."""
        fit = self._solved(ends)
        force = fit.amplitude @ fit.sines
        return force, self._filtered(force, self.response)
