"""Content of one trial's files in any format: labels, units, clock, damage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from aqbio.errors import AqbioError, Finding, listed
from aqbio.force_plates.forces import PlateWrench
from aqbio.io.movement import BODY_RADIUS_M, MAX_RADIUS_M, MIN_RADIUS_M, body_radius
from aqbio.vectors import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class ForceRecording:
    """Force plates of one trial, as recorded."""

    wrench: PlateWrench
    """Acting on the runner, if the file follows its standard; laboratory axes."""
    corners: FloatArray
    """(P, 4, 3) array, m. Laboratory axes; NaN where the file does not give them."""
    rate: float
    """Hz."""
    start: float
    """Instant of the first sample on the clock of the markers, s after their first frame."""
    names: tuple[str, ...]
    """tuple of P str. The file's name of each plate; of columns, the first one of its force."""
    numbers: tuple[int, ...]
    """tuple of P int. Plate numbers, from 1."""
    feet: tuple[str, ...]
    """tuple of P str. ``left`` or ``right`` where the file names the foot, otherwise empty."""
    lever: FloatArray | None = None
    """(P, 3) array, m. From the point about which a plate's moments were recorded to the point of
    its wrench; NaN, or None for all, where the file holds no such moments."""
    is_held: BoolArray | None = None
    """(S, P) mask of loaded samples whose point of application was held; None for none."""
    is_lost: BoolArray | None = None
    """(S, P) mask of samples of loads that are not known, which the wrench holds none of; None for
    none."""
    time_factor: float = 1.0
    """By which time is longer than the rates of markers and forces alike say."""
    slope: tuple[float, float] = (0.0, 0.0)
    """Sines of the angles by which the true vertical leans along x and z."""

    def __post_init__(self) -> None:
        """Refuse plates that are not described completely."""
        plates = len(self.wrench.point)
        if self.corners.shape != (plates, 4, 3):
            raise ValueError(f"corners have shape {self.corners.shape}, expected {(plates, 4, 3)}.")
        for name in ("names", "numbers", "feet"):
            if len(getattr(self, name)) != plates:
                raise ValueError(
                    f"{name} has {len(getattr(self, name))} entries for {plates} plates."
                )

    def select(self, used: BoolArray) -> ForceRecording:
        """The forces of some plates (P,)."""
        chosen = np.flatnonzero(used).tolist()
        return replace(
            self,
            wrench=self.wrench.select(used),
            corners=self.corners[used],
            names=tuple(self.names[index] for index in chosen),
            numbers=tuple(self.numbers[index] for index in chosen),
            feet=tuple(self.feet[index] for index in chosen),
            lever=None if self.lever is None else self.lever[used],
            is_held=None if self.is_held is None else self.is_held[:, used],
            is_lost=None if self.is_lost is None else self.is_lost[:, used],
        )

    def rotated(self, rotation: FloatArray) -> ForceRecording:
        """The forces in other axes, ``v -> R v``."""
        return replace(
            self,
            wrench=self.wrench.rotated(rotation),
            corners=self.corners @ rotation.T,
            lever=None if self.lever is None else self.lever @ rotation.T,
        )


@dataclass(frozen=True, slots=True)
class CaptureClock:
    """Stretch of time that a file holds, on the clock of its capture system."""

    start: float
    """Instant of the first frame, s: of a C3D file by the number of the frame."""
    seconds: float
    """Length, s, from the beginning of the first frame to the end of the last one."""
    frame: float
    """Length of a frame, s."""

    def start_of(self, plates: CaptureClock) -> float:
        """Instant at which a file of plates begins, s after the first frame of this one.

        Files of one length begin together, whatever frame each counts from.
        """
        return 0.0 if self.as_long_as(plates) else plates.start - self.start

    def as_long_as(self, other: CaptureClock) -> bool:
        """Tell whether two files are of one length, within a frame."""
        return abs(self.seconds - other.seconds) <= max(self.frame, other.frame)


