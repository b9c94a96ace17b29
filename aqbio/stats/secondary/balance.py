"""Secondary statistics of H1 and H2: other axes, rates, flight, chains, steps against steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.athletes import cells, group_means
from aqbio.stats.corrected import shift_expectation
from aqbio.stats.evidence import CHAINS, Evidence
from aqbio.stats.partitions import (
    BOTH_LEGS,
    SWING_ALONE,
    coherence,
    cosines,
    implied_correlation,
    opposed_share,
    opposition,
    partition_names,
    ranks,
    together_share,
)
from aqbio.stats.secondary.row import Row, athletes_row, number_row, steps_row
from aqbio.stats.surrogates import compensation, partition_compensation, surrogate_p

PHASES = ("stance", "flight")
PAIRS = (
    ("arms", "push_leg"),
    ("torso", "push_leg"),
    ("arms", "swing_leg"),
    ("push_leg", "swing_leg"),
)
"""Pairs whose signs the articles or the classical view predict."""
CONTINUOUS = 0.90
"""Unbroken share of stance that "continuously" asks for."""
FEWEST_STEPS = 3
"""Steps of a cell below which steps are not paired anew."""


def balance_rows(evidence: Evidence, draws: int, seed: int) -> Iterator[Row]:
    """Secondary statistics of H1."""
    for phase in PHASES:
        for axis in AXES:
            yield from _partition_rows(evidence, phase, axis)
    yield from _halves(evidence)
    yield from _shift_rows(evidence, seed)
    yield from _side_rows(evidence)
    yield from chain_rows(evidence)
    yield from limb_rows(evidence, draws, seed)


def _curves(evidence: Evidence, phase: str, axis: str, *, rate: bool = False) -> FloatArray:
    """(S, 101, G) momenta or rates about one axis in one phase."""
    values = evidence.steps.rate if rate else evidence.steps.momentum
    return values[:, PHASES.index(phase), :, :, AXES.index(axis)]


def _partition_rows(evidence: Evidence, phase: str, axis: str) -> Iterator[Row]:
    names = partition_names()
    alone, legs = names.index(SWING_ALONE), names.index(BOTH_LEGS)
    for quantity, rate in (("momentum", False), ("rate", True)):
        index = opposition(_curves(evidence, phase, axis, rate=rate), names)
        if quantity == "momentum" and phase == "stance" and axis == "y":
            yield steps_row(
                evidence, ("H1", "opposition_swing_alone", phase, axis), index[:, alone]
            )
            yield steps_row(evidence, ("H1", "opposition_both_legs", phase, axis), index[:, legs])
        else:
            away = index[:, alone] - index[:, legs]
            yield steps_row(
                evidence, ("H1", f"opposition_difference_{quantity}", phase, axis), away
            )
        who, count = evidence.steps.athlete, len(evidence.athletes.name)
        means = np.stack([group_means(column, who, count) for column in index.T], axis=1)
        place = ranks(means)[:, alone]
        known = place[np.isfinite(place)]
        middle = float(np.median(known)) if len(known) else np.nan
        yield number_row(("H1", f"median_rank_{quantity}", phase, axis), middle, len(known))


def _halves(evidence: Evidence) -> Iterator[Row]:
    """Impulses over the first and the second half of stance: changes of momentum."""
    curves = _curves(evidence, "stance", "y")
    for name, start, end in (("first", 0, 50), ("second", 50, 100)):
        change = (curves[:, end] - curves[:, start])[:, None]
        index = opposition(change, (SWING_ALONE, BOTH_LEGS))
        yield steps_row(
            evidence,
            ("H1", f"opposition_difference_impulse_{name}_half", "stance", "y"),
            index[:, 0] - index[:, 1],
        )


def _shift_rows(evidence: Evidence, seed: int) -> Iterator[Row]:
    index = opposition(_curves(evidence, "stance", "y"), (SWING_ALONE, BOTH_LEGS))
    who, count = evidence.steps.athlete, len(evidence.athletes.name)
    found = group_means(index[:, 0] - index[:, 1], who, count)
    shifted = shift_expectation(evidence, seed)
    place = ("H1", "opposition_difference_shifted", "stance", "y")
    yield athletes_row(place, shifted, "waveforms shifted in time at random")
    place = ("H1", "opposition_difference_corrected", "stance", "y")
    yield athletes_row(place, found - shifted, "less what shifted waveforms give")


def _side_rows(evidence: Evidence) -> Iterator[Row]:
    swing = ROLE_GROUPS.index(SWING_ALONE)
    rest = [place for place in range(len(ROLE_GROUPS)) if place != swing]
    legs = [ROLE_GROUPS.index(name) for name in BOTH_LEGS.split()]
    upper = [place for place in range(len(ROLE_GROUPS)) if place not in legs]
    stance = _curves(evidence, "stance", "y")
    for name, members in (("swing_leg_rest", rest), ("both_legs", legs), ("upper", upper)):
        place = ("H1", f"coherence_{name}", "stance", "y")
        yield steps_row(evidence, place, coherence(stance[..., members]))
    unbroken = opposed_share(stance[..., swing], stance.sum(axis=-1))
    known = np.isfinite(stance).all(axis=(1, 2))
    unbroken = np.where(known, unbroken, np.nan)
    yield steps_row(evidence, ("H1", "longest_opposed_share", "stance", "y"), unbroken)
    often = np.where(known, (unbroken >= CONTINUOUS).astype(float), np.nan)
    yield steps_row(evidence, ("H1", "continuously_opposed_steps", "stance", "y"), often)
    for phase in PHASES:
        curves = _curves(evidence, phase, "y")
        side, total = curves[..., swing], curves.sum(axis=-1)
        yield steps_row(
            evidence, ("H1", "correlation_with_rest", phase, "y"), _correlation(side, total - side)
        )
        yield steps_row(
            evidence,
            ("H1", "correlation_forced_by_total", phase, "y"),
            implied_correlation(side, total),
        )


def _correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    a, b = (values - values.mean(axis=-1, keepdims=True) for values in (one, other))
    r: FloatArray = (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return r


def odd_one_out(torque: FloatArray) -> FloatArray:
    """Share of the time in which each of three chains is opposed to both others.

    Parameters
    ----------
    torque : (..., T, 3) array

    Returns
    -------
    (..., 3) array
        Sums to 1 where no torque is zero; NaN where one is missing.

    Examples
    --------
    >>> odd_one_out(np.array([[1.0, -3.0, 2.0], [-1.0, -1.0, 2.0]]))
    array([0. , 0.5, 0.5])
    """
    sign = np.sign(torque)
    odd = (sign * sign.sum(axis=-1, keepdims=True) < 0) & (sign != 0)
    share: FloatArray = odd.mean(axis=-2)
    share[~np.isfinite(torque).all(axis=(-2, -1))] = np.nan
    return share


def chain_rows(evidence: Evidence) -> Iterator[Row]:
    """Which chain is opposed to both others at the pelvis, against labels given at random."""
    share = odd_one_out(evidence.steps.hub_torque)
    for column, name in enumerate(CHAINS):
        place = ("H1", f"odd_one_out_{name}", "stance", "y")
        yield steps_row(evidence, place, share[:, column], "one third by chance")
    swing = CHAINS.index("swing")
    others = np.delete(share, swing, axis=1)
    place = ("H1", "odd_one_out_swing_minus_best_other", "stance", "y")
    who, count = evidence.steps.athlete, len(evidence.athletes.name)
    means = np.stack([group_means(column, who, count) for column in others.T], axis=1)
    own = group_means(share[:, swing], who, count)
    yield athletes_row(place, own - means.max(axis=1), "smallest effect of interest 0.10")


def limb_rows(evidence: Evidence, draws: int, seed: int) -> Iterator[Row]:
    """Whether the swing leg takes away in a step what the push leg has too much in that step."""
    yield from _partition_compensations(evidence)
    values, drawn = limb_compensation(evidence, draws, seed)
    place = ("H1", "log_limb_compensation", "stance", "y")
    note = "push leg against swing leg; below 0: compensated within steps"
    yield athletes_row(place, values, note)
    known = np.isfinite(values)
    if known.any():
        p = surrogate_p(-float(values[known].mean()), -drawn[known].mean(axis=0))
        place = ("H1", "log_limb_compensation_p", "stance", "y")
        yield number_row(place, p, int(known.sum()), "steps paired anew, one-sided")


def _partition_compensations(evidence: Evidence) -> Iterator[Row]:
    steps = evidence.steps
    curves = _curves(evidence, "stance", "y")
    known = np.isfinite(curves).all(axis=(1, 2))
    if not known.any():
        return
    cell, owner = cells(steps.athlete[known], (2 * steps.level + steps.side)[known])
    if len(cell) == len(owner):
        return
    names = partition_names()
    ratios = partition_compensation(curves[known], cell, names)
    count = len(np.unique(owner))
    note = "small for every partition, for the total is small"
    for name in (SWING_ALONE, BOTH_LEGS):
        place = ("H1", f"compensation_{name.replace(' ', '_')}", "stance", "y")
        yield number_row(place, float(ratios[names.index(name)]), count, note)
    place = ("H1", "compensation_median_partition", "stance", "y")
    yield number_row(place, float(np.median(ratios)), count, note)


def limb_compensation(evidence: Evidence, draws: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Logarithm of the variance of both legs' sum between steps over the sum of variances.

    Parameters
    ----------
    evidence : Evidence
    draws : int
    seed : int

    Returns
    -------
    values : (A,) array
        Below 0 where both legs compensate each other from step to step, 0 where they do not.
    drawn : (A, draws) array
        The same of steps paired anew.

    Notes
    -----
    Both legs alone: the sum of a side and the rest is the total for every partition, so that it is
    small for all of them whatever the athlete does.
    """
    random = np.random.default_rng(seed)
    steps = evidence.steps
    curves = _curves(evidence, "stance", "y")
    legs = [ROLE_GROUPS.index(name) for name in BOTH_LEGS.split()]
    cell, _ = cells(steps.athlete, 2 * steps.level + steps.side)
    full = np.bincount(cell, minlength=int(cell.max(initial=0)) + 1)[cell] >= FEWEST_STEPS
    usable = full & np.isfinite(curves[..., legs]).all(axis=(1, 2))
    values = np.full(len(evidence.athletes.name), np.nan)
    drawn = np.full((len(values), draws), np.nan)
    for athlete in np.unique(steps.athlete[usable]):
        own = usable & (steps.athlete == athlete)
        one, other = (curves[own][..., leg] for leg in legs)
        places = np.unique(cell[own], return_inverse=True)[1]
        ratio, repaired = compensation(one, other, places, draws, random)
        values[athlete], drawn[athlete] = np.log(ratio), np.log(repaired)
    return values, drawn


