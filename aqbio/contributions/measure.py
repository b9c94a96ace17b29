"""One row of the quality table: a measure, limit, verdict and what its failure invalidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aqbio.observed.invalidated import INVALIDATED_BY_MEASURE, Outcome, joined_outcomes

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
    invalidates: Sequence[Outcome] | None = None,
) -> Row:
    """Return one row of the quality table, with verdict and outcomes that its failure invalidates.

    ``invalidates`` defaults to the outcomes of `INVALIDATED_BY_MEASURE`; a measure
    ``plain_`` invalidates them in the motion before the fit.
    """
    verdict = None
    if limit is not None and np.isnan([value, limit]).any():
        verdict = NOT_TESTED
    elif limit is not None:
        verdict = "ok" if (value >= limit if at_least else value <= limit) else severity
    if invalidates is None:
        invalidates = INVALIDATED_BY_MEASURE.get(name.removeprefix(PLAIN_PREFIX), ())
    return key | {
        "measure": name,
        "value": value,
        "unit": unit,
        "limit": np.nan if limit is None else limit,
        "verdict": verdict,
        "invalidates": (joined_outcomes(invalidates) if verdict == "fail" else "") or None,
        "note": note or None,
    }


NOT_TESTED = "not tested"
"""Verdict on a measure whose value or limit could not be determined."""

PLAIN_PREFIX = "plain_"
"""Prefix of measures of the motion before the fit, of a trial that was fitted."""
