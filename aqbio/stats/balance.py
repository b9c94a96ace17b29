"""Secondary statistics of H1 and H2: other axes, rates, flight, chains, steps against steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.corrected import shift_expectation, vertical_momentum
from aqbio.stats.curve_means import CHAINS, HALVES, SIDES
from aqbio.stats.evidence import SIDED, Evidence
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE, partition_names, ranks
from aqbio.stats.row import Row, athletes_row, number_row
from aqbio.stats.surrogates import compensation, partition_variances, surrogate_p
from aqbio.vectors import FloatArray, IntArray

if TYPE_CHECKING:
    import xarray as xr

PHASES = ("stance", "flight")
PAIRS = (
    ("arms", "push_leg"),
    ("torso", "push_leg"),
    ("arms", "swing_leg"),
    ("push_leg", "swing_leg"),
)
"""Pairs whose signs the articles or the classical view predict."""
FEWEST_STEPS = 3
"""Steps of a cell below which steps are not paired anew."""


def balance_rows(evidence: Evidence, means: xr.Dataset, draws: int, seed: int) -> Iterator[Row]:
    """Secondary statistics of H1.

    Parameters
    ----------
    means : xarray.Dataset
        From `aqbio.stats.curve_means.curve_means`.
    draws, seed : int
        Of the surrogates.
    """
    if "opposition" in means:
        yield from _curve_rows(evidence, means, seed)
    if "odd_one_out" in means:
        yield from chain_rows(means)
    yield from limb_rows(evidence, draws, seed)


def _curve_rows(evidence: Evidence, means: xr.Dataset, seed: int) -> Iterator[Row]:
    for phase in PHASES:
        for axis in AXES:
            yield from _partition_rows(means, phase, axis)
    for name in HALVES:
        place = ("H1", f"opposition_difference_impulse_{name}_half", "stance", "y")
        yield athletes_row(place, means["half_difference"].sel(half=name))
    shifted = shift_expectation(evidence, seed)
    place = ("H1", "opposition_difference_shifted", "stance", "y")
    yield athletes_row(place, shifted, "waveforms shifted in time at random")
    place = ("H1", "opposition_difference_corrected", "stance", "y")
    own = evidence.means("opposition_difference").to_numpy()
    yield athletes_row(place, own - shifted.to_numpy(), "less what shifted waveforms give")
    for name in SIDES:
        place = ("H1", f"coherence_{name}", "stance", "y")
        yield athletes_row(place, means["coherence"].sel(side=name))
    for name in ("longest_opposed_share", "continuously_opposed_steps"):
        yield athletes_row(("H1", name, "stance", "y"), means[name])
    for phase in PHASES:
        for name in ("correlation_with_rest", "correlation_forced_by_total"):
            yield athletes_row(("H1", name, phase, "y"), means[name].sel(phase=phase))


def _partition_rows(means: xr.Dataset, phase: str, axis: str) -> Iterator[Row]:
    for quantity in means["quantity"].values.tolist():
        index = means["opposition"].sel(quantity=quantity, phase=phase, axis=axis)
        alone, legs = (index.sel(partition=name) for name in (SWING_ALONE, BOTH_LEGS))
        if (quantity, phase, axis) == ("momentum", "stance", "y"):
            yield athletes_row(("H1", "opposition_swing_alone", phase, axis), alone)
            yield athletes_row(("H1", "opposition_both_legs", phase, axis), legs)
        else:
            place = ("H1", f"opposition_difference_{quantity}", phase, axis)
            yield athletes_row(place, alone - legs)
        rank = ranks(index.values)[:, partition_names().index(SWING_ALONE)]
        known = rank[np.isfinite(rank)]
        middle = float(np.median(known)) if len(known) else np.nan
        yield number_row(("H1", f"median_rank_{quantity}", phase, axis), middle, len(known))


def chain_rows(means: xr.Dataset) -> Iterator[Row]:
    """Which chain is opposed to both others at the pelvis, against labels given at random."""
    share = means["odd_one_out"]
    for name in CHAINS:
        place = ("H1", f"odd_one_out_{name}", "stance", "y")
        yield athletes_row(place, share.sel(chain=name), "one third by chance")
    best = share.sel(chain=["stance", "upper"]).max("chain", skipna=False)
    place = ("H1", "odd_one_out_swing_minus_best_other", "stance", "y")
    away = share.sel(chain="swing") - best
    yield athletes_row(place, away, "smallest effect of interest 0.10")


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
    names, squares = partition_names(), []
    repeated = False
    for _, steps, curves in evidence.by_athlete():
        stance = vertical_momentum(curves)[:, 0]
        known = np.isfinite(stance).all(axis=(1, 2))
        if known.any():
            cell: IntArray = np.asarray(
                steps[known].groupby(SIDED, observed=True).ngroup(), dtype=np.int64
            )
            repeated |= len(cell) > len(np.unique(cell))
            squares.append(partition_variances(stance[known], cell, names))
    if not repeated:
        return
    total, sides = np.sum(squares, axis=0)
    ratios = total / sides
    note = "small for every partition, for the total is small"
    for name in (SWING_ALONE, BOTH_LEGS):
        place = ("H1", f"compensation_{name.replace(' ', '_')}", "stance", "y")
        yield number_row(place, float(ratios[names.index(name)]), len(squares), note)
    place = ("H1", "compensation_median_partition", "stance", "y")
    yield number_row(place, float(np.median(ratios)), len(squares), note)


def limb_compensation(evidence: Evidence, draws: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Logarithm of the variance of both legs' sum between steps over the sum of variances.

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
    legs = [ROLE_GROUPS.index(name) for name in BOTH_LEGS.split()]
    names = list(evidence.athletes.index)
    values, drawn = np.full(len(names), np.nan), np.full((len(names), draws), np.nan)
    for name, steps, curves in evidence.by_athlete():
        stance = vertical_momentum(curves)[:, 0][..., legs]
        cell = steps.groupby(SIDED, observed=True)
        full = (cell["step"].transform("size") >= FEWEST_STEPS).to_numpy()
        own = full & np.isfinite(stance).all(axis=(1, 2))
        if own.any():
            cells = np.unique(cell.ngroup().to_numpy()[own], return_inverse=True)[1]
            one, other = (stance[own][..., leg] for leg in range(2))
            ratio, repaired = compensation(one, other, cells, draws, random)
            athlete = names.index(name)
            values[athlete], drawn[athlete] = np.log(ratio), np.log(repaired)
    return values, drawn


def sign_rows(evidence: Evidence, means: xr.Dataset) -> Iterator[Row]:
    """Secondary statistics of H2: cosines of pairs at both levels and about all axes."""
    if "cosine" not in means:
        return
    for phase in PHASES:
        for axis in AXES:
            for quantity in means["quantity"].values.tolist():
                table = means["cosine"].sel(quantity=quantity, phase=phase, axis=axis)
                for pair in PAIRS:
                    place = ("H2", f"cosine_{'_'.join(pair)}_{quantity}", phase, axis)
                    note = "set by geometry" if pair == PAIRS[3] and axis == "y" else ""
                    yield athletes_row(place, table.sel(group=pair[0], other=pair[1]), note)
    place = ("H2", "half_cosine_difference", "stance", "y")
    yield athletes_row(place, means["half_cosine_difference"])
    place = ("H2", "cosine_wrist_line_ankle_line_rate", "stance", "y")
    own = evidence.means("line_rate_cosine")
    yield athletes_row(place, own, "H2b: the charitable reading")
    place = ("H2", "wrist_line_with_ankle_line_share", "stance", "y")
    note = "H2b: share of contact in which both lines turn the same way; 0.5 by chance"
    yield athletes_row(place, evidence.means("line_share"), note)
    if "hub_cosine" in means:
        for number, one in enumerate(CHAINS):
            for other in list(CHAINS)[:number]:
                place = ("H2", f"cosine_{other}_{one}_hub_torque", "stance", "y")
                yield athletes_row(place, means["hub_cosine"].sel(chain=other, other_chain=one))
