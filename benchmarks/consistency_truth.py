"""Errors before and after the consistency fit: ``python -m benchmarks.consistency_truth``.

Virtual sprints whose momentum is known exactly, recorded with skin, clock, plates and body wrong by
known draws (`validation.recordings.known_run`). The gaits come from the generator: joint angles
are Fourier series, pelvis and centre of mass Chebyshev series, and no curve is one of the fit's
splines.
"""

from __future__ import annotations

import argparse
import operator
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aqbio.gait.roles import group_sum
from aqbio.inverse_dynamics.balance import centre_estimates
from aqbio.inverse_dynamics.fit import TrialFit, body_kinematics, fit_trial, group_momentum
from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import Weights
from aqbio.io.atomic import write_text
from aqbio.io.provenance import git_commit, versions
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray
from aqbio.virtual.demo import SPRINTERS, GaitName
from aqbio.virtual.disturbances import STRIDE_LOCKED_SKIN, Skin
from benchmarks.table import page_table
from validation.fit_checks import coordinate_samples, left_out_contacts
from validation.gaits.individual import individual_gait
from validation.recordings.known_run import (
    KnownRun,
    drawn_errors,
    known_observations,
    known_run,
    known_runner,
)
from validation.recordings.springs import Springs

SEEDS, FASTEST = 12, 3
DRAG_AREAS = (0.35, 0.55)
"""Between these the runners' drag areas are drawn, m²; the fit holds 0.45."""
CUTOFFS = {FASTEST: 20.0}
SLOW_CUTOFF = 15.0
SIZES = (0.0, 0.5, 1.0, 1.5)
PLAIN = "plain"
DEFAULT = "30/5"
ARMS: Mapping[str, Weights] = {
    DEFAULT: Weights(),
    "100/30": Weights(sigma_force_n=100.0, sigma_moment_nm=30.0),
    "10/3": Weights(sigma_force_n=10.0, sigma_moment_nm=3.0),
    "3/1": Weights(sigma_force_n=3.0, sigma_moment_nm=1.0),
    "30/5, not smooth": Weights(roughness=1e9),
    "30/5, not smooth, 20 ms": Weights(roughness=1e9, knot_s=0.020),
}
"""The last two are the method without a prior of smoothness (knots of 10 and of 20 ms)."""
SURE = (DEFAULT,)
"""Of which it is shown how sure they are."""
GROUPS = {
    "leg": ("leg_left", "leg_right"),
    "arm": ("arm_left", "arm_right"),
    "torso": ("torso",),
    "pelvis": ("pelvis",),
}
QUANTITIES = ("leg", "arm", "torso", "pelvis", "total", "total_z", "total_x")
CENTRE_SEGMENTS = ("torso", "femur_r")
"""Segments of which it is shown how well their centres of mass are found."""
INTERVAL = 1.645
"""Standard deviations from the middle to an end of an interval of 90 %."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One kind of recordings."""

    name: str
    size: float
    """Share of the usual errors."""
    skin: Skin | Springs
    level: int = FASTEST
    """Speed of the sprinters: 0 is 5 m/s, 3 their fastest."""
    centre_m: float = 0.0
    """How far every segment's centre of mass is from the model's, standard deviation by axis, m."""


SETTINGS = (
    *(Setting(f"skin of steps x {size:g}", size, Skin()) for size in SIZES),
    Setting("skin of strides, a quarter free", 1.0, STRIDE_LOCKED_SKIN),
    Setting("6 to 6.5 m/s", 1.0, Skin(), level=1),
    Setting("centres of mass of one's own, 10 mm", 1.0, Skin(), centre_m=0.010),
    Setting("masses on springs", 1.0, Springs()),
)


_gait = lru_cache(maxsize=8)(individual_gait)
"""Half of the time of a recording, and the same at every size of errors."""


def recorded(setting: Setting, seed: int) -> KnownRun:
    """Record one of the demo's sprinters, in turn, with errors of their own."""
    random = np.random.default_rng([seed, 20261120])
    athlete = SPRINTERS[seed % len(SPRINTERS)].athlete.name
    drag = float(random.uniform(*DRAG_AREAS))
    gait = _gait(GaitName(athlete, "normal", setting.level), drag_area=drag).gait
    errors = drawn_errors(setting.size, random, setting.skin)
    return known_run(gait, replace(errors, centre_m=setting.centre_m), random)


