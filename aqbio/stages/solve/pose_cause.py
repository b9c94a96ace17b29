"""Why a limb's pose cannot be believed, as far as the recording can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from aqbio.errors import AqbioError, Finding
from aqbio.mechanics.anatomy.human_ranges import RANGES
from aqbio.mechanics.anatomy.parts import listed, parts_of
from aqbio.mechanics.inverse_kinematics.other_poses import STARTS, limb_errors
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.stages.solve.pose import GROSS, Fault, SolvedPose, without_pose

SAMPLES = 3
"""Frames in which other poses are tried."""

ALIKE = 0.005
"""Poses whose markers fit within this of each other cannot be told apart by them, m RMS."""

FITS = 0.5
"""An exchange of two labels explains a fault if it leaves less than this part of the error."""

SUSPECTS = 5
"""Labels, the farthest from the model, that an exchange is tried with."""

FEW_STARTS = 4
"""Poses of the limb that an exchange is tried from."""

MILLIMETRES = 1e3


Exchange: TypeAlias = tuple[str, IntArray, tuple[str, ...], int]
"""In words, which marker each label takes, the limbs that are solved again, and their starts."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, and what a person can do about it."""

    why: str
    fix: str
    told: bool = True


FROM_FILE = Cause(
    "The angles come from a file: they are those of another model, or of another sign or unit.",
    "check that coordinates_file in trials.tsv and model_file in participants.tsv belong together.",
)


def pose_finding(pose: SolvedPose, faults: Sequence[Fault], trial_id: str) -> Finding:
    """Findings on which limbs are lost for their pose, and why."""
    causes = list(dict.fromkeys(fault_cause(pose, fault) for fault in faults))
    told = [one for one in causes if one.told] or causes
    lost = [
        fault.group.replace("_", " ")
        + ("" if fault.frames.all() else f" (in {int(fault.frames.sum())} frames)")
        for fault in faults
    ]
    return Finding(
        rule="pose-impossible",
        severity="warning",
        what=f"{'; '.join(fault.words for fault in faults)}: that is no person's pose. "
        f"{' '.join(one.why for one in told)} Not observed in this trial: {', '.join(lost)}; "
        "nothing is inferred from forces.",
        trial=trial_id,
        number=float(len(faults)),
        unit="groups",
        fix=" ".join(dict.fromkeys(one.fix for one in told)),
    )


def refuse_without_pose(
    pose: SolvedPose, every: Sequence[Fault], last: Sequence[Fault], trial_id: str
) -> None:
    """Refuse a trial without a pelvis, or of which most of the body cannot be believed.

    Parameters
    ----------
    every : sequence of Fault
        All that were found until now.
    last : sequence of Fault
        Those of this pose.
    """
    if whole := without_pose(pose, every):
        finding = pose_finding(pose, last, trial_id)
        raise AqbioError(
            f"the pose cannot be believed at {', '.join(one.group for one in whole)}: "
            f"{finding.what}",
            trial=trial_id,
            fix=finding.fix,
            rule="pose-impossible",
        )


def fault_cause(pose: SolvedPose, fault: Fault) -> Cause:
    """Why a limb's pose cannot be believed.

    Notes
    -----
    The limb is solved again with the joint kept within what people reach. If its markers then fit
    as well, they leave two poses; if two labels, exchanged, fit far better, they are exchanged;
    otherwise the labels that are farthest off are named.
    """
    if pose.markers is None:
        return FROM_FILE
    frames = np.flatnonzero(fault.frames & np.isfinite(pose.q).all(axis=1))
    frames = frames[np.linspace(0, len(frames) - 1, SAMPLES).astype(int)]
    own, positions = pose.carried(fault.group), pose.markers.positions[frames]
    bounds = _bounds(pose, fault.joint)
    if fault.joint and np.isinf(bounds).all():
        return _untold(pose, own, pose.errors[frames])
    found = _errors(pose, (fault.group,), frames, positions, bounds)
    before, after = (_rms(values[:, own]) for values in (pose.errors[frames], found))
    if fault.joint and after < before + ALIKE and after < GROSS:
        return _two_poses(pose, fault, own, (before, after))
    first, limit = (frames[:1], positions[:1]), FITS * _rms(found[:1, pose.trusted])
    for words, order, groups, starts in (*_pairs(pose, fault, found), *_sides(pose, fault)):
        turned = first[0], first[1][:, order]
        tried = _rms(_errors(pose, groups, *turned, bounds, starts=starts)[:, pose.trusted])
        if tried < limit:
            return _exchanged(words, (limit / FITS, tried))
    return _untold(pose, own, found)


def _errors(
    pose: SolvedPose,
    groups: Sequence[str],
    frames: IntArray,
    positions: FloatArray,
    bounds: FloatArray,
    *,
    starts: int = STARTS,
) -> FloatArray:
    """Marker errors of all markers, (n, K), when the limb is solved again."""
    skeleton = pose.skeleton
    limbs = [group for group in groups if group != "pelvis"]
    names = [body for group in limbs for body in pose.model_map.groups[group]]
    bodies = [skeleton.bodies.index(body) for body in names]
    moved = np.isin(skeleton.axes.body, bodies) & (skeleton.driver >= 0)
    limb = np.intersect1d(skeleton.driver[moved], skeleton.free)
    fitted = (positions, pose.marker_index, pose.weights)
    return limb_errors(skeleton, *fitted, pose.q[frames], limb, bounds, starts=starts)


