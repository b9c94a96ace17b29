"""Devices named by mean forces that fits leave: of all trials, a direction, a speed, or one."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.inverse_dynamics.findings import _far_parameters, structure_findings
from aqbio.inverse_dynamics.parameters import PARAMETERS, ParameterEstimate
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_dynamics.structure import (
    LABORATORY_SHARE_SD,
    TRIAL_SHARE_SD_S,
    mean_shares,
    residual_structure,
    trial_groups,
)
from aqbio.observed.misfit import usual_misfits

SPEEDS = [4.0, 4.1, 6.0, 6.1, 8.0, 8.1]
HEADINGS = [0.0, np.pi] * 3
NAMES = ["slow", "slow_back", "middle", "middle_back", "fast", "fast_back"]
DURATIONS = np.full(len(NAMES), 4.0)
GROUPS = trial_groups(SPEEDS, HEADINGS)

DEVICES = {
    "all trials": range(6),
    "the trials that run in one direction": (0, 2, 4),
    "the trials that run in the other direction": (1, 3, 5),
    "the trials at 6.0 m/s": (2, 3),
    "trial fast": (4,),
}


def sound_shares(seed: int, scale: float = 1.0) -> np.ndarray:
    """Mean forces of a sound session's trials, (N, 3), shares."""
    rng, shape = np.random.default_rng(seed), (len(NAMES), 3)
    own = rng.normal(size=shape) * TRIAL_SHARE_SD_S / DURATIONS[:, None]
    return scale * (own + rng.normal(size=3) * LABORATORY_SHARE_SD)


def named(shares: np.ndarray, names=NAMES, groups=GROUPS, durations=DURATIONS):
    """Devices of a session, by axis and what its trials have in common."""
    structures = residual_structure(shares, durations, names, groups)
    return {(structure.axis, structure.words): structure for structure in structures}


def test_groups_are_those_of_direction_and_speed():
    expected = {
        words: trials for words, trials in DEVICES.items() if not words.startswith("trial ")
    }
    for words, trials in expected.items():
        assert np.flatnonzero(GROUPS[words]).tolist() == list(trials), words
    assert len(GROUPS) == 6  # all, two directions, three speeds


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("axis", "share"), [(0, 0.0175), (2, -0.0175), (1, 0.02)])
def test_a_planted_device_is_named_and_nothing_else(device, axis, share):
    """A turn of one degree along or across the run, a gain of 2 %; beside half the usual errors."""
    shares = sound_shares(1, scale=0.5)
    shares[list(DEVICES[device]), axis] += share
    [(key, structure)] = named(shares).items()
    assert key == (axis, device)
    assert structure.trials == tuple(NAMES[trial] for trial in DEVICES[device])
    assert structure.share == pytest.approx(share, abs=0.006)
    assert structure.log_odds > np.log(20.0)
    [finding] = structure_findings("P1", [structure])
    assert (finding.rule, finding.where) == ("residual-structure", device)
    words = {0: "pitched by 1.", 1: "less than what carries the body", 2: "rolled by 1."}
    if axis != 1:
        words = {
            0: "as if plates or cameras were pitched",
            2: "as if plates or cameras were rolled",
        }
    assert words[axis] in finding.what


@pytest.mark.parametrize(("share", "severity"), [(-0.007, "info"), (0.02, "warning")])
def test_a_gain_that_laboratories_have_is_told_as_a_remark(share, severity):
    shares = np.zeros((6, 3))
    shares[4, 1] = share
    [structure] = named(shares).values()
    [finding] = structure_findings("P1", [structure])
    assert (finding.rule, finding.severity) == ("residual-structure", severity)


def test_sound_sessions_are_calm():
    """Of 400 sessions with the usual errors two in a hundred at most name a device."""
    number = sum(bool(named(sound_shares(seed))) for seed in range(400))
    assert number <= 0.02 * 400


