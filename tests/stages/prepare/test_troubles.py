"""Troubles of laboratories, planted one at a time: the finding that must come, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import Trial
from aqbio.io.mot import Storage, read_storage, write_storage
from aqbio.io.recording import Recording
from aqbio.io.trc import write_trc
from aqbio.recordings.plates import OFFSET_LARGE
from aqbio.recordings.trial import check_frames
from aqbio.signals import low_pass
from tests.golden import differences
from tests.io.made_c3d import MadePlate
from tests.refusal import refused
from tests.stages import made_run
from tests.stages.prepare.test_prepare import C3D, TRC, check_contacts, check_loads, write_run

Plates = list[MadePlate]
VERTICAL = 2
"""Channel of the vertical force of a made plate."""


@dataclass(frozen=True)
class Trouble:
    """A trouble, and what must become of the trial called fast; its words are in tests/golden."""

    write: Callable[[Path], object]
    rule: str
    rows: tuple[str, ...] = C3D
    said: bool = True
    sound: bool = False
    """Whether contacts and loads are those of the sound run, and nothing else is said."""
    plates: tuple[str, ...] = ()
    """Plates of the contacts."""
    unsaid: str = ""
    """Another rule, which must not be blamed."""


def c3d(change: Callable[[Plates], Plates | None]) -> Callable[[Path], object]:
    """The made run over changed plates."""

    def write(data: Path) -> None:
        plates = made_run.plates()
        write_run(data, change(plates) or plates)

    return write


def channel(which: int, change: Callable[[np.ndarray], np.ndarray], at=slice(None)):
    """The made run, with channels of one plate changed."""

    def changed(plates: Plates) -> None:
        plates[which].channels[:, at] = change(plates[which].channels[:, at])

    return c3d(changed)


def mot(change: Callable[[Storage], np.ndarray | None]) -> Callable[[Path], object]:
    """The made run as TRC and MOT; the storage is changed in place, or its time given."""

    def write(data: Path) -> None:
        _, path = made_run.write_trc_run(data, "run")
        storage = read_storage(path)
        time = change(storage)
        time = storage.time if time is None else time
        write_storage(path, storage.columns, time, storage.values, in_degrees=False)

    return write


def trc(change: Callable[[np.ndarray], np.ndarray], belt: float = 0.0, gone: str = ""):
    """The made run as TRC with changed markers (T, M, 3), m; one label is not there."""

    def write(data: Path) -> None:
        path, _ = made_run.write_trc_run(data, "run", belt)
        kept = [n for n, label in enumerate(made_run.LABELS) if label != gone]
        labels = tuple(made_run.LABELS[n] for n in kept)
        write_trc(path, labels, change(made_run.markers(belt))[:, kept], made_run.FRAME_RATE)

    return write


def hidden(first: int, last: int, *labels: str) -> Callable[[np.ndarray], np.ndarray]:
    """Markers that no camera sees from one frame to another."""

    def change(points: np.ndarray) -> np.ndarray:
        points[first:last, [made_run.LABELS.index(label) for label in labels]] = np.nan
        return points

    return change


def _slow(data: Path) -> None:
    """Plates at 500 Hz: too slow for the usual cut-off of events."""
    _, path = made_run.write_trc_run(data, "run")
    one = read_storage(path)
    write_storage(path, one.columns, one.time[::2], one.values[::2], in_degrees=False)


def _spare(plates: Plates) -> Plates:
    """A plate that nobody touches, with noise of 110 N."""
    spare = made_run.plates()[0]
    spare.corners = spare.corners + np.array([2000.0, 0.0, 0.0])
    spare.channels = np.random.default_rng(3).uniform(-110.0, 110.0, spare.channels.shape)
    return [spare, *plates]


def _lifted(points: np.ndarray) -> np.ndarray:
    points[60, 1] += [0.0, 0.5, 0.0]
    return points


def _clipped(vertical: np.ndarray) -> np.ndarray:
    limit = 0.8 * np.abs(vertical).max()
    return np.clip(vertical, -limit, limit)


def _elsewhere(storage: Storage) -> None:
    columns = [i for i, name in enumerate(storage.columns) if name.endswith("_px")]
    storage.values[:, columns] += 1.5


def _zero(storage: Storage) -> None:
    storage.values[:] = 0.0


def _no_numbers(storage: Storage) -> None:
    storage.values[400:402, storage.columns.index("ground_force_r_vy")] = np.nan


def _hardly_unloaded(storage: Storage) -> None:
    """A belt for both feet with flights of 80 ms: the offset needs 100 ms without load."""
    since = storage.time % 0.24
    pulse = np.where(since < 0.16, 1500.0 * np.sin(np.pi * since / 0.16), 0.0)
    storage.values[:, storage.columns.index("ground_force_l_vy")] = pulse


def _displaced(shift: float) -> Callable[[Path], object]:
    """The fourth plate lies elsewhere than its corners say, mm across."""

    def changed(plates: Plates) -> None:
        plates[3].corners = plates[3].corners + np.array([shift, 0.0, 0.0])

    return c3d(changed)


def _twisted(share: float) -> Callable[[Path], object]:
    """A free moment of the third plate that is larger by a share of the force, m."""

    def changed(plates: Plates) -> None:
        vertical, free = (plates[2].channels[:, at : at + 1] for at in (VERTICAL, 5))
        free += 1e3 * share * vertical * np.sign(free.sum() * vertical.sum())

    return c3d(changed)


def _exchanged(plates: Plates) -> None:
    plates[0].channels, plates[3].channels = plates[3].channels, plates[0].channels


def _cut(data: Path) -> None:
    """The markers end before the last contact; nothing is wrong with its plate."""
    trc, _ = made_run.write_trc_run(data, "run")
    frames = round((made_run.known_contacts()[-1].touchdown + 0.02) * made_run.FRAME_RATE)
    write_trc(trc, made_run.LABELS, made_run.markers()[:frames], made_run.FRAME_RATE)


def _no_axes(data: Path) -> None:
    """Neither pelvis nor heels."""
    keep = [i for i, label in enumerate(made_run.LABELS) if label[1:] not in ("HEE", "PSI", "ASI")]
    labels = [made_run.LABELS[i] for i in keep]
    write_run(data, points=made_run.markers()[:, keep], labels=labels)


def _other_sides(data: Path) -> None:
    other = {"L": "R", "R": "L"}
    write_run(data, labels=[other[label[0]] + label[1:] for label in made_run.LABELS])


def _offset(newtons: float) -> Callable[[Path], object]:
    return channel(2, lambda one: one - newtons, VERTICAL)


def _noisy(size: float) -> Callable[[Path], object]:
    noise = np.random.default_rng(3).normal
    return channel(3, lambda one: one + noise(0.0, size, one.shape), slice(3))


BARE = ("fast\trun\trun.trc\tn/a\tn/a",)
REST = ("", "2", "3", "4", "5", "6")
ONE_PLATE = "plate-implausible"
TROUBLES = {
    "noise of a plate that nobody touches": Trouble(
        c3d(_spare), ONE_PLATE, sound=True, plates=tuple("234567")
    ),
    "offset of a plate": Trouble(
        channel(0, lambda one: one + 400.0, VERTICAL), ONE_PLATE, plates=REST
    ),
    "force of another plate": Trouble(channel(0, lambda one: 20.0 * one), ONE_PLATE, plates=REST),
    "plate that is always loaded": Trouble(
        channel(0, lambda one: 0.0 * one - [0, 0, 900.0, 0, 0, 0]), ONE_PLATE, plates=REST
    ),
    "small offset": Trouble(_offset(OFFSET_LARGE - 0.5), "plate-offset", said=False, sound=True),
    "large offset": Trouble(_offset(OFFSET_LARGE + 0.5), "plate-offset", sound=True),
    "small drift": Trouble(
        channel(2, lambda one: one - np.linspace(0.0, 15.0, len(one)), VERTICAL), "plate-drift",
        sound=True,
    ),
    "one plate that pulls": Trouble(channel(2, lambda one: -one), "plate-inverted", sound=True),
    "clipped plate": Trouble(channel(2, _clipped, VERTICAL), "plate-clipped"),
    "flicker": Trouble(
        lambda data: write_run(data, points=_lifted(made_run.markers())), "marker-flicker",
        sound=True,
    ),
    "forces that are late": Trouble(mot(lambda one: one.time + 0.24), "forces-elsewhere", TRC),
    "forces of another rate": Trouble(mot(lambda one: one.time * 0.7), "forces-elsewhere", TRC),
    "forces in another place": Trouble(mot(_elsewhere), "forces-elsewhere", TRC),
    "columns of zeros": Trouble(mot(_zero), "forces-none", TRC),
    "forces that are no numbers": Trouble(mot(_no_numbers), "force-no-number", TRC),
    "a plate unloaded too shortly": Trouble(
        mot(_hardly_unloaded), "plate-offset-unknown", TRC, unsaid="plate-never-unloaded"
    ),
    "quiet noise": Trouble(_noisy(5.0), "plate-noisy", said=False),
    "loud noise": Trouble(_noisy(30.0), "plate-noisy"),
    # the made centre of pressure is on the line from heel to toe; shifted to the inside
    "plate that hardly lies elsewhere": Trouble(_displaced(-58.0), "pressure-outside", said=False),
    "plate that lies elsewhere": Trouble(_displaced(-62.0), "pressure-outside"),
    # the made free moment is 4 mm times the force; the limit is 30
    "large free moment": Trouble(_twisted(0.024), "free-moment-large", said=False),
    "free moment that no shoe makes": Trouble(_twisted(0.028), "free-moment-large"),
    "exchanged plates": Trouble(c3d(_exchanged), "plates-exchanged"),
    "contact after the end": Trouble(_cut, "contact-outside", TRC, unsaid="contact-nobody"),
    "without forces": Trouble(
        lambda data: made_run.write_trc_run(data, "run"), "forces-none",
        BARE,
    ),
    "on a belt": Trouble(
        lambda data: made_run.write_trc_run(data, "run", made_run.SPEED), "surface-doubt", TRC,
        said=False,
    ),
    "plates that are slow": Trouble(_slow, "plate-noisy", TRC, said=False),
    "no heel": Trouble(trc(np.copy, gone="RHEEL"), "marker-absent", BARE),
    "no toe on a belt": Trouble(trc(np.copy, made_run.SPEED, "LTOE"), "events-kinematic", BARE),
    "a foot that is hidden in a stance": Trouble(
        trc(hidden(250, 290, "RHEEL", "RTOE", "RMT5")), "marker-missing", TRC
    ),
    "a foot that is hidden and no plates": Trouble(
        trc(hidden(250, 290, "RHEEL", "RTOE", "RMT5")), "forces-none", BARE
    ),
    "a pelvis that is hidden": Trouble(
        trc(hidden(150, 260, "RASI", "LASI", "RPSI", "LPSI")), "marker-missing", TRC
    ),
    "one side of the pelvis": Trouble(
        trc(hidden(0, 999, "RASI", "RPSI")), "marker-missing", TRC
    ),
    "markers that were low-passed": Trouble(
        trc(lambda points: low_pass(points, made_run.FRAME_RATE, 6.0)), "events-unfound", BARE
    ),
    "neither pelvis nor heels": Trouble(_no_axes, "axes-unknown"),
    "sides exchanged": Trouble(_other_sides, "sides-exchanged"),
}  # fmt: skip
REFUSED = ("force-no-number", "axes-unknown", "sides-exchanged")
"""Rules that fail their trial."""


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_is_named_and_nothing_else_is_blamed(prepared_study, name):
    """In words and numbers that are what they were."""
    trouble = TROUBLES[name]
    trouble.write(prepared_study.data)
    made_run.write_trc_run(prepared_study.data, "other")
    done = prepared_study([*trouble.rows, "good\trun\tother.trc\tother_grf.mot\tn/a"])
    check_contacts(done.trial("good"))
    assert (trouble.rule in done.rules("fast")) == trouble.said
    assert trouble.unsaid not in done.rules("fast")
    assert done.entry("fast")["status"] == ("failed" if trouble.rule in REFUSED else "ok")
    if trouble.sound:
        check_contacts(done.trial("fast"))
        check_loads(done.trial("fast"), atol=1.0)
        assert done.rules("fast") == [trouble.rule] * trouble.said
    if trouble.plates:
        assert tuple(done.trial("fast")["contact_plates"].values) == trouble.plates
        assert ("plate-silent" in done.rules("fast")) == ("" in trouble.plates)
    if trouble.rule == "marker-flicker":  # the pelvis goes straight: its spline is exact
        path = done.trial("fast")["marker_raw"].sel(marker="LASI").values
        np.testing.assert_allclose(path, made_run.markers()[:, 1], atol=2e-6)
    if trouble.rule == "forces-elsewhere":
        assert done.trial("fast").attrs["events"] != "plates"
    assert differences(f"prepare/{name.replace(' ', '_')}", done.lines("fast")) == []


OTHERS = {
    "runs of two people": ("another-person", "static\tstatic\tstatic.c3d", "large\trun\tlarge.c3d"),
    "somebody who only stands": ("no-moving-trial", "static\tstatic\tstatic.c3d"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_wrong_with_a_participant(prepared_study, name):
    """One run is that of somebody a twelfth larger."""
    rule, *rows = OTHERS[name]
    made_run.write_static(prepared_study.data / "static.c3d")
    write_run(prepared_study.data)
    write_run(prepared_study.data, [], 1.08 * made_run.markers(), name="large")
    runs = C3D if len(rows) > 1 else ()
    done = prepared_study([*runs, *(f"{row}\tn/a\tn/a" for row in rows)])
    assert rule in [one["rule"] for one in done.manifest["findings"]]
    assert rule != "another-person" or "1.08" in done.manifest["reason"]


def test_static_trials_that_move_or_are_labelled_the_wrong_way_are_refused(
    prepared_study, monkeypatch
):
    write_run(prepared_study.data)
    rows = [*C3D, "moving\tstatic\trun.c3d\tn/a\tn/a", "turned\tstatic\tturned.c3d\tn/a\tn/a"]
    other = {"L": "R", "R": "L"}
    exchanged = tuple(other[label[0]] + label[1:] for label in made_run.LABELS)
    monkeypatch.setattr(made_run, "LABELS", exchanged)
    made_run.write_static(prepared_study.data / "turned.c3d")
    done = prepared_study(rows)
    assert "the person moves about" in done.entry("moving")["reason"]
    assert "the leg labelled right (RHEEL, RTOE, RMT5) is 0.23" in done.entry("turned")["reason"]
    assert done.entry("fast")["status"] == "ok"


@pytest.mark.parametrize(("declared", "true", "told"), [("mm", "m", "m ("), ("m", "mm", "mm (")])
def test_wrong_unit_is_contradicted_with_the_one_that_fits(prepared_study, declared, true, told):
    path = prepared_study.data / "run.trc"
    write_trc(path, made_run.LABELS, made_run.markers() / {"m": 1.0, "mm": 1e-3}[true], 250.0)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\tm\t", f"\t{declared}\t", 1), encoding="utf-8")
    row = ["fast\trun\trun.trc\tn/a\tn/a"]
    reason = prepared_study(row).entry("fast")["reason"]
    assert f"It would fit if the positions were in {told}0.58 m" in reason
    stated = prepared_study(row, f"laboratory: {{marker_unit: {true}}}\n")
    assert stated.entry("fast")["status"] == "ok"


@pytest.mark.parametrize(("end", "wrong"), [(0.59, False), (0.61, True), (None, True)])
def test_lost_frames_after_the_last_instant_used_do_no_harm(end, wrong):
    """Ten frames are gone: from there on the markers' clock is 40 ms ahead of the plates'."""
    points = np.delete(np.tile(made_run.markers(), (1, 2, 1)), slice(150, 160), axis=0)
    labels = (*made_run.LABELS, *(f"{label}2" for label in made_run.LABELS))
    recording = Recording(labels, points, made_run.FRAME_RATE)
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="run.c3d", end_s=end)
    with refused("frames-lost", "frames are lost") if wrong else nullcontext():
        check_frames(recording, trial, "run.c3d")
