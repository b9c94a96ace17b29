"""Solids of girths, by closed forms; what scales say of parts that are right and of noisy ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.virtual.athlete import Athlete, athlete_skeleton
from benchmarks.segment_bodies import limb_length, limbs
from benchmarks.segment_girths import LIMBS, centre, circle, law, solid_body, stadium, volume

SKELETON = athlete_skeleton(Athlete("he", "male", 75.0, 1.80))
PARTS = {"thigh": 9.0, "shank": 3.5, "upper_arm": 2.0, "forearm": 1.2, "hand": 0.5, "foot": 1.0,
         "head": 5.0, "hips": 12.0, "chest": 20.0}  # fmt: skip


def test_a_truncated_cone_is_a_cone_less_its_tip():
    """Girths 60 and 40 cm, 40 cm high: a cone of 120 cm less one of 80."""
    whole, tip = (
        circle(np.array(girth)) * height / 3 for girth, height in ((0.6, 1.2), (0.4, 0.8))
    )
    solid = [(circle(np.array(0.6)), circle(np.array(0.4)), np.array(0.4))]
    assert volume(solid) == pytest.approx(whole - tip)
    about = (whole * 0.3 - tip * (0.4 + 0.2)) / (whole - tip)
    assert centre(solid) == pytest.approx(about)
    # A cylinder of the mean girth would be 1.3 % lighter, its centre 13 % of its height off.
    cylinder = circle(np.array(0.5)) * 0.4
    assert volume(solid) / cylinder == pytest.approx(1.0133, abs=1e-4)
    assert 0.2 - centre(solid) > 0.02


def test_a_solid_in_two_pieces_is_the_solid():
    ends = circle(np.array(0.6)), circle(np.array(0.5)), circle(np.array(0.4))
    whole = [(ends[0], ends[2], np.array(0.4))]
    cut = [(ends[0], ends[1], np.array(0.2)), (ends[1], ends[2], np.array(0.2))]
    assert volume(cut) == pytest.approx(volume(whole))
    assert centre(cut) == pytest.approx(centre(whole))


def test_a_stadium_is_between_its_circle_and_its_rectangle():
    assert stadium(np.array(0.4), np.array(0.2)) == pytest.approx(0.04 + np.pi * 0.01)


def _people(noise: float = 0.0, count: int = 4000) -> pd.DataFrame:
    """Parts that differ by 8 % each; solids see all of them, the thigh with noise."""
    random = np.random.default_rng(5)
    found = pd.DataFrame(
        {name: mass * np.exp(0.08 * random.standard_normal(count)) for name, mass in PARTS.items()}
    )
    twice = [*LIMBS, "hand", "foot"]
    found["weight"] = found.sum(axis=1) + found[twice].sum(axis=1)
    found["thigh"] *= np.exp(noise * random.standard_normal(count))
    return found


def test_scales_confirm_parts_that_are_right_and_not_noisy_ones():
    """A kilogram more of a right part is one on the scales; half of a part that is half noise."""
    mean, spread, slopes = law(_people())
    assert mean == pytest.approx(1.0)
    assert spread < 1e-9
    assert slopes["thighs"][0] == pytest.approx(1.0)
    assert law(_people(noise=0.08))[2]["thighs"][0] == pytest.approx(0.5, abs=0.05)


def test_a_body_of_solids_keeps_its_mass_and_has_its_centres_on_the_line():
    found = _people(count=50)
    for name in LIMBS:
        found[f"{name} along"] = 42.0
    body = solid_body(SKELETON, found, ("thigh", "shank"))
    assert body.mass.sum() == pytest.approx(75.0)
    for place, name, _ in limbs(SKELETON):
        down = -0.42 * limb_length(SKELETON, place) if name in ("thigh", "shank") else None
        expected = SKELETON.com[place] if down is None else np.array([0.0, down, 0.0])
        np.testing.assert_allclose(body.com[place], expected, atol=1e-12)
