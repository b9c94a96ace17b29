"""OpenSim models of participants: calibrated, adjusted to forces, or supplied and corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.body.anatomy import BodyPoint
from aqbio.body.shape import Shape, Template
from aqbio.config import Corrections
from aqbio.errors import Finding
from aqbio.io.atomic import atomic_path
from aqbio.multibody.jacobians import TENSOR_ENTRIES
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.opensim.session import (
    array_from_vec3,
    drop_forces,
    inertia_matrix,
    initialised,
    load_model,
    opensim,
    vec3,
)
from aqbio.opensim.skeleton import read_skeleton
from aqbio.vectors import FloatArray

GAIT2392_TORSO_MASS_KG = 34.2366
"""Head, arms and torso of gait2392 (Delp 1990; Anderson and Pandy 1999), kg."""
TORSO_MASS_KG = 26.8266
"""Torso of Hamner (2010), Rajagopal (2016), Lai and Uhlrich (2023), kg: the same body after the
arms' 7.41 kg were taken out of its mass; inertia and centre of mass stayed those with arms."""
TORSO_INERTIA_FACTOR = TORSO_MASS_KG / GAIT2392_TORSO_MASS_KG
TORSO_TO_HUMERUS_MASS = TORSO_MASS_KG / 2.0325
TORSO_TO_PELVIS_MASS = TORSO_MASS_KG / 11.777
"""Mass ratios that identify the family, also after scaling that preserves the mass distribution."""
UNCORRECTED_TORSO_INERTIA = 1.4745 / (TORSO_MASS_KG * 0.32**2)
"""Ixx / (mass × height of the centre of mass²) of the family's torso as published."""


def apply_corrections(model: Any, corrections: Corrections) -> list[Finding]:
    """Correct a generic model in place, before its system is built; one finding per correction."""
    findings = []
    if corrections.drop_muscles and (count := int(model.getForceSet().getSize())):
        drop_forces(model)
        message = f"{count} muscles and other forces were dropped."
        findings.append(Finding("corrected-forces", "info", message, number=count))
    if corrections.unclamp and (names := flagged(model, "getDefaultClamped")):
        for name in names:
            model.updCoordinateSet().get(name).setDefaultClamped(False)
        message = f"{len(names)} clamped coordinates were unclamped."
        findings.append(Finding("corrected-clamps", "info", message, number=len(names)))
    if corrections.torso_inertia and torso_is_uncorrected(model):
        torso = model.updBodySet().get("torso")
        inertia = inertia_matrix(torso.getInertia()) * TORSO_INERTIA_FACTOR
        torso.setInertia(opensim.Inertia(*(float(inertia[index]) for index in TENSOR_ENTRIES)))
        message = (
            f"the torso's inertia was multiplied by {TORSO_INERTIA_FACTOR:.3f}, the ratio of its "
            "mass to that of gait2392's head, arms and torso, whose inertia it carried."
        )
        number = TORSO_INERTIA_FACTOR
        findings.append(Finding("corrected-torso-inertia", "info", message, number=number))
    return findings


def coordinates(model: Any) -> Iterator[Any]:
    """Go through the coordinates of a model."""
    members = model.getCoordinateSet()
    for index in range(members.getSize()):
        yield members.get(index)


def flagged(model: Any, flag: str) -> list[str]:
    """The coordinates for which a getter, such as ``getDefaultLocked``, is true."""
    return [
        coordinate.getName() for coordinate in coordinates(model) if getattr(coordinate, flag)()
    ]


def torso_is_uncorrected(model: Any) -> bool:
    """Tell whether a torso is the uncorrected one of the Hamner, Rajagopal and Lai-Uhlrich family.

    The limit lies half-way (geometric mean) between the published and the corrected inertia;
    unequal scale factors of the torso's height and width move the ratio by less than that as long
    as they differ by less than 12 %.
    """
    bodies = model.getBodySet()
    if not all(bodies.contains(name) for name in ("torso", "pelvis", "humerus_r")):
        return False
    torso = bodies.get("torso")
    mass = torso.getMass()
    neighbour_masses = np.array([bodies.get(name).getMass() for name in ("humerus_r", "pelvis")])
    if not np.allclose(
        mass / neighbour_masses, [TORSO_TO_HUMERUS_MASS, TORSO_TO_PELVIS_MASS], rtol=1e-3
    ):
        return False
    height = array_from_vec3(torso.getMassCenter())[1]
    shape = inertia_matrix(torso.getInertia())[0, 0] / (mass * height**2)
    return bool(shape > UNCORRECTED_TORSO_INERTIA * np.sqrt(TORSO_INERTIA_FACTOR))


def generic_skeleton(
    source: Path, corrections: Corrections, scratch: Path
) -> tuple[Skeleton, Path, list[Finding]]:
    """The skeleton of a corrected generic model, its file, and what was corrected."""
    model = load_model(source, muscles=not corrections.drop_muscles)
    findings = apply_corrections(model, corrections)
    corrected = scratch / "corrected.osim"
    model.printToXML(str(corrected))
    return read_skeleton(corrected), corrected, findings


