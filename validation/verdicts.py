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
from dataclasses import astuple, dataclass, fields
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binomtest

import aqbio
from aqbio.config import Capacity
from aqbio.hypotheses.gathered import capacity_scores
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.names import NORMAL, RESTRICTED
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.evidence import CAUSED, SIDED, Evidence, Presence
from aqbio.stats.registry import OwnContrast, Registry, read_registry
from aqbio.stats.step_numbers import lag, momentum_numbers, time_deviation
from aqbio.stats.verdict import Verdict, verdicts
from validation.features import Cell, drawn_cell, named_cells
from validation.studies import CONTRAST, KINDS, DrawnStudy, Truth, drawn_study, truths

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
SEED, CELLS, STUDIES, NAMED_STUDIES = 51_846, 40, 60, 200
FALSE_RATE, FALSE_BOUND, COVERED = 0.05, 0.08, 0.90
"""Share of studies that may support a false sentence, the upper end of its 95 % interval, and the
share of 95 % intervals that must hold the truth."""
FEW, FAIRLY_MANY = 8, 12
"""Athletes from which coverage, and from which power is told."""

# judging ------------------------------------------------------------------------------------------


def evidence_of(study: DrawnStudy) -> Evidence:
    """A drawn study as the product's stages would hand it to the statistics."""
    drawn = study.steps
    caused = {f"caused_{model}": CAUSED + model for model in ("C1", "C2", "C3")}
    steps = drawn.rename(columns=caused).assign(
        row=drawn["step"],
        relative_speed=drawn["speed_mps"] / drawn["speed_mps"].max(),
        lag=lag(drawn["swing_peak"].to_numpy(), drawn["force_peak"].to_numpy()),
        log_ratio_moments=np.log(drawn["push_index"] / drawn["swing_index"]),
        **momentum_numbers(study.momenta),
    )
    duration = steps["contact_s"] + steps["flight_s"]
    steps["time_deviation_s"] = time_deviation(duration, [steps[name] for name in SIDED])
    trials = study.trials.assign(
        marker_rate=250.0, consistent=True, suspect=False, residual_ratio=np.inf,
        residual_moment=0.0, closures_pass=True,
    )  # fmt: skip
    names = [str(one) for one in study.sheet.index]
    rows = [
        Capacity(participant_id=name, measure=side, side=side, value=value, unit="N m")
        for side, tests in zip(("push", "swing"), study.strengths, strict=True)
        for values in tests.tolist()
        for name, value in zip(names, values, strict=True)
    ]
    known = athletes_from_steps(steps).assign(
        **{name: study.sheet[name].tolist() for name in KINDS}, **capacity_scores(rows, names)
    )
    presence = Presence(capacities=True, accelerations=len(study.speeding) > 0)
    return Evidence(
        steps, trials, known, study.sprints, _no_curves, study.speeding, presence=presence
    )


def _no_curves(name: str) -> xr.Dataset:
    raise LookupError(f"{name} has no curves: studies are drawn as tables.")


@cache
def _registry(judges: tuple[str, ...]) -> Registry:
    """The registry with a contrast of the study's own, or some of its hypotheses."""
    own = OwnContrast(condition=RESTRICTED, outcome="lateral_ratio", predicted="greater", delta=5.0)
    registry = read_registry().model_copy(update={"contrasts": {CONTRAST: own}})
    registry = registry.with_labels([NORMAL, RESTRICTED])
    if not judges:
        return registry
    chosen = tuple(one for one in registry.hypotheses if one.id in judges)
    return registry.model_copy(update={"hypotheses": chosen})


def study_verdicts(cell: Cell, number: int) -> dict[str, Verdict]:
    """Verdicts of one study of a cell."""
    name = [*cell.name.encode()]
    study = drawn_study(cell.features, np.random.default_rng([number, *name]))
    found = verdicts(evidence_of(study), _registry(cell.judges))
    return {one.hypothesis: one for one in found}


