"""What loads and the motion of the body state twice: path, turn, momentum, fall, and gravity."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import numpy as np

from aqbio.names import GRAVITY
from aqbio.prepare.frame_loads import TINY_N, FrameLoads
from aqbio.prepare.marked_body import MarkedBody
from aqbio.prepare.people import of_people
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

WINDOW_S = 0.5
"""Length of the windows in which balances are compared, s: about a stride of a sprint."""

MIN_WINDOW_S = 0.2
"""A shorter stretch of known forces shows no change of momentum, s."""

POLYNOMIAL_DEGREE = 2
"""Degree of the polynomials that are free in a window: initial place and velocity, and drag."""

SLOWEST_FALL = 0.01
"""Share of the usual fall that is as wrong as none, or as a rise."""

FLIGHT_RANGE_S = (0.04, 0.30)
"""Between toe-off and the other foot's touchdown; a longer time hides a contact, s."""

MIN_FLIGHT_FRAMES = 6
"""Fewest frames of a flight to which a parabola is fitted."""

BESIDE_S = 0.1
"""The velocity of the body at the ends of a contact is that of flight within this time of it, s."""

MIN_BESIDE_FRAMES = 4
"""Fewest frames of flight that show it."""

BALANCES = tuple(f"{kind} {axis}" for kind in ("path", "turn") for axis in "xyz")
"""Redundancies of body and loads: path of the centre of mass, and angular momentum about it."""

SLOPES = ("slope x", "slope z")
"""Redundancies of a level acceleration that loads do not explain, over gravity."""


def balances(
    body: MarkedBody, loads: FrameLoads, complete: BoolArray, mass: float
) -> dict[str, FloatArray]:
    """Disagreement of path, m, and of turn over mass, m²/s, in every window.

    With a mass by whole steps, kg, or by all frames where that is NaN. Loads are integrated once:
    what an integral was before a window, a polynomial is in it.
    """
    step = float(body.time[1] - body.time[0])
    edges = _window_edges(complete, step)
    if np.isnan(mass) and complete.any():
        mass = abs(float(loads.total[complete, 1].mean())) / GRAVITY
    if not mass > 0.0 or not len(edges):
        return {}
    # in time that is longer by a factor, velocities of the body are lower by it
    change = loads.time_factor**2 * (loads.total / mass - [0.0, GRAVITY, 0.0])
    turn = loads.time_factor**2 * loads.moment_about(body.com) / mass
    path = body.com - _integral(_integral(change, step), step)
    spin = body.spin - _integral(turn, step)
    paths = np.hstack((path, spin))
    sizes = np.empty((len(edges), len(BALANCES)))
    lengths = np.diff(edges, axis=1)[:, 0]
    for length in np.unique(lengths):
        alike, base = lengths == length, _polynomials(int(length))
        windows = paths[edges[alike, :1] + np.arange(length)]
        rest = windows - base @ (base.T @ windows)
        sizes[alike] = np.sqrt((rest**2).mean(axis=1))
    return dict(zip(BALANCES, sizes.T, strict=True))


def fall(body: MarkedBody, loads: FrameLoads, usable: BoolArray) -> FloatArray:
    """Logarithm of the rate by the fall of the body over the clock's: one value, or none.

    Between loads nothing but gravity moves it: one parabola of all flights in usable frames (T,).
    Where what it leaves makes its error larger than that of people, in units of that.
    """
    step, flights = float(body.time[1] - body.time[0]), runs(usable & ~loads.borne)
    frames = np.diff(flights, axis=1)[:, 0]
    lands = loads.borne[np.minimum(flights[:, 1], len(usable) - 1)]
    leaves = loads.borne[np.maximum(flights[:, 0] - 1, 0)]
    low, high = (bound / step for bound in FLIGHT_RANGE_S)
    is_flight = leaves & lands & (frames > low) & (frames < high) & (frames >= MIN_FLIGHT_FRAMES)
    if not is_flight.any():
        return np.zeros(0)
    heights = [body.com[start:stop, 1:2] for start, stop in flights[is_flight]]
    [bent], [rest] = _accelerations(heights, step)
    usual = of_people("fall between loads")
    fall = max(-bent, SLOWEST_FALL * usual.middle)
    freedom = int((frames[is_flight] - (POLYNOMIAL_DEGREE + 1)).sum())
    sd = 0.5 * np.sqrt(rest / freedom) / fall
    rate = 0.5 * np.log(fall / usual.middle) - np.log(loads.time_factor)
    return np.array([abs(rate) / np.hypot(1.0, sd / usual.error)])


