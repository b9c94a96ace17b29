"""Plausibility of a solved pose for a person, and reasons against it, judged from the recording.

A limb that is bent as no person's can be, or whose markers are far from the model, is lost; without
a pelvis, or with most of the body lost, there is no trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.body.human_ranges import group_of, impossible_frames, joint_angles, range_words
from aqbio.config import MarkerSet, ModelMap
from aqbio.errors import AqbioError, Finding, distinct, listed
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import MEDIAN_OF_NORMAL, MILLIMETRES
from aqbio.observed.mask import CONTRADICTED, IMPOSSIBLE, Observed
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

MAX_PART_ERROR_M = 0.05
"""Markers of a part that are farther from the model, RMS of a frame, contradict it, m. Sound
recordings reach 35 mm in their worst frame; Hicks 2015 asks for 20 mm over all markers."""

MIN_ERROR_RATIO = 3.0
"""A label is elsewhere in a frame that is farther than this times the trial's median besides: the
head of a body without a neck is 86 mm from it, usually 34."""

MAX_DRAWN_ERROR_RATIO = 0.5
"""A group whose markers are off by less than this part of the worst group's may be drawn along."""

MAX_FRAME_SHARE = {IMPOSSIBLE: 0.10, CONTRADICTED: 0.50}
"""A part whose pose is impossible in more than this share of the frames is lost in all: where one
joint is solved wrong, the frames in which it looks right are hardly better. Markers that contradict
it say in which frames."""

MAX_LOST_GROUP_SHARE = 0.5
"""A trial in which more than this share of the groups is lost has no pose."""


@dataclass(frozen=True)
class SolvedPose:
    """A trial's pose and what it was solved from."""

    skeleton: Skeleton
    q: FloatArray
    """(T, C) array, rad or m. Before the low-pass."""
    markers: TrackedMarkers | None
    """None where the pose comes from a file of joint angles."""
    model_map: ModelMap
    marker_set: MarkerSet
    observed: Observed
    """Mask of the parts that the recording determines."""

    @cached_property
    def marker_index(self) -> IntArray:
        """(K,) int: index of each recorded marker among the skeleton's."""
        names = self.markers.names if self.markers else ()
        return np.array([self.skeleton.markers.index(name) for name in names], dtype=int)

    @cached_property
    def errors(self) -> FloatArray:
        """(T, K) array, m: marker errors, NaN where a marker is missing; (T, 0) without markers."""
        if self.markers is None:
            return np.zeros((len(self.q), 0))
        predicted = marker_positions(self.skeleton, self.q)[:, self.marker_index]
        return np.asarray(np.linalg.norm(predicted - self.markers.positions, axis=2))

    @cached_property
    def usual_errors(self) -> FloatArray:
        """(K,) array, m: median marker errors of the trial; 0 where a marker is never seen."""
        visible = np.isfinite(self.errors).any(axis=0)
        return np.asarray(np.nanmedian(np.where(visible, self.errors, 0.0), axis=0))

    @cached_property
    def weights(self) -> FloatArray:
        """(K,) array: weights of the markers."""
        return self.markers.weights if self.markers else np.zeros(0)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The laboratory's labels of the markers."""
        names = self.markers.names if self.markers else ()
        return tuple(self.marker_set.label_of(name) for name in names)

    @cached_property
    def credible(self) -> BoolArray:
        """(K,) bool: markers of segments that are observed in some frame."""
        observed = np.asarray(self.observed.mask.any(axis=0))
        return np.asarray(
            observed[self.skeleton.marker_body[self.marker_index]] & (self.weights > 0)
        )

    def group_markers(self, group: str) -> IntArray:
        """Indices of the markers on a group."""
        bodies = [self.skeleton.bodies.index(body) for body in self.model_map.groups[group]]
        in_group = np.isin(self.skeleton.marker_body[self.marker_index], bodies)
        return np.flatnonzero(in_group & (self.weights > 0))


@dataclass(frozen=True)
class Fault:
    """A group of the body with an implausible pose."""

    group: str
    reason: str
    """`IMPOSSIBLE` or `CONTRADICTED`."""
    frames: BoolArray
    """(T,) bool array."""
    words: str
    """Description of the fault, with its number."""


