"""The model that OpenSim's tools read is the calibrated body."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.body.posterior import with_lock
from aqbio.body.shape import MarkerPlaces, Shape, Template, stretched_masses
from aqbio.config import Corrections, MarkerSet, ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.models import generic_skeleton, write_adjusted_model, write_calibrated_model
from aqbio.opensim.session import initialised, load_model, opensim, quiet, vec3
from aqbio.opensim.skeleton import read_skeleton

pytestmark = pytest.mark.opensim

MASS = 68.4


@pytest.fixture(scope="module")
def body(sprint_file, tmp_path_factory) -> tuple[Template, Shape, Skeleton]:
    """Give a template, a shape drawn at random, and the model that is written of them."""
    folder: Path = tmp_path_factory.mktemp("calibrated")
    generic, corrected, _ = generic_skeleton(sprint_file, Corrections(), folder)
    markers = MarkerPlaces(generic.markers, generic.marker_body, generic.marker_position)
    model_map = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap)
    template = Template.of(generic, model_map, markers)
    rng, empty = np.random.default_rng(4), template.shape()
    shape = replace(
        empty,
        log_factor=rng.normal(0.0, 0.08, empty.log_factor.shape),
        offset=rng.normal(0.0, 0.02, empty.offset.shape),
        tilt=rng.normal(0.0, 0.1, empty.tilt.shape),
    )
    names = {label: label for label in generic.markers}
    with quiet(level="Off"):
        file = folder / "athlete.osim"
        write_calibrated_model(corrected, file, template, shape, names, MASS)
        return template, shape, read_skeleton(folder / "athlete.osim")


def test_joints_and_markers_are_those_of_the_shape(body):
    template, shape, written = body
    expected = template.skeleton_of(shape)
    assert written.bodies == expected.bodies
    for name in ("parent_position", "parent_rotation", "child_rotation", "child_position", "com"):
        np.testing.assert_allclose(getattr(written, name), getattr(expected, name), atol=1e-9)
    order = [written.markers.index(label) for label in expected.markers]
    np.testing.assert_allclose(written.marker_position[order], expected.marker_position, atol=1e-9)


SIGNS = f"{string.whitespace}é\xa0{string.punctuation}"

LABELS = [f"A{sign}B{more}" for sign in SIGNS for more in ("", " 1")]
"""A label with each sign, and with a blank after it."""


def test_opensim_reads_every_label_of_a_laboratory_back(sprint_file, body, tmp_path):
    """It refuses some signs, and takes the program with it."""
    template, shape, written = body
    given = {label: {"body": "pelvis"} for label in LABELS}
    given["A_B"] = {"body": "pelvis", "model": "A_B__"}
    foot = {"heel": "A_B", "toe": ["A_B"]}
    labels = MarkerSet.model_validate(
        {"name": "n", "source": "s", "markers": given}
        | {"feet": {"left": foot, "right": foot}, "pelvis": {"front": ["A_B"], "back": ["A_B"]}}
    )
    names = {label: labels.model_name(label) for label in given}
    assert len(set(names.values())) == len(names)
    assert all(labels.label_of(name) == label for label, name in names.items())
    plain = [one for one in given if one != "A_B" and not re.search(r"[\s\x00-\x1f*+/\\|]", one)]
    assert [names[label] for label in plain] == plain
    own = dict(zip(template.markers.labels, LABELS, strict=False))
    renamed = replace(template.markers, labels=tuple(own.values()))
    with quiet(level="Off"):
        _, corrected, _ = generic_skeleton(sprint_file, Corrections(), tmp_path)
        file = tmp_path / "athlete.osim"
        write_calibrated_model(
            corrected, file, replace(template, markers=renamed), shape, names, MASS
        )
        strange = read_skeleton(file)
    assert strange.markers == tuple(names[own[label]] for label in written.markers)
    np.testing.assert_array_equal(strange.marker_position, written.marker_position)


def test_what_markers_show_is_free_and_the_rest_is_locked(sprint_file, body, tmp_path):
    """The neck free, girdles and forearms locked, as the fit left them."""
    template, shape, _ = body
    names = template.skeleton.coordinates
    neck = [index for index, name in enumerate(names) if name.startswith("neck_")]
    freed = replace(template, skeleton=with_lock(template.skeleton, neck, locked=False))
    with quiet(level="Off"):
        _, corrected, _ = generic_skeleton(sprint_file, Corrections(), tmp_path)
        labels = {label: label for label in freed.markers.labels}
        file = tmp_path / "athlete.osim"
        write_calibrated_model(corrected, file, freed, shape, labels, MASS)
        written = read_skeleton(tmp_path / "athlete.osim")
    locked = {names[index] for index in np.flatnonzero(written.coordinate_locked)}
    assert locked == {name for name in names if name.startswith(("clavicle_", "forearm_"))}


def test_opensim_scales_masses_and_even_inertias_alike(sprint_file, sprint):
    """OpenSim's own scaling by volume; its inertias agree where three factors are alike."""
    model = load_model(sprint_file, muscles=False)
    rng = np.random.default_rng(2)
    factors = np.exp(rng.normal(0.0, 0.1, len(sprint.bodies)))[:, None] * np.ones(3)
    scales = opensim.ScaleSet()
    for name, factor in zip(sprint.bodies, factors, strict=True):
        scale = opensim.Scale()
        scale.setSegmentName(name)
        scale.setScaleFactors(vec3(factor))
        scale.setApply(True)
        scales.cloneAndAppend(scale)
    model.scale(initialised(model), scales, False, MASS)
    mass, inertia = stretched_masses(sprint, factors, MASS, by_volume=True)
    for index, name in enumerate(sprint.bodies):
        body = model.getBodySet().get(name)
        moments = body.getInertia().getMoments()
        assert body.getMass() == pytest.approx(mass[index], rel=1e-12)
        np.testing.assert_allclose(
            [moments.get(axis) for axis in range(3)], inertia[index].diagonal(), rtol=1e-9
        )


SOURCE = MODELS / "sprint" / "sprint_male.osim"


def test_inertia_is_taken_over_and_the_rest_stays(tmp_path: Path) -> None:
    """Fifteen digits in the file: 1e-12 of what was asked for."""
    before = read_skeleton(SOURCE)
    factor = 1.0 + 0.1 * np.arange(len(before.bodies)) / len(before.bodies)
    wanted = replace(
        before,
        mass=before.mass * factor,
        inertia=before.inertia * factor[:, None, None],
        com=before.com + np.array([0.01, -0.02, 0.003]),
    )
    path = tmp_path / "new" / "adjusted.osim"
    write_adjusted_model(SOURCE, wanted, path)
    found = read_skeleton(path)
    for name in ("mass", "com", "inertia"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name), rtol=1e-12, atol=1e-14
        )
    for name in ("parent_position", "child_rotation", "marker_position", "coordinate_range"):
        np.testing.assert_array_equal(getattr(found, name), getattr(before, name))
    assert found.bodies == before.bodies
    assert found.markers == before.markers
    model = load_model(path)
    state = initialised(model, file=path)
    assert model.getTotalMass(state) == pytest.approx(wanted.mass.sum(), rel=1e-12)
    assert model.getName().endswith("_consistent")
    assert list(path.parent.iterdir()) == [path]
