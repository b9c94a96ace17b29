"""What a recording would be worth, against closed forms, draws and a fit that has the recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.mechanics.intervals.inertia_draws import (
    InertiaSpread,
    centre_covariance,
    drawn_skeleton,
    inertia_draws,
    twins,
)
from aqbio.mechanics.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.mechanics.vectors import rotate
from aqbio.virtual.athlete import athlete_skeleton
from benchmarks.postures import (
    POSTURES,
    Posture,
    Turn,
    believed,
    held,
    momentum_slopes,
    recorded,
    standing_slopes,
)
from tests.mechanics.levels_case import RUNNER, map_of, smooth_run

BODY = athlete_skeleton(RUNNER)
MAP = map_of("sprint")
JOINTS = MAP.joints.by_name()
TWIN = twins(BODY.bodies, MAP.groups)


@pytest.fixture(scope="module")
def moves():
    case, _ = smooth_run()
    return segment_kinematics(BODY, *(one[::10] for one in case.motion))


def _momentum(skeleton, moves):
    motion = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(motion)
    return angular_momentum(motion, com, velocity)[..., 1]


def _horizontal(skeleton, poses):
    points = (poses.origin + rotate(poses.rotation, skeleton.com))[0]
    return (skeleton.mass @ points / skeleton.mass.sum())[[0, 2]]


def _place(poses, name):
    return poses.origin[0, BODY.bodies.index(name)]


def test_postures_are_what_their_words_say():
    """Forward is x, up y, to the right z; what is not moved stays."""
    upright, *others = (held(BODY, JOINTS, one) for one in POSTURES)
    found = dict(zip((one.words for one in POSTURES[1:]), others, strict=True))
    hip = _place(upright, "femur_r")
    for side, sign in (("right", 1.0), ("left", -1.0)):
        letter = side[0]
        aside = found[f"{side} leg held out to the side"]
        ahead = found[f"{side} leg held straight ahead"]
        rest = _place(upright, f"foot_{letter}")
        assert sign * (_place(aside, f"foot_{letter}") - rest)[2] > 0.3
        assert (_place(ahead, f"foot_{letter}") - rest)[0] > 0.4
        for one in (aside, ahead):
            other = "l" if letter == "r" else "r"
            np.testing.assert_array_equal(
                _place(one, f"foot_{other}"), _place(upright, f"foot_{other}")
            )
        out = found["arms out to both sides"]
        assert sign * (_place(out, f"hand_{letter}") - _place(upright, f"hand_{letter}"))[2] > 0.3
        bent = found[f"trunk bent to the {side}"]
        assert sign * (_place(bent, "head") - _place(upright, "head"))[2] > 0.1
    assert (_place(found["arms held forward"], "hand_r") - _place(upright, "hand_r"))[0] > 0.3
    assert (_place(found["trunk bent forward"], "head") - _place(upright, "head"))[0] > 0.2
    for words, down in (("back", [0.0, 1.0, 0.0]), ("side", [1.0, 0.0, 0.0])):
        lying = found[f"lying on the {words}, on a board"]
        body = BODY.bodies.index("pelvis")
        np.testing.assert_allclose(lying.rotation[0, body, :, 0], down, atol=1e-12)
        assert np.ptp(lying.origin[0, :, 1]) < 0.6 * np.ptp(upright.origin[0, :, 1])
    # No bone is longer for it, and the thigh stays in its hip.
    for one in found.values():
        thigh = np.linalg.norm(_place(one, "tibia_r") - _place(one, "femur_r"))
        assert thigh == pytest.approx(np.linalg.norm(_place(upright, "tibia_r") - hip))
    assert held(BODY, {}, POSTURES[1]) is None


def test_a_turn_carries_what_hangs_on_it():
    """A hip that bends by 90 degrees has the knee as far ahead as the thigh is long."""
    poses = held(BODY, JOINTS, Posture("", (Turn("hip_right", (0.0, 0.0, 1.0), 90.0),)))
    thigh = _place(poses, "tibia_r") - _place(poses, "femur_r")
    assert thigh[0] == pytest.approx(np.linalg.norm(thigh), rel=0.01)


@pytest.mark.parametrize("posture", POSTURES, ids=lambda one: one.words)
def test_slopes_of_standing_are_differences(posture):
    poses, bodies, step = held(BODY, JOINTS, posture), len(BODY.bodies), 1e-6
    slopes = standing_slopes(BODY, poses)
    generator = np.random.default_rng(3)
    for number in generator.choice(4 * bodies, 12, replace=False):
        both = []
        for sign in (step, -step):
            com, mass = BODY.com.copy(), BODY.mass.copy()
            if number < 3 * bodies:
                com[np.unravel_index(number, com.shape)] += sign
            else:
                mass[number - 3 * bodies] *= np.exp(sign)
            both.append(_horizontal(replace(BODY, com=com, mass=mass), poses))
        expected = (both[0] - both[1]) / (2.0 * step)
        np.testing.assert_allclose(slopes[:, number], expected, atol=1e-8)
    assert not slopes[:, 4 * bodies :].any()


def test_momentum_is_as_unsure_as_draws_make_it(moves):
    """Of every leg and arm, the linear spread is that of 400 bodies drawn from the same beliefs."""
    spread = InertiaSpread(mass=0.03, centre=0.05, size=0.05, body=0.0)
    covariance = believed(spread, TWIN, centre_covariance(BODY, spread, TWIN))
    slopes = momentum_slopes(BODY, moves)
    linear = np.sqrt(np.einsum("tbi,ij,tbj->tb", slopes, covariance, slopes))
    draws = inertia_draws(BODY, spread, TWIN, 400, np.random.default_rng(5))
    found = np.std([_momentum(drawn_skeleton(BODY, one), moves) for one in draws], axis=0)
    for name in ("femur_r", "tibia_l", "foot_r", "humerus_l", "radius_r"):
        body = BODY.bodies.index(name)
        ratio = np.sqrt((linear[:, body] ** 2).mean() / (found[:, body] ** 2).mean())
        assert 0.9 < ratio < 1.1, (name, ratio)


def test_slopes_of_momentum_are_of_a_body_of_the_same_mass(moves):
    """All segments heavier by the same share is no change: the whole body was weighed."""
    bodies = len(BODY.bodies)
    slopes = momentum_slopes(BODY, moves)
    masses = slopes[..., 3 * bodies : 4 * bodies]
    largest = np.abs(masses).max()
    np.testing.assert_allclose(masses.sum(axis=-1), 0.0, atol=1e-6 * largest)


def test_recorded_numbers_are_as_sure_as_their_error():
    """Of an unknown of which nothing was known before, exactly; of others by what they share."""
    vague = np.diag([1e6, 4.0])
    left = recorded(vague, np.array([[2.0, 0.0]]), 0.1)
    np.testing.assert_allclose(np.diag(left), [(0.1 / 2.0) ** 2, 4.0], rtol=1e-5)
    together = np.array([[1.0, 0.6], [0.6, 1.0]])
    left = recorded(together, np.array([[1.0, 0.0]]), 1e-9)
    np.testing.assert_allclose(left, [[0.0, 0.0], [0.0, 1.0 - 0.36]], atol=1e-9)
