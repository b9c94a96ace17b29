"""Samples at uneven times: resampled at the times given, lost rows as gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.mot import Storage
from aqbio.io.recording import (
    LAST_DIGITS_S,
    MAX_JITTER_SHARE,
    MAX_LOST_STEP_SHARE,
    MAX_RATE_DIFFERENCE,
    sampling_rate,
)
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

TIME_DIGITS_S = (*LAST_DIGITS_S, 1e-5)

MAX_WHOLE_RATE_DIFFERENCE = 1e-3
"""A rate this near to a whole number is that number: jitter of a quarter of a step leaves 0.02 % in
a second of recording."""

MAX_DEVIATION_RATIO = 0.5
"""Rows are lost where counting them leaves less than this share of the deviation from even times:
jitter alone is made larger by it."""

MAX_JITTERED_STEPS = 3.0
"""A longer step than this many is a gap whatever the jitter."""

MAX_FORCE_GAP_S = 0.005
"""Longest stretch of lost samples over which a force is interpolated, s: a fast one changes by a
tenth of its peak meanwhile."""

POSE_RATE_HZ = 100.0
"""Rate of a pose of one frame whose file names none, Hz: nothing depends on it."""

MAX_LONE_ROW_OFFSET = 0.25
"""A row between two gaps counts for an even time nearer than this share of a step."""


@dataclass(frozen=True, slots=True)
class EvenSamples:
    """Samples at even times."""

    rate: float
    """Hz."""
    start: float
    """Instant of the first one, s: of rounded times as all of them have it."""
    values: FloatArray
    """(T, ...) array."""
    findings: tuple[Finding, ...] = ()


def evenly_sampled(
    time: FloatArray,
    values: FloatArray,
    file: str,
    declared: float | None = None,
    *,
    forces: bool = False,
) -> EvenSamples:
    """Samples (T, ...) at even times from the first on, by a spline through the times given.

    Times (T,), s, that are even but for their rounding leave the samples as they are. NaN stays
    NaN; lost rows become NaN, of forces interpolated over 5 ms at most. ``declared`` is the rate in
    the header, Hz. A row that repeats the one before it, time and values, is left out. AqbioError
    where time stands still otherwise, or runs backward. One row of positions is a pose, of which no
    rate is needed.
    """
    if len(time) == 1 and not forces:
        return EvenSamples(declared or POSE_RATE_HZ, float(time[0]), values)
    time, values, copies = _without_copies(time, values, file)
    if _is_even(time):
        rate = sampling_rate(time, file, declared)
        return EvenSamples(rate, _first_instant(time), values, copies)
    _refuse_order(time, file)
    frame = _frame_numbers(time)
    step, start = np.polyfit(frame, time, 1)
    jitter = float(np.std(time - start - step * frame))
    rate = _snapped(1.0 / float(step), declared)
    sampling_rate(time[0] + np.arange(len(time)) / rate, file, declared)  # refuses other units
    missing_frames = int(frame[-1]) + 1 - len(time)
    even = time[0] + np.arange(int((time[-1] - time[0]) * rate + 1e-6) + 1) / rate
    long = np.flatnonzero((np.diff(frame) > 1) | (np.diff(time) > MAX_JITTERED_STEPS / rate))
    longest = float(np.diff(time).max())
    if forces and len(long) and longest > max(MAX_FORCE_GAP_S, 1.0 / rate):
        row = int(np.diff(time).argmax()) + 2
        raise _uneven(time, row, f"the longest step of the forces is {1e3 * longest:.1f} ms", file)
    joins = np.ones(len(time) - 1, dtype=np.bool_)
    if not forces:
        joins[long] = False
    resampled = _resampled(time, values.reshape(len(values), -1), even, joins, smooth=not forces)
    finding = Finding(
        rule="time-uneven",
        severity="warning",
        what=f"the time column is uneven: times are {1e3 * jitter:.2f} ms (standard deviation) off "
        f"a rate of {rate:g} Hz, the longest step is {1e3 * longest:.2f} ms for "
        f"{1e3 / rate:.2f} ms. "
        + (
            f"{missing_frames} rows are lost{'' if forces else ', and left as gaps'}. "
            if missing_frames
            else ""
        )
        + "What was sampled at these times is taken at even ones, by a spline.",
        number=jitter,
        unit="s",
        file=file,
        where=f"data row {int(np.diff(time).argmax()) + 2}",
        fix="export the trial with the rate of the cameras, if the times are not the true ones.",
    )
    findings = (*copies, finding)
    resampled = resampled.reshape(len(even), *values.shape[1:])
    return EvenSamples(rate, float(time[0]), resampled, findings)


def even_storage(
    storage: Storage, file: str, *, forces: bool = False
) -> tuple[Storage, float, list[Finding]]:
    """A table at even times, its rate, Hz, and findings; see `evenly_sampled`."""
    even = evenly_sampled(storage.time, storage.values, file, forces=forces)
    if even.findings:
        time = even.start + np.arange(len(even.values)) / even.rate
        storage = replace(storage, time=time, values=even.values)
    return storage, even.rate, list(even.findings)


MAX_COPY_STEP_SHARE = 0.01
"""A row nearer to the one before it than this share of a step is of the same instant."""

MAX_COPY_DIFFERENCE = 1e-6
"""Difference, relative to a column's largest value, up to which two rows are the same."""


