"""One row of the quality table: a measure, its limit, its verdict and what its failure spoils."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aqbio.observed.spoilt import SPOILT_BY_MEASURE, Outcome, joined_outcomes

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
    spoils: Sequence[Outcome] | None = None,
) -> Row:
    """One row of the quality table, its verdict and the outcomes that its failure spoils included.

    ``spoils`` defaults to the outcomes of `SPOILT_BY_MEASURE`; a measure ``plain_`` spoils them in
    the motion before the fit.
    """
    verdict = None
    if limit is not None:
        good = value >= limit if at_least else value <= limit
        verdict = "ok" if good else severity
        if np.isnan(value):  # a missing value neither passes nor fails
            verdict = "not_testable"
    if spoils is None:
        spoils = SPOILT_BY_MEASURE.get(name.removeprefix(PLAIN_PREFIX), ())
    return key | {
        "measure": name,
        "value": value,
        "unit": unit,
        "limit": np.nan if limit is None else limit,
        "verdict": verdict,
        "spoils": (joined_outcomes(spoils) if verdict == "fail" else "") or None,
        "note": note or None,
    }


PLAIN_PREFIX = "plain_"
"""Prefix of measures of the motion before the fit, of a trial that was fitted."""
