"""The pose of a trial, from credible markers: others must not pull the rest along."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.priors import posture_prior, posture_sd, root_coordinates
from aqbio.body.records import posterior_path
from aqbio.body.shape import body_parts
from aqbio.config import Trial
from aqbio.errors import Finding
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.pose import (
    Fault,
    SolvedPose,
    pose_faults,
    pose_finding,
    refuse_without_pose,
    wandering_labels,
    without_faults,
)
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.motion import TrackedMarkers
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import (
    MARKER_SD,
    MarkerNoise,
    coordinate_covariance,
    coordinates_observed,
    determined,
    determined_by_file,
    filled_coordinates,
    frame_sd,
    interpolate_lost_joints,
    range_sd,
    segment_sds,
    with_joints_freed,
)
from aqbio.observed.mask import NOT_IN_FILE, NOT_SEEN, Observed, observed_from
from aqbio.prepare.prepared import solved_coordinates
from aqbio.signals import longest_gap
from aqbio.vectors import BoolArray, FloatArray, IntArray

FAINT_WEIGHT = 1e-3
"""Relative weight of implausible markers: they guide their own limb, and no other."""

MAX_ROUNDS = 5
"""Number of times that a pose is re-solved without the limbs that were impossible in it."""


@dataclass(frozen=True)
class SolvedCoordinates:
    """Coordinates of every frame, before the low-pass."""

    q: FloatArray
    """(T, C) array, rad or m."""
    determined: BoolArray
    """(T, S) bool array. Segments that are determined."""
    determined_coordinates: BoolArray
    """(T, C) bool array. Coordinates that are."""
    sd: FloatArray
    offset_sd: FloatArray
    """sd, offset_sd: (T, C) array and (C,) array, rad or m. Of every coordinate, from the noise of
    single frames and from the body; NaN where unknown."""


def trial_pose(
    study: Study, trial: Trial, skeleton: Skeleton, markers: TrackedMarkers, rate: float
) -> tuple[SolvedCoordinates, Observed, TrackedMarkers, list[Finding]]:
    """Solve the pose of every frame, and repeat it without limbs that turn out to be impossible."""
    scaled = study.read_manifest(trial.participant_id, "scale")["lost"]
    shape = (len(markers.time), len(skeleton.bodies))
    removals: list[tuple[BoolArray, str]] = [
        (np.broadcast_to([scaled.get(body) == why for body in skeleton.bodies], shape), why)
        for why in dict.fromkeys(scaled.values())
    ]
    findings: list[Finding] = []
    all_faults: list[Fault] = []
    longest = longest_gap(study.settings.prepare, rate)
    priors = pose_priors(study, trial.participant_id, skeleton, markers)

    def solve(chosen: TrackedMarkers) -> FloatArray:
        return _coordinates(skeleton, chosen, priors)

    for number in range(1, MAX_ROUNDS + 1):
        removed = np.any([np.zeros(shape, dtype=bool), *(frames for frames, _ in removals)], axis=0)
        guiding = _guiding_markers(
            markers, removed[:, skeleton.marker_body[_indices(skeleton, markers)]]
        )
        solved = _solve_coordinates(study, trial, skeleton, guiding)
        missing_reason = NOT_IN_FILE if trial.coordinates_file else NOT_SEEN
        observed = observed_from(
            skeleton.bodies, solved.determined | removed, longest, missing_reason
        )
        for frames, why in removals:
            observed = observed.losing(frames, why)
        observed = observed.determine(skeleton.coordinates, solved.determined_coordinates, longest)
        recorded = None if trial.coordinates_file else guiding
        pose = SolvedPose(skeleton, solved.q, recorded, study.model_map, study.marker_set, observed)
        wrong, wander = wandering_labels(pose, solve, trial.trial_id)
        if wander and number < MAX_ROUNDS:
            markers = without_labels(markers, wrong)
            findings += wander
            continue
        if not (faults := pose_faults(pose)):
            break
        all_faults += faults
        refuse_without_pose(pose, all_faults, faults, trial.trial_id)
        findings.append(pose_finding(pose, faults, trial.trial_id))
        for fault in faults:
            body_mask = np.isin(skeleton.bodies, study.model_map.groups[fault.group])
            removals.append((fault.frames[:, None] & body_mask, fault.reason))
        observed = without_faults(pose, faults)
    return solved, observed, markers, findings


def without_labels(markers: TrackedMarkers, removed: BoolArray) -> TrackedMarkers:
    """Leave out labels in some frames, (T, K)."""
    return replace(markers, positions=np.where(removed[:, :, None], np.nan, markers.positions))


def _guiding_markers(markers: TrackedMarkers, removed: BoolArray) -> TrackedMarkers:
    """Leave out markers in some frames, (T, K); those missing in all only guide their limb.

    Where a limb roughly is decides where the body's centre of mass is.
    """
    never_visible = removed.all(axis=0)
    weights = np.where(never_visible, FAINT_WEIGHT * markers.weights, markers.weights)
    return replace(without_labels(markers, removed & ~never_visible), weights=weights)


def _solve_coordinates(
    study: Study, trial: Trial, skeleton: Skeleton, markers: TrackedMarkers
) -> SolvedCoordinates:
    """Coordinates, and how far the recording determines them."""
    if trial.coordinates_file:
        stem = study.folder(trial.participant_id, "prepare") / trial.trial_id
        return coordinates_of_file(skeleton, solved_coordinates(stem, skeleton, markers.time))
    priors = pose_priors(study, trial.participant_id, skeleton, markers)
    q = _coordinates(skeleton, markers, priors)
    visible = np.asarray(np.isfinite(markers.positions).all(axis=2))
    weight = visible * markers.weights / markers.weights.max()
    index, prior_sd = _indices(skeleton, markers), np.minimum(range_sd(skeleton), priors.sd)
    covariance = coordinate_covariance(skeleton, q, index, weight, prior_sd, priors.noise)
    sd = frame_sd(covariance)
    free = with_joints_freed(skeleton, study.model_map.held, index[visible.any(axis=0)])
    if (free.coordinate_locked != skeleton.coordinate_locked).any():
        loose = np.minimum(range_sd(free), priors.sd)
        covariance = coordinate_covariance(free, q, index, weight, loose, priors.noise)
    sds = (_by_pattern(sds, visible) for sds in segment_sds(skeleton, q, covariance))
    segments = determined(skeleton, *sds)
    observed = coordinates_observed(np.hypot(sd, np.nan_to_num(priors.offset_sd)), prior_sd)
    return SolvedCoordinates(
        interpolate_lost_joints(skeleton, q, segments), segments, observed, sd, priors.offset_sd
    )


def _by_pattern(sd: FloatArray, visible: BoolArray) -> FloatArray:
    """(T, S): RMS over the frames that show the same markers, (T, K), so that gaps lose parts."""
    _, pattern = np.unique(visible, axis=0, return_inverse=True)
    pattern_mask = pattern.reshape(-1, 1) == np.arange(pattern.max() + 1)
    squares = pattern_mask.T.astype(float) @ sd**2 / pattern_mask.sum(axis=0)[:, None]
    return np.asarray(np.sqrt(squares[pattern.ravel()]))


def coordinates_of_file(skeleton: Skeleton, columns: FloatArray) -> SolvedCoordinates:
    """Coordinates (T, C) of a file, NaN where it lacks them; a file has no uncertainty of them."""
    q = filled_coordinates(skeleton, columns)
    stated_columns = np.isfinite(columns)
    segments = determined_by_file(skeleton, q, stated_columns)
    stated_columns[:, np.setdiff1d(np.arange(q.shape[1]), skeleton.free)] = True
    return SolvedCoordinates(
        q, segments, stated_columns, np.full(q.shape, np.nan), np.full(q.shape[1], np.nan)
    )


def _indices(skeleton: Skeleton, markers: TrackedMarkers) -> IntArray:
    """Index of each tracked marker among the skeleton's."""
    return np.array([skeleton.markers.index(name) for name in markers.names], dtype=int)


