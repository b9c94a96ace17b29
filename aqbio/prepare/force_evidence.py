"""What forces and markers state twice: pressure and feet, loads and the motion of the body.

Every redundancy is small where a recording is sound, whatever its fault is. Forces change momentum:
integrated over time they make the path of the centre of mass, and the angular momentum about it,
that the markers show; noise and soft tissue, which distort accelerations, hardly touch paths. A
standing foot bears its load beneath itself, and a shoe hardly turns on the ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.ndimage import uniform_filter1d

from aqbio.force_plates.forces import PlateWrench, centre_of_pressure
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY
from aqbio.prepare.contacts import (
    MAX_FOOT_DISTANCE_M,
    MIN_CONTACT_S,
    RIGHT,
    FootContact,
    contact_span,
    foot_distance,
    median,
)
from aqbio.prepare.force_delay import MIN_CONTACTS, force_delay
from aqbio.prepare.marked_body import MarkedBody
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

SEARCH_RATE_HZ = 250.0
"""Forces are averaged to about this rate for the search."""

SMOOTHING_S = 0.04
"""Pressure and free moment are judged in the band that bodies have: means over this time, s."""

WINDOW_S = 0.5
"""Length of the windows in which balances are compared, s: about a stride of a sprint."""

MIN_WINDOW_S = 0.2
"""A shorter stretch of known forces shows no change of momentum, s."""

POLYNOMIAL_DEGREE = 2
"""Degree of the polynomials that are free in a window: initial place and velocity, and drag."""

LOW_FOOT_M = 0.12
"""A foot whose lowest marker is this much above its lowest level bears no load, m."""

FARTHEST_M = 0.5
"""Distances and arms beyond this are as wrong as this, m."""

TYPICAL_MASS_KG = 70.0
"""Middle of the masses of people."""

TYPICAL_TRAVEL_M = 0.09
"""Way of the centre of pressure under a foot while it bears more than half of its load, m."""

TRAVEL_QUANTILES = (0.1, 0.9)
"""Quantiles of the places of pressure between which the way is taken."""

MIN_TRAVEL_M = 1e-4
"""A way that is shorter is no way, m."""

MIN_TRAVEL_FRAMES = 5
"""Frames of a load from which on its centre of pressure has a way."""

MIN_SEEN_SHARE = 0.8
"""Toe markers seen in this share of the frames of the best one show where a forefoot is."""

MIN_MIDDLES = 3
"""Contacts from which on their middles by loads and by markers are compared."""

MIN_IMPULSES = 2
"""Whole contacts or plates from which on their impulses or peaks are compared."""

MIN_LAG_FRAMES = 20
"""Frames of known forces from which a lag is estimated."""

BALANCES = tuple(f"{kind} {axis}" for kind in ("path", "turn") for axis in "xyz")
"""Redundancies of body and loads: path of the centre of mass, and angular momentum about it."""

LEVEL = np.array([1.0, 0.0, 1.0])


def averaged(forces: ForceRecording, rate: float = SEARCH_RATE_HZ) -> ForceRecording:
    """The forces as means over some samples each, at about a rate, Hz."""
    step = max(int(forces.rate / rate), 1)
    count = len(forces.wrench.force) // step
    if step == 1 or not count:
        return forces

    def means(values: FloatArray) -> FloatArray:
        shape = (count, step, *values.shape[1:])
        return np.asarray(values[: count * step].reshape(shape).mean(axis=1))

    wrench = forces.wrench
    return replace(
        forces,
        wrench=PlateWrench(means(wrench.force), means(wrench.moment), wrench.point),
        rate=forces.rate / step,
        start=forces.start + 0.5 * (step - 1) / forces.rate,
    )


def surface_height(forces: ForceRecording) -> FloatArray:
    """Height (P,), m, of each plate's surface: of its corners, or of the point of its loads."""
    height = forces.corners[:, :, 1].mean(axis=1)
    return np.where(np.isnan(height), forces.wrench.point[:, 1], height)


