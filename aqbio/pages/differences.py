"""Differences of an athlete, over the draws of all errors: feet, conditions, sessions, speeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from aqbio.contributions.without_plates import STATED_ERROR_SDS
from aqbio.figures.counted import Invalidated, counted_steps, invalidated_outcomes, is_counted
from aqbio.figures.step_means import MAX_SPEED_RATIO, StepColumn
from aqbio.gait.postures import spread_column
from aqbio.gait.step_files import kept_steps, participant_rows, step_file
from aqbio.intervals.differences import (
    Mean,
    SpeedLine,
    StepNumbers,
    feet_means,
    foot_mean,
    lines_over_feet,
    over_feet,
    relative_change,
    speed_line,
)
from aqbio.intervals.study_draws import study_draws
from aqbio.intervals.worlds import SCOPES, STEP, WORLDS, difference
from aqbio.io.dictionary import Columns, columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, with_texts, write_columns
from aqbio.names import NORMAL, ROLE_SIDES, SIDES
from aqbio.pages.own_curves import ranked_columns
from aqbio.pages.stance import UNIT
from aqbio.tables.stage import trial_rows
from aqbio.vectors import FloatArray, IntArray

STEPS_TABLE = "steps"
"""Level of an outcome that is a column of steps.tsv."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Number of a step that is compared."""

    label: str
    unit: str
    """On the page."""
    level: str
    source: str
    target: str = ""
    statistic: str = ""
    axis: str = ""
    """level to axis: As in the rows of contributions, or `STEPS_TABLE` and a column."""
    factor: float = 1.0
    """From the file's unit to the page's."""
    error: str = ""
    """Column of its error of measurement."""
    sds: float = 1.0
    """Standard deviations that this column holds."""

    @property
    def is_position(self) -> bool:
        """True for angles and positions: their zero is a convention, so per cent says nothing."""
        return self in POSTURES and self.unit in ("°", "cm")

    @property
    def key(self) -> tuple[str, ...]:
        """Fields that identify it in a row."""
        return self.level, self.source, self.target, self.statistic, self.axis


def _momentum(source: str, label: str) -> Outcome:
    return Outcome(label, UNIT, "A", source, "whole_body", "momentum_mean", "y")


def _joint(name: str, label: str, sign: float) -> Outcome:
    """Moment of a joint, positive in extension and push-off as in the figures."""
    return Outcome(label, "N m", "joint", name, "distal_segment", "moment_mean", "z", factor=sign)


def _on_pelvis(chain: str, label: str) -> Outcome:
    return Outcome(label, "N m", "B", chain, "pelvis", "moment_mean", "y")


FORCE = Outcome("Peak upward force", "BW", STEPS_TABLE, "peak_vertical_force_bw")
PUSH_SIDE = _momentum("push_side", "Push side")
PARTS = (
    PUSH_SIDE,
    _momentum("swing_side", "Swing leg" if len(ROLE_SIDES["swing_side"]) == 1 else "Swing side"),
    _momentum("arms", "Arms"),
    _momentum("torso", "Torso"),
    _momentum("total", "Whole body"),
)
"""Angular momentum about the vertical, mean over the contact."""

MEASURES = (
    FORCE,
    Outcome(
        "Contact time", "ms", STEPS_TABLE, "contact_s", factor=1000.0,
        error="contact_error_s", sds=STATED_ERROR_SDS,
    ),
    Outcome(
        "Flight time", "ms", STEPS_TABLE, "flight_s", factor=1000.0,
        error="contact_error_s", sds=STATED_ERROR_SDS,
    ),
    Outcome("Step length", "m", STEPS_TABLE, "step_length_m"),
    *PARTS,
    _on_pelvis("leg_push", "Standing leg on the pelvis, vertical moment"),
    _on_pelvis("leg_swing", "Free leg on the pelvis, vertical moment"),
    _on_pelvis("upper_body", "Upper body on the pelvis, vertical moment"),
    _joint("hip_push", "Hip extension moment, standing leg", -1.0),
    _joint("knee_push", "Knee extension moment, standing leg", 1.0),
    _joint("ankle_push", "Ankle push-off moment, standing leg", -1.0),
)  # fmt: skip
"""By the foot on the ground."""

