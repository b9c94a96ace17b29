"""Forces against the feet: units, exchanged plates and plates without signal."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.io.c3d import read_c3d
from aqbio.io.study import load_study
from aqbio.recordings.notes import Notes
from aqbio.recordings.prepared import prepared_dataset
from aqbio.recordings.trial import prepare_trial
from tests.real.altered import rewritten
from tests.real.test_prepare import SAMPLES

pytestmark = pytest.mark.real

JOG = ("ja1_dorn2012/c3d/JA1Gait21.c3d", {1: 0, 2: 1, 4: 0, 5: 1, 7: 0})
"""A recording, and the foot on each plate."""
WALK = ("c3d_samples/unipd_yup_type1_walk.c3d", {1: 1, 2: 0})
STATIC = ("ja1_dorn2012/c3d/JA1Static05.c3d", {4: 0})


def prepared(realdata, tmp_path, recording, change=lambda plates: None):
    """Prepared trial and findings of a C3D file whose plates were changed by a function."""
    source = realdata / recording[0]
    markers = load_study(Path(__file__).parent / "ja1" / "study.yaml").marker_set
    if source.name in SAMPLES:
        markers = SAMPLES[source.name].marker_set
    path = rewritten(source, tmp_path / "run.c3d", change=change)
    notes = Notes("run", "P", path.name, path.name)
    task = "static" if recording is STATIC else "run"
    trial = Trial(participant_id="P", trial_id="run", task=task, file=path.name)
    done = prepare_trial(read_c3d(path), trial, markers, (Laboratory(), Prepare()), notes)
    said = defaultdict(str)
    for one in notes.findings:
        if one.severity != "info":
            said[one.rule] += one.what
    return done, said


@pytest.fixture(scope="module")
def sound(realdata, tmp_path_factory):
    """Both recordings as they are."""
    folder = tmp_path_factory.mktemp("sound")
    return {one[0]: prepared(realdata, folder, one) for one in (JOG, WALK)}


def test_nothing_is_said_of_sound_plates(sound):
    for done, said in sound.values():
        assert not {"force-units", "plates-exchanged", "plate-silent"} & set(said)
        assert not done.loads.unmeasured


MOMENTS = "the moments are 1000 times too"
UNITS = [
    (JOG, "moments", 1e-3, False, f"{MOMENTS} small: N m, not N mm"),
    (WALK, "moments", 1e-3, True, f"{MOMENTS} small: N m, not N mm"),
    (JOG, "forces", 1e-3, True, "the forces are 1000 times too small: kN, not N"),
    (WALK, "corners", 1e-3, False, "the corners are 1000 times too small: m, not mm"),
]


@pytest.mark.parametrize(("recording", "which", "factor", "one_plate", "words"), UNITS)
def test_units_that_are_wrong_by_1000(
    realdata, tmp_path, sound, recording, which, factor, one_plate, words
):
    """Named with the plates, and the forces are those of the sound file."""
    numbers = list(recording[1])[1:2] if one_plate else list(recording[1])

    def change(plates):
        for number in numbers if one_plate else range(1, len(plates) + 1):
            plate = plates[number - 1]
            if which == "corners":
                plate.corners = factor * plate.corners
            else:
                plate.channels[:, slice(0, 3) if which == "forces" else slice(3, None)] *= factor

    done, said = prepared(realdata, tmp_path, recording, change)
    right, before = sound[recording[0]]
    what = said.pop("force-units")
    assert words in what
    assert f"plate{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}: " in what
    assert set(said) <= set(before)
    assert len(done.contacts) == len(right.contacts)
    for name in ("force", "moment"):
        theirs, ours = (getattr(one.loads, name) for one in (right, done))
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=0.02)


def seeded(count):
    rng = np.random.default_rng(43)
    return [rng.permutation(list(JOG[1]))[:2].tolist() for _ in range(count)]


@pytest.mark.parametrize("numbers", seeded(1), ids=str)
@pytest.mark.parametrize("signal", ["zero", "constant", "noise"])
def test_plate_that_measures_nothing(realdata, tmp_path, sound, numbers, signal):
    def change(plates):
        for number in numbers[: 1 if signal == "zero" else 2]:
            channels = plates[number - 1].channels
            size = {"zero": 0.0, "constant": 400.0, "noise": 5.0}[signal]
            noise = np.random.default_rng(number).normal(size=channels.shape)
            channels[:] = size * (noise if signal == "noise" else 1.0)

    done, said = prepared(realdata, tmp_path, JOG, change)
    right = sound[JOG[0]][0]
    assert [one.foot for one in done.contacts] == [one.foot for one in right.contacts]
    data = prepared_dataset(done, 20.0)
    for place, one in enumerate(right.contacts):
        number = right.plates.numbers[one.plates[0]]
        dead = number in (numbers[:1] if signal == "zero" else numbers)
        own = done.contacts[place]
        assert np.isnan(own.peak) == dead
        assert abs(own.touchdown - one.touchdown) < 0.006
        middle = 0.5 * (one.touchdown + one.toe_off)
        force = data["foot_force"].sel(time=middle, method="nearest").values
        assert np.isnan(force).all() == dead
    side = ("left", "right")[JOG[1][numbers[0]]]
    assert f"the {side} foot stands on plate {numbers[0]} from" in " ".join(said.values())


@pytest.mark.parametrize("numbers", seeded(2), ids=str)
@pytest.mark.parametrize("what", ["channels", "corners"])
def test_exchanged_plates(realdata, tmp_path, numbers, what):
    def change(plates):
        one, other = (plates[number - 1] for number in numbers)
        kept = getattr(one, what)
        setattr(one, what, getattr(other, what))
        setattr(other, what, kept)

    done, said = prepared(realdata, tmp_path, JOG, change)
    one, other = numbers
    for measured, on in ((one, other), (other, one)):
        foot = ("left", "right")[JOG[1][on if what == "channels" else measured]]
        assert (
            f"the force of plate {measured} fits the {foot} foot on plate {on}"
            in said["plates-exchanged"]
        )
    assert "forces-elsewhere" not in said
    assert sum(np.isnan(one.peak) for one in done.contacts) == 2
    assert len(done.contacts) == 5
