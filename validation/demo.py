"""``python -m validation.demo <results folder>``: the demo study's verdicts beside the truth."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import aqbio
from aqbio.hypotheses.exports import literal_table
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.tables import read_table, write_table
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import Hypothesis, Registry, read_registry
from aqbio.virtual.demo import SPRINTERS
from aqbio.virtual.library import DATA, load_library
from aqbio.virtual.study import LIBRARY
from validation.true_evidence import truth

if TYPE_CHECKING:
    import pandas as pd


_PATTERNS: Columns = {
    "true_patterns": {"description": "Over the ten-step patterns of all gaits, without any error."}
}

_BOTH: Columns = {
    "true_recorded": {"description": "The same over the very steps that the study used."},
    "estimate": {"description": "What the study says."},
}

_INTERVAL: Columns = {
    "ci_low": {"description": "Lower end of the study's 95 % interval."},
    "ci_high": {"description": "Upper end."},
    "holds_patterns": {"description": "Whether the interval holds true_patterns."},
    "holds_recorded": {"description": "Whether the interval holds true_recorded."},
}

_OFF = (
    "Root mean square over athletes of what their own numbers are off those of the recorded steps"
)

COLUMNS: Columns = {
    "hypothesis": {"description": "Hypothesis of the registry of which the study has an estimate."},
    "unit": {"description": "Unit of the numbers."},
    "smallest_effect": {"description": "Smallest effect of interest in the predicted direction."},
    **_PATTERNS,
    "true_low": {
        "description": "Lower end of its 95 % interval: what these few athletes leave open of "
        "others, or these steps of an athlete's other ones."
    },
    "true_high": {"description": "Upper end."},
    **_BOTH,
    **_INTERVAL,
    "athletes_rms": {"description": f"{_OFF}; n/a where athletes have none of their own."},
    "true_verdict": {
        "description": "supported where true_patterns reaches the smallest effect and meets the "
        "registry's condition, else not_supported; sampling is ignored."
    },
    "true_verdict_recorded": {"description": "The same of true_recorded."},
    "verdict": {"description": "The study's verdict."},
    "found": {"description": "What it rests on."},
    "agrees": {
        "description": "no: the verdict is supported or not_supported and one of the true verdicts "
        "is the other one, or it rests on opposite_found and a true effect has the predicted sign; "
        "otherwise yes."
    },
}

PART_COLUMNS: Columns = {
    "hypothesis": {"description": "Hypothesis of the registry."},
    "part": {"description": "Column of hypotheses_athletes.tsv: mean over athletes."},
    **_PATTERNS,
    **_BOTH,
    "athletes_rms": {"description": f"{_OFF}."},
}

LITERAL_COLUMNS: Columns = {
    "hypothesis": {"description": "Hypothesis of the registry."},
    "name": {"description": "What shows the claim taken by its words: mean over athletes."},
    **_PATTERNS,
    **_BOTH,
    **_INTERVAL,
    "true_showing": {"description": "Athletes whose patterns show the sentence."},
    "n_showing": {"description": "Athletes who show it in the study."},
    "agrees": {"description": "Whether these are equally many; yes where nothing is asked."},
}

REASONS = {
    "H5a, verdict": "the low-pass of 20 Hz moves the instant, and more the shorter steps are: with "
    "30 Hz it is -0.0001, with 15 Hz -0.0035 (`multiverse.tsv`)",
}
"""Why an interval does not hold the truth, as far as it is known."""


def page(rows: pd.DataFrame, words: pd.DataFrame, origin: Mapping[str, object]) -> str:
    """The page that shows the tables."""
    template = Path(__file__).with_name("demo_page.txt").read_text(encoding="utf-8")
    against = rows.loc[rows["agrees"] == "no", "hypothesis"].tolist()
    verdict = (
        f"Verdicts that contradict the truth: {', '.join(against)}."
        if against
        else "No verdict contradicts the truth."
    )
    return template.format(
        verdict=verdict,
        table=markdown(_short(rows)),
        literal=markdown(_short(words)),
        missed=_missed(rows, words),
        **origin,
    )


def _short(table: pd.DataFrame) -> pd.DataFrame:
    """The same with fewer columns: interval in one, and what a verdict rests on beside it."""
    shown = table.assign(interval=_intervals(table["ci_low"], table["ci_high"]))
    shown["holds"] = shown["holds_patterns"] + ", " + shown["holds_recorded"]
    if "found" in shown:
        shown["verdict"] = shown["verdict"] + " (" + shown["found"] + ")"
        last = ["true_verdict", "verdict", "agrees"]
        first = ["hypothesis", "smallest_effect"]
        its = _intervals(table["true_low"], table["true_high"])
        shown["true_patterns"] = [
            f"{one:.3g} ({own})" for one, own in zip(table["true_patterns"], its, strict=True)
        ]
    else:
        first, last = ["hypothesis", "name"], ["true_showing", "n_showing"]
    middle = ["true_patterns", "true_recorded", "estimate", "interval", "holds"]
    found = shown[[*first, *middle, *last]]
    return found.rename(columns=lambda name: name.replace("_", " "))


def _intervals(low: pd.Series[float], high: pd.Series[float]) -> list[str]:
    return [f"{one:.3g} to {other:.3g}" for one, other in zip(low, high, strict=True)]


def _missed(rows: pd.DataFrame, words: pd.DataFrame) -> str:
    """Why intervals do not hold the truth of the recorded steps."""
    lines = []
    for table, kind in ((rows, "verdict"), (words, "by its words")):
        for name in table.loc[table["holds_recorded"] == "no", "hypothesis"].unique():
            what = f"{name}, {kind}"
            lines.append(f"- {what}: {REASONS.get(what, 'not known')}.")
    return "\n".join(lines) or "- none."


def markdown(table: pd.DataFrame) -> str:
    """A table in markdown, numbers to three digits."""
    rows = [[*map(str, table.columns)], ["---"] * table.shape[1]]
    rows += [
        [f"{one:.3g}" if isinstance(one, float) else str(one) for one in row]
        for row in table.itertuples(index=False)
    ]
    return "\n".join("| " + " | ".join(row).replace("nan", "n/a") + " |" for row in rows)


FOLDER = Path(__file__).parents[1] / "docs" / "validation"

SUPPORTED, NOT_SUPPORTED = "supported", "not_supported"


@dataclass(frozen=True, slots=True)
class Compared:
    """A hypothesis in the demo study and in truth; fields are the columns of demo.tsv."""

    hypothesis: str
    unit: str
    smallest_effect: float
    true_patterns: float
    true_low: float
    true_high: float
    true_recorded: float
    estimate: float
    ci_low: float
    ci_high: float
    holds_patterns: str
    holds_recorded: str
    athletes_rms: float
    true_verdict: str
    true_verdict_recorded: str
    verdict: str
    found: str
    agrees: str


def true_verdict(hypothesis: Hypothesis, estimate: float, *, condition: bool | None) -> str:
    """Verdict by size against the smallest effect alone."""
    reached = hypothesis.sign * estimate >= hypothesis.delta and condition is not False
    return SUPPORTED if reached else NOT_SUPPORTED


def agrees(true: str, true_sign: float, verdict: str, found: str) -> bool:
    """Whether a verdict does not contradict the truth."""
    if verdict in (SUPPORTED, NOT_SUPPORTED) and verdict != true:
        return False
    return not (found == "opposite_found" and true_sign >= 0)


def main(arguments: Sequence[str]) -> int:
    """Compare and write; 1 if a verdict contradicts the truth."""
    options = _parser().parse_args(arguments)
    tables, registry = options.results / "tables", read_registry()
    known = {one.athlete.name: one.athlete for one in SPRINTERS}
    gaits = load_library(DATA / LIBRARY, known)
    true = truth(gaits)
    patterns = true.patterns()
    recorded = true.recorded(usable_steps(tables), gaits)
    rows, parts = compared(patterns, recorded, tables, registry)
    words = literal(patterns, recorded, tables, registry)
    origin = {"version": aqbio.__version__, "registry_hash": registry.hash}
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, table, columns in (
        ("demo", rows, COLUMNS),
        ("demo_parts", parts, PART_COLUMNS),
        ("demo_literal", words, LITERAL_COLUMNS),
    ):
        write_table(table, options.folder / f"{name}.tsv", columns, origin, digits=4)
    write_text(options.folder / "demo.md", page(rows, words, origin))
    print(markdown(rows), markdown(parts), markdown(words), sep="\n\n")
    return 0 if (rows["agrees"] == "yes").all() and (words["agrees"] == "yes").all() else 1


def usable_steps(tables: Path) -> pd.DataFrame:
    """Which steps a study used, from its tables: nothing of what it measured."""
    steps = read_table(tables / "steps.tsv")
    usable = steps[steps["status"] != "rejected"]
    order = read_table(tables / "sprints.tsv").set_index(["participant_id", "trial_id"])["order"]
    keys = [*zip(usable["participant_id"], usable["trial_id"], strict=True)]
    return usable.assign(whole=usable["status"] == "ok", order=order.reindex(keys).to_numpy())


def compared(
    patterns: Evidence, recorded: Evidence, tables: Path, registry: Registry
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every hypothesis with an estimate beside its truth, and the numbers behind it."""
    import pandas as pd

    told = read_table(tables / "verdicts.tsv").set_index("hypothesis")
    if set(told["registry_hash"]) != {registry.hash}:
        raise ValueError(f"verdicts of {set(told['registry_hash'])}, registry {registry.hash}.")
    athletes = read_table(tables / "hypotheses_athletes.tsv")
    rows, parts = [], []
    for name, verdict in told[told["estimate"].notna()].iterrows():
        hypothesis = registry[str(name)]
        own = athletes[athletes["hypothesis"] == name]
        numbers = own.pivot_table("value", "participant_id", "column")
        true = outcome(patterns, hypothesis), outcome(recorded, hypothesis)
        if true[0] is None or true[1] is None:
            raise ValueError(f"{name} has an estimate, but no truth.")
        both = true[0], true[1]
        rows.append(asdict(_compared(hypothesis, both, verdict.to_dict(), numbers)))
        parts += _parts(both, numbers)
    return pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame(parts)


