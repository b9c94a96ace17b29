"""Vector signals of a trial by role, side by side: one spline serves all curves of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.config.model_map import Centre
from aqbio.mechanics.gait.mirror import REFLECTION, Kind
from aqbio.mechanics.gait.roles import RoleScheme, by_role, named_matrix, role_name
from aqbio.mechanics.gait.steps import Side
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import SIDES
from aqbio.stages.fitting.curves import consistency_signals, role_sums
from aqbio.stages.levels.curves import hub_signals
from aqbio.stages.stepping.roles import StepRoles

if TYPE_CHECKING:
    import xarray as xr

JOINT_ROLES = (
    *(f"{joint}_push" for joint in ("hip", "knee", "ankle")),
    *(f"{joint}_swing" for joint in ("hip", "knee", "ankle")),
    "lumbar",
    *(f"{joint}_{role}" for joint in ("shoulder", "elbow") for role in ("push", "swing")),
)
"""Joints by role; an arm is named after the leg of its own side."""

FLEXION = "joint_flexion_moment"
"""Name of the sagittal generalised forces, told as three equal components."""

FORCE = "ground_force"

SURE = ("angular_momentum_sd_posterior", "angular_momentum_rate_sd_posterior")
"""Standard deviations among the signals."""


@dataclass(frozen=True, slots=True)
class Block:
    """Signals side by side, in the roles of the steps of one foot.

    Attributes
    ----------
    values : (T, K, 3) array
    signs : (K, 3) array
        How they reflect.
    places : mapping
        Name to the columns among the K.
    """

    values: FloatArray
    signs: FloatArray
    places: Mapping[str, slice]

    @classmethod
    def of(cls, signals: Mapping[Kind, Mapping[str, FloatArray]]) -> Block:
        """Put (T, k, 3) signals side by side, by how they reflect."""
        values, signs, places = [], [], {}
        end = 0
        for kind, alike in signals.items():
            for name, signal in alike.items():
                start, end = end, end + signal.shape[1]
                places[name] = slice(start, end)
                values.append(signal)
                signs.append(np.tile(REFLECTION[kind], (signal.shape[1], 1)))
        return cls(np.concatenate(values, axis=1), np.concatenate(signs), places)


@dataclass(frozen=True, slots=True)
class RoleSignals:
    """Signals of a trial that its steps are cut from.

    Attributes
    ----------
    time : (T,) array, s
    block : callable
        From the foot of the push leg to the signals.
    """

    time: FloatArray
    block: Callable[[Side], Block]

    def curves(self, roles: StepRoles) -> dict[str, FloatArray]:
        """Curves of one step, (2, 101, k, 3) over phase, percent, item and axis by name."""
        own, foot = self.block(roles.step.side), SIDES.index(roles.step.side)
        both = roles.both(self.time, lambda side: self.block(side).values, own.signs)
        found = {name: both[:, :, place] for name, place in own.places.items()}
        found[FORCE] = found[FORCE][:, :, foot : foot + 1]
        for name in SURE:  # a mirrored standard deviation is one
            found[name] = np.abs(found[name])
        return found


def role_signals(trial: xr.Dataset, model_map: ModelMap, scheme: RoleScheme) -> RoleSignals:
    """Signals of a trial in the roles of a scheme, made when they are first asked for.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    model_map : ModelMap
    scheme : RoleScheme
    """
    moments, forces = _moments(trial), _forces(trial)
    momentum, rate = trial["group_angular_momentum"], trial["group_angular_momentum_rate"]
    names = list(map(str, trial["joint"].values))

    @cache
    def block(stance: Side) -> Block:
        axial = {
            "angular_momentum": role_sums(momentum, stance, scheme),
            "angular_momentum_rate": role_sums(rate, stance, scheme),
            "joint_moment": by_role(
                trial["joint_moment"].values, named_matrix(JOINT_ROLES, stance, names)
            ),
            **hub_signals(trial, stance),
            **consistency_signals(trial, scheme, stance),
            **moments,
        }
        polar = {**forces, FLEXION: _flexion(trial, stance, model_map)}
        return Block.of({"axial": axial, "polar": polar})

    return RoleSignals(trial["time"].values, block)


def _moments(trial: xr.Dataset) -> dict[str, FloatArray]:
    """Moments that have no roles, (T, 1, 3)."""
    external = trial["moment_of_force"] + trial["free_moment"]
    moments = {
        "external_moment": external.sum("foot", skipna=False),
        "moment_of_force": trial["moment_of_force"].sum("foot", skipna=False),
        "free_moment": trial["free_moment"].sum("foot", skipna=False),
        "residual_moment": trial["residual_moment"],
    }
    return {name: moment.values[:, None] for name, moment in moments.items()}


def _forces(trial: xr.Dataset) -> dict[str, FloatArray]:
    """Forces and velocity that have no roles; the ground reaction force of both feet."""
    belt = np.array([float(trial.attrs["belt_speed"]), 0.0, 0.0])
    return {
        FORCE: trial["ground_force"].sel(foot=list(SIDES)).values,
        "residual_force": trial["residual_force"].values[:, None],
        "com_velocity": (trial["com_velocity"].values + belt)[:, None],
    }


def _flexion(trial: xr.Dataset, stance: Side, model_map: ModelMap) -> FloatArray:
    """(T, joints, 3) generalised forces three times, extension and plantarflexion positive."""
    forces = trial["joint_moment_coordinate"]
    coordinates = list(map(str, forces["coordinate"].values))
    matrix = np.full((len(JOINT_ROLES), len(coordinates)), np.nan)
    for joint in model_map.flexion.keys() & model_map.sagittal.keys():
        place = model_map.sagittal[joint]
        named = {f"{joint}_{side}": getattr(place, side, None) for side in SIDES}
        for name, own in ({joint: place.centre} if isinstance(place, Centre) else named).items():
            row = np.array([float(coordinate == own) for coordinate in coordinates])
            matrix[JOINT_ROLES.index(role_name(name, stance))] = -model_map.flexion[joint] * row
    return np.repeat(by_role(forces.values, matrix)[..., None], 3, axis=-1)
