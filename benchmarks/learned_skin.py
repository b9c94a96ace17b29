"""What a fit would reach whose skin is learnt: a trial of the model, outside the product.

The fit believes that markers' errors are new in every frame. Here the errors of a segment's markers
last: constants and harmonics of the stride, common to them and each marker's own, of sizes that are
learnt by segment from what no rigid motion explains in the fit's own residuals. Only errors that
look like a rigid motion of the segment matter, six by instant: their amplitudes are unknowns beside
the splines, eliminated as parameters are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from aqbio.mechanics.consistency.adjusted import adjusted_skeleton
from aqbio.mechanics.consistency.band import Smoothness, assembled
from aqbio.mechanics.consistency.error_bands import stride_cycles
from aqbio.mechanics.consistency.fit import TrialFit, fit_trial, residual
from aqbio.mechanics.consistency.left_out import left_out_contacts, wrench_error
from aqbio.mechanics.consistency.observations import FILTER_LEAK, Observations
from aqbio.mechanics.consistency.parameters import estimates
from aqbio.mechanics.consistency.problem import Point, Problem
from aqbio.mechanics.consistency.weights import Weights
from aqbio.mechanics.vectors import FloatArray, cross, rotate
from benchmarks.consistency_truth import SETTINGS, fit_errors, observed, plain_errors, recorded
from validation.recordings.known_observations import known_runner

HARMONICS = 8
"""Of the stride: up to 18 Hz in a sprint."""
COMMON = 1.0
"""Variance that the markers of a segment have in common, over each one's own."""
REST_M = 0.004
"""Of what is new in every frame: standard deviation of a segment's mean."""
LEAST_M = 0.002
"""The same of each marker, at least."""
STEPS = 2
HELD = ("force_mean", "force_rms", "moment_mean", "moment_rms")
SHOWN = ("leg", "arm", "torso", "pelvis", "total", "dleg", "darm", "dtorso", "dtotal")


@dataclass(frozen=True, eq=False)
class LearnedSkin:
    """How the errors of a trial's markers last, learnt from a fit."""

    fit: TrialFit
    common: float = COMMON

    @cached_property
    def waves(self) -> FloatArray:
        """(T, W) array: a constant, and sine and cosine of each harmonic of the stride."""
        seen = self.fit.observations
        cycles = stride_cycles(seen.time, seen.contacts[:, 0], seen.left)
        if cycles is None:
            raise ValueError("skin that repeats needs two touchdowns.")
        angle = 2.0 * np.pi * cycles
        every = [wave(one * angle) for one in range(1, HARMONICS + 1) for wave in (np.sin, np.cos)]
        return np.stack([np.ones_like(angle), *every], axis=1)

    @cached_property
    def modes(self) -> tuple[FloatArray, ...]:
        """Of each segment (n, 3, M): rigid motions of its n markers, segment axes, orthonormal.

        Three displacements first, then as many turns as markers can show.
        """
        tracking, segment = self.fit.problem.markers.tracking, self.fit.problem.markers.segment
        found = []
        for own in segment.T.astype(bool):
            station = tracking.station[own] - tracking.station[own].mean(axis=0)
            shifts = np.tile(np.eye(3), (len(station), 1)) / np.sqrt(len(station))
            turns = np.stack([cross(axis + 0.0 * station, station) for axis in np.eye(3)], axis=-1)
            left, size, _ = np.linalg.svd(turns.reshape(-1, 3), full_matrices=False)
            both = np.concatenate([shifts, left[:, size > 1e-6]], axis=1)
            found.append(both.reshape(len(station), 3, -1))
        return tuple(found)

    @cached_property
    def sizes(self) -> tuple[FloatArray, FloatArray]:
        """Variances of a marker's own errors along an axis: (S, W) of the waves, (S,) of the rest.

        Of distances from the mean of the segment's markers, of which a fit follows turns. What it
        did not follow of these counts: joints that were put wrong last, too. A segment whose
        markers show nothing of that kind has the mean of the others.
        """
        rows = self.fit.problem.markers
        point = self.fit.problem.point(self.fit.coefficients, self.fit.theta)
        turned = point.kinematics.rotation[:, rows.tracking.body].swapaxes(-1, -2)
        errors = rotate(turned, rows.errors(point.kinematics)[1])
        inverse, waves, rest = np.linalg.pinv(self.waves), [], []
        for own, modes in zip(rows.segment.T.astype(bool), self.modes, strict=True):
            values = errors[:, own].reshape(len(errors), -1)
            shifts = modes[:, :, :3].reshape(-1, 3)
            values = values - values @ shifts @ shifts.T
            free = len(shifts) - modes.shape[2]
            power = inverse @ values
            waves.append((power**2).sum(axis=1) / free if free else np.nan * inverse[:, 0])
            left = ((values - self.waves @ power) ** 2).mean(axis=0).sum()
            rest.append(left / free if free else np.nan)
        found = np.array(waves)
        found[:, 1:] = np.repeat(0.5 * (found[:, 1::2] + found[:, 2::2]), 2, axis=1)
        found = np.where(np.isnan(found), np.nanmean(found, axis=0), found)
        last = np.array(rest)
        return found, np.where(np.isnan(last), np.nanmean(last), last)

    def prior(self, segment: int) -> tuple[FloatArray, FloatArray]:
        """Variances of the amplitudes of a segment's modes, (M, W), and of what is new, (M,)."""
        waves, rest = (one[segment] for one in self.sizes)
        count, number = self.modes[segment].shape[::2]
        own = np.tile(waves, (number, 1)) + 1e-9
        own[:3, 1:] += self.common * count * waves[1:]
        new = np.full(number, max(rest, LEAST_M**2))
        new[:3] = REST_M**2
        return own, new


