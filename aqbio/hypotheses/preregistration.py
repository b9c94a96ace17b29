"""Preregistration: the basis of verdicts, recorded before the data are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aqbio.config import Participant, Trial
from aqbio.hypotheses.computation import verdict_computation
from aqbio.io.provenance import in_ids
from aqbio.io.study import Study
from aqbio.stage_table import PAGES, PARTICIPANT_STAGES, STAGE_TABLE
from aqbio.stats.registry import short_hash, study_registry
from aqbio.version import __version__

RECORD = "registry.json"

RECORDINGS = "virtual"
"""The stage that makes recordings and reads none."""

VERDICTS = "hypotheses"
"""The stage that gives verdicts."""

ELSEWHERE = {"files", "hypotheses"}
"""Sections of settings that are paths: the registry's own content counts."""


BASIS = ("version", "settings", "computation", "sheets", "registry")
"""Parts of the basis of verdicts."""

RECORDED = ("hash", "recorded", "earlier", "recordings")
"""What a record says of itself and of the data, besides the basis."""


def verdict_basis(study: Study) -> dict[str, Any]:
    """Everything that a verdict rests on but the data: registry, settings, computation, sheets."""
    return {
        "version": __version__,
        "settings": verdict_settings(study),
        "computation": verdict_computation(),
        "sheets": verdict_sheets(study),
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


def verdict_sheets(study: Study) -> dict[str, dict[str, Any]]:
    """Cells of the sheets that verdicts rest on, by kind of row and name.

    Strengths are data: only a hash of each athlete's own is kept.
    """
    strengths: dict[str, list[Any]] = {}
    for row in study.strength:
        strengths.setdefault(row.participant_id, []).append(row.model_dump(mode="json"))
    return {
        "participant": {row.participant_id: _cells(row) for row in study.participants},
        "trial": {f"{row.participant_id}/{row.trial_id}": _cells(row) for row in study.trials},
        "strengths": {name: {"hash": short_hash(rows)} for name, rows in strengths.items()},
    }


IDENTIFIERS = {"participant_id", "trial_id"}
"""Columns that name a row of a sheet."""


def _cells(row: Participant | Trial) -> dict[str, Any]:
    """Filled cells of a row without its names and without remarks.

    Names of files may name the person: only a hash is kept.
    """
    cells = row.model_dump(mode="json", exclude=IDENTIFIERS | set(REMARKS), exclude_none=True)
    files = {name for name in cells if name == "file" or name.endswith("_file")}
    return {
        name: short_hash(Path(value).name) if name in files else value
        for name, value in cells.items()
        if value != ""
    }


REMARKS = ("decided_on", "decided_by", "reason")
"""Columns of both sheets with remarks on a row."""

FINGERPRINT_BYTES = 65_536
"""Bytes at the start of a recording that tell it from others, with its size."""


def recording_fingerprints(study: Study) -> dict[str, str]:
    """Fingerprint of every recording, by athlete and trial; virtual sprinters have none."""
    fingerprints = {}
    for trial in () if study.is_virtual else study.trials:
        path = study.data / trial.source
        if path.is_file():
            with path.open("rb") as file:
                start = file.read(FINGERPRINT_BYTES)
            content = f"{path.stat().st_size} ".encode() + start
            digest = hashlib.sha256(content).hexdigest()[:12]
            fingerprints[f"{trial.participant_id}/{trial.trial_id}"] = digest
    return fingerprints


def record_registry(study: Study) -> None:
    """Record the basis of verdicts before the first recording is read; an older record stays.

    Several participants start at once: the first one writes the whole file. Results that are there
    already, and other studies that read the same recordings before, are noted.
    """
    path = study.root / RECORD
    if path.exists():
        return
    basis, fingerprints = verdict_basis(study), recording_fingerprints(study)
    recorded = {
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "earlier": _earlier_reading(study, fingerprints),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"hash": short_hash(basis)} | recorded | basis | {"recordings": fingerprints}
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return


def _earlier_reading(study: Study, fingerprints: Mapping[str, str]) -> str:
    """State that the recordings were read before the record; empty where nothing shows it."""
    manifests = (
        study.manifest(participant.participant_id, stage)
        for participant in study.participants
        for stage in PARTICIPANT_STAGES
        if stage != RECORDINGS
    )
    if study.table("verdicts.tsv").is_file() or any(path.is_file() for path in manifests):
        return "results of this study were there already"
    for path in sorted(study.results_folder.glob(f"*/{RECORD}")):
        recorded = json.loads(path.read_text(encoding="utf-8"))
        shared = set(fingerprints.values()) & set(recorded["recordings"].values())
        if shared and path.parent != study.root:
            recordings = "recording was" if len(shared) == 1 else "recordings were"
            day = str(recorded["recorded"]).partition("T")[0]
            return f"{len(shared)} {recordings} read by study {path.parent.name} on {day}"
    return ""


def registry_record(study: Study) -> dict[str, Any] | None:
    """Read the record of the basis of verdicts; None where there is none, or parts of it lack."""
    path = study.root / RECORD
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return record if record.keys() >= {*BASIS, *RECORDED} else None
