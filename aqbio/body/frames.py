"""Selection of the frames from which a body is fitted, and sessions that share one body.

The labels of each session are separate markers on one template, invisible in the frames of other
sessions. Sizes, hinge axes, sliding skin and mean posture are common, so that the fit itself does
not distinguish sessions. The result of one session is the marginal: the places of other sessions'
markers are left out of unknowns and covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.fit import BodyFit
from aqbio.body.priors import Priors
from aqbio.body.shape import ChosenFrames, MarkerPlaces, State, Template
from aqbio.multibody.poses import dependent_filled, segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray

FRAMES = 24
"""Frames of moving trials that are fitted: 17 or 241 give the same lengths and intervals."""

MOST, OF_TRIAL = 60, (3, 8)
"""Frames of each moving trial, so that its labels can be judged: eight, or fewer (at least three)
where all trials together would have more than `MOST`."""

INDEPENDENT = 5.0
"""Independent observations of the body in one moving trial: skin moves with the posture, so that
a thousand frames of running are not a thousand observations. Harmonics of a gait with
amplitudes like 1/n have ``2 (Σ n⁻²)² / Σ n⁻⁴ = 5`` independent values."""

SEEN, OFTEN = 0.85, 0.9
"""Chosen frames show at least this share of the number of markers at this quantile of frames."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Markers of one trial."""

    position: FloatArray
    """(T, K, 3) array, m, ground. All labels of the session; NaN where one is missing."""
    rate: float
    """float, Hz."""
    still: bool
    """A static trial."""


