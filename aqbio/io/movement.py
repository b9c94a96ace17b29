"""Evidence from marker paths: still or moving recordings; lost, repeated and jumping frames."""

from __future__ import annotations

import numpy as np

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_medians

MAX_STATIC_MOVEMENT_M = 0.15
"""In a static trial three quarters of the markers stay within this, m."""

BODY_RADIUS_M = 0.4
"""Median distance of markers from the middle of a person: 0.26 to 0.70 m in our recordings."""

MIN_RADIUS_M = 0.1
MAX_RADIUS_M = 1.6
"""Beyond these limits positions are in another unit than the one that was read, and stillness is
judged by the size of the body."""


def is_static(positions: FloatArray) -> bool:
    """True if three quarters of the markers stay in a small box; true for a single frame."""
    if len(positions) == 1:
        return True
    movement = movement_extent(positions)
    return bool(np.isfinite(movement)) and movement < MAX_STATIC_MOVEMENT_M * _unit_error(positions)


def movement_extent(positions: FloatArray) -> float:
    """Size of the box within which three quarters of the markers (T, M, 3) stay, m; NaN of none."""
    ways = []
    for path in positions.transpose(1, 0, 2):
        visible = path[np.isfinite(path).all(axis=1)]
        if len(visible) > 1:
            low, high = np.percentile(visible, (5.0, 95.0), axis=0)
            ways.append(float(np.linalg.norm(high - low)))
    return float(np.percentile(ways, 75.0)) if ways else np.nan