# counting -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A hypothesis in a cell; fields are the columns of verdicts.tsv."""

    cell: str
    hypothesis: str
    claim: str
    truth: float
    size: float
    athletes: int
    studies: int
    judged: int
    supported: int
    not_supported: int
    supported_low: float
    supported_high: float
    estimate: float
    bias: float
    coverage: float
    coverage_high: float
    holds: str
    covers: str

    @property
    def support(self) -> float:
        """Share of studies."""
        return self.supported / self.studies


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


def cell_rows(cell: Cell, studies: int) -> list[Row]:
    """All hypotheses of a cell of which something is true or false."""
    found = [study_verdicts(cell, number) for number in range(studies)]
    return [
        _row(cell, name, true, [one[name] for one in found])
        for name, true in truths(cell.features).items()
        if name in found[0]
    ]


def _row(cell: Cell, name: str, true: Truth, found: Sequence[Verdict]) -> Row:
    counts = Counter(one.verdict for one in found)
    studies, supported = len(found), counts["supported"]
    low, high = binomtest(supported, studies).proportion_ci(method="exact")
    known = [one for one in found if np.isfinite(one.ci_low + one.ci_high)]
    inside = sum(one.ci_low <= true.value <= one.ci_high for one in known)
    estimate = float(np.median([one.estimate for one in known])) if known else np.nan
    covered = binomtest(inside, len(known)).proportion_ci(method="wilson").high if known else np.nan
    holds = "yes" if high <= FALSE_BOUND and supported / studies <= FALSE_RATE else "open"
    if true.claim != "false" or counts["described"]:
        holds = "n/a"
    return Row(
        cell=cell.name,
        hypothesis=name,
        claim=true.claim,
        truth=true.value,
        size=true.size,
        athletes=cell.features.athletes,
        studies=studies,
        judged=sum(one.gates == "passed" for one in found),
        supported=supported,
        not_supported=counts["not_supported"],
        supported_low=float(low),
        supported_high=float(high),
        estimate=estimate,
        bias=(estimate - true.value) / abs(true.smallest),
        coverage=inside / len(known) if known else np.nan,
        coverage_high=float(covered),
        holds="no" if holds == "open" and low > FALSE_RATE else holds,
        covers="no" if covered < COVERED else "yes",
    )


def all_rows(work: Sequence[tuple[Cell, int]], jobs: int) -> Iterator[list[Row]]:
    """Rows of every cell, in order."""
    if jobs == 1:
        yield from (cell_rows(*one) for one in work)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_rows, work)


def _rows(work: tuple[Cell, int]) -> list[Row]:
    return cell_rows(*work)


# the page -----------------------------------------------------------------------------------------


