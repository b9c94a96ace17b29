"""The page that tells how near the truth bodies are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

import aqbio
from benchmarks.body_outcomes import OWN_MASSES, TRUE_MASSES
from validation.bodies import CLUSTERS_ALONE, FULL

INTERVAL = 1.959964
STATIC = "static trial"
LIMITS = {FULL.name: (4.0, 6.0, 9.0, 2.2), CLUSTERS_ALONE.name: (7.0, 7.0, 11.0, 2.5)}
"""Of RMSE: lengths of limbs, hip width, joint centres (mm), angle offsets (degrees)."""
LIMITED = ("length", "hip width", "centre", "angle")
COVERED, LEAST_COVERED = (0.92, 0.98), 0.88
ALL_CASES = "all cases together"
WHOLE = 200
"""People of the whole study."""

HEAD = """\
# Bodies against the truth

Written by `python -m benchmarks.body_calibration --athletes {athletes} --write` on {date}, aqbio
{version}. [What is believed](../../docs/body.md).

{people} of {whole} virtual people that the study asks for, whose sizes, hinge axes, marker places
and skin are not drawn from the calibration's priors ({counts};
`validation/bodies.py`): sizes 4.5 % along and 6 % across from the template's,
landmarks 10 mm and markers of clusters 30 mm off, hinge axes 3 degrees off, skin of
16 mm at the thigh that is locked to the step; a static trial and two runs of a second each.

*{static}*: OpenSim's scaling from the static trial, which was the product's way before, on the same
people without the third markers of clusters (`body_static_trial.tsv`, made at commit f524720 by
`python -m benchmarks.body_static_trial 40`). *one leg hidden*: no marker on the left leg;
lengths of both sides, angles and centres of the right. Poses are those of
stage `solve`: plain inverse kinematics, which takes all markers alike. Limits are judged before
numbers are rounded, and coverage that is not between 0.92 and 0.98 over all lengths and offsets, or
below 0.88 for any, misses its limit: wide intervals are no merit either.
"""

BODIES = """
## {case}

Cells: RMSE / bias / coverage of the 95 % interval / half its width (median). Centres: distance in
the ground (RMS). Lengths and centres in mm, offsets (mean over the runs, from inverse kinematics on
the body) in degrees. Every number counts once per person and side; of the {static} only RMSE.
"""

OUTCOMES = """
## What it does to what is computed: {masses}

