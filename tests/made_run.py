"""A made-up runner on a runway or a treadmill, whose contacts and loads are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.io.trc import write_trc
from aqbio.names import GRAVITY
from tests.io.made_c3d import MadePlate, write_c3d

FRAME_RATE, FORCE_RATE = 250.0, 1000.0
STEP, CONTACT, FIRST, STEPS = 0.24, 0.12, 0.30, 6
SPEED, MASS = 8.0, 70.0
SECONDS = FIRST + STEPS * STEP + 0.2
LABELS = ("RASI", "LASI", "RPSI", "LPSI", "LHEEL", "LTOE", "LMT5", "RHEEL", "RTOE", "RMT5")
PLATE_LENGTH = SPEED * STEP
PELVIS = np.array([[0.1, 0, 0.12], [0.1, 0, -0.12], [-0.1, 0, 0.05], [-0.1, 0, -0.05]])
"""Positions of its markers in the pelvis, m."""

PRESSURE_WAY = 0.15
"""Way of the centre of pressure under a foot, m."""

POINT_DEPTH = 1e-3
"""How far below the ground points of application in a MOT are at toe-off, m."""

MARKER_SET = Path(__file__).with_name("made_markers.yaml").read_text("utf-8")
GROUND_TO_VICON = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Laboratory with x right, y along the runway, z up."""


@dataclass(frozen=True)
class Contact:
    """One known contact."""

    side: str
    touchdown: float
    toe_off: float
    position: np.ndarray


def known_contacts() -> list[Contact]:
    """Give the contacts in the order of time; the left foot comes first."""
    contacts = []
    for number in range(STEPS):
        start = FIRST + number * STEP
        side = ("left", "right")[number % 2]
        width = -0.08 if side == "left" else 0.08
        position = np.array([SPEED * (start + CONTACT / 2), 0.0, width])
        contacts.append(Contact(side, start, start + CONTACT, position))
    return contacts


def markers(belt: float = 0.0) -> np.ndarray:
    """Marker positions (T, M, 3) in ground axes; on a treadmill the pelvis stays put, m."""
    time = np.arange(round(SECONDS * FRAME_RATE)) / FRAME_RATE
    pelvis = np.column_stack((SPEED * time, 0.95 + 0.0 * time, 0.0 * time))
    paths = [pelvis + offset for offset in PELVIS]
    for side in ("left", "right"):
        ankle = _foot_path(time, side)
        paths += [ankle + offset for offset in _foot_offsets(side)]
    positions = np.stack(paths, axis=1)
    positions[..., 0] -= belt * time[:, None]
    return positions


def _foot_offsets(side: str) -> list[np.ndarray]:
    out = 0.05 if side == "right" else -0.05
    return [np.array([-0.12, 0.05, 0.0]), np.array([0.12, 0.04, 0.0]), np.array([0.05, 0.03, out])]


def _foot_path(time: np.ndarray, side: str) -> np.ndarray:
    """A foot stands during its contacts and swings between them, up to 0.5 m high, outwards."""
    of_side = [contact for contact in known_contacts() if contact.side == side]
    knots = [at for contact in of_side for at in (contact.touchdown, contact.toe_off)]
    stops = [contact.position[0] for contact in of_side for _ in range(2)]
    before, after = knots[0] - 2 * STEP + CONTACT, knots[-1] + 2 * STEP - CONTACT
    along = np.interp(
        time,
        [before, *knots, after],
        [stops[0] - 2 * PLATE_LENGTH, *stops, stops[-1] + 2 * PLATE_LENGTH],
    )
    height = np.full(len(time), 0.5)
    for contact in of_side:
        outside = np.maximum(contact.touchdown - time, time - contact.toe_off)
        height = np.minimum(height, np.clip(outside, 0.0, None) * 5.0)
    across = of_side[0].position[2]
    return np.column_stack((along, height, across + 0.3 * np.sign(across) * height))


def loads(mass: float = MASS) -> list[tuple[Contact, np.ndarray, float]]:
    """Force (S, 3) of every contact on the runner, and the free moment's share of it, m."""
    time = np.arange(round(SECONDS * FORCE_RATE)) / FORCE_RATE
    contact_loads = []
    for contact in known_contacts():
        phase = (time - contact.touchdown) / CONTACT
        on = (phase > 0.0) & (phase < 1.0)
        vertical = (
            np.where(on, np.sin(np.pi * phase), 0.0) * mass * GRAVITY * STEP / CONTACT * np.pi / 2
        )
        ahead = np.where(on, -np.cos(np.pi * phase), 0.0) * 0.15 * vertical
        side = -0.04 if contact.side == "right" else 0.04
        contact_loads.append((contact, np.column_stack((ahead, vertical, side * vertical)), 0.004))
    return contact_loads


def wrench(force: np.ndarray, contact: Contact, share: float, point: np.ndarray) -> np.ndarray:
    """Moment of a load about a point, N m."""
    free = share * force[:, 1:2] * np.array([0.0, 1.0, 0.0])
    time = np.arange(len(force)) / FORCE_RATE
    return np.cross(pressure(contact, time) - point, force) + free


def pressure(contact: Contact, time: np.ndarray) -> np.ndarray:
    """Centre of pressure (S, 3) of a contact, m: it moves forward under the foot."""
    phase = np.clip((time - contact.touchdown) / CONTACT, 0.0, 1.0)
    return contact.position + PRESSURE_WAY * (phase - 0.5)[:, None] * [1.0, 0.0, 0.0]


