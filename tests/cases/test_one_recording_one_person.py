"""Recordings of one video, copies of one recording, and two people in one folder."""

from __future__ import annotations

import re
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from aqbio.intake.folder import folder_content, marker_facts
from aqbio.intake.new import new_study_from
from aqbio.intake.people import find_copies
from aqbio.intake.same_person import compare_lengths, group_by_person, owners_of
from aqbio.intake.shared_frames import Movement, copy_lag
from aqbio.io.movement import depth_not_measured
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from tests.refusal import refused

RUNS = {
    "jog": "ja1_dorn2012/trc_mot/jog.trc",
    "treadmill": "hamner_subject04/run300/markers.trc",
    "walk": "rajagopal2016/walk/motion_capture_walk.trc",
}
SEED = 20


@pytest.fixture(scope="module", params=RUNS)
def run(request, realdata):
    """Give a run in three dimensions."""
    return read_recording(realdata / RUNS[request.param])


@pytest.mark.real
@pytest.mark.parametrize("depth", ["zero", "constant", "turned"])
def test_a_depth_that_no_camera_measured_is_found(run, depth, tmp_path):
    """The third axis points to the side, and holds noise about nothing or about a place of each
    marker; or the plane is turned."""
    rng = np.random.default_rng(SEED)
    assert depth_not_measured(run.positions) is None
    across = 2 if np.nanstd(run.positions[..., 1]) > np.nanstd(run.positions[..., 2]) else 1
    positions = run.positions[..., [0, 3 - across, across]]
    side = positions[..., 2] - np.nanmean(positions[..., 2], axis=1)[:, None]
    middle = np.nanmedian(side, axis=0) if depth == "constant" else 0.0
    positions[..., 2] = middle + rng.normal(0.0, 4e-3, side.shape)
    if depth == "turned":
        positions = positions @ Rotation.random(random_state=rng).as_matrix()
    write_trc(tmp_path / "run.trc", run.labels, positions, run.rate)
    with refused("markers-planar", "in one plane .lateral .*: made from one video"):
        read_recording(tmp_path / "run.trc")


@pytest.mark.case
def test_the_recording_of_one_video_is_refused(cases):
    content = folder_content(cases / "trc_planar_2d" / "recordings")
    assert not content.markers
    for recording in content.unusable:
        assert "lie in one plane (lateral spread 0 mm): made from one video" in recording.why


