"""Frames, poses and motion of a trial: golden findings on both sides of every limit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.body.priors import posture_sd
from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Solve
from aqbio.errors import AqbioError
from aqbio.filters import low_pass
from aqbio.inverse_kinematics.findings import (
    arm_swings,
    force_findings,
    motion_findings,
    removed_degrees,
    undetermined_findings,
)
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.pose import (
    pose_faults,
    pose_finding,
    refuse_without_pose,
    wandering_labels,
    without_faults,
)
from aqbio.inverse_kinematics.solution import Solution, solution_findings, solved_dataset
from aqbio.inverse_kinematics.stage import refuse_without_contact, tracked_markers
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import marker_positions, segment_kinematics, segment_motion
from aqbio.multibody.motion import TrackedMarkers, spline_motion
from aqbio.observed.determined import coordinates_observed, frame_sd, range_sd, usual_covariance
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.prepare.prepared import MEASURED
from aqbio.rotation.level_a import level_a
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import DATA, SPRINTERS, load_library
from tests.body.made import MAP
from tests.case_lines import case_lines, read_cases
from tests.golden import differences
from tests.inverse_kinematics.conftest import STICK_MARKERS

UNSAID = "not seen by markers"


LABELS, FRAMES = [f"M{i}" for i in range(12)], 60
TRIAL = Trial(participant_id="P1", trial_id="fast", task="run", file="fast.c3d")


def _marker_set(**changes) -> MarkerSet:
    foot = {"heel": "M0", "toe": ["M1"]}
    return MarkerSet.model_validate(
        {
            "name": "made", "source": "none", "feet": {"left": foot, "right": foot},
            "pelvis": {"front": ["M0"], "back": ["M1"]},
            "markers": {label: {"body": "pelvis"} for label in LABELS} | changes,
        }
    )  # fmt: skip


OTHER_MARKER_SET = _marker_set(
    M2={"body": "pelvis", "static_only": True}, M3={"body": "pelvis", "weight": 0},
    M4={"body": "pelvis", "weight": 2.5}, X={"body": "pelvis"}, Y={"body": "pelvis", "model": "Z"},
)  # fmt: skip


def frames(gaps=(), contacts=(), rate=250.0, on_model=12, back=None, *, other_set=False):
    """Markers of 60 frames, of which some are not seen (first, stop, how many markers)."""
    touchdown, toe_off = np.reshape(contacts, (-1, 2)).T
    labels = [*LABELS, "X", "Y", "*52"] if other_set else LABELS
    positions = np.random.default_rng(0).normal(size=(FRAMES, len(labels), 3))
    for first, stop, count in gaps:
        positions[first:stop, :count] = np.nan
    if back is not None:
        positions[back] = 0.1
    prepared = xr.Dataset(
        {
            "marker_raw": (("time", "marker", "axis"), positions),
            "contact_touchdown": ("contact", touchdown),
            "contact_toe_off": ("contact", toe_off),
        },
        coords={"time": np.arange(FRAMES) / rate, "marker": labels},
    )
    study = SimpleNamespace(
        marker_set=OTHER_MARKER_SET if other_set else _marker_set(), marker_file="markers.yaml"
    )
    model = SimpleNamespace(markers=(*LABELS[:on_model], *["Z"] * other_set))
    tracked, messages = tracked_markers(study, prepared, model, TRIAL)
    ends = f"{tracked.time[0]:.3f} to {tracked.time[-1]:.3f} s, {len(tracked.time)} frames"
    return [ends, " ".join(tracked.names), tracked.weights, tracked.positions, *messages]


def reached(begin: float, end: float, contacts=((0.30, 0.42), (0.44, 0.55))):
    touchdown, toe_off = np.reshape(contacts, (-1, 2)).T
    prepared = xr.Dataset({"contact_touchdown": ("contact", touchdown),
                           "contact_toe_off": ("contact", toe_off)})  # fmt: skip
    return refuse_without_contact(prepared, np.linspace(begin, end, 50), TRIAL)


RATE, CUTOFF = 200.0, 20.0
PEOPLE = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}


def sprint(noise=0.0, exchanged=None, hidden=()) -> Solution:
    """A second of a virtual sprinter, with noise in degrees or the arms' angles exchanged.

    White noise keeps √(1 − 20/100) of itself beyond 20 Hz at 200 Hz: 0.9 of it.
    """
    name = sorted(PEOPLE)[0]
    skeleton = athlete_skeleton(PEOPLE[name])
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    gait = gaits[min((candidate for candidate in gaits if name in str(candidate)), key=str)]
    time = np.arange(0.0, 1.0, 1.0 / RATE)
    q = gait.states(time)[0].copy()
    if exchanged is not None:
        names = skeleton.coordinates
        arm = [
            coordinate[:-1]
            for coordinate in names
            if coordinate.startswith(("arm_", "elbow")) and coordinate[-1] == "l"
        ]
        left, right = ([names.index(coordinate + side) for coordinate in arm] for side in "lr")
        q[:, left], q[:, right] = q[:, right], q[:, left]
        q[:, [names.index(f"arm_flex_{side}") for side in "lr"]] *= exchanged
    q += np.random.default_rng(0).normal(0.0, np.radians(noise), q.shape)
    return solution_of(skeleton, time, q, low_pass(q, RATE, CUTOFF), hidden=hidden, reason=NOT_SEEN)


def solution_of(
    skeleton, time, q, smooth, *, positions=None, hidden=(), reason=UNSAID, from_markers=True
):
    """The solution of a motion, whose markers are perhaps known."""
    names = () if positions is None else skeleton.markers
    positions = np.zeros((len(time), 0, 3)) if positions is None else positions
    markers = TrackedMarkers(time, names, positions, np.ones(len(names)))
    observed = Observed.complete(skeleton.bodies, len(time)).without(hidden, reason)
    unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
    motion = spline_motion(skeleton, time, smooth)
    forces = np.zeros_like(q)
    return Solution(
        skeleton, markers, q, motion, forces, xr.Dataset(), observed, unsaid, from_markers
    )


def moved(**options):
    solution = sprint(**options)
    findings = motion_findings(solution, MAP, CUTOFF, "run")
    return [*findings, removed_degrees(solution), *arm_swings(solution, MAP)]


def posture(hips: list[str]) -> np.ndarray:
    marker_set = SimpleNamespace(pelvis=SimpleNamespace(hips=hips))
    return np.degrees(posture_sd(sprint().skeleton, MAP, marker_set))


def _later(time, values, late):
    return np.stack([np.interp(time - late, time, component) for component in values.T], axis=1)


def forced(
    late=0.0, contacts=2, *, has_force=True, flipped_share=0.0, angles=False, hidden=(), lag=0.0
):
    """Forces of a sprinter that follow from the motion, later than it or with a flipped moment."""
    solution = replace(sprint(hidden=hidden), from_markers=not angles)
    time, step = solution.markers.time, 0.22
    start = 0.1 + step * np.arange(contacts)
    events = {"touchdown": start, "toe_off": start + 0.12, "edge_distance": 0.2 + 0.0 * start}
    events |= {"foot": np.resize(["left", "right"], contacts), "complete": start > 0}
    variables = {f"contact_{name}": ("contact", values) for name, values in events.items()}
    skeleton, motion = solution.skeleton, solution.motion
    moves = segment_motion(skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot))
    origin, none = np.zeros(3), np.zeros((len(time), 3))
    quiet = (ExternalLoad(0, none, none, origin), ExternalLoad(1, none, none, origin))
    balance = level_a(moves, quiet, gravity=skeleton.gravity)
    force = moves.mass.sum() * (balance.com_acceleration - skeleton.gravity)
    force = _later(time, force, late)
    force[60, 1] += 0.0 if has_force else np.nan
    free = balance.residual_moment * [0.0, 1.0 - 2.0 * flipped_share, 0.0]
    com = np.einsum("b,tbi->ti", moves.mass / moves.mass.sum(), moves.com)
    if lag:  # pressure and free moment are late as well
        com, free = _later(time, com, late), _later(time, free, late)
    loads = (ExternalLoad(0, force, np.cross(com, force) + free, origin), quiet[1])
    attributes = {"free_moment": MEASURED, "surface_height": 0.0, "force_lag": lag}
    prepared = xr.Dataset(variables, attrs=attributes)
    return force_findings(replace(solution, prepared=prepared), loads, "run")


@pytest.mark.parametrize("late", [-0.02, 0.02])
def test_the_sign_of_the_free_moment_is_judged_on_the_clock_of_the_motion(late):
    """A lag that is known changes nothing of what a flipped moment does to the body."""
    [as_made], _ = forced(flipped_share=1.0)
    [shifted], _ = forced(late, flipped_share=1.0, lag=late)
    assert shifted.rule == as_made.rule == "free-moment-sign"
    assert shifted.number == pytest.approx(as_made.number, abs=0.02)


def observed_motion(hidden=(), frames=None, *, angles=False):
    """The motion as markers show it, some of which are not worn, or not seen at first."""
    solution = sprint()
    skeleton, q = solution.skeleton, solution.q_raw
    names = tuple(marker for marker in skeleton.markers if frames or marker not in hidden)
    index = np.array([skeleton.markers.index(name) for name in names])
    positions = marker_positions(skeleton, q)[:, index]
    positions[:frames, np.isin(names, hidden)] = np.nan
    covariance = usual_covariance(skeleton, q, index, positions)
    told_by = coordinates_observed(frame_sd(covariance), range_sd(skeleton))
    tracked = TrackedMarkers(solution.markers.time, names, positions, np.ones(len(names)))
    observed = solution.observed.determine(skeleton.coordinates, told_by, 0)
    observed_solution = replace(
        solution, markers=tracked, observed=observed, from_markers=not angles
    )
    data = solved_dataset(observed_solution, told_by)
    written = (data[name].values for name in ("generalised_force", "marker_error"))
    return [*undetermined_findings(observed_solution, MAP, "run"), *written]


def golden(about, *makers):
    cases = read_cases(Path(__file__).with_name("limits.yaml"), about, makers)
    return differences(f"inverse_kinematics/{about}", case_lines(cases))


def test_golden_words_of_frames_and_motions():
    assert golden("frames", frames, reached) == []
    assert golden("motion", moved, forced, posture, observed_motion) == []


def test_golden_words_of_solutions(runner):
    """A stick runner whose coordinates or markers are off by just less and more than allowed."""
    forearm, toe = runner.coordinates.index("forearm_l_z"), runner.markers.index("foot_l1")
    high = runner.coordinate_range[forearm, 1]

    def stick(
        offset_all=0.0, offset_one=0.0, jump=0.0, at=20, beyond=None, hidden=(), *, angles=False
    ):
        """Five of 50 frames lie on either side of the upper end of the range."""
        q = np.zeros((50, len(runner.coordinates)))
        q[at:, forearm] = np.radians(jump)
        if beyond is not None:
            shape = np.clip(np.abs(np.arange(len(q)) - 25) - 2, 0, None) / 20.0
            q[:, forearm] = (high + np.radians(beyond)) * (1.0 - np.minimum(shape, 1.0))
        positions = marker_positions(runner, q)
        positions[..., 1] += offset_all
        positions[7, toe, 0] += offset_one
        time = 0.5 + np.arange(len(q)) / 250.0
        solution = solution_of(
            runner, time, q, q, positions=positions, hidden=hidden, from_markers=not angles
        )
        return solution_findings(solution, "run", STICK_MARKERS, Solve())

    assert golden("solutions", stick) == []


def test_golden_impossible_poses(runner, running, solved):
    """Limbs bent backwards, markers far from the model, in some frames or in all."""
    bare = runner.marker_position.copy()
    for name, height in (("arm_r", -0.3), ("forearm_r", -0.25)):
        of_segment = [index for index, marker in enumerate(runner.markers) if marker[:-1] == name]
        bare[of_segment] = [0.0, height, 0.0]
    one_each = replace(runner, marker_position=bare)

    def pose(
        bent=(), offsets=None, frames=None, frame_step=4, *,
        sparse=False, straight=False, hidden=(), from_file=False,
    ):  # fmt: skip
        """With the right elbow backwards the upper arm turns: elbow and wrist stay."""
        skeleton, true = one_each if sparse else runner, running[::frame_step]
        q = true.copy()
        for name in bent:
            q[:frames, runner.coordinates.index(name)] *= -1.0
        q[:frames, runner.coordinates.index("arm_r_y")] += np.pi * ("forearm_r_z" in bent)
        positions = marker_positions(skeleton, true if sparse or straight else q)
        for parts, shift in (offsets or {}).items():
            is_moved = [
                bool({marker[:-1], marker.split("_")[0]} & {*parts.split()})
                for marker in runner.markers
            ]
            size = is_moved * (
                1.0 + 1e-3 * np.arange(len(is_moved))
            )  # which is farthest is no chance
            positions[:frames] += np.array(shift) * size[:, None]
        solution = solved(q, positions, skeleton=skeleton, hidden=hidden, from_file=from_file)
        faults = pose_faults(solution)
        if not faults:
            return [
                float(solution.errors.max(initial=0.0)),
                without_faults(solution, []).mask.all(),
            ]
        lines = [
            pose_finding(solution, faults, "run"),
            *without_faults(solution, faults).lost_segments(),
        ]
        lines += [f"{fault.group}: {fault.reason}, {fault.frames.sum()} frames" for fault in faults]
        try:
            refuse_without_pose(solution, faults, faults, "run")
        except AqbioError as error:
            lines.append(f"refused: {error.rule}: {error.what}")
        return lines

    assert golden("poses", pose) == []


@pytest.mark.parametrize(("noise_m", "is_named"), [(0.0005, False), (0.013, True)])
def test_noise_is_named_as_the_cause_of_an_impossible_pose(
    runner, running, solved, noise_m, is_named
):
    """Paths that are noise are not called exchanged labels; an SD is stated within a fifth."""
    q = running.copy()
    q[:, runner.coordinates.index("forearm_r_z")] *= -1.0
    positions = marker_positions(runner, running)
    arm = [n for n, name in enumerate(runner.markers) if name.startswith(("arm_r", "forearm_r"))]
    random = np.random.default_rng(5)
    positions[:, arm] += noise_m * random.standard_normal((len(q), len(arm), 3))
    pose = solved(q, positions)
    finding = pose_finding(pose, pose_faults(pose), "run")
    assert ("scatter from frame to frame" in finding.what) == is_named
    assert ("exchanged" in finding.fix) != is_named
    sizes = [float(size) for size in re.findall(r"(\d+) mm[,) ]", finding.what.split("(SD)")[0])]
    if is_named:
        assert len(sizes) == len(arm)
        assert np.allclose(sizes, 1e3 * noise_m, rtol=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_labels_that_wander_are_left_out_where_they_do(runner, running, solved, seed):
    """One label elsewhere for some frames, or two exchanged: the pose is that of the sound run."""
    random, sound = np.random.default_rng(seed), marker_positions(runner, running[::4])
    first, stop = sorted(random.choice(np.arange(2, 28), 2, replace=False))
    limbs = [
        n for n, marker in enumerate(runner.markers) if marker.startswith(("foot", "shank", "arm"))
    ]
    labels = random.choice(limbs, 1 + seed % 2, replace=False).tolist()
    positions = sound.copy()
    positions[first:stop, labels] = positions[first:stop, labels[::-1]]
    if len(labels) == 1:
        positions[first:stop, labels[0]] += 0.3 * np.eye(3)[seed % 3]

    def solve(markers):
        index = np.array([runner.markers.index(name) for name in markers.names])
        return inverse_kinematics(runner, markers.positions, index, markers.weights)

    pose = solved(positions=positions)
    pose = replace(pose, q=solve(pose.markers))
    off, findings = wandering_labels(pose, solve, "run")
    expected = np.zeros_like(off)
    expected[first:stop, labels] = True
    np.testing.assert_array_equal(off, expected)
    assert {finding.rule for finding in findings} == {"label-wanders"}
    assert {finding.label for finding in findings} == {pose.labels[finding] for finding in labels}
    assert not wandering_labels(solved(), solve, "run")[0].any()