@dataclass(frozen=True, eq=False)
class ForceEvidence:
    """Motion of a trial that its forces must agree with; ground axes, clock of the markers."""

    time: FloatArray
    """(T,) array, s."""
    feet: FloatArray
    """(T, 2, K, 3) array, m. Foot markers, heel first."""
    contacts: tuple[FootContact, ...]
    """By the foot markers alone."""
    body: MarkedBody | None
    """None where the markers do not show enough of it."""
    body_kg: float = float("nan")
    """Mass of the person, kg, as the sheet says; NaN where it does not."""
    standing: bool = False
    """Somebody stands on both feet, wherever the plates are."""

    def disagreements(self, forces: ForceRecording) -> dict[str, FloatArray]:
        """Sizes of disagreement by redundancy."""
        loads = _FrameLoads.of(forces, self.time)
        found: dict[str, Sequence[float] | FloatArray] = {}
        gaps, arms, travels = list[float](), list[float](), list[float]()
        all_impulse = stray_impulse = 0.0
        places = list[tuple[float, float]]()
        for plate, start, stop in loads.heavy_stretches():
            frames = slice(start, stop)
            pressure = loads.pressure[frames, plate]
            [*gap] = self._foot_gap(pressure, frames)
            impulse = float(np.abs(loads.force[frames, plate, 1]).sum())
            all_impulse += impulse if gap else 0.0
            if gap and gap[0] > MAX_FOOT_DISTANCE_M:
                stray_impulse += impulse
                continue
            gaps += gap
            travels += _travel(pressure)
            places += self._place(pressure, frames)
            arm = loads.free_moment[frames, plate] / loads.force[frames, plate, 1]
            arm = np.nan_to_num(arm, nan=FARTHEST_M, posinf=FARTHEST_M, neginf=FARTHEST_M)
            arms.append(float(np.sqrt(np.mean(np.minimum(arm**2, FARTHEST_M**2)))))
        found |= {"pressure": gaps, "free moment": arms}
        if travels and not self.standing:  # of one runner in one pair of shoes
            found["travel"] = [float(np.median(travels))]
        if all_impulse > 0.0:
            found["stray"] = [stray_impulse / all_impulse]
        if len(places) > 1:
            away = np.abs(np.array(places) - np.median(places, axis=0))
            found["place along"], found["place across"] = np.minimum(away, FARTHEST_M).T
        vertical = np.where(loads.loaded, loads.force[..., 1], 0.0)
        total = np.abs(vertical).sum(axis=0)
        if len(vertical) and not self.standing:
            found["peaks"] = _peaks(np.abs(vertical).max(axis=0)[total > 0.0])
        found["pull"] = np.clip(-vertical, 0.0, None).sum(axis=0)[total > 0.0] / total[total > 0.0]
        complete = self._complete_frames(loads)
        if complete.any():
            typical = TYPICAL_MASS_KG if np.isnan(self.body_kg) else self.body_kg
            found["mass"] = list(_mass(loads, complete, typical))
            found["aloft"] = list(self._aloft(loads, complete))
            found["middles"] = self._middles(loads)
            found["impulses"] = _impulses(loads)
            if self.body is not None:
                found |= self._balances(self.body, loads, complete & self.body.is_followed)
        return {name: np.array(values) for name, values in found.items() if len(values)}

    def lag(self, forces: ForceRecording) -> float:
        """Lag, s, of the vertical force behind the centre of mass; NaN where it is unknown."""
        if self.body is None:
            return float("nan")
        loads = _FrameLoads.of(forces, self.time)
        usable = self._complete_frames(loads) & self.body.is_followed
        complete = np.flatnonzero(usable)
        if len(complete) < MIN_LAG_FRAMES or self._whole_contacts(loads, usable) < MIN_CONTACTS:
            return float("nan")
        span = slice(int(complete[0]), int(complete[-1]) + 1)
        step = float(self.time[1] - self.time[0])
        acceleration = np.gradient(np.gradient(self.body.com[:, 1], step), step)
        force = np.full(len(self.time), np.nan)
        force[complete] = loads.total[complete, 1]
        return force_delay(self.time[span], force[span], acceleration[span])

    def _whole_contacts(self, loads: _FrameLoads, usable: BoolArray) -> int:
        """Number of contacts whose whole load is in usable frames (T,).

        By the foot markers where a plate, as a belt, is never unloaded.
        """
        recorded = np.flatnonzero(loads.recorded)
        if loads.loaded[usable].any(axis=1).all():
            spans = [contact_span(contact) for contact in self.contacts if contact.complete]
            during = [(self.time >= start) & (self.time <= stop) for start, stop in spans]
            return sum(bool(usable[frames].all()) for frames in during)
        return sum(
            start > recorded[0] and stop <= recorded[-1] and bool(usable[start:stop].all())
            for plate in loads.loaded.T
            for start, stop in runs(plate)
        )

    def _foot_gap(self, pressure: FloatArray, frames: slice) -> Iterator[float]:
        """Distance, m, of a centre of pressure from the nearest low foot, if one is seen."""
        feet = self.feet[frames]
        seen = np.asarray(np.isfinite(feet).all(axis=3)).any(axis=2)
        if not seen.any():
            return
        height = np.where(np.isfinite(feet[..., 1]), feet[..., 1], np.inf).min(axis=2)
        lowest = np.nanmin(self.feet[..., 1])
        point = np.nan_to_num(pressure, nan=1e3)
        distance = np.minimum(foot_distance(feet * LEVEL, point * LEVEL), FARTHEST_M)
        if self.standing:
            distance[:] = np.minimum(_box_distance(feet, point), FARTHEST_M)[:, None]
        distance = np.where(height < lowest + LOW_FOOT_M, distance, FARTHEST_M)
        distance = np.where(seen, distance, np.inf).min(axis=1)
        if np.isfinite(distance).any():
            yield float(np.median(distance[np.isfinite(distance)]))

    def _place(self, pressure: FloatArray, frames: slice) -> Iterator[tuple[float, float]]:
        """Place of the pressure under the nearest forefoot, along it and outwards, m.

        From the middle of a contact on, a runner presses on the forefoot.
        """
        late = slice((frames.start + frames.stop) // 2, frames.stop)
        feet, point = self.feet[late], pressure[late.start - frames.start :]
        distance = foot_distance(feet * LEVEL, point * LEVEL)
        near = [median(of_foot) for of_foot in distance.T]
        if not np.isfinite(near).any():
            return
        foot = int(np.nanargmin(near))
        if not self._seen_toes[foot].any():
            return
        heel, toes = feet[:, foot, 0], feet[:, foot, 1:][:, self._seen_toes[foot]].mean(axis=1)
        away, axis = (point - toes) * LEVEL, (toes - heel) * LEVEL
        length = np.linalg.norm(axis, axis=1)
        used = np.asarray(np.isfinite(away).all(axis=1)) & (length > 0.0)
        if not used.any():
            return
        forward = axis[used] / length[used, None]
        outward = np.stack([-forward[:, 2], 0.0 * forward[:, 1], forward[:, 0]], axis=1)
        outward *= 1.0 if foot == RIGHT else -1.0
        along, across = ((away[used] * way).sum(axis=1) for way in (forward, outward))
        yield float(np.median(along)), float(np.median(across))

    @cached_property
    def _seen_toes(self) -> BoolArray:
        """(2, K - 1) array: toe markers of each foot that are seen about as often as the best."""
        seen = np.asarray(np.isfinite(self.feet[:, :, 1:]).all(axis=3)).mean(axis=0)
        return np.asarray(seen > MIN_SEEN_SHARE * seen.max(axis=1, keepdims=True))

    def _complete_frames(self, loads: _FrameLoads) -> BoolArray:
        """Frames (T,) from the first load to the last in which no foot stands beside the plates."""
        loaded = np.asarray(loads.loaded.any(axis=1))
        on = np.flatnonzero(loaded)
        complete = np.zeros(len(self.time), dtype=np.bool_)
        if len(on):
            complete[on[0] : on[-1] + 1] = loads.recorded[on[0] : on[-1] + 1]
        for contact in self.contacts:
            start, stop = contact_span(contact)
            during = (self.time >= start) & (self.time <= stop)
            if not loaded[during].any():
                complete &= ~during
        return complete

    def _aloft(self, loads: _FrameLoads, complete: BoolArray) -> Iterator[float]:
        """Share of the vertical impulse while no foot stands by its markers."""
        if not self.contacts:
            return
        standing = np.zeros(len(self.time), dtype=np.bool_)
        for contact in self.contacts:
            start, stop = contact_span(contact)
            standing |= (self.time >= start) & (self.time <= stop)
        vertical = np.abs(loads.total[complete, 1])
        yield float(vertical @ ~standing[complete] / max(vertical.sum(), 1e-9))

    def _middles(self, loads: _FrameLoads) -> list[float]:
        """Middles of contacts by loads and by foot markers, s, about their median difference.

        Events of foot markers are late or early alike in all contacts of a trial: the differences
        show clocks that run apart, and not a lag.
        """
        step = float(self.time[1] - self.time[0])
        spans = np.array(
            [
                (self.time[start], self.time[stop - 1])
                for plate in loads.loaded.T
                for start, stop in runs(plate)
                if start > 0 and stop < len(plate) and (stop - start) * step > MIN_CONTACT_S
            ]
        ).reshape(-1, 2)
        differences = []
        for contact in self.contacts:
            marked = np.array([contact.touchdown, contact.toe_off])
            overlap = np.minimum(spans[:, 1], marked[1]) - np.maximum(spans[:, 0], marked[0])
            if contact.complete and len(spans) and overlap.max() > 0.5 * np.ptp(marked):
                differences.append(float(spans[np.argmax(overlap)].mean() - marked.mean()))
        if len(differences) < MIN_MIDDLES:
            return []
        return [abs(x - float(np.median(differences))) for x in differences]

    def _balances(
        self, body: MarkedBody, loads: _FrameLoads, complete: BoolArray
    ) -> dict[str, list[float]]:
        """Disagreement of path, m, and of turn over mass, m²/s, in every window."""
        step = float(self.time[1] - self.time[0])
        sizes: dict[str, list[float]] = {name: [] for name in BALANCES}
        mass = loads.total[complete, 1].mean() / GRAVITY if complete.any() else 0.0
        if not abs(mass) > 0.0:
            return {}
        mass = abs(mass)
        for start, stop in runs(complete):
            count = max(round((stop - start) * step / WINDOW_S), 1)
            if (stop - start) * step < MIN_WINDOW_S:
                continue
            edges = np.linspace(start, stop, count + 1).astype(int)
            for first, last in pairwise(edges):
                window = slice(first, last)
                for name, size in _window_balance(body, loads, window, self.time, mass):
                    sizes[name].append(size)
        return sizes


def _peaks(peaks: FloatArray) -> list[float]:
    """Logarithms of the largest vertical forces of loaded plates, about their median."""
    if len(peaks) < MIN_IMPULSES:
        return []
    return list(np.abs(np.log(peaks) - np.median(np.log(peaks))))


def _impulses(loads: _FrameLoads) -> list[float]:
    """Logarithms of the vertical impulses of whole contacts, about their median.

    Every contact of a run bears the runner from one flight to the next.
    """
    borne = np.asarray(loads.loaded.any(axis=1))
    recorded = np.flatnonzero(loads.recorded)
    impulses = [
        max(float(np.abs(loads.total[start:stop, 1].sum())), TINY_N)
        for start, stop in runs(borne)
        if start > recorded[0] and stop <= recorded[-1]
    ]
    if len(impulses) < MIN_IMPULSES:
        return []
    return list(np.abs(np.log(impulses) - np.median(np.log(impulses))))


def _travel(pressure: FloatArray) -> Iterator[float]:
    """Logarithm of a typical way of a centre of pressure (T, 3) m over its way, if that is shorter.

    In the laboratory, so that no lag changes it; on a belt it is longer.
    """
    known = pressure[np.isfinite(pressure).all(axis=1)]
    if len(known) >= MIN_TRAVEL_FRAMES:
        low, high = np.quantile(known[:, ::2], TRAVEL_QUANTILES, axis=0)
        way = max(float(np.hypot(*(high - low))), MIN_TRAVEL_M)
        yield max(float(np.log(TYPICAL_TRAVEL_M / way)), 0.0)


def _box_distance(feet: FloatArray, point: FloatArray) -> FloatArray:
    """Horizontal distance (T,) m of points from the smallest box about both feet."""
    markers = feet.reshape(len(feet), -1, 3)
    low = np.where(np.isfinite(markers), markers, np.inf).min(axis=1)
    high = np.where(np.isfinite(markers), markers, -np.inf).max(axis=1)
    outside = np.maximum(np.maximum(low - point, point - high), 0.0)
    return np.asarray(np.hypot(outside[:, 0], outside[:, 2]))


def _mass(loads: _FrameLoads, complete: BoolArray, typical: float) -> Iterator[float]:
    """Logarithm of the body mass, over whole steps, over a typical or stated one, kg."""
    frames = np.flatnonzero(complete)
    loaded = np.asarray(loads.loaded[frames].any(axis=1))
    begins = frames[loaded & ~np.append(False, loaded[:-1])]
    if loaded.all():  # of somebody who stands
        begins = frames[[0, -1]]
    if len(begins) > 1 and begins[-1] > begins[0]:
        weight = abs(float(loads.total[begins[0] : begins[-1], 1].mean())) / GRAVITY
        yield abs(float(np.log(max(weight, 1e-6) / typical)))


@cache
def _polynomials(count: int) -> FloatArray:
    """Orthonormal polynomials (N, D) over N equidistant instants."""
    scaled = np.linspace(-1.0, 1.0, count)
    base, _ = np.linalg.qr(np.polynomial.legendre.legvander(scaled, POLYNOMIAL_DEGREE))
    return np.asarray(base)


def _window_balance(
    body: MarkedBody, loads: _FrameLoads, window: slice, time: FloatArray, mass: float
) -> Iterator[tuple[str, float]]:
    """Root mean squares of the balances of path and turn in one window."""
    instants, com = time[window], body.com[window]

    def integral(values: FloatArray) -> FloatArray:
        return np.asarray(cumulative_trapezoid(values, instants, axis=0, initial=0))

    base = _polynomials(len(instants))
    arm = np.nan_to_num(loads.sharp_pressure[window] - com[:, None])
    moment = np.cross(arm, loads.sharp_force[window]).sum(axis=1)
    moment[:, 1] += np.nan_to_num(loads.sharp_free_moment[window]).sum(axis=1)
    path = com - integral(integral(loads.total[window] / mass))
    turn = (body.angular_momentum[window] - integral(moment)) / mass
    for kind, values in (("path", path), ("turn", turn)):
        rest = values - base @ (base.T @ values)
        for axis, size in zip("xyz", np.sqrt((rest**2).mean(axis=0)), strict=True):
            yield f"{kind} {axis}", float(size)


LOADED_SHARE = 0.1
"""Share of its own largest force from which a plate is loaded, whatever its unit and sign."""

HEAVY_SHARE = 0.5
"""Share of a plate's own largest force from which pressure and free moment are judged."""

QUIET_QUANTILE = 0.1
"""Quantile of a plate's force that is not load but noise."""

MIN_LOAD_RATIO = 20.0
"""A plate whose largest force is less than so many times that quantile is unloaded."""


def loaded_plates(size: FloatArray) -> BoolArray:
    """Plates (P,) that bear somebody, by the size (S, P) of their forces in any unit."""
    largest = size.max(axis=0, initial=0.0)
    quiet = np.quantile(size, QUIET_QUANTILE, axis=0)
    return np.asarray((largest > MIN_LOAD_RATIO * quiet) & (largest > 0.0))


@dataclass(frozen=True, eq=False)
class _FrameLoads:
    """Loads of P plates at T frames: means over each frame's time, and over `SMOOTHING_S`."""

    sharp_force: FloatArray
    sharp_pressure: FloatArray
    sharp_free_moment: FloatArray
    force: FloatArray
    pressure: FloatArray
    free_moment: FloatArray
    loaded: BoolArray
    heavy: BoolArray
    recorded: BoolArray
    """(T,) array. Frames in which forces were recorded."""

    @classmethod
    def of(cls, forces: ForceRecording, time: FloatArray) -> _FrameLoads:
        wrench, height = forces.wrench, surface_height(forces)
        channels = np.concatenate((wrench.force, wrench.moment), axis=2)
        frames = _frame_means(channels, forces.start, forces.rate, time)
        step = float(time[1] - time[0])
        smooth = uniform_filter1d(frames, max(round(SMOOTHING_S / step), 1), axis=0)
        size = np.linalg.norm(smooth[..., :3], axis=2)
        share = size / np.maximum(size.max(axis=0, initial=0.0), 1e-12)
        share[:, ~loaded_plates(size)] = 0.0
        pressure, free = _pressure(smooth, wrench.point, height, share > LOADED_SHARE)
        sharp_pressure, sharp_free = _pressure(frames, wrench.point, height, share > LOADED_SHARE)
        last = forces.start + (len(wrench.force) - 1) / forces.rate
        return cls(
            sharp_force=frames[..., :3], sharp_pressure=sharp_pressure,
            sharp_free_moment=sharp_free, force=smooth[..., :3], pressure=pressure,
            free_moment=free, loaded=share > LOADED_SHARE, heavy=share > HEAVY_SHARE,
            recorded=(time >= forces.start) & (time <= last),
        )  # fmt: skip

    @property
    def total(self) -> FloatArray:
        """Force (T, 3), N, of all plates."""
        return np.asarray(self.sharp_force.sum(axis=1))

    def heavy_stretches(self) -> Iterator[tuple[int, int, int]]:
        """Plate, first frame and frame after the last one of every heavy load."""
        for plate in range(self.heavy.shape[1]):
            for start, stop in runs(self.heavy[:, plate]):
                if stop - start > 1:
                    yield plate, int(start), int(stop)


TINY_N = 1e-9
"""Forces of no size in any unit, N."""

MIN_VERTICAL_SHARE = 0.05
"""The centre of pressure of a force that is less vertical than this share of it is not computed."""


def _pressure(
    loads: FloatArray, point: FloatArray, height: FloatArray, loaded: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Centre of pressure (T, P, 3), m, and free moment (T, P), N m, of forces up or down."""
    force, moment = loads[..., :3], loads[..., 3:]
    upward = np.where(force[..., 1:2] < 0.0, -1.0, 1.0)
    steep = np.abs(force[..., 1]) > MIN_VERTICAL_SHARE * np.linalg.norm(force, axis=2)
    pressure, free = centre_of_pressure(upward * force, upward * moment, point, height, TINY_N)
    known = loaded & steep
    pressure = np.where(known[..., None], pressure, np.nan)
    return pressure, np.where(known, upward[..., 0] * free, np.nan)


def _frame_means(channels: FloatArray, start: float, rate: float, time: FloatArray) -> FloatArray:
    """Means of channels (S, P, 6) over the time of every frame (T,), zero where not recorded."""
    step = float(time[1] - time[0])
    flat = channels.reshape(len(channels), -1)
    impulse = np.concatenate((np.zeros((1, flat.shape[1])), np.cumsum(flat, axis=0))) / rate
    edges = (np.append(time, time[-1] + step) - 0.5 * step - start) * rate + 0.5
    at = np.clip(edges, 0.0, len(flat))
    low = np.minimum(at.astype(np.int64), len(flat) - 1)
    share = (at - low)[:, None]
    cumulated = (1.0 - share) * impulse[low] + share * impulse[low + 1]
    means: FloatArray = np.diff(cumulated, axis=0) / step
    return means.reshape(len(time), *channels.shape[1:])
