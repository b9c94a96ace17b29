"""Recordings of many laboratories through stage prepare: numbers of their sources, or refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import ezc3d
import numpy as np
import pytest
from scipy.signal import butter, filtfilt

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.filters import low_pass
from aqbio.io.c3d import read_c3d
from aqbio.io.mot_forces import read_force_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.opensim_xml import model_masses
from aqbio.io.study import load_study
from aqbio.io.trial_files import read_recording
from aqbio.prepare.clock import note_rate
from aqbio.prepare.dataset import prepared_dataset
from aqbio.prepare.event_accuracy import ACCURACY
from aqbio.prepare.filters import find_filter, marker_spectrum
from aqbio.prepare.marked_body import SegmentMasses
from aqbio.prepare.notes import Notes
from aqbio.prepare.stage import prepare_participant
from aqbio.prepare.stated_faults import stated_faults
from aqbio.prepare.trial import prepare_trial

pytestmark = pytest.mark.real

FOLDER = Path(__file__).parent
SIDES = ("left", "right")

REFUSED = {
    "nimble_p04_zero_markers.c3d": "holds 0 markers",
    "sample_02_sgi_real.c3d": "MIPS",
    "sample_13_golfswing.c3d": "OFFSET parameter",
    "sample_16_golf.c3d": "none of the 21 labelled markers",
    "sample_18_bad_parameter_section.c3d": "section is damaged",
    "sample_20_phasespace_sample.c3d": "its header counts 40 points, its parameters 0",
    "sample_27_kyowadengyo.c3d": "its header counts 11 points, its parameters 12",
    "sample_28_type1.C3D": "its header counts 6 analog values a frame, its parameters 0",
    "sample_30_emgwl.c3d": "holds 0 markers",
}
"""Files that are not read, and why: of 27 and 28 ezc3d gives frames that begin in one another."""


class Sample(NamedTuple):
    """Labels of pelvis and feet, contacts (l, r), warnings, and the axes of walking trials."""

    front: str
    back: str
    left: str
    right: str
    feet: str
    warnings: Sequence[str] = ()
    up: str = ""
    forward: str = ""
    fix: str | None = None
    """What column fix states, as the program proposes it."""

    @property
    def marker_set(self) -> MarkerSet:
        """As a marker set whose segments do not matter."""
        front, back, left, right = (labels.split() for labels in self[:4])
        return MarkerSet.model_validate(
            {
                "name": "sample",
                "source": "none",
                "markers": {label: {"body": "any"} for label in (*front, *back, *left, *right)},
                "feet": {
                    "left": {"heel": left[0], "toe": left[1:]},
                    "right": {"heel": right[0], "toe": right[1:]},
                },
                "pelvis": {"front": front, "back": back},
            }
        )


SAMPLES = {
    "unipd_yup_type1_walk.c3d": Sample(
        "RASIS LASIS", "RPSIS LPSIS", "LCA LVMH", "RCA RVMH", "rl",
        ["forces-cut", "forces-undecided", "plate-force-unit"],  # nothing between 0 and 40 N
        up="+y", forward="+z",
    ),
    "sample_26_Walking_Hybrid_1_1.c3d": Sample(
        "R_ASIS L_ASIS", "SACRUM", "L_HEEL L_MT_1", "R_HEEL R_MT_1", "rl",
        ["forces-undecided", "plate-force-unit"],
        up="+z", forward="+x",
    ),
    "sample_00_Vicon_Motion_Systems_pyCGM2_lower_limb_CGM24_Walking01.c3d": Sample(
        "RASI LASI", "RPSI LPSI", "LHEE LTOE", "RHEE RTOE", "l", up="+z", forward="-y"
    ),
    "nimble_upsidedown_type4_gap71pct.c3d": Sample(
        "R.ASIS L.ASIS", "Sacrum", "L.Heel L.Toe", "R.Heel R.Toe", "rlrl",
        ["contact-near-edge", "contact-nobody", "heading-unknown"],  # jumps on the spot
    ),
    "sample_02_pc_real.c3d": Sample(  # clusters on the side of the pelvis
        "RPV1 RPV2", "RPV3", "LFT1 LFT2 LFT3", "RFT1 RFT2 RFT3", "rl", ["heading-doubt"]
    ),
    "sample_03_gait-pig-nz.c3d": Sample(
        "RASI LASI", "SACR", "LANK LTOE", "RANK RTOE", "r", ["contact-nobody"],
        fix="moment-millimetres",
    ),
    "sample_14_sample14.c3d": Sample(
        "RASI LASI", "SACR", "LANK LTOE", "RHEE RTOE", "",
        [  # volts: by them the runner weighs 16 kg, and blocks of samples are lost
            "events-kinematic", "forces-foreign", "no-whole-contact", "plate-force-unit",
        ],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def recordings(realdata):
    """Every file that is read, and why the others are not."""
    read, refused = {}, {}
    for path in sorted((realdata / "c3d_samples").iterdir()):
        if path.suffix.lower() == ".c3d":
            try:
                read[path.name] = read_c3d(path)
            except AqbioError as error:
                refused[path.name] = error
    return read, refused


def test_every_file_is_read_or_refused(recordings):
    read, refused = recordings
    for recording in read.values():
        assert len(recording.labels) > 0
        assert np.nanmax(np.abs(recording.positions)) < 20.0  # metres in a laboratory
        assert recording.forces is None or recording.forces.start == 0.0
    assert set(refused) == set(REFUSED)
    for name, error in refused.items():
        assert REFUSED[name] in error.what
        assert error.fix


def test_forces_are_those_of_ezc3d(realdata, recordings):
    """Axes of sloppy corners agree roughly: ezc3d takes one edge, we take both."""
    compared = 0
    for name, recording in recordings[0].items():
        if recording.forces is None:
            continue
        path = str(realdata / "c3d_samples" / name)
        platforms = ezc3d.c3d(path, extract_forceplat_data=True)["data"]["platform"]
        for index, number in enumerate(recording.forces.numbers):
            theirs = platforms[number - 1]["force"].T
            ours = recording.forces.wrench.force[:, index]
            largest = np.abs(theirs).max()
            # corners out of square by up to 0.6 degrees
            np.testing.assert_allclose(ours, theirs, atol=0.011 * largest + 1e-9)
            compared += 1
    assert compared > 30


@pytest.mark.parametrize("name", SAMPLES)
def test_c3d_samples_are_prepared_with_their_findings(recordings, name):
    sample, notes = SAMPLES[name], Notes("walk", "P", name, name)
    trial = Trial(participant_id="P", trial_id="walk", task="run", file=name, fix=sample.fix)
    stated, arguments = stated_faults(trial, "trials.tsv"), (Laboratory(), Prepare(cutoff_hz=6.0))
    if sample.fix:  # without it the forces are nobody's, and the program says what to state
        as_recorded = Notes("walk", "P", name, name)
        prepare_trial(recordings[0][name], trial, sample.marker_set, *arguments, as_recorded)
        [finding] = [x for x in as_recorded.findings if x.rule == "forces-foreign"]
        assert f"“{sample.fix}”" in finding.fix
    prepared = prepare_trial(
        recordings[0][name], trial, sample.marker_set, *arguments, notes, stated=stated
    )
    contacts = prepared.loads.contacts if prepared.loads else ()
    assert "".join(SIDES[contact.foot][0] for contact in contacts) == sample.feet
    rules = {finding.rule for finding in notes.findings if finding.severity != "info"} - {
        "marker-missing"
    }
    assert sorted(rules) == list(sample.warnings)
    assert all(finding.what and finding.file == name for finding in notes.findings)
    if sample.up:
        assert f"Up is {sample.up}" in prepared.axes.reasoning
        assert f"Forward is {sample.forward}" in prepared.axes.reasoning
        assert not prepared.axes.doubts
        assert all(contact.complete for contact in contacts)
        assert all(500.0 < contact.peak < 1200.0 for contact in contacts)
        # a foot's length where the forefoot's marker is missing; the other foot is far away.
        # ezc3d puts the pressure of sample 26 0.3 m away: its depth is a positive number
        far = 0.085 if "sample_26" in name else 0.2
        assert all(
            plate_contact.distance < far < plate_contact.margin
            for plate_contact in prepared.loads.on_plates
        )


JA1_CONTACTS = {
    "jog": [
        ("left", 0.520, 0.763, "1"),
        ("right", 0.899, 1.138, "2"),
        ("left", 1.269, 1.512, "4"),
        ("right", 1.652, 1.903, "5"),
        ("left", 2.027, 2.269, "7"),
    ],
    "sprint": [
        ("right", 0.353, 0.472, "2"),
        ("left", 0.583, 0.699, "4"),
        ("right", 0.815, 0.934, "7"),
        ("left", 1.037, 1.159, "8"),
    ],
}
"""Foot, touchdown, toe-off (rounded to 1 ms) and plate."""


def _prepared(folder: Path, study: str, participant: str):
    """Manifest and trials of a participant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        loaded = load_study(FOLDER / study / "study.yaml")
        prepare_participant(loaded, participant, lambda line: None)
        manifest = json.loads(loaded.manifest(participant, "prepare").read_text("utf-8"))
        out = loaded.folder(participant, "prepare")
        return manifest, {path.stem: read_dataset(path) for path in out.glob("*.nc")}


