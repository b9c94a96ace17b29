"""Stage hypotheses: from the evidence of all participants to verdicts, and the tables behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.errors import AqbioError
from aqbio.io.dictionary import Columns
from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.records.evidence_files import evidence_inputs
from aqbio.records.findings import write_findings
from aqbio.records.internal import Parts, contained
from aqbio.records.manifest import Report
from aqbio.stages.hypotheses.exports import (
    athlete_table,
    power_table,
    secondary_table,
    single_table,
)
from aqbio.stages.hypotheses.known import known_evidence
from aqbio.stages.hypotheses.multiverse import MULTIVERSE, labels_by_hypothesis, multiverse
from aqbio.stages.hypotheses.patterns import (
    PARTITIONS,
    SIGNS,
    partition_table,
    sign_table,
)
from aqbio.stages.hypotheses.tables import (
    ATHLETES,
    DEVIATIONS,
    POWER,
    SECONDARY,
    SINGLE,
    SPRINTS,
    VERDICTS,
)
from aqbio.stats.curve_means import curve_means
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import outcomes
from aqbio.stats.partitions import step_columns
from aqbio.stats.registration import Deviation, deviations, post_hoc, study_registry
from aqbio.stats.registry import Hypothesis, Registry
from aqbio.stats.verdict import Verdict, verdicts, with_robustness

if TYPE_CHECKING:
    import pandas as pd

STAGE = "hypotheses"


def hypotheses_study(study: Study, report: Report) -> None:
    """Write the verdicts of a study and every table that they can be recomputed from.

    A table, a hypothesis or a trial that cannot be computed is left out with a finding.
    """
    import pandas as pd

    registry, parts = study_registry(study), Parts(study, STAGE)
    nothing: Judged = (), {}, []
    given, tables, inputs = parts.part("all", lambda: _judged(study, registry, parts), nothing)
    source = provenance(STAGE, inputs, study.stage_settings(STAGE))
    source |= {"registry_hash": registry.hash}
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
    "secondary": SECONDARY,
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


def _judged(study: Study, registry: Registry, parts: Parts) -> Judged:
    found, own = known_evidence(study, registry, parts), study.settings.hypotheses
    seed = study.settings.random.seed
    tested, plain = _tested(found.evidence, registry, parts)
    changed = deviations(study, registry)
    outcome = outcomes(found.evidence, tested)
    specifications = multiverse(found, tested, parts)
    given = tuple(
        replace(one, registry_hash=registry.hash)
        for one in with_robustness(plain, labels_by_hypothesis(specifications))
    )
    rules = study.settings.multiverse.flight_roles
    means = cache(lambda: curve_means(found.evidence, rules))
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "hypotheses_steps": lambda: found.evidence.steps[list(step_columns())],
        "hypotheses_athletes": lambda: athlete_table(outcome),
        "secondary": lambda: secondary_table(found.evidence, means(), own.surrogates, seed),
        "single_athletes": lambda: single_table(found.evidence, tested),
        "power": lambda: power_table(found.evidence, outcome, tested, _family(given)),
        "sprints": lambda: found.evidence.sprints,
        "partitions": lambda: partition_table(means()),
        "sign_patterns": lambda: sign_table(means()),
        "multiverse": lambda: specifications,
        "deviations": lambda: _deviation_table(changed),
        "verdicts": lambda: verdict_table(given, outcome, tested, changed),
    }
    return given, tables, [*evidence_inputs(study), *_optional_files(study)]


def _tested(
    evidence: Evidence, registry: Registry, parts: Parts
) -> tuple[Registry, tuple[Verdict, ...]]:
    """Verdicts, and the registry that they rest on.

    Where they cannot be computed, what cannot be computed alone is not testable.
    """
    try:
        with contained(parts.study, STAGE, "verdicts"):
            return registry, verdicts(evidence, registry)
    except AqbioError:
        computed = (_if_computed(evidence, one, parts) for one in registry.hypotheses)
        tested = Registry(hypotheses=tuple(computed))
    return tested, verdicts(evidence, tested)


def _if_computed(evidence: Evidence, one: Hypothesis, parts: Parts) -> Hypothesis:
    def computed() -> Hypothesis:
        verdicts(evidence, Registry(hypotheses=(one,)))
        return one

    why = "its statistic could not be computed: see the findings of stage hypotheses"
    return parts.part(
        one.id, computed, one.model_copy(update={"always": "not_testable", "implied_if": why})
    )


def _family(given: Sequence[Verdict]) -> int:
    """Count the hypotheses that were tested: those with an adjusted p value."""
    return sum(not math.isnan(one.p_holm) for one in given)


def _optional_files(study: Study) -> list[Path]:
    return [path for path in (study.registry_file, study.capacities_file) if path is not None]


def verdict_table(
    given: Sequence[Verdict],
    found: dict[str, Outcome],
    registry: Registry,
    changed: tuple[Deviation, ...],
) -> pd.DataFrame:
    """Verdicts as a table, in the order of the registry.

    Parameters
    ----------
    changed : tuple of Deviation
        Of the registry, since the data were first read.
    """
    import pandas as pd

    rows = [
        asdict(one)
        | {
            "unit": registry[one.hypothesis].unit,
            "model": found[one.hypothesis].error.model if one.hypothesis in found else None,
            "post_hoc": "yes" if post_hoc(changed, one.hypothesis) else "no",
        }
        for one in given
    ]
    return pd.DataFrame(rows, columns=list(VERDICTS))


def _deviation_table(changed: tuple[Deviation, ...]) -> pd.DataFrame:
    import pandas as pd

    rows = [{name: value or None for name, value in asdict(one).items()} for one in changed]
    return pd.DataFrame(rows, columns=list(DEVIATIONS))
