"""The tables are the published ones and parts add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.de_leva import (
    DE_LEVA,
    REFERENCE,
    combined_inertia,
    total_mass_fraction,
)
from aqbio.body.problem import hip_centres
from aqbio.body.sprint_geometry import geometry
from aqbio.body.sprint_markers import iliac_spines


@pytest.mark.parametrize(("sex", "total"), [("male", 1.0000), ("female", 0.9999)])
def test_mass_fractions_add_up_as_printed(sex, total):
    assert round(total_mass_fraction(sex), 4) == total


@pytest.mark.parametrize("sex", ["female", "male"])
def test_trunk_parts_add_up_to_the_published_trunk(sex):
    parts = ("upper_trunk", "middle_trunk", "lower_trunk")
    published_mass = {"male": 0.4346, "female": 0.4257}[sex]
    published_length = {"male": 0.5319, "female": 0.5293}[sex]
    assert sum(DE_LEVA[sex][part].mass for part in parts) == pytest.approx(published_mass, abs=1e-9)
    length = sum(DE_LEVA[sex][part].length for part in parts)
    assert length == pytest.approx(published_length, abs=1.01e-4)  # four printed decimals


@pytest.mark.parametrize(
    ("sex", "published", "tolerance"), [("female", 0.4151, 5e-4), ("male", 0.4486, 6e-3)]
)
def test_trunk_centre_of_mass_is_the_published_one(sex, published, tolerance):
    """Three parts of the trunk, stacked, have the centre of mass printed for the whole.

    Women's agree to the printed decimals; men's printed trunk lies 2.9 mm above its printed parts.
    """
    top, moment, mass = 0.0, 0.0, 0.0
    for part in ("upper_trunk", "middle_trunk", "lower_trunk"):
        parameters = DE_LEVA[sex][part]
        moment += parameters.mass * (top + parameters.centre * parameters.length)
        mass += parameters.mass
        top += parameters.length
    assert moment / mass / top == pytest.approx(published, abs=tolerance)


def test_combined_inertia_of_a_split_rod():
    """A uniform rod, 12 kg and 2 m along x, cut at 0.5 m: m l² / 12 about its middle."""
    mass = np.array([3.0, 9.0])
    com = np.array([[-0.75, 0, 0], [0.25, 0, 0]])
    own = np.array([3 * 0.5**2 / 12, 9 * 1.5**2 / 12])
    inertia = own[:, None, None] * np.diag([0.0, 1.0, 1.0])
    total, centre, together = combined_inertia(mass, com, inertia)
    assert total == 12.0
    np.testing.assert_allclose(centre, 0, atol=1e-15)
    np.testing.assert_allclose(together, np.diag([0.0, 4.0, 4.0]), atol=1e-14)


RIGHT, LEFT, BACK = np.array(
    [[0.02, 1.01, 0.13], [0.0, 1.0, -0.12], [-0.17, 1.04, 0.01]], dtype=float
)


def rotation(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q


def test_the_hips_move_with_the_pelvis():
    turn, shift = rotation(1), np.array([3.0, -1.0, 2.0])
    expected = [turn @ centre + shift for centre in hip_centres(RIGHT, LEFT, BACK)]
    moved = hip_centres(*(turn @ point + shift for point in (RIGHT, LEFT, BACK)))
    np.testing.assert_allclose(moved, expected, atol=1e-14)


def test_a_mirrored_pelvis_has_mirrored_hips():
    mirror = np.diag([1.0, 1.0, -1.0])
    right, left = hip_centres(RIGHT, LEFT, BACK)
    mirrored = hip_centres(mirror @ LEFT, mirror @ RIGHT, mirror @ BACK)
    np.testing.assert_allclose(mirrored, [mirror @ left, mirror @ right], atol=1e-15)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("stature", [1.55, 1.74, 1.95])
def test_the_sprint_models_spines_lead_back_to_its_hips(sex, stature):
    """The model's iliac spines are the regression turned round: mid-hip is its origin."""
    lengths = geometry(sex, stature)
    front, back = (np.array(place) for place in iliac_spines(lengths))
    mirror = np.array([1.0, 1.0, -1.0])
    right, left = hip_centres(front, front * mirror, back * [1, 1, 0])
    np.testing.assert_allclose(right, [0, 0, lengths.half_hip], atol=1e-12)
    np.testing.assert_allclose(left, [0, 0, -lengths.half_hip], atol=1e-12)
    assert REFERENCE[sex].stature == pytest.approx(1.74, abs=0.01)
