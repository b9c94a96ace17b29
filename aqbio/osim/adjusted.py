"""An OpenSim model with the inertia that stage consistency found."""

from __future__ import annotations

from pathlib import Path

from aqbio.io.atomic import atomic_path
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.osim.session import load_model, opensim, vec3

PLACES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Moments, then products of inertia, in OpenSim's order."""


def write_adjusted_model(source: Path, skeleton: Skeleton, path: Path) -> None:
    """Write a copy of a model with the masses, centres of mass and inertias of a skeleton.

    Parameters
    ----------
    source : Path
        The ``.osim`` file that the skeleton was read from before it was adjusted.
    skeleton : Skeleton
        With the same bodies.
    path : Path
        Where the copy goes; everything else in it stays as it is.
    """
    model = load_model(source, muscles=True)
    bodies = model.updBodySet()
    for index, name in enumerate(skeleton.bodies):
        body = bodies.get(name)
        body.setMass(float(skeleton.mass[index]))
        body.setMassCenter(vec3(skeleton.com[index]))
        inertia = skeleton.inertia[index]
        body.setInertia(opensim.Inertia(*(float(inertia[place]) for place in PLACES)))
    model.setName(f"{model.getName()}_consistent")
    model.finalizeConnections()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        model.printToXML(str(temporary))
