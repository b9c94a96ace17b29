"""Settings as results tell them: without the names of files, which may be those of persons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aqbio.config import OtherModels
from aqbio.config.section import Section

FILE_SETTINGS = (
    ("files", "data"), ("files", "participants"), ("files", "trials"),
    ("model", "file"), ("model", "map"), ("model", "markers"),
    ("hypotheses", "registry"), ("hypotheses", "capacities"),
)  # fmt: skip
"""Settings that name files or folders."""


def told_settings(name: str, section: Section) -> dict[str, Any]:
    """A section as plain data; own files are called by their setting."""
    plain = section.model_dump(mode="json")
    for _, key in (one for one in FILE_SETTINGS if one[0] == name):
        if _own_file(section, key):
            plain[key] = f"{name}.{key}"
    if isinstance(section, OtherModels):
        plain["models"] = {one: told_settings("model", own) for one, own in section.models.items()}
    return plain


def _own_file(section: Section, name: str) -> bool:
    """Whether a setting names a file or folder of the laboratory, and not one that is shipped."""
    value = getattr(section, name)
    default = type(section).model_fields[name].default
    return value != default and ("/" in value or bool(Path(value).suffix))
