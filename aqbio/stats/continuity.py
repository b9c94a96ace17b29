"""Claims about every instant of contact, "continuously" and "at the same time", as curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.names import ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE, side_matrix
from aqbio.stats.step_numbers import both_sides
from aqbio.stats.waveforms import ALPHA, FEWEST, Cluster, waveform
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import xarray as xr

WAVEFORMS = columns("waveforms")
"""Columns of the table."""

NO_CLUSTER = "no part of the curve differs from 0"
TOO_FEW = f"fewer than {FEWEST} athletes cannot reach {ALPHA:g}"


def opposed(momentum: FloatArray) -> FloatArray:
    """Opposition of both sides at every instant, (S, T): ``−2 H_S H_U / ⟨H_S² + H_U²⟩``.

    Positive where they turn in opposite directions; the mean over T reaches 1 where they are equal
    and opposite. Where the whole body's momentum is small it is positive in any case: the literal
    part of the claim, no evidence against other partitions.
    """
    push, swing = both_sides(momentum)
    return _over(-2.0 * push * swing, push**2 + swing**2)


def opposition_integrand(momentum: FloatArray) -> FloatArray:
    """What every instant adds to the difference of opposition indices that H1 tests, (S, T).

    ``(|S| + |H − S| − |L| − |H − L|) / ⟨Σ|H_g|⟩`` with swing leg S, both legs L and total H, whose
    size is in both indices and cancels.
    """
    total = momentum.sum(axis=-1, keepdims=True)
    side = _sides(momentum, SWING_ALONE, BOTH_LEGS)
    apart = np.abs(side) + np.abs(total - side)
    return _over(apart[..., 0] - apart[..., 1], np.abs(momentum).sum(axis=-1))


def _sides(momentum: FloatArray, *names: str) -> FloatArray:
    """Sums over the groups of two sides, (S, T, 2); NaN in a group outside of both is no matter."""
    used = [group in " ".join(names).split() for group in ROLE_GROUPS]
    sides: FloatArray = momentum[..., used] @ side_matrix(names)[used]
    return sides


def _over(values: FloatArray, size: FloatArray) -> FloatArray:
    """Curves over the mean size of their step; NaN where that is 0."""
    mean = size.mean(axis=-1, keepdims=True)
    ratio: FloatArray = values / np.where(mean > 0.0, mean, np.nan)
    return ratio


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim about every instant of contact."""

    hypothesis: str
    variable: str
    """Of the step dataset."""
    curve: Callable[[FloatArray], FloatArray]
    """function. From momenta to curves that are positive where the claim holds."""


CLAIMS = {
    "opposed_momentum": Claim("H1", "angular_momentum", opposed),
    "opposition_difference": Claim("H1", "angular_momentum", opposition_integrand),
    "opposed_rate": Claim("H10", "angular_momentum_rate", opposed),
}
"""By name of the curve. "At the same time" is said of what acts, so of rates, which are moments."""


def claim_curves(evidence: Evidence) -> xr.DataArray:
    """Athletes' mean curves about the vertical in contact (curve, athlete, percent).

    Means over steps that are known throughout; NaN for athletes without any.
    """
    import xarray as xr

    names = [str(name) for name in evidence.athletes.index]
    found: dict[str, dict[str, FloatArray]] = {}
    for athlete, _, signals in evidence.by_athlete():
        for name, claim in CLAIMS.items():
            if claim.variable in signals:
                chosen = signals[claim.variable].sel(
                    phase="stance", axis="y", group=list(ROLE_GROUPS)
                )
                ordered = chosen.transpose("step", "percent", "group").values.astype(float)
                found.setdefault(name, {})[athlete] = _step_mean(claim.curve(ordered))
    points = max((len(one) for own in found.values() for one in own.values()), default=0)
    missing = np.full(points, np.nan)
    values = [[own.get(athlete, missing) for athlete in names] for own in found.values()]
    return xr.DataArray(
        np.array(values).reshape(len(found), len(names), points),
        coords={
            "curve": list(found),
            "athlete": names,
            "percent": np.linspace(0.0, 100.0, points),
        },
        name="claim_curves",
    )


def _step_mean(by_step: FloatArray) -> FloatArray:
    """Mean over the steps that are known throughout; NaN without any."""
    known = by_step[np.isfinite(by_step).all(axis=1)]
    mean: FloatArray = known.mean(axis=0) if len(known) else np.full(by_step.shape[1], np.nan)
    return mean


def waveform_table(evidence: Evidence, seed: int) -> pd.DataFrame:
    """One row per curve and cluster, one of a curve without any; p holds for a curve as a whole."""
    return cluster_table(claim_curves(evidence), seed)


def cluster_table(curves: xr.DataArray, seed: int) -> pd.DataFrame:
    """The table of :func:`waveform_table` from the curves of :func:`claim_curves`."""
    import pandas as pd

    rows = [row for name in curves["curve"].values for row in _rows(curves.sel(curve=name), seed)]
    return pd.DataFrame(rows, columns=list(WAVEFORMS))


def _rows(curve: xr.DataArray, seed: int) -> list[dict[str, object]]:
    name = str(curve["curve"].item())
    values = curve.values.astype(float)
    found = waveform(values, seed)
    mean = values[np.isfinite(values).all(axis=1)].mean(axis=0) if found.n_athletes else found.t
    every = {
        "hypothesis": CLAIMS[name].hypothesis,
        "curve": name,
        "n_athletes": found.n_athletes,
        "share_predicted": found.share(1),
    }
    if not found.clusters:
        return [every | {"note": TOO_FEW if found.n_athletes < FEWEST else NO_CLUSTER}]
    percent = curve["percent"].values
    return [every | _cluster_numbers(one, percent, mean) for one in found.clusters]


def _cluster_numbers(one: Cluster, percent: FloatArray, mean: FloatArray) -> dict[str, object]:
    return {
        "from_percent": float(percent[one.start]),
        "to_percent": float(percent[one.stop - 1]),
        "sign": one.sign,
        "mass": one.mass,
        "mean": float(mean[one.start : one.stop].mean()),
        "p": one.p,
    }
