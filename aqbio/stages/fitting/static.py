"""The static trial as a condition: standing still, the centre of mass is over that of pressure."""

from __future__ import annotations

import numpy as np

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.consistency.session import StaticStance
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.stages.manifest import OK

STANDING = 0.9
"""Share of body weight that the plates must carry."""


def static_stance(study: Study, participant_id: str, skeleton: Skeleton) -> StaticStance | None:
    """Pose and centre of pressure of the static trial; None where no plate carried the runner."""
    from aqbio.osim.static_trial import quiet_window

    static = study.static_of(participant_id)
    if static is None:
        return None
    manifest = study.read_manifest(participant_id, "prepare")
    status = {done["trial_id"]: done["status"] for done in manifest["trials"]}
    if status.get(static.trial_id) != OK:
        return None
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{static.trial_id}.nc")
    rate = float(prepared.attrs["marker_rate"])
    seconds = study.settings.model.static_window_s
    window = quiet_window(prepared["marker_raw"].values, rate, seconds)
    still = prepared["time"].values[window]
    clock = prepared["force_time"].values
    loaded = (clock >= still[0]) & (clock <= still[-1])
    if not loaded.any():
        return None
    force = prepared["plate_force"].values[loaded].mean(axis=0)
    moment = prepared["plate_moment"].values[loaded].mean(axis=0)
    about_origin = (moment + np.cross(prepared["plate_point"].values, force)).sum(axis=0)
    total = force.sum(axis=0)
    weight = float(skeleton.mass.sum()) * GRAVITY
    if not total[1] > STANDING * weight:
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
    cop = np.array([about_origin[2] / total[1], 0.0, -about_origin[0] / total[1]])
    return StaticStance(pose.q[0], cop)
