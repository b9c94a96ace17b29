"""``python -m validation.demo <results folder>``: the demo study's verdicts beside the truth."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.tables import read_table, write_table
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import hypothesis_outcome
from aqbio.stats.registry import Hypothesis, Registry, read_registry
from aqbio.virtual.demo import DATA, SPRINTERS, load_library
from aqbio.virtual.study import LIBRARY
from validation.true_evidence import truth
from validation.verdicts import FOLDER, markdown

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Columns = {
    "hypothesis": {"description": "Hypothesis of the registry of which the study has an estimate."},
    "unit": {"description": "Unit of the numbers."},
    "smallest_effect": {"description": "Smallest effect of interest in the predicted direction."},
    "true_patterns": {"description": "Over the ten-step patterns of all gaits, without any error."},
    "true_low": {
        "description": "Lower end of its 95 % interval: what these few athletes leave open of "
        "others, or these steps of an athlete's other ones."
    },
    "true_high": {"description": "Upper end."},
    "true_recorded": {"description": "The same over the very steps that the study used."},
    "estimate": {"description": "What the study says."},
    "ci_low": {"description": "Lower end of the study's 95 % interval."},
    "ci_high": {"description": "Upper end."},
    "holds_patterns": {"description": "Whether the interval holds true_patterns."},
    "holds_recorded": {"description": "Whether the interval holds true_recorded."},
    "athletes_rms": {
        "description": "Root mean square over athletes of what their own numbers are off those of "
        "the recorded steps; n/a where athletes have none of their own."
    },
    "true_verdict": {
        "description": "supported where true_patterns reaches the smallest effect and meets the "
        "registry's condition, else not_supported; sampling is ignored."
    },
    "verdict": {"description": "The study's verdict."},
    "found": {"description": "What it rests on."},
    "agrees": {
        "description": "no: the verdict is supported or not_supported and the true verdict, of the "
        "patterns or of the recorded steps, is the other one, or it rests on opposite_found and a "
        "true effect has the predicted sign; otherwise yes."
    },
}

REASONS = {
    "H5a": "the low-pass of 20 Hz moves the instant, and more the shorter steps are: with 30 Hz it "
    "is 0.0001, with 15 Hz -0.0034 (`multiverse.tsv`)"
}
"""Why an interval does not hold the truth, as far as it is known."""

SUPPORTED, NOT_SUPPORTED = "supported", "not_supported"


def true_verdict(hypothesis: Hypothesis, true: Outcome) -> str:
    """Verdict by size against the smallest effect alone."""
    reached = (
        hypothesis.sign * true.estimate >= hypothesis.delta and true.result.condition is not False
    )
    return SUPPORTED if reached else NOT_SUPPORTED


def agrees(true: str, true_sign: float, verdict: str, finding: str) -> bool:
    """True where a verdict does not contradict the truth."""
    if verdict in (SUPPORTED, NOT_SUPPORTED) and verdict != true:
        return False
    return not (finding == "opposite_found" and true_sign >= 0)


def compared(
    patterns: Evidence, recorded: Evidence, tables: Path, registry: Registry
) -> pd.DataFrame:
    """Every hypothesis with an estimate beside its truth, `COLUMNS`."""
    import pandas as pd

    reported = read_table(tables / "verdicts.tsv")
    record = json.loads((tables.parent / "registry.json").read_text(encoding="utf-8"))
    if record["registry"] != registry.model_dump(mode="json"):
        raise ValueError(f"{tables.parent}: verdicts by another registry than {registry.hash}.")
    athletes = read_table(tables / "hypotheses_athletes.tsv")
    rows = []
    for verdict in reported[reported["estimate"].notna()].to_dict("records"):
        hypothesis = registry[str(verdict["hypothesis"])]
        of_hypothesis = athletes[athletes["hypothesis"] == hypothesis.id]
        numbers = of_hypothesis.pivot_table("value", "participant_id", "column")
        reported_row = {str(name): value for name, value in verdict.items()}
        true = hypothesis_outcome(recorded, hypothesis)
        if true is None:
            rows.append({name: reported_row.get(name) for name in COLUMNS} | UNKNOWN)
            continue
        of_patterns = hypothesis_outcome(patterns, hypothesis)
        rows.append(_row(hypothesis, of_patterns, true, reported_row, numbers))
    return pd.DataFrame(rows, columns=list(COLUMNS))


UNKNOWN = {"holds_patterns": "n/a", "holds_recorded": "n/a", "agrees": "n/a"}
"""Cells of a hypothesis of which the recorded steps hold no number without errors."""


def _row(
    hypothesis: Hypothesis,
    of_patterns: Outcome | None,
    true: Outcome,
    reported: Mapping[str, object],
    numbers: pd.DataFrame,
) -> dict[str, object]:
    low, high = float(str(reported["ci_low"])), float(str(reported["ci_high"]))
    verdict, finding, athlete_column = (
        str(reported["verdict"]),
        str(reported["found"]),
        true.per_athlete,
    )
    good = [
        agrees(
            true_verdict(hypothesis, outcome), hypothesis.sign * outcome.estimate, verdict, finding
        )
        for outcome in (of_patterns, true)
        if outcome is not None
    ]
    away = (
        (numbers[athlete_column] - true.values[athlete_column]).dropna().to_numpy(float)
        if athlete_column
        else np.array([])
    )
    cells = {name: reported.get(name) for name in COLUMNS} | UNKNOWN
    if of_patterns is not None:
        cells |= {
            "true_patterns": of_patterns.estimate,
            "true_low": of_patterns.result.ci95[0],
            "true_high": of_patterns.result.ci95[1],
            "holds_patterns": "yes" if low <= of_patterns.estimate <= high else "no",
        }
    return cells | {
        "unit": hypothesis.unit,
        "smallest_effect": hypothesis.sign * hypothesis.delta,
        "true_recorded": true.estimate,
        "holds_recorded": "yes" if low <= true.estimate <= high else "no",
        "athletes_rms": float(np.sqrt(np.mean(away**2))) if len(away) else np.nan,
        "true_verdict": true_verdict(hypothesis, of_patterns or true),
        "agrees": "yes" if all(good) else "no",
    }


def page(rows: pd.DataFrame, origin: Mapping[str, object]) -> str:
    """The page that shows the table."""
    template = Path(__file__).with_name("demo_page.txt").read_text(encoding="utf-8")
    against = rows.loc[rows["agrees"] == "no", "hypothesis"].tolist()
    verdict = (
        f"Verdicts that contradict the truth: {', '.join(against)}."
        if against
        else "No verdict contradicts the truth."
    )
    head = (
        "hypothesis", "smallest effect", "true patterns", "true recorded", "estimate", "interval",
        "holds", "true verdict", "verdict", "agrees",
    )  # fmt: skip
    table = [
        [
            str(row["hypothesis"]), f"{row['smallest_effect']:g}",
            f"{row['true_patterns']:.3g} ({row['true_low']:.3g} to {row['true_high']:.3g})"
            if row["holds_patterns"] != "n/a" else "n/a",
            f"{row['true_recorded']:.3g}", f"{row['estimate']:.3g}",
            f"{row['ci_low']:.3g} to {row['ci_high']:.3g}",
            f"{row['holds_patterns']}, {row['holds_recorded']}", str(row["true_verdict"]),
            f"{row['verdict']} ({row['found']})", str(row["agrees"]),
        ]
        for row in rows[rows["agrees"] != "n/a"].to_dict("records")
    ]  # fmt: skip
    without_truth = ", ".join(rows.loc[rows["agrees"] == "n/a", "hypothesis"])
    missed = [
        f"- {name}: {REASONS.get(name, 'not known')}."
        for name in rows.loc[rows["holds_recorded"] == "no", "hypothesis"]
    ]
    return template.format(
        verdict=verdict,
        table=markdown(head, table),
        without_truth=without_truth or "none",
        missed="\n".join(missed) or "- none.",
        **origin,
    )


def usable_steps(tables: Path) -> pd.DataFrame:
    """Steps that a study used, from its tables: nothing of what it measured."""
    steps = read_table(tables / "steps.tsv")
    usable = steps[steps["status"] != "rejected"]
    order = read_table(tables / "sprints.tsv").set_index(["participant_id", "trial_id"])["order"]
    keys = [*zip(usable["participant_id"], usable["trial_id"], strict=True)]
    return usable.assign(whole=usable["status"] == "ok", order=order.reindex(keys).to_numpy())


def main(arguments: Sequence[str]) -> int:
    """Compare and write; 1 if a verdict contradicts the truth."""
    parser = argparse.ArgumentParser(prog="python -m validation.demo", description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the demo study's results")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables go")
    options = parser.parse_args(arguments)
    tables, registry = options.results / "tables", read_registry()
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    gaits = load_library(DATA / LIBRARY, athletes)
    true = truth(gaits)
    recorded = true.recorded(usable_steps(tables), gaits)
    rows = compared(true.patterns(), recorded, tables, registry)
    origin = {"version": aqbio.__version__, "registry_hash": registry.hash}
    options.folder.mkdir(parents=True, exist_ok=True)
    write_table(rows, options.folder / "demo.tsv", COLUMNS, origin, digits=4)
    write_text(options.folder / "demo.md", page(rows, origin))
    print(page(rows, origin))
    return int((rows["agrees"] == "no").any())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
