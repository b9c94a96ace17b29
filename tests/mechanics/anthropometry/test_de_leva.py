"""The tables are the published ones and parts add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.de_leva import (
    DE_LEVA,
    SegmentParameters,
    combined_inertia,
    total_mass_fraction,
)


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


def test_fractions_outside_0_to_1_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        SegmentParameters(mass=14.16, length=0.42, centre=0.41, gyration=(0.3, 0.1, 0.3))


def test_taking_a_part_away_undoes_adding_it():
    random = np.random.default_rng(4)
    mass = np.array([3.0, 1.0])
    com = random.normal(size=(2, 3))
    factors = random.normal(size=(2, 3, 3))
    inertia = factors @ factors.transpose(0, 2, 1)
    total, centre, together = combined_inertia(mass, com, inertia)
    back = combined_inertia(
        np.array([total, -1.0]), np.array([centre, com[1]]), np.array([together, -inertia[1]])
    )
    assert back[0] == pytest.approx(3.0)
    np.testing.assert_allclose(back[1], com[0], atol=1e-14)
    np.testing.assert_allclose(back[2], inertia[0], atol=1e-13)


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