@pytest.mark.real
def test_a_copy_is_found_whatever_was_done_to_it(run):
    """Filtered, resampled, cut, with half of the labels, in other axes; and another run is none."""
    rng = np.random.default_rng(SEED)
    movement = Movement.of(run.labels, run.positions, run.rate)
    filled = np.isfinite(run.positions).all(axis=(0, 2))
    positions, time = run.positions[:, filled], np.arange(len(run.positions)) / run.rate
    labels = np.array(run.labels)[filled]
    for cutoff, rate, start in ((8.0, run.rate, 0.0), (12.0, 60.0, 0.0), (8.0, 75.0, 0.21)):
        filtered = sosfiltfilt(butter(2, cutoff, fs=run.rate, output="sos"), positions, axis=0)
        subset = np.sort(rng.choice(len(labels), len(labels) // 2, replace=False))
        later = np.arange(start, time[-1] - start, 1.0 / rate)
        flat = filtered[:, subset].reshape(len(time), -1)
        moved = np.stack([np.interp(later, time, coordinate) for coordinate in flat.T], axis=1)
        moved = moved.reshape(len(later), -1, 3) @ Rotation.random(random_state=rng).as_matrix()
        copy = Movement.of(labels[subset].tolist(), moved, rate)
        assert copy_lag(movement, copy) == pytest.approx(start, abs=0.005)


@pytest.mark.real
@pytest.mark.parametrize("file", ["hamner_subject02/subject02_running.trc", *RUNS.values()])
def test_strides_of_one_person_are_no_copies(file, realdata):
    """Pieces of steady runs, which repeat themselves as nearly as people do."""
    run = read_recording(realdata / file)
    frames = round(0.5 * run.rate)
    pieces = [
        Movement.of(run.labels, run.positions[start : start + frames], run.rate)
        for start in range(0, len(run.positions) - frames, frames)
    ]
    copies = [
        (i, j) for j, piece in enumerate(pieces) for i in range(j) if copy_lag(pieces[i], piece)
    ]
    assert len(pieces) > 2
    assert not copies


FILTERED = "_filt_butterworth_LSTM"
STAY = {
    "pose2sim_raw_and_filtered": (f"BalancingTrial_0-100{FILTERED}", f"StaticTrial_0-12{FILTERED}"),
    "trc_twin_with_fewer_labels": ("_0-164_augmented", "_0-324_augmented"),
}


@pytest.mark.case
@pytest.mark.parametrize("case", STAY)
def test_of_copies_the_one_with_most_labels_stays(cases, case):
    content = folder_content(cases / case / "recordings")
    repeated, _ = find_copies(content.markers, {})
    stay = {recording.file.stem for recording in content.markers if recording.file not in repeated}
    assert len(stay) == 2
    assert all(any(stem.endswith(end) for stem in stay) for end in STAY[case])


@pytest.mark.case
def test_two_people_get_a_static_trial_each(cases):
    """Whom the files call participants 1 and 2; in the run the larger one is called P2."""
    content = folder_content(cases / "pose2sim_two_people" / "recordings")
    by_name = {Path(file).stem: name for file, name in owners_of(content.markers).items()}
    large = next(name for stem, name in by_name.items() if "Participant1_" in stem)
    small = next(name for stem, name in by_name.items() if "Participant2_" in stem)
    assert large != small
    assert next(name for stem, name in by_name.items() if "_P2_" in stem) == large
    assert next(name for stem, name in by_name.items() if "_P1_" in stem) == small


@pytest.mark.real
@pytest.mark.parametrize(
    "folder", ["ja1_dorn2012/trc_mot", "hamner_subject02", "hamner_subject04", "rajagopal2016"]
)
def test_trials_of_one_person_stay_together(folder, realdata):
    """Static, walking and sprinting; and one of them made 6 % smaller is another person's."""
    markers = folder_content(realdata / folder).markers
    lengths = [recording.lengths for recording in markers]
    is_static = np.array([recording.is_static for recording in markers])
    assert group_by_person(compare_lengths(lengths), is_static) == [list(range(len(markers)))]
    smaller = replace(lengths[-1], median=0.94 * lengths[-1].median)
    groups = group_by_person(compare_lengths([*lengths[:-1], smaller]), is_static)
    assert [len(markers) - 1] in groups


@pytest.fixture(scope="module")
def hamner(realdata, tmp_path_factory):
    """Give the recordings of three people."""
    folder = tmp_path_factory.mktemp("hamner10")
    with tarfile.open(realdata / "hamner10" / "hamner10.tar.xz") as archive:
        for member in archive:
            if re.search(r"subject(04|10|11)/(static|Run_[23])\.trc$", member.name):
                archive.extract(member, folder, filter="data")
    return folder / "hamner10"


@pytest.mark.real
@pytest.mark.parametrize(
    "names", [("Anna_{}", "Ben_{}"), ("{}", "x{}"), ("P1{}", "P2{}"), ("{} AL", "{} GH")]
)
def test_two_people_of_one_size_in_a_folder_are_two(names, hamner):
    """Medians of their segments are .4 % apart; the shapes of their bodies are not alike."""
    recordings, truth = [], {}
    for name, person in zip(names, ("subject04", "subject11"), strict=True):
        for file in ("Run_2", "Run_3", "static"):
            path = Path(f"{name.format(file)}.trc")
            facts = marker_facts(hamner / person / f"{file}.trc", path)
            recordings.append(facts)
            truth[path] = person
    owners = owners_of(sorted(recordings, key=lambda recording: recording.file))
    assert len({(truth[file], owner) for file, owner in owners.items()}) == 2
    assert len(set(owners.values())) == 2


@pytest.mark.real
@pytest.mark.parametrize("condition", ["{}_{}", "{}/{}", "{} run {}"])
def test_one_person_in_two_pairs_of_shoes_is_one(condition, hamner):
    """Whatever files and folders are called."""
    recordings = [
        marker_facts(
            hamner / "subject04" / f"Run_{number}.trc",
            Path(condition.format(("hoka", "nike")[number - 2], number) + ".trc"),
        )
        for number in (2, 3)
    ]
    assert set(owners_of(recordings).values()) == {"S01"}


@pytest.mark.real
@pytest.mark.parametrize("of", ["subject10", "subject11"])
def test_the_static_trial_of_somebody_of_like_size_is_named(of, hamner, tmp_path):
    """Medians of their segments are 1.8 % apart; a person's own static trial has no remark."""
    data = tmp_path / "data"
    data.mkdir()
    for file in ("subject10/Run_2", "subject10/Run_3", f"{of}/static"):
        (data / Path(file).name).with_suffix(".trc").symlink_to(hamner / f"{file}.trc")
    found = new_study_from(tmp_path / "study", data, None, lambda line: None)
    assert ("another person was recorded" in found) == (of != "subject10")
