"""One body from several sessions of a person, between which markers were put on anew."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from aqbio.body.body import BodyMarkers
from aqbio.body.fit import BodyFit
from aqbio.body.frames import Recording
from aqbio.body.posterior import lengths
from aqbio.body.sessions import Session
from aqbio.body.shape import MarkerPlaces, Shape
from tests.mechanics.calibration.made import Made, fitted, made_person
from validation.joint_distances import joint_distances

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


def test_markers_are_where_each_session_has_them(people):
    """What changed between sessions is told better than by half of it."""
    apart, missed = [], []
    for one in people:
        found = [
            one.person.template.shape(fit.state.theta[: fit.problem.shape_size]).offset
            for fit in (session.fit_of(one.both) for session in one.sessions)
        ]
        change = one.again.offset - one.person.truth.offset
        apart.append(change)
        missed.append(found[1] - found[0] - change)
    assert np.std(missed) < 0.5 * np.std(apart)


def test_a_static_trial_of_one_session_serves_the_other(people):
    """Lengths of all people together are nearer the truth than without it."""

    def error(fit: BodyFit, one: Twice) -> list[float]:
        truth = joint_distances(one.person.template, one.person.truth)
        return [length.length - truth[length.name] for length in lengths(fit)]

    both = np.concatenate([error(one.both, one) for one in people])
    alone = np.concatenate([error(one.alone[0], one) for one in people])
    assert np.sqrt(np.mean(both**2)) < np.sqrt(np.mean(alone**2))


def test_two_sessions_tell_more_than_each_alone(people):
    """Of the variance among people as odd: how odd a part is, each fit learns for itself."""
    for one in people:
        for alone in one.alone:
            said = {length.name: length.told for length in lengths(alone)}
            more = [length.told > said[length.name] for length in lengths(one.both)]
            assert np.mean(more) > 0.9


def test_one_session_is_the_whole(people):
    fit = people[0].alone[1]
    names, trials = fit.problem.template.markers.labels, np.unique(fit.problem.frames.trial)
    own = Session(names, np.arange(len(names)), trials).fit_of(fit)
    np.testing.assert_array_equal(own.covariance, fit.covariance)
    np.testing.assert_array_equal(own.state.theta, fit.state.theta)
    np.testing.assert_array_equal(own.weights, fit.weights)
    np.testing.assert_array_equal(own.problem.frames.trial, fit.problem.frames.trial)
