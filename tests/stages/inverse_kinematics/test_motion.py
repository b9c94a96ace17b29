"""Frames, motion and pose of a trial: what is said on both sides of every limit is golden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.config import MarkerSet, ModelMap, Trial, read_yaml
from aqbio.config.settings import Solve
from aqbio.contributions.level_a import level_a
from aqbio.inverse_kinematics.findings import (
    arm_swings,
    force_findings,
    motion_findings,
    removed_degrees,
    undetermined_findings,
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
MAP = read_yaml(Path(__file__).parents[3] / "models" / "sprint" / "map.yaml", ModelMap)
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
