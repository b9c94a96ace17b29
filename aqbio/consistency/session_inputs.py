"""The fit of a session from files: priors, observations, static trials, faulty ones left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.body.draws import AVERAGED_FRAMES
from aqbio.body.records import body_spread, followed_markers
from aqbio.config import Trial
from aqbio.consistency.observations import GroundWrench, Observations, measured_frames
from aqbio.consistency.parameters import (
    DRAG,
    FRAMES_PER_KNOT,
    KNOTS,
    PARAMETERS,
    Parameter,
    Runner,
    Weights,
    centre_parameters,
    pivot_parameters,
)
from aqbio.consistency.session import Session
from aqbio.consistency.stances import StaticStance, planted_feet, tells_alignment
from aqbio.consistency.suspicion import doubts
from aqbio.force_plates.alignment import ALIGNMENT
from aqbio.force_plates.forces import UNLOADED_BAND_N, centre_of_pressure
from aqbio.gait.step_files import trial_contacts
from aqbio.gait.steps import EDGE_DISTANCE_M
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.movement import STATIC_WINDOW_S, quiet_window
from aqbio.io.study import Study
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS, AXES, GRAVITY, LOW_PASSED
from aqbio.observed.parts import incomplete_reason, read_observed
from aqbio.recordings.prepared import MEASURED, foot_loads, plate_wrench, recorded_trial
from aqbio.signals import low_pass
from aqbio.study.manifest import OK
from aqbio.vectors import BoolArray, FloatArray


def parameters(drag_area: float, *, align_plates: bool) -> tuple[Parameter, ...]:
    """The global parameters of runners of a drag area, m²; plates may be aligned with cameras."""
    found = {
        one.name: replace(one, on=one.on or (align_plates and one.name in ALIGNMENT))
        for one in PARAMETERS
    }
    drag = found[DRAG]
    low, high = min(drag.lowest, drag_area), max(drag.highest, drag_area)
    found[DRAG] = replace(drag, prior=drag_area, lowest=low, highest=high)
    return tuple(found.values())


FEWEST_SECONDS = 0.10
"""A trial whose forces are completely measured for less than this is not fitted."""

FEWEST_FRAMES = 10

UNOWNED_LOAD = 50.0
"""A frame with more vertical load than this on plates that is not of the feet is not used, N."""


def trial_speed(trial: SolvedTrial) -> float:
    """The mean horizontal speed of the markers, the belt's included, m/s."""
    steps = np.diff(trial.solved["marker_position"].values, axis=0)
    velocity = np.nanmean(steps, axis=(0, 1)) / float(np.diff(trial.time).mean())
    velocity[0] += float(trial.prepared.attrs["belt_speed"])
    return float(np.hypot(velocity[0], velocity[2]))


def observations(
    skeleton: Skeleton,
    trial: SolvedTrial,
    groups: Mapping[str, Sequence[str]],
    edge_distance: float,
) -> Observations | str:
    """What was measured in a trial, or why it cannot be fitted.

    A contact whose centre of pressure comes nearer than ``edge_distance`` (m) to the edge of its
    plates may have lost a part of its force and is not used. The laws of motion tie the forces to
    the whole body: parts unobserved between the first touchdown and the last toe-off would be bent
    until the sum is right. So would exchanged labels, and the session's parameters with them.
    """
    if trial.solved.attrs["from_coordinates"]:
        return "no markers were recorded"
    if trial.prepared.attrs.get("exchanged_labels"):
        return "labels sit on each other's markers"
    if (state := trial.prepared.attrs["free_moment"]) != MEASURED:
        return f"the free moment is {state}"
    if trial.prepared.attrs["events"] == LOW_PASSED:
        return "the forces were low-passed before they were exported"
    wrench = total_wrench(trial)
    if isinstance(wrench, str):
        return wrench
    time, solved = trial.time, trial.solved
    contacts = sorted(trial_contacts(trial.prepared), key=lambda one: one.touchdown)
    if not contacts:
        return "no foot met a force plate"
    used = (time >= contacts[0].touchdown) & (time <= max(one.toe_off for one in contacts))
    mask = read_observed(solved)
    if lost := incomplete_reason(mask, groups, used):
        return lost
    spans = np.array([(one.touchdown, one.toe_off) for one in contacts])
    gap = np.isnan(trial.prepared["foot_force"].values).any(axis=(1, 2))
    gap &= (time >= wrench.time[0]) & (time <= wrench.time[-1])
    # an unknown distance (force files do not say where the plates are) is no edge
    whole = [
        one.complete
        and not one.edge_distance < edge_distance
        and not gap[(time >= one.touchdown) & (time <= one.toe_off)].any()
        for one in contacts
    ]
    measured = measured_frames(time, spans, np.array(whole, dtype=np.bool_))
    measured &= (time >= wrench.time[0]) & (time <= wrench.time[-1]) & ~gap & ~_unowned(trial)
    if measured.sum() * float(np.diff(time).mean()) < FEWEST_SECONDS:
        return "no contact was measured completely"
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
        left=np.array([one.side == "left" for one in contacts]),
        surface_height=float(trial.prepared.attrs["surface_height"]),
    )


