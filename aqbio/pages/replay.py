"""Replay of a trial on its page: solids, forces, momenta, curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial.transform import Rotation

from aqbio.config import ModelMap
from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import rotation_about_vertical
from aqbio.multibody.poses import SegmentPoses, segment_coms, whole_body_com
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ROLE_SIDES, SIDES
from aqbio.pages.packed import Channel, pack
from aqbio.vectors import FloatArray

MAX_BYTES = 150_000
"""Size of the packed numbers of a trial, bytes; above it markers, the largest part, are omitted."""

MAX_FRAMES = 600
"""Frames of a replay: of longer trials every second frame is shown, every fourth, and so on."""

MIN_RATE_HZ = 100.0
"""Least rate of the shown frames, Hz: of a trial that is still too long the beginning is shown."""

LEAD_S = 0.5
"""Time shown before the first touchdown, s."""

_ROUND_OFF = 1e-9

LENGTH = 2e-4
"""Resolution of packed centres of mass, m."""

TURN = 2.0**-13
"""Resolution of packed quaternions."""

POINT = 5e-4
"""Resolution of packed markers and points, m."""

MOMENTUM = 5e-3
"""Resolution of packed angular momentum, kg m²/s."""

FORCE = 0.5
"""Resolution of packed forces, N."""

POWER = 1.0
"""Resolution of packed powers, W."""

ANGLE = 1e-3
"""Resolution of packed angles, rad."""

MIN_HALF_AXIS_M = 0.01
"""Smallest half axis of a solid, m."""


@dataclass(frozen=True)
class TrialReplay:
    """Content of a trial's replay: T frames on axes along the run, x forward, y up, z right."""

    participant_id: str
    trial_id: str
    time: FloatArray
    """(T,) array, s."""
    skeleton: Skeleton
    """Skeleton whose inertia the solids have."""
    poses: SegmentPoses
    """Poses of the motion on which the results rest."""
    plain: FloatArray | None
    """(T, S, 3) array, m. Origins of the segments in the motion as recorded; None: the same."""
    groups: Mapping[str, Sequence[str]]
    """Segments of every group of the body."""
    observed: Mapping[str, bool]
    """True for a segment that was observed at any time."""
    roles: RoleScheme
    markers: Mapping[str, tuple[str, FloatArray]]
    """Segment that carries a marker, and position on it (m), by the marker's name."""
    measured: FloatArray
    """(T, M, 3) array, m. Markers as recorded, in the order of `markers`."""
    curves: Mapping[str, tuple[tuple[str, ...], Channel]]
    """Names of the columns of a channel, and the channel, by quantity."""
    plates: FloatArray
    """(P, 4, 3) array, m. Corners of force plates; NaN where they are not known."""
    contacts: tuple[Mapping[str, Any], ...]
    """``foot``, ``touchdown`` and ``toe_off`` (s) of every contact."""
    ground: float
    """Height of the ground, m."""


def shown_frames(time: FloatArray, touchdowns: FloatArray) -> slice:
    """Frames of a trial that a replay shows: from half a second before the first touchdown."""
    count, stride = len(time), 1
    rate = (count - 1) / (time[-1] - time[0]) if count > 1 else MIN_RATE_HZ
    while count > MAX_FRAMES * stride and rate * (1 + _ROUND_OFF) >= 2 * stride * MIN_RATE_HZ:
        stride *= 2
    if count <= MAX_FRAMES * stride:
        return slice(0, count, stride)
    first = int(np.searchsorted(time, touchdowns[0] - LEAD_S)) if len(touchdowns) else 0
    start = min(first, count - MAX_FRAMES * stride)
    return slice(start, start + MAX_FRAMES * stride, stride)


def rotate_to_run(points: FloatArray, heading: float) -> FloatArray:
    """Rotate points or vectors (..., 3) onto axes along the run; heading in rad, to the left."""
    turned: FloatArray = points @ rotation_about_vertical(-heading).T
    return turned


