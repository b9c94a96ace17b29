"""Page of an athlete: left against right, differences beyond error, trials, changes by the fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.errors import Finding, causes
from aqbio.figures.step_means import StepColumn, column_title, kept_steps
from aqbio.figures.words import digits
from aqbio.gait.curves import role_scheme
from aqbio.gait.postures import spread_column
from aqbio.gait.step_files import participant_rows
from aqbio.inverse_dynamics.files import changes_path
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns, columns
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, with_texts
from aqbio.names import NORMAL_95, ROLE_SIDES
from aqbio.pages.filters import CONTENT_SECURITY, counted, enumerated, rows, template
from aqbio.pages.fit import body_witnesses, parameter_line, standing_words
from aqbio.pages.own_curves import MIN_STEPS, participant_curves, ranked_columns, sides_drawing
from aqbio.pages.quality import quality_tables
from aqbio.pages.record_next import finding_advice
from aqbio.pages.stance import UNIT
from aqbio.pages.strength import strength_sheet
from aqbio.pages.summary import against_words, athlete_lines, people_table, trial_lines
from aqbio.prepare.body_size import measured_stature
from aqbio.study.manifest import OK
from aqbio.tables.stage import trial_rows
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class Measure:
    """Quantity that is compared between both feet."""

    column: str
    """Of steps.tsv."""
    label: str
    unit: str
    """On the page."""
    factor: float = 1.0
    """From the column's unit to the page's."""
    error: str = ""
    """Column of its error of measurement."""
    width: float = 1.0
    """From that error to half of an interval of the difference between both feet."""


MOMENTUM = "H_{}_y_stance_mean{}_kgm2ps"
TWO_SDS = NORMAL_95 * math.sqrt(2.0)
MEASURES = (
    Measure("peak_vertical_force_bw", "Peak upward force", "BW"),
    Measure("contact_s", "Contact time", "ms", 1000.0, "contact_error_s"),
    Measure("flight_s", "Flight time", "ms", 1000.0, "contact_error_s"),
    Measure("step_length_m", "Step length", "m"),
    *(
        Measure(
            MOMENTUM.format(side, ""), f"Vertical angular momentum, {side.replace('_', ' ')}", UNIT,
            error=MOMENTUM.format(side, "_sd"), width=TWO_SDS,
        )
        for side in ROLE_SIDES
    ),
)  # fmt: skip

DEGREES = math.degrees(1.0)
COACH = tuple(
    Measure(column, label, unit, factor, spread_column(column), TWO_SDS)
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

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SideComparison:
    """One measure on both feet, in the unit of the page."""

    measure: Measure
    left: float
    right: float
    """left, right: Means over steps whose contact is on that foot."""
    difference: float
    low: float
    high: float
    """difference, low, high: right − left, per cent of their mean, with its interval."""
    scaled: tuple[float, float]
    """Angular momentum of left and right over mass, stature and speed, thousandths; else NaN."""

    @property
    def sure(self) -> bool:
        """True if the interval lies on one side of 0."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def words(self) -> str:
        """The comparison as the part of a sentence."""
        unit = self.measure.unit
        sides = f"left {digits(self.left, unit)}, right {digits(self.right, unit)} {unit}"
        label = self.measure.label[:1].lower() + self.measure.label[1:]
        return f"{label} ({sides}; right − left {self.range})"

    @property
    def range(self) -> str:
        """Difference and interval, per cent."""
        text = f"{digits(self.difference, '%')} %"
        low, high = digits(self.low, "%"), digits(self.high, "%")
        return text if math.isnan(self.low) else f"{text}, {low} to {high} %"


@dataclass(frozen=True, slots=True)
class SpeedRows:
    """An athlete's steps at one speed in one condition."""

    title: str
    left: int
    right: int
    """left, right: Number of steps."""
    compared: tuple[SideComparison, ...]

    @property
    def comparable(self) -> bool:
        """True if both feet have enough steps for an interval."""
        return min(self.left, self.right) >= MIN_STEPS


def left_and_right(
    steps: pd.DataFrame,
    edges_mps: Sequence[float],
    scale_kgm: float = math.nan,
    measures: Sequence[Measure] = MEASURES,
) -> tuple[SpeedRows, ...]:
    """Compare both feet of an athlete; the fastest speed with enough steps, else most, comes first.

    ``scale_kgm`` is mass times stature, kg m; NaN where one is not known.
    """
    shown_steps = kept_steps(steps)
    ranked = ranked_columns(shown_steps, edges_mps)
    return tuple(
        _speed_rows(column, shown_steps.iloc[column.rows], scale_kgm, measures) for column in ranked
    )


def _speed_rows(
    column: StepColumn, steps: pd.DataFrame, scale_kgm: float, measures: Sequence[Measure]
) -> SpeedRows:
    left, right = (steps[steps["side"] == side] for side in ("left", "right"))
    title = column_title(column.condition, column.speed_mps)
    available = [measure for measure in measures if steps[measure.column].notna().any()]
    compared = (_compared(measure, left, right, scale_kgm, len(available)) for measure in available)
    return SpeedRows(title, len(left), len(right), tuple(compared))


