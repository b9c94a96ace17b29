"""Stage hypotheses: from the evidence of all participants to verdicts, and the tables behind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.io.tables import Columns, write_table
from aqbio.stages.manifest import Report
from aqbio.stages.registration import Deviation, deviations, post_hoc, study_registry
from aqbio.stages.verdicts.exports import (
    athlete_table,
    power_table,
    secondary_table,
    single_table,
    step_columns,
    step_table,
)
from aqbio.stages.verdicts.gathered import Gathered, gathered
from aqbio.stages.verdicts.multiverse import MULTIVERSE, arm_labels, multiverse
from aqbio.stages.verdicts.patterns import (
    PARTITIONS,
    SIGNS,
    partition_table,
    sign_table,
)
from aqbio.stages.verdicts.sprint_speeds import sprints
from aqbio.stages.verdicts.tables import (
    ATHLETES,
    DEVIATIONS,
    POWER,
    SECONDARY,
    SINGLE,
    SPRINTS,
    VERDICTS,
)
from aqbio.stats.outcomes import Outcome, outcomes
from aqbio.stats.registry import Registry
from aqbio.stats.verdict import Verdict, verdicts, with_robustness

if TYPE_CHECKING:
    import pandas as pd

STAGE = "hypotheses"


def hypotheses_study(study: Study, report: Report) -> None:
    """Write the verdicts of a study and every table that they can be recomputed from."""
    registry, own = study_registry(study), study.settings.hypotheses
    found = gathered(study, registry)
    changed = deviations(study, registry)
    outcome = outcomes(found.evidence, registry)
    arms = multiverse(study, found, registry)
    given = with_robustness(verdicts(found.evidence, registry), arm_labels(arms))
    rules = study.settings.multiverse.flight_roles
    inputs = [*found.inputs, *_optional_files(study)]
    source = provenance(STAGE, inputs, study.stage_settings(STAGE))
    source |= {"registry_hash": registry.hash}
    tables: dict[str, tuple[pd.DataFrame, Columns]] = {
        "hypotheses_steps": (step_table(found.evidence), step_columns()),
        "hypotheses_athletes": (athlete_table(outcome), ATHLETES),
        "secondary": (secondary_table(found.evidence, own.surrogates, own.seed), SECONDARY),
        "single_athletes": (single_table(found.evidence, registry), SINGLE),
        "power": (power_table(found.evidence, outcome, registry, _family(given)), POWER),
        "sprints": (_sprint_table(study, found), SPRINTS),
        "partitions": (partition_table(found.evidence, found.foot_velocity, rules), PARTITIONS),
        "sign_patterns": (sign_table(found.evidence), SIGNS),
        "multiverse": (arms, MULTIVERSE),
        "deviations": (_deviation_table(changed), DEVIATIONS),
        "verdicts": (verdict_table(given, outcome, registry, changed), VERDICTS),
    }
    for name, (table, columns) in tables.items():
        write_table(table, study.table(f"{name}.tsv"), columns, source)
    for one in given:
        report(f"{one.hypothesis}: {one.verdict}")


def _family(given: Sequence[Verdict]) -> int:
    """Count the hypotheses that were tested: those with an adjusted p value."""
    return sum(not math.isnan(one.p_holm) for one in given)


def _optional_files(study: Study) -> list[object]:
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
    given : sequence of Verdict
    found : dict of Outcome
    registry : Registry
    changed : tuple of Deviation
        Of the registry, since the data were first read.
    """
    import pandas as pd

    rows = [
        asdict(one)
        | {
            "unit": registry[one.hypothesis].unit,
            "model": found[one.hypothesis].model if one.hypothesis in found else None,
            "post_hoc": "yes" if post_hoc(changed, one.hypothesis) else "no",
        }
        for one in given
    ]
    return pd.DataFrame(rows, columns=list(VERDICTS))


def _sprint_table(study: Study, found: Gathered) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(sprints(study, found.own), columns=list(SPRINTS))


def _deviation_table(changed: tuple[Deviation, ...]) -> pd.DataFrame:
    import pandas as pd

    rows = [{name: value or None for name, value in asdict(one).items()} for one in changed]
    return pd.DataFrame(rows, columns=list(DEVIATIONS))
