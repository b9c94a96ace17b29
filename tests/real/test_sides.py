"""Sides of JA1: nothing is found in sound trials; mirrored and exchanged ones give the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.io.c3d import read_c3d
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.prepare.exchanges import with_restored_labels
from aqbio.prepare.handedness import BodyLabels, body_sides
from aqbio.prepare.label_check import limbs_of, median_positions
from aqbio.prepare.notes import Notes
from tests.side_alterations import left_exchanged, mirrored

pytestmark = pytest.mark.real

MARKERS = read_yaml(Path(__file__).parent / "ja1_sprint" / "markers.yaml", MarkerSet)
LIMBS = limbs_of(read_yaml(MODELS / "sprint" / "map.yaml", ModelMap))


@pytest.fixture(scope="module")
def trials(realdata) -> dict[str, Recording]:
    folder = realdata / "ja1_dorn2012" / "c3d"
    names = {"static": "JA1Static05.c3d", "sprint": "JA1Gait35.c3d", "jog": "JA1Gait21.c3d"}
    return {name: read_c3d(folder / file) for name, file in names.items()}


@pytest.mark.parametrize("axis", range(3))
def test_every_label_is_on_the_other_side_of_a_mirrored_recording_only(trials, axis):
    for recording in trials.values():
        body = BodyLabels.of_landmarks(named_labels(recording.labels, landmark_table()).sites)
        sides = body_sides(recording, body)
        assert sides is not None
        assert not sides.other_side
        assert sides.wrong <= 2  # the first metatarsals of a sprint cross the midline
        mirrored_sides = body_sides(mirrored(recording, axis, markers=True, forces=False), body)
        assert mirrored_sides is not None
        assert (mirrored_sides.other_side, mirrored_sides.wrong) == (True, mirrored_sides.sided)


def test_sound_trials_have_no_exchanged_labels(trials):
    standing = median_positions(trials["static"])
    for recording in trials.values():
        notes = Notes("fast", "P1", "fast.c3d", "")
        assert with_restored_labels(recording, MARKERS, LIMBS, standing, notes) is recording
        assert notes.findings == []


@pytest.mark.parametrize("stride", [1, 2, 4], ids=["250 Hz", "125 Hz", "62 Hz"])
@pytest.mark.parametrize("seed", range(12))
def test_drawn_exchanges_are_put_back_or_masked(trials, seed, stride):
    run = trials["sprint"]
    slow = replace(run, positions=run.positions[::stride], rate=run.rate / stride)
    standing = median_positions(trials["static"]) if seed % 2 else {}
    random = np.random.default_rng([seed, stride])
    assert left_exchanged(slow, MARKERS, LIMBS, standing, random) == []
