"""The study of bodies measures nothing where nothing is wrong, and judges at its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.virtual.recordings.skin import Skin
from benchmarks.body_calibration import solved
from benchmarks.body_outcomes import (
    EVERY,
    OWN_MASSES,
    TRUE_MASSES,
    Found,
    ground_loads,
    judged,
    outcomes,
)
from benchmarks.body_page import page, summary
from validation.bodies import CASES, FULL, VirtualBody, virtual_body


@pytest.fixture(scope="module")
def body() -> VirtualBody:
    return virtual_body(replace(CASES[0], skin=Skin(thigh_m=0.0)), 3)


def _judged(skeleton: Skeleton, body: VirtualBody) -> pd.DataFrame:
    q = solved(skeleton, body, tuple(body.labels))
    return pd.DataFrame(judged(Found("some way", skeleton, q, 0.0), body))


def test_the_true_body_in_its_true_motion_has_no_errors(body):
    q = tuple(one[::EVERY] for one in body.q)
    rows = pd.DataFrame(judged(Found("some way", body.skeleton, q, 0.0), body))
    assert rows["error"].abs().max() == 0.0
    assert {"length", "angle", "centre", TRUE_MASSES, OWN_MASSES} < set(rows["group"])


def test_the_true_body_has_hardly_any_errors(body):
    """Without skin only the noise of half a millimetre is left; a wrong order would be metres."""
    rows = _judged(body.skeleton, body)
    largest = rows.assign(error=rows["error"].abs()).groupby("group")["error"].max()
    assert largest["length"] == 0.0
    assert largest["centre"] < 1.0
    assert largest["angle"] < 0.1
    momenta = rows[rows["quantity"].str.startswith("H_y") & (rows["group"] == TRUE_MASSES)]
    assert momenta["error"].max() < 0.05


def test_a_wrong_body_has_the_errors_that_were_made(body):
    """A thigh longer by 10 mm is found longer by 10 mm, on one side alone."""
    position = body.skeleton.parent_position.copy()
    knee = body.skeleton.joints.index("knee_r")
    position[knee] *= 1.0 + 0.010 / np.linalg.norm(position[knee])
    rows = _judged(replace(body.skeleton, parent_position=position), body)
    thighs = rows.loc[rows["quantity"] == "thigh", "error"].tolist()
    assert sorted(thighs) == pytest.approx([0.0, 10.0], abs=0.2)


def test_masses_count_only_where_they_are_the_ways_own(body):
    """Half as heavy: half the momentum is missing with its own masses, none with the true ones."""
    q = tuple(one[::EVERY] for one in body.q)
    true = body.skeleton
    light = replace(true, mass=0.5 * true.mass, inertia=0.5 * true.inertia)
    rows = pd.DataFrame(judged(Found("some way", light, q, 0.0), body))
    named = rows.set_index(["group", "quantity"])["error"]
    foot = body.stance[-1][::EVERY]
    loads = ground_loads(true, q[-1], foot)
    right = outcomes(true, q[-1], foot, loads)["H_y push leg"]
    assert named[TRUE_MASSES, "H_y push leg"] == 0.0
    half = 0.5 * np.sqrt((right**2).mean())
    assert named[OWN_MASSES, "H_y push leg"] == pytest.approx(half, rel=1e-9)


def test_the_parts_momenta_are_the_whole_bodys(body):
    """And the ground's moment is what changes it: level C's causes are parts of that."""
    q, foot = body.q[-1][::EVERY], body.stance[-1][::EVERY]
    found = outcomes(body.skeleton, q, foot, ground_loads(body.skeleton, q, foot))
    parts = ("push leg", "swing leg", "arms", "torso")
    pelvis = found["H_y total"] - sum(found[f"H_y {name}"] for name in parts)
    assert np.abs(pelvis).max() < 0.2 * np.abs(found["H_y push leg"]).max()


NOTHING = pd.DataFrame()


def _rows(length: float, angle: float) -> pd.DataFrame:
    row = {"case": "usual", "seed": 0, "way": FULL.name, "sd": 100.0}
    groups = {"length": length, "hip width": 1.0, "centre": 1.0, "angle": angle}
    return pd.DataFrame(
        [row | {"group": name, "quantity": name, "error": error} for name, error in groups.items()]
    )


def test_limits_are_met_just_inside_and_missed_just_outside():
    assert "| 4.0 of 4: met |" in page(_rows(4.0, 2.0), NOTHING)
    assert "| 4.0 of 4: **missed** |" in page(_rows(4.001, 2.0), NOTHING)
    assert "| 2.2 of 2.2: met |" in page(_rows(1.0, 2.2), NOTHING)


def test_coverage_that_is_too_high_is_missed():
    """Wide intervals are no merit."""
    assert "1.00, angle 1.00: **missed**" in page(_rows(1.0, 1.0), NOTHING)


def test_summary_by_hand():
    found = summary(pd.DataFrame({"error": [1.0, -3.0], "sd": [1.0, 1.0]}))
    assert found == pytest.approx(
        {"RMSE": 5**0.5, "bias": -1.0, "half width": 1.959964, "z": 5**0.5, "coverage": 0.5}
    )


def test_a_way_is_compared_person_by_person():
    """Half the error of everybody: the ratio is a half, and so are both ends of its interval."""
    errors = pd.DataFrame({"case": "usual", "seed": range(5), "group": TRUE_MASSES,
                           "quantity": "H_y total", "error": [0.1, 0.2, 0.3, 0.2, 0.1],
                           "sd": np.nan})  # fmt: skip
    static = errors.assign(way="static trial")
    rows = pd.concat([errors.assign(way=FULL.name, error=0.5 * errors["error"]), _rows(1.0, 1.0)])
    assert "(0.50, 0.50 to 0.50) |" in page(rows, static)