def body_radius(positions: FloatArray) -> float:
    """Median distance of the markers (T, M, 3) from their middle; NaN without three in a frame."""
    visible = np.asarray(np.isfinite(positions).all(axis=2))
    samples = positions[visible.sum(axis=1) > 2][:: max(len(positions) // SAMPLED_FRAMES, 1)]
    if not len(samples):
        return np.nan
    middle = finite_medians(samples.swapaxes(0, 1))[:, None]
    return float(np.nanmedian(np.linalg.norm(samples - middle, axis=2)))


def _unit_error(positions: FloatArray) -> float:
    """Size of the markers (T, M, 3) relative to those of a person; 1 within plausible limits."""
    radius = body_radius(positions)
    plausible = np.isnan(radius) or MIN_RADIUS_M < radius < MAX_RADIUS_M
    return 1.0 if plausible else radius / BODY_RADIUS_M


MIN_STANDING_S = 0.2
"""A person who stands for this long gives a static trial, also where the rest of the recording
moves."""

MAX_STANDING_MOVEMENT_M = 0.015
"""Size of the box within which three quarters of the markers then stay: 0.3 to 12 mm in 17 static
trials, 7 in one that moves before and after, and 58 and more in 44 runs."""


def standing_part(positions: FloatArray, rate: float) -> slice | None:
    """Frames around the quietest moment of positions (T, M, 3), m, in which the person stands."""
    limit = MAX_STANDING_MOVEMENT_M * _unit_error(positions)
    part = quiet_window(positions, rate, MIN_STANDING_S)
    if not movement_extent(positions[part]) < limit:
        return None
    step = max(round(MIN_STANDING_S * rate / 10.0), 1)
    grows = True
    while grows:
        grows = False
        for wider in (
            slice(max(part.start - step, 0), part.stop),
            slice(part.start, min(part.stop + step, len(positions))),
        ):
            if wider != part and movement_extent(positions[wider]) < limit:
                part, grows = wider, True
                break
    return part


MAX_FLAT_SPREAD_RATIO = 0.03
"""Spread of the markers across a plane over that along it, below which they lie in the plane. 42
recordings in three dimensions, walking to sprinting and static, show 0.12 and more."""

MAX_DEPTH_MOVEMENT_RATIO = 0.02
"""The same ratio of movement: 0.05 and more in whole recordings, 0.03 and more in 0.3 s of each."""

MIN_IN_PLANE_RATIO = 0.1
"""A movement in a plane has this share of its largest direction in the second one, at least: of a
movement along a line nothing follows."""

MIN_BODY_MARKERS = 8
"""Markers that a body lies in one plane by; wands and single clusters do so anyway."""


def depth_not_measured(positions: FloatArray) -> tuple[str, float] | None:
    """Tell whether the markers (T, M, 3) have a direction that was not measured, as in one video.

    Their depth is constant then, or constant for each marker, perhaps with noise, in any plane of
    the laboratory. ``spread`` where the markers lie in one plane within each frame, ``movement``
    where none moves out of its plane relative to the others; and the standard deviation across that
    plane. Movement is the residual after the mean of each frame and of each marker; its covariance
    is taken between successive frames, to which white noise adds nothing. Only the points of the
    body are judged: values of a model that are written as points lie elsewhere, in any direction.
    """
    positions = positions[:, body_points(positions)]
    visible = np.asarray(np.isfinite(positions).all(axis=2))
    positions = positions[visible.sum(axis=1) > 2]
    positions = positions[:, np.isfinite(positions).all(axis=2).sum(axis=0) > 2]
    finite = np.asarray(np.isfinite(positions).all(axis=2))
    if positions.shape[1] < MIN_BODY_MARKERS or len(positions) < MIN_BODY_MARKERS:
        return None
    path = np.where(finite[..., None], positions, 0.0)
    within = _centred(path, finite, 1)
    spread = _deviations(within[finite].T @ within[finite] / finite.sum())
    for _ in range(CENTRING_ROUNDS):
        path = _centred(_centred(path, finite, 0), finite, 1)
    pairs = finite[:-1] & finite[1:]
    product = path[:-1][pairs].T @ path[1:][pairs] / max(int(pairs.sum()), 1)
    movement = _deviations(0.5 * (product + product.T))
    if spread[0] < MAX_FLAT_SPREAD_RATIO * spread[2]:
        return "spread", float(spread[0])
    in_plane = (
        movement[0] < MAX_DEPTH_MOVEMENT_RATIO * movement[2]
        and movement[1] > MIN_IN_PLANE_RATIO * movement[2]
    )
    return ("movement", float(movement[0])) if in_plane and not is_static(positions) else None


MAX_BODY_GAP_M = 1.0
"""Markers of a body are within this of each other, also where only hips, knees and ankles have
some."""

MIN_BODY_SIZE_M = 0.5
"""The legs alone are larger than this; angles in degrees, read as mm, are not."""

SAMPLED_FRAMES = 25
"""Frames whose distances show which points are near each other."""


def body_points(positions: FloatArray) -> BoolArray:
    """Points (M,) of positions (T, M, 3), m, that make the largest group of a body's size."""
    groups = nearby_groups(positions, MAX_BODY_GAP_M)
    body = np.zeros(len(groups), dtype=bool)
    for group in np.unique(groups):
        members = groups == group
        size = _median_size(positions[:, members]) if members.sum() > body.sum() else 0.0
        if size >= MIN_BODY_SIZE_M:
            body = members
    return body if body.any() else np.ones(len(groups), dtype=bool)


def _median_size(positions: FloatArray) -> float:
    """Median diagonal of the box around the points (T, M, 3) of each frame, m."""
    visible = np.asarray(np.isfinite(positions).all(axis=2))
    samples = positions[visible.any(axis=1)]
    if not len(samples):
        return 0.0
    extent = np.nanmax(samples, axis=1) - np.nanmin(samples, axis=1)
    return float(np.median(np.linalg.norm(extent, axis=1)))


def nearby_groups(positions: FloatArray, gap: float) -> IntArray:
    """Group (M,) of every point of (T, M, 3), m: points are linked by a median distance below."""
    frames = np.unique(np.linspace(0, len(positions) - 1, SAMPLED_FRAMES).astype(int))
    samples = positions[frames]
    distance = np.array([np.linalg.norm(sample[:, None] - sample, axis=2) for sample in samples])
    seen_together = np.isfinite(distance).any(axis=0)
    median = np.full(seen_together.shape, np.inf)
    if seen_together.any():
        median[seen_together] = finite_medians(distance[:, seen_together])
    groups = np.arange(len(median))
    linked = median < gap
    for point in range(len(median)):
        joined = np.unique(groups[linked[point]])
        groups[np.isin(groups, joined)] = joined.min(initial=groups[point])
    return groups


CENTRING_ROUNDS = 5
"""Means of frames and of markers are taken out by turns: exact at once where none is missing."""


def _centred(path: FloatArray, finite: BoolArray, axis: int) -> FloatArray:
    """Take the mean of the known positions along an axis off them; the others stay 0."""
    count = np.maximum(finite.sum(axis=axis, keepdims=True), 1)[..., None]
    return np.where(finite[..., None], path - path.sum(axis=axis, keepdims=True) / count, 0.0)


def _deviations(covariance: FloatArray) -> FloatArray:
    """Standard deviations (3,) along the principal axes, the smallest first."""
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0.0)))


