"""How joints of a sprint model are formed: where they sit, what they turn about, what follows.

Models of the field differ in this more than in anything else. `PLAIN` are hinges and balls along
the axes of the segments; `ANATOMICAL` are the joints that Rajagopal et al. (2016) chose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Vector = tuple[float, float, float]

X: Vector = (1.0, 0.0, 0.0)
Y: Vector = (0.0, 1.0, 0.0)
Z: Vector = (0.0, 0.0, 1.0)
NEGATIVE_X: Vector = (-1.0, 0.0, 0.0)
NEGATIVE_Y: Vector = (0.0, -1.0, 0.0)
NEGATIVE_Z: Vector = (0.0, 0.0, -1.0)


@dataclass(frozen=True, slots=True)
class JointForm:
    """What models choose differently. Axes are those of a right limb, positive as in the map."""

    half_hip: float
    """Hip centre beside the midline, fraction of stature."""
    lumbar_behind: float
    """Lumbar joint behind mid-hip, fraction of stature."""
    lumbar_above: float | None
    """Lumbar joint above mid-hip, fraction of stature; None: where de Leva cuts the pelvis."""
    knee: float = 0.0
    """Share of Walker's knee: 0 is a hinge; 1 moves and turns the shank as a cadaver's knee."""
    ankle: Vector = Z
    """Axis of dorsiflexion."""
    subtalar: Vector | None = None
    """Axis of inversion, through the ankle centre; None: the foot does not turn so."""
    ball: Vector = Z
    """Axis of extension of the toes."""
    elbow: Vector = Z
    """Axis of flexion."""
    one_trunk: bool = False
    """Whether head, girdles and trunk are one rigid body."""


PLAIN = JointForm(half_hip=0.085 / 1.741, lumbar_behind=0.0274 / 1.70, lumbar_above=None)
"""Our sprint model. Hips: between Rajagopal (2016) and Hamner (2010), 77 and 84 mm at 1.70 m, 83
here. Lumbar joint: Rajagopal's L5-S1, its pelvis tilted forward by 6 degrees so that the plane of
the spines is inclined as in standing, at the height where de Leva cuts the pelvis."""


def unit(*vector: float) -> Vector:
    """The direction of a vector."""
    x, y, z = (np.array(vector) / np.linalg.norm(vector)).tolist()
    return x, y, z


ANATOMICAL = JointForm(
    half_hip=0.0773 / 1.70,
    lumbar_behind=0.0274 / 1.70,
    lumbar_above=0.1638 / 1.70,
    knee=1.0,
    ankle=unit(-0.105, -0.174, 0.979),
    subtalar=unit(0.787, 0.605, -0.121),
    ball=unit(-0.581, 0.0, 0.814),
    elbow=unit(0.226, 0.022, 0.974),
    one_trunk=True,
)
"""Joints of Rajagopal et al. (2016, IEEE Trans Biomed Eng 63:2068-2079): hips, L5-S1, the ankle's,
subtalar and toes' axes of Delp (1990; Inman 1976), the knee of Walker et al. (1988), a rigid trunk
with the head. The subtalar axis passes the ankle centre in 5 mm there, and goes through it here."""

WALKER = {
    "adduction": (0.0791, -5.733e-4, -7.682e-6, 5.759e-8),
    "rotation": (0.3695, -2.958e-3, 7.666e-6),
    "up": (0.0683, -8.804e-4, 3.750e-6),
    "forward": (0.1283, -4.796e-4),
}
"""Adduction and internal rotation of the shank, degrees, and its way up and forward, mm, by powers
1, 2, ... of the knee's flexion in degrees (Walker, Rovick and Robertson 1988, J Biomech
21:965-974; seen from the shank)."""
OF_TRANSLATION = 0.8
"""Share of Walker's ways in Rajagopal's model, whose thigh is so long, m:"""
THIGH = 0.408


def walker(quantity: str) -> tuple[float, ...]:
    """Coefficients of powers 0, 1, ... of the knee's flexion in rad: rad or parts of the thigh."""
    degree = np.degrees(1.0)
    angle = quantity in ("adduction", "rotation")
    unit = np.radians(1.0) if angle else 1e-3 * OF_TRANSLATION / THIGH
    powers = WALKER[quantity]
    scaled = [unit * value * degree ** (n + 1) for n, value in enumerate(powers)]
    return (0.0, *(float(value) for value in scaled))
