"""Which foot is on which plate, and the load of each foot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aqbio.recordings.events import contacts
from aqbio.vectors import BoolArray, FloatArray, IntArray, dot

LEFT, RIGHT, NOBODY = 0, 1, -1
"""Index of a foot in every array with an axis of feet."""

NEAR_PEAK = 0.5
"""The foot is looked for while the force is above this share of its peak."""

REACH = 0.30
"""A foot farther from the centre of pressure than this does not load the plate, m."""

CLEAR_MARGIN = 0.05
"""The other foot must be farther away by at least this for a clear choice, m."""

PLATE_PEAK_MIN = 50.0
"""A plate whose vertical force stays below this during a contact is only touched, N."""


@dataclass(frozen=True, slots=True)
class PlateContact:
    """One contact on one plate."""

    plate: int
    """Index of the plate."""
    start: int
    stop: int
    """start, stop: First force sample, and the sample after the last one."""
    peak: float
    """Largest vertical force, N."""
    foot: int
    """{0, 1, -1}. Left, right, or nobody."""
    distance: float
    """From the centre of pressure to that foot, m; NaN when no foot is seen."""
    margin: float
    """How much farther the other foot is, m; NaN when it is not seen."""
    shared: bool
    """The nearest foot changes during the contact: both feet stood on the plate."""


def foot_distance(feet: FloatArray, point: FloatArray) -> FloatArray:
    """Distance of a point from each foot.

    Parameters
    ----------
    feet : (T, F, K, 3) array, m
        Markers of each foot, the heel first; NaN where one is missing.
    point : (T, 3) array, m

    Returns
    -------
    (T, F) array, m
        From the nearest of the lines between heel and toe markers and of the markers themselves;
        NaN when no marker of the foot is seen.

    Examples
    --------
    >>> foot = np.array([[[[0.0, 0.0, 0.0], [0.2, 0.0, 0.0]]]])
    >>> foot_distance(foot, np.array([[0.1, 0.0, 0.05]]))
    array([[0.05]])
    """
    heel, toes = feet[:, :, :1], feet[:, :, 1:]
    target = point[:, None, None]
    line, arm = toes - heel, target - heel
    length = dot(line, line)
    share = np.divide(dot(arm, line), length, out=np.zeros_like(length), where=length > 0.0)
    nearest = arm - np.clip(share, 0.0, 1.0)[..., None] * line
    to_lines = np.sqrt(dot(nearest, nearest))
    to_markers = np.sqrt(dot(target - feet, target - feet))
    return _smallest(np.concatenate((to_lines, to_markers), axis=2))


def plate_contacts(
    vertical: FloatArray, rate: float, threshold: float, minimum_s: float
) -> list[tuple[int, int, int]]:
    """Contacts on each plate by itself.

    Parameters
    ----------
    vertical : (T, P) array, N
        Vertical force that events are taken from.
    rate, threshold, minimum_s : float
        As for `aqbio.recordings.events.contacts`.

    Returns
    -------
    list of (plate, start, stop)
        Contacts whose peak is at least 50 N, by plate, then by time.
    """
    found = []
    for plate in range(vertical.shape[1]):
        force = vertical[:, plate]
        for start, stop in contacts(force, rate, threshold, minimum_s).samples:
            if np.nanmax(force[start:stop]) >= PLATE_PEAK_MIN:
                found.append((plate, int(start), int(stop)))
    return found


def assigned_contacts(
    found: list[tuple[int, int, int]],
    vertical: FloatArray,
    cop: FloatArray,
    feet: FloatArray,
    sample_of_frame: IntArray,
) -> list[PlateContact]:
    """Every contact on a plate to the foot nearest to its centre of pressure.

    Parameters
    ----------
    found : list of (plate, start, stop)
        From `plate_contacts`.
    vertical : (T, P) array, N
        At force samples.
    cop : (T, P, 3) array, m
        At force samples; NaN where the force is too small.
    feet : (N, 2, K, 3) array, m
        Markers of the left and of the right foot at marker frames, heel first.
    sample_of_frame : (N,) array of int
        Force sample that belongs to each frame; -1 where forces were not recorded.
    """
    given = []
    for plate, start, stop in found:
        peak = float(np.nanmax(vertical[start:stop, plate]))
        frames = np.flatnonzero((sample_of_frame >= start) & (sample_of_frame < stop))
        frames = frames[vertical[sample_of_frame[frames], plate] >= NEAR_PEAK * peak]
        distance = foot_distance(feet[frames], cop[sample_of_frame[frames], plate])
        distance = distance[np.isfinite(distance).any(axis=1)]
        foot, nearest, margin, shared = _nearest_foot(distance)
        given.append(PlateContact(plate, start, stop, peak, foot, nearest, margin, shared))
    return given


def plate_owner(given: list[PlateContact], samples: int, plates: int, margin: int) -> IntArray:
    """Foot that owns each plate at each sample.

    Parameters
    ----------
    margin : int
        Samples before and after a contact that still belong to it, unless the middle to the next
        contact on the same plate comes first.

    Returns
    -------
    (samples, plates) array of int
        0 left, 1 right, -1 nobody.

    Notes
    -----
    Plates are cut by foot *before* they are filtered: the cuts lie where a plate is unloaded, and
    what the filter leaks over a cut stays with the foot that caused it.
    """
    owner = np.full((samples, plates), NOBODY, dtype=np.int64)
    for plate in range(plates):
        mine = sorted((one for one in given if one.plate == plate), key=lambda one: one.start)
        if not mine:
            continue
        middles = [(one.stop + two.start) // 2 for one, two in pairwise(mine)]
        for one, low, high in zip(mine, [0, *middles], [*middles, samples], strict=True):
            owner[max(low, one.start - margin) : min(high, one.stop + margin), plate] = one.foot
    return owner


def foot_loads(
    force: FloatArray, moment: FloatArray, owner: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Sum the loads of the plates that each foot owns.

    Parameters
    ----------
    force, moment : (T, P, 3) arrays, N and N m
        Moments of all plates about one common point.
    owner : (T, P) array of int

    Returns
    -------
    force, moment : (T, 2, 3) arrays, N and N m
        Left and right foot.
    """
    mask = np.stack([owner == LEFT, owner == RIGHT], axis=1).astype(float)
    return np.einsum("tfp,tpk->tfk", mask, force), np.einsum("tfp,tpk->tfk", mask, moment)


