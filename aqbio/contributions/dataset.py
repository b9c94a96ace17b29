"""Datasets of stage contributions: levels A, B and C of one trial, along its heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from aqbio.body.records import ParticipantModel
from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.force_plates.alignment import Alignment
from aqbio.gait.roles import group_sum, membership
from aqbio.gait.steps import Contact, rotation_about_vertical
from aqbio.inverse_dynamics.files import MISREAD_CONTACTS
from aqbio.inverse_dynamics.fitted import fit_values
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, SIDES
from aqbio.observed.parts import ObservedParts
from aqbio.prepare.prepared import NO_FREE_MOMENT, foot_loads, loads_with_toes, measured_loads
from aqbio.rotation.level_a import LevelA, level_a
from aqbio.rotation.levels import NO_ACTUATORS, PRIMARY, Anatomy, Levels, levels
from aqbio.vectors import BoolArray, FloatArray

Variables = dict[str, tuple[Any, ...]]


def trial_levels(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    touching: BoolArray,
    model_map: ModelMap,
    *,
    surface_height: float = 0.0,
    actuators: Mapping[str, FloatArray] = NO_ACTUATORS,
) -> Levels:
    """Levels A, B and C of one trial; `touching` from :func:`frames_in_contact`."""
    anatomy = Anatomy(
        groups=model_map.groups, joints=model_map.joints.by_name(), root=model_map.pelvis.joint
    )
    loads_on_segments = loads_with_toes(model_map, skeleton, kinematics, loads, surface_height)
    return levels(
        skeleton, kinematics, loads_on_segments, touching, anatomy,
        surface_height=surface_height, actuators=actuators,
    )  # fmt: skip


def frames_in_contact(time: FloatArray, contacts: Sequence[Contact]) -> BoolArray:
    """(T, 2) bool: frames between touchdown and toe-off of the left and of the right foot."""
    touching = np.zeros((len(time), len(SIDES)), dtype=bool)
    for contact in contacts:
        in_contact = (time >= contact.touchdown) & (time <= contact.toe_off)
        touching[:, SIDES.index(contact.side)] |= in_contact
    return touching


def levels_dataset(computed: Levels, time: FloatArray, heading: float) -> xr.Dataset:
    """Levels B and C in heading-aligned ground axes, with the dimensions of level A's dataset."""
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
    words = "moment of each part's apparent weight"
    variables = {"apparent_weight_moment": vectors("part", balance.apparent_weight, "N m", words)}
    for kinetics, _ in computed.hubs:
        hub = kinetics.hub.name
        prefix, chain = ("hub", "chain") if kinetics is pelvis else ("torso", "torso_chain")
        for name, part, unit, words in (
            ("moment", chain, "N m", f"moment at the joint, on the {hub}"),
            (
                "force_moment",
                chain,
                "N m",
                f"moment of the joint force about the {hub}'s centre of mass",
            ),
            ("force", chain, "N", f"joint force on the {hub}"),
            ("rate", "", "N m", f"rate of the {hub}'s own angular momentum"),
        ):
            variables[f"{prefix}_{name}"] = vectors(part, getattr(kinetics, name), unit, words)
    return variables


def _force_variables(computed: Levels, vectors: Any) -> Variables:
    """Shares of the ground reaction force, and contact points of the feet."""
    points = np.stack(
        [np.where(foot.touching[:, None], foot.point, np.nan) for foot in computed.feet], axis=1
    )
    touching = np.stack([foot.touching for foot in computed.feet], axis=1)
    shares = [
        np.zeros(len(touching)) if foot.load.share is None else foot.load.share
        for foot in computed.feet
    ]
    return {
        "inertial_force": vectors(
            "group", computed.shares.inertial, "N", "m (a - g) of each group"
        ),
        "relative_force": vectors(
            "group", computed.shares.relative, "N", "m (a - a_pelvis) of each group"
        ),
        "carried_force": vectors("", computed.shares.as_the_hub, "N", "m (a_pelvis - g)"),
        "contact_point": vectors("foot", points, "m", "where level C holds the foot"),
        "toes_share": (
            ("time", "foot"),
            np.where(touching, np.stack(shares, axis=1), np.nan),
            {"units": "1", "long_name": "of the ground's force that the toes bear"},
        ),
        "foot_held": (("time", "foot"), touching, {"long_name": "level C holds the foot"}),
    }


