"""Measurements of one trial: markers, and the ground reaction force and moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.interpolate import BSpline

from aqbio.force_plates.single_plates import (
    centre_of,
    moved_by_error,
    plate_error,
    plates_with_errors,
    with_errors,
)
from aqbio.multibody.motion import Motion
from aqbio.signals import quintic_spline
from aqbio.vectors import BoolArray, FloatArray, IntArray

FLIGHT_MARGIN_S = 0.060
"""Time next to a measured contact during which the runner is certainly in flight."""

FILTER_LEAK_S = 0.025
"""Time before and after an unmeasured contact during which it affects the filtered force."""

MAX_FLIGHT_S = 0.22
"""Between measured contacts farther apart than this, a contact may have been missed."""

FLIGHT_FORCE_N = 50.0
"""Vertical force below which nothing but what a filter spreads acts, N."""

MIN_RUN_FRAMES = 5
"""Minimum number of consecutive frames for usable rates of change."""


@dataclass(frozen=True, eq=False)
class GroundWrench:
    """Total force and moment of the ground on the runner, on the clock of the markers."""

    time: FloatArray
    """(N,) array, s. Evenly spaced, at the markers' or the plates' rate; covers the frames of the
    fit, and better a few more: beyond its ends the wrench is that of the end."""
    force: FloatArray
    """(N, 3) array, N, ground. Low-passed at the cut-off of the study."""
    moment: FloatArray
    """(N, 3) array, N m, ground. About the ground origin, the free moments included."""
    plates: Mapping[str, GroundWrench] = field(default_factory=dict)
    """What single plates bear of it, by plate."""

    def placed(self, values: Mapping[str, float]) -> GroundWrench:
        """The wrench with plates where parameters by name say that they lie."""
        force, moment = self.force, self.moment
        for plate in plates_with_errors(values):
            if (borne := self.plates.get(plate)) is not None:
                there = with_errors(values, plate, borne.force, borne.moment)
                force, moment = force + there[0] - borne.force, moment + there[1] - borne.moment
        return self if force is self.force else GroundWrench(self.time, force, moment)

    def by_plate_error(
        self, name: str, time: FloatArray, values: Mapping[str, float]
    ) -> tuple[FloatArray, FloatArray]:
        """Derivatives (T, 3) of force and moment at times, s, by a parameter of a single plate."""
        error, plate = plate_error(name)
        if plate not in self.plates:
            return np.zeros((len(time), 3)), np.zeros((len(time), 3))
        return moved_by_error(error, centre_of(values, plate), *self.plates[plate].at(time))

    @cached_property
    def spline(self) -> BSpline:
        """Quintic spline through force and moment, (6,) at each time."""
        return quintic_spline(self.time, np.concatenate([self.force, self.moment], axis=1))

    def at(self, time: FloatArray, derivative: int = 0) -> tuple[FloatArray, FloatArray]:
        """Force (N) and moment about the origin (N m), or derivatives, (T, 3) each."""
        inside = np.clip(time, self.time[0], self.time[-1])
        values = self.spline(inside, nu=derivative)
        return values[:, :3], values[:, 3:]

    def unknown(self, time: FloatArray) -> BoolArray:
        """(T,) bool: instants before the first or after the last sample at which a foot loads."""
        half = 0.5 * (self.time[1] - self.time[0])
        bears = np.abs(self.force[[0, -1], 1]) > FLIGHT_FORCE_N
        before, after = time < self.time[0] - half, time > self.time[-1] + half
        return np.asarray((before & bears[0]) | (after & bears[1]))


@dataclass(frozen=True, eq=False)
class Observations:
    """Measurements of one trial."""

    time: FloatArray
    """(T,) array, s. Evenly spaced frames."""
    marker_index: IntArray
    """(K,) int array. Index into the skeleton's markers of each recorded one; markers of zero
    weight are left out."""
    markers: FloatArray
    """(T, K, 3) array, m, ground. Low-passed like the forces; NaN where a marker is missing."""
    wrench: GroundWrench
    """As measured: before any clock offset or COP offset is taken off."""
    measured: BoolArray
    """(T,) bool array. Frames in which all ground contact is measured completely, flight
    included. See :func:`measured_frames`."""
    start: FloatArray
    """(T, C) array, rad or m. All coordinates by inverse kinematics: the fit starts there."""
    plain: Motion
    """Motion from inverse kinematics, low-passed: for comparison and for joint speeds."""
    cutoff: float = 20.0
    """Of the low-pass of forces, markers and plain motion, Hz."""
    unobservable: tuple[int, ...] = ()
    """Coordinates that inverse kinematics could not determine: fixed at their median."""
    drag: bool = True
    """True where the runner moves through the air, False on a treadmill."""
    contacts: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    """(N, 2) array, s. Touchdown and toe-off of the contacts whose foot is known, ascending."""
    left: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """(N,) bool array. True for contacts of the left foot."""
    surface_height: float = 0.0
    """Of the plates, m."""

    clock: float = 0.0
    """s. Delay of the forces with which contacts and measured frames were taken."""

    shift: float = 0.0
    """s. By which the forces were made earlier before."""
    lag: float = float("nan")
    """s. Of the vertical force behind the centre of mass of the markers after that; NaN unknown."""

    speed: float = float("nan")
    """m/s. Of the markers, the belt's included; NaN unknown."""
    heading: float = 0.0
    """rad. Direction of the run about +y from +x."""

    def on_clock(self, clock: float) -> Observations:
        """Contacts and measured frames for forces that come late by a `clock`, s."""
        later = clock - self.clock
        frames = np.arange(len(self.time)) + round(later * self.rate)
        inside = (frames >= 0) & (frames < len(self.time))
        measured = inside & self.measured[np.clip(frames, 0, len(self.time) - 1)]
        return replace(self, measured=measured, contacts=self.contacts - later, clock=clock)

    def __post_init__(self) -> None:
        """Refuse frames from which no rates can be computed."""
        frames, step = len(self.time), np.diff(self.time)
        if frames < 2 * MIN_RUN_FRAMES or np.ptp(step) > 1e-3 * step.mean():
            raise ValueError(f"{frames} frames are too few or not evenly spaced.")

    @property
    def rate(self) -> float:
        """Frames per second."""
        return float((len(self.time) - 1) / (self.time[-1] - self.time[0]))

    @property
    def contact_window(self) -> BoolArray:
        """(T,) bool: frames from the first touchdown to the last toe-off."""
        first, last = self.contacts[:, 0].min(), self.contacts[:, 1].max()
        return np.asarray((self.time >= first) & (self.time <= last))

    @cached_property
    def visible(self) -> BoolArray:
        """(T, K) bool: where a marker was recorded."""
        return np.asarray(np.isfinite(self.markers).all(axis=2))

    @cached_property
    def on_body(self) -> BoolArray:
        """(K,) bool: markers that were recorded in any frame."""
        return np.asarray(self.visible.any(axis=0))


