"""From files through the pipeline: what is known of a run comes out again, levels A to C.

And whatever the direction: along another axis, at an angle, mirrored, on a raised floor.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.filters import low_pass
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.gait.postures import MEASURES
from aqbio.gait.step_files import participant_rows
from aqbio.gait.steps import rotation_about_vertical
from aqbio.io.mot import write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.trc import write_trc
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.stage_table import STAGES
from aqbio.tables.stage import tables_study
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.gait import Gait, Timeline
from aqbio.virtual.recording import (
    GROUND_AXES,
    QUALISYS_AXES,
    Laboratory,
    PlateRow,
    RecordedRun,
    RunPlan,
    VirtualRecording,
    moved_loads,
    recorded_run,
)
from tests.mirror import mirrored_axial, mirrored_polar
from tests.small_study import replace
from tests.undrawn import draw_nothing
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import SPEEDS, run_stages, write_made_study
from tests.virtual.runners import RUNNER
from validation.gaits.accelerating import FASTER, HIGHEST, LOWEST, accelerating_gait
from validation.true_contacts import contacts
from validation.true_steps import pattern_contacts, role_momenta, true_postures

pytestmark = pytest.mark.opensim

RUNS = {"run7": 7.0, "run9": 9.5}


@pytest.fixture(scope="module")
def study_and_runs(gait_of, tmp_path_factory) -> tuple[Study, dict[str, RecordedRun]]:
    """Give a study of two runs after all stages, and what is known about them."""
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in RUNS.items()
    }
    folder = tmp_path_factory.mktemp("made")
    study = write_made_study(folder, RUNNER, runs, Laboratory(), body_known=True)
    run_stages(study, STAGES[: STAGES.index("contributions") + 1], (RUNNER.name,))
    return study, runs


@pytest.mark.parametrize("trial", RUNS)
def test_events_and_wrenches_are_the_analytic_ones(study_and_runs, trial: str):
    """Contacts begin and end within one force sample of the 20 N crossing; RMSE of the unfiltered
    wrench above 100 N: free moment 0.1 N m, centre of pressure 0.5 mm."""
    prepared, run = (
        read_dataset(study_and_runs[0].folder(RUNNER.name, "prepare") / f"{trial}.nc"),
        study_and_runs[1][trial],
    )
    end = run.start + len(run.truth.gait_time) / 200.0
    true_contacts = contacts(run.truth.gait, run.start, end, 20.0)
    begin, stop = run.shift[0], Laboratory().plates.end
    true_contacts = [
        contact for contact in true_contacts if -0.1 < contact.position_m + begin < stop - 0.2
    ]
    assert prepared["contact_foot"].values.tolist() == [contact.foot for contact in true_contacts]
    assert len(true_contacts) >= 4
    for name, event in (("touchdown", "rises"), ("toe_off", "falls")):
        times = [getattr(contact, event) - run.start for contact in true_contacts]
        np.testing.assert_allclose(prepared[f"contact_{name}"], times, rtol=0, atol=1e-3)
    forces, point = prepared["plate_force_raw"].values, prepared["plate_point"].values
    about = (prepared["plate_moment_raw"].values + np.cross(point[None], forces)).sum(axis=1)
    force = forces.sum(axis=1)
    cop, free = centre_of_pressure(force, about, np.zeros(3), 0.0, 100.0)
    loads = moved_loads(run.force_truth.loads, run.shift)
    known_cop, known_free = loads.cop(100.0)
    loaded_foot = np.argmax(loads.force[:, :, 1], axis=1)
    frames = np.flatnonzero(force[:, 1] > 100.0)
    error = cop[frames] - known_cop[frames, loaded_foot[frames]]
    assert np.sqrt(np.mean(error[:, [0, 2]] ** 2)) < 0.5e-3
    assert np.sqrt(np.mean((free[frames] - known_free[frames, loaded_foot[frames]]) ** 2)) < 0.1


def _group_momentum(skeleton, motion, members: tuple[str, ...]) -> np.ndarray:
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    segments = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(segments)
    momentum = angular_momentum(segments, com, velocity)
    return momentum[:, [skeleton.bodies.index(body) for body in members]].sum(axis=1)


@pytest.mark.parametrize("trial", RUNS)
def test_group_momentum_comes_out_of_the_whole_pipeline(study_and_runs, trial: str):
    """About the vertical, of every group, against the low-passed truth; and the filter alone."""
    study, run = study_and_runs[0], study_and_runs[1][trial]
    contributions = read_dataset(study.folder(RUNNER.name, "contributions") / f"{trial}.nc")
    skeleton, time = run.truth.gait.skeleton, run.truth.gait_time - run.start
    smooth = spline_motion(skeleton, time, low_pass(run.truth.motion.q, 200.0, 20.0))
    first = int(np.argmin(np.abs(time - float(contributions["time"][0]))))
    rows, inner = (
        slice(first, first + contributions.sizes["time"]),
        slice(20, contributions.sizes["time"] - 20),
    )
    for group, members in study.model_map.groups.items():
        filtered, true = (
            _group_momentum(skeleton, motion, members)[rows][inner, 1]
            for motion in (smooth, run.truth.motion)
        )
        ours = contributions["group_angular_momentum"].sel(group=group).values[inner, 1]
        assert np.abs(ours - filtered).max() < 0.01, group
        assert np.abs(filtered - true).max() < 0.15, group


OFF = {"rad": np.radians(2.0), "m": 0.012, "radps": 1.2}
"""Most that measures of a plain motion may be off: a knee moves 6 mm in the millisecond that events
are told to."""


@pytest.mark.parametrize("trial", SPEEDS)
def test_postures_of_a_run_are_those_of_its_gait(finished, gait_of, trial):
    gait = gait_of(RUNNER, SPEEDS[trial]).gait
    true = {
        contact.foot: true_postures(gait, contact, after)
        for contact, after in pairwise(pattern_contacts(gait))
    }
    steps = participant_rows(finished, RUNNER.name, "steps")
    complete_steps = steps[(steps["trial_id"] == trial) & (steps["status"] == "ok")]
    assert len(complete_steps) >= 3
    for step in complete_steps.to_dict("records"):
        for name in MEASURES:
            tolerance = OFF[name.rpartition("_")[2]]
            assert step[name] == pytest.approx(true[step["side"]][name], abs=tolerance), name


SOLVED = Path(__file__).with_name("accelerating.npz")


def solved_gait() -> Gait:
    """The run of RUNNER that speeds up takes minutes to solve: without the file, again."""
    names, times = ("joints", "stance", "flight", "com"), ("contact", "flight", "length")
    if not SOLVED.is_file():
        gait = accelerating_gait(RUNNER).gait
        line = [getattr(gait.timeline, name) for name in times]
        arrays = {name: getattr(gait, name) for name in names}
        np.savez_compressed(SOLVED, timeline=line, drag=gait.drag, **arrays)
    with np.load(SOLVED) as file:
        arrays = {name: file[name] for name in names}
        return Gait(RUNNER, Timeline(*file["timeline"]), **arrays, drag=float(file["drag"]))


@pytest.fixture(scope="module")
def speeding(tmp_path_factory):
    """A study of one run over 31 m of plates, and the run."""
    folder = tmp_path_factory.mktemp("speeding")
    gait, laboratory = solved_gait(), Laboratory(plates=PlateRow(26, 1.2))
    run = recorded_run(gait, RunPlan(0), laboratory)
    settings = "consistency: {samples: 12, drag_area_m2: 0}\nmultiverse: {enabled: false}\n"
    settings += "contributions: {draws: 30}\n"
    lying = {"on-board": {"pelvis_tilt": 90.0}}
    study = write_made_study(
        folder, RUNNER, {"start": run}, laboratory, settings=settings, postures=lying
    )
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        run_stages(study, STAGES, (RUNNER.name,))
    return study, run


def test_every_posture_is_read_and_predicted(speeding):
    """Upright and on the back, the centre of mass lies over that of pressure, fitted or not."""
    standing = speeding[0].read_manifest(RUNNER.name, "inverse_dynamics")["standing"]
    assert [posture["trial_id"] for posture in standing] == ["static", "on-board"]
    for posture in standing:
        assert np.hypot(*posture["left_out_m"]) < 0.015, posture
        assert np.hypot(*posture["fitted_m"]) < 0.006, posture


def test_steps_that_speed_up_have_true_momenta(speeding):
    """All groups of every whole step: within 0.1 kg m²/s, a tenth of what they carry at 9 m/s."""
    study, run = speeding
    steps = participant_rows(study, RUNNER.name, "steps")
    complete_steps = steps[steps["status"] == "ok"]
    assert len(complete_steps) >= FASTER - 3
    assert complete_steps["speed_mps"].min() < LOWEST + 0.3
    assert complete_steps["speed_mps"].max() > HIGHEST - 0.4
    assert complete_steps["step_flags"].str.contains("accelerating").mean() > 0.5
    for step in complete_steps.to_dict("records"):
        time = run.truth.gait_time - run.start
        inside = (time >= step["touchdown_fitted_s"]) & (time <= step["toe_off_fitted_s"])
        true = role_momenta(run.truth, step["side"])[inside].mean(axis=0)
        for group, value in zip(("push_leg", "swing_leg", "arms", "torso"), true, strict=False):
            computed = step[f"H_{group}_y_stance_mean_kgm2ps"]
            assert computed == pytest.approx(value, abs=0.1), (step["step"], group)


JOINTS = {
    "hip_push": ("hip",), "knee_push": ("knee",), "ankle_toes_push": ("ankle", "mtp"),
    "hip_swing": ("hip",), "knee_swing": ("knee",), "lumbar": ("back",),
}  # fmt: skip
"""Single sources of level C, and the model's joints."""


