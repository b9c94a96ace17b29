"""Section of an athlete's page: angular momentum beside that of other people at the same speed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from aqbio.figures.step_means import step_columns
from aqbio.figures.words import digits
from aqbio.gait.step_files import TURNING, flagged, kept_steps
from aqbio.io.study import Study
from aqbio.names import NORMAL, NORMAL_95
from aqbio.pages.address import KEPT, marked, plain, where
from aqbio.pages.filters import enumerated
from aqbio.pages.stance import UNIT
from aqbio.pages.unsteady import why_beyond_others
from aqbio.prepare.used_size import body_scale
from aqbio.reference.group import (
    ERROR,
    MEAN,
    THOUSANDTHS,
    OthersAtSpeed,
    other_people,
    others_at,
    others_at_speeds,
    people_words,
    read_reference,
)

SHOWN_PARTS = ("push_leg", "swing_leg", "arms", "torso", "total")

AXIS = "y"
"""About the vertical."""


def _label(part: str) -> str:
    """Name of a part in words."""
    return "whole body" if part == "total" else part.replace("_", " ")


@dataclass(frozen=True, slots=True)
class OwnAtSpeed:
    """An athlete's stance mean of one part at one speed, beside that of others."""

    part: str
    mean: float
    error: float
    """mean, error: kg m²/s; half of the 95 % interval of the measurement, NaN where not known."""
    scale: float
    """Mass times stature times speed over a thousand: from scaled numbers to kg m²/s."""
    others: OthersAtSpeed
    key: str
    """Key of the steps."""

    @property
    def label(self) -> str:
        """Name of the part."""
        return _label(self.part)

    @property
    def column(self) -> str:
        """Column of the mean."""
        return MEAN.format(self.part, AXIS)

    def _written(self, value: float, by: str) -> str:
        return marked(digits(value, UNIT), "steps", self.key, self.column, by=by)

    @property
    def text(self) -> str:
        """Own mean with its interval."""
        mean = self._written(self.mean, "both feet")
        if math.isnan(self.error):
            return mean
        column = ERROR.format(self.part, AXIS)
        half = marked(
            digits(self.error, UNIT), "steps", self.key, column, by="mean", factor=NORMAL_95
        )
        return f"{mean} ± {half}"

    @property
    def others_text(self) -> str:
        """Others, scaled to this body and speed: mean ± SD, or each where they are few."""
        others, scale = self.others, self.scale
        if others.is_band:
            mean = self._written(others.mean * scale, "mean of others")
            return f"{mean} ± {self._written(others.sd * scale, 'sd of others')}"
        values = sorted(others.values.values())
        return ", ".join(self._written(value * scale, "one of others") for value in values)

    @property
    def side(self) -> str:
        """Above or below the range by more than the error of measurement; empty otherwise."""
        low, high = (value * self.scale for value in self.others.range)
        error = 0.0 if math.isnan(self.error) else self.error
        if not self.others.is_band:
            return ""
        return "above" if self.mean - error > high else "below" if self.mean + error < low else ""

    @property
    def side_words(self) -> str:
        """Name of the part, with the address of the comparison that it lies on its `side`."""
        return marked(self.label, "steps", self.key, self.column, by=f"{self.side} others")


@dataclass(frozen=True, slots=True)
class SpeedBesideOthers:
    """All parts of an athlete at one speed."""

    speed_mps: float
    steps: int
    parts: tuple[OwnAtSpeed, ...]
    key: str
    """Key of the steps."""

    @property
    def title(self) -> str:
        """Speed, in words."""
        speed = marked(f"{self.speed_mps:.1f}", "steps", self.key, "speed_mps", by="both feet")
        return f"{speed} m/s"

    @property
    def is_band(self) -> bool:
        """True if enough others ran at this speed."""
        return any(part.others.is_band for part in self.parts)

    @property
    def people(self) -> int:
        """Number of other people at this speed."""
        return max(len(part.others.values) for part in self.parts)

    @property
    def others_title(self) -> str:
        """Number of other people, in words."""
        if not self.people:
            return "nobody else"
        return f"{self.counted_people} other{'s' * (self.people > 1)}"

    @property
    def counted_people(self) -> str:
        """Number of other people with its address."""
        part = max(self.parts, key=lambda part: len(part.others.values))
        return marked(self.people, "steps", self.key, part.column, by="number of others")


@dataclass(frozen=True, slots=True)
class BesideOthers:
    """Section of the page: sentence, rows of the table, drawing, and who the others are."""

    sentence: str
    speeds: tuple[SpeedBesideOthers, ...]
    drawing: Markup
    people: str


