"""The athlete's skeleton is the sprint model."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from aqbio.body.de_leva import REFERENCE
from aqbio.body.sprint_geometry import ANATOMICAL, PLAIN
from aqbio.virtual.athlete import Athlete, athlete_skeleton


@pytest.mark.opensim
@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize(("kind", "form"), [("sprint", PLAIN), ("sprint_anatomical", ANATOMICAL)])
def test_reference_body_is_the_model_file(kind, form, sex):
    """Same table, number by number, as OpenSim reads from the model's file."""
    from aqbio.opensim.skeleton import read_skeleton

    reference = REFERENCE[sex]
    own = athlete_skeleton(Athlete("reference", sex, reference.mass, reference.stature, form=form))
    read = read_skeleton(Path("models") / kind / f"{kind}_{sex}.osim")
    for field in fields(read):
        if field.name in ("axes", "couplers", "coordinate_range"):
            continue
        assert np.array_equal(getattr(own, field.name), getattr(read, field.name)), field.name
    for name in ("body", "is_rotation", "coordinate"):
        assert np.array_equal(getattr(own.axes, name), getattr(read.axes, name)), name
    np.testing.assert_allclose(own.axes.direction, read.axes.direction, atol=2e-16)
    amount = np.random.default_rng(3).normal(size=(5, len(own.axes)))
    for ours, theirs in zip(
        own.axes.functions.values(amount), read.axes.functions.values(amount), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-14)
    if form == PLAIN:  # of the moving knee Simbody's is not the joint's (decision 4)
        assert np.array_equal(own.axes.simbody_carriers, read.axes.simbody_carriers)
