"""Published segment parameters and body proportions, as data.

Axes of a segment: x forward, y along the segment (up in the standing body), z right. Numbers of
Dempster and Croskey are quoted as textbooks give them, without the papers at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEG_SHARE = (0.161, 0.209)
"""Share of one leg in the body's mass, least and most of the published tables: cadavers (Dempster
1955, WADC TR 55-159) and living women (de Leva 1996, J Biomech 29:1223-1230; her men: 0.199)."""

LEG_SHARE_SD = 0.010
"""Between people of one table: 5 % of the leg, as thighs differ in Zatsiorsky's sample."""

STANDING_SHARE = (0.55, 0.57)
"""Height of the centre of mass in standing over stature: women 0.554, men 0.562 on the reaction
board (Croskey et al. 1922, Am J Physiol 61:171-185), rounded to whole percent outwards."""


def leg_share_limits() -> tuple[float, float]:
    """Limits of the share of a human leg: two SD between people beyond the published tables."""
    return LEG_SHARE[0] - 2 * LEG_SHARE_SD, LEG_SHARE[1] + 2 * LEG_SHARE_SD


Sex = Literal["female", "male"]


@dataclass(frozen=True, slots=True)
class SegmentParameters:
    """Inertial parameters of one segment relative to the body's mass and the segment's length."""

    mass: float
    """Fraction of the body's mass."""
    length: float
    """Distance between the two end points of the reference subject, m."""
    centre: float
    """Centre of mass: distance from the first end point as a fraction of the length."""
    gyration: tuple[float, float, float]
    """tuple of three floats. Radii of gyration about x (sagittal axis), y (longitudinal) and z
    (transverse) through the centre of mass, as fractions of the length."""


@dataclass(frozen=True, slots=True)
class ReferenceSubject:
    """The mean subject that a table of segment parameters describes: stature m, mass kg."""

    stature: float
    mass: float


REFERENCE: dict[Sex, ReferenceSubject] = {
    "male": ReferenceSubject(stature=1.741, mass=73.0),
    "female": ReferenceSubject(stature=1.735, mass=61.9),
}
"""Mean subjects of de Leva (1996), J Biomech 29:1223-1230."""

DE_LEVA: dict[Sex, dict[str, SegmentParameters]] = {
    "male": {
        "head": SegmentParameters(0.0694, 0.2429, 0.5002, (0.303, 0.261, 0.315)),
        "upper_trunk": SegmentParameters(0.1596, 0.1707, 0.2999, (0.716, 0.659, 0.454)),
        "middle_trunk": SegmentParameters(0.1633, 0.2155, 0.4502, (0.482, 0.468, 0.383)),
        "lower_trunk": SegmentParameters(0.1117, 0.1457, 0.6115, (0.615, 0.587, 0.551)),
        "upper_arm": SegmentParameters(0.0271, 0.2817, 0.5772, (0.285, 0.158, 0.269)),
        "forearm": SegmentParameters(0.0162, 0.2689, 0.4574, (0.276, 0.121, 0.265)),
        "hand": SegmentParameters(0.0061, 0.0862, 0.7900, (0.628, 0.401, 0.513)),
        "thigh": SegmentParameters(0.1416, 0.4222, 0.4095, (0.329, 0.149, 0.329)),
        "shank": SegmentParameters(0.0433, 0.4403, 0.4395, (0.251, 0.102, 0.246)),
        "foot": SegmentParameters(0.0137, 0.2581, 0.4415, (0.124, 0.245, 0.257)),
    },
    "female": {
        "head": SegmentParameters(0.0668, 0.2437, 0.4841, (0.271, 0.261, 0.295)),
        "upper_trunk": SegmentParameters(0.1545, 0.1425, 0.2077, (0.746, 0.718, 0.502)),
        "middle_trunk": SegmentParameters(0.1465, 0.2053, 0.4512, (0.433, 0.415, 0.354)),
        "lower_trunk": SegmentParameters(0.1247, 0.1815, 0.4920, (0.433, 0.444, 0.402)),
        "upper_arm": SegmentParameters(0.0255, 0.2751, 0.5754, (0.278, 0.148, 0.260)),
        "forearm": SegmentParameters(0.0138, 0.2643, 0.4559, (0.261, 0.094, 0.257)),
        "hand": SegmentParameters(0.0056, 0.0780, 0.7474, (0.531, 0.335, 0.454)),
        "thigh": SegmentParameters(0.1478, 0.3685, 0.3612, (0.369, 0.162, 0.364)),
        "shank": SegmentParameters(0.0481, 0.4386, 0.4352, (0.267, 0.092, 0.263)),
        "foot": SegmentParameters(0.0129, 0.2283, 0.4014, (0.139, 0.279, 0.299)),
    },
}
"""Segment parameters of de Leva (1996), J Biomech 29:1223-1230, table 4.

End points, in this order: head vertex to cervicale (C7); upper trunk suprasternale to xiphion;
middle trunk xiphion to omphalion; lower trunk omphalion to mid-hip; upper arm shoulder to elbow
centre; forearm elbow to wrist centre; hand wrist centre to third metacarpal; thigh hip to knee
centre; shank knee to ankle centre; foot heel to tip of the longest toe. The foot's longitudinal
axis is x, so its radii are given in the order longitudinal, vertical, transverse.
"""

PAIRED = ("upper_arm", "forearm", "hand", "thigh", "shank", "foot")
"""Segments that the body has twice."""

TRUNK_HEIGHT: dict[Sex, dict[str, float]] = {
    "male": {"suprasternale": 0.5319, "mid_shoulder": 0.5155, "cervicale": 0.6033},
    "female": {"suprasternale": 0.5293, "mid_shoulder": 0.4979, "cervicale": 0.6148},
}
"""Distance from mid-hip along the trunk of the reference subject, m (de Leva 1996, table 4)."""

ANSUR_STATURE = 1.71441
ANSUR: dict[str, float] = {
    "bimalleolar_breadth": 0.07225,
    "chest_depth": 0.25174,
    "foot_breadth": 0.09887,
    "foot_length": 0.26303,
    "hand_breadth": 0.08495,
    "head_breadth": 0.15218,
    "head_length": 0.19633,
    "lateral_malleolus_height": 0.06958,
    "tragion_to_vertex": 0.12962,
}
"""Mean body dimensions of 6,068 men and women of mean stature 1.71441 m, m.

Gordon et al. (2014), 2012 Anthropometric Survey of U.S. Army Personnel, Natick/TR-15/007.
"""


def total_mass_fraction(sex: Sex) -> float:
    """The sum of the mass fractions of the whole body."""
    return sum(
        parameters.mass * (2 if name in PAIRED else 1) for name, parameters in DE_LEVA[sex].items()
    )


def combined_inertia(
    mass: NDArray[np.float64], com: NDArray[np.float64], inertia: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Mass, centre and inertia about it of P rigid parts; parts of negative mass are removed.

    Parallel axes: ``I = Σ [I_p + m_p (|d_p|² 1 - d_p d_pᵀ)]`` with ``d_p = c_p - c``.
    """
    total = float(mass.sum())
    centre = mass @ com / total
    arm = com - centre
    square = np.einsum("pi,pi->p", arm, arm)
    shift = square[:, None, None] * np.eye(3) - np.einsum("pi,pj->pij", arm, arm)
    return total, centre, (inertia + mass[:, None, None] * shift).sum(axis=0)