def _induced_variables(computed: Levels, vectors: Any) -> Variables:
    """Level C under all contact models."""
    by_model = tuple(computed.induced.values())
    return {
        f"induced_{name}": vectors(
            f"contact_model source {part}",
            np.stack([getattr(induced, attribute) for induced in by_model], axis=1),
            unit,
            words,
        )
        for name, attribute, part, unit, words in (
            ("ground_force", "force", "foot", "N", "ground reaction force by source"),
            (
                "ground_moment",
                "moment",
                "foot",
                "N m",
                "moment of the ground about the centre of mass by source",
            ),
            (
                "com_acceleration",
                "com_acceleration",
                "",
                "m/s2",
                "acceleration of the centre of mass by source",
            ),
            (
                "pelvis_acceleration",
                "pelvis_acceleration",
                "",
                "rad/s2",
                "angular acceleration of the pelvis",
            ),
            ("momentum_rate", "group_rate", "group", "N m", "rate of angular momentum by source"),
        )
    }


def _power_variables(computed: Levels) -> Variables:
    """Power of the joints; of unnamed joints and of the residual separately."""
    units = {"units": "W", "positive": "adds mechanical energy"}
    power = {name: computed.power[:, index] for index, name in enumerate(computed.joints)}
    rest = {name: power.pop(name) for name in ("other", "residual")}
    return {
        "joint_power": (("time", "joint"), np.stack(list(power.values()), axis=1), units),
        "other_power": (("time",), rest["other"], units),
        "residual_power": (("time",), rest["residual"], units),
    }


NEEDS_NO_FORCE = frozenset(
    {
        "com", "com_velocity", "com_acceleration", "pelvis_velocity", "foot_velocity",
        "angular_momentum", "angular_momentum_rate",
        "group_angular_momentum", "group_angular_momentum_rate",
        "apparent_weight_moment", "hub_rate", "torso_rate",
        "inertial_force", "relative_force", "carried_force",
    }
)  # fmt: skip
"""Variables that need no forces."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """Results of stage contributions for one trial, ground axes."""

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

    @property
    def balance(self) -> LevelA:
        """Level A."""
        return self.levels.mechanics.balance

    @property
    def skeleton(self) -> Skeleton:
        """The participant's."""
        return self.levels.mechanics.skeleton


