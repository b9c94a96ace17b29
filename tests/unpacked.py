"""Channels packed into a page, unpacked as its script does."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from aqbio.pages.packed import MISSING
from aqbio.vectors import FloatArray


def unpack(packed: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Channels as `pack` took them, to half a step."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), np.uint8)
    folded = np.ascontiguousarray(planes.reshape(4, -1).T).view("<u4").ravel()
    words = (folded >> np.uint32(1)) ^ np.where(
        folded & np.uint32(1), np.uint32(2**32 - 1), np.uint32(0)
    )
    channels, start = {}, 0
    for name, channel in packed["channels"].items():
        frames, *rest = channel["shape"]
        count = int(np.prod(channel["shape"]))
        second = words[start : start + count].reshape(-1, frames)
        first = np.cumsum(second, axis=-1, dtype=np.uint32)
        steps = np.cumsum(first, axis=-1, dtype=np.uint32).view(np.int32)
        values = np.where(steps == MISSING, np.nan, steps * channel["step"])
        channels[name] = np.moveaxis(values.reshape(*rest, frames), -1, 0)
        start += count
    return channels