def test_they_are_in_no_hypothesis_but_contrasts(speeding):
    study, _ = speeding
    page = (study.root / "report" / "results.html").read_text(encoding="utf-8")
    assert "every normal trial speeds up, and only contrasts read such trials" in page
    verdicts = pd.read_csv(study.table("verdicts.tsv"), sep="\t").set_index("hypothesis")
    assert verdicts["estimate"].isna().all()
    assert not len(pd.read_csv(study.table("hypotheses_steps.tsv"), sep="\t"))


ONE_ARM = "multiverse: {enabled: false}\n"
FIRST = ("prepare", "scale", "inverse_kinematics")
"""Stages that are the same, plain or fitted."""
REST = ("inverse_dynamics", "contributions", "multiverse")
VERSIONS = {
    "plain": "consistency: off\ncontributions: {draws: 0}\n",
    "fitted": "consistency: {drag_area_m2: 0, samples: 0}\ncontributions: {draws: 0}\n",
}
PLAIN_ONLY = "mirrored_at_an_angle"
KEYS = ["step", "level", "source", "target", "axis", "phase", "statistic", "unit"]
WAYS = {
    "ahead": (0.0, False, 0.0, GROUND_AXES),
    "mirrored_along_minus_x_on_a_raised_floor": (0.0, True, 0.35, QUALISYS_AXES),
    "mirrored_at_an_angle": (25.0, True, 0.0, QUALISYS_AXES),
}
"""Degrees to the left, mirror image, height of the plates (m), laboratory's axes."""


