"""How much markers, forces and moments weigh: their standard deviations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from aqbio.consistency.runner import Tissue

TISSUE_SD: Mapping[Tissue, float] = MappingProxyType(
    {
        "thigh": 0.014,
        "pelvis": 0.009,
        "torso": 0.009,
        "upper_arm": 0.008,
        "shank": 0.008,
        "forearm": 0.006,
        "foot": 0.005,
    }
)
"""How far skin markers move on the bone in running, standard deviation by segment, m."""

SENSOR_SD = 0.010
"""Error of one marker that no other one shares: placement, scaling, camera, m. With 4 mm the feet,
whose skin hardly moves but whose markers are misplaced like all others, bent the legs: unseen
markers of recorded runs were predicted 3 to 4 mm worse, virtual sprints no better."""

REFERENCE_MARKER_SD = 0.010
"""Marker error for which the weights were derived, m."""

KNOTS = 0.010
"""Time between knots of the splines, s: dense enough for the first milliseconds of a contact.
Knots of 20 ms cannot follow these, and the rates of torso and arms pay for it
(docs/consistency.md)."""

FRAMES_PER_KNOT = 2.0
"""Knots are not denser than this many frames."""

JERK_SD = 40_000.0
"""Of the third derivative of a coordinate in each frame, rad/s³ or m/s³: a sprinter's knee reaches
as much. Without this belief dense knots follow the noise of the markers."""


LIGHT, ABRUPT = 0.01, 10.0
"""A coordinate that moves less than this part of the body's mass (toes, hands) may have a third
derivative this much larger: toes bend by 30 degrees within 20 ms of a sprinter's push-off."""


@dataclass(frozen=True)
class Weights:
    """Standard deviations by which the rows of the cost are divided."""

    sigma_force_n: float = 30.0
    sigma_moment_nm: float = 10.0
    """sigma_force_n, sigma_moment_nm: Of the residual force and moment in each frame. 30 N and 10 N
    m serve momentum and totals best, 100 N and 30 N m the rates of groups; tighter ones bend the
    motion."""
    sigma_marker_m: float = REFERENCE_MARKER_SD
    """Of a marker; the table of soft tissue is scaled by it over 10 mm. 14 mm of marker error in
    the fit go with 10 mm here."""
    correlation: float = 0.4
    """Between soft-tissue errors of the markers of one segment, 0 to less than 1."""
    tissue_sd_m: Mapping[Tissue, float] = field(default_factory=lambda: dict(TISSUE_SD))
    """Soft-tissue error by class of segment."""
    knot_s: float = KNOTS
    """Time between knots of the splines."""
    coordinate_sd: float = 0.5
    """Of a coordinate from inverse kinematics, rad or m: only holds what nothing else does."""
    jerk_sd: float = JERK_SD
    """Of the third derivative of a coordinate in each frame, rad/s³ or m/s³."""
    learnt_skin: bool = False
    """Whether errors of markers that last are unknowns beside the motion, as large as a first fit
    tells by segment (:mod:`.skin`). Otherwise they are believed to be new in every frame."""

    def __post_init__(self) -> None:
        """Refuse numbers that are no standard deviations."""
        positive = ("sigma_force_n", "sigma_moment_nm", "sigma_marker_m", "knot_s")
        for name in (*positive, "coordinate_sd", "jerk_sd"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}, not positive.")
        if not 0.0 <= self.correlation < 1.0:
            raise ValueError(f"correlation is {self.correlation}, not in [0, 1).")


def knot_spacing(rate: float) -> float:
    """Time between knots of the splines.

    Parameters
    ----------
    rate : float
        Frames per second, Hz.

    Returns
    -------
    float
        s; at least two frames.

    Examples
    --------
    >>> knot_spacing(250.0), knot_spacing(100.0)
    (0.01, 0.02)
    """
    return max(KNOTS, FRAMES_PER_KNOT / rate)
