"""The page of `benchmarks.segment_minutes`."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from benchmarks.segment_truth import LOADS, ROLES, SHOWN, TODAY, resampled, rms

RESULT = Path(__file__).parent / "results" / "segment_minutes.md"
USUAL, BEST, ALL = "run and quiet standing", "and the two best postures", "and all twelve postures"
OFTEN, OFTEN_BEST = f"{USUAL}, the run four times", f"{BEST}, the run four times"
WRONG = "twice as far as believed"
WORDS = SHOWN | {WRONG: WRONG}
BANDS = ((0.0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.9), (0.9, 1.01))
"""Of the share of a direction's variance that is left."""

HEAD = """\
# Two more minutes on a plate

Written by `python -m benchmarks.segment_minutes --athletes {athletes} --write` on {date}, aqbio
{version}. [What it means](../../docs/segments.md#two-more-minutes).

The {athletes} first athletes of [segment_truth.md](segment_truth.md), their true bodies and the
two beliefs, one run of 1 s each, read by plates (0.5 % each axis, 3 mm each contact, 3 N and
2 N m each frame), who also stand still on one: quietly, in the two of the postures
that promise most for them, and in all twelve. Poses are what markers show (each 6 mm from where
the calibration has it, 3 degrees from the posture asked for; those behind are not seen of a person
on the back), the centre of pressure is 3 mm off. Another truth is twice as far from the model as
the product believes: a wrong belief. H_y, means over whole contacts, kg m²/s, RMS: with the fit's
body on the true motion, and with the fit's own motion and body; over that of today's belief with
the usual recordings, with the 95 % interval of resampled athletes. Half widths of 95 % intervals as
far as the body's inertia makes them, and the share of contacts inside. *The run four times*: as if
its residuals were one independent observation in 0.05 s, where the product says 0.2.

"""
RATES = """

Rates of angular momentum and joint moments with the fit's motion and body, RMS over stances, N m,
means over athletes, over those of today's belief with the usual recordings.

"""
TOLD = """

What is told of where mass sits: every direction of all centres of mass, in which its belief and
what is left are independent of the other directions, by the share of its variance that is left.
Promised is 1 less that share; slope is how far the centres went on how far they had to go (1: told,
0: the belief is kept), with the 95 % interval of resampled athletes.

"""
SUMS = """

The same of sums: slope of how far H_y of a stance went on how far it had to go.

"""


def page(rows: pd.DataFrame, athletes: int) -> str:
    """Give the page of results."""
    date, version = time.strftime("%Y-%m-%d"), aqbio.__version__
    head = HEAD.format(athletes=athletes, date=date, version=version)
    return "".join([head, *_errors(rows), RATES, *_rates(rows), TOLD, *_directions(rows),
                    SUMS, *_sums(rows), *_suspect(rows)]) + "\n"  # fmt: skip


def _errors(rows: pd.DataFrame) -> list[str]:
    names = ("truth", "H_y", "belief", "recorded", "error", "over today", "with motion",
             "over today", "half width", "inside")  # fmt: skip
    lines = [row(names), "\n|" + " --- |" * len(names)]
    chosen = rows[rows["quantity"].isin(ROLES)]
    for (truth, quantity), some in chosen.groupby(["truth", "quantity"], sort=False):
        now = some[(some["belief"] == TODAY) & (some["recorded"] == USUAL)]
        for (belief, words), one in some.groupby(["belief", "recorded"], sort=False):
            cells = [WORDS[truth], quantity, belief, words]
            for error in ("error", "with_motion"):
                known = one[error].notna().all()
                cells += [f"{rms(one[error]):.3f}", ratio(one, now, error)] if known else ["", ""]
            inside = (one["error"].abs() <= one["half"]).groupby(one["seed"]).mean().to_numpy()
            lines.append(row([*cells, f"{one['half'].mean():.3f}", resampled(inside)]))
    return lines


