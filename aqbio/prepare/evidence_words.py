"""Words for what disagrees in recordings, and for what disagrees no longer without a fault."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from aqbio.prepare.explanations import MIN_LOG_ODDS, Disagreements, Scales, excess, kind_of
from aqbio.vectors import FloatArray

TURN_UNIT = "g m²/s per kg"

SHARE = "share"
"""Unit of natural logarithms of factors near 1, which are written in per cent."""

DIFFERS = "differs between markers and forces by"

STATEMENTS = MappingProxyType(
    {
        "path x": (f"the fore-aft path of the centre of mass {DIFFERS}", "mm"),
        "path y": (f"the vertical path of the centre of mass {DIFFERS}", "mm"),
        "path z": (f"the sideways path of the centre of mass {DIFFERS}", "mm"),
        "turn x": (f"angular momentum about the fore-aft axis {DIFFERS}", TURN_UNIT),
        "turn y": (f"angular momentum about the vertical {DIFFERS}", TURN_UNIT),
        "turn z": (f"angular momentum about the sideways axis {DIFFERS}", TURN_UNIT),
        "fall": ("by the fall of the body in flight the rate is off by", SHARE),
        "model fall": ("by the fall of the body of the model the rate is off by", SHARE),
        "lag": ("the vertical force and the centre of mass are apart by", "ms"),
        "slope x": ("of the body weight acts along the run without moving the body", "%"),
        "slope z": ("of the body weight acts across the run without moving the body", "%"),
        "pressure": ("the centre of pressure lies beside the feet by", "mm"),
        "place along": ("the centre of pressure varies along the feet by", "mm"),
        "place across": ("the centre of pressure varies across the feet by", "mm"),
        "free moment": ("the free moment over the force is", "mm"),
        "travel": ("the centre of pressure moves under a foot less than usual, by a factor of", ""),
        "momentum": ("impulses of the contacts differ from what the body gains by", SHARE),
        "impulses": ("impulses of the contacts differ by a factor of", ""),
        "peaks": ("the largest forces of the plates differ by a factor of", ""),
        "mass": ("the body mass by forces is off by a factor of", ""),
        "weight": ("the body mass by forces differs from that of the sheet by", SHARE),
        "model mass": ("the body mass by forces is off that of the model by a factor of", ""),
        "stray": ("of the loads lie under no foot", "%"),
        "middles": ("the middle of a contact differs between forces and foot markers by", "ms"),
        "aloft": ("of the force acts while no foot stands", "%"),
        "pull": ("of the force pulls the runner down", "%"),
        "sides": ("parts of the body lie on their other side by", "mm"),
        "lengths": ("distances between labels differ from those of other recordings by", "mm"),
        "under foot": ("the centres of pressure lie beside the feet by", "mm"),
        "named feet": ("of the loads lie under another foot than their columns name", "%"),
        "lean": ("the forces push otherwise than from the ground to the hips, 1 less cosine", ""),
    }
)  # fmt: skip
"""Words and unit of a disagreement by kind of redundancy."""

LOGARITHMS = frozenset({"mass", "model mass", "travel", "impulses", "peaks"})
"""Redundancies whose sizes are natural logarithms of factors."""

FACTORS = MappingProxyType({"mm": 1e3, "ms": 1e3, "%": 1e2, TURN_UNIT: 1e3, "": 1.0})


def surprise(values: FloatArray, name: str, scales: Scales) -> float:
    """Improbability of the values of a redundancy beyond that of usual ones."""
    return excess({name: values}, scales)


def _stated(values: FloatArray, name: str) -> str:
    """Size of a disagreement with its unit."""
    kind = kind_of(name)
    unit = STATEMENTS[kind][1]
    size = float(np.mean(values) if unit == "%" else np.sqrt(np.mean(values**2)))
    if unit == SHARE:
        return f"a factor of {np.exp(size):.3g}" if size > np.log(2.0) else f"{np.expm1(size):.1%}"
    size = float(np.exp(size)) if kind in LOGARITHMS else FACTORS[unit] * size
    return f"{_rounded(size)}{'' if unit == '%' else ' '}{unit}".strip()


def disagreement_words(values: FloatArray, name: str) -> str:
    """Words for what disagrees in a recording as it is."""
    words, unit = STATEMENTS[kind_of(name)]
    stated = _stated(values, name)
    return f"{stated} {words}" if unit == "%" else f"{words} {stated}"


def worst_words(disagreements: Disagreements, scales: Scales, count: int = 1) -> str:
    """Words for the one that disagrees most, and for others that do beyond what is usual."""
    sizes = {name: surprise(values, name, scales) for name, values in disagreements.items()}
    worst = sorted(sizes, key=lambda name: -sizes[name])[:count]
    worst = [*worst[:1], *(x for x in worst[1:] if sizes[x] > MIN_LOG_ODDS)]
    return ", and ".join(disagreement_words(disagreements[name], name) for name in worst)


def agreement_words(
    before: Disagreements, after: Disagreements, scales: Scales, *, loses: bool = False
) -> str:
    """Words for the redundancy that gains most by undoing a fault, or ``loses`` most; or none."""
    shared = [name for name in before if name in after and kind_of(name) in STATEMENTS]
    if not shared:
        return ""
    way = -1.0 if loses else 1.0
    name = max(
        shared, key=lambda x: way * (surprise(before[x], x, scales) - surprise(after[x], x, scales))
    )
    left = _stated(after[name], name)
    return f"as recorded, {disagreement_words(before[name], name)}; with that undone, {left}"


def _rounded(number: float) -> str:
    """A size to whole numbers, or to two digits where it is small."""
    return f"{number:.0f}" if number >= 10.0 else f"{number:.2g}" if number >= 0.05 else "0"
