"""When the feet are on the ground: contact and flight of the steps of a run that repeats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.vectors import FloatArray, IntArray

BOUNDARY_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Timeline:
    """Steps of one period of a run, first a right one, then by turns."""

    contact: FloatArray
    flight: FloatArray
    """contact, flight: (N,) arrays, s. N is even: the run repeats after N steps."""
    length: FloatArray
    """(N,) array, m. From the place of a contact to that of the next one, along x."""

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
    def place(self) -> FloatArray:
        """(N + 1,) places of the contacts along x, m."""
        return np.concatenate(([0.0], np.cumsum(self.length)))

    @property
    def speed(self) -> float:
        """Mean speed, m/s."""
        return float(self.place[-1]) / self.period

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
            ones = np.ones((*np.shape(t), 1))
            return np.concatenate((ones, np.cos(angle), np.sin(angle)), axis=-1)

        damping = 1e-9 * np.diag(np.concatenate(([0.0], k, k)))
        table = basis(knots)
        series = np.linalg.lstsq(
            np.vstack((table, damping)), np.append(late, np.zeros(len(damping))), rcond=None
        )[0]
        phase: FloatArray = omega * time * count / 2.0 + basis(time) @ series
        return phase

    def located(self, time: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Period, step and time (s) since its touchdown, of every instant, (T,) each."""
        period = np.floor(time / self.period + BOUNDARY_TOLERANCE).astype(np.int64)
        within = time - period * self.period
        step = np.searchsorted(self.touchdown, within + BOUNDARY_TOLERANCE, side="right") - 1
        step = np.clip(step, 0, len(self) - 1).astype(np.int64)
        since = np.maximum(within - self.touchdown[step], 0.0)
        return period, step, since
