"""Words and small numbers of figures, as tables of what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aqbio.figures.athletes import shows
from aqbio.figures.figure import count_words, panel_words
from aqbio.figures.partitions import format_cosine, partition_words
from aqbio.figures.runs import force_part
from aqbio.figures.speed import powers_of_speed
from aqbio.figures.step_means import (
    Value,
    column_size,
    column_title,
    phase_means,
    pool_values,
    summarise,
)
from aqbio.figures.style import pale, stack_edges
from aqbio.figures.words import (
    choice_words,
    digits,
    format_interval,
    source_label,
    specification_words,
)

SQUARES = pd.DataFrame(
    {"participant_id": "A", "speed_mps": [5.0, 6.0, 8.0], "size": [2.5, 3.6, 6.4]}
)


@pytest.mark.parametrize(
    ("words", "given", "expected"),
    [
        (source_label, ("hip_push",), "hip, push"),
        (source_label, ("mtp_swing",), "toes, swing"),
        (source_label, ("lumbar",), "lumbar joint"),
        (specification_words, ("consistency=off cutoff=15",), "fit off, 15 Hz"),
        (specification_words, ("body=de_leva",), "body: de Leva"),
        (choice_words, ("cutoff=15",), "a cut-off of 15 Hz"),
        (choice_words, ("pelvis=legs",), "the pelvis with both legs"),
        (force_part, ("mtp_push",), "ankle_push"),
        (force_part, ("hip_swing",), "swing"),
        (force_part, ("elbow_swing",), "upper"),
        (force_part, ("gravity",), "rest"),
        (panel_words, ({"a": "Lag", "b": "Spread"},), "Panels: a, Lag; b, Spread."),
        (count_words, (pd.DataFrame({"n_athletes": [12, 12, 11]}),), "n = 11 to 12 athletes."),
        (count_words, (pd.DataFrame({"value": [1]}),), ""),
        (count_words, (pd.DataFrame({"participant_id": ["V1", "V2", "V2"]}),), "n = 2 athletes."),
        (digits, (-2.614, "kg m²/s"), "−2.61"),
        (digits, (3.2e-13,), "3.2×10⁻¹³"),
        (digits, (-0.001, "kg m²/s"), "0.00"),
        (format_interval, (0.00398, 0.00308, 0.00488), ("0.00398", "0.00308", "0.00488")),
        (format_interval, (-12.34, -14.11, -10.57), ("−12.3", "−14.1", "−10.6")),
        (partition_words, ("push_leg swing_leg",), "push leg, swing leg"),
        (partition_words, ("push_leg swing_leg arms",), "torso, pelvis"),
        (format_cosine, (-0.991,), "−0.99"),
        (format_cosine, (0.5,), "+0.50"),
        (column_title, ("normal", 9.537), "9.5 m/s"),
        (column_title, ("restricted_arms", 8.9), "restricted arms, 8.9 m/s"),
        (column_size, (3, 1), "3 steps, 1 participant"),
        (pool_values, ([Value(1.0, np.nan, 0.0, 2.0, 1), Value(4.0, 2.0, 3.0, 5.0, 2)],),
         Value(mean=3.0, sd=2.23606797749979, low=2.0, high=4.0, steps=3)),
    ],
)  # fmt: skip
def test_words_of_figures(words: Callable[..., Any], given: tuple[Any, ...], expected: Any) -> None:
    """Names, counts and numbers as readers see them."""
    assert words(*given) == expected


@pytest.mark.parametrize(
    ("compute", "given", "expected"),
    [
        (shows, (np.array([-2.0, 0.5]), -1.0, "less"), [True, False]),
        (pale, ("#000000",), [0.6, 0.6, 0.6]),
        (powers_of_speed, (SQUARES, "size"), [2.0]),
        (sum, (stack_edges(np.array([[2.0, -1.0], [3.0, 4.0], [-1.0, -2.0]])),),
         [[0, 0], [2, -1], [5, 3], [4, 1]]),
    ],
)  # fmt: skip
def test_numbers_of_figures(
    compute: Callable[..., Any], given: tuple[Any, ...], expected: Any
) -> None:
    """Colours, exponents and edges of stacked areas; edges above and below zero add up."""
    np.testing.assert_allclose(compute(*given), expected, atol=1e-12)


def test_values_are_summarised_by_what_names_them() -> None:
    """Mean and spread over steps, means of the bounds, by source and variant."""
    two = pd.DataFrame({"value": [1.0, 3.0], "low": [0.0, 2.0], "high": [2.0, 4.0]})
    found = summarise(two.assign(source="hip", variant="C2"), ["source", "variant"])
    assert found == {("hip", "C2"): Value(mean=2.0, sd=2.0**0.5, low=1.0, high=3.0, steps=2)}


def test_phase_means_are_over_athletes() -> None:
    """Of two athletes whose curves are constant."""
    curves = [{("force", "hip"): np.full((1, 101), value)} for value in (1.0, 3.0)]
    assert (phase_means(curves, {"force": "BW"})["mean"] == 2.0).all()