def _compared(
    hypothesis: Hypothesis,
    true: tuple[Outcome, Outcome],
    told: Mapping[Hashable, Any],
    numbers: pd.DataFrame,
) -> Compared:
    low, high = float(told["ci_low"]), float(told["ci_high"])
    verdict, found = str(told["verdict"]), str(told["found"])
    own = true[1].per_athlete
    values = [one.estimate for one in true]
    holds = [_yes(low <= one <= high) for one in values]
    verdicts = [
        true_verdict(hypothesis, one.estimate, condition=one.result.condition) for one in true
    ]
    good = [
        agrees(one, hypothesis.sign * value, verdict, found)
        for one, value in zip(verdicts, values, strict=True)
    ]
    return Compared(
        hypothesis=hypothesis.id,
        unit=hypothesis.unit,
        smallest_effect=hypothesis.sign * hypothesis.delta,
        true_patterns=values[0],
        true_low=true[0].result.ci95[0],
        true_high=true[0].result.ci95[1],
        true_recorded=values[1],
        estimate=float(told["estimate"]),
        ci_low=low,
        ci_high=high,
        holds_patterns=holds[0],
        holds_recorded=holds[1],
        athletes_rms=_rms(true[1].values[own], numbers[own]) if own else float("nan"),
        true_verdict=verdicts[0],
        true_verdict_recorded=verdicts[1],
        verdict=verdict,
        found=found,
        agrees=_yes(all(good)),
    )


