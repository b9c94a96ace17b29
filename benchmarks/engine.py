"""Our side of the comparisons with OpenSim's tools: the same files, through aqbio's functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.mot import read_storage
from aqbio.io.skeleton import load_skeleton
from aqbio.io.trc import read_trc
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import SegmentMotion, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.observed.determined import coordinates_observed, frame_sd, range_sd, usual_covariance
from aqbio.observed.mask import MIN_OBSERVED_SHARE
from aqbio.vectors import BoolArray, FloatArray, IntArray
from benchmarks.material import coordinates_of, write_coordinates
from benchmarks.tools import IDENTIFIERS


def solved_file(
    skeleton_file: Path, markers: Path, names: Sequence[str], frames: int, output: Path
) -> FloatArray:
    """TRC to coordinates in a MOT file, as the IK tool; gives them, too, (T, C) rad or m."""
    skeleton, content = load_skeleton(skeleton_file), read_trc(markers)
    columns = [content.labels.index(name) for name in names]
    index = np.array([skeleton.markers.index(name) for name in names])
    positions = content.positions[:frames, columns]
    q = inverse_kinematics(skeleton, positions, index, np.ones(len(names)))
    time = content.first_time + np.arange(len(positions)) / content.rate
    write_coordinates(output, skeleton, time, q)
    return q


def observable(
    skeleton: Skeleton, marker_index: IntArray, markers: FloatArray, q: FloatArray
) -> BoolArray:
    """(C,) bool: coordinates that markers determine in at least half of the frames."""
    covariance = usual_covariance(skeleton, q, marker_index, markers)
    observed_axes = coordinates_observed(frame_sd(covariance), range_sd(skeleton))
    return np.asarray(observed_axes.mean(axis=0) >= MIN_OBSERVED_SHARE)


def ground_loads(
    forces: Path, feet: Mapping[str, str], time: FloatArray
) -> tuple[ExternalLoad, ...]:
    """Loads of a force file at given instants, by linear interpolation as the ID tool."""
    ground = read_storage(forces)
    loads = []
    for letter, body in feet.items():
        parts = {}
        for part, stem in IDENTIFIERS.items():
            columns = [ground.column(f"{stem.format(letter)}{axis}") for axis in AXES]
            parts[part] = np.stack([np.interp(time, ground.time, c) for c in columns], axis=1)
        loads.append(ExternalLoad(body, parts["force"], parts["torque"], parts["point"]))
    return tuple(loads)


@dataclass(frozen=True, slots=True)
class Forces:
    """Generalised forces of a motion: (T,) s, (T, C) rad or m, (T, C) N m or N."""

    skeleton: Skeleton
    time: FloatArray
    q: FloatArray
    tau: FloatArray


def forces_of_files(
    skeleton_file: Path, coordinates: Path, forces: Path, feet: Mapping[str, str]
) -> Forces:
    """Coordinates and ground forces of MOT files to generalised forces, as the ID tool.

    With Simbody's accelerations, so that the numbers can be held against OpenSim's.
    """
    skeleton, table = load_skeleton(skeleton_file), read_storage(coordinates)
    q = coordinates_of(table, skeleton)
    return forces_of_motion(skeleton, table.time, q, ground_loads(forces, feet, table.time))


def forces_of_motion(
    skeleton: Skeleton, time: FloatArray, q: FloatArray, loads: Sequence[ExternalLoad]
) -> Forces:
    """The same from arrays, as stage solve has them."""
    motion = spline_motion(skeleton, time, q)
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot, simbody_compat=True)
    return Forces(skeleton, time, motion.q, newton_euler(skeleton, moves, loads))


def momentum_of_file(skeleton_file: Path, coordinates: Path) -> tuple[SegmentMotion, FloatArray]:
    """Coordinates of a MOT file to the motion of every segment and its angular momentum."""
    skeleton, table = load_skeleton(skeleton_file), read_storage(coordinates)
    motion = spline_motion(skeleton, table.time, coordinates_of(table, skeleton))
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, _ = centre_of_mass(segments)
    return segments, angular_momentum(segments, com, velocity)