def beside_others(study: Study, participant_id: str, steps: pd.DataFrame) -> BesideOthers | None:
    """Compare an athlete with the reference group; None where the athlete has nothing to compare.

    The usual condition; angular momentum about the vertical, mean over stance.
    """
    scale_kgm = body_scale(study, participant_id)
    shown_steps = kept_steps(steps)
    is_straight = (shown_steps["condition"] == NORMAL) & ~flagged(shown_steps, TURNING)
    means = shown_steps[[MEAN.format(part, AXIS) for part in SHOWN_PARTS]]
    shown_steps = shown_steps[is_straight & means.notna().any(axis=1)].reset_index(drop=True)
    if math.isnan(scale_kgm) or shown_steps.empty:
        return None
    people = other_people(read_reference(study), study, participant_id)
    by_speed = [
        (speed, steps)
        for column in step_columns(shown_steps)
        if math.isfinite(column.speed_mps)
        and (steps := shown_steps.iloc[column.rows]) is not None
        and (speed := _at_speed(steps, scale_kgm, people)).parts
    ]
    if not by_speed:
        return None
    speeds = tuple(speed for speed, _ in by_speed)
    told = _told_speed(speeds)
    reason = ""
    if told.is_band:
        reason = why_beyond_others(by_speed[speeds.index(told)][1], told.speed_mps, told.key)
    sentence = " ".join(filter(None, (_sentence(told), reason)))
    return BesideOthers(
        sentence, speeds, _drawing(speeds, people), people_words(people, _of_reference)
    )


def _of_reference(text: str, rows: pd.DataFrame, column: str, by: str) -> str:
    """Write what is computed of rows of the reference group."""
    names = ("study", "person", "surface")
    key = where(**{name: [*dict.fromkeys(rows[name].astype(str))] for name in names})
    return marked(text, "reference", key, column, by=by)


def _at_speed(steps: pd.DataFrame, scale_kgm: float, people: pd.DataFrame) -> SpeedBesideOthers:
    by_foot = [foot for _, foot in steps.groupby("side")]
    speed = float(np.mean([foot["speed_mps"].mean() for foot in by_foot]))
    key = where(
        participant_id=steps["participant_id"].iloc[0],
        trial_id=[*dict.fromkeys(steps["trial_id"])],
        condition=NORMAL,
        step_flags=[*dict.fromkeys(steps["step_flags"].astype(object).fillna(""))],
        **KEPT,
    )
    parts = []
    for part in SHOWN_PARTS:
        mean = float(np.mean([foot[MEAN.format(part, AXIS)].mean() for foot in by_foot]))
        error = NORMAL_95 * float(steps[ERROR.format(part, AXIS)].mean())
        others = others_at(people, part, AXIS, speed)
        if math.isfinite(mean):
            scale = scale_kgm * speed / THOUSANDTHS
            parts.append(OwnAtSpeed(part, mean, error, scale, others, key))
    return SpeedBesideOthers(speed, len(steps), tuple(parts), key)


def _told_speed(speeds: Sequence[SpeedBesideOthers]) -> SpeedBesideOthers:
    """The fastest speed with a band; the fastest where none has one."""
    return ([speed for speed in speeds if speed.is_band] or speeds)[-1]


def _sentence(speed: SpeedBesideOthers) -> str:
    """State which parts lie outside the range of the others at a speed."""
    if not speed.is_band:
        return f"At {speed.title} {speed.others_title} ran: too few for a band."
    beyond = [
        f"{enumerated(labels)} {'lie' if len(labels) > 1 or 'arms' in labels[0] else 'lies'} {side}"
        for side in ("above", "below")
        if (labels := [f"the {part.side_words}" for part in speed.parts if part.side == side])
    ]
    others = f"the range of {speed.others_title}"
    if not beyond:
        return f"At {speed.title} no part leaves {others} beyond the error of measurement."
    rest = "" if all(part.side for part in speed.parts) else "; no other part does"
    return (
        f"At {speed.title} {' and '.join(beyond)} {others} beyond the error of measurement{rest}."
    )


# the drawing ------------------------------------------------------------------------------------

WIDTH, HEIGHT = 200, 150
LEFT, TOP, BOTTOM, RIGHT = 30, 18, 24, 4
LABEL_ROOM = 4
"""Half of the width of a digit of a label, which is left out where it would be cut."""
GRID_MPS = 0.1


def _drawing(speeds: Sequence[SpeedBesideOthers], people: pd.DataFrame) -> Markup:
    """Draw a panel per part: own means over speed on the band and the points of the others."""
    own_speeds = [speed.speed_mps for speed in speeds]
    low, high = min(own_speeds) - 0.5, max(own_speeds) + 0.5
    bands = {part: _band(part, people, low, high) for part in SHOWN_PARTS}
    values = [value for speed in speeds for part in speed.parts for value in _own_ends(part)]
    values += [end for band in bands.values() for _, others in band for end in others.ends]
    values += [x for speed in speeds for part in speed.parts for x in _single_values(part)]
    bottom, top = min(0.0, *values), max(0.0, *values)
    room = 0.06 * (top - bottom) or 1.0
    frame = _Frame(low, high, bottom - room, top + room)
    panels = [_panel(part, speeds, bands[part], frame) for part in SHOWN_PARTS]
    return Markup("").join(panel for panel in panels if panel)


