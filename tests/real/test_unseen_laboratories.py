"""Recordings of unprepared laboratories, and joint angles instead of markers.

From the folder to results, by a user's steps; known of each recording is what its README says.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.io.trial_files import read_recording
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.motion import loose_labels, segment_of
from aqbio.prepare.force_evidence import ForceEvidence
from tests.real.conftest import ROOT
from tests.real.staged import PLAIN, fill, run_stages, write_study
from tests.small_study import replace

pytestmark = [pytest.mark.real, pytest.mark.opensim]

PERSON = "S01"


def _new_study(folder: Path, data: Path, model: Path | None = None) -> tuple[Path, str]:
    """Study that `aqbio new --from` makes of a folder: study.yaml, and the printed summary."""
    summary = new_study_from(folder, data, model, lambda line: None)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{PLAIN}results: {(folder / 'results').as_posix()}\n")
    return folder / "study.yaml", summary


def _cells(sheet: Path, column: str) -> list[str]:
    with sheet.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file, delimiter="\t")]


def _entries(study: Study, stage: str) -> list[dict]:
    moving = {trial.trial_id for trial in study.moving_of(PERSON)}
    return [
        trial
        for trial in study.read_manifest(PERSON, stage)["trials"]
        if trial["trial_id"] in moving
    ]


def _steps(study: Study):
    table = read_table(study.table("steps.tsv"))
    return table[table["status"] == "ok"]


@pytest.mark.parametrize(
    "sample", ["sample_06_newwalk", "sample_26_Walking_Hybrid_1_1", "unipd_yup_type1_walk"]
)
def test_walking_is_distinguished_from_incomplete_contacts(tmp_path, realdata, sample):
    """Both feet stand on plates at once; more contacts in a row would not help."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(realdata / "c3d_samples" / f"{sample}.c3d", data)
    _, summary = _new_study(tmp_path / "study", data)
    assert (
        "no step in 1 of 1 run, and so no results: both feet are on the ground at once" in summary
    )
    assert "seen whole" not in summary


@pytest.fixture(scope="module")
def dummy_angles(tmp_path_factory, realdata):
    """Forces among angles that are all zero, and the file of external loads that names them."""
    folder = tmp_path_factory.mktemp("dummy_angles")
    file, summary = _new_study(folder / "study", realdata / "hamner_subject02")
    fill(folder / "study" / "participants.tsv", sex="male")
    assert [finding for finding in study_problems(file) if finding.severity == "error"] == []
    return run_stages(file), summary


def test_forces_beside_dummy_angles_are_read_as_their_description_says(dummy_angles, realdata):
    study, summary = dummy_angles
    assert "0 files of joint angles" in summary
    sheet = study.sheet("trials")
    assert _cells(sheet, "force_file") == ["n/a", "External_Loads.xml"]
    assert _cells(sheet, "please_fill")[1] == "belt_speed_mps (the feet show 4.01)"
    assert "scaled to a person, as it seems: subject02_registered.osim" in summary
    [trial] = _entries(study, "prepare")
    assert trial["belt_speed_mps"] == pytest.approx(4.0, rel=0.01)
    forces = read_storage(realdata / "hamner_subject02" / "subject02_running_grf.mot")
    largest = max(forces.column(f"{foot}ground_force_vy").max() for foot in ("", "1_"))
    assert trial["peak_n"] == pytest.approx(largest, abs=1.0)
    assert np.median(trial["stride_masses_kg"]) == pytest.approx(65.9, rel=0.01)
    assert trial["contacts"] == 29


