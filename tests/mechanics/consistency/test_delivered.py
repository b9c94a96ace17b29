"""What a fit delivers against the plain way: known displacements, known changes of moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.delivered import segment_displacements, sudden_change
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.parameters import Weights
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import Motion
from tests.mechanics.consistency.conftest import NONE_FITTED, stepping

MOVED = np.array([0.003, -0.004, 0.012])


@pytest.fixture(scope="module")
def fit(case):
    made = case(noise=0.001)
    seen = stepping(made.observations, 0.2)
    return fit_trial(made.runner, seen, Weights(knot_s=0.025), NONE_FITTED)


def _loads(fit):
    force, moment = fit.observations.wrench.at(fit.observations.time)
    return [ExternalLoad("foot_r", force, moment, np.zeros(3))]


def _with(fit, **parts):
    motion = fit.observations.plain
    kept = {name: getattr(motion, name) for name in ("q", "u", "udot")} | parts
    return replace(fit, motion=Motion(**kept))


def test_a_body_that_is_moved_as_a_whole(fit):
    """Every marker of every segment by as much; missing markers by nothing that is known."""
    q = fit.observations.start.copy()
    root = [fit.skeleton.coordinates.index(f"pelvis_{axis}") for axis in "XYZ"]
    away = _with(fit, q=q)
    np.testing.assert_allclose(away.markers_moved(fit.observations.start), 0.0, atol=1e-12)
    axes = [fit.skeleton.axes.direction[fit.skeleton.driver == one][0] for one in root]
    q[:, root] += np.linalg.solve(np.array(axes).T, MOVED)
    found = segment_displacements(_with(fit, q=q), fit.measured)
    assert set(found) == {
        fit.skeleton.bodies[one] for one in fit.skeleton.marker_body[fit.observations.marker_index]
    }
    np.testing.assert_allclose(list(found.values()), np.linalg.norm(MOVED), rtol=1e-9)


def test_the_plain_motion_has_no_sudden_changes_of_its_own(fit):
    assert sudden_change(_with(fit), _loads(fit))[1] == pytest.approx(0.0, abs=1.0)


def test_a_joint_that_jerks_is_named(fit):
    """Of one coordinate's acceleration a jump of 3000 rad/s² in the middle of a contact."""
    joint = fit.skeleton.coordinates.index("thigh_r_z")
    udot = fit.observations.plain.udot.copy()
    middle = len(udot) // 2
    udot[middle, joint] += 3000.0
    name, more = sudden_change(_with(fit, udot=udot), _loads(fit))
    assert name == "thigh_r_z"
    assert more > 100.0


def test_nothing_is_said_without_loads(fit):
    name, more = sudden_change(fit, [])
    assert (name, np.isnan(more)) == ("", True)
