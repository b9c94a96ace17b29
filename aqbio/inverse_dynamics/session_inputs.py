"""Session fit from files: priors, observations and static trials; faulty trials left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from aqbio.body.draws import AVERAGED_FRAMES
from aqbio.body.records import body_spread, followed_markers
from aqbio.config import Trial
from aqbio.filters import low_pass
from aqbio.force_plates.alignment import ALIGNMENT
from aqbio.force_plates.bands import low_passed
from aqbio.force_plates.forces import PlateWrench, centre_of_pressure
from aqbio.force_plates.offsets import UNLOADED_BAND_N
from aqbio.force_plates.single_plates import mean_centre, plates_under_feet
from aqbio.gait.belt import belt_speed
from aqbio.gait.step_files import trial_contacts
from aqbio.gait.steps import EDGE_DISTANCE_M
from aqbio.inverse_dynamics.observations import GroundWrench, Observations, measured_frames
from aqbio.inverse_dynamics.parameters import (
    DRAG,
    FRAMES_PER_KNOT,
    KNOT_SPACING_S,
    PARAMETERS,
    Parameter,
    Runner,
    Weights,
    centre_parameters,
    pivot_parameters,
    single_plate_parameters,
    with_place_error,
)
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_dynamics.stances import StaticStance, determines_alignment, planted_feet
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.movement import STATIC_WINDOW_S, quiet_window
from aqbio.io.study import Study
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS, AXES, GRAVITY, LOW_PASSED, VERTICAL
from aqbio.observed.parts import incomplete_reason, read_observed
from aqbio.prepare.prepared import MEASURED, PLACE_ERROR, recorded_trial
from aqbio.study.manifest import OK, manifest_entry
from aqbio.vectors import BoolArray, FloatArray


def parameters(drag_area: float, *, align_plates: bool) -> tuple[Parameter, ...]:
    """Global parameters given a drag area, m²; plates may be aligned with cameras."""
    by_name = {
        parameter.name: replace(
            parameter, on=parameter.on or (align_plates and parameter.name in ALIGNMENT)
        )
        for parameter in PARAMETERS
    }
    by_name[DRAG] = replace(by_name[DRAG], prior=drag_area)
    return tuple(by_name.values())


MIN_MEASURED_S = 0.10
"""Minimum time with completely measured forces; a trial with less is not fitted."""

MIN_FORCE_FRAMES = 10
"""Minimum number of frames with ground reaction force."""

MAX_UNASSIGNED_LOAD_N = 50.0
"""Maximum vertical plate load, assigned to neither foot, in a usable frame."""


def trial_speed(trial: SolvedTrial) -> float:
    """Mean horizontal speed of the markers, the belt's included, m/s."""
    steps = np.diff(trial.solved["marker_position"].values, axis=0)
    velocity = np.nanmean(steps, axis=(0, 1)) / float(np.diff(trial.time).mean())
    velocity[0] += float(belt_speed(trial.prepared, trial.time).mean())
    return float(np.hypot(velocity[0], velocity[2]))


NOT_WHOLE = {
    LOW_PASSED: "the forces were low-passed before they were exported",
    VERTICAL: "a horizontal force was not measured",
}
"""Why forces of contacts that plates time are not those of the equations of motion."""


