"""Masses of segments that are stretched, against clouds of points that are stretched alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.shape import stretched_masses


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


def test_nothing_changes_at_the_templates_size_and_mass(sprint_template):
    own = sprint_template.skeleton
    mass, inertia = stretched_masses(own, np.ones((len(own.bodies), 3)), float(own.mass.sum()))
    np.testing.assert_allclose(mass, own.mass, rtol=1e-12)
    np.testing.assert_allclose(inertia, own.inertia, atol=1e-12)