def test_two_trials_that_differ_do_not_tell_which_one_is_off():
    """By speed, direction or by themselves: the odds are even, and that is said."""
    shares = np.array([[0.0, 0.0, 0.02], [0.0, 0.0, -0.02]])
    groups = trial_groups([4.0, 8.0], [0.0, 0.0])
    [structure] = residual_structure(shares, DURATIONS[:2], NAMES[:2], groups)
    assert structure.log_odds == pytest.approx(0.0, abs=1e-9)
    [finding] = structure_findings("P1", [structure])
    assert finding.rule == "residual-undecided"
    assert "explains it nearly as well (odds 1 to 1)" in finding.what


def test_a_single_trial_is_held_against_other_laboratories():
    shares = np.array([[0.02, 0.0, 0.0]])
    found = named(shares, ["run"], trial_groups([4.0], [0.3]), DURATIONS[:1])
    assert list(found) == [(0, "all trials")]


def test_short_trials_tell_less():
    """A mean over half a second is ten times as uncertain as over five."""
    shares = np.zeros((6, 3))
    shares[4, 2] = 0.01
    assert (2, "trial fast") in named(shares)
    assert named(shares, durations=np.where(np.array(NAMES) == "fast", 0.5, DURATIONS)) == {}


def fit_with(residual: np.ndarray) -> SimpleNamespace:
    """Fit of a trial at 5 m/s that leaves a force (T, 3), N, of 800 N."""
    time = np.arange(len(residual)) / 200.0
    wrench = SimpleNamespace(at=lambda time: (np.tile([0.0, 800.0, 0.0], (len(time), 1)),))
    return SimpleNamespace(
        observations=SimpleNamespace(time=time, clock=0.0, wrench=wrench, speed=5.0),
        measured=np.ones(len(time), dtype=bool),
        after=SimpleNamespace(force=residual),
    )


def test_a_trial_whose_forces_disagree_in_every_way_tells_less_of_a_tilt():
    """A constant force tells in full; beside twice the usual residual it counts for half the time.

    So was one of Hamner's runs called rolled by .4 degrees, whose residual was twice the usual one.
    """
    usual, still = 800.0 * usual_misfits(5.0)["force"].scale, np.tile([8.0, 0.0, 4.0], (800, 1))
    waves = np.where(np.arange(800) % 2, 1.0, -1.0)[:, None] * np.ones(3)
    for times, counted in ((0.0, 4.0), (0.9, 4.0), (2.0, 2.0), (4.0, 1.0)):
        shares, durations = mean_shares({"run": fit_with(still + times * usual * waves)})
        assert shares[0] == pytest.approx([0.01, 0.0, 0.005])
        assert durations[0] == pytest.approx(counted)


AIR = np.zeros((6, 3))
AIR[:, 0] = [0.007, 0.007, 0.013, 0.013, 0.023, 0.023]


@pytest.mark.parametrize("times", [0.0, 1.0, 2.0])
def test_air_that_drags_otherwise_is_no_tilt(times):
    """Neither no air nor a head wind that doubles its drag is a tilt; a tilt beside it is found."""
    shares = sound_shares(3, scale=0.1) + (times - 1.0) * AIR
    assert residual_structure(shares, DURATIONS, NAMES, GROUPS, AIR) == []
    assert residual_structure(shares, DURATIONS, NAMES, GROUPS) or times == 1.0
    tilted = shares + np.array([0.035, 0.0, 0.0])
    [structure] = residual_structure(tilted, DURATIONS, NAMES, GROUPS, AIR)
    assert (structure.axis, structure.words) == (0, "all trials")


@pytest.mark.parametrize("tilt", [0.0, 0.0175])
def test_a_tilt_of_all_plates_is_not_their_place(tilt):
    """It moves the pressure by its sine times the height of the centre of mass."""
    [offset] = [replace(x, on=True) for x in PARAMETERS if x.name == "cop_offset_z"]
    session = Session(None, {}, {}, ())
    session.fits = dict.fromkeys(NAMES)
    session.estimates = (ParameterEstimate(offset, -0.019, 0.005),)
    session.structures = residual_structure(
        np.full((6, 3), [0.0, 0.0, tilt]), DURATIONS, NAMES, GROUPS
    )
    [finding] = _far_parameters("P1", session)
    assert finding.rule == ("parameter-undecided" if tilt else "parameter-far")
