"""What the tables of trials are made of: a manifest's entry, a measured value and its verdict."""

from __future__ import annotations

from typing import Any

import numpy as np

Row = dict[str, Any]


def measure(
    key: Row,
    name: str,
    value: float,
    unit: str,
    *,
    limit: float | None = None,
    at_least: bool = False,
    note: str = "",
    severity: str = "fail",
) -> Row:
    """One row of the quality table, its verdict included."""
    verdict = None
    if limit is not None:
        good = value >= limit if at_least else value <= limit
        verdict = "ok" if good else severity
    return key | {
        "measure": name,
        "value": value,
        "unit": unit,
        "limit": np.nan if limit is None else limit,
        "verdict": verdict,
        "note": note or None,
    }
