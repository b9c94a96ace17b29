"""Proportions of the sprint model: joint centres and lengths of a body of a given stature."""

from __future__ import annotations

from dataclasses import dataclass

from aqbio.body.de_leva import (
    ANSUR,
    ANSUR_STATURE,
    DE_LEVA,
    REFERENCE,
    TRUNK_HEIGHT,
    Sex,
)
from aqbio.body.joint_form import PLAIN, JointForm, Vector

__all__ = ["Geometry", "Vector", "dimension", "geometry"]

HALF_SHOULDER_WIDTH = 0.170 / 1.70
"""Shoulder centre beside the midline, fraction of stature (Rajagopal 2016: 0.170 m at 1.70 m)."""
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
"""Joint of clavicle and breastbone ahead of the line from lumbar joint to shoulders and beside the
midline, fractions of stature, at the height of the notch: 15 mm behind its marker, beside the
breastbone's handle (a choice; 1 cm elsewhere turns the girdle by less than a tenth more)."""


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
    """How the joints are formed."""
    thigh: float
    shank: float
    upper_arm: float
    forearm: float
    hand: float
    foot: float
    """thigh, shank, upper_arm, forearm, hand, foot: Segment lengths."""
    half_hip: float
    half_shoulder: float
    """half_hip, half_shoulder: Joint centres beside the midline."""
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


def geometry(sex: Sex, stature: float, form: JointForm = PLAIN) -> Geometry:
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


def dimension(name: str, stature: float) -> float:
    """A body dimension of Gordon et al. (2014) at a stature, m."""
    return ANSUR[name] * stature / ANSUR_STATURE
