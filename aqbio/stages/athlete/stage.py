"""Stage athlete: the page of a participant, of what is the participant's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from aqbio.errors import causes
from aqbio.io.atomic import write_text
from aqbio.io.columnar import joined, read_columns, with_texts
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.names import PARTICIPANT_STAGES
from aqbio.records.centres import changes_path
from aqbio.records.findings import participant_findings
from aqbio.records.manifest import OK, Report, participant_stage, write_manifest
from aqbio.records.step_files import participant_rows
from aqbio.records.trial_rows import trial_rows
from aqbio.report.athlete_page import AthleteContent, athlete_page, missing_page
from aqbio.report.lines import athlete_lines, people_table, trial_lines
from aqbio.steps.roles import role_scheme

if TYPE_CHECKING:
    from aqbio.io.dictionary import Columns

STAGE = "athlete"

BEFORE = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index(STAGE)]


def _page(study: Study, participant_id: str) -> Path:
    """Where a participant's page is made."""
    return study.folder(participant_id, STAGE) / f"{participant_id}.html"


def _without_page(study: Study, participant_id: str) -> None:
    """Leave a page that says that there is none."""
    write_text(_page(study, participant_id), missing_page(participant_id))


@participant_stage(STAGE, cleared=_without_page)
def athlete_participant(study: Study, participant_id: str, report: Report) -> None:
    """Write ``athlete/<participant>.html``, and ``athlete.json`` last.

    Its address is that of ``report/athletes``, where stage report puts it. What it shows of the
    others comes from a script of the study (`aqbio.report.group`), so that nobody's page changes
    with another one's trials.
    """
    content = athlete_content(study, participant_id)
    write_text(_page(study, participant_id), athlete_page(content))
    report(f"{participant_id}: page of {len(content.trials)} trials")
    write_manifest(study, participant_id, STAGE, [])


def athlete_content(study: Study, participant_id: str) -> AthleteContent:
    """Read what the page shows."""
    described = columns("steps", group=role_scheme(study).items)
    steps = _table([participant_rows(study, participant_id, "steps")], described)
    quality = _table([participant_rows(study, participant_id, "quality")], columns("quality"))
    consistency = study.read_manifest(participant_id, "consistency")
    fitted = [changes_path(study, participant_id)] if consistency["adjusted_model"] else []
    found = trial_rows(study, participant_id, steps, quality)
    trials = pd.DataFrame(list(found), columns=list(columns("trials")))
    replayed = study.read_manifest(participant_id, "replay")["trials"]
    return AthleteContent(
        line=athlete_lines(people_table([study.participant(participant_id)]), trials)[0],
        trials=tuple(
            trial_lines(
                trials,
                {(participant_id, str(one["trial_id"])) for one in replayed if one["status"] == OK},
            )
        ),
        steps=steps,
        quality=quality,
        changes=_table(map(read_columns, fitted), columns("fit_changes")),
        edges_mps=study.settings.figures.speed_edges_mps,
        consistency=consistency,
        causes=causes(participant_findings(study, participant_id, BEFORE)),
    )


def _table(parts: Iterable[pd.DataFrame], described: Columns) -> pd.DataFrame:
    return with_texts(joined(parts, list(described)))