def observations(
    skeleton: Skeleton,
    trial: SolvedTrial,
    groups: Mapping[str, Sequence[str]],
    edge_distance: float,
) -> Observations | str:
    """Measurements of a trial, or the reason why it cannot be fitted.

    A contact whose centre of pressure comes nearer than ``edge_distance`` (m) to the edge of its
    plates may lack a part of its force and is not used. The equations of motion relate forces to
    the whole body: parts unobserved between the first touchdown and the last toe-off, in frames
    whose forces are measured, would be distorted until the sum matches.
    """
    if trial.solved.attrs["from_coordinates"]:
        return "no markers were recorded"
    if (state := trial.prepared.attrs["free_moment"]) != MEASURED:
        return f"the free moment is {state}"
    if (lost := trial.prepared.attrs["events"]) in NOT_WHOLE:
        return NOT_WHOLE[lost]
    wrench = total_wrench(trial)
    if isinstance(wrench, str):
        return wrench
    time, solved = trial.time, trial.solved
    contacts = sorted(trial_contacts(trial.prepared), key=lambda contact: contact.touchdown)
    if not contacts:
        return "no foot met a force plate"
    spans = np.array([(contact.touchdown, contact.toe_off) for contact in contacts])
    gap = np.isnan(trial.prepared["foot_force"].values).any(axis=(1, 2))
    gap &= (time >= wrench.time[0]) & (time <= wrench.time[-1])
    # a NaN distance (force files without plate positions) counts as far from the edge
    complete = [
        contact.complete
        and not contact.edge_distance < edge_distance
        and not gap[(time >= contact.touchdown) & (time <= contact.toe_off)].any()
        for contact in contacts
    ]
    measured = measured_frames(time, spans, np.array(complete, dtype=np.bool_))
    measured &= (
        (time >= wrench.time[0])
        & (time <= wrench.time[-1])
        & ~gap
        & ~_carries_unassigned_load(trial)
    )
    if measured.sum() * float(np.diff(time).mean()) < MIN_MEASURED_S:
        return "no contact was measured completely"
    used = (time >= contacts[0].touchdown) & (time <= max(contact.toe_off for contact in contacts))
    mask = read_observed(solved)
    if reason := incomplete_reason(mask, groups, used & measured):
        return reason
    index = [skeleton.markers.index(str(name)) for name in solved["marker"].values]
    rate, cutoff = (float(trial.prepared.attrs[name]) for name in ("marker_rate", "cutoff"))
    return Observations(
        time=time,
        marker_index=np.array(index),
        markers=low_pass(solved["marker_position"].values, rate, cutoff),
        wrench=wrench,
        measured=measured,
        start=solved["q"].values,
        plain=Motion(*(solved[name].values for name in ("q", "u", "udot"))),
        cutoff=cutoff,
        unobservable=tuple(skeleton.coordinates.index(name) for name in mask.poorly_observed),
        drag=trial.prepared.attrs["surface"] != "treadmill",
        contacts=spans,
        left=np.array([contact.side == "left" for contact in contacts]),
        surface_height=float(trial.prepared.attrs["surface_height"]),
        shift=float(trial.prepared.attrs.get("force_shift", 0.0)),
        lag=float(trial.prepared.attrs.get("force_lag", np.nan)),
        speed=trial_speed(trial),
        heading=float(trial.prepared.attrs["heading"]),
    )


def total_wrench(trial: SolvedTrial) -> GroundWrench | str:
    """Force and moment of the ground on both feet, 0 in gaps, or the reason for their absence."""
    force = trial.prepared["foot_force"].values.sum(axis=1)
    moment = trial.prepared["foot_moment"].values.sum(axis=1)
    measured = np.flatnonzero(np.isfinite(force + moment).all(axis=1))
    if len(measured) == 0:
        return "no ground reaction force was measured"
    span = slice(int(measured[0]), int(measured[-1]) + 1)
    if len(measured) < MIN_FORCE_FRAMES:
        return f"the ground reaction force was measured in fewer than {MIN_FORCE_FRAMES} frames"
    return GroundWrench(
        trial.time[span],
        np.nan_to_num(force[span]),
        np.nan_to_num(moment[span]),
        _wrench_of_plates(trial, span),
    )


def _wrench_of_plates(trial: SolvedTrial, span: slice) -> dict[str, GroundWrench]:
    """What each plate bears of both feet in some frames; 0 where that is not known."""
    time, under = trial.time[span], plates_under_feet(trial.prepared, trial.time[span])
    names = ("foot_force", "foot_moment")
    loads = [np.nan_to_num(trial.prepared[name].values[span]) for name in names]
    return {
        str(plate): GroundWrench(
            time, *((load * (under == plate)[..., None]).sum(axis=1) for load in loads)
        )
        for plate in np.unique(under[under != ""])
    }


def plate_centres(trials: Sequence[Observations]) -> dict[str, FloatArray]:
    """Mean centre of pressure on every plate, (3,), m, by plate."""
    centres = {}
    for plate in sorted({plate for trial in trials for plate in trial.wrench.plates}):
        on_plate = [t.wrench.plates[plate] for t in trials if plate in t.wrench.plates]
        forces, moments = ([getattr(w, name) for w in on_plate] for name in ("force", "moment"))
        centres[plate] = mean_centre(trials[0].surface_height, forces, moments)
    return centres


