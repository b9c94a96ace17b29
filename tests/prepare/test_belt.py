"""Speed of a belt by closed forms: from the feet that stand on it, and with a stated speed."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory
from aqbio.io.recording import Recording
from aqbio.prepare.belt import (
    FOOT_ERROR,
    STATED_ERROR,
    Belt,
    Stance,
    belt_of_feet,
    stated_belt,
    with_stated,
)
from aqbio.prepare.events_from_markers import marker_events
from aqbio.prepare.ground import foot_markers, running_ground
from aqbio.prepare.notes import Notes
from tests import made_run

RATE, STEP_S, CONTACT_S, CONTACTS = 200.0, 0.25, 0.12, 12
TIME = np.arange(round((CONTACTS * STEP_S + 0.3) * RATE)) / RATE
STANCES = [
    Stance(number % 2, 0.1 + number * STEP_S, 0.1 + number * STEP_S + CONTACT_S)
    for number in range(CONTACTS)
]
MIDDLES = np.array([stance.middle for stance in STANCES])
BACKWARD = np.array([-6.0, 0.0, 0.8])
"""Median velocity of standing feet, m/s: its direction is the belt's."""

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))


def toes(way: np.ndarray) -> list[np.ndarray]:
    """Two forefoot markers (T, 2, 3) of each foot on a belt that has gone a ``way`` (T,), m."""
    direction = BACKWARD / np.linalg.norm(BACKWARD)
    path = way[:, None, None] * direction + np.array([[0.2, 0.03, 0.0], [0.1, 0.03, 0.05]])
    return [path.copy(), path + np.array([0.0, 0.0, 0.2])]


def during(stance: Stance) -> np.ndarray:
    """Frames (T,) of a contact."""
    return (stance.start <= TIME) & (stance.end >= TIME)


def belt(way: np.ndarray) -> Belt:
    return belt_of_feet(toes(way), STANCES, RATE, BACKWARD)


@pytest.mark.parametrize(("start", "gain"), [(6.0, 0.0), (5.0, 0.9), (7.0, -0.6)])
def test_a_belt_that_speeds_up_has_the_speed_of_each_contact(start, gain):
    """A line through a parabola about the middle of a contact has the speed in the middle."""
    found = belt(start * TIME + 0.5 * gain * TIME**2)
    np.testing.assert_allclose(found.time, MIDDLES)
    np.testing.assert_allclose(found.speed, start + gain * MIDDLES, atol=0.01)
    np.testing.assert_allclose(found.at(MIDDLES + 0.5 * STEP_S)[:-1],
                               0.5 * (found.speed[1:] + found.speed[:-1]))  # fmt: skip
    assert found.at(np.array([-1.0, 9.0])).tolist() == [found.speed[0], found.speed[-1]]
    assert found.keeps_speed == (gain == 0.0)
    expected = f"{found.speed.min():.2f} to {found.speed.max():.2f}" if gain else "6.00"
    assert found.words() == expected


def test_markers_that_come_and_go_do_not_matter_and_a_foot_that_swings_does_not_stand():
    paths = toes(6.0 * TIME)
    paths[0][::3, 0] = np.nan  # seen in two of three frames
    paths[1][:, 1] = np.nan
    third = during(STANCES[2])
    paths[0][third] += (14.0 * (TIME[third] - MIDDLES[2]))[:, None, None] * [1.0, 0.0, 0.0]
    paths[1][during(STANCES[5])] = np.nan
    found = belt_of_feet(paths, STANCES, RATE, BACKWARD)
    np.testing.assert_allclose(found.time, np.delete(MIDDLES, [2, 5]))
    np.testing.assert_allclose(found.speed, 6.0)


def test_a_belt_on_which_no_foot_stands_is_hardly_known():
    found = belt_of_feet(toes(20.0 * TIME), STANCES, RATE, BACKWARD)
    assert found.mean == pytest.approx(np.linalg.norm(BACKWARD))
    assert found.sd_at(TIME).min() > 2.0


