"""Loads of force plates at the frames of the markers, as the evidence of forces needs them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.ndimage import uniform_filter1d

from aqbio.force_plates.forces import PlateWrench, centre_of_pressure
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY, MAX_BODY_KG, MIN_BODY_KG
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross, dot

SEARCH_RATE_HZ = 250.0
"""Forces are averaged to about this rate for the search."""

SMOOTHING_S = 0.04
"""Pressure and free moment are judged in the band that bodies have: means over this time, s."""

LOADED_SHARE = 0.1
"""Share of its own largest force from which a plate is loaded, whatever its unit and sign."""

HEAVY_SHARE = 0.5
"""Share of a plate's own largest force from which pressure and free moment are judged."""

QUIET_QUANTILE = 0.1
"""Quantile of a plate's force that is not load but noise."""

MIN_LOAD_RATIO = 20.0
"""A plate whose largest force is less than so many times that quantile bears nobody, unless others
in the same unit bear a person."""

TINY_N = 1e-9
"""Forces of no size in any unit, N."""

MIN_VERTICAL_SHARE = 0.05
"""The centre of pressure of a force that is less vertical than this share of it is not computed."""


def averaged(forces: ForceRecording, rate: float = SEARCH_RATE_HZ) -> ForceRecording:
    """The forces as means over some samples each, at about a rate, Hz."""
    step = max(int(forces.rate / rate), 1)
    count = len(forces.wrench.force) // step
    if step == 1 or not count:
        return forces

    def means(values: FloatArray) -> FloatArray:
        shape = (count, step, *values.shape[1:])
        return np.asarray(values[: count * step].reshape(shape).mean(axis=1))

    wrench = forces.wrench
    return replace(
        forces,
        wrench=PlateWrench(means(wrench.force), means(wrench.moment), wrench.point),
        rate=forces.rate / step,
        start=forces.start + 0.5 * (step - 1) / forces.rate,
        is_held=None,
        is_lost=None if forces.is_lost is None else means(forces.is_lost.astype(float)) > 0.0,
    )


def surface_height(forces: ForceRecording) -> FloatArray:
    """Height (P,), m, of each plate's surface: of its corners, or of the point of its loads."""
    height = forces.corners[:, :, 1].mean(axis=1)
    return np.where(np.isnan(height), forces.wrench.point[:, 1], height)


def loaded_plates(size: FloatArray) -> BoolArray:
    """Plates (P,) that bear somebody, by the size (S, P) of their forces.

    Where one bears a person, those whose largest force is a share of its; and plates, maybe in
    another unit, that are far quieter most of the time.
    """
    if not len(size):
        return np.zeros(size.shape[1], dtype=np.bool_)
    largest = size.max(axis=0)
    top = float(largest.max(initial=0.0))
    bears = (largest > LOADED_SHARE * top) & (top > MIN_BODY_KG * GRAVITY)
    at = QUIET_QUANTILE * (len(size) - 1)
    low, high = int(at), min(int(at) + 1, len(size) - 1)
    ordered = np.partition(size, (low, high), axis=0)
    quiet = ordered[low] + (at - low) * (ordered[high] - ordered[low])
    return np.asarray(bears | ((largest > MIN_LOAD_RATIO * quiet) & (largest > 0.0)))


def standing_plates(size: FloatArray) -> BoolArray:
    """Plates (P,) that bear a person throughout, by the size (S, P), N, of their forces."""
    least = np.quantile(size, QUIET_QUANTILE, axis=0) if len(size) else np.zeros(size.shape[1])
    weighs_a_person = MIN_BODY_KG <= float(least.sum()) / GRAVITY <= MAX_BODY_KG
    return np.asarray((least > LOADED_SHARE * least.sum()) & weighs_a_person)


def _stretches(mask: BoolArray) -> IntArray:
    """Plate, first frame and frame after the last one (N, 3) of every stretch of a (T, P) mask."""
    still = np.zeros((mask.shape[1], 1), dtype=np.int8)
    edges = np.diff(np.hstack((still, mask.T.astype(np.int8), still)), axis=1)
    plate, start = np.nonzero(edges == 1)
    return np.column_stack((plate, start, np.nonzero(edges == -1)[1]))


