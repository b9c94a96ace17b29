"""What one trial says under one arm: momentum by group, forces and steps, however computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import SIDES
from aqbio.steps.contacts import trial_contacts, trial_steps

if TYPE_CHECKING:
    import xarray as xr

LEG_JOINTS = ("hip", "knee", "ankle")


@dataclass(frozen=True, slots=True)
class TrialState:
    """One trial in heading-aligned ground axes.

    Attributes
    ----------
    time : (T,) array, s
    groups : tuple of G names
        Anatomical groups.
    momentum : (T, G, 3) array, kg m²/s
        About the body's centre of mass.
    relative_force : (T, G, 3) array, N
        ``Σ m (a − a_pelvis)`` of each group.
    force : (T, 2, 3) array, N
        Ground reaction force of the left and of the right foot.
    external_moment : (T, 3) array, N m
        Of the ground about the centre of mass.
    position, velocity : (T, 3) arrays, m and m/s
        Of the centre of mass; the velocity with the treadmill's belt.
    sagittal : (T, 2, 3) array, N m
        Sagittal moments of hip, knee and ankle of the left and of the right leg; NaN where the
        model lacks one. Their signs are the model's: only sizes are read.
    mass : float, kg
    steps : tuple of Step
    """

    time: FloatArray
    groups: tuple[str, ...]
    momentum: FloatArray
    relative_force: FloatArray
    force: FloatArray
    external_moment: FloatArray
    position: FloatArray
    velocity: FloatArray
    sagittal: FloatArray
    mass: float
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same frames and groups."""
        expected = (len(self.time), len(self.groups), 3)
        for name in ("momentum", "relative_force"):
            if (shape := getattr(self, name).shape) != expected:
                raise ValueError(f"{name} has shape {shape}, expected {expected}.")


def measured_state(study: Study, data: xr.Dataset) -> TrialState:
    """Give the state that stage contributions wrote: the study's own settings.

    Parameters
    ----------
    data : xarray.Dataset
        contributions/<trial>.nc
    """
    moment = data["moment_of_force"] + data["free_moment"]
    belt = np.array([float(data.attrs["belt_speed"]), 0.0, 0.0])
    return TrialState(
        time=data["time"].values,
        groups=tuple(str(name) for name in data["group"].values),
        momentum=data["group_angular_momentum"].values,
        relative_force=data["relative_force"].values,
        force=data["ground_force"].values,
        external_moment=moment.sum("foot", skipna=False).values,
        position=data["com"].values,
        velocity=data["com_velocity"].values + belt,
        sagittal=sagittal_moments(
            study,
            [str(name) for name in data["coordinate"].values],
            data["joint_moment_coordinate"].values,
        ),
        mass=float(data.attrs["mass"]),
        steps=trial_steps(study, list(trial_contacts(data)), data["time"].values),
    )


def sagittal_moments(study: Study, coordinates: Sequence[str], forces: FloatArray) -> FloatArray:
    """Sagittal moments of both legs, (T, 2, 3), from the generalised forces (T, C)."""
    moments = np.full((len(forces), len(SIDES), len(LEG_JOINTS)), np.nan)
    for joint, name in enumerate(LEG_JOINTS):
        place = study.model_map.sagittal.get(name)
        for side, half in enumerate(SIDES):
            coordinate = getattr(place, half, None)
            if coordinate in coordinates:
                moments[:, side, joint] = forces[:, coordinates.index(coordinate)]
    return moments
