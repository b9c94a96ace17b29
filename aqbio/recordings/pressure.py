"""Whether a centre of pressure lies under its foot, and a shoe can make a free moment."""

from __future__ import annotations

import numpy as np

from aqbio.recordings.feet import NOBODY, foot_distance, median
from aqbio.vectors import FloatArray

LOADED_SHARE = 0.5
"""Both are looked at while the force is above this share of its peak."""

OUTSIDE = 0.060
"""The centre of pressure is farther than this from the lines between heel and toe markers, m: half
the width of a shoe and 10 mm. Sound contacts of real runners have 8 to 40 mm."""

FRICTION_ARM = 0.030
"""Free moment over force that a shoe can make, m: a forefoot 9 cm wide, pressed evenly and turning
at a friction of 1, makes ``2/3 x 45 mm``. Sound contacts have 4 to 20 mm, at walking and at
sprinting."""

TOES = 2
"""Toe markers that outline a forefoot."""

MOST = 95.0
"""Percentile of a contact that stands for its largest value: single samples may be noise."""


def pressure_distance(cop: FloatArray, feet: FloatArray) -> float:
    """Distance of the centre of pressure from a foot, seen from above.

    Parameters
    ----------
    cop : (T, 3) array, m
        Ground axes, while the foot is loaded.
    feet : (T, K, 3) array, m
        Markers of the foot, heel first; NaN where missing.

    Returns
    -------
    float
        Median over the frames in which heel and two toe markers are seen, m; NaN without any: one
        toe marker does not show which way the foot points and how far it goes.

    Examples
    --------
    Two centimetres beside a heel marker, whose height does not matter:

    >>> foot = np.array([[[0.0, 0.1, 0.0], [0.2, 0.04, 0.0], [0.2, 0.04, -0.1]]])
    >>> pressure_distance(np.array([[0.0, 0.0, 0.02]]), foot)
    0.02
    """
    level = np.array([1.0, 0.0, 1.0])
    seen = np.asarray(np.isfinite(feet).all(axis=2))
    outlined = seen[:, 0] & (seen[:, 1:].sum(axis=1) >= TOES)
    cop, feet = cop[outlined], feet[outlined]
    distance = foot_distance(feet[:, None] * level, cop * level)[:, 0]
    known = distance[np.isfinite(distance)]
    return float(np.median(known)) if len(known) else float("nan")


def nearest_foot(cop: FloatArray, feet: FloatArray) -> tuple[int, FloatArray, float]:
    """The foot nearest to a centre of pressure, seen from above.

    Parameters
    ----------
    cop : (T, 3) array, m
        Ground axes, while a plate is loaded.
    feet : (T, 2, K, 3) array, m
        Markers of the left and of the right foot, heel first; NaN where missing.

    Returns
    -------
    foot : {0, 1, -1}
    distances : (2,) array, m
        Medians; NaN for a foot that is not seen.
    limit : float, m
        A centre of pressure that is farther away does not lie under that foot.
    """
    level = np.array([1.0, 0.0, 1.0])
    distances = np.array([median(one) for one in foot_distance(feet * level, cop * level).T])
    if not np.isfinite(distances).any():
        return NOBODY, distances, 0.0
    foot = int(np.nanargmin(distances))
    outlined = np.isfinite(pressure_distance(cop, feet[:, foot]))
    return foot, distances, OUTSIDE if outlined else 2.0 * OUTSIDE


def pressure_on_foot(cop: FloatArray, feet: FloatArray, *, right: bool) -> tuple[FloatArray, float]:
    """The centre of pressure seen from above, in the axes of its foot.

    Parameters
    ----------
    cop : (T, 3) array, m
        Ground axes, x forward and z to the right, while the foot is loaded.
    feet : (T, K, 3) array, m
        Markers of the foot, heel first; NaN where missing.

    Returns
    -------
    place : (T, 2) array, m
        Ahead of the middle of the toe markers along the line from the heel to it, and beside that
        line, outwards; NaN where heel and two toe markers are not all seen.
    length : float, m
        From heel to there, largest: the flat foot's. NaN without any.

    Examples
    --------
    Three centimetres behind the toe markers' middle and one outwards on a right foot:

    >>> foot = np.array([[[0.0, 0.1, 0.0], [0.2, 0.0, 0.05], [0.2, 0.0, -0.05]]])
    >>> place, length = pressure_on_foot(np.array([[0.17, 0.0, 0.01]]), foot, right=True)
    >>> place.round(3), length
    (array([[-0.03,  0.01]]), 0.2)
    """
    seen = np.asarray(np.isfinite(feet).all(axis=2))
    outlined = seen[:, 0] & (seen[:, 1:].sum(axis=1) >= TOES)
    place = np.full((len(cop), 2), np.nan)
    if not outlined.any():
        return place, float("nan")
    level = [0, 2]
    heel, toes = feet[outlined, 0][:, level], np.nanmean(feet[outlined, 1:], axis=1)[:, level]
    lengths = np.linalg.norm(toes - heel, axis=1)
    along = (toes - heel) / lengths[:, None]
    outwards = np.stack([-along[:, 1], along[:, 0]], axis=1) * (1.0 if right else -1.0)
    away = cop[outlined][:, level] - toes
    place[outlined] = np.stack([(away * along).sum(axis=1), (away * outwards).sum(axis=1)], axis=1)
    return place, float(lengths.max())


def friction_arm(free_moment: FloatArray, vertical: FloatArray) -> float:
    """Lever arm at which the vertical force would make the free moment by friction, m.

    Parameters
    ----------
    free_moment, vertical : (S,) arrays, N m and N
        Of one contact, while it is loaded.

    Examples
    --------
    >>> friction_arm(np.full(50, -78.0), np.full(50, 1800.0)).__round__(3)
    0.043
    """
    known = np.isfinite(free_moment) & (vertical > 0.0)
    arm = np.abs(free_moment[known]) / vertical[known]
    return float(np.percentile(arm, MOST)) if len(arm) else float("nan")
