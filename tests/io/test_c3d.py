"""C3D files with known content; a crash of the native reader fails one file only."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from types import SimpleNamespace

import ezc3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.faults import RunStoppedError
from aqbio.io import c3d
from aqbio.io.c3d import c3d_content, read_c3d
from aqbio.io.trial_files import read_forces, read_recording
from aqbio.operating_system import CAN_FORK
from tests.golden import differences
from tests.io.made_c3d import NAME, MadePlate, write_c3d
from tests.outcome_lines import outcome_lines
from tests.refusal import refused

FRAMES, SAMPLES = 20, 80
DOWN = np.array([[0.0, 900, 0], [600, 900, 0], [600, 0, 0], [0, 0, 0]])
"""Corners of a plate whose z axis points down, as most do."""


def drawn_load(rng):
    """Force on the runner and moment about the plate's centre, in plate axes (z down), N, N mm."""
    force = np.column_stack((rng.normal(0, 100, (SAMPLES, 2)), -rng.uniform(400, 2000, SAMPLES)))
    pressure = np.column_stack((rng.uniform(-200, 200, (SAMPLES, 2)), np.zeros(SAMPLES)))
    free = np.outer(rng.normal(0, 5000, SAMPLES), [0, 0, 1])
    return force, np.cross(pressure, force) + free, pressure, free


def type_1(force, moment, pressure, free):
    channels = np.column_stack((force, pressure[:, :2], free[:, 2]))
    return MadePlate(1, DOWN, np.zeros(3), channels, ("N",) * 3 + ("mm",) * 2 + ("Nmm",))


def type_2(force, moment, pressure, free):
    origin = np.array([1.0, -2.0, -40.0])
    channels = np.column_stack((force, moment + np.cross(origin, force)))
    return MadePlate(2, DOWN, origin, channels, ("N",) * 3 + ("Nmm",) * 3)


def type_3(force, moment, pressure, free):
    """Shear on sensor pairs and four vertical forces that carry the same load."""
    along, across, depth = 120.0, 200.0, 40.0
    about = moment - np.cross([0.0, 0.0, depth], force)  # about the sensors' centre, below
    vertical = force[:, 2] / 4
    x_part, y_part = about[:, 0] / (4 * across), about[:, 1] / (4 * along)
    signs = ((1, -1), (1, 1), (-1, 1), (-1, -1))
    z = [vertical + first * x_part + second * y_part for first, second in signs]
    twist = about[:, 2] / (2 * across)
    x = [force[:, 0] / 2 - twist, force[:, 0] / 2 + twist]
    channels = np.column_stack((*x, force[:, 1] / 2, force[:, 1] / 2, *z))
    return MadePlate(3, DOWN, np.array([along, across, depth]), channels, ("N",) * 8)


def type_4(force, moment, pressure, free):
    plate = type_2(force, moment, pressure, free)
    calibration = np.diag([10.0, 20.0, 30.0, 400.0, 500.0, 600.0])
    calibration[0, 1], calibration[3, 0] = 0.5, -3.0
    volts = np.linalg.solve(calibration, plate.channels.T).T
    return MadePlate(4, DOWN, plate.origin, volts, ("V",) * 6, calibration)


TYPES = [type_1, type_2, type_3, type_4]
UNITS = {"N": 1.0, "kN": 1e3, "lbf": 4.4482216}


