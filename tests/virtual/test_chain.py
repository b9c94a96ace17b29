"""One virtual sprinter through every stage of a participant, against the truth of the gait.

Trials of one gait, as good and as poor laboratories record it: angles, centre of mass, momenta,
joint moments and contacts are the known ones, balances hold, and findings are those of
`tests/golden/chain.txt`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from aqbio.io.study import Study
from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.stage_table import stage_module
from aqbio.virtual.demo import DATA, DISTURBANCES, SPRINTERS, GaitName, load_library
from aqbio.virtual.recording import (
    Laboratory,
    PlateRow,
    RecordedRun,
    RunPlan,
    VirtualRecording,
    recorded_run,
)
from aqbio.virtual.study import LIBRARY
from tests.golden import differences
from tests.reference_values import check_references
from tests.virtual.made_study import write_made_study
from validation.true_contacts import contacts

pytestmark = pytest.mark.opensim

PERSON = "V01"
LABORATORY = Laboratory(plates=PlateRow(count=6))
THRESHOLD = 20.0
"""Vertical force at which contacts begin and end, N, as in the study."""
STAGES = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics", "contributions")
SETTINGS = """consistency: off
contributions: {draws: 4}
multiverse: {cutoffs_hz: [15], event_thresholds_n: [], bodies: [], pelvis: [out]}
"""


def hidden(recording: VirtualRecording, *bodies: str, frames: slice = slice(None)) -> dict:
    markers = recording.markers.copy()
    on_bodies = np.flatnonzero(
        [recording.bodies[b].startswith(bodies) for b in recording.marker_body]
    )
    markers[frames, on_bodies] = np.nan
    return {"markers": markers}


def exchanged(recording: VirtualRecording) -> dict:
    """Both feet are called by each other's name."""
    order = list(range(len(recording.labels)))
    for label in (label for label in recording.labels if label.startswith("R")):
        right, left = recording.labels.index(label), recording.labels.index(f"L{label[1:]}")
        foot = recording.bodies[recording.marker_body[right]].startswith(("foot", "toes"))
        order[right], order[left] = (left, right) if foot else (right, left)
    return {"markers": recording.markers[:, order]}


def on_belt(recording: VirtualRecording) -> dict:
    time = np.arange(len(recording.markers)) / recording.marker_rate
    pelvis = recording.markers[:, :4, 0].mean(axis=1)
    speed = (pelvis[-1] - pelvis[0]) / (time[-1] - time[0])
    back = recording.markers - speed * time[:, None, None] * [1.0, 0.0, 0.0]
    return {"markers": back, "force": 0.0 * recording.force, "moment": 0.0 * recording.moment}


def swapped(recording: VirtualRecording) -> dict:
    """Heel and toe of one foot are called by each other's name, of the other for a while."""
    markers = recording.markers.copy()
    for first, second, frames in (
        ("LHEE", "LTOE", slice(None)),
        ("RHEE", "RTOE", slice(200, None)),
    ):
        pair = [recording.labels.index(first), recording.labels.index(second)]
        markers[frames, pair] = markers[frames, pair[::-1]]
    return {"markers": markers}


def faulty_plates(recording: VirtualRecording) -> dict:
    """One plate has drifted, one is clipped, and one measures nothing."""
    force, moment = recording.force.copy(), recording.moment.copy()
    force[:, 0, 1] += np.linspace(0.0, 60.0, len(force))
    force[:, 2, 1] = np.minimum(force[:, 2, 1], 900.0)
    force[:, 4], moment[:, 4] = 0.0, 0.0
    return {"force": force, "moment": moment}


def moments_reversed(recording: VirtualRecording) -> dict:
    """Free moments have the wrong sign, thigh markers shake, and knees are labelled inside out."""
    moment, markers = recording.moment.copy(), recording.markers.copy()
    moment[..., 1] *= -1.0
    bodies = np.array(recording.bodies)[recording.marker_body]
    shaking = np.random.default_rng(1).normal(0.0, 0.025, (len(markers), 1, 3))
    markers[:, bodies == "femur_l"] += shaking
    pair = [recording.labels.index(label) for label in ("RKNL", "RKNM")]
    markers[:, pair] = markers[:, pair[::-1]]
    return {"markers": markers, "moment": moment}


