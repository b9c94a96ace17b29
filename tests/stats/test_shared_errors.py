"""Errors that athletes share: in contrasts of sessions and of trials with and without plates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aqbio.stats.evidence import TRIAL, Evidence
from aqbio.stats.inference import Estimate, with_shared_error
from aqbio.stats.outcomes import hypothesis_outcome
from aqbio.stats.registry import OwnContrast, read_registry
from tests.drawn_errors import orthogonal

ATHLETES, TRIALS, CONTACT_S = 12, 3, 0.110
STUDIES, UNTOLD_STUDIES = 100, 30
"""Drawn for each kind of error; in the first, analyses that do not know of it are tried too."""
DELTA = 2.0


def _hypothesis(by: str):
    contrast = OwnContrast(
        condition="after", reference="before", by=by, outcome="contact_s", hold=(),
        predicted="less", delta=DELTA,
    )  # fmt: skip
    registry = read_registry().model_copy(update={"contrasts": {"own": contrast}, "hypotheses": ()})
    return registry.with_labels(["before", "after", "normal"]).hypotheses[0]


def _evidence(random: np.random.Generator, shift: dict[str, float], by: str) -> Evidence:
    """Trials of both labels without any true change; `shift` of each label, of all athletes."""
    rows = []
    for athlete_number in range(ATHLETES):
        contact = CONTACT_S * np.exp(random.normal(0.0, 0.05))
        for label in ("before", "after"):
            for number in range(TRIALS):
                value = contact * np.exp(random.normal(0.0, 0.01)) + shift[label]
                session, condition = (label, "normal") if by == "session" else ("", label)
                name = f"a{athlete_number:02d}"
                rows.append(
                    (
                        name,
                        f"{label}{number}",
                        name,
                        condition,
                        session,
                        "maximal",
                        np.nan,
                        value,
                        9.0,
                    )
                )
    names = [*TRIAL, "athlete", "condition", "session", "effort", "order", "contact_s", "speed_mps"]
    sprints = pd.DataFrame(rows, columns=names)
    steps = pd.DataFrame({"participant_id": pd.Categorical([]), "contact_s": [], "speed_mps": []})
    people = pd.DataFrame(index=sorted(set(sprints["athlete"])))
    return Evidence(steps, pd.DataFrame({"invalidated": []}), people, sprints, lambda name: None)


def _with_errors(evidence: Evidence, sds: dict[str, float]) -> Evidence:
    """State errors of that size, s, each common to all trials of a label."""
    worlds = orthogonal(len(sds))
    labels = evidence.sprints["trial_id"].str.rstrip("0123456789")
    values = np.array([sds[label] * worlds[:, list(sds).index(label)] for label in labels])
    keys = pd.MultiIndex.from_frame(evidence.sprints[TRIAL])
    return replace(evidence, shared_draws={"contact_s": pd.DataFrame(values, index=keys)})


def _supported(evidence: Evidence, hypothesis) -> bool:
    outcome = hypothesis_outcome(evidence, hypothesis)
    return outcome.result.p < hypothesis.alpha and outcome.estimate <= -DELTA


WORLDS = {
    "the day moves all markers by 4 %": ("session", {"before": 0.04, "after": 0.04}),
    "all markers were put on again": ("session", {"before": 0.0, "after": 0.06}),
    "one condition has no plates": ("condition", {"before": 0.0, "after": 0.09}),
}
"""Kind of the labels, and size of their errors, relative to the contact."""


@pytest.mark.parametrize("name", WORLDS)
def test_an_error_that_athletes_share_supports_nothing(name):
    by, sizes = WORLDS[name]
    hypothesis, random = _hypothesis(by), np.random.default_rng(7)
    without, with_errors = 0, 0
    for number in range(STUDIES):
        shift = {
            label: CONTACT_S * size * random.standard_normal() for label, size in sizes.items()
        }
        evidence = _evidence(random, shift, by)
        if number < UNTOLD_STUDIES:
            without += _supported(evidence, hypothesis)
        sds = {label: CONTACT_S * size for label, size in sizes.items()}
        with_errors += _supported(_with_errors(evidence, sds), hypothesis)
    assert without > 0.2 * UNTOLD_STUDIES  # half of the errors are towards the claim
    assert with_errors <= stats.binom.ppf(0.99, STUDIES, 0.05)


def test_an_error_that_both_conditions_share_changes_nothing():
    evidence = _evidence(np.random.default_rng(3), {"before": 0.0, "after": -0.004}, "condition")
    keys = pd.MultiIndex.from_frame(evidence.sprints[TRIAL])
    alike = pd.DataFrame(np.tile(orthogonal(1).T, (len(keys), 1)) * 0.01, index=keys)
    with_draws = replace(evidence, shared_draws={"contact_s": alike})
    hypothesis = _hypothesis("condition")
    hypothesis = hypothesis.model_copy(
        update={"contrast": hypothesis.contrast.model_copy(update={"size": "own"})}
    )
    plain, with_shared = (hypothesis_outcome(x, hypothesis).result for x in (evidence, with_draws))
    assert plain.p == pytest.approx(with_shared.p, rel=1e-6)
    assert plain.ci95 == pytest.approx(with_shared.ci95, rel=1e-6)


def test_a_known_error_adds_its_variance_and_no_degree_of_freedom_is_lost():
    estimate = Estimate(1.0, 0.3, 11.0)
    combined = with_shared_error(estimate, 0.4)
    assert combined.se == pytest.approx(0.5)
    assert combined.df == pytest.approx(11.0 * (0.5 / 0.3) ** 4)
    assert with_shared_error(estimate, 0.0) == estimate
