"""Every verdict again under every other choice of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.mechanics.gait.roles import with_pelvis
from aqbio.records.internal import Parts
from aqbio.records.specifications import DEFAULT
from aqbio.stages.hypotheses.gathered import Gathered, athlete_evidence, step_evidence
from aqbio.stats.evidence import Evidence
from aqbio.stats.registry import Registry
from aqbio.stats.verdict import Label, Verdict, examined, judged

if TYPE_CHECKING:
    import pandas as pd

MULTIVERSE = columns("multiverse")


@dataclass(frozen=True, eq=False)
class Variant:
    """The evidence of a study under one arm.

    Attributes
    ----------
    arm, factor : str
    evidence : Evidence
    only : tuple of str
        Hypotheses that the arm is about; empty for all whose registry lists the factor.
    """

    arm: str
    factor: str
    evidence: Evidence
    only: tuple[str, ...] = ()


def multiverse(study: Study, found: Gathered, registry: Registry, parts: Parts) -> pd.DataFrame:
    """Verdicts of all hypotheses under all arms, the default first.

    Parameters
    ----------
    study : Study
    found : Gathered
    registry : Registry
    parts : Parts
        Gets a finding for every arm that cannot be computed.

    Returns
    -------
    DataFrame
        Columns as in `MULTIVERSE`: one row per arm and hypothesis that lists the arm's factor.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []

    def collect() -> None:
        for variant in variants(study, found):
            rows.extend(parts.part(variant.arm, partial(_rows, variant, registry), []))

    parts.part("multiverse", collect, None)
    return pd.DataFrame(rows, columns=list(MULTIVERSE))


def _rows(variant: Variant, registry: Registry) -> list[dict[str, object]]:
    return [
        _row(variant, verdict)
        for verdict in judged(examined(variant.evidence, registry), registry)
        if _concerns(variant, registry, verdict.hypothesis)
    ]


def arm_labels(table: pd.DataFrame) -> dict[str, list[Label]]:
    """Labels of every hypothesis over the arms, its default among them."""
    return {
        str(name): [str(label) for label in own["verdict"]]  # type: ignore[misc]
        for name, own in table.groupby("hypothesis", sort=False)
        if len(own) > 1
    }


def _concerns(variant: Variant, registry: Registry, name: str) -> bool:
    """Whether a hypothesis is looked at under an arm."""
    keys = registry[name].multiverse
    if registry[name].always is not None or not keys:
        return False
    if variant.only and name not in variant.only:
        return False
    return all(factor in keys for factor in variant.factor.split())


def _row(variant: Variant, verdict: Verdict) -> dict[str, object]:
    row: dict[str, object] = {"arm": variant.arm, "factor": variant.factor or None}
    return row | {
        name: getattr(verdict, name) for name in MULTIVERSE if name not in ("arm", "factor")
    }


def variants(study: Study, found: Gathered) -> Iterator[Variant]:
    """Give the evidence under every arm: recomputed ones, then views of the default."""
    own = found.evidence
    yield Variant(DEFAULT, "", own)
    for arm, factor in recomputed(found):
        steps = step_evidence(study, found.arms, own.trials, found.levels, arm)
        if not len(steps):
            continue
        athletes = athlete_evidence(study, steps, found.arms, arm)
        evidence = replace(
            own, steps=steps, athletes=athletes, caused_shares={}, line_rates={}, arm_momenta={}
        )
        yield Variant(arm, factor, evidence)
    settings = study.settings.multiverse
    if not settings.enabled:
        return
    for member in settings.pelvis:
        if member != "torso":
            moved = replace(own.steps, momentum=with_pelvis(own.steps.momentum, member))
            yield Variant(f"pelvis={member}", "pelvis_membership", replace(own, steps=moved))
    if "si" in settings.normalisation:
        plain = step_evidence(study, found.own, own.trials, found.levels, normalisation="si")
        yield Variant("normalisation=si", "normalisation", replace(own, steps=plain))
    for model, shares in own.caused_shares.items():
        caused = replace(own.steps, hub_share=shares)
        evidence = replace(own, steps=caused, caused_shares={})
        yield Variant(f"contact_model={model}", "contact_model", evidence, ("H4",))


def recomputed(found: Gathered) -> list[tuple[str, str]]:
    """Names and factors of the recomputed arms that some participant has, in order.

    Arms of the consistency fit only where some trial was fitted: elsewhere they repeat the default,
    and repetition is no robustness.
    """
    fitted = bool(found.evidence.trials.consistent.any())
    pairs = [
        pair
        for data in found.arms.values()
        for pair in zip(data["arm"].values.tolist(), data["factor"].values.tolist(), strict=True)
    ]
    return [
        (arm, factor)
        for arm, factor in dict.fromkeys(pairs)
        if fitted or "consistency" not in factor.split()
    ]
