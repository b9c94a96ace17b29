"""The centre of pressure of a person who stands."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.consistency import session_inputs as static
from aqbio.consistency.session_inputs import standing_pressure
from aqbio.force_plates.forces import UNLOADED_BAND
from aqbio.study.manifest import OK


@pytest.mark.parametrize("empty", [-14.0, 14.0, UNLOADED_BAND])
def test_an_empty_plate_does_not_move_the_centre_of_pressure(empty):
    """14 N on a plate 1 m away, against 715 N, would move it by 20 mm."""
    force = np.array([[0.0, 715.0, 0.0], [0.0, empty, 0.0]])
    point = np.array([[0.1, 0.0, 0.2], [1.1, 0.0, 0.2]])
    corners = point[:, None] + np.zeros((1, 4, 3))
    together = force[:, 1] @ point / force[:, 1].sum()
    assert abs(together[0] - 0.1) > 0.018  # the danger is there
    found = standing_pressure(force, np.zeros((2, 3)), point, corners)
    np.testing.assert_allclose(found, point[0], atol=1e-12)


def test_the_pressure_is_that_of_the_whole_quiet_window(monkeypatch):
    """The runner leans forward by 20 cm within the window: the plates' mean is what counts."""
    clock = np.arange(0.0, 1.0, 0.001)
    lean = np.interp(clock, [0.2, 0.6], [0.0, 0.2])
    force = np.tile([[[0.0, 700.0, 0.0]]], (len(clock), 1, 1))
    moment = np.cross(np.stack((lean, 0 * lean, 0 * lean), axis=1)[:, None], force)
    frames = np.arange(0.0, 1.0, 0.01)
    markers = np.zeros((len(frames), 4, 3)) + np.eye(4, 3)
    prepared = xr.Dataset(
        {
            "marker_raw": (("time", "marker", "axis"), markers),
            "plate_point": (("plate", "axis"), np.zeros((1, 3))),
            "plate_corner": (("plate", "corner", "axis"), np.zeros((1, 4, 3))),
        },
        coords={"time": frames, "marker": list("ABCD"), "force_time": clock},
        attrs={"marker_rate": 100.0},
    )
    wrench = SimpleNamespace(force=force, moment=moment)
    monkeypatch.setattr(static, "recorded_trial", lambda *_: prepared)
    monkeypatch.setattr(static, "plate_wrench", lambda _: wrench)
    monkeypatch.setattr(static, "quiet_window", lambda *_: slice(20, 61))
    monkeypatch.setattr(
        static, "inverse_kinematics", lambda *_: SimpleNamespace(q=np.zeros((1, 1)))
    )
    done = {"trials": [{"trial_id": "stand", "status": OK}]}
    study = SimpleNamespace(
        read_manifest=lambda *_: done,
        marker_set=SimpleNamespace(markers=dict.fromkeys("ABCD"), model_name=str),
    )
    skeleton = SimpleNamespace(mass=np.array([70.0]), markers=tuple("ABCD"))
    found = static.static_stance(study, "P1", skeleton, SimpleNamespace(trial_id="stand"))
    np.testing.assert_allclose(found.cop[[0, 2]], [0.1, 0.0], atol=1e-3)
