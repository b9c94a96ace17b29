"""The sprint model with Dumas's limbs: a possible, symmetric body of the same mass, not far off."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.de_leva import combined_inertia
from aqbio.body.dumas import dumas_limbs
from aqbio.body.inertia_draws import InertiaSpread
from aqbio.virtual.athlete import Athlete, athlete_skeleton

ATHLETES = [Athlete("he", "male", 75.0, 1.80), Athlete("she", "female", 58.0, 1.68)]
LIMBS = ("femur", "tibia", "humerus", "radius")


def _limbs(skeleton):
    """Masses, centres and inertia of the limbs of the right side, the forearm with its hand."""
    rows = []
    for name in LIMBS:
        places = [skeleton.bodies.index(f"{name}_r")]
        if name == "radius":
            places.append(skeleton.bodies.index("hand_r"))
        shift = [np.zeros(3), skeleton.parent_position[places[-1]]][: len(places)]
        rows.append(
            combined_inertia(
                skeleton.mass[places], skeleton.com[places] + shift, skeleton.inertia[places]
            )
        )
    mass, com, inertia = (np.array(values) for values in zip(*rows, strict=True))
    return mass, com, inertia


def _extents(mass, inertia):
    """(limbs, 3) logarithms of the segments' extents along x, y and z."""
    moments = np.diagonal(inertia, axis1=1, axis2=2) / mass[:, None]
    return 0.5 * np.log(0.5 * moments.sum(axis=1, keepdims=True) - moments)


def test_the_tables_differ_as_two_draws_of_the_default_spread():
    """Root mean square over limbs and both sexes, over the square root of two."""
    squares = []
    for athlete in ATHLETES:
        ours = athlete_skeleton(athlete)
        mass, com, inertia = _limbs(ours)
        other, their_com, their_inertia = _limbs(dumas_limbs(ours, athlete.sex, athlete.stature))
        reach = np.sqrt(np.linalg.eigvalsh(inertia)[:, -1] / mass)
        differences = (
            np.log(other / mass),
            (their_com - com) / reach[:, None],
            _extents(other, their_inertia) - _extents(mass, inertia),
        )
        squares.append([np.mean(values**2) for values in differences])
    found = np.sqrt(np.mean(squares, axis=0) / 2)
    spread = InertiaSpread()
    np.testing.assert_allclose(found, [spread.mass, spread.centre, spread.size], atol=0.005)


@pytest.fixture(params=ATHLETES, ids=lambda athlete: athlete.sex)
def both(request):
    ours = athlete_skeleton(request.param)
    return ours, dumas_limbs(ours, request.param.sex, request.param.stature)


def test_the_body_keeps_its_mass_and_is_possible(both):
    ours, theirs = both
    assert theirs.mass.sum() == pytest.approx(ours.mass.sum(), rel=1e-12)
    moments = np.linalg.eigvalsh(theirs.inertia)
    assert moments.min() > 0
    assert (moments[:, 2] <= moments[:, 0] + moments[:, 1] + 1e-12).all()


def test_a_thigh_by_hand():
    """12.3 % of 75 kg; 42.9 % of its length below the hip; k_y = 15 % of it."""
    ours = athlete_skeleton(ATHLETES[0])
    theirs = dumas_limbs(ours, "male", 1.80)
    thigh = theirs.bodies.index("femur_r")
    length = -ours.parent_position[ours.bodies.index("tibia_r"), 1]
    assert theirs.mass[thigh] == pytest.approx(9.225, rel=1e-6)
    np.testing.assert_allclose(
        theirs.com[thigh], np.array([-0.041, -0.429, 0.033]) * length, rtol=1e-6
    )
    assert theirs.inertia[thigh, 1, 1] == pytest.approx(9.225 * (0.15 * length) ** 2, rel=1e-6)


def test_left_mirrors_right(both):
    _, theirs = both
    mirror = np.array([1.0, 1.0, -1.0])
    for name in (*LIMBS, "hand", "foot", "toes"):
        left, right = (theirs.bodies.index(f"{name}_{side}") for side in "lr")
        assert theirs.mass[left] == theirs.mass[right]
        np.testing.assert_allclose(theirs.com[left], theirs.com[right] * mirror, atol=1e-15)


def test_both_tables_describe_a_human(both):
    """Limbs' masses within 20 %, centres within 5 cm, radii of gyration within 30 %."""
    ours, theirs = both
    (mass, _, inertia), (other, _, their_inertia) = _limbs(ours), _limbs(theirs)
    ratio = other / mass
    assert 0.05 < np.abs(ratio - 1.0).max() < 0.2
    assert np.linalg.norm(theirs.com - ours.com, axis=1).max() < 0.05
    radii = [
        np.sqrt(np.diagonal(moments, axis1=1, axis2=2) / kilograms[:, None])
        for kilograms, moments in ((other, their_inertia), (mass, inertia))
    ]
    assert np.abs(radii[0] / radii[1] - 1.0).max() < 0.3
