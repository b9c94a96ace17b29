"""Frames, poses and motion of a trial: what is said on both sides of every limit is golden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.body.priors import posture_prior, posture_sd
from aqbio.body.records import write_posterior
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
from aqbio.inverse_kinematics.trial_pose import pose_priors
from aqbio.labels.by_name import landmark_table
from aqbio.labels.template import _sprint_model, standing_sprinter
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import marker_positions, segment_kinematics, segment_motion
from aqbio.multibody.motion import TrackedMarkers, spline_motion
from aqbio.observed.determined import (
    MARKER_SD,
    coordinates_observed,
    frame_sd,
    range_sd,
    usual_covariance,
)
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.signals import low_pass
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.demo import DATA, SPRINTERS, load_library
from tests.golden import differences
from tests.mechanics.calibration.made import MAP, fitted, made_person
from tests.stages.inverse_kinematics.conftest import marker_set
from tests.stages.told import told

UNSAID = "not seen by markers"


# frames ------------------------------------------------------------------------------------------

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


# motion ------------------------------------------------------------------------------------------

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
    motion = spline_motion(skeleton, time, low_pass(q, RATE, cutoff))
    markers = TrackedMarkers(time, (), np.zeros((len(time), 0, 3)), np.zeros(0))
    observed = Observed.everything(skeleton.bodies, len(time)).without(lost, NOT_SEEN)
    unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
    return Solution(skeleton, markers, q, motion, np.zeros_like(q), xr.Dataset(), observed, unsaid)


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
    "all markers": _shown(),
    "no toe marker": _shown(("RTOE",)),
    "a toe marker that is lost": _shown(("RTOE",), slice(30)),
    "an arm without its wrist": _shown(("LWRA", "LWRB", "LFIN")),
    "angles without a toe": _shown(("RTOE",), angles=True),
}  # fmt: skip


@pytest.mark.parametrize(("about", "cases"), [("frames", CHOSEN), ("motion", MOTIONS)])
def test_golden_words_of_frames_and_motions(about, cases):
    assert differences(f"inverse_kinematics/{about}", told(cases)) == []


# solutions ---------------------------------------------------------------------------------------


def test_golden_words_of_solutions(runner):
    """A stick runner whose coordinates or markers are off by just less and more than allowed."""
    forearm = runner.coordinates.index("forearm_l_z")
    high = runner.coordinate_range[forearm, 1]

    def solved(change=None, *, away=None, lost=(), count=50, angles=False):
        def work():
            q = np.zeros((count, len(runner.coordinates)))
            if change is not None:
                change(q)
            time = 0.5 + np.arange(len(q)) / 250.0
            positions = marker_positions(runner, q)
            if away is not None:
                away(positions)
            markers = TrackedMarkers(time, runner.markers, positions, np.ones(len(runner.markers)))
            observed = Observed.everything(runner.bodies, len(q)).without(lost, UNSAID)
            unsaid = (np.full(q.shape, np.nan), np.full(q.shape[1], np.nan))
            motion = spline_motion(runner, time, q)
            solution = Solution(
                runner, markers, q, motion, np.zeros_like(q), xr.Dataset(), observed, unsaid,
                not angles,
            )  # fmt: skip
            settings = SimpleNamespace(solve=Solve())
            study = SimpleNamespace(settings=settings, marker_set=marker_set(runner))
            return solution_findings(solution, "run", study)

        return work

    def every(length):
        def away(positions):
            positions[..., 1] += length

        return away

    def one(length):
        def away(positions):
            positions[7, runner.markers.index("foot_l1"), 0] += length

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
        **{f"all off by {x}": solved(away=every(x)) for x in (0.0198, 0.0202)},
        **{f"one off by {x}": solved(away=one(x)) for x in (0.0396, 0.0404)},
        "angles": solved(away=every(0.1), angles=True),
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
    if seed == 0:  # a marker without weight may be anywhere: a pose is not doubted for it
        weights = pose.weights.copy()
        weights[[0, 3]] = 0.0
        faint = replace(pose, markers=replace(pose.markers, weights=weights))
        assert np.flatnonzero(~faint.credible).tolist() == [0, 3]


def test_what_a_calibrated_body_tells_a_trial(tmp_path):
    """Skin, posture and offsets; a limb that nobody sees is in the runner's mean posture."""
    person = made_person(0)
    fit = fitted(person)
    problem = fit.problem
    skeleton = problem.template.skeleton_of(
        problem.template.shape(fit.state.theta[: problem.shape_size])
    )
    count = len(skeleton.markers)
    tracked = TrackedMarkers(np.zeros(1), skeleton.markers, np.zeros((1, count, 3)), np.ones(count))

    def believed(**manifest):
        study = SimpleNamespace(
            folder=lambda *_: tmp_path, read_manifest=lambda *_: manifest, model_map=MAP,
            marker_set=SimpleNamespace(label_of=lambda name: name, pelvis=SimpleNamespace(hips=())),
        )  # fmt: skip
        return pose_priors(study, "S01", skeleton, tracked)

    posture = believed().posture
    write_posterior(fit, tmp_path / "S01_body.nc", {})
    found = believed(lengths_m={"thigh_right": [0.4, 0.01]})
    order = [list(problem.template.markers.labels).index(name) for name in skeleton.markers]
    learnt = problem.priors.skin_sd * problem.priors.soft_tissue_scale
    np.testing.assert_array_equal(found.noise.sd, learnt[order])
    assert found.noise.common == problem.priors.common
    knee = skeleton.coordinates.index("knee_angle_r")
    place = problem.free.tolist().index(knee)
    assert found.posture[knee] == fit.state.theta[problem.shape_size + place]
    assert 0.0 < found.offset_sd[knee] < np.radians(5.0)
    markers = person.recordings[max(person.q)].position[:200:10].copy()
    beyond = ("tibia_r", "foot_r", "toes_r")
    markers[:, np.isin(np.array(skeleton.bodies)[skeleton.marker_body], beyond)] = np.nan
    q = inverse_kinematics(skeleton, markers, np.arange(count), np.ones(count), pose=posture)
    for name in ("knee_angle_r", "ankle_angle_r", "mtp_angle_r"):
        column = skeleton.coordinates.index(name)
        np.testing.assert_allclose(q[:, column], posture[column], atol=1e-12)