def measured_frames(
    time: FloatArray, contacts: FloatArray, complete: BoolArray, flight: float | None = None
) -> BoolArray:
    """Frames (T,) bool in which all ground contact is measured.

    Consecutive complete contacts (N, 2), s, less than `MAX_FLIGHT_S` apart are joined with the
    flight between them. Before the first and after the last of them, the runner flies for
    `FLIGHT_MARGIN_S`, or for the shortest flight (given or measured, s) less `FILTER_LEAK_S` where
    that is less: an unmeasured contact may follow. Frames around an incomplete contact are
    excluded.
    """
    measured = np.zeros(len(time), dtype=np.bool_)
    gaps = contacts[1:, 0] - contacts[:-1, 1]
    joined = np.asarray(complete[1:] & complete[:-1] & (gaps < MAX_FLIGHT_S))
    flown = gaps[joined & (gaps > 0.0)]
    longest = FLIGHT_MARGIN_S + FILTER_LEAK_S
    shortest = flight if flight is not None else float(np.min(flown, initial=longest))
    margin = float(np.clip(shortest - FILTER_LEAK_S, 0.0, FLIGHT_MARGIN_S))
    for touchdown, toe_off in contacts[complete]:
        measured[(time >= touchdown - margin) & (time <= toe_off + margin)] = True
    for index in np.flatnonzero(joined):
        measured[(time >= contacts[index, 1]) & (time <= contacts[index + 1, 0])] = True
    for touchdown, toe_off in contacts[~complete]:
        measured[(time >= touchdown - FILTER_LEAK_S) & (time <= toe_off + FILTER_LEAK_S)] = False
    return measured