def ratio(one: pd.DataFrame, now: pd.DataFrame, error: str) -> str:
    """Of root mean squares, with the 95 % interval over athletes."""
    squares = [(some[error] ** 2).groupby(some["seed"]).sum().to_numpy() for some in (one, now)]
    chosen = np.random.default_rng(0).integers(0, len(squares[0]), (2000, len(squares[0])))
    first, second = (some[chosen].sum(axis=1) for some in squares)
    low, high = np.quantile(np.sqrt(first / second), (0.025, 0.975))
    return f"{np.sqrt(squares[0].sum() / squares[1].sum()):.2f} ({low:.2f} to {high:.2f})"


def _rates(rows: pd.DataFrame) -> list[str]:
    some = rows[rows["quantity"].str.startswith(LOADS)]
    wide = some.pivot_table("error", ["truth", "quantity"], ["belief", "recorded"], sort=False)
    own = wide[(TODAY, USUAL)]
    others = [one for one in wide if one != (TODAY, USUAL)]
    names = ["truth", "quantity", f"{TODAY}, {USUAL}", *(", ".join(one) for one in others)]
    lines = [row(names), "\n|" + " --- |" * len(names)]
    for (truth, quantity), values in wide.iterrows():
        now = own[(truth, quantity)]
        cells = [WORDS[truth], quantity, f"{now:.3g}"]
        lines.append(
            row([*cells, *(f"{values[one] / now:.2f}" if values[one] == values[one] else ""
                           for one in others)])
        )  # fmt: skip
    return lines


def _directions(rows: pd.DataFrame) -> list[str]:
    names = (
        "truth",
        "belief",
        "recorded",
        "share left",
        "directions a person",
        "promised",
        "slope",
    )
    lines = [row(names), "\n|" + " --- |" * len(names)]
    some = rows[rows["quantity"] == "direction"]
    for (truth, belief, words), one in some.groupby(["truth", "belief", "recorded"], sort=False):
        for low, high in BANDS:
            band = one[(one["half"] >= low) & (one["half"] < high)]
            if len(band):
                cells = [WORDS[truth], belief, words, f"{low:g} to {min(high, 1.0):g}"]
                weight = band["before"] ** 2
                promised = ((1.0 - band["half"]) * weight).sum() / weight.sum()
                count = len(band) / one["seed"].nunique()
                lines.append(row([*cells, f"{count:.1f}", f"{promised:.2f}", slope(band)]))
    return lines


def slope(rows: pd.DataFrame) -> str:
    """Through the origin, with the 95 % interval over athletes."""
    both = (rows["before"] * rows["error"]).groupby(rows["seed"]).sum().to_numpy()
    square = (rows["before"] ** 2).groupby(rows["seed"]).sum().to_numpy()
    chosen = np.random.default_rng(0).integers(0, len(both), (2000, len(both)))
    low, high = np.quantile(both[chosen].sum(1) / square[chosen].sum(1), (0.025, 0.975))
    return f"{both.sum() / square.sum():.2f} ({low:.2f} to {high:.2f})"


def _sums(rows: pd.DataFrame) -> list[str]:
    """A sum had to go where its error before was, and went by what its error shrank."""
    names = ("truth", "belief", "recorded", *ROLES)
    lines = [row(names), "\n|" + " --- |" * len(names)]
    some = rows[rows["quantity"].isin(ROLES) & rows["recorded"].isin((USUAL, BEST))]
    for keys, one in some.groupby(["truth", "belief", "recorded"], sort=False):
        went = one.assign(error=one["before"] - one["error"])
        parts = went.groupby("quantity", sort=False)
        lines.append(row([WORDS[keys[0]], *keys[1:], *(slope(part) for _, part in parts)]))
    return lines


def _suspect(rows: pd.DataFrame) -> list[str]:
    some = rows[rows["quantity"] == "suspect"]
    share = some.groupby(["truth", "belief", "recorded"], sort=False)["error"].mean()
    words = [f"{WORDS[one[0]]}, {one[1]}, {one[2]}: {value:.2f}"
             for one, value in share.items() if value > 0]  # fmt: skip
    return ["\n\nFits that are suspect: ", "; ".join(words) or "none", "."]


def row(cells: list[str] | tuple[str, ...]) -> str:
    """A line of a table."""
    return f"\n| {' | '.join(cells)} |"
