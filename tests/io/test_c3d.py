"""C3D files with known content; whatever the native reader does to itself fails one file only."""

from __future__ import annotations

import os
import signal
import sys
import time
from types import SimpleNamespace

import ezc3d
import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.force_plates.forces import plate_axes
from aqbio.io import c3d
from aqbio.io.c3d import c3d_content, read_c3d
from tests.io.made_c3d import NAME, MadePlate, write_c3d
from tests.refusal import refused

FRAMES, RATIO = 20, 4
DOWN = np.array([[0.0, 900, 0], [600, 900, 0], [600, 0, 0], [0, 0, 0]])
"""Corners of a plate whose z axis points down, as most do."""


@pytest.fixture
def rng():
    return np.random.default_rng(2)


@pytest.fixture
def points(rng):
    return rng.uniform(-2000.0, 2000.0, (FRAMES, 3, 3))


@pytest.fixture
def load(rng):
    """Force on the runner and moment about the plate's centre, in plate axes (z down), N, N mm."""
    samples = FRAMES * RATIO
    force = np.column_stack((rng.normal(0, 100, (samples, 2)), -rng.uniform(400, 2000, samples)))
    place = np.column_stack((rng.uniform(-200, 200, (samples, 2)), np.zeros(samples)))
    free = np.outer(rng.normal(0, 5000, samples), [0, 0, 1])
    return force, np.cross(place, force) + free, place, free


def type_1(force, moment, place, free):
    channels = np.column_stack((force, place[:, :2], free[:, 2]))
    return MadePlate(1, DOWN, np.zeros(3), channels, ("N",) * 3 + ("mm",) * 2 + ("Nmm",))


def type_2(force, moment, place, free):
    origin = np.array([1.0, -2.0, -40.0])
    channels = np.column_stack((force, moment + np.cross(origin, force)))
    return MadePlate(2, DOWN, origin, channels, ("N",) * 3 + ("Nmm",) * 3)


def type_3(force, moment, place, free):
    """Shear on sensor pairs and four vertical forces that carry the same load."""
    along, across, depth = 120.0, 200.0, 40.0
    about = moment - np.cross([0.0, 0.0, depth], force)  # about the sensors' centre, below
    vertical = force[:, 2] / 4
    x_part, y_part = about[:, 0] / (4 * across), about[:, 1] / (4 * along)
    z = [
        vertical + x_part - y_part,
        vertical + x_part + y_part,
        vertical - x_part + y_part,
        vertical - x_part - y_part,
    ]
    twist = about[:, 2] / (2 * across)
    x = [force[:, 0] / 2 - twist, force[:, 0] / 2 + twist]
    y = [force[:, 1] / 2, force[:, 1] / 2]
    channels = np.column_stack((*x, *y, *z))
    return MadePlate(3, DOWN, np.array([along, across, depth]), channels, ("N",) * 8)


def type_4(force, moment, place, free):
    plate = type_2(force, moment, place, free)
    calibration = np.diag([10.0, 20.0, 30.0, 400.0, 500.0, 600.0])
    calibration[0, 1], calibration[3, 0] = 0.5, -3.0
    volts = np.linalg.solve(calibration, plate.channels.T).T
    return MadePlate(4, DOWN, plate.origin, volts, ("V",) * 6, calibration)


TYPES = [type_1, type_2, type_3, type_4]


@pytest.fixture
def written(tmp_path, points):
    """Write three markers and plates, and give the file."""
    return lambda *plates: write_c3d(tmp_path / "a.c3d", list("ABC"), points, plates=plates)


def test_markers_in_metres_from_the_first_frame(tmp_path, points):
    points[3:6, 1] = np.nan
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, first_frame=833)
    recording = read_c3d(path)
    assert recording.labels == ("A", "B", "C")
    assert recording.rate == 250.0
    assert recording.forces is None
    # the file holds 32-bit numbers: 24 bits of up to 2 m
    np.testing.assert_allclose(recording.positions, points / 1000.0, atol=2.0 * 2.0**-24)


