"""The second model: its joints as built from tables, its motion, and its stance means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from aqbio.body.de_leva import REFERENCE
from aqbio.body.joint_forms import RAJAGOPAL_MASS_KG, second_body, with_joints, with_mass_shares
from aqbio.body.sprint_geometry import ANATOMICAL_JOINTS, PLAIN_JOINTS
from aqbio.contributions.intervals import intervals_dataset
from aqbio.contributions.other_models import drawn_deviations, drawn_outcomes, outcome_differences
from aqbio.intervals.second_model import SECOND_MODEL, followed_motion, with_second_model
from aqbio.intervals.sources import MODEL
from aqbio.intervals.step_states import model_states
from aqbio.intervals.step_uncertainty import NAMES
from aqbio.intervals.trial_draws import Sampling, TrialDraws
from aqbio.intervals.uncertainty import Spread
from aqbio.multibody.kinematics import marker_positions, segment_kinematics
from aqbio.multibody.poses import segment_poses
from aqbio.multiverse.body_tables import DUMAS
from aqbio.rotation.levels import levels
from aqbio.scale.stage import with_lateral_centres
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.levels_case import smooth_run
from tests.made_contributions import RIGHT

MAN = Athlete("man", "male", 73.0, REFERENCE["male"].stature)
FORMS = {"plain": PLAIN_JOINTS, "anatomical": ANATOMICAL_JOINTS}


def _pose(skeleton, values):
    """A pose by the names of coordinates; the others are zero."""
    return np.array([[values.get(name, 0.0) for name in skeleton.coordinates]])


@pytest.mark.parametrize("form", FORMS)
def test_joints_are_those_of_the_model_built_with_them(form):
    """Segments turn as those of the other model built from its tables, at any angles."""
    other_form = next(name for name in FORMS if name != form)
    skeleton = athlete_skeleton(replace(MAN, form=FORMS[form]))
    replaced = with_joints(skeleton, FORMS[form], FORMS[other_form])
    built = athlete_skeleton(replace(MAN, form=FORMS[other_form]))
    locked = ("neck", "clavicle", "forearm")
    random = np.random.default_rng(5)
    angles = {
        name: float(random.uniform(0.0, 0.8))
        for name in built.coordinates
        if not name.startswith((*locked, "pelvis_t"))
    }
    replaced_poses, built_poses = (
        segment_poses(body, _pose(body, angles)) for body in (replaced, built)
    )
    np.testing.assert_allclose(replaced_poses.rotation, built_poses.rotation, atol=1e-6)
    pelvis_joints = [replaced.bodies.index(name) for name in ("femur_r", "femur_l", "torso")]
    np.testing.assert_allclose(
        replaced_poses.joint_centre[:, pelvis_joints],
        built_poses.joint_centre[:, pelvis_joints],
        atol=1e-6,
    )
    assert set(built.coordinates) <= set(replaced.coordinates)
    free = {replaced.coordinates[index] for index in replaced.free}
    assert free == {built.coordinates[index] for index in built.free}


@pytest.mark.parametrize("form", FORMS)
def test_bodies_are_the_same_in_the_neutral_pose(form):
    skeleton = athlete_skeleton(replace(MAN, form=FORMS[form]))
    body = second_body(skeleton)
    before, after = (segment_poses(model, _pose(model, {})) for model in (skeleton, body))
    np.testing.assert_allclose(after.origin, before.origin, atol=1e-9)
    np.testing.assert_allclose(after.rotation, before.rotation, atol=1e-9)
    np.testing.assert_array_equal(body.com, skeleton.com)
    assert body.mass.sum() == pytest.approx(skeleton.mass.sum(), rel=1e-12)


def test_mass_shares_of_de_levas_man_become_those_of_the_published_model():
    skeleton = with_mass_shares(athlete_skeleton(MAN))
    total = 2.0 * sum(RAJAGOPAL_MASS_KG.values())
    total -= RAJAGOPAL_MASS_KG["pelvis"] + RAJAGOPAL_MASS_KG["trunk"]
    assert total == pytest.approx(75.337, abs=1e-3)  # the body's mass in the published file
    for names, published in (
        (("pelvis",), "pelvis"),
        (("torso", "head", "clavicle_r", "clavicle_l"), "trunk"),
        (("femur_l",), "femur"),
        (("foot_r", "toes_r"), "foot"),
        (("radius_l",), "radius"),
    ):
        mass = sum(skeleton.mass[skeleton.bodies.index(name)] for name in names)
        assert mass / skeleton.mass.sum() == pytest.approx(
            RAJAGOPAL_MASS_KG[published] / total, rel=1e-5
        )


def test_a_model_that_is_not_ours_has_no_second():
    skeleton = athlete_skeleton(MAN)
    bodies = ("hips", *skeleton.bodies[1:])
    assert second_body(replace(skeleton, bodies=bodies)) is None


def test_the_same_joints_follow_the_markers_exactly():
    case, _ = smooth_run(12)
    skeleton, q = case.skeleton, case.motion[0]
    weights = dict.fromkeys(skeleton.markers, 1.0)
    copy = with_joints(skeleton, PLAIN_JOINTS, PLAIN_JOINTS)
    placed, followed = followed_motion(skeleton, q, copy, weights)
    np.testing.assert_allclose(
        marker_positions(placed, followed), marker_positions(skeleton, q), atol=1e-6
    )


def test_stance_means_of_the_second_model_are_those_of_a_separate_computation():
    """Levels A to C of its motion, computed for the trial and averaged; markers stay near."""
    case, time = smooth_run(60)
    contact = RIGHT
    draws = TrialDraws(
        case.levels(), case.anatomy, time, 0.0, case.touching, Spread(), Sampling(6, 1, frames=6)
    )
    assert with_second_model(draws, {"C7": 1.0}) is draws  # a marker determines no pose
    with_model = with_second_model(draws, dict.fromkeys(case.skeleton.markers, 1.0))
    motions = with_model.motions[MODEL]
    body, motion = motions.skeletons[0], (motions.q[0], motions.u[0], motions.udot[0])
    off = marker_positions(body, motion[0]) - marker_positions(case.skeleton, case.motion[0])
    assert np.sqrt((off**2).sum(axis=2).mean()) < 0.02
    data = intervals_dataset(with_model, [contact], 1.0)
    keys = list(zip(*(data[f"outcome_{name}"].values.tolist() for name in NAMES), strict=True))
    of_both_models = data["second_model"].sel(stance_foot="right").values
    inside = (time >= contact.touchdown) & (time <= contact.toe_off)
    count = int(inside.sum())
    frames = np.flatnonzero(inside)[:: max(1, count // 6)]
    for side, computed in enumerate(
        (
            case.levels(),
            levels(
                body, segment_kinematics(body, *motion), case.loads, case.touching, case.anatomy
            ),
        )
    ):

        def mean(values, at=frames):
            return np.trapezoid(values[at], time[at], axis=0) / (time[at][-1] - time[at][0])

        balance, caused = computed.mechanics.balance, computed.induced["C2"]
        torso = [body.bodies.index(name) for name in case.anatomy.groups["torso"]]
        momentum = mean(balance.momentum[:, torso].sum(axis=1))
        stance_mean = of_both_models[
            side, keys.index(("A", "torso", "whole_body", "momentum_mean", "kg m2/s"))
        ]
        np.testing.assert_allclose(stance_mean, momentum, rtol=1e-5, atol=1e-5)
        lumbar = caused.sources.index("lumbar")
        force = mean(caused.force[:, lumbar].sum(axis=1))
        key = next(key for key in keys if key[:4] == ("C (C2)", "lumbar", "ground", "force_mean"))
        np.testing.assert_allclose(
            of_both_models[side, keys.index(key)], force, rtol=1e-4, atol=1e-3
        )


def _states(trial):
    rows = outcome_differences(*drawn_outcomes(trial))
    table = rows.assign(model=SECOND_MODEL, trial_id="one")
    return model_states(table).get("one", {})


def test_differences_of_drawn_contacts():
    """By hand: 1 and 3 on two feet deviate by 3 and −4, so that right less left does by −7."""
    names = ("H1", "push_leg_offset", "whole_body", "stance_index", "1")
    table = np.zeros((2, 2, 1, 3))
    table[:, :, 0, 1] = [[1.0, 3.0], [4.0, -1.0]]
    trial = xr.Dataset(
        {"second_model": (("model_side", "stance_foot", "outcome", "axis"), table)},
        coords={f"outcome_{name}": ("outcome", [value]) for name, value in zip(NAMES, names,
                strict=True)},
    )  # fmt: skip
    rows = outcome_differences(*drawn_outcomes(trial)).set_index(["side", "axis"])
    numbers = ["steps", "own", "other", "difference", "rms"]
    assert rows.loc[("left", "y"), numbers].tolist() == [1, 1.0, 4.0, 3.0, 3.0]
    assert rows.loc[("right", "y"), numbers].tolist() == [1, 3.0, -1.0, -4.0, 4.0]
    assert drawn_deviations(trial) == {"push_leg_offset": pytest.approx(-0.5)}
    states = _states(trial)
    assert {side: state[names][1] for side, [state] in states.items()} == {
        "left": pytest.approx(3.0), "right": pytest.approx(-4.0)
    }  # fmt: skip
    empty, _ = drawn_outcomes(xr.Dataset())
    assert empty.empty


def test_lateral_centres_are_mirrored_and_near_the_other_table():
    """Outward by a share of the largest radius of gyration; the thigh's as in Dumas's table."""
    skeleton = athlete_skeleton(MAN)
    moved = with_lateral_centres(skeleton).com - skeleton.com
    right, left = (moved[skeleton.bodies.index(f"femur_{side}")] for side in "rl")
    np.testing.assert_allclose(right, left * [1, 1, -1], atol=1e-12)
    assert right[2] > 0.0
    thigh = DUMAS["male"]["thigh"]
    body = skeleton.bodies.index("femur_r")
    radius = np.sqrt(np.linalg.eigvalsh(skeleton.inertia[body])[-1] / skeleton.mass[body])
    assert right[2] / radius == pytest.approx(thigh.centre[2] / max(thigh.gyration), abs=0.02)
    assert not moved[[skeleton.bodies.index(name) for name in ("pelvis", "torso", "foot_r")]].any()


def test_intervals_of_joint_effects_are_wider_by_the_factor_of_a_sample_of_one():
    table = np.zeros((2, 2, 2, 3))
    table[1, :, :, 1] = [[3.0, 3.0], [4.0, 4.0]]  # deviations of two feet, two outcomes
    names = {
        "level": ["A", "C (C2)"], "source": ["arms", "lumbar"], "target": ["whole_body", "ground"],
        "statistic": ["momentum_mean", "force_mean"], "unit": ["kg m2/s", "N"],
    }  # fmt: skip
    trial = xr.Dataset(
        {"second_model": (("model_side", "stance_foot", "outcome", "axis"), table)},
        coords={f"outcome_{name}": ("outcome", names[name]) for name in NAMES},
    )
    arms, caused = (tuple(labels[n] for labels in names.values()) for n in (0, 1))
    for side, deviation in (("left", 3.0), ("right", 4.0)):
        [state] = _states(trial)[side]
        assert state[arms][1] == pytest.approx(deviation)
        assert state[caused][1] == pytest.approx(1.5 * deviation)
    assert _states(xr.Dataset()) == {}
