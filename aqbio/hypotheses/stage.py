"""Stage hypotheses: verdicts from the evidence of all participants, and the tables behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache, partial
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from aqbio.errors import AqbioError
from aqbio.hypotheses.deviations import deviations, post_hoc
from aqbio.hypotheses.gathered import read_evidence
from aqbio.hypotheses.multiverse import multiverse
from aqbio.hypotheses.patterns import curve_means, partition_rows, sign_rows
from aqbio.hypotheses.preregistration import verdict_basis
from aqbio.io.dictionary import Columns, columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.multiverse.files import evidence_inputs
from aqbio.stats.evidence import Evidence, usable_evidence
from aqbio.stats.measurement import DRAWN, STEP_ERRORS
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals, sound_evidence
from aqbio.stats.power import power_row
from aqbio.stats.registry import VERSION, Hypothesis, Registry, asked_registry, short_hash
from aqbio.stats.robustness import (
    Fragility,
    LeaveOneOut,
    fragility,
    influential,
    leave_one_out,
    spread,
)
from aqbio.stats.step_numbers import step_columns
from aqbio.stats.verdict import ExaminedHypothesis, Verdict, examine, families, judge
from aqbio.study.findings import write_findings
from aqbio.study.internal import Parts, contained
from aqbio.study.manifest import Report, study_stage

STAGE = "hypotheses"


@study_stage(STAGE)
def hypotheses_study(study: Study, report: Report, cores: int = 1) -> None:
    """Write the verdicts of a study and every table that they can be recomputed from.

    A table, a hypothesis or a trial that cannot be computed is left out with a finding. The
    specifications of the multiverse run in ``cores`` processes.
    """
    registry, parts = asked_registry(study), Parts(study, STAGE)
    no_verdicts: StudyVerdicts = (), {}, []
    verdicts, tables, inputs = parts.part(
        "all", lambda: _judge_study(study, registry, parts, cores), no_verdicts
    )
    source = study_provenance(study, STAGE, inputs)
    source |= {"registry_hash": short_hash(verdict_basis(study))}
    for name, descriptions in COLUMNS.items():
        rows: Any = parts.part(name, tables[name], []) if name in tables else []
        table = pd.DataFrame(rows).reindex(columns=list(descriptions))
        write_table(table, study.table(f"{name}.tsv"), descriptions, source)
    write_findings(study, STAGE, parts.findings)
    for verdict in verdicts:
        report(f"{verdict.hypothesis}: {verdict.verdict}")


COLUMNS: dict[str, Columns] = {
    "hypotheses_steps": step_columns(),
    "hypotheses_athletes": columns("hypotheses_athletes"),
    "hypotheses_trials": columns("hypotheses_trials", error=STEP_ERRORS, common=DRAWN),
    **{
        name: columns(name)
        for name in (
            "influence", "single_athletes", "power", "sprints", "partitions",
            "sign_patterns", "multiverse", "deviations", "verdicts",
        )
    },
}  # fmt: skip
"""Tables of the stage, in the order in which they are written."""


StudyVerdicts = tuple[tuple[Verdict, ...], dict[str, Callable[[], Any]], list[Path]]
"""Verdicts, a function for the rows of every table, and the files that were read."""


def _judge_study(study: Study, registry: Registry, parts: Parts, cores: int) -> StudyVerdicts:
    """Judge all hypotheses, and prepare the rows of every table."""
    study_evidence = read_evidence(study, parts)
    evidence = study_evidence.evidence
    basis = short_hash(verdict_basis(study))
    candidates = _examine_all(evidence, registry, parts)
    judged = judge(candidates, registry)
    verdicts = tuple(replace(verdict, registry_hash=basis) for verdict in judged)
    family_sizes = families(candidates)
    arms = multiverse(study_evidence, verdicts, registry, parts, cores)
    outcomes = {
        candidate.hypothesis.id: candidate.outcome
        for candidate in candidates
        if candidate.outcome is not None
    }
    left_out = {
        candidate.hypothesis.id: leave_one_out(
            candidate, family_sizes[candidate.hypothesis.family], evidence.clusters
        )
        for candidate in candidates
    }
    power = cache(partial(_power_rows, candidates))
    changes = deviations(study)
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
        "influence": lambda: [asdict(row) for rows in left_out.values() for row in rows],
        "single_athletes": lambda: _single_athletes(evidence, registry),
        "power": power,
        "sprints": lambda: evidence.sprints,
        "partitions": lambda: partition_rows(means()),
        "sign_patterns": lambda: sign_rows(means()),
        "multiverse": lambda: [
            asdict(arm.verdict) | {"specification": arm.specification, "factor": arm.factor or None}
            for arm in arms
        ],
        "deviations": lambda: [
            {name: value or None for name, value in asdict(change).items()} for change in changes
        ],
        "verdicts": lambda: [
            _verdict_row(
                verdict, registry, outcomes.get(verdict.hypothesis), fragility(verdict, arms)
            )
            | {"mde": _detected(power(), verdict.hypothesis)}
            | {"influential": _influential_names(verdict, left_out[verdict.hypothesis])}
            | {"post_hoc": "yes" if post_hoc(changes, verdict.hypothesis) else "no"}
            for verdict in verdicts
        ],
    }  # fmt: skip
    sheets = [path for path in (study.registry_file, study.strength_file) if path is not None]
    return verdicts, tables, [*evidence_inputs(study), *sheets]


def _examine_all(
    evidence: Evidence, registry: Registry, parts: Parts
) -> tuple[ExaminedHypothesis, ...]:
    """Examine every hypothesis; one that cannot be computed is not testable."""
    try:
        with contained(parts.study, STAGE, "verdicts"):
            return examine(evidence, registry)
    except AqbioError:
        return tuple(
            _examine_one(evidence, hypothesis, parts) for hypothesis in registry.hypotheses
        )


def _examine_one(evidence: Evidence, hypothesis: Hypothesis, parts: Parts) -> ExaminedHypothesis:
    registry = Registry(version=VERSION, hypotheses=(hypothesis,))
    reason = "it could not be computed: see the findings of stage hypotheses"
    not_testable = ExaminedHypothesis(hypothesis, None, (), (reason,))
    return parts.part(hypothesis.id, lambda: examine(evidence, registry)[0], not_testable)


def _power_rows(candidates: tuple[ExaminedHypothesis, ...]) -> list[dict[str, Any]]:
    """Power of every judged hypothesis with an outcome, and the unit of its effect."""
    sizes = families(candidates)
    return [
        asdict(power_row(counted, hypothesis, outcome, sizes[hypothesis.family]))
        | {"unit": hypothesis.unit}
        for candidate in candidates
        if (outcome := candidate.outcome) is not None
        and (counted := candidate.counted) is not None
        and not candidate.missing
        and (hypothesis := candidate.hypothesis)
    ]


def _detected(power: list[dict[str, Any]], name: str) -> float:
    """Smallest effect of a hypothesis that 80 % of studies like this one find; NaN: not known."""
    return next((float(row["mde"]) for row in power if row["hypothesis"] == name), nan)


def _single_athletes(evidence: Evidence, registry: Registry) -> list[dict[str, Any]]:
    """Estimate of every athlete under every hypothesis, from sound steps."""
    return [
        asdict(interval)
        for hypothesis in registry.hypotheses
        for interval in athlete_intervals(
            usable_evidence(sound_evidence(evidence, hypothesis)), hypothesis
        )
    ]


def _influential_names(verdict: Verdict, left_out: tuple[LeaveOneOut, ...]) -> str | None:
    """Names of the athletes without whom the verdict changes, separated by commas."""
    return ", ".join(influential(left_out, verdict.verdict)) or None


def _verdict_row(
    verdict: Verdict, registry: Registry, outcome: Outcome | None, fragility: Fragility
) -> dict[str, Any]:
    """A verdict with its outcome's spread over athletes and its fragility."""
    hypothesis, fields = registry[verdict.hypothesis], asdict(fragility)
    row = asdict(verdict) | fields | {"unit": hypothesis.unit}
    row |= {name: ", ".join(fields[name]) or None for name in ("overturned_by", "silent")}
    row |= {"decisive": fields["decisive"] or None}
    if outcome is not None:
        result = outcome.result
        condition = {None: None, True: "yes", False: "no"}[result.condition]
        row |= asdict(spread(hypothesis, outcome))
        row |= {"condition": condition, "note": result.note or None, "model": result.error.model}
    return row
