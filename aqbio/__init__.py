"""Push-side and swing-side rotational contributions in sprinting.

As a library: the names in ``__all__`` work on plain arrays; see docs/library.md. They are loaded
when they are first used, so that ``import aqbio`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aqbio.io.anatomy import model_anatomy
    from aqbio.mechanics.contributions.level_a import LevelA, level_a
    from aqbio.mechanics.contributions.levels import Anatomy, Levels, levels
    from aqbio.mechanics.contributions.shares import ForceShares, force_shares, stance_share
    from aqbio.mechanics.force_plates.ground_reactions import (
        external_yaw_moment,
        ground_reactions,
    )
    from aqbio.mechanics.gait.groups import group_sum, membership
    from aqbio.mechanics.gait.roles import (
        RoleScheme,
        by_role,
        exchanged_in_flight,
        moment_matrix,
        role_name,
    )
    from aqbio.mechanics.gait.stance import propulsion_start
    from aqbio.mechanics.gait.steps import Step, phase_curve, phase_mean
    from aqbio.mechanics.intervals.sources import source_sds
    from aqbio.mechanics.intervals.trial_draws import (
        Sampling,
        TrialDraws,
        drawn_level_c,
        drawn_outcomes,
    )
    from aqbio.mechanics.intervals.uncertainty import DrawnOutcomes, Spread
    from aqbio.mechanics.multibody.dynamics import ExternalLoad, inverse_dynamics
    from aqbio.mechanics.multibody.kinematics import (
        SegmentKinematics,
        SegmentMotion,
        segment_kinematics,
        segment_motion,
    )
    from aqbio.mechanics.multibody.motion import Motion, spline_motion
    from aqbio.mechanics.multibody.skeleton import Skeleton
    from aqbio.osim.skeleton import read_skeleton
    from aqbio.virtual.demo_run import DemoRun, demo_run

__version__ = "0.2.0"

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
    "Sampling",
    "SegmentKinematics",
    "SegmentMotion",
    "Skeleton",
    "Spread",
    "Step",
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
    "inverse_dynamics",
    "level_a",
    "levels",
    "membership",
    "model_anatomy",
    "moment_matrix",
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
]

_HOMES = {
    "io.anatomy": ("model_anatomy",),
    "mechanics.contributions.level_a": ("LevelA", "level_a"),
    "mechanics.contributions.levels": ("Anatomy", "Levels", "levels"),
    "mechanics.contributions.shares": ("ForceShares", "force_shares", "stance_share"),
    "mechanics.force_plates.ground_reactions": ("external_yaw_moment", "ground_reactions"),
    "mechanics.gait.groups": ("group_sum", "membership"),
    "mechanics.gait.roles": (
        "RoleScheme",
        "by_role",
        "exchanged_in_flight",
        "moment_matrix",
        "role_name",
    ),
    "mechanics.gait.stance": ("propulsion_start",),
    "mechanics.gait.steps": ("Step", "phase_curve", "phase_mean"),
    "mechanics.intervals.sources": ("source_sds",),
    "mechanics.intervals.trial_draws": (
        "Sampling",
        "TrialDraws",
        "drawn_level_c",
        "drawn_outcomes",
    ),
    "mechanics.intervals.uncertainty": ("DrawnOutcomes", "Spread"),
    "mechanics.multibody.dynamics": ("ExternalLoad", "inverse_dynamics"),
    "mechanics.multibody.kinematics": (
        "SegmentKinematics",
        "SegmentMotion",
        "segment_kinematics",
        "segment_motion",
    ),
    "mechanics.multibody.motion": ("Motion", "spline_motion"),
    "mechanics.multibody.skeleton": ("Skeleton",),
    "osim.skeleton": ("read_skeleton",),
    "virtual.demo_run": ("DemoRun", "demo_run"),
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
