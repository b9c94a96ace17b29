"""Outcomes of a step: one list for the rows of contributions and for their intervals.

Measured trials and draws of them carry the same names: a row and its interval are reductions of
the same signal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import xarray as xr

from aqbio.gait.roles import RoleScheme, moment_matrix, named_matrix, role_name
from aqbio.gait.signals import Matrix, RoleParts, labels, named_parts, select_labels
from aqbio.gait.steps import Side
from aqbio.names import ROLE_SIDES
from aqbio.rotation.hub import OTHER_JOINTS
from aqbio.rotation.levels import PRIMARY
from aqbio.vectors import FloatArray

ANKLE_TOES = "ankle_toes_push"
"""Sum of the moments of ankle and toes of the stance foot, which the recording determines."""

INDETERMINATE = ("ankle_push", "mtp_push")
"""Not determined separately: their shares of the ground's force depend on the foot's contact."""

INDETERMINATE_LEVEL = "C alone"
"""Level of their separate effects under one contact model: ends of intervals, never rows."""

WHOLE_BODY = "whole_body"

Statistic = Literal["mean", "min", "max", "impulse", "share"]
ALL_STATISTICS: tuple[Statistic, ...] = ("mean", "min", "max", "impulse")
MEAN_ONLY: tuple[Statistic, ...] = ("mean",)


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
    stance: tuple[Statistic, ...] = MEAN_ONLY
    flight: tuple[Statistic, ...] = ()
    """stance, flight: tuple of {"mean", "min", "max", "impulse"}. Statistics of each phase."""
    impulse: str = ""
    """Axes of which impulses in early and late stance are in the table."""
    pushing: tuple[str, ...] = ()
    """Tuple of str. Sources that have these impulses; empty for all."""
    excluded: tuple[str, ...] = ()
    """Tuple of str. Sources that are not reported."""
    included: tuple[str, ...] = ()
    """Tuple of str. Sources that are reported; empty for all."""
    present_in: Literal["", "somewhere", "throughout"] = ""
    """Share of a phase in which a source must be observed to be in the table."""

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
            label
            for label in labels(data, self.part)
            if label not in self.excluded and (not self.included or label in self.included)
        ]
        values = select_labels(data, self.signal, **at, **{self.part: sources})
        dimensions = [
            dimension for dimension in data.variables[self.signal].dims if dimension not in at
        ]
        return sources, np.moveaxis(
            values, (dimensions.index(self.part), dimensions.index("axis")), (-2, -1)
        )


LEVEL_A = (
    Outcome(
        "A", "angular_momentum", "group", WHOLE_BODY, "momentum", "kg m2/s",
        stance=ALL_STATISTICS[:3], flight=MEAN_ONLY, present_in="somewhere",
    ),
    Outcome(
        "A", "angular_momentum_rate", "group", WHOLE_BODY, "moment", "N m",
        stance=ALL_STATISTICS, flight=MEAN_ONLY, present_in="somewhere",
    ),
    *(
        Outcome("A", name, "", WHOLE_BODY, "moment", "N m", stance=ALL_STATISTICS, flight=MEAN_ONLY)
        for name in ("moment_of_force", "free_moment", "residual_moment")
    ),
    Outcome(
        "joint", "joint_moment", "joint", "distal_segment", "moment", "N m",
        stance=ALL_STATISTICS, flight=ALL_STATISTICS, present_in="throughout",
    ),
)  # fmt: skip
"""Level A and joint moments. In flight one group gains what the others lose: the mean suffices."""

BOTH_FEET = "force_of_both_feet"

INERTIAL = Outcome(
    "force", "inertial_force", "group", "ground", "inertial_force", "N", excluded=("total",)
)
GROUND = Outcome("force", BOTH_FEET, "", WHOLE_BODY, "force", "N")

LEVEL_B = (
    *(
        Outcome(
            "B", f"hub_{part}_moment", "chain", "pelvis", f"{part}_moment", "N m", flight=MEAN_ONLY
        )
        for part in ("joint", "force")
    ),
    Outcome("B", "hub_moment", "chain", "pelvis", "moment", "N m", flight=MEAN_ONLY, impulse="xyz"),
    Outcome(
        "force", "relative_force", "group", "ground", "relative_force", "N", flight=MEAN_ONLY,
        excluded=(*ROLE_SIDES, "total"),
    ),
    INERTIAL, GROUND,
)  # fmt: skip
"""Level B, the parts of the ground reaction force and their whole."""

SHARE = replace(INERTIAL, quantity="inertial", unit="1", stance=("share",))
"""Shares of the stance impulse of the ground reaction force."""

POWER = "joint_power"

LEVEL_SIGNALS = (
    "hub_joint_moment", "hub_force_moment", "hub_moment", "relative_force", SHARE.signal, POWER,
    "ground_force", BOTH_FEET, "induced_ground_force", "induced_momentum_rate",
    "induced_pelvis_acceleration",
)  # fmt: skip
"""Signals of levels B and C and of the force shares."""


def caused(data: xr.Dataset) -> Iterator[Outcome]:
    """Level C: everything under the primary contact model; under the others force and sides.

    Ankle and toes of the standing foot are one source; each by itself too, under every model, for
    the intervals of `aqbio.contributions.step_rows.span_contact_models`.
    """
    models = _names(data, "contact_model")
    sides = [side for side in _names(data, "target") if side != WHOLE_BODY] if models else []
    for model in models:
        level, at, primary = f"C ({model})", {"contact_model": model}, model == PRIMARY
        pushing = (*ROLE_SIDES,)
        excluded = INDETERMINATE if ANKLE_TOES in _names(data, "source") else ()
        yield Outcome(
            level, "induced_ground_force", "source", "ground", "force", "N", at=at,
            axes="xyz" if primary else "xy", impulse="xy" if primary else "",
            pushing=pushing, excluded=excluded,
        )  # fmt: skip
        for side in sides:
            yield Outcome(
                level, "induced_momentum_rate", "source", side, "moment", "N m",
                at=at | {"target": side}, axes="xyz" if primary else "y",
                impulse="y" if primary else "", pushing=pushing, excluded=excluded,
            )  # fmt: skip
        if primary:
            yield Outcome(
                level, "induced_pelvis_acceleration", "source", "pelvis", "angular_acceleration",
                "rad/s2", at=at, axes="y", excluded=excluded,
            )  # fmt: skip
            yield Outcome(
                level, "induced_momentum_rate", "source", WHOLE_BODY, "moment", "N m",
                at=at | {"target": WHOLE_BODY}, axes="y", impulse="y", pushing=pushing,
                excluded=excluded,
            )  # fmt: skip
        if ANKLE_TOES in _names(data, "source"):
            yield from _single(model, sides)


def _single(model: str, sides: Sequence[str]) -> Iterator[Outcome]:
    """Ankle and toes of the stance foot, each by itself."""
    level, at = f"{INDETERMINATE_LEVEL} ({model})", {"contact_model": model}
    yield Outcome(
        level,
        "induced_ground_force",
        "source",
        "ground",
        "force",
        "N",
        at=at,
        included=INDETERMINATE,
    )
    for target in (*sides, WHOLE_BODY):
        yield Outcome(
            level, "induced_momentum_rate", "source", target, "moment", "N m",
            at=at | {"target": target}, axes="xyz" if target in sides else "y",
            included=INDETERMINATE,
        )  # fmt: skip
    yield Outcome(
        level, "induced_pelvis_acceleration", "source", "pelvis", "angular_acceleration",
        "rad/s2", at=at, axes="y", included=INDETERMINATE,
    )  # fmt: skip


def level_parts(trial: xr.Dataset, scheme: RoleScheme) -> RoleParts:
    """Parts of a trial by role that its model has."""
    names_by_dimension = {
        dimension: [role_name(name, "right") for name in _names(trial, dimension)]
        for dimension in ("joint", "chain")
    }
    parts = named_parts(**names_by_dimension)
    groups, sources = _names(trial, "group"), _names(trial, "source")
    items = scheme.items_of("right", groups)[0]
    parts["group"] = ("group", items, lambda names, push: scheme.matrix(push, names, *items))
    sides = [side for side in ROLE_SIDES if side in items]
    parts["target"] = ("target", (*sides, WHOLE_BODY), _targets(scheme, sides))
    singles = tuple(role_name(name, "right") for name in sources)
    ankle_toes = (ANKLE_TOES,) if set(INDETERMINATE) <= set(singles) else ()
    labels = (*ROLE_SIDES, *ankle_toes, *singles)
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
    names_in_roles = [role_name(name, push) for name in names]
    ankle_toes_row = (
        np.array([[float(name in INDETERMINATE) for name in names_in_roles]])
        if set(INDETERMINATE) <= set(names_in_roles)
        else None
    )
    ankle_toes_rows = np.zeros((0, len(names))) if ankle_toes_row is None else ankle_toes_row
    return np.concatenate([moment_matrix(names, push), ankle_toes_rows, singles])


def without_idle(trial: xr.Dataset) -> xr.Dataset:
    """Drop the source of other joints if the model has none, so that it causes nothing."""
    if OTHER_JOINTS not in _names(trial, "source"):
        return trial
    if np.abs(select_labels(trial, "induced_momentum_rate", source=OTHER_JOINTS)).max() > 0.0:
        return trial
    return trial.drop_sel(source=OTHER_JOINTS)
