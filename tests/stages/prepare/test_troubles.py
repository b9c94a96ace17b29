"""Runs of sound and of troubled laboratories: the finding that must come, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from aqbio.inverse_kinematics.files import PRESSED, write_recording
from aqbio.io.mot import Storage, read_storage, write_storage
from aqbio.io.trc import read_trc, write_trc
from aqbio.recordings.plates import OFFSET_LARGE
from aqbio.signals import low_pass
from tests.golden import differences
from tests.io.made_c3d import NAME, MadePlate, write_c3d
from tests.stages import made_run

C3D = ("fast\trun\trun.c3d\tn/a\tn/a",)
TRC = ("fast\trun\trun.trc\trun_grf.mot\tn/a",)
BARE = ("fast\trun\trun.trc\tn/a\tn/a",)
STATIC = "static\tstatic\tstatic.c3d\tn/a\tn/a"
Plates = list[MadePlate]
VERTICAL = 2
"""Channel of the vertical force of a made plate."""


def write_run(data: Path, plates=None, points=None, *, labels=made_run.LABELS, name="run"):
    """Write the made run over changed plates or with changed points (ground axes, m)."""
    points = 1e3 * (made_run.markers() if points is None else points) @ made_run.GROUND_TO_VICON.T
    plates = made_run.plates() if plates is None else plates
    write_c3d(data / f"{name}.c3d", list(labels), points, plates=tuple(plates))


def check_contacts(trial):
    known = made_run.known_contacts()
    assert list(trial["contact_foot"].values) == [contact.side for contact in known]
    # 20 N of 2.2 kN are reached 0.4 ms after zero; the 200 Hz filter rounds the corner
    for name, attribute in (("contact_touchdown", "touchdown"), ("contact_toe_off", "toe_off")):
        times = [getattr(contact, attribute) for contact in known]
        np.testing.assert_allclose(trial[name], times, atol=1.5e-3)
    assert trial["contact_complete"].values.all()


def check_loads(trial, belt=0.0, atol=0.5):
    """Foot loads on the clock of the markers are the made ones, low-passed like the markers."""
    samples = np.arange(len(trial["time"])) * 4
    for foot, side in enumerate(("left", "right")):
        force = sum(one for contact, one, _ in made_run.loads() if contact.side == side)
        time, moment = np.arange(len(force)) / made_run.FORCE_RATE, 0.0
        for contact, one, share in made_run.loads():
            if contact.side == side:
                back = np.outer(belt * time, [1.0, 0.0, 0.0])
                free = share * one[:, 1:2] * [0.0, 1.0, 0.0]
                moment = moment + np.cross(contact.place - back, one) + free
        for name, true, limit in (("foot_force", force, atol), ("foot_moment", moment, 20 * atol)):
            smooth = low_pass(true, made_run.FORCE_RATE, 20.0)[samples]
            np.testing.assert_allclose(trial[name][:, foot], smooth, atol=limit)


@dataclass(frozen=True)
class Trouble:
    """A trouble, and what must become of the trial called fast; its words are in tests/golden."""

    write: Callable[[Path], object]
    rule: str = ""
    rows: tuple[str, ...] = C3D
    said: bool = True
    sound: bool = False
    """Whether contacts and loads are those of the sound run, and nothing else is said."""
    plates: tuple[str, ...] = ()
    """Plates of the contacts."""
    unsaid: str = "never"
    """Another rule, which must not be blamed."""
    settings: str = ""
    contacts: bool = False
    """Whether contacts alone are those of the sound run."""


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


def laboratory(number: int, sign: float) -> Callable[[Path], object]:
    """Axes of four laboratories; forces on the runner or on the plates."""
    axes = (
        np.eye(3),
        made_run.GROUND_TO_VICON,
        np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]),
        np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    )[number]
    return lambda data: made_run.write_c3d_run(data / "run.c3d", axes, sign, first_frame=833)


def _rates(rate: float, forces: float) -> Callable[[Path], object]:
    """Whole ratios of rates and any other."""

    def write(data: Path) -> None:
        trc, mot = made_run.write_trc_run(data, "run")
        storage = read_storage(mot)
        time = np.arange(0.0, storage.time[-1], 1.0 / forces)
        values = np.column_stack([np.interp(time, storage.time, one) for one in storage.values.T])
        write_storage(mot, storage.columns, time, values, in_degrees=False)
        frames, truth = np.arange(0.0, storage.time[-1], 1.0 / rate), made_run.markers()
        instants, flat = np.arange(len(truth)) / made_run.FRAME_RATE, truth.reshape(len(truth), -1)
        points = np.column_stack([np.interp(frames, instants, one) for one in flat.T])
        write_trc(trc, made_run.LABELS, points.reshape(len(frames), -1, 3), rate)

    return write


def _shuffled(data: Path) -> None:
    """Prefixes, unlabelled markers, another order."""
    truth, order = made_run.markers(), np.random.default_rng(3).permutation(len(made_run.LABELS))
    labels = [f"Somebody:{made_run.LABELS[index]}" for index in order] + ["*52", "", "*53"]
    write_run(data, None, np.append(truth[:, order], truth[:, :3] + 1.0, 1), labels=labels)


def _gaps(points: np.ndarray) -> np.ndarray:
    """Filled in flight, open for long, before the first touchdown, across a touchdown."""
    frame = round(made_run.known_contacts()[2].touchdown * made_run.FRAME_RATE)
    for frames, marker in ((slice(112, 118), 0), (slice(200, 240), 1), (slice(40), 0),
                           (slice(frame - 3, frame + 3), 2)):  # fmt: skip
        points[frames, marker] = np.nan
    return points


def _unit(declared: str, true: str) -> Callable[[Path], object]:
    def write(data: Path) -> None:
        factor = {"m": 1.0, "mm": 1e-3}[true]
        write_trc(data / "run.trc", made_run.LABELS, made_run.markers() / factor, 250.0)
        text = (data / "run.trc").read_text(encoding="utf-8")
        text = text.replace("\tm\t", f"\t{declared}\t", 1)
        (data / "run.trc").write_text(text, encoding="utf-8")

    return write


def _renamed(data: Path) -> None:
    """A label that the marker set does not know; its own is absent."""
    labels = tuple(label.replace("RPSI", "RPSIS") for label in made_run.LABELS)
    write_trc(data / "run.trc", labels, made_run.markers(), 250.0)


def on_belt(data: Path) -> None:
    made_run.write_trc_run(data, "run", made_run.SPEED)


def plain(data: Path) -> None:
    made_run.write_trc_run(data, "run")


SOUND = {
    **{
        f"laboratory {number}, forces on the {on}": Trouble(
            laboratory(number, sign), "plates-action", said=sign < 0, sound=True
        )
        for number in range(4)
        for on, sign in (("runner", 1.0), ("plates", -1.0))
    },
    **{
        f"plates at {height} m, tilted by {tilt}": Trouble(
            c3d(lambda _, h=height, a=tilt: made_run.plates(height=h, tilt=a)), sound=True,
            said=False,
        )
        for height, tilt in ((-0.022, 0.0), (0.05, 0.0), (0.0, 0.02))
    },
    **{
        f"{rate:.4g} and {forces:g} Hz": Trouble(
            _rates(rate, forces), rows=TRC, said=False, contacts=True
        )
        for rate, forces in (
            (200.0, 1083.0), (2000.0 / 8.5, 1000.0), (250.0, 1500.0), (250.0, 2000.0),
        )
    },
    **{
        f"a delay of {delay} s that is known": Trouble(
            mot(lambda one, by=delay: one.time + by), rows=TRC, said=False, contacts=True,
            settings=f"laboratory: {{force_delay_s: {delay}}}\n",
        )
        for delay in (0.009, -0.02)
    },
    "labels with prefixes": Trouble(_shuffled, "markers-unlabelled", contacts=True),
    "the other direction": Trouble(
        laboratory(1, 1.0), said=False, settings="laboratory: {axes: {forward: -y, up: +z}}\n"
    ),
    "ignored plates and markers": Trouble(
        laboratory(1, 1.0), said=False, plates=("1", "3", "4", "5", "6"),
        settings="laboratory: {ignore_plates: [2], ignore_markers: [LMT5]}\n",
    ),
    "a cut-off that is too high": Trouble(
        laboratory(1, 1.0), "cutoff-too-high", settings="prepare: {cutoff_hz: 120}\n"
    ),
    "gaps": Trouble(trc(_gaps), "marker-missing", TRC),
    "another label": Trouble(_renamed, "labels-unknown", BARE),
    **{
        f"in {true}, called {declared}": Trouble(_unit(declared, true), "marker-size", BARE)
        for declared, true in (("mm", "m"), ("m", "mm"))
    },
    "in mm, as stated": Trouble(
        _unit("m", "mm"), rows=BARE, said=False, settings="laboratory: {marker_unit: mm}\n"
    ),
    **{
        f"{stated} m/s on a belt of 8": Trouble(
            on_belt, "belt-speed", (f"fast\trun\trun.trc\trun_grf.mot\t{stated}",), said=wrong
        )
        for stated, wrong in ((7.5, False), (8.7, True))
    },
    "a belt called runway": Trouble(
        on_belt, "surface", TRC, settings="laboratory: {surface: overground}\n"
    ),
    "a runway called belt": Trouble(
        plain, "surface", BARE, settings="laboratory: {surface: treadmill}\n"
    ),
    "a runway with a speed": Trouble(plain, "surface", ("fast\trun\trun.trc\trun_grf.mot\t8.0",)),
    "no file": Trouble(lambda _: None, "file-missing"),
    "nothing in a file": Trouble(
        lambda data: (data / "run.c3d").write_bytes(b"nothing"), "c3d-unreadable"
    ),
}  # fmt: skip

REFUSED = (
    "force-no-number", "axes-unknown", "sides-exchanged", "cutoff-too-high", "marker-size",
    "surface", "file-missing", "c3d-unreadable",
)  # fmt: skip
"""Rules that fail their trial."""
EVERY = TROUBLES | SOUND


@pytest.mark.parametrize("name", EVERY)
def test_a_trouble_is_named_and_nothing_else_is_blamed(prepared_study, name):
    """In words and numbers that are what they were; contacts and loads are those of the run."""
    trouble = EVERY[name]
    trouble.write(prepared_study.data)
    done = prepared_study(trouble.rows, trouble.settings)
    file = re.sub(r"[^\w.-]+", "_", name)
    assert differences(f"prepare/{file}", done.lines("fast")) == []
    assert (trouble.rule in done.rules("fast")) == trouble.said
    assert trouble.unsaid not in done.rules("fast")
    failed = trouble.said and trouble.rule in REFUSED
    assert done.entry("fast")["status"] == ("failed" if failed else "ok")
    if trouble.contacts or trouble.sound:
        check_contacts(done.trial("fast"))
    if trouble.sound:
        check_loads(done.trial("fast"), atol=1.0)
        assert done.rules("fast") == [trouble.rule] * trouble.said
    if trouble.plates:
        assert tuple(done.trial("fast")["contact_plates"].values) == trouble.plates
    if trouble.rule == "marker-flicker":  # the pelvis goes straight: its spline is exact
        path = done.trial("fast")["marker_raw"].sel(marker="LASI").values
        np.testing.assert_allclose(path, made_run.markers()[:, 1], atol=2e-6)
    if name == "gaps":
        found, truth = done.trial("fast")["marker_raw"], made_run.markers()
        np.testing.assert_allclose(found[112:118, 0], truth[112:118, 0], atol=1e-6)
        assert np.isnan(found[200:240, 1]).all()


PEOPLE: dict[str, tuple[tuple[str, ...], str]] = {
    "sound": ((STATIC, *C3D), "n/a"),
    "of the mass that the plates say": ((STATIC, *C3D), "70"),
    "a quarter too light": ((STATIC, *C3D), "55"),
    "runs of two people": ((STATIC, *C3D, "large\trun\tlarge.c3d\tn/a\tn/a"), "n/a"),
    "somebody who only stands": ((STATIC,), "n/a"),
    "somebody without forces": (BARE, "n/a"),
    "static trials that move or are labelled the wrong way": (
        (*C3D, "moving\tstatic\trun.c3d\tn/a\tn/a", "turned\tstatic\tturned.c3d\tn/a\tn/a"), "n/a"
    ),
    "broken files": (
        (*C3D, "broken\trun\tbroken.c3d\tn/a\tn/a", "absent\trun\tabsent.c3d\tn/a\tn/a"), "n/a"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_golden_words_of_participants(prepared_study, monkeypatch, name):
    """One trial is another's of a twelfth more; a broken file stops no other."""
    rows, mass = PEOPLE[name]
    data = prepared_study.data
    write_run(data)
    made_run.write_trc_run(data, "run")
    made_run.write_static(data / "static.c3d")
    write_run(data, [], 1.08 * made_run.markers(), name="large")
    (data / "broken.c3d").write_bytes(b"nothing")
    other = {"L": "R", "R": "L"}
    exchanged = tuple(other[label[0]] + label[1:] for label in made_run.LABELS)
    with monkeypatch.context() as patched:
        patched.setattr(made_run, "LABELS", exchanged)
        made_run.write_static(data / "turned.c3d")
    done = prepared_study(rows, mass=mass)
    told = [f"{one}: {done.manifest[one]}" for one in ("status", "reason", "mass_source")]
    told += [f"{one}: {value:.8e}" for one, value in done.manifest["masses_kg"].items()]
    told += [f"{one} {line}" for one in (row.partition("\t")[0] for row in rows)
             for line in done.lines(one)]  # fmt: skip
    assert differences(f"prepare/people_{name.replace(' ', '_')}", told) == []
    if name == "broken files":
        check_contacts(done.trial("fast"))
        assert not (done.folder / "broken.nc").exists()
    if name == "of the mass that the plates say":
        assert done.manifest["masses_kg"]["static"] == pytest.approx(made_run.MASS, rel=1e-6)
        assert done.manifest["masses_kg"]["strides"] == pytest.approx(made_run.MASS, rel=5e-3)


