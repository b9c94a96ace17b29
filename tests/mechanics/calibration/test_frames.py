"""Which frames are chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.frames import (
    INDEPENDENT,
    Recording,
    Session,
    chosen_frames,
    different_frames,
    face_template,
)
from aqbio.body.posterior import lengths
from aqbio.body.shape import ChosenFrames, MarkerPlaces
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.golden import differences
from tests.mechanics.calibration.made import fitted, made_person
from tests.mechanics.examples import answers

BODIES = np.array([0, 0, 1, 1])


def _moving(frames: int = 200) -> Recording:
    """Two segments of two markers whose distance grows from 1 to 2 m and back."""
    distance = 1.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, frames))
    position = np.zeros((frames, 4, 3))
    position[:, 2:, 0] = distance[:, None]
    return Recording(position, 100.0, still=False)


def _chosen(trials, **how):
    frames = chosen_frames([_moving()] * trials, BODIES, 0.5, **how)
    return frames.trial, frames.frame, frames.weight


def test_chosen_frames_are_what_they_were():
    """They differ, share what a session has, are worth so many witnesses, and have markers."""
    lost = _moving().position.copy()
    lost[:100, 3] = np.nan
    chosen = different_frames(_moving().position, BODIES, 3)
    apart = _moving().position[chosen, 2, 0]
    assert apart.min() < 1.01 < 1.99 < apart.max()
    assert different_frames(lost, BODIES, 10).min() >= 100
    examples = {f"{n} trials": lambda n=n: _chosen(n) for n in (1, 2, 3, 7, 8, 12, 20, 40)}
    for count in (20, 60):
        examples[f"{count} frames"] = lambda count=count: _chosen(1, count=count)
        weight = _chosen(1, count=count)[2]
        np.testing.assert_allclose(weight.sum(), INDEPENDENT)
    examples["of four"] = lambda: _chosen(4, count=80)
    examples["lost"] = lambda: different_frames(lost, BODIES, 10)
    assert differences("chosen_frames", answers(examples)) == []


SKELETON = athlete_skeleton(Athlete("one", "male", 75.0, 1.80))
PLACES = MarkerPlaces(SKELETON.markers, SKELETON.marker_body, SKELETON.marker_position)


def _frames(position: np.ndarray) -> ChosenFrames:
    rows = np.arange(len(position))
    return ChosenFrames(position, rows < 0, np.ones(len(rows)), rows, rows)


def _standing() -> np.ndarray:
    q = dependent_filled(SKELETON, SKELETON.coordinate_default[None])
    return station_positions(segment_poses(SKELETON, q), PLACES.body, PLACES.place)


@pytest.mark.parametrize("degrees", [0.0, 90.0, 179.0, -120.0])
def test_a_turned_model_comes_back(degrees):
    """Whatever its heading and place, and with markers that are not seen; no tilt is taken out."""
    position = _standing()
    position[0, 3] = np.nan
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.0, 1.0, 0.0])).as_matrix()
    moved = position @ turn.T + [3.0, 0.2, -7.0]
    found = face_template(_frames(moved), SKELETON, PLACES).position
    np.testing.assert_allclose(found, position, atol=1e-9)
    wild = _standing() + np.random.default_rng(0).normal(0.0, 0.2, _standing().shape)
    kept = face_template(_frames(wild), SKELETON, PLACES).position
    apart, kept = (one[0] - one[0, :1] for one in (wild, kept))
    np.testing.assert_allclose(kept[:, 1], apart[:, 1], atol=1e-12)
    lengths_of = (np.linalg.norm(one, axis=1) for one in (kept, apart))
    np.testing.assert_allclose(*lengths_of, atol=1e-12)


def test_both_sessions_have_one_body():
    """Of a static trial and a run, and another run with markers put on anew: lengths and SDs."""
    person = made_person(1)
    markers = person.template.markers
    count, names, runs = len(markers.labels), markers.labels, len(person.recordings)
    every = MarkerPlaces(
        tuple(f"{one}:{name}" for one in "AB" for name in names),
        np.tile(markers.body, 2),
        np.tile(markers.place, (2, 1)),
    )

    def widened(recording, first):
        position = np.full((len(recording.position), 2 * count, 3), np.nan)
        position[:, first : first + count] = recording.position
        return replace(recording, position=position)

    last = person.recordings[-1]
    again = person.truth.offset + np.random.default_rng(100).normal(0, 0.010, (count, 3))
    before, after = (
        BodyMarkers(person.template).positions(one, person.q[runs - 1])
        for one in (person.truth, replace(person.truth, offset=again))
    )
    anew = replace(last, position=last.position + after - before)
    both = fitted(
        replace(
            person,
            template=replace(person.template, markers=every),
            recordings=(*(widened(one, 0) for one in person.recordings[:-1]), widened(anew, count)),
            offset_sd=np.tile(person.offset_sd, (2, 1)),
        )
    )
    whole, own = {one.name: one for one in lengths(both)}, np.arange(count)
    for session in (
        Session(names, own, np.arange(runs - 1)),
        Session(names, count + own, np.array([runs - 1])),
    ):
        for length in lengths(session.fit_of(both)):
            assert length.length == whole[length.name].length
            assert length.sd == pytest.approx(whole[length.name].sd, rel=1e-9)
