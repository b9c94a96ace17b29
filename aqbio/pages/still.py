"""A trial in a few stick figures: what a print, and who cannot see the replay, has of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from aqbio.multibody.skeleton import GROUND
from aqbio.pages.replay import Replayed, whole_body_com
from aqbio.vectors import FloatArray, rotate

BETWEEN = 0.95
"""Distance of one figure from the next, m on paper."""

HEIGHT = 2.05
SCALE = 100.0
"""Height of the drawing, m, and units of the drawing for each m."""

LOOKS = {
    "left": 'stroke="#009e73" stroke-dasharray="5 3"',
    "right": 'stroke="#a8518a"',
    "": 'stroke="currentColor"',
}
"""Sides by colour and by dashes, as in the curves."""


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant that is drawn."""

    words: str
    time: float
    """s."""


def instants(replayed: Replayed) -> tuple[Instant, ...]:
    """Touchdown, mid-stance, toe-off, mid-flight, next touchdown of the first whole contact."""
    shown = replayed.time[[0, -1]]
    whole = [
        one
        for one in replayed.contacts
        if shown[0] <= one["touchdown"] and one["toe_off"] <= shown[1]
    ]
    if not whole:
        return tuple(
            Instant("first frame" if one == shown[0] else "last frame", one) for one in shown
        )
    first, *others = whole
    down, off = first["touchdown"], first["toe_off"]
    told = [
        Instant(f"{first['foot']} foot down", down),
        Instant("middle of contact", 0.5 * (down + off)),
        Instant("toe-off", off),
    ]
    if others:
        again = others[0]["touchdown"]
        told += [
            Instant("middle of flight", 0.5 * (off + again)),
            Instant(f"{others[0]['foot']} foot down", again),
        ]
    return tuple(told)


def still(replayed: Replayed) -> Markup:
    """Stick figures of `instants`, seen from the right, as SVG for the page itself."""
    drawn = instants(replayed)
    width = BETWEEN * (len(drawn) + 0.35)
    words = "; ".join(f"{one.words} at {one.time:.3f} s" for one in drawn)
    parts = [
        (
            f'<svg class="still" viewBox="0 0 {SCALE * width:.0f} {SCALE * (HEIGHT + 0.25):.0f}" '
            f'role="img" aria-label="Stick figures seen from the right: {words}">'
        )
    ]
    parts += [
        (
            f'<path d="M0 {SCALE * HEIGHT:.1f}H{SCALE * width:.0f}" stroke="currentColor" '
            'stroke-opacity=".4" fill="none"/>'
        )
    ]
    for place, one in enumerate(drawn):
        parts += list(_figure(replayed, one, BETWEEN * (place + 0.65)))
    return Markup("".join((*parts, "</svg>")))  # of numbers and words of ours only


def _figure(replayed: Replayed, instant: Instant, across: float) -> Iterator[str]:
    frame = int(np.argmin(np.abs(replayed.time - instant.time)))
    middle = whole_body_com(replayed.skeleton, replayed.poses)[frame]
    for side in LOOKS:
        paths = "".join(
            f"M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}"
            for (x, y), (u, v) in (
                _on_paper(line, middle, replayed.ground, across)
                for line in _bones(replayed, frame, side)
            )
        )
        if paths:
            yield (
                f'<path d="{paths}" {LOOKS[side]} stroke-width="3" stroke-linecap="round" '
                'fill="none"/>'
            )
    for line, words in enumerate((instant.words, f"{instant.time:.3f} s")):
        yield (
            f'<text x="{SCALE * across:.1f}" y="{SCALE * HEIGHT + 11 + 10 * line:.1f}" '
            f'text-anchor="middle" font-size="9" fill="currentColor">{words}</text>'
        )


def _bones(replayed: Replayed, frame: int, side: str) -> Iterator[FloatArray]:
    """Lines (2, 3), m, from each segment's parent to it, and through its mass where it ends."""
    skeleton, poses = replayed.skeleton, replayed.poses
    group = {body: name for name, members in replayed.groups.items() for body in members}
    origin = poses.origin[frame]
    tips = origin + 2.0 * rotate(poses.rotation[frame], skeleton.com)
    for number, body in enumerate(skeleton.bodies):
        name = group.get(body, "")
        own = next((one for one in ("left", "right") if name.endswith(one)), "")
        if own != side or not replayed.seen.get(body, True):
            continue
        parent = int(skeleton.parent[number])
        if parent != GROUND:
            yield np.stack([origin[parent], origin[number]])
        if number not in skeleton.parent:
            yield np.stack([origin[number], tips[number]])


def _on_paper(
    line: FloatArray, middle: FloatArray, ground: float, across: float
) -> Sequence[tuple[float, float]]:
    return [
        (SCALE * (across + float(x - middle[0])), SCALE * (HEIGHT - float(y - ground)))
        for x, y, _ in line
    ]
