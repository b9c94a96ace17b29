"""Loads of force plates: a force at a fixed point and the full moment about it.

All loads act on the runner. The centre of pressure is computed for display and quality control
only; sums, filters and inverse dynamics use the wrench at a fixed point, which needs no division
by a force that may be zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.signals import low_pass, runs, shrunk
from aqbio.vectors import BoolArray, FloatArray, cross, dot

QUIET_SHARE = 0.1
"""Share of a trial's samples that must be alike to count as the unloaded level."""

UNLOADED_BAND = 15.0
"""Vertical force within this of the unloaded level counts as unloaded, N."""

UNLOADED_MARGIN = 0.025
"""Time next to a contact that is not used for the offset, s."""

UNLOADED_SHORTEST = 0.050
"""Shortest unloaded stretch that gives an offset, s."""

DRIFT_MIN = 4.0
"""Offsets that differ by more than this over a trial are a drift and are followed, N."""


@dataclass(frozen=True, slots=True)
class PlateWrench:
    """Loads of all plates over time."""

    force: FloatArray
    """(T, P, 3) array, N. On the runner."""
    moment: FloatArray
    """(T, P, 3) array, N m. On the runner, about ``point``."""
    point: FloatArray
    """(P, 3) array, m. A fixed point of each plate."""

    def rotated(self, rotation: FloatArray) -> PlateWrench:
        """The same loads in other axes: ``v -> R v`` with a (3, 3) rotation."""
        turn = rotation.T
        return PlateWrench(self.force @ turn, self.moment @ turn, self.point @ turn)

    def moment_about_origin(self) -> FloatArray:
        """The (T, P, 3) moments about the origin of the axes, N m."""
        return self.moment + cross(self.point[None], self.force)

    def filtered(self, rate: float, cutoff: float) -> PlateWrench:
        """The loads low-passed; a filter is linear, so force and moment stay one wrench."""
        both = low_pass(np.concatenate((self.force, self.moment), axis=2), rate, cutoff)
        return PlateWrench(both[..., :3], both[..., 3:], self.point)

    def select(self, plates: BoolArray) -> PlateWrench:
        """The loads of some plates."""
        return PlateWrench(self.force[:, plates], self.moment[:, plates], self.point[plates])


def wrench_at_point(
    force: FloatArray, application: FloatArray, moment: FloatArray, point: FloatArray
) -> FloatArray:
    """Moment (..., 3) N m about ``point`` of a force with ``moment`` about its ``application``."""
    return moment + cross(application - point, force)


def centre_of_pressure(
    force: FloatArray,
    moment: FloatArray,
    point: FloatArray,
    surface_height: FloatArray | float,
    minimum: float,
) -> tuple[FloatArray, FloatArray]:
    """Centre of pressure (..., 3) m and free moment (...) N m about the upward vertical.

    Force and moment (about ``point``) act on the runner, ground axes (y up); NaN below ``minimum``
    N. ``p = O + (ŷ × n)/F_y + s F`` with ``s`` such that ``p_y`` is the surface; ``T = n_y − [(p −
    O) × F]_y``. An error ``σ`` of the moment makes an error ``σ / F_y`` of the point: 5 cm at 20 N
    and 1 N m.
    """
    vertical = force[..., 1]
    loaded = vertical >= minimum
    divisor = np.where(loaded, vertical, np.nan)
    lever = np.stack(
        (moment[..., 2] / divisor, np.zeros_like(divisor), -moment[..., 0] / divisor), axis=-1
    )
    climb = (surface_height - point[..., 1]) / divisor
    arm = lever + climb[..., None] * force
    free_moment = moment[..., 1] - cross(arm, force)[..., 1]
    return point + arm, np.asarray(free_moment)


