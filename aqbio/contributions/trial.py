"""Levels A, B and C of a trial, by anatomical side, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import xarray as xr

from aqbio.body.draws import DRAWN_SHAPES, drawn_skeleton, inertia_spread, inertial_parameters
from aqbio.body.records import (
    ADJUSTED,
    SCALED,
    ParticipantModel,
    body_spread,
    final_model,
    followed_markers,
)
from aqbio.body.shape import Template
from aqbio.config import ModelMap, Trial
from aqbio.contributions.dataset import (
    Contributions,
    contributions_dataset,
    frames_in_contact,
    free_moment_findings,
    trial_levels,
    with_drag,
    with_plain,
    without_free_moment,
)
from aqbio.contributions.intervals import MOTION_DRAWS, drawn_window, intervals_dataset
from aqbio.contributions.misfits import running_speed, trial_misfits, widened, widenings
from aqbio.contributions.without_plates import estimated_forces, with_time_errors
from aqbio.errors import Finding
from aqbio.gait.curves import role_scheme
from aqbio.gait.drawn_steps import STANCE_FRAMES, measured_contacts
from aqbio.gait.roles import group_sum, membership
from aqbio.gait.step_files import trial_contacts
from aqbio.gait.steps import MAXIMUM_FLIGHT_S
from aqbio.intervals.second_model import with_second_model
from aqbio.intervals.sources import BODY, WEIGHED, Motions
from aqbio.intervals.trial_draws import Sampling, TrialDraws, with_bodies
from aqbio.intervals.uncertainty import Spread
from aqbio.inverse_dynamics.fitted import (
    CLOCK_SD,
    FORCES_NOT_USED,
    OTHER_MOTION,
    fitted_centre_covariance,
    plate_spread,
)
from aqbio.inverse_kinematics.solution import FITTED, SolvedTrial
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.provenance import study_provenance
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.observed.parts import ObservedParts, observed_only, read_observed
from aqbio.opensim.reference import reference_differences
from aqbio.prepare.prepared import MEASURED, MIN_RUNNING_SPEED_M_S, foot_loads, measured_loads
from aqbio.rotation.level_a import LevelA
from aqbio.rotation.levels import NO_ACTUATORS, Anatomy
from aqbio.study.manifest import TrialOutcome, manifest_entry
from aqbio.vectors import BoolArray, FloatArray, IntArray

STAGE = "contributions"

MAX_CLOSURE_ERROR = 1e-6
"""Largest relative error of the identities of the levels."""

MAX_OPENSIM_ERROR = 1e-8
"""Largest relative difference from OpenSim's angular momentum in the same state."""

SUM_OF_GROUPS = "induced_ground_moment"
"""Variable that no file of a trial holds: the sum of ``induced_momentum_rate`` over the groups."""