@settings(max_examples=25)
@given(
    st.integers(0, 2**31), st.lists(st.sampled_from(TYPES), min_size=1, max_size=4),
    st.sampled_from(list(UNITS)), st.sampled_from([1, 24, 833]),
)  # fmt: skip
def test_markers_and_plates_of_every_type_wherever_they_lie(
    tmp_path_factory, seed, types, unit, first_frame
):
    """The wrench in the laboratory is that of the drawn load; plates lie and tilt as they like."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-2000.0, 2000.0, (FRAMES, 3, 3))
    points[3:6, 1] = np.nan
    plates, expected = [], []
    for make in types:
        load, turn = drawn_load(rng), Rotation.random(random_state=rng)
        centre = rng.uniform(-3000.0, 3000.0, 3)
        plate = make(*load)
        plate.corners = turn.apply(DOWN - DOWN.mean(axis=0)) + centre
        scale = [
            1.0 / UNITS[unit] if unit_of_channel == "N" else 1.0 for unit_of_channel in plate.units
        ]
        plate.channels = plate.channels * scale
        plate.units = tuple(
            unit if unit_of_channel == "N" else unit_of_channel for unit_of_channel in plate.units
        )
        # corner 1 lies at +x and +y of the plate, 2 at -x and +y, as the standard has it
        axes = turn * Rotation.from_matrix(np.diag([-1.0, 1.0, -1.0]))
        expected.append((axes.apply(load[0]), axes.apply(load[1]) / 1e3, centre / 1e3))
        plates.append(plate)
    path = tmp_path_factory.mktemp("c3d") / "a.c3d"
    labels = [f"{NAME}:A", "*52", "L.ASI"]
    write_c3d(path, labels, points, (250.0, 1000.0), tuple(plates), "mm", first_frame)
    recording = read_c3d(path)
    assert (recording.labels, recording.rate, recording.first_time) == (("A", "L.ASI"), 250.0, 0.0)
    assert [finding.rule for finding in recording.findings] == [
        "labels-prefix",
        "markers-unlabelled",
    ]
    assert NAME not in repr(recording)
    # the file holds 32-bit numbers: 24 bits of up to 2 m
    np.testing.assert_allclose(1e3 * recording.positions, points[:, [0, 2]], atol=2e3 * 2.0**-24)
    forces = recording.forces
    assert (forces.rate, forces.start, forces.numbers) == (1e3, 0.0, (1, 2, 3, 4)[: len(types)])
    for number, (force, moment, centre) in enumerate(expected):
        # and of up to 2000 N, which sensors of type 3 subtract
        np.testing.assert_allclose(forces.wrench.force[:, number], force, atol=2e3 * 2.0**-21)
        np.testing.assert_allclose(forces.wrench.moment[:, number], moment, atol=4e3 * 2.0**-21)
        np.testing.assert_allclose(forces.wrench.point[number], centre, atol=1e-6)
        np.testing.assert_allclose(forces.corners[number].mean(axis=0), centre, atol=1e-6)


RNG = np.random.default_rng(2)
POINTS, LOAD = RNG.uniform(-2000.0, 2000.0, (FRAMES, 3, 3)), drawn_load(RNG)


def plates(*changed: MadePlate, points=POINTS, labels="ABC", **options):
    """A file with these plates."""
    return lambda path: write_c3d(path, list(labels), points, plates=changed, **options)


def changed(make, **fields):
    return replace(make(*LOAD), **fields)


def volts(make):
    plate = make(*LOAD)
    units = ("V",) * len(plate.units)
    return replace(
        plate, channels=plate.channels * (9.0 / np.abs(plate.channels).max()), units=units
    )


def of_type_2(alter):
    plate = type_2(*LOAD)
    plate.channels = alter(plate.channels.copy())
    return plates(plate)


def content(alter, *of):
    """A file whose parameters were changed."""

    def write(path):
        plates(*of)(path)
        opened = ezc3d.c3d(str(path))
        del opened["data"]["meta_points"]
        alter(opened)
        opened.write(str(path))

    return write


def raw(alter, *of):
    """A file whose bytes were changed."""

    def write(path):
        plates(*of)(path)
        path.write_bytes(alter(path.read_bytes()))

    return write


def word(number, value):
    """The header's 16-bit word; the file is long enough for any."""
    value = value.to_bytes(2, "little")
    return raw(lambda data: data[: 2 * number - 2] + value + data[2 * number :] + bytes(4096))


def parameter(group, name, value):
    def alter(opened):
        if value is None:
            del opened["parameters"][group][name]
        else:
            opened["parameters"][group][name]["value"] = value

    return alter


def undeclared(naming, declared):
    """Channels of two plates, named as laboratories do; so many of them are declared."""

    def alter(opened):
        words = {"F": "Force", "M": "Moment"}
        opened["parameters"]["ANALOG"]["LABELS"]["value"] = [
            naming.format(plate=plate, quantity=quantity, word=words[quantity], axis=axis)
            for plate in (1, 2) for quantity in "FM" for axis in "xyz"
        ]  # fmt: skip
        if declared is None:
            del opened["parameters"]["FORCE_PLATFORM"]
        else:
            opened["parameters"]["FORCE_PLATFORM"]["USED"]["value"] = [declared]

    return content(alter, type_2(*LOAD), type_2(*LOAD))


def poses(**parameters):
    """A file as Theia3D saves it: a matrix of every segment in every frame, and no marker."""
    names = [f"{name}_4X4" for name in ("worldbody", "pelvis", "l_thigh", "l_shank", "r_thigh")]

    def write(path):
        c3d = ezc3d.c3d()
        c3d["parameters"]["POINT"]["RATE"]["value"] = [120.0]
        c3d["data"]["points"] = np.zeros((4, 0, FRAMES))
        for name, value in {"RATE": [120.0], "LABELS": names, **parameters}.items():
            c3d.add_parameter("ROTATION", name, value)
        c3d["data"]["rotations"] = np.tile(np.eye(4)[..., None, None], (1, 1, 5, FRAMES))
        c3d.write(str(path))

    return write


def clipped(channels):
    channels[20:60, 2] = -2500.0
    return channels


