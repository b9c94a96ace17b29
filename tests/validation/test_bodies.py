"""Virtual bodies are people: solid, as heavy as their athlete, not the generic one, repeatable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.virtual.disturbances import Skin
from aqbio.virtual.library import DATA, GaitName, load_library
from validation.bodies import (
    CASES,
    CLUSTERS_ALONE,
    FULL,
    ONE_LEG,
    PEOPLE,
    RATE,
    generic,
    virtual_body,
)

SEED = 3


@pytest.fixture(scope="module")
def body():
    return virtual_body(CASES[1], SEED)


def test_bodies_are_not_the_generic_one(body):
    """Truth from the template would make every way look right."""
    own = generic(body.athlete)
    length = np.linalg.norm(body.skeleton.parent_position, axis=1)
    factor = length / np.linalg.norm(own.parent_position, axis=1).clip(1e-9)
    assert np.ptp(factor[[own.joints.index(name) for name in ("knee_r", "ankle_r", "back")]]) > 0.01


def test_segments_are_solids_that_weigh_what_the_athlete_weighs(body):
    assert body.skeleton.mass.sum() == pytest.approx(body.athlete.mass, rel=1e-12)
    moments = np.linalg.eigvalsh(body.skeleton.inertia)
    assert moments.min() > 0.0
    assert (moments[:, 0] + moments[:, 1] - moments[:, 2]).min() > 0.0


def test_the_centre_of_mass_goes_where_the_gaits_went(body):
    """So that the ground's forces are those of a human run, whatever the body."""
    true, q = body.skeleton, body.q[0]
    centres = station_positions(segment_poses(true, q), np.arange(len(true.bodies)), true.com)
    com = np.einsum("b,tbi->ti", true.mass / true.mass.sum(), centres)
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    gait = gaits[GaitName(body.athlete.name, "normal", 0)]
    np.testing.assert_allclose(com, gait.centre_of_mass(np.arange(len(q)) / RATE)[0], atol=1e-12)


def test_without_skin_markers_stay_on_their_bones():
    still = virtual_body(replace(CASES[0], skin=Skin(thigh_m=0.0)), SEED)
    true = still.skeleton
    poses = segment_poses(true, still.q[0])
    places = station_positions(poses, true.marker_body, true.marker_position)
    assert np.abs(still.runs[0].position - places).max() < 4e-3  # eight deviations of the noise


def test_skin_moves_markers_of_the_thigh_most(body):
    true = body.skeleton
    poses = segment_poses(true, body.q[0])
    moved = body.runs[0].position - station_positions(poses, true.marker_body, true.marker_position)
    rms = np.sqrt((moved**2).sum(axis=2).mean(axis=0))
    thigh, foot = (
        rms[true.marker_body == true.bodies.index(name)].mean() for name in ("femur_r", "foot_r")
    )
    assert thigh == pytest.approx(0.016, rel=0.35)
    assert foot < 0.3 * thigh


def test_laboratories_see_what_their_markers_show(body):
    every = len(body.skeleton.markers)
    assert len(FULL.labels(body)) == every
    assert len(CLUSTERS_ALONE.labels(body)) == every - 8
    assert not any(one.still for one in CLUSTERS_ALONE.recordings(body))
    legs = {label.body[-2:] for label in ONE_LEG.labels(body).values()}
    left = [one for one in ONE_LEG.labels(body).values() if one.body in ("femur_l", "toes_l")]
    assert "_r" in legs
    assert not left
    for laboratory in (FULL, CLUSTERS_ALONE, ONE_LEG):
        counts = {one.position.shape[1] for one in laboratory.recordings(body)}
        assert counts == {len(laboratory.labels(body))}