def contributions_trial(study: Study, participant_id: str, trial: Trial) -> TrialOutcome:
    """Compute one trial."""
    name = f"{trial.trial_id}.nc"
    source = study.folder(participant_id, "inverse_dynamics") / name
    data = read_dataset(source, keep=False)
    fitted = data.attrs["motion"] == FITTED
    model = final_model(study, participant_id)
    same_body = model == ParticipantModel.of(study, participant_id)
    inputs = [source, model.osim]
    motion = Motion(*(data[variable].values for variable in ("q", "u", "udot")))
    result = trial_contributions(study.model_map, load_skeleton(model.table), data, motion)
    mechanics = result.levels.mechanics
    reference = reference_differences(model.osim, result.skeleton, motion, mechanics.loads)
    closure = result.levels.closure
    heading = _heading(study, data, result.balance)
    parts = ObservedParts(read_observed(data), result.skeleton, study.model_map)
    plates = data.attrs["events"] == "plates"
    dataset = contributions_dataset(result, data, heading, None if plates else parts)
    clock = float(data.attrs[CLOCK_SD]) if plates else 0.0
    dataset = dataset.merge(_intervals(study, participant_id, result, dataset, data, parts, clock))
    if fitted:
        trial_before = SolvedTrial.read(study, participant_id, trial.trial_id)
        dataset = with_plain(with_drag(dataset, data), data, study, trial_before)
        inputs += trial_before.files
    dataset = dataset.assign_attrs(motion=data.attrs["motion"])
    fit = manifest_entry(study.read_manifest(participant_id, "inverse_dynamics"), trial.trial_id)
    speed = running_speed(dataset)
    dataset = dataset.drop_vars(SUM_OF_GROUPS, errors="ignore")
    # misfits of what was observed alone: residuals of an assumed trunk are no evidence on the legs
    dataset = observed_only(dataset, parts, role_scheme(study))
    misfits = trial_misfits(dataset, fit.get("misfits", {}))
    dataset = widened(dataset, widenings(misfits, speed))
    numbers = {
        "speed_mps": speed,
        "misfits": misfits,
        "mass_kg": float(result.skeleton.mass.sum()),
        "heading_rad": heading,
        "closure": {
            "value": closure,
            "tolerance": MAX_CLOSURE_ERROR,
            "holds": closure <= MAX_CLOSURE_ERROR,
        },
        "reference": asdict(reference),
        "solver_forces": _relative(
            data["generalised_force"].values[result.measured], mechanics.forces[result.measured]
        ),
    }
    attributes: dict[str, Any] = study_provenance(study, STAGE, inputs)
    attributes |= {"closure": closure, "clock_sd": clock, "body": SCALED if same_body else ADJUSTED}
    recorded = data.attrs["free_moment"] == MEASURED
    if not recorded:
        dataset = without_free_moment(dataset, parts)
    write_dataset(dataset, study.folder(participant_id, STAGE) / name, attributes)
    findings = list(_closure_findings(closure, reference.momentum, trial.trial_id))
    if not data.attrs.get(FORCES_NOT_USED):
        findings += force_findings(result.measured, trial.trial_id, plates=plates)
    if not recorded:
        findings += free_moment_findings(trial.trial_id, str(data.attrs["free_moment"]))
    findings += locked_joint_findings(
        parts, _marker_index(study, data, result.skeleton), trial.trial_id
    )
    return TrialOutcome(numbers, tuple(findings), tuple(inputs))


def trial_contributions(
    model_map: ModelMap,
    skeleton: Skeleton,
    data: xr.Dataset,
    motion: Motion,
    actuators: Mapping[str, FloatArray] = NO_ACTUATORS,
) -> Contributions:
    """Levels A, B and C of one motion, at the times of the data (loads of the feet and contacts).

    Where no ground reaction force was measured, everything is computed as if there were none: the
    identities hold for any load, and what needs the force is not written. `actuators` as in
    `aqbio.rotation.levels.levels`.
    """
    time = data["time"].values
    measured, loads = measured_loads(foot_loads(model_map, data))
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    contacts = tuple(trial_contacts(data))
    touching = frames_in_contact(time, contacts) & measured[:, None]
    height = float(data.attrs["surface_height"])
    levels = trial_levels(
        skeleton, kinematics, loads, touching, model_map, surface_height=height, actuators=actuators
    )
    balance = levels.mechanics.balance
    joints = model_map.joints.by_name()
    index = [skeleton.joints.index(name) for name in joints.values()]
    matrix = membership(model_map.groups, skeleton.bodies)
    group_momentum = group_sum(balance.momentum, matrix)
    return Contributions(
        time=time,
        levels=levels,
        group_momentum=group_momentum,
        joints=tuple(joints),
        joint_moment=levels.mechanics.wrenches.moment[:, index],
        measured=measured,
        contacts=contacts,
        touching=touching,
    )