@dataclass(frozen=True, slots=True)
class Recording:
    """Markers and forces of one trial, as recorded."""

    labels: tuple[str, ...]
    """tuple of M str. Without the subject's prefix; without unlabelled markers and model
    outputs."""
    positions: FloatArray
    """(T, M, 3) array, m. Laboratory axes; NaN where a marker is missing."""
    rate: float
    """Hz."""
    forces: ForceRecording | None = None
    findings: tuple[Finding, ...] = ()
    """Findings of the reader."""
    length_unit: float = 1.0
    """The file's unit of length that the positions were read with, m."""
    first_time: float = 0.0
    """Instant of the first frame on the file's own clock, s; 0 of a C3D file."""
    capture_start: float = 0.0
    """Instant of the first frame on the clock of the capture system, s: see `CaptureClock`."""
    body: Mapping[str, float] = field(default_factory=dict)
    """Body mass, kg, and stature, m, that the file states, by column of participants.tsv."""

    def __post_init__(self) -> None:
        """Refuse positions that do not belong to the labels."""
        if self.positions.shape[1:] != (len(self.labels), 3):
            raise ValueError(
                f"positions have shape {self.positions.shape} for {len(self.labels)} labels."
            )
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels repeat.")

    def rotated(self, rotation: FloatArray) -> Recording:
        """Markers and forces in other axes, ``v -> R v``."""
        forces = None if self.forces is None else self.forces.rotated(rotation)
        return replace(self, positions=self.positions @ rotation.T, forces=forces)

    @property
    def clock(self) -> CaptureClock:
        """The stretch of time that the markers were recorded."""
        return CaptureClock(self.capture_start, len(self.positions) / self.rate, 1.0 / self.rate)


MAX_COORDINATE_M = 1000.0
"""Positions farther than this from the laboratory's origin are damaged data, m: five times the
extent (180 m) of a 400 m track."""

MAX_DAMAGED_SHARE = 0.05
"""Impossible positions up to this share are damage; more of them mean another unit."""

MAX_FORCE_N = 1e5
"""A hundred times the weight of 100 kg, N: sprinters at top speed push with 2.65 times theirs, on
average over the first half of a contact (Clark & Weyand 2014, J. Appl. Physiol. 117:604). Not the
range of any plate: it only separates people from damage and wrong units."""


def possible_positions(
    positions: FloatArray, labels: Sequence[str], file: str
) -> tuple[FloatArray, list[Finding]]:
    """Marker positions (T, M, 3), m, without impossible ones, and a finding if there were any."""
    with np.errstate(invalid="ignore"):
        impossible = np.asarray((np.abs(positions) > MAX_COORDINATE_M).any(axis=2))
    if not impossible.any():
        return positions, []
    if impossible.sum() > MAX_DAMAGED_SHARE * np.isfinite(positions).all(axis=2).sum():
        return positions, []  # another unit, which the size of the body contradicts and names
    names = [labels[index] for index in np.flatnonzero(impossible.any(axis=0)).tolist()]
    first = int(np.flatnonzero(impossible.any(axis=1))[0]) + 1
    finding = Finding(
        rule="marker-impossible",
        severity="warning",
        what=f"{impossible.sum()} positions of {listed(names)} lie beyond {MAX_COORDINATE_M:g} m: "
        "they are damaged, and taken as missing.",
        number=float(np.nanmax(np.abs(np.where(impossible[..., None], positions, np.nan)))),
        limit=MAX_COORDINATE_M,
        unit="m",
        file=file,
        where=f"from frame {first} on",
        fix="export the trial again; if all positions are wrong, state laboratory.marker_unit.",
        label=", ".join(names),
    )
    return np.where(impossible[..., None], np.nan, positions), [finding]


