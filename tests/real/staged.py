"""Studies of real recordings, stage by stage in this process: quicker than the workflow."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from aqbio.io.study import Study, load_study
from aqbio.stage_table import STAGES, stage_module
from aqbio.tables.stage import tables_study

FOLDER = Path(__file__).parent

PLAIN = "consistency: off\ncontributions: {draws: 0}\nmultiverse: {enabled: false}\n"
"""The plain way, in which what a recording lacks changes nothing but what hangs on it."""

PAGE_STAGES = ("pages",)
"""Stages that tables do not read: what else becomes of whole studies is tried by the workflow."""

SHEET = "participant_id\tsex\tmass_kg\theight_m\tstatic_trial\n"
TRIALS = "participant_id\ttrial_id\ttask\tfile\tforce_file\n"


def write_study(
    folder: Path, participants: list[str], trials: list[str], settings: str = "", data: str = ""
) -> Path:
    """Write a study of JA1 on the sprint model; rows are given without their header."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(FOLDER / "ja1_sprint" / "markers.yaml", folder / "markers.yaml")
    data_folder = data or "${AQBIO_REALDATA}/ja1_dorn2012"
    (folder / "study.yaml").write_text(
        f"name: staged\nresults: {(folder / 'results').as_posix()}\n"
        f"files: {{data: '{data_folder}'}}\n"
        f"model: {{markers: markers.yaml}}\n{PLAIN}{settings}",
        encoding="utf-8",
    )
    rows = {"participants": SHEET + "\n".join(participants), "trials": TRIALS + "\n".join(trials)}
    for name, text in rows.items():
        (folder / f"{name}.tsv").write_text(text + "\n", encoding="utf-8")
    return folder / "study.yaml"


def run_stages(file: Path, *, since: str = STAGES[0], until: str = "tables") -> Study:
    """Run the stages that the tables of a study need one after another and give the study."""
    study = load_study(file)
    for name in STAGES[STAGES.index(since) : STAGES.index("tables")]:
        if name in PAGE_STAGES:
            continue
        stage = getattr(stage_module(name), f"{name}_participant")
        for participant in study.participants:
            stage(study, participant.participant_id, lambda line: None)
        if name == until:
            return study
    tables_study(study, lambda line: None)
    return study


def fill(sheet: Path, trials: tuple[str, ...] = (), **cells: str) -> None:
    """Write cells of all rows, or of some trials, as a person does."""
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        if not trials or row["trial_id"] in trials:
            row |= cells
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
