"""Structure in what fits leave of forces: devices that are off in all or in some trials.

Over whole trials the mean force of the ground carries the body and no more. What a fit leaves of it
is small in sound recordings, and alike in all trials of a laboratory whose cameras and plates have
not quite the same vertical. A mean that is left along the run or across it is a tilt, an upward one
a gain: of the laboratory, of the trials at one speed or in one direction, or of one trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.inverse_dynamics.balance import drag
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.parameters import DRAG
from aqbio.names import GRAVITY
from aqbio.observed.misfit import usual_misfits
from aqbio.vectors import BoolArray, FloatArray

LABORATORY_SHARE_SD = (0.0024, 0.0017, 0.0022)
"""Mean force that all trials of a session have in common along x, y and z of the ground, share of
the vertical one: root mean square of twelve people's sessions. That of a thirteenth on a treadmill,
1.2 % along the run and more with speed, is what it is there to name (docs/decisions/0052)."""

TRIAL_SHARE_SD_S = (0.0063, 0.0052, 0.0064)
"""Deviation of a trial's mean force from that, share, times the measured time, s: root mean square
of twelve people's sessions of 2 to 4 trials; of the vertical one, of the seven whose trials agree.
Those of the other five differ by 1 to 2 % between speeds. No motion leaves that over seconds (an
error of 0.02 m/s of the body's velocity at both ends is 0.003 s): it is what a gain or a zero of
plates leaves, and is to be named."""

LABORATORY_GAIN_SD = 0.0054
"""Deviation of a trial's mean vertical force from that of its session, share: root mean square of
46 trials of twelve people. A gain of that size is told, and is no fault of a laboratory."""

AIR_ERROR = 0.5
"""Standard deviation of the air's drag over what `drag` puts it at: the area of a runner is known
to a third (`aqbio.inverse_dynamics.parameters`), and a wind of 2 m/s changes the drag at 8 m/s by
half."""

SPEED_RATIO = 1.1
"""Ratio of neighbouring speeds from which on trials were run at different ones."""

HALF_TURN = 0.0
"""Cosine between directions of running below which trials run in different ones."""

MIN_LOG_ODDS = float(np.log(20.0))
"""Logarithm of the odds against others from which on a device is named."""

FREE_SHARE = 1.0
"""Standard deviation of a device's share once it is named: it explains all that it can."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A mean force that fits leave in trials of a session."""

    axis: int
    """Of the ground: 0 along the run, 1 up, 2 to the right."""
    trials: tuple[str, ...]
    words: str
    """What these trials have in common."""
    share: float
    """Mean force, share of the vertical one."""
    sd: float
    """Standard deviation of the share."""
    log_odds: float
    """Logarithm of the odds that it is these trials, over the best other ones."""
    rival: str
    """What the best other ones have in common; empty where there are none."""


def mean_shares(fits: Mapping[str, TrialFit]) -> tuple[FloatArray, FloatArray]:
    """Mean residual force of N trials, (N, 3), over their mean vertical force, and times, s.

    In ground axes, over the frames whose forces were measured. The times are those that the means
    count for: shorter than measured where the residual varies about its mean more than is usual at
    that speed, since what makes it vary moves its mean, too.
    """
    shares, durations = [], []
    for fit in fits.values():
        observations, residual = fit.observations, fit.after.force[fit.measured]
        time = observations.time[fit.measured] + observations.clock
        vertical = float(observations.wrench.at(time)[0][:, 1].mean())
        mean = residual.mean(axis=0)
        varies = float(np.sqrt(np.mean((residual - mean) ** 2))) / vertical
        usual = usual_misfits(observations.speed)["force"].scale
        shares.append(mean / vertical)
        measured_s = len(time) * float(np.diff(observations.time).mean())
        durations.append(measured_s / max(varies / usual, 1.0))
    return np.reshape(shares, (len(fits), 3)), np.array(durations)


def air_shares(fits: Mapping[str, TrialFit]) -> FloatArray:
    """Drag of the air of N trials over the body's weight, (N, 3), ground axes; 0 on a treadmill."""
    shares = []
    for fit in fits.values():
        observations = fit.observations
        heading = observations.heading
        velocity = observations.speed * np.array([np.cos(heading), 0.0, -np.sin(heading)])
        area = fit.values.get(DRAG, 0.0) * observations.drag
        weight = fit.runner.skeleton.mass.sum() * GRAVITY
        shares.append(drag(velocity[None], area)[0] / weight)
    return np.reshape(shares, (len(fits), 3))


def trial_groups(speeds: Sequence[float], headings: Sequence[float]) -> dict[str, BoolArray]:
    """Trials (N,) that a device may have in common, by words: all, one direction, one speed, one.

    Of the same trials the first words count. `headings` of the runs about +y, rad.
    """
    number, groups = len(speeds), {"all trials": np.ones(len(speeds), dtype=np.bool_)}
    along = np.cos(np.asarray(headings) - headings[0]) > HALF_TURN
    for way, name in ((along, "one"), (~along, "the other")):
        groups[f"the trials that run in {name} direction"] = way
    order = np.argsort(speeds)
    ratio = np.asarray(speeds)[order][1:] / np.asarray(speeds)[order][:-1]
    level = np.empty(number, dtype=np.int64)
    level[order] = np.append(0, np.cumsum(ratio > SPEED_RATIO))
    for number_of_speed in np.unique(level):
        at = level == number_of_speed
        groups[f"the trials at {np.mean(np.asarray(speeds)[at]):.1f} m/s"] = at
    return groups


def residual_structure(
    shares: FloatArray,
    durations: FloatArray,
    names: Sequence[str],
    groups: Mapping[str, BoolArray],
    air: FloatArray | float = 0.0,
) -> list[Structure]:
    """Devices that N trials' mean forces ``shares`` (N, 3) show, the likeliest of an axis first.

    ``durations`` : (N,) s, over which they are means. ``air`` : (N, 3), drag of the air, share,
    which is known to `AIR_ERROR`, alike in all trials.

    Without a device shares r have the covariance C of sound sessions. A device in trials d (N,) of
    zeros and ones has ``δ = dᵀC⁻¹r / dᵀC⁻¹d``; with ``z² = (dᵀC⁻¹r)² / dᵀC⁻¹d`` and Cauchy's
    prior the odds for it are ``exp(z²/2) / (1 + z²/2)``, over the number of sets of trials that it
    may be in. What is named is free from then on.
    """
    single = {f"trial {name}": np.array(names) == name for name in names}
    sets: dict[bytes, tuple[str, BoolArray]] = {}
    for words, trials in {**groups, **single}.items():
        if trials.any() and (trials.sum() > 1 or words.startswith("trial ") or len(names) == 1):
            sets.setdefault(trials.tobytes(), (words, trials))
    structures, drags = [], np.broadcast_to(air, shares.shape)
    for axis in range(3):
        covariance = np.diag((TRIAL_SHARE_SD_S[axis] / durations) ** 2)
        covariance += LABORATORY_SHARE_SD[axis] ** 2
        covariance += AIR_ERROR**2 * np.outer(drags[:, axis], drags[:, axis])
        for _ in names:
            best = _best(shares[:, axis], covariance, list(sets.values()), axis, names)
            if best is None:
                break
            structures.append(best)
            if best.log_odds < MIN_LOG_ODDS:
                break
            trials = np.isin(names, best.trials).astype(float)
            covariance += FREE_SHARE**2 * np.outer(trials, trials)
    return structures


def _best(
    shares: FloatArray,
    covariance: FloatArray,
    sets: Sequence[tuple[str, BoolArray]],
    axis: int,
    names: Sequence[str],
) -> Structure | None:
    """Likeliest device in one of the sets of trials; None where none is likely."""
    precision = np.linalg.inv(covariance)
    designs = np.array([trials for _, trials in sets], dtype=float)
    information = np.einsum("gn,nm,gm->g", designs, precision, designs)
    score = designs @ precision @ shares
    half = 0.5 * score**2 / information
    log_odds = half - np.log1p(half)
    order = np.argsort(-log_odds)
    first = int(order[0])
    if log_odds[first] - np.log(len(sets)) < MIN_LOG_ODDS:
        return None
    others = float(log_odds[order[1]]) if len(order) > 1 else 0.0
    words, trials = sets[first]
    return Structure(
        axis=axis,
        trials=tuple(name for name, inside in zip(names, trials, strict=True) if inside),
        words=words,
        share=float(score[first] / information[first]),
        sd=float(information[first] ** -0.5),
        log_odds=float(log_odds[first]) - max(others, 0.0),
        rival=sets[int(order[1])][0] if others > 0.0 else "",
    )