def relaxed(fit: TrialFit, skin: LearnedSkin, seen: Observations | None = None) -> TrialFit:
    """A fit gone on with skin that was learnt.

    Parameters
    ----------
    seen : Observations, optional
        Others than the fit's, of the same frames.
    """
    problem = fit.problem if seen is None else replace(fit.problem, observations=seen)
    coefficients, theta = fit.coefficients, fit.theta
    for _ in range(STEPS):
        point = problem.point(coefficients, theta)
        change, step = _step(problem, point, skin)
        coefficients, theta = coefficients + change.reshape(coefficients.shape), theta + step
    values = problem.values(theta)
    return replace(
        fit,
        problem=problem,
        skeleton=adjusted_skeleton(fit.runner, values),
        estimates=estimates(problem.parameters, values, fit.covariance),
        coefficients=coefficients,
        motion=problem.motion(coefficients),
        known=None,
        following=None,
    )


def _step(problem: Problem, point: Point, skin: LearnedSkin) -> tuple[FloatArray, FloatArray]:
    """A step of Gauss and Newton: change of the coefficients, (K N,), and of the parameters, (P,).

    Amplitudes of skin begin at none in every step: the equations are linear in them.
    """
    number, stiff = len(problem.coordinates), 1.0 / problem.weights.coordinate_sd**2
    equations = problem.equations(point)
    matrix = np.tile(stiff * np.eye(number), (len(point.position), 1, 1))
    gradient = stiff * (point.kinematics.q[:, problem.coordinates] - problem.deviations)
    borders, blocks, pulls = [], [], []
    for segment in range(len(skin.modes)):
        own, new = skin.prior(segment)
        for mode in range(len(new)):
            by, error = _seen_by(problem, point, skin, segment, mode)
            weighed = by / new[mode]
            matrix += weighed[:, :, None] * by[:, None, :]
            gradient += weighed * error[:, None]
            border = (weighed[:, :, None] * skin.waves[:, None, :]).reshape(len(by), -1)
            border = problem.basis.values[0].T @ border
            borders.append(border.reshape(-1, skin.waves.shape[1]))
            blocks.append(skin.waves.T @ skin.waves / new[mode] + np.diag(1.0 / own[mode]))
            pulls.append(-skin.waves.T @ error / new[mode])
    smooth = Smoothness(1.0 / problem.jerk_sd**2, point.coefficients)
    motion = assembled(problem.basis, matrix, gradient, equations.rows, smooth)
    factor, count = motion.factor(), len(point.theta)
    half = factor.forward(np.concatenate([motion.right[:, None], motion.border, *borders], axis=1))
    right = np.concatenate([equations.right, *pulls])
    right[:count] += problem.precision * (problem.believed - point.theta)
    whole = np.zeros((len(right), len(right)))
    whole[:count, :count] = equations.matrix + np.diag(problem.precision)
    for place, block in enumerate(blocks):
        at = slice(count + place * len(block), count + (place + 1) * len(block))
        whole[at, at] = block
    border = half[:, 1:]
    step = np.linalg.solve(whole - border.T @ border, right - border.T @ half[:, 0])
    return factor.back(half[:, 0] - border @ step), step[:count]