@pytest.fixture(scope="module")
def ja1(tmp_path_factory, realdata):
    return _prepared(tmp_path_factory.mktemp("ja1"), "ja1", "JA1")


@pytest.fixture(scope="module")
def treadmill(tmp_path_factory, realdata):
    return _prepared(tmp_path_factory.mktemp("run"), "rajagopal_run", "subject01")


def test_events_from_markers_against_the_plates(ja1, treadmill):
    """Within what kinematic events promise; sprinting within one frame of 4 ms."""
    for manifest, name, count, tested in (
        (ja1[0], "jog", 5, ACCURACY["forefoot"]),
        (ja1[0], "sprint", 4, None),
        (treadmill[0], "run", 14, ACCURACY["heel"]),
    ):
        [errors] = [x["kinematic_errors"] for x in manifest["trials"] if x["trial_id"] == name]
        limits = (tested.touchdown, tested.toe_off) if tested else ((-0.004, 0.004),) * 2
        for event, (early, late) in zip(("touchdown_s", "toe_off_s"), limits, strict=True):
            assert len(errors[event]) == count
            assert early < np.mean(errors[event]) < late
            assert name != "run" or np.std(errors[event]) < 0.002


LOW_PASSED_HZ = {
    "hamner_subject04/run300/markers.trc": 20.0,
    "rajagopal2016/run/motion_capture_run.trc": 20.0,
    "hamner_subject02/subject02_running.trc": 6.5,
    "c3d_samples/sample_10_TYPE-2a.c3d": 6.5,
}
"""Cut-offs of those that filtered their markers: at 100 Hz all at 20 Hz, as their forces are."""