def _compared(
    measure: Measure, left: pd.DataFrame, right: pd.DataFrame, scale_kgm: float, among: int
) -> SideComparison:
    left_values, right_values = (
        measure.factor * rows[measure.column].dropna().to_numpy(dtype=float)
        for rows in (left, right)
    )
    error = 0.0
    if measure.error in left:
        errors = pd.concat([left[measure.error], right[measure.error]]).dropna()
        error = measure.width * abs(measure.factor) * float(errors.mean()) if len(errors) else 0.0
    scale = 1e-3 * scale_kgm if measure.unit == UNIT else math.nan
    scaled = [
        float((rows[measure.column] / rows["speed_mps"]).mean()) / scale for rows in (left, right)
    ]
    return SideComparison(
        measure, _mean(left_values), _mean(right_values),
        *relative_difference(left_values, right_values, error, among),
        (scaled[0], scaled[1]),
    )  # fmt: skip


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else math.nan


def relative_difference(
    left: FloatArray, right: FloatArray, error: float = 0.0, among: int = 1
) -> tuple[float, float, float]:
    """Right − left, per cent of the size of their mean, with its 95 % interval (Welch 1947).

    Steps are treated as independent; ``error`` is the error of measurement of the difference, which
    more steps do not reduce. The interval covers ``among`` measures together (Bonferroni).
    NaN where a side has no step or the mean is 0, no interval from fewer than `MIN_STEPS` steps
    of a foot.
    """
    from scipy.special import stdtrit

    if not (len(left) and len(right)):
        return math.nan, math.nan, math.nan
    size = abs(0.5 * (left.mean() + right.mean()))
    if size == 0.0:
        return math.nan, math.nan, math.nan
    difference = 100.0 * float(right.mean() - left.mean()) / size
    if min(len(left), len(right)) < MIN_STEPS:
        return difference, math.nan, math.nan
    variances = np.array([values.var(ddof=1) / len(values) for values in (left, right)])
    tail = 0.5 * (1.0 - CONFIDENCE) / among
    half = 0.0
    if variances.any():
        terms = variances**2 / [len(left) - 1, len(right) - 1]
        freedom = variances.sum() ** 2 / terms.sum()
        half = -stdtrit(freedom, tail) * np.sqrt(variances.sum())
    half = 100.0 * math.hypot(float(half), error) / size
    return difference, float(difference - half), float(difference + half)


def side_words(speeds: Sequence[SpeedRows], *, unused: bool = False) -> tuple[str, ...]:
    """State the side that pushes less, and other differences between left and right beyond error.

    ``unused``: forces were measured but are not used.
    """
    if not speeds:
        return ("No step was kept: nothing can be said about left and right.",)
    first = speeds[0]
    if not first.comparable:
        text = (
            f"Left and right cannot be compared: that takes {MIN_STEPS} steps of each foot at "
            f"one speed, and there are at most {first.left} left and {first.right} right."
        )
        return (text,)
    at = f"at {first.title} ({first.left} left and {first.right} right steps)"
    sure = [comparison for comparison in first.compared if comparison.sure]
    sentences = []
    force = next(
        (comparison for comparison in first.compared if comparison.measure is MEASURES[0]), None
    )
    if force is None:
        why = "the forces are not used" if unused else "no plate measured the forces"
        sentences.append(f"Which foot pushes less is not known: {why}.")
    elif force.sure:
        weaker = "right" if force.difference < 0.0 else "left"
        sentences.append(f"The {weaker} foot pushes less {at}: {force.words}.")
    else:
        sentences.append(f"Neither foot pushes less beyond error {at}: {force.words}.")
    count = counted(len(first.compared) - (force is not None), "measure")
    differing = enumerated([comparison.words for comparison in sure if comparison is not force])
    also = f"Beyond error differ also: {differing}."
    return (*sentences, also if differing else f"Nothing else of {count} differs beyond error.")


def short_side_words(speeds: Sequence[SpeedRows]) -> str:
    """Differences between left and right beyond error, in a few words for a table."""
    if not speeds or not speeds[0].comparable:
        return "too few steps of each foot"
    sure = [comparison for comparison in speeds[0].compared if comparison.sure]
    return (
        "; ".join(f"{comparison.measure.label}: {comparison.range}" for comparison in sure)
        or "nothing beyond error"
    )


