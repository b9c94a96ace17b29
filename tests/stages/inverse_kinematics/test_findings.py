"""What is said of a solved trial: marker errors, joint limits and jumps; both sides of limits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.config.settings import Solve
from aqbio.inverse_kinematics.solved import JUMP_DEGREES, Solution, solution_findings
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers, spline_motion
from aqbio.observed.mask import Observed
from tests.stages.inverse_kinematics.conftest import marker_set

RATE = 250.0
START = 0.5
"""The first frame that is solved, s: 125 frames of the recording come before."""
SETTINGS = Solve()


@pytest.fixture
def told(runner):
    """Give the findings of a solution whose coordinates or markers were changed, by rule."""

    def findings(*, change=lambda q: q, away=None, lost=()):
        q = change(np.zeros((50, len(runner.coordinates))))
        time = START + np.arange(len(q)) / RATE
        positions = marker_positions(runner, q)
        if away is not None:
            positions = positions + away(positions.shape)
        markers = TrackedMarkers(time, runner.markers, positions, np.ones(len(runner.markers)))
        observed = Observed.everything(runner.bodies, len(q)).without(lost, "not seen by markers")
        unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
        motion = spline_motion(runner, time, q)
        solution = Solution(
            runner, markers, q, motion, np.zeros_like(q), xr.Dataset(), observed, unsaid
        )
        study = SimpleNamespace(
            settings=SimpleNamespace(solve=SETTINGS), marker_set=marker_set(runner)
        )
        return {one.rule: one for one in solution_findings(solution, "run", study)}

    return findings


def _column(runner, name):
    return runner.coordinates.index(name)


def test_nothing_is_said_of_a_perfect_solution(told):
    assert told() == {}


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_root_mean_square_of_the_marker_errors(told, share):
    """All markers off by one length: that is their root mean square."""
    found = told(away=lambda shape: np.full(shape, [0.0, share * SETTINGS.marker_rms_m, 0.0]))
    assert ("marker-rms" in found) is (share > 1.0)
    if share > 1.0:
        one = found["marker-rms"]
        assert one.number == pytest.approx(share * SETTINGS.marker_rms_m)
        assert one.limit == SETTINGS.marker_rms_m
        assert f"more than {1e3 * SETTINGS.marker_rms_m:.0f} mm" in one.what


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_the_farthest_marker_is_named_as_the_laboratory_names_it(told, runner, share):
    """One marker in one frame: far below the limit of the root mean square."""

    def away(shape):
        off = np.zeros(shape)
        off[7, runner.markers.index("foot_l1")] = [
            share * SETTINGS.marker_max_m, 0.0, 0.0,
        ]  # fmt: skip
        return off

    found = told(away=away)
    assert set(found) == ({"marker-max"} if share > 1.0 else set())
    if share > 1.0:
        one = found["marker-max"]
        assert one.label == "LABfoot_l1"
        assert one.what.startswith("marker LABfoot_l1 is up to")
        assert one.number == pytest.approx(share * SETTINGS.marker_max_m)


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_a_jump_is_told_with_its_coordinate_frame_and_markers(told, runner, share):
    """The limit is per frame at 250 Hz, which this trial has."""
    step = np.radians(share * JUMP_DEGREES)

    def change(q):
        q[20:, _column(runner, "forearm_l_z")] = step
        return q

    found = told(change=change)
    assert ("coordinate-jump" in found) is (share > 1.0)
    if share > 1.0:
        one = found["coordinate-jump"]
        assert one.where == "frame 146, 0.580 s"
        assert one.number == pytest.approx(share * JUMP_DEGREES)
        assert f"forearm_l_z by {share * JUMP_DEGREES:.0f} degrees at 0.580 s" in one.what
        assert "LABforearm_l0" in one.fix
    assert "coordinate-jump" not in told(change=change, lost=("forearm_l",))


@pytest.mark.parametrize("degrees", [-0.5, 0.5])
def test_a_joint_beyond_the_models_range(told, runner, degrees):
    """Five of 50 frames on either side of the upper end of the range."""
    column = _column(runner, "forearm_l_z")
    high = runner.coordinate_range[column, 1] + np.radians(degrees)

    def change(q):
        bell = np.minimum(np.clip(np.abs(np.arange(len(q)) - 25) - 2, 0, None) / 20.0, 1.0)
        q[:, column] = high * (1.0 - bell)
        return q

    found = told(change=change)
    assert ("joint-range" in found) is (degrees > 0.0)
    if degrees > 0.0:
        one = found["joint-range"]
        assert "forearm_l_z goes from" in one.what
        assert f"to {np.degrees(high):.0f} degrees" in one.what
        assert "; 5 of 50 frames)" in one.what
        assert (one.severity, one.number) == ("info", 1.0)