def poses_along(poses: SegmentPoses, heading: float) -> SegmentPoses:
    """Poses on axes along the run."""
    return replace(
        poses,
        rotation=rotation_about_vertical(-heading) @ poses.rotation,
        origin=rotate_to_run(poses.origin, heading),
        joint_centre=rotate_to_run(poses.joint_centre, heading),
        axis_direction=rotate_to_run(poses.axis_direction, heading),
    )


def apply_signs(values: FloatArray, signs: Sequence[int]) -> FloatArray:
    """Coordinates (T, N) with flexion positive."""
    flexion: FloatArray = values * np.array(signs, dtype=float)
    return flexion


def spread(samples: FloatArray) -> FloatArray:
    """Standard deviation of samples along the first axis."""
    deviation: FloatArray = samples.std(axis=0)
    return deviation


def replay_script(replayed: TrialReplay) -> dict[str, Any]:
    """Content of the script of a trial's page, ready for JSON."""
    skeleton, poses = replayed.skeleton, replayed.poses
    group = {body: name for name, members in replayed.groups.items() for body in members}
    plates = [plate for plate in replayed.plates if np.isfinite(plate).all()]
    contacts = [
        dict(contact)
        for contact in replayed.contacts
        if np.isfinite([contact["touchdown"], contact["toe_off"]]).all()
    ]
    channels = _channels(replayed)
    numbers = pack(channels | {"marker": Channel(_about(replayed, replayed.measured), POINT)})
    markers = list(replayed.markers)
    if len(numbers["data"]) > MAX_BYTES:
        numbers, markers = pack(channels), []
    return {
        "participant": replayed.participant_id,
        "trial": replayed.trial_id,
        "start": float(replayed.time[0]),
        "step": float(replayed.time[-1] - replayed.time[0]) / max(1, len(poses.origin) - 1),
        "ground": replayed.ground,
        "segments": [
            {
                "name": name,
                "group": group.get(name, ""),
                "parent": int(skeleton.parent[number]),
                "mass": round(float(skeleton.mass[number]), 6),
                "com": _numbers(skeleton.com[number]),
                **_solid(float(skeleton.mass[number]), skeleton.inertia[number]),
                "seen": bool(replayed.observed.get(name, True)),
            }
            for number, name in enumerate(skeleton.bodies)
        ],
        "markers": [
            {
                "name": name,
                "segment": skeleton.bodies.index(replayed.markers[name][0]),
                "place": _numbers(replayed.markers[name][1]),
            }
            for name in markers
        ],
        "groups": list(replayed.groups),
        "roles": {
            side: {role: _weights(replayed, side, role) for role in ROLE_SIDES} for side in SIDES
        },
        "curves": {name: list(items) for name, (items, _) in replayed.curves.items()},
        "plates": [[_numbers(corner) for corner in plate] for plate in plates],
        "contacts": contacts,
        "packed": numbers,
    }


