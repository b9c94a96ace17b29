"""What partitions oppose and which groups turn together: tables behind the two figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.mechanics.gait.roles import EXCHANGED, FlightRule, exchanged_in_flight
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.athletes import group_means
from aqbio.stats.evidence import CHAINS, Evidence
from aqbio.stats.inference import mean_estimate, possible_values
from aqbio.stats.partitions import SPLIT_GROUPS, cosines, opposition, partition_names, ranks

if TYPE_CHECKING:
    import pandas as pd

UPWARD = AXES.index("y")
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


def partition_table(
    evidence: Evidence, foot_velocity: FloatArray, rules: Sequence[FlightRule]
) -> pd.DataFrame:
    """Opposition index of every partition in stance and flight, arms together and one by one.

    Parameters
    ----------
    evidence : Evidence
    foot_velocity : (S, 101, 2) array, m/s
        Of push and swing foot, forward relative to the pelvis.
    rules : sequence of str
        Who pushes in flight, which is mechanically implied and never part of a test.
    """
    import pandas as pd

    bodies: dict[str, tuple[tuple[str, ...], FloatArray]] = {
        "together": (ROLE_GROUPS, evidence.steps.momentum[..., UPWARD])
    }
    if set(evidence.arm_momenta) == set(SPLIT_GROUPS) - set(ROLE_GROUPS):
        bodies["split"] = (SPLIT_GROUPS, split_momentum(evidence))
    rows = [
        {"arms": arms} | row
        for arms, (groups, momentum) in bodies.items()
        for phase, one in phase_momenta(groups, momentum, foot_velocity, rules).items()
        for row in _partition_rows(evidence, phase, (groups, one))
    ]
    return pd.DataFrame(rows, columns=list(PARTITIONS))


def split_momentum(evidence: Evidence) -> FloatArray:
    """Vertical angular momentum in contact and flight, arms one by one, (S, 2, 101, 6)."""
    vertical = evidence.steps.momentum[..., UPWARD]
    groups = {name: vertical[..., place] for place, name in enumerate(ROLE_GROUPS)}
    groups |= evidence.arm_momenta
    return np.stack([groups[name] for name in SPLIT_GROUPS], axis=-1)


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
        As in `aqbio.mechanics.gait.roles.FlightRule`.

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


def _partition_rows(
    evidence: Evidence, phase: str, body: tuple[tuple[str, ...], FloatArray]
) -> Iterator[dict[str, Any]]:
    groups, momentum = body
    names = partition_names(groups)
    by_step = opposition(momentum, names, groups)
    means = _athletes(evidence, by_step)
    places = np.nanmedian(ranks(means), axis=0) if np.isfinite(means).any() else None
    for column, name in enumerate(names):
        yield {
            "phase": phase,
            "partition": name,
            **_estimated(means[:, column], "opposition"),
            "rank": np.nan if places is None else places[column],
            "status": "descriptive" if phase == "stance" else IMPLIED,
        }


def sign_table(evidence: Evidence) -> pd.DataFrame:
    """Which groups turn together, at the levels of momentum, its rate and the hub's moments."""
    import pandas as pd

    steps = evidence.steps
    levels = {
        "momentum": (ROLE_GROUPS, steps.momentum[:, 0, :, :, UPWARD]),
        "rate": (ROLE_GROUPS, steps.rate[:, 0, :, :, UPWARD]),
        "hub": (CHAINS, steps.hub_torque),
    }
    rows = [
        row
        for level, (names, values) in levels.items()
        for row in _sign_rows(evidence, level, names, cosines(values))
    ]
    return pd.DataFrame(rows, columns=list(SIGNS))


def _sign_rows(
    evidence: Evidence, level: str, names: tuple[str, ...], by_step: FloatArray
) -> Iterator[dict[str, Any]]:
    for one, first in enumerate(names):
        for two, second in enumerate(names):
            if one == two:
                continue
            means = _athletes(evidence, by_step[:, one, two, None])[:, 0]
            signs = PREDICTED.get((first, second), PREDICTED.get((second, first), (None, None)))
            if level == "hub":
                signs = (None, None)
            yield {
                "level": level,
                "first": first,
                "second": second,
                **_estimated(means, "cosine"),
                "articles": signs[0],
                "classical": signs[1],
            }


def _athletes(evidence: Evidence, by_step: FloatArray) -> FloatArray:
    """Mean of every column by athlete, (S, N) to (A, N)."""
    count, who = len(evidence.athletes.name), evidence.steps.athlete
    return np.stack([group_means(column, who, count) for column in by_step.T], axis=1)


def _estimated(means: FloatArray, name: str) -> dict[str, Any]:
    """Mean and interval over athletes; no interval for fewer than two."""
    known = means[np.isfinite(means)]
    if len(known) < 2:
        value = float(known[0]) if len(known) else np.nan
        return {name: value, "ci_low": np.nan, "ci_high": np.nan, "n_athletes": len(known)}
    estimate = replace(mean_estimate(known), within=possible_values(name))
    low, high = estimate.interval(0.95)
    return {name: estimate.value, "ci_low": low, "ci_high": high, "n_athletes": len(known)}
