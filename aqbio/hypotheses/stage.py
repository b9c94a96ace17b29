"""Stage hypotheses: from the evidence of all participants to verdicts, and the tables behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from aqbio.errors import AqbioError
from aqbio.hypotheses.gathered import read_evidence
from aqbio.hypotheses.literal import literal_rows
from aqbio.hypotheses.multiverse import multiverse
from aqbio.hypotheses.patterns import curve_means, partition_rows, sign_rows
from aqbio.hypotheses.preregistration import deviations, post_hoc, verdict_basis
from aqbio.io.dictionary import Columns, columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.multiverse.files import evidence_inputs
from aqbio.stats.evidence import Evidence, usable
from aqbio.stats.measurement import ERRORS, SHARED
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals
from aqbio.stats.power import power_row
from aqbio.stats.registry import VERSION, Hypothesis, Registry, asked_registry, short_hash
from aqbio.stats.robustness import Fragility, fragility, influential, leave_one_out, spread
from aqbio.stats.step_numbers import step_columns
from aqbio.stats.verdict import Examined, Verdict, examined, families, judged
from aqbio.study.findings import write_findings
from aqbio.study.internal import Parts, contained
from aqbio.study.manifest import Report, study_stage

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
    for name, described in COLUMNS.items():
        rows: Any = parts.part(name, tables[name], []) if name in tables else []
        table = pd.DataFrame(rows).reindex(columns=list(described))
        write_table(table, study.table(f"{name}.tsv"), described, source)
    write_findings(study, STAGE, parts.findings)
    for one in given:
        report(f"{one.hypothesis}: {one.verdict}")


COLUMNS: dict[str, Columns] = {
    "hypotheses_steps": step_columns(),
    "hypotheses_athletes": columns("hypotheses_athletes"),
    "hypotheses_trials": columns("hypotheses_trials", error=ERRORS, model=SHARED),
    **{
        name: columns(name)
        for name in (
            "literal", "influence", "single_athletes", "power", "sprints", "partitions",
            "sign_patterns", "multiverse", "deviations", "verdicts",
        )
    },
}  # fmt: skip
"""Tables of the stage, in the order in which they are written."""


Judged = tuple[tuple[Verdict, ...], dict[str, Callable[[], Any]], list[Path]]
"""Verdicts, how to make the rows of every table, and the files that were read."""


def _judged(study: Study, registry: Registry, parts: Parts, cores: int) -> Judged:
    found = read_evidence(study, parts)
    evidence = found.evidence
    basis = short_hash(verdict_basis(study))
    every = _examined(evidence, registry, parts)
    given = tuple(replace(one, registry_hash=basis) for one in judged(every, registry))
    tested = families(every)
    arms = multiverse(found, given, registry, parts, cores)
    outcomes = {one.hypothesis.id: one.outcome for one in every if one.outcome is not None}
    without = {
        one.hypothesis.id: leave_one_out(one, tested[one.hypothesis.family]) for one in every
    }
    changed = deviations(study)
    means = cache(lambda: curve_means(evidence))
    tables: dict[str, Callable[[], Any]] = {
        "hypotheses_steps": lambda: evidence.steps,
        "hypotheses_athletes": lambda: [
            {
                "hypothesis": name, "participant_id": athlete, "column": column, "value": value,
                "n_steps": int(steps),
            }
            for name, outcome in outcomes.items()
            for column, values in outcome.values.items()
            for athlete, value, steps in zip(values.index, values, outcome.weights, strict=True)
        ],
        "hypotheses_trials": lambda: evidence.trials.reset_index(),
        "literal": lambda: literal_rows(evidence, registry),
        "influence": lambda: [asdict(one) for rows in without.values() for one in rows],
        "single_athletes": lambda: [
            asdict(one)
            for hypothesis in registry.hypotheses
            for one in athlete_intervals(usable(evidence), hypothesis)
        ],
        "power": lambda: [
            asdict(power_row(evidence, one.hypothesis, one.outcome, tested[one.hypothesis.family]))
            | {"unit": one.hypothesis.unit}
            for one in every
            if one.outcome is not None and one.hypothesis.judged
        ],
        "sprints": lambda: evidence.sprints,
        "partitions": lambda: partition_rows(means()),
        "sign_patterns": lambda: sign_rows(means()),
        "multiverse": lambda: [
            asdict(arm.verdict) | {"specification": arm.specification, "factor": arm.factor or None}
            for arm in arms
        ],
        "deviations": lambda: [
            {name: value or None for name, value in asdict(one).items()} for one in changed
        ],
        "verdicts": lambda: [
            _verdict_row(one, registry, outcomes.get(one.hypothesis), fragility(one, arms))
            | {
                "influential": ", ".join(influential(without[one.hypothesis], one.verdict)) or None,
                "post_hoc": "yes" if post_hoc(changed, one.hypothesis) else "no",
            }
            for one in given
        ],
    }  # fmt: skip
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
