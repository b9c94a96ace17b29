"""Words without the folders of a machine and the names of a laboratory's files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aqbio.io.provenance import in_ids
from aqbio.io.study import Study

BEGINNING = re.compile(r"(?<![\w/.~])/(?=[^\s/])")
"""Where a path from the root on may begin."""


def published(study: Study, content: Any, participant_id: str = "", trial_id: str = "") -> Any:
    """Plain content as results may have it: no folder of this machine, no name of a given file."""
    return without_places(in_ids(study, content, participant_id, trial_id))


def without_places(content: Any) -> Any:
    """Plain content (texts, lists, mappings) without the folders of this machine."""
    if isinstance(content, str):
        return _without_folders(content)
    if isinstance(content, Mapping):
        return {name: without_places(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_places(value) for value in content]
    return content


def _without_folders(text: str) -> str:
    kept, done = [], 0
    for found in BEGINNING.finditer(text):
        start = end = found.start()
        while (slash := text.find("/", end + 1)) >= 0 and _is_folder(text[start:slash]):
            end = slash
        if end > start >= done:
            kept.append(text[done:start])
            done = end + 1
    return "".join([*kept, text[done:]])


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):
        return False
