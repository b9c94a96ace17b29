"""Stage hypotheses: from the evidence of all participants to verdicts, and the tables behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqbio.errors import AqbioError
from aqbio.hypotheses.exports import (
    ATHLETES,
    DEVIATIONS,
    INFLUENCE,
    LITERAL,
    POWER,
    SINGLE,
    SPRINTS,
    TRIALS,
    VERDICTS,
    athlete_table,
    influence_table,
    literal_table,
    power_table,
    single_table,
    trial_errors,
)
from aqbio.hypotheses.gathered import read_evidence
from aqbio.hypotheses.multiverse import (
    MULTIVERSE,
    arms_by_hypothesis,
    multiverse,
    multiverse_table,
)
from aqbio.hypotheses.patterns import (
    PARTITIONS,
    SIGNS,
    curve_means,
    partition_table,
    sign_table,
)
from aqbio.hypotheses.preregistration import deviations, post_hoc, verdict_basis
from aqbio.io.dictionary import Columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.multiverse.files import evidence_inputs
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import VERSION, Hypothesis, Registry, asked_registry, short_hash
from aqbio.stats.robustness import (
    Fragility,
    fragilities,
    influential,
    leave_one_out,
    spread,
)
from aqbio.stats.step_numbers import step_columns
from aqbio.stats.verdict import Examined, Verdict, examined, families, judged
from aqbio.study.findings import write_findings
from aqbio.study.internal import Parts, contained
from aqbio.study.manifest import Report, study_stage

if TYPE_CHECKING:
    import pandas as pd

STAGE = "hypotheses"


@study_stage(STAGE)
def hypotheses_study(study: Study, report: Report, cores: int = 1) -> None:
    """Write the verdicts of a study and every table that they can be recomputed from.

    A table, a hypothesis or a trial that cannot be computed is left out with a finding. Other
    choices are gone through in as many processes as there are ``cores``.
    """
    import pandas as pd

    registry, parts = asked_registry(study), Parts(study, STAGE)
    nothing: Judged = (), {}, []
    given, tables, inputs = parts.part(
        "all", lambda: _judged(study, registry, parts, cores), nothing
    )
    source = study_provenance(study, STAGE, inputs)
    source |= {"registry_hash": short_hash(verdict_basis(study))}
    for name, columns in COLUMNS.items():
        empty = pd.DataFrame(columns=list(columns))
        table = parts.part(name, tables[name], empty) if name in tables else empty
        write_table(table, study.table(f"{name}.tsv"), columns, source)
    write_findings(study, STAGE, parts.findings)
    for one in given:
        report(f"{one.hypothesis}: {one.verdict}")


COLUMNS: dict[str, Columns] = {
    "hypotheses_steps": step_columns(),
    "hypotheses_athletes": ATHLETES,
    "hypotheses_trials": TRIALS,
    "literal": LITERAL,
    "influence": INFLUENCE,
    "single_athletes": SINGLE,
    "power": POWER,
    "sprints": SPRINTS,
    "partitions": PARTITIONS,
    "sign_patterns": SIGNS,
    "multiverse": MULTIVERSE,
    "deviations": DEVIATIONS,
    "verdicts": VERDICTS,
}
"""Tables of the stage, in the order in which they are written."""


Judged = tuple[tuple[Verdict, ...], dict[str, Callable[[], "pd.DataFrame"]], list[Path]]
"""Verdicts, how to make every table, and the files that were read."""


def _judged(study: Study, registry: Registry, parts: Parts, cores: int) -> Judged:
    import pandas as pd

    found = read_evidence(study, parts)
    basis = short_hash(verdict_basis(study))
    every = _examined(found.evidence, registry, parts)
    given = tuple(replace(one, registry_hash=basis) for one in judged(every, registry))
    tested = families(every)
    arms = multiverse(found, every, given, registry, parts, cores)
    outcomes = {one.hypothesis.id: one.outcome for one in every if one.outcome is not None}
    without = {
        one.hypothesis.id: leave_one_out(one, tested[one.hypothesis.family]) for one in every
    }
    changed = deviations(study)
    fragile = fragilities(given, arms_by_hypothesis(arms))
    means = cache(lambda: curve_means(found.evidence))
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "hypotheses_steps": lambda: found.evidence.steps.reindex(columns=list(step_columns())),
        "hypotheses_athletes": lambda: athlete_table(outcomes),
        "hypotheses_trials": lambda: trial_errors(found.evidence),
        "literal": lambda: literal_table(found.evidence, registry),
        "influence": lambda: influence_table(without),
        "single_athletes": lambda: single_table(found.evidence, registry),
        "power": lambda: power_table(found.evidence, outcomes, registry, tested),
        "sprints": lambda: found.evidence.sprints[list(SPRINTS)],
        "partitions": lambda: partition_table(means()),
        "sign_patterns": lambda: sign_table(means()),
        "multiverse": lambda: multiverse_table(arms),
        "deviations": lambda: pd.DataFrame(
            [{name: value or None for name, value in asdict(one).items()} for one in changed],
            columns=list(DEVIATIONS),
        ),
        "verdicts": lambda: pd.DataFrame(
            [
                _verdict_row(one, registry, outcomes.get(one.hypothesis), fragile[one.hypothesis])
                | {
                    "influential": ", ".join(influential(without[one.hypothesis], one.verdict))
                    or None,
                    "post_hoc": "yes" if post_hoc(changed, one.hypothesis) else "no",
                }
                for one in given
            ],
            columns=list(VERDICTS),
        ),
    }
    sheets = [path for path in (study.registry_file, study.capacities_file) if path is not None]
    return given, tables, [*evidence_inputs(study), *sheets]


def _examined(evidence: Evidence, registry: Registry, parts: Parts) -> tuple[Examined, ...]:
    """What was found of every hypothesis; one that cannot be computed is not testable."""
    try:
        with contained(parts.study, STAGE, "verdicts"):
            return examined(evidence, registry)
    except AqbioError:
        return tuple(_examined_alone(evidence, one, parts) for one in registry.hypotheses)


def _examined_alone(evidence: Evidence, one: Hypothesis, parts: Parts) -> Examined:
    alone = Registry(version=VERSION, hypotheses=(one,))
    why = "it could not be computed: see the findings of stage hypotheses"
    nothing = Examined(one, None, (), (why,))
    return parts.part(one.id, lambda: examined(evidence, alone)[0], nothing)


def _verdict_row(
    verdict: Verdict, registry: Registry, outcome: Outcome | None, fragility: Fragility
) -> dict[str, Any]:
    """A verdict with its outcome's spread over athletes and its fragility."""
    hypothesis, own = registry[verdict.hypothesis], asdict(fragility)
    row = asdict(verdict) | own | {"literal": hypothesis.literal.label, "unit": hypothesis.unit}
    row |= {name: ", ".join(own[name]) or None for name in ("overturned_by", "silent")}
    row |= {"decisive": own["decisive"] or None}
    if outcome is not None:
        result = outcome.result
        condition = {None: None, True: "yes", False: "no"}[result.condition]
        row |= asdict(spread(hypothesis, outcome))
        row |= {"condition": condition, "note": result.note or None, "model": result.error.model}
    return row