def sign_rows(evidence: Evidence) -> Iterator[Row]:
    """Secondary statistics of H2: cosines of pairs at both levels and about all axes."""
    for phase in PHASES:
        for axis in AXES:
            for quantity, rate in (("momentum", False), ("rate", True)):
                table = cosines(_curves(evidence, phase, axis, rate=rate))
                for pair in PAIRS:
                    one, other = (ROLE_GROUPS.index(name) for name in pair)
                    place = ("H2", f"cosine_{'_'.join(pair)}_{quantity}", phase, axis)
                    note = "set by geometry" if pair == PAIRS[3] and axis == "y" else ""
                    yield steps_row(evidence, place, table[:, one, other], note)
    table = cosines(_curves(evidence, "stance", "y"))
    arms, push, swing = (ROLE_GROUPS.index(name) for name in ("arms", "push_leg", "swing_leg"))
    both = 0.5 * (table[:, arms, push] - table[:, push, swing])
    yield steps_row(evidence, ("H2", "half_cosine_difference", "stance", "y"), both)
    if {"wrists", "ankles"} <= set(evidence.line_rates):
        lines = np.stack([evidence.line_rates[name] for name in ("wrists", "ankles")], axis=-1)
        place = ("H2", "cosine_wrist_line_ankle_line_rate", "stance", "y")
        yield steps_row(evidence, place, cosines(lines)[:, 0, 1], "H2b: the charitable reading")
        place = ("H2", "wrist_line_with_ankle_line_share", "stance", "y")
        note = "H2b: share of contact in which both lines turn the same way; 0.5 by chance"
        yield steps_row(evidence, place, together_share(lines), note)
    torque = evidence.steps.hub_torque
    chains = cosines(torque)
    for one in range(len(CHAINS)):
        for other in range(one):
            place = ("H2", f"cosine_{CHAINS[other]}_{CHAINS[one]}_hub_torque", "stance", "y")
            yield steps_row(evidence, place, chains[:, other, one])
