"""What a fit delivers against the plain way: known displacements, known changes of moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.fit import fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import Weights
from aqbio.consistency.solver import Solver
from aqbio.consistency.suspicion import added_slip, segment_displacements, sudden_change
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


def _shifted(skeleton, q, way):
    """The whole body moved by ways (T, 3) or (3,), m."""
    root = [skeleton.coordinates.index(f"pelvis_{axis}") for axis in "XYZ"]
    axes = np.array([skeleton.axes.direction[skeleton.driver == one][0] for one in root])
    moved = q.copy()
    moved[:, root] += way @ np.linalg.inv(axes)
    return moved


def _with(fit, **parts):
    motion = fit.observations.plain
    kept = {name: getattr(motion, name) for name in ("q", "u", "udot")} | parts
    return replace(fit, motion=Motion(**kept))


def test_a_body_that_is_moved_as_a_whole(fit):
    """Every marker of every segment by as much; missing markers by nothing that is known."""
    q = fit.observations.start
    away = _with(fit, q=q)
    np.testing.assert_allclose(away.markers_moved(fit.observations.start), 0.0, atol=1e-12)
    moved = _with(fit, q=_shifted(fit.skeleton, q, MOVED))
    found = segment_displacements(moved, fit.measured)
    assert set(found) == {
        fit.skeleton.bodies[one] for one in fit.skeleton.marker_body[fit.observations.marker_index]
    }
    np.testing.assert_allclose(list(found.values()), np.linalg.norm(MOVED), rtol=1e-9)


def test_a_planted_foot_that_slides(fit):
    """At 0.1 m/s, up and to the right, of a runner who stands still: over the longest contact."""
    seen = fit.observations
    q = np.repeat(seen.start[:1], len(seen.time), axis=0)
    force = np.tile([0.0, 800.0, 0.0], (len(q), 1))
    shown = replace(
        seen,
        markers=fit.solver.recorded_markers(q),
        plain=Motion(q, 0.0 * q, 0.0 * q),
        wrench=GroundWrench(seen.time, force, 0.0 * force),
    )
    standing = Solver(fit.runner, shown, fit.weights, NONE_FITTED)
    way = np.outer(seen.time, [0.0, 0.5, 0.1])
    slides = Motion(_shifted(fit.skeleton, q, way), 0.0 * q, 0.0 * q)
    inside = [(seen.time >= first) & (seen.time <= last) for first, last in seen.contacts]
    longest = max(np.ptp(seen.time[one]) for one in inside)
    moved = replace(fit, solver=standing, motion=slides)
    assert added_slip(moved) == pytest.approx(0.1 * longest)
    assert added_slip(replace(moved, motion=shown.plain)) == 0.0
    on_belt = Solver(fit.runner, replace(shown, drag=False), fit.weights, NONE_FITTED)
    assert np.isnan(added_slip(replace(moved, solver=on_belt)))


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
