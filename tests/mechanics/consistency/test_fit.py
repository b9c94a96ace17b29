"""One trial: exact recovery, invariances, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.fit import fit_trial, group_momentum
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import PARAMETERS, Weights, prior_precision
from aqbio.force_plates.alignment import ALIGNMENT
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.names import GRAVITY
from tests.mechanics.consistency.conftest import NONE_FITTED

WEIGHTS = Weights(knot_s=0.025)
INSIDE = slice(10, -10)


def momentum(fit):
    moves = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    return group_momentum(fit, moves, fit.skeleton)


@pytest.fixture(scope="module")
def recovered(case):
    """Give a consistent run with 0.3 mm of noise, and its fit."""
    made = case(noise=0.0003)
    return made, fit_trial(made.runner, made.observations, WEIGHTS)


def test_exact_recovery(recovered):
    """Gates: 0.2 % of body weight, 0.5 N m, 0.02 kg m²/s of H_y, every group."""
    made, fit = recovered
    weight = made.runner.skeleton.mass.sum() * GRAVITY
    rms = np.sqrt((fit.after.rows[INSIDE] ** 2).mean(axis=0))
    assert rms[:3].max() < 0.002 * weight
    assert rms[3:].max() < 0.5
    before = np.sqrt((fit.before.rows[INSIDE] ** 2).mean(axis=0))
    assert before[:3].max() > 0.01 * weight
    found, rate = momentum(fit)
    true = np.einsum("gb,tbi->tgi", made.runner.grouping, made.momentum)
    assert np.sqrt(((found[:, :-1] - true)[INSIDE, :, 1] ** 2).mean(axis=0)).max() < 0.02
    total = made.momentum_rate.sum(axis=1)
    assert np.sqrt(((rate[:, -1] - total)[INSIDE] ** 2).mean(axis=0)).max() < 1.0


def test_parameters_stay_where_they_belong(recovered):
    """Nothing is wrong, so every interval of 90 % holds the truth, and no limit is near."""
    _, fit = recovered
    truth = {"drag_area": 0.45}
    for one in fit.estimates:
        assert one.low <= truth.get(one.name, 0.0) <= one.high, one
        assert not one.beyond_limit


def test_steps_are_those_of_gauss_and_newton(case):
    """A body that differs is found in a few steps, and no step of the parameters is left."""
    made = case(body={"leg_share": 0.15, "torso": (0.0, -0.02, 0.0)}, late=0.003, noise=0.002)
    loose = tuple(replace(one, prior_sd=20 * one.prior_sd) for one in PARAMETERS)
    fit = fit_trial(made.runner, made.observations, WEIGHTS, loose)
    assert len(fit.cost) <= 6
    about, right = fit.linearised().information()
    belief = prior_precision(loose)
    found = np.linalg.solve(about + np.diag(belief), right + belief * fit.solver.prior_means)
    left = found - fit.theta
    assert np.abs(left / np.sqrt(np.diag(fit.covariance))).max() < 0.1


def test_one_representation(recovered):
    """Speeds and accelerations are the derivatives of the coordinates, exactly."""
    _, fit = recovered
    step = 1.0 / fit.observations.rate
    basis = fit.solver.basis.values
    np.testing.assert_allclose(
        fit.motion.u[:, fit.coordinates], basis[1] @ fit.coefficients, atol=1e-9
    )
    jerky = np.gradient(fit.motion.u, step, axis=0, edge_order=2)
    size = np.abs(fit.motion.udot).max()
    np.testing.assert_allclose(jerky[INSIDE], fit.motion.udot[INSIDE], atol=0.05 * size)


def test_a_body_that_differs_is_found(case):
    """Legs 15 % heavier, forces 3 ms late, the torso's centre 2 cm lower; loose priors."""
    made = case(body={"leg_share": 0.15, "torso": (0.0, -0.02, 0.0)}, late=0.003, noise=0.0003)
    loose = tuple(replace(one, prior_sd=20 * one.prior_sd) for one in made.runner.parameters)
    fit = fit_trial(made.runner, made.observations, WEIGHTS, loose)
    lower = (fit.skeleton.com - made.runner.skeleton.com)[made.runner.torso][0, 1]
    assert fit.values["clock_offset"] == pytest.approx(0.003, abs=3e-4)
    assert fit.values["leg_share"] == pytest.approx(0.15, abs=0.03)
    assert lower == pytest.approx(-0.02, abs=0.01)


def test_air_is_found_when_asked_for(case):
    made = case(area=0.7)
    loose = tuple(replace(one, on=one.name == "drag_area", prior_sd=3.0) for one in PARAMETERS)
    fit = fit_trial(made.runner, made.observations, WEIGHTS, loose)
    assert fit.values["drag_area"] == pytest.approx(0.7, abs=0.02)


def test_on_a_treadmill_there_is_no_air(case):
    made = case(area=0.0)
    seen = replace(made.observations, drag=False)
    fit = fit_trial(made.runner, seen, WEIGHTS, NONE_FITTED)
    assert fit.values["drag_area"] == 0.45
    assert np.abs(fit.after.force.mean(axis=0)).max() < 0.5


def test_fixed_values_are_held(recovered):
    made, _ = recovered
    values = {"leg_share": 0.05, "clock_offset": 0.001}
    fit = fit_trial(made.runner, made.observations, WEIGHTS, fixed=values)
    assert fit.values["leg_share"] == 0.05
    assert fit.values["clock_offset"] == 0.001
    assert fit.values["mass"] == 0.0
    assert fit.skeleton.mass[2] == pytest.approx(1.05 * made.runner.skeleton.mass[2], rel=1e-12)