def pose_faults(pose: SolvedPose) -> list[Fault]:
    """One fault for each observed group with an implausible pose.

    Those whose markers are farthest from the model: they may draw the others along, which are
    judged in the next round without them.
    """
    by_group: dict[str, Fault] = {}
    for fault in (*_impossible(pose), *_contradicted(pose)):
        earlier_fault = by_group.get(fault.group)
        if earlier_fault is None or fault.frames.sum() > earlier_fault.frames.sum():
            by_group[fault.group] = fault
    rms = {group: float(_frame_rms(pose, group).max(initial=0.0)) for group in by_group}
    return [
        fault
        for group, fault in by_group.items()
        if rms[group] >= MAX_DRAWN_ERROR_RATIO * max(rms.values())
    ]


def _frame_rms(pose: SolvedPose, group: str) -> FloatArray:
    """Weighted marker error of a group in every frame, m RMS; 0 where it shows no marker."""
    in_group = pose.group_markers(group)
    weight = np.where(np.isfinite(pose.errors[:, in_group]), pose.weights[in_group], 0.0)
    total = weight.sum(axis=1)
    squares = (weight * np.nan_to_num(pose.errors[:, in_group]) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(squares / np.where(total > 0, total, 1.0)))


def without_faults(pose: SolvedPose, faults: Sequence[Fault]) -> Observed:
    """Remove implausible groups from what was observed."""
    observed = pose.observed
    for fault in faults:
        observed = observed.without(pose.model_map.groups[fault.group], fault.reason, fault.frames)
    return observed


LEGS = frozenset({"leg_left", "leg_right"})


