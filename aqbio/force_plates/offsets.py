"""What plates read while they are unloaded: offsets, and drifts within a trial."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.force_plates.forces import LOADED_PLATE_N, MIN_LOADED_S, Plates, PlateWrench
from aqbio.signals import runs, shrunk
from aqbio.vectors import BoolArray, FloatArray

QUIET_SHARE = 0.1
"""Share of a trial's samples that must be equal to count as the unloaded level."""

UNLOADED_BAND_N = 15.0
"""Vertical force within this of the unloaded level counts as unloaded, N."""

UNLOADED_MARGIN_S = 0.025
"""Time next to a contact that is not used for the offset, s."""

MIN_UNLOADED_S = 0.050
"""Shortest unloaded stretch that gives an offset, s."""

BLOCK_S = 0.010
"""The unloaded level is looked for in means over this time, s."""

LINE_BLOCKS = 20
"""Means from which the error of a line is computed."""

MIN_LINE_BLOCKS = 10
"""Fewest means that show a line."""

NODE_S = 0.1
"""A level that is no line is followed by means over at most this time, s."""

MAX_PASSES = 12
"""Passes in which stretches beside a level that is followed are added."""


@dataclass(frozen=True, slots=True)
class LevelScales:
    """How far the unloaded levels of sound plates change within a trial."""

    change_sd: FloatArray
    """(6,) array, standard deviation of forces, N, and of moments, N m."""
    rarity: float
    """Negative logarithm of the share of plates that drift by more."""


@dataclass(frozen=True, slots=True)
class UnloadedLevel:
    """What the channels of a plate read while nothing stands on it."""

    channels: FloatArray
    """(T, 6) array, N and N m."""
    change: FloatArray
    """(6,) array: of a line between the first and the last unloaded sample, N and N m."""
    change_sd: FloatArray
    """(6,) array, its error."""
    drifts: bool
    """True if the level changes by more than that of sound plates does."""


def unloaded(vertical: FloatArray, rate: float, largest: float) -> BoolArray:
    """Mask (T,) of the samples in which a plate is unloaded, by its vertical force (T,) N.

    The unloaded level is the middle of the narrowest band that contains a tenth of all samples, if
    it is within ``largest`` N of zero: an offset of a plate is found without knowing it. Stretches
    shorter than 50 ms, and 25 ms next to a contact, are left out.
    """
    return _long_stretches(nearly_unloaded(vertical, largest), rate)


def quiet_about(vertical: FloatArray, level: FloatArray, rate: float) -> BoolArray:
    """Mask (T,) of the samples in which a plate is unloaded, near a level (T,) N."""
    return _long_stretches(np.asarray(np.abs(vertical - level) < UNLOADED_BAND_N), rate)


def _long_stretches(level: BoolArray, rate: float) -> BoolArray:
    quiet = shrunk(level, int(UNLOADED_MARGIN_S * rate))
    for start, stop in runs(quiet):
        if stop - start < MIN_UNLOADED_S * rate:
            quiet[start:stop] = False
    return quiet


def nearly_unloaded(vertical: FloatArray, largest: float) -> BoolArray:
    """Mask (T,) of the samples near the unloaded level, however short they last."""
    low, high = resting_band(vertical, largest)
    return np.asarray(np.abs(vertical - 0.5 * (low + high)) < UNLOADED_BAND_N)


def resting_band(force: FloatArray, largest: float) -> tuple[float, float]:
    """Ends of the narrowest band that holds a tenth of the samples of a force (T,).

    That is where an unloaded plate stays, whatever its offset. NaN if its middle is farther than
    ``largest`` from zero.
    """
    count = max(int(QUIET_SHARE * len(force)), 2)
    ordered = np.sort(force)
    if count > len(ordered):
        return np.nan, np.nan
    first = int(np.argmin(ordered[count - 1 :] - ordered[: len(ordered) - count + 1]))
    low, high = float(ordered[first]), float(ordered[first + count - 1])
    return (low, high) if abs(low + high) <= 2.0 * largest else (np.nan, np.nan)


MAX_REST_SHARE = 0.25
"""Share of its largest force below which a plate rests, whatever its unit."""


def resting(force: FloatArray) -> BoolArray:
    """Mask (T,) of samples in the `resting_band` of a force (T,) in any unit."""
    low, high = resting_band(force, MAX_REST_SHARE * float(np.abs(force).max(initial=0.0)))
    return np.asarray((force >= low) & (force <= high))


def unloaded_level(
    channels: FloatArray, vertical: FloatArray, rate: float, largest: float, scales: LevelScales
) -> UnloadedLevel | None:
    """Level of a plate's channels (T, 6) from the samples in which it is unloaded.

    Constant where a line through the unloaded samples changes no channel by more than those of
    sound plates (forces only, where nothing loads the plate); else that line, or, where the levels
    before and after contacts lie beside it by more, straight from one to the next. None when the
    plate is never unloaded.
    """
    line = level_line(vertical, rate, largest)
    quiet = unloaded(vertical, rate, largest)
    about_line = quiet_about(vertical, line, rate)
    if about_line.any():
        change, change_sd = line_change(channels, about_line, rate)
        surprise = 0.5 * change**2 / (scales.change_sd**2 + change_sd**2)
        loaded = np.abs(vertical - line).max() > LOADED_PLATE_N
        if surprise[: None if loaded else 3].max() > scales.rarity:
            level = _followed(channels, vertical, about_line, rate, scales)
            return UnloadedLevel(level, change, change_sd, drifts=True)
    if not quiet.any():
        return None
    change, change_sd = line_change(channels, quiet, rate)
    level = np.broadcast_to(channels[quiet].mean(axis=0), channels.shape)
    return UnloadedLevel(level, change, change_sd, drifts=False)


