"""What forces and markers state twice: pressure and feet, loads and the motion of the body.

Every redundancy is small where a recording is sound, whatever its fault is. Forces change momentum:
integrated over time they make the path of the centre of mass, and the angular momentum about it,
that the markers show; noise and soft tissue, which distort accelerations, hardly touch paths. A
standing foot bears its load beneath itself, and a shoe hardly turns on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.signal import correlate, find_peaks

from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY, MAX_BODY_KG, MIN_BODY_KG
from aqbio.prepare.body_balances import balances, fall, momentum, slopes
from aqbio.prepare.contacts import (
    MAX_FOOT_DISTANCE_M,
    MIN_CONTACT_S,
    RIGHT,
    FootContact,
    contact_span,
    foot_distance,
)
from aqbio.prepare.explanations import MIN_FREEDOM, Redundancy
from aqbio.prepare.force_delay import MAX_DELAY_S, MIN_CONTACTS, force_delay
from aqbio.prepare.frame_loads import TINY_N, FrameLoads
from aqbio.prepare.marked_body import MarkedBody
from aqbio.prepare.people import of_people
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

LOW_FOOT_M = 0.12
"""A foot whose lowest marker is this much above its lowest level bears no load, m."""

FARTHEST_M = 0.5
"""Distances and arms beyond this are as wrong as this, m."""

TRAVEL_QUANTILES = (0.1, 0.9)
"""Quantiles of the places of pressure between which the way is taken."""

MIN_TRAVEL_M = 1e-4
"""A way that is shorter is no way, m."""

MIN_TRAVEL_FRAMES = 5
"""Frames of a load from which on its centre of pressure has a way."""

MIN_SEEN_SHARE = 0.8
"""Toe markers seen in this share of the frames of the best one show where a forefoot is."""

MAX_FADED_SHARE = 0.5
"""Least over largest force below which the load is not that of somebody who stands still."""

MIN_MIDDLES = 3
"""Contacts from which on their middles by loads and by markers are compared."""

MIN_IMPULSES = 2
"""Whole contacts or plates from which on their impulses or peaks are compared."""

MAX_EVENT_ERROR_S = 0.04
"""A foot stands by its markers for less than this before or after its load, s."""

MIN_LAG_FRAMES = 20
"""Frames of known forces from which a lag is estimated."""

MIN_LAG_CORRELATION = of_people("loads while feet stand").middle
"""Correlation of loads with standing feet from which on a lag is tried."""

MAX_LAGS = 20
"""Number of lags that are tried: of a run some ten steps each way."""

MIN_STRAY_SHARE = 0.9
"""Share of the loads under no foot from which on they are those of somebody else."""

MIN_STRAY_LOADS = 2
"""Fewest of them: one load may be another person's."""

MAX_PACE_ERROR = 0.2
"""Largest relative difference between the rates of steps of one run by loads and by markers."""

MIN_PACES = 4
"""Fewest steps whose rate is compared."""

HALF_BORNE_LOG_ODDS = 8.0
"""Logarithm of how rare a contact that plates do not bear whole, or too much of, must be to be
reported: in sound runs of thirteen people four of 619 are off by 7 to 24 %."""


