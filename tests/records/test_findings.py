"""Findings come back from the table as they were found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aqbio.errors import Finding
from aqbio.io.study import load_study
from aqbio.steps.rows import FINDINGS
from aqbio.study.findings import study_causes, write_findings
from tests.small_study import write_small_study

WHOLE = Finding(
    rule="marker-max", severity="warning", what="marker RTOE is up to 52 mm from the model.",
    trial="fast", participant="P1", number=0.052, limit=0.04, unit="m", file="P1_fast.c3d",
    where="frame 12", fix="check its label.", label="RTOE",
)  # fmt: skip
BARE = Finding("consistency-plain", "info", "motion and forces were not fitted together.")


@pytest.mark.parametrize("finding", [WHOLE, BARE], ids=["whole", "bare"])
def test_every_field_comes_back(tmp_path, finding):
    study = load_study(write_small_study(tmp_path))
    empty = "\t".join(FINDINGS) + "\n"
    study.table("findings.tsv").parent.mkdir(parents=True)
    study.table("findings.tsv").write_text(empty, encoding="utf-8")
    write_findings(study, "report", [finding])
    [cause] = study_causes(study)
    named = {"file": f"file of {finding.participant} {finding.trial}" if finding.file else ""}
    told = cause.first
    assert replace(told, file="") == replace(finding, file=""), (told, finding)
    assert told.file in (named["file"], finding.file)
