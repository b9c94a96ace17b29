"""Whether a solved pose can be a person's, before anything is believed or inferred from it.

A limb that is bent as no person's can be, or whose markers are far from the model, is lost; without
a pelvis, or with most of the body lost, there is no trial.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.body.human_ranges import (
    group_of,
    impossible_frames,
    joint_angles,
    range_words,
)
from aqbio.config import MarkerSet, ModelMap
from aqbio.errors import distinct
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import TrackedMarkers
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.mask import CONTRADICTED, IMPOSSIBLE, Observed
from aqbio.vectors import BoolArray, FloatArray, IntArray

GROSS = 0.05
"""Markers of a part that are farther from the model, RMS of a frame, contradict it, m. Sound
recordings reach 35 mm in their worst frame; Hicks 2015 asks for 20 mm over all markers."""

MANY_TIMES = 3.0
"""A label is elsewhere in a frame that is farther than this times the trial's median besides: the
head of a body without a neck is 86 mm from it, usually 34."""

DRAWN_ALONG = 0.5
"""A group whose markers are off by less than this part of the worst group's may be drawn along."""

MOST_FRAMES = {IMPOSSIBLE: 0.10, CONTRADICTED: 0.50}
"""A part whose pose is impossible in more than this share of the frames is lost in all: where one
joint is solved wrong, the frames in which it looks right are hardly better. Markers that contradict
it say in which frames."""

MOST_OF_BODY = 0.5
"""A trial of which more than this share of the groups is lost so has no pose."""


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
    """What determines the pose at all."""

    @cached_property
    def marker_index(self) -> IntArray:
        """(K,) int: which of the skeleton's markers each recorded one is."""
        names = self.markers.names if self.markers else ()
        return np.array([self.skeleton.markers.index(name) for name in names], dtype=int)

    @cached_property
    def errors(self) -> FloatArray:
        """(T, K) array, m: marker errors, NaN where a marker is missing; (T, 0) without markers."""
        if self.markers is None:
            return np.zeros((len(self.q), 0))
        found = marker_positions(self.skeleton, self.q)[:, self.marker_index]
        return np.asarray(np.linalg.norm(found - self.markers.positions, axis=2))

    @cached_property
    def usual_errors(self) -> FloatArray:
        """(K,) array, m: median marker errors of the trial; 0 where a marker is never seen."""
        known = np.isfinite(self.errors).any(axis=0)
        return np.asarray(np.nanmedian(np.where(known, self.errors, 0.0), axis=0))

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
    def trusted(self) -> BoolArray:
        """(K,) bool: markers of segments that are observed in some frame."""
        seen = np.asarray(self.observed.seen.any(axis=0))
        return np.asarray(seen[self.skeleton.marker_body[self.marker_index]] & (self.weights > 0))

    def carried(self, group: str) -> IntArray:
        """Which markers a group carries."""
        return np.sort(
            np.concatenate([self.carried_by(one) for one in self.model_map.groups[group]])
        )

    def carried_by(self, body: str) -> IntArray:
        """Which markers a segment carries."""
        place = self.skeleton.bodies.index(body)
        own = self.skeleton.marker_body[self.marker_index] == place
        return np.flatnonzero(own & (self.weights > 0))


@dataclass(frozen=True)
class Fault:
    """A group of the body whose pose cannot be believed."""

    group: str
    reason: str
    """`IMPOSSIBLE` or `CONTRADICTED`."""
    frames: BoolArray
    """(T,) bool array."""
    joint: str
    """The reported joint that is bent as none can be; empty for markers that are far off."""
    words: str
    """What was found, with its number."""


def pose_faults(pose: SolvedPose) -> list[Fault]:
    """One fault for each observed group whose pose cannot be believed.

    Those whose markers are farthest from the model: they may draw the others along, which are
    judged in the next round without them.
    """
    found: dict[str, Fault] = {}
    for fault in (*_impossible(pose), *_contradicted(pose)):
        known = found.get(fault.group)
        if known is None or fault.frames.sum() > known.frames.sum():
            found[fault.group] = fault
    rms = {group: _largest_rms(pose, group) for group in found}
    return [one for group, one in found.items() if rms[group] >= DRAWN_ALONG * max(rms.values())]


