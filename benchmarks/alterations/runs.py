"""The product on one study: what it said and what it found."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from aqbio.errors import AqbioError, Finding
from aqbio.intake.check import study_problems
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.stage_table import STAGES, stage_module
from aqbio.steps.stage_tables import tables_study


@dataclass(frozen=True)
class Said:
    """One thing that the product said.

    Attributes
    ----------
    place : str
        ``check``, a stage, or the sheet that says it.
    severity : str
    text : str
        Rule, sentence, place and remedy in one line.
    at : float, s
        Touchdown of the step that it is said of; 0 for anything else.
    """

    place: str
    severity: str
    text: str
    at: float = 0.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run of the product left behind.

    Attributes
    ----------
    steps : DataFrame
        Rows of steps.tsv of the run; empty without any.
    said : tuple of Said
    crash : str
        Last line of a traceback; empty if there was none.
    """

    steps: pd.DataFrame
    said: tuple[Said, ...]
    crash: str = ""


def run_until(study: Study, last: str = "multiverse") -> None:
    """Run the stages of every participant, one after another."""
    for name in STAGES[: STAGES.index(last) + 1]:
        stage = getattr(stage_module(name), f"{name}_participant")
        for participant in study.participants:
            stage(study, participant.participant_id, lambda _: None)


def outcome(file: Path) -> Outcome:
    """Check and run a study as far as its steps.

    Parameters
    ----------
    file : Path
        study.yaml.
    """
    said: list[Said] = []
    crash = ""
    try:
        said += [_said("check", one) for one in study_problems(file)]
        study = load_study(file)
        run_until(study)
        tables_study(study, lambda _: None)
    except AqbioError as error:
        said.append(_said("run", error.finding()))
        return Outcome(pd.DataFrame(), tuple(said))
    except Exception:  # noqa: BLE001 - the judge tells every crash
        crash = " | ".join(traceback.format_exc().strip().splitlines()[-3:])
        return Outcome(pd.DataFrame(), tuple(said), crash)
    said += _tables(study)
    return Outcome(_read(study, "steps.tsv"), tuple(said), crash)


def _said(place: str, finding: Finding) -> Said:
    parts = (finding.rule, finding.what, finding.where, finding.fix)
    return Said(place, finding.severity, " · ".join(part for part in parts if part))


def _read(study: Study, name: str) -> pd.DataFrame:
    path = study.table(name)
    return read_table(path) if path.is_file() else pd.DataFrame()


def _tables(study: Study) -> list[Said]:
    """Findings, reasons of trials and of steps, and flags."""
    said = [
        Said(
            str(row["stage"]), str(row["severity"]), _joined(row, ("rule", "what", "where", "fix"))
        )
        for _, row in _read(study, "findings.tsv").iterrows()
    ]
    for name, columns in (
        ("trials.tsv", ("reason", "motion_reason")),
        ("steps.tsv", ("reason", "flags")),
    ):
        for _, row in _read(study, name).iterrows():
            text = _joined(row, columns)
            at = float(row.get("touchdown_s", 0.0))
            said += [Said(name, "warning", text, at)] if text else []
    return list(dict.fromkeys(said))


def _joined(row: pd.Series, columns: Sequence[str]) -> str:
    return " · ".join(str(row[name]) for name in columns if name in row and pd.notna(row[name]))