MIN_MOVING_SHARE = 0.5
"""Share of the other rows that differ from the one before, from which on equal rows mean something:
all rows of a standing body, or of an unloaded plate, are alike."""


def _without_copies(
    time: FloatArray, values: FloatArray, file: str
) -> tuple[FloatArray, FloatArray, tuple[Finding, ...]]:
    """Times and values without rows that repeat the one before them, and the finding.

    OpenSim's tools write the last instant twice.
    """
    steps = np.diff(time)
    typical = float(np.median(steps)) if len(steps) and np.isfinite(time).all() else 0.0
    copies = np.flatnonzero(np.abs(steps) <= MAX_COPY_STEP_SHARE * typical) + 1
    if typical <= 0.0 or not len(copies):
        return time, values, ()
    rows = values.reshape(len(values), -1)
    size = np.nan_to_num(np.abs(rows)).max(axis=0)
    gap = np.isnan(rows[1:]) & np.isnan(rows[:-1])
    alike = (gap | (np.abs(np.diff(rows, axis=0)) <= MAX_COPY_DIFFERENCE * size)).all(axis=1)
    at_end = bool((copies == np.arange(len(rows) - len(copies), len(rows))).all())
    moves = np.delete(~alike, copies - 1).mean() >= MIN_MOVING_SHARE
    if not alike[copies - 1].all() or not (at_end or moves):
        return time, values, ()  # several samples at one rounded time, not one sample twice
    numbers = listed([str(row + 1) for row in copies.tolist()])
    many = len(copies) > 1
    finding = Finding(
        rule="rows-repeated",
        severity="info",
        what=f"data {'rows' if many else 'row'} {numbers} {'repeat' if many else 'repeats'} the "
        f"row before, time and values: {'they are' if many else 'it is'} left out.",
        number=float(len(copies)),
        unit="rows",
        file=file,
    )
    kept = np.delete(np.arange(len(time)), copies)
    return time[kept], values[kept], (finding,)


def _is_even(time: FloatArray) -> bool:
    """True if times differ from even ones by no more than rounding, or too little to matter."""
    if len(time) < 3 or not np.isfinite(time).all():
        return True  # what is wrong then, `sampling_rate` says
    index = np.arange(len(time))
    step = float(time[-1] - time[0]) / (len(time) - 1)
    fitted = float(np.polyfit(index, time - time[0], 1)[0])
    deviation = min(float(np.ptp(time - time[0] - index * period)) for period in (step, fitted))
    if deviation <= MAX_JITTER_SHARE * abs(step):
        return True
    digits = [
        digit
        for digit in TIME_DIGITS_S
        if np.allclose(time / digit, np.rint(time / digit), rtol=0.0, atol=1e-4)
    ]
    return bool(digits) and deviation <= 1.05 * digits[0]