def test_arms_bend_as_arms_do_and_all_is_given(dummy_angles):
    """Scaled to the static trial alone, elbows bent backwards and feet were 37 % too long."""
    study, _ = dummy_angles
    assert study.read_manifest(PERSON, "scale")["lost"] == {}
    solved = read_dataset(study.folder(PERSON, "inverse_kinematics") / "running.nc")
    elbows = np.degrees(solved["q"].sel(coordinate=["elbow_flex_r", "elbow_flex_l"]))
    assert float(elbows.min()) > 0.0
    assert float(elbows.max()) < 150.0
    steps = _steps(study)
    assert len(steps) >= 27
    for part in ("push_leg", "push_side", "total"):
        assert steps[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part


def test_a_persons_own_model_is_offered_and_used_as_it_is(tmp_path, realdata):
    data = realdata / "hamner_subject02"
    file, summary = _new_study(tmp_path / "study", data, data / "subject02_registered.osim")
    assert "model subject02_registered.osim, taken as scaled to this person" in summary
    assert _cells(tmp_path / "study" / "participants.tsv", "please_fill") == ["height_m"]
    assert [finding for finding in study_problems(file) if finding.severity == "error"] == []
    study = run_stages(file, until="inverse_kinematics")
    assert study.read_manifest(PERSON, "scale")["mass_kg"] == pytest.approx(65.9, abs=0.1)
    findings = [f for t in _entries(study, "inverse_kinematics") for f in t["findings"]]
    assert any(f["rule"] == "pose-impossible" and "right elbow" in f["what"] for f in findings)


@pytest.fixture(scope="module")
def clusters_only(tmp_path_factory, realdata):
    """No static trial, and no landmark on thighs and shanks; two of the four speeds are run."""
    folder = tmp_path_factory.mktemp("clusters_only")
    file, summary = _new_study(folder / "study", realdata / "hamner_subject04")
    fill(folder / "study" / "participants.tsv", sex="male")
    fill(folder / "study" / "trials.tsv", ("run300", "run400"), include="no")
    assert [finding for finding in study_problems(file) if finding.severity == "error"] == []
    return run_stages(file), summary


def test_trials_are_called_after_their_folders(clusters_only):
    study, summary = clusters_only
    assert _cells(study.sheet("trials"), "trial_id") == ["run200", "run300", "run400", "run500"]
    assert "generic models in the folder: unscaled_generic.osim" in summary
    trials = _entries(study, "prepare")
    for trial, speed in zip(trials, (1.95, 5.00), strict=True):
        assert trial["belt_speed_mps"] == pytest.approx(speed, rel=0.025)
    strides = [mass for trial in trials for mass in trial["stride_masses_kg"]]
    assert np.median(strides) == pytest.approx(80.47, rel=0.025)


def test_legs_that_no_landmark_places_are_placed_by_all_recordings(clusters_only):
    """Knees of one person that runs straight on bend alike, and forward.

    Scaled to a still frame they were 11 to 18 degrees apart and bent backwards by 19.
    """
    study, _ = clusters_only
    scale = study.read_manifest(PERSON, "scale")
    assert scale["lost"] == {}
    for part in ("thigh", "shank", "foot"):
        right, left = (scale["lengths_m"][f"{part}_{side}"][0] for side in ("right", "left"))
        assert left == pytest.approx(right, rel=0.01)
    for trial in ("run200", "run500"):
        q = read_dataset(study.folder(PERSON, "inverse_kinematics") / f"{trial}.nc")["q"]
        knees = np.degrees(q.sel(coordinate=["knee_angle_r", "knee_angle_l"]).values)
        assert abs(np.subtract(*knees.mean(axis=0))) < 7.0
        assert knees.min() > -5.0
    steps = _steps(study)
    assert set(steps["trial_id"]) == {"run200", "run500"}
    for part in ("push_leg", "swing_leg", "push_side", "total"):
        assert steps[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part


def test_words_locate_the_back_of_the_pelvis(tmp_path, realdata):
    """LBackAsis, RBackAsis: no name of a published set, but words that say where they are."""
    folder = tmp_path / "study"
    file, summary = _new_study(folder, realdata / "pyorerun")
    assert "markers.yaml, please_fill" not in summary
    fill(folder / "participants.tsv", sex="male", mass_kg="70")
    assert [finding for finding in study_problems(file) if finding.severity == "error"] == []
    study = run_stages(file, until="inverse_kinematics")
    [entry] = _entries(study, "inverse_kinematics")
    assert entry["status"] == "ok", entry["reason"]
    prepared = read_dataset(study.folder(PERSON, "prepare") / "Running_0002.nc")
    assert prepared["contact_foot"].values.tolist() == ["right"]
    assert float(prepared["contact_touchdown"][0]) == pytest.approx(0.038, abs=0.002)
    assert float(prepared["contact_toe_off"][0]) == pytest.approx(0.323, abs=0.003)


def test_motion_rejects_only_labels_on_wrong_segments(realdata):
    """A sprint's 46 labels where their names say, and each one on some other segments."""
    table = landmark_table()
    sprint = read_recording(realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d")
    sites = named_labels(sprint.labels, table).sites
    assert loose_labels(sites, sites, [sprint], table) == {}
    segments = {label: segment_of(site, table) for label, site in sites.items()}
    clusters = {"pelvis": "pelvis", "torso": "trunk"}
    refused = planted = 0
    for number, (label, true_segment) in enumerate(segments.items()):
        for segment, side in sorted(set(segments.values()) - {true_segment})[number % 9 :: 9]:
            wrong = SidedLandmark(clusters.get(segment, segment), side)
            loose = loose_labels({**sites, label: wrong}, {label}, [sprint], table)
            refused += label in loose
            planted += 1
    assert planted > 50
    assert refused >= 0.98 * planted  # the others are beside the joint: elbows on forearms


PEOPLE = "participant_id\tsex\tmass_kg\tmodel_file\n"
TRIALS = "participant_id\ttrial_id\ttask\tcoordinates_file\tforce_file\n"

PRECISION = 1e-6
"""Files keep curves in single precision; two derivatives at 250 Hz raise the rounding of degrees to
about 1e-16 / 0.004² = 1e-11 of the angles' size."""


@pytest.fixture(scope="module")
def from_markers(tmp_path_factory):
    """JA1's sprint from TRC and MOT on the sprint model, as far as level A."""
    folder = tmp_path_factory.mktemp("markers")
    file = write_study(
        folder,
        ["JA1\tmale\t75.95\tn/a\tstatic"],
        [
            "JA1\tstatic\tstatic\ttrc_mot/static.trc\tn/a",
            "JA1\tsprint\trun\ttrc_mot/sprint.trc\ttrc_mot/sprint_grf.mot",
        ],
    )
    with lag_unknown():
        return run_stages(file, until="contributions")


@contextmanager
def lag_unknown() -> Iterator[None]:
    """Take no lag of the forces from the body: markers show one, angles without arms do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForceEvidence, "lag", lambda *_: float("nan"))
        yield


ARM = ("arm_flex", "arm_add", "arm_rot", "elbow_flex", "pro_sup", "wrist_flex", "wrist_dev")
ARMS = tuple(f"{name}_{side}" for name in ARM for side in "rl")
LUMBAR = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
ALTERED = {
    "whole": ((), "", set()),
    "arms_deleted": (ARMS, "delete", {"arm_left", "arm_right"}),
    "arms_zero": (ARMS, "zero", {"arm_left", "arm_right"}),
    "elbow_held": (("elbow_flex_l",), "hold", {"arm_left"}),
    "lumbar_deleted": (LUMBAR, "delete", {"torso", "arm_left", "arm_right"}),
    "toes_deleted": (("mtp_angle_r", "mtp_angle_l"), "delete", set()),
}
"""Columns of the file that are not those of a measurement, and groups that are unobserved."""


@pytest.fixture(scope="module")
def from_coordinates(from_markers, tmp_path_factory, realdata):
    """The same trial from the coordinates that inverse kinematics found, before the low-pass; and
    as laboratories might have the file: columns left out, zero, or held."""
    folder = tmp_path_factory.mktemp("coordinates")
    data = folder / "data"
    data.mkdir()
    model = from_markers.folder("JA1", "scale")
    (data / "JA1.osim").write_bytes((model / "JA1.osim").read_bytes())
    skeleton = load_skeleton(model / "JA1.skeleton.npz")
    solved = read_dataset(from_markers.folder("JA1", "inverse_kinematics") / "sprint.nc")
    coordinates, angles = solved["q_unfiltered"].values.copy(), skeleton.coordinate_is_rotation
    coordinates[:, angles] = np.degrees(coordinates[:, angles])
    for name, (columns, alteration, _) in ALTERED.items():
        values = coordinates.copy()
        altered = np.isin(skeleton.coordinates, columns)
        assert altered.any() == bool(columns)
        values[:, altered] = values[len(values) // 2, altered] if alteration == "hold" else 0.0
        columns_kept = (
            np.flatnonzero(~altered) if alteration == "delete" else np.arange(len(altered))
        )
        labels = [skeleton.coordinates[column] for column in columns_kept]
        time = solved["time"].values
        write_storage(data / f"{name}.mot", labels, time, values[:, columns_kept], in_degrees=True)
    forces = realdata / "ja1_dorn2012" / "trc_mot" / "sprint_grf.mot"
    (data / "grf.mot").write_bytes(forces.read_bytes())
    file = write_study(folder, [], [], data=data.as_posix())
    (folder / "participants.tsv").write_text(PEOPLE + "JA1\tmale\t75.95\tJA1.osim\n")
    rows = [f"JA1\t{name}\trun\t{name}.mot\tgrf.mot" for name in ALTERED]
    (folder / "trials.tsv").write_text(TRIALS + "\n".join(rows) + "\n")
    errors = {finding.rule for finding in study_problems(file) if finding.severity == "error"}
    assert errors == {"recording-twice"}  # so it is
    with lag_unknown():
        return run_stages(file)


def test_a_trial_without_arms_has_the_clock_of_the_sessions_others(from_coordinates, tmp_path):
    """Its knee moments were up to a quarter off, on another clock than those of the whole body."""
    source = from_coordinates.file.parent
    names = ("whole", "arms_deleted", "lumbar_deleted")
    file = write_study(tmp_path, [], [], data=(source / "data").as_posix())
    shutil.copy(source / "participants.tsv", tmp_path)
    rows = [f"JA1\t{name}\trun\t{name}.mot\tgrf.mot" for name in names]
    (tmp_path / "trials.tsv").write_text(TRIALS + "\n".join(rows) + "\n")
    study = run_stages(file, until="inverse_dynamics")
    folder = study.folder("JA1", "inverse_dynamics")
    whole, *others = (read_dataset(folder / f"{name}.nc") for name in names)
    assert whole.attrs["fit_clock_offset"] > 0.002
    knees = ["knee_angle_l", "knee_angle_r"]
    moment = whole["generalised_force"].sel(coordinate=knees).values
    entries = {x["trial_id"]: x for x in study.read_manifest("JA1", "inverse_dynamics")["trials"]}
    for name, other in zip(names[1:], others, strict=True):
        assert other.attrs["fit_clock_offset"] == pytest.approx(whole.attrs["fit_clock_offset"])
        assert other.attrs["clock_sd"] >= whole.attrs["clock_sd"]
        distance = other["generalised_force"].sel(coordinate=knees).values - moment
        assert np.nanmax(np.abs(distance)) < 0.02 * np.nanmax(np.abs(moment))
        [said] = [x for x in entries[name]["findings"] if x["rule"] == "force-lag-unknown"]
        assert "by the session's other trials" in said["what"]


def _level_a(study, trial):
    entries = study.read_manifest("JA1", "contributions")["trials"]
    [entry] = [trial_record for trial_record in entries if trial_record["trial_id"] == trial]
    assert entry["status"] == "ok", entry["reason"]
    return read_dataset(study.folder("JA1", "contributions") / f"{trial}.nc")


def test_same_level_a_as_from_markers(from_markers, from_coordinates):
    expected, computed = _level_a(from_markers, "sprint"), _level_a(from_coordinates, "whole")
    np.testing.assert_allclose(computed["time"], expected["time"], atol=1e-12)
    momenta = ("group_angular_momentum", "group_angular_momentum_rate")
    for variable in (*momenta, "joint_moment", "com"):
        largest = float(np.nanmax(np.abs(expected[variable])))
        difference = np.nanmax(np.abs(computed[variable].values - expected[variable].values))
        assert difference <= PRECISION * largest, variable


@pytest.mark.parametrize("name", ALTERED)
def test_coordinate_columns_determine_the_observed_segments(from_coordinates, name):
    """The markers of the marker set, arms and all, are those of the model: they show nothing."""
    lost_groups, study = ALTERED[name][2], from_coordinates
    complete, altered = (_level_a(study, trial) for trial in ("whole", name))
    momentum = altered["group_angular_momentum"]
    for group in momentum["group"].values:
        assert np.isnan(momentum.sel(group=group)).all() == (group in lost_groups), group
    assert altered["residual_moment"].isnull().all() == bool(lost_groups)
    # what nobody saw widens no number of what was seen
    entries = study.read_manifest("JA1", "contributions")["trials"]
    misfits = {entry["trial_id"]: set(entry["misfits"]) for entry in entries}[name]
    assert ("plain force" in misfits, "plain moment" in misfits) == (not lost_groups,) * 2
    # the direction of travel is that of the centre of mass: unseen arms turn it by a milliradian
    knee, expected = (
        data["joint_moment"].sel(joint="knee_left").values for data in (altered, complete)
    )
    largest = np.nanmax(np.abs(expected))
    if lost_groups:
        assert np.nanmax(np.abs(knee - expected)[:, 1]) < 1e-6 * largest
    assert np.nanmax(np.abs(knee - expected)) < 0.02 * largest
    entries = study.read_manifest("JA1", "inverse_kinematics")["trials"]
    [entry] = [trial_record for trial_record in entries if trial_record["trial_id"] == name]
    sentences = [
        finding["what"] for finding in entry["findings"] if finding["rule"] == "parts-unseen"
    ]
    assert entry["unseen_groups"] == sorted(lost_groups, key=list(momentum["group"].values).index)
    assert len(sentences) == bool(lost_groups)
    assert all(text.startswith("the file of joint angles does not hold") for text in sentences)
    # markers of the model itself are 0 mm off: that was "ok, OpenSim's best practice"
    quality = read_table(study.table("quality.tsv"))
    marker_rows = quality[
        quality["measure"].str.startswith("marker_") & (quality["trial_id"] == name)
    ]
    assert len(marker_rows) == 3
    assert marker_rows["value"].isna().all()
    assert (marker_rows["verdict"] == "not tested").all()


def test_opensims_own_inverse_kinematics(realdata, tmp_path):
    """IK results of others, knee_angle_r_beta in radians in a file in degrees, forces of JA1."""
    folder = tmp_path / "study"
    file = write_study(folder, [], [])
    model = "models/rajagopal_scaled_ja1.osim"
    motion = "reference/rajagopal_run0900cms_ik.mot"
    (folder / "markers.yaml").write_bytes(
        (ROOT / "tests" / "real" / "ja1" / "markers.yaml").read_bytes()
    )
    replace(file, "model: {markers", "model: {map: rajagopal2016, markers")
    (folder / "participants.tsv").write_text(PEOPLE + f"JA1\tmale\tn/a\t{model}\n")
    (folder / "trials.tsv").write_text(
        TRIALS + f"JA1\tsprint\trun\t{motion}\ttrc_mot/sprint_grf.mot\n"
    )
    study = run_stages(file, until="contributions")
    level_a = _level_a(study, "sprint")
    velocity = level_a["com_velocity"].values
    assert np.linalg.norm(velocity.mean(axis=0)) == pytest.approx(9.5, rel=0.02)
    solved = read_dataset(study.folder("JA1", "inverse_kinematics") / "sprint.nc")
    storage = read_storage(realdata / "ja1_dorn2012" / motion)
    knee = solved["q_unfiltered"].sel(coordinate="knee_angle_r").values
    beta = solved["q_unfiltered"].sel(coordinate="knee_angle_r_beta").values
    # the coupler of this model is the identity, and the file holds the kneecap's angle in radians
    np.testing.assert_allclose(np.degrees(knee), storage.column("knee_angle_r"), atol=1e-6)
    np.testing.assert_allclose(beta, storage.column("knee_angle_r_beta"), atol=1e-4)
    prepared = study.read_manifest("JA1", "prepare")["trials"][0]
    assert prepared["contacts"] == 4


def test_a_folder_of_joint_angles_fills_the_sheets(realdata, tmp_path, monkeypatch):
    """Angles, forces and two models without any marker: the model of most files is taken.

    Pelvis and feet are told from the models' bodies: sides, contacts and speed are those of the
    recorded markers (README of the data).
    """
    monkeypatch.chdir(tmp_path)  # results go there
    source, data = realdata / "ja1_dorn2012", tmp_path / "data"
    data.mkdir()
    for file in (
        *(source / "reference").glob("*.mot"),
        *(source / "trc_mot").glob("*_grf.mot"),
        source / "models" / "JA1_SCALED_Osim40.osim",
        source / "models" / "rajagopal_scaled_ja1.osim",
    ):
        bare = re.sub(rb"<Marker .*?</Marker>", b"", file.read_bytes(), flags=re.DOTALL)
        (data / file.name).write_bytes(bare)
    summary = new_study_from(tmp_path / "study", data, None, lambda line: None)
    study = load_study(tmp_path / "study" / "study.yaml")
    [person] = study.participants
    assert person.model_file == "JA1_SCALED_Osim40.osim"
    assert {(t.source, t.force_file) for t in study.trials} == {
        ("jog_ik.mot", "jog_grf.mot"),
        ("sprint_ik.mot", "sprint_grf.mot"),
    }
    assert "rajagopal_run0900cms_ik.mot: its model is not in the folder" in summary
    problems = study_problems(tmp_path / "study" / "study.yaml")
    assert [problem for problem in problems if problem.severity == "error"] == []
    assert not (tmp_path / "study" / "markers.yaml").exists()
    run_stages(tmp_path / "study" / "study.yaml", until="contributions")
    sides, speeds = {"jog_ik": "RLR", "sprint_ik": "RL"}, {"jog_ik": 3.56, "sprint_ik": 9.52}
    for trial, expected in sides.items():
        prepared = read_dataset(study.folder(person.participant_id, "prepare") / f"{trial}.nc")
        assert "".join(str(foot)[0].upper() for foot in prepared["contact_foot"].values) == expected
        data = read_dataset(study.folder(person.participant_id, "contributions") / f"{trial}.nc")
        speed = np.linalg.norm(data["com_velocity"].values.mean(axis=0))
        assert speed == pytest.approx(speeds[trial], rel=0.02)
    trials = study.read_manifest(person.participant_id, "prepare")["trials"]
    rules = {finding["rule"] for entry in trials for finding in entry["findings"]}
    assert "coordinates-missing" in rules  # its hands were never measured ...
    assert "marker-missing" not in rules  # ... but nobody wore markers
