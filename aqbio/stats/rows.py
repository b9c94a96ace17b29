"""All secondary statistics that a study has numbers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.balance import balance_rows, sign_rows
from aqbio.stats.evidence import Evidence
from aqbio.stats.others import (
    limiter_rows,
    next_step_rows,
    phase_rows,
    restriction_rows,
    share_rows,
    side_rows,
    timing_rows,
    utilisation_rows,
)
from aqbio.stats.row import Row

if TYPE_CHECKING:
    import xarray as xr


def secondary_rows(
    evidence: Evidence, means: xr.Dataset, draws: int = 999, seed: int = 0
) -> tuple[Row, ...]:
    """Secondary statistics of all hypotheses, those without any number left out.

    Parameters
    ----------
    means : xarray.Dataset
        From `aqbio.stats.curve_means.curve_means`.
    draws : int
        Of every surrogate.
    seed : int
        The same seed gives the same numbers.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # groups that a model lacks are NaN
        every = [
            *balance_rows(evidence, means, draws, seed),
            *sign_rows(evidence, means),
            *limiter_rows(evidence),
            *utilisation_rows(evidence),
            *side_rows(evidence),
            *next_step_rows(evidence, draws, seed),
            *share_rows(evidence),
            *timing_rows(evidence, draws, seed),
            *phase_rows(evidence),
            *restriction_rows(evidence),
        ]
    return tuple(row for row in every if np.isfinite(row.estimate))
