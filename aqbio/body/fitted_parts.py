"""Which part of a person each body of a model is, and which bodies change size together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.config import ModelMap
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.vectors import IntArray

MIDDLE = ("pelvis", "torso")
LIMBS = {"leg": ("thigh", "shank", "foot", "toes"), "arm": ("upper_arm", "forearm")}
"""Parts of each limb, from the trunk outwards."""

ENDS = {"thigh": "knee", "shank": "ankle", "foot": "mtp", "upper_arm": "elbow"}
"""Joint at the far end of each part that has one."""

STARTS = {
    "thigh": "hip", "shank": "knee", "foot": "ankle", "toes": "mtp",
    "upper_arm": "shoulder", "forearm": "elbow",
}  # fmt: skip
"""Joint at which each part of a limb begins."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of a person, and the bodies of a model that belong to each."""

    names: tuple[str, ...]
    """tuple of U str. Parts that the model has: ``pelvis``, ``torso``, ``thigh_right``, … Bodies of
    one part (the talus and the calcaneus, both bones of a forearm and its hand) change size
    together."""
    of_body: IntArray
    """(B,) int array. Part of each body."""
    first: IntArray
    """(U,) int array. Body with which each part begins, the one that its joint moves."""

    def index(self, name: str) -> int:
        """The index of a part; a ValueError without it."""
        return self.names.index(name)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Parts without their sides."""
        return tuple(part_kind(name) for name in self.names)


def part_kind(name: str) -> str:
    """Part without its side: ``upper_arm`` of ``upper_arm_left``."""
    kind, _, side = name.rpartition("_")
    return kind if side in SIDES else name


def body_parts(skeleton: Skeleton, model_map: ModelMap) -> Parts:
    """Which part of a person each body is: from each joint of the map to the next.

    A kneecap belongs to the thigh, a clavicle or a head to the torso: each body to the nearest part
    towards the pelvis, unless a joint of the map begins one.
    """
    joints = model_map.joints.by_name()
    begins = {skeleton.bodies.index(model_map.pelvis.body): "pelvis"}
    if (lumbar := joints.get("lumbar")) is not None:
        begins[skeleton.joints.index(lumbar)] = "torso"
    for side in SIDES:
        for part, joint in STARTS.items():
            if (name := joints.get(f"{joint}_{side}")) is not None:
                begins[skeleton.joints.index(name)] = f"{part}_{side}"
    ordered = sorted(begins)
    names = tuple(begins[body] for body in ordered)
    of_body = np.zeros(len(skeleton.bodies), dtype=np.int64)
    for body, parent in enumerate(skeleton.parent):
        of_body[body] = ordered.index(body) if body in begins else of_body[parent]
    return Parts(names, of_body, np.array(ordered, dtype=np.int64))
