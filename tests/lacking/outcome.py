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
    said: list[tuple[str, str]] = field(default_factory=list)
    """Severity and text of everything that was said."""
    pages: dict[str, str] = field(default_factory=dict)
    """HTML of every page of the report, by its name."""
    results: Path = Path()
    """Folder of the results."""
    broken: list[str] = field(default_factory=list)
    """Internal errors, tracebacks, pages and tables that are missing."""

    def lines(self) -> Iterator[str]:
        """All that was said."""
        yield from (f"{severity}: {text}" for severity, text in self.said)

    def say(self, finding: Finding) -> None:
        """Keep what a finding says."""
        parts = (finding.rule, finding.what, finding.where, finding.fix)
        text = " · ".join(part for part in parts if part)
        self.said.append((finding.severity, text))
        if finding.rule == RULE or re.search(IDENTIFIER, text):
            self.broken.append(text)


def outcome(
    folder: Path, recordings: Recordings, settings: dict[str, Any], marker_set: Path | None = None
) -> Outcome:
    """Run ``new``, ``check`` and all stages as a user would; figures are laid out, not drawn."""
    shutil.rmtree(folder, ignore_errors=True)

    def study(found: Outcome) -> Path:
        file = written(folder, recordings, settings, found)
        if marker_set is not None:
            shutil.copy(marker_set, file.with_name(MARKERS))
        return file

    return outcome_of(study, tuple(recordings.takes))


def outcome_of(study: Callable[[Outcome], Path], trials: tuple[str, ...]) -> Outcome:
    """Make a study, check it and run all of its stages; figures are laid out, not drawn."""
    found = Outcome(trials)
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        try:
            file = study(found)
            for problem in study_problems(file):
                found.say(problem)
            made = load_study(file)
            run_jobs(made)
        except AqbioError as error:
            found.say(error.finding())
            return found
        except Exception:  # noqa: BLE001 - the harness names every crash
            found.broken.append(" | ".join(traceback.format_exc().strip().splitlines()[-3:]))
            return found
    _read(made, found)
    return found


def written(folder: Path, recordings: Recordings, settings: dict[str, Any], found: Outcome) -> Path:
    """``aqbio new --from``, and the cells that only a person can fill in."""
    company = recordings.company if recordings.accompanied else {}
    for person, takes in ((PERSON, recordings.takes), (COMPANY, company)):
        for name, take in takes.items():
            path = folder / "data" / person / f"{name}.c3d"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_c3d(path, whole_frames(take), recordings.laboratory)
    return filled_study(folder, recordings.person, settings, found)


def filled_study(
    folder: Path, person: dict[str, str], settings: dict[str, Any], found: Outcome
) -> Path:
    """Make a study from what lies in ``data``; fill in the cells that only a person knows."""
    study = folder / "study"
    summary = new_study_from(study, folder / "data", None, lambda _: None)
    lines = [line.strip() for line in summary.splitlines() if line.strip()]
    found.said += [("info", line) for line in lines]
    found.broken += [line for line in lines if re.search(IDENTIFIER, line)]
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


def _read(study: Study, found: Outcome) -> None:
    """Tables, findings, reasons and pages."""
    person = next(
        trial.participant_id
        for trial in study.trials
        if str(trial.file or trial.coordinates_file).startswith(PERSON)
    )
    for name in TABLES:
        if not study.table(f"{name}.tsv").is_file():
            found.broken.append(f"no table {name}.tsv")
    if not (study.root / "report" / "index.html").is_file():
        found.broken.append("no page")
    for page in sorted((study.root / "report").rglob("*.html")):
        found.pages[page.relative_to(study.root / "report").as_posix()] = page.read_text("utf-8")
    found.broken += [
        f"a part of {name} is missing" for name in found.pages if _lacks_a_part(found.pages[name])
    ]
    found.results = study.root
    steps = read_table(study.table("steps.tsv"))
    found.steps = steps[steps["participant_id"] == person]
    found.rows = participant_rows(study, person, "contributions")
    for path in sorted(study.table("steps.tsv").parent.glob("findings*.tsv")):
        for row in read_table(path).to_dict("records"):
            found.say(_finding(row))
    trials = read_table(study.table("trials.tsv"))
    own = trials[trials["participant_id"] == person]
    found.states = dict(zip(own["trial_id"], own["state"], strict=True))
    for table, columns in (
        (trials, ("reason", "motion_reason")),
        (steps, ("reason", "step_flags")),
    ):
        for name in columns:
            found.said += [("warning", str(reason)) for reason in table[name].dropna()]
    for path in sorted(study.root.glob("*.json")):
        _said_of_stage(json.loads(path.read_text(encoding="utf-8")), found)
    found.said, found.broken = (list(dict.fromkeys(found.said)), list(dict.fromkeys(found.broken)))


def _lacks_a_part(page: str) -> bool:
    return "is missing</h2>" in page


def _said_of_stage(manifest: dict[str, Any], found: Outcome) -> None:
    for one in manifest.get("findings", ()):
        found.say(_finding(one))


def _finding(row: dict[str, Any]) -> Finding:
    known = {name: row.get(name) for name in ("rule", "severity", "what", "fix")}
    texts = {name: value if isinstance(value, str) else "" for name, value in known.items()}
    return Finding(texts["rule"], texts["severity"], texts["what"], fix=texts["fix"])
