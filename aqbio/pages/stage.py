"""Stage report: from tables and figures to the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqbio.errors import AqbioError, Finding
from aqbio.figures.bars import BAR_COLUMNS
from aqbio.hypotheses.preregistration import registry_record
from aqbio.io.atomic import atomic_path, write_text
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.explorer import explorer_script, with_rates
from aqbio.pages.filters import data_address, drawing_size, write_assets
from aqbio.pages.group import group_content, group_script
from aqbio.pages.methods import origin
from aqbio.pages.page import FigureOnPage, PageContent, one_page, study_pages
from aqbio.pages.summary import people_table
from aqbio.pages.verdict_words import Record
from aqbio.pages.verdicts import VerdictTables
from aqbio.stage_table import PAGES, PARTICIPANT_STAGES
from aqbio.stats.registry import study_registry
from aqbio.study.findings import (
    noted,
    study_causes,
    write_causes,
    write_findings,
)
from aqbio.study.internal import Parts
from aqbio.study.manifest import OK, Report, study_stage

if TYPE_CHECKING:
    import pandas as pd

STAGE = "report"
MEANS = "stance_means.tsv"
CAUSED = "caused_rotation"
READ = ("steps", "trials", "quality", "findings", "uncertainty", "model_differences")
"""Tables whose rows pages show."""


@study_stage(STAGE)
def report_study(study: Study, report: Report) -> None:
    """Write ``report/index.html`` and the pages around it."""
    parts = Parts(study, STAGE)
    folder = study.root / STAGE
    content = page_content(study, single=False)
    write_assets(folder / "assets")
    _write_inputs(folder / "files.tsv", content)
    script = parts.part(
        "explorer",
        lambda: explorer_script(with_rates(study, content.steps), content.replayed),
        "",
    )
    write_text(folder / "explorer-data.js", script)
    pages = dict(study_pages(content, parts.kept))
    made = parts.part("athletes", lambda: group_script(group_content(study, content)), "")
    write_text(folder / "group.js", made)
    _put_pages(study, folder)
    write_findings(study, STAGE, parts.findings, _of_pages(study))
    write_causes(study, STAGE, study_causes(study))
    for name, text in reversed(pages.items()):
        write_text(folder / name, text)
    told = f"{content.participants} athletes, {len(content.figures)} figures"
    report(f"{folder / 'index.html'}: {told}")


def write_one_file(study: Study, report: Report) -> None:
    """Write ``report/one_file.html``: everything but athletes' pages and replays, for mail."""
    path = study.root / STAGE / "one_file.html"
    write_text(path, one_page(page_content(study, single=True), Parts(study, STAGE).kept))
    report(str(path))


def page_content(study: Study, *, single: bool) -> PageContent:
    """Read what the pages show."""
    tables = {n: study.table(f"{n}.tsv") for n in READ}
    data = {name: read_table(path) for name, path in tables.items() if name != "findings"}
    own = study_provenance(study, STAGE, tables.values())
    settings = study.settings.report
    return PageContent(
        title=settings.title or study.settings.name,
        authors=settings.authors,
        study=study.settings.name,
        roles=_read_json(study, study.root / "figures" / "figures.json")["roles"],
        participants=len(study.participants),
        people=people_table(study.participants),
        replayed=frozenset(_replayed(study)),
        steps=data["steps"],
        trials=data["trials"],
        quality=data["quality"],
        uncertainty=data["uncertainty"],
        model_differences=data["model_differences"],
        causes=study_causes(
            study, ("hypotheses", "figures"), (Finding(**one) for _, one in _of_pages(study))
        ),
        means=read_table(study.root / "figures" / MEANS),
        caused=_caused(study),
        consistency=tuple(
            study.read_manifest(participant.participant_id, "inverse_dynamics")
            for participant in study.participants
            if single
        ),
        verdicts=_verdicts(study),
        figures=tuple(_figures(study, single=single)),
        origin=origin([*_records(study), ("", own)]),
    )


