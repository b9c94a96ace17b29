"""Studies whose truth is known: written as a laboratory would, and the truth along its axes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.io.study import load_study
from aqbio.virtual.demo import DATA, SPRINTERS, load_library
from aqbio.virtual.study import LIBRARY
from validation.known_laboratories import along, write_study


def test_vectors_turn_and_nothing_else():
    turn = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    moment = xr.DataArray([[[1.0], [2.0], [3.0]]], dims=("time", "axis", "group"))
    found = along(moment, turn)
    assert found.dims == moment.dims
    np.testing.assert_array_equal(found.values[0, :, 0], [3.0, 2.0, -1.0])
    mass = xr.DataArray([1.0, 2.0], dims="group")
    assert along(mass, turn) is mass


def test_a_laboratory_is_misaligned_and_its_study_complete(tmp_path):
    who = SPRINTERS[0]
    gaits = load_library(DATA / LIBRARY, {one.athlete.name: one.athlete for one in SPRINTERS})
    runs, turn = write_study(tmp_path / "study", who, gaits)
    study = load_study(tmp_path / "study" / "study.yaml")
    assert [one.trial_id for one in study.moving_of(who.athlete.name)] == list(runs)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert 1e-3 < np.arccos((np.trace(turn) - 1.0) / 2.0) < 0.03
    for trial in ("static", *runs):
        assert (tmp_path / "study" / "data" / f"{trial}.c3d").is_file()
    assert study.settings.consistency.drag_area_m2 == pytest.approx(0.0)