def plates(
    to_laboratory: np.ndarray = GROUND_TO_VICON,
    sign: float = 1.0,
    *,
    turns: int = 0,
    height: float = 0.0,
    tilt: float = 0.0,
) -> list[MadePlate]:
    """A row of type 2 plates, one per contact; ``sign`` -1 stores the forces on the plates.

    ``turns`` quarter turns of each plate in the floor, its ``height`` above it in m, and the angle
    of its ``tilt`` along the runway in rad.
    """
    plate_row = []
    quarter = np.array([[1, 0, 1], [-1, 0, 1], [-1, 0, -1], [1, 0, -1]])
    for contact, force, share in loads():
        centre = contact.position * [1.0, 0.0, 0.0] + [0.0, height, 0.0]
        corners = 0.5 * quarter * [PLATE_LENGTH - 0.002, 0.0, 0.6]
        corners = np.roll(corners, turns, axis=0)
        corners = centre + corners @ [
            [np.cos(tilt), np.sin(tilt), 0.0],
            [-np.sin(tilt), np.cos(tilt), 0.0],
            [0.0, 0.0, 1.0],
        ]
        corners = corners @ to_laboratory.T
        axes = _axes(corners)
        moment = wrench(force, contact, share, centre)
        channels = sign * np.concatenate(
            (force @ to_laboratory.T @ axes, 1e3 * moment @ to_laboratory.T @ axes), axis=1
        )
        units = ("N",) * 3 + ("Nmm",) * 3
        plate_row.append(MadePlate(2, 1e3 * corners, np.zeros(3), channels, units))
    return plate_row


def write_c3d_run(
    path: Path, to_laboratory: np.ndarray = GROUND_TO_VICON, sign: float = 1.0, first_frame: int = 1
) -> Path:
    """Write the run over a row of type 2 plates; ``sign`` -1 stores the forces on the plates."""
    points = 1e3 * markers() @ to_laboratory.T
    rates = (FRAME_RATE, FORCE_RATE)
    plate_row = tuple(plates(to_laboratory, sign))
    return write_c3d(path, list(LABELS), points, rates, plate_row, first_frame=first_frame)


def _axes(corners: np.ndarray) -> np.ndarray:
    x, y = corners[0] - corners[1], corners[0] - corners[3]
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return np.column_stack((x, y, np.cross(x, y)))


def write_trc_run(folder: Path, name: str, belt: float = 0.0) -> tuple[Path, Path]:
    """Write the run as TRC, and the forces as MOT with a column group per foot.

    As under any foot no two points of application are the same: they move on the line of the force.
    """
    trc, mot = folder / f"{name}.trc", folder / f"{name}_grf.mot"
    write_trc(trc, LABELS, markers(belt), FRAME_RATE)
    time = np.arange(round(SECONDS * FORCE_RATE)) / FORCE_RATE
    groups = {}
    for side in ("right", "left"):
        force, point, free = np.zeros((3, len(time), 3))
        point[:] = 346.0
        for contact, contact_force, share in loads():
            if contact.side == side:
                on = contact_force[:, 1] > 0.0
                force += contact_force
                point[on] = pressure(contact, time[on])
                point[on] -= np.outer(belt * time[on], [1.0, 0.0, 0.0])
                depth = POINT_DEPTH * (time[on] - contact.touchdown) / CONTACT
                point[on] -= depth[:, None] * contact_force[on] / contact_force[on, 1:2]
                free[:, 1] += share * contact_force[:, 1]
        groups[side[0]] = (force, point, free)
    columns = [
        name.format(letter, axis)
        for letter in groups
        for name in ("ground_force_{}_v{}", "ground_force_{}_p{}", "ground_torque_{}_{}")
        for axis in "xyz"
    ]
    values = np.concatenate([part for group in groups.values() for part in group], axis=1)
    write_storage(mot, columns, time, values, in_degrees=False)
    return trc, mot


def write_static(path: Path, mass: float = MASS) -> Path:
    """Write a person who stands on one plate in a Vicon laboratory."""
    frames = 300
    centre = known_contacts()[0].position * [1.0, 0.0, 0.0]
    positions = [centre + np.array([0, 0.95, 0]) + offset for offset in PELVIS]
    for side, width in (("left", -0.1), ("right", 0.1)):
        positions += [centre + np.array([0, 0, width]) + offset for offset in _foot_offsets(side)]
    points = np.broadcast_to(np.array(positions), (frames, len(positions), 3)) @ GROUND_TO_VICON.T
    corners = centre + 0.5 * np.array([[1, 0, 1], [-1, 0, 1], [-1, 0, -1], [1, 0, -1]])
    samples = round(frames * FORCE_RATE / FRAME_RATE)
    down = _axes(corners @ GROUND_TO_VICON.T)
    force = np.tile([0.0, mass * GRAVITY, 0.0], (samples, 1)) @ GROUND_TO_VICON.T @ down
    channels = np.concatenate((force, np.zeros((samples, 3))), axis=1)
    plate = MadePlate(
        2, 1e3 * corners @ GROUND_TO_VICON.T, np.zeros(3), channels, ("N",) * 3 + ("Nmm",) * 3
    )
    return write_c3d(path, list(LABELS), 1e3 * points, (FRAME_RATE, FORCE_RATE), (plate,))
