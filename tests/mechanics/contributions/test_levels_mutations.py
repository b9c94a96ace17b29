"""Mistakes in the code break an identity: each one put in on purpose, one at a time.

Only mistakes of code: a wrong input (a swapped plate, a late clock) obeys every identity, and other
findings name it.
"""

from __future__ import annotations

import inspect
import textwrap

import pytest

from aqbio.contributions import hub, induced, level_a, levels
from aqbio.multibody import dynamics, jacobians, kinematics, momentum
from tests.mechanics.identities import TOLERANCES, broken, identities, level_a_identities
from tests.mechanics.levels_case import smooth_run, sprint_run

SHARED = {
    "gyroscopic term with the wrong sign": ("+ cross(omega, spin)", "- cross(omega, spin)"),
    "centripetal acceleration of the mass centre dropped": ("+ cross(omega, swirl),", ","),
}
"""Mistakes in what all levels are computed from: only the derivative of momentum sees them."""

MUTATIONS = {
    "apparent weight dropped": (
        hub.chain_balance,
        "(gravity - balance.com_acceleration)",
        "0 * (gravity - balance.com_acceleration)",
        {"B2", "B2_torso"},
    ),
    "apparent weight without gravity": (
        hub.chain_balance,
        "(gravity - balance.com_acceleration)",
        "(-balance.com_acceleration)",
        {"B2", "B2_torso"},
    ),
    "joint force's moment with the wrong sign": (
        hub.hub_kinetics,
        "force_moment.append(cross(",
        "force_moment.append(-cross(",
        {"B1", "B2"},
    ),
    "reaction instead of action on the hub": (
        hub.hub_kinetics,
        "moment.append(sign * wrenches",
        "moment.append(wrenches",
        {"B1", "B2"},
    ),
    "moments about the body's instead of the hub's centre of mass": (
        hub.hub_kinetics,
        'com = np.einsum("b,tbi->ti", share, motion.com[:, members])',
        "com = motion.com.mean(axis=1)",
        {"B1"},
    ),
    "a chain without its last segment": (
        dynamics.Hub.chain_matrix,
        "list(chain.members)",
        "list(chain.members)[:-1]",
        {"B2"},
    ),
    "hub wrench not moved to the whole body's centre of mass": (
        hub.chain_balance,
        "kinetics.wrench + cross(to_com[:, None], kinetics.force)",
        "kinetics.wrench",
        {"B2"},
    ),
    "external moment of the wrong foot": (
        hub._external,
        "segments.index(load.body)",
        "segments.index(loads[0].body)",
        {"B2"},
    ),
    "spin turned by the transposed rotation": (
        kinematics._inertia_times,
        "rotate(rotation, rotate(inertia, rotate(transpose(rotation), vector)))",
        "rotate(transpose(rotation), rotate(inertia, rotate(rotation, vector)))",
        {"C-1"},
    ),
    "joint moment not handed on to the parent": (
        dynamics._wrenches,
        "moment[:, body] + cross(arm, force[:, body])",
        "moment[:, body]",
        {"B0", "B1", "B2"},
    ),
    "load taken about the wrong point in the recursion": (
        dynamics._wrenches,
        "arm = load.point - centre[:, body]",
        "arm = np.zeros(3)",
        {"B0", "B2"},
    ),
    "rotation axes and translations confused": (
        dynamics.generalised_forces,
        "np.flatnonzero(~skeleton.axes.is_rotation[axes])",
        "np.flatnonzero(skeleton.axes.is_rotation[axes])",
        {"B0", "B4", "C-1"},
    ),
    "residual with the wrong sign in level A": (
        level_a.level_a,
        "rate.sum(axis=1) - moment.sum(axis=1)",
        "moment.sum(axis=1) - rate.sum(axis=1)",
        {"B1", "C-5"},
    ),
    "segments' rate without their relative acceleration": (
        momentum.angular_momentum_rate,
        "motion.acceleration - about_acceleration[:, None]",
        "motion.acceleration",
        {"B2", "C-4"},
    ),
    "weight forgotten in the inertial shares": (
        level_a.force_shares,
        "group_sum(own - weight, groups)",
        "group_sum(own, groups)",
        {"S1"},
    ),
    "relative shares about the ground": (
        level_a.force_shares,
        "group_sum(own - borne, groups)",
        "group_sum(own, groups)",
        {"S2"},
    ),
    "another segment's acceleration as the hub's in one place": (
        level_a.force_shares,
        "motion.mass.sum() * (hub_acceleration - gravity)",
        "motion.mass.sum() * (motion.acceleration[:, -1] - gravity)",
        {"S2"},
    ),
    "speeds left out of the contact": (
        induced.equations_of_motion,
        "-= _acceleration(",
        "-= 0 * _acceleration(",
        {"C-1", "C-2"},
    ),
    "Coriolis terms with the wrong sign": (
        induced.equations_of_motion,
        "body.gravity, body.velocity[",
        "body.gravity, -body.velocity[",
        {"C-5"},
    ),
    "weight counted twice": (
        induced.equations_of_motion,
        "= body.gravity, body",
        "= 2 * body.gravity, body",
        {"C-1", "C-5"},
    ),
    "remainder forgotten": (
        induced.induced_accelerations,
        "= free.reshape(",
        "= 0 * free.reshape(",
        {"C-1", "C-2"},
    ),
    "contact rows transposed into the wrong feet": (
        induced.induced_accelerations,
        "+= held.T @ ",
        "+= np.roll(held, 6, axis=1).T @ ",
        {"C-1", "C-2", "C-4"},
    ),
    "contact point in the wrong place": (
        induced.FootConstraint.wrench.fget,
        "self.load.point - self.point",
        "self.load.point + self.point",
        {"C-2"},
    ),
    "groups' momentum about a moving point": (
        induced.body_outcomes,
        "- cross(first_moment",
        "+ cross(first_moment",
        {"C-4"},
    ),
    "first moment lost in what axes move": (
        jacobians.momenta,
        "momentum[..., :3] = cross(first, fields.shift)",
        "momentum[..., :3] = 0.0",
        {"C-1", "C-4"},
    ),
    "all groups in each row of the momentum matrix": (
        momentum.momentum_matrix,
        "(groups[:, None] * skeleton.lineage[:, fields.body].T)",
        "(np.ones_like(groups)[:, None] * skeleton.lineage[:, fields.body].T)",
        {"C-4", "C-5"},
    ),
    "speeds' share of the groups' rate lost": (
        induced.body_outcomes,
        "turning = np.einsum(",
        "turning = 0 * np.einsum(",
        {"C-4", "C-5"},
    ),
    "matrices with unrotated inertia": (
        jacobians.segment_parts,
        "compose(compose(poses.rotation, skeleton.inertia), transpose(poses.rotation))",
        "compose(poses.rotation, transpose(poses.rotation)) @ skeleton.inertia",
        {"C-1"},
    ),
    "Jacobian about the wrong point": (
        jacobians.axis_fields,
        "about[:, None] - of_parts(poses.joint_centre, body)",
        "of_parts(poses.joint_centre, body) - about[:, None]",
        {"B0", "C-1"},
    ),
    "a joint without a source": (
        hub.coordinate_sources,
        "return {**sources, OTHER: rest, root_name: base}",
        "return {**dict(list(sources.items())[1:]), OTHER: rest, root_name: base}",
        {"C-1"},
    ),
    "another foot's contact": (
        levels.levels,
        "zip(loads, touching.T, strict=True)",
        "zip(loads[::-1], touching.T, strict=True)",
        {"C-2"},
    ),
}