STATIC_WINDOW_S = 0.5
"""Length of the quietest part of a static trial that is used, s."""


def quiet_window(positions: FloatArray, rate: float, seconds: float) -> slice:
    """Frames of the window of ``seconds`` in which positions (T, M, 3) vary least."""
    frames = len(positions)
    length = min(frames, max(2, round(seconds * rate)))
    finite = np.asarray(np.isfinite(positions).all(axis=2))
    path = np.where(finite[..., None], positions, 0.0)
    path -= path.sum(axis=0) / np.maximum(finite.sum(axis=0), 1)[:, None]  # squares stay precise
    complete = _window_sums(~finite, length) == 0
    mean = _window_sums(path, length) / length
    variance = np.where(
        complete, (_window_sums(path**2, length) / length - mean**2).sum(axis=2), 0.0
    )
    counted = complete.sum(axis=1)
    movement = np.where(counted > 0, variance.sum(axis=1) / np.maximum(counted, 1), np.inf)
    start = int(np.argmin(movement))
    return slice(start, start + length)


def _window_sums(values: FloatArray | BoolArray, length: int) -> FloatArray:
    """Sums over all windows of so many frames, one after the other, (T - length + 1, ...)."""
    sums = np.cumsum(np.concatenate([np.zeros_like(values[:1]), values]), axis=0, dtype=np.float64)
    return np.asarray(sums[length:] - sums[:-length])


MAX_CONSTANT_CHANGE = 1e-7
"""Values no further apart are the same, rad or m: far below what any text file rounds to."""

MAX_REST_S = 0.25
"""A joint of a runner does not rest longer, s: half a stride takes 0.25 to 0.4 s."""


def constant_stretches(values: FloatArray, rate: float) -> BoolArray:
    """Mask of signals (T, C) that keep one value longer than a moving joint rests, or always."""
    unchanged = np.abs(np.diff(values, axis=0)) <= MAX_CONSTANT_CHANGE
    frozen = np.zeros(values.shape, dtype=bool)
    for column in range(values.shape[1]):
        for start, stop in runs(unchanged[:, column]):
            if stop - start > MAX_REST_S * rate or stop - start == len(unchanged):
                frozen[start : stop + 1, column] = True
    return frozen


MIN_DISPLACEMENT_M = 0.003
"""Displacement per frame from which a marker shows the elapsed time, m."""

MIN_MOVING_MARKERS = 10
"""Fewest moving markers that show the elapsed time."""

MIN_MARKER_SHARE = 1.0 / 3.0
"""Their share of the markers that are present."""

MIN_SMOOTH_SHARE = 0.5
"""In such a share of the frames in which they move the markers go smoothly enough to tell it: in
noise, the few frames that seem to are drawn by chance."""

MIN_DEVIATION_SD = 6.0
"""A frame stands out by so many standard deviations of the trial's other frames: where all markers
tremble together, some frame goes backwards by chance."""

MIN_ELAPSED_FRAMES = 0.3
MAX_ELAPSED_FRAMES = 1.6
"""Between these frames follow each other. In 30 recordings of runs and walks at 50 to 250 Hz that
have all frames, 0.85 to 1.13 of a frame go by; with one frame lost, 2.0 to 2.1."""


