"""Proportions and joint forms of the sprint model: joint centres, lengths, axes of the joints.

Published models differ most in their joints. `PLAIN_JOINTS` are hinges and ball joints along the
axes of the segments; `ANATOMICAL_JOINTS` are the joints that Rajagopal et al. (2016) chose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.body.de_leva import ANSUR, DE_LEVA, REFERENCE, TRUNK_HEIGHT, Sex

Vector = tuple[float, float, float]

X: Vector = (1.0, 0.0, 0.0)
Y: Vector = (0.0, 1.0, 0.0)
Z: Vector = (0.0, 0.0, 1.0)
NEGATIVE_X: Vector = (-1.0, 0.0, 0.0)
NEGATIVE_Y: Vector = (0.0, -1.0, 0.0)
NEGATIVE_Z: Vector = (0.0, 0.0, -1.0)


@dataclass(frozen=True, slots=True)
class JointForm:
    """Joint parameters in which models differ. Axes of a right limb, positive as in the map."""

    half_hip: float
    """Distance of the hip centre from the midline, fraction of stature."""
    lumbar_behind: float
    """Lumbar joint behind mid-hip, fraction of stature."""
    lumbar_above: float | None
    """Lumbar joint above mid-hip, fraction of stature; None: where de Leva cuts the pelvis."""
    knee: float = 0.0
    """Share of Walker's knee: 0 is a hinge; 1 moves and turns the shank as a cadaver's knee."""
    ankle: Vector = Z
    """Axis of dorsiflexion."""
    subtalar: Vector | None = None
    """Axis of inversion, through the ankle centre; None: no inversion."""
    ball: Vector = Z
    """Axis of extension of the toes."""
    elbow: Vector = Z
    """Axis of flexion."""
    one_trunk: bool = False
    """True if head, girdles and trunk are one rigid body."""


PLAIN_JOINTS = JointForm(half_hip=0.085 / 1.741, lumbar_behind=0.0274 / 1.70, lumbar_above=None)
"""Our sprint model. Hips: between Rajagopal (2016) and Hamner (2010), 77 and 84 mm at 1.70 m, 83
here. Lumbar joint: Rajagopal's L5-S1, its pelvis tilted forward by 6 degrees so that the plane of
the spines is inclined as in standing, at the height where de Leva cuts the pelvis."""


def unit(*vector: float) -> Vector:
    """The direction of a vector."""
    x, y, z = (np.array(vector) / np.linalg.norm(vector)).tolist()
    return x, y, z


ANATOMICAL_JOINTS = JointForm(
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
"""Adduction and internal rotation of the shank, degrees, and its shift up and forward, mm, by
powers 1, 2, ... of the knee's flexion in degrees (Walker, Rovick and Robertson 1988, J Biomech
21:965-974; seen from the shank)."""
WALKER_TRANSLATION_SHARE = 0.8
"""Share of Walker's translations in Rajagopal's model."""
WALKER_THIGH_M = 0.408
"""Length of the thigh in Rajagopal's model, by which these translations are scaled."""


def walker(quantity: str) -> tuple[float, ...]:
    """Coefficients of powers 0, 1, ... of the knee's flexion in rad: rad or parts of the thigh."""
    degree = np.degrees(1.0)
    angle = quantity in ("adduction", "rotation")
    unit = np.radians(1.0) if angle else 1e-3 * WALKER_TRANSLATION_SHARE / WALKER_THIGH_M
    powers = WALKER[quantity]
    scaled = [unit * value * degree ** (n + 1) for n, value in enumerate(powers)]
    return (0.0, *(float(value) for value in scaled))


HALF_SHOULDER_WIDTH = 0.170 / 1.70
"""Distance of the shoulder centre from the midline, fraction of stature (Rajagopal 2016: 0.170 m at
1.70 m)."""
ANKLE_FROM_HEEL = 0.21
"""Ankle centre ahead of the heel, fraction of foot length: calcaneus to talus 0.0488 m in the
foot of Delp (1990), plus 8 mm of heel pad, in a foot of 0.27 m."""
BALL_FROM_HEEL = 0.69
"""Metatarsophalangeal axis ahead of the heel, fraction of foot length: mean of the inner ball
(0.740, Gordon 2014) and the outer one (0.64, Krauss 2008)."""
ANKLE_HEIGHT = ANSUR["lateral_malleolus_height"] / ANSUR["foot_length"]
"""Ankle centre above the sole, fraction of foot length (Gordon et al. 2014)."""
BALL_BELOW_ANKLE = 0.73
"""Metatarsophalangeal axis below the ankle, fraction of ankle height (Delp 1990)."""

