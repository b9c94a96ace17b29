"""Secondary statistics of the limiter, of both sides, of amplification, timing and restriction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import NORMAL, RESTRICTED, ROLE_GROUPS
from aqbio.stats.athlete_statistics import by_condition, sprint_means
from aqbio.stats.corrected import whole_step, whole_steps
from aqbio.stats.evidence import CELL, Evidence
from aqbio.stats.limiter import identifiability, model_criteria
from aqbio.stats.mixed import within_correlation
from aqbio.stats.row import Row, athletes_row, number_row
from aqbio.stats.step_statistics import RATIOS, step_pairs
from aqbio.stats.surrogates import paired_anew, surrogate_p
from aqbio.stats.timing import cross_phase, direction
from aqbio.stats.within import slopes, with_speeds
from aqbio.vectors import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

FEWEST_FOR_MODELS = 12
"""Athletes below which limiter models are not compared."""


MECHANISM = (
    "opposition_difference", "momentum_push_leg", "momentum_swing_leg", "momentum_arms",
    "momentum_torso", "momentum_peak_total", "free_moment_peak", "yaw_range_hips",
    "yaw_range_shoulders", "yaw_range_wrists",
)  # fmt: skip
"""Numbers of sprints that tell how the rest of the body makes up for restricted arms."""


def _speeds(steps: pd.DataFrame) -> pd.Series[float]:
    """Speeds of steps, NaN for athletes with one speed only."""
    return with_speeds(steps["speed_mps"], steps["participant_id"])


def limiter_rows(evidence: Evidence) -> Iterator[Row]:
    """H3b: corrected criteria of all models over the best one, and what data must look like."""
    known = evidence.athletes[["push_capacity", "swing_capacity", "fastest"]].dropna()
    count = len(known)
    if count < FEWEST_FOR_MODELS:
        return
    push, swing, speed = known.to_numpy().T
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


def utilisation_rows(evidence: Evidence) -> Iterator[Row]:
    """H3b: how much of both sides' strengths the highest speed takes, and which side takes more."""
    if "push_utilisation" not in evidence.athletes:
        return
    used = evidence.athletes[["push_utilisation", "swing_utilisation"]].dropna()
    note = "joint moments at the highest speed over strengths in N m/kg"
    for name, own in used.items():
        yield athletes_row(("H3b", str(name), "stance", "none"), own, note)
    if len(used) < 2:
        return
    larger = used.max(axis=1)
    most = number_row(
        ("H3b", "spread_of_larger_utilisation", "stance", "none"),
        float(larger.std() / larger.mean()), len(used),
        "standard deviation over mean; small where one side or the other is used up in everybody",
    )  # fmt: skip
    push = float((used["push_utilisation"] > used["swing_utilisation"]).mean())
    yield most
    place = ("H3b", "push_side_used_more", "stance", "none")
    yield number_row(place, push, len(used), "share of athletes")


def side_rows(evidence: Evidence) -> Iterator[Row]:
    """H3d: slopes of both ratios."""
    steps, who = evidence.steps, evidence.steps["participant_id"]
    relative = with_speeds(10.0 * steps["relative_speed"], who)
    for name, column in RATIOS.items():
        place = ("H3d", f"ratio_slope_{name.replace(' ', '_')}", "stance", "y")
        own = slopes(relative, steps[column], who)
        yield athletes_row(place, own, "log ratio per 10 % of the highest speed")
    for name in ("push", "swing"):
        own = slopes(_speeds(steps).map(np.log), steps[f"{name}_index"].map(np.log), who)
        yield athletes_row(("H3d", f"power_of_speed_{name}_index", "stance", "none"), own)


def next_step_rows(evidence: Evidence, draws: int, seed: int) -> Iterator[Row]:
    """H3e: the correlation within athletes against steps paired anew."""
    pairs = step_pairs(evidence.steps, size="none")
    if len(pairs) < 2:
        return
    cell: IntArray = np.asarray(pairs.groupby(CELL, observed=True).ngroup(), dtype=np.int64)
    x, y = pairs["x"].to_numpy(), pairs["y"].to_numpy()
    size = float(np.sqrt((x @ x) * (y @ y)))
    if size == 0.0:
        return
    random = np.random.default_rng(seed)
    drawn = np.array([float(x @ y[paired_anew(cell, random)]) / size for _ in range(draws)])
    observed, count = float(x @ y) / size, pairs["participant_id"].nunique()
    yield number_row(("H3e", "next_step_correlation", "step", "y"), observed, count)
    place = ("H3e", "next_step_correlation_p", "step", "y")
    yield number_row(place, surrogate_p(observed, drawn), count, "steps paired anew, one-sided")


def share_rows(evidence: Evidence) -> Iterator[Row]:
    """H4: what joint moments cause, by contact model, and the share's slope on speed."""
    steps = evidence.steps
    for model, shares in evidence.caused().items():
        place = ("H4", f"caused_share_{model}", "stance", "y")
        yield athletes_row(place, evidence.means(shares))
    own = slopes(10.0 * steps["relative_speed"], steps["hub_share"], steps["participant_id"])
    note = "per 10 % of the highest speed, relative to the pelvis; a passive swing grows as well"
    yield athletes_row(("H4", "share_slope", "stance", "y"), own, note)


