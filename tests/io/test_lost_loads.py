"""Plates with a dead or clipped channel: named, and their loads taken as not known."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.io.c3d import read_c3d
from aqbio.io.mot import write_storage
from aqbio.io.mot_forces import read_force_storage
from tests.io.made_c3d import MadePlate, write_c3d
from tests.io.test_c3d import DOWN, type_1, type_2, type_3, type_4

RATE, SAMPLES, STEPS = 1000.0, 600, (60, 340)
SHARE = np.linspace(0.0, 1.0, 200)[:, None]
CHANNELS = {
    type_1: ["Fx", "Fy", "Fz", "Px", "Py"],
    type_2: ["Fx", "Fy", "Fz", "Mx", "My"],
    type_3: ["Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4"],
    type_4: ["Fx", "Fy", "Fz", "Mx", "My"],
}
COLUMNS = ["vx", "vy", "vz", "px", "py", "pz", "mx", "my", "mz"]
NONE = np.ones(3)


def step(number: int, seen: np.ndarray = NONE) -> tuple[np.ndarray, ...]:
    """Force, moment, pressure and free moment (600, 3) of a step of 0.2 s, in axes of a plate.

    N, N mm and mm; z down. Force and pressure along an axis only where it is ``seen``.
    """
    force, pressure, free = (np.zeros((SAMPLES, 3)) for _ in range(3))
    span, bump = slice(STEPS[number], STEPS[number] + 200), np.sin(np.pi * SHARE)
    swing = np.sin(2.0 * np.pi * SHARE)
    force[span] = seen * np.hstack((70.0 * bump, 300.0 * swing, -1600.0 * bump))
    pressure[span] = seen * np.hstack((20.0 * SHARE, 10.0 + 150.0 * SHARE, 0.0 * SHARE))
    free[span, 2:] = 5000.0 * swing * seen[0]
    return force, np.cross(pressure, force) + free, pressure, free


def made_plates(make, seen: np.ndarray = NONE) -> tuple[MadePlate, MadePlate]:
    """Two plates, one behind the other, with a step on each."""
    plates = make(*step(0, seen)), make(*step(1, seen))
    plates[1].corners = DOWN + np.array([0.0, 1000.0, 0.0])
    return plates


def read_plates(folder, plates):
    """Forces of a file, and its findings of channels."""
    points = np.random.default_rng(1).uniform(-500.0, 500.0, (150, 3, 3))
    path = write_c3d(folder / "run.c3d", list("ABC"), points, (250.0, RATE), tuple(plates))
    recording = read_c3d(path)
    return recording.forces, [
        x for x in recording.findings if x.rule in ("channel-dead", "plate-clipped")
    ]


def check_lost(forces, sound, plate: int) -> None:
    """The step on a plate is lost, and the other one as it was."""
    on = np.arange(SAMPLES)[:, None] - STEPS
    inside, around = (on >= 5) & (on < 195), (on >= -30) & (on < 230)
    assert forces.is_lost[inside[:, plate], plate].all()
    assert not forces.is_lost[~around[:, plate], plate].any()
    assert not forces.is_lost[:, 1 - plate].any()
    assert np.abs(forces.wrench.force[:, plate]).max() < 40.0
    for name in ("force", "moment"):
        np.testing.assert_array_equal(
            getattr(forces.wrench, name)[:, 1 - plate], getattr(sound.wrench, name)[:, 1 - plate]
        )


@pytest.mark.parametrize("level", [0.0, 3.7])
@pytest.mark.parametrize("plate", [0, 1])
@pytest.mark.parametrize(
    ("make", "index"), [(make, index) for make in CHANNELS for index in range(len(CHANNELS[make]))]
)
def test_a_dead_channel_of_a_plate_is_named_and_its_loads_are_lost(
    tmp_path, make, index, plate, level
):
    """Whatever the value at which it stands."""
    plates = made_plates(make)
    sound, named = read_plates(tmp_path, plates)
    assert named == []
    assert sound.is_lost is None
    plates[plate].channels[:, index] = level
    forces, [finding] = read_plates(tmp_path, plates)
    assert finding.rule == "channel-dead"
    name = CHANNELS[make][index]
    assert finding.what.startswith(f"plate {plate + 1}: {name} is constant")
    assert finding.where == f"FORCE_PLATFORM, plate {plate + 1}, {name}"
    check_lost(forces, sound, plate)


@pytest.mark.parametrize("make", CHANNELS)
@pytest.mark.parametrize("across", [0, 1])
def test_a_planar_recording_has_no_dead_channel(tmp_path, make, across):
    seen = np.where(np.arange(3) == across, 0.0, 1.0)
    forces, named = read_plates(tmp_path, made_plates(make, seen))
    assert named == []
    assert forces.is_lost is None


def unmeasured_free_moment(plates):
    for plate in plates:
        plate.channels[:, 5] = 0.0


def unloaded(plates):
    """Noise of one digit; a channel that stays within it."""
    noise = np.random.default_rng(2).integers(-1, 2, plates[0].channels.shape)
    plates[0].channels = noise.astype(float)
    plates[0].channels[:, 1] = 0.0


def without_signal(plates):
    plates[0].channels[:] = 0.0


def in_whole_newtons(plates):
    for plate in plates:
        plate.channels = np.rint(plate.channels)


def blocks(plates):
    """A load that stands still in all channels."""
    inside = plates[0].channels[:, 2] < -800.0
    plates[0].channels = np.where(inside[:, None], [50.0, 0.0, -1500.0, 0.0, 9e4, 0.0], 0.0)


def slight_touch(plates):
    plates[0].channels *= 0.05
    plates[0].channels[:, 0] = 0.0


@pytest.mark.parametrize(
    "alter",
    [unmeasured_free_moment, unloaded, without_signal, in_whole_newtons, slight_touch, blocks],
)
def test_plates_that_bear_nobody_or_measure_less_by_definition_have_no_dead_channel(
    tmp_path, alter
):
    plates = made_plates(type_2)
    alter(plates)
    forces, named = read_plates(tmp_path, plates)
    assert named == []
    assert forces.is_lost is None


@pytest.mark.parametrize("make", [type_2, type_4])
def test_a_plate_that_measures_no_moment_about_the_vertical_has_no_free_moment(tmp_path, make):
    """The force beside the centre of the plate makes none; the pressure stays where it is."""
    plates = made_plates(make)
    sound, _ = read_plates(tmp_path, plates)
    for plate in plates:
        plate.channels[:, 5] = 0.0
    forces, _ = read_plates(tmp_path, plates)
    turn = np.roll(np.eye(3), -1, axis=0)  # vertical axis second
    (was, free), (point, none) = (
        centre_of_pressure(
            x.wrench.force @ turn.T, x.wrench.moment @ turn.T, x.wrench.point @ turn.T, 0.0, 100.0
        )
        for x in (sound, forces)
    )
    assert np.nanmax(np.abs(free)) > 1.0
    assert np.nanmax(np.abs(none)) < 1e-6
    np.testing.assert_allclose(point, was, atol=1e-9)


@pytest.mark.parametrize("make", [type_1, type_2])
def test_loads_during_which_a_channel_is_clipped_are_lost(tmp_path, make):
    plates = made_plates(make)
    sound, _ = read_plates(tmp_path, plates)
    vertical = plates[1].channels[:, 2]
    vertical[:] = np.maximum(vertical, -1200.0)
    forces, [finding] = read_plates(tmp_path, plates)
    assert finding.rule == "plate-clipped"
    check_lost(forces, sound, 1)


def read_columns(folder, dead=(), parts=(0, 1, 2), up=1):
    """Forces in columns of the right and the left foot, of which some are dead, and the rules."""
    columns, values = [], []
    order = [(1, 2, 0), (0, 1, 2)][up - 1]  # sagittal axes first, vertical, across; or z up
    for side, number in (("r", 0), ("l", 1)):
        force, moment, pressure, free = step(number)
        about = pressure, free
        if 1 not in parts:
            about = pressure, moment
        arrays = (-force, 1e-3 * about[0], -1e-3 * about[1])
        for part in parts:
            columns += [f"{side}_ground_{kind}" for kind in COLUMNS[3 * part : 3 * part + 3]]
            values.append(arrays[part][:, order] if up == 1 else arrays[part])
    recorded = np.hstack(values)
    for name, value in dead:
        recorded[:, columns.index(name)] = value
    path = folder / "run.mot"
    write_storage(path, columns, np.arange(SAMPLES) / RATE, recorded, in_degrees=False)
    forces, findings = read_force_storage(path, 0.0)
    return forces, [x for x in findings if x.rule in ("channel-dead", "plate-clipped")]


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ((0, 1, 2), ["vx", "vy", "vz", "px", "pz"]),
        ((0, 1), ["vx", "px"]),
        ((0, 2), ["vx", "vy", "mx", "mz"]),
    ],
)
@pytest.mark.parametrize("side", ["r", "l"])
def test_a_dead_column_is_named_and_the_loads_of_its_foot_are_lost(tmp_path, parts, names, side):
    sound, named = read_columns(tmp_path, parts=parts)
    assert named == []
    assert sound.is_lost is None
    for name in names:
        column = f"{side}_ground_{name}"
        forces, [finding] = read_columns(tmp_path, [(column, 0.0)], parts)
        assert finding.rule == "channel-dead"
        assert f"{column} is constant" in finding.what
        check_lost(forces, sound, "rl".index(side))


@pytest.mark.parametrize(
    "names",
    [
        ["mx", "mz"],  # about the point of application, by definition
        ["mx", "my", "mz"],  # free moments that are not measured
        ["py"],  # the level of the plate
        ["vz", "pz"],  # planar
    ],
)
def test_columns_that_are_constant_by_definition_are_not_dead(tmp_path, names):
    both = [(f"{side}_ground_{name}", 0.0) for side in "rl" for name in names]
    assert read_columns(tmp_path, both)[1] == []


def test_the_vertical_is_told_by_the_forces(tmp_path):
    assert read_columns(tmp_path, up=2)[1] == []
    [finding] = read_columns(tmp_path, [("l_ground_py", 0.0)], up=2)[1]
    assert finding.where.endswith("l_ground_py")
