"""People of one cluster do not count as independent; strangers count as they always did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

from aqbio.config import Participant
from aqbio.pages.summary import chosen_words
from aqbio.stats.inference import coefficient, coefficients
from aqbio.stats.outcomes import hypothesis_outcome
from aqbio.stats.power import drawn, drawn_units, supported_share
from aqbio.stats.registry import OwnClaim, read_registry
from aqbio.stats.robustness import leave_one_out
from aqbio.stats.verdict import examine

REGISTRY = read_registry()


def _drawn_people(teams, size, alike, studies=4000, seed=3):
    """Numbers (B, A) of people whose teams are alike, and their teams (A,)."""
    random = np.random.default_rng(seed)
    team = np.arange(teams * size) // size
    shared = random.standard_normal((studies, teams))[:, team]
    own = random.standard_normal((studies, len(team)))
    return np.sqrt(alike) * shared + np.sqrt(1.0 - alike) * own, team


@pytest.mark.parametrize("alike", [0.5, 0.8])
@pytest.mark.parametrize("teams", [3, 6])
def test_teams_of_four_support_what_is_false_in_one_study_of_twenty(teams, alike):
    values, team = _drawn_people(teams, 4, alike)
    one = np.ones((*values.shape, 1))
    rates = []
    for clusters in (None, team):
        fits = coefficients(values, one, 0, clusters=clusters)
        rates.append(np.mean(2.0 * stats.t.sf(np.abs(fits.value / fits.se), fits.df) < 0.05))
    assert rates[0] > 0.15
    assert rates[1] == pytest.approx(0.05, abs=0.012)


def test_a_mean_of_equal_teams_is_a_mean_of_teams():
    values, team = _drawn_people(5, 3, 0.5, studies=1)
    estimate = coefficient(values[0], np.ones((15, 1)), 0, clusters=team)
    means = pd.Series(values[0]).groupby(team).mean()
    assert estimate.value == pytest.approx(means.mean())
    assert (estimate.se, estimate.df) == pytest.approx((means.sem(), 4.0))
    assert "CR2" in estimate.model


def test_slopes_have_the_error_of_bell_and_mccaffrey():
    """By their definition, with SciPy's matrix roots."""
    values, team = _drawn_people(6, 3, 0.5, studies=2)
    team = np.where(team == 5, 4, team)  # one team of six
    x = np.column_stack([values[1], np.ones(18)])
    inverse = np.linalg.pinv(x)
    rest_maker = np.eye(18) - x @ inverse
    rest, products, variance = rest_maker @ values[0], [], 0.0
    for code in np.unique(team):
        index = np.flatnonzero(team == code)
        root = np.linalg.inv(linalg.sqrtm(rest_maker[np.ix_(index, index)]))
        variance += (inverse[0, index] @ root @ rest[index]) ** 2
        products.append(rest_maker[:, index] @ root @ inverse[0, index])
    gram = np.array(products) @ np.array(products).T
    estimate = coefficient(values[0], x, 0, clusters=team)
    assert estimate.se == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert estimate.df == pytest.approx(np.trace(gram) ** 2 / (gram**2).sum(), rel=1e-9)


def test_strangers_and_clusters_of_one_change_nothing(world_evidence):
    evidence = world_evidence("W1")
    alone = replace(evidence, clusters={name: f"of {name}" for name in evidence.athletes.index})
    for entry in REGISTRY.hypotheses:
        plain, other = (hypothesis_outcome(each, entry) for each in (evidence, alone))
        assert repr(None if plain is None else plain.result.error) == repr(
            None if other is None else other.result.error
        ), entry.id


def test_teams_widen_a_verdict_and_lower_its_power(world_evidence):
    evidence = world_evidence("W1")
    people = list(evidence.athletes.index)
    teams = replace(evidence, clusters={name: str(n // 4) for n, name in enumerate(people)})
    plain, of_teams = (hypothesis_outcome(each, REGISTRY["H1"]) for each in (evidence, teams))
    assert of_teams.estimate == pytest.approx(plain.estimate, rel=1e-12)
    assert of_teams.error.df == pytest.approx(len(set(teams.clusters.values())) - 1.0, rel=0.2)
    claim = OwnClaim(formula="push_leg_offset ~ 1", predicted="greater", delta=0.1)
    powers = [
        supported_share(claim.hypothesis("own"), drawn(each.result.rows, 12), 0.1, 0.05)
        for each in (plain, of_teams)
    ]
    assert powers[1] < powers[0]


def test_the_unit_that_is_left_out_is_a_cluster(world_evidence):
    evidence = world_evidence("W1")
    people = list(evidence.athletes.index)
    pairs = {name: str(n // 2) for n, name in enumerate(people[:4])}
    registry = REGISTRY.model_copy(update={"hypotheses": (REGISTRY["H1"],)})
    [examined] = examine(replace(evidence, clusters=pairs), registry)
    rows = {row.participant_id: row for row in leave_one_out(examined, 1, pairs)}
    assert list(rows) == [" + ".join(people[:2]), " + ".join(people[2:4]), *people[4:]]
    outcome = examined.outcome
    alone = outcome.test(outcome.values.drop(index=people[:2]))
    first = rows[" + ".join(people[:2])]
    assert (first.estimate, first.ci_low) == (alone.error.value, alone.ci95[0])


def test_one_cluster_gives_no_verdict(world_evidence):
    evidence = world_evidence("W1")
    together = replace(evidence, clusters=dict.fromkeys(evidence.athletes.index, "team"))
    registry = REGISTRY.model_copy(update={"hypotheses": (REGISTRY["H1"],)})
    [examined] = examine(together, registry)
    assert not examined.tested
    assert "12 of 1 clusters, a test takes 6 and more clusters" in examined.gates[0].words


def test_people_of_a_cluster_are_drawn_together():
    codes = np.array([0, 0, 1, 2, 2, 2])
    units, clusters = drawn_units(codes, np.random.default_rng(1).random((50, 9)))
    assert clusters.tolist() == [0, 0, 1, 2, 2, 2, 3, 3, 4]
    for place in (slice(0, 2), slice(3, 6), slice(6, 8)):
        assert (np.ptp(codes[units[:, place]], axis=1) == 0).all()
    assert set(units.ravel()) == set(range(6))
    strangers, _ = drawn_units(np.arange(6), np.random.default_rng(1).random((50, 9)))
    assert np.bincount(strangers.ravel()).min() > 40


def _people(**columns):
    rows = zip(*columns.values(), strict=True)
    return [
        Participant(participant_id=f"p{n}", **dict(zip(columns, row, strict=True)))
        for n, row in enumerate(rows)
    ]


def test_the_page_says_how_people_were_chosen_or_that_it_does_not_know():
    assert "is not known" in chosen_words(_people(chosen=[None, None]))
    whole = chosen_words(_people(chosen=["whole_team", "volunteer"], cluster=["a", "a"]))
    assert whole == (
        "How the athletes were chosen: volunteer and whole team. "
        "Those of one cluster do not count as independent: a."
    )
    assert "of some it is not known" in chosen_words(_people(chosen=["volunteer", None]))
    assert chosen_words(_people(chosen=[None])) == ""
