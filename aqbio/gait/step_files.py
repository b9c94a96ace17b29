"""Files that stage contributions writes for every participant, and readers of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

from aqbio.gait.steps import (
    EDGE_DISTANCE_M,
    MAXIMUM_FLIGHT_S,
    Contact,
    Step,
    solved_steps,
    steps_from_contacts,
)
from aqbio.io.dictionary import columns
from aqbio.io.netcdf import DAMAGE_ERRORS, unreadable
from aqbio.io.study import Study
from aqbio.io.tables import read_columns, write_table
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.jobs import refuse_damaged
from aqbio.study.manifest import OK, Report
from aqbio.vectors import BoolArray, FloatArray

STAGE = "contributions"

TRIAL_KEYS = ("participant_id", "trial_id")

LAST_TRIAL_STAGE = "multiverse"
"""Stage whose manifest has the final status of a trial: it passes all failures on, and later stages
only present results."""

CURVES = "curves"

MODELS = "models"
"""Table of a participant's steps on other models than the study's."""

UNCERTAINTY = "uncertainty"
"""Table of the sources of the intervals of a participant's stance means, by trial and foot."""


def step_file(study: Study, participant_id: str, name: str) -> Path:
    """File of a participant: a table's name, or the curves."""
    return study.folder(participant_id, STAGE).with_name("steps") / f"{name}.nc"


def step_inputs(study: Study, *names: str) -> list[Path]:
    """Files of all participants, participant by participant."""
    people = [participant.participant_id for participant in study.participants]
    return [step_file(study, participant_id, name) for participant_id in people for name in names]


def finished(study: Study, participant_id: str) -> set[str]:
    """Trials of a participant that passed all stages."""
    entries = study.read_manifest(participant_id, LAST_TRIAL_STAGE)["trials"]
    return {entry["trial_id"] for entry in entries if entry["status"] == OK}


SPEEDING, TURNING = "accelerating", "heading_change"
"""Flags of steps that are no steady running on a straight."""

STEADY_SPEED_CHANGE = 0.03
"""Relative change of speed over a step below which it counts as steady."""


def flagged(steps: pd.DataFrame, flag: str) -> pd.Series[bool]:
    """Mark steps that have a flag."""
    flags = steps["step_flags"].astype(object).fillna("").astype(str)
    return flags.str.split(",").map(lambda names: flag in names).astype(bool)


def speed_gains(steps: pd.DataFrame) -> pd.Series[float]:
    """Speed that the middle step of every (participant, trial) gains, over the step's own."""
    gain = steps["speed_change_mps"].astype(float) / steps["speed_mps"]
    return gain.groupby([steps[name].astype(str) for name in TRIAL_KEYS]).median()


def steady_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps of steady running: those that do not turn, of trials that keep their speed."""
    gains = speed_gains(steps)
    unsteady = set(gains.index[gains.abs() > STEADY_SPEED_CHANGE])
    keys = zip(*(steps[name].astype(str) for name in TRIAL_KEYS), strict=True)
    keeps_speed = np.array([key not in unsteady for key in keys], np.bool_)
    return steps[keeps_speed & ~flagged(steps, TURNING).to_numpy()]


def is_kept(steps: pd.DataFrame) -> pd.Series[bool]:
    """True for steps that pages and figures show: see `kept_steps`."""
    is_whole, is_contact = steps["status"] == "ok", steps["status"] == "incomplete"
    trial = [steps["participant_id"], steps["trial_id"]]
    without_whole = ~is_whole.groupby(trial).transform("any").astype(bool)
    is_shown: pd.Series[bool] = is_whole | (is_contact & without_whole)
    return is_shown


def kept_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps that pages and figures show, with their speed under the name ``speed``.

    The whole steps of a trial; of a trial without any (with a single plate, for example) the
    contacts that were recorded completely: their flight is not known.
    """
    shown_steps = steps[is_kept(steps)].reset_index(drop=True)
    return shown_steps.assign(speed=shown_steps["speed_mps"])


def participant_rows(study: Study, participant_id: str, table: str) -> pd.DataFrame:
    """Rows of a participant's table in full precision, of trials that passed all stages."""
    rows = read_columns(step_file(study, participant_id, table))
    return rows[rows["trial_id"].isin(finished(study, participant_id))]


