"""Periodic runs: timeline, Fourier curves of joints, motion of the pelvis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev

from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray, IntArray, cross, rotate
from aqbio.virtual.athlete import Athlete, athlete_skeleton

BOUNDARY_TOLERANCE = 1e-12
"""Round-off tolerance at touchdowns."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Steps of one period of a run, alternating, the right one first."""

    contact: FloatArray
    flight: FloatArray
    """contact, flight: (N,) arrays, s. N is even: the run repeats after N steps."""
    length: FloatArray
    """(N,) array, m. Distance between consecutive contacts along x."""

    def __post_init__(self) -> None:
        """Refuse runs that cannot repeat."""
        if len(self.contact) % 2 or not len(self.contact):
            raise ValueError(f"a run repeats after an even number of steps, not {len(self)}.")
        if not self.contact.shape == self.flight.shape == self.length.shape:
            raise ValueError("contact, flight and length differ in length.")
        if min(self.contact.min(), self.flight.min(), self.length.min()) <= 0.0:
            raise ValueError("contact, flight and length must be positive.")

    def __len__(self) -> int:
        return len(self.contact)

    @cached_property
    def step(self) -> FloatArray:
        """(N,) step durations, s."""
        return self.contact + self.flight

    @cached_property
    def touchdown(self) -> FloatArray:
        """(N + 1,) touchdowns, s: the last one is the first of the next period."""
        return np.concatenate(([0.0], np.cumsum(self.step)))

    @property
    def period(self) -> float:
        """Duration of all N steps, s."""
        return float(self.touchdown[-1])

    @cached_property
    def contact_x(self) -> FloatArray:
        """(N + 1,) positions of the contacts along x, m."""
        return np.concatenate(([0.0], np.cumsum(self.length)))

    @property
    def speed(self) -> float:
        """Mean speed, m/s."""
        return float(self.contact_x[-1]) / self.period

    @cached_property
    def side(self) -> FloatArray:
        """(N,) +1 for steps on the right foot, -1 for steps on the left one."""
        return np.where(np.arange(len(self)) % 2 == 0, 1.0, -1.0)

    def phase(self, time: FloatArray) -> FloatArray:
        """Gait phase, rad: pi per step, 0 at a right touchdown, smooth in time."""
        count, omega = len(self), 2.0 * np.pi / self.period
        knots = self.touchdown[:-1]
        late = np.pi * np.arange(count) - omega * knots * count / 2.0
        k = np.arange(1, count // 2 + 1)

        def basis(t: FloatArray) -> FloatArray:
            angle = omega * np.multiply.outer(t, k)
            constant = np.ones((*np.shape(t), 1))
            return np.concatenate((constant, np.cos(angle), np.sin(angle)), axis=-1)

        damping = 1e-9 * np.diag(np.concatenate(([0.0], k, k)))
        table = basis(knots)
        series = np.linalg.lstsq(
            np.vstack((table, damping)), np.append(late, np.zeros(len(damping))), rcond=None
        )[0]
        phase: FloatArray = omega * time * count / 2.0 + basis(time) @ series
        return phase

    def locate(self, time: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Period, step and time (s) since its touchdown, of every instant, (T,) each."""
        period = np.floor(time / self.period + BOUNDARY_TOLERANCE).astype(np.int64)
        within = time - period * self.period
        step = np.searchsorted(self.touchdown, within + BOUNDARY_TOLERANCE, side="right") - 1
        step = np.clip(step, 0, len(self) - 1).astype(np.int64)
        since = np.maximum(within - self.touchdown[step], 0.0)
        return period, step, since


ROOT = 6
"""Coordinates of the pelvis: tilt, list, rotation, then x, y and z."""


@dataclass(frozen=True, eq=False)
class FourierCurves:
    """Periodic functions of time."""

    period: float
    """float, s."""
    coefficients: FloatArray
    """(C, 2 K + 1) array. Of each curve: mean, K cosines, K sines."""

    def values(self, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values, first and second derivatives, (T, C) each."""
        harmonics = self.coefficients.shape[1] // 2
        rate = 2.0 * np.pi / self.period * np.arange(1, harmonics + 1)
        angle = np.multiply.outer(time, rate)
        cosine, sine = np.cos(angle), np.sin(angle)
        mean, even, odd = np.split(self.coefficients, [1, harmonics + 1], axis=1)
        value = mean.T + cosine @ even.T + sine @ odd.T
        first = (cosine * rate) @ odd.T - (sine * rate) @ even.T
        second = -(cosine * rate**2) @ even.T - (sine * rate**2) @ odd.T
        return value, first, second


@dataclass(frozen=True, eq=False)
class Gait:
    """A run that repeats after N steps, with analytic derivatives."""

    athlete: Athlete
    timeline: Timeline
    joints: FloatArray
    """(C - 6, 2 K + 1) array, rad. Fourier coefficients of all coordinates but the pelvis's."""
    stance: FloatArray
    flight: FloatArray
    """stance, flight: (N, ., 3) arrays, rad. Chebyshev coefficients of the pelvis's angles in
    contacts and flights."""
    com: FloatArray
    """(N, ., 3) array, m. Chebyshev coefficients of the centre of mass in the contacts; x relative
    to each contact."""
    drag: float = 0.0
    """Backward force on the centre of mass, N."""

    def __post_init__(self) -> None:
        """Refuse coefficients for a different number of steps."""
        steps = len(self.timeline)
        for name in ("stance", "flight", "com"):
            if len(getattr(self, name)) != steps:
                raise ValueError(f"{name} has {len(getattr(self, name))} of {steps} steps.")

    @property
    def skeleton(self) -> Skeleton:
        """The athlete's skeleton."""
        return athlete_skeleton(self.athlete)

    def states(self, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Coordinates, speeds, accelerations (T, C); first right touchdown at time 0, x = 0."""
        angles = FourierCurves(self.timeline.period, self.joints).values(time)
        q, u, udot = (np.pad(part, ((0, 0), (ROOT, 0))) for part in angles)
        pelvis = self.pelvis_angles(time)
        # pelvis fixed at the ground's origin: its coordinates are still zero here
        fixed_pelvis = segment_kinematics(self.skeleton, q, u, udot)
        inside = centre_of_mass(segment_motion(self.skeleton, fixed_pelvis))
        com = self.centre_of_mass(time)
        matrix, turn = rate_matrix(pelvis[0]), rotation(pelvis[0])
        omega = rotate(matrix, pelvis[1])
        alpha = rotate(matrix, pelvis[2])
        alpha += rotate(rate_matrix_rate(pelvis[0], pelvis[1]), pelvis[1])
        sweep = cross(omega, inside[0]) + inside[1]
        second = cross(alpha, inside[0]) + cross(omega, sweep + inside[1]) + inside[2]
        for values, part in zip((q, u, udot), pelvis, strict=True):
            values[:, :3] = part
        for values, centre, arm in zip((q, u, udot), com, (inside[0], sweep, second), strict=True):
            values[:, 3:ROOT] = centre - rotate(turn, arm)
        return q, u, udot

    def pelvis_angles(self, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Angles of the pelvis with two derivatives, (T, 3) each, rad."""
        _, step, since = self.timeline.locate(time)
        contact, flight = self.timeline.contact, self.timeline.flight
        grounded = (since <= contact[step])[:, None]
        early = np.minimum(since / contact[step], 1.0)
        late = np.clip((since - contact[step]) / flight[step], 0.0, 1.0)
        parts = [
            np.where(
                grounded,
                evaluate_series(self.stance, step, early, contact, order),
                evaluate_series(self.flight, step, late, flight, order),
            )
            for order in range(3)
        ]
        return parts[0], parts[1], parts[2]

    def centre_of_mass(self, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Position, velocity and acceleration of the centre of mass, (T, 3) each, m."""
        period, step, since = self.timeline.locate(time)
        contact = self.timeline.contact[step]
        s = np.minimum(since / contact, 1.0)
        fall = np.maximum(since - contact, 0.0)[:, None]
        pull = np.array([-self.drag / self.athlete.mass, -GRAVITY, 0.0])
        position, speed = (
            evaluate_series(self.com, step, s, self.timeline.contact, order) for order in range(2)
        )
        position = position + speed * fall + 0.5 * pull * fall**2
        position[:, 0] += period * self.timeline.contact_x[-1] + self.timeline.contact_x[step]
        return position, speed + pull * fall, self.com_acceleration(time)

    def com_acceleration(self, time: FloatArray) -> FloatArray:
        """Acceleration of the centre of mass, (T, 3), m/s²."""
        _, step, since = self.timeline.locate(time)
        contact = self.timeline.contact[step]
        s = np.minimum(since / contact, 1.0)
        pull = np.array([-self.drag / self.athlete.mass, -GRAVITY, 0.0])
        change = evaluate_series(self.com, step, s, self.timeline.contact, 2)
        return np.where((since <= contact)[:, None], change, pull)

    def stance_foot(self, time: FloatArray) -> tuple[FloatArray, IntArray]:
        """Foot on the ground (+1 right, -1 left, 0 none) and number of the step, (T,) each."""
        period, step, since = self.timeline.locate(time)
        grounded = since <= self.timeline.contact[step]
        return self.timeline.side[step] * grounded, period * len(self.timeline) + step


def evaluate_series(
    coefficients: FloatArray, interval: np.ndarray, s: FloatArray, width: FloatArray, order: int
) -> FloatArray:
    """Value or time derivative (order 0 to 3) of piecewise Chebyshev polynomials, (T, D).

    Coefficients (I, n, D) of intervals of ``width`` (I,), s; ``s`` (T,) is the position in the
    interval, 0 to 1.
    """
    series = chebyshev.chebder(coefficients, m=order, axis=1) if order else coefficients
    basis = chebyshev.chebvander(2.0 * s - 1.0, series.shape[1] - 1)
    scale = (2.0 / width[interval]) ** order
    values: FloatArray = np.einsum("tn,tnd->td", basis, series[interval]) * scale[:, None]
    return values


def rotation(angles: FloatArray) -> FloatArray:
    """Pelvis to ground axes by angles (..., 3), rad: ``R = Rz(tilt) Rx(list) Ry(rotation)``."""
    (a, b, c), (sa, sb, sc) = np.cos(_split(angles)), np.sin(_split(angles))
    matrix = np.empty((*angles.shape, 3))
    matrix[..., 0, 0] = a * c - sa * sb * sc
    matrix[..., 0, 1] = -sa * b
    matrix[..., 0, 2] = a * sc + sa * sb * c
    matrix[..., 1, 0] = sa * c + a * sb * sc
    matrix[..., 1, 1] = a * b
    matrix[..., 1, 2] = sa * sc - a * sb * c
    matrix[..., 2, 0] = -b * sc
    matrix[..., 2, 1] = sb
    matrix[..., 2, 2] = b * c
    return matrix


def _split(angles: FloatArray) -> FloatArray:
    return np.moveaxis(angles, -1, 0)


def rate_matrix(angles: FloatArray) -> FloatArray:
    """Matrix E (..., 3, 3) with ``ω = E φ'``, the angular velocity in pelvis axes."""
    _, b, c = _split(angles)
    matrix = np.zeros((*angles.shape, 3))
    matrix[..., 0, 0], matrix[..., 1, 0] = -np.sin(c) * np.cos(b), np.sin(b)
    matrix[..., 2, 0] = np.cos(c) * np.cos(b)
    matrix[..., 0, 1], matrix[..., 2, 1] = np.cos(c), np.sin(c)
    matrix[..., 1, 2] = 1.0
    return matrix


def rate_matrix_rate(angles: FloatArray, rates: FloatArray) -> FloatArray:
    """Time derivative of :func:`rate_matrix`."""
    _, b, c = _split(angles)
    _, db, dc = _split(rates)
    matrix = np.zeros((*angles.shape, 3))
    matrix[..., 0, 0] = -np.cos(c) * np.cos(b) * dc + np.sin(c) * np.sin(b) * db
    matrix[..., 1, 0] = np.cos(b) * db
    matrix[..., 2, 0] = -np.sin(c) * np.cos(b) * dc - np.cos(c) * np.sin(b) * db
    matrix[..., 0, 1], matrix[..., 2, 1] = -np.sin(c) * dc, np.cos(c) * dc
    return matrix
