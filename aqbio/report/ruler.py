"""An estimate on a ruler: its interval, zero, the smallest effect of interest, every athlete."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from aqbio.figures.numbers import shown_together

WIDTH, HEIGHT, MARGIN = 320.0, 62.0, 14.0
"""Of the drawing, in its own units."""

LINE, DOTS = 22.0, 36.0
"""Heights of the estimate and of the athletes."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """What a ruler shows, in the unit of the estimate."""

    estimate: float
    low: float
    high: float
    """low, high: 95 % interval; NaN: none."""
    smallest: float
    """Smallest effect of interest, with the sign of the prediction."""
    two_sided: bool
    """Whether no change beyond ±smallest is predicted."""
    dots: Sequence[float] = ()
    """Athletes' own numbers."""
    marks: Sequence[tuple[str, float]] = ()
    """Those that are marked, by athlete: each mark says whose it is."""


def ruler(shown: Ruler) -> Markup:
    """Draw a ruler as inline SVG with its numbers in words; grey is where the prediction lies."""
    values = [shown.estimate, shown.low, shown.high, 0.0, shown.smallest, *shown.dots]
    values += [-shown.smallest] if shown.two_sided else []
    known = [one for one in values if math.isfinite(one)]
    low, high = min(known), max(known)
    room = 0.06 * (high - low) or 1.0
    low, high = low - room, high + room

    def at(value: float) -> float:
        return MARGIN + (WIDTH - 2.0 * MARGIN) * (value - low) / (high - low)

    begin, end = _predicted(shown, low, high)
    words = _words(shown)
    parts = [
        (
            f'<svg class="ruler" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
            f'aria-label="{words}">'
        ),
        (
            f'<rect x="{at(begin):.1f}" y="8" width="{at(end) - at(begin):.1f}" height="36" '
            'class="predicted"/>'
        ),
        f'<path d="M{MARGIN} 44H{WIDTH - MARGIN}" class="axis"/>',
        _upright(at(0.0), "zero", "0"),
        _upright(at(shown.smallest), "smallest", f"{shown.smallest:.3g}".replace("-", "−")),
    ]
    if shown.two_sided:
        parts.append(_upright(at(-shown.smallest), "smallest", ""))
    parts += [f'<circle cx="{at(one):.1f}" cy="{DOTS}" r="2.6" class="one"/>' for one in shown.dots]
    parts += [
        f'<path d="M{at(one):.1f} {DOTS - 6}l5 6l-5 6l-5 -6z" class="own" data-of="{escape(who)}"/>'
        for who, one in shown.marks
    ]
    if math.isfinite(shown.low):
        parts.append(
            f'<path d="M{at(shown.low):.1f} {LINE}H{at(shown.high):.1f}" class="interval"/>'
        )
    parts.append(
        f'<circle cx="{at(shown.estimate):.1f}" cy="{LINE}" r="5" class="estimate"/></svg>'
    )
    return Markup("".join(parts))  # of numbers and words of ours, and escaped names


def _predicted(shown: Ruler, low: float, high: float) -> tuple[float, float]:
    if shown.two_sided:
        size = abs(shown.smallest)
        return -size, size
    return (shown.smallest, high) if shown.smallest > 0 else (low, shown.smallest)


def _upright(x: float, kind: str, words: str) -> str:
    text = f'<text x="{x:.1f}" y="56" text-anchor="middle">{words}</text>' if words else ""
    return f'<path d="M{x:.1f} 8V46" class="{kind}"/>{text}'


def _words(shown: Ruler) -> str:
    value, low, high = shown_together(shown.estimate, shown.low, shown.high)
    told = f"Estimate {value}"
    if math.isfinite(shown.low):
        told += f", 95 % interval {low} to {high}"
    size = f"{shown.smallest:.3g}".replace("-", "−")
    if shown.two_sided:
        told += f"; predicted: no change beyond ±{size}"
    else:
        told += f"; predicted: {size} or beyond"
    if shown.dots:
        told += f"; {len(shown.dots)} athletes' own numbers"
    return told