def without_pose(pose: SolvedPose, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults that leave no pose: of the pelvis, or of most of the body; often none.

    In a file of joint angles also of both legs: it is not this model's.
    """
    untracked = tuple(fault for fault in faults if fault.frames.all())
    groups, lost = len(pose.model_map.groups), {fault.group for fault in untracked}
    if (
        "pelvis" in lost
        or len(untracked) > MAX_LOST_GROUP_SHARE * groups
        or (pose.markers is None and lost >= LEGS)
    ):
        return untracked
    return ()


def _impossible(pose: SolvedPose) -> Iterator[Fault]:
    """Joints that no person can bring there, where both their segments are observed."""
    joints = pose.model_map.joints.by_name()
    skeleton, observed = pose.skeleton, pose.observed.mask
    angles = joint_angles(skeleton, pose.q, joints)
    for angle_index, frames in impossible_frames(angles).items():
        body = skeleton.joints.index(joints[angle_index])
        both_observed = observed[:, body] & observed[:, max(int(skeleton.parent[body]), 0)]
        impossible = frames & both_observed
        if impossible.any():
            group, total = group_of(angle_index), int(both_observed.sum())
            words = range_words(angle_index, angles[angle_index].flexion[impossible])
            words = f"{words} in {int(impossible.sum())} of {total} frames"
            yield Fault(group, IMPOSSIBLE, _spread_frames(impossible, IMPOSSIBLE), words)


def _contradicted(pose: SolvedPose) -> Iterator[Fault]:
    """Groups whose markers are far from the model."""
    for group, bodies in pose.model_map.groups.items():
        rms = _frame_rms(pose, group)
        columns = [pose.observed.segments.index(body) for body in bodies]
        contradicted = (rms > MAX_PART_ERROR_M) & pose.observed.mask[:, columns].any(axis=1)
        if contradicted.any():
            words = (
                f"the markers of the {group.replace('_', ' ')} are "
                f"{distinct(1e3 * rms[contradicted].mean(), 1e3 * MAX_PART_ERROR_M)} mm "
                f"(RMS) from the model in {int(contradicted.sum())} of {len(contradicted)} "
                "frames, more than "
                f"{1e3 * MAX_PART_ERROR_M:.0f} mm"
            )
            yield Fault(group, CONTRADICTED, _spread_frames(contradicted, CONTRADICTED), words)


def contradicted_frames(pose: SolvedPose) -> BoolArray:
    """(T,): frames in which a group's or one label's markers are far from the model."""
    errors, usual = np.nan_to_num(pose.errors), pose.usual_errors
    off = (errors > usual + MAX_PART_ERROR_M) & (errors > MIN_ERROR_RATIO * usual) & pose.credible
    far = np.asarray(off.any(axis=1))
    for group in pose.model_map.groups:
        far = far | (_frame_rms(pose, group) > MAX_PART_ERROR_M)
    return far


def _spread_frames(frames_left_out: BoolArray, reason: str) -> BoolArray:
    """All frames where too many are lost, the lost ones otherwise."""
    return (
        np.ones_like(frames_left_out)
        if frames_left_out.mean() > MAX_FRAME_SHARE[reason]
        else frames_left_out
    )


SAMPLED_FRAMES = 3
"""Frames in which other poses are tried."""

MAX_EQUAL_ERROR_M = 0.005
"""Markers nearer to the model than this are not named, m."""

FIX = (
    "look at these labels in the capture software: they may be exchanged, or sit elsewhere on the "
    "person than on the model. Few markers leave a limb two poses: wear landmarks on both sides of "
    "its joints, also in the static trial."
)
FIX_NOISE = (
    "look at the paths of these labels in the capture software: they jump between cameras or onto "
    "reflections. Smooth or track them again, or delete them where they jump."
)
FIX_FILE = (
    "check that coordinates_file in trials.tsv and model_file in participants.tsv belong together: "
    "the angles are those of another model, or of another sign or unit."
)

MAX_EXPLAINED_ERROR_RATIO = 0.5
"""Labels explain a contradiction if without them less than this part of it is left."""

MAX_SUSPECTS = 5
"""Labels, the farthest from the model, that are left out in turn."""

MAX_REMOVED_LABELS = 2
"""Labels that are left out at once, at most."""

MAX_RETURNED_ERROR_M = 0.02
"""A label is where it belongs again within this of its usual distance from the other markers, m."""


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
    usual = np.minimum(pose.usual_errors, MAX_PART_ERROR_M)
    for first, stop in runs(contradicted_frames(pose)):
        middle = np.arange(first, stop)[
            np.linspace(0, stop - first - 1, SAMPLED_FRAMES + 2).astype(int)
        ]
        chosen = np.unique(middle[1:-1])
        for label in _explaining(pose, solve, chosen, usual):
            distance = _left_out(pose, solve, np.arange(len(off)), [label])[:, label]
            back = np.nan_to_num(distance) <= np.nanmedian(distance) + MAX_RETURNED_ERROR_M
            back[first:stop] = False
            spans = runs(~back)
            begin, end = spans[(spans[:, 0] <= first) & (first < spans[:, 1])][0]
            off[begin:end, label] = True
            findings.append(_wandering_finding(pose, label, (begin, end), distance, trial_id))
    return off, findings


def _explaining(pose: SolvedPose, solve: Solver, frames: IntArray, usual: FloatArray) -> list[int]:
    """Labels without which the others agree in some frames; none where nothing explains it."""

    def beyond(errors: FloatArray, without: Sequence[int]) -> float:
        rest = pose.credible & ~np.isin(np.arange(len(usual)), without)
        return float(np.nan_to_num((errors - usual)[:, rest]).max(initial=0.0))

    frame_errors = pose.errors[frames]
    suspects = np.argsort(-np.where(pose.credible, _mean(frame_errors), 0.0))[
        :MAX_SUSPECTS
    ].tolist()
    chosen: list[int] = []
    for _ in range(MAX_REMOVED_LABELS):
        left = {
            suspect: beyond(_left_out(pose, solve, frames, [*chosen, suspect]), [*chosen, suspect])
            for suspect in suspects
            if suspect not in chosen
        }
        chosen.append(min(left, key=lambda suspect: left[suspect]))
        if left[chosen[-1]] < MAX_EXPLAINED_ERROR_RATIO * beyond(frame_errors, ()):
            return chosen
    return []


def _left_out(
    pose: SolvedPose, solve: Solver, frames: IntArray, labels: Sequence[int]
) -> FloatArray:
    """(n, K) array, m: marker errors in some frames when some labels do not pull the pose."""
    assert pose.markers is not None
    recorded = pose.markers.positions[frames]
    visible = recorded.copy()
    visible[:, labels] = np.nan
    q = solve(replace(pose.markers, time=pose.markers.time[frames], positions=visible))
    predicted = marker_positions(pose.skeleton, q)[:, pose.marker_index]
    return np.asarray(np.linalg.norm(predicted - recorded, axis=2))


def _wandering_finding(
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
        limit=MILLIMETRES * MAX_PART_ERROR_M,
        unit="mm",
        where=f"{time[begin]:.3f} to {time[end - 1]:.3f} s",
        fix=f"correct {pose.labels[label]} in the capture software, or delete it in these frames.",
        label=pose.labels[label],
    )


def pose_finding(pose: SolvedPose, faults: Sequence[Fault], trial_id: str) -> Finding:
    """Report limbs that are lost because no person can take their pose, with the evidence."""
    descriptions = [
        fault.group.replace("_", " ")
        + ("" if fault.frames.all() else f" (in {int(fault.frames.sum())} frames)")
        for fault in faults
    ]
    scatter = _scatter(pose, faults)
    return Finding(
        rule="pose-impossible",
        severity="warning",
        what=f"{'; '.join(fault.words for fault in faults)}: that is no person's pose. "
        f"{scatter or _farthest(pose, faults)}Not observed in this trial: "
        f"{', '.join(descriptions)}; nothing is inferred from forces.",
        trial=trial_id,
        number=float(len(faults)),
        unit="groups",
        fix=FIX_NOISE if scatter else FIX if pose.markers else FIX_FILE,
    )


MIN_NOISE_M = 0.002
"""White noise of a label's path that explains a pose, m. At most 0.0004 in the 1 900 paths of ten
runners (Hamner & Delp 2013) and of a sprinter (Dorn et al. 2012)."""

MIN_WHITENESS = 1.5
"""Median third over second difference of a path: 1.83 for white noise, below 1 for movement."""


def _noise(positions: FloatArray) -> FloatArray:
    """(K,) SD of white noise in paths (T, K, 3), m; 0 where differences are those of movement.

    Third differences of white noise have 20 times its variance, second differences 6 times; by
    medians, on which single jumps have no effect.
    """
    unseen = ~np.any(np.isfinite(positions), axis=(0, 2))
    filled = np.where(unseen[:, None], 0.0, positions)
    second, third = (
        np.nanmedian(np.abs(np.diff(filled, order, axis=0)), axis=(0, 2)) for order in (2, 3)
    )
    sd = third / (MEDIAN_OF_NORMAL * np.sqrt(20.0))
    return np.asarray(np.where(third > MIN_WHITENESS * second, sd, 0.0))


def _scatter(pose: SolvedPose, faults: Sequence[Fault]) -> str:
    """Sentence on the lost limbs' markers whose paths are noise; empty if there is none."""
    if pose.markers is None:
        return ""
    noise = MILLIMETRES * _noise(pose.markers.positions)
    members = np.concatenate([pose.group_markers(fault.group) for fault in faults])
    noisy = [index for index in members.tolist() if noise[index] > MILLIMETRES * MIN_NOISE_M]
    sizes = listed([f"{pose.labels[index]} {noise[index]:.0f} mm" for index in noisy])
    return f"Their positions scatter from frame to frame: {sizes} (SD). " if noisy else ""


def _farthest(pose: SolvedPose, faults: Sequence[Fault]) -> str:
    """The three labels of the lost limbs that are farthest from the model, or that all fit it."""
    in_groups = np.concatenate([pose.group_markers(fault.group) for fault in faults])
    frames = np.any([fault.frames for fault in faults], axis=0)
    distance = _mean(pose.errors[frames][:, in_groups])
    worst = [index for index in np.argsort(-distance)[:3] if distance[index] > MAX_EQUAL_ERROR_M]
    far = (f"{pose.labels[in_groups[x]]} {MILLIMETRES * distance[x]:.0f} mm" for x in worst)
    if worst:
        return f"Farthest from the model are {', '.join(far)}. "
    return (
        f"Its markers ({listed([pose.labels[x] for x in in_groups])}) fit it. "
        if len(in_groups)
        else ""
    )


def refuse_without_pose(
    pose: SolvedPose, faults: Sequence[Fault], reported_faults: Sequence[Fault], trial_id: str
) -> None:
    """Refuse a trial without a pelvis, or of which most of the body is implausible."""
    if unsolved := without_pose(pose, faults):
        finding = pose_finding(pose, reported_faults, trial_id)
        raise AqbioError(
            f"the pose is implausible at {', '.join(fault.group for fault in unsolved)}: "
            f"{finding.what}",
            trial=trial_id,
            fix=finding.fix,
            rule="pose-impossible",
        )


def _mean(errors: FloatArray) -> FloatArray:
    visible = np.isfinite(errors)
    total: FloatArray = np.where(visible, errors, 0.0).sum(axis=0) / np.maximum(
        visible.sum(axis=0), 1
    )
    return total
