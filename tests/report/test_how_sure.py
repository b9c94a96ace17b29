"""How sure the numbers are: the section's table, in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.io.dictionary import columns
from aqbio.pages.how_sure import models_words, uncertainty_budget
from aqbio.pages.words import SOURCES

pytestmark = pytest.mark.xdist_group("page")

ROW = {
    "level": "A", "source": "arms", "target": "whole_body", "axis": "y", "phase": "stance",
    "statistic": "momentum_mean", "unit": "kg m2/s",
}  # fmt: skip


def _budget(**athletes):
    """Standard deviation and share of the skin of some athletes; the rest is inertia's."""
    rows = []
    for name, (sd, skin, model) in athletes.items():
        shares = dict.fromkeys((f"share_{one}" for one in SOURCES), 0.0)
        shares |= {"share_skin": skin, "share_model": model, "share_inertia": 1.0 - skin}
        rows.append(ROW | {"participant_id": name, "steps": 3, "sd": sd} | shares)
    return pd.DataFrame(rows)


def _differences(*rows, model="other"):
    names = ("participant_id", "trial_id", "steps", "own", "other", "rms")
    return pd.DataFrame(
        [ROW | {"model": model} | dict(zip(names, row, strict=True)) for row in rows]
    )


def test_every_source_has_words():
    told = [name.removeprefix("share_") for name in columns("uncertainty") if "share_" in name]
    assert list(SOURCES) == told


def test_intervals_are_means_over_athletes_and_shares_are_of_the_mean_variance():
    """Variances 1 and 9: of all skin makes (0.5 + 0.9) / 10."""
    (line,) = uncertainty_budget(_budget(A=(1.0, 0.5, 0.0), B=(3.0, 0.1, 0.0)))
    assert (line.part, line.half) == ("arms", "3.92")
    shares = dict(zip(SOURCES, line.shares, strict=True))
    assert (shares["skin"], shares["inertia"], shares["model"]) == ("14", "86", "0")


def test_a_source_that_nobody_asked_for_is_not_zero():
    (line,) = uncertainty_budget(_budget(A=(1.0, 0.5, np.nan)))
    assert dict(zip(SOURCES, line.shares, strict=True))["model"] == "n/a"
    assert list(uncertainty_budget(_budget(A=(1.0, 0.5, 0.0))[:0])) == []


def test_other_models_are_told_with_their_difference():
    """Root mean square over steps: (1 * 9 + 3 * 1 + 2 * 9) / 6 = 5."""
    table = _differences(
        ("A", "jog", 1, 2.0, -1.0, 3.0),
        ("A", "run", 3, 4.0, 3.0, 1.0),
        ("B", "run", 2, 1.0, -2.0, 3.0),
    )
    [said] = models_words(table)
    assert "On the model other the same 6 steps differ by" in said
    assert "arms 2.24 kg m²/s" in said
    assert models_words(table[:0]) == []


def test_levels_b_and_c_and_what_verdicts_rest_on_have_a_budget():
    outcomes = (
        ("B", "leg_push", "pelvis", "moment_mean"),
        ("C (C2)", "hip_push", "push_side", "moment_mean"),
        ("H1", "opposition", "whole_body", "stance_index"),
    )
    names = ("level", "source", "target", "statistic")
    rows = pd.concat(
        [
            _budget(A=(1.0, 0.5, 0.0)).assign(**dict(zip(names, one, strict=True)))
            for one in outcomes
        ]
    )
    told = [line.part for line in uncertainty_budget(rows)]
    assert told == ["leg push", "hip push", "opposition"]
    elsewhere = rows.assign(axis="x")
    assert list(uncertainty_budget(elsewhere)) == []