def level_line(vertical: FloatArray, rate: float, largest: float) -> FloatArray:
    """Line (T,) within ``largest`` N of zero that most of the forces (T,) are near."""
    size = max(round(BLOCK_S * rate), 1)
    count = max(len(vertical) // size, 1)
    blocks = vertical[: count * size].reshape(count, -1).mean(axis=1)
    share = (np.arange(count) + 0.5) * size / len(vertical) - 0.5
    best = 0, 0.0, 0.0
    steps = int(largest / UNLOADED_BAND_N)
    for slope in UNLOADED_BAND_N * np.array(sorted(range(-steps, steps + 1), key=abs)):
        ordered = np.sort(blocks - slope * share)
        inside = np.searchsorted(ordered, ordered + 2.0 * UNLOADED_BAND_N) - np.arange(count)
        inside[np.abs(ordered + UNLOADED_BAND_N) + 0.5 * abs(slope) > largest] = 0
        most = int(np.argmax(inside))
        if inside[most] > best[0]:
            best = int(inside[most]), float(slope), float(np.median(ordered[most:][: inside[most]]))
    _, slope, level = best
    for _ in range(MAX_PASSES):
        near = np.abs(blocks - level - slope * share) < UNLOADED_BAND_N
        if near.sum() < max(QUIET_SHARE * count, 3):
            return np.full(len(vertical), np.nan)
        slope, level = np.polyfit(share[near], blocks[near], 1).tolist()
    samples = np.arange(len(vertical)) / len(vertical) - 0.5
    return np.asarray(level + slope * samples)


def _blocks(channels: FloatArray, quiet: BoolArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Middles (N,), in samples, and means (N, K) of pieces of the quiet stretches."""
    middles, means = [], []
    for start, stop in runs(quiet):
        for piece in np.array_split(np.arange(start, stop), -(-int(stop - start) // size)):
            middles.append(piece.mean())
            means.append(channels[piece].mean(axis=0))
    return np.array(middles), np.array(means)


def line_change(
    channels: FloatArray, quiet: BoolArray, rate: float
) -> tuple[FloatArray, FloatArray]:
    """Change (K,) of a line through quiet samples from the first to the last, and its error.

    The error is by means that are long enough to differ independently.
    """
    size = max(BLOCK_S * rate, quiet.sum() / LINE_BLOCKS, 1.0)
    at, means = _blocks(channels, quiet, int(np.ceil(size)))
    if len(at) < MIN_LINE_BLOCKS:
        return np.zeros(channels.shape[1]), np.full(channels.shape[1], np.inf)
    span = (at - at.mean()) / np.ptp(at)
    slope = span @ (means - means.mean(axis=0)) / (span @ span)
    residual = means - means.mean(axis=0) - np.outer(span, slope)
    variance = (residual**2).sum(axis=0) / (len(at) - 2)
    return slope, np.sqrt(variance / (span @ span))


def _followed(
    channels: FloatArray, vertical: FloatArray, quiet: BoolArray, rate: float, scales: LevelScales
) -> FloatArray:
    """Level (T, K) that drifts: a line, or straight between the levels beside it."""
    samples = np.arange(len(channels))
    level = np.zeros_like(channels)
    for _ in range(MAX_PASSES):
        at, means = _blocks(channels, quiet, max(round(NODE_S * rate), 1))
        degree = min(1, len(at) - 1) if np.ptp(at) > 0.0 else 0
        line = np.polynomial.polynomial.polyfit(at, means, degree)
        apart = np.diff(_blocks(channels, quiet, max(round(BLOCK_S * rate), 1))[1], axis=0)
        noise = np.median(np.abs(apart), axis=0) * np.sqrt(BLOCK_S / NODE_S)
        straight = np.polynomial.polynomial.polyval(at, line).T
        level = np.asarray(np.polynomial.polynomial.polyval(samples, line).T, dtype=np.float64)
        beside = means - straight
        surprise = 0.5 * beside**2 / (scales.change_sd**2 + noise**2)
        if surprise.max() <= scales.rarity:
            break
        level += np.column_stack([np.interp(samples, at, part) for part in beside.T])
        grown = quiet_about(vertical, level[:, 1], rate)
        if (grown == quiet).all():
            break
        quiet = grown
    return level


def pulls_and_pushes(vertical: FloatArray, rate: float, largest: float) -> bool:
    """Tell whether a plate without a known offset (within ``largest`` N) is loaded both ways."""
    if unloaded(vertical, rate, largest).any():
        return False
    samples_each_way = min(
        int((vertical > LOADED_PLATE_N).sum()), int((vertical < -LOADED_PLATE_N).sum())
    )
    return samples_each_way > MIN_LOADED_S * rate


def without_offsets(
    plates: Plates, largest: float, scales: LevelScales
) -> tuple[Plates, list[UnloadedLevel | None]]:
    """Remove the plates' unloaded levels and return them; None if never within ``largest`` N."""
    channels = np.concatenate((plates.wrench.force, plates.wrench.moment), axis=2)
    removed: list[UnloadedLevel | None] = []
    for plate in range(len(plates.numbers)):
        level = unloaded_level(
            channels[:, plate], plates.vertical[:, plate], plates.rate, largest, scales
        )
        removed.append(level)
        if level is not None:
            channels[:, plate] -= level.channels
    wrench = PlateWrench(channels[..., :3], channels[..., 3:], plates.wrench.point)
    return replace(plates, wrench=wrench), removed
