"""Verdicts under alternative choices of the analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from aqbio.gait.step_files import MODELS, step_file
from aqbio.hypotheses.contact_models import shares_on_other_models
from aqbio.hypotheses.gathered import StudyEvidence
from aqbio.io.tables import read_columns
from aqbio.multiverse.files import evidence_specifications
from aqbio.multiverse.specifications import DEFAULT, PELVIS
from aqbio.stats.evidence import CAUSED, Choices, Evidence
from aqbio.stats.registry import Hypothesis, Registry
from aqbio.stats.robustness import Arm
from aqbio.stats.verdict import Verdict, verdicts
from aqbio.study.internal import Parts


@dataclass(frozen=True, eq=False)
class Variant:
    """The evidence of a study under one specification."""

    name: str
    factor: str
    evidence: Evidence


Choice = Callable[[], Iterable[Variant]]
"""Function that computes the evidence under a specification; empty where there is none."""


def multiverse(
    data: StudyEvidence,
    default_verdicts: Sequence[Verdict],
    registry: Registry,
    parts: Parts,
    cores: int = 1,
) -> list[Arm]:
    """Verdicts under all specifications, the default's first."""
    default, no_arms = Variant(DEFAULT, "", data.evidence), list[Arm]()

    def arms_under(make: Choice) -> list[Arm]:
        arms = []
        for variant in make():
            concerned = concerned_families(registry, variant.factor)
            arms += _arms_of_variant(variant, verdicts(variant.evidence, concerned), registry)
        return arms

    def makers() -> list[tuple[str, Callable[[], list[Arm]]]]:
        return [(name, partial(arms_under, make)) for name, make in choices(data)]

    varied = parts.side_by_side(parts.part("multiverse", makers, []), no_arms, cores)
    return [*_arms_of_variant(default, default_verdicts, registry), *chain.from_iterable(varied)]


def concerned_families(registry: Registry, factor: str) -> Registry:
    """Hypotheses of the families of which some member lists what a specification varies.

    Others have no arm. Members that do not list it count in Holm's adjustment of those that do.
    """
    concerned = {x.family for x in registry.hypotheses if _lists(x, factor)}
    members = tuple(x for x in registry.hypotheses if x.family in concerned)
    return registry.model_copy(update={"hypotheses": members})


def _lists(hypothesis: Hypothesis, factor: str) -> bool:
    """Tell whether the registry lists all that a specification varies."""
    keys = hypothesis.multiverse
    return bool(keys) and all(name in keys for name in factor.split())


def _arms_of_variant(
    variant: Variant, variant_verdicts: Sequence[Verdict], registry: Registry
) -> list[Arm]:
    """Arms of the hypotheses whose registry lists what the specification varies."""
    return [
        Arm(variant.name, variant.factor, verdict)
        for verdict in variant_verdicts
        if _lists(registry[verdict.hypothesis], variant.factor)
    ]


def choices(data: StudyEvidence) -> list[tuple[str, Choice]]:
    """Names of the alternative specifications, with the functions that compute their evidence."""
    evidence, settings = data.evidence, data.study.settings.multiverse
    specifications: list[tuple[str, Choice]] = [
        (name, partial(_recomputed, data, name, factor)) for name, factor in recomputed(data)
    ]
    if not settings.enabled:
        return specifications
    models = evidence.caused_shares()
    specifications += [
        (f"contact_model={model}", partial(_contact_model, evidence, model))
        for model in (models if len(models) > 1 else ())
    ]
    specifications.append(("other_models", partial(_other_models, data)))
    specifications += [(name, partial(_statistical_choice, evidence, name)) for name in CHOICES]
    return specifications


def _recomputed(data: StudyEvidence, name: str, factor: str) -> Iterator[Variant]:
    evidence = data.under(name)
    if len(evidence.steps):
        yield Variant(name, factor, evidence)


CHOICES = {
    "errors=plain": ("errors", Choices(errors="plain")),
    "outliers=heavy": ("outliers", Choices(outliers=False)),
    "covariates=none": ("covariates", Choices(covariates=False)),
    "who_counts=everybody": ("who_counts", Choices(everybody=True)),
}
"""Statistical choices other than the study's own: factor, and choice."""


def _statistical_choice(evidence: Evidence, name: str) -> Iterator[Variant]:
    factor, choices = CHOICES[name]
    yield Variant(name, factor, replace(evidence, choices=choices))


def _contact_model(evidence: Evidence, model: str) -> Iterator[Variant]:
    other_columns = [
        CAUSED + other_model for other_model in evidence.caused_shares() if other_model != model
    ]
    reduced = replace(evidence, steps=evidence.steps.drop(columns=other_columns))
    yield Variant(f"contact_model={model}", "contact_model", reduced)


def _other_models(data: StudyEvidence) -> Iterator[Variant]:
    """Change of level C on other models of the body, by athlete."""
    evidence, study = data.evidence, data.study
    files = [step_file(study, person.participant_id, MODELS) for person in study.participants]
    tables = (read_columns(file) for file in files if file.is_file())  # drawn studies have none
    changes = shares_on_other_models(tables, list(evidence.caused_shares()))
    for body, by_model in changes.items():
        shares = {
            CAUSED + model: evidence.caused_shares()[model]
            + evidence.steps["participant_id"].astype(str).map(by_person).astype(float)
            for model, by_person in by_model.items()
        }
        changed = replace(evidence, steps=evidence.steps.assign(**shares))
        yield Variant(f"model={body}", "contact_model", changed)


def recomputed(data: StudyEvidence) -> list[tuple[str, str]]:
    """Names and factors of the specifications that some participant has, in order.

    Choices of the consistency fit only where some trial was fitted: elsewhere they repeat the
    default.
    """
    fitted = bool(data.evidence.trials["consistent"].any())
    specifications = [pair for pair in evidence_specifications(data.study) if pair[0] != DEFAULT]
    return [
        (name, factor)
        for name, factor in sorted(specifications, key=lambda pair: pair[1] == PELVIS)
        if fitted or "consistency" not in factor.split()
    ]
