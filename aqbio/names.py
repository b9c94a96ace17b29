"""The vocabulary: names of axes, sides, groups and files, the same everywhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

AXES = ("x", "y", "z")
"""Ground frame: x forward (direction of travel), y up, z right."""

SIDES = ("left", "right")

ANATOMICAL_GROUPS = ("pelvis", "torso", "leg_left", "leg_right", "arm_left", "arm_right")
"""A partition of the body by anatomy: every segment is in exactly one group."""

ROLE_GROUPS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
"""A view of one step: the stance leg is the push leg, the other one the swing leg."""

ROLE_SIDES = {"push_side": ("push_leg", "arms", "torso", "pelvis"), "swing_side": ("swing_leg",)}

GRAVITY = 9.80665
"""Standard acceleration of free fall, m/s²."""

MIN_BODY_KG, MAX_BODY_KG = 20.0, 200.0
"""Body masses of people who run, by a sheet or by plates."""

NORMAL_95 = 1.959964
"""Standard deviations on both sides of the mean that hold 95 % of a normal distribution."""

MEDIAN_OF_NORMAL = 0.6744897501960817
"""Median size of a standard normal number."""

MILLIMETRES = 1e3
"""Of a metre; for sentences."""

MILLISECONDS = 1e3
"""Of a second; for sentences."""

LOW_PASSED = "low-passed"
"""Events of plates whose forces were low-passed so far that only times and impulses are left."""

VERTICAL = "vertical"
"""Events of plates that measure the vertical force, and not the whole one."""

WITHOUT_FORCES = ("kinematic", LOW_PASSED, VERTICAL)
"""Events of steps whose forces are not known."""

NORMAL, RESTRICTED = "normal", "restricted_arms"
"""Conditions of sprints that are compared."""

USABLE = "usable"
PARTLY = "usable without parts"
DOUBTFUL = "doubtful"
NO_STEPS = "without steps"
TRIAL_FAILED = "failed"
TRIAL_STATES = {
    USABLE: "every measure that decides is within its limit",
    PARTLY: "the same, but parts of the body were not observed",
    DOUBTFUL: "a measure outside its limit invalidates some of its numbers, and only these do not "
    "count",
    NO_STEPS: "no contact was kept",
    TRIAL_FAILED: "no results",
}
"""The state of a trial, in tables, gates, figures, pages and on the console: the best first."""

AGAINST_USE = "findings_against_use"
"""Measure of quality.tsv: number of findings that forbid the use of a trial, or of its forces."""

WITH_STEPS = (USABLE, PARTLY, DOUBTFUL)
"""States of trials whose steps are counted."""

INTERVALS = {
    "athletes": "95 % interval over athletes",
    "steps": "95 % interval over this athlete's steps, taken as independent",
    "measurement": "95 % interval of the measurement",
    "difference": "95 % interval of a difference",
    "share": "95 % CI for the share of athletes",
    "choices": "range over the other choices of the analysis",
    "posterior": "90 % interval of a fitted parameter",
}
"""Names of the kinds of interval and ±, one for each kind. Of the measurement: body, plates,
markers, fitted motion, and other models where they are compared. Of a difference: scatter of steps,
and what of these errors does not cancel in it."""


SHIPPED_FOLDER = "shipped"
"""Folder of the package that a wheel has and a checkout has not."""


REFERENCE_TABLE = Path(str(files("aqbio"))) / "reference" / "momentum.tsv"
"""Angular momentum of public runners, beside whom athletes are shown."""


def shipped(name: str) -> Path:
    """Path of a file or folder that comes with aqbio, in a checkout and in an installed wheel."""
    package = Path(str(files("aqbio")))
    inside = package / SHIPPED_FOLDER
    return (inside if inside.is_dir() else package.parent) / name


FIT_STATES = "fit_state_"
"""Prefix of the variables with states of a trial's fit: half of its file, read for draws only."""
