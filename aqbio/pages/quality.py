"""Quality figures in words: what a reviewer asks for, and what lies outside its limit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from aqbio.errors import Cause
from aqbio.figures.words import digits
from aqbio.pages.filters import rows


@dataclass(frozen=True, slots=True)
class Wording:
    """How a measure of the quality table reads on the page."""

    label: str
    unit: str = ""
    """Unit on the page; empty for a plain ratio."""
    factor: float = 1.0
    """From the table's unit to the page's."""


_TO_MM, _TO_PERCENT = 1000.0, 100.0
_DIRECTION = {"x": "forward", "y": "up", "z": "to the right"}
_ABOUT = {"x": "forward axis", "y": "vertical axis", "z": "sideways axis"}

WORDINGS: dict[str, Wording] = {
    "marker_rms": Wording("Marker error, RMS", "mm", _TO_MM),
    "marker_rms_worst_frame": Wording("Marker error, RMS of the worst frame", "mm", _TO_MM),
    "marker_max": Wording("Marker error, largest", "mm", _TO_MM),
    "force_delay": Wording("Clocks of forces and markers apart", "ms", _TO_MM),
    **{
        f"residual_force_{axis}_rms": Wording(f"Residual force {way}, RMS", "%BW", _TO_PERCENT)
        for axis, way in _DIRECTION.items()
    },
    **{
        f"residual_moment_{axis}_rms": Wording(f"Residual moment, {about}, RMS", "N m")
        for axis, about in _ABOUT.items()
    },
    **{
        f"plain_residual_force_{axis}_rms": Wording(
            f"Residual force {way}, RMS, before the fit", "%BW", _TO_PERCENT
        )
        for axis, way in _DIRECTION.items()
    },
    **{
        f"plain_residual_moment_{axis}_rms": Wording(
            f"Residual moment, {about}, RMS, before the fit", "N m"
        )
        for axis, about in _ABOUT.items()
    },
    "plain_residual_moment_y_stance_rms": Wording(
        "Residual moment, vertical axis, stance, RMS, before the fit", "N m"
    ),
    "plain_effect_to_residual_y": Wording(
        "Smallest group's rate over the residual, vertical axis, before the fit"
    ),
    "plain_flight_drift_y": Wording(
        "Drift of the total in flight, vertical axis, before the fit", "%", _TO_PERCENT
    ),
    "consistency_suspicions": Wording("Faults that the consistency fit points to"),
    "markers_moved": Wording("Markers moved by the forces, RMS", "mm", _TO_MM),
    "marker_rms_after_fit": Wording("Marker error after the fit, RMS", "mm", _TO_MM),
    "joint_change_median": Wording("Joint angles changed by the fit, median joint", "deg"),
    "joint_change_max": Wording("Joint angles changed by the fit, largest", "deg"),
    "sd_opposition": Wording("How sure: opposition of the sides (sd)"),
    "sd_arms_push_cosine": Wording("How sure: arms with the push leg (sd of cosine)"),
    "residual_moment_y_stance_rms": Wording("Residual moment, vertical axis, stance, RMS", "N m"),
    "effect_to_residual_y": Wording("Smallest group's rate over the residual, vertical axis"),
    "flight_drift_y": Wording("Drift of the total in flight, vertical axis", "%", _TO_PERCENT),
    "flight_acceleration": Wording("Acceleration in flight without gravity, RMS", "m/s²"),
    "foot_slip": Wording("Slip of the planted foot, largest", "mm", _TO_MM),
    "band_contact_time": Wording(
        "Contact time outside of people's at that speed", "%", _TO_PERCENT
    ),
    "band_flight_time": Wording("Flight time outside of people's", "%", _TO_PERCENT),
    "band_step_frequency": Wording("Step frequency outside of people's", "%", _TO_PERCENT),
    "band_step_length": Wording("Step length outside of people's", "%", _TO_PERCENT),
    "band_peak_vertical_force": Wording(
        "Peak vertical force outside of people's", "%", _TO_PERCENT
    ),
    "vertical_impulse": Wording("Vertical impulse beside the weight's", "%", _TO_PERCENT),
    "opensim_momentum": Wording("Difference from OpenSim, angular momentum (relative)"),
    "opensim_position": Wording("Difference from OpenSim, positions", "m"),
    "opensim_inverse_dynamics": Wording("Difference from OpenSim, inverse dynamics (relative)"),
    "simbody_defect": Wording("Simbody's walker-knee defect (relative)"),
}
"""Measures with words of their own; any other one is shown under its name in the table."""

_SCIENTIFIC = ("opensim_position",)


@dataclass(frozen=True, slots=True)
class Cell:
    """One measured value against its limit."""

    value: float
    """As in the table."""
    text: str
    """As on the page, in the page's unit."""
    verdict: str
    """{"ok", "warning", "fail", ""}."""
    against: str
    """The limit in words; empty where there is none."""
    note: str = ""
    """What is particular about this trial's value."""


