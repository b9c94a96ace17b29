"""The static trial as a condition: standing still, the centre of mass is over that of pressure."""

from __future__ import annotations

import numpy as np

from aqbio.config import Trial
from aqbio.consistency.session import StaticStance
from aqbio.force_plates.forces import UNLOADED_BAND, centre_of_pressure
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.movement import quiet_window
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.recordings.loads import plate_wrench
from aqbio.recordings.recorded_trial import recorded_trial
from aqbio.study.manifest import OK
from aqbio.vectors import FloatArray

STANDING = 0.9
"""Share of body weight that the plates must carry."""


def static_stances(
    study: Study, participant_id: str, skeleton: Skeleton
) -> dict[str, StaticStance]:
    """Every posture that the participant held still on plates, by trial.

    The trial that the participant is scaled from comes first.
    """
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
    seconds = study.settings.model.static_window_s
    window = quiet_window(prepared["marker_raw"].values, rate, seconds)
    still = prepared["time"].values[window]
    clock = prepared["force_time"].values
    loaded = (clock >= still[0]) & (clock <= still[-1])
    if not loaded.any():
        return None
    wrench = plate_wrench(prepared)
    force, moment = wrench.force[loaded].mean(axis=0), wrench.moment[loaded].mean(axis=0)
    weight = float(skeleton.mass.sum()) * GRAVITY
    if not force[force[:, 1] > UNLOADED_BAND, 1].sum() > STANDING * weight:
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
    return StaticStance(pose.q[0], standing_pressure(force, moment, point, corners))


def standing_pressure(
    force: FloatArray, moment: FloatArray, point: FloatArray, corners: FloatArray
) -> FloatArray:
    """Centre of pressure of a person who stands on plates, (3,), m, ground.

    Parameters
    ----------
    force, moment : (P, 3) arrays, N and N m
        Of each plate on the person, moments about its point; plates that carry less than 15 N are
        empty, whatever they read.
    point : (P, 3) array, m
    corners : (P, 4, 3) array, m
        NaN where they are not known; the point is on the surface then.

    Examples
    --------
    A deck 0.4 m high, whose offset of 10 N along x may not move the centre of pressure by 6 mm:

    >>> force, place = np.array([[10.0, 700.0, 0.0]]), np.array([[1.0, 0.4, 0.2]])
    >>> corners = place[:, None] + np.zeros((1, 4, 3))
    >>> below = np.array([[1.0, 0.0, 0.2]])
    >>> standing_pressure(force, np.cross(place - below, force), below, corners).round(9)
    array([1. , 0.4, 0.2])
    """
    carries = force[:, 1] > UNLOADED_BAND
    force, moment, point, corners = (part[carries] for part in (force, moment, point, corners))
    height = corners[:, :, 1].mean(axis=1)
    height = np.where(np.isnan(height), point[:, 1], height)
    total = force.sum(axis=0)
    surface = float(force[:, 1] @ height / total[1])
    about_origin = (moment + np.cross(point, force)).sum(axis=0)
    cop, _ = centre_of_pressure(total[None], about_origin[None], np.zeros(3), surface, 0.0)
    pressure: FloatArray = cop[0]
    return pressure