def _of_pages(study: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the stages of participants' pages noted."""
    for participant in study.participants:
        yield from noted(study, participant.participant_id, PAGES)


def _replayed(study: Study) -> Iterator[tuple[str, str]]:
    """Trials that have a page of their own."""
    for participant in study.participants:
        name = participant.participant_id
        for done in study.read_manifest(name, "pages")["trials"]:
            if done["status"] == OK:
                yield name, str(done["trial_id"])


def _put_pages(study: Study, folder: Path) -> None:
    """Put the participants' pages beside the others."""
    for participant in study.participants:
        made = study.folder(participant.participant_id, "pages")
        for kind in ("trials", "athletes"):
            for one in sorted((made / kind).rglob("*")):
                if one.is_file():
                    _put(one, folder / one.parent.relative_to(made))


def _put(source: Path, folder: Path) -> None:
    """Give a file a second name in a folder."""
    with atomic_path(folder / source.name) as place:
        place.unlink()
        try:
            place.hardlink_to(source)
        except OSError:  # another disk, or one that knows no second names
            shutil.copyfile(source, place)


def _write_inputs(path: Path, content: PageContent) -> None:
    """Write every file that was read, which would be the longest table of all pages."""
    lines = ["stage\tparticipant_id\tfile\tsha256", *map("\t".join, content.origin.inputs)]
    write_text(path, "\n".join(lines) + "\n")


def _verdicts(study: Study) -> VerdictTables:
    """Read what stage hypotheses concluded."""
    names = ("verdicts", "literal", "waveforms", "single_athletes", "power", "deviations")
    return VerdictTables(
        study_registry(study),
        _record(study),
        *(read_table(study.table(f"{name}.tsv")) for name in names),
    )


def _record(study: Study) -> Record | None:
    """Registry that was there when the data were first read."""
    record = registry_record(study)
    return None if record is None else Record(str(record["hash"]), str(record["recorded"]))


def _caused(study: Study) -> pd.DataFrame:
    """Numbers of the figure of caused rotation; none where there is no such figure."""
    import pandas as pd

    listed = _read_json(study, study.root / "figures" / "figures.json")["figures"]
    tables = [entry["table"] for entry in listed if entry["name"] == CAUSED]
    if not tables:
        return pd.DataFrame(columns=list(BAR_COLUMNS))
    return read_table(study.root / "figures" / tables[0])


def _figures(study: Study, *, single: bool) -> Iterator[FigureOnPage]:
    """Take the figures from their manifest; the widest drawing is shown."""
    folder = study.root / "figures"
    for entry in _read_json(study, folder / "figures.json")["figures"]:
        files = entry["files"]
        widest = max(files, key=float)
        drawing = files[widest].get("svg", "")
        yield FigureOnPage(
            name=entry["name"],
            title=entry["title"],
            caption=entry["caption"],
            alternative_text=entry["alternative_text"],
            picture=_picture(folder, drawing, single=single),
            section=entry["section"],
            size=_size(folder / drawing) if drawing else (0, 0),
            links=(
                ("numbers drawn (TSV)", f"../figures/{entry['table']}"),
                *(
                    (f"{kind.upper()}, {width} mm", f"../figures/{file}")
                    for width, kinds in files.items()
                    for kind, file in kinds.items()
                ),
            ),
        )


def _picture(folder: Path, drawing: str, *, single: bool) -> str:
    if not drawing or not single:
        return f"../figures/{drawing}" if drawing else ""
    return data_address((folder / drawing).read_text(encoding="utf-8"))


def _size(drawing: Path) -> tuple[int, int]:
    """Size of a drawing, which stands in its first lines."""
    with drawing.open(encoding="utf-8") as text:
        return drawing_size(text.read(2000))


def _records(study: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """Provenance of every stage so far."""
    for participant in study.participants:
        name = participant.participant_id
        for stage in PARTICIPANT_STAGES:
            yield name, study.read_manifest(name, stage)["provenance"]
    for name in ("steps", "verdicts"):
        yield "", _read_json(study, study.table(f"{name}.json"))["provenance"]
    yield "", _read_json(study, study.root / "figures" / "figures.json")["provenance"]


def _read_json(study: Study, path: Any) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AqbioError(
            "a result of an earlier stage is missing.",
            file=str(path),
            fix=f"run `aqbio run {study.file}`.",
            rule="stage-order",
        ) from error
    return content