def observed(setting: Setting, recording: KnownRun) -> Observations:
    """Input of the fit."""
    return known_observations(recording, CUTOFFS.get(setting.level, SLOW_CUTOFF))


@dataclass(frozen=True, eq=False)
class GroupMomentum:
    """Angular momentum of groups about the whole body's centre of mass, and its rate.

    Attributes
    ----------
    momentum, rate : (T, G, 3) arrays, kg m²/s and N m, ground
        Groups in the order of the runner's.
    """

    momentum: FloatArray
    rate: FloatArray


def true_momentum(recording: KnownRun) -> GroupMomentum:
    """The truth of a known run: groups with all their mass, the soft one too."""
    truth, soft, grouping = recording.run.truth, recording.soft, known_runner(recording).grouping
    return GroupMomentum(
        group_sum(truth.momentum + soft.momentum, grouping),
        group_sum(truth.momentum_rate + soft.rate, grouping),
    )


def motion_momentum(skeleton: Skeleton, motion: Motion, grouping: FloatArray) -> GroupMomentum:
    """The same of a motion of some body."""
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, acceleration = centre_of_mass(segments)
    return GroupMomentum(
        group_sum(angular_momentum(segments, com, velocity), grouping),
        group_sum(angular_momentum_rate(segments, com, acceleration), grouping),
    )


def errors(estimate: GroupMomentum, truth: GroupMomentum, recording: KnownRun) -> dict[str, float]:
    """Root mean square errors over the contacts and the flights between them.

    Of H and, with a ``d`` in front, of its rate; about the vertical but for the last two.
    """
    order = list(known_runner(recording).groups)
    result = {}
    for prefix, quantity in (("", "momentum"), ("d", "rate")):
        error = (getattr(estimate, quantity) - getattr(truth, quantity))[recording.window]
        size = np.sqrt((error**2).mean(axis=0))[:, 1]
        total = np.sqrt((error.sum(axis=1) ** 2).mean(axis=0))
        for name, members in GROUPS.items():
            result[prefix + name] = float(size[[order.index(group) for group in members]].mean())
        for name, axis in (("total", 1), ("total_z", 2), ("total_x", 0)):
            result[prefix + name] = float(total[axis])
    return result


def fit_errors(fit: TrialFit, recording: KnownRun) -> dict[str, float]:
    """Errors of a fit, its residual and its markers."""
    return _all_errors(fit.skeleton, fit.motion, fit.after, fit.motion.q, fit, recording)


def plain_errors(fit: TrialFit, recording: KnownRun) -> dict[str, float]:
    """The same of plain inverse kinematics, low-passed, on the model as it is."""
    plain = fit.observations.plain
    return _all_errors(recording.model, plain, fit.before, fit.observations.start, fit, recording)


def _all_errors(
    skeleton: Skeleton, motion: Motion, left: Any, q: FloatArray, fit: TrialFit, recording: KnownRun
) -> dict[str, float]:
    momentum = motion_momentum(skeleton, motion, fit.runner.grouping)
    force, moment = left.force[recording.measured], left.moment[recording.measured]
    wrong = fit.solver.marker_errors(q)
    return errors(momentum, true_momentum(recording), recording) | {
        "height_mm": _height_error(skeleton, motion, recording),
        "residual_n": float(np.sqrt((force**2).sum(axis=1).mean())),
        "residual_yaw_nm": _size(moment[:, 1]),
        "marker_mm": 1e3 * float(np.sqrt(np.nanmean(wrong[recording.window] ** 2))),
    }


