"""Documented corrections of generic OpenSim models; each can be switched off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aqbio.config import Corrections
from aqbio.errors import Finding
from aqbio.opensim.session import array_from_vec3, drop_forces, inertia_matrix, opensim

GAIT2392_TORSO_MASS = 34.2366
"""Head, arms and torso of gait2392 (Delp 1990; Anderson and Pandy 1999), kg."""
TORSO_MASS = 26.8266
"""Torso of Hamner (2010), Rajagopal (2016), Lai and Uhlrich (2023), kg: the same body after the
arms' 7.41 kg were taken out of its mass; inertia and centre of mass stayed those with arms."""
TORSO_INERTIA_FACTOR = TORSO_MASS / GAIT2392_TORSO_MASS
TORSO_TO_HUMERUS = TORSO_MASS / 2.0325
TORSO_TO_PELVIS = TORSO_MASS / 11.777
"""Mass ratios that tell the family, also after scaling with its mass distribution preserved."""
UNCORRECTED_TORSO = 1.4745 / (TORSO_MASS * 0.32**2)
"""Ixx / (mass × height of the centre of mass²) of the family's torso as published."""


def apply_corrections(model: Any, corrections: Corrections) -> list[Finding]:
    """Correct a generic model in place, before its system is built; one finding per correction."""
    findings = []
    if corrections.drop_muscles and (count := int(model.getForceSet().getSize())):
        drop_forces(model)
        what = f"{count} muscles and other forces were dropped."
        findings.append(Finding("corrected-forces", "info", what, number=count))
    if corrections.unclamp and (names := flagged(model, "getDefaultClamped")):
        for name in names:
            model.updCoordinateSet().get(name).setDefaultClamped(False)
        what = f"{len(names)} clamped coordinates were unclamped."
        findings.append(Finding("corrected-clamps", "info", what, number=len(names)))
    if corrections.torso_inertia and torso_is_uncorrected(model):
        _correct_torso(model.updBodySet().get("torso"))
        what = (
            f"the torso's inertia was multiplied by {TORSO_INERTIA_FACTOR:.3f}, the ratio of its "
            "mass to that of gait2392's head, arms and torso, whose inertia it carried."
        )
        number = TORSO_INERTIA_FACTOR
        findings.append(Finding("corrected-torso-inertia", "info", what, number=number))
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
    """Whether it is the torso of the Hamner, Rajagopal and Lai-Uhlrich family.

    The limit lies half-way (geometric mean) between the published and the corrected inertia;
    unequal scale factors of the torso's height and width move the ratio by less than that as long
    as they differ by less than 12 %.
    """
    bodies = model.getBodySet()
    if not all(bodies.contains(name) for name in ("torso", "pelvis", "humerus_r")):
        return False
    torso = bodies.get("torso")
    mass = torso.getMass()
    others = np.array([bodies.get(name).getMass() for name in ("humerus_r", "pelvis")])
    if not np.allclose(mass / others, [TORSO_TO_HUMERUS, TORSO_TO_PELVIS], rtol=1e-3):
        return False
    height = array_from_vec3(torso.getMassCenter())[1]
    shape = inertia_matrix(torso.getInertia())[0, 0] / (mass * height**2)
    return bool(shape > UNCORRECTED_TORSO * np.sqrt(TORSO_INERTIA_FACTOR))


def _correct_torso(torso: Any) -> None:
    inertia = inertia_matrix(torso.getInertia()) * TORSO_INERTIA_FACTOR
    places = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    torso.setInertia(opensim.Inertia(*(float(inertia[place]) for place in places)))
