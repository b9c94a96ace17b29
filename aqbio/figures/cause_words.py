"""Sources of level C in a reader's words: who causes rotation and force."""

from __future__ import annotations

MODELS = ("C2", "C1", "C3", "C4")
"""Contact models; the first is the primary one."""

SUMS = ("push_side", "swing_side")
JOINTS = ("hip", "knee", "ankle_toes", "ankle", "mtp")
"""Of the standing foot ankle and toes are told together."""

JOINT_WORDS = {"mtp": "toes", "ankle_toes": "ankle and toes"}
"""Joints that are not called what their source is."""
ARM_JOINTS = ("shoulder", "elbow")
OTHERS = ("gravity", "velocity", "contact", "remainder", "residual")
TOGETHER = "together"
"""All sources at once: by superposition the measured rate or force, residual included."""

SOURCES = (
    TOGETHER,
    *SUMS,
    *(f"{joint}_push" for joint in JOINTS),
    "lumbar",
    *(f"{joint}_{side}" for joint in ARM_JOINTS for side in ("push", "swing")),
    *(f"{joint}_swing" for joint in JOINTS),
    *OTHERS,
)
"""Sources from top to bottom."""

LABELS = {
    TOGETHER: "all together: measured",
    "push_side": "all push-side joints",
    "swing_side": "all swing-side joints",
    "lumbar": "lumbar joint",
    "gravity": "gravity",
    "velocity": "velocity terms",
    "contact": "foot's own motion",
    "remainder": "rest of contact",
    "residual": "residual",
    "push_leg": "push leg",
    "swing_leg": "swing leg",
    "legs": "both legs",
    "arms": "arms",
    "torso": "torso",
}
EARLY_AND_LATE = ("braking", "propulsion")
"""Stance before and after the fore-aft force turns."""

GROUPS = ("push_leg", "swing_leg", "legs", "arms", "torso")
ORDER = (*SOURCES, *GROUPS)
"""All bars from top to bottom."""


def source_label(source: str) -> str:
    """Name a source in words."""
    if source in LABELS:
        return LABELS[source]
    joint, _, side = source.rpartition("_")
    return f"{JOINT_WORDS.get(joint, joint)}, {side}"
