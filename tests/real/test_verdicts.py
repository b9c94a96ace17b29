"""One real athlete from files to verdicts: estimates and intervals, but no verdict."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.io.study import load_study
from aqbio.multiverse.recomputed import CachedTrial, specified_trial
from aqbio.multiverse.specifications import every_specification

pytestmark = [pytest.mark.real, pytest.mark.workflow]

TRIALS = ("jog", "sprint")

STORED = 1e-6
"""Files keep curves in single precision."""

LOADS = 1e-5
"""Loads are kept to a few thousandths of N and N m (column precision of the dictionary)."""


@pytest.fixture(scope="module")
def ja1(run_study):
    return run_study("ja1")


@pytest.fixture
def study(ja1, monkeypatch):
    monkeypatch.chdir(ja1.directory)
    return load_study(ja1.study_file)


def test_no_verdict_from_one_athlete(ja1):
    rows = ja1.table("verdicts.tsv").set_index("hypothesis")
    assert set(rows["verdict"]) == {"inconclusive", "not_testable", "described"}
    for name in ("H3b", "H7", "H7b"):
        assert rows.loc[name, "verdict"] == "not_testable"
    for name in ("H1", "H4", "H5a"):
        assert rows.loc[name, "verdict"] == "inconclusive"
        assert "a test takes 6" in rows.loc[name, "reason"]
        assert np.isfinite(rows.loc[name, "estimate"])
    assert set(rows["post_hoc"]) == {"no"}


@pytest.mark.parametrize("trial", TRIALS)
def test_the_default_arm_is_what_stage_contributions_wrote(study, trial):
    """From cached kinematics and raw forces again, by the same functions: as files keep it."""
    cached = CachedTrial.read(study, "JA1", trial)
    own = every_specification(study.settings, consistent=cached.fitted)[0]
    found, steps = specified_trial(study, "JA1", cached, own)
    written = cached.contributions
    external = (written["moment_of_force"] + written["free_moment"]).sum("foot", skipna=False)
    written = written.assign(external_moment=external)
    for name in ("group_angular_momentum", "com", "com_velocity"):
        one, other = found[name].values, written[name].values
        np.testing.assert_allclose(one, other, atol=STORED * np.abs(other).max())
    loads = ("relative_force", "ground_force", "external_moment", "joint_moment_coordinate")
    for name in loads:
        one, other = found[name].values, written[name].values
        known = np.isfinite(one) & np.isfinite(other)
        assert known.mean() > 0.5
        np.testing.assert_allclose(one[known], other[known], atol=LOADS * np.nanmax(np.abs(other)))
    own_steps = trial_steps(list(trial_contacts(written)), written["time"].values)
    assert [step.touchdown for step in steps] == pytest.approx(
        [step.touchdown for step in own_steps], abs=1e-6
    )


@pytest.mark.parametrize("trial", TRIALS)
def test_the_arm_without_consistency_is_the_plain_motion(study, trial):
    cached = CachedTrial.read(study, "JA1", trial)
    if not cached.fitted:
        pytest.fail("the trial was not fitted: this test has nothing to compare")
    every = every_specification(study.settings, consistent=True)
    [off] = [one for one in every if one.name == "consistency=off"]
    found = specified_trial(study, "JA1", cached, off)[0]["group_angular_momentum"].values
    plain = cached.contributions["group_angular_momentum_plain"].values
    np.testing.assert_allclose(found, plain, atol=STORED * np.abs(plain).max())


def test_arms_that_need_our_model_say_why_they_are_missing(ja1):
    """The Rajagopal model has no table of de Leva or Dumas; all others are there."""
    findings = ja1.table("findings.tsv")
    missing = findings[findings["rule"] == "specification-unavailable"]
    assert missing["what"].str.contains("body=de_leva").any()
    names = set(ja1.table("multiverse.tsv")["specification"])
    assert {"default", "consistency=off", "cutoff=15", "threshold=50", "pelvis=out"} <= names
    assert not any(name.startswith("body=") for name in names)
