"""Secondary statistics of the limiter, of both sides, of amplification, timing and restriction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_GROUPS
from aqbio.stats.athletes import (
    cells,
    centred,
    consecutive_pairs,
    group_means,
    group_slopes,
    with_speeds,
)
from aqbio.stats.corrected import whole_step
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.limiter import identifiability, model_criteria
from aqbio.stats.mixed import within_correlation
from aqbio.stats.secondary.row import Row, athletes_row, number_row, steps_row
from aqbio.stats.step_statistics import log_ratios
from aqbio.stats.surrogates import paired_anew, surrogate_p
from aqbio.stats.timing import cross_phase, direction, lag

FEWEST_FOR_MODELS = 12
"""Athletes below which limiter models are not compared."""


def _speeds(evidence: Evidence) -> FloatArray:
    """Speeds of steps, NaN for athletes with one speed only."""
    steps = evidence.steps
    return with_speeds(steps.speed, steps.athlete, len(evidence.athletes.name))


def limiter_rows(evidence: Evidence) -> Iterator[Row]:
    """H3b: corrected criteria of all models over the best one, and what data must look like."""
    athletes = evidence.athletes
    every = (athletes.push_capacity, athletes.swing_capacity, athletes.fastest)
    known = np.all([np.isfinite(column) for column in every], axis=0)
    count = int(known.sum())
    if count < FEWEST_FOR_MODELS:
        return
    push, swing, speed = (column[known] for column in every)
    criteria = model_criteria(push, swing, speed)
    least = min(criteria.values())
    for name, value in criteria.items():
        place = ("H3b", f"criterion_{name}", "none", "none")
        yield number_row(place, value - least, count, "AICc over the smallest one")
    ratio, correlation = identifiability(push, swing)
    yield number_row(
        ("H3b", "spread_of_difference_over_sum", "none", "none"), ratio, count, "0.5 needed"
    )
    yield number_row(
        ("H3b", "correlation_of_capacities", "none", "none"), correlation, count, "0.7 at most"
    )


def side_rows(evidence: Evidence) -> Iterator[Row]:
    """H3d: slopes of both ratios."""
    steps, count = evidence.steps, len(evidence.athletes.name)
    relative = _speeds(evidence) * 10.0 / evidence.athletes.fastest[steps.athlete]
    for name, ratio in log_ratios(steps).items():
        place = ("H3d", f"ratio_slope_{name.replace(' ', '_')}", "stance", "y")
        slopes = group_slopes(relative, ratio, steps.athlete, count)
        yield athletes_row(place, slopes, "log ratio per 10 % of the highest speed")
    for name, values in (("push", steps.push_index), ("swing", steps.swing_index)):
        slopes = group_slopes(np.log(_speeds(evidence)), np.log(values), steps.athlete, count)
        yield athletes_row(("H3d", f"power_of_speed_{name}_index", "stance", "none"), slopes)


def next_step_rows(evidence: Evidence, draws: int, seed: int) -> Iterator[Row]:
    """H3e: the correlation within athletes against steps paired anew."""
    steps = evidence.steps
    before, after = consecutive_pairs(steps.trial, steps.number)
    x, y = steps.yaw_impulse[before], steps.time_deviation[after]
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 2:
        return
    who, level = steps.athlete[before][known], steps.level[before][known]
    cell, _ = cells(who, level)
    x, y = centred(x[known], cell), centred(y[known], cell)
    size = float(np.sqrt((x @ x) * (y @ y)))
    if size == 0.0:
        return
    random = np.random.default_rng(seed)
    drawn = np.array([float(x @ y[paired_anew(cell, random)]) / size for _ in range(draws)])
    observed = float(x @ y) / size
    count = len(np.unique(who))
    yield number_row(("H3e", "next_step_correlation", "step", "y"), observed, count)
    place = ("H3e", "next_step_correlation_p", "step", "y")
    yield number_row(place, surrogate_p(observed, drawn), count, "steps paired anew, one-sided")


def share_rows(evidence: Evidence) -> Iterator[Row]:
    """H4: what joint moments cause, by contact model, and the share's slope on speed."""
    steps, count = evidence.steps, len(evidence.athletes.name)
    for model, shares in evidence.caused_shares.items():
        yield steps_row(evidence, ("H4", f"caused_share_{model}", "stance", "y"), shares)
    relative = 10.0 * steps.speed / evidence.athletes.fastest[steps.athlete]
    slopes = group_slopes(relative, steps.hub_share, steps.athlete, count)
    note = "per 10 % of the highest speed; the claim needs a share that grows"
    yield athletes_row(("H4", "share_slope", "stance", "y"), slopes, note)


