"""What athletes' pages show of all athletes: neighbours, curves, rulers, in one script.

An athlete's page has a place for each; its script puts in what is there, without what belongs to
other athletes (``data-of``). So pages stay as they are when somebody else runs again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from aqbio.figures.step_means import kept_steps, step_columns
from aqbio.gait.step_files import study_curves
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.names import ROLE_SIDES
from aqbio.pages.filters import rows, template
from aqbio.pages.page import PageContent
from aqbio.pages.stance import fastest
from aqbio.pages.verdicts import VerdictOnPage, own_numbers, ruler, verdict_section
from aqbio.vectors import FloatArray

PLACES = {"beside": "group_beside", "curves": "group_curves", "numbers": "group_numbers"}
"""Places on an athlete's page, and the templates of what goes there."""


@dataclass(frozen=True)
class GroupContent:
    """What pages of athletes show of all athletes."""

    people: tuple[str, ...]
    verdicts: tuple[VerdictOnPage, ...]
    single: pd.DataFrame
    """The table of single athletes."""
    curves: Mapping[str, SideCurves]
    """Of both sides, by athlete."""


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """A hypothesis of which athletes have numbers of their own."""

    id: str
    title: str
    unit: str
    ruler: Markup
    rows: list[dict[str, Any]]
    """Of the table of single athletes."""


def group_script(content: GroupContent) -> str:
    """The script that athletes' pages load."""
    made = {name: template(f"{of}.html.j2").render(_shown(content)) for name, of in PLACES.items()}
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return "globalThis.GROUP=" + text.replace("<", r"\u003c") + ";\n"


def _shown(content: GroupContent) -> dict[str, Any]:
    return {
        "people": content.people,
        "drawing": curves_drawing(content.curves),
        "numbers": list(_numbers(content)),
    }


def _numbers(content: GroupContent) -> Iterator[OwnNumbers]:
    own = own_numbers(content.single)
    for one in content.verdicts:
        name = one.hypothesis.id
        if name in own:
            table = content.single[content.single["hypothesis"] == name]
            yield OwnNumbers(
                name,
                one.hypothesis.title,
                str(one.row["unit"]),
                ruler(one.row, own[name], marked=True),
                rows(table),
            )


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560.0, 230.0, 42.0, 26.0, 8.0
"""Of the drawing, in its own units."""

FEWEST = 3
"""Athletes of whom a band is drawn."""


@dataclass(frozen=True, slots=True)
class SideCurves:
    """Means of an athlete's steps."""

    title: str
    """Condition and speed of the steps."""
    steps: int
    means: Mapping[str, FloatArray]
    """(101,) array, kg m²/s, from touchdown to toe-off, by side."""


LOOKS = {"push_side": "push", "swing_side": "swing"}


def curves_drawing(curves: Mapping[str, SideCurves]) -> Markup:
    """Draw every athlete's curves on the band of all; ``data-of`` names the athlete."""
    whole = {
        name: one
        for name, one in curves.items()
        if all(np.isfinite(mean).all() for mean in one.means.values())
    }
    if not whole:
        return Markup()
    every = {
        side: np.stack([one.means[side] for one in whole.values()])
        for side in next(iter(whole.values())).means
    }
    bands = {}
    if len(whole) >= FEWEST:
        for side, values in every.items():
            mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
            bands[side] = (mean - sd, mean + sd)
    shown = [*every.values(), *(edge for band in bands.values() for edge in band)]
    low, high = min(0.0, *(one.min() for one in shown)), max(0.0, *(one.max() for one in shown))
    paper = _Paper(float(low), float(high))
    parts = [
        (
            f'<svg class="own-curves" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
            'aria-label="Angular momentum of both sides about the vertical; the text below has the '
            'means">'
        ),
        *paper.axes(),
    ]
    for side, (lower, upper) in bands.items():
        outline = paper.line(upper) + paper.back(lower)
        parts.append(f'<path d="{outline}Z" class="band {LOOKS[side]}"/>')
    parts += [
        f'<path d="{paper.line(mean)}" class="curve {LOOKS[side]}" data-of="{escape(name)}"/>'
        for name, one in whole.items()
        for side, mean in one.means.items()
    ]
    words = Markup().join(_own_words(name, one) for name, one in whole.items())
    band = f" Bands: mean ± standard deviation of {len(whole)} athletes." if bands else ""
    caption = Markup(
        "<figcaption>Angular momentum about the vertical (kg m²/s) in the fastest class of speeds "
        "({} on average over athletes): push side solid and blue, swing side dashed and orange. "
        "{}{}</figcaption>"
    ).format(next(iter(whole.values())).title, words, band)
    return Markup("<figure>") + Markup("".join((*parts, "</svg>"))) + caption + Markup("</figure>")


