"""Matching of a standing person's markers to landmarks, and detection of rigid groups."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

from aqbio.vectors import BoolArray, FloatArray, IntArray

MAX_DISTANCE_M = 0.15
"""A marker farther from a landmark than this is not on it, m (on the scaled template)."""

START_DIRECTIONS = 8
"""Directions in which the person may face at the start."""

MAX_ROUNDS = 25
"""Rounds of assigning and fitting."""

SCALE_RANGE = (0.75, 1.3)
"""Plausible sizes of a person relative to the template."""

MIN_LANDMARKS = 8
"""Landmarks that must find a marker."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Landmarks of a template laid over markers."""

    template: int
    """Number of the posture that fits."""
    landmarks: FloatArray
    """(L, 3) array, m. Where the landmarks are expected, axes of the markers."""
    marker: IntArray
    """(L,) int array. Marker of each landmark, -1 where none is near."""
    distance: FloatArray
    """(L,) array, m. From there to it; NaN where none is near."""
    cost: float
    """Mean distance, landmarks without a marker counted as ``MAX_DISTANCE_M``, m."""

    def misfit(self, markers: FloatArray, anchors: Sequence[tuple[int, int]], sd: float) -> float:
        """Misfit of anchors (landmark, marker), chi-squared."""
        landmark, marker = np.array(anchors).T
        distance = np.linalg.norm(self.landmarks[landmark] - markers[marker], axis=1)
        return float(((np.minimum(distance, MAX_DISTANCE_M) / sd) ** 2).sum())


def placement(
    markers: FloatArray,
    templates: Sequence[FloatArray],
    anchors: Sequence[tuple[int, int]] = (),
    barred: BoolArray | None = None,
) -> Placement | None:
    """Lay a standing template (L, 3) over the markers (M, 3) of a standing person, m.

    Over known (landmark, marker) pairs, four at least and not collinear; without any, every axis
    may point up and the person may face anywhere: landmarks and markers are assigned by least total
    distance (Jonker and Volgenant), and the template is laid over its markers again (Procrustes),
    by turns. It is turned, moved and scaled, never mirrored, so that left and right follow from
    front and back. None where fewer than eight landmarks find a marker. ``barred`` (L, M) are the
    pairs of which names say that they are none.
    """
    if barred is None:
        barred = np.zeros((len(templates[0]), len(markers)), dtype=bool)
    best: Placement | None = None
    for number, template in enumerate(templates):
        if anchors:
            landmark, marker = np.array(anchors).T
            start = _similarity(template[landmark], markers[marker])
            candidates = [_assigned(number, _laid(template, start), markers, barred)]
        else:
            starts = _starts(template, markers)
            candidates = [_settled(number, template, start, markers, barred) for start in starts]
        for candidate in candidates:
            if candidate is not None and (best is None or candidate.cost < best.cost):
                best = candidate
    return best


_Similarity = tuple[float, FloatArray, FloatArray]
"""Scale, rotation and shift: ``x -> scale R x + shift``."""


def _laid(template: FloatArray, similarity: _Similarity) -> FloatArray:
    scale, rotation, shift = similarity
    return np.asarray(scale * template @ rotation.T + shift)


def _starts(template: FloatArray, markers: FloatArray) -> list[_Similarity]:
    """Every axis up, eight directions; the size from the height of the middle 90 %."""
    middle, template_middle = markers.mean(axis=0), template.mean(axis=0)
    starts = []
    for axis, sign in product(range(3), (1.0, -1.0)):
        up = np.zeros(3)
        up[axis] = sign
        scale = _height(markers @ up) / _height(template[:, 1])
        if not SCALE_RANGE[0] <= scale <= SCALE_RANGE[1]:
            continue
        upright, _ = Rotation.align_vectors([up], [[0.0, 1.0, 0.0]])
        for turn in range(START_DIRECTIONS):
            yaw = Rotation.from_rotvec(up * (2.0 * np.pi * turn / START_DIRECTIONS))
            rotation = (yaw * upright).as_matrix()
            starts.append((scale, rotation, middle - scale * rotation @ template_middle))
    return starts


def _height(values: FloatArray) -> float:
    low, high = np.percentile(values, (5.0, 95.0))
    return float(high - low)


