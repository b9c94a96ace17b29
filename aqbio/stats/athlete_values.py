"""Numbers of athletes that their steps give: highest speed, and what they do at it."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.stats.athletes import cells, centred, group_means
from aqbio.stats.evidence import AthleteEvidence, StepEvidence


def athletes_from_steps(
    steps: StepEvidence,
    names: tuple[str, ...],
    *,
    push_capacity: FloatArray,
    swing_capacity: FloatArray,
    normal: FloatArray,
    restricted: FloatArray,
) -> AthleteEvidence:
    """Evidence of athletes from their steps and what was measured apart from them.

    Parameters
    ----------
    steps : StepEvidence
    names : tuple of A str
    push_capacity, swing_capacity : (A,) arrays
    normal, restricted : (A, R) arrays, m/s
    """
    count = len(names)
    cell, owner = cells(steps.athlete, steps.level)
    speeds = group_means(steps.speed, cell, len(owner))
    top = top_cells(speeds, owner, count)
    flight_share = steps.flight / (steps.contact + steps.flight)
    at_top = {
        name: _at(group_means(values, cell, len(owner)), top)
        for name, values in (
            ("speed", steps.speed),
            ("lateral_ratio", steps.lateral_ratio),
            ("vertical_excess", flight_share),
        )
    }
    return AthleteEvidence(
        name=names,
        fastest=at_top["speed"],
        push_capacity=push_capacity,
        swing_capacity=swing_capacity,
        lateral_ratio=at_top["lateral_ratio"],
        contact=contact_excess(steps, count),
        vertical_excess=at_top["vertical_excess"],
        normal=normal,
        restricted=restricted,
    )


def top_cells(speeds: FloatArray, owner: IntArray, count: int) -> IntArray:
    """Each athlete's fastest cell.

    Parameters
    ----------
    speeds : (C,) array, m/s
        Of the cells.
    owner : (C,) int array
        Athlete of each cell, from 0 to count − 1.
    count : int

    Returns
    -------
    (count,) int array
        -1 for an athlete without any.

    Examples
    --------
    >>> top_cells(np.array([5.0, 8.0, 6.0]), np.array([0, 0, 2]), 3)
    array([ 1, -1,  2])
    """
    top = np.full(count, -1)
    order = np.argsort(speeds)
    top[owner[order]] = order
    return top


def _at(values: FloatArray, place: IntArray) -> FloatArray:
    """Values at places, NaN at -1."""
    if not len(values):
        return np.full(len(place), np.nan)
    return np.where(place >= 0, values[place], np.nan)


def contact_excess(steps: StepEvidence, count: int) -> FloatArray:
    """Contact time of each athlete against the others' at the same speed, logarithm, (A,).

    Notes
    -----
    The law of contact time (a parabola of log contact time over log speed) comes from speeds within
    athletes only. Contact time at the highest speed itself would not do as a covariate of that
    speed: it is short because the athlete is fast, and holding it takes away what is tested.
    """
    who = steps.athlete
    speed, contact = np.log(steps.speed), np.log(steps.contact)
    known = np.isfinite(speed) & np.isfinite(contact)
    if not known.any():
        return np.full(count, np.nan)
    middle = float(speed[known].mean())
    away = speed - middle
    within = np.column_stack([centred(column[known], who[known]) for column in (away, away**2)])
    law = np.linalg.lstsq(within, centred(contact[known], who[known]), rcond=None)[0]
    rest = contact - law[0] * away - law[1] * away**2
    excess = group_means(rest, who, count)
    centre: FloatArray = excess - np.nanmean(excess)
    return centre