def _carries_unassigned_load(trial: SolvedTrial) -> BoolArray:
    """(T,) bool: frames in which plates carry a load assigned to neither foot."""
    prepared = trial.prepared
    plates = plate_wrench(prepared).force[..., AXES.index("y")].sum(axis=1)
    feet = prepared["foot_force"].sel(axis="y").sum("foot").values
    on_frames = np.interp(trial.time, prepared["force_time"].values, plates)
    return np.asarray(np.abs(on_frames - np.nan_to_num(feet)) > MAX_UNASSIGNED_LOAD_N)


MIN_STANDING_SHARE = 0.9
"""Minimum share of body weight on the plates in a static trial."""


def static_stances(
    study: Study, participant_id: str, skeleton: Skeleton
) -> dict[str, StaticStance]:
    """Static postures on plates by trial, that used for scaling first."""
    stances = {
        trial.trial_id: static_stance(study, participant_id, skeleton, trial)
        for trial in study.still_of(participant_id)
    }
    return {name: stance for name, stance in stances.items() if stance is not None}


def static_stance(
    study: Study, participant_id: str, skeleton: Skeleton, static: Trial
) -> StaticStance | None:
    """Pose and centre of pressure of a static trial; None where no plate carried the runner."""
    manifest = study.read_manifest(participant_id, "prepare")
    status = {entry["trial_id"]: entry["status"] for entry in manifest["trials"]}
    if status.get(static.trial_id) != OK:
        return None
    # Label corrections of stage scale apply here as in the moving trials.
    prepared = recorded_trial(study, participant_id, static)
    rate = float(prepared.attrs["marker_rate"])
    window = quiet_window(prepared["marker_raw"].values, rate, STATIC_WINDOW_S)
    quiet_time = prepared["time"].values[window]
    clock = prepared["force_time"].values
    loaded = (clock >= quiet_time[0]) & (clock <= quiet_time[-1])
    if not loaded.any():
        return None
    wrench = plate_wrench(prepared)
    force, moment = wrench.force[loaded].mean(axis=0), wrench.moment[loaded].mean(axis=0)
    weight = float(skeleton.mass.sum()) * GRAVITY
    if not force[force[:, 1] > UNLOADED_BAND_N, 1].sum() > MIN_STANDING_SHARE * weight:
        return None
    labels = {
        str(label): study.marker_set.model_name(str(label))
        for label in prepared["marker"].values
        if str(label) in study.marker_set.markers
    }
    labels = {label: name for label, name in labels.items() if name in skeleton.markers}
    positions = prepared["marker_raw"].sel(marker=list(labels)).values[window].mean(axis=0)
    index = np.array([skeleton.markers.index(name) for name in labels.values()])
    pose = inverse_kinematics(skeleton, positions[None], index, np.ones(len(index)))
    point, corners = prepared["plate_point"].values, prepared["plate_corner"].values
    borne = np.where(force[:, 1] > UNLOADED_BAND_N, force[:, 1], 0.0)
    names = prepared["plate"].values.astype(str).tolist()
    shares = dict(zip(names, (borne / borne.sum()).tolist(), strict=True))
    return StaticStance(pose[0], standing_cop(force, moment, point, corners), shares)


def standing_cop(
    force: FloatArray, moment: FloatArray, point: FloatArray, corners: FloatArray
) -> FloatArray:
    """Centre of pressure of a person standing on P plates, (3,), m, ground.

    Forces and moments about the plates' points (P, 3); corners (P, 4, 3), NaN where unknown: the
    point is on the surface then. Plates that read less than 15 N count as empty.
    """
    carries = force[:, 1] > UNLOADED_BAND_N
    force, moment, point, corners = (part[carries] for part in (force, moment, point, corners))
    height = corners[:, :, 1].mean(axis=1)
    height = np.where(np.isnan(height), point[:, 1], height)
    total = force.sum(axis=0)
    surface = float(force[:, 1] @ height / total[1])
    about_origin = (moment + np.cross(point, force)).sum(axis=0)
    cop, _ = centre_of_pressure(total[None], about_origin[None], np.zeros(3), surface, 0.0)
    pressure: FloatArray = cop[0]
    return pressure


