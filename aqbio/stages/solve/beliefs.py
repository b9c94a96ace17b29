"""What is believed of a participant's markers and posture besides what a frame shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.calibration.beliefs import posture_belief
from aqbio.mechanics.calibration.parts import body_parts
from aqbio.mechanics.multibody.motion import TrackedMarkers
from aqbio.mechanics.multibody.skeleton import GROUND, Skeleton
from aqbio.mechanics.observed.determined import MarkerNoise
from aqbio.mechanics.vectors import FloatArray
from aqbio.records.body_posterior import posterior_path


@dataclass(frozen=True, eq=False)
class PoseBeliefs:
    """Beliefs of a body."""

    posture: FloatArray
    """(C,) array, rad or m. Where coordinates are that no marker tells: the person's mean posture
    in movement."""
    noise: MarkerNoise
    """Of the trial's markers."""
    offset_sd: FloatArray
    """(C,) array, rad or m. Of what each coordinate is off in all frames together, for the body;
    NaN where no calibration says it, 0 where it is not sought."""


def pose_beliefs(
    study: Study, participant_id: str, skeleton: Skeleton, markers: TrackedMarkers
) -> PoseBeliefs:
    """What is believed: by the body's calibration, or of any runner without it.

    A posterior that stage scale did not write with this model, of an earlier run with other
    settings, is none.
    """
    believed = _of_anybody(study, skeleton, markers)
    path = posterior_path(study, participant_id)
    calibrated = bool(study.read_manifest(participant_id, "scale").get("lengths_m"))
    if not (calibrated and path.is_file()):
        return believed
    posterior = read_dataset(path)
    labels = [study.marker_set.label_of(name) for name in markers.names]
    names = [skeleton.coordinates[index] for index in skeleton.free]
    posture, offset_sd = believed.posture.copy(), np.zeros(len(skeleton.coordinates))
    posture[skeleton.free] = posterior["mean_posture"].sel(coordinate=names).values
    offset_sd[skeleton.free] = posterior["offset_sd"].sel(coordinate=names).values
    noise = replace(
        believed.noise,
        sd=posterior["skin_sd"].sel(label=labels).values,
        common=float(posterior["common"]),
    )
    return PoseBeliefs(_rooted(skeleton, posture), noise, offset_sd)


def _of_anybody(study: Study, skeleton: Skeleton, markers: TrackedMarkers) -> PoseBeliefs:
    postures = posture_belief(skeleton, study.model_map)
    posture = skeleton.coordinate_default.copy()
    posture[skeleton.free] = postures.mean[skeleton.free]
    body = [int(skeleton.marker_body[skeleton.markers.index(name)]) for name in markers.names]
    part = body_parts(skeleton, study.model_map).of_body[body]
    noise = replace(MarkerNoise.alike(len(body)), part=part)
    return PoseBeliefs(_rooted(skeleton, posture), noise, np.full(len(posture), np.nan))


def _rooted(skeleton: Skeleton, posture: FloatArray) -> FloatArray:
    """Nothing is believed of the root: its angles are those of another posture elsewhere."""
    hangs = skeleton.parent[skeleton.axes.body] == GROUND
    root = np.setdiff1d(skeleton.driver[hangs], [-1])
    rooted = posture.copy()
    rooted[root] = skeleton.coordinate_default[root]
    return rooted
