"""Stage report: from tables and figures to the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import atomic_path, write_text
from aqbio.io.dictionary import columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, with_texts, write_table
from aqbio.pages.athlete import left_right_address
from aqbio.pages.differences import TABLE as DIFFERENCES
from aqbio.pages.differences import differences_path
from aqbio.pages.filters import counted, with_study_links, write_assets
from aqbio.pages.step_means import TABLE as STEP_MEANS
from aqbio.pages.step_means import step_means_path
from aqbio.report.group import group_script
from aqbio.report.page import STAGE, StudyContent, one_page, page_findings, study_pages
from aqbio.study.deposit import write_data_package
from aqbio.study.findings import study_causes, write_causes, write_findings
from aqbio.study.internal import Parts
from aqbio.study.manifest import Report, study_stage


@study_stage(STAGE)
def report_study(study: Study, report: Report) -> None:
    """Write ``report/index.html`` and the pages around it."""
    parts = Parts(study, STAGE)
    folder = study.root / STAGE
    _write_comparisons(study)
    content = StudyContent(study)
    write_assets(folder / "assets")
    inputs = ["stage\tparticipant_id\tfile\tsha256", *map("\t".join, content.origin.inputs)]
    write_text(folder / "files.tsv", "\n".join(inputs) + "\n")
    steps, replayed = content.tables["steps"], content.replayed
    script = parts.part("compare", lambda: compare_script(steps, replayed), "")
    write_text(folder / "compare-data.js", script)
    pages = dict(study_pages(content, parts.collect_errors))
    group_text = parts.part("athletes", lambda: group_script(content), "")
    write_text(folder / "group.js", group_text)
    _put_pages(study, folder)
    write_findings(study, STAGE, parts.findings, page_findings(study))
    write_causes(study, STAGE, study_causes(study))
    write_data_package(study, content.tables)
    for name, text in reversed(pages.items()):
        write_text(folder / name, text)
    report(f"{folder / 'index.html'}: {counted(len(content.names), 'athlete')}")


def _write_comparisons(study: Study) -> None:
    """Write the tables of all athletes' means and differences, from what stage pages wrote."""
    people = [participant.participant_id for participant in study.participants]
    for name, path_of in ((DIFFERENCES, differences_path), (STEP_MEANS, step_means_path)):
        described = columns(name)
        files = [path for path in (path_of(study, person) for person in people) if path.is_file()]
        source = study_provenance(study, STAGE, files)
        tables = (with_texts(joined([read_columns(path)], list(described))) for path in files)
        write_table(tables, study.table(f"{name}.tsv"), described, source, digits=DIGITS)


DIGITS = 6
"""Significant digits of means and differences."""


def write_one_file(study: Study, report: Report) -> None:
    """Write ``report/one_file.html``: everything but athletes' pages and replays, for mail."""
    path = study.root / STAGE / "one_file.html"
    write_text(path, one_page(StudyContent(study, single=True), Parts(study, STAGE).collect_errors))
    report(str(path))


def compare_script(steps: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> str:
    """Trials that can be shown side by side, beginning with left and right of the fastest."""
    first = left_right_address(steps, replayed)
    text = json.dumps({"trials": sorted(replayed), "first": first})
    return "globalThis.COMPARE=" + text.replace("<", r"\u003c") + ";\n"


def _put_pages(study: Study, folder: Path) -> None:
    """Put the participants' pages beside the others, with links to these."""
    for participant in study.participants:
        participant_folder = study.folder(participant.participant_id, "pages")
        for kind in ("trials", "athletes"):
            for file in sorted((participant_folder / kind).rglob("*")):
                target = folder / file.parent.relative_to(participant_folder)
                if file.suffix == ".html":
                    text = file.read_text(encoding="utf-8")
                    write_text(target / file.name, with_study_links(text))
                elif file.is_file():
                    _link_or_copy(file, target)


def _link_or_copy(source: Path, folder: Path) -> None:
    """Link a file into a folder, or copy it where links are not possible."""
    with atomic_path(folder / source.name) as path:
        path.unlink()
        try:
            path.hardlink_to(source)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(source, path)
