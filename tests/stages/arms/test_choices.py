"""Which arms a study has: one choice varied at a time, and the corners of the first two."""

from __future__ import annotations

from aqbio.config import StudySettings
from aqbio.stages.arms.choices import recomputed_arms


def _names(consistent, **multiverse):
    settings = StudySettings(name="made", multiverse=multiverse)
    return [arm.name for arm in recomputed_arms(settings, consistent=consistent)]


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
