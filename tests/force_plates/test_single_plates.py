"""One plate that lies elsewhere than its corners say."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.force_plates.alignment import planted_information
from aqbio.force_plates.single_plates import (
    ERRORS,
    mean_centre,
    moved_by_error,
    plate_error,
    plate_parameter,
    plates_under_feet,
    with_errors,
)
from aqbio.inverse_dynamics.balance import loads_on_plates
from aqbio.inverse_dynamics.observations import GroundWrench
from aqbio.multibody.dynamics import ExternalLoad

TIME = np.arange(100) / 100.0
CENTRE = np.array([1.2, 0.0, 0.3])
CENTRES = {plate_parameter(axis, "2"): at for axis, at in zip("xyz", CENTRE, strict=True)}
FORCE = np.stack([200.0 * np.sin(7 * TIME), 1000.0 + 0.0 * TIME, 30.0 * np.cos(5 * TIME)], axis=1)
MOMENT = np.cross(CENTRE + np.array([0.02, 0.0, -0.01]), FORCE) + np.array([0.0, 4.0, 0.0])


def prepared(touchdown, toe_off, foot, plates):
    """Contacts of a trial."""
    columns = {"touchdown": touchdown, "toe_off": toe_off, "foot": foot, "plates": plates}
    return xr.Dataset({f"contact_{name}": ("contact", values) for name, values in columns.items()})


def test_a_displaced_plate_changes_a_moment_by_displacement_times_force():
    """Exactly, and nothing else; a turn about the centre of pressure keeps the moment there."""
    values = CENTRES | {plate_parameter("along", "2"): 0.015, plate_parameter("across", "2"): -0.01}
    force, moment = with_errors(values, "2", FORCE, MOMENT)
    np.testing.assert_array_equal(force, FORCE)
    np.testing.assert_allclose(moment - MOMENT, np.cross([0.015, 0.0, -0.01], FORCE), atol=1e-9)
    turned = CENTRES | {plate_parameter("pitch", "2"): 0.1}
    at_centre = np.cross(CENTRE, FORCE)
    force, moment = with_errors(turned, "2", FORCE, at_centre)
    np.testing.assert_allclose(np.linalg.norm(force, axis=1), np.linalg.norm(FORCE, axis=1))
    np.testing.assert_allclose(force[0], [200.0 * np.sin(0.0) - 1000.0 * np.sin(0.1),
                                          1000.0 * np.cos(0.1), 30.0], atol=1e-9)  # fmt: skip
    np.testing.assert_allclose(moment, np.cross(CENTRE, force), atol=1e-9)


@pytest.mark.parametrize("error", ERRORS)
def test_derivatives_are_those_of_differences(error):
    """By central differences of the wrench of all plates."""
    name = plate_parameter(error, "2")
    assert plate_error(name) == (error, "2")
    rest = np.ones_like(FORCE)
    alone = GroundWrench(TIME, FORCE, MOMENT)
    wrench = GroundWrench(TIME, FORCE + rest, MOMENT + rest, {"2": alone})
    ends = [wrench.placed(CENTRES | {name: size}).at(TIME) for size in (-1e-5, 1e-5)]
    for number, derivative in enumerate(wrench.by_plate_error(name, TIME, CENTRES)):
        slope = (ends[1][number] - ends[0][number]) / 2e-5
        np.testing.assert_allclose(derivative, slope, atol=1e-4)
    there = moved_by_error(error, CENTRE, FORCE, MOMENT)
    np.testing.assert_allclose(there, wrench.by_plate_error(name, TIME, CENTRES), atol=1e-6)
    for nothing in wrench.by_plate_error(plate_parameter(error, "7"), TIME, CENTRES):
        assert not nothing.any()


def test_the_centre_is_where_forces_press_on_average():
    """Weighted by the vertical force, at the plates' height; forces there have no other lever."""
    raised = CENTRE + np.array([0.0, 0.1, 0.0])
    about = np.cross(raised, FORCE)
    np.testing.assert_allclose(mean_centre(0.1, [FORCE], [about]), raised)
    assert not mean_centre(0.0, [0.0 * FORCE], [about]).any()


def test_a_plate_is_under_a_foot_until_the_middle_of_its_flight():
    """Also where the other foot stands on another one; a foot without contacts has none."""
    contacts = prepared(
        [0.1, 0.15, 0.5], [0.3, 0.35, 0.7], ["left", "right", "left"], ["1", "3", "2"]
    )
    under = plates_under_feet(contacts, TIME)
    assert set(under[:41, 0]) == {"1"}
    assert set(under[41:, 0]) == {"2"}
    assert set(under[:, 1]) == {"3"}
    alone = plates_under_feet(contacts.isel(contact=[1]), TIME)
    assert set(alone[:, 0]) == {""}


def test_loads_are_moved_on_their_plate_only():
    """Those of the foot and of the times that are on it."""
    contacts = prepared([0.1, 0.5], [0.3, 0.7], ["left", "left"], ["1", "2"])
    loads = [ExternalLoad(foot, FORCE, MOMENT, np.zeros(3)) for foot in ("foot_l", "foot_r")]
    values = CENTRES | {plate_parameter("along", "2"): 0.015}
    left, right = loads_on_plates(loads, contacts, TIME, values)
    np.testing.assert_array_equal(right.moment, MOMENT)
    np.testing.assert_array_equal(left.moment[:40], MOMENT[:40])
    change = (left.moment - MOMENT)[41:]
    np.testing.assert_allclose(change, np.cross([0.015, 0.0, 0.0], FORCE[41:]), atol=1e-9)


def test_planted_feet_tell_which_plate_is_elsewhere():
    """Of five contacts of a foot, one is 15 mm off against the others."""
    point = np.stack([np.arange(5.0), np.zeros(5), 0.1 * np.array([0, 1, 0, 1, 0])], axis=1)
    marker = point + np.array([0.05, 0.02, 0.0])
    marker[2, 0] += 0.015
    matrix, right = planted_information(point, marker, np.zeros(5, dtype=int), np.eye(5))
    prior = np.repeat([0.005, 0.003, 0.002, 0.003], [3, 3, 1, 10]) ** -2.0
    along = np.linalg.solve(matrix + np.diag(prior), right)[7::2]
    assert np.argmax(np.abs(along)) == 2
    assert along[2] > 2.0 * np.abs(np.delete(along, 2)).max()
    assert along[2] > 0.0