def _own_words(name: str, own: SideCurves) -> Markup:
    """Numbers behind an athlete's curves."""
    said = ", ".join(
        f"{side.replace('_', ' ')} {float(mean.mean()):.2f}".replace("-", "−")
        for side, mean in own.means.items()
    )
    return Markup('<span data-of="{}">Means of {} steps: {}.</span>').format(name, own.steps, said)


@dataclass(frozen=True, slots=True)
class _Paper:
    """From numbers to the drawing."""

    low: float
    high: float

    def y(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)

    def points(self, values: FloatArray) -> list[str]:
        """Values at whole per cent."""
        x = LEFT + (WIDTH - LEFT - 6.0) * np.arange(len(values)) / (len(values) - 1)
        return [
            f"{one:.1f} {self.y(float(value)):.1f}" for one, value in zip(x, values, strict=True)
        ]

    def line(self, values: FloatArray) -> str:
        """A path along values."""
        return "M" + "L".join(self.points(values))

    def back(self, values: FloatArray) -> str:
        """The way back along other ones."""
        return "L" + "L".join(reversed(self.points(values)))

    def axes(self) -> Iterator[str]:
        """Zero, the extremes, and what runs along."""
        for value in sorted({self.low, 0.0, self.high}):
            words = f"{value:.1f}".replace("-", "−")
            kind = "zero" if value == 0.0 else "axis"
            yield f'<path d="M{LEFT} {self.y(value):.1f}H{WIDTH - 6}" class="{kind}"/>'
            yield (
                f'<text x="{LEFT - 6}" y="{self.y(value) + 4:.1f}" text-anchor="end">{words}</text>'
            )
        for x, words, anchor in (
            (LEFT, "touchdown", "start"),
            (WIDTH - 6, "toe-off", "end"),
        ):
            yield f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="{anchor}">{words}</text>'


def group_content(study: Study, content: PageContent) -> GroupContent:
    """Gather it."""
    return GroupContent(
        people=tuple(str(name) for name in content.people["participant_id"]),
        verdicts=verdict_section(content.verdicts).verdicts,
        single=content.verdicts.single,
        curves=_curves(study, content, study.settings.figures.speed_edges_mps),
    )


def _curves(
    study: Study, content: PageContent, edges_mps: tuple[float, ...]
) -> dict[str, SideCurves]:
    """Curves of both sides in contact about the vertical, of the fastest steps, by athlete."""
    kept = kept_steps(content.steps)
    column = fastest(list(step_columns(kept, edges_mps)))
    if column is None:
        return {}
    chosen = kept.iloc[column.rows]
    wanted = set(zip(chosen["participant_id"], chosen["trial_id"], strict=True))
    found = {}
    for name in [one.participant_id for one in study.participants]:
        with study_curves(study, name) as steps:
            [data] = steps.participants
            trials = data["trial_id"].values
            own = np.array([(name, trial) in wanted for trial in trials], dtype=bool)
            if own.any():
                means = {side: _momentum(steps, side)[own].mean(axis=0) for side in ROLE_SIDES}
                found[name] = SideCurves(column.title, int(own.sum()), means)
    return found


def _momentum(steps: StudyCurves, side: str) -> FloatArray:
    """Angular momentum of a side in contact about the vertical, (S, 101)."""
    values: FloatArray = (
        steps["angular_momentum"].sel(group=side, axis="y").sel(phase="stance").values
    )
    return values