def _seen_by(
    problem: Problem, point: Point, skin: LearnedSkin, segment: int, mode: int
) -> tuple[FloatArray, FloatArray]:
    """How a mode of a segment follows the coordinates, (T, N), and its error, (T,), m."""
    rows = problem.markers
    own = np.flatnonzero(rows.segment[:, segment])
    turned = point.kinematics.rotation[:, rows.tracking.body[own]]
    shift = np.zeros_like(point.position)
    shift[:, own] = rotate(turned, skin.modes[segment][:, :, mode] + 0.0 * point.position[:, own])
    shift *= rows.visible[..., None]
    by = rows.pull(*rows.levers(point.kinematics, point.position), np.asfortranarray(shift))
    error = rows.errors(point.kinematics)[1]
    return by, np.asarray((shift * error).sum(axis=(1, 2)))


def held_contacts(fit: TrialFit, skin: LearnedSkin) -> Iterator[FloatArray]:
    """Errors of contacts without their forces: plain, fit, and fit with skin that was learnt.

    (3, 4) each: mean and course of the force, N, and of the moment, N m.
    """
    seen = fit.observations
    for one in left_out_contacts(fit):
        toe_off = seen.contacts[np.isclose(seen.contacts[:, 0], one.touchdown), 1].item()
        near = (seen.time >= one.touchdown - FILTER_LEAK) & (seen.time <= toe_off + FILTER_LEAK)
        blind = replace(seen, measured=seen.measured & ~near)
        again = relaxed(fit, skin, blind)
        left = residual(fit.problem, again.motion, again.values)
        ways = one.before, one.after, wrench_error(left, near)
        yield np.array([astuple(way) for way in ways])


def findings(settings: Sequence[str], seeds: Sequence[int], contacts: int) -> pd.DataFrame:
    """Errors of plain inverse kinematics, of the fit, and of the fit with skin that was learnt.

    Parameters
    ----------
    contacts : int
        Of so many recordings of each kind contacts are left out.
    """
    rows = []
    for setting in (one for one in SETTINGS if one.name in settings):
        for seed in seeds:
            made = recorded(setting, seed)
            fit = fit_trial(known_runner(made), observed(setting, made), Weights())
            skin = LearnedSkin(fit)
            ways = {
                "plain": plain_errors(fit, made),
                "fit": fit_errors(fit, made),
                "learned": fit_errors(relaxed(fit, skin), made),
            }
            for way, errors in ways.items():
                rows.append({"setting": setting.name, "seed": seed, "way": way} | errors)
            if seed < contacts:
                held = np.mean(list(held_contacts(fit, skin)), axis=0)
                for row, values in zip(rows[-3:], held, strict=True):
                    row |= dict(zip(HELD, values.tolist(), strict=True))
    return pd.DataFrame(rows)


def table(found: pd.DataFrame) -> str:
    """Errors about the vertical as shares of plain inverse kinematics', means over recordings.

    And errors of contacts that were left out, mean and course of force, N, and moment, N m.
    """
    heads = ["recordings", "sprinters", "way", *SHOWN, *HELD]
    lines = [heads, ["---"] * len(heads)]
    for setting, rows in found.groupby("setting", sort=False):
        mean = rows.groupby("way", sort=False).mean(numeric_only=True)
        share = mean[list(SHOWN)] / mean.loc["plain", list(SHOWN)]
        for way in mean.index:
            held = [
                f"{mean.loc[way, one]:.1f}" if one in mean and mean[one].notna().all() else ""
                for one in HELD
            ]
            shares = [f"{share.loc[way, one]:.2f}" for one in SHOWN]
            lines.append([str(setting), str(rows["seed"].nunique()), str(way), *shares, *held])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learned_skin")
    names = [one.name for one in SETTINGS]
    parser.add_argument("--settings", nargs="+", choices=names, default=names)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--contacts", type=int, default=2)
    options = parser.parse_args(arguments)
    found = findings(options.settings, range(options.seeds), options.contacts)
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