def chosen_frames(
    recordings: Sequence[Recording], bodies: IntArray, quiet_s: float, *, count: int = FRAMES
) -> ChosenFrames:
    """Choose the quiet mean of static trials, and the most different frames of moving ones.

    Frames are compared by the distances between the segments' centroids, which do not depend on the
    heading. A trial counts as ``INDEPENDENT`` observations, n trials as ``√n`` times as many.
    ``count`` frames of all moving trials together, at least ``OF_TRIAL`` of each; bodies (K,) carry
    the markers.
    """
    moving = sum(not one.still for one in recordings)
    each = max(count // max(1, moving), int(np.clip(MOST // max(1, moving), *OF_TRIAL)))
    of_trial = INDEPENDENT / np.sqrt(max(1, moving))
    positions, stills, weights, trials, frames = [], [], [], [], []
    for trial, one in enumerate(recordings):
        if one.still:
            mean, middle = quiet_mean(one, quiet_s)
            position, index = mean[None], np.array([middle])
        else:
            index = different_frames(one.position, bodies, each)
            position = one.position[index]
        if not len(index):
            continue
        positions.append(position)
        stills.append(np.full(len(index), one.still))
        weights.append(np.full(len(index), 1.0 if one.still else min(1.0, of_trial / len(index))))
        trials.append(np.full(len(index), trial))
        frames.append(index)
    if not frames:
        raise ValueError("no trial has a frame with three markers.")
    return ChosenFrames(*map(np.concatenate, (positions, stills, weights, trials, frames)))


def quiet_mean(recording: Recording, seconds: float) -> tuple[FloatArray, int]:
    """Mean position (K, 3) over the quietest interval of this length, and its middle frame."""
    position = recording.position
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
        seen = np.isfinite(values[row]).all(axis=1)
        if seen.any():
            reduced[row] = function(values[row][seen], axis=0)
    return reduced


def different_frames(position: FloatArray, bodies: IntArray, count: int) -> IntArray:
    """Frames that differ most from each other, in order."""
    seen = np.isfinite(position).all(axis=2).sum(axis=1)
    allowed = np.flatnonzero(seen >= max(3, SEEN * np.quantile(seen, OFTEN)))
    if not len(allowed):
        return allowed
    features = segment_distances(position[allowed], bodies)
    chosen = [int(np.argmax(seen[allowed]))]
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
        own = position[:, bodies == body]
        seen = np.asarray(np.isfinite(own).all(axis=2))
        total = np.where(seen[..., None], own, 0.0).sum(axis=1)
        number = seen.sum(axis=1)[:, None]
        middles.append(np.where(number > 0, total / np.maximum(number, 1), np.nan))
    centre = np.stack(middles, axis=1)
    one, other = np.triu_indices(centre.shape[1], 1)
    distances: FloatArray = np.linalg.norm(centre[:, one] - centre[:, other], axis=2)
    return distances


def face_template(frames: ChosenFrames, skeleton: Skeleton, places: MarkerPlaces) -> ChosenFrames:
    """Turn each frame about the vertical and shift it onto the template in its default pose."""
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    [standing] = station_positions(segment_poses(skeleton, q), places.body, places.place)
    seen: BoolArray = frames.visible[..., None]
    own, own_middle = _about_middle(np.broadcast_to(standing, frames.position.shape), seen)
    recorded, _ = _about_middle(frames.position, seen)
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    turned = recorded @ _upright_turns(recorded, own, up)
    return replace(frames, position=np.where(seen, turned + own_middle, np.nan))


def _about_middle(position: FloatArray, visible: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Positions (F, K, 3) less their mean, zero where missing, and the means (F, 1, 3)."""
    known = np.where(visible, position, 0.0)
    middle = known.sum(axis=1, keepdims=True) / np.maximum(visible.sum(axis=1, keepdims=True), 1)
    return np.where(visible, position - middle, 0.0), middle


def _upright_turns(recorded: FloatArray, own: FloatArray, up: FloatArray) -> FloatArray:
    """(F, 3, 3) array: rotations (of rows) about the vertical that minimise the distances."""
    from scipy.spatial.transform import Rotation

    sine = np.cross(recorded, own).sum(axis=1) @ up
    across = (recorded * own).sum(axis=(1, 2)) - ((recorded @ up) * (own @ up)).sum(axis=1)
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
        """The fit of all sessions restricted to this one's frames, labels and marker places.

        The regression of the hip centres belongs to the session whose spines it uses.
        """
        problem, own = fit.problem, self._template(fit.problem.template)
        rows = np.flatnonzero(np.isin(problem.frames.trial, self.trials))
        seen, border = np.ix_(rows, self.labels), self._border(fit)
        priors = self._priors(problem.priors, border[: sum(own.sizes)])
        frames = self._frames(fit, rows)
        hips = problem.hips if len(self.labels) == len(problem.template.markers.labels) else None
        return replace(
            fit,
            problem=replace(problem, template=own, frames=frames, priors=priors, hips=hips),
            state=State(fit.state.theta[border], fit.state.q[rows]),
            weights=fit.weights[seen],
            covariance=fit.covariance[np.ix_(border, border)],
            by_theta=fit.by_theta[rows][:, :, border],
            error=fit.error[seen],
        )

    def _template(self, template: Template) -> Template:
        markers = template.markers
        places = MarkerPlaces(self.names, markers.body[self.labels], markers.place[self.labels])
        return replace(template, markers=places)

    def _priors(self, whole: Priors, shape: IntArray) -> Priors:
        count = len(whole.skin_sd)
        return replace(
            whole,
            mean=whole.mean[shape],
            precision=whole.precision[np.ix_(shape, shape)],
            skin_sd=whole.skin_sd[self.labels],
            still_sd=np.broadcast_to(whole.still_sd, count)[self.labels],
            soft_tissue_scale=np.broadcast_to(whole.soft_tissue_scale, count)[self.labels],
        )

    def _border(self, fit: BodyFit) -> IntArray:
        """Unknowns of shape and mean posture without the places of other sessions' markers."""
        sizes, markers, *_ = fit.problem.template.sizes
        own = sizes + (3 * self.labels[:, None] + np.arange(3)).ravel()
        rest = np.arange(sizes + markers, len(fit.covariance))
        return np.concatenate([np.arange(sizes), own, rest])

    def _frames(self, fit: BodyFit, rows: IntArray) -> ChosenFrames:
        frames = fit.problem.frames
        return ChosenFrames(
            frames.position[np.ix_(rows, self.labels)],
            frames.still[rows],
            frames.weight[rows],
            np.searchsorted(self.trials, frames.trial[rows]),
            frames.frame[rows],
        )
