"""A prepared trial as the calibrated body lets it be read: labels, and the sides of its feet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import Trial
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.names import SIDES

if TYPE_CHECKING:
    import xarray as xr

CARRY_FEET = ("thigh", "shank", "foot")
"""Parts of a leg from which outwards labels show where the foot is."""


def recorded_trial(study: Study, participant_id: str, trial: Trial) -> xr.Dataset:
    """A prepared trial without what stage scale found wrong in it."""
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc")
    wrong = study.read_manifest(participant_id, "scale").get("wrong_labels", ())
    return without_wrong_labels(prepared, wrong, trial)


def without_wrong_labels(
    prepared: xr.Dataset, wrong: Sequence[Mapping[str, Any]], trial: Trial
) -> xr.Dataset:
    """A prepared trial without the markers whose labels are not what they say.

    Parameters
    ----------
    wrong : sequence of mapping
        What stage scale says of wrong labels: ``kind``, ``labels`` and ``trials`` of each, and the
        ``part`` from which outwards all labels of a limb changed sides.
    trial : Trial
        Exchanged labels are exchanged where its row says ``fix: swap``.

    Returns
    -------
    xarray.Dataset
        Forces and contacts went to the foot whose labels were nearest: with the labels of feet
        they change sides too, whether the motion can use these or not.
    """
    raw = prepared["marker_raw"].copy()
    for one in wrong:
        names = [name for name in one["labels"] if name in raw["marker"]]
        if trial.trial_id not in one["trials"] or not names:
            continue
        mended = one["kind"] == "exchanged" and trial.fix == "swap"
        right = raw.sel(marker=names[::-1]).values if mended else np.nan
        raw.loc[{"marker": names}] = right
    return with_own_feet(prepared.assign(marker_raw=raw), wrong, trial.trial_id)


def with_own_feet(
    dataset: xr.Dataset, wrong: Sequence[Mapping[str, Any]], trial_id: str
) -> xr.Dataset:
    """Forces and contacts as the other foot's where labels of the feet changed sides."""
    here = [one for one in wrong if trial_id in one["trials"]]
    if not any(one.get("part", "") in CARRY_FEET for one in here):
        return dataset
    by_foot = [name for name, one in dataset.data_vars.items() if "foot" in one.dims]
    changed = {name: dataset[name].copy(data=_flipped(dataset[name])) for name in by_foot}
    other = dict(zip(SIDES, SIDES[::-1], strict=True))
    if "contact_foot" in dataset:
        sides = [other.get(side, side) for side in dataset["contact_foot"].values.tolist()]
        changed["contact_foot"] = dataset["contact_foot"].copy(data=np.array(sides, dtype="U8"))
    return dataset.assign(changed)


def _flipped(values: xr.DataArray) -> Any:
    return np.flip(values.values, axis=values.get_axis_num("foot"))
