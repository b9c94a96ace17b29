"""Centres of pressure under the foot and free moments of a shoe."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.contact_findings import FRICTION_ARM, friction_arm, pressure_distance

FOOT = np.array([[0.0, 0.12, 0.0], [0.2, 0.03, 0.04], [0.2, 0.03, -0.04]])
"""Heel and two toe markers; the heel is lifted."""


def distance(cop, foot=FOOT, turn=0.0):
    rotation = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    return pressure_distance(np.array([cop]) @ rotation.T, foot[None] @ rotation.T)


@pytest.mark.parametrize("turn", [0.0, 0.7, 3.0])
@pytest.mark.parametrize(
    ("cop", "expected"),
    [((0.0, 0.0, 0.0), 0.0), ((-0.05, 0.0, 0.0), 0.05), ((0.26, 0.0, 0.04), 0.06)],
)
def test_distance_seen_from_above_whatever_the_heading(cop, expected, turn):
    assert distance(cop, turn=turn) == pytest.approx(expected)


def test_one_toe_marker_outlines_no_foot():
    foot = FOOT.copy()
    foot[2] = np.nan
    assert np.isnan(distance((0.5, 0.0, 0.0), foot))


def test_friction_of_an_evenly_pressed_disc():
    """Integral of friction times distance over a disc of 45 mm: 2/3 R, the limit that is used."""
    x, z = np.meshgrid(*[np.linspace(-0.045, 0.045, 2001)] * 2)
    radius = np.hypot(x, z)
    assert radius[radius < 0.045].mean() == pytest.approx(FRICTION_ARM, rel=2e-3)


def test_single_samples_are_noise():
    """Three of a hundred samples do not count, ten do; what is unknown does not either."""
    moment, vertical = np.full(100, 10.0), np.full(100, 1000.0)
    moment[:3], moment[50] = 80.0, np.nan
    assert friction_arm(moment, vertical) == pytest.approx(0.01)
    moment[:10] = -80.0
    assert friction_arm(moment, vertical) == pytest.approx(0.08)