def _first_instant(time: FloatArray) -> float:
    """First of times, s; where digits of them were left out, as all of them have it."""
    if len(time) < 3 or not np.isfinite(time).all():
        return float(time[0])
    index = np.arange(len(time))
    step, start = np.polyfit(index, time - time[0], 1)
    rounding = float(np.ptp(time - time[0] - step * index))
    return float(time[0] + (start if rounding > MAX_JITTER_SHARE * step else 0.0))


def _refuse_order(time: FloatArray, file: str) -> None:
    """Refuse times that stand still or run backward."""
    wrong = np.flatnonzero(np.diff(time) <= 0.0)
    if len(wrong):
        row = int(wrong[0]) + 2
        step = float(time[row - 1] - time[row - 2])
        words = "stands still" if step == 0.0 else f"runs backward by {-step:g} s"
        raise _uneven(time, row, f"time {words} from row {row - 1} to row {row}", file)


def _uneven(time: FloatArray, row: int, problem: str, file: str) -> AqbioError:
    typical = float(np.median(np.diff(time)))
    return AqbioError(
        f"the time column is not uniform: {problem}, others are {typical:g} s.",
        file=file,
        where=f"data row {row}",
        fix="export the trial without dropped or repeated rows, and times with enough digits.",
        rule="time-not-uniform",
    )


def _frame_numbers(time: FloatArray) -> IntArray:
    """Number of each row's frame: rows one after the other, or with lost ones counted."""
    steps = np.diff(time)
    in_turn = np.arange(len(time))
    skipped = np.maximum(np.rint(steps / np.median(steps)), 1.0)
    counted = np.concatenate([[0], np.cumsum(skipped)]).astype(np.int64)
    rare = (skipped > 1.0).mean() < MAX_LOST_STEP_SHARE
    deviations = [
        float(np.std(time - np.polyval(np.polyfit(frames, time, 1), frames)))
        for frames in (in_turn, counted)
    ]
    return counted if rare and deviations[1] < MAX_DEVIATION_RATIO * deviations[0] else in_turn


def _snapped(rate: float, declared: float | None) -> float:
    """Rate of the times, Hz: the declared one or a whole number where they agree with it."""
    if declared is not None and abs(declared - rate) < MAX_RATE_DIFFERENCE * rate:
        return declared
    rounded_rate = round(rate)
    return (
        float(rounded_rate) if abs(rate - rounded_rate) < MAX_WHOLE_RATE_DIFFERENCE * rate else rate
    )


def _resampled(
    time: FloatArray, columns: FloatArray, even: FloatArray, joins: BoolArray, *, smooth: bool
) -> FloatArray:
    """Columns (T, C) at even times (E,) by a spline over each stretch without gap.

    ``joins`` (T - 1,): whether a row and the next one belong together. ``smooth``: cubic spline, as
    of positions; otherwise one without overshoot, as of forces that start at 0.
    """
    resampled = np.full((len(even), columns.shape[1]), np.nan)
    present = np.isfinite(columns)
    slack = 1e-6 * float(np.median(np.diff(time)))
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        members = np.flatnonzero(group.ravel() == number)
        joined_frames = pattern[1:] & pattern[:-1] & joins
        for first, stop in runs(joined_frames):
            rows = slice(int(first), int(stop) + 1)
            inside = (even >= time[rows][0] - slack) & (even <= time[rows][-1] + slack)
            if not inside.any():
                continue
            through = CubicSpline if smooth and stop - first > 2 else PchipInterpolator
            values = through(time[rows], columns[rows][:, members])(even[inside])
            resampled[np.ix_(inside, members)] = values
        joined = np.concatenate([[False], joined_frames]) | np.concatenate([joined_frames, [False]])
        for row in np.flatnonzero(pattern & ~joined):  # between two gaps
            nearest = int(np.abs(even - time[row]).argmin())
            if abs(even[nearest] - time[row]) < MAX_LONE_ROW_OFFSET * float(even[1] - even[0]):
                resampled[nearest, members] = columns[row, members]
    return resampled
