"""Selection of the frames from which a body is fitted, and sessions that share one body.

The labels of each session are separate markers on one template, invisible in the frames of other
sessions. Sizes, hinge axes, sliding skin and mean posture are common, so that the fit itself does
not distinguish sessions. The result of one session is the marginal: the positions of other
sessions' markers are left out of unknowns and covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.body.fit import BodyFit
from aqbio.body.priors import Priors
from aqbio.body.shape import ChosenFrames, State, Template, TemplateMarkers
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray

MOVING_FRAMES = 24
"""Frames of moving trials that are fitted: 17 or 241 give the same lengths and intervals."""

MAX_MOVING_FRAMES = 60
"""Frames of all moving trials together from which on each trial has fewer than eight."""

FRAMES_PER_TRIAL = (3, 8)
"""Minimum and usual number of frames of each moving trial, so that its labels can be judged."""

OBSERVATIONS_PER_TRIAL = 5.0
"""Independent observations of the body in one moving trial: skin moves with the posture, so that
a thousand frames of running are not a thousand observations. Harmonics of a gait with
amplitudes like 1/n have ``2 (Σ n⁻²)² / Σ n⁻⁴ = 5`` independent values."""

VISIBLE_QUANTILE = 0.9
"""Quantile over the frames of a trial at which its usual number of visible markers is taken."""

MIN_VISIBLE_SHARE = 0.85
"""Chosen frames have at least this share of the usual number of visible markers."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Markers of one trial."""

    position: FloatArray
    """(T, K, 3) array, m, ground. All labels of the session; NaN where one is missing."""
    rate: float
    """float, Hz."""
    is_static: bool
    """A static trial."""


