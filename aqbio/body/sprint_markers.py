"""The standard marker set of the sprint model: 51 markers on bony landmarks and clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.body.de_leva import ACROMION_ABOVE_SHOULDER, DE_LEVA, TRUNK_HEIGHT
from aqbio.body.sprint_body import SIDES
from aqbio.body.sprint_geometry import Geometry, Vector, dimension

PELVIC_TILT = np.radians(12.0)
"""Forward inclination of the plane through the iliac spines in standing: 11.3 (4.3) degrees
(Levine and Whittle 1996)."""
PELVIC_DEPTH = 0.165 / 1.741
"""Mid anterior to mid posterior iliac spines, fraction of stature (Rajagopal 2016)."""
INNER_BALL, OUTER_BALL = 0.740, 0.64
"""First and fifth metatarsal heads ahead of the heel, fractions of foot length (Gordon 2014,
Krauss 2008)."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker: the body that carries it and its position in that body's frame, m."""

    name: str
    body: str
    position: Vector


def sprint_markers(lengths: Geometry) -> tuple[Marker, ...]:
    """The markers of the sprint model in the neutral pose's body frames."""
    markers = [*_pelvis(lengths), *_trunk(lengths)]
    for side, sign in SIDES:
        markers += _leg(lengths, side, sign)
    for side, sign in SIDES:
        markers += _arm(lengths, side, sign)
    return tuple(markers)


def iliac_spines(lengths: Geometry) -> tuple[Vector, Vector]:
    """The right anterior and posterior superior iliac spines in the pelvis frame, m.

    Inverse of the hip centre's regression of Harrington et al. (2007, J Biomech 40:595-602): in
    the pelvic plane, mm, ``x = -0.24 PD - 9.9``, ``y = -0.30 PW - 10.9``, ``z = 0.33 PW + 7.3``
    from mid anterior spines, with the hip centre given and the width PW unknown.
    """
    half = lengths.half_hip
    width = (half - 0.0073) / 0.33
    depth = PELVIC_DEPTH * lengths.stature
    hip = np.array([-0.24 * depth - 0.0099, -0.30 * width - 0.0109])
    cos, sin = np.cos(PELVIC_TILT), np.sin(PELVIC_TILT)
    tilt = np.array([[cos, sin], [-sin, cos]])
    front = -tilt @ hip
    back = front + tilt @ np.array([-depth, 0.0])
    behind = 0.36 * width / 2  # posterior spines lie 36 % as far apart (Rajagopal 2016: 45 of 128)
    return (front[0], front[1], width / 2), (back[0], back[1], behind)


def _pelvis(lengths: Geometry) -> list[Marker]:
    front, back = iliac_spines(lengths)
    sacrum = (back[0] - 0.005 * lengths.scale, back[1] - 0.015 * lengths.scale, 0.0)
    return [
        Marker("RASI", "pelvis", front),
        Marker("LASI", "pelvis", _mirrored(front)),
        Marker("RPSI", "pelvis", back),
        Marker("LPSI", "pelvis", _mirrored(back)),
        Marker("SACR", "pelvis", sacrum),
    ]


