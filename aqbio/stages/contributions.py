"""Stage contributions: angular momentum, its rate and joint moments, by anatomical side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import Trial
from aqbio.errors import Finding
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.provenance import provenance
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.mechanics.dynamics import JointWrenches, inverse_dynamics, joint_wrenches
from aqbio.mechanics.groups import group_sum, membership
from aqbio.mechanics.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.mechanics.level_a import Closure, LevelA, closures, level_a
from aqbio.mechanics.mirror import rotation_about_vertical
from aqbio.mechanics.motion import Motion
from aqbio.mechanics.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, cross
from aqbio.names import AXES, SIDES
from aqbio.stages.manifest import Report, TrialOutcome, run_trials, write_manifest
from aqbio.stages.solve import ParticipantModel, foot_loads

if TYPE_CHECKING:
    import xarray as xr

STAGE = "contributions"

ROUND_OFF = 1e-12
SAME_STATE = 1e-8


@dataclass(frozen=True, slots=True)
class Contributions:
    """Everything that stage contributions computes of one trial, ground axes."""

    skeleton: Skeleton
    groups: tuple[str, ...]
    balance: LevelA
    group_momentum: FloatArray
    group_rate: FloatArray
    joints: tuple[str, ...]
    joint_moment: FloatArray
    forces: FloatArray
    closures: tuple[Closure, ...]


def contributions_participant(study: Study, participant_id: str, report: Report) -> None:
    """Compute level A and joint moments of all trials of a participant.

    Writes ``contributions/<trial>.nc``, and ``contributions.json`` last.
    """
    trials = run_trials(
        study,
        participant_id,
        STAGE,
        lambda trial: contributions_trial(study, participant_id, trial),
        report,
    )
    write_manifest(study, participant_id, STAGE, trials)


def contributions_trial(study: Study, participant_id: str, trial: Trial) -> TrialOutcome:
    """Compute one trial."""
    from aqbio.osim.reference import reference_differences

    model = ParticipantModel.of(study, participant_id)
    name = f"{trial.trial_id}.nc"
    inputs = (
        study.folder(participant_id, "prepare") / name,
        study.folder(participant_id, "solve") / name,
        model.osim,
    )
    solved = read_dataset(inputs[1])
    prepared = read_dataset(inputs[0]).sel(time=solved["time"])
    skeleton = load_skeleton(model.table)
    motion = Motion(*(solved[variable].values for variable in ("q", "u", "udot")))
    loads = foot_loads(study, prepared)
    result = trial_contributions(study, skeleton, solved["time"].values, motion, loads)
    reference = reference_differences(model.osim, skeleton, motion, loads)
    checks = [_reference_closure(reference.momentum), *result.closures]
    heading = _heading(study, prepared, result.balance)
    dataset = _dataset(result, prepared, solved["time"].values, heading)
    numbers = {
        "mass_kg": float(skeleton.mass.sum()),
        "heading_rad": heading,
        "closures": [{**asdict(check), "holds": check.holds} for check in checks],
        "reference": asdict(reference),
        "solver_forces": _relative(solved["generalised_force"].values, result.forces),
    }
    attributes: dict[str, Any] = provenance(STAGE, inputs, study.stage_settings(STAGE))
    attributes |= {f"closure_{check.name}": check.value for check in checks}
    write_dataset(dataset, study.folder(participant_id, STAGE) / name, attributes)
    findings = [_closure_finding(check, trial.trial_id) for check in checks if not check.holds]
    return TrialOutcome(numbers, tuple(findings), inputs)


def trial_contributions(
    study: Study, skeleton: Skeleton, time: FloatArray, motion: Motion, loads: Any
) -> Contributions:
    """Level A, joint moments and closures of one motion."""
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    balance = level_a(segment_motion(skeleton, kinematics), loads, gravity=skeleton.gravity)
    groups = study.model_map.groups
    matrix = membership(groups, skeleton.bodies)
    group_momentum = group_sum(balance.momentum, matrix)
    wrenches = joint_wrenches(skeleton, kinematics, loads)
    settings = study.settings.contributions
    tolerances = {"A1": ROUND_OFF, "A2": settings.closure_a2, "A3": settings.closure_a3}
    root = _root_wrench(study, skeleton, kinematics, wrenches, balance.com)
    joints = study.model_map.joints.by_name()
    index = [skeleton.joints.index(name) for name in joints.values()]
    return Contributions(
        skeleton=skeleton,
        groups=tuple(groups),
        balance=balance,
        group_momentum=group_momentum,
        group_rate=group_sum(balance.rate, matrix),
        joints=tuple(joints),
        joint_moment=wrenches.moment[:, index],
        forces=inverse_dynamics(skeleton, kinematics, loads),
        closures=tuple(closures(balance, time, group_momentum, root, tolerances)),
    )


def _root_wrench(
    study: Study,
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    wrenches: JointWrenches,
    com: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Residual wrench of inverse dynamics, as vectors, moved to the centre of mass."""
    root = skeleton.bodies.index(study.model_map.pelvis.body)
    arm = kinematics.joint_centre[:, root] - com
    force = wrenches.force[:, root]
    return wrenches.moment[:, root] + cross(arm, force), force


