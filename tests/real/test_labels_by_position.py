"""The JA1 static trial with all names hidden: landmarks and segments from positions alone."""

from __future__ import annotations

import pytest

from aqbio.intake.new import new_study_from
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from aqbio.labels.assign import placed_labels
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.motion import loose_labels, segment_of
from aqbio.recordings.label_check import median_places

pytestmark = [pytest.mark.real, pytest.mark.opensim]


@pytest.fixture(scope="module")
def static(realdata):
    return read_recording(realdata / "ja1_dorn2012" / "c3d" / "JA1Static05.c3d")


def test_landmarks_of_hidden_labels(static):
    table = landmark_table()
    places = median_places(static)
    named = named_labels(places, table)
    worn = {label: place for label, place in places.items() if label not in named.unused}
    found, _ = placed_labels(worn, {}, table)
    landmarks = {
        label: place
        for label, place in named.places.items()
        if not table.landmarks[place.landmark].cluster
    }
    right = [label for label, place in landmarks.items() if found[label].place == place]
    assert len(right) >= 0.85 * len(landmarks)  # 23 of 26; single metatarsals are 5 cm apart
    for label, place in named.places.items():
        if label in found:
            ours, theirs = (table.landmarks[p.landmark] for p in (found[label].place, place))
            assert ours.segment == theirs.segment, label
            assert found[label].place.side == place.side, label


def test_a_study_of_hidden_labels(static, realdata, tmp_path):
    """The sheets are filled, every proposal is marked, and the trial is understood."""
    folder = realdata / "ja1_dorn2012"
    hidden = {label: f"{index + 1:04d}" for index, label in enumerate(static.labels)}
    data = tmp_path / "data"
    data.mkdir()
    for name, file in (("static", "JA1Static05.c3d"), ("sprint", "JA1Gait35.c3d")):
        trial = read_recording(folder / "c3d" / file)
        labels = tuple(hidden[label] for label in trial.labels)
        write_trc(data / f"{name}.trc", labels, trial.positions, trial.rate)
    summary = new_study_from(tmp_path / "study", data, None, lambda line: None)
    assert "overground at 9.48 m/s" in summary
    text = (tmp_path / "study" / "markers.yaml").read_text(encoding="utf-8")
    heel = f"'{hidden['RHEEL']}': {{body: foot_r, model: RHEE}}  # right heel by its position, "
    assert heel in text


def test_motion_refuses_labels_on_wrong_segments_and_no_others(realdata):
    """A sprint's 46 labels where their names say, and each one on some other segments."""
    table = landmark_table()
    sprint = read_recording(realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d")
    named = named_labels(sprint.labels, table).places
    assert loose_labels(named, named, [sprint], table) == {}
    segments = {label: segment_of(place, table) for label, place in named.items()}
    clusters = {"pelvis": "pelvis", "torso": "trunk"}
    refused = planted = 0
    for number, (label, own) in enumerate(segments.items()):
        for segment, side in sorted(set(segments.values()) - {own})[number % 9 :: 9]:
            wrong = SidedLandmark(clusters.get(segment, segment), side)
            found = loose_labels({**named, label: wrong}, {label}, [sprint], table)
            refused += label in found
            planted += 1
    assert planted > 50
    assert refused >= 0.98 * planted  # the others are beside the joint: elbows on forearms