def edge_distance(
    point: FloatArray, corners: FloatArray, loaded: BoolArray, seam: float
) -> FloatArray:
    """Distance of points from the outer edge of the loaded plates.

    Parameters
    ----------
    point : (T, 3) array, m
        Ground axes, on the surface.
    corners : (P, 4, 3) array, m
        Corners of the plates, in order around each plate.
    loaded : (P,) array of bool
        Plates that the foot loads; an edge to a loaded neighbour does not count.
    seam : float
        Widest slit between neighbouring plates, m.

    Returns
    -------
    (T,) array, m
        Negative outside; NaN where the point or the corners are unknown.

    Examples
    --------
    >>> square = np.array([[0.0, 0, 0], [0.6, 0, 0], [0.6, 0, 0.4], [0.0, 0, 0.4]])
    >>> both = np.stack((square, square + [0.602, 0.0, 0.0]))
    >>> spot = np.array([[0.55, 0.0, 0.2]])
    >>> edge_distance(spot, both, np.array([True, False]), 0.02).round(3)
    array([0.05])
    >>> edge_distance(spot, both, np.array([True, True]), 0.02).round(3)
    array([0.2])
    """
    best = np.full(len(point), -np.inf)
    for plate in np.flatnonzero(loaded):
        distances, outward = _edges(point, corners[plate])
        neighbours = [other for other in np.flatnonzero(loaded) if other != plate]
        for edge in range(4):
            beyond = point + (distances[:, edge] + 2.0 * seam)[:, None] * outward[edge]
            for other in neighbours:
                inside = _edges(beyond, corners[other])[0].min(axis=1) > 0.0
                distances[inside & (distances[:, edge] > -seam), edge] = np.inf
        best = np.fmax(best, distances.min(axis=1))
    unknown = ~np.isfinite(point).all(axis=1) | ~np.isfinite(best)
    return np.where(unknown, np.nan, best)


def _edges(point: FloatArray, corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Signed distances (positive inside) from the four edges, and their outward normals."""
    centre = corners.mean(axis=0)
    along = np.roll(corners, -1, axis=0) - corners
    normal = np.column_stack((along[:, 2], np.zeros(4), -along[:, 0]))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    normal *= np.sign(dot(normal, corners - centre))[:, None]
    return dot(normal[None], corners[None] - point[:, None]), normal


def _nearest_foot(distance: FloatArray) -> tuple[int, float, float, bool]:
    """Foot, its distance, how much farther the other one is, and whether the nearest changes."""
    if not len(distance):
        return NOBODY, float("nan"), float("nan"), False
    left, right = (median(distance[:, foot]) for foot in (LEFT, RIGHT))
    foot = RIGHT if np.isnan(left) or right < left else LEFT
    nearest, other = (left, right) if foot == LEFT else (right, left)
    quarter = max(len(distance) // 4, 1)
    ends = [
        np.nan_to_num(part, nan=np.inf).mean(axis=0)
        for part in (distance[:quarter], distance[-quarter:])
    ]
    gap = [end[LEFT] - end[RIGHT] for end in ends]
    shared = gap[0] * gap[1] < 0.0 and min(abs(gap[0]), abs(gap[1])) > CLEAR_MARGIN
    if nearest > REACH:
        foot = NOBODY
    return foot, nearest, other - nearest, bool(shared)


def median(values: FloatArray) -> float:
    """Median of the values that are known; NaN without any."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _smallest(values: FloatArray) -> FloatArray:
    """Smallest value along the last axis, NaN only where all are."""
    smallest = np.nan_to_num(values, nan=np.inf).min(axis=-1)
    return np.where(np.isfinite(smallest), smallest, np.nan)