def write_rows(study: Study, participant_id: str, report: Report) -> None:
    """Write ``rows/<participant>_contributions.tsv``: contributions of every step, every digit."""
    records = [study.manifest(participant_id, stage) for stage in PARTICIPANT_STAGES]
    refuse_damaged(records, study.file)
    path = study.root / "rows" / f"{participant_id}_contributions.tsv"
    rows = participant_rows(study, participant_id, "contributions")
    write_table(rows, path, columns("contributions"), {"stage": STAGE})
    report(f"{path}: {len(rows)} rows")


def recorded_steps(rows: pd.DataFrame) -> tuple[Step, ...]:
    """Steps of a trial from its rows of the step table, with status, on the markers' clock."""
    return tuple(
        Step(
            number=int(row["step"]),
            side=row["side"],
            touchdown=row["touchdown_fitted_s"],
            toe_off=row["toe_off_fitted_s"],
            next_touchdown=row["next_touchdown_fitted_s"],
            status=row["status"],
            reason=row["reason"] if isinstance(row["reason"], str) else "",
            time_error=row["contact_error_s"],
        )
        for row in rows.to_dict("records")
    )


def study_curves(study: Study, *people: str) -> AbstractContextManager[StudyCurves]:
    """Open step curves of participants (all if none is named), of trials that passed."""
    names = people or [participant.participant_id for participant in study.participants]
    return open_curves(
        [step_file(study, participant_id, CURVES) for participant_id in names],
        [finished(study, participant_id) for participant_id in names],
    )


# contacts -----------------------------------------------------------------------------------------

CONTACT = tuple(
    f"contact_{name}"
    for name in (
        "foot", "touchdown", "toe_off", "complete", "edge_distance", "shared", "time_error",
        "broken",
    )
)  # fmt: skip
"""Variables of a trial's contacts."""


def trial_contacts(data: xr.Dataset) -> Iterator[Contact]:
    """Contacts whose foot is known, from a prepared trial or one of stage contributions."""
    count = data.sizes.get("contact", 0)
    columns_of = {name: data.variables[name].values for name in CONTACT if name in data}
    shared = columns_of.get("contact_shared", np.zeros(count, dtype=bool))
    errors = columns_of.get("contact_time_error", np.full(count, np.nan))
    broken = columns_of.get("contact_broken", np.full(count, ""))
    for index in range(count):
        side = str(columns_of["contact_foot"][index])
        if side not in ("left", "right"):
            continue
        yield Contact(
            side="left" if side == "left" else "right",
            touchdown=float(columns_of["contact_touchdown"][index]),
            toe_off=float(columns_of["contact_toe_off"][index]),
            complete=bool(columns_of["contact_complete"][index]),
            edge_distance=float(columns_of["contact_edge_distance"][index]),
            shared=bool(shared[index]),
            time_error=float(errors[index]),
            broken=frozenset(str(broken[index]).split()),
        )


def contact_span(data: xr.Dataset) -> tuple[float, float]:
    """First and last event of a trial that is known, s; it must have a contact."""
    events = np.concatenate((data["contact_touchdown"].values, data["contact_toe_off"].values))
    return float(np.nanmin(events)), float(np.nanmax(events))


def trial_steps(contacts: Sequence[Contact], time: FloatArray) -> tuple[Step, ...]:
    """Steps of a trial where its motion, at instants ``time`` (s), is known."""
    measured = steps_from_contacts(
        contacts, maximum_flight=MAXIMUM_FLIGHT_S, edge_distance=EDGE_DISTANCE_M
    )
    return tuple(solved_steps(measured, float(time[0]), float(time[-1])))


MAX_OPEN_FILES = 24
"""Maximum number of open files; with more participants, files are reopened for every line."""

LINE_DIMENSIONS = ("step", "phase", "percent")
"""Dimensions of one line of a figure."""


