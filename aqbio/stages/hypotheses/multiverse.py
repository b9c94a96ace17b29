"""Every verdict again under every other choice of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aqbio.io.dictionary import columns
from aqbio.records.internal import Parts
from aqbio.records.specifications import DEFAULT, PELVIS
from aqbio.stages.hypotheses.gathered import Gathered
from aqbio.stats.evidence import CAUSED, Evidence
from aqbio.stats.registry import Registry
from aqbio.stats.verdict import Label, Verdict, examined, judged

if TYPE_CHECKING:
    import pandas as pd

MULTIVERSE = columns("multiverse")


@dataclass(frozen=True, eq=False)
class Variant:
    """The evidence of a study under one specification."""

    name: str
    factor: str
    evidence: Evidence
    only: tuple[str, ...] = ()
    """Hypotheses that it is about; empty for all whose registry lists the factor."""


def multiverse(found: Gathered, registry: Registry, parts: Parts) -> pd.DataFrame:
    """Verdicts of all hypotheses under all specifications, the default first.

    Parameters
    ----------
    parts : Parts
        Gets a finding for every specification that cannot be computed.

    Returns
    -------
    DataFrame
        Columns as in `MULTIVERSE`: one row per specification and hypothesis that lists its factor.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []

    def collect() -> None:
        for variant in variants(found):
            rows.extend(parts.part(variant.name, partial(_rows, variant, registry), []))

    parts.part("multiverse", collect, None)
    return pd.DataFrame(rows, columns=list(MULTIVERSE))


def _rows(variant: Variant, registry: Registry) -> list[dict[str, object]]:
    return [
        _row(variant, verdict)
        for verdict in judged(examined(variant.evidence, registry), registry)
        if _concerns(variant, registry, verdict.hypothesis)
    ]


def labels_by_hypothesis(table: pd.DataFrame) -> dict[str, list[Label]]:
    """Labels of every hypothesis over the specifications, its default among them."""
    return {
        str(name): [str(label) for label in own["verdict"]]  # type: ignore[misc]
        for name, own in table.groupby("hypothesis", sort=False)
        if len(own) > 1
    }


def _concerns(variant: Variant, registry: Registry, name: str) -> bool:
    """Whether a hypothesis is looked at under a specification."""
    keys = registry[name].multiverse
    if registry[name].always is not None or not keys:
        return False
    if variant.only and name not in variant.only:
        return False
    return all(factor in keys for factor in variant.factor.split())


def _row(variant: Variant, verdict: Verdict) -> dict[str, object]:
    row: dict[str, object] = {"specification": variant.name, "factor": variant.factor or None}
    return row | {
        name: getattr(verdict, name)
        for name in MULTIVERSE
        if name not in ("specification", "factor")
    }


def variants(found: Gathered) -> Iterator[Variant]:
    """The evidence under every specification: recomputed ones, then views of the default."""
    own, settings = found.evidence, found.study.settings.multiverse
    yield Variant(DEFAULT, "", own)
    for name, factor in recomputed(found):
        under = found.under(name)
        if len(under.steps):
            yield Variant(name, factor, under)
    if not settings.enabled:
        return
    if "si" in settings.normalisation:
        under = found.under(DEFAULT, normalisation="si")
        yield Variant("normalisation=si", "normalisation", under)
    for model, shares in own.caused().items():
        steps = own.steps.assign(hub_share=shares).drop(
            columns=[CAUSED + one for one in own.caused()]
        )
        yield Variant(f"contact_model={model}", "contact_model", own.with_steps(steps), ("H4",))


def recomputed(found: Gathered) -> list[tuple[str, str]]:
    """Names and factors of the specifications that some participant has, in order.

    Those of the consistency fit only where some trial was fitted: elsewhere they repeat the
    default, and repetition is no robustness.
    """
    fitted = bool(found.evidence.trials["consistent"].any())
    pairs = found.rows[["specification", "factor"]].drop_duplicates().astype(str)
    every = [(name, factor) for name, factor in pairs.itertuples(index=False) if name != DEFAULT]
    return [
        (name, factor)
        for name, factor in sorted(every, key=lambda pair: pair[1] == PELVIS)
        if fitted or "consistency" not in factor.split()
    ]