def _settled(
    number: int, template: FloatArray, start: _Similarity, markers: FloatArray, barred: BoolArray
) -> Placement | None:
    """Assign and fit by turns until nothing changes."""
    laid, before = _laid(template, start), None
    fit: Placement | None = None
    for _ in range(MAX_ROUNDS):
        fit = _assigned(number, laid, markers, barred)
        if fit is None or (before is not None and np.array_equal(before, fit.marker)):
            return fit
        before = fit.marker
        near = fit.marker >= 0
        laid = _laid(template, _similarity(template[near], markers[fit.marker[near]]))
    return fit


def _assigned(
    number: int, laid: FloatArray, markers: FloatArray, barred: BoolArray
) -> Placement | None:
    """Every landmark the marker of least total distance, none that is too far."""
    distances = np.linalg.norm(laid[:, None] - markers[None], axis=2)
    distances[barred] = np.inf
    rows, columns = linear_sum_assignment(np.minimum(distances, MAX_DISTANCE_M) ** 2)
    distance = np.full(len(laid), np.nan)
    marker = np.full(len(laid), -1, dtype=np.int64)
    near = distances[rows, columns] < MAX_DISTANCE_M
    marker[rows[near]] = columns[near]
    distance[rows[near]] = distances[rows[near], columns[near]]
    if np.count_nonzero(near) < MIN_LANDMARKS:
        return None
    cost = float(np.where(np.isnan(distance), MAX_DISTANCE_M, distance).mean())
    return Placement(number, laid, marker, distance, cost)


def _similarity(source: FloatArray, target: FloatArray) -> _Similarity:
    """Least-squares rotation, scale and shift between point sets.

    Umeyama (1991), IEEE Trans Pattern Anal Mach Intell 13:376-380.
    """
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    centred_source, centred_target = source - from_middle, target - to_middle
    left, size, right = np.linalg.svd(centred_target.T @ centred_source)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left @ flip @ right
    scale = float((size * np.diag(flip)).sum() / (centred_source**2).sum())
    scale = float(np.clip(scale, *SCALE_RANGE))
    return scale, rotation, to_middle - scale * rotation @ from_middle


def place_distances(markers: FloatArray, targets: Sequence[FloatArray]) -> FloatArray:
    """Distance (K, K) of each marker from the nearest point of each label's place, m."""
    distances = np.zeros((len(markers), len(targets)))
    for column, points in enumerate(targets):
        if len(points):
            distances[:, column] = np.linalg.norm(markers[:, None] - points, axis=2).min(axis=1)
        else:  # a place that the template does not know: its label may be anywhere
            distances[:, column] = MAX_DISTANCE_M
            distances[column, column] = 0.0
    return distances


def least_cost_columns(cost: FloatArray) -> IntArray:
    """Columns (K,) of the assignment of least total cost (K, P), each column once."""
    return np.asarray(linear_sum_assignment(cost)[1])


def least_total(cost: FloatArray) -> float:
    """The least total cost of an assignment of K rows to columns (K, P)."""
    return float(cost[np.arange(len(cost)), least_cost_columns(cost)].sum())


MAX_SEGMENT_TURN_RAD = np.radians(45.0)
"""Largest turn of a segment against the template's, ours: people turn a foot out by some 30
degrees, and heel and toes whose labels are exchanged are a turn of 180 degrees."""


def turned_onto(
    pairs: Sequence[tuple[FloatArray, FloatArray]],
) -> Callable[[FloatArray], FloatArray]:
    """Motion that lays expected points of a segment over its markers.

    ``pairs``: position and expected position of each marker, m.
    """
    positions, expected = (np.array(points) for points in zip(*pairs, strict=True))
    middle, origin = positions.mean(axis=0), expected.mean(axis=0)
    turn, _ = Rotation.align_vectors(positions - middle, expected - origin)
    if turn.magnitude() > MAX_SEGMENT_TURN_RAD:
        turn = Rotation.identity()
    return lambda points: np.asarray(middle + turn.apply(points - origin)).reshape(-1, 3)


Segment = TypeVar("Segment", bound=Hashable)

MIN_FRAMES = 20
"""Fewest frames in which two markers must both be present to compare their distance."""


