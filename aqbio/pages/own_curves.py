"""An athlete's curves on those of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from aqbio.vectors import FloatArray

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
