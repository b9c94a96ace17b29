"""Power against an independent library, and the whole rule against drawn studies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.stats.inference import Estimate
from aqbio.stats.outcomes import outcome
from aqbio.stats.power import power_row
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()


@pytest.fixture(scope="module")
def row_of(drawn):
    """Power of a hypothesis as if its standard error and number of athletes were these."""
    evidence = drawn("W0")

    def row(name: str, se: float, count: int, family: int = 1):
        found = outcome(evidence, REGISTRY[name])
        values = pd.DataFrame({"value": np.zeros(count)})
        error = Estimate(0.0, se, count - 1.0)
        result = replace(found.result, error=error)
        changed = replace(found, result=result, values=values, weights=0.0 * values["value"])
        return power_row(evidence, REGISTRY[name], changed, family)

    return row


def test_a_study_without_scatter_finds_everything(row_of):
    row = row_of("H1", 0.0, 12)
    assert (row.power, row.athletes_needed) == (1.0, 8.0)


def test_one_athlete_has_no_power(row_of):
    row = row_of("H1", np.nan, 1, family=0)
    assert np.isnan([row.mde, row.power, row.athletes_needed]).all()
    assert row.alpha == 0.05


def test_too_few_athletes_never_decide(drawn):
    """Twelve athletes of a survey that takes 48: no power, whatever their spread says."""
    evidence, one = drawn("W0"), REGISTRY["H3b"]
    found = replace(outcome(evidence, REGISTRY["H1"]), diluted=False)
    assert power_row(evidence, one, found, 1).power == 0.0