def test_files_for_opensim_hold_the_same_and_no_name(prepared_study):
    made_run.write_c3d_run(prepared_study.data / "run.c3d")
    assert NAME.encode() in (prepared_study.data / "run.c3d").read_bytes()
    done = prepared_study(C3D)
    outputs = [path for path in Path("results").rglob("*") if path.is_file()]
    assert len(outputs) == 2
    assert not any(NAME.encode() in path.read_bytes() for path in outputs)
    trial = done.trial("fast")
    assert NAME not in repr(trial.attrs)
    write_recording(trial, made_run.LABELS, done.folder / "fast")
    trc = read_trc(done.folder / "fast.trc")
    assert trc.labels == made_run.LABELS
    np.testing.assert_allclose(trc.positions, trial["marker_raw"], rtol=0, atol=6e-7)
    forces = read_storage(done.folder / "fast_grf.mot")
    assert forces.in_degrees is False
    np.testing.assert_array_equal(forces.time, trial["time"])
    for letter, side in (("r", "right"), ("l", "left")):
        force, point, moment = (
            np.stack([forces.column(f"ground_{name}{axis}") for axis in "xyz"], axis=1)
            for name in (f"force_{letter}_v", f"force_{letter}_p", f"torque_{letter}_")
        )
        np.testing.assert_array_equal(force, trial["foot_force"].sel(foot=side))
        whole = trial["foot_moment"].sel(foot=side).values
        np.testing.assert_allclose(np.cross(point, force) + moment, whole, rtol=0, atol=1e-9)
        pressed = force[:, 1] > PRESSED
        assert np.abs(moment[pressed][:, ::2]).max() < 1e-9  # vertical about the pressure's centre
        assert np.abs(np.diff(point, axis=0)).max() < 0.2  # no leap between contacts
