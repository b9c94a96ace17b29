"""Made recordings with faults drawn from a table, one and two at a time: all that is left of each.

The faults lie on both sides of limits; what is said, refused and computed is in `tests/golden`. All
of `aqbio.recordings.axes`, `aqbio.recordings.contacts`, `aqbio.recordings.contact_findings`,
`aqbio.recordings.events_from_markers`, `aqbio.recordings.ground`, `aqbio.recordings.plates` and
`aqbio.force_plates.forces` is entered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.io.trial_files import read_recording
from aqbio.recordings.body_size import Lengths, compared_lengths, pelvis_height, stance_height
from aqbio.recordings.clock import note_clock
from aqbio.recordings.notes import Notes
from aqbio.recordings.prepared import prepared_dataset
from aqbio.recordings.stage import trial_numbers
from aqbio.recordings.trial import prepare_trial
from aqbio.signals import low_pass
from tests.golden import differences
from tests.io.made_c3d import MadePlate, write_c3d
from tests.mechanics.examples import answers
from tests.stages import made_run

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))
LABELS, VERTICAL = made_run.LABELS, 2
COUNT = 60
"""Recordings with two faults."""


@dataclass
class Draft:
    """A recording that is about to be written."""

    points: np.ndarray = field(default_factory=made_run.markers)
    labels: list[str] = field(default_factory=lambda: list(LABELS))
    plates: list[MadePlate] = field(default_factory=made_run.plates)
    axes: np.ndarray = field(default_factory=lambda: made_run.GROUND_TO_VICON)
    rates: list[float] = field(default_factory=lambda: [made_run.FRAME_RATE, made_run.FORCE_RATE])
    trial: dict[str, Any] = field(default_factory=dict)
    laboratory: dict[str, Any] = field(default_factory=dict)

    def columns(self, labels) -> list[int]:
        return [self.labels.index(one) for one in labels if one in self.labels]

    def keep(self, labels) -> None:
        own = self.columns(labels)
        self.labels, self.points = [self.labels[one] for one in own], self.points[:, own]


Fault = Callable[[Draft, np.random.Generator], object]
FAULTS: dict[str, Fault] = {}


def fault(change: Fault) -> Fault:
    FAULTS[change.__name__] = change
    return change


def channels(*sizes: float):
    """A fault of the vertical channel of one plate, of one of some sizes."""

    def made(change: Callable[[np.ndarray, float], np.ndarray]) -> Fault:
        def altered(draft: Draft, rng: np.random.Generator) -> None:
            own = draft.plates[rng.integers(len(draft.plates))].channels
            own[:, VERTICAL] = change(own[:, VERTICAL], float(rng.choice(sizes)))

        FAULTS[change.__name__] = altered
        return altered

    return made


@channels(19.5, 20.5, -40.0, 245.0, 255.0)
def offset(vertical, size):
    return vertical - size


@channels(3.0, 15.0, 60.0)
def drift(vertical, size):
    return vertical - np.linspace(0.0, size, len(vertical))


@channels(0.45, 0.8, 0.97)
def clipped(vertical, size):
    return np.clip(vertical, -size * np.abs(vertical).max(), size * np.abs(vertical).max())


@channels(3.0, 11.0, 60.0)
def noise(vertical, size):
    return vertical + np.random.default_rng(1).normal(0.0, size, len(vertical))


@channels(0.0, 0.004, 0.05, 8.0)
def gain(vertical, size):
    return size * vertical


@channels(300.0, 900.0, 60.0)
def loaded(vertical, size):
    """A plate that is always loaded, or hardly ever unloaded."""
    return np.minimum(vertical, -size * (np.arange(len(vertical)) % 200 > 60))


@fault
def sign(draft, rng):
    """Of one plate, or of all."""
    for one in draft.plates[rng.integers(6) :][: rng.choice([1, 9])]:
        one.channels *= -1.0


@fault
def unit(draft, rng):
    """Forces, moments or corners of some plates in another unit."""
    factor, what = float(rng.choice([1e-3, 1e3])), rng.integers(3)
    for one in draft.plates[: rng.choice([1, 9])]:
        one.channels[:, [slice(3), slice(3, 6), slice(0)][what]] *= factor
        one.corners = one.corners * (factor if what == 2 else 1.0)


@fault
def exchanged(draft, rng):
    one, two = (draft.plates[place] for place in rng.choice(6, 2, replace=False))
    one.channels, two.channels = two.channels, one.channels


@fault
def elsewhere(draft, rng):
    one = draft.plates[rng.integers(6)]
    one.corners = one.corners + rng.choice([-150.0, -62.0, -58.0, 40.0, 900.0]) * draft.axes[:, 2]


@fault
def twisted(draft, rng):
    own = draft.plates[rng.integers(6)].channels
    own[:, 5] += 1e3 * rng.choice([-0.04, 0.024, 0.028]) * own[:, VERTICAL]


@fault
def laid(draft, rng):
    """Plates quarter turns round, above or below the floor, or tilted."""
    turns, height, tilt = (int(rng.integers(4)), *rng.choice([0.0, 0.02, -0.1], 2))
    draft.plates = made_run.plates(draft.axes, turns=turns, height=height, tilt=tilt)


@fault
def one_long_plate(draft, rng):
    """All contacts on one plate, as on a belt that stands."""
    middle = [one.corners.mean(axis=0) for one in draft.plates]
    front = draft.plates[0].corners[:, None] @ (middle[-1] - middle[0]) > middle[0] @ (
        middle[-1] - middle[0]
    )
    corners = np.where(front, draft.plates[-1].corners, draft.plates[0].corners)
    channels = np.zeros_like(draft.plates[0].channels)
    for one, centre in zip(draft.plates, middle, strict=True):
        ahead = np.linalg.norm(centre - middle[0]) - 0.5 * np.linalg.norm(middle[-1] - middle[0])
        channels += one.channels
        channels[:, 3:] += np.cross([ahead, 0.0, 0.0], one.channels[:, :3])
    draft.plates = [replace(draft.plates[0], corners=corners, channels=channels)]


@fault
def split(draft, rng):
    """A plate in two along the runway; the foot stands on the seam, its load on both."""
    place = int(rng.integers(len(draft.plates)))
    whole = draft.plates.pop(place)
    half = 0.5 * (whole.corners - whole.corners[[1, 0, 3, 2]])
    for share, way in ((0.7, 1.0), (0.3, -1.0)):
        corners = whole.corners.copy()
        corners[[1, 2] if way > 0.0 else [0, 3]] -= way * -half[[0, 3]]
        shift = np.array([way * 0.5 * np.linalg.norm(half[0]), 0.0, 0.0])
        channels = share * whole.channels
        channels[:, 3:] -= np.cross(shift, channels[:, :3])
        draft.plates.insert(place, replace(whole, corners=corners, channels=channels))


@fault
def without(draft, rng):
    """Plates that are not there."""
    draft.plates = draft.plates[: rng.choice([0, 2])]


@fault
def late(draft, rng):
    by = int(rng.choice([-60, 8, 25, 240]))
    for one in draft.plates:
        one.channels = np.roll(one.channels, by, axis=0)


@fault
def slow(draft, rng):
    """Frames or forces at another rate; forces slower than 4 times 30 Hz."""
    by = int(rng.choice([2, 4, 6]))
    if rng.random() < 0.5:
        draft.points, draft.rates[0] = draft.points[::by], draft.rates[0] / by
        for one in draft.plates:
            one.channels = one.channels[: len(draft.points) * 4 * by]
        return
    draft.rates[1] = draft.rates[0]
    for one in draft.plates:
        one.channels = one.channels[::4]


@fault
def hidden(draft, rng):
    """Markers that no camera sees for a while."""
    own = draft.columns(rng.choice(LABELS, rng.integers(1, 5), replace=False))
    first, length = rng.integers(0, 300), rng.choice([3, 8, 10, 11, 40, 300])
    draft.points[first : first + length, own] = np.nan


@fault
def hidden_foot(draft, rng):
    side, first = rng.choice(["L", "R"]), int(rng.integers(60, 250))
    own = [one for one in LABELS if one[0] == side and "SI" not in one]
    draft.points[first : first + int(rng.choice([4, 20, 90])), draft.columns(own)] = np.nan


@fault
def absent(draft, rng):
    groups = (("RHEEL",), ("LTOE", "LMT5"), ("RPSI", "LPSI"), ("LASI",), ("RASI", "LPSI", "LMT5"))
    gone = groups[rng.integers(len(groups))]
    draft.keep([one for one in draft.labels if one not in gone])


@fault
def other_sides(draft, rng):
    """Of all labels, of the feet, or of one pair."""
    pairs = [one[1:] for one in LABELS if one[0] == "L"]
    chosen = pairs[int(rng.integers(2, 5)) :] if rng.random() < 0.6 else pairs
    other = {"L": "R", "R": "L"}
    draft.labels = [other[one[0]] + one[1:] if one[1:] in chosen else one for one in draft.labels]


@fault
def flicker(draft, rng):
    frame, marker = rng.integers(5, 400), rng.integers(len(draft.labels))
    draft.points[frame : frame + rng.choice([1, 2, 5]), marker] += rng.choice([0.05, 0.2, 0.6])


@fault
def frames(draft, rng):
    """Lost, or written twice, or the end is not there."""
    at, how = int(rng.integers(80, 350)), rng.integers(3)
    every = np.arange(len(draft.points))
    picks = (np.delete(every, slice(at, at + 6)), np.insert(every, at, [at] * 2), every[:at])
    draft.points = draft.points[picks[how]]


@fault
def smooth(draft, rng):
    draft.points = low_pass(draft.points, draft.rates[0], float(rng.choice([6.0, 12.0])))


@fault
def size(draft, rng):
    draft.points *= rng.choice([0.1, 0.6, 1.3, 10.0])


@fault
def trembling(draft, rng):
    draft.points += rng.normal(0.0, rng.choice([0.003, 0.02, 0.2]), draft.points.shape)


@fault
def turned(draft, rng):
    """The laboratory's other axes, or a runway across them by so many degrees."""
    angle = np.radians(rng.choice([0.0, 20.0, 45.0]))
    about = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    axes = (np.eye(3), np.eye(3)[[2, 0, 1]] * [[-1], [-1], [1]], made_run.GROUND_TO_VICON)
    draft.axes = axes[rng.integers(3)] @ about
    draft.plates = made_run.plates(draft.axes)