def test_labels_without_persons_and_without_unlabelled_markers(tmp_path, points):
    labels = [f"{NAME}:RASI", "*52", "L.ASI"]
    recording = read_c3d(write_c3d(tmp_path / "a.c3d", labels, points))
    assert recording.labels == ("RASI", "L.ASI")
    assert [finding.rule for finding in recording.findings] == [
        "labels-prefix",
        "markers-unlabelled",
    ]
    assert NAME not in repr(recording)


@pytest.mark.parametrize("make", TYPES)
def test_known_load_on_every_type_of_plate(written, load, make):
    forces = read_c3d(written(make(*load))).forces
    axes = plate_axes(DOWN)
    assert axes[2, 2] == -1.0
    # the file holds 32-bit numbers; sensors of type 3 subtract such numbers
    force = 2000.0 * 2.0**-22
    np.testing.assert_allclose(forces.wrench.force[:, 0], load[0] @ axes.T, atol=force)
    moment = load[1] @ axes.T / 1000.0
    np.testing.assert_allclose(forces.wrench.moment[:, 0], moment, atol=2.0 * force)
    np.testing.assert_allclose(forces.wrench.point, [[0.3, 0.45, 0.0]])
    assert (forces.rate, forces.start) == (1000.0, 0.0)


def test_all_types_in_one_file(written, load):
    forces = read_c3d(written(*(make(*load) for make in TYPES))).forces
    assert forces.numbers == (1, 2, 3, 4)
    first, *others = np.moveaxis(forces.wrench.moment, 1, 0)
    for moment in others:
        np.testing.assert_allclose(moment, first, atol=2e-3)


def test_plates_that_cannot_be_used_are_left_out_by_name(written, load):
    strange, without = type_2(*load), type_4(*load)
    strange.kind, without.calibration = 11, np.zeros((6, 6))
    recording = read_c3d(written(strange, type_2(*load), without))
    assert recording.forces.numbers == (2,)
    assert [one.rule for one in recording.findings] == ["plate-unusable"] * 2
    assert "plate 1 is left out: its type 11" in recording.findings[0].what
    assert "CAL_MATRIX" in recording.findings[1].what


def test_plates_without_samples_are_said(written):
    """A file of which only the points were exported: plates are described, forces are gone."""
    path = written()
    content = ezc3d.c3d(str(path))
    del content["data"]["meta_points"]
    content.add_parameter("FORCE_PLATFORM", "USED", [1])
    content.write(str(path))
    recording = read_c3d(path)
    assert recording.forces is None
    [finding] = recording.findings
    assert (finding.rule, finding.severity) == ("plates-empty", "warning")
    assert finding.what.startswith("1 force plate(s) are described")


NAMES = {
    "plain": "{quantity}{axis}{plate}",
    "Vicon": "{word}.{quantity}{axis}{plate}",
    "number inside": "{quantity}{plate}{axis}",
    "plate before": "FP{plate}{quantity}{axis}",
    "word": "Plate {plate} {word}{axis}",
}


@pytest.mark.parametrize("naming", NAMES)
@pytest.mark.parametrize("declared", [0, 1, None])
def test_channels_of_plates_that_are_not_declared_are_named(written, load, naming, declared):
    path = written(type_2(*load), type_2(*load))
    content = ezc3d.c3d(str(path))
    del content["data"]["meta_points"]
    words = {"F": "Force", "M": "Moment"}
    content["parameters"]["ANALOG"]["LABELS"]["value"] = [
        NAMES[naming].format(plate=plate, quantity=quantity, word=words[quantity], axis=axis)
        for plate in (1, 2)
        for quantity in "FM"
        for axis in "xyz"
    ]
    if declared is None:
        del content["parameters"]["FORCE_PLATFORM"]
    else:
        content["parameters"]["FORCE_PLATFORM"]["USED"]["value"] = [declared]
    content.write(str(path))
    recording = read_c3d(path)
    assert (recording.forces is None) == (not declared)
    [finding] = [one for one in recording.findings if one.rule == "plates-undeclared"]
    assert finding.what.startswith("12 analog channels are recorded, ")
    assert f"{6 if declared else 12} of them named" in finding.what
    assert "in N and Nmm" in finding.what
    assert f"FORCE_PLATFORM:USED is {declared or 0}" in finding.what