def _other_side(label: str) -> str:
    return {"R": "L", "L": "R"}[label[0]] + label[1:] if label[0] in "RL" else label


def _moved(
    recording: VirtualRecording, degrees: float, height: float, *, mirror: bool
) -> VirtualRecording:
    """The recording of the runner's mirror image, turned about the vertical and lifted."""
    lift = np.array([0.0, height, 0.0])
    turn = rotation_about_vertical(np.radians(degrees)).T
    labels, markers = recording.labels, recording.markers
    vectors = [recording.force, recording.moment, recording.corners]
    if mirror:
        names = [_other_side(label) for label in labels]
        markers = mirrored_polar(markers[:, [names.index(label) for label in labels]])
        kinds = (mirrored_polar, mirrored_axial, mirrored_polar)
        vectors = [kind(values) for kind, values in zip(kinds, vectors, strict=True)]
    force, moment, corners = (values @ turn for values in vectors)
    lifted = {"markers": markers @ turn + lift, "corners": corners + lift}
    return recording.changed(force=force, moment=moment, **lifted)


def _write(data: Path, recording: VirtualRecording, laboratory: Laboratory) -> None:
    """Write run.trc and run.mot, in laboratory axes and metres.

    Forces are given at the centres of the plates, with the full moment about them.
    """
    turn = laboratory.matrix.T
    write_trc(data / "run.trc", recording.labels, recording.markers @ turn, recording.marker_rate)
    centres = recording.corners.mean(axis=1) @ turn
    columns, values = [], []
    for plate, centre in enumerate(centres):
        force, moment = recording.force[:, plate] @ turn, recording.moment[:, plate] @ turn
        point = np.broadcast_to(centre, force.shape)
        for name, part in (("force_v", force), ("force_p", point), ("torque_", moment)):
            columns += [f"{plate + 1}_ground_{name}{axis}" for axis in "xyz"]
            values.append(part)
    time = np.arange(len(recording.force)) / recording.force_rate
    write_storage(data / "run.mot", columns, time, np.hstack(values), in_degrees=False)