@dataclass(frozen=True, slots=True)
class QualityTable:
    """Quality of the trials of one participant: measures by trials."""

    participant_id: str
    trials: tuple[str, ...]
    rows: tuple[tuple[str, str, str, tuple[Cell | None, ...]], ...]
    """tuple of (label, unit, note, tuple of Cell or None)."""


def quality_tables(quality: pd.DataFrame) -> list[QualityTable]:
    """Arrange the quality table, closures apart, by participant, measure and trial."""
    plain = quality[~quality["measure"].str.startswith("closure_")]
    return [
        _participant_table(str(participant), own)
        for participant, own in plain.groupby("participant_id", sort=False)
    ]


def _participant_table(participant_id: str, own: pd.DataFrame) -> QualityTable:
    by_measure: dict[str, dict[str, dict[str, Any]]] = {}
    order: dict[str, None] = {}
    lines = []
    for row in rows(own):
        trial = row["trial_id"] if isinstance(row["trial_id"], str) else "model"
        by_measure.setdefault(row["measure"], {})[trial] = row
        order[trial] = None
    trials = tuple(order)
    for measure, values in by_measure.items():
        told = {row["note"]: None for row in values.values() if isinstance(row["note"], str)}
        make = _with_note if len(told) > 1 else _cell
        cells = {trial: make(row) for trial, row in values.items()}
        word = wording(measure, next(iter(values.values()))["unit"])
        note = next(iter(told)) if len(told) == 1 else ""
        lines.append((word.label, word.unit, note, tuple(cells.get(trial) for trial in trials)))
    return QualityTable(participant_id, trials, tuple(lines))


def wording(measure: str, unit: str) -> Wording:
    """The words of a measure; one without words is shown under its own name."""
    own = unit if unit not in ("1", "relative") else ""
    return WORDINGS.get(measure, Wording(measure.replace("_", " "), own))


def _with_note(row: dict[str, Any]) -> Cell:
    note = row["note"]
    return replace(_cell(row), note=note if isinstance(note, str) else "")


def _cell(row: dict[str, Any]) -> Cell:
    return quality_cell(row["measure"], row["value"], row["limit"], row["verdict"], row["unit"])


def quality_cell(measure: str, value: float, limit: float, verdict: object, unit: str) -> Cell:
    """Write one value and its limit in the page's unit."""
    word = wording(measure, unit)
    decimals = "" if measure in _SCIENTIFIC else word.unit
    text = digits(value * word.factor, decimals)
    known = verdict if isinstance(verdict, str) else ""
    if not math.isfinite(limit):
        return Cell(value, text, known, "")
    bound = digits(limit * word.factor)
    if known == "ok":
        return Cell(value, text, known, f"limit {bound}")
    side = "above" if value > limit else "below"
    return Cell(value, text, known, f"{side} the limit of {bound}")


BEFORE, AFTER = "before the consistency fit", "after it"


@dataclass(frozen=True, slots=True)
class Residual:
    """Residuals of one trial."""

    participant_id: str
    trial_id: str
    version: str
    """{"", "before the consistency fit", "after it"}."""
    force: tuple[Cell, ...]
    moment: tuple[Cell, ...]
    """force, moment: RMS by axis, %BW and N m."""

    @property
    def outside(self) -> bool:
        """Whether any of them is outside its limit."""
        return any(cell.verdict == "fail" for cell in (*self.force, *self.moment))

    @property
    def needs_attention(self) -> bool:
        """Whether a reader must see it: outside its limit in what the numbers rest on."""
        return self.outside and self.version != BEFORE