def com_posterior_covariance(
    study: Study, participant_id: str, skeleton: Skeleton, trials: Sequence[SolvedTrial]
) -> FloatArray:
    """(3 B, 3 B) array, m²: covariance of the centres of mass from the body's posterior."""
    followed = [followed_markers(study, trial.solved) for trial in trials]
    names = [name for name in followed[0] if all(name in weights for weights in followed)]
    weight = np.array([followed[0][name] for name in names])
    poses = [trial.solved["q"].values for trial in trials]
    frames_of_trial = AVERAGED_FRAMES // len(poses) + 1
    q = np.concatenate([pose[:: max(1, len(pose) // frames_of_trial)] for pose in poses])
    return body_spread(study, participant_id, skeleton, names).com_posterior_covariance(q, weight)


def prepare_session(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
    postures: Mapping[str, StaticStance] | None = None,
) -> Session:
    """Collect a participant's trials into a session, before any fit."""
    groups, settings = study.model_map.groups, study.settings.consistency
    inputs = {
        trial.trial_id: observations(skeleton, trial, groups, EDGE_DISTANCE_M) for trial in trials
    }
    usable = {
        name: trial_input
        for name, trial_input in inputs.items()
        if isinstance(trial_input, Observations)
    }
    fitted = [trial for trial in trials if trial.trial_id in usable]
    runner = Runner(skeleton, groups)
    if fitted:
        participant = str(fitted[0].prepared.attrs["participant_id"])
        runner = Runner(
            skeleton, groups, com_posterior_covariance(study, participant, skeleton, fitted)
        )
    feet = planted_feet(runner, [*usable.values()])
    aligns = settings.align_plates and determines_alignment(feet)
    chosen = parameters(settings.drag_area_m2, align_plates=aligns)
    if aligns:
        chosen += pivot_parameters(feet[0].mean(axis=0))
    chosen += centre_parameters(len(runner.centres))
    chosen += single_plate_parameters(plate_centres([*usable.values()]))
    chosen = with_place_error(chosen, place_error(study, fitted))
    plain = {name: reason for name, reason in inputs.items() if isinstance(reason, str)}
    knots = {
        name: max(KNOT_SPACING_S, FRAMES_PER_KNOT / trial.rate) for name, trial in usable.items()
    }
    weights = {name: Weights(knot_s=knot) for name, knot in knots.items()}
    return Session(runner, usable, weights, chosen, postures, plain)


def place_error(study: Study, trials: Sequence[SolvedTrial]) -> float:
    """Root mean square, m, of what searches over faults leave open of plates' places in trials."""
    if not trials:
        return 0.0
    participant = str(trials[0].prepared.attrs["participant_id"])
    prepared = study.read_manifest(participant, "prepare")
    entries = [manifest_entry(prepared, trial.trial_id) for trial in trials]
    return float(np.sqrt(np.mean([entry.get(PLACE_ERROR, 0.0) ** 2 for entry in entries])))


def fitted_session(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
    postures: Mapping[str, StaticStance] | None = None,
    *,
    draws: tuple[int, int] | None = None,
) -> Session:
    """Fit the trials of a participant together; `draws`: number and seed of draws of every fit."""
    if missing := [name for name in ANATOMICAL_GROUPS if name not in study.model_map.groups]:
        why = f"the model has no {' and no '.join(missing)} of its own"
        plain = {trial.trial_id: why for trial in trials}
        return Session(None, {}, {}, (), plain=plain)
    session = prepare_session(study, skeleton, trials, postures)
    session.fit_single_trials()
    if not session.single_fits:
        return session
    session.fit_together(draws)
    return session


def plate_wrench(prepared: xr.Dataset) -> PlateWrench:
    """Forces and moments of the plates of a prepared trial, low-passed as those of the feet."""
    names = ("plate_force_raw", "plate_moment_raw", "plate_point")
    wrench = PlateWrench(*(prepared[name].values for name in names))
    if not wrench.force.size:
        return wrench
    return low_passed(wrench, float(prepared.attrs["force_rate"]), float(prepared.attrs["cutoff"]))
