"""Speeds of an athlete: trials of about the same speed count as one."""

from __future__ import annotations

from collections.abc import Mapping


def speed_levels(speeds: Mapping[str, float], gap: float) -> dict[str, int]:
    """Number the speeds at which an athlete ran.

    Parameters
    ----------
    speeds : mapping
        Mean speed of every trial, m/s.
    gap : float
        Neighbouring trials that are farther apart than this share of the highest speed are at
        different speeds.

    Returns
    -------
    dict
        Level of every trial, the slowest 0.

    Examples
    --------
    >>> speed_levels({"a": 5.0, "b": 9.0, "c": 5.1, "d": 8.9}, gap=0.04)
    {'a': 0, 'c': 0, 'd': 1, 'b': 1}
    """
    ordered = sorted(speeds.items(), key=lambda item: (item[1], item[0]))
    limit = gap * max(speeds.values(), default=0.0)
    levels: dict[str, int] = {}
    level, before = 0, None
    for name, speed in ordered:
        if before is not None and speed - before > limit:
            level += 1
        levels[name] = level
        before = speed
    return levels
