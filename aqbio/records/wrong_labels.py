"""Labels that the calibrated body found not to be what they say, in the trials that are solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import Trial

if TYPE_CHECKING:
    import xarray as xr


def without_wrong_labels(
    prepared: xr.Dataset, told: Sequence[Mapping[str, Any]], trial: Trial
) -> xr.Dataset:
    """Give a prepared trial without the markers whose labels are not what they say.

    Parameters
    ----------
    prepared : xarray.Dataset
    told : sequence of mapping
        What stage scale says of wrong labels: ``kind``, ``labels`` and ``trials`` of each.
    trial : Trial
        Exchanged labels are exchanged where its row says ``fix: swap``.
    """
    raw = prepared["marker_raw"].copy()
    for one in told:
        names = [name for name in one["labels"] if name in raw["marker"]]
        if trial.trial_id not in one["trials"] or not names:
            continue
        mended = one["kind"] == "exchanged" and trial.fix == "swap"
        right = raw.sel(marker=names[::-1]).values if mended else np.nan
        raw.loc[{"marker": names}] = right
    return prepared.assign(marker_raw=raw)