def _tables(folder: Path, recording: VirtualRecording, axes) -> Iterator[pd.DataFrame]:
    """Contributions of the steps of one run, given as TRC and MOT, plain and fitted."""
    laboratory = Laboratory(axes=axes)
    write_made_study(folder, RUNNER, {}, laboratory, settings=VERSIONS["plain"] + ONE_ARM)
    _write(folder / "data", recording, laboratory)
    (folder / "trials.tsv").write_text(
        "participant_id\ttrial_id\ttask\tfile\tforce_file\n"
        f"{RUNNER.name}\tstatic\tstatic\tstatic.c3d\tn/a\n"
        f"{RUNNER.name}\trun\trun\trun.trc\trun.mot\n",
        encoding="utf-8",
    )
    for version, settings in VERSIONS.items():
        if (folder.name[:-1], version) == (PLAIN_ONLY, "fitted"):
            return
        stages = REST if version == "fitted" else FIRST + REST
        replace(folder / "study.yaml", VERSIONS["plain"], settings)
        study = load_study(folder / "study.yaml")
        with pytest.MonkeyPatch.context() as patch:
            # standing is not moved with the run
            patch.setattr("aqbio.inverse_dynamics.stage.static_stances", lambda *_: {})
            run_stages(study, stages, (RUNNER.name,))
        tables_study(study, lambda _: None)
        sides = pd.read_csv(study.table("steps.tsv"), sep="\t")["side"]
        assert sides[0] == ("left" if "mirrored" in folder.name else "right")
        yield participant_rows(study, RUNNER.name, "contributions")


@pytest.fixture(scope="module")
def tables(gait_of: GaitOf, tmp_path_factory):
    """Give the rows of every way, plain or fitted."""
    run = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), Laboratory())
    soft = Disturbances(soft_tissue_m=0.010)
    recording = disturbed(run.recording, soft, np.random.default_rng(0))

    rows_by_way = {}
    for way, (degrees, mirror, height, axes) in WAYS.items():
        moved = _moved(recording, degrees, height, mirror=mirror)
        rows_of_versions = _tables(tmp_path_factory.mktemp(way), moved, axes)
        rows_by_way |= {
            (way, name): rows for name, rows in zip(VERSIONS, rows_of_versions, strict=False)
        }
    return rows_by_way


@pytest.mark.parametrize(
    ("way", "version"),
    [(way_of, "plain") for way_of in list(WAYS)[1:]] + [(list(WAYS)[1], "fitted")],
)
def test_the_same_rows_whatever_the_direction(tables, way: str, version: str):
    """Every row of every step and level, against the largest of its kind."""
    ahead, of_way = tables["ahead", version], tables[way, version]
    merged = ahead.merge(of_way, on=KEYS, how="outer", indicator=True, validate="one_to_one")
    assert (merged["_merge"] == "both").all()
    assert len(merged) > 5000
    size = merged[["value_x", "low_x", "high_x"]].abs().max(axis=1)
    scale = size.groupby([merged[name] for name in ("level", "statistic", "unit")]).transform("max")
    limit = 5e-3 if WAYS[way][0] else 1e-4
    untold = merged["value_x"].isna()  # ankle or toes alone: an interval over contact models
    assert merged.loc[untold, ["low_x", "high_x"]].notna().all(axis=None)
    for name, has_number in (("value", ~untold), ("low", untold), ("high", untold)):
        assert (merged[f"{name}_x"].isna() == merged[f"{name}_y"].isna()).all()
        difference = (merged[f"{name}_x"] - merged[f"{name}_y"]).abs() / scale
        assert (difference[has_number] < limit).all(), merged.loc[difference.nlargest(5).index]
