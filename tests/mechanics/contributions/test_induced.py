"""Level C: closed forms, constrained dynamics written out in full, and the causal reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.contributions import levels
from aqbio.contributions.induced import CONTACT_ROWS
from aqbio.multibody.jacobians import contact_jacobian, mass_matrix
from aqbio.multibody.kinematics import segment_kinematics
from tests.mechanics.identities import level_c_identities
from tests.mechanics.levels_case import sprint_run

ROUND_OFF = 1e-9
"""A mass matrix of condition 1e5 to 1e6 (toes beside a whole body) leaves ten of sixteen digits."""


@pytest.fixture(scope="module")
def case():
    return sprint_run(12, 3)


@pytest.fixture(scope="module")
def found(case):
    return case.levels()


@pytest.mark.parametrize("seed", range(3))
def test_sums_over_sources_are_the_measured_motion(seed):
    assert max(level_c_identities(sprint_run(40, seed).levels()).values()) < ROUND_OFF


def _contact_acceleration(moves, body, point):
    """Angular acceleration of a segment and acceleration of a point that moves with it, (T, 6)."""
    omega, alpha = moves.angular_velocity[:, body], moves.angular_acceleration[:, body]
    arm = point - moves.origin[:, body]
    turning = np.cross(alpha, arm) + np.cross(omega, np.cross(omega, arm))
    return np.concatenate([alpha, moves.acceleration[:, body] + turning], axis=1)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_a_held_foot_obeys_the_contact_for_every_source(case, found, model):
    """``A u̇_s`` = 0 for all but the speeds (−b) and the contact itself (measured)."""
    rows, moves = CONTACT_ROWS[model], found.mechanics.kinematics
    induced = found.induced[model]
    speeds_alone = segment_kinematics(case.skeleton, moves.q, moves.u, np.zeros_like(moves.udot))
    for side, foot in enumerate(found.feet):
        body = case.skeleton.bodies.index(foot.load.body)
        jacobian = contact_jacobian(case.skeleton, moves, body, foot.point)
        bias = _contact_acceleration(speeds_alone, body, foot.point)
        held = case.touching[:, side]
        motion = (rows @ jacobian)[held] @ np.swapaxes(induced.udot, 1, 2)[held]
        measured = _contact_acceleration(moves, body, foot.point) @ rows.T
        scale = np.abs(rows @ jacobian).max() * np.abs(induced.udot).max()
        for place, source in enumerate(induced.sources):
            expected = {"velocity": -bias @ rows.T, "contact": measured}.get(source, 0 * measured)
            error = np.abs(motion[..., place] - expected[held]).max()
            assert error < ROUND_OFF * scale, source


def _at_contact(found, induced, source, side):
    """(T, 6) moment about the contact point and force."""
    force = induced.force[:, source, side]
    arm = found.feet[side].point - found.mechanics.balance.com
    return np.concatenate([induced.moment[:, source, side] - np.cross(arm, force), force], axis=1)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_equals_the_equations_of_motion_solved_in_full(case, found, model):
    """One matrix per frame with accelerations and ground reactions as unknowns together."""
    rows, moves = CONTACT_ROWS[model], found.mechanics.kinematics
    induced = found.induced[model]
    mass = mass_matrix(case.skeleton, moves)
    source = induced.sources.index("hip_right")
    tau = np.zeros_like(moves.udot)
    columns = [
        case.skeleton.coordinates.index(f"hip_{name}_r")
        for name in ("flexion", "adduction", "rotation")
    ]
    tau[:, columns] = found.mechanics.forces[:, columns]
    for frame in range(len(moves.udot)):
        held = [foot for foot in found.feet if foot.touching[frame]]
        jacobians = [
            rows
            @ contact_jacobian(
                case.skeleton, moves, case.skeleton.bodies.index(foot.load.body), foot.point
            )[frame]
            for foot in held
        ]
        stacked = np.concatenate(jacobians) if held else np.zeros((0, mass.shape[1]))
        zero = np.zeros((len(stacked), len(stacked)))
        matrix = np.block([[mass[frame], -stacked.T], [stacked, zero]])
        right = np.concatenate([tau[frame], np.zeros(len(stacked))])
        solution = np.linalg.solve(matrix, right)
        expected, reaction = solution[: mass.shape[1]], solution[mass.shape[1] :]
        limit = ROUND_OFF * np.abs(induced.udot[frame, source]).max()
        np.testing.assert_allclose(induced.udot[frame, source], expected, rtol=0, atol=limit)
        wrench = [
            rows @ _at_contact(found, induced, source, side)[frame]
            for side, foot in enumerate(found.feet)
            if foot.touching[frame]
        ]
        limit = ROUND_OFF * np.abs(reaction).max(initial=0.0)
        np.testing.assert_allclose(np.ravel(wrench), reaction, rtol=0, atol=limit)


def test_only_c1_needs_a_remainder(case):
    """The free moment is beyond a point contact, and nothing is beyond the others."""
    force = [np.where(held[:, None], 1.0, 0.0) for held in case.touching.T]
    silent = replace(
        case,
        loads=tuple(
            replace(load, force=load.force * on, moment=load.moment * on)
            for load, on in zip(case.loads, force, strict=True)
        ),
    ).levels()
    for model, induced in silent.induced.items():
        place = induced.sources.index("remainder")
        remainder = np.abs(induced.moment[:, place]).max()
        if model == "C1":
            assert remainder > 1.0
        else:
            assert remainder < ROUND_OFF * np.abs(induced.moment).max()


@pytest.mark.parametrize("moves", [False, True])
def test_locked_coordinates_take_no_part(case, moves):
    """A locked joint is rigid, the sums still hold; what a file prescribes for it are speeds."""
    locked = case.skeleton.coordinate_locked.copy()
    locked[[case.skeleton.coordinates.index(f"mtp_angle_{side}") for side in "lr"]] = True
    q, u, udot = (values.copy() for values in case.motion)
    u[:, locked], udot[:, locked] = moves * u[:, locked], moves * udot[:, locked]
    skeleton = replace(case.skeleton, coordinate_locked=locked)
    found = replace(case, skeleton=skeleton, motion=(q, u, udot)).levels()
    assert max(level_c_identities(found).values()) < ROUND_OFF
    assert found.induced["C2"].udot.shape[2] == len(case.skeleton.coordinates) - 2


def test_blocks_of_frames_leave_no_trace(case, found, monkeypatch):
    monkeypatch.setattr(levels, "BLOCK", 5)
    for model, induced in case.levels().induced.items():
        for name in ("udot", "force", "moment", "com_acceleration", "group_rate"):
            expected = getattr(found.induced[model], name)
            limit = 1e-12 * np.abs(expected).max()
            np.testing.assert_allclose(getattr(induced, name), expected, rtol=0, atol=limit)