RAW = (
    "ja1_dorn2012/trc_mot/jog.trc", "ja1_dorn2012/trc_mot/sprint.trc",
    "ja1_dorn2012/trc_mot/run0500cms.trc", "ja1_dorn2012/trc_mot/run0700cms.trc",
    "overground_sprinter/RunA1.c3d", "side_step/side_step.c3d", "pyorerun/Running_0002.c3d",
    "rajagopal2016/walk/motion_capture_walk.trc", "c3d_samples/sample_01_Eb015pi.c3d",
    "c3d_samples/sample_02_pc_real.c3d", "c3d_samples/sample_03_gait-pig-nz.c3d",
    "c3d_samples/sample_10_TYPE-3.c3d", "c3d_samples/sample_14_sample14.c3d",
    "c3d_samples/sample_26_Walking_Hybrid_1_1.c3d",
    "c3d_samples/nimble_upsidedown_type4_gap71pct.c3d",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_markers_are_low_passed_where_their_laboratory_did_so(realdata):
    for name, stated in LOW_PASSED_HZ.items():
        recording = read_recording(realdata / name)
        found = find_filter(marker_spectrum([recording.positions], recording.rate))
        assert found.stated_hz == pytest.approx(stated, rel=0.1), name
    for name in RAW:
        recording = read_recording(realdata / name)
        assert find_filter(marker_spectrum([recording.positions], recording.rate)) is None, name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["jog.trc", "sprint.trc", "run0700cms.trc"])
