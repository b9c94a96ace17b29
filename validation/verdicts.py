"""``python -m validation.verdicts``: draw studies, judge them as the product does, write the table.

Cells by name, each a mistake that was made once, and cells whose features are drawn by ``--seed``.
A seed that was used to mend the product says nothing new: take another one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binomtest

import aqbio
from aqbio.config import Strength
from aqbio.hypotheses.gathered import capacity_scores
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.names import NORMAL, RESTRICTED
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.evidence import CAUSED, SIDED, TRIAL, Evidence, Presence
from aqbio.stats.registry import OwnContrast, Registry, read_registry
from aqbio.stats.step_numbers import lag, momentum_numbers, with_deviations
from aqbio.stats.verdict import Verdict, verdicts
from validation.contrast_worlds import World, drawn_evidence, worlds
from validation.contrast_worlds import registry as registry_of_world
from validation.features import SMALLEST, Cell, Features, drawn_cell, named_cells
from validation.studies import (
    CONTRAST,
    KINDS,
    SHARED_PATTERN,
    DrawnStudy,
    Truth,
    drawn_study,
    truths,
)

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
SEED, CELLS, STUDIES, NAMED_STUDIES = 51_846, 40, 20, 200
FALSE_RATE, FALSE_BOUND, COVERED = 0.05, 0.08, 0.90
"""Share of studies that may support a false sentence, the upper end of its 95 % interval, and the
share of 95 % intervals that must hold the truth."""
MIN_COVERAGE_ATHLETES, MIN_POWER_ATHLETES = 8, 12
"""Smallest numbers of athletes for which coverage, and for which power is reported."""

# judging ------------------------------------------------------------------------------------------


def evidence_of(study: DrawnStudy) -> Evidence:
    """A drawn study as the product's stages would hand it to the statistics."""
    drawn_steps = study.steps
    caused = {f"caused_{model}": CAUSED + model for model in ("C1", "C2", "C3")}
    steps = drawn_steps.rename(columns=caused).assign(
        row=drawn_steps["step"],
        relative_speed=drawn_steps["speed_mps"] / drawn_steps["speed_mps"].max(),
        lag=lag(drawn_steps["swing_peak"].to_numpy(), drawn_steps["force_peak"].to_numpy()),
        log_ratio_moments=np.log(drawn_steps["push_index"] / drawn_steps["swing_index"]),
        **momentum_numbers(study.momenta),
    )
    steps = with_deviations(steps, SIDED)
    trials = study.trials.assign(
        marker_rate=250.0, consistent=True, invalidated="",
        residual_moment=0.0, closures_pass=True,
    )  # fmt: skip
    names = [str(athlete) for athlete in study.sheet.index]
    rows = [
        Strength(
            participant_id=name,
            side="bilateral",
            movement=movement,
            contraction="isometric",
            value=value,
            unit="N m",
            attempt=attempt,
        )
        for movement, tests in zip(("knee_extension", "hip_flexion"), study.strengths, strict=True)
        for attempt, values in enumerate(tests.tolist(), 1)
        for name, value in zip(names, values, strict=True)
    ]
    athletes = athletes_from_steps(steps).assign(
        **{name: study.sheet[name].tolist() for name in KINDS},
        **capacity_scores(rows, names),
        hurt=0.0,  # pain is recorded, and none is reported
    )
    presence = Presence(capacities=True)
    return Evidence(
        steps, trials, athletes, study.sprints, _no_curves,
        shared_draws=shared_errors(study.features, steps, trials), presence=presence,
    )  # fmt: skip


