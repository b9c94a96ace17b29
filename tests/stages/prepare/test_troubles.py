"""Runs of sound and of troubled laboratories: golden, and the loads of those that are sound.

Faults of plates and markers, by themselves and in pairs, are drawn in tests/mechanics/recordings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from aqbio.inverse_kinematics.files import PRESSED, write_recording
from aqbio.io.mot import Storage, read_storage, write_storage
from aqbio.io.trc import read_trc, write_trc
from aqbio.recordings.plates import OFFSET_LARGE
from aqbio.signals import low_pass
from tests.golden import differences
from tests.io.made_c3d import MadePlate, write_c3d
from tests.stages import made_run
from tests.stages.told import undescribed

C3D = ("fast\trun\trun.c3d\tn/a\tn/a",)
TRC = ("fast\trun\trun.trc\trun_grf.mot\tn/a",)
BARE = ("fast\trun\trun.trc\tn/a\tn/a",)
STATIC = "static\tstatic\tstatic.c3d\tn/a\tn/a"
Plates = list[MadePlate]
Write = Callable[[Path], object]
VERTICAL = 2
"""Channel of the vertical force of a made plate."""


class Run(NamedTuple):
    """A recording, its row of trials.tsv and settings of the study."""

    write: Write
    rows: tuple[str, ...] = C3D
    settings: str = ""


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


def check_loads(trial):
    """Foot loads on the clock of the markers are the made ones, low-passed like the markers."""
    samples = np.arange(len(trial["time"])) * 4
    for foot, side in enumerate(("left", "right")):
        own = [one for one in made_run.loads() if one[0].side == side]
        force = sum(one for _, one, _ in own)
        moment = sum(made_run.wrench(one, at, share, np.zeros(3)) for at, one, share in own)
        for name, true, limit in (("foot_force", force, 1.0), ("foot_moment", moment, 20.0)):
            smooth = low_pass(true, made_run.FORCE_RATE, 20.0)[samples]
            np.testing.assert_allclose(trial[name][:, foot], smooth, atol=limit)


def c3d(change: Callable[[Plates], Plates | None]) -> Write:
    """The made run over changed plates."""

    def write(data: Path) -> None:
        plates = made_run.plates()
        write_run(data, change(plates) or plates)

    return write


def channel(which: int, change: Callable[[np.ndarray], np.ndarray], at=VERTICAL) -> Write:
    """The made run, with the vertical force or other channels of one plate changed."""

    def changed(plates: Plates) -> None:
        plates[which].channels[:, at] = change(plates[which].channels[:, at])

    return c3d(changed)


def mot(change: Callable[[Storage], np.ndarray | None]) -> Write:
    """The made run as TRC and MOT; the storage is changed in place, or its time given."""

    def write(data: Path) -> None:
        _, path = made_run.write_trc_run(data, "run")
        storage = read_storage(path)
        time = change(storage)
        time = storage.time if time is None else time
        write_storage(path, storage.columns, time, storage.values, in_degrees=False)

    return write


def trc(points=None, labels=made_run.LABELS, belt=0.0, size=1.0, unit="m") -> Write:
    """The made run as TRC and MOT, with other markers, labels or a wrong unit in the header."""

    def write(data: Path) -> None:
        path, _ = made_run.write_trc_run(data, "run", belt)
        markers = made_run.markers(belt) if points is None else points
        write_trc(path, labels, size * markers, made_run.FRAME_RATE)
        text = path.read_text(encoding="utf-8").replace("\tm\t", f"\t{unit}\t", 1)
        path.write_text(text, encoding="utf-8")

    return write


def _spare(plates: Plates) -> Plates:
    """A plate that nobody touches, with noise of 110 N."""
    spare = made_run.plates()[0]
    spare.corners = spare.corners + np.array([2000.0, 0.0, 0.0])
    spare.channels = np.random.default_rng(3).uniform(-110.0, 110.0, spare.channels.shape)
    return [spare, *plates]


def _lifted() -> np.ndarray:
    points = made_run.markers()
    points[60, 1] += [0.0, 0.5, 0.0]
    return points


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


def laboratory(number: int, sign: float) -> Write:
    """Axes of four laboratories; forces on the runner or on the plates."""
    axes = (
        np.eye(3),
        made_run.GROUND_TO_VICON,
        np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]),
        np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    )[number]
    return lambda data: made_run.write_c3d_run(data / "run.c3d", axes, sign, first_frame=833)


def _rates(rate: float, forces: float) -> Write:
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


ON_BELT = trc(belt=made_run.SPEED)
NO_TOE = [n for n, label in enumerate(made_run.LABELS) if label != "LTOE"]
TRUNK = [n for n, label in enumerate(made_run.LABELS) if label[1:] in ("TOE", "MT5")]
LANDED = round((made_run.known_contacts()[-1].touchdown + 0.02) * made_run.FRAME_RATE)
SOUND = {
    **{f"laboratory {number}, forces on the {on}": Run(laboratory(number, sign))
       for number in range(4) for on, sign in (("runner", 1.0), ("plates", -1.0))},
    **{f"plates at {height} m, tilted by {tilt}":
       Run(c3d(lambda _, h=height, a=tilt: made_run.plates(height=h, tilt=a)))
       for height, tilt in ((-0.022, 0.0), (0.05, 0.0), (0.0, 0.02))},
    "noise of a plate that nobody touches": Run(c3d(_spare)),
    "small offset": Run(channel(2, lambda one: one - OFFSET_LARGE + 0.5)),
    "large offset": Run(channel(2, lambda one: one - OFFSET_LARGE - 0.5)),
    "small drift": Run(channel(2, lambda one: one - np.linspace(0.0, 15.0, len(one)))),
    "one plate that pulls": Run(channel(2, lambda one: -one, slice(None))),
    "flicker": Run(lambda data: write_run(data, points=_lifted())),
}  # fmt: skip
"""Contacts and loads are those of the run, whatever is said."""
TIMED = {
    **{f"{rate:.4g} and {forces:g} Hz": Run(_rates(rate, forces), TRC)
       for rate, forces in ((200.0, 1083.0), (2e3 / 8.5, 1000.0), (250.0, 1500.0), (250.0, 2e3))},
    **{f"a delay of {delay} s that is known": Run(
        mot(lambda one, by=delay: one.time + by), TRC, f"laboratory: {{force_delay_s: {delay}}}\n")
       for delay in (0.009, -0.02)},
    "labels with prefixes": Run(_shuffled),
}  # fmt: skip
"""Contacts are those of the run."""
TROUBLED = {
    "offset of a plate": Run(channel(0, lambda one: one + 400.0)),
    "forces that are late": Run(mot(lambda one: one.time + 0.24), TRC),
    "forces of another rate": Run(mot(lambda one: one.time * 0.7), TRC),
    "forces in another place": Run(mot(_elsewhere), TRC),
    "columns of zeros": Run(mot(_zero), TRC),
    "forces that are no numbers": Run(mot(_no_numbers), TRC),
    "a plate unloaded too shortly": Run(mot(_hardly_unloaded), TRC),
    "contact after the end": Run(trc(made_run.markers()[:LANDED]), TRC),
    "on a belt": Run(ON_BELT, TRC),
    "no toe on a belt": Run(
        trc(made_run.markers(made_run.SPEED)[:, NO_TOE],
            [made_run.LABELS[n] for n in NO_TOE], made_run.SPEED), BARE),
    "neither pelvis nor heels": Run(lambda data: write_run(
        data, points=made_run.markers()[:, TRUNK], labels=[made_run.LABELS[n] for n in TRUNK])),
    "ignored plates and markers": Run(
        laboratory(1, 1.0), C3D, "laboratory: {ignore_plates: [2], ignore_markers: [LMT5]}\n"),
    "a cut-off that is too high": Run(laboratory(1, 1.0), C3D, "prepare: {cutoff_hz: 120}\n"),
    "another label": Run(trc(labels=[one.replace("RPSI", "RPSIS") for one in made_run.LABELS]),
                         BARE),
    "in m, called mm": Run(trc(unit="mm"), BARE),
    "in mm, called m": Run(trc(size=1e3), BARE),
    "in mm, as stated": Run(trc(size=1e3), BARE, "laboratory: {marker_unit: mm}\n"),
    **{f"{stated} m/s on a belt of 8": Run(ON_BELT, (f"fast\trun\trun.trc\trun_grf.mot\t{stated}",))
       for stated in (7.5, 8.7)},
    "a belt called runway": Run(ON_BELT, TRC, "laboratory: {surface: overground}\n"),
    "a runway called belt": Run(trc(), BARE, "laboratory: {surface: treadmill}\n"),
    "a runway with a speed": Run(trc(), ("fast\trun\trun.trc\trun_grf.mot\t8.0",)),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND | TIMED | TROUBLED)
def test_a_trouble_is_named_and_nothing_else_is_blamed(prepared_study, name):
    run = (SOUND | TIMED | TROUBLED)[name]
    run.write(prepared_study.data)
    done = prepared_study(run.rows, run.settings)
    file = re.sub(r"[^\w.-]+", "_", name)
    assert differences(f"prepare/{file}", done.lines("fast")) == []
    if name not in TROUBLED:
        check_contacts(done.trial("fast"))
    if name in SOUND:
        check_loads(done.trial("fast"))


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
    if name == "of the mass that the plates say":
        assert not undescribed(done.trial("fast"))
        assert done.manifest["masses_kg"]["static"] == pytest.approx(made_run.MASS, rel=1e-6)
        assert done.manifest["masses_kg"]["strides"] == pytest.approx(made_run.MASS, rel=5e-3)


def test_files_for_opensim_hold_the_same(prepared_study):
    made_run.write_c3d_run(prepared_study.data / "run.c3d")
    done = prepared_study(C3D)
    trial = done.trial("fast")
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
