"""Pelvis, trunk, legs and arms of a skeleton, told from where its bodies are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from aqbio.multibody.poses import SegmentPoses, dependent_filled, segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import FloatArray, rotate

FORWARD, UP, RIGHT = 0, 1, 2
"""Ground axes in which OpenSim's models stand."""

ASIDE = 0.04
"""Joints of limbs are at least this far from the midline, m."""

LONG = 0.15
"""Thigh, shank, upper arm and forearm are at least this long from joint to joint, m."""


@dataclass(frozen=True)
class Posture:
    """A skeleton in its default pose."""

    skeleton: Skeleton
    q: FloatArray
    """(C,) array, rad or m."""

    @classmethod
    def default(cls, skeleton: Skeleton) -> Posture:
        """The pose that the model has when nobody moves it."""
        return cls(skeleton, dependent_filled(skeleton, skeleton.coordinate_default[None])[0])

    @cached_property
    def poses(self) -> SegmentPoses:
        """Where every body is, one frame."""
        return segment_poses(self.skeleton, self.q[None])

    @cached_property
    def centres(self) -> FloatArray:
        """(B, 3) array, m: centre of the joint that moves each body, on the ground's axes."""
        centres: FloatArray = self.poses.joint_centre[0]
        return centres

    @cached_property
    def com(self) -> FloatArray:
        """(B, 3) array, m: centre of mass of each body."""
        place: FloatArray = self.poses.origin[0] + rotate(self.poses.rotation[0], self.skeleton.com)
        return place

    def children(self, body: int) -> list[int]:
        """Bodies that hang on a body."""
        return np.flatnonzero(self.skeleton.parent == body).tolist()

    def beyond(self, body: int) -> list[int]:
        """A body and all that hang on it, parents before children."""
        return np.flatnonzero(self.skeleton.lineage[:, body]).tolist()

    def mass_centre(self, body: int) -> FloatArray:
        """Centre of mass of a body and all that hang on it, m."""
        own = self.beyond(body)
        mass = self.skeleton.mass[own]
        weights = mass if mass.sum() > 0.0 else np.ones(len(own))
        centre: FloatArray = np.average(self.com[own], axis=0, weights=weights)
        return centre


@dataclass(frozen=True, slots=True)
class Limbs:
    """Parts of a body by the indices of its bodies."""

    pelvis: int
    trunk: tuple[int, ...]
    """Torso, neck and head; empty when the model ends at the pelvis."""
    legs: dict[str, tuple[int, ...]]
    arms: dict[str, tuple[int, ...]]
    """legs, arms: Bodies of each side that was found, the chain to the end of the limb first, in
    order."""


def limbs_of(posture: Posture) -> Limbs:
    """Find pelvis, trunk, legs and arms.

    The pelvis is the heaviest tree's root. Legs are branches of it whose mass lies below their
    joint, to the right (+z) and left of it; the trunk is the heaviest branch whose mass lies above.
    Arms are branches of the trunk that begin beside the midline and have a twin on the other side.
    """
    skeleton = posture.skeleton
    roots = np.flatnonzero(skeleton.parent == GROUND).tolist()
    if not roots:
        raise ValueError("no body hangs on the ground.")
    pelvis = max(roots, key=lambda body: float(skeleton.mass[posture.beyond(body)].sum()))
    legs: dict[str, tuple[int, ...]] = {}
    upward = []
    for child in posture.children(pelvis):
        reach = posture.mass_centre(child) - posture.centres[child]
        aside = posture.centres[child] - posture.centres[pelvis]
        if reach[UP] < 0.0 and abs(aside[RIGHT]) > ASIDE:
            legs["right" if aside[RIGHT] > 0.0 else "left"] = _limb(posture, child)
        elif reach[UP] > 0.0:
            upward.append(child)
    if not upward:
        return Limbs(pelvis, (), legs, {})
    root = max(upward, key=lambda body: float(skeleton.mass[posture.beyond(body)].sum()))
    arms = {side: _limb(posture, body) for side, body in _arm_roots(posture, root)}
    armed = {body for arm in arms.values() for body in arm}
    taken = {pelvis, *armed, *(body for leg in legs.values() for body in leg)}
    trunk = [body for body in posture.beyond(root) if body not in armed]
    trunk += [body for branch in upward for body in posture.beyond(branch) if branch != root]
    return Limbs(pelvis, tuple(body for body in trunk if body not in taken), legs, arms)


def _arm_roots(posture: Posture, trunk: int) -> Iterator[tuple[str, int]]:
    """Branches beside the midline with a twin on the other side, the heaviest pair."""
    middle = posture.centres[trunk][RIGHT]
    sides: dict[str, list[int]] = {"right": [], "left": []}
    for body in posture.beyond(trunk):
        parent = int(posture.skeleton.parent[body])
        aside = posture.centres[body][RIGHT] - middle
        inside = parent == GROUND or abs(posture.centres[parent][RIGHT] - middle) <= ASIDE
        if body != trunk and abs(aside) > ASIDE and inside:
            sides["right" if aside > 0.0 else "left"].append(body)
    for side, found in sides.items():
        if found and all(sides.values()):
            masses = posture.skeleton.mass
            yield side, max(found, key=lambda body: float(masses[posture.beyond(body)].sum()))


def _limb(posture: Posture, root: int) -> tuple[int, ...]:
    """Bodies of a limb: the chain to its farthest joint, then what else hangs on it."""
    own = posture.beyond(root)
    far = max(own, key=lambda body: _depth(posture, root, body))
    chain = [body for body in own if posture.skeleton.lineage[far, body]]
    return (*chain, *(body for body in own if body not in chain))


def _depth(posture: Posture, root: int, body: int) -> tuple[int, float]:
    """How many joints and how far a body is from the root of its limb."""
    links = int(posture.skeleton.lineage[body].sum())
    return links, float(np.linalg.norm(posture.centres[body] - posture.centres[root]))


def long_bodies(posture: Posture, limb: Sequence[int]) -> list[tuple[int, int]]:
    """Long bodies of a limb outwards, each with the body whose joint ends it."""
    return [
        (body, end)
        for body, end in pairwise(limb)
        if posture.skeleton.parent[end] == body
        and float(np.linalg.norm(posture.centres[end] - posture.centres[body])) > LONG
    ]
