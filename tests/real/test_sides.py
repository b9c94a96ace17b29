"""Sides of JA1: sound trials stay; exchanges are named, and the proposed cell undoes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, Trial, read_yaml
from aqbio.errors import AqbioError
from aqbio.io.c3d import read_c3d
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.prepare.body_labels import BodyLabels
from aqbio.prepare.label_check import limbs_of, median_positions
from aqbio.prepare.label_faults import with_masked_labels
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_evidence import BodySides
from aqbio.prepare.side_faults import (
    COORDINATES_MIRRORED,
    SIDES_EXCHANGED,
    with_all_exchanged,
    with_resolved_sides,
)
from tests.side_alterations import exchange_faults, mirrored

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
        sides = BodySides.of(recording, body)
        assert sides is not None
        assert not sides.other_side
        assert sides.wrong <= 2  # the first metatarsals of a sprint cross the midline
        mirrored_sides = BodySides.of(mirrored(recording, axis, markers=True, forces=False), body)
        assert mirrored_sides is not None
        assert (mirrored_sides.other_side, mirrored_sides.wrong) == (True, mirrored_sides.sided)


@pytest.mark.parametrize(
    ("rule", "proposal"), [(COORDINATES_MIRRORED, "mirror"), (SIDES_EXCHANGED, "swap")]
)
def test_wrong_sides_are_named_and_their_proposal_undoes_them(trials, rule, proposal):
    """Distances in the static trial tell a mirror from an exchange: no body is symmetrical."""
    run = trials["sprint"]
    body = BodyLabels.of_marker_set(MARKERS, LIMBS)
    wrong = with_all_exchanged(run, body)
    if rule == COORDINATES_MIRRORED:
        wrong = mirrored(run, 2, markers=True, forces=True)

    def resolved(fix: str | None) -> Recording:
        trial = Trial(participant_id="P1", trial_id="t", task="run", file="t.c3d", fix=fix)
        company = lambda: (trials["static"],)  # noqa: E731
        return with_resolved_sides(wrong, trial, body, company, Notes("t", "P1", "t.c3d", ""))

    with pytest.raises(AqbioError) as refused:
        resolved(None)
    assert (refused.value.rule, refused.value.proposal) == (rule, proposal)
    sides, sound = (BodySides.of(x, body) for x in (resolved(proposal), run))
    assert sides.parts == pytest.approx(sound.parts)


@pytest.mark.parametrize("with_static", [True, False])
def test_sound_trials_have_no_exchanged_labels(trials, with_static):
    standing = median_positions(trials["static"]) if with_static else {}
    for recording in trials.values():
        notes = Notes("fast", "P1", "fast.c3d", "")
        assert with_masked_labels(recording, MARKERS, LIMBS, standing, notes) is recording
        assert notes.findings == []


@pytest.mark.parametrize("stride", [1, 2, 4], ids=["250 Hz", "125 Hz", "62 Hz"])
@pytest.mark.parametrize("seed", range(12))
def test_drawn_exchanges_are_masked_and_their_proposal_undoes_them(trials, seed, stride):
    run = trials["sprint"]
    slow = replace(run, positions=run.positions[::stride], rate=run.rate / stride)
    standing = median_positions(trials["static"]) if seed % 2 else {}
    random = np.random.default_rng([seed, stride])
    assert exchange_faults(slow, MARKERS, LIMBS, standing, random) == []
