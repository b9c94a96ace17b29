"""Planar models: level C in the plane, against OpenSim; what the plane lacks is said."""

from __future__ import annotations

import numpy as np
import pytest

import aqbio
from aqbio.look.command import look
from aqbio.look.inputs import ModelInMotion, read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.opensim.session import opensim
from tests import opensim_levels
from tests.look.made_files import Files, write_files
from tests.look.made_planar import SAGITTAL, write_planar
from tests.look.test_look import FRAMES, MAP, hold_against_referee

pytestmark = pytest.mark.opensim

IN_THE_PLANE = {"C1": [3, 4], "C2": [3, 4], "C3": [3, 4, 2], "C4": [3, 4]}
"""Rows of the contact models that a planar model has: x and y, and rotation about z."""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return write_files(tmp_path_factory.mktemp("planar"))


@pytest.fixture(scope="module")
def planar(files, tmp_path_factory):
    return write_planar(files.model, files.motion, tmp_path_factory.mktemp("in_plane"))


@pytest.fixture(scope="module")
def moving(files, planar) -> ModelInMotion:
    return read_model_in_motion(*planar, files.forces)


@pytest.fixture(scope="module")
def levels(moving) -> MotionLevels:
    return motion_levels(moving)


def test_every_sum_closes_and_contact_models_that_differ_across_the_plane_are_one(levels):
    assert max(levels.closures.values()) < 1e-10, levels.closures
    caused = levels.dataset["induced_ground_force"]
    first, second = (caused.sel(contact_model=name) for name in ("C1", "C2"))
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-8)
    across = caused.sel(axis="z")
    measured = levels.dataset["ground_force"].sel(axis="z")
    assert float(np.abs(measured).max()) > 100.0
    np.testing.assert_allclose(
        across.sel(source="remainder", contact_model="C2"), measured, rtol=0, atol=1e-8
    )
    others = [name for name in caused["source"].values if name != "remainder"]
    assert float(np.abs(across.sel(source=others)).max()) < 1e-8


def test_opensim_finds_the_same_causes_in_the_plane(planar, moving, levels, monkeypatch):
    """The contact of the referee has the rows of the plane alone."""
    for name, rows in IN_THE_PLANE.items():
        monkeypatch.setitem(opensim_levels.ROWS, name, rows)
    hold_against_referee(planar[0], MAP, moving, levels, FRAMES)


def test_the_page_says_what_the_plane_lacks(files, planar, tmp_path):
    lines: list[str] = []
    page = look(*planar, files.forces, tmp_path / "out", lines.append)
    words = "the pelvis of the model cannot list, turn or move sideways (a planar model)"
    assert words in "\n".join(lines)
    assert words[1:] in page.read_text(encoding="utf-8")


def test_the_library_answers_as_the_page(files, planar, levels):
    data = aqbio.joint_contributions(*planar, files.forces, contact="C3")
    np.testing.assert_allclose(data["force"].sum("source"), data["measured_force"], atol=1e-7)
    np.testing.assert_array_equal(
        data["force"], levels.dataset["induced_ground_force"].sel(contact_model="C3")
    )
    assert any("planar model" in finding for finding in data.attrs["findings"])


@pytest.mark.parametrize(
    ("locked", "words"),
    [("pelvis_tz", "cannot move sideways."), ("pelvis_rotation", "cannot turn.")],
)
def test_a_pelvis_that_one_motion_lacks_is_no_free_one(files, tmp_path, locked, words):
    """Hips still move such a foot sideways: it is held by what is left, and sums close."""
    model, path = opensim.Model(str(files.model)), tmp_path / "held.osim"
    coordinate = model.updCoordinateSet().get(locked)
    coordinate.setDefaultValue(0.0)
    coordinate.setDefaultLocked(True)
    model.finalizeConnections()
    model.printToXML(str(path))
    levels = motion_levels(read_model_in_motion(path, files.motion, files.forces))
    assert max(levels.closures.values()) < 1e-6, levels.closures
    [finding] = [finding for finding in levels.findings if finding.rule == "model-planar"]
    assert words in finding.what


def test_the_motion_holds_sagittal_coordinates_only(planar, moving):
    free = {moving.skeleton.coordinates[index] for index in moving.skeleton.free}
    assert all(name.startswith(SAGITTAL) for name in free)
