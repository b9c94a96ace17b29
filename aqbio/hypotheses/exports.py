"""The numbers behind the verdicts: by step and by athlete, for everyone who checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from aqbio.hypotheses.tables import (
    ATHLETES,
    INFLUENCE,
    LITERAL,
    POWER,
    SINGLE,
    TRIALS,
)
from aqbio.stats.counting import usable
from aqbio.stats.evidence import Evidence
from aqbio.stats.influence import Without
from aqbio.stats.literal import shown
from aqbio.stats.outcome import Outcome
from aqbio.stats.power import power_rows
from aqbio.stats.registry import Registry
from aqbio.stats.single import athlete_intervals

if TYPE_CHECKING:
    import pandas as pd

OWN_NAMES = {"participant_id": "athlete"}

SINGLE_VALUES = tuple(name for name in SINGLE if name != "participant_id")


def athlete_table(found: Mapping[str, Outcome]) -> pd.DataFrame:
    """One row per hypothesis, athlete and column: what the estimates are computed from."""
    import pandas as pd

    rows = [
        {
            "hypothesis": name,
            "participant_id": athlete,
            "column": column,
            "value": value,
            "n_steps": int(steps),
        }
        for name, outcome in found.items()
        for column, values in outcome.values.items()
        for athlete, value, steps in zip(outcome.values.index, values, outcome.weights, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(ATHLETES))


def trial_errors(evidence: Evidence) -> pd.DataFrame:
    """One row per trial: what the gates read of it."""
    table = evidence.trials.reset_index()
    return table.reindex(columns=list(TRIALS))


def literal_table(evidence: Evidence, registry: Registry) -> pd.DataFrame:
    """One row per number that shows what a claim says by its words."""
    import pandas as pd

    rows = [asdict(one) for one in shown(evidence, registry)]
    return pd.DataFrame(rows, columns=list(LITERAL))


def influence_table(without: Mapping[str, Sequence[Without]]) -> pd.DataFrame:
    """One row per hypothesis and athlete who is left out."""
    import pandas as pd

    rows = [
        {name: getattr(one, OWN_NAMES.get(name, name)) for name in INFLUENCE}
        for every in without.values()
        for one in every
    ]
    return pd.DataFrame(rows, columns=list(INFLUENCE))


def single_table(evidence: Evidence, registry: Registry) -> pd.DataFrame:
    """One row per hypothesis and athlete: what the athlete's own steps say."""
    import pandas as pd

    every = usable(evidence)
    rows = [
        {"participant_id": one.athlete} | {name: getattr(one, name) for name in SINGLE_VALUES}
        for hypothesis in registry.hypotheses
        for one in athlete_intervals(every, hypothesis)
    ]
    return pd.DataFrame(rows, columns=list(SINGLE))


def power_table(
    evidence: Evidence, found: Mapping[str, Outcome], registry: Registry, family: int
) -> pd.DataFrame:
    """One row per hypothesis with an estimate: what this study can find, and what it would take."""
    import pandas as pd

    pairs = {name: (registry[name], one) for name, one in found.items()}
    rows = [
        asdict(one) | {"unit": registry[one.hypothesis].unit}
        for one in power_rows(evidence, pairs, family)
    ]
    return pd.DataFrame(rows, columns=list(POWER))
