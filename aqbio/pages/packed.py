"""Packed numbers of a trial for a page: whole steps, differences, deflated, in base 64.

A page that is opened from disk may not fetch files but may load a script, which holds the numbers.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqbio.vectors import FloatArray

MISSING = -(2**31)
"""Stands for NaN."""

_WORD = 4
"""Bytes of a packed number."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A quantity over time."""

    values: FloatArray
    """(T, ...) array. NaN: not known."""
    step: float
    """Value of one whole number, in the unit of the values: the error is at most half of it."""


def pack(channels: Mapping[str, Channel]) -> dict[str, Any]:
    """Pack channels: 32-bit integers, second differences modulo 2³², bytes by significance.

    Every step can be undone exactly; ValueError where a value is infinite or beyond 2³¹ steps.
    """
    series = [_whole_numbers(name, channel) for name, channel in channels.items()]
    second = [np.diff(np.diff(numbers, prepend=_ZERO), prepend=_ZERO) for numbers in series]
    words = (
        np.concatenate([numbers.ravel() for numbers in second])
        if second
        else np.empty(0, np.uint32)
    )
    folded = (words << np.uint32(1)) ^ np.where(words >> np.uint32(31), _ALL, _ZERO)
    planes = folded.astype("<u4").view(np.uint8).reshape(-1, _WORD).T
    return {
        "channels": {
            name: {"shape": list(channel.values.shape), "step": channel.step}
            for name, channel in channels.items()
        },
        "data": base64.b64encode(zlib.compress(planes.tobytes())).decode("ascii"),
    }


_ZERO, _ALL = np.uint32(0), np.uint32(2**32 - 1)


def _whole_numbers(name: str, channel: Channel) -> NDArray[np.uint32]:
    """Whole numbers, (items, T) array; time last, so that neighbours are similar."""
    steps = np.moveaxis(np.asarray(channel.values, dtype=float), 0, -1) / channel.step
    finite = ~np.isnan(steps)
    if not (np.abs(steps[finite]) < -MISSING).all():
        raise ValueError(f"{name} has values of more than 2^31 steps of {channel.step}.")
    rounded = np.where(finite, np.rint(np.where(finite, steps, 0.0)), MISSING)
    return rounded.astype(np.int64).astype(np.uint32).reshape(-1, steps.shape[-1])
