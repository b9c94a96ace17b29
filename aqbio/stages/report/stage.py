"""Stage report: from tables and figures to the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aqbio.errors import AqbioError
from aqbio.figures.bars import BAR_COLUMNS
from aqbio.io.atomic import write_text
from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.names import PARTICIPANT_STAGES
from aqbio.records.findings import study_causes, write_causes, write_findings
from aqbio.records.internal import Parts
from aqbio.records.manifest import Report, study_stage
from aqbio.report.origin import origin
from aqbio.report.page import FigureOnPage, PageContent, page
from aqbio.report.verdicts import VerdictTables
from aqbio.report.wording import Record
from aqbio.stats.registration import registry_record, study_registry

if TYPE_CHECKING:
    import pandas as pd

STAGE = "report"
MEANS = "stance_means.tsv"
CAUSED = "caused_rotation"


@study_stage(STAGE)
def report_study(study: Study, report: Report) -> None:
    """Write ``report/index.html``."""
    parts = Parts(study, STAGE)
    tables = {n: study.table(f"{n}.tsv") for n in ("steps", "trials", "quality", "findings")}
    data = {name: read_table(path) for name, path in tables.items()}
    folder = study.root / STAGE
    own = provenance(STAGE, tables.values(), study.stage_settings(STAGE))
    settings = study.settings.report
    content = PageContent(
        title=settings.title or study.settings.name,
        authors=settings.authors,
        study=study.settings.name,
        roles=_read_json(study, study.root / "figures" / "figures.json")["roles"],
        participants=len(study.participants),
        steps=data["steps"],
        trials=data["trials"],
        quality=data["quality"],
        causes=study_causes(study, ("hypotheses", "figures")),
        means=read_table(study.root / "figures" / MEANS),
        caused=_caused(study),
        consistency=tuple(
            study.read_manifest(participant.participant_id, "consistency")
            for participant in study.participants
        ),
        verdicts=_verdicts(study),
        figures=tuple(_figures(study)),
        origin=origin([*_records(study), ("", own)]),
    )
    text = page(content, parts.kept)
    write_findings(study, STAGE, parts.findings)
    write_causes(study, STAGE, study_causes(study))
    write_text(folder / "index.html", text)
    report(f"{folder / 'index.html'}: {len(content.figures)} figures")


def _verdicts(study: Study) -> VerdictTables:
    """Read what stage hypotheses concluded."""
    names = (
        "verdicts", "literal", "waveforms", "single_athletes", "secondary", "power", "deviations",
    )  # fmt: skip
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


def _figures(study: Study) -> Iterator[FigureOnPage]:
    """Take the figures from their manifest; the widest drawing goes onto the page."""
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
            svg=(folder / drawing).read_text(encoding="utf-8") if drawing else "",
            links=(
                ("numbers drawn (TSV)", f"../figures/{entry['table']}"),
                *(
                    (f"{kind.upper()}, {width} mm", f"../figures/{file}")
                    for width, kinds in files.items()
                    for kind, file in kinds.items()
                ),
            ),
            participant_id=entry["participant_id"],
        )


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
