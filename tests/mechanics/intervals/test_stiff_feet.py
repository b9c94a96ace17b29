"""Feet that do not bend at the ball: the contact's own part of what level C is unsure by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.draws import InertiaSpread
from aqbio.consistency.data_errors import LoadSpread
from aqbio.contributions.induced import CONTACT_ROWS
from aqbio.contributions.intervals import intervals_dataset
from aqbio.gait.steps import Contact
from aqbio.intervals.sources import SOURCES
from aqbio.intervals.step_uncertainty import stance_sds
from aqbio.intervals.trial_draws import Run, Sampling, TrialDraws, stiff_foot_causes
from aqbio.intervals.uncertainty import Spread
from aqbio.multibody.jacobians import contact_jacobian, mass_matrix
from aqbio.multibody.kinematics import segment_kinematics
from tests.mechanics.levels_case import FEET, smooth_run

FRAME = 30
TOES = ("mtp_angle_l", "mtp_angle_r")
JOINTS = ("hip_right", "knee_right", "ankle_right", "hip_left", "lumbar", "shoulder_left")
EXACT = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0))


@pytest.fixture(scope="module")
def run():
    """The right foot alone is on the ground."""
    case, time = smooth_run(60)
    touching = np.zeros_like(case.touching)
    touching[10:46, 1] = True
    return replace(case, touching=touching), time


def _run(case):
    moves = segment_kinematics(case.skeleton, *case.motion)
    return Run(case.skeleton, moves, case.loads, case.touching, case.anatomy)


@pytest.mark.parametrize("model", CONTACT_ROWS)
def test_a_stiff_foot_is_one_whose_toes_a_multiplier_holds(run, model):
    """All coordinates, and one system of M, the contact's rows and a row for each toes' joint."""
    case, _ = run
    skeleton, free, found = case.skeleton, case.skeleton.free, case.levels()
    moves, point = found.mechanics.kinematics, found.feet[1].point
    foot = skeleton.bodies.index(FEET[1])
    ground = CONTACT_ROWS[model] @ contact_jacobian(skeleton, moves, foot, point)[FRAME][:, free]
    held = np.vstack([ground, [np.equal(free, skeleton.coordinates.index(one)) for one in TOES]])
    mass = mass_matrix(skeleton, moves)[FRAME][np.ix_(free, free)]
    system = np.block([[mass, -held.T], [held, np.zeros((len(held), len(held)))]])
    drawn = stiff_foot_causes(_run(case))[model]
    for name in JOINTS:
        joint = skeleton.joints.index(case.anatomy.joints[name])
        own = skeleton.axes.coordinate[skeleton.axes.body == joint]
        cause = np.where(np.isin(free, own), found.mechanics.forces[FRAME, free], 0.0)
        answer = np.linalg.solve(system, np.concatenate([cause, np.zeros(len(held))]))[len(free) :]
        force = (CONTACT_ROWS[model].T @ answer[: len(ground)])[3:]
        ours = drawn.ground_force[0, FRAME, drawn.sources.index(name)]
        np.testing.assert_allclose(ours, force, rtol=1e-7, atol=1e-7 * np.abs(force).max())


def test_where_the_toes_do_not_move_there_is_nothing_to_ask(run):
    case, _ = run
    locked = np.isin(case.skeleton.coordinates, TOES) | case.skeleton.coordinate_locked
    held = replace(_run(case), skeleton=replace(case.skeleton, coordinate_locked=locked))
    assert stiff_foot_causes(held) == {}
    joints = {n: one for n, one in case.anatomy.joints.items() if not n.startswith("mtp")}
    unnamed = replace(_run(case), anatomy=replace(case.anatomy, joints=joints))
    assert stiff_foot_causes(unnamed) == {}


def _sds(case, time):
    draws = TrialDraws(case.levels(), case.anatomy, time, 0.0, case.touching, EXACT, Sampling(2, 1))
    contact = Contact("right", 0.010, 0.045, complete=True, edge_distance=0.2)
    return stance_sds(intervals_dataset(draws, [contact], 0.3), "right")


def test_it_is_a_source_of_level_c_alone(run):
    """What nothing else makes unsure is unsure by it; ankle and toes alone have C4 for it."""
    known, place = _sds(*run), SOURCES.index("contact")
    levels = {key[0] for key, sds in known.items() if sds[place].max() > 1e-6}
    assert levels == {f"C ({model})" for model in CONTACT_ROWS}
    for key, sds in known.items():
        scale = max(1.0, sds[place].max())
        np.testing.assert_allclose(np.delete(sds, place, 0), 0.0, atol=1e-5 * scale, err_msg=key)
