"""What body masses and specifications of an analysis are decided to be, and the words for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from aqbio.body.statements import as_error, body_masses, mass_findings
from aqbio.config import Participant, StudySettings
from aqbio.hypotheses.contact_models import CONTACT_MODELS
from aqbio.hypotheses.multiverse import CHOICES
from aqbio.multiverse.specifications import (
    PELVIS,
    every_specification,
    is_computable,
    left_out_findings,
    pelvis_members,
)
from aqbio.signals import low_pass
from aqbio.stats.registry import read_registry
from tests.golden import differences

MASSES = [
    {"sheet": 70.0, "static": 73.6, "strides": 73.6},
    {"sheet": 70.0, "static": 73.8, "strides": 73.6},
    {"sheet": 70.0, "static": 73.8, "strides": 73.8},
    {"sheet": 70.0, "static": 90.0},
    {"sheet": 70.0, "strides": 90.0},
    {"sheet": 70.0, "static": 60.0, "strides": 90.0},
    {"static": 70.0, "strides": 90.0},
    {"static": 70.0, "strides": 72.0},
    {},
]
"""The band is 5 % of the measured mass: 70 kg is inside that of 73.6, outside that of 73.8."""
ARMS = [
    {},
    {"enabled": False},
    {"cutoffs_hz": [20], "event_thresholds_n": [20], "bodies": ["model"]},
    {"consistency": ["off"], "pelvis": ["out"]},
]
RATES = {"run1": 60.0, "run2": 60.0}, {"run1": 75.0, "run3": 300.0}, {"run1": 75.1}


def _lines() -> Iterator[str]:
    for masses in MASSES:
        for confirmed in ("no", "yes"):
            person = Participant(
                participant_id="P1", mass_kg=masses.get("sheet"), mass_confirmed=confirmed
            )
            yield f"# {masses}, confirmed: {confirmed}"
            for one in mass_findings(person, masses, 0.05, "participants.tsv"):
                yield f"{one.severity} {one.rule}: {one.what} {one.number} {one.limit} {one.fix}"
                error = as_error(one)
                assert (error.rule, error.file, error.fix) == (one.rule, one.file, one.fix)
    for given in ARMS:
        for consistent in (True, False):
            settings = StudySettings(name="made", multiverse=given)
            every = every_specification(settings, consistent=consistent)
            yield f"# {given}, fitted: {consistent}: {' '.join(one.name for one in every)}"
            yield f"pelvis: {' '.join(pelvis_members(settings))}"
            for rates in RATES:
                for one in left_out_findings(every, rates, "P1"):
                    yield f"{one.severity} {one.rule}: {one.what} {one.number} {one.limit}"


def test_decisions_and_their_words_are_golden():
    assert differences("decisions", (one.rstrip() for one in _lines())) == []
    assert body_masses(None, [{"trial_id": "a"}, {"standing_mass_kg": None}]) == {}


@pytest.mark.parametrize(("rate", "count"), [(60.0, 1), (75.0, 1), (75.1, 0), (250.0, 0)])
def test_cut_offs_that_a_rate_cannot_carry_are_left_out_once(rate, count):
    """A camera of 60 Hz and a cut-off of 30 Hz: the filter itself refuses, for every trial."""
    every = every_specification(StudySettings(name="made"), consistent=True)
    out = [one for one in every if not is_computable(one, rate)]
    assert len(out) == count
    for one in every:
        if one in out:
            with pytest.raises(ValueError, match="needs a rate of more than"):
                low_pass(np.zeros(99), rate, one.cutoff_hz)
        else:
            low_pass(np.zeros(99), rate, one.cutoff_hz)


def test_no_hypothesis_has_more_than_twelve():
    """With the study's settings as they come, a fitted motion, and all statistical choices."""
    settings = StudySettings(name="made")
    factors = [one.factor for one in every_specification(settings, consistent=True)[1:]]
    factors += [PELVIS] * len(pelvis_members(settings))
    factors += [factor for factor, _ in CHOICES.values()] + ["contact_model"] * len(CONTACT_MODELS)
    for one in read_registry().hypotheses:
        assert sum(factor in one.multiverse for factor in factors) <= 12
        assert set(one.multiverse) <= set(factors)