DEGREES = math.degrees(1.0)
POSTURES = tuple(
    Outcome(label, unit, STEPS_TABLE, column, factor=factor, error=spread_column(column))
    for column, label, unit, factor in (
        ("touchdown_distance_m", "Foot lands ahead of the body", "cm", 100.0),
        ("knee_separation_touchdown_m", "Other knee still behind at landing", "cm", -100.0),
        ("thigh_angle_push_toe_off_rad", "Thigh behind the hip at push-off", "°", -DEGREES),
        ("thigh_range_swing_rad", "Swing of the free thigh, back to front", "°", DEGREES),
        ("thigh_speed_swing_radps", "Free thigh's fastest attack forward", "°/s", DEGREES),
        ("shin_angle_touchdown_rad", "Shin at landing, foot ahead of the knee", "°", DEGREES),
        ("foot_angle_touchdown_rad", "Foot at landing, toes up", "°", DEGREES),
        ("ankle_angle_touchdown_rad", "Ankle at landing, toes drawn up", "°", DEGREES),
        ("knee_height_swing_m", "Free knee's greatest height over the hip", "cm", 100.0),
        ("heel_recovery_swing_m", "Free ankle's least distance from the hip", "cm", 100.0),
    )
)
"""Postures that coaches judge, by the foot on the ground."""

OUTCOMES = {outcome.key: outcome for outcome in (*MEASURES, *POSTURES)}

TABLE = "differences"

FEET, CONDITION, SESSION, SPEED = "feet", "condition", "session", "speed"
SESSION_FOOT = "session_foot"
"""Kinds of comparison."""

OF_LEGS = ("peak_vertical_force_bw", "thigh_speed_swing_radps")
"""Columns of steps.tsv that are compared between sessions foot by foot, beside strengths."""

SYSTEMATIC = tuple(scope for scope in SCOPES if scope != STEP)
"""Errors that are drawn: those of single steps are in the steps' scatter."""

SAME_SPEED = 0.005
"""Largest relative difference of two speeds that count as equal."""