RMS errors over the stances of the fast run, under the true ground forces, root mean square over all
{people} people; in brackets the ratio to the static trial's and its 95 % interval (bootstrap over
people). H_y in kg m²/s, all else in N m; level B: moment of a chain on the pelvis; level C: rate of
the whole body's angular momentum by a leg's joints; all about the vertical but joint moments.
{what}
"""
WHAT = {
    TRUE_MASSES: "Masses, their centres and inertias are the true ones: what size and posture do.",
    OWN_MASSES: "Masses, centres and inertias as the way itself finds them. The true ones follow "
    "the true sizes,\nwith densities 5 % apart: how else a person's mass sits is another study's.",
}


def page(rows: pd.DataFrame, static: pd.DataFrame) -> str:
    """The page of results.

    Parameters
    ----------
    rows : DataFrame
        Errors: case, seed, way, group, quantity, error, sd.
    static : DataFrame
        The same of the same people, scaled from the static trial.
    """
    counts = rows.groupby("case", sort=False)["seed"].nunique()
    head = HEAD.format(
        athletes=counts.iloc[0],
        people=counts.sum(),
        whole=WHOLE,
        date=time.strftime("%Y-%m-%d"),
        version=aqbio.__version__,
        counts="; ".join(f"{name}: {count}" for name, count in counts.items()),
        static=STATIC,
    )
    both = pd.concat([rows, static])  # in the order of the rows
    lines = [head, *_limit_lines(rows)]
    for masses in WHAT:
        lines += _outcome_lines(both[both["group"] == masses], masses, int(counts.sum()))
    shown = both[~both["group"].isin(list(WHAT))]
    for case in (ALL_CASES, *dict.fromkeys(rows["case"])):
        lines += _case_lines(shown if case == ALL_CASES else shown[shown["case"] == case], case)
    return "\n".join(lines) + "\n"


def summary(rows: pd.DataFrame) -> dict[str, float]:
    """RMSE, bias, half width of the 95 % interval, z and coverage of some errors."""
    error, sd = rows["error"].to_numpy(), rows["sd"].to_numpy()
    z = error / sd
    return {
        "RMSE": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "half width": INTERVAL * float(np.median(sd)),
        "z": float(np.sqrt((z**2).mean())),
        "coverage": float((np.abs(z) < INTERVAL).mean()) if np.isfinite(sd).all() else np.nan,
    }


def _limit_lines(rows: pd.DataFrame) -> Iterator[str]:
    """Limits beside what was found, pooled over the quantities of a group."""
    yield "## Limits\n"
    yield "| case | way | lengths, mm | hip width | centres | offsets, ° | coverage, least |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for way, limits in LIMITS.items():
        own = rows[rows["way"] == way]
        if own.empty:
            continue
        for case, some in [(ALL_CASES, own), *own.groupby("case", sort=False)]:
            cells = [
                _limit_cell(some[some["group"] == group], limit)
                for group, limit in zip(LIMITED, limits, strict=True)
            ]
            yield f"| {case} | {way} | " + " | ".join([*cells, _coverage_cell(some)]) + " |"


def _limit_cell(rows: pd.DataFrame, limit: float) -> str:
    value = summary(rows)["RMSE"]
    return f"{value:.1f} of {limit:g}: {_verdict(holds=value <= limit)}"


def _coverage_cell(rows: pd.DataFrame) -> str:
    stated = rows[np.isfinite(rows["sd"])]
    pooled = summary(stated)["coverage"]
    least = {name: summary(part)["coverage"] for name, part in stated.groupby("quantity")}
    worst = min(least, key=lambda name: least[name])
    low, high = COVERED
    met = low <= pooled <= high and least[worst] >= LEAST_COVERED
    return f"{pooled:.2f}, {worst} {least[worst]:.2f}: {_verdict(holds=met)}"


def _verdict(*, holds: bool) -> str:
    return "met" if holds else "**missed**"


def _outcome_lines(rows: pd.DataFrame, masses: str, people: int) -> Iterator[str]:
    """Errors of outcomes by way, with ratios to those of the static trial."""
    if rows.empty:
        return
    ways = [way for way in dict.fromkeys(rows["way"]) if way != STATIC]
    yield OUTCOMES.format(masses=masses, people=people, what=WHAT[masses])
    yield f"| quantity | {STATIC} | " + " | ".join(ways) + " |"
    yield "| --- | --- |" + " --- |" * len(ways)
    for quantity, some in rows.groupby("quantity", sort=False):
        table = some.pivot_table(index=["case", "seed"], columns="way", values="error").dropna()
        base = table[STATIC].to_numpy()
        cells = [_ratio_cell(table[way].to_numpy(), base) for way in ways]
        yield f"| {quantity} | {_digits(_rms(base))} | " + " | ".join(cells) + " |"


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def _digits(value: float) -> str:
    return f"{value:.3f}" if value < 2.0 else f"{value:.1f}"


def _ratio_cell(values: np.ndarray, base: np.ndarray) -> str:
    """RMS, its ratio to the base's, and the ratio's bootstrap interval over people."""
    drawn = np.random.default_rng(0).integers(0, len(base), (2000, len(base)))
    ratios = np.sqrt((values[drawn] ** 2).mean(axis=1) / (base[drawn] ** 2).mean(axis=1))
    low, high = np.quantile(ratios, (0.025, 0.975))
    ratio = _rms(values) / _rms(base)
    return f"{_digits(_rms(values))} ({ratio:.2f}, {low:.2f} to {high:.2f})"


def _case_lines(rows: pd.DataFrame, case: str) -> Iterator[str]:
    ways = sorted(dict.fromkeys(rows["way"]), key=lambda way: way != STATIC)
    yield BODIES.format(case=case.capitalize(), static=STATIC)
    yield "| quantity | " + " | ".join(ways) + " |"
    yield "| --- |" + " --- |" * len(ways)
    for quantity in dict.fromkeys(rows["quantity"]):
        some = rows[rows["quantity"] == quantity]
        yield f"| {quantity} | " + " | ".join(_cells(some, ways)) + " |"


def _cells(rows: pd.DataFrame, ways: Sequence[str]) -> Iterator[str]:
    for way in ways:
        some = rows[rows["way"] == way]
        yield _cell(some) if len(some) else "-"


def _cell(rows: pd.DataFrame) -> str:
    found, group = summary(rows), rows["group"].iloc[0]
    if group in ("centre", "time") or rows["way"].iloc[0] == STATIC:
        return f"{found['bias' if group == 'time' else 'RMSE']:.1f}"
    cell = f"{found['RMSE']:.1f} / {found['bias']:+.1f}"
    if np.isfinite(found["coverage"]):
        cell += f" / {found['coverage']:.2f} / {found['half width']:.1f}"
    return cell
