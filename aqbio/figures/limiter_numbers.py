"""Speed over the strengths of both sides, both models of it, and power: what the figure shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.figures.limiter import FEWEST
from aqbio.io.dictionary import columns
from aqbio.stats.inference import Estimate
from aqbio.stats.limiter import linear_fit, minimum_fit, model_criteria
from aqbio.stats.power import AIM, power_of_test, with_athletes
from aqbio.stats.registry import Hypothesis
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd

LIMITER = columns("limiter")

COUNTS = (12, 16, 24, 32, 48, 64, 96, 128, 192)
DECIDES = 1.0
"""Ratio where the weaker side alone decides."""


def limiter_numbers(
    athletes: pd.DataFrame, verdicts: pd.DataFrame, power: pd.DataFrame, hypothesis: Hypothesis
) -> pd.DataFrame:
    """Everything that the figure of the limiter shows; empty below `FEWEST` athletes."""
    import pandas as pd

    own = athletes[athletes["hypothesis"] == hypothesis.id]
    wide = own.pivot_table("value", "participant_id", "column")
    names = ["push_capacity", "swing_capacity", "fastest"]
    if not set(names) <= set(wide) or len(wide.dropna(subset=names)) < FEWEST:
        return pd.DataFrame(columns=list(LIMITER))
    wide = wide.dropna(subset=names)
    push, swing, speed = (wide[name].to_numpy(dtype=float) for name in names)
    rows = [
        {"kind": "athlete", "name": str(name), "push": p, "swing": s, "value": v}
        for name, p, s, v in zip(wide.index, push, swing, speed, strict=True)
    ]
    rows += _models(push, swing, speed)
    [row] = verdicts[verdicts["hypothesis"] == hypothesis.id].to_dict("records")
    rows += [
        {"kind": "ratio", "name": name, "value": float(row[name])}
        for name in ("estimate", "ci_low", "ci_high", "smallest_effect")
    ]
    rows += _powers(power, hypothesis)
    rows.append({"kind": "aim", "value": AIM})
    return pd.DataFrame(rows, columns=list(LIMITER))


def _models(push: FloatArray, swing: FloatArray, speed: FloatArray) -> Iterator[dict[str, Any]]:
    """Parameters of both models, and criteria of all over the smallest one."""
    table = np.column_stack((np.ones(len(push)), push, swing))
    additive = linear_fit(table, speed).coefficients
    for name, value in zip(("constant", "push", "swing"), additive, strict=True):
        yield {"kind": "additive", "name": name, "value": float(value)}
    weaker = minimum_fit(push, swing, speed)
    for name in ("constant", "slope", "offset", "scale"):
        yield {"kind": "minimum", "name": name, "value": getattr(weaker, name)}
    criteria = model_criteria(push, swing, speed)
    least = min(criteria.values())
    for name, value in criteria.items():
        yield {"kind": "criterion", "name": name, "value": value - least}


def _powers(power: pd.DataFrame, hypothesis: Hypothesis) -> Iterator[dict[str, Any]]:
    """Power over the number of athletes, at a ratio of 1 and at the smallest one of interest."""
    rows = power[power["hypothesis"] == hypothesis.id].to_dict("records")
    for row in rows:
        now = Estimate(0.0, float(row["se"]), float(row["df"]))
        here = int(row["n_athletes"])
        if not (np.isfinite(now.se) and np.isfinite(float(row["power"]))):
            return  # with strengths that were tested once nothing can be said of power
        for ratio in (DECIDES, hypothesis.delta):
            aim = hypothesis.model_copy(update={"delta": ratio})
            for count in sorted({here, *COUNTS}):
                value = power_of_test(with_athletes(now, here, count), aim, float(row["alpha"]))
                yield {
                    "kind": "power", "name": f"{ratio:g}", "athletes": count, "value": value
                }  # fmt: skip