class HalfBorne(NamedTuple):
    """A contact whose impulse is not what the body gains by it."""

    start: float
    """s."""
    share: float
    """Of what it gains, that the plates bear."""


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
    """Mass of the person, kg, as sheet or model say; NaN where none does."""
    is_weighed: bool = True
    """False of the mass of a model, which may be another person's."""
    standing: bool = False
    """Somebody stands on both feet, wherever the plates are."""
    by_angles: bool = False
    """The motion is joint angles of another program."""

    def disagreements(self, forces: ForceRecording) -> dict[str, FloatArray]:
        """Sizes of disagreement by redundancy."""
        loads = FrameLoads.of(forces, self.time, standing=self.standing)
        sizes = self._under_feet(loads)
        vertical = np.where(loads.loaded, loads.smooth[..., 1], 0.0)
        total = np.abs(vertical).sum(axis=0)
        bears = total > 0.0
        if len(vertical) and not self.standing:
            sizes["peaks"] = _spread(np.abs(vertical[:, bears]).max(axis=0))
        sizes["pull"] = np.clip(-vertical, 0.0, None).sum(axis=0)[bears] / total[bears]
        complete = self._complete_frames(loads)
        if complete.any():
            typical = of_people("body mass").middle if np.isnan(self.body_kg) else self.body_kg
            mass = _mass(loads, complete)
            if np.isfinite(mass):
                sizes["mass"] = np.array([abs(np.log(max(mass, 1e-6) / typical))])
                if np.isfinite(self.body_kg) and not _is_one_contact(loads, complete):
                    sizes["weight" if self.is_weighed else "model mass"] = sizes["mass"]
            sizes["aloft"] = self._aloft(loads, complete)
            sizes["middles"] = self._middles(loads)
            sizes["impulses"] = _impulses(loads)
            if self.body is not None:
                usable = complete & self.body.is_followed
                sizes["momentum"] = np.abs(self._momentum(self.body, loads, complete)[1])
                sizes |= balances(self.body, loads, usable, mass)
                sizes |= slopes(self.body, loads, usable, mass)
                sizes["model fall" if self.by_angles else "fall"] = fall(self.body, loads, usable)
                lag = abs(self._lag(self.body, loads, usable))
                sizes["lag"] = np.array([min(lag, MAX_DELAY_S)] if lag >= 0.0 else [])
        return {name: values for name, values in sizes.items() if len(values)}

    def mean_force(self, forces: ForceRecording) -> float:
        """Mean of the vertical force over whole steps, or while any plate is loaded."""
        loads = FrameLoads.of(forces, self.time, standing=self.standing)
        mass = _mass(loads, self._complete_frames(loads))
        if np.isfinite(mass):
            return mass * GRAVITY
        vertical = np.abs(loads.total[loads.borne, 1])
        return float(vertical.mean()) if len(vertical) else 0.0

    def lag(self, forces: ForceRecording) -> float:
        """Lag, s, of the vertical force behind the centre of mass; NaN where it is unknown."""
        if self.body is None:
            return float("nan")
        loads = FrameLoads.of(forces, self.time, standing=self.standing)
        return self._lag(self.body, loads, self._complete_frames(loads) & self.body.is_followed)

    def _lag(self, body: MarkedBody, loads: FrameLoads, usable: BoolArray) -> float:
        """The same in usable frames (T,)."""
        complete = np.flatnonzero(usable)
        if len(complete) < MIN_LAG_FRAMES or self._whole_contacts(loads, usable) < MIN_CONTACTS:
            return float("nan")
        span = slice(int(complete[0]), int(complete[-1]) + 1)
        step = float(self.time[1] - self.time[0])
        acceleration = np.gradient(np.gradient(body.com[:, 1], step), step)
        force = np.full(len(self.time), np.nan)
        force[complete] = loads.total[complete, 1]
        return force_delay(self.time[span], force[span], acceleration[span])

    def possible_lags(self, forces: ForceRecording) -> list[float]:
        """Lags, s, at which feet stand where plates are loaded, the smallest first.

        Local maxima of their correlation over half of the loads or more: every step of a run makes
        one.
        """
        if not self.contacts:
            return []
        step = float(self.time[1] - self.time[0])
        frames = int(len(forces.wrench.force) / (forces.rate * step))
        clock = forces.start + step * np.arange(max(frames, 2), dtype=float)
        borne = FrameLoads.of(forces, clock).borne
        on = np.flatnonzero(borne)
        if not len(on):
            return []
        loads = borne[on[0] : on[-1] + 1].astype(float)
        stands = np.any(self._stands, axis=0).astype(float)
        seen, loaded = np.ones(len(stands)), np.ones(len(loads))
        both, shared = correlate(stands, loads), correlate(seen, loaded)
        bears, bearing = correlate(seen, loads), correlate(stands, loaded)
        spread = (shared * bears - bears**2) * (shared * bearing - bearing**2)
        is_seen = (shared > 0.5 * min(len(loads), len(stands))) & (spread > 0.5)
        correlation = np.zeros(len(both))
        covariance = shared * both - bears * bearing
        correlation[is_seen] = covariance[is_seen] / np.sqrt(spread[is_seen])
        peaks, _ = find_peaks(correlation, height=MIN_LAG_CORRELATION)
        lags = clock[on[0]] - self.time[0] - step * (peaks - (len(loads) - 1))
        return sorted(lags.tolist(), key=abs)[:MAX_LAGS]

    def _whole_contacts(self, loads: FrameLoads, usable: BoolArray) -> int:
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
            for _, start, stop in loads.stretches
        )

    def _under_feet(self, loads: FrameLoads) -> dict[str, FloatArray]:
        """What heavy loads state about the feet below them, by redundancy."""
        heavy = loads.heavy_stretches
        if not len(heavy):
            return {}
        of = _Stretches(heavy)
        pressure, free = loads.pressure(of.frame, of.plate)
        [gap] = of.quantiles(self._foot_gap(pressure, of.frame), 0.5)
        force = loads.smooth[of.frame, of.plate, 1]
        is_near = ~(gap > MAX_FOOT_DISTANCE_M)
        arm = np.nan_to_num(free / force, nan=FARTHEST_M, posinf=FARTHEST_M, neginf=FARTHEST_M)
        arms = np.sqrt(of.sums(np.minimum(arm**2, FARTHEST_M**2)) / of.count)
        sizes = {"pressure": gap[is_near & np.isfinite(gap)], "free moment": arms[is_near]}
        is_whole = (heavy[:, 1] > 0) & (heavy[:, 2] < len(self.time))  # of a cut load none is known
        travels = _travels(pressure, of)[is_near & is_whole]
        if not self.standing and np.isfinite(travels).any():  # of one runner in one pair of shoes
            sizes["travel"] = np.array([np.nanmedian(travels)])
        if (known := np.isfinite(gap)).any():
            sizes["stray"] = np.array([(~is_near[known]).mean()])
        places = self._places(pressure, of)[is_near]
        places = places[np.isfinite(places).all(axis=1)]
        if len(places) > 1:
            away = np.minimum(np.abs(places - np.median(places, axis=0)), FARTHEST_M)
            sizes["place along"], sizes["place across"] = away.T
        return sizes

    def _foot_gap(self, pressure: FloatArray, frame: IntArray) -> FloatArray:
        """Distance (N,), m, of centres of pressure (N, 3) from the nearest low foot.

        NaN where no foot is seen, and where it is far from the one that is seen beside a hidden
        one.
        """
        if self.standing:
            gap = _box_distance(self.feet[frame], np.nan_to_num(pressure, nan=1e3))
            distance = np.repeat(gap[:, None], self.feet.shape[1], axis=1)
        else:
            distance = foot_distance(self._outlines[frame], pressure[:, ::2])
        is_known = self._low[frame] & np.all(np.isfinite(pressure), axis=1, keepdims=True)
        distance = np.where(is_known, np.minimum(distance, FARTHEST_M), FARTHEST_M)
        visible = self._visible[frame]
        nearest = np.where(visible, distance, np.inf).min(axis=1)
        is_told = visible.all(axis=1) | (nearest <= MAX_FOOT_DISTANCE_M)
        return np.asarray(np.where(is_told, nearest, np.nan))

    def _places(self, pressure: FloatArray, of: _Stretches) -> FloatArray:
        """Places (W, 2) of pressure under the nearest forefoot, along it and outwards, m.

        From the middle of a contact on, a runner presses on the forefoot.
        """
        late, point = of.second_half, pressure[:, ::2]
        distance = foot_distance(self._outlines[of.frame], point)
        near = [of.quantiles(np.where(late, x, np.nan), 0.5)[0] for x in distance.T]
        foot = np.where(np.isnan(near), np.inf, near).argmin(axis=0)[of.stretch]
        toes, forward = (values[of.frame, foot] for values in self._forefeet)
        outward = np.stack([-forward[:, 1], forward[:, 0]], axis=1)
        outward *= np.where(foot == RIGHT, 1.0, -1.0)[:, None]
        away = np.where(late[:, None], point - toes, np.nan)
        ways = [(away * way).sum(axis=1) for way in (forward, outward)]
        places = np.column_stack([of.quantiles(way, 0.5)[0] for way in ways])
        hidden = of.sums(np.where(self._are_whole[of.frame], 0.0, 1.0)) > 0.0
        return np.asarray(np.where(hidden[:, None], np.nan, places))  # maybe the hidden foot's

    @cached_property
    def _outlines(self) -> FloatArray:
        """(T, 2, K, 2) array, m: foot markers from above."""
        return np.ascontiguousarray(self.feet[..., ::2])

    @cached_property
    def _visible(self) -> BoolArray:
        """(T, 2) array: feet of which heel and a toe are seen."""
        seen = np.asarray(np.isfinite(self.feet).all(axis=3))
        return np.asarray(seen[:, :, 0] & seen[:, :, 1:].any(axis=2))

    @cached_property
    def _are_whole(self) -> BoolArray:
        """(T,) array: so of both feet."""
        return np.asarray(self._visible.all(axis=1))

    @cached_property
    def _low(self) -> BoolArray:
        """(T, 2) array: feet that may bear a load."""
        height = np.where(np.isfinite(self.feet[..., 1]), self.feet[..., 1], np.inf).min(axis=2)
        return np.asarray(height < height.min() + LOW_FOOT_M)

    @cached_property
    def _forefeet(self) -> tuple[FloatArray, FloatArray]:
        """Middles (T, 2, 2) of the toes, m, and directions to them from the heel; from above."""
        toes = np.full((len(self.time), 2, 2), np.nan)
        for foot, is_seen in enumerate(self._seen_toes):
            if is_seen.any():
                toes[:, foot] = self._outlines[:, foot, 1:][:, is_seen].mean(axis=1)
        axis = toes - self._outlines[:, :, 0]
        length = np.linalg.norm(axis, axis=2, keepdims=True)
        return toes, axis / np.where(length > 0.0, length, np.nan)

    @cached_property
    def _seen_toes(self) -> BoolArray:
        """(2, K - 1) array: toe markers of each foot that are seen about as often as the best."""
        seen = np.asarray(np.isfinite(self.feet[:, :, 1:]).all(axis=3)).mean(axis=0)
        return np.asarray(seen > MIN_SEEN_SHARE * seen.max(axis=1, keepdims=True))

    @cached_property
    def _stands(self) -> BoolArray:
        """(C, T) array: frames of every contact of a foot."""
        spans = np.array([contact_span(contact) for contact in self.contacts]).reshape(-1, 2)
        return np.asarray((self.time >= spans[:, :1]) & (self.time <= spans[:, 1:]))

    def _complete_frames(self, loads: FrameLoads) -> BoolArray:
        """Frames (T,) from the first load to the last in which no foot stands beside the plates."""
        on = np.flatnonzero(loads.borne)
        complete = np.zeros(len(self.time), dtype=np.bool_)
        if len(on):
            complete[on[0] : on[-1] + 1] = loads.recorded[on[0] : on[-1] + 1]
        is_beside = ~np.any(self._stands & loads.borne, axis=1)
        return np.asarray(complete & ~np.any(self._stands[is_beside], axis=0))

    def _momentum(
        self, body: MarkedBody, loads: FrameLoads, complete: BoolArray
    ) -> tuple[IntArray, FloatArray]:
        """Contacts and logarithms as `momentum` gives them.

        The body flies between loads, and beside them while no foot stands. Where one stands on for
        long, as if its load broke off, it does not.
        """
        flies = np.asarray(complete & ~loads.borne)
        step = float(self.time[1] - self.time[0])
        for start, stop in runs(np.any(self._stands, axis=0) & ~loads.borne):
            if (stop - start) * step > MAX_EVENT_ERROR_S:
                flies[start:stop] = False
        if self.contacts:
            on = np.flatnonzero(loads.borne)
            beside = loads.recorded & ~np.any(self._stands, axis=0)
            beside[on[0] : on[-1] + 1] = False
            flies |= beside
        return momentum(body, loads, complete & body.is_followed, flies & body.is_followed)

    def half_borne(self, forces: ForceRecording, usual: Redundancy) -> list[HalfBorne]:
        """Contacts whose impulse is not what the body gains by them; of three and more."""
        loads = FrameLoads.of(forces, self.time, standing=self.standing)
        complete = self._complete_frames(loads)
        if self.body is None or not complete.any():
            return []
        contacts, logs = self._momentum(self.body, loads, complete)
        least = usual.within * np.sqrt(MIN_FREEDOM * np.expm1(0.5 * HALF_BORNE_LOG_ODDS))
        off = np.abs(logs) > least if len(logs) > MIN_IMPULSES else np.zeros(len(logs), np.bool_)
        starts = self.time[contacts[off, 0]].tolist()
        return [HalfBorne(*x) for x in zip(starts, np.exp(logs[off]).tolist(), strict=True)]

    def foreign(self, forces: ForceRecording) -> str:
        """Reason why forces cannot be those of this body; empty where they can."""
        loads = FrameLoads.of(forces, self.time, standing=self.standing)
        complete = self._complete_frames(loads)
        kilograms = _mass(loads, complete) if complete.any() else float("nan")
        if kilograms > MAX_BODY_KG or (kilograms < MIN_BODY_KG and not self.standing):
            return f"they weigh {kilograms:.3g} kg, as no person does"
        if self.standing:
            return ""
        [stray] = self._under_feet(loads).get("stray", [0.0])
        if stray > MIN_STRAY_SHARE and len(loads.heavy_stretches) >= MIN_STRAY_LOADS:
            return f"{stray:.0%} of the loads lie more than {MAX_FOOT_DISTANCE_M} m from both feet"
        by_loads = np.diff(self.time[runs(loads.borne)[:, 0]])
        strides = [
            np.diff([contact_span(x)[0] for x in self.contacts if x.foot == foot])
            for foot in range(self.feet.shape[1])
        ]
        if len(by_loads) < MIN_PACES or max(map(len, strides)) < MIN_PACES:
            return ""
        load = float(np.median(by_loads))
        step = 0.5 * min(float(np.median(x)) for x in strides if len(x) >= MIN_PACES)
        if abs(load / (step * max(round(load / step), 1)) - 1.0) > MAX_PACE_ERROR:
            return f"they have a load every {load:.2f} s, and the feet a step every {step:.2f} s"
        return ""

    def _aloft(self, loads: FrameLoads, complete: BoolArray) -> FloatArray:
        """Share of the vertical impulse while no foot stands by its markers.

        Of loads during which both feet are seen: a hidden one may stand.
        """
        told = complete.copy()
        for _, start, stop in loads.stretches:
            told[start:stop] &= self._are_whole[start:stop].all()
        if not self.contacts or not (told & loads.borne).any():  # between loads there is noise
            return np.zeros(0)
        vertical = np.abs(loads.total[told, 1])
        aloft = vertical @ ~np.any(self._stands, axis=0)[told]
        return np.array([aloft / max(float(vertical.sum()), TINY_N)])

    def _middles(self, loads: FrameLoads) -> FloatArray:
        """Middles of contacts by loads and by foot markers, s, about their median difference.

        Events of foot markers are late or early alike in all contacts of a trial: the differences
        show clocks that run apart, and not a lag.
        """
        step, [_, start, stop] = float(self.time[1] - self.time[0]), loads.stretches.T
        whole = (start > 0) & (stop < len(self.time)) & ((stop - start) * step > MIN_CONTACT_S)
        whole &= loads.are_known(loads.stretches[:, 1:])
        begin, end = self.time[start[whole]], self.time[stop[whole] - 1]
        marked = np.array([(x.touchdown, x.toe_off) for x in self.contacts if x.complete])
        if len(marked) < MIN_MIDDLES or not len(begin):
            return np.zeros(0)
        overlap = np.minimum(end, marked[:, 1:]) - np.maximum(begin, marked[:, :1])
        most = overlap.argmax(axis=1)
        differences = 0.5 * (begin + end)[most] - marked.mean(axis=1)
        differences = differences[overlap.max(axis=1) > 0.5 * np.ptp(marked, axis=1)]
        if len(differences) < MIN_MIDDLES:
            return np.zeros(0)
        return np.asarray(np.abs(differences - np.median(differences)))