@pytest.mark.parametrize("noise_m", [0.0003, 0.001])
def test_errors_of_contacts_are_those_that_noise_makes(noise_m):
    """Feet 0.5 % off and noise on markers: about the mean, errors of 40 belts have that size."""
    rng, scores = np.random.default_rng(3), []
    for _ in range(40):
        paths = toes(6.0 * TIME)
        for stance in STANCES:
            inside = during(stance)
            slower = FOOT_ERROR * 6.0 * rng.normal()
            direction = BACKWARD / np.linalg.norm(BACKWARD)
            shift = slower * (TIME[inside] - stance.middle)
            paths[stance.foot][inside] += shift[:, None, None] * direction
        paths = [path + rng.normal(0.0, noise_m, (len(TIME), 1, 3)) for path in paths]
        found = belt_of_feet(paths, STANCES, RATE, BACKWARD)
        scores += ((found.speed - found.mean) / found.error).tolist()
        assert abs(found.mean - 6.0) < 3.0 * found.common_error
    assert np.std(scores) == pytest.approx(np.sqrt(1.0 - 1.0 / CONTACTS), abs=0.1)


def giving(dip: float, spread: float, seed: int = 0) -> np.ndarray:
    """Speeds (T,) of a belt of 5 m/s that dips in every contact and recovers until its end."""
    rng, speed = np.random.default_rng(seed), np.full(len(TIME), 5.0)
    for stance in STANCES:
        inside = during(stance)
        share = (TIME[inside] - stance.start) / (stance.end - stance.start)
        speed[inside] -= (dip + spread * rng.normal()) * np.sin(np.pi * share) ** 2
    return speed


def way_of(speed: np.ndarray) -> np.ndarray:
    return np.concatenate(([0.0], np.cumsum(0.5 * (speed[1:] + speed[:-1])) / RATE))


@pytest.mark.parametrize("seed", range(8))
def test_a_belt_that_gives_way_is_known_as_far_as_its_contacts_agree(seed):
    """The error holds what it recovers; a stated speed tells it, and moves all contacts alike."""
    speed = giving(0.45, 0.2, seed)
    found, true = belt(way_of(speed)), float(speed.mean())
    assert abs(found.mean - true) < 2.0 * found.common_error
    assert found.common_error > 0.15
    combined, probability = with_stated(found, true)
    assert probability > 0.9
    assert combined.mean == pytest.approx(true, abs=2.0 * combined.common_error)
    assert combined.mean == pytest.approx(true, abs=0.1)
    np.testing.assert_allclose(np.diff(combined.speed), np.diff(found.speed))
    assert combined.common_error < 0.7 * found.common_error


def test_what_a_belt_recovers_is_expected_in_the_mean():
    """Nearer to its speed over strides than feet in mid-contact are, over 30 belts."""
    off, in_contact = [], []
    for seed in range(30):
        speed = giving(0.45, 0.3, seed)
        found = belt(way_of(speed))
        off.append(found.mean - speed.mean())
        middles = [speed[np.abs(TIME - at).argmin()] for at in MIDDLES]
        in_contact.append(np.mean(middles) - speed.mean())
    assert abs(np.mean(off)) < 0.5 * abs(np.mean(in_contact))


def test_a_stated_speed_moves_a_belt_within_its_error_and_never_at_once():
    """A prior: between feet and sheet where they are near, the feet's where they are far apart."""
    found = belt(6.0 * TIME)
    stated = np.linspace(4.0, 12.9, 4001)
    means = np.array([with_stated(found, speed)[0].mean for speed in stated])
    near = np.abs(stated - 6.0) < 0.06
    assert np.all((means[near] - 6.0) * (stated[near] - 6.0) >= 0.0)
    assert np.all(np.abs(means - 6.0) <= np.abs(stated - 6.0) + 1e-12)
    assert np.abs(np.diff(means)).max() < 1.5 * np.diff(stated)[0]  # no cliff
    assert np.abs(means - 6.0).max() < 2.0 * found.common_error
    np.testing.assert_allclose(means[np.abs(stated - 6.0) > 0.6], 6.0, atol=1e-3)


