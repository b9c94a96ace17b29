"""Parts of the body as people call them: thigh, shank, foot, upper arm, forearm, by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aqbio.multibody.skeleton import GROUND, Skeleton

MOVED = {
    "hip": "thigh",
    "knee": "shank",
    "ankle": "foot",
    "lumbar": "trunk",
    "shoulder": "upper arm",
    "elbow": "forearm",
}
"""The part that a joint moves."""

LANDMARKS = {
    "pelvis": "the four iliac spines",
    "trunk": "C7, sternum and both acromions",
    "thigh": "both epicondyles of the knee",
    "shank": "both malleoli",
    "foot": "heel, first and fifth metatarsal head",
    "upper arm": "both epicondyles of the elbow",
    "forearm": "both sides of the wrist",
}
"""Landmarks at the far end of a part, which show where it ends and how it is turned."""


class Part(NamedTuple):
    """A part of the body; the side is empty on the midline."""

    name: str
    side: str

    def __str__(self) -> str:
        return f"{self.side} {self.name}".strip()


def parts_of(skeleton: Skeleton, joints: Mapping[str, str]) -> tuple[Part, ...]:
    """The part of each of B segments; joints: the model's by reported name (``hip_left``).

    A segment that no such joint moves belongs to the part that it hangs on: a hand to the forearm.
    """
    named: dict[int, Part] = {}
    for place, joint in joints.items():
        name, _, side = place.partition("_")
        if name in MOVED:
            named[skeleton.joints.index(joint)] = Part(MOVED[name], side)
    parts: list[Part] = []
    for body, parent in enumerate(skeleton.parent):
        above = Part("pelvis", "") if parent == GROUND else parts[parent]
        parts.append(named.get(body, above))
    return tuple(parts)


def listed(parts: tuple[Part, ...]) -> str:
    """Which parts, each once, both sides together: ``both thighs and trunk``."""
    words = []
    for name in dict.fromkeys(part.name for part in parts):
        sides = list(dict.fromkeys(part.side for part in parts if part.name == name))
        plural = "feet" if name == "foot" else f"{name}s"
        words.append(f"both {plural}" if len(sides) == 2 else str(Part(name, sides[0])))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