def _largest_rms(pose: SolvedPose, group: str) -> float:
    """Marker error of a group in its worst frame, m RMS; 0 without markers."""
    return float(_frame_rms(pose, group).max(initial=0.0))


def _frame_rms(pose: SolvedPose, group: str) -> FloatArray:
    """Weighted marker error of a group in every frame, m RMS; 0 where it shows no marker."""
    own = pose.carried(group)
    weight = np.where(np.isfinite(pose.errors[:, own]), pose.weights[own], 0.0)
    total = weight.sum(axis=1)
    squares = (weight * np.nan_to_num(pose.errors[:, own]) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(squares / np.where(total > 0, total, 1.0)))


def believed(pose: SolvedPose, faults: Sequence[Fault]) -> Observed:
    """Lose what cannot be believed from what was observed."""
    observed = pose.observed
    for fault in faults:
        observed = observed.without(pose.model_map.groups[fault.group], fault.reason, fault.frames)
    return observed


def without_pose(pose: SolvedPose, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults that leave no pose: of the pelvis, or of most of the body; often none."""
    whole = tuple(fault for fault in faults if fault.frames.all())
    groups = len(pose.model_map.groups)
    if any(one.group == "pelvis" for one in whole) or len(whole) > MOST_OF_BODY * groups:
        return whole
    return ()


def _impossible(pose: SolvedPose) -> Iterator[Fault]:
    """Joints that no person can bring there, where both their segments are observed."""
    joints = pose.model_map.joints.by_name()
    skeleton, seen = pose.skeleton, pose.observed.seen
    angles = joint_angles(skeleton, pose.q, joints)
    for place, frames in impossible_frames(angles).items():
        body = skeleton.joints.index(joints[place])
        shown = seen[:, body] & seen[:, max(int(skeleton.parent[body]), 0)]
        lost = frames & shown
        if lost.any():
            group, total = group_of(place), int(shown.sum())
            words = range_words(place, angles[place].flexion[lost])
            words = f"{words} in {int(lost.sum())} of {total} frames"
            yield Fault(group, IMPOSSIBLE, _spread(lost, IMPOSSIBLE), place, words)


def _contradicted(pose: SolvedPose) -> Iterator[Fault]:
    """Groups whose markers are far from the model."""
    for group, bodies in pose.model_map.groups.items():
        rms = _frame_rms(pose, group)
        columns = [pose.observed.segments.index(body) for body in bodies]
        lost = (rms > GROSS) & pose.observed.seen[:, columns].any(axis=1)
        if lost.any():
            words = (
                f"the markers of the {group.replace('_', ' ')} are "
                f"{distinct(1e3 * rms[lost].mean(), 1e3 * GROSS)} mm "
                f"(RMS) from the model in {int(lost.sum())} of {len(lost)} frames, more than "
                f"{1e3 * GROSS:.0f} mm"
            )
            yield Fault(group, CONTRADICTED, _spread(lost, CONTRADICTED), "", words)


def contradicted_frames(pose: SolvedPose) -> BoolArray:
    """(T,): frames in which a group's or one label's markers are far from the model."""
    errors, usual = np.nan_to_num(pose.errors), pose.usual_errors
    off = (errors > usual + GROSS) & (errors > MANY_TIMES * usual) & pose.trusted
    far = np.asarray(off.any(axis=1))
    for group in pose.model_map.groups:
        far = far | (_frame_rms(pose, group) > GROSS)
    return far


def _spread(lost: BoolArray, reason: str) -> BoolArray:
    """All frames where too many are lost, the lost ones otherwise."""
    return np.ones_like(lost) if lost.mean() > MOST_FRAMES[reason] else lost