TRIALS: dict[str, tuple[int, RunPlan, Callable[[VirtualRecording], dict[str, Any]]]] = {
    "fast": (3, RunPlan(0), lambda _: {}),
    "late": (0, RunPlan(1, clock_offset_s=0.012, cop_bias_m=0.01, across=0.05), lambda _: {}),
    "armless": (
        3,
        RunPlan(0),
        lambda recording: hidden(recording, "humerus", "radius", "hand", "ulna"),
    ),
    "lost": (
        0,
        RunPlan(0),
        lambda recording: hidden(recording, "tibia_l", "foot_l", "toes_l", frames=slice(150, 260)),
    ),
    "exchanged": (0, RunPlan(0), exchanged),
    "swapped": (0, RunPlan(0), swapped),
    "no_plates": (
        3,
        RunPlan(0),
        lambda recording: {"force": 0 * recording.force, "moment": 0 * recording.moment},
    ),
    "belt": (0, RunPlan(0), on_belt),
    "plates": (0, RunPlan(0), faulty_plates),
    "edge": (0, RunPlan(0, across=0.24, clock_offset_s=-0.03), lambda _: {}),
    "one_leg": (0, RunPlan(0), lambda recording: hidden(recording, "femur_l", "tibia_l")),
    "trunk": (0, RunPlan(1), lambda recording: hidden(recording, "torso", "head", "clavicle")),
    "pelvis": (
        0,
        RunPlan(0),
        lambda recording: hidden(recording, "pelvis", frames=slice(120, 180)),
    ),
    "reversed": (3, RunPlan(0, cop_bias_m=0.05), moments_reversed),
}
"""Level of speed, part of the gait, and what is done to the recording."""


@dataclass(frozen=True)
class Chain:
    """A study of one participant, and the truth of its runs."""

    study: Study
    runs: dict[str, RecordedRun]

    def results(self, folder: str, trial: str) -> xr.Dataset:
        path = self.study.root / "participants" / PERSON / folder / f"{trial}.nc"
        with xr.open_dataset(path) as dataset:
            return dataset.load()


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    gaits, runs, laboratory = load_library(DATA / LIBRARY, athletes), {}, LABORATORY
    for name, (level, plan, change) in TRIALS.items():
        run = recorded_run(gaits[GaitName(PERSON, "normal", level)], plan, laboratory)
        runs[name] = replace(run, recording=run.recording.changed(**change(run.recording)))
    folder = tmp_path_factory.mktemp("chain")
    study = write_made_study(folder, athletes[PERSON], runs, laboratory, DISTURBANCES, SETTINGS)
    for stage in STAGES:
        getattr(stage_module(stage), f"{stage}_participant")(study, PERSON, lambda _: None)
    return Chain(study, runs)


def test_words_of_every_stage(chain):
    """Status of every trial, findings, and what speaks against its forces."""
    lines = []
    for stage in STAGES:
        manifest = chain.study.read_manifest(PERSON, stage)
        lines += [f"{stage}: {manifest['status']} {manifest['reason']}".strip()]
        lines += [f"{stage}: {line}" for line in _findings(manifest)]
        for trial in manifest.get("trials", []):
            texts = [f"{trial['status']} {trial['reason']}".strip()]
            texts += _findings(trial) + [reason["what"] for reason in trial.get("against", [])]
            lines += [f"{stage} {trial['trial_id']}: {text}" for text in texts]
    assert differences("chain", lines) == []


def _findings(record: dict) -> list[str]:
    return [
        f"{finding['severity']} {finding['rule']}: {finding['what']}"
        for finding in record["findings"]
    ]


INNER = slice(20, -20)
"""Frames that the ends of filters and splines do not reach."""


def rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.nanmean(np.square(values), axis=0))


@pytest.mark.parametrize(
    "trial", ["fast", "late", "armless", "lost", "plates", "edge", "one_leg", "pelvis", "no_plates"]
)
def test_joint_angles_are_those_of_the_gait(chain, trial):
    """2.5 degrees and 5 mm where markers show them; the head's neutral posture is the static one.

    A pelvis without markers for 0.3 s follows thighs and trunk.
    """
    solved, run = chain.results("solved", trial), chain.runs[trial]
    skeleton, true = run.truth.gait.skeleton, run.truth.motion.q.copy()
    names = [str(coordinate) for coordinate in solved["coordinate"].values]
    assert list(skeleton.coordinates) == names
    true[:, [names.index("pelvis_tx"), names.index("pelvis_tz")]] += run.shift[[0, 2]]
    observed = solved["coordinate_observed"].values.astype(bool)
    error = np.where(observed, solved["q"].values - true, np.nan)[INNER]
    error[:, names.index("neck_extension")] -= np.nanmean(error[:, names.index("neck_extension")])
    is_observed = np.isfinite(error).mean(axis=0) > 0.2
    assert is_observed.mean() > 0.6
    is_rotation = skeleton.coordinate_is_rotation & is_observed
    assert np.degrees(rms(error[:, is_rotation])).max() < 2.5
    assert rms(error[:, is_observed & ~is_rotation]).max() < 0.005


