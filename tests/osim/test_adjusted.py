"""An adjusted model is the scaled one with another inertia, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.study import MODELS
from aqbio.opensim.calibrated import write_adjusted_model
from aqbio.opensim.session import initialised, load_model
from aqbio.opensim.skeleton import read_skeleton

pytestmark = pytest.mark.opensim

SOURCE = MODELS / "sprint" / "sprint_male.osim"


def test_inertia_is_taken_over_and_the_rest_stays(tmp_path: Path) -> None:
    """Fifteen digits in the file: 1e-12 of what was asked for."""
    before = read_skeleton(SOURCE)
    factor = 1.0 + 0.1 * np.arange(len(before.bodies)) / len(before.bodies)
    wanted = replace(
        before,
        mass=before.mass * factor,
        inertia=before.inertia * factor[:, None, None],
        com=before.com + np.array([0.01, -0.02, 0.003]),
    )
    path = tmp_path / "new" / "adjusted.osim"
    write_adjusted_model(SOURCE, wanted, path)
    found = read_skeleton(path)
    for name in ("mass", "com", "inertia"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name), rtol=1e-12, atol=1e-14
        )
    for name in ("parent_position", "child_rotation", "marker_position", "coordinate_range"):
        np.testing.assert_array_equal(getattr(found, name), getattr(before, name))
    assert found.bodies == before.bodies
    assert found.markers == before.markers
    model = load_model(path)
    state = initialised(model, file=path)
    assert model.getTotalMass(state) == pytest.approx(wanted.mass.sum(), rel=1e-12)
    assert model.getName().endswith("_consistent")
    assert list(path.parent.iterdir()) == [path]
