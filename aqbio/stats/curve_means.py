"""What athletes' curves say of balance: means over steps, one athlete in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.roles import EXCHANGED, FlightRule, exchanged_in_flight
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.partitions import (
    BOTH_LEGS,
    SPLIT_GROUPS,
    SWING_ALONE,
    coherence,
    cosines,
    implied_correlation,
    opposed_share,
    opposition,
    partition_names,
)
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

CHAINS = {"stance": "leg_push", "swing": "leg_swing", "upper": "upper_body"}
"""Chains that meet at the pelvis, as tables name them, and as the step dataset does."""

CONTINUOUS = 0.90
"""Unbroken share of stance that "continuously" asks for."""

QUANTITIES = {"momentum": "angular_momentum", "rate": "angular_momentum_rate"}

SIDES = {
    "swing_leg_rest": [one for one in ROLE_GROUPS if one != SWING_ALONE],
    "both_legs": BOTH_LEGS.split(),
    "upper": [one for one in ROLE_GROUPS if one not in BOTH_LEGS.split()],
}
"""Sides whose coherence is told."""

HALVES = {"first": (0, 50), "second": (50, 100)}
"""Percent at which each half of stance starts and ends."""

PAIR = ("group", "other")
"""Dimensions of cosines."""

Numbers = dict[str, tuple[tuple[str, ...], FloatArray]]


def curve_means(evidence: Evidence, rules: Sequence[FlightRule] = ()) -> xr.Dataset:
    """Means over steps of everything that secondary statistics and figures read of curves.

    Parameters
    ----------
    rules : sequence of str
        Who pushes in flight, which is mechanically implied and never part of a test.

    Returns
    -------
    xarray.Dataset
        By ``athlete``: ``opposition`` (quantity, phase, axis, partition), ``cosine`` (quantity,
        phase, axis, group, other), ``opposition_together`` and ``opposition_split`` of every way to
        look at a phase (view, partition or split), and numbers about the vertical. NaN where
        nothing was measured; what no athlete has is left out.
    """
    import xarray as xr

    with np.errstate(invalid="ignore", divide="ignore"):  # groups that a model lacks are NaN
        found = [
            _means(curves, rules).expand_dims(athlete=[name])
            for name, _, curves in evidence.by_athlete()
        ]
    names = list(evidence.athletes.index)
    if not found:
        return xr.Dataset(coords={"athlete": names})
    return xr.concat(found, "athlete").reindex(athlete=names)


def _means(curves: xr.Dataset, rules: Sequence[FlightRule]) -> xr.Dataset:
    import xarray as xr

    by_step: Numbers = {}
    for variable in QUANTITIES.values():
        if variable in curves:
            _add(by_step, _balance(curves[variable]))
    vertical = curves["angular_momentum"].sel(axis="y", group=list(ROLE_GROUPS)).values
    by_step |= _sides(vertical.astype(float)) | _views(curves, rules)
    if "hub_moment" in curves:
        torque = curves["hub_moment"].sel(chain=list(CHAINS.values())).values.astype(float)
        by_step["odd_one_out"] = (("chain",), odd_one_out(torque))
        by_step["hub_cosine"] = (("chain", "other_chain"), cosines(torque))
    labels = {
        "phase": curves["phase"].values, "axis": list(AXES), "partition": list(partition_names()),
        "group": list(ROLE_GROUPS), "other": list(ROLE_GROUPS), "chain": list(CHAINS),
        "other_chain": list(CHAINS), "side": list(SIDES), "half": list(HALVES),
        "split": list(partition_names(SPLIT_GROUPS)),
        "view": ["stance", *(f"flight {one}" for one in rules)],
        "quantity": [name for name, one in QUANTITIES.items() if one in curves],
    }  # fmt: skip
    means = {name: (dims, _mean(values)) for name, (dims, values) in by_step.items()}
    used = {one for dims, _ in means.values() for one in dims}
    return xr.Dataset(means, coords={name: own for name, own in labels.items() if name in used})


def _mean(by_step: FloatArray) -> FloatArray:
    """Mean over the steps of which a number is known."""
    known = np.isfinite(by_step)
    mean: FloatArray = np.where(known, by_step, 0.0).sum(axis=0) / known.sum(axis=0)
    return mean


def _add(found: Numbers, more: Numbers) -> None:
    """One more quantity, (S, quantity, ...)."""
    for name, (dims, values) in more.items():
        before = [found[name][1]] if name in found else []
        found[name] = (("quantity", *dims), np.concatenate([*before, values[:, None]], axis=1))


def _balance(signal: xr.DataArray) -> Numbers:
    """Opposition of all partitions and cosines of all pairs, in both phases about all axes."""
    ordered = signal.sel(group=list(ROLE_GROUPS), axis=list(AXES))
    values = ordered.transpose("step", "phase", "axis", "percent", "group").values.astype(float)
    return {
        "opposition": (("phase", "axis", "partition"), opposition(values, partition_names())),
        "cosine": (("phase", "axis", *PAIR), cosines(values)),
    }


def _sides(vertical: FloatArray) -> Numbers:
    """Sides of the body about the vertical, from (S, 2, 101, G) momenta."""
    place = {name: number for number, name in enumerate(ROLE_GROUPS)}
    stance, swing, total = vertical[:, 0], vertical[..., place[SWING_ALONE]], vertical.sum(axis=-1)
    table = cosines(stance)
    arms, push, other = (place[name] for name in ("arms", "push_leg", "swing_leg"))
    changes = [
        opposition((stance[:, end] - stance[:, start])[:, None], (SWING_ALONE, BOTH_LEGS))
        for start, end in HALVES.values()
    ]
    groups = [[place[name] for name in own] for own in SIDES.values()]
    known = np.isfinite(stance).all(axis=(1, 2))
    unbroken = np.where(known, opposed_share(swing[:, 0], total[:, 0]), np.nan)
    often = np.where(known, (unbroken >= CONTINUOUS).astype(float), np.nan)
    return {
        "half_difference": (
            ("half",),
            np.stack([one[:, 0] - one[:, 1] for one in changes], axis=1),
        ),
        "coherence": (("side",), np.stack([coherence(stance[..., own]) for own in groups], axis=1)),
        "longest_opposed_share": ((), unbroken),
        "continuously_opposed_steps": ((), often),
        "correlation_with_rest": (("phase",), _correlation(swing, total - swing)),
        "correlation_forced_by_total": (("phase",), implied_correlation(swing, total)),
        "half_cosine_difference": ((), 0.5 * (table[:, arms, push] - table[:, push, other])),
    }


def _correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    a, b = (values - values.mean(axis=-1, keepdims=True) for values in (one, other))
    r: FloatArray = (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return r


def _views(curves: xr.Dataset, rules: Sequence[FlightRule]) -> Numbers:
    """Opposition in stance and in flight under every rule, arms together and one by one."""
    if not rules:
        return {}
    found: Numbers = {}
    feet = curves["foot_velocity"].values.astype(float)
    bodies = {"together": ROLE_GROUPS, "split": SPLIT_GROUPS}
    for name, groups in bodies.items():
        if set(groups) <= set(curves["group"].values.tolist()):
            momentum = curves["angular_momentum"].sel(axis="y", group=list(groups)).values
            momenta = phase_momenta(groups, momentum.astype(float), feet, rules)
            index = [opposition(one, partition_names(groups), groups) for one in momenta.values()]
            last = "partition" if name == "together" else "split"
            found[f"opposition_{name}"] = (("view", last), np.stack(index, axis=1))
    return found


def phase_momenta(
    groups: tuple[str, ...],
    momentum: FloatArray,
    foot_velocity: FloatArray,
    rules: Sequence[FlightRule],
) -> dict[str, FloatArray]:
    """Vertical angular momentum in stance, and in flight under every rule of who pushes there.

    Parameters
    ----------
    groups : tuple of G names
    momentum : (S, 2, 101, G) array
        In contact and flight, by role.
    foot_velocity : (S, 101, 2) array, m/s
        Of push and swing foot, forward relative to the pelvis.
    rules : sequence of str
        As in `aqbio.gait.roles.FlightRule`.

    Returns
    -------
    dict of (S, 101, G) arrays
        ``stance``, ``flight R1`` and so on.
    """
    plain = momentum[:, 1]
    other = [groups.index(EXCHANGED.get(name, name)) for name in groups]
    flight = {
        f"flight {rule}": np.where(
            exchanged_in_flight(rule, foot_velocity)[..., None], plain[..., other], plain
        )
        for rule in rules
    }
    return {"stance": momentum[:, 0], **flight}


def odd_one_out(torque: FloatArray) -> FloatArray:
    """Share of the time in which each of three chains is opposed to both others.

    Parameters
    ----------
    torque : (..., T, 3) array

    Returns
    -------
    (..., 3) array
        Sums to 1 where no torque is zero; NaN where one is missing.

    Examples
    --------
    >>> odd_one_out(np.array([[1.0, -3.0, 2.0], [-1.0, -1.0, 2.0]]))
    array([0. , 0.5, 0.5])
    """
    sign = np.sign(torque)
    odd = (sign * sign.sum(axis=-1, keepdims=True) < 0) & (sign != 0)
    share: FloatArray = odd.mean(axis=-2)
    share[~np.isfinite(torque).all(axis=(-2, -1))] = np.nan
    return share
