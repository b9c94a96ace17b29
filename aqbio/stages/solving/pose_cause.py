"""Why a limb's pose cannot be believed, as far as the recording can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.errors import AqbioError, Finding
from aqbio.mechanics.anatomy.human_ranges import RANGES
from aqbio.mechanics.anatomy.parts import listed, parts_of
from aqbio.mechanics.inverse_kinematics.other_poses import STARTS, limb_errors
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.stages.solving.pose import GROSS, Fault, SolvedPose, without_pose

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


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, and what a person can do about it."""

    why: str
    fix: str


FROM_FILE = Cause(
    "The angles come from a file: they are those of another model, or of another sign or unit.",
    "check that coordinates_file in trials.tsv and model_file in participants.tsv belong together.",
)


def pose_findings(pose: SolvedPose, faults: Sequence[Fault], trial_id: str) -> Iterator[Finding]:
    """Say which limbs are lost for their pose, and why."""
    for fault in faults:
        cause = fault_cause(pose, fault)
        extent = "in this trial" if fault.frames.all() else f"in {int(fault.frames.sum())} frames"
        yield Finding(
            rule="pose-impossible",
            severity="warning",
            what=f"{fault.words}: that is no person's pose. {cause.why} The "
            f"{fault.group.replace('_', ' ')} counts as not observed {extent}, and nothing is "
            "inferred from forces.",
            trial=trial_id,
            number=float(fault.frames.mean()),
            unit="share of frames",
            fix=cause.fix,
        )


def refuse_without_pose(pose: SolvedPose, faults: Sequence[Fault], trial_id: str) -> None:
    """Refuse a trial without a pelvis, or of which most of the body cannot be believed.

    Raises
    ------
    AqbioError
    """
    if whole := without_pose(pose, faults):
        cause = fault_cause(pose, whole[0])
        raise AqbioError(
            f"the pose cannot be believed: {'; '.join(one.words for one in whole)}. {cause.why}",
            trial=trial_id,
            fix=cause.fix,
            rule="pose-impossible",
        )


def fault_cause(pose: SolvedPose, fault: Fault) -> Cause:
    """Find out why a limb's pose cannot be believed.

    Parameters
    ----------
    pose : SolvedPose
    fault : Fault

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
    found = _errors(pose, fault, frames, positions, bounds)
    before, after = (_rms(values[:, own]) for values in (pose.errors[frames], found))
    if fault.joint and after < before + ALIKE and after < GROSS:
        return _two_poses(pose, fault, own, (before, after))
    for pair in _suspects(pose, own, found):
        turned = positions.copy()
        turned[:, pair] = positions[:, pair[::-1]]
        tried = _errors(pose, fault, frames[:1], turned[:1], bounds, starts=FEW_STARTS)
        if _rms(tried) < FITS * _rms(found[:1]):
            return _exchanged(pose, pair, (_rms(found[:1]), _rms(tried)))
    return _untold(pose, own, found)


def _errors(
    pose: SolvedPose,
    fault: Fault,
    frames: IntArray,
    positions: FloatArray,
    bounds: FloatArray,
    *,
    starts: int = STARTS,
) -> FloatArray:
    """Marker errors of all markers, (n, K), when the limb is solved again."""
    skeleton = pose.skeleton
    bodies = [skeleton.bodies.index(body) for body in pose.model_map.groups[fault.group]]
    moved = np.isin(skeleton.axes.body, bodies) & (skeleton.driver >= 0)
    limb = np.intersect1d(skeleton.driver[moved], skeleton.free)
    if fault.group == "pelvis":
        limb = limb[:0]
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


def _suspects(pose: SolvedPose, own: IntArray, errors: FloatArray) -> Iterator[list[int]]:
    """Pairs of labels that may be exchanged: the limb's farthest one, with others that are far."""
    distance = np.where(pose.weights > 0, _mean(errors), 0.0)
    if not len(own):
        return
    worst = int(own[np.argmax(distance[own])])
    for other in np.argsort(-distance)[: SUSPECTS + 1]:
        if other != worst:
            yield [worst, int(other)]


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


def _exchanged(pose: SolvedPose, pair: Sequence[int], rms: tuple[float, float]) -> Cause:
    first, second = (pose.labels[place] for place in pair)
    before, after = (f"{MILLIMETRES * value:.0f}" for value in rms)
    return Cause(
        f"With the labels {first} and {second} exchanged all markers fit ({after} mm RMS instead "
        f"of {before}).",
        f"exchange the labels {first} and {second} in the capture software.",
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
    )