@pytest.mark.parametrize("stated", [6.0, 8.0, 12.0])
@pytest.mark.parametrize("order", [2, 4])
def test_a_filter_of_real_markers_is_found(realdata, name, stated, order):
    recording = read_recording(realdata / "ja1_dorn2012" / "trc_mot" / name)
    whole = np.isfinite(recording.positions).all(axis=(0, 2))
    filtered = filtfilt(
        *butter(order, stated / (0.5 * recording.rate)), recording.positions[:, whole], axis=0
    )
    low_pass = find_filter(marker_spectrum([filtered], recording.rate))
    assert abs(np.log(low_pass.stated_hz / stated)) < 2.5 * low_pass.error < 0.5


@pytest.mark.parametrize(
    ("name", "side"), [("sprint", "left"), ("sprint", "right"), ("jog", "right")]
)
def test_wrenches_agree_with_the_authors_own(ja1, realdata, name, side):
    """Their MOT files are a second processing of the same C3D files; they lag by two frames.

    (Their jog lacks a left contact.)
    """
    path = realdata / "ja1_dorn2012" / "trc_mot" / f"{name}_grf.mot"
    theirs, _ = read_force_storage(path, 0.0)
    foot = theirs.feet.index(side)
    force_and_moment = np.concatenate(
        (theirs.wrench.force[:, foot], theirs.wrench.moment_about_origin()[:, foot]), axis=1
    )
    smooth = low_pass(force_and_moment, theirs.rate, 20.0)[:: round(theirs.rate / 250.0)]
    trial = ja1[1][name].sel(foot=side)
    ours = np.concatenate((trial["foot_force"].values, trial["foot_moment"].values), axis=1)
    frames, lag = min(len(ours), len(smooth)) - 2, 2
    for column in range(6):
        mine, published = ours[:frames, column], smooth[lag : frames + lag, column]
        assert np.corrcoef(mine, published)[0, 1] > 0.995
        assert np.abs(published).max() == pytest.approx(np.abs(mine).max(), rel=0.05)


def test_treadmill_is_recognised(treadmill):
    """At 4 m/s; the files start at 0.23 s, in a right contact."""
    trial = treadmill[1]["run"]
    assert trial.attrs["surface"] == "treadmill"
    assert trial.attrs["event_threshold"] == 50.0
    assert trial.attrs["belt_speed"] == pytest.approx(4.0, rel=0.05)
    assert abs(trial.attrs["heading"]) < np.radians(2.0)
    assert "Forward is +x: the pelvis stays put" in trial.attrs["axes_reasoning"]
    is_complete, feet = trial["contact_complete"].values, trial["contact_foot"].values
    assert [int((feet[is_complete] == side).sum()) for side in SIDES] == [7, 7]
    assert all(foot != two for foot, two in pairwise(feet))
    np.testing.assert_array_equal(np.flatnonzero(~is_complete), [0])
    stance = (trial["contact_toe_off"] - trial["contact_touchdown"]).values[is_complete]
    assert 0.2 < stance.min() < stance.max() < 0.27
    assert float(trial["foot_force_event"].max()) == pytest.approx(1970.0, rel=0.01)