def chosen_frames(
    recordings: Sequence[Recording], bodies: IntArray, quiet_s: float, *, count: int = MOVING_FRAMES
) -> ChosenFrames:
    """Choose the quiet mean of static trials, and the most different frames of moving ones.

    Frames are compared by the distances between the segments' centroids, which do not depend on the
    heading. A trial counts as ``OBSERVATIONS_PER_TRIAL`` observations, n trials as ``√n`` times as
    many. ``count`` frames of all moving trials together, at least ``FRAMES_PER_TRIAL`` of each;
    bodies (K,) carry the markers.
    """
    moving = sum(not recording.is_static for recording in recordings)
    frames_per_trial = max(
        count // max(1, moving),
        int(np.clip(MAX_MOVING_FRAMES // max(1, moving), *FRAMES_PER_TRIAL)),
    )
    of_trial = OBSERVATIONS_PER_TRIAL / np.sqrt(max(1, moving))
    positions, stills, weights, trials, frames = [], [], [], [], []
    for trial, recording in enumerate(recordings):
        if recording.is_static:
            mean, middle = quiet_mean(recording, quiet_s)
            position, index = mean[None], np.array([middle])
        else:
            index = different_frames(recording.position, bodies, frames_per_trial)
            position = recording.position[index]
        if not len(index):
            continue
        positions.append(position)
        stills.append(np.full(len(index), recording.is_static))
        weights.append(
            np.full(len(index), 1.0 if recording.is_static else min(1.0, of_trial / len(index)))
        )
        trials.append(np.full(len(index), trial))
        frames.append(index)
    if not frames:
        raise ValueError("no trial has a frame with three markers.")
    return ChosenFrames(*map(np.concatenate, (positions, stills, weights, trials, frames)))


def quiet_mean(recording: Recording, seconds: float) -> tuple[FloatArray, int]:
    """Mean position (K, 3) over the quietest interval of this length, and its middle frame."""
    position = recording.position
    if len(position) == 1:
        return position[0], 0
    length = max(1, min(len(position), round(seconds * recording.rate)))
    step = np.linalg.norm(np.diff(position, axis=0), axis=2)
    speed = _middle(step, np.nanmedian)
    speed = np.nan_to_num(speed, nan=np.inf)
    sums = np.convolve(np.minimum(speed, 1.0), np.ones(max(length - 1, 1)), "valid")
    start = int(np.argmin(sums)) if len(sums) else 0
    part = position[start : start + length]
    return _middle(np.swapaxes(part, 0, 1), np.nanmean), start + length // 2


def _middle(values: FloatArray, function) -> FloatArray:  # type: ignore[no-untyped-def]
    """Reduce axis 1 over the values that are not missing; NaN where all are."""
    present = np.isfinite(values).any(axis=1)
    reduced = np.full(present.shape, np.nan)
    if values.ndim == 2:
        reduced[present] = function(values[present], axis=1)
        return reduced
    for row in range(len(values)):
        visible = np.isfinite(values[row]).all(axis=1)
        if visible.any():
            reduced[row] = function(values[row][visible], axis=0)
    return reduced


def different_frames(position: FloatArray, bodies: IntArray, count: int) -> IntArray:
    """Frames that differ most from each other, in order."""
    visible_count = np.isfinite(position).all(axis=2).sum(axis=1)
    allowed = np.flatnonzero(
        visible_count >= max(3, MIN_VISIBLE_SHARE * np.quantile(visible_count, VISIBLE_QUANTILE))
    )
    if not len(allowed):
        return allowed
    features = segment_distances(position[allowed], bodies)
    chosen = [int(np.argmax(visible_count[allowed]))]
    distance = np.full(len(allowed), np.inf)
    for _ in range(min(count, len(allowed)) - 1):
        gap = (features - features[chosen[-1]]) ** 2
        present = np.isfinite(gap)
        mean = np.where(present, gap, 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
        distance = np.minimum(distance, mean)
        chosen.append(int(np.argmax(distance)))
    return np.sort(allowed[chosen])


def segment_distances(position: FloatArray, bodies: IntArray) -> FloatArray:
    """(T, N) array, m: distances between the centroids of the markers of all pairs of segments."""
    middles = []
    for body in np.unique(bodies):
        markers_of_segment = position[:, bodies == body]
        visible = np.asarray(np.isfinite(markers_of_segment).all(axis=2))
        total = np.where(visible[..., None], markers_of_segment, 0.0).sum(axis=1)
        number = visible.sum(axis=1)[:, None]
        middles.append(np.where(number > 0, total / np.maximum(number, 1), np.nan))
    centre = np.stack(middles, axis=1)
    first, second = np.triu_indices(centre.shape[1], 1)
    distances: FloatArray = np.linalg.norm(centre[:, first] - centre[:, second], axis=2)
    return distances


def face_template(
    frames: ChosenFrames, skeleton: Skeleton, markers: TemplateMarkers
) -> ChosenFrames:
    """Turn each frame about the vertical and shift it onto the template in its default pose."""
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    [standing] = station_positions(segment_poses(skeleton, q), markers.body, markers.position)
    visible: BoolArray = frames.visible[..., None]
    template, template_middle = _about_middle(
        np.broadcast_to(standing, frames.position.shape), visible
    )
    recorded, _ = _about_middle(frames.position, visible)
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    turned = recorded @ _upright_turns(recorded, template, up)
    return replace(frames, position=np.where(visible, turned + template_middle, np.nan))


def _about_middle(position: FloatArray, visible: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Positions (F, K, 3) less their mean, zero where missing, and the means (F, 1, 3)."""
    present = np.where(visible, position, 0.0)
    middle = present.sum(axis=1, keepdims=True) / np.maximum(visible.sum(axis=1, keepdims=True), 1)
    return np.where(visible, position - middle, 0.0), middle


def _upright_turns(recorded: FloatArray, template: FloatArray, up: FloatArray) -> FloatArray:
    """(F, 3, 3) array: rotations (of rows) about the vertical that minimise the distances."""
    sine = np.cross(recorded, template).sum(axis=1) @ up
    across = (recorded * template).sum(axis=(1, 2)) - ((recorded @ up) * (template @ up)).sum(
        axis=1
    )
    angle = np.arctan2(sine, across)
    return np.asarray(Rotation.from_rotvec(-angle[:, None] * up).as_matrix())


@dataclass(frozen=True, eq=False)
class Session:
    """Recordings between which no marker was reattached."""

    names: tuple[str, ...]
    """tuple of L str. Labels as the laboratory calls them."""
    labels: IntArray
    """(L,) int array. Their indices among the labels of all sessions."""
    trials: IntArray
    """(T,) int array. Indices among the recordings of all sessions, ascending."""

    def fit_of(self, fit: BodyFit) -> BodyFit:
        """The fit of all sessions restricted to this one's frames, labels and markers.

        The regression of the hip centres belongs to the session whose spines it uses.
        """
        problem, template = fit.problem, self._template(fit.problem.template)
        rows = np.flatnonzero(np.isin(problem.frames.trial, self.trials))
        frames_and_labels, border = np.ix_(rows, self.labels), self._border(fit)
        priors = self._priors(problem.priors, border[: sum(template.sizes)])
        frames = self._frames(fit, rows)
        hips = problem.hips if len(self.labels) == len(problem.template.markers.labels) else None
        return replace(
            fit,
            problem=replace(problem, template=template, frames=frames, priors=priors, hips=hips),
            state=State(fit.state.theta[border], fit.state.q[rows]),
            weights=fit.weights[frames_and_labels],
            covariance=fit.covariance[np.ix_(border, border)],
            by_theta=fit.by_theta[rows][:, :, border],
            error=fit.error[frames_and_labels],
        )

    def _template(self, template: Template) -> Template:
        markers = template.markers
        template_markers = TemplateMarkers(
            self.names, markers.body[self.labels], markers.position[self.labels]
        )
        return replace(template, markers=template_markers)

    def _priors(self, priors: Priors, shape: IntArray) -> Priors:
        count = len(priors.skin_sd)
        return replace(
            priors,
            mean=priors.mean[shape],
            precision=priors.precision[np.ix_(shape, shape)],
            skin_sd=priors.skin_sd[self.labels],
            still_sd=np.broadcast_to(priors.still_sd, count)[self.labels],
            soft_tissue_scale=np.broadcast_to(priors.soft_tissue_scale, count)[self.labels],
        )

    def _border(self, fit: BodyFit) -> IntArray:
        """Unknowns of shape and mean posture without the positions of other sessions' markers."""
        sizes, markers, *_ = fit.problem.template.sizes
        offsets = sizes + (3 * self.labels[:, None] + np.arange(3)).ravel()
        rest = np.arange(sizes + markers, len(fit.covariance))
        return np.concatenate([np.arange(sizes), offsets, rest])

    def _frames(self, fit: BodyFit, rows: IntArray) -> ChosenFrames:
        frames = fit.problem.frames
        return ChosenFrames(
            frames.position[np.ix_(rows, self.labels)],
            frames.is_static[rows],
            frames.weight[rows],
            np.searchsorted(self.trials, frames.trial[rows]),
            frames.frame[rows],
        )