SEEN = ("hip", "knee", "ankle", "shoulder", "elbow")
WORN = ("WRA", "HEE", "TOE", "MT5")
OFF, NOISE = 0.02, 0.01
"""Systematic errors of points, and errors from frame to frame, each axis, m."""


@pytest.mark.opensim
def test_joint_centres_are_solved_as_people_bend():
    """Runs drawn from the prior: held by it, a trunk is nearer to the truth in every one."""
    _, model_map = _sprint_model()
    skeleton = standing_sprinter(landmark_table())
    prior, rng = posture_prior(skeleton, model_map), np.random.default_rng(3)
    free, held = (
        posture_sd(skeleton, model_map, SimpleNamespace(pelvis=SimpleNamespace(hips=hips)))
        for hips in ((), ("RHip", "LHip"))
    )
    elbow, lumbar, tilt = (
        skeleton.coordinates.index(one)
        for one in ("elbow_flex_r", "lumbar_extension", "pelvis_tilt")
    )
    assert np.isinf(free).all()
    np.testing.assert_allclose(np.degrees(held[[elbow, lumbar, tilt]]), [35.0, 12.0, np.inf])
    names = [f"{side} {one} centre" for side in ("right", "left") for one in SEEN]
    names += [side + one for side in "RL" for one in WORN] + ["C7"]
    index = np.array([skeleton.markers.index(one) for one in names])
    sought = np.isfinite(held) & np.isin(np.arange(len(held)), skeleton.free)
    posture = np.where(sought, prior.mean, skeleton.coordinate_default)
    for _ in range(8):
        swing = np.where(sought, rng.normal(0.0, 0.5, len(held)) * prior.frame_sd, 0.0)
        q = posture + swing * np.sin(np.linspace(0.0, 6.0, 40))[:, None]
        seen = marker_positions(skeleton, q)[:, index] + rng.normal(0.0, OFF, (len(index), 3))
        seen = seen + rng.normal(0.0, NOISE, seen.shape)
        loose, near = (
            inverse_kinematics(
                skeleton, seen, index, np.ones(len(index)),
                pose=posture, stiffness=(MARKER_SD / sd) ** 2,
            )
            for sd in (free, held)
        )  # fmt: skip
        loose, near = (np.abs(one - q)[:, lumbar].max() for one in (loose, near))
        assert near < loose
        assert near < 5.0 * prior.frame_sd[lumbar]
