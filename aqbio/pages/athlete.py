"""The page of a participant, of what is the participant's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aqbio.consistency.files import changes_path
from aqbio.errors import Finding, causes
from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import participant_rows
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, with_texts
from aqbio.pages.athlete_page import AthleteContent, athlete_page, missing_page
from aqbio.pages.lines import athlete_lines, people_table, trial_lines
from aqbio.steps.stage_tables import trial_rows
from aqbio.study.manifest import OK

if TYPE_CHECKING:
    from aqbio.io.dictionary import Columns

STAGE = "pages"


def _page(study: Study, participant_id: str) -> Path:
    """Where a participant's page is made."""
    return study.folder(participant_id, STAGE) / "athletes" / f"{participant_id}.html"


def write_missing_page(study: Study, participant_id: str) -> None:
    """Leave a page that says that there is none."""
    write_text(_page(study, participant_id), missing_page(participant_id))


def write_athlete_page(
    study: Study,
    participant_id: str,
    replayed: Sequence[Mapping[str, Any]],
    found: Iterable[Finding],
) -> None:
    """Write ``athletes/<participant>.html``."""
    content = athlete_content(study, participant_id, replayed, found)
    write_text(_page(study, participant_id), athlete_page(content))


def athlete_content(
    study: Study,
    participant_id: str,
    replayed: Sequence[Mapping[str, Any]],
    found: Iterable[Finding],
) -> AthleteContent:
    """Read what the page shows; parameters as in `write_athlete_page`."""
    described = columns("steps", group=role_scheme(study).items)
    steps = _table([participant_rows(study, participant_id, "steps")], described)
    quality = _table([participant_rows(study, participant_id, "quality")], columns("quality"))
    consistency = study.read_manifest(participant_id, "inverse_dynamics")
    fitted = [changes_path(study, participant_id)] if consistency["adjusted_model"] else []
    rows = trial_rows(study, participant_id, steps, quality)
    trials = pd.DataFrame(list(rows), columns=list(columns("trials")))
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
        causes=causes(found),
    )


def _table(parts: Iterable[pd.DataFrame], described: Columns) -> pd.DataFrame:
    return with_texts(joined(parts, list(described)))
