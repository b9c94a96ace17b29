"""What stage evidence leaves of every participant, and how later stages read it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.columnar import joined, read_columns
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

STAGE = "evidence"

STEPS, CURVES = "steps", "curves"
"""Numbers of the steps under every specification; curves under the study's own settings."""

KEPT = 2**24
"""Bytes of tables of steps that are kept after they were read."""


def evidence_file(study: Study, participant_id: str, name: str) -> Path:
    """File of a participant: `STEPS` or `CURVES`."""
    return study.folder(participant_id, STAGE) / f"{name}.nc"


def evidence_inputs(study: Study) -> list[Path]:
    """Files of all participants."""
    people = [one.participant_id for one in study.participants]
    return [evidence_file(study, who, name) for who in people for name in (STEPS, CURVES)]


def evidence_specifications(study: Study) -> list[tuple[str, str]]:
    """Names and factors of the specifications that some participant has, in their order."""
    names = ["specification", "factor"]
    found: dict[tuple[str, str], None] = {}
    for one in study.participants:
        rows = read_columns(evidence_file(study, one.participant_id, STEPS), names)
        pairs = rows.drop_duplicates().astype(str)
        found |= dict.fromkeys(pairs.itertuples(index=False, name=None))
    return list(found)


class StepTables:
    """Numbers of the steps of every participant, under all specifications.

    What is read again for every specification is kept, of as many participants as `KEPT` holds:
    the memory does not grow with their number.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.kept: dict[str, pd.DataFrame] = {}
        self.free = KEPT

    def of(self, participant_id: str) -> pd.DataFrame:
        """All rows of a participant."""
        if participant_id in self.kept:
            return self.kept[participant_id]
        found = read_columns(evidence_file(self.study, participant_id, STEPS))
        size = int(found.memory_usage().sum())
        if size <= self.free:
            self.kept[participant_id], self.free = found, self.free - size
        return found


def evidence_rows(tables: StepTables, names: Sequence[str], specification: str) -> pd.DataFrame:
    """Steps of all participants under one specification.

    Parameters
    ----------
    tables : StepTables
    names : sequence of str
        Columns.

    Returns
    -------
    DataFrame
        With ``participant_id``, categorical over all participants, and ``row``, the place among
        the participant's steps: that of the step's curves.
    """
    import pandas as pd

    people = [one.participant_id for one in tables.study.participants]
    parts, places = [], []
    for number, who in enumerate(people):
        part = tables.of(who)
        part = part[part["specification"] == specification]
        parts.append(part.assign(row=np.arange(len(part))))
        places.append(np.full(len(part), number, dtype=np.int64))
    rows = joined(parts, [*names, "row"]).infer_objects()
    whose = pd.Categorical.from_codes(np.concatenate(places), pd.Index(people))
    rows.insert(0, "participant_id", pd.Series(whose, rows.index))
    return rows


def evidence_curves(study: Study, participant_id: str) -> xr.Dataset:
    """Curves of a participant under the study's own settings; not kept: of all they are many."""
    return read_dataset(evidence_file(study, participant_id, CURVES), keep=False)