def _bounds(pose: SolvedPose, joint: str) -> FloatArray:
    """Bounds of the coordinates, (C, 2) rad: a joint within what people reach."""
    bounds = np.tile([-np.inf, np.inf], (len(pose.skeleton.coordinates), 1))
    kind, _, side = joint.partition("_")
    place = pose.model_map.sagittal.get(kind)
    if place is None or kind not in pose.model_map.flexion:
        return bounds
    human, sign = RANGES[kind], pose.model_map.flexion[kind]
    limits = np.radians(sorted((sign * human.extension, sign * human.flexion)))
    bounds[pose.skeleton.coordinates.index(getattr(place, side or "centre"))] = limits
    return bounds


def _pairs(pose: SolvedPose, fault: Fault, errors: FloatArray) -> Iterator[Exchange]:
    """Exchanges of two labels: the limb's farthest one, with others that are far."""
    distance = np.where(pose.trusted, _mean(errors), 0.0)
    own = pose.carried(fault.group)
    if not len(own):
        return
    worst = int(own[np.argmax(distance[own])])
    for other in np.argsort(-distance)[: SUSPECTS + 1]:
        if other != worst:
            order = np.arange(len(distance))
            order[[worst, other]] = other, worst
            words = f"the labels {pose.labels[worst]} and {pose.labels[other]}"
            yield words, order, (fault.group,), FEW_STARTS


def _sides(pose: SolvedPose, fault: Fault) -> Iterator[Exchange]:
    """Exchanges of a limb's labels with those of the other side, from a segment to the end."""
    kind, _, side = fault.group.rpartition("_")
    groups = pose.model_map.groups
    other = f"{kind}_{'left' if side == 'right' else 'right'}"
    if not kind or other not in groups or len(groups[other]) != len(groups[fault.group]):
        return
    parts = parts_of(pose.skeleton, pose.model_map.joints.by_name())
    order = np.arange(len(pose.labels))
    for ours, theirs in reversed(list(zip(groups[fault.group], groups[other], strict=True))):
        first, second = pose.carried_by(ours), pose.carried_by(theirs)
        if len(first) and len(first) == len(second):
            matched = second[_counterparts(pose, first, second)]
            order = order.copy()
            order[first], order[matched] = matched, first
            part = parts[pose.skeleton.bodies.index(ours)].name
            words = f"all labels of left and right from the {part} to the end of the limb"
            yield words, order, (fault.group, other), STARTS


def _counterparts(pose: SolvedPose, first: IntArray, second: IntArray) -> IntArray:
    """Which marker of one side sits where each one of the other side does, mirrored."""
    from scipy.optimize import linear_sum_assignment

    station = pose.skeleton.marker_position[pose.marker_index]
    apart = station[first][:, None] - station[second] * [1.0, 1.0, -1.0]
    matched: IntArray = linear_sum_assignment(np.linalg.norm(apart, axis=2))[1]
    return matched


def _mean(errors: FloatArray) -> FloatArray:
    seen = np.isfinite(errors)
    total: FloatArray = np.where(seen, errors, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return total


def _rms(errors: FloatArray) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.sqrt((known**2).mean())) if len(known) else 0.0


def _two_poses(pose: SolvedPose, fault: Fault, own: IntArray, rms: tuple[float, float]) -> Cause:
    parts = parts_of(pose.skeleton, pose.model_map.joints.by_name())
    bodies = pose.skeleton.marker_body[pose.marker_index[own]]
    carried = {
        part: [
            pose.labels[place]
            for place, body in zip(own, bodies, strict=True)
            if parts[body] == part
        ]
        for part in dict.fromkeys(parts[body] for body in bodies)
    }
    worn = "; ".join(f"{part} {', '.join(labels)}" for part, labels in carried.items())
    joint = " ".join(reversed(fault.joint.split("_")))
    first, second = (f"{MILLIMETRES * value:.0f}" for value in rms)
    return Cause(
        f"The markers there ({worn}) fit a {joint} bent the other way as well ({first} and "
        f"{second} mm RMS): they leave two poses.",
        f"wear landmarks on both sides of the {joint}, or three markers on each of the segments "
        f"beside it ({listed(tuple(carried))}), also in the static trial.",
    )


def _exchanged(words: str, rms: tuple[float, float]) -> Cause:
    before, after = (f"{MILLIMETRES * value:.0f}" for value in rms)
    return Cause(
        f"With {words} exchanged all markers fit ({after} mm RMS instead of {before}).",
        f"exchange {words} in the capture software.",
    )


def _untold(pose: SolvedPose, own: IntArray, errors: FloatArray) -> Cause:
    distance = _mean(errors[:, own])
    worst = [place for place in np.argsort(-distance)[:3] if distance[place] > ALIKE]
    far = ", ".join(
        f"{pose.labels[own[place]]} {MILLIMETRES * distance[place]:.0f} mm" for place in worst
    )
    told = f" In the nearest pose that a person can take the farthest from the model are {far}."
    return Cause(
        f"The cause cannot be told.{told if far else ''}",
        "look at these labels in the capture software: they may be exchanged, or sit elsewhere on "
        "the person than on the model.",
        told=False,
    )