def total_wrench(trial: SolvedTrial) -> GroundWrench | str:
    """Force and moment of the ground on both feet, 0 in gaps, or why there is none."""
    force = trial.prepared["foot_force"].values.sum(axis=1)
    moment = trial.prepared["foot_moment"].values.sum(axis=1)
    known = np.flatnonzero(np.isfinite(force + moment).all(axis=1))
    if len(known) == 0:
        return "no ground reaction force was measured"
    whole = slice(int(known[0]), int(known[-1]) + 1)
    if len(known) < FEWEST_FRAMES:
        return f"the ground reaction force was measured in fewer than {FEWEST_FRAMES} frames"
    return GroundWrench(
        trial.time[whole], np.nan_to_num(force[whole]), np.nan_to_num(moment[whole])
    )


def _unowned(trial: SolvedTrial) -> BoolArray:
    """(T,) bool: a plate carries a load that belongs to neither foot."""
    prepared = trial.prepared
    plates = plate_wrench(prepared).force[..., AXES.index("y")].sum(axis=1)
    feet = prepared["foot_force"].sel(axis="y").sum("foot").values
    on_frames = np.interp(trial.time, prepared["force_time"].values, plates)
    return np.asarray(np.abs(on_frames - np.nan_to_num(feet)) > UNOWNED_LOAD)


STANDING = 0.9
"""Share of body weight that the plates must carry."""


def static_stances(
    study: Study, participant_id: str, skeleton: Skeleton
) -> dict[str, StaticStance]:
    """Static postures on plates by trial, the one that the participant is scaled from first."""
    found = {
        one.trial_id: static_stance(study, participant_id, skeleton, one)
        for one in study.still_of(participant_id)
    }
    return {name: one for name, one in found.items() if one is not None}


def static_stance(
    study: Study, participant_id: str, skeleton: Skeleton, static: Trial
) -> StaticStance | None:
    """Pose and centre of pressure of a static trial; None where no plate carried the runner."""
    manifest = study.read_manifest(participant_id, "prepare")
    status = {done["trial_id"]: done["status"] for done in manifest["trials"]}
    if status.get(static.trial_id) != OK:
        return None
    # What stage scale found of its labels holds here as in the trials that are solved.
    prepared = recorded_trial(study, participant_id, static)
    rate = float(prepared.attrs["marker_rate"])
    window = quiet_window(prepared["marker_raw"].values, rate, STATIC_WINDOW_S)
    still = prepared["time"].values[window]
    clock = prepared["force_time"].values
    loaded = (clock >= still[0]) & (clock <= still[-1])
    if not loaded.any():
        return None
    wrench = plate_wrench(prepared)
    force, moment = wrench.force[loaded].mean(axis=0), wrench.moment[loaded].mean(axis=0)
    weight = float(skeleton.mass.sum()) * GRAVITY
    if not force[force[:, 1] > UNLOADED_BAND_N, 1].sum() > STANDING * weight:
        return None
    labels = {
        str(label): study.marker_set.model_name(str(label))
        for label in prepared["marker"].values
        if str(label) in study.marker_set.markers
    }
    labels = {label: name for label, name in labels.items() if name in skeleton.markers}
    places = prepared["marker_raw"].sel(marker=list(labels)).values[window].mean(axis=0)
    index = np.array([skeleton.markers.index(name) for name in labels.values()])
    pose = inverse_kinematics(skeleton, places[None], index, np.ones(len(index)))
    point, corners = prepared["plate_point"].values, prepared["plate_corner"].values
    return StaticStance(pose[0], standing_pressure(force, moment, point, corners))


