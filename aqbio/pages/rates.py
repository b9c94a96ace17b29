"""Rates of angular momentum of every step, which the table of steps does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aqbio.gait.step_files import study_curves
from aqbio.gait.steps import phase_mean
from aqbio.io.study import Study
from aqbio.names import AXES
from aqbio.pages.explorer import PARTS, RATE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

KEY = ["participant_id", "trial_id", "step"]


def with_rates(study: Study, steps: pd.DataFrame) -> pd.DataFrame:
    """Add the means of the rates over the contact, N m, by part and axis, to the steps."""
    import pandas as pd

    found = []
    for one in study.participants:
        with study_curves(study, one.participant_id) as curves:
            found += [_means(own) for own in curves.participants if own.sizes["step"]]
    if not found:
        return steps
    return steps.merge(pd.concat(found, ignore_index=True), on=KEY, how="left", validate="1:1")


def _means(own: xr.Dataset) -> pd.DataFrame:
    """Of one participant's steps."""
    import pandas as pd

    rate = own["angular_momentum_rate"].sel(phase="stance")
    parts = [one for one in PARTS if one in rate["group"].values]
    means = rate.sel(group=parts).transpose("percent", "step", "group", "axis").values
    named = phase_mean(means.astype(float))
    columns = {
        RATE.format(part=part, axis=axis): named[:, one, other]
        for one, part in enumerate(parts)
        for other, axis in enumerate(AXES)
    }
    place = {name: own[name].values.astype(str) for name in KEY[:2]}
    return pd.DataFrame(place | {"step": own["number"].values} | columns)
