"""What contributions/<trial>.nc holds: levels A, B and C of one trial, along its heading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.contributions.b_and_c import levels_dataset
from aqbio.contributions.level_a import Closure, LevelA
from aqbio.contributions.levels import Levels
from aqbio.gait.mirror import rotation_about_vertical
from aqbio.gait.steps import Contact
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, SIDES
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import xarray as xr

NEEDS_NO_FORCE = frozenset(
    {
        "com", "com_velocity", "com_acceleration", "foot_velocity",
        "angular_momentum", "angular_momentum_rate",
        "group_angular_momentum", "group_angular_momentum_rate",
        "apparent_weight_moment", "hub_rate", "torso_rate",
        "inertial_force", "relative_force", "carried_force",
    }
)  # fmt: skip
"""Variables that the motion alone gives."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """Everything that stage contributions computes of one trial, ground axes."""

    time: FloatArray
    """(T,) array, s."""
    levels: Levels
    group_momentum: FloatArray
    """(T, G, 3) array, kg m²/s."""
    joints: tuple[str, ...]
    """Tuple of J names."""
    joint_moment: FloatArray
    """(T, J, 3) array, N m. Exerted by the proximal on the distal segment."""
    measured: BoolArray
    """(T,) bool array. Frames with a measured ground reaction force; the others are computed as if
    there were none."""
    contacts: tuple[Contact, ...]
    """Tuple of Contact."""
    touching: BoolArray
    """(T, 2) bool array."""
    closures: tuple[Closure, ...]
    """Tuple of Closure."""

    @property
    def balance(self) -> LevelA:
        """Level A."""
        return self.levels.mechanics.balance

    @property
    def skeleton(self) -> Skeleton:
        """The participant's."""
        return self.levels.mechanics.skeleton


def contributions_dataset(
    result: Contributions, prepared: xr.Dataset, heading: float
) -> xr.Dataset:
    """All results in heading-aligned ground axes, with the contacts of the trial.

    Parameters
    ----------
    prepared : xarray.Dataset
        The prepared trial, for its contacts and attributes.
    heading : float
        Direction of travel, rad to the left of +x.
    """
    import xarray as xr

    skeleton, levels = result.skeleton, result.levels
    level_a = xr.Dataset(
        _level_a_variables(result, rotation_about_vertical(-heading)),
        coords={
            "time": ("time", result.time, {"units": "s"}),
            "segment": list(skeleton.bodies),
            "group": list(levels.groups),
            "joint": list(result.joints),
            "coordinate": list(skeleton.coordinates),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={
            "mass": float(skeleton.mass.sum()),
            "heading": heading,
            "surface": prepared.attrs["surface"],
            "surface_height": float(prepared.attrs["surface_height"]),
            "belt_speed": float(prepared.attrs["belt_speed"]),
            "events": prepared.attrs["events"],
            "frame": "ground: x along the direction of travel, y up, z right",
        },
    )
    dataset = level_a.merge(levels_dataset(levels, result.time, heading), join="exact")
    contacts = [str(name) for name in prepared.variables if str(name).startswith("contact_")]
    if not result.measured.all():  # nothing of what needs forces where there are none
        measured = xr.DataArray(result.measured, dims="time")
        dataset = dataset.assign(
            {
                str(name): variable.where(measured)
                for name, variable in dataset.data_vars.items()
                if variable.dtype.kind == "f" and name not in NEEDS_NO_FORCE
            }
        )
    return dataset.merge(prepared[contacts].drop_vars(list(AXES), errors="ignore"), join="exact")


def _level_a_variables(result: Contributions, turn: FloatArray) -> dict[str, tuple[Any, ...]]:
    """Level A and joint moments, turned into the direction of travel."""
    balance, mechanics = result.balance, result.levels.mechanics
    velocity, bodies = mechanics.motion.velocity, result.skeleton.bodies
    pelvis = velocity[:, result.levels.hubs[0][0].hub.root]
    feet = [velocity[:, bodies.index(load.body)] - pelvis for load in mechanics.loads]

    def vectors(dimensions: str, values: FloatArray, units: str) -> tuple[Any, ...]:
        return (("time", *dimensions.split(), "axis"), values @ turn.T, {"units": units})

    return {
        "com": vectors("", balance.com, "m"),
        "com_velocity": vectors("", balance.com_velocity, "m/s"),
        "com_acceleration": vectors("", balance.com_acceleration, "m/s2"),
        "foot_velocity": vectors("foot", np.stack(feet, axis=1), "m/s"),
        "angular_momentum": vectors("segment", balance.momentum, "kg m2/s"),
        "angular_momentum_rate": vectors("segment", balance.rate, "N m"),
        "group_angular_momentum": vectors("group", result.group_momentum, "kg m2/s"),
        "group_angular_momentum_rate": vectors("group", result.levels.group_rate, "N m"),
        "ground_force": vectors("foot", balance.force, "N"),
        "moment_of_force": vectors("foot", balance.moment_of_force, "N m"),
        "free_moment": vectors("foot", balance.free_moment, "N m"),
        "residual_moment": vectors("", balance.residual_moment, "N m"),
        "residual_force": vectors("", balance.residual_force, "N"),
        "joint_moment": vectors("joint", result.joint_moment, "N m"),
        "joint_moment_coordinate": (
            ("time", "coordinate"),
            mechanics.forces,
            {"units": "N m or N"},
        ),
    }
