"""Files of stage multiverse, and readers for later stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns

STAGE = "multiverse"

STEPS = "steps"
"""Numbers of the steps under every specification."""

CURVES = "curves"
"""Curves under the study's own settings."""

MAX_TABLE_BYTES = 2**24
"""Bytes of tables of steps that stay in memory."""

MAX_CURVE_BYTES = 2**26
"""Bytes of curves that stay in memory, some megabytes of each participant."""

T = TypeVar("T")


def evidence_file(study: Study, participant_id: str, name: str) -> Path:
    """File of a participant: `STEPS` or `CURVES`."""
    return study.folder(participant_id, STAGE) / f"{name}.nc"


def evidence_inputs(study: Study) -> list[Path]:
    """Files of all participants."""
    people = [participant.participant_id for participant in study.participants]
    return [
        evidence_file(study, participant_id, name)
        for participant_id in people
        for name in (STEPS, CURVES)
    ]


def evidence_specifications(study: Study) -> list[tuple[str, str]]:
    """Names and factors of the specifications that some participant has, in their order."""
    names = ["specification", "factor"]
    specifications: dict[tuple[str, str], None] = {}
    for participant in study.participants:
        rows = read_columns(evidence_file(study, participant.participant_id, STEPS), names)
        pairs = rows.drop_duplicates().astype(str)
        specifications |= dict.fromkeys(pairs.itertuples(index=False, name=None))
    return list(specifications)


class ParticipantCache(Generic[T]):
    """Data of every participant that are read repeatedly, cached while there is room.

    The memory does not grow with their number.
    """

    def __init__(self, read: Callable[[str], T], size: Callable[[T], int], room: int) -> None:
        self.read, self.size, self.free = read, size, room
        self.cache: dict[str, T] = {}

    def of(self, participant_id: str) -> T:
        """Data of one participant; must not be modified."""
        if participant_id in self.cache:
            return self.cache[participant_id]
        data = self.read(participant_id)
        size = self.size(data)
        if size <= self.free:
            self.cache[participant_id], self.free = data, self.free - size
        return data


def step_tables(study: Study) -> ParticipantCache[pd.DataFrame]:
    """Numbers of the steps of every participant, under all specifications."""
    return ParticipantCache(
        lambda name: read_columns(evidence_file(study, name, STEPS)),
        lambda table: int(table.memory_usage().sum()),
        MAX_TABLE_BYTES,
    )


def step_curves(study: Study) -> ParticipantCache[xr.Dataset]:
    """Curves of every participant under the study's own settings."""
    return ParticipantCache(
        lambda name: read_dataset(evidence_file(study, name, CURVES), keep=False),
        lambda curves: curves.nbytes,
        MAX_CURVE_BYTES,
    )


def evidence_rows(
    study: Study, tables: ParticipantCache[pd.DataFrame], names: Sequence[str], specification: str
) -> pd.DataFrame:
    """Steps of all participants under one specification.

    ``participant_id`` is categorical over all participants, ``row`` the index among the
    participant's steps and curves.
    """
    people = [participant.participant_id for participant in study.participants]
    parts, codes = [], []
    for number, participant_id in enumerate(people):
        part = tables.of(participant_id)
        part = part[part["specification"] == specification]
        parts.append(part.assign(row=np.arange(len(part))))
        codes.append(np.full(len(part), number, dtype=np.int64))
    rows = joined(parts, [*names, "row"]).infer_objects()
    participant_ids = pd.Categorical.from_codes(np.concatenate(codes), pd.Index(people))
    rows.insert(0, "participant_id", pd.Series(participant_ids, rows.index))
    return rows
