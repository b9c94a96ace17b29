"""A trial that another model could not do is missing in the comparison, and that is said."""

from __future__ import annotations

from types import SimpleNamespace

from aqbio.config import Trial
from aqbio.steps import other_models


def test_a_trial_that_failed_on_the_other_model_is_said(monkeypatch):
    """One that failed on the study's own model too is told where it failed."""
    trials = [
        Trial(participant_id="P1", trial_id=name, task="run", file="a.c3d")
        for name in ("fast", "slow")
    ]
    study = SimpleNamespace(within="")
    other = SimpleNamespace(within="models/gait2392", moving_of=lambda _: trials)
    failed = dict.fromkeys(("fast", "slow"), "stage solve: too few markers")
    monkeypatch.setattr(other_models, "compared_studies", lambda *_: [other])
    monkeypatch.setattr(other_models, "failed_contributions", lambda _, __, trial: failed[trial])
    found = other_models.compared_models(study, "P1", {"fast"})
    [finding] = found.findings
    assert (finding.rule, finding.trial) == ("other-model", "fast")
    assert "on the model gait2392 the trial could not be worked through" in finding.what
    assert "(stage solve: too few markers)" in finding.what
    assert len(found.table) == 0