def _intervals(
    study: Study,
    participant_id: str,
    result: Contributions,
    dataset: xr.Dataset,
    data: xr.Dataset,
    parts: ObservedParts,
    clock: float,
) -> xr.Dataset:
    """Uncertainty of stance means; empty if the settings ask for no draws.

    Without plates, only for outcomes that need no ground force.
    """
    settings = study.settings.contributions
    plates = data.attrs["events"] == "plates"
    all_contacts = result.contacts if plates else with_time_errors(result.contacts)
    contacts = list(all_contacts)
    if plates:
        contacts = measured_contacts(contacts, result.time, result.measured)
    if settings.draws == 0 or not contacts:
        return xr.Dataset()
    model_map = study.model_map
    anatomy = Anatomy(model_map.groups, model_map.joints.by_name(), model_map.pelvis.joint)
    sampling = Sampling(
        settings.draws, study.settings.random.seed, STANCE_FRAMES, MOTION_DRAWS, DRAWN_SHAPES
    )
    feet = model_map.feet.left, model_map.feet.right
    centre_covariance = fitted_centre_covariance(study, participant_id)
    inertia, plate_errors = (
        inertia_spread(result.skeleton, feet, torso=model_map.groups.get("torso", ())),
        plate_spread(data),
    )
    spreads = Spread(inertia, plate_errors, centre_covariance)
    weights = followed_markers(study, data)
    spread = body_spread(study, participant_id, result.skeleton, list(weights))
    if "marker_noise" in data:
        noise = data["marker_noise"].sel(marker=list(weights)).values
        spread = replace(spread, noise_sd=noise, cutoff=data.attrs["cutoff"])
    draws = TrialDraws(
        levels=result.levels,
        anatomy=anatomy,
        time=result.time,
        heading=dataset.attrs["heading"],
        touching=result.touching,
        spread=spreads,
        sampling=sampling,
        roles=role_scheme(study),
        **_posterior(result, data, spread.template),
    )
    window = drawn_window(contacts, result.time, MAXIMUM_FLIGHT_S) if plates else None
    weight = np.array(list(weights.values()))
    unseen = parts.unseen(_marker_index(study, data, result.skeleton))
    moved = with_bodies(draws, spread, weight, window, unseen, clock)
    moved = with_other_motion(moved, data, window)
    if not (study.within or study.settings.other_models.models):
        moved = with_second_model(moved, weights, window)
    if plates:
        return intervals_dataset(moved, contacts, MAXIMUM_FLIGHT_S, _samples(data))
    intervals = intervals_dataset(moved, contacts, MAXIMUM_FLIGHT_S, without_plates=dataset)
    moves = data.attrs["surface"] != "treadmill"
    drag_area = study.settings.consistency.drag_area_m2 if moves else 0.0
    return intervals.merge(estimated_forces(moved, all_contacts, parts.centre, drag_area))


def with_other_motion(
    draws: TrialDraws, data: xr.Dataset, window: slice | None = None
) -> TrialDraws:
    """Add the motion that is as good as the one used, or nearly, with its body, if there is one."""
    if f"{OTHER_MOTION}q" not in data:
        return draws
    inside = window or slice(0, len(draws.time))
    kinematics = draws.levels.mechanics.kinematics.frames(inside)
    skeleton = draws.levels.mechanics.skeleton
    inertia = inertial_parameters(skeleton) + data[f"{OTHER_MOTION}inertia"].values
    body = drawn_skeleton(skeleton, inertia)
    q, u, udot = (
        (getattr(kinematics, name) + data[OTHER_MOTION + name].values[inside])[None]
        for name in ("q", "u", "udot")
    )
    other = Motions((body,), q, u, udot, same_lengths=True)
    return replace(draws, motions={**draws.motions, WEIGHED: other}, first_frame=inside.start)


def _marker_index(study: Study, data: xr.Dataset, skeleton: Skeleton) -> IntArray:
    """(K,) indices of the skeleton's markers that were followed."""
    return np.array([skeleton.markers.index(n) for n in followed_markers(study, data)], dtype=int)


def _posterior(result: Contributions, data: xr.Dataset, template: Template) -> dict[str, Any]:
    """States of the fit by source, and their frames; empty for a trial without."""
    if "fit_state_q" not in data:
        return {}
    frames = data["fit_state_frame"].values.astype(int)
    kinematics, skeleton = result.levels.mechanics.kinematics, result.skeleton
    motion = [
        getattr(kinematics, name)[frames] + data[f"fit_state_{name}"].values
        for name in ("q", "u", "udot")
    ]
    base = inertial_parameters(skeleton)
    inertia, sources = base + data["fit_state_inertia"].values, data["fit_state_source"].values
    shapes = [template.skeleton_of(template.shape(x)) for x in data["fit_state_shape"].values]
    states = {}
    for source in dict.fromkeys(sources.tolist()):
        chosen = np.flatnonzero(sources == source)
        bodies = shapes if source == BODY else [skeleton] * len(chosen)
        skeletons = tuple(map(drawn_skeleton, bodies, inertia[chosen]))
        q, u, udot = (values[chosen] for values in motion)
        states[source] = Motions(skeletons, q, u, udot, same_lengths=source != BODY)
    return {"posterior": states, "posterior_frames": frames}


