"""Which frames are chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.fit import BodyFit
from aqbio.body.frames import (
    INDEPENDENT,
    Recording,
    Session,
    chosen_frames,
    different_frames,
    face_template,
)
from aqbio.body.posterior import lengths
from aqbio.body.shape import ChosenFrames, MarkerPlaces, Shape
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.mechanics.calibration.made import Made, fitted, made_person

BODIES = np.array([0, 0, 1, 1])


def _moving(frames: int = 200) -> Recording:
    """Two segments of two markers whose distance grows from 1 to 2 m and back."""
    distance = 1.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, frames))
    position = np.zeros((frames, 4, 3))
    position[:, 2:, 0] = distance[:, None]
    return Recording(position, 100.0, still=False)


def test_frames_differ():
    chosen = different_frames(_moving().position, BODIES, 3)
    distances = _moving().position[chosen, 2, 0]
    assert distances.min() < 1.01
    assert distances.max() > 1.99


def test_frames_with_few_markers_are_left_out():
    position = _moving().position.copy()
    position[:100, 3] = np.nan
    chosen = different_frames(position, BODIES, 10)
    assert chosen.min() >= 100


def test_a_trial_is_worth_so_many_witnesses_however_many_frames():
    for count in (20, 60):
        frames = chosen_frames([_moving()], BODIES, 0.5, count=count)
        np.testing.assert_allclose(frames.weight.sum(), INDEPENDENT)
    four = chosen_frames([_moving()] * 4, BODIES, 0.5, count=80)
    np.testing.assert_allclose(four.weight.sum(), 2.0 * INDEPENDENT)


@pytest.mark.parametrize(
    ("trials", "each"), [(1, 24), (2, 12), (3, 8), (7, 8), (8, 7), (12, 5), (20, 3), (40, 3)]
)
def test_many_trials_share_the_frames(trials, each):
    frames = chosen_frames([_moving()] * trials, BODIES, 0.5)
    assert np.unique(frames.trial, return_counts=True)[1].tolist() == [each] * trials


SKELETON = athlete_skeleton(Athlete("one", "male", 75.0, 1.80))
PLACES = MarkerPlaces(SKELETON.markers, SKELETON.marker_body, SKELETON.marker_position)


def _frames(position: np.ndarray) -> ChosenFrames:
    rows = np.arange(len(position))
    return ChosenFrames(position, rows < 0, np.ones(len(rows)), rows, rows)


def _standing() -> np.ndarray:
    q = dependent_filled(SKELETON, SKELETON.coordinate_default[None])
    return station_positions(segment_poses(SKELETON, q), PLACES.body, PLACES.place)


@pytest.mark.parametrize("degrees", [0.0, 25.0, 90.0, 179.0, -120.0])
def test_a_turned_model_comes_back(degrees):
    """Whatever its heading and place, and with markers that are not seen."""
    position = _standing()
    position[0, 3] = np.nan
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.0, 1.0, 0.0])).as_matrix()
    moved = position @ turn.T + [3.0, 0.2, -7.0]
    np.testing.assert_allclose(
        face_template(_frames(moved), SKELETON, PLACES).position, position, atol=1e-9
    )


def test_the_shape_of_a_recording_is_kept():
    """Distances, and heights against each other: no tilt is taken out."""
    rng = np.random.default_rng(0)
    position = _standing() + rng.normal(0.0, 0.2, _standing().shape)
    found = face_template(_frames(position), SKELETON, PLACES).position
    apart, kept = (one[0] - one[0, :1] for one in (position, found))
    np.testing.assert_allclose(kept[:, 1], apart[:, 1], atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(kept, axis=1), np.linalg.norm(apart, axis=1), atol=1e-12
    )


PEOPLE = range(3)
PUT_ON = 0.010
"""How far a marker that is put on again is from where it was, each axis, m."""


@dataclass(frozen=True)
class Twice:
    """A person in two sessions: static trial and a run; another run with markers put on anew."""

    person: Made
    again: Shape
    both: BodyFit
    alone: tuple[BodyFit, BodyFit]
    sessions: tuple[Session, Session]


def _widened(recording: Recording, first: int, count: int) -> Recording:
    """A recording among the labels of both sessions."""
    width = recording.position.shape[1]
    position = np.full((len(recording.position), count, 3), np.nan)
    position[:, first : first + width] = recording.position
    return replace(recording, position=position)


def _put_on_again(person: Made, seed: int) -> tuple[Shape, Recording]:
    """The last run as it were with other places of the markers, and these."""
    rng, last = np.random.default_rng(100 + seed), len(person.recordings) - 1
    moved = person.truth.offset + rng.normal(0.0, PUT_ON, person.truth.offset.shape)
    again, markers = replace(person.truth, offset=moved), BodyMarkers(person.template)
    before, after = (markers.positions(one, person.q[last]) for one in (person.truth, again))
    recording = person.recordings[last]
    return again, replace(recording, position=recording.position + after - before)


def _twice(seed: int) -> Twice:
    person = made_person(seed)
    again, second = _put_on_again(person, seed)
    markers = person.template.markers
    count, names = len(markers.labels), markers.labels
    every = MarkerPlaces(
        tuple(f"{one}:{name}" for one in "AB" for name in names),
        np.tile(markers.body, 2),
        np.tile(markers.place, (2, 1)),
    )
    first = person.recordings[:-1]
    together = replace(
        person,
        template=replace(person.template, markers=every),
        recordings=(
            *(_widened(one, 0, 2 * count) for one in first),
            _widened(second, count, 2 * count),
        ),
        offset_sd=np.tile(person.offset_sd, (2, 1)),
    )
    alone = [fitted(replace(person, recordings=one)) for one in ((second,), first)]
    own = np.arange(count)
    sessions = (
        Session(names, own, np.arange(len(first))),
        Session(names, count + own, np.array([len(first)])),
    )
    return Twice(person, again, fitted(together), tuple(alone), sessions)


@pytest.fixture(scope="module")
def people() -> list[Twice]:
    return [_twice(seed) for seed in PEOPLE]


def test_both_sessions_have_one_body(people):
    """Lengths and their deviations, to the last digit but rounding."""
    for one in people:
        whole = {length.name: length for length in lengths(one.both)}
        for session in one.sessions:
            for length in lengths(session.fit_of(one.both)):
                assert length.length == whole[length.name].length
                assert length.sd == pytest.approx(whole[length.name].sd, rel=1e-9)