def timing_rows(evidence: Evidence, draws: int, seed: int) -> Iterator[Row]:
    """H5: where the lag lies, its correlation with speed within athletes, labels permuted."""
    steps, who = evidence.steps, evidence.steps["participant_id"]
    known = steps[steps["lag"].notna()]
    if len(known) < 3:
        return
    means = evidence.means("lag").dropna()
    found, here = direction(np.asarray(means, dtype=np.float64)), len(means)
    yield number_row(("H5a", "mean_direction", "step", "y"), found.mean, here, "share of the step")
    yield number_row(("H5a", "circular_sd", "step", "y"), found.sd, here, "between athletes")
    yield number_row(("H5a", "rayleigh_p", "step", "y"), found.p, here)
    within = within_correlation(steps["speed_mps"], steps["lag"], who)
    if within.df > 1 and np.isfinite(within.r):
        place = ("H5a", "correlation_within_athletes", "step", "y")
        yield number_row(place, within.r, here, f"rmcorr, df {within.df:g}, p {within.p:.3g}")
    observed = float(slopes(_speeds(steps), steps["lag"], who).mean())
    if np.isfinite(observed):
        random = np.random.default_rng(seed)
        p = surrogate_p(-observed, -_permuted_slopes(steps, draws, random))
        place = ("H5a", "slope_p_permuted", "step", "y")
        yield number_row(place, p, here, "speeds permuted within athletes, one-sided")


def phase_rows(evidence: Evidence) -> Iterator[Row]:
    """H5: phase of the swing leg after the rest turned around, at the frequency of the stride."""
    steps, swing = evidence.steps, ROLE_GROUPS.index("swing_leg")
    phases = steps["lag"] * np.nan
    for _, own, curves in evidence.by_athlete():
        known, vertical, durations = whole_steps(own, curves)
        for label, curve, times in zip(own.index[known], vertical, durations, strict=True):
            step, _ = whole_step(curve, times)
            stride = np.concatenate((step, -step))
            rest = stride.sum(axis=1) - stride[:, swing]
            phases[label] = 2.0 * cross_phase(stride[:, swing], -rest)
    whole = phases.notna()
    if not whole.any():
        return
    found = direction(np.asarray(phases / 2.0, dtype=np.float64))
    here = steps["participant_id"][whole].nunique()
    note = "share of the step; 0 where both sides mirror each other at every instant"
    yield number_row(("H5a", "cross_spectral_phase", "step", "y"), 2.0 * found.mean, here, note)
    place = ("H5a", "cross_spectral_phase_slope", "step", "y")
    own_slopes = slopes(_speeds(steps), phases, steps["participant_id"])
    yield athletes_row(place, own_slopes, "share of the step per m/s; mechanically implied in part")


def _permuted_slopes(steps: pd.DataFrame, draws: int, random: np.random.Generator) -> FloatArray:
    """Mean slopes after the speeds of every athlete were dealt out anew, (draws,)."""
    found = []
    for _, own in steps.groupby("participant_id", observed=True):
        levels, place = np.unique(own["level"].to_numpy(), return_inverse=True)
        if len(levels) < 2:
            continue
        counts = np.bincount(place)
        means = np.bincount(place, own["speed_mps"].to_numpy(dtype=float)) / counts
        known = own["lag"].notna().to_numpy()
        dealt = random.permuted(np.tile(means, (draws, 1)), axis=1)[:, place[known]]
        lag = own["lag"].to_numpy(dtype=float)[known]
        away = dealt - dealt.mean(axis=1, keepdims=True)
        found.append(away @ (lag - lag.mean()) / (away**2).sum(axis=1))
    return np.mean(found, axis=0) if found else np.full(draws, np.nan)


def restriction_rows(evidence: Evidence) -> Iterator[Row]:
    """H7: standardised size of the change, and what the rest of the body does instead.

    Sprints differ in speed, and angular momentum grows with it: what changes beyond the change of
    speed is no more than a hint at the mechanism.
    """
    means = sprint_means(evidence)
    away = (means[RESTRICTED] - means[NORMAL]).dropna()
    if len(away) > 1 and away.std() > 0:
        size = float(away.mean() / away.std())
        yield number_row(("H7", "cohen_dz", "none", "none"), size, len(away))
    for name in MECHANISM:
        if name in evidence.sprints:
            own = by_condition(evidence, name)
            free, held = own[NORMAL], own[RESTRICTED]
            index = name == "opposition_difference"
            change = held - free if index else 100.0 * (held / free - 1.0)
            note = "restricted less free" if index else "percent of that with free arms"
            phase = "step" if name.startswith("yaw_range") else "stance"
            place = ("H7", f"restricted_{name}", phase, "y")
            yield athletes_row(place, change, f"{note}; at another speed and order")
