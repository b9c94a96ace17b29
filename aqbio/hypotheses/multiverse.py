"""Every verdict under every other choice of the analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from aqbio.gait.step_files import MODELS, step_file
from aqbio.hypotheses.contact_models import shares_on_other_models
from aqbio.hypotheses.gathered import Gathered
from aqbio.io.tables import read_columns
from aqbio.multiverse.files import evidence_specifications
from aqbio.multiverse.specifications import DEFAULT, PELVIS
from aqbio.stats.evidence import CAUSED, Choices, Evidence
from aqbio.stats.registry import Registry
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
"""What makes the evidence under a specification; empty where there is none."""


def multiverse(
    data: Gathered, given: Sequence[Verdict], registry: Registry, parts: Parts, cores: int = 1
) -> list[Arm]:
    """Verdicts under all specifications, the default's first."""
    own, nothing = Variant(DEFAULT, "", data.evidence), list[Arm]()

    def arms_under(make: Choice) -> list[Arm]:
        return [
            arm
            for variant in make()
            for arm in _concerned(variant, verdicts(variant.evidence, registry), registry)
        ]

    def makers() -> list[tuple[str, Callable[[], list[Arm]]]]:
        return [(name, partial(arms_under, make)) for name, make in choices(data)]

    others = parts.side_by_side(parts.part("multiverse", makers, []), nothing, cores)
    return [*_concerned(own, given, registry), *chain.from_iterable(others)]


def _concerned(variant: Variant, given: Sequence[Verdict], registry: Registry) -> list[Arm]:
    """Arms of the hypotheses whose registry lists what the specification varies."""
    found = []
    for verdict in given:
        keys = registry[verdict.hypothesis].multiverse
        if keys and all(factor in keys for factor in variant.factor.split()):
            found.append(Arm(variant.name, variant.factor, verdict))
    return found


def choices(data: Gathered) -> list[tuple[str, Choice]]:
    """Names of the other specifications, and what makes the evidence under each."""
    own, settings = data.evidence, data.study.settings.multiverse
    every: list[tuple[str, Choice]] = [
        (name, partial(_recomputed, data, name, factor)) for name, factor in recomputed(data)
    ]
    if not settings.enabled:
        return every
    models = own.caused()
    every += [
        (f"contact_model={model}", partial(_contact_model, own, model))
        for model in (models if len(models) > 1 else ())
    ]
    every.append(("other_models", partial(_other_bodies, data)))
    every += [(name, partial(_other_choice, own, name)) for name in CHOICES]
    return every


def _recomputed(data: Gathered, name: str, factor: str) -> Iterator[Variant]:
    under = data.under(name)
    if len(under.steps):
        yield Variant(name, factor, under)


CHOICES = {
    "errors=plain": ("errors", Choices(errors="plain")),
    "outliers=left_out": ("outliers", Choices(outliers=False)),
    "covariates=none": ("covariates", Choices(covariates=False)),
    "who_counts=everybody": ("who_counts", Choices(everybody=True)),
}
"""Statistical choices other than the study's own: factor, and what is chosen."""


def _other_choice(own: Evidence, name: str) -> Iterator[Variant]:
    factor, choices = CHOICES[name]
    yield Variant(name, factor, replace(own, choices=choices))


def _contact_model(own: Evidence, model: str) -> Iterator[Variant]:
    others = [CAUSED + one for one in own.caused() if one != model]
    under = replace(own, steps=own.steps.drop(columns=others))
    yield Variant(f"contact_model={model}", "contact_model", under)


def _other_bodies(data: Gathered) -> Iterator[Variant]:
    """Level C as other models of the body have it: what they change, by athlete."""
    own, study = data.evidence, data.study
    if not study.settings.other_models.models:
        return
    names = [one.participant_id for one in study.participants]
    tables = (read_columns(step_file(study, name, MODELS)) for name in names)
    changes = shares_on_other_models(tables, list(own.caused()))
    for body, by_model in changes.items():
        shares = {
            CAUSED + model: own.caused()[model]
            + own.steps["participant_id"].astype(str).map(by_person).astype(float)
            for model, by_person in by_model.items()
        }
        under = replace(own, steps=own.steps.assign(**shares))
        yield Variant(f"model={body}", "contact_model", under)


def recomputed(data: Gathered) -> list[tuple[str, str]]:
    """Names and factors of the specifications that some participant has, in order.

    Choices of the consistency fit only where some trial was fitted: elsewhere they repeat the
    default.
    """
    fitted = bool(data.evidence.trials["consistent"].any())
    every = [pair for pair in evidence_specifications(data.study) if pair[0] != DEFAULT]
    return [
        (name, factor)
        for name, factor in sorted(every, key=lambda pair: pair[1] == PELVIS)
        if fitted or "consistency" not in factor.split()
    ]