def elapsed_frames(positions: FloatArray) -> FloatArray:
    """Count the frames that elapse between two frames (T - 1,), from marker positions (T, M, 3).

    1 where frames follow each other, 3 where two are lost between them, 0 where a frame is written
    twice; NaN where too few markers move. Each moving marker votes ``d · v / v · v``: ``d`` is its
    displacement between the two frames, ``v`` the median one per frame of the two steps before and
    the two after. Markers whose neighbouring steps differ from ``v`` by more than half of it do not
    vote. The median counts where three quarters of the votes are above 1 or below: no movement
    changes the velocity of that many markers within a frame; a clock that skips frames does. It
    does not count within six standard deviations of what the trial's other frames show.
    """
    elapsed = np.full(max(len(positions) - 1, 0), np.nan)
    steps = np.diff(positions, axis=0)
    if len(steps) < 5:
        return elapsed
    neighbours = np.array([steps[:-4], steps[1:-3], steps[3:-1], steps[4:]])
    around = _median_of_four(*neighbours)
    square = np.sum(around**2, axis=2)
    squared_distance = np.sum((neighbours - around) ** 2, axis=3)
    trembling = _median_of_four(*squared_distance) > square / 4.0
    share = np.sum(steps[2:-2] * around, axis=2) / np.where(square > 0.0, square, np.nan)
    share[~(square > MIN_DISPLACEMENT_M**2) | trembling] = np.nan
    present = np.isfinite(square).sum(axis=1)
    min_matches = np.maximum(MIN_MOVING_MARKERS, MIN_MARKER_SHARE * present)
    usable = np.isfinite(share).sum(axis=1) >= min_matches
    moving = (square > MIN_DISPLACEMENT_M**2).sum(axis=1) >= min_matches
    if usable.sum() > MIN_SMOOTH_SHARE * moving.sum():
        low, middle, high = (row_quantile(share[usable], part) for part in (0.25, 0.5, 0.75))
        spread = np.median(np.abs(middle - np.median(middle))) / MEDIAN_OF_NORMAL
        skipped = ((low > 1.0) | (high < 1.0)) & (np.abs(middle - 1.0) > MIN_DEVIATION_SD * spread)
        elapsed[2:-2][usable] = np.where(skipped, middle, 1.0)
    return elapsed


