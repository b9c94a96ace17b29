"""What a page packs, undone as its script does it."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from aqbio.pages.packed import MISSING
from aqbio.vectors import FloatArray


def unpack(made: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Channels as `pack` took them, to half a step."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(made["data"])), np.uint8)
    folded = np.ascontiguousarray(planes.reshape(4, -1).T).view("<u4").ravel()
    words = (folded >> np.uint32(1)) ^ np.where(
        folded & np.uint32(1), np.uint32(2**32 - 1), np.uint32(0)
    )
    found, start = {}, 0
    for name, one in made["channels"].items():
        frames, *rest = one["shape"]
        count = int(np.prod(one["shape"]))
        second = words[start : start + count].reshape(-1, frames)
        first = np.cumsum(second, axis=-1, dtype=np.uint32)
        whole = np.cumsum(first, axis=-1, dtype=np.uint32).view(np.int32)
        values = np.where(whole == MISSING, np.nan, whole * one["step"])
        found[name] = np.moveaxis(values.reshape(*rest, frames), -1, 0)
        start += count
    return found