def contributions_dataset(
    result: Contributions, prepared: xr.Dataset, heading: float, parts: ObservedParts | None = None
) -> xr.Dataset:
    """All results in ground axes along the heading (rad to the left of +x), with contacts.

    Without plates, ``parts`` tell which moments no ground force enters: those of the arms and the
    torso, and those of a leg in the air.
    """
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
            **{name: prepared.attrs[name] for name in MISREAD_CONTACTS if name in prepared.attrs},
            "frame": "ground: x along the direction of travel, y up, z right",
        },
    )
    dataset = level_a.merge(levels_dataset(levels, result.time, heading), join="exact")
    contacts = [str(name) for name in prepared.variables if str(name).startswith("contact_")]
    if not result.measured.all():  # NaN where a variable needs forces that are missing
        measured = xr.DataArray(result.measured, dims="time")
        dataset = dataset.assign(
            {
                str(name): variable.where(measured)
                for name, variable in dataset.data_vars.items()
                if variable.dtype.kind == "f" and name not in NEEDS_NO_FORCE
            }
            | ({} if parts is None else _off_the_ground(result, dataset, parts))
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
        "pelvis_velocity": vectors("", pelvis, "m/s"),
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


def with_drag(dataset: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Take air drag, a force through the centre of mass, out of the residual force.

    Adds ``drag_force``, and ``forces_fitted``: frames whose forces are completely measured. In
    levels B and C drag is part of their residual, which acts on the pelvis.
    """
    drag = data["drag_force"].values @ _turn(dataset).T
    words = "air drag; in levels B and C part of the residual"
    return dataset.assign(
        drag_force=(("time", "axis"), drag, {"units": "N", "long_name": words}),
        residual_force=dataset["residual_force"].copy(data=dataset["residual_force"].values - drag),
        forces_fitted=data["forces_fitted"],
    )


def with_plain(
    dataset: xr.Dataset, data: xr.Dataset, study: Study, trial: SolvedTrial
) -> xr.Dataset:
    """Add level A of motion, model and forces before the fit, with the ending ``_plain``.

    As recorded, of plates taken as aligned, and along the axes of the fitted trial's ``data``.
    """
    model = ParticipantModel.of(study, str(trial.prepared.attrs["participant_id"]))
    skeleton = load_skeleton(model.table)
    measured, loads = measured_loads(foot_loads(study.model_map, trial.prepared))
    moves = segment_kinematics(
        skeleton, *(trial.solved[name].values for name in ("q", "u", "udot"))
    )
    balance = level_a(segment_motion(skeleton, moves), loads, gravity=skeleton.gravity)
    matrix = membership(study.model_map.groups, skeleton.bodies)
    levelled = Alignment.of(fit_values(data)).rotation  # columns: from the cameras' axes
    turn, by_axis = levelled @ _turn(dataset).T, ("time", "axis")
    measured_frames, words = measured[:, None], {"long_name": "before the consistency fit"}
    variables: dict[str, tuple[Any, ...]] = {
        f"{name}_plain": (dimensions, values @ turn, {"units": unit, **words})
        for name, dimensions, values, unit in (
            (
                "group_angular_momentum", ("time", "group", "axis"),
                group_sum(balance.momentum, matrix), "kg m2/s",
            ),
            (
                "group_angular_momentum_rate", ("time", "group", "axis"),
                group_sum(balance.rate, matrix), "N m",
            ),
            (
                "residual_moment", by_axis,
                np.where(measured_frames, balance.residual_moment, np.nan), "N m",
            ),
            (
                "residual_force", by_axis,
                np.where(measured_frames, balance.residual_force, np.nan), "N",
            ),
        )
    }  # fmt: skip
    return dataset.assign(variables).assign_attrs(mass_plain=float(skeleton.mass.sum()))


def _turn(dataset: xr.Dataset) -> FloatArray:
    return rotation_about_vertical(-float(dataset.attrs["heading"]))


BALANCE_MOMENTS = ("free_moment", "residual_moment", "residual_moment_plain")
LEG_MOMENTS = {"joint_moment": "joint", "hub_moment": "chain", "torso_moment": "torso_chain"}
"""Variables that Newton and Euler compute from the foot up, by the dimension of their parts."""


def without_free_moment(dataset: xr.Dataset, parts: ObservedParts) -> xr.Dataset:
    """Mask the contributions that depend on a trial's missing free moment.

    These are, about the vertical, the balance of moments and the moments of the legs' joints, which
    carry the free moment to the pelvis; all of level C, whose sources are these moments; and the
    residual's power. Flexion moments and joint power depend little on it and are kept.
    """
    level = dataset["axis"] != "y"
    changed = {name: dataset[name].where(level) for name in BALANCE_MOMENTS if name in dataset}
    for name, dimension in LEG_MOMENTS.items():
        if name in dataset:
            free = dataset[dimension].copy(data=~_carries(dataset, dimension, parts).any(axis=0))
            changed[name] = dataset[name].where(level | free)
    for variable in dataset.data_vars:
        if str(variable).startswith("induced_") or variable == "residual_power":
            changed[str(variable)] = dataset[variable] * np.nan
    return dataset.assign(changed)


def _carries(dataset: xr.Dataset, dimension: str, parts: ObservedParts) -> BoolArray:
    """(2, P) bool: parts on which the ground acts through the left and the right foot."""
    names = [str(name) for name in dataset[dimension].values]
    if dimension == "joint":
        lineage, bodies = parts.skeleton.lineage, parts.skeleton.bodies
        feet = [bodies.index(getattr(parts.model_map.feet, side)) for side in SIDES]
        leg = lineage[feet] | lineage[:, feet].T  # above a foot, or its toes
        return np.asarray(leg[:, parts.moved(dimension, names)])
    upper = ("arm_", "upper_body")
    return np.array(
        [
            [not name.startswith((*upper, f"leg_{opposite_side}")) for name in names]
            for opposite_side in reversed(SIDES)
        ]
    )


UNLOADED_LIMB_VARIABLES = {
    "joint_moment": "joint", "joint_power": "joint", "hub_moment": "chain",
    "hub_force_moment": "chain", "hub_force": "chain",
}  # fmt: skip
"""Variables that Newton and Euler compute from the free end of a limb, by their parts."""


def _off_the_ground(
    result: Contributions, dataset: xr.Dataset, parts: ObservedParts
) -> dict[str, xr.DataArray]:
    """Moments of parts on which no ground force acts, allowing for the errors of the events."""
    widened = [
        replace(contact, touchdown=contact.touchdown - early, toe_off=contact.toe_off + early)
        for contact in result.contacts
        for early in [0.5 * np.nan_to_num(contact.time_error)]
    ]
    touching = frames_in_contact(result.time, widened)
    return {
        name: dataset[name].where(
            xr.DataArray(touching @ _carries(dataset, dimension, parts), dims=("time", dimension))
            == 0
        )
        for name, dimension in UNLOADED_LIMB_VARIABLES.items()
    }


def free_moment_findings(trial_id: str, state: str) -> Sequence[Finding]:
    """Finding that the free moment was not used because of its ``state``."""
    why, fix = f"the free moment is {state} and not used", "correct the sign of the free moments."
    if state == NO_FREE_MOMENT:
        why = "no free moment was recorded (columns are absent, zero or below 0.1 N m)"
        fix = "export the free moments of the plates."
    return [
        Finding(
            rule="free-moment-missing",
            severity="warning",
            what=f"{why}: the balance about the vertical, the legs' joint moments about it and "
            "level C are n/a, and motion and forces are not fitted together; who carries angular "
            "momentum does not depend on it.",
            trial=trial_id,
            fix=fix,
        )
    ]