def table_of(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a table."""
    return pd.DataFrame([astuple(one) for one in rows], columns=[one.name for one in fields(Row)])


def worst(rows: Sequence[Row]) -> str:
    """By hypothesis the cells with most false support, lowest coverage and least power."""
    head = (
        "hypothesis", "cells in which it is false", "most supported there", "lowest coverage",
        "found at twice the smallest effect or beyond, from 12 athletes on",
    )  # fmt: skip
    lines = []
    for name in dict.fromkeys(one.hypothesis for one in rows):
        own = [one for one in rows if one.hypothesis == name]
        false = [one for one in own if one.claim == "false"]
        covered = [one for one in own if np.isfinite(one.coverage) and one.athletes >= FEW]
        large = [one.support for one in own if one.size >= 2.0 and one.athletes >= FAIRLY_MANY]
        described = _is_described(name)
        lines.append(
            [
                name,
                str(len(false)),
                "described"
                if described
                else _worst(max(false, key=lambda one: one.support, default=None), "support"),
                _worst(min(covered, key=lambda one: one.coverage, default=None), "coverage"),
                f"{min(large):.0%} to {max(large):.0%}" if large and not described else "–",
            ]
        )
    return markdown(head, lines)


def _worst(row: Row | None, column: str) -> str:
    return "–" if row is None else f"{getattr(row, column):.0%} ({row.cell})"


def named(rows: Sequence[Row]) -> str:
    """Cells by name: most false support, lowest coverage, and what of the true is found."""
    head = (
        "cell",
        "studies",
        "false sentences",
        "most supported",
        "lowest coverage",
        "true, found",
    )
    lines = []
    for cell in dict.fromkeys(one.cell for one in rows):
        own = [one for one in rows if one.cell == cell]
        judged = [one for one in own if not _is_described(one.hypothesis)]
        false = [one for one in judged if one.claim == "false"]
        most = max(false, key=lambda one: one.support, default=None)
        least = min(own, key=lambda one: one.coverage)
        true = [f"{one.hypothesis} {one.support:.0%}" for one in judged if one.claim == "true"]
        lines.append(
            [
                cell, str(own[0].studies), str(sum(one.claim == "false" for one in own)),
                "–" if most is None else f"{most.hypothesis} {_supported(most)}",
                f"{least.hypothesis} {least.coverage:.0%}" + " ✗" * (least.covers == "no"),
                ", ".join(true) or "–",
            ]
        )  # fmt: skip
    return markdown(head, lines)


def _is_described(hypothesis: str) -> bool:
    """Whether no verdict is given on it."""
    return _registry(())[hypothesis].family == "secondary"


def _supported(row: Row) -> str:
    share = f"{row.support:.0%} ({row.supported_low:.0%} to {row.supported_high:.0%})"
    return share + (" ✗" if row.holds == "no" else "")


def failures(rows: Sequence[Row]) -> str:
    """Drawn cells that do not hold; their features are those of `drawn_cell`."""
    head = ("cell", "hypothesis", "truth", "supported", "coverage")
    lines = [
        [
            one.cell, one.hypothesis, f"{one.truth:.3g}", f"{one.supported} of {one.studies}",
            f"{one.coverage:.0%}",
        ]
        for one in rows
        if (one.claim == "false" and one.supported_low > FALSE_RATE)
        or (one.athletes >= FEW and one.covers == "no")
    ]  # fmt: skip
    return markdown(head, lines) if lines else "None."


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def page(by_name: Sequence[Row], drawn: Sequence[Row], origin: Mapping[str, object]) -> str:
    """The page for readers."""
    counts = Counter(one.holds for one in by_name)
    template = Path(__file__).with_name("verdicts_page.txt").read_text(encoding="utf-8")
    return template.format(
        named=named(by_name),
        named_false=counts["yes"] + counts["open"] + counts["no"],
        named_yes=counts["yes"],
        named_no=counts["no"],
        worst=worst(drawn),
        failures=failures(drawn),
        **origin,
    )


def main(arguments: Sequence[str]) -> int:
    """Draw, judge and write; 1 if a cell by name does not hold."""
    options = _parser().parse_args(arguments)
    start = time.perf_counter()
    cells = [] if options.drawn_only else named_cells()
    if options.only:
        cells = [one for one in cells if any(part in one.name for part in options.only)]
    work = [(one, options.named_studies) for one in cells]
    work += [(drawn_cell(options.seed, n), options.studies) for n in range(options.cells)]
    found: list[Row] = []
    for own in all_rows(work, options.jobs):
        found += own
        print(f"{own[0].cell}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    names = {one.name for one in cells}
    by_name = [one for one in found if one.cell in names]
    drawn = [one for one in found if one.cell not in names]
    if by_name:
        print(named(by_name))
    if drawn:
        print(worst(drawn), failures(drawn), sep="\n\n")
    if options.folder is not None:
        origin = {
            "version": aqbio.__version__, "registry_hash": read_registry().hash,
            "seed": options.seed, "cells": options.cells, "studies": options.studies,
            "named_studies": options.named_studies,
        }  # fmt: skip
        options.folder.mkdir(parents=True, exist_ok=True)
        table = table_of(found)
        write_table(table, options.folder / "verdicts.tsv", COLUMNS, origin, digits=4)
        write_text(options.folder / "README.md", page(by_name, drawn, origin))
    return 1 if any(one.holds == "no" for one in by_name) else 0


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