def timing_rows(evidence: Evidence, draws: int, seed: int) -> Iterator[Row]:
    """H5: where the lag lies, its correlation with speed within athletes, labels permuted."""
    steps, count = evidence.steps, len(evidence.athletes.name)
    lags = lag(steps.swing_peak, steps.force_peak)
    known = np.isfinite(lags)
    if known.sum() < 3:
        return
    means = group_means(lags, steps.athlete, count)
    found = direction(means[np.isfinite(means)])
    here = int(np.isfinite(means).sum())
    yield number_row(("H5a", "mean_direction", "step", "y"), found.mean, here, "share of the step")
    yield number_row(("H5a", "circular_sd", "step", "y"), found.sd, here, "between athletes")
    yield number_row(("H5a", "rayleigh_p", "step", "y"), found.p, here)
    if known.sum() > here + 2 and float(centred(steps.speed[known], steps.athlete[known]).std()):
        within = within_correlation(steps.speed, lags, steps.athlete)
        place = ("H5a", "correlation_within_athletes", "step", "y")
        yield number_row(place, within.r, here, f"rmcorr, df {within.df:g}, p {within.p:.3g}")
    observed = mean_estimate(group_slopes(_speeds(evidence), lags, steps.athlete, count)).value
    if np.isfinite(observed):
        random = np.random.default_rng(seed)
        drawn = [_permuted_slope(evidence, lags, random) for _ in range(draws)]
        p = surrogate_p(-observed, -np.array(drawn))
        place = ("H5a", "slope_p_permuted", "step", "y")
        yield number_row(place, p, here, "speeds permuted within athletes, one-sided")


def phase_rows(evidence: Evidence) -> Iterator[Row]:
    """H5: phase of the swing leg after the rest turned around, at the frequency of the stride."""
    steps = evidence.steps
    swing = ROLE_GROUPS.index("swing_leg")
    phases = np.full(len(steps), np.nan)
    whole = np.isfinite(steps.momentum[..., 1]).all(axis=(1, 2, 3)) & np.isfinite(steps.flight)
    for step in np.flatnonzero(whole).tolist():
        curves, _ = whole_step(steps, step)
        stride = np.concatenate((curves, -curves))
        rest = stride.sum(axis=1) - stride[:, swing]
        phases[step] = 2.0 * cross_phase(stride[:, swing], -rest)
    if not whole.any():
        return
    found = direction(phases / 2.0)
    here = len(np.unique(steps.athlete[whole]))
    note = "share of the step; 0 where both sides mirror each other at every instant"
    yield number_row(("H5a", "cross_spectral_phase", "step", "y"), 2.0 * found.mean, here, note)
    place = ("H5a", "cross_spectral_phase_slope", "step", "y")
    slopes = group_slopes(_speeds(evidence), phases, steps.athlete, len(evidence.athletes.name))
    yield athletes_row(place, slopes, "share of the step per m/s; mechanically implied in part")


def _permuted_slope(evidence: Evidence, lags: FloatArray, random: np.random.Generator) -> float:
    """Mean slope after the speed levels of every athlete were dealt out anew."""
    steps, count = evidence.steps, len(evidence.athletes.name)
    cell, owner = cells(steps.athlete, steps.level)
    means = group_means(steps.speed, cell, len(owner))
    order = np.lexsort((random.random(len(owner)), owner))
    dealt = np.empty(len(owner))
    dealt[np.argsort(owner, kind="stable")] = means[order]
    return mean_estimate(group_slopes(dealt[cell], lags, steps.athlete, count)).value


def restriction_rows(evidence: Evidence) -> Iterator[Row]:
    """H7: standardised size of the change."""
    athletes = evidence.athletes
    normal, restricted = (
        np.array([one[np.isfinite(one)].mean() if np.isfinite(one).any() else np.nan for one in v])
        for v in (athletes.normal, athletes.restricted)
    )
    away = restricted - normal
    away = away[np.isfinite(away)]
    if len(away) > 1 and away.std(ddof=1) > 0:
        size = float(away.mean() / away.std(ddof=1))
        yield number_row(("H7", "cohen_dz", "none", "none"), size, len(away))
