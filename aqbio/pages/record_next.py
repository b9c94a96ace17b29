"""Advice on the next recordings, from the findings, gates and verdicts of a study."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aqbio.errors import Cause
from aqbio.pages.filters import capital, closed, counted
from aqbio.pages.verdicts import VerdictOnPage
from aqbio.pages.words import FAILED_GATES, GATE_ADVICE

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation."""

    action: str
    """Sentence that says what to do."""
    why: str
    """Finding, gate or verdict behind it, with its number."""
    concerns: str
    """Athletes, trials or hypotheses."""
    severity: str = ""
    """{"error", "warning", ""}."""


STAND = "Record a static posture on a plate: standing still for some seconds."


def finding_advice(every_cause: Iterable[Cause], postures: int | None) -> Iterator[Advice]:
    """Advice from errors and warnings; ``postures``: still ones on a plate, None without a fit."""
    by_fix: dict[str, list[Cause]] = {}
    for cause in every_cause:
        if cause.first.severity != "info" and cause.first.fix:
            by_fix.setdefault(cause.first.fix, []).append(cause)
    for fix, causes in by_fix.items():
        first = causes[0]
        also = f" ({first.alike})" if first.alike else ""
        further = f"; and {counted(len(causes) - 1, 'finding')} like it" if len(causes) > 1 else ""
        concerns = "; ".join(dict.fromkeys(cause.concerns or "the study" for cause in causes))
        why = closed(capital(first.first.what)).removesuffix(".")
        yield Advice(closed(capital(fix)), f"{why}{also}{further}.", concerns, first.first.severity)
    if postures == 0:
        why = "No posture was held still on a plate, so that the centre of mass is not checked."
        yield Advice(STAND, why, "")


BODY_SOURCES = ("inertia", "centres")
"""Sources of uncertainty that more runs on force plates narrow."""

MIN_BODY_SHARE = 0.5
"""Share of these sources in the variance above which more runs on plates are advised."""


def budget_advice(budget: pd.DataFrame, postures: int | None) -> Iterator[Advice]:
    """Advice from the sources of the uncertainty of the whole body's angular momentum."""
    named = budget["level"].eq("A") & budget["source"].eq("total") & budget["axis"].eq("y")
    named &= budget["statistic"].eq("momentum_mean") & budget["target"].eq("whole_body")
    rows = budget[named & budget["sd"].notna()]
    variance = rows["sd"] ** 2
    if postures is None or not float(variance.sum()) > 0.0:
        return
    body = rows[[f"share_{name}" for name in BODY_SOURCES]].sum(axis=1)
    share = float((body * variance).sum() / variance.sum())
    if share > MIN_BODY_SHARE:
        yield Advice(
            "Record more runs on force plates.",
            f"Masses and centres of mass of the segments are the source of {100.0 * share:.0f} % "
            "of the error variance of the whole body's angular momentum about the vertical, and "
            "runs on force plates narrow them more than further postures.",
            "",
        )


def verdict_advice(verdicts: Sequence[VerdictOnPage]) -> Iterator[Advice]:
    """Advice on making hypotheses testable and inconclusive ones decided."""
    for verdict in verdicts:
        if str(verdict.row["verdict"]) == "not_testable":
            why = closed(capital(str(verdict.row["reason"])))
            yield Advice(f"Test {verdict.hypothesis.id}: {verdict.hypothesis.title}.", why, "")
    failed: dict[str, list[VerdictOnPage]] = {}
    for verdict in verdicts:
        for gate in str(verdict.row["gates"]).split(", "):
            if gate in FAILED_GATES:
                failed.setdefault(gate, []).append(verdict)
    for gate, open_ones in failed.items():
        names = ", ".join(verdict.hypothesis.id for verdict in open_ones)
        why = f"{capital(FAILED_GATES[gate])} for {counted(len(open_ones), 'statistic')}."
        yield Advice(GATE_ADVICE[gate], why, names)