def _coordinates(skeleton: Skeleton, markers: TrackedMarkers, priors: PosePriors) -> FloatArray:
    """Inverse kinematics of all frames, (T, C)."""
    index = _indices(skeleton, markers)
    return inverse_kinematics(
        skeleton, markers.positions, index, markers.weights,
        pose=priors.posture, stiffness=markers.weights.max() * (MARKER_SD / priors.sd) ** 2,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class PosePriors:
    """Priors of a body."""

    posture: FloatArray
    """(C,) array, rad or m. Values of coordinates that no marker determines: the person's mean
    posture in movement."""
    noise: MarkerNoise
    """Of the trial's markers."""
    offset_sd: FloatArray
    """(C,) array, rad or m. SD of the offset of each coordinate in all frames, from the body;
    NaN without a calibration, 0 where it is not sought."""
    sd: FloatArray
    """(C,) array, rad or m. Of a frame about the posture (:func:`posture_sd`)."""


def pose_priors(
    study: Study, participant_id: str, skeleton: Skeleton, markers: TrackedMarkers
) -> PosePriors:
    """Priors of the pose: by the body's calibration, or of any runner without it.

    A posterior that stage scale did not write with this model is none.
    """
    without_faults = _general_priors(study, skeleton, markers)
    path = posterior_path(study, participant_id)
    calibrated = bool(study.read_manifest(participant_id, "scale").get("lengths_m"))
    if not (calibrated and path.is_file()):
        return without_faults
    posterior = read_dataset(path)
    labels = [study.marker_set.label_of(name) for name in markers.names]
    names = [skeleton.coordinates[index] for index in skeleton.free]
    posture, offset_sd = without_faults.posture.copy(), np.zeros(len(skeleton.coordinates))
    posture[skeleton.free] = posterior["mean_posture"].sel(coordinate=names).values
    offset_sd[skeleton.free] = posterior["offset_sd"].sel(coordinate=names).values
    noise = replace(
        without_faults.noise,
        sd=posterior["skin_sd"].sel(label=labels).values,
        common=float(posterior["common"]),
    )
    return replace(
        without_faults,
        posture=_default_root(skeleton, posture), noise=noise, offset_sd=offset_sd,
    )  # fmt: skip


def _general_priors(study: Study, skeleton: Skeleton, markers: TrackedMarkers) -> PosePriors:
    postures = posture_prior(skeleton, study.model_map)
    posture = skeleton.coordinate_default.copy()
    posture[skeleton.free] = postures.mean[skeleton.free]
    body = skeleton.marker_body[_indices(skeleton, markers)]
    part = body_parts(skeleton, study.model_map).of_body[body]
    noise = replace(MarkerNoise.uniform(len(body)), part=part)
    unknown = np.full(len(posture), np.nan)
    sd = posture_sd(skeleton, study.model_map, study.marker_set)
    return PosePriors(_default_root(skeleton, posture), noise, unknown, sd)


def _default_root(skeleton: Skeleton, posture: FloatArray) -> FloatArray:
    """The root has no prior: its mean angles are those of other recordings."""
    return np.where(root_coordinates(skeleton), skeleton.coordinate_default, posture)