def _heading(study: Study, prepared: xr.Dataset, balance: LevelA) -> float:
    """Direction of travel, rad to the left of +x; on a treadmill the pelvis's direction."""
    if not study.settings.contributions.align_heading:
        return 0.0
    if prepared.attrs["surface"] == "treadmill":
        return float(prepared.attrs["heading"])
    forward, _, right = balance.com_velocity.mean(axis=0)
    return float(np.arctan2(-right, forward))


def _reference_closure(momentum: float) -> Closure:
    identity = "sum over segments = OpenSim's calcAngularMomentum (a few frames)"
    return Closure("A0", identity, momentum, momentum, SAME_STATE)


def _relative(values: FloatArray, reference: FloatArray) -> float:
    """Largest difference relative to the largest reference value."""
    return float(np.abs(values - reference).max() / np.abs(reference).max())


def _closure_finding(check: Closure, trial_id: str) -> Finding:
    return Finding(
        rule="closure",
        severity="error",
        what=f"closure {check.name} ({check.identity}) is off by {check.value:.1e}, more than "
        f"{check.tolerance:.0e}.",
        trial=trial_id,
        number=check.value,
        limit=check.tolerance,
        unit="relative",
        fix="do not use this trial's numbers, and report it to the developers.",
    )


def _dataset(
    result: Contributions, prepared: xr.Dataset, time: FloatArray, heading: float
) -> xr.Dataset:
    """All results in heading-aligned ground axes, with the contacts of the trial."""
    import xarray as xr

    turn = rotation_about_vertical(-heading)
    balance = result.balance

    def vectors(dimensions: tuple[str, ...], values: FloatArray, units: str) -> tuple[Any, ...]:
        return ((*dimensions, "axis"), values @ turn.T, {"units": units})

    body, group, foot = ("time", "segment"), ("time", "group"), ("time", "foot")
    variables = {
        "com": vectors(("time",), balance.com, "m"),
        "com_velocity": vectors(("time",), balance.com_velocity, "m/s"),
        "com_acceleration": vectors(("time",), balance.com_acceleration, "m/s2"),
        "angular_momentum": vectors(body, balance.momentum, "kg m2/s"),
        "angular_momentum_rate": vectors(body, balance.rate, "N m"),
        "group_angular_momentum": vectors(group, result.group_momentum, "kg m2/s"),
        "group_angular_momentum_rate": vectors(group, result.group_rate, "N m"),
        "ground_force": vectors(foot, balance.force, "N"),
        "moment_of_force": vectors(foot, balance.moment_of_force, "N m"),
        "free_moment": vectors(foot, balance.free_moment, "N m"),
        "residual_moment": vectors(("time",), balance.residual_moment, "N m"),
        "residual_force": vectors(("time",), balance.residual_force, "N"),
        "joint_moment": vectors(("time", "joint"), result.joint_moment, "N m"),
        "joint_moment_coordinate": (
            ("time", "coordinate"),
            result.forces,
            {"units": "N m or N"},
        ),
    }
    contacts = [str(name) for name in prepared.variables if str(name).startswith("contact_")]
    dataset = xr.Dataset(
        variables,
        coords={
            "time": ("time", time, {"units": "s"}),
            "segment": list(result.skeleton.bodies),
            "group": list(result.groups),
            "joint": list(result.joints),
            "coordinate": list(result.skeleton.coordinates),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={
            "mass": float(result.skeleton.mass.sum()),
            "heading": heading,
            "surface": prepared.attrs["surface"],
            "belt_speed": float(prepared.attrs["belt_speed"]),
            "events": prepared.attrs["events"],
            "frame": "ground: x along the direction of travel, y up, z right",
        },
    )
    return dataset.merge(prepared[contacts].drop_vars(list(AXES), errors="ignore"))