def momentum(
    body: MarkedBody, loads: FrameLoads, usable: BoolArray, flies: BoolArray
) -> tuple[IntArray, FloatArray]:
    """Logarithms (C,) of upward impulses over what the body gains by them, about their median.

    Of contacts in usable frames (T,) between frames (T,) in which the body flies, from the first
    frame to the one after the last (C, 2): its velocity at both ends is that of a fall under
    gravity. None of fewer than two.
    """
    contacts = runs(loads.borne)
    frames = np.append(0, np.cumsum(usable))
    contacts = contacts[np.diff(frames[contacts], axis=1)[:, 0] == np.diff(contacts, axis=1)[:, 0]]
    start, stop = contacts.T
    step = loads.time_factor * float(body.time[1] - body.time[0])
    change = _velocities(body.com[:, 1], flies, stop, 1, step)
    change -= _velocities(body.com[:, 1], flies, start - 1, -1, step)
    gained = GRAVITY * step * (stop - start) + change
    impulse = np.append(0.0, np.cumsum(step * loads.total[:, 1]))
    is_known = gained > 0.0
    if is_known.sum() < 2:
        return contacts[:0], np.zeros(0)
    contacts = contacts[is_known]
    logs = np.log(np.maximum(np.abs(np.diff(impulse[contacts], axis=1)[:, 0]), TINY_N))
    logs -= np.log(gained[is_known])
    return contacts, logs - np.median(logs)


def _velocities(
    height: FloatArray, flies: BoolArray, first: IntArray, way: int, step: float
) -> FloatArray:
    """Upward velocities (C,), m/s, half a frame beside the first frames (C,) of flights.

    Of heights (T,), m, each ``step``, s, one way from there; NaN of too short a flight.
    """
    count = np.arange(max(round(BESIDE_S / step), MIN_BESIDE_FRAMES))
    frame = first[:, None] + way * count
    known = np.cumprod(flies.take(frame, mode="clip") & (frame >= 0) & (frame < len(flies)), axis=1)
    time = way * step * (count + 0.5)
    level = height.take(frame, mode="clip") + 0.5 * GRAVITY * time**2
    number = known.sum(axis=1)
    enough = np.where(number >= MIN_BESIDE_FRAMES, number, np.nan)
    away = known * (time - ((known @ time) / enough)[:, None])
    return np.asarray((away * level).sum(axis=1) / (away**2).sum(axis=1))


def slopes(
    body: MarkedBody, loads: FrameLoads, usable: BoolArray, mass: float
) -> dict[str, FloatArray]:
    """Level acceleration beyond what loads give the body of a mass, kg, over gravity; or none.

    Where the path is told worse than people's slopes, in units of that.
    """
    step = float(body.time[1] - body.time[0])
    spans = [x for x in runs(usable).tolist() if (x[1] - x[0]) * step >= MIN_WINDOW_S]
    if not mass > 0.0 or not spans:
        return {}
    path = body.com - _integral(_integral(loads.total / mass, step), step)
    level, rest = _accelerations([path[start:stop, ::2] for start, stop in spans], step)
    sd, usual = np.sqrt(rest) / GRAVITY, of_people("slope").error
    off = np.abs(level / GRAVITY + loads.slope) / np.hypot(1.0, sd / usual)
    return dict(zip(SLOPES, off[:, None], strict=True))


def _accelerations(paths: Iterable[FloatArray], step: float) -> tuple[FloatArray, FloatArray]:
    """Constant accelerations (C,), m/s², that paths (T, C) share, one each ``step``, s.

    And the mean squares of the acceleration that would leave what parabolas leave.
    """
    bent, curved, rest = 0.0, 0.0, 0.0
    for path in paths:
        base = _polynomials(len(path))
        shape = float(base[:, 2] @ (0.5 * (step * np.arange(len(path))) ** 2))
        parts = base.T @ path
        bent, curved = bent + shape * parts[2], curved + shape**2
        rest += np.maximum((path**2).sum(axis=0) - (parts**2).sum(axis=0), 0.0)
    return np.asarray(bent / curved), np.asarray(rest / curved)


def _integral(values: FloatArray, step: float) -> FloatArray:
    """Integral (T, 3) over time up to a constant, of values every ``step`` s."""
    return np.asarray(step * (np.cumsum(values, axis=0) - 0.5 * values))


def _window_edges(complete: BoolArray, step: float) -> IntArray:
    """First frame, and frame after the last one (W, 2), of windows of known forces."""
    edges = []
    for start, stop in runs(complete):
        if (stop - start) * step >= MIN_WINDOW_S:
            count = max(round((stop - start) * step / WINDOW_S), 1)
            edges += [*pairwise(np.linspace(start, stop, count + 1).astype(int).tolist())]
    return np.array(edges, dtype=np.int64).reshape(-1, 2)


@cache
def _polynomials(count: int) -> FloatArray:
    """Orthonormal polynomials (N, D) over N equidistant instants."""
    scaled = np.linspace(-1.0, 1.0, count)
    base, _ = np.linalg.qr(np.polynomial.legendre.legvander(scaled, POLYNOMIAL_DEGREE))
    return np.asarray(base)
