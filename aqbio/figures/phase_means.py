"""Means over athletes along the step, as figures of fewer runs than all draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aqbio.io.dictionary import columns

FloatArray = NDArray[np.float64]

PHASE_MEANS = columns("phase_means")
PHASES = ("stance", "flight")


def phase_means(
    curves: Sequence[Mapping[tuple[str, str], FloatArray]], units: Mapping[str, str]
) -> pd.DataFrame:
    """Mean and standard deviation over athletes of (phases, 101) curves by quantity and line."""
    parts = []
    for key in dict.fromkeys(key for own in curves for key in own):
        known = np.array([own[key] for own in curves if key in own], dtype=float)
        known = known[np.isfinite(known).all(axis=(1, 2))]
        if not len(known):
            continue
        sd = known.std(axis=0, ddof=1) if len(known) > 1 else np.full_like(known[0], np.nan)
        for number, mean in enumerate(known.mean(axis=0)):
            parts.append(
                pd.DataFrame(
                    {"quantity": key[0], "line": key[1], "phase": PHASES[number],
                     "percent": np.arange(len(mean)), "mean": mean, "sd": sd[number],
                     "athletes": len(known), "unit": units[key[0]]}
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*PHASE_MEANS])


def line(
    numbers: pd.DataFrame, quantity: str, name: str, phase: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per cents, mean and standard deviation of a line, (N,) each; empty where it is not known."""
    own = numbers[
        (numbers["quantity"] == quantity) & (numbers["line"] == name) & (numbers["phase"] == phase)
    ]
    at, mean, sd = (own[one].to_numpy(dtype=float) for one in ("percent", "mean", "sd"))
    return at, mean, sd
