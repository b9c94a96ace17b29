"""Our own full-body sprint model as an OpenSim file, built from published anthropometry.

``python -m validation.sprint_model`` builds all files of models/ again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqbio.body.de_leva import REFERENCE, Sex
from aqbio.body.sprint_body import (
    LOCKED_PREFIXES,
    Body,
    Follower,
    Joint,
    sprint_bodies,
    sprint_joints,
)
from aqbio.body.sprint_geometry import (
    ANATOMICAL_JOINTS,
    PLAIN_JOINTS,
    JointForm,
    Vector,
    X,
    Y,
    Z,
    geometry,
)
from aqbio.body.sprint_markers import sprint_markers
from aqbio.io.atomic import atomic_path
from aqbio.names import GRAVITY
from aqbio.opensim.session import initialised, opensim, vec3

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
DECIMALS = 7
"""Numbers in the file are rounded to 0.1 µm, 0.1 mg and 1e-7 kg m²: the same on every machine."""

CREDITS = (
    "aqbio sprint model. Segment parameters: de Leva P (1996), J Biomech 29:1223-1230. "
    "Every number's source: models/sprint/README.md."
)


FORMS = {"sprint": PLAIN_JOINTS, "sprint_anatomical": ANATOMICAL_JOINTS}
"""Joints of our models, by the names of their folders in models/."""


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
    kind = next((name for name, known in FORMS.items() if known == form), "sprint")
    model = opensim.Model()
    model.setName(f"aqbio_{kind}_{sex}")
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
        place = vec3(_rounded(marker.position))
        model.addMarker(opensim.Marker(marker.name, bodies[marker.body], place))
    model.finalizeConnections()
    _set_ranges(model, hip_height=lengths.hip_height)
    _add_actuators(model)
    model.finalizeConnections()
    initialised(model)
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))


def _rounded(values: object) -> NDArray[np.float64]:
    return np.round(np.asarray(values, dtype=float), DECIMALS) + 0.0  # + 0 turns -0 into 0


def _opensim_body(body: Body) -> Any:
    inertia = _rounded(body.inertia)
    moments = [inertia[0, 0], inertia[1, 1], inertia[2, 2]]
    products = [inertia[0, 1], inertia[0, 2], inertia[1, 2]]
    return opensim.Body(
        body.name,
        float(_rounded(body.mass)),
        vec3(_rounded(body.com)),
        opensim.Inertia(*(float(value) for value in [*moments, *products])),
    )


def _opensim_joint(joint: Joint, parent: Any, child: Any) -> Any:
    here, zero = vec3(_rounded(joint.offset)), vec3([0.0, 0.0, 0.0])
    if not joint.rotations:
        return opensim.WeldJoint(joint.name, parent, here, zero, child, zero, zero)
    transform = opensim.SpatialTransform()
    axes = [transform.updTransformAxis(index) for index in range(6)]
    line = opensim.LinearFunction(1.0, 0.0)
    turns = [(name, direction, line) for name, direction in joint.rotations]
    turns += [(one.coordinate, one.direction, _curve(one)) for one in joint.follows if one.turns]
    for axis, (coordinate, direction, function) in zip(axes, turns, strict=False):
        axis.setAxis(vec3(_rounded(direction)))
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
    powers = opensim.Vector.createFromMat(_rounded(follower.powers)[::-1].copy())
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
        coordinate.setRangeMin(float(_rounded(low)))
        coordinate.setRangeMax(float(_rounded(high)))
        coordinate.setDefaultClamped(False)
        coordinate.setDefaultLocked(name.startswith(LOCKED_PREFIXES))
    coordinates.get("pelvis_ty").setDefaultValue(float(_rounded(hip_height)))


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


if __name__ == "__main__":
    for kind, form in FORMS.items():
        for sex in REFERENCE:
            path = Path("models", kind, f"{kind}_{sex}.osim")
            build_sprint_model(path, sex, form=form)
            print(f"wrote {path}")
