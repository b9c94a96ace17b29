"""Push-side and swing-side rotational contributions in sprinting.

As a library: the names in ``__all__`` work on plain arrays; see docs/library.md. They are loaded
when they are first used, so that ``import aqbio`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aqbio.version import __version__

if TYPE_CHECKING:
    from aqbio.contributions.files import model_anatomy
    from aqbio.force_plates.ground_reactions import Run, external_yaw_moment, ground_reactions
    from aqbio.gait.roles import (
        RoleScheme,
        by_role,
        exchanged_in_flight,
        group_sum,
        membership,
        moment_matrix,
        role_name,
    )
    from aqbio.gait.steps import Step, phase_curve, phase_mean, propulsion_start
    from aqbio.intervals.sources import source_sds
    from aqbio.intervals.trial_draws import Sampling, TrialDraws, drawn_level_c, drawn_outcomes
    from aqbio.intervals.uncertainty import DrawnOutcomes, Spread
    from aqbio.look.library import induced, joint_contributions, momentum
    from aqbio.multibody.dynamics import ExternalLoad, newton_euler
    from aqbio.multibody.kinematics import (
        SegmentKinematics,
        SegmentMotion,
        segment_kinematics,
        segment_motion,
    )
    from aqbio.multibody.motion import Motion, spline_motion
    from aqbio.multibody.skeleton import Skeleton
    from aqbio.opensim.skeleton import read_skeleton
    from aqbio.results import StudyResults, open_study, step_curves
    from aqbio.rotation.level_a import ForceShares, LevelA, force_shares, level_a, stance_share
    from aqbio.rotation.levels import Anatomy, Levels, levels
    from aqbio.virtual.demo import DemoRun, demo_run

__all__ = [
    "Anatomy",
    "DemoRun",
    "DrawnOutcomes",
    "ExternalLoad",
    "ForceShares",
    "LevelA",
    "Levels",
    "Motion",
    "RoleScheme",
    "Run",
    "Sampling",
    "SegmentKinematics",
    "SegmentMotion",
    "Skeleton",
    "Spread",
    "Step",
    "StudyResults",
    "TrialDraws",
    "__version__",
    "by_role",
    "demo_run",
    "drawn_level_c",
    "drawn_outcomes",
    "exchanged_in_flight",
    "external_yaw_moment",
    "force_shares",
    "ground_reactions",
    "group_sum",
    "induced",
    "joint_contributions",
    "level_a",
    "levels",
    "membership",
    "model_anatomy",
    "moment_matrix",
    "momentum",
    "newton_euler",
    "open_study",
    "phase_curve",
    "phase_mean",
    "propulsion_start",
    "read_skeleton",
    "role_name",
    "segment_kinematics",
    "segment_motion",
    "source_sds",
    "spline_motion",
    "stance_share",
    "step_curves",
]

_HOMES = {
    "contributions.files": ("model_anatomy",),
    "force_plates.ground_reactions": ("Run", "external_yaw_moment", "ground_reactions"),
    "gait.roles": (
        "RoleScheme",
        "by_role",
        "exchanged_in_flight",
        "group_sum",
        "membership",
        "moment_matrix",
        "role_name",
    ),
    "gait.steps": ("Step", "phase_curve", "phase_mean", "propulsion_start"),
    "intervals.sources": ("source_sds",),
    "intervals.trial_draws": ("Sampling", "TrialDraws", "drawn_level_c", "drawn_outcomes"),
    "intervals.uncertainty": ("DrawnOutcomes", "Spread"),
    "look.library": ("induced", "joint_contributions", "momentum"),
    "multibody.dynamics": ("ExternalLoad", "newton_euler"),
    "multibody.kinematics": (
        "SegmentKinematics",
        "SegmentMotion",
        "segment_kinematics",
        "segment_motion",
    ),
    "multibody.motion": ("Motion", "spline_motion"),
    "multibody.skeleton": ("Skeleton",),
    "opensim.skeleton": ("read_skeleton",),
    "results": ("StudyResults", "open_study", "step_curves"),
    "rotation.level_a": ("ForceShares", "LevelA", "force_shares", "level_a", "stance_share"),
    "rotation.levels": ("Anatomy", "Levels", "levels"),
    "virtual.demo": ("DemoRun", "demo_run"),
}
"""Where the names above are defined; the imports for type checkers say the same (tested)."""


def __getattr__(name: str) -> Any:
    """Load a name of the library when it is first used (PEP 562)."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"aqbio.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'aqbio' has no attribute {name!r}.")


def __dir__() -> list[str]:
    """List what the library offers."""
    return sorted(__all__)
