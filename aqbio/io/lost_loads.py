"""Loads that a plate has not measured: a channel is dead, or was driven beyond its range.

Centre of pressure and free moment follow from all channels of a plate together: where one of them
is wrong, the load is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.errors import Finding, listed
from aqbio.force_plates.forces import MIN_LOADED_S, STILL_SHARE, PlateWrench, clipped_samples
from aqbio.force_plates.offsets import resting
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, dot

NEVER = -1
"""Axis of a channel that no movement within a plane leaves constant."""

MIN_STEP_N = 300.0
"""Range of a force within the loads of a plate that bore a step, N: under a slight touch a channel
may stay within one digit of its converter."""

MIN_STEP_SAMPLES = 8
"""Fewest samples of loads in which a constant channel is dead."""

LOAD_SHARE = 0.02
"""Share of its largest force above which a plate is loaded, ..."""

MIN_PEAK_SHARE = 0.1
"""... by more than what a step beside it shakes, if the load reaches this share of it."""

LOAD_MARGIN_S = 0.010
"""A load begins and ends within this time of that force, s."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordedChannels:
    """Channels or columns of a plate as the file holds them; S samples, C channels."""

    plate: str
    """Name in findings."""
    location: str
    """Where in the file they are."""
    force: FloatArray
    """(S, 3) array, N. In axes of the plate, or those of the file."""
    names: tuple[str, ...]
    """tuple of C str."""
    values: FloatArray
    """(S, C) array. In the file's units."""
    axes: tuple[int, ...]
    """tuple of C int. Axis across the plane within which a movement leaves the channel constant."""
    ranged: FloatArray
    """(S, N) array. Channels that show the end of their range, in the order of the plate."""


def without_lost_loads(
    wrench: PlateWrench, plates: Sequence[RecordedChannels], rate: float, file: str
) -> tuple[PlateWrench, BoolArray | None, list[Finding]]:
    """Wrenches without the loads that are not known, samples (S, P) of these, and findings.

    All loads of a plate with a dead channel, whose wrench is zero then, and every load during which
    a channel is clipped: from the sample before it to the sample after it the plate reads as
    unloaded. None for the samples of none; ``rate`` in Hz.
    """
    findings, lost = list[Finding](), np.zeros(wrench.force.shape[:2], dtype=np.bool_)
    force, moment = wrench.force.copy(), wrench.moment.copy()
    planar = [
        bool(plates) and all(_is_constant_zero(plate.force, axis) for plate in plates)
        for axis in range(3)
    ]
    for index, plate in enumerate(plates):
        clipped = np.column_stack([clipped_samples(x, rate) for x in plate.ranged.T])
        if clipped.any():
            findings.append(_clipping_finding(plate, clipped, rate, file))
        if dead := _dead_channels(plate, planar, rate):
            findings.append(_dead_finding(plate, dead, file))
            force[:, index] = moment[:, index] = 0.0
        for start, stop in loads_of(plate.force, rate) if dead or clipped.any() else ():
            if dead or clipped[start:stop].any():
                lost[start:stop, index] = True
    if not lost.any():
        return wrench, None, findings
    return without_loads(replace(wrench, force=force, moment=moment), lost), lost, findings


def without_loads(wrench: PlateWrench, lost: BoolArray) -> PlateWrench:
    """Wrenches that go straight through samples (S, P) whose loads are not known."""
    force, moment = wrench.force.copy(), wrench.moment.copy()
    for plate in np.flatnonzero(lost.any(axis=0)).tolist():
        for start, stop in runs(lost[:, plate]).tolist():
            for channels in (force[:, plate], moment[:, plate]):
                channels[start:stop] = _between(channels, start, stop)
    return replace(wrench, force=force, moment=moment)


def _between(channels: FloatArray, start: int, stop: int) -> FloatArray:
    """Straight from the sample before a load of channels (S, C) to the one after it; (N, C)."""
    ends = [at for at in (start - 1, stop) if 0 <= at < len(channels)]
    if not ends:
        return np.zeros_like(channels[start:stop])
    first, last = channels[ends[0]], channels[ends[-1]]
    share = np.arange(1, stop - start + 1)[:, None] / (stop - start + 1)
    return np.asarray(first + share * (last - first))