@pytest.mark.parametrize("stated", [5.0, 6.5, 7.9])
def test_a_stated_speed_of_a_belt_that_speeds_up_moves_no_contact(stated):
    """It may be that of any instant, and the feet of each contact know better."""
    found = belt(5.0 * TIME + 0.5 * 0.9 * TIME**2)
    combined, probability = with_stated(found, stated)
    np.testing.assert_allclose(combined.speed, found.speed, atol=0.01)
    assert probability > 0.5


def test_belts_that_no_foot_shows():
    known = stated_belt(4.0)
    assert (known.mean, known.sd_at(TIME)[0]) == (4.0, STATED_ERROR * 4.0)
    assert (stated_belt(0.0).mean, stated_belt(0.0).sd_at(TIME)[0]) == (0.0, 0.0)


def moving_run(speed: np.ndarray) -> Recording:
    """The made run on a belt of speeds (T,) m/s; the runner stays in place."""
    way = np.concatenate(([0.0], np.cumsum(0.5 * (speed[1:] + speed[:-1])))) / made_run.FRAME_RATE
    positions = made_run.markers()
    positions[..., 0] -= way[:, None]
    return Recording(made_run.LABELS, positions, made_run.FRAME_RATE)


def _ground(speed: np.ndarray, stated: float | None):
    notes = Notes("fast", "P1", "fast.trc", "fast.mot")
    trial = Trial(
        participant_id="P1", trial_id="fast", task="run", file="run.trc", belt_speed_mps=stated
    )
    run = moving_run(speed)
    ground = running_ground(run, None, trial, MARKER_SET, Laboratory(), notes)
    return run, ground, [(finding.rule, finding.severity) for finding in notes.findings]


FRAMES = np.arange(round(made_run.SECONDS * made_run.FRAME_RATE)) / made_run.FRAME_RATE


@pytest.mark.parametrize("stated", [None, 8.0, 9.0])
def test_a_run_on_a_belt_that_speeds_up(stated):
    """Speeds of its contacts, a word about it, and events as on a runway, to half a frame."""
    speed = 7.0 + 1.2 * FRAMES
    run, ground, said = _ground(speed, stated)
    assert ground.surface == "treadmill"
    assert said == [("belt-changes", "info")]
    middles = np.array([contact.touchdown for contact in made_run.known_contacts()])
    middles += 0.5 * made_run.CONTACT
    np.testing.assert_allclose(
        ground.belt.at(middles), np.interp(middles, FRAMES, speed), rtol=0.005
    )
    still = Recording(run.labels, made_run.markers(), run.rate)
    events = {}
    for name, recording in (("belt", run), ("runway", still)):
        feet = foot_markers(recording.labels, recording.positions, MARKER_SET)
        on = ground if name == "belt" else _runway(still)
        found = marker_events(feet, recording, on, MARKER_SET).contacts
        events[name] = np.array([(contact.touchdown, contact.toe_off) for contact in found])
    np.testing.assert_allclose(events["belt"], events["runway"], atol=0.5 / run.rate)


def _runway(still: Recording):
    notes = Notes("fast", "P1", "fast.trc", "fast.mot")
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="run.trc")
    return running_ground(still, None, trial, MARKER_SET, Laboratory(), notes)


def test_kilometres_per_hour_are_proposed():
    notes = Notes("fast", "P1", "fast.trc", "fast.mot")
    trial = Trial(
        participant_id="P1", trial_id="fast", task="run", file="run.trc", belt_speed_mps=12.6
    )
    slow = Recording(
        made_run.LABELS, moving_run(np.full(len(FRAMES), 8.0)).positions, made_run.FRAME_RATE * 0.44
    )
    ground = running_ground(slow, None, trial, MARKER_SET, Laboratory(surface="treadmill"), notes)
    [question] = [finding for finding in notes.findings if finding.rule == "belt-speed"]
    assert ground.belt_speed == pytest.approx(3.52, rel=0.001)
    assert "in km/h it would be 3.50 m/s: write that" in question.fix
