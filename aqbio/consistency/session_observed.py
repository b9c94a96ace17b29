"""From the files of a trial to what the fit observes, or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.consistency.observations import GroundWrench, Observations, measured_frames
from aqbio.gait.contacts import trial_contacts
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.observed.record import read_observed, why_not_whole
from aqbio.recordings.loads import NO_FREE_MOMENT, plate_wrench
from aqbio.vectors import BoolArray

FEWEST_SECONDS = 0.10
"""A trial whose forces are completely measured for less than this is not fitted."""

FEWEST_FRAMES = 10

UNOWNED_LOAD = 50.0
"""Vertical load on plates beside that of the feet from which a frame is not used, N."""


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
    plates may have lost a part of its force: like one that is cut, it is not measured.
    The laws of motion tie the forces to the whole body: parts that nobody saw between the first
    touchdown and the last toe-off would be bent until the sum is right.
    """
    if trial.solved.attrs["from_coordinates"]:
        return "no markers were recorded"
    if trial.prepared.attrs["free_moment"] == NO_FREE_MOMENT:
        return "no free moment was recorded"
    wrench = total_wrench(trial)
    if isinstance(wrench, str):
        return wrench
    time, solved = trial.time, trial.solved
    contacts = sorted(trial_contacts(trial.prepared), key=lambda one: one.touchdown)
    if not contacts:
        return "no foot met a force plate"
    used = (time >= contacts[0].touchdown) & (time <= max(one.toe_off for one in contacts))
    mask = read_observed(solved)
    if lost := why_not_whole(mask, groups, used):
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
    return Observations(
        time=time,
        marker_index=np.array(index),
        markers=solved["marker_position"].values,
        wrench=wrench,
        measured=measured,
        start=solved["q_unfiltered"].values,
        plain=Motion(*(solved[name].values for name in ("q", "u", "udot"))),
        unobservable=tuple(skeleton.coordinates.index(name) for name in mask.hardly_told),
        drag=trial.prepared.attrs["surface"] != "treadmill",
        contacts=spans,
        left=np.array([one.side == "left" for one in contacts]),
    )


def total_wrench(trial: SolvedTrial) -> GroundWrench | str:
    """The ground's force and moment on both feet, or why there is none.

    The recording may have forces for a part of the frames only; in gaps they are 0, and no contact
    in a gap counts as measured.
    """
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