STERNOCLAVICULAR = (0.045 / 1.741, 0.025 / 1.741)
"""Sternoclavicular joint ahead of the line from lumbar joint to shoulders and lateral to the
midline, fractions of stature, at the height of the notch: 15 mm behind its marker, lateral to the
manubrium (a choice; 1 cm elsewhere turns the girdle by less than a tenth more)."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Lengths of the body, m."""

    sex: Sex
    """{"female", "male"}."""
    stature: float
    """Lengths are those of the reference subject times ``stature`` / its stature."""
    scale: float
    """That ratio."""
    form: JointForm
    """Parameters of the joints."""
    thigh: float
    shank: float
    upper_arm: float
    forearm: float
    hand: float
    foot: float
    """thigh, shank, upper_arm, forearm, hand, foot: Segment lengths."""
    half_hip: float
    half_shoulder: float
    """half_hip, half_shoulder: Distances of the joint centres from the midline."""
    lumbar_x: float
    lumbar_y: float
    """lumbar_x, lumbar_y: Lumbar joint in the pelvis frame."""
    omphalion_y: float
    """Above mid-hip: where de Leva cuts pelvis and trunk."""
    shoulder_y: float
    """Mid-shoulder above the lumbar joint."""
    neck_x: float
    neck_y: float
    """neck_x, neck_y: Neck joint in the torso frame: on the trunk's long axis, at the height of
    C7."""
    clavicle_x: float
    clavicle_y: float
    clavicle_z: float
    """clavicle_x, clavicle_y, clavicle_z: Right sternoclavicular joint in the torso frame."""
    ankle_height: float
    heel: float
    ball: float
    toes: float
    foot_breadth: float
    """ankle_height, heel, ball, toes, foot_breadth: Ankle above the sole; heel behind and ball
    ahead of the ankle; ball to tip of the toes; breadth of the forefoot."""

    @property
    def hip_height(self) -> float:
        """Mid-hip above the sole in the neutral pose, m."""
        return self.thigh + self.shank + self.ankle_height


def geometry(sex: Sex, stature: float, form: JointForm = PLAIN_JOINTS) -> Geometry:
    """The lengths of a body of a given stature."""
    table = DE_LEVA[sex]
    scale = stature / REFERENCE[sex].stature
    foot = table["foot"].length * scale
    omphalion = table["lower_trunk"].length * scale
    lumbar_x = -form.lumbar_behind * stature
    lumbar_y = omphalion if form.lumbar_above is None else form.lumbar_above * stature
    trunk = {name: height * scale - lumbar_y for name, height in TRUNK_HEIGHT[sex].items()}
    return Geometry(
        sex=sex,
        stature=stature,
        scale=scale,
        form=form,
        thigh=table["thigh"].length * scale,
        shank=table["shank"].length * scale,
        upper_arm=table["upper_arm"].length * scale,
        forearm=table["forearm"].length * scale,
        hand=table["hand"].length * scale,
        foot=foot,
        half_hip=form.half_hip * stature,
        half_shoulder=HALF_SHOULDER_WIDTH * stature,
        lumbar_x=lumbar_x,
        lumbar_y=lumbar_y,
        omphalion_y=omphalion,
        shoulder_y=trunk["mid_shoulder"],
        neck_x=lumbar_x
        * (trunk["cervicale"] - trunk["mid_shoulder"])
        / (trunk["mid_shoulder"] + lumbar_y),
        neck_y=trunk["cervicale"],
        clavicle_x=STERNOCLAVICULAR[0] * stature,
        clavicle_y=trunk["suprasternale"],
        clavicle_z=STERNOCLAVICULAR[1] * stature,
        ankle_height=ANKLE_HEIGHT * foot,
        heel=ANKLE_FROM_HEEL * foot,
        ball=(BALL_FROM_HEEL - ANKLE_FROM_HEEL) * foot,
        toes=(1 - BALL_FROM_HEEL) * foot,
        foot_breadth=ANSUR["foot_breadth"] / ANSUR["foot_length"] * foot,
    )
