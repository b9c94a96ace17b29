"""What stage evidence leaves of every participant, and how later stages read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

STAGE = "multiverse"

STEPS, CURVES = "steps", "curves"
"""Numbers of the steps under every specification; curves under the study's own settings."""

KEPT = 2**24
"""Bytes of tables of steps that are kept after they were read,"""

KEPT_CURVES = 2**26
"""and of curves, each participant's some megabytes."""

T = TypeVar("T")


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


class ByParticipant(Generic[T]):
    """Data of every participant that are read repeatedly, cached while there is room.

    The memory does not grow with their number.
    """

    def __init__(self, read: Callable[[str], T], size: Callable[[T], int], room: int) -> None:
        self.read, self.size, self.free = read, size, room
        self.kept: dict[str, T] = {}

    def of(self, participant_id: str) -> T:
        """That of one: not to be written to."""
        if participant_id in self.kept:
            return self.kept[participant_id]
        found = self.read(participant_id)
        size = self.size(found)
        if size <= self.free:
            self.kept[participant_id], self.free = found, self.free - size
        return found


def step_tables(study: Study) -> ByParticipant[pd.DataFrame]:
    """Numbers of the steps of every participant, under all specifications."""
    return ByParticipant(
        lambda name: read_columns(evidence_file(study, name, STEPS)),
        lambda table: int(table.memory_usage().sum()),
        KEPT,
    )


def step_curves(study: Study) -> ByParticipant[xr.Dataset]:
    """Curves of every participant under the study's own settings."""
    return ByParticipant(
        lambda name: read_dataset(evidence_file(study, name, CURVES), keep=False),
        lambda curves: curves.nbytes,
        KEPT_CURVES,
    )


def evidence_rows(
    study: Study, tables: ByParticipant[pd.DataFrame], names: Sequence[str], specification: str
) -> pd.DataFrame:
    """Steps of all participants under one specification.

    ``participant_id`` is categorical over all participants, ``row`` the place among the
    participant's steps: that of the step's curves.
    """
    import pandas as pd

    people = [one.participant_id for one in study.participants]
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