def _mutated(function, old, new):
    """Byte code of a function with one piece of its source replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} is not in {function.__qualname__} exactly once"
    lines = source.replace(old, new).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("def "))
    namespace = dict(function.__globals__)
    exec("\n".join(lines[start:]), namespace)
    return namespace[function.__name__].__code__


def test_without_a_mistake_nothing_is_broken():
    assert broken(sprint_run(8).identities()) == set()


@pytest.mark.parametrize("mistake", MUTATIONS)
def test_a_mistake_breaks_identities(monkeypatch, mistake):
    function, old, new, expected = MUTATIONS[mistake]
    monkeypatch.setattr(function, "__code__", _mutated(function, old, new))
    found = sprint_run(8).levels()
    assert expected <= broken(identities(found))


def _numerical_derivative(case, time):
    """Identity A3: the analytic rate of momentum against its spline's derivative."""
    balance = case.levels().mechanics.balance
    root = (balance.residual_moment, balance.residual_force)
    return level_a_identities(balance, time, balance.momentum, root)["A3"]


@pytest.mark.parametrize("mistake", SHARED)
def test_a_mistake_that_all_levels_share_breaks_a3(monkeypatch, mistake):
    case, time = smooth_run(60)
    assert _numerical_derivative(case, time) < TOLERANCES["A3"]
    function = kinematics.segment_motion
    monkeypatch.setattr(function, "__code__", _mutated(function, *SHARED[mistake]))
    assert not _numerical_derivative(case, time) < TOLERANCES["A3"]