@pytest.mark.parametrize(
    "content",
    [
        b"\x02\x50" + b"x" * 700,
        b"\x02\x50" + bytes(510) + b"\x01\x50\x02\x54\x05\x01" + bytes(600),
        b"\x02\x50" + bytes(510) + b"\x01\x50\x02\x56" + bytes(600),
        b"\x90\x50" + bytes(1200),
    ],
)
def test_file_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "broken.c3d"
    path.write_bytes(content)
    with refused("c3d-unreadable") as caught:
        read_c3d(path)
    assert caught.value.file == "broken.c3d"
    assert caught.value.fix


POSES = [f"{name}_4X4" for name in ("worldbody", "pelvis", "l_thigh", "l_shank", "r_thigh")]


def _write_poses(path, **parameters):
    """A file as Theia3D saves it: a matrix of every segment in every frame, and no marker."""
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [120.0]
    c3d["data"]["points"] = np.zeros((4, 0, FRAMES))
    c3d.add_parameter("ROTATION", "RATE", [120.0])
    c3d.add_parameter("ROTATION", "LABELS", POSES)
    for name, value in parameters.items():
        c3d.add_parameter("ROTATION", name, value)
    c3d["data"]["rotations"] = np.tile(np.eye(4)[..., None, None], (1, 1, len(POSES), FRAMES))
    c3d.write(str(path))
    return path


def test_poses_of_segments_are_refused_with_what_to_export(tmp_path):
    with refused("c3d-poses", "poses of 5 segments .worldbody_4X4, .* as Theia3D saves") as caught:
        read_c3d(_write_poses(tmp_path / "pose_0.c3d"))
    assert "export landmarks of its model" in caught.value.fix


def test_what_the_native_reader_refuses_is_an_error_with_an_end(tmp_path):
    """Raised from itself, it made `contained` look for its cause for ever."""
    with refused("c3d-unreadable", "format is not standard"):
        read_c3d(_write_poses(tmp_path / "a.c3d", USED=[5], RATIO=[1], DATA_START=[1]))


def test_garbage_among_the_parameters_is_found_before_the_native_reader(written):
    path = written()
    path.write_bytes(path.read_bytes().replace(b"LABELS", b"LA\x01ELS", 1))
    with pytest.raises(AqbioError, match="is garbage: the section is damaged"):
        read_c3d(path)


@pytest.mark.parametrize("make", [type_1, type_2, type_3])
def test_volts_without_a_calibration_are_left_out_by_name(written, load, make):
    plate = make(*load)
    plate.channels = plate.channels * (9.0 / np.abs(plate.channels).max())
    plate.units = ("V",) * len(plate.units)
    recording = read_c3d(written(plate))
    assert recording.forces is None
    [finding] = recording.findings
    assert finding.rule == "plate-unusable"
    assert f"in volts (up to 9 V), and type {plate.kind} has no calibration" in finding.what


def test_newtons_that_are_called_volts_are_taken_and_said(written, load):
    plate = type_2(*load)
    right = read_c3d(written(plate)).forces.wrench.force
    plate.units = ("V",) * 6
    recording = read_c3d(written(plate))
    np.testing.assert_array_equal(recording.forces.wrench.force, right)
    assert [finding.rule for finding in recording.findings] == ["plate-force-unit"]
    assert recording.findings[0].number == pytest.approx(np.abs(plate.channels[:, :3]).max())