@dataclass(frozen=True, eq=False)
class FrameLoads:
    """Loads of P plates at T frames."""

    force: FloatArray
    moment: FloatArray
    """force, moment: (T, P, 3) arrays, N and N m. Means over each frame's time; about `point`."""
    smooth: FloatArray
    """(T, P, 6) array. The same, as means over `SMOOTHING_S`."""
    point: FloatArray
    """(P, 3) array, m."""
    height: FloatArray
    """(P,) array, m. Of the surfaces."""
    share: FloatArray
    """(T, P) array. Size of the force over the largest of its plate; 0 of an unloaded plate."""
    recorded: BoolArray
    """(T,) array. Frames in which forces were recorded, and are known of all plates."""
    lost: BoolArray
    """(T,) array. Frames in which the load of a plate is not known."""
    time_factor: float
    """By which time is longer than the clock of the frames says."""
    slope: tuple[float, float]
    """Sines of the angles by which the true vertical leans along x and z."""

    @classmethod
    def of(cls, forces: ForceRecording, time: FloatArray, *, standing: bool = False) -> FrameLoads:
        """Loads at the frames' times (T,), s; perhaps of somebody ``standing`` all the while."""
        wrench = forces.wrench
        channels = np.concatenate((wrench.force, wrench.moment), axis=2)
        lone_step = len(channels) / forces.rate  # of a pose: all samples are its own
        step = float(time[1] - time[0]) if len(time) > 1 else lone_step
        frames = _frame_means(channels, forces.start, forces.rate, time, step)
        smooth = uniform_filter1d(frames, max(round(SMOOTHING_S / step), 1), axis=0)
        size = np.sqrt(dot(smooth[..., :3], smooth[..., :3]))
        share = size / np.maximum(size.max(axis=0, initial=0.0), 1e-12)
        loaded = standing_plates(size) if standing else loaded_plates(size)
        share[:, ~loaded] = 0.0
        last = forces.start + (len(wrench.force) - 1) / forces.rate
        lost = _lost_frames(forces, time)
        recorded = (time >= forces.start) & (time <= last) & ~lost
        return cls(
            frames[..., :3], frames[..., 3:], smooth, wrench.point, surface_height(forces), share,
            recorded, lost, forces.time_factor, forces.slope,
        )  # fmt: skip

    @cached_property
    def loaded(self) -> BoolArray:
        """(T, P) array: where plates bear something."""
        return np.asarray(self.share > LOADED_SHARE)

    @cached_property
    def borne(self) -> BoolArray:
        """(T,) array: where any plate does."""
        return np.asarray(self.loaded.any(axis=1))

    def are_known(self, spans: IntArray) -> BoolArray:
        """Spans (N, 2), from a frame to that after the last one, without a frame that is lost."""
        count = np.append(0, np.cumsum(self.lost))
        return np.asarray(np.diff(count[spans], axis=1)[:, 0] == 0)

    @cached_property
    def total(self) -> FloatArray:
        """Force (T, 3), N, of all plates."""
        return np.asarray(self.force.sum(axis=1))

    @cached_property
    def stretches(self) -> IntArray:
        """Plate, first frame and frame after the last one (N, 3) of every load."""
        return _stretches(self.loaded)

    @cached_property
    def heavy_stretches(self) -> IntArray:
        """The same of every heavy load of more than one frame."""
        heavy = _stretches(self.share > HEAVY_SHARE)
        return heavy[heavy[:, 2] - heavy[:, 1] > 1]

    def pressure(self, frame: IntArray, plate: IntArray) -> tuple[FloatArray, FloatArray]:
        """Centre of pressure (N, 3), m, and free moment (N,), N m, smooth; NaN of flat forces."""
        loads = self.smooth[frame, plate]
        upward = np.where(loads[:, 1] < 0.0, -1.0, 1.0)
        force, moment = upward[:, None] * loads[:, :3], upward[:, None] * loads[:, 3:]
        force = np.where(_steep(force)[:, None], force, np.nan)
        point, height = self.point[plate], self.height[plate]
        pressure, free = centre_of_pressure(force, moment, point, height, TINY_N)
        return pressure, upward * free

    def moment_about(self, centre: FloatArray) -> FloatArray:
        """Moment (T, 3), N m, of the loads of all plates about a point (T, 3)."""
        known = self.loaded & _steep(self.force) & np.isfinite(self.point).all(axis=1)
        force = np.where(known[..., None], self.force, 0.0)
        moment = np.where(known[..., None], self.moment, 0.0)
        about = moment + cross(np.nan_to_num(self.point)[None], force)
        return np.asarray(about.sum(axis=1) - cross(centre, force.sum(axis=1)))


def _steep(force: FloatArray) -> BoolArray:
    """Tell which forces (..., 3) have a centre of pressure."""
    return np.asarray(np.abs(force[..., 1]) > MIN_VERTICAL_SHARE * np.sqrt(dot(force, force)))


def _lost_frames(forces: ForceRecording, time: FloatArray) -> BoolArray:
    """Frames (T,) in which the load of a plate is not known."""
    if forces.is_lost is None:
        return np.zeros(len(time), dtype=np.bool_)
    sample = np.rint((time - forces.start) * forces.rate).astype(np.int64)
    inside = (sample >= 0) & (sample < len(forces.is_lost))
    lost = forces.is_lost[np.clip(sample, 0, len(forces.is_lost) - 1)]
    return np.asarray(inside & np.any(lost, axis=1))


def _frame_means(
    channels: FloatArray, start: float, rate: float, time: FloatArray, step: float
) -> FloatArray:
    """Means of channels (S, P, 6) over the time, ``step``, s, of every frame (T,).

    Zero where not recorded.
    """
    flat = channels.reshape(len(channels), -1)
    impulse = np.concatenate((np.zeros((1, flat.shape[1])), np.cumsum(flat, axis=0))) / rate
    edges = (np.append(time, time[-1] + step) - 0.5 * step - start) * rate + 0.5
    at = np.clip(edges, 0.0, len(flat))
    low = np.minimum(at.astype(np.int64), len(flat) - 1)
    share = (at - low)[:, None]
    cumulated = impulse.take(low + 1, axis=0)
    before = impulse.take(low, axis=0)
    cumulated -= before
    cumulated *= share
    cumulated += before
    means: FloatArray = np.diff(cumulated, axis=0) / step
    return means.reshape(len(time), *channels.shape[1:])