def residuals(quality: pd.DataFrame) -> list[Residual]:
    """Residuals of every trial by axis; a fitted trial has two entries, before and after."""
    found = []
    for (participant, trial), own in quality.groupby(["participant_id", "trial_id"], sort=False):
        by_measure = {row["measure"]: row for row in rows(own)}
        names = [f"residual_{kind}_{axis}_rms" for kind in ("force", "moment") for axis in "xyz"]
        fitted = f"plain_{names[0]}" in by_measure
        for prefix, version in (("plain_", BEFORE), ("", AFTER if fitted else "")):
            if {f"{prefix}{name}" for name in names} <= set(by_measure):
                cells = tuple(_cell(by_measure[f"{prefix}{name}"]) for name in names)
                place = (str(participant), str(trial))
                found.append(Residual(*place, version, cells[:3], cells[3:]))
    return found


def closures(quality: pd.DataFrame) -> pd.DataFrame:
    """The closure rows: columns participant_id, trial_id, name, identity, value, limit, ok."""
    found = quality[quality["measure"].str.startswith("closure_")]
    return found.assign(
        name=found["measure"].str.removeprefix("closure_"),
        identity=found["note"],
        ok=found["verdict"] == "ok",
    )


def closure_summary(quality: pd.DataFrame) -> list[dict[str, Any]]:
    """Every identity once: its worst trial, how many trials, and in how many it is broken."""
    found = closures(quality)
    worst = found.loc[found.groupby("name", sort=False)["value"].idxmax()]
    counted = found.groupby("name", sort=False)["ok"].agg(["size", "sum"])
    return [
        row
        | {
            "trials": int(counted.loc[row["name"], "size"]),
            "broken": int(counted.loc[row["name"], "size"] - counted.loc[row["name"], "sum"]),
        }
        for row in rows(worst)
    ]


def cautions(quality: pd.DataFrame, causes: Sequence[Cause]) -> list[str]:
    """Say in a few sentences what a reader must know before using the numbers."""
    said = []
    every = [row for row in residuals(quality) if row.version != BEFORE]
    outside = [row for row in every if row.outside]
    if outside:
        row, worst = max(
            ((row, cell) for row in outside for cell in row.moment), key=lambda pair: pair[1].value
        )
        said.append(
            f"Residual forces or moments lie outside their limits in {len(outside)} of "
            f"{len(every)} trials; the largest residual moment is {worst.text} N m RMS "
            f"({row.participant_id}, {row.trial_id})."
        )
    doubted = quality[
        (quality["measure"] == "consistency_suspicions") & (quality["verdict"] == "fail")
    ]
    if len(doubted):
        said.append(
            f"In {_counted(len(doubted), 'trial')} the consistency fit points to a fault, named "
            "under Findings; where it is the trial's own, the plain motion is used."
        )
    said += _other_cautions(quality)
    broken = closures(quality)
    broken = broken[~broken["ok"]]
    if len(broken):
        names = ", ".join(sorted(set(broken["name"])))
        said.append(f"Closures that do not hold: {len(broken)} ({names}).")
    count = Counter(one.first.severity for one in causes)
    errors, warnings = count["error"], count["warning"]
    if errors or warnings:
        said.append(
            f"{_counted(errors, 'error')} and {_counted(warnings, 'warning')} were found, each "
            "counted once for all trials that it concerns."
        )
    return said


def _other_cautions(quality: pd.DataFrame) -> list[str]:
    """Which other measures lie outside their limits, and in how many trials."""
    told = {f"residual_{kind}_{axis}_rms" for kind in ("force", "moment") for axis in "xyz"}
    measure = quality["measure"]
    rest = ~measure.str.startswith(("closure_", "plain_")) & ~measure.isin(
        told | {"consistency_suspicions"}
    )
    said = []
    for name, own in quality[rest].groupby("measure", sort=False):
        failed = int((own["verdict"] == "fail").sum())
        if failed:
            word = wording(str(name), str(own["unit"].iloc[0])).label
            said.append(f"{word}: outside its limit in {failed} of {_counted(len(own), 'trial')}.")
    return said


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
