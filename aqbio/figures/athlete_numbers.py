"""Every athlete's own number beside the verdict: what the figure of athletes shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aqbio.io.dictionary import columns

if TYPE_CHECKING:
    import pandas as pd

    from aqbio.stats.registry import Registry

ATHLETES = columns("athletes")
OWN = "value"
"""Column of hypotheses_athletes.tsv with each athlete's own effect."""


def athlete_numbers(
    athletes: pd.DataFrame, verdicts: pd.DataFrame, registry: Registry
) -> pd.DataFrame:
    """Numbers of all hypotheses that have one per athlete, in order."""
    own = athletes[(athletes["column"] == OWN) & athletes["value"].notna()]
    told = verdicts[verdicts["n_showing"].notna()]
    found = told.merge(own[["hypothesis", "participant_id", "value"]], on="hypothesis")
    names = found["hypothesis"].astype(str)
    found["title"] = [registry[name].title for name in names]
    found["predicted"] = [registry[name].predicted for name in names]
    return found.reindex(columns=list(ATHLETES))
