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


def evidence_file(study: Study, participant_id: str, name: str) -> Path:
    """File of a participant: `STEPS` or `CURVES`."""
    return study.folder(participant_id, STAGE) / f"{name}.nc"


def evidence_inputs(study: Study) -> list[Path]:
    """Files of all participants."""
    people = [one.participant_id for one in study.participants]
    return [evidence_file(study, who, name) for who in people for name in (STEPS, CURVES)]


def evidence_rows(study: Study, names: Sequence[str]) -> pd.DataFrame:
    """Steps of all participants under all specifications.

    Parameters
    ----------
    names : sequence of str
        Columns.

    Returns
    -------
    DataFrame
        With ``participant_id``, categorical over all participants, and ``row``, the place among
        the participant's steps of the same specification: that of the step's curves.
    """
    import pandas as pd

    people = [one.participant_id for one in study.participants]
    parts = [read_columns(evidence_file(study, who, STEPS)) for who in people]
    own = [np.full(len(part), number, dtype=np.int64) for number, part in enumerate(parts)]
    rows = joined(parts, names).infer_objects()
    who = pd.Categorical.from_codes(np.concatenate(own), pd.Index(people))
    rows.insert(0, "participant_id", pd.Series(who, rows.index))
    key = ["participant_id", "specification"]
    return rows.assign(row=rows.groupby(key, observed=True).cumcount())


def evidence_curves(study: Study, participant_id: str) -> xr.Dataset:
    """Curves of a participant under the study's own settings."""
    return read_dataset(evidence_file(study, participant_id, CURVES))
