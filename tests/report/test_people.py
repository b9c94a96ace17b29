"""Words about people count people: sessions of one person are one, and are called sessions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from aqbio.config import Strength
from aqbio.figures.words import averaged
from aqbio.pages.address import plain
from aqbio.pages.stance import speed_columns
from aqbio.pages.summary import facts, people_table, people_words, sample_words, sex_words
from aqbio.report.methods import _judged, _mean, _other_models, _strength
from aqbio.report.page import StudyContent
from tests.report.conftest import MadeStudy

SHEET = [
    SimpleNamespace(participant_id=f"{name}{session}", person=name, sex=sex, height_m=height)
    for name, sex, height in (("A", "female", 1.6), ("B", "male", 1.8)) for session in (1, 2)
]  # fmt: skip
PEOPLE = people_table(SHEET, {"A1": 50.0, "A2": 54.0, "B1": 80.0, "B2": 80.0})
TWICE = {row.participant_id: row.person for row in SHEET}


def test_people_are_counted_once():
    assert plain(people_words(PEOPLE)) == "2 athletes in 4 sessions"
    assert plain(people_words(PEOPLE[::2])) == "2 athletes"
    assert plain(sex_words(PEOPLE)) == "1 female, 1 male"


def test_masses_are_means_over_people():
    """52 and 80 kg, not 50, 54, 80 and 80."""
    assert plain(_mean(PEOPLE, "mass_kg", "kg")) == "66.00 ± 19.80 kg"


def test_the_sample_and_the_table_of_it_count_people(whole_study: MadeStudy):
    content = StudyContent(whole_study.study)
    steps, trials = content.tables["steps"], content.tables["trials"]
    together = content.people.assign(person="one")
    words = plain(sample_words(together, trials, steps))
    assert "of 1 athlete in 3 sessions were analysed" in words
    assert dict(map(plain_pair, facts(together, trials, steps)))["Athletes"].startswith("1 in 3 ")


def plain_pair(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0], plain(pair[1])


def test_means_over_sessions_are_called_so(whole_study: MadeStudy):
    means = pd.read_csv(whole_study.study.root / "figures" / "stance_means.tsv", sep="\t")
    assert averaged(TWICE) == "session"
    assert averaged({"A1": "A", "B1": "B"}) == "athlete"
    column = speed_columns(means, averaged(TWICE))[0]
    assert f"{column.participants} session" in plain(column.size)


@pytest.mark.parametrize(("p_holm", "words"), [
    ([np.nan, np.nan], "0 statistics passed all gates, so that none was tested; the rule tests"),
    ([0.01, np.nan], "1 statistic passed all gates and was tested"),
    ([0.01, 0.2], "2 statistics passed all gates and were tested"),
])  # fmt: skip
def test_methods_say_what_was_tested(p_holm, words):
    verdicts = [SimpleNamespace(row={"p_holm": p}) for p in p_holm]
    assert plain(_judged(SimpleNamespace(verdicts=verdicts))) == words


def test_methods_name_the_second_model_and_strength(whole_study: MadeStudy):
    """What is most of the variance of many intervals is a source of them."""
    rows = [("S1", "a", "other"), ("S1", "b", "other"), ("S1", "a", "other")]
    differences = pd.DataFrame(rows, columns=["participant_id", "trial_id", "model"])
    assert plain(_other_models(differences)) == "other (2 trials)"
    tests = [
        Strength.model_construct(participant_id=name, movement="hip_flexion") for name in "AAB"
    ]
    assert plain(_strength(tests)) == "Strength was tested in 2 sessions: hip flexion."
    assert _strength([]) == ""
