"""Contacts of a virtual run, from its exact vertical force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.vectors import FloatArray
from aqbio.virtual.gait import Gait

GRID = 201
"""Samples of a contact, and of the gap between two of them, when a crossing is looked for."""


@dataclass(frozen=True, slots=True)
class TrueContact:
    """One contact of a run."""

    foot: str
    """{"left", "right"}."""
    touchdown: float
    toe_off: float
    """touchdown, toe_off: Where the vertical force begins and ends, gait's own clock, s."""
    rises: float
    falls: float
    """rises, falls: Where it crosses the threshold, s."""
    position_m: float
    """Of the contact along x, m."""
    peak: float
    """float, N."""


def contacts(gait: Gait, start: float, end: float, threshold: float) -> list[TrueContact]:
    """Contacts above a vertical force of ``threshold``, N, that touch an interval, s."""
    line = gait.timeline
    true_contacts = []
    first = int(np.floor(start / line.period)) * len(line) - 1
    last = int(np.ceil(end / line.period)) * len(line) + 1
    for number in range(first, last):
        period, step = divmod(number, len(line))
        begin = period * line.period + float(line.touchdown[step])
        finish = begin + float(line.contact[step])
        if finish < start or begin > end:
            continue
        times = begin + np.linspace(0.0, 1.0, GRID) * float(line.contact[step])
        force = _vertical(gait, times)
        above = np.flatnonzero(force >= threshold)
        if not len(above):
            continue
        true_contacts.append(
            TrueContact(
                foot="right" if line.side[step] > 0 else "left",
                touchdown=begin,
                toe_off=finish,
                rises=_crossing(gait, times[above[0] - 1], times[above[0]], threshold),
                falls=_crossing(gait, times[above[-1]], times[above[-1] + 1], threshold),
                position_m=period * float(line.contact_x[-1]) + float(line.contact_x[step]),
                peak=float(force.max()),
            )
        )
    return true_contacts


def _crossing(gait: Gait, before: float, after: float, threshold: float) -> float:
    """Instant at which the vertical force crosses a level between two instants, to 1e-10 s."""
    times = np.linspace(before, after, GRID)
    force = _vertical(gait, times) - threshold
    order = np.argsort(force)
    crossing: float = np.interp(0.0, force[order], times[order])
    return float(crossing)


def _vertical(gait: Gait, time: FloatArray) -> FloatArray:
    """Vertical ground force, from the motion of the centre of mass alone."""
    acceleration = gait.com_acceleration(time)[:, 1]
    force: FloatArray = gait.athlete.mass * (acceleration - gait.skeleton.gravity[1])
    return force