def _median_of_four(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Mean of the middle two, NaN where one is; NumPy would sort four numbers a million times."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    middle: FloatArray = (low + high) / 2.0
    return middle


def breaks(positions: FloatArray) -> list[tuple[int, float]]:
    """Frames after which the clock breaks, and the number of frames that elapse there."""
    elapsed = elapsed_frames(positions)
    irregular = (elapsed < MIN_ELAPSED_FRAMES) | (elapsed > MAX_ELAPSED_FRAMES)
    return [(int(frame), float(elapsed[frame])) for frame in np.flatnonzero(irregular)]


MIN_COPIES = 3
"""A stretch of copies has at least so many frames; of fewer, `breaks` tells that time went on."""


def copied_stretches(positions: FloatArray) -> list[tuple[int, int]]:
    """First and last frames that repeat the frame before them: no marker moves at all.

    Of positions (T, M, 3) m with at least `MIN_MOVING_MARKERS` markers in both frames. No person
    stands so still, and no camera measures so.
    """
    steps = np.abs(np.diff(positions, axis=0)).max(axis=2)
    enough = np.isfinite(steps).sum(axis=1) >= MIN_MOVING_MARKERS
    stretches = runs(enough & ~(steps > MAX_CONSTANT_CHANGE).any(axis=1)).tolist()
    return [(start + 1, stop) for start, stop in stretches if stop - start >= MIN_COPIES]


MAX_BODY_ACCELERATION_M_S2 = 300.0
"""A body jumps where a third of its markers are accelerated at once by more than this (154 in 150
runs that have all frames), ..."""

MIN_JUMP_RATIO = 8.0
"""... each by so many times its median in the trial (5.5 at most in 60 runs). Noise on some
markers, which is there in every frame, makes 3."""

MIN_JUMP_M = 0.02
"""A jump is at least this far, m: a camera that is touched moves markers by less."""


def jumps(positions: FloatArray, rate: float) -> list[int]:
    """Frames after which the whole body is elsewhere: a third of the markers accelerated at once.

    On a treadmill many frames can be lost without a displacement. Labels that change places are no
    jump: where markers are expected, there are others then.
    """
    steps = np.diff(positions, axis=0)
    if len(steps) < 3:
        return []
    away = np.linalg.norm(steps[1:-1] - 0.5 * (steps[:-2] + steps[2:]), axis=2)
    visible = np.isfinite(away)
    columns = visible.any(axis=0)
    usual = np.full(away.shape[1], np.inf)
    usual[columns] = finite_medians(away[:, columns])
    min_distance = max(MAX_BODY_ACCELERATION_M_S2 / rate**2, MIN_JUMP_M)
    excess = away / np.maximum(min_distance, MIN_JUMP_RATIO * usual)
    max_distance = np.zeros(len(away))
    usable = visible.sum(axis=1) >= MIN_MOVING_MARKERS
    if not usable.any():
        return []
    max_distance[usable] = row_quantile(excess[usable], 1.0 - MIN_MARKER_SHARE)
    padded = np.pad(max_distance, 1)
    largest = max_distance >= np.maximum(padded[:-2], padded[2:])
    frames = np.flatnonzero(largest & (max_distance > 1.0)) + 1
    return [int(frame) for frame in frames if _elsewhere(positions, int(frame)) > min_distance]


def _elsewhere(positions: FloatArray, frame: int) -> float:
    """Distance, m, that a third of the markers exceed from any expected position after a frame."""
    before, now, after = positions[frame - 1 : frame + 2]
    expected, observed = (
        points[np.isfinite(points).all(axis=1)] for points in (2.0 * now - before, after)
    )
    nearest = np.linalg.norm(expected[:, None] - observed[None], axis=2).min(axis=1)
    return float(np.quantile(nearest, 1.0 - MIN_MARKER_SHARE))


MAX_EXCURSION_FRAMES = 3
"""Longest excursion that is looked for, frames."""

MIN_EXCURSION_M = 0.03
"""A marker that is found leaves its path by more than this, m."""

MAX_MARKER_ACCELERATION_M_S2 = 1500.0
"""No marker on a person is accelerated by more, m/s²: feet of sprinters at touchdown reach about
two thirds of it."""


def flickers(positions: FloatArray, rate: float) -> BoolArray:
    """Frames (T, M) in which a marker is off its path, of positions (T, M, 3) m.

    Of one to three frames, every one lies farther from the straight line between the frames before
    and after them than any acceleration of a body allows: ``a t² / 8`` over the time t between
    those two. The largest excursion is taken first; frames next to it are not judged by it.
    """
    flicker = np.zeros(positions.shape[:2], dtype=np.bool_)
    candidates: list[tuple[float, int, int, int]] = []
    for length in range(1, MAX_EXCURSION_FRAMES + 1):
        beyond = _beyond(positions, length, rate)
        for first, marker in np.argwhere(beyond > 0.0):
            candidates.append((float(beyond[first, marker]), int(first), length, int(marker)))
    for _, first, length, marker in sorted(
        candidates, key=lambda candidate: (-candidate[0], candidate[2])
    ):
        if not flicker[max(first - 1, 0) : first + length + 1, marker].any():
            flicker[first : first + length, marker] = True
    return flicker


def _beyond(positions: FloatArray, length: int, rate: float) -> FloatArray:
    """Least distance from the chord over excursions, less what a body can do, (T, M), m.

    By the first frame of the excursion; -1 where that cannot be determined.
    """
    frames = len(positions)
    beyond = np.full(positions.shape[:2], -1.0)
    if frames < length + 2:
        return beyond
    before, after = positions[: frames - length - 1], positions[length + 1 :]
    limit = MIN_EXCURSION_M + MAX_MARKER_ACCELERATION_M_S2 * ((length + 1) / rate) ** 2 / 8.0
    min_distance = np.full(before.shape[:2], np.inf)
    for step in range(1, length + 1):
        share = step / (length + 1)
        chord = (1.0 - share) * before + share * after
        away = positions[step : step + len(before)] - chord
        min_distance = np.minimum(min_distance, np.linalg.norm(away, axis=2))
    beyond[1 : len(before) + 1] = np.where(np.isnan(min_distance), -1.0, min_distance - limit)
    return beyond


MIN_LEAP_M = 0.003
"""A marker that was held at its last position goes this far in one frame, ..."""

MIN_LEAP_DIGITS = 10
"""... or by so many of the file's last digits if that is more, ..."""

MIN_LEAP_RATIO = 1.5
"""... and so many times as far as in the next frame. One that rests leaves its position in smaller
steps: feet of six recordings in which they repeat a position in at most 1.6 mm, and of runs and
walks rounded to 1 mm in 8 mm."""

MIN_LEFT_BEHIND_M = 0.03
"""Markers of one segment keep their distances within this, also on skin."""

NEIGHBOUR_COUNT = 3
"""Number of nearest markers that are compared."""


def frozen_positions(positions: FloatArray) -> BoolArray:
    """Frames (T, M) in which a missing marker was written at its last or next position.

    A position that repeats to the last digit is frozen where the marker leaps from there to where
    it is, or where the markers nearest to it go on without it. The one true frame among them counts
    as well. Frames in which most markers repeat theirs were written twice: see `breaks`.
    """
    unchanged = np.asarray((np.diff(positions, axis=0) == 0.0).all(axis=2))
    visible = np.asarray(np.isfinite(positions).all(axis=2))
    unchanged &= (2 * unchanged.sum(axis=1) <= (visible[1:] & visible[:-1]).sum(axis=1))[:, None]
    frozen = np.zeros_like(visible)
    stretches = [
        (marker, int(first), int(last))
        for marker in np.flatnonzero(unchanged.any(axis=0)).tolist()
        for first, last in runs(unchanged[:, marker])
    ]
    still_together: dict[tuple[int, int], list[int]] = {}
    for marker, *frames in stretches:
        still_together.setdefault((frames[0], frames[1]), []).append(marker)
    for marker, first, last in stretches:
        path = positions[:, marker]
        steps = np.abs(np.diff(path, axis=0))
        min_leap = max(MIN_LEAP_M, MIN_LEAP_DIGITS * float(steps[steps > 0.0].min(initial=np.inf)))
        leap = max(_leap(path[last : last + 3]), _leap(path[: first + 1][:-4:-1]))
        limb = still_together[first, last]
        if np.linalg.norm(np.ptp(positions[first, limb], axis=0)) < MIN_BODY_SIZE_M:
            limb = [marker]  # a foot may rest
        others = np.delete(positions[first : last + 1], limb, axis=1)
        frozen[first : last + 1, marker] = leap > min_leap or _left_behind(others, path[first])
    return frozen


def _leap(path: FloatArray) -> float:
    """First step of a path (3, 3), m, unless the second one is nearly as long; 0 without a step.

    At the edge of a recording and of a gap there is no second one.
    """
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    first, second = np.nan_to_num(np.pad(steps, (0, 2 - len(steps))))
    return float(first) if first > MIN_LEAP_RATIO * second else 0.0


def _left_behind(others: FloatArray, last_position: FloatArray) -> bool:
    """Tell whether the nearest of other markers (T, M, 3), m, all leave a position.

    Those of a whole limb that stands still over the same frames are not among them.
    """
    distance = np.linalg.norm(others - last_position, axis=2)
    distance = distance[:, np.isfinite(distance).all(axis=0)]
    nearest = np.argsort(distance[0])[:NEIGHBOUR_COUNT]
    return len(nearest) == NEIGHBOUR_COUNT and bool(
        (np.ptp(distance[:, nearest], axis=0) > MIN_LEFT_BEHIND_M).all()
    )


def row_quantile(values: FloatArray, part: float) -> FloatArray:
    """Quantile of every row's numbers, (T, M) to (T,); faster than ``np.nanquantile``."""
    ordered = np.sort(values, axis=1)  # what is missing comes last
    rank = part * (np.isfinite(values).sum(axis=1) - 1)
    below, rows = np.floor(rank).astype(int), np.arange(len(values))
    first, second = ordered[rows, below], ordered[rows, np.ceil(rank).astype(int)]
    between: FloatArray = first + (rank - below) * (second - first)
    return between