THREE_MARKERS = np.linspace(1.0, 2.0, 9).reshape(1, 3, 3).repeat(FRAMES, axis=0)
FILES = {
    "plain": plates(),
    "all types": plates(*(make(*LOAD) for make in TYPES)),
    "unlabelled": plates(labels=[f"{NAME}:RASI", "*52", "L.ASI"]),
    "twice": plates(labels="ABA"),
    "no unit, large": plates(unit=""),
    "no unit, small": plates(points=THREE_MARKERS, unit=""),
    "inches": plates(unit="inch"),
    "furlongs": plates(unit="furlong"),
    "never seen": plates(points=POINTS * np.nan),
    "at the origin": plates(points=POINTS * 0.0),
    "one beyond the hall": plates(points=np.r_[POINTS[:-1], 1e6 * POINTS[-1:]]),
    "all beyond the hall": plates(points=1e6 * POINTS),
    "in metres": plates(type_2(*LOAD), points=POINTS / 1e3, unit="m"),
    "10 Hz": plates(rates=(10.0, 1000.0)),
    "60 kHz": plates(rates=(60_000.0, 60_000.0)),
    "type 11": plates(changed(type_2, kind=11), type_2(*LOAD)),
    "type 4 without its matrix": plates(changed(type_4, calibration=np.zeros((6, 6)))),
    "corners on a line": plates(changed(type_2, corners=np.outer(np.arange(4.0), [1, 2, 3]))),
    "no numbers": of_type_2(lambda channels: np.where(channels > 90.0, np.nan, channels)),
    "driven beyond its range": of_type_2(clipped),
    "a force of another world": of_type_2(lambda channels: channels * 1e6),
    **{f"volts, {make.__name__}": plates(volts(make)) for make in TYPES},
    "newtons that are called volts": plates(changed(type_2, units=("V",) * 6)),
    "no units of the channels": plates(changed(type_2, units=("",) * 6)),
    "moments in Nm": plates(changed(type_2, units=("N",) * 3 + ("Nm",) * 3)),
    "moments in N.mm": plates(changed(type_2, units=("N",) * 3 + ("N.mm",) * 3)),
    "points only": content(lambda c3d: c3d.add_parameter("FORCE_PLATFORM", "USED", [1])),
    "channels that are not there": content(
        parameter("FORCE_PLATFORM", "CHANNEL", np.arange(7.0, 13.0)[:, None]), type_2(*LOAD)),
    "no corners": content(parameter("FORCE_PLATFORM", "CORNERS", None), type_2(*LOAD)),
    "more plates than described": content(parameter("FORCE_PLATFORM", "USED", [2]), type_2(*LOAD)),
    "model outputs": content(lambda c3d: c3d.add_parameter("POINT", "ANGLES", ["B"])),
    **{
        f"undeclared, {naming}, {declared}": undeclared(naming, declared)
        for naming in ("{quantity}{axis}{plate}", "{word}.{quantity}{axis}{plate}",
                       "{quantity}{plate}{axis}", "FP{plate}{quantity}{axis}",
                       "Plate {plate} {word}{axis}", "EMG {plate} {word} {axis}")
        for declared in ((0, 1, None) if "word" in naming else (1,))
    },
    "poses": poses(),
    "poses that its reader refuses": poses(USED=[5], RATIO=[1], DATA_START=[1]),
    "no C3D": lambda path: path.write_bytes(b"\x02\x50" + b"x" * 700),
    "no magic": raw(lambda data: data[:1] + b"x" + data[2:]),
    "parameters beyond the end": raw(lambda data: b"\x90" + data[1:1200]),
    "parameters without an end": lambda path: path.write_bytes(
        b"\x02\x50" + bytes(510) + b"\x01\x50\x02\x54\x05\x01" + bytes(600)),
    "written on a MIPS": lambda path: path.write_bytes(
        b"\x02\x50" + bytes(510) + b"\x01\x50\x02\x56" + bytes(600)),
    "garbage in a name": raw(lambda data: data.replace(b"LABELS", b"LA\x01ELS", 1)),
    "cut by a byte": raw(lambda data: data[:-600]),
    "cut in the middle": raw(lambda data: data[: -len(data) // 3], type_2(*LOAD)),
    "header counts 4 points": word(2, 4),
    "header counts 7 analog values": word(3, 7),
    "empty": lambda path: path.write_bytes(b""),
}  # fmt: skip


def test_golden_words_of_odd_files(tmp_path):
    lines, path = [], tmp_path / "made.c3d"
    for name, write in FILES.items():
        write(path)
        lines += outcome_lines(name, lambda: read_c3d(path), tmp_path)
    assert NAME not in "".join(lines)
    assert differences("io/c3d", lines) == []


NO_POINTS = np.zeros((FRAMES, 0, 3))


@pytest.mark.parametrize(
    ("rates", "numbers", "start"),
    [
        ((250.0, 1000.0), (1, 1), 0.0),
        ((1000.0, 1000.0), (1, 1), 0.0),  # every sample is a frame
        ((50.0, 1000.0), (1, 1), 0.0),
        ((250.0, 1000.0), (101, 1), 0.0),  # of one length, whatever is counted
        ((250.0, 2000.0), (11, 6), -0.02),  # half as long
        ((250.0, 500.0), (1, 5), 0.016),  # twice as long
    ],
)
def test_plates_of_another_file_are_those_of_one_file(tmp_path, rates, numbers, start):
    """Whatever the rates of both, with the numbers of their frames on one clock."""
    points = np.random.default_rng(5).uniform(-500.0, 500.0, (FRAMES, 5, 3))
    labels, plate = [f"M{number}" for number in range(5)], type_2(*LOAD)
    together, markers, forces = (tmp_path / f"{name}.c3d" for name in ("both", "m", "f"))
    write_c3d(together, labels, points, (250.0, 1000.0), (plate,))
    write_c3d(markers, labels, points, first_frame=numbers[0])
    frames = round(SAMPLES / rates[1] * rates[0])
    write_c3d(forces, [], NO_POINTS[:1].repeat(frames, axis=0), rates, (plate,), "", numbers[1])
    whole, joined = read_recording(together), read_recording(markers, forces)
    np.testing.assert_array_equal(joined.positions, whole.positions)
    assert joined.forces.rate == rates[1]
    assert joined.forces.start == pytest.approx(start, abs=1e-9)
    for name in ("force", "moment", "point"):
        np.testing.assert_array_equal(
            getattr(joined.forces.wrench, name), getattr(whole.forces.wrench, name)
        )
    np.testing.assert_array_equal(joined.forces.corners, whole.forces.corners)
    rules = [finding.rule for finding in joined.findings]
    assert ("plates-begin" in rules) == (numbers[0] != numbers[1])


def test_plates_that_are_not_there_or_in_other_axes_are_refused(tmp_path):
    points = np.random.default_rng(5).uniform(-500.0, 500.0, (FRAMES, 5, 3))
    write_c3d(tmp_path / "m.c3d", [f"M{number}" for number in range(5)], points)
    write_c3d(tmp_path / "f.c3d", [], NO_POINTS, (250.0, 1000.0), (type_2(*LOAD),))
    with refused("plates-none", "no force plate"):
        read_recording(tmp_path / "m.c3d", tmp_path / "m.c3d")
    with refused("file-format", "in the axes of the laboratory"):
        read_forces(tmp_path / "f.c3d", 0.0)


@pytest.fixture
def file(tmp_path):
    return write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], np.ones((20, 3, 3)), first_frame=24)


