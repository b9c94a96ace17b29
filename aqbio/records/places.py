"""Words without the folders of the machine they were written on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BEGINNING = re.compile(r"(?<![\w/.~])/(?=[^\s/])")
"""Where a path from the root on may begin."""


def without_places(content: Any) -> Any:
    """Plain content (texts, lists, mappings) without the folders of this machine.

    Results are published and moved: where a file lies on one machine tells nobody anything, and
    often who worked there.

    Examples
    --------
    >>> without_places({"file": "/usr/lib/run.c3d", "what": "/usr/bin is at 3 m/s on /bodyset/hip"})
    {'file': 'run.c3d', 'what': 'bin is at 3 m/s on /bodyset/hip'}
    """
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
