"""Curves over the step: what is drawn is summarised here, before any drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from aqbio.figures.step_columns import (
    StepColumn,
    refuse_other_columns,
)
from aqbio.figures.style import LineStyle
from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves
from aqbio.names import NORMAL_95

PHASES = ("stance", "flight")
MAX_SINGLE_STEPS = 12
"""Up to this many steps are drawn one by one; beyond, one thin line per participant."""

MIN_BAND_STEPS = 3
"""A standard deviation is shown from this many steps on."""


NUMBER_COLUMNS = columns("curves")
"""What the columns of a table of drawn numbers mean."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity over the step: mean and standard deviation over steps, and single lines."""

    name: str
    """Name of the quantity in the tables."""
    style: LineStyle
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    """mean, sd: (2, 101) arrays. Stance, then flight; ``sd`` is NaN below `MIN_BAND_STEPS`
    steps."""
    single: NDArray[np.float64]
    """(K, 2, 101) array. Thin lines: steps, or means of participants."""
    count: int
    """Number of steps."""
    half: NDArray[np.float64] | None = None
    """(2, 101) array or None. Half of the 95 % interval of measurement and model; None where the
    quantity has none."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same samples."""
        if self.sd.shape != self.mean.shape or self.single.shape[1:] != self.mean.shape:
            raise ValueError(
                f"{self.name}: mean {self.mean.shape}, sd {self.sd.shape} and single "
                f"{self.single.shape} do not fit together."
            )


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels with the same quantity and scale, one for every column."""

    label: str
    """What is drawn."""
    symbol: str
    """Symbol of the quantity; empty where the label says it all."""
    unit: str
    key: str
    """Name of the row in the table of drawn numbers."""
    panels: tuple[tuple[Curve, ...], ...]
    """One tuple of curves per column."""
    narrow: bool = True
    """Whether the row is part of the one-column layout."""
    height: float = 1.0
    """Height relative to the other rows."""
    stack: bool = False
    """Whether all curves but their sum, ``total``, are drawn as areas one upon the other."""
    strip: bool = False
    """Whether the curves are shares of a whole (of 100), drawn as areas one upon the other."""

    @property
    def scale(self) -> str:
        """Symbol and unit, for the axis."""
        return f"{self.symbol} ({self.unit})".lstrip()


@dataclass(frozen=True, slots=True)
class PhaseGrid:
    """A whole figure of curves over the step, before it is drawn."""

    name: str
    """File name without suffix."""
    columns: tuple[StepColumn, ...]
    rows: tuple[PanelRow, ...]
    """Those with a curve in one of their panels."""
    implied: bool = False
    """Whether mechanics forces what the curves share out in flight: true of angular momentum, which
    nothing but the air can change there; not of joint moments."""

    def __post_init__(self) -> None:
        """Refuse rows that do not have one panel per column; leave out those without a curve."""
        refuse_other_columns(self.name, self.columns, {r.key: r.panels for r in self.rows})
        object.__setattr__(self, "rows", tuple(r for r in self.rows if any(r.panels)))


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a panel shows, before it is summarised."""

    name: str
    """Name of the quantity in the tables."""
    style: LineStyle
    data: xr.DataArray
    """Dimensions ``step``, ``phase``, ``percent``."""
    sd: xr.DataArray | None = None
    """How sure every sample is: standard deviation over draws."""


StepCurves = xr.Dataset | StudyCurves
"""Curves in memory, or those of a study."""


def how_sure(steps: StepCurves, name: str, **labels: str) -> xr.DataArray | None:
    """The standard deviation over draws of a variable of the step curves; None without one."""
    known = f"{name}_sd"
    return steps[known].sel(labels) if known in steps else None


def panels(lines: Iterable[Line], columns: tuple[StepColumn, ...]) -> tuple[tuple[Curve, ...], ...]:
    """Summarise lines over the steps of every column: one panel per column."""
    found = [[curve(line, column) for column in columns] for line in lines]
    return tuple(
        tuple(one for line in found if (one := line[place]) is not None)
        for place in range(len(columns))
    )


def curve(line: Line, column: StepColumn) -> Curve | None:
    """Summarise one line over the steps of a column; None where no step has it in both phases."""
    over_steps = line.data.transpose("step", "phase", "percent").to_numpy()
    steps = over_steps[column.rows].astype(float)
    complete = np.isfinite(steps).all(axis=(1, 2))
    steps = steps[complete]
    if not len(steps):
        return None
    mean = steps.mean(axis=0)
    enough = len(steps) >= MIN_BAND_STEPS
    sd = steps.std(axis=0, ddof=1) if enough else np.full_like(mean, np.nan)
    half = None
    if line.sd is not None:
        drawn = line.sd.transpose("step", "phase", "percent").to_numpy()[column.rows][complete]
        half = NORMAL_95 * _known_mean(drawn.astype(float))
    people = [who for who, kept in zip(column.participants, complete, strict=True) if kept]
    return Curve(line.name, line.style, mean, sd, _single(steps, people), len(steps), half)


def _known_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    count = np.isfinite(values).sum(axis=0)
    total = np.nansum(values, axis=0)
    mean: NDArray[np.float64] = np.full_like(total, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _single(steps: NDArray[np.float64], people: list[str]) -> NDArray[np.float64]:
    if len(steps) <= MAX_SINGLE_STEPS:
        return steps
    person = np.asarray(people)
    return np.stack([steps[person == who].mean(axis=0) for who in sorted(set(people))])


def _half(line: Curve) -> NDArray[np.float64]:
    return np.full_like(line.mean, np.nan) if line.half is None else line.half


def drawn_numbers(grid: PhaseGrid) -> pd.DataFrame:
    """Every mean and standard deviation of a figure as a long table."""
    percent = np.arange(101)
    parts = []
    for row in grid.rows:
        for column, panel in zip(grid.columns, row.panels, strict=True):
            for line in panel:
                for number, phase in enumerate(PHASES):
                    parts.append(
                        pd.DataFrame(
                            {
                                "condition": column.condition,
                                "speed_mps": column.speed_mps,
                                "row": row.key,
                                "line": line.name,
                                "phase": phase,
                                "percent": percent,
                                "mean": line.mean[number],
                                "sd": line.sd[number],
                                "low": line.mean[number] - _half(line)[number],
                                "high": line.mean[number] + _half(line)[number],
                                "steps": line.count,
                                "unit": row.unit,
                            }
                        )
                    )
    return pd.concat(parts, ignore_index=True)
