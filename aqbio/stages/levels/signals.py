"""Signals of levels B and C by role: what the rows of contributions.tsv summarise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.contributions.joint_power import OTHER
from aqbio.mechanics.gait.mirror import Kind
from aqbio.mechanics.gait.roles import (
    RoleScheme,
    by_role,
    moment_matrix,
    other_side,
    role_name,
)
from aqbio.mechanics.gait.steps import Side
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_SIDES
from aqbio.stages.levels.b_and_c import PRIMARY

if TYPE_CHECKING:
    import xarray as xr

_IMPULSES = {"force": "xy", "moment": "y"}
"""Axes of the impulses that the two sides cause, by quantity."""

INDUCED = ["induced_momentum_rate", "induced_ground_force", "induced_pelvis_acceleration"]
"""Variables of level C that rows are made of."""

HALF_LUMBAR = "_half_lumbar"
"""Ending of the sums that count half of the lumbar moment for the swing side."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A vector over a trial and what its rows are called.

    Attributes
    ----------
    level, source, target, quantity, unit : str
    kind : {"axial", "polar"}
        How it reflects.
    values : (T, 3) array
    axes : str
        Axes that are told.
    flight : bool
        Whether it is told of the flight too.
    impulse : str
        Axes of which impulses in early and late stance are told.
    """

    level: str
    source: str
    target: str
    quantity: str
    unit: str
    kind: Kind
    values: FloatArray
    axes: str = "xyz"
    flight: bool = False
    impulse: str = ""


@dataclass(frozen=True, slots=True)
class SideSignals:
    """Signals of a trial that reflect alike, in the roles of the steps of one foot.

    Attributes
    ----------
    kind : {"axial", "polar"}
    signals : tuple of S Signal
    values : (T, S, 3) array
    exchanged : (T, N, 3) array
        Those of the N signals told in flight, with push leg and swing leg exchanged; the values
        themselves where the scheme never exchanges them.
    """

    kind: Kind
    signals: tuple[Signal, ...]
    values: FloatArray
    exchanged: FloatArray

    @property
    def in_flight(self) -> list[int]:
        """Places of the signals that are told in flight."""
        return [place for place, signal in enumerate(self.signals) if signal.flight]


def side_signals(trial: xr.Dataset, side: Side, scheme: RoleScheme) -> tuple[SideSignals, ...]:
    """Give all signals of a trial in the roles of the steps of one foot.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.b_and_c.levels_dataset`.
    side : {"left", "right"}
        The stance foot.
    scheme : RoleScheme

    Returns
    -------
    tuple of SideSignals
        Axial ones, then polar ones.
    """
    models = map(str, trial["contact_model"].values)
    every = list(_flight_signals(trial, side, scheme))
    exchanged = {_key(signal): signal.values for signal in every}
    if scheme.flight != "R1":
        other = _flight_signals(trial, other_side(side), scheme)
        exchanged |= {_key(signal): signal.values for signal in other}
    every += [one for model in models for one in _induced_signals(trial, side, model, scheme)]
    kinds: tuple[Kind, ...] = ("axial", "polar")
    return tuple(
        _stacked(kind, tuple(one for one in every if one.kind == kind), exchanged) for kind in kinds
    )


def _key(signal: Signal) -> tuple[str, str, str]:
    return signal.source, signal.target, signal.quantity


def _stacked(
    kind: Kind,
    signals: tuple[Signal, ...],
    exchanged: Mapping[tuple[str, str, str], FloatArray],
) -> SideSignals:
    told = [exchanged[_key(signal)] for signal in signals if signal.flight]
    return SideSignals(
        kind=kind,
        signals=signals,
        values=np.stack([signal.values for signal in signals], axis=1),
        exchanged=np.stack(told, axis=1),
    )


def _flight_signals(trial: xr.Dataset, side: Side, scheme: RoleScheme) -> Iterator[Signal]:
    """Signals that are told in flight too: level B and the forces relative to the pelvis."""
    yield from _hub_signals(trial, side)
    yield from _relative_forces(trial, side, scheme)


def _hub_signals(trial: xr.Dataset, side: Side) -> Iterator[Signal]:
    """Level B: both parts of each chain's moment on the pelvis, and their sum."""
    joint, force = trial["hub_moment"].values, trial["hub_force_moment"].values
    for quantity, values in (
        ("joint_moment", joint),
        ("force_moment", force),
        ("moment", joint + force),
    ):
        for place, chain in enumerate(map(str, trial["chain"].values)):
            yield Signal(
                "B",
                role_name(chain, side),
                "pelvis",
                quantity,
                "N m",
                "axial",
                values[:, place],
                flight=True,
                impulse="xyz" if quantity == "moment" else "",
            )


def _relative_forces(trial: xr.Dataset, side: Side, scheme: RoleScheme) -> Iterator[Signal]:
    """Force shares relative to the pelvis."""
    roles, matrix = scheme.known(side, list(map(str, trial["group"].values)))
    force = by_role(trial["relative_force"].values, matrix)
    for place, role in enumerate(roles):
        if role not in (*ROLE_SIDES, "total"):
            values = force[:, place]
            yield Signal(
                "force", role, "ground", "relative_force", "N", "polar", values, flight=True
            )


def _induced_signals(
    trial: xr.Dataset, side: Side, model: str, scheme: RoleScheme
) -> Iterator[Signal]:
    """Level C under one contact model.

    Everything under the primary one; under the others the ground reaction forward and up and the
    two sides' rotation about the vertical.
    """
    names = tuple(map(str, trial["source"].values))
    chosen = trial[INDUCED].sel(contact_model=model)
    idle = _idle(chosen)
    primary = model == PRIMARY
    rates = _double(chosen["induced_momentum_rate"])
    ground = _double(chosen["induced_ground_force"].sum("foot", skipna=False))
    targets: list[tuple[str, str, str, Kind, FloatArray, str]] = [
        ("ground", "force", "N", "polar", ground, "xyz" if primary else "xy")
    ]
    roles, matrix = scheme.known(side, list(map(str, trial["group"].values)))
    for role in [one for one in ROLE_SIDES if one in roles]:
        row = matrix[[roles.index(role)]]
        summed = by_role(rates, row, axis=2)[:, :, 0]
        targets.append((role, "moment", "N m", "axial", summed, "xyz" if primary else "y"))
    if primary:
        turned = _double(chosen["induced_pelvis_acceleration"])
        targets.append(("pelvis", "angular_acceleration", "rad/s2", "axial", turned, "y"))
        targets.append(("whole_body", "moment", "N m", "axial", rates.sum(axis=2), "y"))
    labels, weights = source_matrix(names, side, halves=primary)
    sums = [by_role(values, weights) for *_, values, _ in targets]
    for place, source in enumerate(labels):
        if source in idle:
            continue
        for (target, quantity, unit, kind, _, axes), values in zip(targets, sums, strict=True):
            yield Signal(
                f"C ({model})",
                source,
                target,
                quantity,
                unit,
                kind,
                values[:, place],
                axes=axes,
                impulse=_IMPULSES.get(quantity, "") if primary and source in ROLE_SIDES else "",
            )


def _idle(trial: xr.Dataset) -> frozenset[str]:
    """Sources that a model does not have, which cause nothing at all."""
    rates = np.abs(trial["induced_momentum_rate"].values).max(axis=(0, 2, 3))
    every = map(str, trial["source"].values)
    return frozenset({OTHER} if dict(zip(every, rates, strict=True)).get(OTHER) == 0.0 else ())


def _double(values: xr.DataArray) -> FloatArray:
    return np.asarray(values.values, dtype=np.float64)


def source_matrix(
    names: Sequence[str], side: Side, *, halves: bool
) -> tuple[tuple[str, ...], FloatArray]:
    """Sources behind each row: both sides, with half of the lumbar moment too, and each alone.

    Parameters
    ----------
    names : sequence of S str
        Anatomical sources.
    side : {"left", "right"}
        The stance foot.
    halves : bool
        Whether to tell the sides with half of the lumbar moment on each, too.

    Returns
    -------
    names : tuple of R str
        By role.
    matrix : (R, S) array
    """
    labels, rows = [*ROLE_SIDES], [moment_matrix(names, side)]
    if halves:
        labels += [f"{one}{HALF_LUMBAR}" for one in ROLE_SIDES]
        rows.append(moment_matrix(names, side, lumbar_swing_share=0.5))
    labels += [role_name(name, side) for name in names]
    return tuple(labels), np.concatenate([*rows, np.eye(len(names))])
