"""What a row of contributions has of a step: one list of outcomes for means and intervals.

Measured trials and draws of them carry the same names: a row and its interval are reductions of
the same signal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.contributions.hub import OTHER
from aqbio.contributions.levels import PRIMARY
from aqbio.gait.roles import RoleScheme, moment_matrix, named_matrix, role_name
from aqbio.gait.signals import Matrix, RoleParts, labels, named_parts, select_labels
from aqbio.gait.steps import Side
from aqbio.names import ROLE_SIDES
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

ANKLE_TOES = "ankle_toes_push"
"""Sum of the moments of ankle and toes of the stance foot, which the recording determines."""

INDETERMINATE = ("ankle_push", "mtp_push")
"""Each by itself: which of them transmits the ground's force depends on how the foot rests."""

INDETERMINATE_LEVEL = "C alone"
"""What each of them causes under one contact model: never a row, only an end of an interval."""

WHOLE = "whole_body"

Statistic = Literal["mean", "min", "max", "impulse", "share"]
ALL: tuple[Statistic, ...] = ("mean", "min", "max", "impulse")
MEAN: tuple[Statistic, ...] = ("mean",)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows of one signal."""

    level: str
    signal: str
    part: str
    """Dimension of the signal whose labels are the sources; empty where the signal is the
    source."""
    target: str
    quantity: str
    unit: str
    at: Mapping[str, str] = field(default_factory=dict)
    """Mapping. Label along other dimensions of the signal."""
    axes: str = "xyz"
    """Axes in the table."""
    stance: tuple[Statistic, ...] = MEAN
    flight: tuple[Statistic, ...] = ()
    """stance, flight: tuple of {"mean", "min", "max", "impulse"}. Statistics of each phase."""
    impulse: str = ""
    """Axes of which impulses in early and late stance are in the table."""
    pushing: tuple[str, ...] = ()
    """Tuple of str. Sources that have these impulses; empty for all."""
    without: tuple[str, ...] = ()
    """Tuple of str. Sources that are left out."""
    only: tuple[str, ...] = ()
    """Tuple of str. Sources that are reported; empty for all."""
    present_in: Literal["", "somewhere", "throughout"] = ""
    """How much of a phase a source must be known in to be in the table."""

    def name(self, statistic: str) -> str:
        """Name of a statistic in the table."""
        return f"{self.quantity}_{statistic}"

    def statistics(self, phase: str) -> tuple[Statistic, ...]:
        """Statistics of a phase."""
        return self.flight if phase == "flight" else self.stance

    def values(self, data: xr.Dataset, **chosen: str) -> tuple[list[str], FloatArray]:
        """Sources and their values (..., source, axis); none where the data lack the signal."""
        if self.signal not in data:
            return [], np.zeros(0)
        at = {**self.at, **chosen}
        if not self.part:
            return [self.signal], select_labels(data, self.signal, **at)[..., None, :]
        sources = [
            one
            for one in labels(data, self.part)
            if one not in self.without and (not self.only or one in self.only)
        ]
        values = select_labels(data, self.signal, **at, **{self.part: sources})
        own = [one for one in data.variables[self.signal].dims if one not in at]
        return sources, np.moveaxis(values, (own.index(self.part), own.index("axis")), (-2, -1))


LEVEL_A = (
    Outcome(
        "A", "angular_momentum", "group", WHOLE, "momentum", "kg m2/s",
        stance=ALL[:3], flight=MEAN, present_in="somewhere",
    ),
    Outcome(
        "A", "angular_momentum_rate", "group", WHOLE, "moment", "N m",
        stance=ALL, flight=MEAN, present_in="somewhere",
    ),
    *(
        Outcome("A", name, "", WHOLE, "moment", "N m", stance=ALL, flight=MEAN)
        for name in ("moment_of_force", "free_moment", "residual_moment")
    ),
    Outcome(
        "joint", "joint_moment", "joint", "distal_segment", "moment", "N m",
        stance=ALL, flight=ALL, present_in="throughout",
    ),
)  # fmt: skip
"""Level A and joint moments. What one group gains in flight the others lose: the mean will do."""

LEVEL_B = (
    *(
        Outcome("B", f"hub_{part}_moment", "chain", "pelvis", f"{part}_moment", "N m", flight=MEAN)
        for part in ("joint", "force")
    ),
    Outcome("B", "hub_moment", "chain", "pelvis", "moment", "N m", flight=MEAN, impulse="xyz"),
    Outcome(
        "force", "relative_force", "group", "ground", "relative_force", "N", flight=MEAN,
        without=(*ROLE_SIDES, "total"),
    ),
)  # fmt: skip
"""Level B and the forces relative to the pelvis."""

SHARE = Outcome(
    "force", "inertial_force", "group", "ground", "inertial", "1", stance=("share",),
    without=("total",),
)  # fmt: skip
"""Shares of the stance impulse of the ground reaction force."""

POWER, BOTH_FEET = "joint_power", "force_of_both_feet"

LEVEL_SIGNALS = (
    "hub_joint_moment", "hub_force_moment", "hub_moment", "relative_force", SHARE.signal, POWER,
    "ground_force", BOTH_FEET, "induced_ground_force", "induced_momentum_rate",
    "induced_pelvis_acceleration",
)  # fmt: skip
"""Signals of levels B and C and of the force shares."""


def caused(data: xr.Dataset) -> Iterator[Outcome]:
    """Level C: everything under the primary contact model; under the others force and sides.

    Ankle and toes of the standing foot are one source; each by itself too, under every model, for
    the intervals of `aqbio.steps.rows.span_contact_models`.
    """
    models = _names(data, "contact_model")
    sides = [one for one in _names(data, "target") if one != WHOLE] if models else []
    for model in models:
        level, at, primary = f"C ({model})", {"contact_model": model}, model == PRIMARY
        pushing = (*ROLE_SIDES,)
        without = INDETERMINATE if ANKLE_TOES in _names(data, "source") else ()
        yield Outcome(
            level, "induced_ground_force", "source", "ground", "force", "N", at,
            axes="xyz" if primary else "xy", impulse="xy" if primary else "",
            pushing=pushing, without=without,
        )  # fmt: skip
        for side in sides:
            yield Outcome(
                level, "induced_momentum_rate", "source", side, "moment", "N m",
                at | {"target": side}, axes="xyz" if primary else "y",
                impulse="y" if primary else "", pushing=pushing, without=without,
            )  # fmt: skip
        if primary:
            yield Outcome(
                level, "induced_pelvis_acceleration", "source", "pelvis", "angular_acceleration",
                "rad/s2", at, axes="y", without=without,
            )  # fmt: skip
            yield Outcome(
                level, "induced_momentum_rate", "source", WHOLE, "moment", "N m",
                at | {"target": WHOLE}, axes="y", impulse="y", pushing=pushing, without=without,
            )  # fmt: skip
        if ANKLE_TOES in _names(data, "source"):
            yield from _single(model, sides)


def _single(model: str, sides: Sequence[str]) -> Iterator[Outcome]:
    """Ankle and toes of the stance foot, each by itself."""
    level, at = f"{INDETERMINATE_LEVEL} ({model})", {"contact_model": model}
    yield Outcome(
        level, "induced_ground_force", "source", "ground", "force", "N", at, only=INDETERMINATE
    )
    for target in (*sides, WHOLE):
        yield Outcome(
            level, "induced_momentum_rate", "source", target, "moment", "N m",
            at | {"target": target}, axes="xyz" if target in sides else "y", only=INDETERMINATE,
        )  # fmt: skip
    yield Outcome(
        level, "induced_pelvis_acceleration", "source", "pelvis", "angular_acceleration",
        "rad/s2", at, axes="y", only=INDETERMINATE,
    )  # fmt: skip


def level_parts(trial: xr.Dataset, scheme: RoleScheme) -> RoleParts:
    """Parts of a trial by role that its model has."""
    named = {
        dimension: [role_name(name, "right") for name in _names(trial, dimension)]
        for dimension in ("joint", "chain")
    }
    parts = named_parts(**named)
    groups, sources = _names(trial, "group"), _names(trial, "source")
    items = scheme.items_of("right", groups)[0]
    parts["group"] = ("group", items, lambda names, push: scheme.matrix(push, names, *items))
    sides = [one for one in ROLE_SIDES if one in items]
    parts["target"] = ("target", (*sides, WHOLE), _targets(scheme, sides))
    singles = tuple(role_name(name, "right") for name in sources)
    both = (ANKLE_TOES,) if set(INDETERMINATE) <= set(singles) else ()
    labels = (*ROLE_SIDES, *both, *singles)
    parts["source"] = ("source", labels, source_matrix)
    return parts


def _names(trial: xr.Dataset, dimension: str) -> list[str]:
    return labels(trial, dimension) if dimension in trial.coords else []


def _targets(scheme: RoleScheme, sides: Sequence[str]) -> Matrix:
    def matrix(names: Sequence[str], push: Side) -> FloatArray:
        """Sides, and all groups that a model has: the whole body."""
        return np.vstack([scheme.matrix(push, names, *sides), np.ones(len(names))])

    return matrix


def source_matrix(names: Sequence[str], push: Side) -> FloatArray:
    """Sources of each row of level C, (R, S): sums of sides, of ankle and toes, and single ones."""
    singles = named_matrix([role_name(name, "right") for name in names], names, push)
    own = [role_name(name, push) for name in names]
    both = (
        np.array([[float(name in INDETERMINATE) for name in own]])
        if set(INDETERMINATE) <= set(own)
        else None
    )
    together = np.zeros((0, len(names))) if both is None else both
    return np.concatenate([moment_matrix(names, push), together, singles])


def without_idle(trial: xr.Dataset) -> xr.Dataset:
    """The trial without a source that its model does not have, which causes nothing at all."""
    if OTHER not in _names(trial, "source"):
        return trial
    if np.abs(select_labels(trial, "induced_momentum_rate", source=OTHER)).max() > 0.0:
        return trial
    return trial.drop_sel(source=OTHER)
