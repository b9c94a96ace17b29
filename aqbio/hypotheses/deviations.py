"""Deviations: changes of what verdicts rest on since the data were first read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aqbio.hypotheses.computation import PARTS
from aqbio.hypotheses.preregistration import (
    REMARKS,
    recording_fingerprints,
    registry_record,
    verdict_basis,
)
from aqbio.io.study import Study
from aqbio.stats.registry import PAIRED, asked_registry, short_hash

NOT_RECORDED = "not recorded"

ALL = "all"
"""Hypothesis of a deviation that concerns the basis of every verdict."""

LISTED = "listed"
"""Value of a row that is in its sheet."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference between the basis of a result and what was fixed before."""

    hypothesis: str
    """Its id; ``all`` for the basis of every verdict."""
    key: str
    before: str
    now: str
    """before, now: Values; empty where there was nothing."""
    decided_on: str = ""
    decided_by: str = ""
    reason: str = ""
    """decided_on, decided_by, reason: As far as the row of the sheet states them."""


def deviations(study: Study) -> tuple[Deviation, ...]:
    """Differences between the basis of verdicts and the record made when the data were read.

    Without a record, one for all hypotheses: it is not known what was fixed before, and everything
    counts as post hoc.
    """
    record = registry_record(study)
    basis = verdict_basis(study)
    if record is None:
        return (Deviation(ALL, "registry", NOT_RECORDED, short_hash(basis)),)
    changes = list(_of_record(study, record))
    if record["hash"] == short_hash(basis):
        return tuple(changes)
    basis_changes = [
        Deviation(ALL, f"{kind} {name}".strip(), before, now)
        for kind in ("version", "settings")
        for name, before, now in _differences(record[kind], basis[kind])
    ]
    basis_changes += _of_sheets(study, record["sheets"], basis["sheets"])
    judged = [hypothesis.id for hypothesis in asked_registry(study).hypotheses]
    basis_changes += _of_computation(record, basis, judged)
    basis_changes += _entries(record["registry"], basis["registry"])
    order = Deviation(ALL, "order", record["hash"], short_hash(basis))
    return (*changes, *(basis_changes or [order]))


def post_hoc(deviations: tuple[Deviation, ...], hypothesis: str) -> bool:
    """Tell whether the basis of a verdict was changed after the data were read."""
    return any(deviation.hypothesis in (hypothesis, ALL) for deviation in deviations)


def _of_record(study: Study, record: Mapping[str, Any]) -> Iterator[Deviation]:
    """A record that is younger than a reading of the data, and recordings that were exchanged."""
    if record["earlier"]:
        yield Deviation(ALL, "record", record["earlier"], record["recorded"])
    fingerprints = recording_fingerprints(study)
    for name, earlier in record["recordings"].items():
        if name in fingerprints and fingerprints[name] != earlier:
            yield _with_remarks(
                study, Deviation(ALL, f"trial {name}: content", earlier, fingerprints[name])
            )


def _of_computation(
    before: Mapping[str, Any], now: Mapping[str, Any], judged: Collection[str]
) -> Iterator[Deviation]:
    """Changes of what computes evidence and rule, or a statistic and so its hypotheses alone.

    ``judged``: hypotheses of the study; the registry has contrasts of labels that it has not.
    """
    registry = now["registry"]
    statistics = {entry["id"]: entry["statistic"] for entry in registry["hypotheses"]}
    statistics |= dict.fromkeys(registry["contrasts"], PAIRED)
    for name, earlier, later in _differences(before["computation"], now["computation"]):
        for hypothesis in [ALL] if name in PARTS else filter(judged.__contains__, statistics):
            if hypothesis == ALL or statistics[hypothesis] == name:
                yield Deviation(hypothesis, f"computation of {name}", earlier, later)


def _of_sheets(
    study: Study, before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Deviation]:
    """Rows that were taken out, added or changed; trials of an athlete who left count as one."""
    for kind in now:
        old, new = before[kind], now[kind]
        for name in dict.fromkeys([*old, *new]):
            athlete = name.partition("/")[0]
            known = {athlete in before["participant"], athlete in now["participant"]}
            if kind != "participant" and known == {False, True}:
                continue
            if (name in old) != (name in new):
                values = (LISTED if name in rows else "" for rows in (old, new))
                yield _with_remarks(study, Deviation(ALL, f"{kind} {name}", *values))
                continue
            for column, earlier, later in _differences(old[name], new[name]):
                change = Deviation(ALL, f"{kind} {name}: {column}", earlier, later)
                yield _with_remarks(study, change)


def _with_remarks(study: Study, change: Deviation) -> Deviation:
    """Add the remarks of the sheet's row that a deviation is about."""
    kind, _, name = change.key.partition(":")[0].partition(" ")
    rows = {f"{row.participant_id}/{row.trial_id}": row for row in study.trials}
    people = {row.participant_id: row for row in study.participants}
    row = (rows if kind == "trial" else people).get(name)
    remarks = {column: getattr(row, column, None) or "" for column in REMARKS}
    return replace(change, **remarks)


def _entries(before: dict[str, Any], now: dict[str, Any]) -> Iterator[Deviation]:
    """Changes of the registry's version and hypotheses.

    Where an entry left a family, the p values of those that stay are adjusted over fewer tests.
    """
    old, new = (
        {entry["id"]: entry for entry in part["hypotheses"]}
        | {name: entry | {"family": "contrast"} for name, entry in part["contrasts"].items()}
        for part in (before, now)
    )
    for _, earlier, later in _differences(before["version"], now["version"]):
        yield Deviation(ALL, "registry version", earlier, later)
    for name in dict.fromkeys([*old, *new]):
        for key, earlier, later in _differences(old.get(name, {}), new.get(name, {})):
            yield Deviation(name, key, earlier, later)
    for family in dict.fromkeys(entry["family"] for entry in old.values()):
        members, remaining = (
            [name for name, entry in entries.items() if entry["family"] == family]
            for entries in (old, new)
        )
        if missing := [name for name in members if name not in remaining]:
            words = f"{len(members)} entries of family {family}"
            for name in remaining:
                yield Deviation(name, "family", words, f"without {', '.join(missing)}")


def _differences(before: Any, now: Any) -> Iterator[tuple[str, str, str]]:
    """Key and both values of every difference; without keys of two plain values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            if before.get(key) != now.get(key):
                yield key, _text(before.get(key)), _text(now.get(key))
    elif before != now:
        yield "", _text(before), _text(now)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
