"""One trial cut into steps, before its rows are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import Trial
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import IntArray
from aqbio.stages.steps.contribution_rows import Widths

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, slots=True)
class TrialSteps:
    """Steps of one trial."""

    participant_id: str
    trial: Trial
    data: xr.Dataset
    marker_error: xr.DataArray
    steps: tuple[Step, ...]
    """All of them."""
    curves: xr.Dataset
    """From `aqbio.steps.curves.step_dataset`, with spreads, of those whose motion is known."""
    rows: pd.DataFrame
    """Of contributions, of every step of the curves."""
    half: Widths
    source: Path
    made: Mapping[str, Any]
    """What stage contributions says of the trial: closures, agreement with OpenSim."""
    clock_offset: float = 0.0
    """How late the plates' clock is beside the markers', which steps and data are on, s."""

    @property
    def tracked(self) -> bool:
        """Whether markers were compared with the model; not where joint angles were given."""
        return not self.trial.coordinates_file

    @property
    def numbers(self) -> list[int]:
        """Numbers of the steps that have curves."""
        return [int(number) for number in self.curves["number"].values]

    def places_of(self, *statuses: str) -> IntArray:
        """Places among the curves of steps whose contacts have a status."""
        numbers = [step.number for step in self.steps if step.status in statuses]
        return np.flatnonzero(np.isin(self.numbers, numbers))