@fault
def backward(draft, rng):
    """The runner goes the other way than the pelvis faces, or up and down."""
    draft.points[..., rng.integers(2)] *= -1.0


@fault
def belt(draft, rng):
    speed = float(rng.choice([made_run.SPEED, 4.0]))
    time = np.arange(len(draft.points)) / draft.rates[0]
    draft.points[..., 0] -= speed * time[:, None]
    draft.trial["belt_speed_mps"] = [None, speed, speed + 1.0][rng.integers(3)]


@fault
def surface(draft, rng):
    draft.laboratory["surface"] = ["overground", "treadmill"][rng.integers(2)]


@fault
def stated(draft, rng):
    """Axes that are right, and some that are not."""
    every = ({"forward": "+y", "up": "+z"}, {"forward": "+x", "up": "+y"},
             {"forward": "-y", "up": "+z"})  # fmt: skip
    draft.laboratory["axes"] = every[rng.integers(3)]


@fault
def ignored(draft, rng):
    draft.laboratory |= {"ignore_plates": (2, 3), "ignore_markers": ("RMT5", "LASI")}
    draft.laboratory["force_delay_s"] = 0.01


@fault
def used(draft, rng):
    draft.trial["end_s"] = float(rng.choice([0.4, 1.2]))


@fault
def still(draft, rng):
    """Somebody who stands, or moves, in a static trial."""
    frame = int(rng.integers(80, 120))
    if rng.random() < 0.7:
        draft.points = np.repeat(draft.points[frame : frame + 1], len(draft.points), axis=0)
        for one in draft.plates:
            one.channels = 0.0 * one.channels + one.channels[4 * frame]
    draft.trial["task"] = "static"


