"""Ends of limbs whose labels changed sides: named and refused, whatever other markers are worn."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.recordings.label_check import with_checked_sides
from aqbio.recordings.notes import Notes
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run, recorded_static
from tests.virtual.runners import RUNNER

MODEL = Path(__file__).parents[2] / "models" / "sprint"
MARKERS = read_yaml(MODEL / "markers.yaml", MarkerSet)
GROUPS = read_yaml(MODEL / "map.yaml", ModelMap).groups
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


def _exchanged(recording: Recording, bodies: tuple[str, ...]) -> Recording:
    other = {"L": "R", "R": "L"}
    own = _labels(recording, tuple(f"{body}_{side}" for body in bodies for side in "lr"))
    new = {one: other[one[0]] + one[1:] for one in own}
    return replace(recording, labels=tuple(new.get(one, one) for one in recording.labels))


def _without(recording: Recording, bodies: tuple[str, ...]) -> Recording:
    kept = [n for n, one in enumerate(recording.labels) if one not in _labels(recording, bodies)]
    labels = tuple(recording.labels[n] for n in kept)
    return replace(recording, labels=labels, positions=recording.positions[:, kept])


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("end", ENDS)
def test_an_exchanged_end_is_refused_and_a_sound_one_is_not(recording, end, subset):
    worn = _without(recording, SUBSETS[subset])
    notes = Notes("fast", "P1", "a.trc", "")
    assert with_checked_sides(worn, MARKERS, LIMBS, notes) is worn
    wrong = _exchanged(worn, ENDS[end])
    sides = [_labels(worn, tuple(f"{one}_{side}" for one in ENDS[end])) for side in "lr"]
    if not all(sides):
        return
    with pytest.raises(AqbioError) as error:
        with_checked_sides(wrong, MARKERS, LIMBS, notes)
    assert error.value.rule == "sides-exchanged"
    assert f"the {end.split(',')[0]} labelled right" in error.value.what or subset != "all"
    named = set(re.findall(r"[LR][A-Z0-9]+", error.value.what))
    assert named <= {one for side in sides for one in side}
    assert "write swap into the column fix" in error.value.fix
    if len(sides[0]) == len(sides[1]):
        mended = with_checked_sides(wrong, MARKERS, LIMBS, notes, accepted=True)
        places = {one: worn.positions[:, n] for n, one in enumerate(worn.labels)}
        for n, one in enumerate(mended.labels):
            np.testing.assert_array_equal(mended.positions[:, n], places[one])


def test_nobody_is_on_a_wrong_side_where_nothing_was_measured_across(recording):
    """Seen by one camera from the side; the noise across is 10 mm."""
    flat = recording.positions.copy()
    flat[..., 2] = np.random.default_rng(5).normal(0.0, 0.01, flat.shape[:2])
    flat = replace(recording, positions=flat)
    assert with_checked_sides(flat, MARKERS, LIMBS, Notes("fast", "P1", "a.trc", "")) is flat
