"""The demo study beside its truth, on disk: columns of the tables, and the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.io.dictionary import Columns

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
