"""Where the numbers come from: versions, settings and the files that were read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Provenance of a study."""

    commits: tuple[str, ...]
    """Of aqbio that made the results; one where all stages ran alike."""
    versions: dict[str, str]
    """Version by library."""
    settings: dict[str, str]
    """Value, as JSON text, by section and name with dots."""
    inputs: tuple[tuple[str, str, str, str], ...]
    """(stage, participant, file, hash)."""


def origin(records: Iterable[tuple[str, Mapping[str, Any]]]) -> Origin:
    """Collect the provenance (participant or "", record) of all stages."""
    commits: dict[str, None] = {}
    versions: dict[str, str] = {}
    settings: dict[str, str] = {}
    inputs: dict[tuple[str, str, str, str], None] = {}
    for participant, record in records:
        commits[str(record["commit"])] = None
        versions |= json.loads(record["versions"])
        settings |= dict(_flat("", json.loads(record["settings"])))
        for file, digest in json.loads(record["inputs"]).items():
            inputs[str(record["stage"]), participant, file, digest] = None
    return Origin(tuple(commits), versions, settings, tuple(inputs))


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", json.dumps(value, ensure_ascii=False)
