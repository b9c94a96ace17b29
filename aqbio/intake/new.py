"""`aqbio new`: a study folder to fill in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

import yaml

from aqbio.boundary import refuse_unwritable_name
from aqbio.config import SHEETS
from aqbio.config.settings import WINDOWS_DEVICES
from aqbio.errors import AqbioError
from aqbio.faults import writing
from aqbio.intake.outlook import OutlookTrial, outlook_page
from aqbio.intake.rows import sheet_text
from aqbio.intake.strength import find_strength
from aqbio.intake.study import (
    FILL_IN,
    LOOK_AT,
    ProposedStudy,
    preview_lines,
    proposed_study,
    summary_text,
    to_do,
    trial_warnings,
)
from aqbio.io.atomic import files_made, write_text
from aqbio.names import shipped
from aqbio.stats.registry import DEFAULT
from aqbio.study.internal import contained

DEMO = shipped("data/virtual_sprinters")

STUDY = """\
# Settings of the study; every setting and its default: `aqbio settings help`.
name: {name}
files:
  data: {data}   # folder of the recordings; nothing in it is copied or changed
model:
  file: {model}          # sprint: our sprint model; or the path of a generic .osim file
  map: {map}           # its map: a folder of models/, or the path of a map file
  {markers}
"""

LABORATORY = """\
laboratory:
  fix: {fix}   # proposed for all trials with forces: look at it, keep or erase it
"""

EMPTY_STUDY_STEPS = """\
1. Copy the recordings into `data/` (C3D, or TRC with MOT).
2. Fill in `participants.tsv` and `trials.tsv` (tab-separated; Excel opens and saves them).
   `aqbio settings help` writes `help/README.md`, which explains every column and setting.
   Strengths that were measured too go into a sheet `strength.tsv`, one row per attempt and leg;
   without it the hypotheses that need them are reported as not testable.
3. If your marker labels are not those of the model, describe them in `markers.yaml` and name that
   file in `study.yaml`."""

FILLED_STUDY_STEPS = """\
1. Look at `outlook.html`: contacts and speeds of every run, what will be computed, what is missing.
   `found.txt` says it whole, with what is not known.
2. Fill in the cells that the column `please_fill` of `participants.tsv` and `trials.tsv` names, and
   correct `trials.tsv` where it is wrong (tab-separated; Excel opens and saves them). What its
   column `fix` proposes was found in the recording: keep it if it is so, or erase it.
   `aqbio settings help` writes `help/README.md`, which explains every column and setting.
3. Look through `markers.yaml`, if there is one: which label sits where. Fill in what it asks for
   under `please_fill`."""

README = """\
# {name}

{beginning}
4. `hypotheses.yaml` says what is tested and by which rule. Change it now or never: after the first
   recording was read, every change is marked post hoc.
5. `aqbio check {folder}` says everything that is missing or wrong.
6. `aqbio run {folder}` makes the page `results/{name}/report/index.html`
   (or `snakemake --cores all --configfile {file}` in a checkout of aqbio).
