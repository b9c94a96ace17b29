"""Our own full-body sprint model as OpenSim files, built from published anthropometry.

``python -m models.sprint.make_model`` builds all files of models/ again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.body.de_leva import ANSUR, ANSUR_STATURE, DE_LEVA, REFERENCE, TRUNK_HEIGHT, Sex
from aqbio.body.joint_forms import rounded
from aqbio.body.sprint_body import (
    LOCKED_PREFIXES,
    SIDES,
    Body,
    Follower,
    Joint,
    sprint_bodies,
    sprint_joints,
)
from aqbio.body.sprint_geometry import PLAIN_JOINTS, Geometry, JointForm, Vector, X, Y, Z, geometry
from aqbio.io.atomic import atomic_path
from aqbio.io.skeleton import save_skeleton
from aqbio.names import GRAVITY
from aqbio.opensim.session import initialised, opensim, vec3
from aqbio.opensim.skeleton import read_skeleton
from aqbio.virtual.athlete import MODEL_OF_FORM

TEMPLATE = Path("models", "sprint", "sprint_male.npz")
"""Skeleton over which labels of static trials are laid, so that this needs no OpenSim."""

RANGE_DEGREES: dict[str, tuple[float, float]] = {
    "pelvis_tilt": (-90, 90),
    "pelvis_list": (-90, 90),
    "pelvis_rotation": (-180, 180),
    "hip_flexion": (-40, 140),
    "hip_adduction": (-60, 60),
    "hip_rotation": (-60, 60),
    "knee_angle": (0, 160),
    "ankle_angle": (-60, 45),
    "subtalar_angle": (-45, 45),
    "mtp_angle": (-45, 90),
    "lumbar_extension": (-90, 60),
    "lumbar_bending": (-60, 60),
    "lumbar_rotation": (-60, 60),
    "neck_extension": (-60, 75),
    "neck_bending": (-45, 45),
    "neck_rotation": (-80, 80),
    "clavicle_elevation": (-15, 50),
    "clavicle_protraction": (-30, 30),
    "arm_flex": (-120, 180),
    "arm_add": (-180, 90),
    "arm_rot": (-120, 120),
    "elbow_flex": (0, 160),
    "forearm_pronation": (-90, 90),
}
"""Documented ranges: a coordinate beyond them makes a finding, nothing is clamped."""
RANGE_METRES: dict[str, tuple[float, float]] = {
    "pelvis_tx": (-200, 200),
    "pelvis_ty": (-1, 3),
    "pelvis_tz": (-200, 200),
}
CREDITS = (
    "aqbio sprint model. Segment parameters: de Leva P (1996), J Biomech 29:1223-1230. "
    "Every number's source: models/sprint/README.md."
)


def build_sprint_model(
    path: Path,
    sex: Sex,
    *,
    mass: float | None = None,
    stature: float | None = None,
    form: JointForm = PLAIN_JOINTS,
) -> None:
    """Write the sprint model as an ``.osim`` file; by default de Leva's mean subject.

    19 bodies, 38 coordinates with ``u = dq/dt``, 33 with anatomical joints; no muscles, no clamped
    or coupled coordinates. Neck, girdles and the turning of the forearms are locked until a
    participant's markers show them; one torque actuator on every coordinate but the six of the
    pelvis.
    """
    reference = REFERENCE[sex]
    lengths = geometry(sex, reference.stature if stature is None else stature, form)
    model = opensim.Model()
    model.setName(f"aqbio_{MODEL_OF_FORM[form]}_{sex}")
    model.set_credits(CREDITS)
    model.set_gravity(vec3([0.0, -GRAVITY, 0.0]))
    bodies: dict[str, Any] = {}
    for body in sprint_bodies(sex, mass=mass, stature=stature, form=form):
        bodies[body.name] = _opensim_body(body)
    for joint in sprint_joints(lengths):
        parent = model.getGround() if joint.parent == "ground" else bodies[joint.parent]
        connection = _opensim_joint(joint, parent, bodies[joint.child])
        model.addBody(bodies[joint.child])
        model.addJoint(connection)
    for marker in sprint_markers(lengths):
        place = vec3(rounded(marker.position))
        model.addMarker(opensim.Marker(marker.name, bodies[marker.body], place))
    model.finalizeConnections()
    _set_ranges(model, hip_height=lengths.hip_height)
    _add_actuators(model)
    model.finalizeConnections()
    initialised(model)
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))


def _opensim_body(body: Body) -> Any:
    inertia = rounded(body.inertia)
    moments = [inertia[0, 0], inertia[1, 1], inertia[2, 2]]
    products = [inertia[0, 1], inertia[0, 2], inertia[1, 2]]
    return opensim.Body(
        body.name,
        float(rounded(body.mass)),
        vec3(rounded(body.com)),
        opensim.Inertia(*(float(value) for value in [*moments, *products])),
    )


def _opensim_joint(joint: Joint, parent: Any, child: Any) -> Any:
    here, zero = vec3(rounded(joint.offset)), vec3([0.0, 0.0, 0.0])
    if not joint.rotations:
        return opensim.WeldJoint(joint.name, parent, here, zero, child, zero, zero)
    transform = opensim.SpatialTransform()
    axes = [transform.updTransformAxis(index) for index in range(6)]
    line = opensim.LinearFunction(1.0, 0.0)
    turns = [(name, direction, line) for name, direction in joint.rotations]
    turns += [(one.coordinate, one.direction, _curve(one)) for one in joint.follows if one.turns]
    for axis, (coordinate, direction, function) in zip(axes, turns, strict=False):
        axis.setAxis(vec3(rounded(direction)))
        _drive(axis, coordinate, function)
    idle = _idle([direction for _, direction, _ in turns])
    for axis, direction in zip(axes[len(turns) : 3], idle, strict=True):
        axis.setAxis(vec3(direction))
    if joint.free:
        for axis, coordinate in zip(axes[3:], RANGE_METRES, strict=True):
            _drive(axis, coordinate, line)
    for one in joint.follows:
        if not one.turns:
            _drive(axes[3 + (X, Y, Z).index(one.direction)], one.coordinate, _curve(one))
    return opensim.CustomJoint(joint.name, parent, here, zero, child, zero, zero, transform)


def _curve(follower: Follower) -> Any:
    """A polynomial; OpenSim expects the highest power first."""
    powers = opensim.Vector.createFromMat(rounded(follower.powers)[::-1].copy())
    return opensim.PolynomialFunction(powers)


def _idle(used: list[Vector]) -> list[Vector]:
    """Axes that nothing turns about; they must be independent of the others."""
    found: list[Vector] = []
    for axis in (X, Y, Z):
        if len(used) + len(found) < 3 and np.linalg.matrix_rank([*used, *found, axis]) == (
            len(used) + len(found) + 1
        ):
            found.append(axis)
    return found


def _drive(axis: Any, coordinate: str, function: Any) -> None:
    names = opensim.ArrayStr()
    names.append(coordinate)
    axis.setCoordinateNames(names)
    axis.set_function(function)


def _set_ranges(model: Any, *, hip_height: float) -> None:
    coordinates = model.updCoordinateSet()
    for index in range(coordinates.getSize()):
        coordinate = coordinates.get(index)
        name = coordinate.getName()
        plain = name.removesuffix("_r").removesuffix("_l")
        low, high = RANGE_METRES.get(name) or np.radians(RANGE_DEGREES[plain])
        coordinate.setRangeMin(float(rounded(low)))
        coordinate.setRangeMax(float(rounded(high)))
        coordinate.setDefaultClamped(False)
        coordinate.setDefaultLocked(name.startswith(LOCKED_PREFIXES))
    coordinates.get("pelvis_ty").setDefaultValue(float(rounded(hip_height)))


def _add_actuators(model: Any) -> None:
    coordinates = model.getCoordinateSet()
    for index in range(coordinates.getSize()):
        name = coordinates.get(index).getName()
        if name.startswith("pelvis_"):
            continue
        actuator = opensim.CoordinateActuator(name)
        actuator.setName(f"torque_{name}")
        actuator.setOptimalForce(1.0)
        model.addForce(actuator)


# markers -----------------------------------------------------------------------------------------

ACROMION_ABOVE_SHOULDER = 0.104
"""Acromion above the shoulder centre, fraction of upper arm length (de Leva 1996, J Biomech
29:1231-1233)."""

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
    markers = [*_pelvis_markers(lengths), *_trunk_markers(lengths)]
    for side, sign in SIDES:
        markers += _leg_markers(lengths, side, sign)
    for side, sign in SIDES:
        markers += _arm_markers(lengths, side, sign)
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


def _pelvis_markers(lengths: Geometry) -> list[Marker]:
    front, back = iliac_spines(lengths)
    sacrum = (back[0] - 0.005 * lengths.scale, back[1] - 0.015 * lengths.scale, 0.0)
    return [
        Marker("RASI", "pelvis", front),
        Marker("LASI", "pelvis", _mirrored(front)),
        Marker("RPSI", "pelvis", back),
        Marker("LPSI", "pelvis", _mirrored(back)),
        Marker("SACR", "pelvis", sacrum),
    ]


def _trunk_markers(lengths: Geometry) -> list[Marker]:
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


def _leg_markers(lengths: Geometry, side: str, sign: int) -> list[Marker]:
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


def _arm_markers(lengths: Geometry, side: str, sign: int) -> list[Marker]:
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


def dimension(name: str, stature: float) -> float:
    """A body dimension of Gordon et al. (2014) at a stature, m."""
    return ANSUR[name] * stature / ANSUR_STATURE


if __name__ == "__main__":
    for form, kind in MODEL_OF_FORM.items():
        for sex in REFERENCE:
            path = Path("models", kind, f"{kind}_{sex}.osim")
            build_sprint_model(path, sex, form=form)
            print(f"wrote {path}")
    save_skeleton(read_skeleton(Path("models/sprint/sprint_male.osim")), TEMPLATE)
    print(f"wrote {TEMPLATE}")
