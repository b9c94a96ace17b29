"""Speed of a belt, contact by contact: that of the feet that stand on it, and what is stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.config.sheets import MAX_BELT_SPEED_MPS
from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray

MIDDLE_SHARES = (0.3, 0.7)
"""Part of a contact in which the forefoot moves with the ground."""

FOOT_ERROR, USUAL_GIVE, STATED_ERROR = (
    of_people(quantity).error
    for quantity in ("foot on a belt", "belt between contacts", "stated belt")
)
"""Standard deviations, as shares of the speed: of a foot's in mid-contact, between contacts before
any was seen, and of a stated one."""

OTHER_SPEED_RARITY = 0.05
"""Share of stated speeds that are none of this belt in this trial: another trial's, the display's
at its end, another unit. They may be anything up to the fastest belt."""


MAX_DEVIATION = 0.5
"""Share of the median speed by which a standing foot may be faster or slower."""

CLEAR_RATIO = 3.0
"""Contacts differ where their standard deviation is this many times that of the feet's errors."""


@dataclass(frozen=True, eq=False)
class Belt:
    """Speed of a belt at N instants, the middles of contacts."""

    time: FloatArray
    """(N,) array, s, ascending."""
    speed: FloatArray
    """(N,) array, m/s."""
    error: FloatArray
    """(N,) array, m/s. Standard deviation of each contact's own error."""
    common_error: float
    """Standard deviation of the error that all contacts share, as the speed over a step, m/s."""

    def at(self, time: FloatArray) -> FloatArray:
        """Speed at other instants, m/s: evenly from contact to contact, constant at both ends."""
        return np.interp(time, self.time, self.speed)

    def sd_at(self, time: FloatArray) -> FloatArray:
        """Standard deviation at other instants, m/s."""
        return np.hypot(np.interp(time, self.time, self.error), self.common_error)

    @property
    def mean(self) -> float:
        """Mean over the contacts, m/s."""
        return float(self.speed.mean())

    @property
    def keeps_speed(self) -> bool:
        """False if contacts differ by more than the errors of the feet."""
        return bool(self.speed.std() <= CLEAR_RATIO * np.sqrt(np.mean(self.error**2)))

    def words(self) -> str:
        """The speed in m/s, or its range over the contacts."""
        if self.keeps_speed:
            return f"{self.mean:.2f}"
        return f"{self.speed.min():.2f} to {self.speed.max():.2f}"


@dataclass(frozen=True, slots=True)
class Stance:
    """One foot on the belt."""

    foot: int
    """{0, 1}."""
    start: float
    end: float
    """start, end: s."""

    @property
    def middle(self) -> float:
        """Middle of the contact, s."""
        return 0.5 * (self.start + self.end)


def belt_of_feet(
    toes: Sequence[FloatArray], stances: Sequence[Stance], rate: float, backward: FloatArray
) -> Belt:
    """Belt from the speed of each foot in the middle of its contacts, and what it recovers there.

    ``toes`` : positions (T, K, 3) m of the K forefoot markers of each foot. ``backward`` : median
    velocity of standing feet (3,) m/s, whose direction the belt has; a foot that moves quite
    differently does not stand, and where all do the belt is hardly known. A foot's speed is the
    slope of a straight line through the path of each marker.
    """
    size = float(np.linalg.norm(backward))
    fits = []
    for stance in sorted(stances, key=lambda stance: stance.middle):
        fit = _forefoot_line(toes[stance.foot] @ (backward / size), stance, rate)
        if fit is not None and abs(fit.speed - size) < MAX_DEVIATION * size:
            fits.append((stance.middle, fit))
    if not fits:
        return Belt(np.zeros(1), np.array([size]), np.zeros(1), MAX_DEVIATION * size)
    freedom = sum(fit.freedom for _, fit in fits)
    noise = sum(fit.squares for _, fit in fits) / freedom if freedom else 0.0
    time, speed, lever = np.array([(middle, fit.speed, fit.lever) for middle, fit in fits]).T
    error = np.sqrt((FOOT_ERROR * speed) ** 2 + noise / lever)
    # errors are hardly ever twice as large as stated: only what exceeds that is the belt's
    give = max(_variance_between(speed) - 2.0 * float(np.mean(error**2)), 0.0) ** 0.5
    recovery, recovery_sd = of_people("recovery of a belt")
    common = np.hypot(recovery_sd * give, FOOT_ERROR * float(speed.mean()))
    return Belt(time, speed + recovery * give, error, float(common))


