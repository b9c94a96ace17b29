"""Postures are those of `benchmarks.postures`; slopes and ratios are what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.mechanics.multibody.poses import segment_poses
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from benchmarks.postures import POSTURES, held
from benchmarks.segment_minutes import TURNED, on_plates, posed, postures
from benchmarks.segment_minutes_page import ratio, slope
from validation.bodies import MAP

SKELETON = athlete_skeleton(Athlete("he", "male", 75.0, 1.80))


@pytest.mark.parametrize("posture", POSTURES, ids=lambda one: one.words)
def test_coordinates_hold_the_postures(posture):
    """Every segment turned as `held` turns it, and as far from the pelvis."""
    planned = held(SKELETON, MAP.joints.by_name(), posture)
    assert planned is not None
    made = segment_poses(SKELETON, posed(SKELETON, TURNED[posture.words])[None])
    np.testing.assert_allclose(made.rotation, planned.rotation, atol=1e-6)
    for poses in (made, planned):
        assert np.isfinite(poses.origin).all()
    about = made.origin - made.origin[:, :1]
    np.testing.assert_allclose(about, planned.origin - planned.origin[:, :1], atol=1e-6)


def test_a_plate_is_below_the_centre_of_mass_of_the_true_body():
    """A body whose trunk is 4 cm ahead stands with the centre of pressure 1 cm and more ahead."""
    found = postures(SKELETON, SKELETON, np.random.default_rng(1))
    assert set(found) == set(TURNED)
    ahead = SKELETON.com.copy()
    ahead[SKELETON.bodies.index("torso"), 0] += 0.04
    one = found[POSTURES[0].words]
    moved = one.stance(replace(SKELETON, com=ahead)).cop - one.stance(SKELETON).cop
    assert 0.01 < moved[0] < 0.03
    off = (one.shown - one.true)[SKELETON.coordinate_is_rotation]
    assert np.sqrt((off**2).mean()) < np.radians(4.0)  # markers are 6 mm off


def test_plates_err_as_told_and_each_contact_for_itself():
    """Far from the origin, three contacts: each elsewhere by millimetres, the twist by 2 N m."""
    foot = np.repeat([0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0], 50)
    on = (foot != 0)[:, None]
    force, at = on * np.array([100.0, 1500.0, 50.0]), np.array([8.0, 0.0, 0.3])
    twist = on * np.array([0.0, 10.0, 0.0])
    moment = np.cross(at, force) + twist
    read, about = on_plates((force, moment), foot, np.random.default_rng(4))
    assert np.abs(read[foot == 0]).max() == np.abs(about[foot == 0]).max() == 0.0
    np.testing.assert_allclose(read[foot != 0].mean(axis=0), force[60], atol=0.02 * 1500)
    off = (about - np.cross(at, read))[foot != 0]
    shift = np.stack([off[:, 2], -off[:, 0]], axis=1) / 1500.0
    each = shift.reshape(3, 50, 2).mean(axis=1)
    assert (np.abs(np.diff(each, axis=0)).max(axis=1) > 1e-3).all()
    assert (np.abs(each) < 0.012).all()
    assert off[:, 1].mean() == pytest.approx(10.0, abs=1.0)
    assert off[:, 1].std() < 2.5


def _rows(told: float, athletes: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(2)
    rows = pd.DataFrame({"seed": np.repeat(np.arange(athletes), 20)})
    rows["before"] = random.standard_normal(len(rows))
    rows["error"] = told * rows["before"] + 0.1 * random.standard_normal(len(rows))
    return rows


def test_a_slope_says_how_much_is_told():
    assert slope(_rows(0.9)).startswith(("0.89", "0.90", "0.91"))
    assert slope(_rows(0.0)).startswith(("0.0", "-0.0"))


def test_a_ratio_is_of_root_mean_squares():
    """Three times as large errors: 3, not 9, and the same errors: 1 without doubt."""
    rows = _rows(0.5)
    assert ratio(rows.assign(error=3.0 * rows["error"]), rows, "error") == "3.00 (3.00 to 3.00)"