@dataclass(frozen=True, slots=True)
class SessionSteps:
    """Kept steps of one session of a person, with the draws of their numbers."""

    participant_id: str
    session: str
    """Words for the session."""
    steps: pd.DataFrame
    columns: Sequence[StepColumn]
    """Steps of one condition and speed class, those that compare the feet best first."""
    draws: xr.Dataset
    positions: IntArray
    """(N,) array. Place of every step in the draws; −1: not drawn."""
    seed: int
    invalidated: Invalidated
    """Outcomes of trials that do not count."""
    cache: dict[tuple[object, ...], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Numbers by outcome and steps, lines by outcome and condition, columns by name: every
    comparison asks for the same ones."""

    def _once(self, key: tuple[object, ...], compute: Callable[[], Any]) -> Any:
        if key not in self.cache:
            self.cache[key] = compute()
        return self.cache[key]

    def numbers(self, outcome: Outcome, rows: IntArray) -> StepNumbers:
        """An outcome in some of the steps."""
        found: StepNumbers = self._once(
            (*outcome.key, rows.tobytes()), lambda: self._numbers(outcome, rows)
        )
        return found

    def _numbers(self, outcome: Outcome, rows: IntArray) -> StepNumbers:
        if outcome.level == STEPS_TABLE:
            value = self._column(outcome.source)[rows]
            deviation = np.zeros((WORLDS, len(rows)))
        else:
            kind = "momentum" if outcome.statistic == "momentum_mean" else "moments"
            counts = self._once(
                ("counts", kind), lambda: is_counted(self.steps, kind, self.invalidated).to_numpy()
            )
            value, deviation = self._drawn(
                outcome, np.where(counts[rows], self.positions[rows], -1)
            )
        errors = self._column(outcome.error)[rows] if outcome.error in self.steps else np.zeros(1)
        errors = errors[np.isfinite(errors)]
        return StepNumbers(
            value,
            deviation,
            self._column("speed")[rows],
            tuple(map(str, self._texts("trial_id")[rows])),
            float(errors.mean()) / outcome.sds if len(errors) else 0.0,
        )

    def _column(self, name: str) -> FloatArray:
        values: FloatArray = self._once((name,), lambda: self.steps[name].to_numpy(dtype=float))
        return values

    def _texts(self, name: str) -> NDArray[Any]:
        """Values (S,) of a column of words."""
        values: NDArray[Any] = self._once((name,), lambda: self.steps[name].astype(str).to_numpy())
        return values

    def _drawn(self, outcome: Outcome, positions: IntArray) -> tuple[FloatArray, FloatArray]:
        drawn = self.draws.variables
        names = ("level", "source", "target", "statistic")
        is_outcome = np.logical_and.reduce(
            [drawn[name].values == part for name, part in zip(names, outcome.key, strict=False)]
        )
        value = np.full(len(positions), np.nan)
        deviation = np.full((WORLDS, len(positions)), np.nan)
        if is_outcome.any():
            at = int(is_outcome.argmax()), list(drawn["axis"].values).index(outcome.axis)
            is_known = positions >= 0
            at_steps = positions[is_known]
            value[is_known] = drawn["value"].values[at_steps, *at]
            deviation[:, is_known] = drawn["deviation"].values[:, at_steps, *at]
        return value, deviation

    def condition(self, column: StepColumn) -> str:
        """Condition of a column's trials."""
        return str(self._texts("condition")[column.rows[0]])

    def feet(self, rows: IntArray) -> Mapping[str, IntArray]:
        """Steps by foot."""
        side = self._texts("side")[rows]
        return {name: rows[side == name] for name in SIDES}

    def both_feet(self, outcome: Outcome, column: StepColumn) -> tuple[Mean, Mean] | None:
        """Means of an outcome on the right and on the left foot, whose difference is drawn."""
        right, left = (
            self.numbers(outcome, self.feet(column.rows)[side]) for side in ("right", "left")
        )
        return feet_means(right, left, self.seed, *self._sample(column))

    def _sample(self, column: StepColumn) -> tuple[str, str, str]:
        """Name of a column's steps as a sample."""
        return self.participant_id, self.condition(column), f"{column.speed_mps:.3f}"

    def means(
        self, outcome: Outcome, column: StepColumn, speeds: Mapping[str, float] | None = None
    ) -> Mapping[str, Mean]:
        """Mean of an outcome over the steps of each foot that has any.

        Moved along the foot's line over speed, where there is one, to one speed: that of ``speeds``
        or the steps' mean.
        """
        lines = self.lines(outcome, self.condition(column))
        means = {}
        for foot, rows in self.feet(column.rows).items():
            numbers = self.numbers(outcome, rows).complete()
            if foot in lines and np.isfinite(numbers.speed_mps).all():
                speed_mps = (speeds or {}).get(foot, float(numbers.speed_mps.mean()))
                numbers = lines[foot].moved(numbers, speed_mps)
            mean = foot_mean(numbers, self.seed, *self._sample(column), foot)
            if mean is not None:
                means[foot] = mean
        return means

    def lines(self, outcome: Outcome, condition: str) -> Mapping[str, SpeedLine]:
        """Line over speed of an outcome in one condition, of each foot that has one."""
        lines: Mapping[str, SpeedLine] = self._once(
            (*outcome.key, condition), lambda: self._lines(outcome, condition)
        )
        return lines

    def _lines(self, outcome: Outcome, condition: str) -> Mapping[str, SpeedLine]:
        rows = np.flatnonzero(self._texts("condition") == condition)
        sample = (self.participant_id, condition)
        by_foot = {
            foot: speed_line(self.numbers(outcome, foot_rows), self.seed, *sample, foot)
            for foot, foot_rows in self.feet(rows).items()
        }
        return {foot: line for foot, line in by_foot.items() if line is not None}


def session_steps(study: Study, participant_id: str) -> SessionSteps:
    """Kept steps of a participant, with draws."""
    levels = {outcome.level for outcome in OUTCOMES.values()} - {STEPS_TABLE}
    steps, quality = (
        participant_rows(study, participant_id, name) for name in ("steps", "quality")
    )
    trials = pd.DataFrame(list(trial_rows(study, participant_id, steps, quality)))
    return drawn_session(
        study,
        participant_id,
        steps,
        study_draws(study, [participant_id], levels=levels, scopes=SYSTEMATIC),
        invalidated_outcomes(trials),
    )


def drawn_session(
    study: Study,
    participant_id: str,
    steps: pd.DataFrame,
    draws: xr.Dataset,
    invalidated: Invalidated | None = None,
) -> SessionSteps:
    """Kept ones among a participant's steps, with their draws (`study_draws`)."""
    invalidated = invalidated or {}
    steps = with_texts(counted_steps(kept_steps(steps), invalidated))
    names = zip(draws["trial_id"].values.tolist(), draws["number"].values.tolist(), strict=True)
    columns_by_step = {
        (str(trial), int(number)): column for column, (trial, number) in enumerate(names)
    }
    keys = zip(steps["trial_id"], steps["step"], strict=True)
    positions = [columns_by_step.get((str(trial), int(number)), -1) for trial, number in keys]
    return SessionSteps(
        participant_id,
        study.participant(participant_id).session or participant_id,
        steps,
        ranked_columns(steps),
        draws,
        np.array(positions, dtype=np.intp),
        study.settings.random.seed,
        invalidated,
    )


# rows ---------------------------------------------------------------------------------------------

Row = dict[str, Any]


def athlete_differences(
    study: Study, participant_id: str, read_session: Callable[[str], SessionSteps]
) -> pd.DataFrame:
    """Differences of an athlete with their 95 % intervals, as the table ``differences``."""
    earlier = study.sessions_of(participant_id)
    earlier = earlier[: earlier.index(participant_id)]
    return session_differences(
        read_session(participant_id), [read_session(name) for name in earlier]
    )


def session_differences(steps: SessionSteps, earlier: Sequence[SessionSteps] = ()) -> pd.DataFrame:
    """Differences within a session, and from earlier ones of the person.

    Between feet at every speed and condition; between conditions and the normal one, and between
    sessions, at the same speed; between the fastest and the slowest speed, along a line. Rows only
    for what was measured on both sides.
    """
    rows = [*_feet_rows(steps), *_condition_rows(steps), *_speed_rows(steps)]
    for session in earlier:
        rows += _session_rows(steps, session)
    return pd.DataFrame(rows, columns=list(columns(TABLE)))


def differences_path(study: Study, participant_id: str) -> Path:
    """File of the differences of a participant."""
    return study.folder(participant_id, "pages") / f"{TABLE}.nc"


def write_differences(
    study: Study, participant_id: str, read_session: Callable[[str], SessionSteps]
) -> pd.DataFrame:
    """Compute and write the differences of a participant."""
    table = athlete_differences(study, participant_id, read_session)
    source = study_provenance(study, "pages", [step_file(study, participant_id, "steps")])
    write_columns(table, differences_path(study, participant_id), columns(TABLE), source)
    return table


def read_differences(study: Study, participant_id: str) -> pd.DataFrame:
    """Differences of a participant as stage pages wrote them; no row where it could not."""
    path = differences_path(study, participant_id)
    parts = [read_columns(path)] if path.is_file() else []
    return with_texts(joined(parts, list(columns(TABLE))))


def _feet_rows(steps: SessionSteps) -> Iterator[Row]:
    for column in steps.columns:
        head: Row = {"comparison": FEET, "first": "right", "second": "left", "side": "each"}
        head |= {"condition": steps.condition(column), "speed_mps": column.speed_mps}
        for outcome in OUTCOMES.values():
            means = steps.both_feet(outcome, column)
            if means is not None:
                yield _row(steps, head, outcome, *means)


def _condition_rows(steps: SessionSteps) -> Iterator[Row]:
    reference_columns = [column for column in steps.columns if steps.condition(column) == NORMAL]
    for column in steps.columns:
        condition = steps.condition(column)
        second = _nearest(reference_columns, column.speed_mps)
        if condition == NORMAL or second is None:
            continue
        head: Row = {"comparison": CONDITION, "first": condition, "second": NORMAL}
        head |= {"condition": condition, "speed_mps": column.speed_mps}
        yield from _paired_rows(steps, head, column, steps, second)


def _session_rows(steps: SessionSteps, earlier: SessionSteps) -> Iterator[Row]:
    for column in steps.columns:
        condition = steps.condition(column)
        candidates = [
            candidate for candidate in earlier.columns if earlier.condition(candidate) == condition
        ]
        second = _nearest(candidates, column.speed_mps)
        if second is None:
            continue
        head: Row = {"comparison": SESSION, "first": steps.session, "second": earlier.session}
        head |= {"condition": condition, "speed_mps": column.speed_mps}
        yield from _paired_rows(steps, head, column, earlier, second)
        head |= {"comparison": SESSION_FOOT}
        for name in OF_LEGS:
            outcome = OUTCOMES[STEPS_TABLE, name, "", "", ""]
            for side, means in _means_at_one_speed(steps, column, earlier, second, outcome).items():
                yield _row(steps, head | {"side": side}, outcome, *means)


def _nearest(candidates: Sequence[StepColumn], speed_mps: float) -> StepColumn | None:
    """Column of the nearest speed; None where a line over speed would be drawn out too far."""
    near = [
        column
        for column in candidates
        if abs(np.log(column.speed_mps / speed_mps)) <= np.log(MAX_SPEED_RATIO)
    ]
    return min(near, key=lambda column: abs(column.speed_mps - speed_mps), default=None)


def _paired_rows(
    session: SessionSteps,
    head: Row,
    first: StepColumn,
    second_session: SessionSteps,
    second: StepColumn,
) -> Iterator[Row]:
    """Compare the same foot, mean over feet, at the first steps' speed if a line is known."""
    for outcome in OUTCOMES.values():
        by_foot = _means_at_one_speed(session, first, second_session, second, outcome)
        if by_foot:
            means = map(over_feet, zip(*by_foot.values(), strict=True))
            yield _row(session, head | {"side": _side([*by_foot])}, outcome, *means)


def _means_at_one_speed(
    session: SessionSteps,
    first: StepColumn,
    second_session: SessionSteps,
    second: StepColumn,
    outcome: Outcome,
) -> dict[str, tuple[Mean, Mean]]:
    """Means of an outcome over the first and the second steps, of each foot that has intervals."""
    first_means = session.means(outcome, first)
    speeds = {foot: mean.speed_mps for foot, mean in first_means.items()}
    second_means = second_session.means(outcome, second, speeds)
    return {
        foot: (first_means[foot], second_means[foot])
        for foot in SIDES
        if foot in first_means and first_means[foot].has_interval
        and foot in second_means and second_means[foot].has_interval
    }  # fmt: skip


def _speed_rows(steps: SessionSteps) -> Iterator[Row]:
    for condition in dict.fromkeys(steps.condition(column) for column in steps.columns):
        for outcome in OUTCOMES.values():
            lines = steps.lines(outcome, condition)
            if not lines:
                continue
            line = lines_over_feet([*lines.values()])
            ends = line.at(line.fastest_mps), line.at(line.slowest_mps)
            head: Row = {"comparison": SPEED, "condition": condition, "side": _side([*lines])}
            head |= {"first": "fastest", "second": "slowest", "speed_mps": np.nan}
            yield _row(steps, head, outcome, *ends)


def _side(feet: Sequence[str]) -> str:
    return feet[0] if len(feet) == 1 else "both"


def _row(steps: SessionSteps, head: Row, outcome: Outcome, first: Mean, second: Mean) -> Row:
    _, low, high = difference(first.draws, second.draws)
    change = relative_change(first, second)
    names = ("level", "source", "target", "statistic", "axis")
    return {
        "participant_id": steps.participant_id,
        **head,
        **{name: part or None for name, part in zip(names, outcome.key, strict=True)},
        "unit": file_unit(steps, outcome),
        "first_mean": first.value,
        "second_mean": second.value,
        "value": first.value - second.value,
        "low": low,
        "high": high,
        **dict(zip(("percent", "percent_low", "percent_high"), change, strict=True)),
        "first_steps": first.steps,
        "second_steps": second.steps,
        "first_mps": first.speed_mps,
        "second_mps": second.speed_mps,
    }


@cache
def _step_columns() -> Columns:
    return columns("steps", group=())


def file_unit(steps: SessionSteps, outcome: Outcome) -> str:
    """Unit of an outcome in files."""
    if outcome.level == STEPS_TABLE:
        return _step_columns()[outcome.source]["unit"]
    names = ("level", "source", "statistic")
    is_outcome = np.logical_and.reduce(
        [steps.draws.variables[name].values == getattr(outcome, name) for name in names]
    )
    return str(steps.draws.variables["unit"].values[is_outcome][0])