def _height_error(skeleton: Skeleton, motion: Motion, recording: KnownRun) -> float:
    """Mean error of the height of the whole body's centre of mass, mm."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    com_error = centre_of_mass(segment_motion(skeleton, moves))[0] - recording.run.truth.com
    return 1e3 * abs(float(com_error[recording.window, 1].mean()))


def coverage(fit: TrialFit, recording: KnownRun) -> list[dict[str, float | str]]:
    """Stated precision of momentum about the vertical, against the true error.

    Share of frames in which the 90 % interval holds it; standard deviation over error (root mean
    squares over frames); and the same of how stance means of the same foot scatter in the trial.
    """
    truth, states = true_momentum(recording), coordinate_samples(fit)
    samples = np.stack([group_momentum(fit, *body_kinematics(fit, *state)) for state in states])
    off = (samples - np.mean(samples, axis=0))[..., 1]
    estimate = motion_momentum(fit.skeleton, fit.motion, fit.runner.grouping)
    order = list(fit.runner.groups)
    chosen = {name: [order.index(group) for group in groups] for name, groups in GROUPS.items()}
    rows: list[dict[str, float | str]] = [
        {"of": statistic} for statistic in ("coverage", "sd/error", "steps")
    ]
    stances = [(recording.time >= a) & (recording.time <= b) for a, b in recording.contacts]
    for number, (prefix, quantity) in enumerate((("", "momentum"), ("d", "rate"))):
        deviation = (getattr(estimate, quantity) - getattr(truth, quantity))[..., 1]
        deviation = np.column_stack([deviation, deviation.sum(axis=1)])
        for name, columns in (chosen | {"total": [-1]}).items():
            wrong, spread = deviation[:, columns], off[:, number][..., columns]
            sd = spread.std(axis=0, ddof=1)
            covered = (np.abs(wrong) <= INTERVAL * sd)[recording.window]
            rows[0][prefix + name] = float(covered.mean())
            rows[1][prefix + name] = _size(sd[recording.window]) / _size(wrong[recording.window])
            means = [
                np.array([values[on].mean(axis=0) for on in stances]) for values in (wrong, *spread)
            ]
            error, *draws = [_size(_own_of_steps(step_means)) for step_means in means]
            rows[2][prefix + name] = _size(np.array(draws)) / error
    return rows


def _size(values: FloatArray) -> float:
    """Root mean square."""
    return float(np.sqrt((values**2).mean()))


def _own_of_steps(means: FloatArray) -> FloatArray:
    """Means of contacts of both feet in turn, (N, ...), less those of each foot."""
    return np.concatenate([means[foot::2] - means[foot::2].mean(axis=0) for foot in (0, 1)])


@dataclass(frozen=True, eq=False)
class Findings:
    """Results of some recordings, by setting and seed."""

    errors: pd.DataFrame
    """By arm."""
    coverage: pd.DataFrame
    """Three rows by arm of ``SURE``: see :func:`coverage`."""
    parameters: pd.DataFrame
    """True and estimated values and standard deviation, default arm."""
    left_out: pd.DataFrame
    """By arm of ``SURE`` and contact: see :func:`contacts_left_out`."""


def contacts_left_out(fit: TrialFit) -> list[dict[str, float | str]]:
    """Errors of contacts whose forces were left out: of the plain way and of the fit."""
    return [
        {"way": way} | asdict(error)
        for contact in left_out_contacts(fit)
        for way, error in ((PLAIN, contact.before), ("fit", contact.after))
    ]


def findings(
    settings: Sequence[Setting],
    seeds: Sequence[int],
    arms: Mapping[str, Weights] = ARMS,
    say: Callable[[str], None] | None = None,
    blind: Collection[str] = (),
) -> Findings:
    """Record, fit with every arm, compare with the truth; the first arm is the default."""
    wrong, coverages, parameters, unseen = [], [], [], []
    for setting in settings:
        for seed in seeds:
            recording = recorded(setting, seed)
            runner, observations = known_runner(recording), observed(setting, recording)
            key = {"setting": setting.name, "seed": seed}
            for number, (arm, weights) in enumerate(arms.items()):
                fit = fit_trial(runner, observations, weights)
                wrong.append(key | {"weights": arm} | fit_errors(fit, recording))
                if not number:
                    wrong.append(key | {"weights": PLAIN} | plain_errors(fit, recording))
                    parameters += [key | row for row in _parameters(fit, recording)]
                if arm in SURE:
                    fit_key = key | {"weights": arm}
                    coverages += [fit_key | row for row in coverage(fit, recording)]
                    if setting.name in blind:
                        unseen += [fit_key | row for row in contacts_left_out(fit)]
        if say is not None:
            say(f"{setting.name}: {len(seeds)} recordings")
    return Findings(*(pd.DataFrame(rows) for rows in (wrong, coverages, parameters, unseen)))


def _parameters(fit: TrialFit, recording: KnownRun) -> list[dict[str, float | str]]:
    """Parameters of which the truth is known, and places of some centres of mass."""
    errors = recording.errors
    true = {"clock_offset": errors.clock_offset_s} | asdict(errors.body)
    true |= {"cop_offset_x": errors.cop_x, "cop_offset_z": errors.cop_z}
    centre_shift = recording.run.truth.gait.skeleton.com - recording.model.com
    bodies = fit.runner.skeleton.bodies
    rows: list[dict[str, float | str]] = [
        {
            "name": estimate.name,
            "true": true[estimate.name],
            "estimate": estimate.estimate,
            "sd": estimate.sd,
        }
        for estimate in fit.estimates
        if estimate.parameter.on and estimate.name in true
    ]
    shift, covariance = centre_estimates(fit.runner, fit.estimates, fit.covariance)
    sd = np.sqrt(np.diag(covariance)).reshape(-1, 3)
    return rows + [
        {
            "name": f"{segment}_com_{axis}",
            "true": centre_shift[at, number],
            "estimate": shift[at, number],
            "sd": sd[at, number],
        }
        for segment, at in ((name, bodies.index(name)) for name in CENTRE_SEGMENTS)
        for number, axis in enumerate("xyz")
    ]


def ratios(results: Findings) -> pd.DataFrame:
    """Mean errors over seeds, relative to the plain way's, by setting and arm."""
    mean = results.errors.drop(columns="seed").groupby(["setting", "weights"], sort=False).mean()
    plain = mean.xs(PLAIN, level="weights")
    return mean / plain.reindex(mean.index, level="setting")


