"""Levels B and C of one trial as a dataset: what contributions/<trial>.nc holds beside level A."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import ModelMap
from aqbio.contributions.induced import contact_velocity
from aqbio.contributions.levels import PRIMARY, Anatomy, Levels, levels
from aqbio.gait.mirror import rotation_about_vertical
from aqbio.gait.steps import Contact
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, SIDES
from aqbio.recordings.prepared import loads_with_toes
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import xarray as xr


Variables = dict[str, tuple[Any, ...]]


def trial_levels(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    touching: BoolArray,
    model_map: ModelMap,
    *,
    surface_height: float = 0.0,
) -> Levels:
    """Levels A, B and C of one trial.

    Parameters
    ----------
    loads : sequence of ExternalLoad
        Ground reaction of the left and of the right foot, which foot and toes share.
    touching : (T, 2) bool array
        From :func:`frames_in_contact`.
    surface_height : float
        Of the ground that the feet touch, m.
    """
    anatomy = Anatomy(
        groups=model_map.groups,
        joints=model_map.joints.by_name(),
        root=model_map.pelvis.joint,
    )
    borne = loads_with_toes(model_map, skeleton, kinematics, loads, surface_height)
    return levels(skeleton, kinematics, borne, touching, anatomy, surface_height=surface_height)


def frames_in_contact(time: FloatArray, contacts: Sequence[Contact]) -> BoolArray:
    """Frames between touchdown and toe-off of the left and of the right foot.

    Returns
    -------
    (T, 2) bool array

    Examples
    --------
    >>> step = Contact("right", 0.1, 0.2, True, 0.2)
    >>> frames_in_contact(np.array([0.0, 0.1, 0.15, 0.25]), [step])[:, 1]
    array([False,  True,  True, False])
    """
    touching = np.zeros((len(time), len(SIDES)), dtype=bool)
    for contact in contacts:
        held = (time >= contact.touchdown) & (time <= contact.toe_off)
        touching[:, SIDES.index(contact.side)] |= held
    return touching


def levels_dataset(computed: Levels, time: FloatArray, heading: float) -> xr.Dataset:
    """Levels B and C in heading-aligned ground axes.

    Parameters
    ----------
    time : (T,) array, s
    heading : float
        Direction of travel, rad to the left of +x.

    Returns
    -------
    xarray.Dataset
        Its dimensions time, group, joint, foot and axis are those of level A's dataset.
    """
    import xarray as xr

    turn = rotation_about_vertical(-heading)

    def vectors(dimensions: str, values: FloatArray, units: str, words: str) -> tuple[Any, ...]:
        names = ("time", *dimensions.split(), "axis")
        return (names, values @ turn.T, {"units": units, "long_name": words})

    variables = _hub_variables(computed, vectors) | _force_variables(computed, vectors)
    variables |= _induced_variables(computed, vectors)
    variables |= _power_variables(computed)
    first = computed.induced[PRIMARY]
    pelvis, balance = computed.hubs[0]
    coordinates: dict[str, Any] = {
        "time": ("time", time, {"units": "s"}),
        "chain": list(pelvis.hub.sources),
        "part": list(balance.parts),
        "group": list(computed.groups),
        "joint": [name for name in computed.joints if name not in ("other", "residual")],
        "source": list(first.sources),
        "contact_model": list(computed.induced),
        "foot": list(SIDES),
        "axis": list(AXES),
    }
    for kinetics, _ in computed.hubs[1:]:
        coordinates["torso_chain"] = list(kinetics.hub.sources)
    return xr.Dataset(variables, coords=coordinates)


def _hub_variables(computed: Levels, vectors: Any) -> Variables:
    """Level B at the pelvis, and at the torso where there is one."""
    pelvis, balance = computed.hubs[0]
    weight = vectors(
        "part", balance.apparent_weight, "N m", "moment of each part's apparent weight"
    )
    variables: Variables = {"apparent_weight_moment": weight}
    for kinetics, _ in computed.hubs:
        hub = kinetics.hub.name
        prefix, chain = ("hub", "chain") if kinetics is pelvis else ("torso", "torso_chain")
        variables |= {
            f"{prefix}_moment": vectors(
                chain, kinetics.moment, "N m", f"moment at the joint, on the {hub}"
            ),
            f"{prefix}_force_moment": vectors(
                chain,
                kinetics.force_moment,
                "N m",
                f"moment of the joint force about the {hub}'s centre of mass",
            ),
            f"{prefix}_force": vectors(chain, kinetics.force, "N", f"joint force on the {hub}"),
            f"{prefix}_rate": vectors(
                "", kinetics.rate, "N m", f"rate of the {hub}'s own angular momentum"
            ),
        }
    return variables


def _force_variables(computed: Levels, vectors: Any) -> Variables:
    """Shares of the ground reaction force and where the feet are held."""
    points = np.stack(
        [np.where(foot.touching[:, None], foot.point, np.nan) for foot in computed.feet], axis=1
    )
    held = np.stack([foot.touching for foot in computed.feet], axis=1)
    mechanics = computed.mechanics
    slip = [
        contact_velocity(mechanics.skeleton, mechanics.kinematics, foot) for foot in computed.feet
    ]
    shares = [
        np.zeros(len(held)) if foot.load.share is None else foot.load.share
        for foot in computed.feet
    ]
    return {
        "inertial_force": vectors(
            "group", computed.shares.inertial, "N", "m (a - g) of each group"
        ),
        "relative_force": vectors(
            "group", computed.shares.relative, "N", "m (a - a_pelvis) of each group"
        ),
        "carried_force": vectors("", computed.shares.carried, "N", "m (a_pelvis - g)"),
        "contact_point": vectors("foot", points, "m", "where level C holds the foot"),
        "contact_velocity": vectors(
            "foot",
            np.where(held[..., None], np.stack(slip, axis=1), np.nan),
            "m/s",
            "of what bears the foot's load, at its contact point",
        ),
        "toes_share": (
            ("time", "foot"),
            np.where(held, np.stack(shares, axis=1), np.nan),
            {"units": "1", "long_name": "of the ground's force that the toes bear"},
        ),
        "foot_held": (("time", "foot"), held, {"long_name": "level C holds the foot"}),
    }


def _induced_variables(computed: Levels, vectors: Any) -> Variables:
    """Level C under all contact models."""
    every = tuple(computed.induced.values())

    def stacked(name: str) -> FloatArray:
        return np.stack([getattr(one, name) for one in every], axis=1)

    by = "contact_model source"
    return {
        "induced_ground_force": vectors(
            f"{by} foot", stacked("force"), "N", "ground reaction force by source"
        ),
        "induced_ground_moment": vectors(
            f"{by} foot",
            stacked("moment"),
            "N m",
            "moment of the ground about the centre of mass by source",
        ),
        "induced_com_acceleration": vectors(
            by, stacked("com_acceleration"), "m/s2", "acceleration of the centre of mass by source"
        ),
        "induced_pelvis_acceleration": vectors(
            by, stacked("pelvis_acceleration"), "rad/s2", "angular acceleration of the pelvis"
        ),
        "induced_momentum_rate": vectors(
            f"{by} group", stacked("group_rate"), "N m", "rate of angular momentum by source"
        ),
    }


def _power_variables(computed: Levels) -> Variables:
    """Power of the joints; that of unnamed joints and of the residual apart."""
    units = {"units": "W", "positive": "adds mechanical energy"}
    power = {name: computed.power[:, index] for index, name in enumerate(computed.joints)}
    rest = {name: power.pop(name) for name in ("other", "residual")}
    return {
        "joint_power": (("time", "joint"), np.stack(list(power.values()), axis=1), units),
        "other_power": (("time",), rest["other"], units),
        "residual_power": (("time",), rest["residual"], units),
    }
