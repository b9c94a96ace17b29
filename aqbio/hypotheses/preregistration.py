"""Preregistration: the basis of a verdict, recorded before the data are read, and its changes."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import aqbio.hypotheses
import aqbio.stats
from aqbio import __version__
from aqbio.io.provenance import in_ids
from aqbio.io.study import Study
from aqbio.stage_table import PAGES, STAGE_TABLE
from aqbio.stats.registry import VERSION, became, short_hash, study_registry

RECORD = "registry.json"

NOT_RECORDED = "not recorded"

VERDICTS = "hypotheses"
"""The stage that gives verdicts."""

ELSEWHERE = {"files", "hypotheses"}
"""Sections of settings that are paths: the registry's own content counts."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference between the basis of a result and what was fixed before."""

    hypothesis: str
    """Its id; ``all`` for the basis of every verdict."""
    key: str
    before: str
    now: str
    """before, now: Values; empty where there was nothing."""


def verdict_basis(study: Study) -> dict[str, Any]:
    """Everything that a verdict rests on but the data: registry, settings, constants, version."""
    return {
        "version": __version__,
        "settings": verdict_settings(study),
        "constants": verdict_constants(),
        "registry": study_registry(study).model_dump(mode="json"),
    }


def verdict_settings(study: Study) -> dict[str, Any]:
    """Settings that the stages up to the verdicts read, by section and name; files by ids."""
    stages = [STAGE_TABLE[VERDICTS]]
    for stage in stages:  # grows by the stages that each reads
        stages += [STAGE_TABLE[name] for name in stage.reads if STAGE_TABLE[name] not in stages]
    sections = {name for stage in stages if stage.name not in PAGES for name in stage.settings}
    values = in_ids(study, study.settings.model_dump(mode="json"))
    return {
        f"{section}.{name}": value
        for section in sorted(sections - ELSEWHERE)
        for name, value in values[section].items()
    }


def verdict_constants() -> dict[str, Any]:
    """Constants of the modules that make verdicts, by module and name; imported ones once."""
    constants: dict[str, Any] = {}
    recorded: set[tuple[str, str]] = set()
    for room in (aqbio.hypotheses, aqbio.stats):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for name, value in vars(import_module(module.name)).items():
                plain = _plain(value) if name.isupper() and name != "TYPE_CHECKING" else None
                if plain is not None and (name, str(plain)) not in recorded:
                    recorded.add((name, str(plain)))
                    constants[f"{module.name.removeprefix('aqbio.')}.{name}"] = plain
    return constants


def _plain(value: Any) -> Any:
    """Convert a constant to JSON; None unless it is a number, a text or a collection of these.

    Mappings of mappings are descriptions of tables.
    """
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, tuple | list):
        parts = [_plain(part) for part in value]
        return None if None in parts else parts
    if isinstance(value, Mapping):
        entries = {str(name): _plain(entry) for name, entry in value.items()}
        tables = any(entry is None or isinstance(entry, dict) for entry in entries.values())
        return None if tables else entries
    return None


def record_registry(study: Study) -> None:
    """Record the basis of verdicts before the first recording is read; an older record stays.

    Several participants start at once: the first one writes the whole file.
    """
    path = study.root / RECORD
    if path.exists():
        return
    basis = verdict_basis(study)
    recorded = {"recorded": datetime.now(UTC).isoformat(timespec="seconds")}
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"hash": short_hash(basis)} | recorded | basis
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return


def registry_record(study: Study) -> dict[str, Any] | None:
    """Read the record of the basis of verdicts; None where there is none."""
    path = study.root / RECORD
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def deviations(study: Study) -> tuple[Deviation, ...]:
    """Differences between the basis of verdicts and the record made when the data were read.

    Without a record, one for all hypotheses: it is not known what was fixed before, and everything
    counts as post hoc.
    """
    record = registry_record(study)
    basis = verdict_basis(study)
    if record is None:
        return (Deviation("all", "registry", NOT_RECORDED, short_hash(basis)),)
    if record["hash"] == short_hash(basis):
        return ()
    changes = [
        Deviation("all", f"{kind} {name}".strip(), before, now)
        for kind in ("version", "settings", "constants")
        for name, before, now in _differences(record.get(kind, NOT_RECORDED), basis[kind])
    ]
    all_changes = [*changes, *_entries(record["registry"], basis["registry"])]
    return tuple(all_changes) or (Deviation("all", "order", record["hash"], short_hash(basis)),)


def post_hoc(deviations: tuple[Deviation, ...], hypothesis: str) -> bool:
    """Tell whether the basis of a verdict was changed after the data were read."""
    return any(deviation.hypothesis in (hypothesis, "all") for deviation in deviations)


def _entries(before: dict[str, Any], now: dict[str, Any]) -> Iterator[Deviation]:
    """Changes of the hypotheses; of an older version, the fate of each."""
    old, new = (
        {entry["id"]: entry for entry in part["hypotheses"]} | part.get("contrasts", {})
        for part in (before, now)
    )
    if before["version"] != VERSION:
        for name in dict.fromkeys([*old, *new]):
            earlier_version = f"version {before['version']}" if name in old else ""
            yield Deviation(name, "entry", earlier_version, became(name))
        return
    for name in dict.fromkeys([*old, *new]):
        for key, earlier, later in _differences(old.get(name, {}), new.get(name, {})):
            yield Deviation(name, key, earlier, later)


def _differences(before: Any, now: Any) -> Iterator[tuple[str, str, str]]:
    """Key and both values of every difference; without keys where either is no mapping."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            if before.get(key) != now.get(key):
                yield key, _text(before.get(key)), _text(now.get(key))
    elif before != now:
        yield "", _text(before), _text(now if isinstance(now, str) else short_hash(now))


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