def forefoot_velocity(
    toes: FloatArray, stance: Stance, rate: float, directions: FloatArray
) -> FloatArray:
    """Velocity (D,) m/s of a forefoot in the middle of a contact along ``directions`` (D, 3).

    Of the markers ``toes`` (T, K, 3) m, as the speed of a belt is; NaN where they are not seen.
    """
    lines = [_forefoot_line(toes @ direction, stance, rate) for direction in directions]
    return np.array([np.nan if line is None else line.speed for line in lines])


@dataclass(frozen=True, slots=True)
class _ForefootLine:
    """Line through the forefoot's path in one contact."""

    speed: float
    """m/s."""
    lever: float
    """Sum of the squared times from their mean, s²: the variance of the slope is noise over it."""
    squares: float
    """Sum of the squared residuals, m²."""
    freedom: int
    """Degrees of freedom of the residuals."""


def _forefoot_line(path: FloatArray, stance: Stance, rate: float) -> _ForefootLine | None:
    """Line through the path (T, K) m of K markers in mid-contact; None of fewer than two frames."""
    time = np.arange(len(path)) / rate
    low, high = MIDDLE_SHARES
    half = max(0.5 * (high - low) * (stance.end - stance.start), 1.0 / rate)
    inside = np.abs(time - stance.middle) <= half + 1e-9
    speeds, levers, squares, freedom = [], [], 0.0, 0
    for marker in path[inside].T:
        seen = np.isfinite(marker)
        if seen.sum() < 2:
            continue
        at, along = time[inside][seen], marker[seen]
        at = at - at.mean()
        lever = float(at @ at)
        slope = float(at @ along) / lever
        residual = along - along.mean() - slope * at
        speeds.append(slope)
        levers.append(lever)
        squares += float(residual @ residual)
        freedom += len(at) - 2
    if not speeds:
        return None
    # markers of one foot share its wobble: they are averaged, but are no independent evidence
    speed, lever = float(np.average(speeds, weights=levers)), float(np.mean(levers))
    return _ForefootLine(speed, lever, squares, freedom)


def _variance_between(speed: FloatArray) -> float:
    """Variance between contacts without a trend, (m/s)²: of second differences, or of first.

    By their mean size, to which a contact in which a belt starts or stops adds little.
    """
    expected = (USUAL_GIVE * float(speed.mean())) ** 2
    order = min(len(speed) - 1, 2)
    if order < 1:
        return expected
    differences = np.diff(speed, order)
    factor = 6.0 if order == 2 else 2.0  # variance of such a difference of independent numbers
    found = (NORMAL_SIZE * float(np.abs(differences).mean())) ** 2 / factor
    return (found * len(differences) + expected) / (len(differences) + 1)


NORMAL_SIZE = float(np.sqrt(np.pi / 2.0))
"""Standard deviation of normal numbers over the mean of their sizes."""


def stated_belt(stated: float) -> Belt:
    """Belt of a stated speed (m/s) that no foot shows; 0 of the floor."""
    return Belt(np.zeros(1), np.array([stated]), np.zeros(1), STATED_ERROR * stated)


def with_stated(belt: Belt, stated: float) -> tuple[Belt, float]:
    """Combine the feet with a stated speed (m/s); the belt, and how probable it is that it is this.

    The stated speed is a prior of the mean over strides: it moves all contacts alike, by as much
    as their common error allows, and by nothing where it is far from what they show. A belt that
    changes its speed over a trial may have been stated at any of its instants.
    """
    # of a dozen contacts without a trend the variance is hardly ever twice that of differences
    trend = max(float(belt.speed.var()) - 2.0 * _variance_between(belt.speed), 0.0)
    own = float(np.mean(belt.error**2)) / len(belt.error)
    common = belt.common_error**2
    variance = common + own + trend + (STATED_ERROR * stated) ** 2
    difference = stated - belt.mean
    density = float(np.exp(-0.5 * difference**2 / variance) / np.sqrt(2.0 * np.pi * variance))
    right = (1.0 - OTHER_SPEED_RARITY) * density
    probability = right / (right + OTHER_SPEED_RARITY / MAX_BELT_SPEED_MPS)
    shift = common / variance * difference
    remaining = (
        common * (1.0 - probability * common / variance)
        + probability * (1.0 - probability) * shift**2
    )
    moved = belt.speed + probability * shift
    return Belt(belt.time, moved, belt.error, remaining**0.5), probability