def distance_spreads(
    path: FloatArray, segment_paths: Mapping[Segment, FloatArray]
) -> dict[Segment, float]:
    """Median SD (m) of a marker's distances from the markers (T, M, 3) of each segment."""
    spreads = {}
    for segment, paths in segment_paths.items():
        distance = np.linalg.norm(paths - path[:, None], axis=2)
        present = np.isfinite(distance)
        comparable = present.sum(axis=0) >= MIN_FRAMES
        if comparable.any():
            spreads[segment] = float(np.median(np.nanstd(distance[:, comparable], axis=0)))
    return spreads


MAX_EXACT_DEVIATION_M = 0.0002
"""Points follow others exactly within this, m: files round to 0.05 mm or more finely, and the
distances of markers that are worn vary by 1 mm or more while a person moves. Of a person who stands
angles are as exact: three that are right by chance are not found among 60 markers."""

MIN_LENGTH_M = 0.005
"""Points nearer to each other than this show no direction, m."""


def computed_points(
    positions: FloatArray, axis_ends: Collection[frozenset[int]] = frozenset()
) -> set[int]:
    """Indices of points (T, M, 3) that other software computed from the markers, by how they move.

    Origins and ends of axes: three points at right angles about a fourth in every frame, or, where
    the origin is not in the file, three that keep equal distances; those called the ends of three
    axes (``axis_ends``) only have to keep their distances. And points that divide the way between
    two others in a constant ratio while that way varies. A cluster that software made rigid stays:
    its markers are not at right angles. Of two points on one axis a marker may be one: names
    decide.
    """
    samples = positions[np.unique(np.linspace(0, len(positions) - 1, 2 * MIN_FRAMES).astype(int))]
    length = np.linalg.norm(samples[:, :, None] - samples[:, None], axis=3)
    length[~(length > MIN_LENGTH_M)] = np.nan
    pairs = np.array(np.triu_indices(positions.shape[1], 1))
    rigid = pairs[:, _range(length[:, *pairs]) < MAX_EXACT_DEVIATION_M]
    longest = np.fmax.reduce(length)
    computed: set[int] = set()
    for point in range(positions.shape[1]):
        square, between = pairs, pairs
        for arm, far, distances in zip(
            samples - samples[:, [point]], length[:, point], length, strict=True
        ):
            a, b = square
            askew = np.abs((arm[a] * arm[b]).sum(axis=1)) > MAX_EXACT_DEVIATION_M * (
                far[a] + far[b]
            )
            square = square[:, ~askew]
            a, b = between
            detour = (
                2.0 * far[a] * far[b] * (far[a] + far[b] - distances[a, b])
            )  # its height, squared
            between = between[:, ~(detour > MAX_EXACT_DEVIATION_M**2 * distances[a, b])]
        for three in _triangles(square[:, _often(length[:, point], square)]):
            computed |= {point, *three}
        a, b = between[:, _often(length[:, point], between)]
        distances = length[:, a, b]
        moves = (
            _range(length[:, point, a] / distances) * np.fmin.reduce(distances, initial=np.inf)
            > MAX_EXACT_DEVIATION_M
        )
        if (~moves & (_range(distances) > 5.0 * MAX_EXACT_DEVIATION_M)).any():
            computed.add(point)
    for three in _triangles(rigid[:, np.isfinite(length[:, *rigid]).sum(axis=0) >= MIN_FRAMES]):
        sides = longest[three, three[1:] + three[:1]]
        if max(sides) - min(sides) < MAX_EXACT_DEVIATION_M or frozenset(three) in axis_ends:
            computed |= set(three)
    return computed


def _often(lengths: FloatArray, pairs: IntArray) -> BoolArray:
    """True for pairs (2, P) that both have a length in enough frames, of lengths (F, M)."""
    counts = np.isfinite(lengths[:, pairs]).all(axis=1).sum(axis=0)
    return np.asarray(counts >= MIN_FRAMES)


def _range(values: FloatArray) -> FloatArray:
    """Largest less smallest number along the first axis; NaN where there is none."""
    return np.asarray(np.fmax.reduce(values) - np.fmin.reduce(values))


def _triangles(pairs: IntArray) -> list[list[int]]:
    """Sets of three of which every two are a pair, of pairs (2, P)."""
    joined: dict[int, set[int]] = {}
    for first, second in pairs.T.tolist():
        joined.setdefault(first, set()).add(second)
    return [
        [first, second, third]
        for first, partners in joined.items()
        for second in partners
        for third in partners & joined.get(second, set())
    ]