def root_mean_square_parameters(results: Findings) -> pd.DataFrame:
    """Size of the true values and of what is left of them, by setting and parameter."""
    table = results.parameters.assign(
        left=results.parameters["estimate"] - results.parameters["true"]
    )
    squares = table.set_index(["setting", "name"])[["true", "left"]] ** 2
    return squares.groupby(level=[0, 1], sort=False).mean() ** 0.5


# gates and tables for readers --------------------------------------------------------------------

RESULTS = Path(__file__).parent / "results"
BLIND = (SETTINGS[2].name, SETTINGS[-1].name)
"""Recordings in which contacts are left out: the usual ones, and those of masses on springs."""


GATES = (
    ("H total, share of plain", "total", "<=", 0.40),
    ("H leg", "leg", "<=", 0.75),
    ("H torso", "torso", "<=", 0.75),
    ("dH leg", "dleg", "<=", 0.75),
    *((f"coverage of H: {name}", f"coverage {name}", ">=", 0.80) for name in QUANTITIES[:3]),
    ("coverage of H: total", "coverage total", ">=", 0.80),
    ("3/1 over 30/5: H total", "tight total", ">", 1.0),
    ("3/1 over 30/5: dH leg", "tight dleg", ">", 1.0),
    ("3/1 over 30/5: dH arm", "tight darm", ">", 1.0),
)
"""Gates of the method: words, number, relation and limit."""


def gates(results: Findings, setting: str) -> list[tuple[float, bool]]:
    """Number of every gate at one setting, and whether it holds."""
    by_weights = ratios(results).loc[setting]
    default = by_weights.iloc[0]
    covered = results.coverage[results.coverage["setting"] == setting]
    covered = covered[(covered["weights"] == DEFAULT) & (covered["of"] == "coverage")].mean(
        numeric_only=True
    )
    tight = by_weights.loc["3/1"] / default
    numbers = {**default, **covered.add_prefix("coverage "), **tight.add_prefix("tight ")}
    holds = {"<=": operator.le, ">=": operator.ge, ">": operator.gt}
    return [
        (numbers[name], holds[relation](numbers[name], limit)) for _, name, relation, limit in GATES
    ]


def errors_table(results: Findings) -> str:
    """Mean errors over the seeds, and in brackets their share of the plain way's."""
    mean = results.errors.drop(columns="seed").groupby(["setting", "weights"], sort=False).mean()
    relative = ratios(results)
    columns = [*QUANTITIES, "dleg", "darm", "dtorso", "dtotal"]
    rest = ["residual_n", "residual_yaw_nm", "marker_mm", "height_mm"]
    rows = []
    for key, row in mean.iterrows():
        cells = [f"{row[name]:.3g}" for name in columns]
        if key[1] != PLAIN:
            share = relative.loc[key, columns]
            cells = [f"{cell} ({part:.2f})" for cell, part in zip(cells, share, strict=True)]
        rows.append([*key, *cells, *(f"{row[name]:.3g}" for name in rest)])
    return page_table(["recordings", "weights", *columns, *rest], rows)