@dataclass(frozen=True, slots=True)
class StudyCurves:
    """Curves of several participants, read component by component."""

    datasets: tuple[xr.Dataset, ...]
    """Dataset of every participant, lazy."""
    step_masks: tuple[BoolArray, ...]
    """Mask of the steps of each participant that passed."""

    @property
    def participants(self) -> Iterator[xr.Dataset]:
        """Every participant's steps that passed, lazy."""
        return (
            dataset.isel(step=mask)
            for dataset, mask in zip(self.datasets, self.step_masks, strict=True)
        )

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the files, which name the roles."""
        return dict(self.datasets[0].attrs)

    def __contains__(self, name: str) -> bool:
        return name in self.datasets[0]

    def __getitem__(self, name: str) -> xr.DataArray | CurveVariable:
        """Load per-step scalars; return curves lazily."""
        dimensions = self.datasets[0][name].dims
        variable = CurveVariable(tuple(dataset[name] for dataset in self.datasets), self.step_masks)
        return variable.load() if dimensions == ("step",) else variable

    def steps_with(self, name: str) -> StudyCurves:
        """Select the steps for which a per-step scalar is finite."""
        finite_values = (np.isfinite(dataset[name].values) for dataset in self.datasets)
        masks = (mask & finite for mask, finite in zip(self.step_masks, finite_values, strict=True))
        return StudyCurves(self.datasets, tuple(masks))

    def without(self, trials: Collection[tuple[str, str]]) -> StudyCurves:
        """Select the steps of all other trials, by participant and name."""
        if not trials:
            return self
        masks = []
        for dataset, mask in zip(self.datasets, self.step_masks, strict=True):
            names = zip(dataset["participant_id"].values, dataset["trial_id"].values, strict=True)
            left_out = np.array([(str(a), str(b)) in trials for a, b in names], dtype=bool)
            masks.append(mask & ~left_out)
        return StudyCurves(self.datasets, tuple(masks))


@dataclass(frozen=True, slots=True)
class CurveVariable:
    """A lazy variable of the curves at some labels, as xarray's but read only by `load`."""

    parts: tuple[xr.DataArray, ...]
    """Of every participant, all steps."""
    step_masks: tuple[BoolArray, ...]
    """Mask of the steps of each participant that passed."""
    labels: dict[str, Any] = field(default_factory=dict)
    """By dimension."""

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the variable."""
        return dict(self.parts[0].attrs)

    def __getitem__(self, dimension: str) -> xr.DataArray:
        """Labels along a dimension."""
        return self.parts[0][dimension]

    def sel(self, labels: dict[str, Any] | None = None, **further_labels: Any) -> Any:
        """Select labels; load as soon as a single line of a figure remains."""
        chosen = CurveVariable(
            self.parts, self.step_masks, self.labels | (labels or {}) | further_labels
        )
        single = [name for name, label in chosen.labels.items() if isinstance(label, str)]
        rest = [
            dimension
            for dimension in self.parts[0].dims
            if dimension not in (*LINE_DIMENSIONS, *single)
        ]
        return chosen if rest else chosen.load()

    def load(self) -> xr.DataArray:
        """Read the variable a participant at a time: HDF5 unpacks whole chunks."""
        read = [_at_labels(part, self.labels) for part in self.parts]
        variable = xr.Variable.concat(read, "step")  # type: ignore[no-untyped-call]
        coordinates = {
            name: self.labels.get(name, self.parts[0][name].values)
            for name in variable.dims
            if name in self.parts[0].indexes
        }
        return xr.DataArray(variable.isel(step=np.concatenate(self.step_masks)), coordinates)


def _at_labels(data: xr.DataArray, labels: dict[str, Any]) -> xr.Variable:
    """Load a participant's values at some labels."""
    positions = {}
    for name, label in labels.items():
        locate = data.indexes[name].get_loc
        positions[name] = locate(label) if isinstance(label, str) else [*map(locate, label)]
    return data.variable.isel(positions).load()


@contextmanager
def open_curves(files: Sequence[Path], passed_trials: Sequence[set[str]]) -> Iterator[StudyCurves]:
    """Open the curves of all participants, and close them at the end of the block.

    A file left to the garbage collector may be closed by another thread while HDF5, which is not
    thread-safe, opens the next one: the process dies.
    """
    # Every line is read once: HDF5's chunk cache would stay in memory while a file is open, and an
    # open file itself takes megabytes.
    netCDF4.set_chunk_cache(size=0)
    xr.set_options(file_cache_maxsize=MAX_OPEN_FILES)  # type: ignore[no-untyped-call]
    opened, masks = [], []
    with ExitStack() as closed_at_the_end:
        for path, trials in zip(files, passed_trials, strict=True):
            try:
                data = xr.open_dataset(path, engine="netcdf4", cache=False)
            except DAMAGE_ERRORS as error:
                raise unreadable(path, error) from error
            opened.append(closed_at_the_end.enter_context(data))
            masks.append(np.array([str(n) in trials for n in data["trial_id"].values], dtype=bool))
        yield StudyCurves(tuple(opened), tuple(masks))