@dataclass(frozen=True, eq=False)
class _Stretches:
    """Frames of W stretches, one after the other: N in all."""

    spans: IntArray
    """(W, 3) array. Plate, first frame, and frame after the last one."""

    @cached_property
    def count(self) -> IntArray:
        """(W,) array: numbers of their frames."""
        return np.asarray(self.spans[:, 2] - self.spans[:, 1])

    @cached_property
    def _first(self) -> IntArray:
        """(W,) array: where each begins."""
        return np.asarray(np.cumsum(self.count) - self.count)

    @cached_property
    def stretch(self) -> IntArray:
        """(N,) array: to which a frame belongs."""
        return np.repeat(np.arange(len(self.spans)), self.count)

    @cached_property
    def frame(self) -> IntArray:
        """(N,) array."""
        return np.asarray(
            np.arange(self.count.sum()) + (self.spans[:, 1] - self._first)[self.stretch]
        )

    @cached_property
    def plate(self) -> IntArray:
        """(N,) array."""
        return np.asarray(self.spans[self.stretch, 0])

    @cached_property
    def second_half(self) -> BoolArray:
        """(N,) array: frames from the middle of their stretch on."""
        middle = (self.spans[:, 1] + self.spans[:, 2]) // 2
        return np.asarray(self.frame >= middle[self.stretch])

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums (W,) of values (N,) over each stretch."""
        return np.asarray(np.add.reduceat(values, self._first))

    def quantiles(self, values: FloatArray, *quantiles: float) -> list[FloatArray]:
        """Quantiles (W,) of the finite values (N,) of each stretch; NaN where there is none."""
        known = np.isfinite(values)
        ordered, stretch = values[known], self.stretch[known]
        ordered = np.append(ordered[np.lexsort((ordered, stretch))], np.nan)
        count = np.bincount(stretch, minlength=len(self.spans))
        first, last = np.cumsum(count) - count, np.maximum(count - 1, 0)
        at = []
        for quantile in quantiles:
            low = (quantile * last).astype(np.int64)
            share = quantile * last - low
            below, above = ordered[first + low], ordered[first + np.minimum(low + 1, last)]
            at.append(np.where(count > 0, below + share * (above - below), np.nan))
        return at


def _spread(sizes: FloatArray) -> FloatArray:
    """Logarithms of sizes about their median; none of fewer than `MIN_IMPULSES`."""
    if len(sizes) < MIN_IMPULSES:
        return np.zeros(0)
    logs = np.log(sizes)
    return np.asarray(np.abs(logs - np.median(logs)))


def _impulses(loads: FrameLoads) -> FloatArray:
    """Logarithms of the vertical impulses of whole contacts, about their median.

    Every contact of a run bears the runner from one flight to the next.
    """
    recorded, contacts = np.flatnonzero(loads.recorded), runs(loads.borne)
    whole = (contacts[:, 0] > recorded[0]) & (contacts[:, 1] <= recorded[-1])
    whole &= loads.are_known(contacts)
    impulse = np.append(0.0, np.cumsum(loads.total[:, 1]))
    borne = np.abs(np.diff(impulse[contacts[whole]], axis=1)[:, 0])
    return _spread(np.maximum(borne, TINY_N))


def _travels(pressure: FloatArray, of: _Stretches) -> FloatArray:
    """Logarithms (W,) of a typical way of a pressure (N, 3) m over its way, where that is shorter.

    In the laboratory, so that no lag changes it; on a belt it is longer. NaN of a short load.
    """
    ways = [np.subtract(*of.quantiles(pressure[:, axis], *TRAVEL_QUANTILES)) for axis in (0, 2)]
    way = np.maximum(np.hypot(*ways), MIN_TRAVEL_M)
    known = of.sums(np.where(np.isfinite(pressure[:, 0]), 1.0, 0.0)) >= MIN_TRAVEL_FRAMES
    usual = of_people("way of pressure").middle
    return np.where(known, np.maximum(np.log(usual / way), 0.0), np.nan)


def _box_distance(feet: FloatArray, point: FloatArray) -> FloatArray:
    """Horizontal distance (T,) m of points from the smallest box about both feet."""
    markers = feet.reshape(len(feet), -1, 3)
    low = np.where(np.isfinite(markers), markers, np.inf).min(axis=1)
    high = np.where(np.isfinite(markers), markers, -np.inf).max(axis=1)
    outside = np.maximum(np.maximum(low - point, point - high), 0.0)
    return np.asarray(np.hypot(outside[:, 0], outside[:, 2]))


def _mass(loads: FrameLoads, complete: BoolArray) -> float:
    """Body mass, kg, by the forces over whole steps without a foot beside them; NaN without one."""
    borne = loads.borne & complete
    begins = np.flatnonzero(borne & ~np.append(False, borne[:-1]))
    if complete.any() and borne[complete].all():  # of somebody who stands, or one contact
        begins = np.flatnonzero(complete)[[0, -1]]
        at_end = np.argmax(np.abs(loads.total[:, 1])) in (0, len(complete) - 1)
        if at_end and _is_one_contact(loads, complete):
            return float("nan")  # the end of a contact alone, or its beginning
    whole = np.zeros(len(complete), np.bool_)
    for begin, end in pairwise(begins.tolist()):
        whole[begin:end] = complete[begin:end].all()
    return abs(float(loads.total[whole, 1].mean())) / GRAVITY if whole.any() else float("nan")


def _is_one_contact(loads: FrameLoads, complete: BoolArray) -> bool:
    """Tell whether only one contact of a run is whole, which bears up to twice the weight."""
    force = np.abs(loads.total[complete, 1])
    return bool(loads.borne[complete].all() and force.min() < MAX_FADED_SHARE * force.max())