def half_axes(mass: float, inertia: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Half axes (3,), m, and directions (3, 3) of the uniform ellipsoid with a segment's inertia.

    ``a² = 5 (I_b + I_c - I_a) / (2 m)`` with the principal moments I: a sphere of radius r has
    ``I = 2/5 m r²``.
    """
    moments, axes = np.linalg.eigh(inertia)
    squares = 2.5 * (moments.sum() - 2.0 * moments) / mass
    axes = axes * np.sign(np.linalg.det(axes))
    return np.sqrt(np.maximum(squares, MIN_HALF_AXIS_M**2)), axes


def _solid(mass: float, inertia: FloatArray) -> dict[str, list[float]]:
    """Half axes and their directions (quaternion); none of a segment without mass."""
    if mass <= 0.0:
        return {"axes": [], "directions": []}
    axes, directions = half_axes(mass, inertia)
    return {
        "axes": _numbers(axes),
        "directions": _numbers(Rotation.from_matrix(directions).as_quat()),
    }


def _channels(replayed: TrialReplay) -> dict[str, Channel]:
    """Poses and curves."""
    skeleton, poses = replayed.skeleton, replayed.poses
    centres = _about(replayed, segment_coms(skeleton, poses))
    channels = {
        "place": Channel(whole_body_com(skeleton, poses), LENGTH),
        "centre": Channel(centres, LENGTH),
        "turn": Channel(_quaternions(poses.rotation), TURN),
    }
    if replayed.plain is not None:
        channels["plain"] = Channel(replayed.plain - poses.origin, POINT)
    return channels | {name: channel for name, (_, channel) in replayed.curves.items()}


def _about(replayed: TrialReplay, points: FloatArray) -> FloatArray:
    """Points (T, N, 3) from the whole body's centre of mass."""
    from_com: FloatArray = points - whole_body_com(replayed.skeleton, replayed.poses)[:, None]
    return from_com


def _quaternions(rotation: FloatArray) -> FloatArray:
    """Quaternions (T, S, 4), x, y, z, w, that never jump to their negative."""
    frames, segments = rotation.shape[:2]
    flat = Rotation.from_matrix(rotation.reshape(-1, 3, 3)).as_quat()
    quaternions: FloatArray = flat.reshape(frames, segments, 4)
    along = np.where((quaternions[1:] * quaternions[:-1]).sum(axis=-1) < 0.0, -1.0, 1.0)
    quaternions[1:] *= np.cumprod(along, axis=0)[..., None]
    return quaternions


def _weights(replayed: TrialReplay, side: Any, role: str) -> list[float]:
    """Weights of the groups in a side of a step; none where the model lacks a part of it."""
    row = replayed.roles.matrix(side, list(replayed.groups), role)[0]
    return [] if np.isnan(row).any() else _numbers(row)


def _numbers(values: FloatArray) -> list[float]:
    return [round(float(value), 6) for value in values]


# from datasets of the levels ---------------------------------------------------------------------


def model_markers(skeleton: Skeleton) -> dict[str, tuple[str, FloatArray]]:
    """Segment and position on it, m, of every marker of a model."""
    markers = zip(skeleton.markers, skeleton.marker_body, skeleton.marker_position, strict=True)
    return {name: (skeleton.bodies[body], position) for name, body, position in markers}


def observed_segments(levels: xr.Dataset) -> dict[str, bool]:
    """True for a segment that is observed in some frame."""
    ever = levels["observed"].any("time")
    return {str(name): bool(ever.sel(segment=name)) for name in levels["segment"].values}


def contact_rows(levels: xr.Dataset) -> list[dict[str, str | float]]:
    """Foot, touchdown and toe-off, s, of every contact."""
    names = ("foot", "touchdown", "toe_off")
    values = zip(*(levels[f"contact_{name}"].values.tolist() for name in names), strict=True)
    return [dict(zip(names, contact, strict=True)) for contact in values]


def level_curves(
    mapped: ModelMap, levels: xr.Dataset, q: xr.DataArray
) -> dict[str, tuple[tuple[str, ...], Channel]]:
    """Names of columns and values of the quantities that are drawn over time."""

    def labels_of(dimension: str) -> tuple[str, ...]:
        return tuple(str(label) for label in levels[dimension].values)

    flexion = {
        f"{joint}_{side}" if side != "centre" else joint: (coordinate, mapped.flexion[joint])
        for joint, coordinates in mapped.sagittal.items()
        if joint in mapped.flexion
        for side, coordinate in coordinates.model_dump().items()
    }
    angles = apply_signs(
        q.sel(coordinate=[coordinate for coordinate, _ in flexion.values()]).values,
        [sign for _, sign in flexion.values()],
    )
    curves: dict[str, tuple[tuple[str, ...], Channel]] = {
        "momentum": (
            labels_of("group"),
            Channel(levels["group_angular_momentum"].values, MOMENTUM),
        ),
        "force": (labels_of("foot"), Channel(levels["ground_force"].values, FORCE)),
        "point": (labels_of("foot"), Channel(levels["contact_point"].values, POINT)),
        "power": (labels_of("joint"), Channel(levels["joint_power"].values, POWER)),
        "angle": (tuple(flexion), Channel(angles, ANGLE)),
    }
    return curves


def script(content: Mapping[str, Any]) -> str:
    """Write a script that holds numbers, without characters that could end the script."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return "globalThis.REPLAY=" + text.replace("<", r"\u003c") + ";\n"