@pytest.mark.parametrize(("unit", "factor"), [("kN", 1e3), ("lbf", 4.4482216)])
def test_other_units_of_force(written, load, unit, factor):
    plate = type_2(*load)
    right = read_c3d(written(plate)).forces.wrench.force
    plate.channels = plate.channels * ([1 / factor] * 3 + [1.0] * 3)
    plate.units = (unit,) * 3 + ("Nmm",) * 3
    recording = read_c3d(written(plate))
    # the file holds 32-bit numbers of up to 2000 N
    np.testing.assert_allclose(recording.forces.wrench.force, right, atol=2000 * 2.0**-22)
    assert not recording.findings


# the native reader --------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    return write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], np.ones((20, 3, 3)), first_frame=24)


def _loop(path):
    while True:
        pass


def _refuse(path):
    os.write(1, b"warning: odd file")  # what a library prints is no answer
    raise RuntimeError("no such parameter")


SICK = {
    "a library crashed over a file (SIGABRT)": lambda path: os.abort(),
    "a library crashed over a file (SIGSEGV)": lambda path: os.kill(os.getpid(), signal.SIGSEGV),
    "a library crashed over a file (exit status 3)": lambda path: os._exit(3),
    "a library took too long over a file": lambda path: time.sleep(60),
    "a library took too long over a file.": _loop,
    "(MemoryError)": lambda path: bytearray(2**40),
    "(no such parameter)": _refuse,
}
"""Words of the refusal, and what the library does."""


def test_content_without_the_person(file):
    content = c3d_content(file)
    assert content.points.shape == (3, 3, 20)
    assert content.point_rate == 250.0
    assert content.strings("POINT", "LABELS") == ["A", "B", "C"]
    assert NAME.encode() in file.read_bytes()
    assert NAME not in repr(content)


@pytest.mark.parametrize("words", SICK)
def test_sick_reader_fails_the_file_and_the_next_one_is_read(file, monkeypatch, words):
    monkeypatch.setattr(c3d, "TIME_BASE_S", 0.5)
    monkeypatch.setitem(sys.modules, "ezc3d", SimpleNamespace(c3d=SICK[words]))
    with pytest.raises(AqbioError) as caught:
        c3d_content(file)
    assert words in caught.value.what
    assert (caught.value.rule, caught.value.file) == ("c3d-unreadable", "a.c3d")
    assert "export it again" in caught.value.fix
    monkeypatch.undo()
    assert c3d_content(file).points.shape == (3, 3, 20)


def test_an_endless_loop_ends_by_itself_too(file, monkeypatch):
    """Where nobody is left to stop it."""
    monkeypatch.setattr(c3d, "TIME_BASE_S", 0.0)
    monkeypatch.setitem(sys.modules, "ezc3d", SimpleNamespace(c3d=_loop))
    own = c3d.in_own_process
    monkeypatch.setattr(c3d, "in_own_process", lambda work, seconds: own(work))
    with pytest.raises(AqbioError, match="took too long"):
        c3d_content(file)


def test_a_reader_that_somebody_killed_says_nothing_about_the_file(file, monkeypatch):
    kill = SimpleNamespace(c3d=lambda path: os.kill(os.getpid(), signal.SIGKILL))
    monkeypatch.setitem(sys.modules, "ezc3d", kill)
    with pytest.raises(RunStoppedError, match="memory probably ran out"):
        c3d_content(file)


@pytest.mark.parametrize(("word", "counts"), [(2, "4 points"), (3, "7 analog values")])
def test_header_that_contradicts_the_parameters_is_refused(file, word, counts):
    """A reader that believes the wrong count starts every frame in the middle of another."""
    content = bytearray(file.read_bytes())
    content[2 * word - 2 : 2 * word] = int(counts[0]).to_bytes(2, "little")
    file.write_bytes(bytes(content) + bytes(4096))
    with pytest.raises(AqbioError, match=rf"its header counts {counts}.* contradicts itself"):
        c3d_content(file)
