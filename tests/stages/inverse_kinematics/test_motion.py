"""Frames, poses and motion of a trial: what is said on both sides of every limit is golden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.body.priors import posture_sd
from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Solve
from aqbio.contributions.level_a import level_a
from aqbio.errors import AqbioError
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
from aqbio.signals import low_pass
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import DATA, SPRINTERS, load_library
from tests.golden import differences
from tests.mechanics.calibration.made import MAP
from tests.stages.inverse_kinematics.conftest import STICK_MARKERS
from tests.stages.told import told

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


def _frames(
    gone=(), *, contacts=(), rate=250.0, labels=LABELS, markers=None, on_model=LABELS, back=()
) -> Callable[[], object]:
    """Markers of 60 frames, of which some are not seen (frames, how many markers)."""
    touchdown, toe_off = np.reshape(contacts, (-1, 2)).T
    positions = np.random.default_rng(0).normal(size=(FRAMES, len(labels), 3))
    for frames, count in gone:
        positions[frames, :count] = np.nan
    for frame in back:
        positions[frame] = 0.1
    prepared = xr.Dataset(
        {
            "marker_raw": (("time", "marker", "axis"), positions),
            "contact_touchdown": ("contact", touchdown),
            "contact_toe_off": ("contact", toe_off),
        },
        coords={"time": np.arange(FRAMES) / rate, "marker": list(labels)},
    )
    study = SimpleNamespace(marker_set=markers or _marker_set(), marker_file="markers.yaml")

    def work():
        model = SimpleNamespace(markers=tuple(on_model))
        found, said = tracked_markers(study, prepared, model, TRIAL)
        ends = f"{found.time[0]:.3f} to {found.time[-1]:.3f} s, {len(found.time)} frames"
        return [ends, " ".join(found.names), found.weights, found.positions, *said]

    return work


def _reached(begin: float, end: float, contacts=((0.30, 0.42), (0.44, 0.55))):
    touchdown, toe_off = np.reshape(contacts, (-1, 2)).T
    prepared = xr.Dataset({"contact_touchdown": ("contact", touchdown),
                           "contact_toe_off": ("contact", toe_off)})  # fmt: skip
    return lambda: refuse_without_contact(prepared, np.linspace(begin, end, 50), TRIAL)


OTHER = _marker_set(
    M2={"body": "pelvis", "static_only": True}, M3={"body": "pelvis", "weight": 0},
    M4={"body": "pelvis", "weight": 2.5}, X={"body": "pelvis"}, Y={"body": "pelvis", "model": "Z"},
)  # fmt: skip
HOLE = (slice(25, 30), 5)
CHOSEN = {
    "all": _frames(),
    "static, weightless, heavy and unknown": _frames(
        labels=[*LABELS, "X", "Y", "*52"], markers=OTHER, on_model=[*LABELS, "Z"]
    ),
    "9 on the model": _frames(on_model=LABELS[:9]),
    "10 on the model": _frames(on_model=LABELS[:10]),
    "lost at both ends": _frames([(slice(7), 5), (slice(56, None), 12)]),
    "a stray frame": _frames([(slice(40, None), 12)], contacts=[(0.02, 0.1)], back=[55]),
    "a hole behind the contact": _frames([HOLE], contacts=[(0.01, 0.07)]),
    "a hole before the contact": _frames([HOLE], contacts=[(0.15, 0.22)]),
    "a hole in the contact": _frames([HOLE], contacts=[(0.06, 0.19)]),
    "a hole and no contact": _frames([HOLE]),
    "a hole and half an event": _frames([HOLE], contacts=[(np.nan, 0.22), (0.02, np.nan)]),
    **{
        f"{count} frames at {rate} Hz": _frames([(slice(count, None), 12)], rate=rate)
        for rate, count in ((60.0, 6), (60.0, 5), (250.0, 25), (250.0, 24))
    },
    "nothing": _frames([(slice(None), 12)]),
    **{f"used from {a} to {b}": _reached(a, b)
       for a, b in ((0.0, 0.29), (0.0, 0.31), (0.41, 0.45), (0.54, 1.0), (0.56, 1.0))},
    "used without contacts": _reached(0.0, 1.0, ()),
}  # fmt: skip


RATE, CUTOFF = 200.0, 20.0
PEOPLE = {one.athlete.name: one.athlete for one in SPRINTERS}


def sprint(change=lambda q, names: q, *, cutoff=CUTOFF, lost=()) -> Solution:
    """A second of a virtual sprinter."""
    name = sorted(PEOPLE)[0]
    skeleton = athlete_skeleton(PEOPLE[name])
    gaits = load_library(DATA / "gait_library.npz", PEOPLE)
    gait = gaits[min((one for one in gaits if name in str(one)), key=str)]
    time = np.arange(0.0, 1.0, 1.0 / RATE)
    q = change(gait.states(time)[0], list(skeleton.coordinates))
    return made(skeleton, time, q, low_pass(q, RATE, cutoff), lost=lost, reason=NOT_SEEN)


def made(skeleton, time, q, smooth, *, positions=None, lost=(), reason=UNSAID, from_markers=True):
    """The solution of a motion, whose markers are perhaps known."""
    names = () if positions is None else skeleton.markers
    positions = np.zeros((len(time), 0, 3)) if positions is None else positions
    markers = TrackedMarkers(time, names, positions, np.ones(len(names)))
    observed = Observed.everything(skeleton.bodies, len(time)).without(lost, reason)
    unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
    motion = spline_motion(skeleton, time, smooth)
    forces = np.zeros_like(q)
    return Solution(
        skeleton, markers, q, motion, forces, xr.Dataset(), observed, unsaid, from_markers
    )


def _noisy(degrees):
    """White noise keeps √(1 − 20/100) of itself beyond 20 Hz at 200 Hz: 0.9 of it."""
    return lambda q, names: q + np.random.default_rng(0).normal(0.0, np.radians(degrees), q.shape)


def _exchanged(q, names, swing=1.0):
    left = [
        n for n, name in enumerate(names) if name.startswith(("arm_", "elbow")) and name[-1] == "l"
    ]
    right = [names.index(f"{names[one][:-1]}r") for one in left]
    changed = q.copy()
    changed[:, left], changed[:, right] = q[:, right], q[:, left]
    for side in "lr":
        changed[:, names.index(f"arm_flex_{side}")] *= swing
    return changed


def _moved(change=lambda q, names: q, **options):
    def work():
        solution = sprint(change, **options)
        said = motion_findings(solution, MAP, CUTOFF, "run")
        return [*said, removed_degrees(solution), *arm_swings(solution, MAP)]

    return work


def _forced(
    late=0.0, contacts=2, *, known=True, turned=0.0, angles=False, lost=()
) -> Callable[[], object]:
    """Forces of a sprinter that follow from the motion, later than it or with a turned moment."""

    def work():
        solution = replace(sprint(lost=lost), from_markers=not angles)
        time, step = solution.markers.time, 0.22
        start = 0.1 + step * np.arange(contacts)
        events = {"touchdown": start, "toe_off": start + 0.12, "edge_distance": 0.2 + 0.0 * start}
        events |= {"foot": np.resize(["left", "right"], contacts), "complete": start > 0}
        named = {f"contact_{name}": ("contact", one) for name, one in events.items()}
        skeleton, motion = solution.skeleton, solution.motion
        moves = segment_motion(
            skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
        )
        still, none = np.zeros(3), np.zeros((len(time), 3))
        quiet = (ExternalLoad(0, none, none, still), ExternalLoad(1, none, none, still))
        balance = level_a(moves, quiet, gravity=skeleton.gravity)
        force = moves.mass.sum() * (balance.com_acceleration - skeleton.gravity)
        force = np.stack([np.interp(time - late, time, one) for one in force.T], axis=1)
        force[60, 1] += 0.0 if known else np.nan
        free = balance.residual_moment * [0.0, 1.0 - 2.0 * turned, 0.0]
        com = np.einsum("b,tbi->ti", moves.mass / moves.mass.sum(), moves.com)
        loads = (ExternalLoad(0, force, np.cross(com, force) + free, still), quiet[1])
        return force_findings(replace(solution, prepared=xr.Dataset(named)), loads, "run")

    return work


def _shown(hidden=(), frames=slice(None), angles=False) -> Callable[[], object]:
    """The motion as markers show it, some of which are not worn, or not seen in some frames."""

    def work():
        solution = sprint()
        skeleton, q = solution.skeleton, solution.q_raw
        everywhere = frames == slice(None)
        names = tuple(one for one in skeleton.markers if not (everywhere and one in hidden))
        index = np.array([skeleton.markers.index(name) for name in names])
        positions = marker_positions(skeleton, q)[:, index]
        positions[frames, np.isin(names, hidden)] = np.nan
        covariance = usual_covariance(skeleton, q, index, positions)
        shown = coordinates_observed(frame_sd(covariance), range_sd(skeleton))
        tracked = TrackedMarkers(solution.markers.time, names, positions, np.ones(len(names)))
        seen = solution.observed.determine(skeleton.coordinates, shown, 0)
        found = replace(solution, markers=tracked, observed=seen, from_markers=not angles)
        data = solved_dataset(found, shown)
        written = (data[name].values for name in ("generalised_force", "marker_error"))
        return [*undetermined_findings(found, MAP, "run"), *written]

    return work


MOTIONS = {
    "sound": _moved(),
    **{f"noise of {x} degrees": _moved(_noisy(x)) for x in (0.25, 0.45)},
    "exchanged arms": _moved(_exchanged),
    "exchanged arms that hardly swing": _moved(lambda q, names: _exchanged(q, names, 0.02)),
    "a lost hand": _moved(_exchanged, lost=("hand_l",)),
    "forces in time": _forced(),
    **{f"forces late by {1e3 * x:g} ms": _forced(x) for x in (0.004, 0.012, -0.012, 0.3)},
    "late forces of angles": _forced(0.012, angles=True),
    "late forces of one contact": _forced(0.012, 1),
    "late forces with a gap": _forced(0.012, known=False),
    "late forces of a lost arm": _forced(0.012, lost=("hand_l",)),
    "a turned free moment": _forced(turned=1.0, contacts=3),
    "a free moment that is half": _forced(turned=0.25, contacts=3),
    **{f"posture with {len(hips)} hips of video": lambda h=hips: np.degrees(posture_sd(
        sprint().skeleton, MAP, SimpleNamespace(pelvis=SimpleNamespace(hips=h))))
       for hips in ((), ("RHip", "LHip"))},
    "all markers": _shown(),
    "no toe marker": _shown(("RTOE",)),
    "a toe marker that is lost": _shown(("RTOE",), slice(30)),
    "an arm without its wrist": _shown(("LWRA", "LWRB", "LFIN")),
    "angles without a toe": _shown(("RTOE",), angles=True),
}  # fmt: skip


@pytest.mark.parametrize(("about", "cases"), [("frames", CHOSEN), ("motion", MOTIONS)])
def test_golden_words_of_frames_and_motions(about, cases):
    assert differences(f"inverse_kinematics/{about}", told(cases)) == []


def test_golden_words_of_solutions(runner):
    """A stick runner whose coordinates or markers are off by just less and more than allowed."""
    forearm = runner.coordinates.index("forearm_l_z")
    high = runner.coordinate_range[forearm, 1]
    toe = (7, runner.markers.index("foot_l1"), 0)

    def solved(change=None, *, away=None, lost=(), count=50, angles=False):
        def work():
            q = np.zeros((count, len(runner.coordinates)))
            if change is not None:
                change(q)
            time = 0.5 + np.arange(len(q)) / 250.0
            positions = marker_positions(runner, q)
            if away is not None:
                away(positions)
            solution = made(
                runner, time, q, q, positions=positions, lost=lost, from_markers=not angles
            )
            settings = SimpleNamespace(solve=Solve())
            study = SimpleNamespace(settings=settings, marker_set=STICK_MARKERS)
            return solution_findings(solution, "run", study)

        return work

    def off(length, *which):
        def away(positions):
            positions[which or (..., 1)] += length

        return away

    def jump(degrees, at=20):
        def change(q):
            q[at:, forearm] = np.radians(degrees)

        return change

    def bell(degrees):
        """Five of 50 frames on either side of the upper end of the range."""

        def change(q):
            shape = np.clip(np.abs(np.arange(len(q)) - 25) - 2, 0, None) / 20.0
            q[:, forearm] = (high + np.radians(degrees)) * (1.0 - np.minimum(shape, 1.0))

        return change

    cases = {
        "sound": solved(),
        **{f"all off by {x}": solved(away=off(x)) for x in (0.0198, 0.0202)},
        **{f"one off by {x}": solved(away=off(x, *toe)) for x in (0.0396, 0.0404)},
        "angles": solved(away=off(0.1), angles=True),
        **{f"jumps by {x}": solved(jump(x)) for x in (14.85, 15.15, -15.15)},
        "jumps at the end": solved(jump(20.0, 49)),
        "jumps where it is lost": solved(jump(20.0), lost=("forearm_l",)),
        **{f"beyond by {x}": solved(bell(x)) for x in (-0.5, 0.5)},
    }
    assert differences("inverse_kinematics/solutions", told(cases)) == []


def test_golden_poses_that_nobody_can_take(runner, running, solved):
    """Limbs bent backwards, markers far from the model, in some frames or in all: what is lost."""
    few = running[::4]
    bare = runner.marker_position.copy()
    for name, height in (("arm_r", -0.3), ("forearm_r", -0.25)):
        own = [place for place, marker in enumerate(runner.markers) if marker[:-1] == name]
        bare[own] = [0.0, height, 0.0]
    sparse = replace(runner, marker_position=bare)

    def bent(q, frames=slice(None), names=("forearm_r_z",)):
        """The right elbow backwards, the upper arm turned: elbow and wrist stay where they are."""
        wrong = q.copy()
        for name in names:
            wrong[frames, runner.coordinates.index(name)] *= -1.0
        wrong[frames, runner.coordinates.index("arm_r_y")] += np.pi * (names[0] == "forearm_r_z")
        return wrong

    def off(parts, shift, frames=slice(None)):
        positions = marker_positions(runner, few)
        own = [one[:-1] in parts or one.split("_")[0] in parts for one in runner.markers]
        size = np.array(own) * (1.0 + 1e-3 * np.arange(len(own)))  # which is farthest is no chance
        positions[frames] += shift * size[:, None]
        return positions

    def case(q=None, positions=None, **options):
        def work():
            pose = solved(q, positions, **options)
            faults = pose_faults(pose)
            if not faults:
                return [float(pose.errors.max(initial=0.0)), without_faults(pose, []).mask.all()]
            said = [
                pose_finding(pose, faults, "run"),
                *without_faults(pose, faults).lost_segments(),
            ]
            said += [f"{one.group}: {one.reason}, {one.frames.sum()} frames" for one in faults]
            try:
                refuse_without_pose(pose, faults, faults, "run")
            except AqbioError as error:
                said.append(f"refused: {error.rule}: {error.what}")
            return said

        return work

    leg, both = ("thigh_l", "shank_l", "foot_l"), ("thigh", "shank", "foot")
    sideways = np.array([0.0, 0.0, 1.0])
    cases = {
        "running": case(),
        "one marker on each segment": case(
            bent(few), marker_positions(sparse, few), skeleton=sparse
        ),
        "markers that say otherwise": case(bent(few), marker_positions(runner, few)),
        **{f"backwards in {n} frames": case(bent(running, slice(0, n))) for n in (1, 12, 13)},
        **{f"left leg {x} off": case(positions=off(leg, x * sideways)) for x in (0.0475, 0.0525)},
        **{
            f"left leg off in {n} frames": case(positions=off(leg, 0.1, slice(0, n)))
            for n in (1, 15, 16)
        },
        "pelvis off": case(positions=off(("pelvis",), 0.1)),
        "legs off": case(positions=off(both, 0.2)),
        "legs and arms off": case(positions=off((*both, "arm", "forearm"), 0.2)),
        "one much, one less": case(positions=off(leg, 0.3) + off(("arm_r",), 0.1)
                                   - marker_positions(runner, few)),
        "angles of another sign": case(bent(few, names=("shank_r_z",)), from_file=True),
        "angles as they are": case(few, from_file=True),
        "a hidden arm": case(bent(few), hidden=("forearm_r",)),
    }  # fmt: skip
    assert differences("inverse_kinematics/poses", told(cases)) == []


@pytest.mark.parametrize("seed", range(4))
def test_labels_that_wander_are_left_out_where_they_do(runner, running, solved, seed):
    """One label elsewhere for some frames, or two exchanged: the pose is that of the sound run."""
    random, sound = np.random.default_rng(seed), marker_positions(runner, running[::4])
    first, stop = sorted(random.choice(np.arange(2, 28), 2, replace=False))
    limbs = [n for n, one in enumerate(runner.markers) if one.startswith(("foot", "shank", "arm"))]
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
    assert {one.rule for one in findings} == {"label-wanders"}
    assert {one.label for one in findings} == {pose.labels[one] for one in labels}
    assert not wandering_labels(solved(), solve, "run")[0].any()