"""


def new_study(folder: Path) -> None:
    """Write a study folder with settings, empty sheets and a README."""
    name = _free_name(folder)
    with writing(folder):
        (folder / "data").mkdir(parents=True, exist_ok=True)
    for sheet in ("participants", "trials"):
        row = SHEETS[sheet]
        write_text(folder / f"{sheet}.tsv", "\t".join(row.model_fields) + "\n")
    write_text(folder / "hypotheses.yaml", DEFAULT.read_text(encoding="utf-8"))
    write_text(folder / "README.md", _readme(name, folder, EMPTY_STUDY_STEPS))
    settings = {"data": "data", "model": "sprint", "map": "sprint"}
    markers = "# markers: markers.yaml   # marker set of your laboratory; default: the model's own"
    write_text(folder / "study.yaml", STUDY.format(name=name, markers=markers, **settings))


def demo_study(folder: Path) -> None:
    """Copy the study of the virtual sprinters, whose recordings are made when it runs."""
    _free_name(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(DEMO.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            shutil.copyfile(file, folder / file.name)


def new_study_from(
    folder: Path, data: Path, model: Path | None, report: Callable[[str], None]
) -> str:
    """Write a study folder filled in from recordings; returns the text of ``found.txt``."""
    name = _free_name(folder)
    refuse_unwritable_name(data.resolve())
    with contained(None, "new"):
        study = proposed_study(name, data.resolve(), model, report)
        study = replace(study, strength=find_strength(data.resolve()))
    return write_proposed(folder, study)


def write_proposed(folder: Path, study: ProposedStudy, settings: str = "") -> str:
    """Write a proposed study and further lines of study.yaml; returns the text of ``found.txt``."""
    name = _free_name(folder)
    with contained(None, "new"):
        lines = preview_lines(study)
        texts = {
            "participants.tsv": sheet_text("participants", study.rows.people),
            "trials.tsv": sheet_text("trials", study.rows.trials),
            study.model.map: study.model.map_text,
            "markers.yaml": "" if study.markers is None else study.markers.text,
            "strength.tsv": "" if study.strength is None else study.strength.text,
            "hypotheses.yaml": DEFAULT.read_text(encoding="utf-8"),
            "README.md": _readme(name, folder, FILLED_STUDY_STEPS),
            "found.txt": summary_text(study, folder, lines),
            "outlook.html": _outlook(study, folder, lines),
            "study.yaml": _settings_text(name, study) + settings,
        }
    with files_made() as written_files:
        try:
            for file, text in texts.items():
                if text:
                    write_text(folder / file, text)
        except BaseException:  # no half study stays
            for path in written_files:
                path.unlink()
            raise
    return texts["found.txt"]


def _outlook(study: ProposedStudy, folder: Path, lines: Sequence[str]) -> str:
    """The page of a study made from a folder; ``lines`` say what comes of it."""
    trials = []
    for row in study.rows.trials:
        preview = study.previews.get(row.motion)
        trials.append(
            OutlookTrial(
                f"{row.participant_id} {row.trial_id}",
                row.task == "run",
                f"{row.task}: {row.found or 'not looked at'}",
                [*trial_warnings(study, row)],
                None if preview is None else preview.picture,
            )
        )
    next_lines = [line for line in to_do(study, folder) if line not in (FILL_IN, LOOK_AT)]
    return outlook_page(folder.resolve().name, lines, trials, next_lines)


def _readme(name: str, folder: Path, beginning: str) -> str:
    """Instructions for the next steps, with paths quoted for a terminal."""
    typed = {"folder": quote(str(folder)), "file": quote(str(folder / "study.yaml"))}
    return README.format(name=name, beginning=beginning, **typed)


def _settings_text(name: str, study: ProposedStudy) -> str:
    markers = "markers: markers.yaml   # where each label sits; please look through it"
    settings = STUDY.format(
        name=name,
        data=_quoted(str(study.data)),
        model=_quoted(study.model.file),
        map=study.model.map,
        markers="# joint angles need no marker set" if study.markers is None else markers,
    )
    if study.laboratory_fix:
        settings += LABORATORY.format(fix=_quoted("; ".join(study.laboratory_fix)))
    return settings


def _quoted(text: str) -> str:
    """Write a text as YAML, in quotes where it needs them."""
    written: str = yaml.safe_dump(text, default_flow_style=True, width=10_000, allow_unicode=True)
    return written.removesuffix("\n").removesuffix("...").removesuffix("\n")


def _free_name(folder: Path) -> str:
    """Name of a new study; refuses a folder that has one already."""
    refuse_unwritable_name(folder.resolve())
    if (folder / "study.yaml").exists():
        raise AqbioError(
            "there is a study in this folder already.",
            file=str(folder / "study.yaml"),
            fix="choose another folder.",
            rule="study-exists",
        )
    name = re.sub("[^A-Za-z0-9_-]", "_", folder.resolve().name).lstrip("_-") or "study"
    return f"{name}_study" if WINDOWS_DEVICES.fullmatch(name) else name