def shared_errors(
    features: Features, steps: pd.DataFrame, trials: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Two worlds of what all athletes share, as large as it is (`Features.shared`)."""
    speed = steps.groupby(TRIAL, observed=True)["speed_mps"].mean().reindex(trials.index)
    size, signs = features.shared * features.misstated, np.array([1.0, -1.0])
    errors = {
        "push_leg_offset": SHARED_PATTERN * speed**0,
        "lag": SMALLEST["lag_slope"] * speed,
        **dict.fromkeys(
            (f"{CAUSED}{model}" for model in ("C1", "C2", "C3")), SMALLEST["caused"] * speed**0
        ),
    }
    return {
        name: pd.DataFrame(size * error.to_numpy()[:, None] * signs, trials.index)
        for name, error in errors.items()
    }


def _no_curves(name: str) -> xr.Dataset:
    raise LookupError(f"{name} has no curves: studies are drawn as tables.")


@cache
def _registry(judges: tuple[str, ...]) -> Registry:
    """The registry with a contrast of the study's own, or some of its hypotheses."""
    contrast = OwnContrast(
        condition=RESTRICTED, outcome="lateral_ratio", predicted="greater", delta=5.0
    )
    registry = read_registry().model_copy(update={"contrasts": {CONTRAST: contrast}})
    registry = registry.with_labels([NORMAL, RESTRICTED])
    if not judges:
        return registry
    chosen = tuple(hypothesis for hypothesis in registry.hypotheses if hypothesis.id in judges)
    return registry.model_copy(update={"hypotheses": chosen})


def study_verdicts(cell: Cell, number: int) -> dict[str, Verdict]:
    """Verdicts of one study of a cell."""
    name = [*cell.name.encode()]
    study = drawn_study(cell.features, np.random.default_rng([number, *name]))
    judged = verdicts(evidence_of(study), _registry(cell.judges))
    return {verdict.hypothesis: verdict for verdict in judged}


# counting -----------------------------------------------------------------------------------------


COLUMNS: Columns = {
    "cell": {"description": "Cell by name, or seed and number of one whose features were drawn."},
    "hypothesis": {"description": "Hypothesis of the registry."},
    "claim": {
        "description": "Whether the sentence is true there (0.95 of the smallest effect of "
        "interest or more), false (a tenth of it or less), or on the border, from the features."
    },
    "truth": {"description": "True value of what is estimated."},
    "size": {"description": "The same in smallest effects, in the direction of the sentence."},
    "athletes": {"description": "Athletes of a study."},
    "studies": {"description": "Drawn studies."},
    "judged": {"description": "Those whose gates let them judge."},
    "supported": {"description": "Those with that verdict."},
    "not_supported": {"description": "Those with that verdict."},
    "supported_low": {
        "description": "Lower end of the 95 % interval (Clopper and Pearson) of its share."
    },
    "supported_high": {"description": "Upper end."},
    "estimate": {"description": "Median over studies."},
    "bias": {"description": "The same less truth, in sizes of the smallest effect of interest."},
    "coverage": {"description": "Share of 95 % intervals that hold the truth."},
    "coverage_high": {"description": "Upper end of its 95 % interval (Wilson)."},
    "holds": {
        "description": f"Of a false sentence, yes: at most {FALSE_RATE:.0%} are supported, with an "
        f"upper end of at most {FALSE_BOUND:.0%}; no: chance does not explain that it is more than "
        f"{FALSE_RATE:.0%}; open: it takes more studies. n/a: the sentence is not false, or has no "
        "verdict."
    },
    "covers": {
        "description": f"no: chance does not explain that fewer than {COVERED:.0%} of intervals "
        "hold the truth; otherwise yes."
    },
}


def cell_rows(cell: Cell, studies: int) -> pd.DataFrame:
    """All hypotheses of a cell of which something is true or false, by `COLUMNS`."""
    by_study = [study_verdicts(cell, number) for number in range(studies)]
    rows = [
        _row(
            cell.name, cell.features.athletes, name, true, [of_study[name] for of_study in by_study]
        )
        for name, true in truths(cell.features).items()
        if name in by_study[0]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def world_rows(name: str, world: World, studies: int) -> pd.DataFrame:
    """The contrast of a world of sprints in two conditions."""
    world_registry, key = registry_of_world(world), [*name.encode()]
    [entry] = world_registry.hypotheses
    verdict_list: list[Verdict] = []
    for number in range(studies):
        evidence = drawn_evidence(world, np.random.default_rng([number, *key]))
        verdict_list += verdicts(evidence, world_registry)
    true = Truth(100.0 * float(np.expm1(world.effect)), entry.sign * entry.delta)
    row = _row(f"{CONTRAST}: {name}", world.athletes, CONTRAST, true, verdict_list)
    return pd.DataFrame([row], columns=list(COLUMNS))


def _row(
    cell: str, athletes: int, name: str, true: Truth, judged: Sequence[Verdict]
) -> dict[str, object]:
    counts = Counter(verdict.verdict for verdict in judged)
    studies, supported = len(judged), counts["supported"]
    low, high = binomtest(supported, studies).proportion_ci(method="exact")
    estimated = [verdict for verdict in judged if np.isfinite(verdict.ci_low + verdict.ci_high)]
    inside = sum(verdict.ci_low <= true.value <= verdict.ci_high for verdict in estimated)
    estimate = (
        float(np.median([verdict.estimate for verdict in estimated])) if estimated else np.nan
    )
    covered = (
        binomtest(inside, len(estimated)).proportion_ci(method="wilson").high
        if estimated
        else np.nan
    )
    holds = "yes" if high <= FALSE_BOUND and supported / studies <= FALSE_RATE else "open"
    if true.claim != "false" or counts["described"]:
        holds = "n/a"
    return {
        "cell": cell,
        "hypothesis": name,
        "claim": true.claim,
        "truth": true.value,
        "size": true.size,
        "athletes": athletes,
        "studies": studies,
        "judged": sum(verdict.gates == "passed" for verdict in judged),
        "supported": supported,
        "not_supported": counts["not_supported"],
        "supported_low": float(low),
        "supported_high": float(high),
        "estimate": estimate,
        "bias": (estimate - true.value) / abs(true.smallest),
        "coverage": inside / len(estimated) if estimated else np.nan,
        "coverage_high": float(covered),
        "holds": "no" if holds == "open" and low > FALSE_RATE else holds,
        "covers": "no" if covered < COVERED else "yes",
    }


Work = tuple[Cell | str, int]
"""A cell, or a world of sprints with its name, and the number of its studies."""


def all_rows(work: Sequence[Work], jobs: int) -> Iterator[pd.DataFrame]:
    """Rows of every cell and world, in order."""
    if jobs == 1:
        yield from map(_rows, work)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_rows, work)


def _rows(work: Work) -> pd.DataFrame:
    cell_or_world, studies = work
    if isinstance(cell_or_world, Cell):
        return cell_rows(cell_or_world, studies)
    return world_rows(
        cell_or_world, worlds()[cell_or_world], studies
    )  # worlds cannot be sent to a process


# the page -----------------------------------------------------------------------------------------


def worst(rows: pd.DataFrame) -> str:
    """By hypothesis the cells with most false support, lowest coverage and least power."""
    head = (
        "hypothesis", "cells in which it is false", "most supported there", "lowest coverage",
        "found at twice the smallest effect or beyond, from 12 athletes on",
    )  # fmt: skip
    lines = []
    for name, rows_of in rows.groupby("hypothesis", sort=False):
        with_support = rows_of.assign(support=rows_of["supported"] / rows_of["studies"])
        false = with_support[with_support["claim"] == "false"]
        large = with_support.loc[
            (with_support["size"] >= 2.0) & (with_support["athletes"] >= MIN_POWER_ATHLETES),
            "support",
        ]
        lines.append(
            [
                str(name),
                str(len(false)),
                _extreme(false, "support", largest=True),
                _extreme(
                    with_support[with_support["athletes"] >= MIN_COVERAGE_ATHLETES],
                    "coverage",
                    largest=False,
                ),
                f"{large.min():.0%} to {large.max():.0%}" if len(large) else "–",
            ]
        )
    return markdown(head, lines)


def _extreme(rows: pd.DataFrame, column: str, *, largest: bool) -> str:
    """The largest or smallest share of a column, and its cell."""
    finite = rows[rows[column].notna()]
    if not len(finite):
        return "–"
    row = finite.sort_values(column, ascending=not largest, kind="stable").to_dict("records")[0]
    return f"{row[column]:.0%} ({row['cell']})"


def named_table(rows: pd.DataFrame) -> str:
    """Cells by name: most false support, lowest coverage, and what of the true is found."""
    head = (
        "cell", "studies", "false sentences", "most supported", "lowest coverage", "true, found",
    )  # fmt: skip
    lines = []
    for cell, of_cell in rows.groupby("cell", sort=False):
        false, true = (of_cell[of_cell["claim"] == claim] for claim in ("false", "true"))
        lowest = of_cell.sort_values("coverage", kind="stable").to_dict("records")[0]
        support = (true["supported"] / true["studies"]).map("{:.0%}".format)
        lines.append(
            [
                str(cell),
                str(of_cell["studies"].iloc[0]),
                str((of_cell["claim"] == "false").sum()),
                _most_supported(false) if len(false) else "–",
                f"{lowest['hypothesis']} {lowest['coverage']:.0%}"
                + " ✗" * (lowest["covers"] == "no"),
                ", ".join(true["hypothesis"] + " " + support) or "–",
            ]
        )
    return markdown(head, lines)


def _most_supported(false: pd.DataFrame) -> str:
    row = false.sort_values("supported", ascending=False, kind="stable").to_dict("records")[0]
    share = f"{row['supported'] / row['studies']:.0%}"
    bounds = f"({row['supported_low']:.0%} to {row['supported_high']:.0%})"
    mark = " ✗" if row["holds"] == "no" else ""
    return f"{row['hypothesis']} {share} {bounds}{mark}"


def failures(rows: pd.DataFrame) -> str:
    """Drawn cells that do not hold; their features are those of `drawn_cell`."""
    head = ("cell", "hypothesis", "truth", "supported", "coverage")
    wrong = (rows["claim"] == "false") & (rows["supported_low"] > FALSE_RATE)
    wrong |= (rows["athletes"] >= MIN_COVERAGE_ATHLETES) & (rows["covers"] == "no")
    lines = [
        [
            str(row["cell"]), str(row["hypothesis"]), f"{row['truth']:.3g}",
            f"{row['supported']} of {row['studies']}", f"{row['coverage']:.0%}",
        ]
        for row in rows[wrong].to_dict("records")
    ]  # fmt: skip
    return markdown(head, lines) if lines else "None."


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def page(by_name: pd.DataFrame, drawn_rows: pd.DataFrame, origin: Mapping[str, object]) -> str:
    """The page for readers."""
    counts = by_name["holds"].value_counts()
    template = Path(__file__).with_name("verdicts_page.txt").read_text(encoding="utf-8")
    return template.format(
        named=named_table(by_name),
        named_false=int(counts.drop("n/a", errors="ignore").sum()),
        named_yes=counts.get("yes", 0),
        named_no=counts.get("no", 0),
        worst=worst(drawn_rows),
        failures=failures(drawn_rows),
        **origin,
    )


def main(arguments: Sequence[str]) -> int:
    """Draw, judge and write; 1 if a cell by name does not hold."""
    options = _parser().parse_args(arguments)
    start = time.perf_counter()
    cells = [] if options.drawn_only else named_cells()
    if options.only:
        cells = [cell for cell in cells if any(part in cell.name for part in options.only)]
    chosen = [] if options.drawn_only else list(worlds())
    if options.only:
        chosen = [world for world in chosen if any(part in world for part in options.only)]
    named_work: list[Cell | str] = [*cells, *chosen]
    work: list[Work] = [(item, options.named_studies) for item in named_work]
    work += [(drawn_cell(options.seed, n), options.studies) for n in range(options.cells)]
    tables = []
    for table in all_rows(work, options.jobs):
        tables.append(table)
        seconds = time.perf_counter() - start
        print(f"{table['cell'].iloc[0]}: {seconds:.0f} s", file=sys.stderr, flush=True)
    by_name, drawn_rows = (
        pd.concat([pd.DataFrame(columns=list(COLUMNS)), *part])
        for part in (tables[: len(named_work)], tables[len(named_work) :])
    )
    if len(by_name):
        print(named_table(by_name))
    if len(drawn_rows):
        print(worst(drawn_rows), failures(drawn_rows), sep="\n\n")
    if options.folder is not None:
        written(options.folder, by_name, drawn_rows, options)
    return 1 if (by_name["holds"] == "no").any() else 0


def written(
    folder: Path, by_name: pd.DataFrame, drawn_rows: pd.DataFrame, options: argparse.Namespace
) -> None:
    """Write table and page."""
    origin = {
        "version": aqbio.__version__, "registry_hash": read_registry().hash,
        "seed": options.seed, "cells": options.cells, "studies": options.studies,
        "named_studies": options.named_studies,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.concat([by_name, drawn_rows], ignore_index=True)
    write_table(table, folder / "verdicts.tsv", COLUMNS, origin, digits=4)
    write_text(folder / "README.md", page(by_name, drawn_rows, origin))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m validation.verdicts", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="of the drawn cells")
    parser.add_argument("--cells", type=int, default=CELLS, help="how many are drawn")
    parser.add_argument("--studies", type=int, default=STUDIES, help="of a drawn cell")
    parser.add_argument("--named-studies", type=int, default=NAMED_STUDIES, help="of a named one")
    parser.add_argument("--only", nargs="*", help="cells whose name has one of these words")
    parser.add_argument("--drawn-only", action="store_true", help="no cells by name")
    parser.add_argument("--jobs", type=int, default=1, help="cells at the same time")
    parser.add_argument("--folder", type=Path, help=f"where files go, such as {FOLDER}; else none")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
