"""Findings that were written are read back as they were."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from aqbio.errors import Finding
from aqbio.io.tables import write_table
from aqbio.study.findings import FINDINGS, _row, cause_rows, study_causes


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


FINDING_OF = {
    "full": Finding(
        rule="force-large", severity="error", what="the force is 9000 N.", trial="run",
        file="a.c3d", participant="P1", number=9000.0, limit=6000.5, unit="N",
        where="frame 3", fix="look.", label="plate 2", invalidates="forces",
    ),
    "of the study": Finding(rule="made-rule", severity="info", what="nothing more is known."),
    "zero": Finding(rule="made-rule", severity="warning", what="it is 0.", number=0.0, limit=0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", FINDING_OF)
def test_a_finding_comes_back_from_its_table_as_it_was(tmp_path, name):
    """Every field, filled or not, and the file it lies in by its name alone."""
    import pandas as pd

    finding = FINDING_OF[name]
    written = replace(finding, file=f"/data/of/somebody/{finding.file}" if finding.file else "")
    table = pd.DataFrame([_row(written.as_dict(), "prepare")], columns=list(FINDINGS))
    write_table(table, tmp_path / "findings.tsv", FINDINGS, {})
    [cause] = study_causes(SimpleNamespace(table=tmp_path.joinpath))
    assert cause.first == finding
    assert cause.members == (cause.first,)
    [row] = cause_rows([cause])
    assert row["cause"] == table["cause"][0]
    cells = {key: row[key] for key in ("severity", "rule", "what", "count")}
    assert cells == {
        "severity": finding.severity, "rule": finding.rule, "what": finding.what, "count": 1,
    }  # fmt: skip
    assert row["fix"] == (finding.fix or None)
    assert row["labels"] == (finding.label or None)
    assert row["concerns"] == (
        ", ".join(filter(None, (finding.participant, finding.trial))) or None
    )
    assert row["alike"] is None
