"""Ends of limbs whose labels changed sides: named and refused, whatever other markers are worn."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.recordings.label_check import with_checked_sides
from aqbio.recordings.notes import Notes
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run, recorded_static
from tests.virtual.runners import RUNNER

MARKERS = read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet)
GROUPS = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap).groups
LIMBS = {one: (GROUPS[f"{one}_left"], GROUPS[f"{one}_right"]) for one in ("leg", "arm")}
ENDS = {
    "leg": ("femur", "tibia", "foot", "toes"),
    "end of the leg, tibia": ("tibia", "foot", "toes"),
    "end of the leg, foot": ("foot", "toes"),
    "arm": ("humerus", "radius", "hand"),
    "end of the arm": ("radius", "hand"),
}
SUBSETS = {
    "all": (),
    "one arm": ("humerus_l", "radius_l", "hand_l"),
    "no thighs": ("femur_l", "femur_r"),
    "no trunk": ("torso", "head"),
}


@pytest.fixture(scope="module", params=["run", "static"])
def recording(request, gait_of) -> Recording:
    """Markers of a run or of a standing runner."""
    laboratory = Laboratory()
    made = (
        recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), laboratory).recording
        if request.param == "run"
        else recorded_static(RUNNER, laboratory)
    )
    return Recording(tuple(made.labels), made.markers, laboratory.marker_rate)


def _labels(recording: Recording, bodies: tuple[str, ...]) -> list[str]:
    worn = [one for one in recording.labels if one in MARKERS.markers]
    return [one for one in worn if MARKERS.markers[one].body in bodies]


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("end", ENDS)
def test_an_exchanged_end_is_refused_and_a_sound_one_is_not(recording, end, subset):
    hidden, notes = _labels(recording, SUBSETS[subset]), Notes("fast", "P1", "a.trc", "")
    kept = [n for n, one in enumerate(recording.labels) if one not in hidden]
    labels = tuple(recording.labels[n] for n in kept)
    worn = replace(recording, labels=labels, positions=recording.positions[:, kept])
    assert with_checked_sides(worn, MARKERS, LIMBS, notes) is worn
    left, right = (_labels(worn, tuple(f"{one}_{side}" for one in ENDS[end])) for side in "lr")
    if not (left and right):
        return
    other = {one: {"L": "R", "R": "L"}[one[0]] + one[1:] for one in left + right}
    wrong = replace(worn, labels=tuple(other.get(one, one) for one in labels))
    with pytest.raises(AqbioError) as error:
        with_checked_sides(wrong, MARKERS, LIMBS, notes)
    assert error.value.rule == "sides-exchanged"
    assert f"the {end.split(',')[0]} labelled right" in error.value.what or subset != "all"
    assert set(re.findall(r"[LR][A-Z0-9]+", error.value.what)) <= {*left, *right}
    assert "write swap into the column fix" in error.value.fix
    if len(left) == len(right):
        mended = with_checked_sides(wrong, MARKERS, LIMBS, notes, accepted=True)
        places = [labels.index(one) for one in mended.labels]
        np.testing.assert_array_equal(mended.positions, worn.positions[:, places])


def test_nobody_is_on_a_wrong_side_where_nothing_was_measured_across(recording):
    """Seen by one camera from the side; the noise across is 10 mm."""
    flat = recording.positions.copy()
    flat[..., 2] = np.random.default_rng(5).normal(0.0, 0.01, flat.shape[:2])
    flat = replace(recording, positions=flat)
    assert with_checked_sides(flat, MARKERS, LIMBS, Notes("fast", "P1", "a.trc", "")) is flat
