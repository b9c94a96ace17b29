"""What a person reads when a settings file is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from aqbio.config import InvalidStudyError, StudySettings, read_yaml
from aqbio.errors import Finding

Problems = Callable[..., list[Finding]]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """Give a function that reads a text as a settings file and returns its findings."""

    def found(text: str, model: type[BaseModel] = StudySettings) -> list[Finding]:
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidStudyError) as raised:
            read_yaml(path, model)
        assert all(finding.file == str(path) for finding in raised.value.findings)
        return list(raised.value.findings)

    return found
