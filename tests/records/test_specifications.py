"""Which specifications a study has: one choice varied at a time, corners of the first two."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import StudySettings
from aqbio.multiverse.specifications import every_specification, is_computable, left_out_findings
from aqbio.signals import low_pass


def _names(consistent, **multiverse):
    settings = StudySettings(name="made", multiverse=multiverse)
    return [one.name for one in every_specification(settings, consistent=consistent)]


def test_default_arms():
    names = _names(consistent=True)
    assert names[0] == "default"
    assert names[1:5] == ["consistency=loose", "consistency=off", "cutoff=15", "cutoff=30"]
    corners = [name for name in names if " " in name]
    assert corners == [
        f"consistency={way} cutoff={hertz}" for way in ("loose", "off") for hertz in (15, 30)
    ]
    assert names[9:] == ["threshold=10", "threshold=50", "body=de_leva", "body=dumas"]
    assert len(set(names)) == len(names)


def test_a_study_without_consistency_has_no_arms_of_it():
    names = _names(consistent=False)
    assert not any("consistency" in name for name in names)
    assert "cutoff=15" in names


def test_the_studys_own_values_are_no_arms():
    assert _names(consistent=False, cutoffs_hz=[20], event_thresholds_n=[20], bodies=["model"]) == [
        "default"
    ]


def test_switched_off_there_is_the_default_only():
    assert _names(consistent=True, enabled=False) == ["default"]


@pytest.mark.parametrize(("rate", "count"), [(60.0, 3), (75.0, 3), (75.1, 0), (250.0, 0)])
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