def _samples(data: xr.Dataset) -> dict[str, FloatArray]:
    """Posterior samples of a fitted motion by variable; empty without samples."""
    return {
        f"group_angular_momentum{end}": data[name].values
        for name, end in (("group_momentum_sample", ""), ("group_rate_sample", "_rate"))
        if name in data
    }


def _heading(study: Study, data: xr.Dataset, balance: LevelA) -> float:
    """Direction of travel that the results are aligned with; 0 where they are not."""
    aligned = study.settings.contributions.align_heading
    return direction_of_travel(data, balance) if aligned else 0.0


def direction_of_travel(data: xr.Dataset, balance: LevelA) -> float:
    """Direction of travel, rad to the left of +x; the prepared one on a treadmill or the spot."""
    forward, _, right = balance.com_velocity.mean(axis=0)
    travels = np.hypot(forward, right) >= MIN_RUNNING_SPEED_M_S
    if data.attrs["surface"] == "treadmill" or not travels:
        return float(data.attrs["heading"])
    return float(np.arctan2(-right, forward))


def _relative(values: FloatArray, reference: FloatArray) -> float | None:
    """Largest difference relative to the largest reference value; None without a value."""
    finite = np.isfinite(values)
    if not finite.any():
        return None
    return float(np.abs(values - reference)[finite].max() / np.abs(reference[finite]).max())


def group_findings(groups: Mapping[str, Sequence[str]], participant_id: str) -> list[Finding]:
    """Report that the model has no arms or no torso, and the results that this affects."""
    missing = [group for group in ANATOMICAL_GROUPS if group not in groups]
    if not missing:
        return []
    return [
        Finding(
            rule="groups-missing",
            severity="warning",
            what=f"the model has no {' and no '.join(missing)}: another part stands for them, "
            "rigid or without their mass. Rotation of that part, of the whole body and of the push "
            "side, residuals and level C are n/a, and nothing is fitted; that of the legs is about "
            "the centre of mass of the model as it is (0.1 in a jog to 0.9 kg m²/s in a sprint "
            "off, measured with arms held still).",
            participant=participant_id,
            number=float(len(missing)),
            unit="groups",
            fix="use a model with torso and arms, and wear markers there.",
        )
    ]


def locked_joint_findings(parts: ObservedParts, markers: IntArray, trial_id: str) -> list[Finding]:
    """Report the joints that the model locks between markers, and the effect on level C."""
    locked = np.flatnonzero(parts.joints_held(markers))
    if not len(locked):
        return []
    names = [parts.skeleton.coordinates[index] for index in locked]
    return [
        Finding(
            rule="joints-held",
            severity="info",
            what=f"markers do not determine {', '.join(names)}: the model locks these joints. "
            "Intervals of level C let them move; what moments at them cause (source other) is n/a.",
            trial=trial_id,
            number=float(len(names)),
            unit="coordinates",
            fix="wear two markers on the trunk and one on each acromion.",
        )
    ]


def force_findings(measured: BoolArray, trial_id: str, *, plates: bool) -> list[Finding]:
    """Report frames without measured ground reaction force, and the results that they lack."""
    missing = int((~measured).sum())
    if not missing:
        return []
    unavailable = (
        "joint moments, levels B and C" if plates else "moments of the standing leg, level C"
    )
    return [
        Finding(
            rule="forces-missing",
            severity="warning",
            what=f"{missing} of {len(measured)} frames have no measured ground reaction force: "
            "angular momentum and its rate are known there, causes (residual, "
            f"{unavailable}) are not.",
            trial=trial_id,
            number=missing,
            unit="frames",
            fix="give the force file; where it is given, see what is said of its forces, or set "
            "start_s and end_s in trials.tsv to what it covers.",
        )
    ]


def _closure_findings(closure: float, momentum: float, trial_id: str) -> Iterator[Finding]:
    """Report identities that do not hold, and angular momentum that differs from OpenSim's."""
    for words, error, limit in (
        ("identities of levels A to C are off", closure, MAX_CLOSURE_ERROR),
        ("the body's angular momentum differs from OpenSim's", momentum, MAX_OPENSIM_ERROR),
    ):
        if not error <= limit:
            yield Finding(
                rule="closure",
                severity="error",
                what=f"{words} by {error:.1e}, more than {limit:.0e}.",
                trial=trial_id,
                number=error,
                limit=limit,
                unit="relative",
                fix="report it to the developers.",
                invalidates="trial",
            )
