"""Speeds of an athlete: trials of about the same speed count as one."""

from __future__ import annotations

from collections.abc import Mapping


def speed_levels(speeds: Mapping[str, float], gap: float) -> dict[str, int]:
    """Number the speeds at which an athlete ran, the slowest 0.

    Neighbouring trials that differ by more than ``gap`` of the highest speed are at different
    levels.
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