def test_where_a_fit_begins_is_not_where_it_ends(recovered):
    """Near a motion that is known, as far as another fit of it went."""
    made, fit = recovered
    loose = replace(WEIGHTS, sigma_force_n=3 * WEIGHTS.sigma_force_n)
    cold = fit_trial(made.runner, made.observations, loose)
    warm = fit_trial(made.runner, made.observations, loose, start=fit)
    assert len(warm.cost) <= len(cold.cost)
    np.testing.assert_allclose(warm.motion.q, cold.motion.q, rtol=0, atol=2e-6)
    assert np.abs(warm.motion.q - fit.motion.q).max() > 2e-5
    for name, value in cold.values.items():
        assert warm.values[name] == pytest.approx(value, abs=1e-4), name


# invariances -------------------------------------------------------------------------------------


def moved(made, turn, shift):
    """Give the observations of a laboratory whose axes are turned about the vertical and moved."""
    c, s = np.cos(turn), np.sin(turn)
    R = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    seen = made.observations
    names = made.runner.skeleton.coordinates
    place = [names.index(f"pelvis_{axis}") for axis in "XYZ"]
    bodies = segment_kinematics(made.runner.skeleton, seen.start, seen.start, seen.start)

    def of(q, u, udot):
        """Turn the root: translations by R, the rotations by the same turn, found again."""
        from scipy.spatial.transform import Rotation

        new = [values.copy() for values in (q, u, udot)]
        for values, offset in zip(new, (shift, 0.0, 0.0), strict=True):
            values[:, place] = values[:, place] @ R.T + offset
        turns = [names.index(f"pelvis_{axis}") for axis in "zxy"]
        new[0][:, turns] = Rotation.from_matrix(R @ bodies.rotation[:, 0]).as_euler("ZXY")
        new[0][:, turns] = np.unwrap(new[0][:, turns], axis=0)
        return new

    q, u, udot = of(seen.start, seen.plain.u, seen.plain.udot)
    force = seen.wrench.force @ R.T
    moment = seen.wrench.moment @ R.T + np.cross(shift, force)
    return R, replace(
        seen,
        markers=seen.markers @ R.T + shift,
        wrench=GroundWrench(seen.wrench.time, force, moment),
        start=q,
        plain=Motion(q, u, udot),
    )


def test_axes_of_the_laboratory_do_not_matter(case):
    """Rotated about the vertical and moved, vectors rotate and nothing else, to 1e-3."""
    made = case(noise=0.001)
    isotropic = tuple(replace(one, on=one.on and one.name not in ALIGNMENT) for one in PARAMETERS)
    R, seen = moved(made, 0.87, np.array([3.0, 0.0, -2.0]))
    first = fit_trial(made.runner, made.observations, WEIGHTS, isotropic)
    second = fit_trial(made.runner, seen, WEIGHTS, isotropic)
    for one, other in zip(first.estimates, second.estimates, strict=True):
        assert other.estimate == pytest.approx(one.estimate, abs=0.05 * one.parameter.prior_sd)
        assert other.sd == pytest.approx(one.sd, rel=0.02)
    here, there = momentum(first)[0], momentum(second)[0]
    size = np.abs(here).max()
    np.testing.assert_allclose(there[INSIDE], (here @ R.T)[INSIDE], atol=2e-3 * size)
    assert second.cost[-1] == pytest.approx(first.cost[-1], rel=5e-3)


def test_a_marker_that_is_nowhere_changes_nothing(recovered):
    """A marker that was never seen leaves everything as it is, to the last digit but rounding."""
    made, fit = recovered
    seen = made.observations
    index = np.append(seen.marker_index, 0)
    lost = np.full((len(seen.time), 1, 3), np.nan)
    more = replace(seen, marker_index=index, markers=np.concatenate([seen.markers, lost], axis=1))
    again = fit_trial(made.runner, more, WEIGHTS)
    np.testing.assert_allclose(again.motion.q, fit.motion.q, atol=1e-9)


def test_frames_without_forces_follow_the_markers(recovered):
    """Where forces are not measured, wrong ones do not matter."""
    made, _ = recovered
    seen = made.observations
    measured = seen.measured.copy()
    measured[50:] = False
    part = replace(seen, measured=measured)
    force = seen.wrench.force.copy()
    force[70:] += 500.0
    wrong = replace(part, wrench=replace(seen.wrench, force=force))
    fits = [fit_trial(made.runner, one, WEIGHTS, NONE_FITTED) for one in (part, wrong)]
    np.testing.assert_allclose(fits[0].motion.q, fits[1].motion.q, atol=1e-8)


def test_no_forces_is_an_error(recovered):
    made, _ = recovered
    nowhere = replace(made.observations, measured=np.zeros_like(made.observations.measured))
    with pytest.raises(ValueError, match="no frame"):
        fit_trial(made.runner, nowhere, WEIGHTS)


def test_coordinates_that_are_not_determined_are_held(recovered):
    made, _ = recovered
    twist = made.runner.skeleton.coordinates.index("forearm_r_z")
    seen = replace(made.observations, unobservable=(twist,))
    fit = fit_trial(made.runner, seen, WEIGHTS, NONE_FITTED)
    assert twist not in fit.coordinates
    assert np.ptp(fit.motion.q[:, twist]) == 0.0
    assert (fit.motion.u[:, twist] == 0.0).all()
