"""Left against right over the contact: every step of an athlete, on the band of all athletes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from aqbio.figures.step_means import StepColumn, step_columns
from aqbio.figures.words import digits
from aqbio.gait.step_files import CURVES, kept_steps, step_file
from aqbio.intervals.differences import MIN_STEPS
from aqbio.io.netcdf import read_some
from aqbio.io.study import Study
from aqbio.names import ROLE_SIDES
from aqbio.pages.address import KEPT, marked, where
from aqbio.pages.filters import counted
from aqbio.pages.stance import UNIT
from aqbio.vectors import BoolArray, FloatArray

SCALED_UNIT = "thousandths of mass × stature × speed"

FEET = ("left", "right")

POINT_STEP_PERCENT = 4
"""Percentage of the contact between two points of a drawn line."""


@dataclass(frozen=True)
class SideCurves:
    """Angular momentum about the vertical in contact, of the steps that compare the feet."""

    title: str
    """Condition and speed of the steps."""
    unit: str
    """`SCALED_UNIT`, or kg m²/s where mass or stature is not known."""
    left: BoolArray
    """(S,) array. True for a step whose contact is on the left foot."""
    sides: dict[str, FloatArray]
    """(S, 101) array from touchdown to toe-off, by side."""


def ranked_columns(steps: pd.DataFrame) -> list[StepColumn]:
    """Rank columns of an athlete's steps by their value for comparing both feet.

    Columns with enough steps come first, by condition and speed; then the others by their steps.
    """
    left = steps["side"].to_numpy() == "left"
    columns = step_columns(steps)

    def rank(column: StepColumn) -> tuple[bool, bool, float]:
        is_left = left[column.rows]
        fewer_steps = min(is_left.sum(), (~is_left).sum())
        suffices = bool(fewer_steps >= MIN_STEPS)
        by = np.nan_to_num(column.speed_mps) if suffices else fewer_steps
        return suffices, column.condition == columns[0].condition, float(by)

    return sorted(columns, key=rank, reverse=True)


def participant_curves(
    study: Study, participant_id: str, steps: pd.DataFrame, scale_kgm: float
) -> SideCurves | None:
    """Curves of both sides in the steps that compare the feet; scale: mass times stature, kg m."""
    shown_steps = kept_steps(steps)
    shown_steps = shown_steps[shown_steps["participant_id"] == participant_id].reset_index(
        drop=True
    )
    means = [f"H_{side}_y_stance_mean_kgm2ps" for side in ROLE_SIDES]
    is_known = shown_steps.reindex(columns=means).notna().all(axis=1)
    shown_steps = shown_steps[is_known].reset_index(drop=True)
    column = next(iter(ranked_columns(shown_steps)), None)
    if column is None:
        return None
    names = ["trial_id", "step"]
    chosen = set(shown_steps.iloc[column.rows][names].astype(str).agg("/".join, axis=1))
    path = step_file(study, participant_id, CURVES)
    data = read_some(path, ["angular_momentum"], axis="y", phase="stance")
    identifiers = zip(data["trial_id"].values, data["number"].values, strict=True)
    selected = data.isel(step=[f"{trial}/{int(number)}" in chosen for trial, number in identifiers])
    momentum = selected["angular_momentum"]
    values = {side: momentum.sel(group=side).values for side in ROLE_SIDES}
    speed, feet = selected["speed"].values, selected["side"].values.astype(str)
    complete = np.all([np.isfinite(curve).all(axis=1) for curve in values.values()], axis=0)
    if not complete.any():
        return None
    scaled = math.isfinite(scale_kgm)
    factor = 1000.0 / (scale_kgm * speed[complete, None]) if scaled else 1.0
    sides = {name: factor * curve[complete] for name, curve in values.items()}
    trials = shown_steps.iloc[column.rows]["trial_id"].unique().tolist()
    key = where(participant_id=participant_id, trial_id=trials, **KEPT)
    number = f"{column.speed_mps:.1f}"
    title = column.title.replace(number, marked(number, "steps", key, "speed_mps", by="mean"))
    return SideCurves(title, SCALED_UNIT if scaled else UNIT, feet[complete] == "left", sides)


WIDTH, HEIGHT = 300, 170
LOOKS = {"push_side": "Push side", "swing_side": "Swing side"}


def sides_drawing(curves: SideCurves | None) -> Markup:
    """Draw every step and the mean of both feet; a script puts the band of all athletes behind.

    Coordinates of lines are per cent of the contact and minus the value, so that a band that is
    added later fits.
    """
    if curves is None:
        return Markup()
    samples = np.concatenate(list(curves.sides.values()))
    low, high = min(0.0, float(samples.min())), max(0.0, float(samples.max()))
    room = 0.25 * (high - low) or 1.0
    low, high = low - room, high + room
    parts = [Markup('<figure class="own-curves"><div class="pair">')]
    parts += [_panel(name, values, curves, low, high) for name, values in curves.sides.items()]
    parts.append(
        Markup(
            "</div><figcaption>Angular momentum about the vertical in contact at {} ({}): thick "
            "lines means; left foot green, dashed, right foot purple.<span data-band-note hidden> "
            "Grey: mean ± standard deviation over athletes.</span></figcaption></figure>"
        ).format(curves.title, curves.unit)
    )
    return Markup("").join(parts)


def _foot_means(values: FloatArray, curves: SideCurves) -> str:
    parts = []
    for foot, is_foot in zip(FEET, (curves.left, ~curves.left), strict=True):
        if is_foot.any():
            steps = counted(int(is_foot.sum()), "step")
            parts.append(f"{foot} {digits(float(values[is_foot].mean()))} ({steps})")
    return ", ".join(parts)


def _panel(name: str, values: FloatArray, curves: SideCurves, low: float, high: float) -> Markup:
    """Draw one side: a drawing within a drawing, with values as coordinates."""
    scaled = str(curves.unit == SCALED_UNIT).lower()
    head = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{LOOKS[name]}, means over the '
        f'contact: {_foot_means(values, curves)}"><text x="40" y="12">{LOOKS[name]}'
        f'</text><svg x="40" y="18" width="{WIDTH - 44}" height="{HEIGHT - 40}" '
        f'viewBox="0 {-high:.4g} 100 {high - low:.4g}" preserveAspectRatio="none" '
        f'data-band="{name}" data-scaled="{scaled}">'
    )
    parts = [head, '<path d="M0 0H100" class="zero"/>', *_lines(values, curves.left), "</svg>"]
    for value in (float(f"{0.8 * low:.1g}"), 0.0, float(f"{0.8 * high:.1g}")):
        y = 18 + (HEIGHT - 40) * (high - value) / (high - low)
        parts.append(f'<text x="36" y="{y + 4:.1f}" text-anchor="end">{digits(value)}</text>')
    parts.append(
        f'<text x="40" y="{HEIGHT - 6}">touchdown</text>'
        f'<text x="{WIDTH - 4}" y="{HEIGHT - 6}" text-anchor="end">toe-off</text></svg>'
    )
    return Markup("".join(parts))  # of numbers and words of ours only


def _lines(values: FloatArray, left: BoolArray) -> Iterator[str]:
    for foot, is_foot in zip(FEET, (left, ~left), strict=True):
        for step in values[is_foot]:
            yield f'<path d="{path(step)}" class="{foot}"/>'
        if is_foot.any():
            yield f'<path d="{path(values[is_foot].mean(axis=0))}" class="{foot} mean"/>'


def path(values: FloatArray, *, back: bool = False) -> str:
    """Path over the contact in the coordinates of a panel, forward or back."""
    points = [f"{x} {-float(values[x]):.4g}" for x in range(0, len(values), POINT_STEP_PERCENT)]
    return ("L" if back else "M") + "L".join(reversed(points) if back else points)


MIN_BAND_ATHLETES = 3
"""Least number of athletes for a band."""


def band_paths(by_person: Mapping[str, Sequence[SideCurves]]) -> dict[str, str]:
    """Outline of mean ± standard deviation over athletes by side; empty for too few of them.

    Of the curves of an athlete's sessions the mean counts, once.
    """
    of_athletes = [
        scaled
        for curves in by_person.values()
        if (scaled := [curve for curve in curves if curve.unit == SCALED_UNIT])
    ]
    if len(of_athletes) < MIN_BAND_ATHLETES:
        return {}
    outlines = {}
    for name in ROLE_SIDES:
        means = np.stack(
            [
                np.mean([curve.sides[name].mean(axis=0) for curve in sessions], axis=0)
                for sessions in of_athletes
            ]
        )
        middle, sd = means.mean(axis=0), means.std(axis=0, ddof=1)
        outlines[name] = path(middle + sd) + path(middle - sd, back=True) + "Z"
    return outlines
