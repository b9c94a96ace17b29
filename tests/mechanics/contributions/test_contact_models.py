"""Contacts: where the foot is held, and which wrenches each contact model can exert."""

from __future__ import annotations

import numpy as np

from aqbio.contributions.induced import CONTACT_ROWS, foot_contact
from aqbio.multibody.dynamics import ExternalLoad
from tests.mechanics.levels_case import ground_loads


def test_about_the_contact_point_only_the_vertical_moment_is_left():
    load = ground_loads(20, 1)[0]
    wrench = foot_contact(load, np.ones(20, dtype=bool)).wrench
    assert np.abs(wrench[:, [0, 2]]).max() < 1e-12 * np.abs(load.moment).max()
    np.testing.assert_array_equal(wrench[:, 3:], load.force)


def test_a_light_foot_and_a_foot_in_flight_are_not_held():
    force = np.array([[0.0, 19.0, 0.0], [0.0, 21.0, 0.0], [0.0, 500.0, 0.0]])
    load = ExternalLoad("foot", force, np.zeros((3, 3)), np.zeros(3))
    found = foot_contact(load, np.array([True, True, False]))
    np.testing.assert_array_equal(found.touching, [False, True, False])
    assert np.isfinite(found.point).all()


def test_c2_spans_what_a_flat_ground_can_exert_and_c1_lacks_the_free_moment():
    load = ground_loads(5, 4)[0]
    wrench = foot_contact(load, np.ones(5, dtype=bool)).wrench
    left = {model: wrench - wrench @ (rows.T @ rows) for model, rows in CONTACT_ROWS.items()}
    scale = 1e-12 * np.abs(load.moment).max()
    assert np.abs(left["C2"]).max() < scale
    np.testing.assert_array_equal(left["C3"], 0.0)
    np.testing.assert_allclose(left["C1"][:, 1], wrench[:, 1])
    assert np.abs(left["C1"][:, 3:]).max() == 0.0
