"""The numbers behind the verdicts: by step and by athlete, for everyone who checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.gait.step_measures import LINES
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS, SIDES
from aqbio.stages.hypotheses.tables import (
    ATHLETES,
    POWER,
    SECONDARY,
    SINGLE,
)
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcomes import Outcome
from aqbio.stats.partitions import (
    BOTH_LEGS,
    SWING_ALONE,
    cosines,
    dashed,
    opposition,
    partition_names,
    step_columns,
    together_share,
)
from aqbio.stats.power import power_rows
from aqbio.stats.registry import Registry
from aqbio.stats.secondary import secondary_rows
from aqbio.stats.single import athlete_intervals
from aqbio.stats.step_statistics import log_ratios
from aqbio.stats.timing import lag

if TYPE_CHECKING:
    import pandas as pd

UPWARD = AXES.index("y")

SINGLE_VALUES = tuple(name for name in SINGLE if name != "participant_id")


def step_table(evidence: Evidence) -> pd.DataFrame:
    """One row per step with everything that the primary statistics read of it."""
    import pandas as pd

    steps, trials, athletes = evidence.steps, evidence.trials, evidence.athletes
    vertical = steps.momentum[:, 0, :, :, UPWARD]
    names = partition_names()
    chi = opposition(vertical, names)
    legs, alone = names.index(BOTH_LEGS), names.index(SWING_ALONE)
    pair = [ROLE_GROUPS.index(name) for name in ("arms", "push_leg")]
    ratios = log_ratios(steps)
    columns = {
        "participant_id": [athletes.name[one] for one in steps.athlete],
        "trial_id": [trials.name[one] for one in steps.trial],
        "step": steps.number,
        "side": [SIDES[one] for one in steps.side],
        "level": steps.level,
        "speed_mps": steps.speed,
        "relative_speed": steps.speed / athletes.fastest[steps.athlete],
        "contact_s": steps.contact,
        "flight_s": steps.flight,
        "opposition_difference": chi[:, alone] - chi[:, legs],
        "arms_push_cosine": cosines(vertical[..., pair])[:, 0, 1],
        **line_columns(evidence),
        "log_ratio_momentum": ratios["momentum"],
        "log_ratio_moments": ratios["joint moments"],
        "yaw_impulse": steps.yaw_impulse,
        "time_deviation_s": steps.time_deviation,
        "hub_share": steps.hub_share,
        "lag": lag(steps.swing_peak, steps.force_peak),
        "lateral_ratio": steps.lateral_ratio,
    }
    columns |= {f"chi_{dashed(name)}": chi[:, place] for place, name in enumerate(names)}
    return pd.DataFrame(columns, columns=list(step_columns()))


def line_columns(evidence: Evidence) -> dict[str, FloatArray]:
    """H2b by step: whether the lines of wrists and of ankles turn together, NaN where unknown."""
    unknown = np.full(len(evidence.steps), np.nan)
    if not set(LINES) <= set(evidence.line_rates):
        return {"line_rate_cosine": unknown, "line_share": unknown}
    pair = np.stack([evidence.line_rates[name] for name in LINES], axis=-1)
    return {"line_rate_cosine": cosines(pair)[:, 0, 1], "line_share": together_share(pair)}


def athlete_table(found: Mapping[str, Outcome]) -> pd.DataFrame:
    """One row per hypothesis, athlete and column: what the estimates are computed from."""
    import pandas as pd

    rows = [
        {
            "hypothesis": name,
            "participant_id": athlete,
            "column": column,
            "value": values[place],
            "n_steps": int(outcome.weights[place]),
        }
        for name, outcome in found.items()
        for column, values in outcome.values.items()
        for place, athlete in enumerate(outcome.athletes)
    ]
    return pd.DataFrame(rows, columns=list(ATHLETES))


def single_table(evidence: Evidence, registry: Registry) -> pd.DataFrame:
    """One row per hypothesis and athlete: what the athlete's own steps say."""
    import pandas as pd

    rows = [
        {"participant_id": one.athlete} | {name: getattr(one, name) for name in SINGLE_VALUES}
        for hypothesis in registry.hypotheses
        for one in athlete_intervals(evidence, hypothesis)
    ]
    return pd.DataFrame(rows, columns=list(SINGLE))


def power_table(
    evidence: Evidence, found: Mapping[str, Outcome], registry: Registry, family: int
) -> pd.DataFrame:
    """One row per hypothesis with an estimate: what this study can find, and what it would take.

    Parameters
    ----------
    evidence : Evidence
    found : mapping of Outcome
    registry : Registry
    family : int
        Hypotheses that were tested.
    """
    import pandas as pd

    pairs = {name: (registry[name], one) for name, one in found.items()}
    rows = [
        asdict(one) | {"unit": registry[one.hypothesis].unit}
        for one in power_rows(evidence, pairs, family)
    ]
    return pd.DataFrame(rows, columns=list(POWER))


def secondary_table(evidence: Evidence, draws: int, seed: int) -> pd.DataFrame:
    """One row per secondary statistic.

    Parameters
    ----------
    draws, seed : int
        Of the surrogates.
    """
    import pandas as pd

    rows = [
        {name: getattr(one, name) for name in SECONDARY}
        for one in secondary_rows(evidence, draws, seed)
    ]
    table = pd.DataFrame(rows, columns=list(SECONDARY))
    return table.replace({"": None, "none": None})
