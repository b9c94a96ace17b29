"""Masses of segments that are stretched, against clouds of points that are stretched alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.body.derivatives import BodyMarkers, MarkerDerivatives
from aqbio.body.shape import MarkerPlaces, Template, stretched_masses
from aqbio.config import ModelMap, read_yaml
from aqbio.multibody.kinematics import marker_positions

STEP = 1e-6
ROUNDING = 1e-8
"""Central differences: truncation STEP² and rounding 1e-16 / STEP of numbers of size one."""

MODELS = Path(__file__).parents[3] / "models"


def _case(template: Template, seed: int = 0):
    rng = np.random.default_rng(seed)
    vector = rng.normal(0, 0.05, sum(template.sizes))
    q = rng.normal(0, 0.4, (2, len(template.skeleton.coordinates)))
    return vector, q


def _by_shape(template: Template, found: MarkerDerivatives) -> np.ndarray:
    """Derivatives by all unknowns in the order of the vector; offsets of others move nothing."""
    every, first = np.arange(len(template.markers.labels)), template.sizes[0]
    whole = np.zeros((*found.position.shape, sum(template.sizes)))
    whole[..., template.common] = found.by_body
    for marker in every:
        own = first + 3 * marker + np.arange(3)
        whole[:, marker][..., own] = found.by_offset[:, marker]
    return whole


def _worst(template: Template) -> tuple[float, float]:
    markers = BodyMarkers(template)
    vector, q = _case(template)
    found = markers.derivatives(template.shape(vector), q)
    written = _by_shape(template, found)

    def differences(size, change):
        both = (
            [markers.positions(*change(sign * step)) for step in STEP * np.eye(size)]
            for sign in (1.0, -1.0)
        )
        return np.stack(np.subtract(*both), axis=-1) / (2 * STEP)

    by_shape = differences(len(vector), lambda step: (template.shape(vector + step), q))
    by_pose = differences(q.shape[1], lambda step: (template.shape(vector), q + step))
    return np.abs(by_shape - written).max(), np.abs(by_pose - found.by_pose).max()


@pytest.mark.parametrize("name", ["sprint_template", "odd_template"])
def test_derivatives(name, request):
    assert max(_worst(request.getfixturevalue(name))) < ROUNDING


def test_positions_are_those_of_the_written_skeleton(odd_template):
    """Without sliding skin the markers are fixed in the skeleton that is written."""
    vector, q = _case(odd_template)
    vector[-odd_template.sizes[3] :] = 0.0
    shape = odd_template.shape(vector)
    np.testing.assert_allclose(
        BodyMarkers(odd_template).positions(shape, q),
        marker_positions(odd_template.skeleton_of(shape), q),
        atol=1e-14,
    )


@pytest.mark.real
@pytest.mark.opensim
@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("hamner_subject04/unscaled_generic.osim", "hamner2010"),
    ],
)
def test_models_of_others(file, model, realdata, tmp_path):
    """Couplers, walker knees, frames that are not parallel; scaled as OpenSim's own tool scales."""
    from aqbio.opensim.session import load_model, opensim, quiet, vec3
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        skeleton = read_skeleton(realdata / file)
        markers = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
        map_file = MODELS / model / "map.yaml"
        template = Template.of(skeleton, read_yaml(map_file, ModelMap), markers)
        assert max(_worst(template)) < ROUNDING

        vector, q = _case(template)
        vector[template.sizes[0] :] = 0.0
        shape = template.shape(vector)
        scales = opensim.ScaleSet()
        for body, factors in zip(skeleton.bodies, template.factors(shape), strict=True):
            scale = opensim.Scale()
            scale.setSegmentName(body)
            scale.setScaleFactors(vec3(factors))
            scale.setApply(True)
            scales.cloneAndAppend(scale)
        other = load_model(realdata / file, muscles=False)
        other.scale(other.initSystem(), scales, True, -1.0)
        other.printToXML(str(tmp_path / "scaled.osim"))
        scaled = read_skeleton(tmp_path / "scaled.osim")
    np.testing.assert_allclose(
        marker_positions(template.skeleton_of(shape), q), marker_positions(scaled, q), atol=1e-9
    )


def _inertia(points: np.ndarray, mass: float) -> np.ndarray:
    """About the middle of equal points that weigh ``mass`` together."""
    arm = points - points.mean(axis=0)
    second = mass / len(points) * arm.T @ arm
    return np.trace(second) * np.eye(3) - second


@pytest.mark.parametrize("by_volume", [True, False])
def test_a_stretched_cloud_is_a_stretched_segment(sprint_template, by_volume: bool):
    rng = np.random.default_rng(3)
    own = sprint_template.skeleton
    count = len(own.bodies)
    clouds = rng.normal(0.0, 0.1, (count, 40, 3)) @ rng.normal(0.0, 1.0, (count, 3, 3))
    mass = rng.uniform(1.0, 10.0, count)
    skeleton = replace(own, mass=mass, inertia=np.array(list(map(_inertia, clouds, mass.tolist()))))
    factors = np.exp(rng.normal(0.0, 0.2, (count, 3)))
    found, inertia = stretched_masses(skeleton, factors, 80.0, by_volume=by_volume)
    weights = mass * (factors.prod(axis=1) if by_volume else 1.0)
    np.testing.assert_allclose(found, 80.0 * weights / weights.sum(), rtol=1e-12)
    for body in range(count):
        expected = _inertia(clouds[body] * factors[body], found[body])
        np.testing.assert_allclose(inertia[body], expected, rtol=1e-9, atol=1e-12)
