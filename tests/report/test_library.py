"""The library names what there is where it is asked for what there is not."""

from __future__ import annotations

import pytest

from aqbio.results import StudyResults
from tests.refusal import refused
from tests.report.conftest import MadeStudy

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture(scope="module")
def results(whole_study: MadeStudy) -> StudyResults:
    return StudyResults(whole_study.study)


def test_a_trial_that_there_is_not_has_no_steps_but_an_error(results):
    [first, *_] = results.tables["trials"].query("participant_id == 'S01'")["trial_id"]
    assert results.steps("S01", first)
    with refused("results-trial", "S01 has no trial x.") as caught:
        results.steps("S01", "x")
    assert first in caught.value.fix


@pytest.mark.parametrize("ask", [
    lambda results: results.steps("S91", "x"), lambda results: results.draws("S91"),
    lambda results: results.draws(["S01", "S91"]), lambda results: results.trials("S91"),
])  # fmt: skip
def test_a_person_that_there_is_not_is_not_a_damaged_result(results, ask):
    with refused("participant-unknown", "participant S91 is not in the sheet") as caught:
        ask(results)
    assert "S01" in caught.value.fix


@pytest.mark.parametrize(("name", "fix"), [("step", "did you mean steps?"), ("xyz", "take one of")])
def test_a_misspelt_table_is_suggested(results, name, fix):
    with refused("results-table", f"there is no {name} among the tables") as caught:
        results.tables[name]
    assert caught.value.fix.startswith(fix)
    assert name not in results.tables
    assert results.tables.get(name) is None
    with refused("results-table", "there is no angular among the figures"):
        results.figures["angular"]
