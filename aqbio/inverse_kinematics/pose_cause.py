"""Why a limb's pose cannot be believed, as far as the recording can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.human_ranges import RANGES
from aqbio.body.parts import listed, parts_of
from aqbio.errors import AqbioError, Finding
from aqbio.inverse_kinematics.other_poses import limb_errors
from aqbio.inverse_kinematics.pose import (
    GROSS,
    Fault,
    SolvedPose,
    contradicted_frames,
    without_pose,
)
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

SAMPLES = 3
"""Frames in which other poses are tried."""

ALIKE = 0.005
"""Poses whose markers fit within this of each other cannot be told apart by them, m RMS."""

EXPLAINS = 0.5
"""Labels explain a contradiction if without them less than this part of it is left."""

SUSPECTS, MOST_LABELS = 5, 2
"""Labels, the farthest from the model, that are left out in turn; so many together."""

BACK = 0.02
"""A label is where it belongs again within this of its usual distance from the other markers, m."""

MILLIMETRES = 1e3


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


Solver = Callable[[TrackedMarkers], FloatArray]
"""Coordinates (T, C) of some markers."""


def wandering_labels(
    pose: SolvedPose, solve: Solver, trial_id: str
) -> tuple[BoolArray, list[Finding]]:
    """(T, K): where a single label contradicts the other markers, and the findings about it.

    In every stretch of frames that markers contradict, the farthest labels are left out in turn:
    one, or else two, without which what the others contradict falls below half explain it. They
    are off from there to where they are back at their usual distance from the others.
    """
    off = np.zeros(pose.errors.shape, dtype=bool)
    findings: list[Finding] = []
    if pose.markers is None:
        return off, findings
    usual = np.minimum(pose.usual_errors, GROSS)
    for first, stop in runs(contradicted_frames(pose)):
        middle = np.arange(first, stop)[np.linspace(0, stop - first - 1, SAMPLES + 2).astype(int)]
        chosen = np.unique(middle[1:-1])
        for label in _explaining(pose, solve, chosen, usual):
            distance = _left_out(pose, solve, np.arange(len(off)), [label])[:, label]
            back = np.nan_to_num(distance) <= np.nanmedian(distance) + BACK
            back[first:stop] = False
            spans = runs(~back)
            begin, end = spans[(spans[:, 0] <= first) & (first < spans[:, 1])][0]
            off[begin:end, label] = True
            findings.append(_wanders(pose, label, (begin, end), distance, trial_id))
    return off, findings


def _explaining(pose: SolvedPose, solve: Solver, frames: IntArray, usual: FloatArray) -> list[int]:
    """Labels without which the others agree in some frames; none where nothing explains it."""

    def beyond(errors: FloatArray, without: Sequence[int]) -> float:
        rest = pose.trusted & ~np.isin(np.arange(len(usual)), without)
        return float(np.nan_to_num((errors - usual)[:, rest]).max(initial=0.0))

    own = pose.errors[frames]
    suspects = np.argsort(-np.where(pose.trusted, _mean(own), 0.0))[:SUSPECTS].tolist()
    chosen: list[int] = []
    for _ in range(MOST_LABELS):
        left = {
            one: beyond(_left_out(pose, solve, frames, [*chosen, one]), [*chosen, one])
            for one in suspects
            if one not in chosen
        }
        chosen.append(min(left, key=lambda one: left[one]))
        if left[chosen[-1]] < EXPLAINS * beyond(own, ()):
            return chosen
    return []


def _left_out(
    pose: SolvedPose, solve: Solver, frames: IntArray, labels: Sequence[int]
) -> FloatArray:
    """(n, K) array, m: marker errors in some frames when some labels do not pull the pose."""
    assert pose.markers is not None
    recorded = pose.markers.positions[frames]
    kept = recorded.copy()
    kept[:, labels] = np.nan
    q = solve(replace(pose.markers, time=pose.markers.time[frames], positions=kept))
    found = marker_positions(pose.skeleton, q)[:, pose.marker_index]
    return np.asarray(np.linalg.norm(found - recorded, axis=2))


def _wanders(
    pose: SolvedPose, label: int, span: tuple[int, int], distance: FloatArray, trial_id: str
) -> Finding:
    assert pose.markers is not None
    begin, end = span
    far, time = MILLIMETRES * float(np.nanmax(distance[begin:end])), pose.markers.time
    return Finding(
        rule="label-wanders",
        severity="warning",
        what=f"label {pose.labels[label]} is up to {far:.0f} mm from where the other markers put "
        f"it from {time[begin]:.3f} to {time[end - 1]:.3f} s ({end - begin} frames): it is left "
        "out there.",
        trial=trial_id,
        number=far,
        limit=MILLIMETRES * GROSS,
        unit="mm",
        where=f"{time[begin]:.3f} to {time[end - 1]:.3f} s",
        fix=f"correct {pose.labels[label]} in the capture software, or delete it in these frames.",
        label=pose.labels[label],
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
    """Refuse a trial without a pelvis, or of which most of the body cannot be believed."""
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

    The limb is solved with the joint kept within what people reach. If its markers then fit
    as well, they leave two poses; otherwise the labels that are farthest off are named.
    """
    if pose.markers is None:
        return FROM_FILE
    frames = np.flatnonzero(fault.frames & np.isfinite(pose.q).all(axis=1))
    frames = frames[np.linspace(0, len(frames) - 1, SAMPLES).astype(int)]
    own, positions = pose.carried(fault.group), pose.markers.positions[frames]
    bounds = _bounds(pose, fault.joint)
    if fault.joint and np.isinf(bounds).all():
        return _untold(pose, own, pose.errors[frames])
    found = _errors(pose, fault.group, frames, positions, bounds)
    before, after = (_rms(values[:, own]) for values in (pose.errors[frames], found))
    if fault.joint and after < before + ALIKE and after < GROSS:
        return _two_poses(pose, fault, own, (before, after))
    return _untold(pose, own, found)


def _errors(
    pose: SolvedPose, group: str, frames: IntArray, positions: FloatArray, bounds: FloatArray
) -> FloatArray:
    """Marker errors of all markers, (n, K), when the limb is solved again."""
    skeleton = pose.skeleton
    names = pose.model_map.groups[group] if group != "pelvis" else ()
    bodies = [skeleton.bodies.index(body) for body in names]
    moved = np.isin(skeleton.axes.body, bodies) & (skeleton.driver >= 0)
    limb = np.intersect1d(skeleton.driver[moved], skeleton.free)
    fitted = (positions, pose.marker_index, pose.weights)
    return limb_errors(skeleton, *fitted, pose.q[frames], limb, bounds)


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
