"""Surrogates of a study and what they are held against: what the figure of chance shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import NORMAL
from aqbio.stats.corrected import whole_step, whole_steps
from aqbio.stats.evidence import CELL, SIDED
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE
from aqbio.stats.step_statistics import step_pairs
from aqbio.stats.surrogates import compensation, paired_anew, shifted_opposition, surrogate_p

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SURROGATES = columns("surrogates")
Pair = tuple[float, FloatArray]
"""What was observed of an athlete, and what chance gives, (draws,)."""

DRAWS = 200
FEWEST = 3
"""Steps of an athlete's speed and side below which none is paired anew."""


def surrogate_numbers(curves: StudyCurves, steps: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """What was observed and what chance gives, `DRAWS` times.

    Parameters
    ----------
    curves : StudyCurves
        Step curves of the study; those in the normal condition are taken.
    steps : DataFrame
        hypotheses_steps.tsv

    Returns
    -------
    DataFrame
        Columns as in `SURROGATES`; a statistic that no athlete has is left out.
    """
    import pandas as pd

    random = np.random.default_rng(seed)
    shifted: list[Pair] = []
    paired: list[Pair] = []
    for athlete in curves.participants:
        own = _normal(athlete)
        if own.sizes["step"]:
            momentum = own[["angular_momentum"]].load()
            shifted += _shifted(own, momentum, steps, random)
            paired += _paired(momentum, own, steps, random)
    rows: list[dict[str, object]] = []
    for name, found, claimed in (("H1", shifted, 1.0), ("compensation", paired, -1.0)):
        if found:
            observed = float(np.mean([value for value, _ in found]))
            drawn = np.mean([drawn for _, drawn in found], axis=0)
            rows += _rows(name, (observed, len(found)), drawn, claimed)
    rows += _next_steps(steps, random)
    return pd.DataFrame(rows, columns=list(SURROGATES))


def _normal(athlete: xr.Dataset) -> xr.Dataset:
    if "condition" not in athlete:
        return athlete
    return athlete.isel(step=np.flatnonzero(athlete["condition"].values == NORMAL))


def _shifted(
    own: xr.Dataset, momentum: xr.Dataset, steps: pd.DataFrame, random: np.random.Generator
) -> Iterator[Pair]:
    """An athlete's mean of H1, and what as many steps with shifted waveforms give."""
    who = str(own["participant_id"].values[0])
    observed = steps.loc[steps["participant_id"] == who, "opposition_difference"].mean()
    times = own[["contact_s", "flight_s"]].to_dataframe()
    _, vertical, durations = whole_steps(times, momentum)
    if len(vertical) and np.isfinite(observed):
        drawn = np.mean(
            [
                shifted_opposition(*whole_step(*one), (SWING_ALONE, BOTH_LEGS), random, DRAWS)
                for one in zip(vertical, durations, strict=True)
            ],
            axis=0,
        )
        yield float(observed), drawn[:, 0] - drawn[:, 1]


def _paired(
    momentum: xr.Dataset, own: xr.Dataset, steps: pd.DataFrame, random: np.random.Generator
) -> Iterator[Pair]:
    """How far both legs compensate, and what steps paired anew give."""
    import pandas as pd

    keys = pd.DataFrame(
        {name: own[name].values for name in ("participant_id", "trial_id", "number")}
    )
    known = steps[["participant_id", "trial_id", "step", "level", "side"]]
    told = keys.merge(
        known, left_on=[*keys], right_on=["participant_id", "trial_id", "step"], how="left"
    )
    cell = told.groupby(SIDED, observed=True)["step"]
    full = (cell.transform("size") >= FEWEST).to_numpy()
    stance = momentum["angular_momentum"].sel(phase="stance", axis="y")
    one, other = (stance.sel(group=name).values for name in BOTH_LEGS.split())
    chosen = full & np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    if chosen.any():
        cells: IntArray = np.unique(cell.ngroup().to_numpy()[chosen], return_inverse=True)[1]
        ratio, drawn = compensation(one[chosen], other[chosen], cells, DRAWS, random)
        yield float(np.log(ratio)), np.log(drawn)


def _next_steps(steps: pd.DataFrame, random: np.random.Generator) -> Iterator[dict[str, object]]:
    """H3e: the correlation within athletes, and that of steps paired anew."""
    pairs = step_pairs(steps, size="none")
    x, y = pairs["x"].to_numpy(), pairs["y"].to_numpy()
    size = float(np.sqrt((x @ x) * (y @ y)))
    if len(pairs) > 1 and size > 0.0:
        cell: IntArray = np.asarray(pairs.groupby(CELL, observed=True).ngroup(), dtype=np.int64)
        drawn = np.array([float(x @ y[paired_anew(cell, random)]) / size for _ in range(DRAWS)])
        count = pairs["participant_id"].nunique()
        yield from _rows("H3e", (float(x @ y) / size, count), drawn, 1.0)


def _rows(
    name: str, found: tuple[float, int], drawn: FloatArray, claimed: float
) -> Iterator[dict[str, object]]:
    """Rows of a statistic: what was observed, of how many athletes, and what chance gives.

    ``claimed`` is the sign that the claim looks for beyond chance.
    """
    observed, count = found
    p = surrogate_p(claimed * observed, claimed * drawn)
    yield {
        "statistic": name, "kind": "observed", "value": observed, "p": p, "n_athletes": count
    }  # fmt: skip
    for value in drawn.tolist():
        yield {"statistic": name, "kind": "drawn", "value": value}