def _parts(true: tuple[Outcome, Outcome], numbers: pd.DataFrame) -> list[dict[str, object]]:
    """Means over athletes of the numbers beside each athlete's own effect."""
    names = [str(one) for one in true[1].values if one in numbers and one != true[1].per_athlete]
    means = [one.values.mean() for one in true]
    return [
        {
            "hypothesis": true[0].hypothesis,
            "part": name,
            "true_patterns": round(float(means[0].get(name, np.nan)), 12),
            "true_recorded": round(float(means[1][name]), 12),
            "estimate": round(float(numbers[name].mean()), 12),
            "athletes_rms": _rms(true[1].values[name], numbers[name]),
        }
        for name in names
    ]


def _rms(true: pd.Series[float], told: pd.Series[float]) -> float:
    away = (told - true).dropna().to_numpy(dtype=float)
    return float(np.sqrt(np.mean(away**2)))


def _yes(holds: bool) -> str:  # noqa: FBT001
    return "yes" if holds else "no"


def literal(
    patterns: Evidence, recorded: Evidence, tables: Path, registry: Registry
) -> pd.DataFrame:
    """What claims say by their words, beside the truth."""
    keys = ["hypothesis", "name"]
    told = read_table(tables / "literal.tsv").set_index(keys)
    for column, evidence in (("patterns", patterns), ("recorded", recorded)):
        found = literal_table(evidence, registry).set_index(keys)
        value = found["estimate"].reindex(told.index).tolist()
        held = [
            _yes(low <= one <= high)
            for one, low, high in zip(value, told["ci_low"], told["ci_high"], strict=True)
        ]
        told[f"true_{column}"], told[f"holds_{column}"] = value, held
        if column == "patterns":
            told["true_showing"] = found["n_showing"].reindex(told.index)
    same = (told["true_showing"] == told["n_showing"]) | told["n_showing"].isna()
    return told.assign(agrees=same.map(_yes)).reset_index()[list(LITERAL_COLUMNS)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m validation.demo", description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the demo study's results")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables go")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