def gates_table(results: Findings, settings: Sequence[Setting]) -> str:
    """Gates at each setting: the number, and a no where it does not hold."""
    columns = [gates(results, setting.name) for setting in settings]
    rows = [
        [
            words,
            f"{relation} {limit:g}",
            *(f"{x:.2f}{'' if ok else ' **no**'}" for x, ok in numbers),
        ]
        for (words, _, relation, limit), numbers in zip(
            GATES, zip(*columns, strict=True), strict=True
        )
    ]
    return page_table(["gate", "limit", *(setting.name for setting in settings)], rows)


def _grouped(table: pd.DataFrame, by: Sequence[str], form: str, power: float = 1.0) -> str:
    """Means over recordings (root mean squares with power 2)."""
    left = table.drop(columns="seed").set_index(list(by)) ** power
    mean = left.groupby(level=list(by), sort=False).mean() ** (1.0 / power)
    rows = [[*key, *(f"{value:{form}}" for value in row)] for key, row in mean.iterrows()]
    heads = ["recordings" if name == "setting" else name for name in by]
    return page_table([*heads, *mean.columns], rows)


def parameters_table(results: Findings) -> str:
    """Size of the true parameters and of what is left of them; mean standard deviation."""
    table = root_mean_square_parameters(results)
    table["sd"] = results.parameters.groupby(["setting", "name"], sort=False)["sd"].mean()
    rows = [[*key, *(f"{value:.2g}" for value in row)] for key, row in table.iterrows()]
    return page_table(["recordings", "parameter", "true (RMS)", "error (RMS)", "stated SD"], rows)


PAGE = """\
# Consistency on independent truth

Written by `python -m benchmarks.consistency_truth` on {date}, aqbio {commit}; {seeds} sprinters,
{versions}. [What it means](../../docs/consistency.md).

Errors about the vertical (kg m²/s, and N m with a d in front) but total_z and total_x; root mean
squares over contacts and the flights between them, means over sprinters; in brackets the share of
plain inverse kinematics' error. "x 0" is a perfect laboratory: there is nothing to gain.
height_mm: of the whole body's centre of mass, too high or too low on average.
Weights: {weights}.

{errors}

## Gates
{gates}

## How sure
Share of frames whose 90 % interval holds the truth; standard deviation over error; and the same of
how stance means of one foot scatter within a trial.
{coverage}

## Contacts whose forces were left out
What the motion asks for over such a contact less what the ground gave, mean and course of force (N)
and moment (N m about the centre of mass), root mean squares over {contacts} contacts: of plain
inverse kinematics, and of a fit that was not shown these forces.
{left_out}

## Parameters from one sprint alone (weights 30/5)
{parameters}
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the tables; 1 if a gate does not hold at the usual errors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consistency_truth")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--weights", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--print-only", action="store_true")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    arms = {name: ARMS[name] for name in ARMS if name in {*SURE, "3/1", *options.weights}}
    results = findings(SETTINGS, range(options.seeds), arms, say=_say, blind=BLIND)
    page = PAGE.format(
        date=time.strftime("%Y-%m-%d"),
        commit=git_commit(),
        seeds=options.seeds,
        versions=", ".join(f"{name} {version}" for name, version in versions().items()),
        weights="; ".join(arms),
        errors=errors_table(results),
        gates=gates_table(results, [setting for setting in SETTINGS if setting.size]),
        coverage=_grouped(results.coverage, ("of", "setting", "weights"), ".2f"),
        contacts=len(results.left_out) // (2 * len(SURE)),
        left_out=_grouped(results.left_out, ("way", "setting", "weights"), ".3g", 2.0),
        parameters=parameters_table(results),
    )
    _say(page)
    if not options.print_only:
        write_text(RESULTS / "consistency_truth.md", page)
        text = results.errors.to_csv(sep="\t", index=False, float_format="%.4g")
        write_text(RESULTS / "consistency_truth.tsv", text)
    _say(f"{time.perf_counter() - start:.0f} s")
    return int(not all(holds for _, holds in gates(results, SETTINGS[2].name)))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