def refuse_impossible(force: FloatArray, name: str, file: str) -> None:
    """Refuse forces (F, 3), N, that no person can produce."""
    largest = float(np.abs(force).max(initial=0.0))
    if largest > MAX_FORCE_N:
        raise AqbioError(
            f"{name}: a force of {largest:.3g} N, more than {MAX_FORCE_N:.0f} N, a hundred "
            "times the weight of 100 kg: its unit or the file is wrong.",
            file=file,
            where=f"sample {int(np.abs(force).max(axis=1).argmax()) + 1}",
            fix="export the forces again, in newtons.",
            rule="force-impossible",
        )


MAX_JITTER_SHARE = 0.02
"""Steps of a time column differ from their median by at most this share, ..."""

MAX_ROUNDING_S = 1.1e-3
"""... and by rounding to milliseconds by at most this."""

MAX_LOST_STEP_SHARE = 0.05
"""Up to this share of other steps are lost rows: rounding makes more."""

LAST_DIGITS_S = (0.01, 0.001, 0.0001)
"""Last digits of times that exports round to, s."""

MIN_RATE_HZ = 20.0
MAX_RATE_HZ = 50_000.0
"""Markers, angles and forces of movement are sampled within these rates."""

MAX_TIME_S = 1e6
"""Later times are too large to recognise rounding in them, s."""

TIME_UNITS = {"milliseconds": 1e-3, "microseconds": 1e-6, "minutes": 60.0}
"""Units that a time column may have instead of seconds, s."""

MAX_UNIT_RATE_DIFFERENCE = 0.02
"""A header's rate explains a unit when it agrees within this share."""

MAX_RATE_DIFFERENCE = 0.005
"""A declared rate is taken when the time column agrees with it within this share."""


def sampling_rate(time: FloatArray, file: str, declared: float | None = None) -> float:
    """Samples per second of a uniform time column (T,), s; ``declared`` where it is rounded."""
    if len(time) < 2:
        raise AqbioError(
            "the time column has one row: no rate follows from it.",
            file=file,
            where="time column",
            fix="export the whole trial.",
            rule="time-not-uniform",
        )
    _refuse_other_unit(time, file, declared)
    steps = np.diff(time)
    typical = float(np.median(steps))
    deviation = np.abs(steps - typical)
    if not typical > 0.0 or deviation.max() > max(
        MAX_JITTER_SHARE * typical, min(MAX_ROUNDING_S, 0.5 * typical)
    ):
        has_gaps = typical > 0.0 and (deviation > 0.5 * typical).mean() < MAX_LOST_STEP_SHARE
        if not has_gaps and (rate := _rate_of_rounded(time)) is not None:
            return rate
        row = int(np.argmax(deviation)) + 2
        raise AqbioError(
            f"the time column is not uniform: the step to row {row} is {steps[row - 2]:g} s, "
            f"others are {typical:g} s.",
            file=file,
            where=f"data row {row}",
            fix="export the trial without dropped or repeated rows, and times with enough digits.",
            rule="time-not-uniform",
        )
    exact = (len(time) - 1) / float(time[-1] - time[0])
    if declared is not None and abs(declared - exact) < MAX_RATE_DIFFERENCE * exact:
        return declared
    rounded_rate = round(exact)
    return float(rounded_rate) if abs(exact - rounded_rate) < 1e-6 * exact else exact


def _refuse_other_unit(time: FloatArray, file: str, declared: float | None) -> None:
    """Refuse a time column that cannot be in seconds: by its rate, or by the rate in the header."""
    span = float(time[-1] - time[0])
    if not span > 0.0:
        return
    rate = (len(time) - 1) / span
    by_header = [
        unit
        for unit, size in TIME_UNITS.items()
        if declared is not None
        and abs(rate / size - declared) <= MAX_UNIT_RATE_DIFFERENCE * declared
    ]
    if MIN_RATE_HZ <= rate <= MAX_RATE_HZ and not by_header:
        return
    fitting = by_header or [
        unit for unit, size in TIME_UNITS.items() if MIN_RATE_HZ <= rate / size <= MAX_RATE_HZ
    ]
    alternatives = " or ".join(
        f"in {unit}, where the rate is {rate / TIME_UNITS[unit]:g} Hz" for unit in fitting
    )
    raise AqbioError(
        f"the time column steps by {span / (len(time) - 1):g}: in seconds that is a rate of "
        f"{rate:g} Hz, and recordings of movement have {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz."
        + (f" It would fit {alternatives}" if alternatives else "")
        + (", as the header says." if by_header else "." if alternatives else ""),
        file=file,
        where="time column",
        fix="write the time in seconds.",
        rule="time-unit",
    )