def prepared(names, seed: int, path: Path):
    """What is prepared of a recording with some faults, and what is said of it."""
    draft, rng = Draft(), np.random.default_rng(seed)
    order = sorted(names, key=lambda one: one not in ("turned", "laid"))  # these write plates
    for name in order:
        FAULTS[name](draft, rng)
    points = 1e3 * draft.points @ draft.axes.T
    samples = round(len(points) * draft.rates[1] / draft.rates[0])
    for one in draft.plates:
        one.channels = np.resize(one.channels, (samples, 6))
    write_c3d(path, draft.labels, points, tuple(draft.rates), tuple(draft.plates))
    row = {"participant_id": "P", "trial_id": "t", "task": "run", "file": path.name} | draft.trial
    trial, notes = Trial.model_validate(row), Notes("t", "P", path.name, path.name)
    settings = Laboratory.model_validate(draft.laboratory), Prepare()
    recording = read_recording(path)
    found = prepare_trial(recording, trial, MARKER_SET, settings, notes)
    note_clock(found, notes)
    data = prepared_dataset(found, 20.0)
    lengths = Lengths.of(found.labels, found.markers)
    return {
        "said": [vars_of(one) for one in notes.findings],
        "numbers": trial_numbers(found, trial, 0.5),
        "heights": (pelvis_height(found.labels, found.markers, MARKER_SET) or np.nan,
                    stance_height(found, MARKER_SET) or np.nan),
        "lengths": compared_lengths([lengths, Lengths.of(LABELS, 1.01 * made_run.markers())]),
        "data": {str(name): data[name].values for name in sorted(data.variables, key=str)},
        "attributes": dict(data.attrs),
    }  # fmt: skip


def vars_of(one):
    return {"rule": one.rule, "severity": one.severity, "what": f"{one.what} {one.where} {one.fix}"}


def test_recordings_with_faults_are_what_they_were(tmp_path):
    """Every fault by itself, and pairs of faults."""
    rng = np.random.default_rng(11)
    names = sorted(FAULTS)
    sets = [(), *((one,) for one in names)]
    sets += [tuple(rng.choice(names, 2, replace=False)) for _ in range(COUNT)]
    examples = {
        f"{number} {' '.join(one)}": lambda one=one, number=number: prepared(
            one, number, tmp_path / "run.c3d"
        )
        for number, one in enumerate(sets)
    }
    assert differences("recordings", answers(examples)) == []


@pytest.mark.parametrize("names", [("split",), ("one_long_plate",), ("sign", "split")])
def test_the_same_contacts_on_other_plates(names, tmp_path):
    """A foot on a seam, all feet on one plate, forces on the plates: each foot's load is whole."""
    sound, other = (prepared(own, 5, tmp_path / "run.c3d")["data"] for own in ((), names))
    assert other["contact_foot"].tolist() == sound["contact_foot"].tolist()
    for name, limit in (("contact_touchdown", 1e-3), ("foot_force", 1.0), ("foot_moment", 20.0)):
        np.testing.assert_allclose(other[name], sound[name], atol=limit)
