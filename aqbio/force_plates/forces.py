"""Loads of force plates: a force at a fixed point and the full moment about it.

All loads act on the runner. The centre of pressure is computed for display and quality control
only; sums, filters and inverse dynamics use the wrench at a fixed point, which needs no division
by a force that may be zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross, dot


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


TRUSTED_FORCE_N = 50.0
"""Force above which a recorded point of application is trusted, N."""

FIRM_FORCE_SHARE = 0.1
"""Share of the largest force above which a point needs no other one to be trusted: one file of 40
real runs has a point 300 m away at 50.6 N, which a low-pass filter spreads over five frames."""

MAX_ARM_M = 0.3
"""Largest distance of a point under the same foot from the last trusted point, m."""

MAX_MOMENT_ERROR_NM = 2.0
"""A wrong point that changes the moment by less than this is harmless, N m."""


def fixed_point_wrench(
    force: FloatArray, application: FloatArray, moment: FloatArray, least: float = TRUSTED_FORCE_N
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Moment about one fixed point of a force (T, 3) N recorded with its point of application (m).

    ``moment`` (N m) is about ``application``, which may be invalid (NaN, hundreds of metres,
    frozen) while the force is small. Returns the moment about ``point``, ``point``, which is the
    median point of application while loaded, and a mask (T,) of the samples whose point is taken
    from the nearest loaded one. Forces in another unit are ``least`` of it where points are to be
    trusted.
    """
    size = np.sqrt(dot(force, force))
    firm = max(least, FIRM_FORCE_SHARE * float(size.max(initial=0.0)))
    loaded = (size > firm) & ~np.isnan(application.sum(axis=1))
    if not loaded.any():
        return np.zeros_like(force), np.zeros(3), size > 0.0
    point = np.median(application[loaded], axis=0)
    trusted = _nearest_loaded(application, loaded)
    stray = application - trusted
    effect = cross(stray, force)
    unknown = np.isnan(stray.sum(axis=1))
    wild = unknown | (
        (dot(stray, stray) > MAX_ARM_M**2)
        & (dot(effect, effect) > (MAX_MOMENT_ERROR_NM * least / TRUSTED_FORCE_N) ** 2)
        & ~loaded
    )
    repaired = np.where(wild[:, None], trusted, application)
    free = np.where((wild & ~loaded)[:, None], 0.0, np.nan_to_num(moment))
    return wrench_at_point(force, repaired, free, point), point, wild & (size > 0.0)


def _nearest_loaded(application: FloatArray, loaded: BoolArray) -> FloatArray:
    """Point of application of each sample's nearest loaded one in time."""
    loaded_samples = np.flatnonzero(loaded)
    samples = np.arange(len(application))
    after = np.clip(np.searchsorted(loaded_samples, samples), 0, len(loaded_samples) - 1)
    before = np.clip(after - 1, 0, len(loaded_samples) - 1)
    earlier = np.abs(loaded_samples[before] - samples) <= np.abs(loaded_samples[after] - samples)
    return application[np.where(earlier, loaded_samples[before], loaded_samples[after])]


MIN_HELD_S = 0.025
"""Shortest time for which a point of application is held, s, and at least `MIN_HELD_SAMPLES`: in 60
sound recordings it moves by 0.2 mm and more within it while the force is above 100 N."""

MIN_HELD_SAMPLES = 4

LOADED_POINT_N = 100.0
"""Force whose point of application moves, N."""


def held_points(force: FloatArray, application: FloatArray, rate: float) -> BoolArray:
    """Mask (T,) of loaded samples whose recorded point of application (T, 3) m stands still.

    To the last digit, while the force (T, 3) N changes. A point that is the same in all loaded
    samples is one about which moments are given.
    """
    loaded = np.asarray(dot(force, force) > LOADED_POINT_N**2)
    is_held = np.zeros(len(force), dtype=np.bool_)
    if not loaded.any() or not np.ptp(application[loaded], axis=0).any():
        return is_held
    still = np.asarray((np.diff(application, axis=0) == 0.0).all(axis=1))
    still &= np.asarray((np.diff(force, axis=0) != 0.0).any(axis=1)) & loaded[1:] & loaded[:-1]
    for start, stop in runs(still):
        if stop - start >= max(MIN_HELD_S * rate, MIN_HELD_SAMPLES):
            is_held[start : stop + 1] = True
    return is_held


CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}
"""Number of channels by plate type."""


def plate_axes(corners: FloatArray) -> FloatArray:
    """Axes (3, 3) of a plate in the laboratory, as columns; z usually points down.

    Corners (4, 3) in the order of the C3D standard: quadrants (+x, +y), (−x, +y), (−x, −y), (+x,
    −y). ValueError: they do not span a rectangle.
    """
    corner_1, corner_2, corner_3, corner_4 = corners
    along = corner_1 + corner_4 - corner_2 - corner_3
    across = corner_1 + corner_2 - corner_3 - corner_4
    normal = np.cross(along, across)
    if np.linalg.norm(normal) < 1e-8:
        raise ValueError("the corners do not span a rectangle.")
    x = along / np.linalg.norm(along)
    z = normal / np.linalg.norm(normal)
    return np.column_stack((x, np.cross(z, x), z))


def platform_wrench(
    kind: int,
    channels: FloatArray,
    origin: FloatArray,
    calibration: FloatArray | None,
    length: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force (T, 3) N and moment (T, 3) N m about the centre of a plate's surface, in plate axes.

    Channels by the plate type of the C3D standard
    (https://www.c3d.org/HTML/Documents/forceplatform.htm): 1: Fx Fy Fz, point of application Px Py,
    free moment; 2: Fx Fy Fz Mx My Mz; 3: Fx12 Fx34 Fy14 Fy23 Fz1 Fz2 Fz3 Fz4; 4: as 2 after
    multiplication by the calibration (6, 6).

    ``origin`` (3,) m is, for types 2 and 4, from the origin of the moments to the centre of the
    surface; for type 3 the half distances of the sensors along x and y, and their depth below the
    surface. ``length`` (m) is the unit of length in the moments (2 and 4), or of the point and the
    free moment (1). ``lever`` (3,) m is from the point of the recorded moments to the centre; NaN
    for type 3, which records none.

    The surface lies above the sensors, so that, with z down, the third number of ``origin`` is
    negative. Files with the opposite sign exist: for types 2 and 4 the whole vector is reversed
    then, for type 3 only the depth (reversing the half distances too would mirror the centre of
    pressure).
    """
    surface = np.zeros(3)
    if kind == 1:
        force, about = channels[:, :3], np.zeros((len(channels), 3))
        about[:, 2] = channels[:, 5] * length
        arm = np.column_stack((channels[:, 3:5], np.zeros(len(channels)))) * -length
    elif kind == 3:  # four sensors at (±along, ±across)
        x12, x34, y14, y23, z1, z2, z3, z4 = channels.T
        along, across = np.abs(origin[:2])
        force = np.column_stack((x12 + x34, y14 + y23, z1 + z2 + z3 + z4))
        about = np.column_stack(
            (
                across * (z1 + z2 - z3 - z4),
                along * (-z1 + z2 + z3 - z4),
                across * (x34 - x12) + along * (y14 - y23),
            )
        )
        arm, surface = np.array([0.0, 0.0, -abs(origin[2])]), np.full(3, np.nan)
    else:
        values = channels if calibration is None else channels @ calibration.T
        force, about = values[:, :3], values[:, 3:6] * length
        arm = surface = -origin if origin[2] > 0.0 else origin
    moment = about - cross(np.broadcast_to(arm, force.shape), force)
    if kind in (2, 4) and np.ptp(channels[:, 5]) <= STILL_SHARE * np.abs(channels).max(initial=0.0):
        moment[:, 2] = _of_pressure(force, moment)
    return force, moment, surface


STILL_SHARE = 1e-9
"""Range of a channel that nothing moves, share of the largest value of its plate: the noise of
floating point."""


def _of_pressure(force: FloatArray, moment: FloatArray) -> FloatArray:
    """Third component (T,) of a moment (T, 3) about the centre of a plate without a free moment.

    That of the force at the centre of pressure: a moment of 0 about the centre would make a free
    moment of the force and of how far it acts from the centre.
    """
    down = np.where(np.abs(force[:, 2]) >= TRUSTED_FORCE_N, force[:, 2], np.inf)
    return np.asarray((-moment[:, 1] * force[:, 1] - moment[:, 0] * force[:, 0]) / down)


MIN_CLIPPED_S = 0.004
"""Shortest flat top, s."""

MIN_CLIPPED_SAMPLES = 4
"""Shortest flat top, samples."""

MIN_CLIPPED_SHARE = 0.5
"""A clipped value is at least this share of the channel's largest."""

MIN_OVERSHOOT_SHARE = 0.03
"""The extrapolated signal exceeds the flat top by at least this share of it."""

SLOPE_WINDOW_S = 0.004
"""The slope on both sides of a flat top is taken over this time, s."""


def clipped_samples(channel: FloatArray, rate: float) -> BoolArray:
    """Samples of a channel (T,) that are clipped at the end of its range.

    A clipped signal stays at exactly its largest (or smallest) value, with a slope before and after
    it: extrapolated from both sides it exceeds that value. A rounded peak, even a coarsely
    quantised one, has no slope there, an artificial step none before it.
    """
    clipped = np.zeros(len(channel), dtype=np.bool_)
    size = float(np.abs(channel).max(initial=0.0))
    shortest, before = (
        max(MIN_CLIPPED_SAMPLES, round(MIN_CLIPPED_S * rate)),
        max(2, round(SLOPE_WINDOW_S * rate)),
    )
    if size == 0.0:
        return clipped
    for sign in (1.0, -1.0):
        upward = sign * channel
        top = float(upward.max())
        if top < MIN_CLIPPED_SHARE * size:
            continue
        for start, stop in runs(np.isclose(upward, top, rtol=1e-9, atol=0.0)):
            if stop - start < shortest or start < before or stop + before > len(channel):
                continue
            rise = (upward[start - 1] - upward[start - before]) / (before - 1)
            fall = (upward[stop] - upward[stop + before - 1]) / (before - 1)
            if min(rise, fall) * 0.5 * (stop - start) > MIN_OVERSHOOT_SHARE * top:
                clipped[start:stop] = True
    return clipped


LOADED_PLATE_N = 100.0
"""Vertical force from which on a plate's sign is determined, N."""


MIN_LOADED_S = 0.020
"""Minimum time of such a force to determine a plate's sign, s."""


@dataclass(frozen=True, slots=True)
class Plates:
    """Force plates in ground axes."""

    wrench: PlateWrench
    """On the runner; S samples, P plates."""
    corners: FloatArray
    """(P, 4, 3) array, m. NaN where unknown."""
    rate: float
    """Hz."""
    start: float
    """Instant of the first sample on the clock of the markers, s."""
    numbers: tuple[int, ...]
    """tuple of P int. From 1."""
    feet: tuple[int, ...]
    """tuple of P int. 0 left, 1 right where the file names the foot, otherwise -1."""
    is_held: BoolArray | None = None
    """(S, P) mask of loaded samples whose point of application was held; None for none."""
    is_lost: BoolArray | None = None
    """(S, P) mask of samples of loads that are not known; None for none."""

    @property
    def time(self) -> FloatArray:
        """Instants of the samples on the clock of the markers, s."""
        return self.start + np.arange(len(self.wrench.force)) / self.rate

    @property
    def vertical(self) -> FloatArray:
        """Vertical forces (S, P), N."""
        return self.wrench.force[:, :, 1]

    @property
    def surface(self) -> FloatArray:
        """Height (P,) of each plate's surface, m: of its corners, or of the point of its loads."""
        height = self.corners[:, :, 1].mean(axis=1)
        return np.where(np.isnan(height), self.wrench.point[:, 1], height)

    @property
    def lost_spans(self) -> FloatArray:
        """Plate, first and last instant (N, 3), s, of every load that is not known."""
        masks = () if self.is_lost is None else self.is_lost.T
        return np.array(
            [
                (plate, self.start + start / self.rate, self.start + (stop - 1) / self.rate)
                for plate, mask in enumerate(masks)
                for start, stop in runs(mask)
            ]
        ).reshape(-1, 3)

    def samples_of(self, time: FloatArray) -> IntArray:
        """Sample nearest to each instant; -1 where forces were not recorded."""
        samples = np.rint((time - self.start) * self.rate).astype(np.int64)
        return np.where((samples >= 0) & (samples < len(self.wrench.force)), samples, -1)
