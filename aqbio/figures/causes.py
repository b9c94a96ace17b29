"""Figures of level C and of the force shares: who causes rotation and force, as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from aqbio.figures.bars import Bar, BarChart, BarRow, summarised
from aqbio.figures.cause_words import (
    ARM_JOINTS,
    EARLY_AND_LATE,
    GROUPS,
    MODELS,
    OTHERS,
    SOURCES,
    SUMS,
    TOGETHER,
    source_label,
)
from aqbio.figures.step_columns import StepColumn
from aqbio.figures.style import STYLES, LineStyle

_TURNED = {"push_side": "Push side", "swing_side": "Swing side"}
_KEYS = ["participant_id", "trial_id", "step"]
_PLACE = "place"
"""Column of rows: which of the kept steps a row is of."""


def source_style(source: str) -> LineStyle:
    """The look of a source: its side's, or grey for what is no joint moment."""
    joint, _, side = source.rpartition("_")
    if source == TOGETHER:
        return STYLES["total"]
    if source in OTHERS:
        return STYLES["residual_moment"]
    if source in STYLES:
        return STYLES[source]
    swing = side == "swing" and joint not in ARM_JOINTS
    return STYLES["swing_side" if swing else "push_side"]


def placed(contributions: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Rows of kept steps, with the index of their step; rows placed already stay as they are."""
    if _PLACE in contributions:
        return contributions
    places = steps[_KEYS].assign(**{_PLACE: np.arange(len(steps))})
    return contributions.merge(places, on=_KEYS)


def level_c(contributions: pd.DataFrame) -> pd.DataFrame:
    """The stance means of level C, with the contact model in a column ``variant``.

    All single sources together stand beside them, under the primary contact model: the measured
    value, which every model shares out.
    """
    level = contributions["level"].astype(str)
    chosen = level.str.startswith("C (") & (contributions["phase"] == "stance")
    every = contributions[chosen].assign(variant=level[chosen].str[3:-1])
    single = every[(every["variant"] == MODELS[0]) & ~every["source"].str.contains("side")]
    keys = [*_KEYS, _PLACE, "level", "target", "axis", "phase", "statistic", "unit", "variant"]
    whole = single.groupby(keys, as_index=False, observed=True)["value"].sum()
    whole = whole.assign(source=TOGETHER, low=np.nan, high=np.nan)
    told: pd.DataFrame = pd.concat([every, whole], ignore_index=True)
    return told


def caused_rotation_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out what every joint moment does to the rotation of each side about the vertical."""
    every = level_c(placed(contributions, steps))
    own = every[(every["axis"] == "y") & (every["statistic"] == "moment_mean")]
    rows = tuple(
        BarRow(
            f"{target}_y",
            f"{words}, vertical axis",
            "rate of angular\nmomentum",
            "N m",
            _panels(own[own["target"] == target], columns),
        )
        for target, words in _TURNED.items()
    )
    return BarChart("caused_rotation", columns, rows)


def caused_force_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out the impulse of the ground reaction force by source, per body mass."""
    every = level_c(placed(contributions, steps))
    own = every[(every["target"] == "ground") & (every["statistic"] == "force_mean")]
    told = _per_mass(own, steps, "contact_s")
    rows = _impulse_rows("ground", told, columns)
    return BarChart("caused_force", columns, rows)


def caused_sequence_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out what the joint moments of each side do in early and in late stance."""
    own = placed(contributions, steps)
    chosen = own["level"].astype(str) == f"C ({MODELS[0]})"
    chosen &= own["phase"].isin(EARLY_AND_LATE)
    every = own[chosen & own["source"].isin(SUMS)]
    told = every.assign(variant=every["phase"])
    rows = tuple(
        BarRow(
            f"{target}_{axis}",
            words,
            "angular\nimpulse" if unit == "N m s" else "impulse",
            unit,
            _panels(
                told[(told["target"] == target) & (told["axis"] == axis)],
                columns,
                SUMS,
                EARLY_AND_LATE,
            ),
        )
        for target, axis, words, unit in (
            ("push_side", "y", "Turn the\npush side", "N m s"),
            ("swing_side", "y", "Turn the\nswing side", "N m s"),
            ("ground", "x", "Push\nforward", "N s"),
            ("ground", "y", "Push\nupward", "N s"),
        )
    )
    return BarChart("caused_sequence", columns, rows, paired=True)


def force_shares_chart(
    contributions: pd.DataFrame, steps: pd.DataFrame, columns: tuple[StepColumn, ...]
) -> BarChart:
    """Lay out what limbs and torso add to the force in stance, and take back in flight."""
    own = placed(contributions, steps)
    every = own[own["statistic"] == "relative_force_mean"]
    both = every[every["source"].isin(["push_leg", "swing_leg"])]
    names = [*_KEYS, _PLACE, "axis", "phase"]
    legs = both.groupby(names, as_index=False)["value"].sum().assign(source="legs")
    every = pd.concat([every, legs], ignore_index=True)
    told = pd.concat(
        [
            _per_mass(every[every["phase"] == phase], steps, f"{name}_s").assign(variant=phase)
            for phase, name in (("stance", "contact"), ("flight", "flight"))
        ],
        ignore_index=True,
    )
    drawn = (GROUPS, ("stance", "flight"))
    rows = _impulse_rows("relative_force", told, columns, *drawn)
    return BarChart("force_shares", columns, rows, paired=True)


def _impulse_rows(
    key: str,
    told: pd.DataFrame,
    columns: tuple[StepColumn, ...],
    sources: Sequence[str] = SOURCES,
    variants: Sequence[str] = MODELS,
) -> tuple[BarRow, ...]:
    """Lay out impulses per body mass, upward and forward."""
    return tuple(
        BarRow(
            f"{key}_{axis}",
            f"{words} impulse",
            "impulse per\nbody mass",
            "m/s",
            _panels(told[told["axis"] == axis], columns, sources, variants),
        )
        for axis, words in (("y", "Upward"), ("x", "Forward"))
    )


def _per_mass(rows: pd.DataFrame, steps: pd.DataFrame, duration: str) -> pd.DataFrame:
    """Mean forces as impulses per body mass: changes of velocity, m/s."""
    factor = (steps[duration] / steps["mass_kg"]).to_numpy()[rows[_PLACE]]
    return rows.assign(**{name: rows[name] * factor for name in ("value", "low", "high")})


def _panels(
    rows: pd.DataFrame,
    columns: tuple[StepColumn, ...],
    sources: Sequence[str] = SOURCES,
    variants: Sequence[str] = MODELS,
) -> tuple[tuple[Bar, ...], ...]:
    return tuple(
        tuple(_bars(rows[rows[_PLACE].isin(column.rows)], sources, variants)) for column in columns
    )


def _bars(rows: pd.DataFrame, sources: Sequence[str], variants: Sequence[str]) -> Iterator[Bar]:
    found = summarised(rows, ["source", "variant"])
    for source in sources:
        values = {
            variant: found[source, variant] for variant in variants if (source, variant) in found
        }
        if variants[0] in values:
            yield Bar(source, source_label(source), source_style(source), values)
