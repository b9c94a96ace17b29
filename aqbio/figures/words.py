"""Words and numbers as people read them: units, choices of the analysis, sources of level C."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from aqbio.figures.marks import marked

_DECIMALS = {
    "kg m²/s": 2,
    "N m": 1,
    "N": 0,
    "BW": 2,
    "m/s": 2,
    "1/s": 2,
    "s": 3,
    "mm": 1,
    "ms": 1,
    "%": 1,
    "%BW": 1,
    "kg": 2,
    "m": 3,
    "deg": 2,
    "m/s²": 2,
}
MISSING = "n/a"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def digits(value: float, unit: str = "") -> str:
    """Write a number with the decimals usual for its unit."""
    if not math.isfinite(value):
        return MISSING
    text = f"{value:.{_DECIMALS[unit]}f}" if unit in _DECIMALS else _significant(value)
    if unit in _DECIMALS and float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def with_error(value: float, halves: Sequence[float], unit: str) -> list[str]:
    """Write a value and halves of intervals about it, all to the digit that the first one bears."""
    numbers = [value, *halves]
    if unit in _DECIMALS or not (math.isfinite(halves[0]) and halves[0] > 0.0):
        return [digits(number, unit) for number in numbers]
    decimals = max(0, 1 - math.floor(math.log10(halves[0])))
    rounded = [round(number, decimals) + 0.0 for number in numbers]
    return [f"{number:.{decimals}f}".replace("-", "−") for number in rounded]


def format_interval(value: float, low: float, high: float) -> tuple[str, str, str]:
    """Write an estimate and its interval with decimals that suit the width of the interval."""
    half = 0.5 * abs(high - low)
    if not (math.isfinite(half) and half > 0):
        return digits(value), digits(low), digits(high)
    return interval_texts(value, low, high, max(0, 1 - math.floor(math.log10(half))))


MORE_DECIMALS = 4
"""Most decimals that are added so that an end near 0 is not written as 0."""


def interval_texts(value: float, low: float, high: float, decimals: int) -> tuple[str, str, str]:
    """Write an estimate and its interval; one that leaves out 0 with decimals that show it."""
    for more in range(MORE_DECIMALS + 1):
        texts = [f"{number:.{decimals + more}f}" for number in (value, low, high)]
        if low * high <= 0.0 or all(float(text) for text in texts[1:]):
            break
    parts = [text.lstrip("-") if float(text) == 0 else text.replace("-", "−") for text in texts]
    return parts[0], parts[1], parts[2]


def _significant(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


WHO = "who"
"""Attribute of a figure's rows: whom it averages over."""


def averaged(people: Mapping[str, str]) -> str:
    """Whom means are taken over: sessions where a person came more than once, else athletes.

    ``people``: person of every participant.
    """
    return "session" if len(set(people.values())) < len(people) else "athlete"


def who(rows: pd.DataFrame) -> str:
    """Whom means of the rows of a figure are taken over."""
    return str(rows.attrs.get(WHO, "athlete"))


def count_words(count: int, noun: str, column: str = "", *, by: str, key: str = "") -> str:
    """Number and noun; the number is computed from a column of the figure's own rows."""
    return f"{marked(count, '', key, column, by=by)} {noun}{'s' * (count != 1)}"


def range_words(low: int, high: int, noun: str, column: str) -> str:
    """Least and largest number of a column of the figure's own rows, and noun."""
    if low == high:
        return count_words(high, noun, column, by="most")
    return (
        f"{marked(low, '', '', column, by='least')} to {count_words(high, noun, column, by='most')}"
    )


def specification_words(name: str) -> str:
    """Name a specification as a reader would."""
    parts = []
    for setting in name.split():
        choice, _, value = setting.partition("=")
        parts.append(_CHOICES[choice].format(_VALUES.get(value, value)))
    return ", ".join(parts)


def factor_words(factor: str) -> str:
    """Name a factor as a reader would."""
    return _FACTORS.get(factor, factor.replace("_", " "))


