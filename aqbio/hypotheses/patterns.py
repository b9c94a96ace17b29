"""What partitions oppose and which groups turn together: tables behind the two figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.stats.inference import mean_estimate, possible_values
from aqbio.stats.partitions import partition_names, ranks
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

IMPLIED = "mechanically_implied"

PARTITIONS = columns("partitions")

SIGNS = columns("sign_patterns")

PREDICTED = {
    ("arms", "push_leg"): (1, -1),
    ("torso", "push_leg"): (1, -1),
    ("arms", "swing_leg"): (-1, -1),
    ("push_leg", "swing_leg"): (-1, 1),
}
"""Signs of the articles' and of the classical account, about the vertical in contact."""


def partition_table(means: xr.Dataset) -> pd.DataFrame:
    """Opposition index of every partition in stance and flight, arms together and one by one.

    Parameters
    ----------
    means : xarray.Dataset
        From `aqbio.stats.curve_means.curve_means`, with the rules of who pushes in flight, which
        is mechanically implied and never part of a test.
    """
    import pandas as pd

    rows = [
        {"arms": arms} | row
        for arms, last in (("together", "partition"), ("split", "split"))
        if f"opposition_{arms}" in means
        for row in _partition_rows(means[f"opposition_{arms}"].rename({last: "name"}))
    ]
    return pd.DataFrame(rows, columns=list(PARTITIONS))


def _partition_rows(index: xr.DataArray) -> Iterator[dict[str, Any]]:
    if not np.isfinite(index.values).any() and index.sizes["name"] > len(partition_names()):
        return  # nobody saw single arms
    for view in index["view"].values.tolist():
        own = index.sel(view=view)
        by_athlete = own.transpose("athlete", "name").values
        known = np.isfinite(by_athlete).any()
        places = np.nanmedian(ranks(by_athlete), axis=0) if known else None
        for column, name in enumerate(own["name"].values.tolist()):
            yield {
                "phase": view,
                "partition": name,
                **_estimated(by_athlete[:, column], "opposition"),
                "rank": np.nan if places is None else places[column],
                "status": "descriptive" if view == "stance" else IMPLIED,
            }


def sign_table(means: xr.Dataset) -> pd.DataFrame:
    """Which groups turn together, at the levels of momentum, its rate and the hub's moments.

    Parameters
    ----------
    means : xarray.Dataset
        From `aqbio.stats.curve_means.curve_means`.
    """
    import pandas as pd

    levels: dict[str, xr.DataArray] = {}
    if "cosine" in means:
        about = means["cosine"].sel(phase="stance", axis="y")
        levels = {name: about.sel(quantity=name) for name in means["quantity"].values.tolist()}
    if "hub_cosine" in means:
        levels["hub"] = means["hub_cosine"].rename(chain="group", other_chain="other")
    rows = [row for level, table in levels.items() for row in _sign_rows(level, table)]
    return pd.DataFrame(rows, columns=list(SIGNS))


def _sign_rows(level: str, table: xr.DataArray) -> Iterator[dict[str, Any]]:
    for first, second in permutations(table["group"].values.tolist(), 2):
        signs = PREDICTED.get((first, second), PREDICTED.get((second, first), (None, None)))
        yield {
            "level": level,
            "first": first,
            "second": second,
            **_estimated(table.sel(group=first, other=second).values, "cosine"),
            "articles": signs[0],
            "classical": signs[1],
        }


def _estimated(means: FloatArray, name: str) -> dict[str, Any]:
    """Mean and interval over athletes; no interval for fewer than two."""
    known = means[np.isfinite(means)]
    if len(known) < 2:
        value = float(known[0]) if len(known) else np.nan
        return {name: value, "ci_low": np.nan, "ci_high": np.nan, "n_athletes": len(known)}
    estimate = replace(mean_estimate(known), within=possible_values(name))
    low, high = estimate.interval(0.95)
    return {name: estimate.value, "ci_low": low, "ci_high": high, "n_athletes": len(known)}
