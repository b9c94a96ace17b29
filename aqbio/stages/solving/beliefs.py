"""What a participant's calibrated body says to inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.calibration.beliefs import posture_belief
from aqbio.mechanics.inverse_kinematics.believed import BodyBeliefs
from aqbio.mechanics.multibody.motion import TrackedMarkers
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray


@dataclass(frozen=True, eq=False)
class CalibratedBeliefs:
    """Beliefs of a body that was calibrated.

    Attributes
    ----------
    body : BodyBeliefs
        Of the markers of a trial.
    offset_sd : (C,) array, rad or m
        Of what each coordinate is off in all frames together; 0 where it is not sought.
    """

    body: BodyBeliefs
    offset_sd: FloatArray


def calibrated_beliefs(
    study: Study, participant_id: str, skeleton: Skeleton, markers: TrackedMarkers
) -> CalibratedBeliefs | None:
    """Read the beliefs of a participant's body; None where it was not calibrated.

    A posterior that stage scale did not write with this model, of an earlier run with other
    settings, is none.
    """
    path = posterior_file(study, participant_id)
    calibrated = bool(study.read_manifest(participant_id, "scale").get("lengths_m"))
    if not (study.settings.solve.beliefs and calibrated and path.is_file()):
        return None
    posterior = read_dataset(path)
    label_of = study.marker_set.label_of
    labels = [label_of(name) for name in markers.names]
    names = [skeleton.coordinates[index] for index in skeleton.free]
    slides = [f"slide:{part}:{axis}" for part in posterior["sliding"].values for axis in "xyz"]
    offset_sd = np.zeros(len(skeleton.coordinates))
    offset_sd[skeleton.free] = posterior["offset_sd"].sel(coordinate=names).values
    body = BodyBeliefs(
        posterior["skin_sd"].sel(label=labels).values,
        float(posterior["common"]),
        posture_belief(skeleton, study.model_map),
        posterior["mean_posture"].sel(coordinate=names).values,
        posterior["mean"].sel(unknown=slides).values.reshape(-1, 3),
        posterior["slide_flexion"].values,
    )
    return CalibratedBeliefs(body, offset_sd)


def posterior_file(study: Study, participant_id: str) -> Path:
    """Give the place of a body's posterior."""
    return study.folder(participant_id, "scale") / f"{participant_id}_body.nc"