def _is_constant_zero(force: FloatArray, axis: int) -> bool:
    largest = float(np.abs(force).max(initial=0.0))
    return bool(np.abs(force[:, axis]).max(initial=0.0) <= STILL_SHARE * largest)


def _dead_channels(plate: RecordedChannels, planar: Sequence[bool], rate: float) -> list[str]:
    """Names of channels that are constant while the plate bears somebody's steps.

    Without those that are so in a ``planar`` recording, by the axis across its plane.
    """
    size = _above_rest(plate.force)
    loaded = size > LOAD_SHARE * size.max(initial=0.0)
    if loaded.sum() < max(MIN_STEP_SAMPLES, MIN_LOADED_S * rate):
        return []
    if np.ptp(plate.force[loaded], axis=0).max() < MIN_STEP_N:
        return []
    values = plate.values[loaded]
    largest = float(np.abs(np.nan_to_num(plate.values)).max(initial=0.0))
    with np.errstate(invalid="ignore"):  # a missing value is no constant one
        is_constant = np.ptp(values, axis=0) <= STILL_SHARE * largest
    return [
        name
        for name, axis, constant in zip(plate.names, plate.axes, is_constant, strict=True)
        if constant and not (axis != NEVER and planar[axis])
    ]


def _above_rest(force: FloatArray) -> FloatArray:
    """Size (S,) of a force (S, 3) above what the unloaded plate reads; of all of it if none is.

    Without components that stand at a value, which a dead channel may do far from zero.
    """
    extent = np.ptp(force, axis=0)
    force = np.where(extent > LOAD_SHARE * extent.max(), force, 0.0)
    size = np.sqrt(dot(force, force))
    at_rest = resting(size)
    if not at_rest.any():
        return size
    above = force - force[at_rest].mean(axis=0)
    return np.sqrt(dot(above, above))


def loads_of(force: FloatArray, rate: float) -> list[tuple[int, int]]:
    """First sample of every load of a plate (S, 3), and the sample after its last one."""
    size, margin = _above_rest(force), round(LOAD_MARGIN_S * rate)
    loaded = np.asarray(size > LOAD_SHARE * size.max(initial=0.0))
    widened = np.convolve(loaded, np.ones(2 * margin + 1), mode="full")[margin:][: len(loaded)]
    least = MIN_PEAK_SHARE * float(size.max(initial=0.0))
    spans = runs(np.asarray(widened > 0.5)).tolist()
    return [(start, stop) for start, stop in spans if size[start:stop].max() > least]


def _dead_finding(plate: RecordedChannels, names: Sequence[str], file: str) -> Finding:
    """Finding that some channels of a plate are dead."""
    several = len(names) > 1
    return Finding(
        rule="channel-dead",
        severity="error",
        what=f"{plate.plate}: {listed(names)} {'are' if several else 'is'} constant while the "
        "plate is loaded, as other channels show: "
        f"{'they measure' if several else 'it measures'} nothing. The loads of this plate are not "
        "known, and not used.",
        number=len(names),
        file=file,
        where=f"{plate.location}, {listed(names)}",
        fix="check cable and amplifier of the channel, and whether the export lacks it.",
    )


def _clipping_finding(
    plate: RecordedChannels, clipped: BoolArray, rate: float, file: str
) -> Finding:
    """Finding that channels of a plate reached the end of their range in some samples (S, N)."""
    samples = np.flatnonzero(clipped.any(axis=1))
    numbers = ", ".join(str(channel + 1) for channel in np.flatnonzero(clipped.any(axis=0)))
    seconds = len(samples) / rate
    return Finding(
        rule="plate-clipped",
        severity="error",
        what=f"{plate.plate} stays at the largest value of a channel for {seconds:.3f} s in the "
        "middle of a load: it was driven beyond its range. Loads during which it was are not "
        "known, and not used.",
        number=seconds,
        unit="s",
        file=file,
        where=f"{plate.location}, channel {numbers} of the plate, first "
        f"{samples[0] / rate:.3f} s after the first sample",
        fix="set a larger range on the amplifier; leave this trial out, or list the plate in "
        "laboratory.ignore_plates.",
    )
