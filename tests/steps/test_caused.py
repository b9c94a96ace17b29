"""Sources of level C that a row may name: ankle and toes together, or the ankle of a foot alone."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.step_outcomes import ANKLE_TOES, INDETERMINATE, INDETERMINATE_LEVEL, caused

SIGNALS = {
    "induced_ground_force": (),
    "induced_pelvis_acceleration": (),
    "induced_momentum_rate": ("target",),
}


def _curves(sources):
    labels = {
        "contact_model": ["C1", "C2"], "target": ["push_side", "swing_side", "whole_body"],
        "source": list(sources), "axis": list("xyz"),
    }  # fmt: skip
    found = {}
    for name, more in SIGNALS.items():
        dimensions = ("contact_model", "source", *more, "axis")
        found[name] = (dimensions, np.ones([len(labels[one]) for one in dimensions]))
    return xr.Dataset(found, coords=labels)


@pytest.mark.parametrize("toes", [True, False])
def test_each_of_ankle_and_toes_is_told_where_the_foot_is_one_piece_only(toes):
    """A model without toes has no other source for its ankle: no outcome may leave it out."""
    both = (ANKLE_TOES, *INDETERMINATE) if toes else ("ankle_push",)
    curves = _curves(("hip_push", *both, "gravity"))
    for outcome in caused(curves):
        sources = outcome.values(curves)[0]
        if outcome.level.startswith(INDETERMINATE_LEVEL):
            assert sources == list(INDETERMINATE)
        else:
            assert sources == ["hip_push", both[0], "gravity"], (outcome.level, outcome.target)
