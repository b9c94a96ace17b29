"""``python -m validation.power_worlds``: power that drawn studies promise, and what they find.

Entries of five shapes, athletes of a normal law and of one that is skewed against the claim, at
twice the smallest effect; the scatter between athletes is twice the smallest effect.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.stats.formulas import column_formula
from aqbio.stats.power import drawn, supported_share
from aqbio.stats.registry import Hypothesis, read_registry
from aqbio.stats.units import Reading, Units
from aqbio.vectors import FloatArray
from validation.strength_worlds import entries_judged

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
SEED, STUDIES, PROMISING = 82_004, 250, 60
ATHLETES = (8, 12, 24)
ALIKE = 0.9
"""Correlation of an athlete's numbers under two readings."""

Random = np.random.Generator
LAWS: dict[str, Callable[[Random, tuple[int, ...]], FloatArray]] = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "skewed": lambda random, shape: 1.0 - random.exponential(size=shape),
}
"""Laws of mean 0 and standard deviation 1."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of an entry's model, and an entry that has it."""

    entry: str
    readings: int = 1
    order: bool = False
    """A condition came later in every second athlete, which is held."""
    predictor: str = ""
    """Of a slope: group (half of the athletes), or number (normal)."""


SHAPES = {
    "a mean": Shape("H1"),
    "a mean under three readings": Shape("H4", readings=3),
    "a change at equal order": Shape("H7", order=True),
    "a slope on a number": Shape("H3i", predictor="number"),
    "a difference of groups": Shape("H5a", predictor="group"),
}


def drawn_table(
    shape: Shape, entry: Hypothesis, law: str, count: int, random: Random
) -> pd.DataFrame:
    """Numbers of the athletes of a study with an effect of twice the smallest."""
    shared, own = LAWS[law](random, (2, count)), random.standard_normal((shape.readings, count))
    scatter = shared[0] if shape.readings == 1 else ALIKE**0.5 * shared[0]
    rest = 0.0 if shape.readings == 1 else (1.0 - ALIKE) ** 0.5 * own
    effect: FloatArray = np.ones(count)
    table = pd.DataFrame(index=[f"athlete-{number:02d}" for number in range(count)])
    if shape.order:
        table["later"] = np.where(np.arange(count) % 2, 1.0, -1.0)
    if shape.predictor:
        effect = 2.0 * np.asarray(np.arange(count) % 2, dtype=np.float64)
        if shape.predictor == "number":
            effect = random.standard_normal(count)
        table["predictor"] = effect
    values = 2.0 * entry.sign * entry.delta * (effect + scatter + rest)
    names = [f"value_{number}" for number in range(shape.readings)]
    return table.assign(
        **dict(zip(names, np.broadcast_to(values, (len(names), count)), strict=True))
    )


def units_of(shape: Shape) -> Units:
    """The function of an entry of that shape."""
    terms = ("predictor",) if shape.predictor else ()
    held = ("later",) if shape.order else ()
    return Units(
        {
            str(number): Reading(column_formula(f"value_{number}", *terms), held)
            for number in range(shape.readings)
        }
    )


def rows(studies: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row per shape, law and number of athletes."""
    registry = read_registry()
    for number, (name, shape) in enumerate(SHAPES.items()):
        entry, units = registry[shape.entry], units_of(shape)
        for law in LAWS:
            for count in ATHLETES:
                random = np.random.default_rng([seed, number, count, len(law)])
                results = [
                    units.result(entry, drawn_table(shape, entry, law, count, random))
                    for _ in range(studies)
                ]
                effect = 2.0 * entry.sign * entry.delta
                promised = [
                    supported_share(entry, drawn(one.rows, count), effect, entry.alpha)
                    for one in results[:PROMISING]
                ]
                is_found = [
                    one.p < entry.alpha
                    and entry.sign * one.error.value >= entry.delta
                    and one.condition is not False
                    for one in results
                ]
                yield {
                    "entry": f"{name} ({shape.entry})", "law": law, "athletes": count,
                    "studies": studies, "promised": float(np.mean(promised)),
                    "found": float(np.mean(is_found)),
                    "difference": float(np.mean(promised) - np.mean(is_found)),
                    "error": float(
                        np.hypot(np.std(promised) / PROMISING**0.5,
                                 np.std(is_found) / studies**0.5)
                    ),
                }  # fmt: skip


COLUMNS: Columns = {
    "entry": {"description": "Shape of the model, and an entry whose smallest effect it has."},
    "law": {"description": "Of athletes' numbers about their mean; skewed: against the claim."},
    "athletes": {"description": "Athletes of a study."},
    "studies": {"description": "Studies that were drawn."},
    "promised": {"description": "Mean of the power that the first 60 of them promise."},
    "found": {"description": "Share of them that support the sentence, not adjusted."},
    "difference": {"description": "promised less found."},
    "error": {"description": "Standard error of the difference."},
}


def main() -> None:
    """Write docs/validation/power.tsv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=FOLDER / "power.tsv")
    options = parser.parse_args()
    origin = entries_judged(*(shape.entry for shape in SHAPES.values()))
    table = pd.DataFrame(rows(options.studies, options.seed))
    write_table(table, options.output, COLUMNS, origin, digits=3)


if __name__ == "__main__":
    main()