def _rate_of_rounded(time: FloatArray) -> float | None:
    """Rate of a time column with so few digits that steps differ; None if it is not uniform.

    Rounding moves an instant by half a digit at most; a dropped row moves all that follow.
    """
    index = np.arange(len(time))
    if not np.abs(time).max(initial=0.0) < MAX_TIME_S:
        return None
    for digit in LAST_DIGITS_S:
        if len(time) > 2 and np.allclose(time / digit, np.rint(time / digit), rtol=0.0, atol=1e-4):
            step = float(np.polyfit(index, time, 1)[0])
            plausible = 1.0 / MAX_RATE_HZ <= step < 2.0 * digit
            for rate in (float(round(1.0 / step)), 1.0 / step) if plausible else ():
                if np.ptp(time - index / rate) <= digit * (1.0 + 1e-3):
                    return rate
    return None


METRES = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetres"), 0.01),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetres"), 0.001),
    **dict.fromkeys(("inch", "inches", "in"), 0.0254),
}
"""Units of length by the names that files use."""

UNITS_BY_SIZE = ("mm", "m", "cm")
"""Units among which the size of a body tells; inches are too near to centimetres."""

MAX_METRES = 20.0
"""Positions beyond this cannot be metres."""


def named_unit(declared: str) -> float | None:
    """Unit of length that a file names, m; None where it names none."""
    return METRES.get(re.sub(r"[^a-z]", "", declared.lower()))


def length_unit(
    declared: str, setting: str, positions: FloatArray, file: str
) -> tuple[float, list[Finding]]:
    """Unit of positions (T, M, 3), m, and a finding where the file does not name it.

    The study's unit, the file's, or that in which the markers are as large as a person. AqbioError
    where the file's unit is none of length and the markers are no person in any.
    """
    if setting != "auto":
        return METRES[setting], []
    if named := named_unit(declared):
        return named, []
    size = body_radius(marked_missing(positions))
    fitting = [unit for unit in UNITS_BY_SIZE if MIN_RADIUS_M < size * METRES[unit] < MAX_RADIUS_M]
    unit = min(
        fitting, key=lambda unit: abs(np.log(size * METRES[unit] / BODY_RADIUS_M)), default=""
    )
    fix = "write the unit (m, cm, mm or inch) into the file, or state laboratory.marker_unit in "
    fix += "study.yaml."
    if declared.strip() and not unit:
        raise AqbioError(
            f"the unit of the markers is “{declared.strip()}”, which is no unit of length.",
            file=file,
            fix=fix,
            rule="marker-unit",
        )
    by = "the size of the body"
    if not unit:
        finite = positions[np.isfinite(positions)]
        large = len(finite) and np.percentile(np.abs(finite), 90.0) > MAX_METRES
        unit, by = "mm" if large else "m", "the size of the numbers"
    problem = (
        f"the unit of the markers is “{declared.strip()}”, which is no unit of length"
        if declared.strip()
        else "the header names no unit of length"
    )
    finding = Finding(
        rule="marker-unit",
        severity="warning",
        what=f"{problem}: {unit} by {by}.",
        file=file,
        fix=fix,
    )
    return METRES[unit], [finding]


def marked_missing(positions: FloatArray) -> FloatArray:
    """Positions with NaN for markers exactly at the origin, by which files mean "not seen"."""
    size = np.abs(positions).sum(axis=2)
    missing = ~np.isfinite(size) | (size == 0.0)
    return np.where(missing[..., None], np.nan, positions)
