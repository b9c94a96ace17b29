"""Outcomes that a failed measure of quality invalidates, and outcomes that a number rests on.

One table for all: `aqbio.contributions.step_quality` writes the outcomes beside every failed
measure (``invalidates`` of ``quality.tsv``), stage tables collects them by trial (``invalidated``
of ``trials.tsv``), and a hypothesis counts the steps of trials whose invalidated outcomes it does
not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from aqbio.names import AGAINST_USE

Outcome = Literal["times", "postures", "momentum", "forces", "moments", "causes"]
"""Kinds of numbers: times and speeds of steps; angles and distances; angular momentum of parts of
the body; forces of the ground and their impulses; rates of angular momentum, joint moments and
residuals (level B); what joint moments cause (level C)."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_MOTION: tuple[Outcome, ...] = ("postures", "momentum", "moments", "causes")
_KINETICS: tuple[Outcome, ...] = ("forces", "moments", "causes")
_DYNAMICS: tuple[Outcome, ...] = ("moments", "causes")

INVALIDATED_BY_MEASURE: Mapping[str, tuple[Outcome, ...]] = MappingProxyType(
    {"labels_against_names": OUTCOMES, "hidden_motion": _MOTION, "hidden_rates": _DYNAMICS}
)
"""Outcomes by measure of ``quality.tsv``; a measure that is not here invalidates nothing.

Labels that contradict their place may put any number on the wrong limb. A low-pass of the markers
takes of every motion, and more of what changes faster."""

INVALIDATED_BY_FINDING: Mapping[str, tuple[Outcome, ...]] = MappingProxyType(
    {"": (), "moments": _DYNAMICS, "forces": _KINETICS, "trial": OUTCOMES, "times": OUTCOMES}
)
"""Outcomes by ``invalidates`` of a finding."""


def in_order(outcomes: Iterable[str]) -> tuple[Outcome, ...]:
    """Outcomes, each once, in the order of `OUTCOMES`."""
    chosen = set(outcomes)
    return tuple(outcome for outcome in OUTCOMES if outcome in chosen)


def joined_outcomes(outcomes: Iterable[str]) -> str:
    """Outcomes as a cell of a table: with commas, empty for none."""
    return ", ".join(in_order(outcomes))


def outcomes_of_cell(cell: object) -> frozenset[str]:
    """Outcomes in a cell of a table; none where it is empty or n/a."""
    return frozenset(cell.split(", ")) - {""} if isinstance(cell, str) else frozenset()


_RESTS_ON: tuple[tuple[tuple[str, ...], tuple[Outcome, ...]], ...] = (
    (("lag",), ("momentum", "forces")),
    (
        (
            "H_", "momentum_", "log_ratio_momentum", "push_leg_offset", "arms_push",
            "chi_",
        ),
        ("momentum",),
    ),
    (("M_residual", "push_index", "swing_index", "log_ratio_moments", "hub_share"), ("moments",)),
    (("caused_share",), ("causes",)),
    (
        (
            "peak_vertical", "mean_vertical", "lateral_", "yaw_impulse", "yaw_deviation",
            "forward_ratio", "force_mean",
        ),
        ("forces",),
    ),
    (
        ("thigh_", "knee_", "swing_knee", "touchdown_distance", "trunk_lean", "yaw_range"),
        ("postures",),
    ),
)  # fmt: skip


def column_rests_on(column: str) -> tuple[Outcome, ...]:
    """Outcomes that a column of the steps rests on: of a step's times and speeds only these.

    A strength was measured apart from running and rests on none.
    """
    if column.endswith("_strength"):
        return ()
    for starts, outcomes in _RESTS_ON:
        if column.startswith(starts):
            return outcomes
    return ("times",)


DECISIVE_MEASURES = (AGAINST_USE, *INVALIDATED_BY_MEASURE)
"""Measures that can invalidate an outcome, in the order in which pages name them."""