def _single_values(part: OwnAtSpeed) -> list[float]:
    """Scaled numbers of the others where they are too few for a band."""
    return [] if part.others.is_band else list(part.others.values.values())


def _own_ends(part: OwnAtSpeed) -> Iterator[float]:
    error = 0.0 if math.isnan(part.error) else part.error
    yield from ((part.mean - error) / part.scale, (part.mean + error) / part.scale)


@dataclass(frozen=True, slots=True)
class _Frame:
    """From speed and scaled momentum to the coordinates of a panel."""

    low: float
    high: float
    bottom: float
    top: float

    def x(self, speed: float) -> str:
        share = (speed - self.low) / (self.high - self.low)
        return f"{LEFT + share * (WIDTH - LEFT - RIGHT):.1f}"

    def y(self, value: float) -> str:
        share = (self.top - value) / (self.top - self.bottom)
        return f"{TOP + share * (HEIGHT - TOP - BOTTOM):.1f}"

    def point(self, speed: float, value: float) -> str:
        return f"{self.x(speed)} {self.y(value)}"


Band = list[tuple[float, OthersAtSpeed]]
"""Others by speed, where there are enough for a mean and a standard deviation."""


def _band(part: str, people: pd.DataFrame, low: float, high: float) -> Band:
    grid = np.arange(low, high, GRID_MPS).tolist()
    by_speed = zip(grid, others_at_speeds(people, part, AXIS, grid), strict=True)
    return [(speed, others) for speed, others in by_speed if others.is_band]


def _panel(part: str, speeds: Sequence[SpeedBesideOthers], band: Band, frame: _Frame) -> Markup:
    numbers_by_speed = [
        (speed.speed_mps, number)
        for speed in speeds
        for number in speed.parts
        if number.part == part
    ]
    if not numbers_by_speed:
        return Markup()
    title = _label(part).capitalize()
    numbers = "; ".join(
        f"{speed:.1f} m/s: {plain(number.text)}" for speed, number in numbers_by_speed
    )
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}, {numbers}">',
        f'<text x="{LEFT}" y="11">{title}</text>',
        *_band_paths(band, frame),
        f'<path class="zero" d="M{LEFT} {frame.y(0.0)}H{WIDTH - RIGHT}"/>',
        *_scales(frame),
    ]
    for speed, number in numbers_by_speed:
        low, high = _own_ends(number)
        x, middle = frame.x(speed), frame.y(number.mean / number.scale)
        rings = [frame.y(value) for value in _single_values(number)]
        lines += [f'<circle class="others" cx="{x}" cy="{y}" r="3"/>' for y in rings]
        lines.append(f'<path class="own" d="M{x} {frame.y(low)}V{frame.y(high)}"/>')
        lines.append(f'<circle class="own" cx="{x}" cy="{middle}" r="3.2"/>')
    return Markup("".join([*lines, "</svg>"]))  # of numbers and words of ours only


def _band_paths(band: Band, frame: _Frame) -> Iterator[str]:
    """Mean ± standard deviation over the speeds at which enough people ran."""
    if len(band) < 2:
        return
    above = [frame.point(speed, others.ends[1]) for speed, others in band]
    below = [frame.point(speed, others.ends[0]) for speed, others in reversed(band)]
    middle = [frame.point(speed, others.mean) for speed, others in band]
    yield f'<path class="band" d="M{"L".join([*above, *below])}Z"/>'
    yield f'<path class="others" d="M{"L".join(middle)}"/>'


def _scales(frame: _Frame) -> Iterator[str]:
    for value in (_round(frame.bottom), _round(frame.top)):
        if value:
            y = float(frame.y(value)) + 4.0
            yield f'<text x="{LEFT - 3}" y="{y:.1f}" text-anchor="end">{digits(value)}</text>'
    yield f'<text x="{LEFT - 3}" y="{float(frame.y(0.0)) + 4.0:.1f}" text-anchor="end">0</text>'
    ticks = range(math.ceil(frame.low), math.floor(frame.high) + 1)
    for speed in ticks if len(ticks) <= 5 else ticks[1::2]:
        x = frame.x(speed)
        if float(x) < WIDTH - LABEL_ROOM * len(str(speed)):
            yield f'<text x="{x}" y="{HEIGHT - 10}" text-anchor="middle">{speed}</text>'


def _round(value: float) -> float:
    """The value's largest round number within it."""
    if not value:
        return 0.0
    power: Any = 10.0 ** math.floor(math.log10(abs(value)))
    return float(math.copysign(math.floor(abs(value) / power) * power, value))
