"""Lag of the swing leg by athlete and speed, by circular statistics: what the figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.stats.timing import direction

if TYPE_CHECKING:
    import pandas as pd

TIMING = columns("timing")

FEWEST = 3
"""Steps below which no spread is told."""


def timing_numbers(steps: pd.DataFrame) -> pd.DataFrame:
    """Circular mean and spread of the lag by athlete and speed."""
    import pandas as pd

    rows = []
    for (person, level), own in steps.dropna(subset=["lag"]).groupby(["participant_id", "level"]):
        found = direction(own["lag"].to_numpy(dtype=float))
        rows.append(
            {
                "participant_id": person,
                "level": level,
                "speed_mps": float(own["speed_mps"].mean()),
                "lag_mean": found.mean,
                "lag_sd": found.sd if len(own) >= FEWEST else np.nan,
                "n_steps": len(own),
            }
        )
    table = pd.DataFrame(rows, columns=list(TIMING))
    if len(table):
        table["lag_mean"] = table.groupby("participant_id")["lag_mean"].transform(
            lambda values: np.unwrap(values.to_numpy(dtype=float), period=1.0)
        )
    return table


def timing_slopes(verdicts: pd.DataFrame) -> dict[str, float]:
    """Estimates of H5a and H5b and their smallest effects."""
    rows = {str(row["hypothesis"]): row for row in verdicts.to_dict("records")}
    names = {"lag": "H5a", "spread": "H5b"}
    return {
        f"{name}{end}": float(rows[hypothesis][column])
        for name, hypothesis in names.items()
        for end, column in (("", "estimate"), ("_smallest", "smallest_effect"))
    }
