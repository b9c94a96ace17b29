"""Muscles of an OpenSim model: forces from activations, and the generalised forces of tensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.multibody.motion import Motion, folded_forces
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.reference import MovedModel, mobility_slots
from aqbio.opensim.session import load_model, opensim, quiet, reason
from aqbio.vectors import FloatArray


def muscle_names(model_file: Path) -> tuple[str, ...]:
    """Names of the muscles of a model, in its order."""
    with quiet(level="Off"):
        model = load_model(model_file, muscles=True)  # which owns its muscles
    muscles = model.getMuscles()
    return tuple(muscles.get(index).getName() for index in range(muscles.getSize()))


def generalised_tensions(
    model_file: Path, skeleton: Skeleton, motion: Motion, tensions: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Generalised forces of tendon forces along the paths of their muscles.

    Parameters
    ----------
    tensions : mapping of str to (T,) array, N
        By muscle of the model.

    Returns
    -------
    dict of str to (T, C) array, N m or N
        Forces of dependent coordinates are folded into those that they depend on.
    """
    moved = MovedModel.read(model_file, skeleton.coordinates, muscles=True)
    matter, state = moved.model.getMatterSubsystem(), moved.state
    slots = mobility_slots(state, moved.coordinates)
    muscles = moved.model.getMuscles()
    paths = {name: _path(muscles.get(name), model_file) for name in tensions}
    bodies = moved.model.getBodySet().getSize() + 1
    arms = {name: np.zeros_like(motion.q) for name in tensions}
    for frame in range(len(motion.q)):
        moved.move(motion, frame)
        for name, path in paths.items():
            forces, direct, all_forces = _empty(bodies), _zeros(slots), _zeros(slots)
            path.addInEquivalentForces(state, 1.0, forces, direct)
            matter.multiplyBySystemJacobianTranspose(state, forces, all_forces)
            arms[name][frame] = (all_forces.to_numpy() + direct.to_numpy())[slots]
    return {
        name: folded_forces(skeleton, motion.q, arm * tensions[name][:, None])
        for name, arm in arms.items()
    }


def tensions_of_activations(
    model_file: Path, skeleton: Skeleton, motion: Motion, activations: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Tendon forces (T,), N, of muscles in equilibrium with their tendons at given activations."""
    moved = MovedModel.read(model_file, skeleton.coordinates, muscles=True)
    muscles = {name: moved.model.getMuscles().get(name) for name in activations}
    tensions = {name: np.empty(len(motion.q)) for name in activations}
    for frame in range(len(motion.q)):
        moved.move(motion, frame)
        for name, muscle in muscles.items():
            muscle.setActivation(moved.state, float(np.clip(activations[name][frame], 0.0, 1.0)))
        with quiet(level="Off"):
            for name, muscle in muscles.items():
                _settle(muscle, name, moved.state, model_file)
            moved.model.realizeVelocity(moved.state)
            for name, muscle in muscles.items():
                tensions[name][frame] = muscle.getTendonForce(moved.state)
    return tensions


def _settle(muscle: Any, name: str, state: Any, model_file: Path) -> None:
    """Bring a muscle's fibre into equilibrium with its tendon."""
    try:
        muscle.computeEquilibrium(state)
    except RuntimeError as error:
        raise AqbioError(
            f"muscle {name} finds no equilibrium: {reason(error)}",
            file=model_file.name,
            fix="give muscle forces instead of activations.",
            rule="muscle-equilibrium",
        ) from error


def _path(muscle: Any, model_file: Path) -> Any:
    """Geometry path of a muscle."""
    try:
        return muscle.getGeometryPath()
    except RuntimeError as error:
        raise AqbioError(
            f"muscle {muscle.getName()} has no path of points: {reason(error)}",
            file=model_file.name,
            fix="use a model whose muscles have a GeometryPath.",
            rule="muscle-path",
        ) from error


def _zeros(slots: Sequence[int]) -> Any:
    return opensim.Vector(len(slots), 0.0)


def _empty(bodies: int) -> Any:
    """Forces on bodies, all zero: SimTK leaves new ones unset."""
    zero = opensim.SpatialVec(opensim.Vec3(0.0), opensim.Vec3(0.0))
    return opensim.VectorOfSpatialVec(bodies, zero)
