"""Which specifications a study has: one choice varied at a time."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import StudySettings
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


def _names(consistent, **multiverse):
    settings = StudySettings(name="made", multiverse=multiverse)
    return [one.name for one in every_specification(settings, consistent=consistent)]


def test_arms_of_a_study():
    """The study's own values, what is switched off and, without the fit, its choices are none."""
    fitted = ["consistency=loose", "consistency=off"]
    plain = ["cutoff=15", "cutoff=30", "threshold=10", "threshold=50"]
    bodies = ["body=de_leva", "body=dumas"]
    assert _names(consistent=True) == ["default", *fitted, *plain, *bodies]
    assert _names(consistent=False) == ["default", *plain, *bodies]
    own = {"cutoffs_hz": [20], "event_thresholds_n": [20], "bodies": ["model"]}
    assert _names(consistent=False, **own) == ["default"]
    assert _names(consistent=True, enabled=False) == ["default"]


@pytest.mark.parametrize(("rate", "count"), [(60.0, 1), (75.0, 1), (75.1, 0), (250.0, 0)])
def test_cut_offs_that_a_rate_cannot_carry_are_left_out_once(rate, count):
    """A camera of 60 Hz and a cut-off of 30 Hz: the filter itself refuses, for every trial."""
    specifications = every_specification(StudySettings(name="made"), consistent=True)
    out = [
        specification for specification in specifications if not is_computable(specification, rate)
    ]
    still = np.zeros(99)
    for specification in specifications:
        if specification in out:
            with pytest.raises(ValueError, match="needs a rate of more than"):
                low_pass(still, rate, specification.cutoff_hz)
        else:
            low_pass(still, rate, specification.cutoff_hz)
    found = list(
        left_out_findings(specifications, {"run1": rate, "run2": rate, "run3": 300.0}, "P1")
    )
    assert len(found) == (count > 0)
    assert len(out) == count
    for finding in found:
        assert (finding.number, finding.limit) == (rate, 75.0)
        assert f"run1, run2 have {rate:g} Hz" in finding.what
        assert "run3" not in finding.what


def test_no_hypothesis_has_more_than_twelve():
    """With the study's settings as they come, a fitted motion, and all statistical choices."""
    specifications = every_specification(StudySettings(name="made"), consistent=True)
    factors = [one.factor for one in specifications[1:]]
    factors += [PELVIS] * len(pelvis_members(StudySettings(name="made")))
    factors += [factor for factor, _ in CHOICES.values()] + ["contact_model"] * len(CONTACT_MODELS)
    for one in read_registry().hypotheses:
        assert sum(factor in one.multiverse for factor in factors) <= 12
        assert set(one.multiverse) <= set(factors)
