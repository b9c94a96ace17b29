"""The unaltered recordings: a virtual sprinter of the demo study, and JA1."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from aqbio.io.c3d import read_c3d
from aqbio.vectors import FloatArray
from aqbio.virtual.demo import DATA, DISTURBANCES, SPRINTERS, GaitName, load_library
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.recording import (
    VICON_AXES,
    Laboratory,
    RunPlan,
    VirtualRecording,
    recorded_run,
    recorded_static,
)
from tests.lacking.alterations import STATIC, Recordings, part_of

TO_GROUND = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""JA1 runs along +Y of a laboratory with z up: forward, up and right are y, z and x there."""

PERSON = {"sex": "male", "height_m": "1.80"}


def virtual(*levels: int) -> Recordings:
    """A static trial of athlete V06 and a run at each level of speed; V02 is at hand as company."""
    takes, company = (
        {
            STATIC: virtual_take(athlete, level, 0)[0],
            f"run{level}": virtual_take(athlete, level, 0)[1],
        }
        for athlete, level in (("V06", levels[0]), ("V02", levels[0]))
    )
    for level in levels[1:]:
        takes[f"run{level}"] = virtual_take("V06", level, 0)[1]
    return Recordings(PERSON, takes, Laboratory(), "75", company)


SHORT_S = 1.1
"""Of a run: three whole steps."""


def short() -> Recordings:
    """The same athlete's static trial and the beginning of one run."""
    return virtual(3).of_moving(lambda take: part_of(take, 0.0, SHORT_S))


def ja1(realdata: Path, *runs: str) -> Recordings:
    """JA1's static trial, jog and sprint; or some of these ``runs``."""
    folder = realdata / "ja1_dorn2012" / "c3d"
    takes = {
        STATIC: part_of(c3d_take(folder / "JA1Static05.c3d"), 0.4, 1.6),
        "sprint": c3d_take(folder / "JA1Gait35.c3d"),
        "jog": part_of(c3d_take(folder / "JA1Gait21.c3d"), 0.36, 1.8),
    }
    takes = {x: takes[x] for x in takes if x in (STATIC, *runs) or not runs}
    company = virtual(3).takes
    laboratory = Laboratory(axes=VICON_AXES)
    return Recordings(PERSON | {"height_m": "1.78"}, takes, laboratory, "75.95", company)


def whole_frames(take: VirtualRecording) -> VirtualRecording:
    """As many samples of the plates as a C3D file needs; the last ones again where they lack."""
    samples = round(len(take.markers) * take.force_rate / take.marker_rate)
    samples_kept = np.minimum(np.arange(samples), len(take.force) - 1)
    return take.changed(force=take.force[samples_kept], moment=take.moment[samples_kept])


def _take(
    labels: tuple[str, ...],
    markers: FloatArray,
    rate: float,
    forces: tuple[FloatArray, FloatArray, FloatArray, float],
) -> VirtualRecording:
    """Recording of which no truth is known."""
    force, moment, corners, force_rate = forces
    return VirtualRecording(
        labels, markers, rate, force_rate, force, moment, corners,
        np.zeros(len(labels), dtype=int), (), np.zeros((len(markers), 0, 3, 3)),
        np.zeros(len(markers)),
    )  # fmt: skip


def c3d_take(path: Path) -> VirtualRecording:
    """A C3D file of JA1, turned to ground axes."""
    recording = read_c3d(path)
    forces = recording.forces
    assert forces is not None
    corners = _sorted_corners(forces.corners @ TO_GROUND.T)
    wrench = forces.wrench
    arm = wrench.point @ TO_GROUND.T - corners.mean(axis=1)
    force = wrench.force @ TO_GROUND.T
    moment = wrench.moment @ TO_GROUND.T + np.cross(np.broadcast_to(arm, force.shape), force)
    markers = recording.positions @ TO_GROUND.T
    return _take(recording.labels, markers, recording.rate, (force, moment, corners, forces.rate))


def _sorted_corners(corners: FloatArray) -> FloatArray:
    """Corners as virtual plates have them: ahead right, behind right, behind left, ahead left."""
    middle = corners.mean(axis=1, keepdims=True)
    extent = np.abs(corners - middle).max(axis=1, keepdims=True)
    signs = np.array([[1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, -1.0], [1.0, 0.0, -1.0]])
    sorted_ones: FloatArray = middle + signs * extent
    return sorted_ones


@lru_cache(maxsize=8)
def virtual_take(name: str, level: int, contact: int) -> tuple[VirtualRecording, ...]:
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    gaits = load_library(DATA / "gait_library.npz", athletes)
    gait, laboratory = gaits[GaitName(name, "normal", level)], Laboratory()
    run = recorded_run(gait, RunPlan(contact, before=0.2, after=0.2), laboratory).recording
    static = recorded_static(athletes[name], laboratory)
    only_noise = Disturbances(marker_noise_m=DISTURBANCES.marker_noise_m, plate_offset_n=2.0)
    random = np.random.default_rng(level)
    return disturbed(static, only_noise, random), disturbed(run, DISTURBANCES, random)