def _loop(path):
    while True:
        pass


def _refuse(path):
    os.write(1, b"warning: odd file")  # what a library prints is no answer
    raise RuntimeError("no such parameter")


def _limits(path):
    """An endless loop of the reader ends by itself after its parent process has ended."""
    import resource

    raise RuntimeError(f"{resource.getrlimit(resource.RLIMIT_CPU)[0]} s at most")


needs_fork = pytest.mark.skipif(
    not CAN_FORK, reason="the sick library reaches the process by the fork"
)

SICK = {
    "a library crashed over a file (SIGABRT)": lambda path: os.abort(),
    "a library crashed over a file (SIGSEGV)": lambda path: os.kill(os.getpid(), signal.SIGSEGV),
    "a library crashed over a file (exit status 3)": lambda path: os._exit(3),
    "a library took too long over a file": lambda path: time.sleep(60),
    "a library took too long over a file.": _loop,
    "(MemoryError)": lambda path: bytearray(2**40),
    "(no such parameter)": _refuse,
    "(2 s at most)": _limits,
}
"""Words of the refusal, and behaviour of the library."""


@needs_fork
@pytest.mark.parametrize("words", SICK)
def test_sick_reader_fails_the_file_and_the_next_one_is_read(file, monkeypatch, words):
    monkeypatch.setattr(c3d, "BASE_TIME_S", 0.2)
    monkeypatch.setattr(c3d, "ezc3d", SimpleNamespace(c3d=SICK[words]))
    with refused("c3d-unreadable") as caught:
        c3d_content(file)
    assert words in caught.value.what
    assert "export it again" in caught.value.fix
    monkeypatch.undo()
    assert c3d_content(file).points.shape == (3, 3, 20)
    assert NAME.encode() in file.read_bytes()
    assert NAME not in repr(c3d_content(file))


@needs_fork
def test_a_reader_that_somebody_killed_says_nothing_about_the_file(file, monkeypatch):
    kill = SimpleNamespace(c3d=lambda path: os.kill(os.getpid(), signal.SIGKILL))
    monkeypatch.setattr(c3d, "ezc3d", kill)
    with pytest.raises(RunStoppedError, match="memory probably ran out"):
        c3d_content(file)
