"""Studies with drawn evidence, judged once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from aqbio.hypotheses.stage import hypotheses_study
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.study.internal import RULE
from tests.hypotheses.made_evidence import drawn_study


def judged(folder: Path, world: str, **options: object) -> Study:
    """Write a study, judge it, and give it."""
    study = drawn_study(folder, world, **options)
    hypotheses_study(study, lambda _line: None)
    assert broken(study) == []
    return study


def broken(study: Study) -> list[str]:
    """Parts that the stage could not compute."""
    findings = read_table(study.table("findings_hypotheses.tsv"))
    return findings.loc[findings["rule"] == RULE, "what"].tolist()


@pytest.fixture(scope="session")
def classical(tmp_path_factory) -> Study:
    """W0: arms balance both legs."""
    return judged(tmp_path_factory.mktemp("classical"), "W0", athletes=10)


@pytest.fixture(scope="session")
def balanced(tmp_path_factory) -> Study:
    """W1: the swing leg balances push leg, arms and torso."""
    return judged(tmp_path_factory.mktemp("balanced"), "W1", athletes=10)