def _trunk(lengths: Geometry) -> list[Marker]:
    g, trunk = lengths, TRUNK_HEIGHT[lengths.sex]
    stature = g.stature
    cervicale = trunk["cervicale"] * g.scale - g.lumbar_y
    notch = trunk["suprasternale"] * g.scale - g.lumbar_y
    xiphion = g.omphalion_y - g.lumbar_y + DE_LEVA[g.sex]["middle_trunk"].length * g.scale
    depth = 0.4 * dimension("chest_depth", stature)
    acromion = (
        -0.01 * g.scale,
        g.shoulder_y + ACROMION_ABOVE_SHOULDER * g.upper_arm,
        0.94 * g.half_shoulder,
    )
    girdle = (acromion[0] - g.clavicle_x, acromion[1] - g.clavicle_y, acromion[2] - g.clavicle_z)
    vertex = cervicale + DE_LEVA[g.sex]["head"].length * g.scale
    brow = vertex - 0.5 * dimension("tragion_to_vertex", stature) - g.neck_y
    half_head = 0.3 * dimension("head_length", stature)
    temple = 0.45 * dimension("head_breadth", stature)
    ahead = 0.02 * g.scale - g.neck_x
    head_front = (ahead + half_head, brow, temple)
    head_back = (ahead - half_head, brow, temple)
    return [
        Marker("C7", "torso", (-0.070 * g.scale, cervicale, 0.0)),
        Marker("T10", "torso", (-depth, xiphion, 0.0)),
        Marker("CLAV", "torso", (0.060 * g.scale, notch, 0.0)),
        Marker("STRN", "torso", (depth, xiphion, 0.0)),
        Marker("RSHO", "clavicle_r", girdle),
        Marker("LSHO", "clavicle_l", _mirrored(girdle)),
        Marker("RFHD", "head", head_front),
        Marker("LFHD", "head", _mirrored(head_front)),
        Marker("RBHD", "head", head_back),
        Marker("LBHD", "head", _mirrored(head_back)),
    ]


def _leg(lengths: Geometry, side: str, sign: int) -> list[Marker]:
    g, s = lengths, lengths.scale
    letter = side.upper()
    malleolus = 0.55 * dimension("bimalleolar_breadth", g.stature)
    inner = (INNER_BALL * g.foot - g.heel, -0.73 * g.ankle_height, -0.45 * g.foot_breadth)
    outer = (OUTER_BALL * g.foot - g.heel, -0.80 * g.ankle_height, 0.55 * g.foot_breadth)
    positions: dict[str, tuple[str, Vector]] = {
        "TH1": ("femur", (0.060 * s, -0.40 * g.thigh, 0.060 * s)),
        "TH2": ("femur", (-0.020 * s, -0.60 * g.thigh, 0.080 * s)),
        "KNL": ("femur", (0.0, -g.thigh, 0.055 * s)),
        "KNM": ("femur", (0.0, -g.thigh, -0.055 * s)),
        "SH1": ("tibia", (0.045 * s, -0.35 * g.shank, 0.020 * s)),
        "SH2": ("tibia", (-0.010 * s, -0.55 * g.shank, 0.055 * s)),
        "ANL": ("tibia", (-0.005 * s, -g.shank, malleolus)),
        "ANM": ("tibia", (0.005 * s, -g.shank + 0.010 * s, -malleolus)),
        "HEE": ("foot", (-g.heel, -0.50 * g.ankle_height, 0.0)),
        "MT5": ("foot", outer),
        "MT1": ("foot", inner),
        "TOE": ("toes", (0.75 * g.toes, 0.10 * g.ankle_height, 0.0)),
    }
    return _sided(positions, letter, side, sign)


def _arm(lengths: Geometry, side: str, sign: int) -> list[Marker]:
    g, s = lengths, lengths.scale
    positions: dict[str, tuple[str, Vector]] = {
        "UA1": ("humerus", (0.020 * s, -0.50 * g.upper_arm, 0.050 * s)),
        "ELL": ("humerus", (0.0, -g.upper_arm, 0.038 * s)),
        "ELM": ("humerus", (0.0, -g.upper_arm, -0.038 * s)),
        "FA1": ("radius", (0.010 * s, -0.50 * g.forearm, 0.035 * s)),
        "WRA": ("hand", (0.030 * s, 0.0, 0.0)),
        "WRB": ("hand", (-0.030 * s, 0.0, 0.0)),
    }
    return _sided(positions, side.upper(), side, sign)


def _sided(
    positions: dict[str, tuple[str, Vector]], letter: str, side: str, sign: int
) -> list[Marker]:
    return [
        Marker(letter + name, f"{body}_{side}", (x, y, sign * z))
        for name, (body, (x, y, z)) in positions.items()
    ]


def _mirrored(position: Vector) -> Vector:
    return position[0], position[1], -position[2]
