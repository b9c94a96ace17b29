"""The vocabulary: names of axes, sides, groups and files, the same everywhere."""

from __future__ import annotations

AXES = ("x", "y", "z")
"""Ground frame: x forward (direction of travel), y up, z right."""

SIDES = ("left", "right")

ANATOMICAL_GROUPS = ("pelvis", "torso", "leg_left", "leg_right", "arm_left", "arm_right")
"""A partition of the body by anatomy: every segment is in exactly one group."""

ROLE_GROUPS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
"""A view of one step: the stance leg is the push leg, the other one the swing leg."""

ROLE_SIDES = {
    "push_side": ("push_leg", "arms", "torso", "pelvis"),
    "swing_side": ("swing_leg",),
}

GRAVITY = 9.80665
"""Standard acceleration of free fall, m/s²."""

NORMAL_95 = 1.959964
"""Standard deviations on both sides of the mean that hold 95 % of a normal distribution."""

NORMAL, RESTRICTED = "normal", "restricted_arms"
"""Conditions of sprints that are compared."""
