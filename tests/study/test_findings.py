"""Findings that were written are read back as they were."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aqbio.errors import Finding
from aqbio.io.tables import write_table
from aqbio.study.findings import FINDINGS, study_causes


@pytest.mark.parametrize("label", ["4", "07", "RASI", "4, 5", ""])
def test_a_cause_keeps_its_labels_and_trial(tmp_path, label):
    """A plate or a trial may be called by a number alone, and nothing else stand in its column."""
    import pandas as pd

    finding = Finding(
        rule="plate-place", severity="warning", what=f"plate {label} stands elsewhere.",
        participant="07", trial="0012", label=label, fix="look.",
    )  # fmt: skip
    words = finding.as_dict()
    row = {name: words.get(name) for name in FINDINGS}
    row |= {"stage": "prepare", "participant_id": "07", "trial_id": "0012"}
    study = SimpleNamespace(table=tmp_path.joinpath)
    write_table(pd.DataFrame([row]), tmp_path / "findings.tsv", FINDINGS, {})
    [cause] = study_causes(study)
    assert cause.labels == tuple(filter(None, label.split(", ")))
    assert (cause.first.trial, cause.first.participant) == ("0012", "07")