def write_calibrated_model(
    source: Path,
    path: Path,
    template: Template,
    shape: Shape,
    names: Mapping[str, str],
    mass: float,
) -> None:
    """Write a model with the size, mass (kg), hinge axes and markers of a calibrated body.

    Segments keep the generic model's shares of mass; inertias follow their sizes (`body.shape`).
    The shape has no sliding skin (:meth:`Template.moving_shape`).
    """
    model = load_model(source, muscles=True)
    skeleton = template.skeleton_of(shape)
    scales = opensim.ScaleSet()
    for name, factors in zip(skeleton.bodies, template.factors(shape), strict=True):
        scale = opensim.Scale()
        scale.setSegmentName(name)
        scale.setScaleFactors(vec3(factors))
        scale.setApply(True)
        scales.cloneAndAppend(scale)
    model.scale(model.initSystem(), scales, True, mass)
    _weigh(model, skeleton, mass / float(skeleton.mass.sum()))
    for name, centre in zip(skeleton.bodies, skeleton.com, strict=True):
        model.updBodySet().get(name).setMassCenter(vec3(centre))
    _turn_hinges(model, template, skeleton)
    for name, locked in zip(skeleton.coordinates, skeleton.coordinate_locked, strict=True):
        model.updCoordinateSet().get(name).setDefaultLocked(bool(locked))
    _replace_markers(model, skeleton, names)
    model.setName(path.stem)
    model.finalizeConnections()
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))


def _weigh(model: Any, skeleton: Skeleton, heavier: float) -> None:
    """Give bodies the skeleton's masses and inertias, times the ratio of the person's mass."""
    weights = zip(heavier * skeleton.mass, heavier * skeleton.inertia, strict=True)
    for name, (mass, inertia) in zip(skeleton.bodies, weights, strict=True):
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = inertia.tolist()
        body = model.updBodySet().get(name)
        body.setMass(float(mass))
        body.setInertia(opensim.Inertia(xx, yy, zz, xy, xz, yz))


def _turn_hinges(model: Any, template: Template, skeleton: Skeleton) -> None:
    """Give the joint frames of hinges their orientations."""
    joints = model.updJointSet()
    for body in template.hinges:
        joint = joints.get(skeleton.joints[body])
        turns = {
            joint.getParentFrame().getName(): skeleton.parent_rotation[body],
            joint.getChildFrame().getName(): skeleton.child_rotation[body].T,
        }
        for index in range(len(turns)):
            frame = joint.upd_frames(index)
            frame.set_orientation(vec3(_body_fixed(turns[frame.getName()])))


def _body_fixed(rotation: FloatArray) -> FloatArray:
    """Body-fixed x-y-z angles of a rotation, rad, as OpenSim writes orientations."""
    angles: FloatArray = np.asarray(Rotation.from_matrix(rotation).as_euler("XYZ"))
    return angles


def _replace_markers(model: Any, skeleton: Skeleton, names: Mapping[str, str]) -> None:
    markers = model.updMarkerSet()
    markers.clearAndDestroy()
    for label, body, position in zip(
        skeleton.markers, skeleton.marker_body, skeleton.marker_position, strict=True
    ):
        segment = model.getBodySet().get(skeleton.bodies[body])
        marker = opensim.Marker(names[label], segment, vec3(position))
        model.addMarker(marker)


def write_adjusted_model(source: Path, skeleton: Skeleton, path: Path) -> None:
    """Write a copy of a model with a skeleton's masses, inertias, centres and place on the ground.

    The last is the frame, fixed in the ground, of the joint that carries the body.
    """
    model = load_model(source, muscles=True)
    _weigh(model, skeleton, 1.0)
    for name, centre in zip(skeleton.bodies, skeleton.com, strict=True):
        model.updBodySet().get(name).setMassCenter(vec3(centre))
    for body in np.flatnonzero(skeleton.parent == GROUND):
        rotation, position = skeleton.parent_rotation[body], skeleton.parent_position[body]
        _set_ground_frame(model.updJointSet().get(skeleton.joints[body]), rotation, position)
    model.setGravity(vec3(skeleton.gravity))
    model.setName(f"{model.getName()}_consistent")
    model.finalizeConnections()
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))


def _set_ground_frame(joint: Any, rotation: FloatArray, position: FloatArray) -> None:
    """Give the frame of a joint in the ground, one of its own, a rotation and a position, m."""
    frame = joint.getParentFrame()
    count = joint.getPropertyByName("frames").size()
    names = [joint.get_frames(index).getName() for index in range(count)]
    if frame.getName() in names:
        offset_frame = joint.upd_frames(names.index(frame.getName()))
        offset_frame.set_translation(vec3(position))
        offset_frame.set_orientation(vec3(_body_fixed(rotation)))
        return
    if np.allclose(rotation, np.eye(3), rtol=0.0, atol=0.0) and not position.any():
        return  # the joint is on the ground itself
    offset_frame = opensim.PhysicalOffsetFrame("cameras", frame, opensim.Transform())
    offset_frame.set_translation(vec3(position))
    offset_frame.set_orientation(vec3(_body_fixed(rotation)))
    joint.addFrame(offset_frame)
    joint.connectSocket_parent_frame(offset_frame)


def corrected_model(
    source: Path, output: Path, corrections: Corrections, points: Sequence[BodyPoint] = ()
) -> tuple[float, list[Finding]]:
    """Write a supplied model with the documented corrections; return its mass, kg, and findings."""
    model = load_model(source, muscles=not corrections.drop_muscles)
    findings = apply_corrections(model, corrections)
    for point in points:
        body = model.getBodySet().get(point.body)
        model.addMarker(opensim.Marker(point.name, body, opensim.Vec3(*point.position)))
    model.finalizeConnections()
    model.setName(output.stem)  # programs name models after persons
    with atomic_path(output) as temporary:
        model.printToXML(str(temporary))
    written = load_model(output)
    return float(written.getTotalMass(initialised(written, file=source))), findings
