"""Body mass and stature that the parameters of a C3D file state, in whatever unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from aqbio.names import GRAVITY

GROUPS = ("PROCESSING", "SUBJECTS", "SUBJECT", "ANALYSIS")
"""Groups of parameters in which capture software keeps measures of the subject."""

MASS, WEIGHT, HEIGHT = "mass", "weight", "height"
NAMES = {
    **dict.fromkeys(("mass", "bodymass", "subjectmass", "masskg"), MASS),
    **dict.fromkeys(("weight", "bodyweight", "subjectweight", "weightkg"), WEIGHT),
    **dict.fromkeys(("height", "bodyheight", "subjectheight", "stature", "heightmm"), HEIGHT),
}
"""Quantities of parameters, by their names in small letters without anything else."""

RANGES = {
    MASS: ((20.0, 200.0, 1.0), (20e3, 200e3, 1e-3)),
    WEIGHT: ((20.0, 200.0, 1.0), (200.0, 2000.0, 1.0 / GRAVITY), (20e3, 200e3, 1e-3)),
    HEIGHT: ((1.0, 2.3, 1.0), (100.0, 230.0, 0.01), (1000.0, 2300.0, 0.001)),
}
"""Values of people and their unit: kg, g and, of a weight, N; m, cm and mm."""

MAX_RELATIVE_DIFFERENCE = 0.01
"""Two parameters state the same where they differ by less than this share."""

COLUMNS = {MASS: "mass_kg", WEIGHT: "mass_kg", HEIGHT: "height_m"}


def stated_body(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Body mass (kg) and stature (m) by the column of participants.tsv, from parameter values.

    Nothing where no value is a person's (0 and 1 are defaults) or where two contradict each other.
    """
    values_by_name: dict[str, list[float]] = {}
    for group in GROUPS:
        for name, values in groups.get(group, {}).items():
            kind = NAMES.get(re.sub("[^a-z]", "", name.lower()))
            value = _single_number(values)
            if kind is None or value is None:
                continue
            for low, high, unit in RANGES[kind]:
                if low <= value <= high:
                    values_by_name.setdefault(COLUMNS[kind], []).append(value * unit)
                    break
    return agreed(values_by_name)


def agreed(values_by_name: Mapping[str, Iterable[float]]) -> dict[str, float]:
    """The values of each column that do not contradict each other."""
    ranges = {
        column: (min(values), max(values)) for column, values in values_by_name.items() if values
    }
    return {
        column: low
        for column, (low, high) in ranges.items()
        if high <= low * (1.0 + MAX_RELATIVE_DIFFERENCE)
    }


def _single_number(values: Any) -> float | None:
    numbers = np.ravel(np.asarray(values))
    if len(numbers) != 1 or numbers.dtype.kind not in "iuf" or not np.isfinite(numbers[0]):
        return None
    return float(numbers[0])
