"""A participant's model: of a calibrated body, adjusted to the forces, or scaled elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.body.body_points import BodyPoint
from aqbio.body.shape import Shape, Template
from aqbio.config.models import Corrections
from aqbio.errors import Finding
from aqbio.io.atomic import atomic_path
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.corrections import apply_corrections
from aqbio.opensim.session import initialised, load_model, opensim, vec3
from aqbio.opensim.skeleton import read_skeleton
from aqbio.vectors import FloatArray


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
    _turn_hinges(model, template, skeleton)
    _hold(model, skeleton)
    _replace_markers(model, skeleton, names)
    model.setName(path.stem)
    model.finalizeConnections()
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))


def _weigh(model: Any, skeleton: Skeleton, heavier: float) -> None:
    """The bodies the skeleton's masses and inertias, times how much heavier the person is."""
    weights = zip(heavier * skeleton.mass, heavier * skeleton.inertia, strict=True)
    for name, (mass, inertia) in zip(skeleton.bodies, weights, strict=True):
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = inertia.tolist()
        body = model.updBodySet().get(name)
        body.setMass(float(mass))
        body.setInertia(opensim.Inertia(xx, yy, zz, xy, xz, yz))


def _turn_hinges(model: Any, template: Template, skeleton: Skeleton) -> None:
    """The joint frames of the hinges their orientations."""
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


def _hold(model: Any, skeleton: Skeleton) -> None:
    """Lock the coordinates that the markers do not show, and free those that they do."""
    coordinates = model.updCoordinateSet()
    for name, locked in zip(skeleton.coordinates, skeleton.coordinate_locked, strict=True):
        coordinates.get(name).setDefaultLocked(bool(locked))


def _body_fixed(rotation: FloatArray) -> FloatArray:
    """Body-fixed x-y-z angles of a rotation, rad, as OpenSim writes orientations."""
    from scipy.spatial.transform import Rotation

    angles: FloatArray = np.asarray(Rotation.from_matrix(rotation).as_euler("XYZ"))
    return angles


def _replace_markers(model: Any, skeleton: Skeleton, names: Mapping[str, str]) -> None:
    markers = model.updMarkerSet()
    markers.clearAndDestroy()
    for label, body, place in zip(
        skeleton.markers, skeleton.marker_body, skeleton.marker_position, strict=True
    ):
        segment = model.getBodySet().get(skeleton.bodies[body])
        marker = opensim.Marker(names[label], segment, vec3(place))
        model.addMarker(marker)


def write_adjusted_model(source: Path, skeleton: Skeleton, path: Path) -> None:
    """Write a copy of a model with the masses, centres of mass and inertias of a skeleton."""
    model = load_model(source, muscles=True)
    _weigh(model, skeleton, 1.0)
    for name, centre in zip(skeleton.bodies, skeleton.com, strict=True):
        model.updBodySet().get(name).setMassCenter(vec3(centre))
    model.setName(f"{model.getName()}_consistent")
    model.finalizeConnections()
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))


def corrected_model(
    source: Path, output: Path, corrections: Corrections, points: Sequence[BodyPoint] = ()
) -> tuple[float, list[Finding]]:
    """Write an own model with the documented corrections; its mass, kg, and findings."""
    model = load_model(source, muscles=not corrections.drop_muscles)
    findings = apply_corrections(model, corrections)
    _add_markers(model, points)
    model.setName(output.stem)  # programs name models after persons
    with atomic_path(output) as temporary:
        model.printToXML(str(temporary))
    written = load_model(output)
    return float(written.getTotalMass(initialised(written, file=source))), findings


def _add_markers(model: Any, points: Sequence[BodyPoint]) -> None:
    for point in points:
        body = model.getBodySet().get(point.body)
        model.addMarker(opensim.Marker(point.name, body, opensim.Vec3(*point.position)))
    model.finalizeConnections()
