"""What partitions oppose and which groups turn together: tables behind the two figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.gait.roles import EXCHANGED, FlightRule, exchanged_in_flight
from aqbio.io.dictionary import columns
from aqbio.names import ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import ANYTHING, POSSIBLE, mean_estimate
from aqbio.stats.step_numbers import SPLIT_GROUPS, cosines, opposition, partition_names, ranks
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

IMPLIED = "mechanically_implied"

PARTITIONS = columns("partitions")

SIGNS = columns("sign_patterns")

PREDICTED = {
    ("arms", "push_leg"): (1, -1),
    ("torso", "push_leg"): (1, -1),
    ("arms", "swing_leg"): (-1, -1),
    ("push_leg", "swing_leg"): (-1, 1),
}
"""Signs of the articles' and of the classical account, about the vertical in contact."""

CHAINS = {"stance": "leg_push", "swing": "leg_swing", "upper": "upper_body"}
"""Chains that meet at the pelvis, as tables name them, and as the step dataset does."""

QUANTITIES = {"momentum": "angular_momentum", "rate": "angular_momentum_rate"}

Numbers = dict[str, tuple[tuple[str, ...], FloatArray]]
"""Dimensions beside step, and values, by name."""


# means over the steps of an athlete -------------------------------------------------------------


def curve_means(evidence: Evidence, rules: Sequence[FlightRule] = ()) -> xr.Dataset:
    """Opposition and cosines about the vertical by athlete, one athlete's curves in memory.

    ``opposition_together`` and ``opposition_split`` (view, partition or split) in stance and in
    flight under every rule of who pushes there; ``cosine`` (quantity, group, other) and
    ``hub_cosine`` (chain, other_chain) in stance. NaN where nothing was measured; what no athlete
    has is left out.
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

    by_step = _views(curves, rules) if rules else {}
    quantities = {name: one for name, one in QUANTITIES.items() if one in curves}
    stance = [_in_order(curves[one], ROLE_GROUPS)[:, 0] for one in quantities.values()]
    if stance:
        tables = np.stack([cosines(one) for one in stance], axis=1)
        by_step["cosine"] = (("quantity", "group", "other"), tables)
    if "hub_moment" in curves:
        torque = curves["hub_moment"].sel(chain=list(CHAINS.values())).values.astype(float)
        by_step["hub_cosine"] = (("chain", "other_chain"), cosines(torque))
    labels = {
        "quantity": list(quantities),
        "group": list(ROLE_GROUPS), "other": list(ROLE_GROUPS),
        "chain": list(CHAINS), "other_chain": list(CHAINS),
        "partition": list(partition_names()), "split": list(partition_names(SPLIT_GROUPS)),
        "view": ["stance", *(f"flight {one}" for one in rules)],
    }  # fmt: skip
    means = {name: (dims, _mean(values)) for name, (dims, values) in by_step.items()}
    used = {one for dims, _ in means.values() for one in dims}
    return xr.Dataset(means, coords={name: own for name, own in labels.items() if name in used})


def _mean(by_step: FloatArray) -> FloatArray:
    """Mean over the steps of which a number is known."""
    known = np.isfinite(by_step)
    mean: FloatArray = np.where(known, by_step, 0.0).sum(axis=0) / known.sum(axis=0)
    return mean


def _in_order(signal: xr.DataArray, groups: Sequence[str]) -> FloatArray:
    """A signal about the vertical, (step, phase, percent, group)."""
    chosen = signal.sel(axis="y", group=list(groups))
    return chosen.transpose("step", "phase", "percent", "group").values.astype(float)


def _views(curves: xr.Dataset, rules: Sequence[FlightRule]) -> Numbers:
    """Opposition in stance and in flight under every rule, arms together and one by one."""
    found: Numbers = {}
    feet = curves["foot_velocity"].values.astype(float)
    for name, groups, last in (
        ("together", ROLE_GROUPS, "partition"),
        ("split", SPLIT_GROUPS, "split"),
    ):
        if set(groups) <= set(curves["group"].values.tolist()):
            momentum = _in_order(curves["angular_momentum"], groups)
            momenta = phase_momenta(groups, momentum, feet, rules)
            index = [opposition(one, partition_names(groups), groups) for one in momenta.values()]
            found[f"opposition_{name}"] = (("view", last), np.stack(index, axis=1))
    return found


def phase_momenta(
    groups: tuple[str, ...],
    momentum: FloatArray,
    foot_velocity: FloatArray,
    rules: Sequence[FlightRule],
) -> dict[str, FloatArray]:
    """Vertical angular momentum, (S, 101, G), in ``stance`` and in ``flight <rule>``.

    From momenta (S, 2, 101, G) by role, and forward velocities (S, 101, 2) of push and swing foot
    relative to the pelvis, m/s.
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


# tables -----------------------------------------------------------------------------------------


def partition_table(means: xr.Dataset) -> pd.DataFrame:
    """Opposition index of every partition in stance and flight, arms together and one by one."""
    import pandas as pd

    rows = [
        {"arms": arms} | row
        for arms, last in (("together", "partition"), ("split", "split"))
        if f"opposition_{arms}" in means
        for row in _partition_rows(means[f"opposition_{arms}"].rename({last: "name"}))
    ]
    return pd.DataFrame(rows, columns=list(PARTITIONS))


def _partition_rows(index: xr.DataArray) -> Iterator[dict[str, Any]]:
    if not np.isfinite(index.values).any() and index.sizes["name"] > len(partition_names()):
        return  # single arms were not observed
    for view in index["view"].values.tolist():
        own = index.sel(view=view)
        by_athlete = own.transpose("athlete", "name").values
        known = np.isfinite(by_athlete).any()
        places = np.nanmedian(ranks(by_athlete), axis=0) if known else None
        for column, name in enumerate(own["name"].values.tolist()):
            yield {
                "phase": view,
                "partition": name,
                **_estimated(by_athlete[:, column], "opposition"),
                "rank": np.nan if places is None else places[column],
                "status": "descriptive" if view == "stance" else IMPLIED,
            }


def sign_table(means: xr.Dataset) -> pd.DataFrame:
    """Which groups turn together, at the levels of momentum, its rate and the hub's moments."""
    import pandas as pd

    levels: dict[str, xr.DataArray] = {}
    if "cosine" in means:
        levels = {name: means["cosine"].sel(quantity=name) for name in means["quantity"].values}
    if "hub_cosine" in means:
        levels["hub"] = means["hub_cosine"].rename(chain="group", other_chain="other")
    rows = [row for level, table in levels.items() for row in _sign_rows(level, table)]
    return pd.DataFrame(rows, columns=list(SIGNS))


def _sign_rows(level: str, table: xr.DataArray) -> Iterator[dict[str, Any]]:
    for first, second in permutations(table["group"].values.tolist(), 2):
        signs = PREDICTED.get((first, second), PREDICTED.get((second, first), (None, None)))
        yield {
            "level": level,
            "first": first,
            "second": second,
            **_estimated(table.sel(group=first, other=second).values, "cosine"),
            "articles": signs[0],
            "classical": signs[1],
        }


def _estimated(means: FloatArray, name: str) -> dict[str, Any]:
    """Mean and interval over athletes; no interval for fewer than two."""
    found = replace(mean_estimate(means), within=POSSIBLE.get(name, ANYTHING))
    count = int(np.isfinite(means).sum())
    low, high = found.interval(0.95) if count > 1 else (np.nan, np.nan)
    return {name: found.value, "ci_low": low, "ci_high": high, "n_athletes": count}