def left_right_address(steps: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> str:
    """Address that compares left and right of the fastest trial with both feet; empty for none."""
    runs = kept_steps(steps).groupby(["participant_id", "trial_id"])
    speeds = runs["speed_mps"].mean()[runs["side"].nunique() == 2].sort_values(ascending=False)
    fastest = next((trial for trial in speeds.index if trial in replayed), None)
    if fastest is None:
        return ""
    trial = "/".join(map(quote, fastest))
    return f"a={trial}@left&b={trial}@right&mirror=a"


FORCES = {
    "stance": ("Mean upward force", "N"),
    "braking": ("Braking impulse", "N s"),
    "propulsion": ("Propulsion impulse", "N s"),
}
"""Estimates of trials without plates by phase, in words, with their units."""


def estimated_forces(contributions: pd.DataFrame, steps: pd.DataFrame) -> list[dict[str, str]]:
    """Means over the steps of each foot in trials without plates, with their 95 % intervals."""
    estimates = contributions[contributions["level"] == ESTIMATED]
    estimates = estimates.merge(steps[["trial_id", "step", "side"]], on=["trial_id", "step"])
    means = estimates.groupby(["trial_id", "side", "phase"], observed=True)[
        ["value", "low", "high"]
    ]
    table = means.mean()
    lines = []
    for (trial, side), part in table.groupby(level=[0, 1], observed=True):
        line = {"trial": str(trial), "foot": str(side)}
        for phase, (words, unit) in FORCES.items():
            value, low, high = part.xs(phase, level="phase").iloc[0]
            line[words] = f"{digits(value, unit)} ({digits(low, unit)} to {digits(high, unit)})"
        lines.append(line)
    return lines


STAGE = "pages"


def stature(study: Study, participant_id: str) -> float:
    """Stature as stated, else estimated from the height of the pelvis, m; NaN: not known."""
    stated_m = study.participant(participant_id).height_m
    if stated_m:
        return float(stated_m)
    measured = measured_stature(study.read_manifest(participant_id, "prepare")["trials"])
    return measured.value if measured else math.nan


def body_scale(study: Study, participant_id: str) -> float:
    """Mass times stature, kg m; NaN where one is not known."""
    return (used_mass(study, participant_id) or math.nan) * stature(study, participant_id)


def used_mass(study: Study, participant_id: str) -> float | None:
    """Body mass on which the results rest, kg; None: not known."""
    mass: float | None = study.read_manifest(participant_id, "prepare").get("mass_kg")
    return mass


def postures(dynamics: Mapping[str, Any]) -> int | None:
    """Still postures on a plate, from the manifest of the fit; None where nothing was fitted."""
    return len(dynamics.get("standing", ())) if dynamics["adjusted_model"] else None


def _page(study: Study, participant_id: str) -> Path:
    """Path of a participant's page."""
    return study.folder(participant_id, STAGE) / "athletes" / f"{participant_id}.html"


def write_missing_page(study: Study, participant_id: str) -> None:
    """Write a page that says that there is no page of the participant."""
    page = template("missing.html.j2").render(
        against="", security=CONTENT_SECURITY["folder"], root="../", participant=participant_id
    )
    write_text(_page(study, participant_id), page)


def write_athlete_page(
    study: Study,
    participant_id: str,
    replayed: Sequence[Mapping[str, object]],
    findings: Iterable[Finding],
) -> None:
    """Write ``athletes/<participant>.html``."""
    described = columns("steps", group=role_scheme(study).items)
    steps = _table([participant_rows(study, participant_id, "steps")], described)
    quality = _table([participant_rows(study, participant_id, "quality")], columns("quality"))
    dynamics = study.read_manifest(participant_id, "inverse_dynamics")
    sheet = list(trial_rows(study, participant_id, steps, quality))
    trials = pd.DataFrame(sheet, columns=list(columns("trials")))
    replays = {
        (participant_id, str(trial["trial_id"])) for trial in replayed if trial["status"] == OK
    }
    edges = study.settings.figures.speed_edges_mps
    scale = body_scale(study, participant_id)
    speeds = left_and_right(steps, edges, scale)
    mass = used_mass(study, participant_id)
    people = people_table([study.participant(participant_id)], {participant_id: mass or math.nan})
    page = template("athlete.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../",
        participant=participant_id,
        against=against_words(trials),
        line=athlete_lines(people, trials)[0],
        sentences=side_words(speeds, unused=bool(trials["against"].notna().any())),
        trials=trial_lines(trials, replays),
        speeds=speeds,
        forces=estimated_forces(
            participant_rows(study, participant_id, "contributions"), kept_steps(steps)
        ),
        force_titles=FORCES.values(),
        coach=left_and_right(steps, edges, measures=COACH)[:1],
        drawing=sides_drawing(participant_curves(study, participant_id, steps, scale)),
        steps=rows(steps),
        quality=quality_tables(quality),
        parameters=[parameter_line(parameter) for parameter in dynamics.get("parameters", ())],
        standing=standing_words(dynamics.get("standing", ())),
        advice=list(finding_advice(causes(findings), postures(dynamics))),
        beside=left_right_address(steps, replays),
        witnesses=body_witnesses(fit_changes(study, participant_id)),
        strength=strength_sheet(study, participant_id, kept_steps(steps)),
    )
    write_text(_page(study, participant_id), page)


def fit_changes(study: Study, participant_id: str) -> pd.DataFrame:
    """Read the changes by the fit of a participant; no row where nothing was fitted."""
    fitted = study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]
    files = [changes_path(study, participant_id)] if fitted else []
    return _table(map(read_columns, files), columns("fit_changes"))


def _table(parts: Iterable[pd.DataFrame], described: Columns) -> pd.DataFrame:
    return with_texts(joined(parts, list(described)))
