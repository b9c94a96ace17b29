"""Which registry was there when the data were first read, and what was changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aqbio.io.study import Study
from aqbio.stats.registry import DEFAULT, Registry, read_registry

RECORD = "registry.json"

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference between the registry of a result and the one fixed before."""

    hypothesis: str
    """Its id; ``all`` where it is not known what was fixed before."""
    key: str
    before: str
    now: str
    """before, now: Values; empty where the hypothesis was not there."""


def study_registry(study: Study) -> Registry:
    """Read the study's registry, or the one that comes with aqbio."""
    return read_registry(study.registry_file or DEFAULT)


def record_registry(study: Study) -> None:
    """Write the registry before the first recording is read; an older record stays.

    Several participants start at once: the first one writes, whole or not at all.
    """
    path = study.root / RECORD
    if path.exists():
        return
    registry = study_registry(study)
    content = {
        "hash": registry.hash,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "registry": registry.model_dump(mode="json"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return


def registry_record(study: Study) -> dict[str, Any] | None:
    """Read what was written down before the first recording was read; None where nothing was."""
    path = study.root / RECORD
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def deviations(study: Study, registry: Registry) -> tuple[Deviation, ...]:
    """Differences between a registry and the one recorded when the data were read.

    Without a record one for all hypotheses: what was fixed before is not known, and everything
    counts as post hoc.
    """
    record = registry_record(study)
    if record is None:
        return (Deviation("all", "registry", NOT_RECORDED, registry.hash),)
    if record["hash"] == registry.hash:
        return ()
    before = {one["id"]: one for one in record["registry"]["hypotheses"]}
    now = {one["id"]: one for one in registry.model_dump(mode="json")["hypotheses"]}
    found = [
        change
        for name in dict.fromkeys([*before, *now])
        for change in _changes(name, before.get(name, {}), now.get(name, {}))
    ]
    return tuple(found) or (Deviation("all", "order", record["hash"], registry.hash),)


def post_hoc(found: tuple[Deviation, ...], hypothesis: str) -> bool:
    """Whether a verdict rests on a rule that was changed after the data were read."""
    return any(one.hypothesis in (hypothesis, "all") for one in found)


def _changes(name: str, before: dict[str, Any], now: dict[str, Any]) -> Iterator[Deviation]:
    for key in dict.fromkeys([*before, *now]):
        if before.get(key) != now.get(key):
            yield Deviation(name, key, _text(before.get(key)), _text(now.get(key)))


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