@pytest.mark.parametrize("trial", ["fast", "late", "plates", "edge", "pelvis", "one_leg"])
def test_the_centre_of_mass_is_that_of_the_gait(chain, trial):
    """8 mm, 0.04 m/s; accelerations of contacts lose what lies above 20 Hz."""
    contributions, run = chain.results("contributions", trial), chain.runs[trial]
    for name, true, limit in (
        ("com", run.truth.com + run.shift, 0.008),
        ("com_velocity", run.truth.com_velocity, 0.04),
        ("com_acceleration", run.truth.com_acceleration, 2.5),
    ):
        assert rms((contributions[name].values - true)[INNER]).max() < limit, name


@pytest.mark.parametrize("trial", ["fast", "lost", "plates", "pelvis", "one_leg"])
def test_momenta_of_all_groups_are_those_of_the_gait(chain, trial):
    """To a third of their size along all axes; to a twenty-fifth those of legs."""
    contributions, run = chain.results("contributions", trial), chain.runs[trial]
    bodies = run.truth.gait.skeleton.bodies
    for group, members in chain.study.model_map.groups.items():
        columns = [bodies.index(member) for member in members]
        true = run.truth.momentum[:, columns].sum(axis=1)
        ours = contributions["group_angular_momentum"].sel(group=group).values
        finite = np.isfinite(ours).all(axis=1)
        assert finite.mean() > 0.5, group
        error = np.linalg.norm(rms((ours - true)[INNER]))
        share = 0.04 if group.startswith("leg") else 0.05 if group.startswith("arm") else 0.34
        if group != "pelvis" or trial != "pelvis":
            assert error < share * np.linalg.norm(rms(true)), group


@pytest.mark.parametrize(
    ("trial", "legs", "trunk"),
    [("lost", 8.0, 8.0), ("pelvis", 8.0, 8.0), ("one_leg", 10.0, 8.0), ("fast", 36.0, 13.0)],
)
def test_joint_moments_are_those_of_the_gait(chain, trial, legs, trunk):
    """N m; a filter of 20 Hz takes the impact of fast steps. Toes share the load of the foot."""
    contributions, run = chain.results("contributions", trial), chain.runs[trial]
    skeleton, motion = run.truth.gait.skeleton, run.truth.motion
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    true = newton_euler(skeleton, moves, run.truth.loads.external())
    error = (contributions["joint_moment_coordinate"].values - true)[INNER]
    assert np.isfinite(error).mean() > 0.4
    for name, off in zip(skeleton.coordinates, rms(error), strict=True):
        if not name.startswith(("pelvis", "mtp")):
            leg = name.startswith(("hip", "knee", "ankle"))
            arm = name.startswith(("clavicle", "arm", "elbow", "forearm"))
            assert off < (legs if leg else 2.0 if arm else trunk), name


@pytest.mark.parametrize("trial", [trial for trial in TRIALS if trial != "exchanged"])
def test_balances_hold_in_every_trial(chain, trial):
    """Force, moment and causes add up, for any incomplete recording; files hold 32 bits."""
    contributions = chain.results("contributions", trial)
    mass, gravity = contributions.attrs["mass"], chain.runs[trial].truth.gait.skeleton.gravity
    force = mass * (contributions["com_acceleration"].values - gravity)
    force -= (
        contributions["ground_force"].values.sum(axis=1) + contributions["residual_force"].values
    )
    rate = contributions["group_angular_momentum_rate"].values.sum(axis=1)
    moment = contributions["moment_of_force"].values + contributions["free_moment"].values
    moment = rate - moment.sum(axis=1) - contributions["residual_moment"].values
    ground = (
        contributions["induced_ground_force"].values.sum(axis=2)
        - contributions["ground_force"].values[:, None]
    )
    com = contributions["induced_com_acceleration"].values.sum(axis=2)
    com -= contributions["com_acceleration"].values[:, None]
    for rest, limit in ((force, 0.01), (moment, 0.002), (ground, 0.05), (com, 0.01)):
        assert np.nan_to_num(np.abs(rest)).max() < limit
    segments = contributions["angular_momentum"]
    for group, members in chain.study.model_map.groups.items():
        of_group = contributions["group_angular_momentum"].sel(group=group).values
        total = segments.sel(segment=list(members)).values.sum(axis=1)
        finite = np.isfinite(of_group)
        np.testing.assert_allclose(of_group[finite], total[finite], atol=1e-4)


