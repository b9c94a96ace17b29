"""Bodies of a source, and beliefs about them: today's is the product's, a narrow one is caught."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.segment_sources import segment_sources
from aqbio.mechanics.anthropometry.segment_sources import about_model, about_sources
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, centre_covariance, twins
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from benchmarks.segment_bodies import BELIEVED, body_of, limb_length, limbs, way_of
from validation.bodies import MAP

SKELETON = athlete_skeleton(Athlete("he", "male", 75.0, 1.80))
TWIN = twins(SKELETON.bodies, MAP.groups)
MEASURED = "dumas_wojtusch_2018"


def _drawn(key, count=400):
    return [
        body_of(SKELETON, key, "male", np.random.default_rng([seed, 3])) for seed in range(count)
    ]


def test_todays_way_is_the_products():
    way = way_of(SKELETON, None)
    expected = centre_covariance(SKELETON, InertiaSpread(), TWIN)
    np.testing.assert_allclose(way.covariance, expected, atol=1e-18)
    assert not way.mean.any()


def test_bodies_keep_the_mass_and_have_the_sources_limbs():
    """Their mean is the table: thighs within a millimetre (7 mm of people, 400 of them)."""
    bodies = _drawn(MEASURED)
    assert {round(one.mass.sum(), 9) for one in bodies} == {75.0}
    table = segment_sources()[MEASURED].segments["male"]
    for place, name, side in limbs(SKELETON):
        mean = np.mean([one.com[place] for one in bodies], axis=0)
        expected = table[name].centre * [1.0, 1.0, side] * limb_length(SKELETON, place) / 100
        np.testing.assert_allclose(mean, expected, atol=2e-3)
        mass = np.mean([one.mass[place] for one in bodies])
        assert mass == pytest.approx(0.75 * table[name].mass, rel=0.01)


@pytest.mark.parametrize("key", [MEASURED, BELIEVED])
def test_sides_are_alike_mirrored(key):
    """Correlation of what people differ by between left and right: 0.8."""
    com = np.array([one.com for one in _drawn(key)])
    apart = com - com.mean(axis=0)
    right, left = (SKELETON.bodies.index(f"femur_{side}") for side in "rl")
    for axis, sign in enumerate((1.0, 1.0, -1.0)):
        found = np.corrcoef(apart[:, right, axis], sign * apart[:, left, axis])[0, 1]
        assert found == pytest.approx(0.8, abs=0.05)


def _inside(bodies, way):
    """Share of thighs that are within 95 % sideways."""
    thigh = SKELETON.bodies.index("femur_r")
    off = np.array([one.com[thigh, 2] for one in bodies])
    off -= SKELETON.com[thigh, 2] + way.mean[thigh, 2]
    return np.mean(np.abs(off) < 1.96 * np.sqrt(way.covariance[3 * thigh + 2, 3 * thigh + 2]))


def test_a_belief_too_narrow_does_not_hold_what_it_says():
    """Bodies of the product's 12 %: its own belief holds 95 %, the narrower ones do not."""
    bodies, sources = _drawn(BELIEVED), segment_sources()
    assert _inside(bodies, way_of(SKELETON, None)) == pytest.approx(0.95, abs=0.03)
    assert _inside(bodies, way_of(SKELETON, about_model(sources))) < 0.92
    assert _inside(bodies, way_of(SKELETON, about_sources(sources))) < 0.80


def test_a_sample_that_was_left_out_is_held():
    """Men of the photogrammetric sample by beliefs made of the women alone."""
    bodies, sources = _drawn(MEASURED), segment_sources()
    for make in (about_model, about_sources):
        way = way_of(SKELETON, make(sources, (MEASURED, "male")))
        assert _inside(bodies, way) > 0.85