def unloaded(vertical: FloatArray, rate: float, largest: float) -> BoolArray:
    """Mask (T,) of the samples in which a plate is unloaded, by its vertical force (T,) N.

    The unloaded level is the middle of the narrowest band that contains a tenth of all samples, if
    it is within ``largest`` N of zero: an offset of a plate is found without knowing it. Stretches
    shorter than 50 ms, and 25 ms next to a contact, are left out.
    """
    level = nearly_unloaded(vertical, largest)
    quiet = shrunk(level, int(UNLOADED_MARGIN * rate))
    for start, stop in runs(quiet):
        if stop - start < UNLOADED_SHORTEST * rate:
            quiet[start:stop] = False
    return quiet


def nearly_unloaded(vertical: FloatArray, largest: float) -> BoolArray:
    """Mask (T,) of the samples near the unloaded level, however short they last."""
    count = max(int(QUIET_SHARE * len(vertical)), 2)
    ordered = np.sort(vertical)
    widths = ordered[count - 1 :] - ordered[: len(ordered) - count + 1]
    narrowest = int(np.argmin(widths))
    level = 0.5 * (ordered[narrowest] + ordered[narrowest + count - 1])
    near = np.abs(vertical - level) < UNLOADED_BAND
    return near if abs(level) <= largest else np.zeros_like(near)


def offset(
    channels: FloatArray, vertical: FloatArray, rate: float, largest: float
) -> FloatArray | None:
    """Offset (T, K) of a plate's channels from the samples in which it is unloaded.

    Constant unless the vertical force drifts by more than 4 N, then linear between unloaded
    stretches. None when the plate is never unloaded.
    """
    quiet = unloaded(vertical, rate, largest)
    stretches = runs(quiet)
    if not len(stretches):
        return None
    levels = np.array([channels[start:stop].mean(axis=0) for start, stop in stretches])
    heights = np.array([vertical[start:stop].mean() for start, stop in stretches])
    if np.ptp(heights) <= DRIFT_MIN:
        return np.broadcast_to(channels[quiet].mean(axis=0), channels.shape)
    centres = stretches.mean(axis=1)
    samples = np.arange(len(channels))
    return np.column_stack([np.interp(samples, centres, level) for level in levels.T])


LOADED = 50.0
"""Force above which a recorded point of application is trusted, N."""

ARM_MAX = 0.3
"""Farther from the last trusted point than this, a point is not under the same foot, m."""

MOMENT_MAX = 2.0
"""A point that changes the moment by less than this does no harm, N m."""


def fixed_point_wrench(
    force: FloatArray, application: FloatArray, moment: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Moment about one fixed point of a force (T, 3) N recorded with its point of application (m).

    ``moment`` (N m) is about ``application``, which may be anything (NaN, hundreds of metres,
    frozen) while the force is small. Gives the moment about ``point``, the median point of
    application while loaded, and ``replaced`` (T,): samples whose point is taken from the nearest
    loaded one.
    """
    size = np.sqrt(dot(force, force))
    loaded = (size > LOADED) & ~np.isnan(application.sum(axis=1))
    if not loaded.any():
        return np.zeros_like(force), np.zeros(3), size > 0.0
    point = np.median(application[loaded], axis=0)
    trusted = _nearest_loaded(application, loaded)
    stray = application - trusted
    effect = cross(stray, force)
    unknown = np.isnan(stray.sum(axis=1))
    wild = unknown | (
        (dot(stray, stray) > ARM_MAX**2) & (dot(effect, effect) > MOMENT_MAX**2) & ~loaded
    )
    place = np.where(wild[:, None], trusted, application)
    free = np.where((wild & ~loaded)[:, None], 0.0, np.nan_to_num(moment))
    return wrench_at_point(force, place, free, point), point, wild & (size > 0.0)


def _nearest_loaded(application: FloatArray, loaded: BoolArray) -> FloatArray:
    """Point of application of each sample's nearest loaded one in time."""
    known = np.flatnonzero(loaded)
    samples = np.arange(len(application))
    after = np.clip(np.searchsorted(known, samples), 0, len(known) - 1)
    before = np.clip(after - 1, 0, len(known) - 1)
    earlier = np.abs(known[before] - samples) <= np.abs(known[after] - samples)
    return application[np.where(earlier, known[before], known[after])]