def test_feet_carry_what_plates_measure(chain):
    """The impulse of every whole contact is that of the gait."""
    for trial in ("fast", "lost", "one_leg"):
        prepared, run = chain.results("prepared", trial), chain.runs[trial]
        time, loads = prepared["time"].values, run.truth.loads.force
        names = ("foot", "touchdown", "toe_off", "complete", "edge_distance")
        columns = (prepared[f"contact_{field}"].values for field in names)
        rows = [row for row in zip(*columns, strict=True) if row[3] and row[4] > 0.03]
        assert len(rows) > 1, trial
        for foot, begin, end, *_ in rows:
            side, during = (
                ("left", "right").index(foot),
                (time > begin - 0.05) & (time < end + 0.05),
            )
            ours, true = (
                np.trapezoid(force[during, side, 1], time[during])
                for force in (prepared["foot_force"].values, loads)
            )
            assert ours == pytest.approx(true, rel=0.02), trial


def test_lengths_of_the_body_are_those_of_the_gait(chain):
    """Within three of their standard deviations, which are 2 mm; both sides alike."""
    lengths = chain.study.read_manifest(PERSON, "scale")["lengths_m"]
    skeleton = chain.runs["fast"].truth.gait.skeleton
    for length, body in (("thigh", "tibia"), ("shank", "foot"), ("upper_arm", "radius")):
        for side in ("left", "right"):
            position = skeleton.parent_position[skeleton.bodies.index(f"{body}_{side[0]}")]
            ours, sd = lengths[f"{length}_{side}"]
            assert ours == pytest.approx(np.linalg.norm(position), abs=3.0 * sd), length
            assert 0.001 < sd < 0.003


def test_reference_values_of_a_sound_run(chain):
    """Sizes of the parts of an interval, of powers, and of what balances leave."""
    contributions = chain.results("contributions", "fast")
    moments = contributions["interval_sd"].values[
        :, :, contributions["outcome_unit"].values == "N m"
    ]
    values = {
        f"fast: {source} in intervals of moments": float(rms(part.ravel()))
        for source, part in zip(contributions["uncertainty_source"].values, moments, strict=True)
    }
    for name in ("residual_force", "residual_moment", "joint_power", "residual_power", "hub_moment",
                 "torso_moment", "relative_force", "sd_angular_momentum", "sd_external_moment",
                 "sd_residual_moment", "sd_hub_moment"):  # fmt: skip
        values[f"fast: {name.replace('_', ' ')}"] = float(rms(contributions[name].values.ravel()))
    error = chain.results("solved", "fast")["marker_error"].values
    values["fast: marker error"] = float(rms(error.ravel()))
    check_references("chain", values)


@pytest.mark.parametrize(("trial", "off"), [("fast", 0.003), ("lost", 0.003), ("no_plates", 0.025)])
def test_contacts_are_those_of_the_gait(chain, trial, off):
    run = chain.runs[trial]
    end = run.start + len(run.truth.gait_time) / LABORATORY.marker_rate
    truth = contacts(run.truth.gait, run.start, end, THRESHOLD)
    prepared = chain.results("prepared", trial)
    events = (prepared[f"contact_{field}"].values for field in ("foot", "touchdown", "toe_off"))
    for foot, begin, end in zip(*events, strict=True):
        if np.isnan(begin + end):
            continue  # the recording cuts it
        near = min(truth, key=lambda contact, at=begin: abs(contact.rises - run.start - at))
        assert near.foot == str(foot)
        assert begin == pytest.approx(near.rises - run.start, abs=off)
        assert end == pytest.approx(near.falls - run.start, abs=off)


@pytest.mark.parametrize("trial", ["fast", "lost", "plates"])
def test_momentum_is_that_of_the_gait(chain, trial):
    """Of the whole body about the vertical, where it is known, to a fifth of its size."""
    contributions, truth = chain.results("contributions", trial), chain.runs[trial].truth
    group = contributions["group_angular_momentum"].sel(axis="y")
    at = np.rint(contributions["time"].values * 200).astype(int)
    skeleton = truth.gait.skeleton
    leg = [skeleton.bodies.index(f"{name}_r") for name in ("femur", "tibia", "foot", "toes")]
    true = truth.momentum[at][:, leg, 1].sum(axis=1)
    ours = group.sel(group="leg_right").values
    finite = np.isfinite(ours)
    assert finite.mean() > 0.5
    error = np.sqrt(np.mean((ours - true)[finite] ** 2))
    assert error < 0.2 * np.sqrt(np.mean(true**2))


def test_unseen_groups_have_no_momentum(chain):
    momentum = chain.results("contributions", "armless")["group_angular_momentum"]
    for group in ("arm_left", "arm_right"):
        assert np.isnan(momentum.sel(group=group)).all()
    assert np.isfinite(momentum.sel(group="leg_left")).any()
    left_leg = chain.results("contributions", "lost")["group_angular_momentum"].sel(
        group="leg_left"
    )
    assert 0.1 < np.isnan(left_leg.isel(axis=1)).mean() < 0.9