def test_a_walk_whose_header_is_padded_and_whose_pressure_is_346_m_away(realdata):
    """While unloaded; its labels have dots, and both feet are on the ground together."""
    folder = realdata / "rajagopal2016" / "walk"
    recording = read_recording(folder / "motion_capture_walk.trc", folder / "grf_walk.mot")
    row = Trial(participant_id="P", trial_id="walk", task="run", file="walk.trc")
    notes = Notes("walk", "P", "walk.trc", "grf_walk.mot")
    labels = Sample("R.ASIS L.ASIS", "R.PSIS L.PSIS", "L.Heel L.Toe L.MT5", "R.Heel R.Toe R.MT5",
                    "")  # fmt: skip
    prepared = prepare_trial(recording, row, labels.marker_set, Laboratory(), Prepare(), notes)
    trial = prepared_dataset(prepared, 20.0)
    assert list(trial["contact_foot"].values) == ["right", "left", "right"]
    assert trial.attrs["surface"] == "overground"
    stance = trial["contact_toe_off"] - trial["contact_touchdown"]
    np.testing.assert_allclose(stance, 0.75, atol=0.02)
    overlap = trial["contact_toe_off"].values[:-1] - trial["contact_touchdown"].values[1:]
    assert np.all(overlap > 0.1)  # double support
    double = trial["foot_force"].sel(time=[0.9], method="nearest").sel(axis="y").sum("foot")
    assert float(double.item()) > 700.0
    assert float(np.abs(trial["foot_cop"]).max()) < 2.0
    assert [finding.rule for finding in notes.findings if finding.severity != "info"] == []


RUNS = {"jog": "ja1", "sprint": "ja1", "run": "rajagopal_run"}
"""Trials and their studies."""
FAULT_RULES = {"surface", "surface-doubt", "belt-speed", "heading-unknown", "heading-doubt", "rate",
          "force-clock", "labels-exchanged"}  # fmt: skip
WRONG = {
    "nothing": (1.0, 0.0, {}, set()),
    "no forces": (1.0, None, {}, set()),
    "a fair rate": (1.03, 0.0, {}, set()),
    "a low rate": (0.8, 0.0, {}, {"rate"}),
    "a high rate": (1.3, 0.0, {}, {"rate"}),
    "late forces": (1.0, 0.045, {}, {"force-clock"}),
    "early forces": (1.0, -0.045, {}, {"force-clock"}),
    "hardly late forces": (1.0, 0.005, {}, set()),
    "no surface": (1.0, 0.0, {"jog": "treadmill", "sprint": "treadmill", "run": "overground"},
                   {"surface"}),
    "true surface": (1.0, 0.0, {"jog": "overground", "sprint": "overground", "run": "treadmill"},
                     set()),
}  # fmt: skip
"""Factor of the rate, s that forces are late (none: no forces), surface; rules that say it."""


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", RUNS)
def test_wrong_statements_are_named_and_no_right_ones(realdata, name, wrong):
    factor, late, surfaces, rules = WRONG[wrong]
    study = load_study(FOLDER / RUNS[name] / "study.yaml")
    trial = next(trial for trial in study.trials if trial.trial_id == name)
    recording, forces = read_recording(study.recording(trial), study.forces(trial)), None
    if late is not None:
        recorded = recording.forces
        start = recorded.start / factor + late
        forces = replace(recorded, rate=factor * recorded.rate, start=start)
    recording = replace(recording, rate=factor * recording.rate, forces=forces)
    notes, rules_found = Notes(trial.trial_id, trial.participant_id, trial.source, ""), set()
    laboratory = Laboratory(surface=surfaces[name]) if surfaces else Laboratory()
    model = study.model_file(trial.participant_id)
    masses = SegmentMasses(model_masses(model), study.model_map.groups)
    with pytest.MonkeyPatch.context() as shorter:  # contacts of a clock that runs too fast
        shorter.setattr("aqbio.prepare.contacts.MIN_ABOVE_THRESHOLD_S", 0.005)
        try:
            prepared = prepare_trial(
                recording, trial, study.marker_set, laboratory, Prepare(), notes, masses=masses
            )
            note_rate(prepared, study.marker_set, masses, notes)
        except AqbioError as error:
            rules_found = {error.rule}
    rules_found |= {finding.rule for finding in notes.findings}
    assert rules_found & FAULT_RULES - ({"force-clock"} if factor != 1.0 else set()) == rules
    if "force-clock" in rules:
        [lag] = [finding.number for finding in notes.findings if finding.rule == "force-clock"]
        assert lag == pytest.approx(late, abs=0.004)