_FACTORS = {
    "consistency": "the consistency fit",
    "cutoff": "the cut-off frequency",
    "threshold": "the force at which events are found",
    "body": "the masses of the segments",
    "pelvis": "where the pelvis counts",
    "contact_model": "the contact model",
    "errors": "the error model",
    "outliers": "athletes far from the others",
    "covariates": "what is held between athletes",
    "who_counts": "who counts",
}


def choice_words(choice: str) -> str:
    """Name one choice in a sentence."""
    factor, _, value = choice.partition("=")
    value_words = "left out" if (factor, value) == ("pelvis", "out") else _VALUES.get(value, value)
    words = "the pelvis {}" if value_words == "left out" else _SENTENCES.get(factor, "{}")
    return words.format(value_words)


_SENTENCES = {
    "consistency": "the consistency fit {}",
    "cutoff": "a cut-off of {} Hz",
    "threshold": "events at {} N",
    "body": "the segment masses of {}",
    "model": "the model {}",
    "pelvis": "the pelvis with {}",
    "contact_model": "contact model {}",
    "errors": "{} errors",
    "outliers": "a fit with {} tails",
    "covariates": "nothing held between athletes ({})",
    "who_counts": "{} counted",
}
_CHOICES = {
    "consistency": "fit {}",
    "cutoff": "{} Hz",
    "threshold": "events at {} N",
    "body": "body: {}",
    "model": "model: {}",
    "pelvis": "pelvis: {}",
    "contact_model": "contact model {}",
    "errors": "{} errors",
    "outliers": "{} tails",
    "covariates": "covariates: {}",
    "who_counts": "{} counts",
}
_VALUES = {
    "de_leva": "de Leva", "dumas": "Dumas", "push_leg": "push leg", "legs": "both legs",
    "left_out": "left out",
}  # fmt: skip


MODELS = ("C2", "C1", "C3", "C4")
"""Contact models; the first is the primary one."""

SUMS = ("push_side", "swing_side")
JOINTS = ("hip", "knee", "ankle_toes", "ankle", "mtp")
"""Joints of a leg; ankle and toes of the standing foot are stated together."""

JOINT_WORDS = {"mtp": "toes", "ankle_toes": "ankle and toes"}
"""Names of joints that differ from the name of their source."""

ARM_JOINTS = ("shoulder", "elbow")
NON_JOINT_SOURCES = ("gravity", "velocity", "contact", "remainder", "residual")
ALL_SOURCES = "together"
"""All sources together: by superposition the measured rate or force, residual included."""

SOURCES = (
    ALL_SOURCES,
    *SUMS,
    *(f"{joint}_push" for joint in JOINTS),
    "lumbar",
    *(f"{joint}_{side}" for joint in ARM_JOINTS for side in ("push", "swing")),
    *(f"{joint}_swing" for joint in JOINTS),
    *NON_JOINT_SOURCES,
)
"""Sources from top to bottom."""

LABELS = {
    ALL_SOURCES: "all together: measured",
    "push_side": "all push-side joints",
    "swing_side": "all swing-side joints",
    "lumbar": "lumbar joint",
    "gravity": "gravity",
    "velocity": "velocity terms",
    "contact": "foot's own motion",
    "remainder": "rest of contact",
    "residual": "residual",
    "push_leg": "push leg",
    "swing_leg": "swing leg",
    "legs": "both legs",
    "arms": "arms",
    "torso": "torso",
}
EARLY_AND_LATE = ("braking", "propulsion")
"""Stance before and after the fore-aft force turns."""

GROUPS = ("push_leg", "swing_leg", "legs", "arms", "torso")
ORDER = (*SOURCES, *GROUPS)
"""All bars from top to bottom."""


def source_label(source: str) -> str:
    """Name a source in words."""
    if source in LABELS:
        return LABELS[source]
    joint, _, side = source.rpartition("_")
    return f"{JOINT_WORDS.get(joint, joint)}, {side}"
