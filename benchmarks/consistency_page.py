"""Gates and tables of `benchmarks.consistency_truth`, for readers."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.provenance import git_commit, versions
from benchmarks.consistency_truth import (
    ARMS,
    PLAIN,
    QUANTITIES,
    SEEDS,
    SETTINGS,
    SURE,
    Findings,
    Setting,
    findings,
    ratios,
    root_mean_square_parameters,
)

RESULTS = Path(__file__).parent / "results"
BLIND = (SETTINGS[2].name, SETTINGS[-1].name)
"""Recordings in which contacts are left out: the usual ones, and those of masses on springs."""


def gates(found: Findings, setting: str) -> pd.DataFrame:
    """Gates of the method at one setting: what was found, its limit, whether it holds."""
    by_weights = ratios(found).loc[setting]
    default, tight = by_weights.iloc[0], by_weights.loc["3/1"]
    of_default = found.coverage["weights"] == found.errors["weights"].iloc[0]
    own = found.coverage[of_default & (found.coverage["setting"] == setting)].groupby("of")
    held = own.mean(numeric_only=True).loc["coverage"]
    rows = [
        ("H total, share of plain", default["total"], "<=", 0.40),
        ("H leg", default["leg"], "<=", 0.75),
        ("H torso", default["torso"], "<=", 0.75),
        ("dH leg", default["dleg"], "<=", 0.75),
        ("coverage of H: leg", held["leg"], ">=", 0.80),
        ("coverage of H: arm", held["arm"], ">=", 0.80),
        ("coverage of H: torso", held["torso"], ">=", 0.80),
        ("coverage of H: total", held["total"], ">=", 0.80),
        ("3/1 over 30/10: H total", tight["total"] / default["total"], ">", 1.0),
        ("3/1 over 30/10: dH leg", tight["dleg"] / default["dleg"], ">", 1.0),
        ("3/1 over 30/10: dH arm", tight["darm"] / default["darm"], ">", 1.0),
    ]
    table = pd.DataFrame(rows, columns=["gate", "found", "relation", "limit"])
    holds = {"<=": table["found"] <= table["limit"], ">=": table["found"] >= table["limit"]}
    holds[">"] = table["found"] > table["limit"]
    return table.assign(holds=[bool(holds[how][row]) for row, how in enumerate(table["relation"])])


def errors_table(found: Findings) -> str:
    """Mean errors over the seeds, and in brackets their share of the plain way's."""
    mean = found.errors.drop(columns="seed").groupby(["setting", "weights"], sort=False).mean()
    relative = ratios(found)
    shown = [*QUANTITIES, "dleg", "darm", "dtorso", "dtotal"]
    rest = ["residual_n", "residual_yaw_nm", "marker_mm", "height_mm"]
    rows = []
    for place, row in mean.iterrows():
        cells = [f"{row[name]:.3g}" for name in shown]
        if place[1] != PLAIN:
            share = relative.loc[place, shown]
            cells = [f"{cell} ({part:.2f})" for cell, part in zip(cells, share, strict=True)]
        rows.append([*place, *cells, *(f"{row[name]:.3g}" for name in rest)])
    return _table(["recordings", "weights", *shown, *rest], rows)


def coverage_table(found: Findings) -> str:
    """How sure fits are about the vertical: means over recordings."""
    by = ["of", "setting", "weights"]
    mean = found.coverage.drop(columns="seed").groupby(by, sort=False).mean()
    rows = [[*place, *(f"{value:.2f}" for value in row)] for place, row in mean.iterrows()]
    return _table(["of", "recordings", "weights", *mean.columns], rows)


def left_out_table(found: Findings) -> str:
    """Errors of contacts that were not shown, root mean squares over them."""
    by = ["way", "setting", "weights"]
    table = found.left_out.drop(columns="seed").set_index(by) ** 2
    size = table.groupby(level=by, sort=False).mean() ** 0.5
    rows = [[*place, *(f"{value:.3g}" for value in row)] for place, row in size.iterrows()]
    return _table(["way", "recordings", "weights", *size.columns], rows)


def parameters_table(found: Findings) -> str:
    """Size of the true parameters and of what is left of them; mean standard deviation."""
    table = root_mean_square_parameters(found)
    sd = found.parameters.groupby(["setting", "name"], sort=False)["sd"].mean()
    rows = [
        [*place, f"{row['true']:.2g}", f"{row['left']:.2g}", f"{sd.loc[place]:.2g}"]
        for place, row in table.iterrows()
    ]
    return _table(["recordings", "parameter", "true (RMS)", "error (RMS)", "stated SD"], rows)


def gates_table(found: Findings, settings: Sequence[Setting]) -> str:
    """Gates at each setting: the number, and a no where it does not hold."""
    tables = {one.name: gates(found, one.name) for one in settings}
    first = next(iter(tables.values()))
    rows = []
    for number, gate in first.iterrows():
        cells = [
            f"{table.loc[number, 'found']:.2f}{'' if table.loc[number, 'holds'] else ' **no**'}"
            for table in tables.values()
        ]
        rows.append([gate["gate"], f"{gate['relation']} {gate['limit']:g}", *cells])
    return _table(["gate", "limit", *tables], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [list(map(str, heads)), ["---"] * len(heads), *(map(str, row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


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

## Parameters from one sprint alone (weights 30/10)
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
    found = findings(SETTINGS, range(options.seeds), arms, say=_say, blind=BLIND)
    page = PAGE.format(
        date=time.strftime("%Y-%m-%d"),
        commit=git_commit(),
        seeds=options.seeds,
        versions=", ".join(f"{name} {version}" for name, version in versions().items()),
        weights="; ".join(arms),
        errors=errors_table(found),
        gates=gates_table(found, [one for one in SETTINGS if one.size]),
        coverage=coverage_table(found),
        contacts=len(found.left_out) // (2 * len(SURE)),
        left_out=left_out_table(found),
        parameters=parameters_table(found),
    )
    _say(page)
    if not options.print_only:
        write_text(RESULTS / "consistency_truth.md", page)
        text = found.errors.to_csv(sep="\t", index=False, float_format="%.4g")
        write_text(RESULTS / "consistency_truth.tsv", text)
    _say(f"{time.perf_counter() - start:.0f} s")
    return int(not gates(found, SETTINGS[2].name)["holds"].all())


def _say(line: str) -> None:
    print(line, flush=True)
