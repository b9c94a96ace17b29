"""How sure the numbers are: the section's table, in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.io.dictionary import columns
from aqbio.pages.how_sure import SOURCES, how_sure

pytestmark = pytest.mark.xdist_group("page")

ROW = {
    "level": "A", "source": "arms", "target": "whole_body", "axis": "y", "phase": "stance",
    "statistic": "momentum_mean", "unit": "kg m2/s",
}  # fmt: skip
NOTHING = pd.DataFrame(columns=list(columns("model_differences")))


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
    (line,) = how_sure(_budget(A=(1.0, 0.5, 0.0), B=(3.0, 0.1, 0.0)), NOTHING).budget
    assert (line.part, line.half) == ("arms", "3.92")
    shares = dict(zip(SOURCES, line.shares, strict=True))
    assert (shares["skin"], shares["inertia"], shares["model"]) == ("14", "86", "0")


def test_a_source_that_nobody_asked_for_is_not_zero():
    (line,) = how_sure(_budget(A=(1.0, 0.5, np.nan)), NOTHING).budget
    assert dict(zip(SOURCES, line.shares, strict=True))["model"] == "n/a"
    assert how_sure(_budget(A=(1.0, 0.5, 0.0))[:0], NOTHING).budget == ()


def test_models_side_by_side_count_steps_and_turned_signs():
    """Athlete A: (1 * 2 + 3 * 4) / 4 = 3.5 and (-1 + 9) / 4 = 2; B has the other sign."""
    table = _differences(
        ("A", "jog", 1, 2.0, -1.0, 3.0),
        ("A", "run", 3, 4.0, 3.0, 1.0),
        ("B", "run", 2, 1.0, -2.0, 3.0),
    )
    (model,) = how_sure(_budget(A=(1.0, 0.5, 0.0)), table).models
    assert (model.name, model.athletes, model.steps) == ("other", 2, 6)
    (line,) = model.lines
    assert (line.part, line.own, line.other) == ("arms", "2.25", "0.00")
    assert float(line.apart) == pytest.approx(np.sqrt((3.0 + 9.0) / 2), abs=0.01)
    assert line.turned == 1


@pytest.mark.parametrize(
    ("own", "sure", "hangs"), [(1.1, 0, 0), (1.2, 1, 1), (1.9, 1, 1), (2.0, 1, 0), (-1.9, 1, 1)]
)
def test_a_direction_hangs_on_the_model_between_both_intervals(own, sure, hangs):
    """Variance 1, of which the model makes 0.64: half intervals of 1.18 without it, 1.96 with."""
    table = _differences(("A", "run", 3, own, -0.5, 1.0))
    (model,) = how_sure(_budget(A=(1.0, 0.0, 0.64)), table).models
    assert (model.directions, len(model.sentences)) == (sure, hangs)
    for one in model.sentences:
        assert one.words == "Angular momentum about the vertical: arms"
        assert (one.alone, one.other, one.half) == ("1.18", "−0.50", "1.96")


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
    told = [line.part for line in how_sure(rows, NOTHING).budget]
    assert told == ["leg push", "hip push", "opposition"]
    elsewhere = rows.assign(axis="x")
    assert how_sure(elsewhere, NOTHING).budget == ()


def test_the_page_shows_both(page_file):
    text = page_file.read_text(encoding="utf-8")
    section = text[text.index('<section id="sure"') : text.index('<section id="quality"')]
    assert "the choice of the joint model" in section
    assert "<td><b>50</b></td>" in section  # of inertia and model alike the first is the largest
    assert "<td>0.98</td>" in section  # 1.96 of 0.5
    assert "The same steps on the model another" in section
    assert "8 steps of 2 athletes" in section
    assert "on one model only" not in section


def test_intervals_of_directions_grow_with_the_deviation():
    """Deviation 2: half intervals of 2.35 and 3.92."""
    table = _differences(("A", "run", 3, 3.0, -0.5, 1.0))
    (model,) = how_sure(_budget(A=(2.0, 0.0, 0.64)), table).models
    [one] = model.sentences
    assert (one.alone, one.half) == ("2.35", "3.92")