def standing_pressure(
    force: FloatArray, moment: FloatArray, point: FloatArray, corners: FloatArray
) -> FloatArray:
    """Centre of pressure of a person standing on P plates, (3,), m, ground.

    Forces and moments about the plates' points (P, 3); corners (P, 4, 3), NaN where unknown: the
    point is on the surface then. Plates that carry less than 15 N are empty, whatever they read.
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


def open_centres(
    study: Study, participant_id: str, skeleton: Skeleton, trials: Sequence[SolvedTrial]
) -> FloatArray:
    """(3 B, 3 B) array, m²: covariance of centres of mass by the body's posterior."""
    followed = [followed_markers(study, trial.solved) for trial in trials]
    names = [name for name in followed[0] if all(name in other for other in followed)]
    weight = np.array([followed[0][name] for name in names])
    every = [trial.solved["q"].values for trial in trials]
    most = AVERAGED_FRAMES // len(every) + 1
    q = np.concatenate([one[:: max(1, len(one) // most)] for one in every])
    return body_spread(study, participant_id, skeleton, names).com_posterior_covariance(q, weight)


def open_session(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
    still: Mapping[str, StaticStance] | None = None,
) -> Session:
    """The session of a participant's trials, before they are fitted."""
    groups, settings = study.model_map.groups, study.settings.consistency
    found = {one.trial_id: observations(skeleton, one, groups, EDGE_DISTANCE_M) for one in trials}
    seen = {name: one for name, one in found.items() if isinstance(one, Observations)}
    fitted, runner = [one for one in trials if one.trial_id in seen], Runner(skeleton, groups)
    if fitted:
        participant = str(fitted[0].prepared.attrs["participant_id"])
        runner = Runner(skeleton, groups, open_centres(study, participant, skeleton, fitted))
    feet = planted_feet(runner, [*seen.values()])
    aligns = settings.align_plates and tells_alignment(feet)
    chosen = parameters(settings.drag_area_m2, align_plates=aligns)
    if aligns:
        chosen += pivot_parameters(feet[0].mean(axis=0))
    chosen += centre_parameters(len(runner.centres))
    plain = {name: one for name, one in found.items() if isinstance(one, str)}
    knots = {name: max(KNOTS, FRAMES_PER_KNOT / one.rate) for name, one in seen.items()}
    weights = {name: Weights(knot_s=knot) for name, knot in knots.items()}
    return Session(runner, seen, weights, chosen, still, plain)


def fitted_session(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
    still: Mapping[str, StaticStance] | None = None,
    *,
    draws: tuple[int, int] | None = None,
) -> Session:
    """Fit the trials of a participant together; `draws`: number and seed of draws of every fit.

    A trial that is suspect by itself must not bend the parameters of the others: it is left out and
    the others are settled without it. Its own fit, with parameters of its own, names its fault.
    """
    if missing := [name for name in ANATOMICAL_GROUPS if name not in study.model_map.groups]:
        why = f"the model has no {' and no '.join(missing)} of its own"
        plain = {one.trial_id: why for one in trials}
        return Session(None, {}, {}, (), plain=plain)
    session = open_session(study, skeleton, trials, still)
    session.fit_alone()
    if not session.single_fits:
        return session
    loads = {one.trial_id: foot_loads(study, one.prepared) for one in trials}
    session.settle(session.single_fits, loads, draws)
    sound = session.sound()
    if sound and len(sound) < len(session.single_fits):
        session.settle(sound, loads, draws)
        for name in session.single_fits.keys() - set(sound):
            session.fits[name] = own = session.single_fits[name]
            session.suspicions[name] = doubts(own, loads[name]) or session.suspicions[name]
    session.single_fits = {}
    return session
