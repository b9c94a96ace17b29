"""What is said of a solved trial: marker errors, joint limits and jumps; both sides of limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.config import ModelMap, read_yaml
from aqbio.config.settings import Solve
from aqbio.inverse_kinematics.findings import (
    REMOVED_DEGREES,
    TOGETHER,
    _clock,
    arm_swings,
    motion_findings,
    removed_degrees,
    undetermined_findings,
)
from aqbio.inverse_kinematics.solution import JUMP_DEGREES, Solution, solution_findings
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers, spline_motion
from aqbio.observed.determined import coordinates_observed, frame_sd, range_sd, usual_covariance
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.signals import low_pass
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import DATA, SPRINTERS, load_library
from tests.stages.inverse_kinematics.conftest import marker_set

RATE = 250.0
START = 0.5
"""The first frame that is solved, s: 125 frames of the recording come before."""
SETTINGS = Solve()


@pytest.fixture
def told(runner):
    """Give the findings of a solution whose coordinates or markers were changed, by rule."""

    def findings(*, change=lambda q: q, away=None, lost=()):
        q = change(np.zeros((50, len(runner.coordinates))))
        time = START + np.arange(len(q)) / RATE
        positions = marker_positions(runner, q)
        if away is not None:
            positions = positions + away(positions.shape)
        markers = TrackedMarkers(time, runner.markers, positions, np.ones(len(runner.markers)))
        observed = Observed.everything(runner.bodies, len(q)).without(lost, "not seen by markers")
        unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
        motion = spline_motion(runner, time, q)
        solution = Solution(
            runner, markers, q, motion, np.zeros_like(q), xr.Dataset(), observed, unsaid
        )
        study = SimpleNamespace(
            settings=SimpleNamespace(solve=SETTINGS), marker_set=marker_set(runner)
        )
        return {one.rule: one for one in solution_findings(solution, "run", study)}

    return findings


def _column(runner, name):
    return runner.coordinates.index(name)


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_root_mean_square_of_the_marker_errors(told, share):
    """All markers off by one length: that is their root mean square."""
    found = told(away=lambda shape: np.full(shape, [0.0, share * SETTINGS.marker_rms_m, 0.0]))
    assert ("marker-rms" in found) is (share > 1.0)
    if share > 1.0:
        one = found["marker-rms"]
        assert one.number == pytest.approx(share * SETTINGS.marker_rms_m)
        assert one.limit == SETTINGS.marker_rms_m
        assert f"more than {1e3 * SETTINGS.marker_rms_m:.0f} mm" in one.what


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_the_farthest_marker_is_named_as_the_laboratory_names_it(told, runner, share):
    """One marker in one frame: far below the limit of the root mean square."""

    def away(shape):
        off = np.zeros(shape)
        off[7, runner.markers.index("foot_l1")] = [
            share * SETTINGS.marker_max_m, 0.0, 0.0,
        ]  # fmt: skip
        return off

    found = told(away=away)
    assert set(found) == ({"marker-max"} if share > 1.0 else set())
    if share > 1.0:
        one = found["marker-max"]
        assert one.label == "LABfoot_l1"
        assert one.what.startswith("marker LABfoot_l1 is up to")
        assert one.number == pytest.approx(share * SETTINGS.marker_max_m)


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_a_jump_is_told_with_its_coordinate_frame_and_markers(told, runner, share):
    """The limit is per frame at 250 Hz, which this trial has."""
    step = np.radians(share * JUMP_DEGREES)

    def change(q):
        q[20:, _column(runner, "forearm_l_z")] = step
        return q

    found = told(change=change)
    assert ("coordinate-jump" in found) is (share > 1.0)
    if share > 1.0:
        one = found["coordinate-jump"]
        assert one.where == "frame 146, 0.580 s"
        assert one.number == pytest.approx(share * JUMP_DEGREES)
        assert f"forearm_l_z by {share * JUMP_DEGREES:.0f} degrees at 0.580 s" in one.what
        assert "LABforearm_l0" in one.fix
    assert "coordinate-jump" not in told(change=change, lost=("forearm_l",))


@pytest.mark.parametrize("degrees", [-0.5, 0.5])
def test_a_joint_beyond_the_models_range(told, runner, degrees):
    """Five of 50 frames on either side of the upper end of the range."""
    column = _column(runner, "forearm_l_z")
    high = runner.coordinate_range[column, 1] + np.radians(degrees)

    def change(q):
        bell = np.minimum(np.clip(np.abs(np.arange(len(q)) - 25) - 2, 0, None) / 20.0, 1.0)
        q[:, column] = high * (1.0 - bell)
        return q

    found = told(change=change)
    assert ("joint-range" in found) is (degrees > 0.0)
    if degrees > 0.0:
        one = found["joint-range"]
        assert "forearm_l_z goes from" in one.what
        assert f"to {np.degrees(high):.0f} degrees" in one.what
        assert "; 5 of 50 frames)" in one.what
        assert (one.severity, one.number) == ("info", 1.0)


CHECKS_RATE, CUTOFF = 200.0, 20.0
MAP = read_yaml(Path(__file__).parents[3] / "models" / "sprint" / "map.yaml", ModelMap)
PEOPLE = {one.athlete.name: one.athlete for one in SPRINTERS}


def _solution(change=lambda q, names: q, *, cutoff=CUTOFF, lost=()) -> Solution:
    name = sorted(PEOPLE)[0]
    skeleton = athlete_skeleton(PEOPLE[name])
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    gait = gaits[min((one for one in gaits if name in str(one)), key=str)]
    time = np.arange(0.0, 1.0, 1.0 / CHECKS_RATE)
    q = change(gait.states(time)[0], skeleton.coordinates)
    motion = spline_motion(skeleton, time, low_pass(q, CHECKS_RATE, cutoff))
    markers = TrackedMarkers(time, (), np.zeros((len(time), 0, 3)), np.zeros(0))
    observed = Observed.everything(skeleton.bodies, len(time)).without(lost, NOT_SEEN)
    unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
    return Solution(skeleton, markers, q, motion, np.zeros_like(q), xr.Dataset(), observed, unsaid)


def _rules(solution, cutoff=CUTOFF):
    return [one.rule for one in motion_findings(solution, MAP, cutoff, "run")]


def _noisy(degrees):
    def change(q, names):
        noise = np.random.default_rng(0).normal(0.0, np.radians(degrees), q.shape)
        return q + noise

    return change


def _exchanged(q, names):
    left = [
        names.index(name)
        for name in names
        if name.startswith(("arm_", "elbow")) and name[-1] == "l"
    ]
    right = [names.index(f"{names[one][:-1]}r") for one in left]
    changed = q.copy()
    changed[:, left], changed[:, right] = q[:, right], q[:, left]
    return changed


def test_a_sound_motion_is_not_doubted():
    assert _rules(_solution()) == []
    assert removed_degrees(_solution()) < 0.7 * REMOVED_DEGREES
    assert max(arm_swings(_solution(), MAP)) < 0.0


@pytest.mark.parametrize(("degrees", "said"), [(0.25, []), (0.45, ["motion-noisy"])])
def test_noise(degrees, said):
    """White noise keeps √(1 − 20/100) of itself beyond 20 Hz at 200 Hz: 0.9 of it."""
    assert _rules(_solution(_noisy(degrees))) == said


def test_exchanged_arms():
    assert _rules(_solution(_exchanged)) == ["arms-in-phase"]
    assert min(arm_swings(_solution(_exchanged), MAP)) > TOGETHER


def test_arms_that_hardly_swing_say_nothing():
    def held(q, names):
        changed = _exchanged(q, names)
        for side in "lr":
            changed[:, names.index(f"arm_flex_{side}")] *= 0.02
        return changed

    assert _rules(_solution(held)) == []


@pytest.mark.parametrize(
    ("contacts", "known", "said"), [(1, True, []), (2, True, ["force-delay"]), (2, False, [])]
)
def test_a_late_force_needs_two_whole_contacts_and_all_frames(contacts, known, said):
    """A single hump says 8 to 12 ms of a jog whose clocks are 2.6 ms apart."""
    solution, step = _solution(), 0.35
    time, start = solution.markers.time, 0.1 + step * np.arange(contacts)
    events = {"touchdown": start, "toe_off": start + 0.25, "edge_distance": np.full(contacts, 0.2)}
    events |= {"foot": np.array(["left", "right"][:contacts]), "complete": start > 0.0}
    prepared = xr.Dataset({f"contact_{name}": ("contact", one) for name, one in events.items()})
    caused, late = (np.sin(np.pi * (time - 0.1 - by) / step) ** 2 for by in (0.0, 0.012))
    mass, gravity = solution.skeleton.mass.sum(), solution.skeleton.gravity
    force, acceleration = np.zeros((len(time), 2, 3)), np.tile(gravity, (len(time), 1))
    force[:, 0, 1], acceleration[:, 1] = 1500.0 * late, gravity[1] + 1500.0 * caused / mass
    force[60, 0, 1] += 0.0 if known else np.nan
    balance = SimpleNamespace(force=force, com_acceleration=acceleration)
    found = _clock(replace(solution, prepared=prepared), balance, "run")
    assert [one.rule for one in found] == said


@pytest.fixture(scope="module")
def run():
    return _solution()


def seen(solution, markers, frames=None):
    """The motion as some of the model's markers show it, the others in no frame or in some."""
    skeleton, q = solution.skeleton, solution.q_raw
    names = tuple(skeleton.markers) if frames is not None else tuple(markers)
    index = np.array([skeleton.markers.index(name) for name in names])
    positions = marker_positions(skeleton, q)[:, index]
    if frames is not None:
        hidden = ~np.isin(names, markers)
        positions[frames[:, None] & hidden] = np.nan
    covariance = usual_covariance(skeleton, q, index, positions)
    told = coordinates_observed(frame_sd(covariance), range_sd(skeleton))
    tracked = TrackedMarkers(solution.markers.time, names, positions, np.ones(len(names)))
    observed = solution.observed.determine(skeleton.coordinates, told, 0)
    return replace(solution, markers=tracked, observed=observed)


def without(solution, *hidden):
    return [name for name in solution.skeleton.markers if name not in hidden]


def test_the_toes_without_their_marker(run):
    """Of all landmarks the toe is the one that would have told."""
    [said] = undetermined_findings(seen(run, without(run, "RTOE")), MAP, "run")
    assert said.rule == "coordinate-unobservable"
    assert f"mtp_angle_r ({len(run.q_raw)} frames)" in said.what
    assert "mtp_angle_l" not in said.what
    assert "a marker on the right" in said.fix
    assert "toe" in said.fix


def test_frames_are_counted(run):
    frames = np.arange(len(run.q_raw)) < 30
    [said] = undetermined_findings(seen(run, without(run, "RTOE"), frames), MAP, "run")
    assert "mtp_angle_r (30 frames)" in said.what
