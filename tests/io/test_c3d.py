"""C3D files with known content, plates of every type included."""

from __future__ import annotations

import ezc3d
import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.force_plates.forces import plate_axes
from aqbio.io.c3d import read_c3d
from tests.io.made_c3d import NAME, MadePlate, write_c3d
from tests.refusal import refused

FRAMES, RATIO = 20, 4
CORNERS = np.array([[600.0, 900, 0], [0, 900, 0], [0, 0, 0], [600, 0, 0]])[:, [0, 1, 2]]
DOWN = CORNERS[[1, 0, 3, 2]]
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
def test_known_load_on_every_type_of_plate(tmp_path, points, load, make):
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(make(*load),))
    forces = read_c3d(path).forces
    axes = plate_axes(DOWN)
    assert axes[2, 2] == -1.0
    # the file holds 32-bit numbers; sensors of type 3 subtract such numbers
    force = 2000.0 * 2.0**-22
    np.testing.assert_allclose(forces.wrench.force[:, 0], load[0] @ axes.T, atol=force)
    np.testing.assert_allclose(
        forces.wrench.moment[:, 0], load[1] @ axes.T / 1000.0, atol=2.0 * force
    )
    np.testing.assert_allclose(forces.wrench.point, [[0.3, 0.45, 0.0]])
    assert forces.rate == 1000.0
    assert forces.start == 0.0


def test_all_types_in_one_file(tmp_path, points, load):
    plates = tuple(make(*load) for make in TYPES)
    forces = read_c3d(write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=plates)).forces
    assert forces.numbers == (1, 2, 3, 4)
    for plate in range(1, 4):
        np.testing.assert_allclose(
            forces.wrench.moment[:, plate], forces.wrench.moment[:, 0], atol=2e-3
        )


def test_plate_of_an_unknown_type_is_left_out_by_name(tmp_path, points, load):
    strange = type_2(*load)
    strange.kind = 11
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(strange, type_2(*load)))
    recording = read_c3d(path)
    assert recording.forces.numbers == (2,)
    [finding] = recording.findings
    assert finding.rule == "plate-unusable"
    assert "plate 1 is left out: its type 11" in finding.what


def test_plate_without_calibration_is_left_out(tmp_path, points, load):
    plate = type_4(*load)
    plate.calibration = np.zeros((6, 6))
    recording = read_c3d(write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(plate,)))
    assert recording.forces is None
    assert "CAL_MATRIX" in recording.findings[0].what


def test_plates_without_samples_are_said(tmp_path, points):
    """A file of which only the points were exported: plates are described, forces are gone."""
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points)
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
def test_channels_of_plates_that_are_not_declared_are_named(
    tmp_path, points, load, naming, declared
):
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(type_2(*load),) * 2)
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
    ("content", "rule"),
    [
        (None, "file-missing"),
        (b"", "c3d-unreadable"),
        (b"\x02\x50" + b"x" * 700, "c3d-unreadable"),
        (b"\x02\x50" + bytes(510) + b"\x01\x50\x02\x54\x05\x01" + bytes(600), "c3d-unreadable"),
        (b"\x02\x50" + bytes(510) + b"\x01\x50\x02\x56" + bytes(600), "c3d-unreadable"),
        (b"\x90\x50" + bytes(1200), "c3d-unreadable"),
    ],
)
def test_file_that_cannot_be_read(tmp_path, content, rule):
    path = tmp_path / "broken.c3d"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AqbioError) as caught:
        read_c3d(path)
    assert caught.value.rule == rule
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


def test_garbage_among_the_parameters_is_found_before_the_native_reader(tmp_path, points):
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"LABELS", b"LA\x01ELS", 1))
    with pytest.raises(AqbioError, match="is garbage: the section is damaged"):
        read_c3d(path)


def test_file_without_visible_markers(tmp_path, points):
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], np.full_like(points, np.nan))
    with refused("c3d-no-markers", "none of the 3 labelled markers"):
        read_c3d(path)


def test_a_cut_file_is_refused_with_its_length(tmp_path, points):
    whole = write_c3d(tmp_path / "whole.c3d", ["A", "B", "C"], points)
    content = whole.read_bytes()
    cut = tmp_path / "cut.c3d"
    cut.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(
        AqbioError, match=rf"ends after {len(content) * 2 // 3}: it was cut"
    ) as said:
        read_c3d(cut)
    assert said.value.fix.startswith("copy it again")


@pytest.mark.parametrize("make", [type_1, type_2, type_3])
def test_volts_without_a_calibration_are_left_out_by_name(tmp_path, points, load, make):
    plate = make(*load)
    plate.channels = plate.channels * (9.0 / np.abs(plate.channels).max())
    plate.units = ("V",) * len(plate.units)
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(plate,))
    recording = read_c3d(path)
    assert recording.forces is None
    [finding] = recording.findings
    assert finding.rule == "plate-unusable"
    assert f"in volts (up to 9 V), and type {plate.kind} has no calibration" in finding.what


def test_newtons_that_are_called_volts_are_taken_and_said(tmp_path, points, load):
    plate = type_2(*load)
    plate.units = ("V",) * 6
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(plate,))
    right = read_c3d(
        write_c3d(tmp_path / "b.c3d", ["A", "B", "C"], points, plates=(type_2(*load),))
    )
    recording = read_c3d(path)
    np.testing.assert_array_equal(recording.forces.wrench.force, right.forces.wrench.force)
    assert [finding.rule for finding in recording.findings] == ["plate-force-unit"]
    assert recording.findings[0].number == pytest.approx(np.abs(plate.channels[:, :3]).max())


@pytest.mark.parametrize(("unit", "factor"), [("kN", 1e3), ("lbf", 4.4482216)])
def test_other_units_of_force(tmp_path, points, load, unit, factor):
    plate = type_2(*load)
    plate.channels = plate.channels * ([1 / factor] * 3 + [1.0] * 3)
    plate.units = (unit,) * 3 + ("Nmm",) * 3
    path = write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], points, plates=(plate,))
    right = read_c3d(
        write_c3d(tmp_path / "b.c3d", ["A", "B", "C"], points, plates=(type_2(*load),))
    )
    recording = read_c3d(path)
    # the file holds 32-bit numbers of up to 2000 N
    np.testing.assert_allclose(
        recording.forces.wrench.force, right.forces.wrench.force, atol=2000 * 2.0**-22
    )
    assert not recording.findings
