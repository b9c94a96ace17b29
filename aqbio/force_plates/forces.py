"""Loads of force plates: a force at a fixed point and the full moment about it.

All loads act on the runner. The centre of pressure is computed for display and quality control
only; sums, filters and inverse dynamics use the wrench at a fixed point, which needs no division
by a force that may be zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.signals.filters import low_pass
from aqbio.signals.runs import runs, shrunk
from aqbio.vectors import BoolArray, FloatArray, cross

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

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same samples and plates."""
        samples, plates = self.force.shape[:2]
        for name, expected in (
            ("force", (samples, plates, 3)),
            ("moment", (samples, plates, 3)),
            ("point", (plates, 3)),
        ):
            if (shape := getattr(self, name).shape) != expected:
                raise ValueError(f"{name} has shape {shape}, expected {expected}.")

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
    """Moment about a fixed point of a force that is given with its point of application.

    Parameters
    ----------
    force, application, moment : (..., 3) arrays, N, m, N m
        ``moment`` about ``application``.
    point : (..., 3) array, m

    Returns
    -------
    (..., 3) array, N m

    Examples
    --------
    >>> up, ahead = np.array([0.0, 10.0, 0.0]), np.array([0.5, 0.0, 0.0])
    >>> wrench_at_point(up, ahead, np.zeros(3), np.zeros(3))
    array([0., 0., 5.])
    """
    return moment + cross(application - point, force)


def centre_of_pressure(
    force: FloatArray,
    moment: FloatArray,
    point: FloatArray,
    surface_height: FloatArray | float,
    minimum: float,
) -> tuple[FloatArray, FloatArray]:
    """Centre of pressure and free moment.

    Parameters
    ----------
    force, moment : (..., 3) arrays, N and N m
        On the runner, ground axes (y up), moment about ``point``.
    point : (..., 3) array, m
    surface_height : (...) array or float, m
        Height y of the surface.
    minimum : float
        Vertical force below which both are NaN, N.

    Returns
    -------
    cop : (..., 3) array, m
        Point of the surface about which the moment is vertical.
    free_moment : (...) array, N m
        That moment, about the upward vertical.

    Notes
    -----
    ``p = O + (ŷ × n)/F_y + s F`` with ``s`` such that ``p_y`` is the surface;
    ``T = n_y − [(p − O) × F]_y``. An error ``σ`` of the moment makes an error ``σ / F_y`` of the
    point: 5 cm at 20 N and 1 N m.

    Examples
    --------
    >>> force, moment = np.array([0.0, 500.0, 0.0]), np.array([10.0, 2.0, 50.0])
    >>> centre_of_pressure(force, moment, np.zeros(3), 0.0, 100.0)
    (array([ 0.1 ,  0.  , -0.02]), array(2.))
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
    """Mask of the samples in which nobody stands on a plate.

    Parameters
    ----------
    vertical : (T,) array, N
        Vertical force of one plate; the sign does not matter.
    rate : float
        Sampling rate, Hz.
    largest : float
        A level farther from zero than this is a load, not an offset, N.

    Returns
    -------
    (T,) array of bool
        All false when the plate is loaded all the time.

    Notes
    -----
    The unloaded level is the middle of the narrowest band that holds a tenth of all samples, if it
    is near enough to zero: an offset of a plate is found without knowing it. Stretches shorter
    than 50 ms, and 25 ms next to a contact, are left out.
    """
    level = nearly_unloaded(vertical, largest)
    quiet = shrunk(level, int(UNLOADED_MARGIN * rate))
    for start, stop in runs(quiet):
        if stop - start < UNLOADED_SHORTEST * rate:
            quiet[start:stop] = False
    return quiet


def nearly_unloaded(vertical: FloatArray, largest: float) -> BoolArray:
    """Mask of the samples near the unloaded level, however short they last.

    Parameters
    ----------
    vertical : (T,) array, N
    largest : float
        A level farther from zero than this is a load, N.

    Returns
    -------
    (T,) array of bool
    """
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
    """Offset of a plate, from the samples in which it is unloaded.

    Parameters
    ----------
    channels : (T, K) array
        Forces and moments of one plate.
    vertical : (T,) array, N
        Its vertical force.
    rate : float
        Sampling rate, Hz.
    largest : float
        Largest offset of the vertical force, N.

    Returns
    -------
    (T, K) array or None
        To be subtracted; constant unless the vertical force drifts by more than 4 N, then linear
        between unloaded stretches. None when the plate is never unloaded.
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
