"""The whole product on one study: from a folder of recordings to the page."""

from __future__ import annotations

import json
import re
import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from aqbio.errors import AqbioError, Finding
from aqbio.gait.step_files import participant_rows
from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.study.internal import IDENTIFIER, RULE
from aqbio.virtual.study import write_c3d
from tests.jobs import run_jobs
from tests.lacking.alterations import Recordings
from tests.lacking.recordings import whole_frames
from tests.promises import unreasoned
from tests.undrawn import draw_nothing

PERSON, COMPANY = "S1", "S2"

MARKERS = "markers.yaml"

TABLES = ("steps", "trials", "contribution_means", "quality", "findings", "verdicts", "multiverse")
"""Tables that every study has."""


@dataclass
class Outcome:
    """What the product left, and what it said."""

    trials: tuple[str, ...] = ()
    """Moving trials of the person."""
    steps: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Rows of steps.tsv of the person."""
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Every contribution of every step, with its interval."""
    states: dict[str, str] = field(default_factory=dict)
    """State of every trial of the person, as trials.tsv has it."""
    sentences: list[tuple[str, str]] = field(default_factory=list)
    """Severity and text of everything that was said."""
    pages: dict[str, str] = field(default_factory=dict)
    """HTML of every page of the report, by its name."""
    results: Path = Path()
    """Folder of the results."""
    broken: list[str] = field(default_factory=list)
    """Internal errors, tracebacks, pages and tables that are missing."""

    def lines(self) -> Iterator[str]:
        """All that was said."""
        yield from (f"{severity}: {text}" for severity, text in self.sentences)

    def say(self, finding: Finding) -> None:
        """Keep what a finding says."""
        parts = (finding.rule, finding.what, finding.where, finding.fix)
        text = " · ".join(part for part in parts if part)
        self.sentences.append((finding.severity, text))
        if finding.rule == RULE or re.search(IDENTIFIER, text) or unreasoned(text):
            self.broken.append(text)


def outcome(
    folder: Path, recordings: Recordings, settings: dict[str, Any], marker_set: Path | None = None
) -> Outcome:
    """Run ``new``, ``check`` and all stages as a user would; figures are laid out, not drawn."""
    shutil.rmtree(folder, ignore_errors=True)

    def study(result: Outcome) -> Path:
        file = written(folder, recordings, settings, result)
        if marker_set is not None:
            shutil.copy(marker_set, file.with_name(MARKERS))
        return file

    return outcome_of(study, tuple(recordings.takes))


def outcome_of(study: Callable[[Outcome], Path], trials: tuple[str, ...]) -> Outcome:
    """Make a study, check it and run all of its stages; figures are laid out, not drawn."""
    result = Outcome(trials)
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        try:
            file = study(result)
            for problem in study_problems(file):
                result.say(problem)
            loaded = load_study(file)
            run_jobs(loaded)
        except AqbioError as error:
            result.say(error.finding())
            return result
        except Exception:  # noqa: BLE001 - the harness names every crash
            result.broken.append(" | ".join(traceback.format_exc().strip().splitlines()[-3:]))
            return result
    _read(loaded, result)
    return result


def written(
    folder: Path, recordings: Recordings, settings: dict[str, Any], result: Outcome
) -> Path:
    """``aqbio new --from``, and the cells that only a person can fill in."""
    company = recordings.company if recordings.accompanied else {}
    for person, takes in ((PERSON, recordings.takes), (COMPANY, company)):
        for name, take in takes.items():
            path = folder / "data" / person / f"{name}.c3d"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_c3d(path, whole_frames(take), recordings.laboratory)
    return filled_study(folder, recordings.person, settings, result)


def filled_study(
    folder: Path, person: dict[str, str], settings: dict[str, Any], result: Outcome
) -> Path:
    """Make a study from what lies in ``data``; fill in the cells that only a person knows."""
    study = folder / "study"
    summary = new_study_from(study, folder / "data", None, lambda _: None)
    lines = [line.strip() for line in summary.splitlines() if line.strip()]
    result.sentences += [("info", line) for line in lines]
    result.broken += [line for line in lines if re.search(IDENTIFIER, line)]
    sheet = study / "participants.tsv"
    header, *rows = (line.split("\t") for line in sheet.read_text("utf-8").splitlines())
    cells = [dict(zip(header, row, strict=True)) | person for row in rows]
    lines = ["\t".join(header), *("\t".join(row.values()) for row in cells)]
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = study / "study.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8")) | settings
    content |= {"results": str(folder / "results")}
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return file


def _read(study: Study, result: Outcome) -> None:
    """Tables, findings, reasons and pages."""
    person = next(
        trial.participant_id
        for trial in study.trials
        if str(trial.file or trial.coordinates_file).startswith(PERSON)
    )
    for name in TABLES:
        if not study.table(f"{name}.tsv").is_file():
            result.broken.append(f"no table {name}.tsv")
    if not (study.root / "report" / "index.html").is_file():
        result.broken.append("no page")
    for page in sorted((study.root / "report").rglob("*.html")):
        result.pages[page.relative_to(study.root / "report").as_posix()] = page.read_text("utf-8")
    result.broken += [
        f"a part of {name} is missing" for name in result.pages if _lacks_a_part(result.pages[name])
    ]
    result.results = study.root
    steps = read_table(study.table("steps.tsv"))
    result.steps = steps[steps["participant_id"] == person]
    result.rows = participant_rows(study, person, "contributions")
    for path in sorted(study.table("steps.tsv").parent.glob("findings*.tsv")):
        for row in read_table(path).to_dict("records"):
            result.say(_finding(row))
    trials = read_table(study.table("trials.tsv"))
    trials_of_person = trials[trials["participant_id"] == person]
    result.states = dict(zip(trials_of_person["trial_id"], trials_of_person["state"], strict=True))
    for table, columns in (
        (trials, ("reason", "motion_reason")),
        (steps, ("reason", "step_flags")),
    ):
        for name in columns:
            result.sentences += [("warning", str(reason)) for reason in table[name].dropna()]
    for path in sorted(study.root.glob("*.json")):
        _read_findings(json.loads(path.read_text(encoding="utf-8")), result)
    result.sentences, result.broken = (
        list(dict.fromkeys(result.sentences)),
        list(dict.fromkeys(result.broken)),
    )


def _lacks_a_part(page: str) -> bool:
    return "is missing</h2>" in page


def _read_findings(manifest: dict[str, Any], result: Outcome) -> None:
    for finding in manifest.get("findings", ()):
        result.say(_finding(finding))


def _finding(row: dict[str, Any]) -> Finding:
    cells = {name: row.get(name) for name in ("rule", "severity", "what", "fix")}
    texts = {name: value if isinstance(value, str) else "" for name, value in cells.items()}
    return Finding(texts["rule"], texts["severity"], texts["what"], fix=texts["fix"])
