"""What partitions oppose and which groups turn together: tables behind the two figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.tables import Columns
from aqbio.mechanics.gait.role_options import FlightRule
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.athletes import group_means
from aqbio.stats.evidence import CHAINS, Evidence, StepEvidence
from aqbio.stats.inference import mean_estimate
from aqbio.stats.partitions import cosines, opposition, partition_names, ranks

if TYPE_CHECKING:
    import pandas as pd

UPWARD = AXES.index("y")
MIDDLE = 0.5
"""Share of the flight after which the roles change under rule R2."""
IMPLIED = "mechanically_implied"

PARTITIONS: Columns = {
    "phase": {
        "description": "stance; or flight and the rule of who pushes there: R1 the last stance "
        "leg, R2 roles change in mid-flight, R3 the leg whose foot moves backward."
    },
    "partition": {"description": "One side; all other groups are the other side."},
    "opposition": {
        "description": "Opposition index, mean over athletes: 1 where the sides balance and no "
        "side's members cancel each other."
    },
    "ci_low": {"description": "Lower end of the 95 % interval over athletes."},
    "ci_high": {"description": "Upper end of that interval."},
    "rank": {"description": "Median over athletes of the rank, 1 the largest index."},
    "n_athletes": {"description": "Athletes."},
    "status": {
        "description": "mechanically_implied in flight, where every partition balances and the "
        "ranking says how groups cancel within sides only; descriptive in stance."
    },
}

SIGNS: Columns = {
    "level": {
        "description": "momentum: angular momentum; rate: its rate; hub: moments on the pelvis. "
        "About the vertical, in contact."
    },
    "first": {"description": "Group or chain."},
    "second": {"description": "Group or chain."},
    "cosine": {"description": "Uncentred cosine over contact, mean over athletes."},
    "ci_low": {"description": "Lower end of the 95 % interval over athletes."},
    "ci_high": {"description": "Upper end of that interval."},
    "n_athletes": {"description": "Athletes."},
    "articles": {"description": "Sign that the articles' account predicts; n/a where none."},
    "classical": {"description": "Sign that the classical account predicts; n/a where none."},
}

PREDICTED = {
    ("arms", "push_leg"): (1, -1),
    ("torso", "push_leg"): (1, -1),
    ("arms", "swing_leg"): (-1, -1),
    ("push_leg", "swing_leg"): (-1, 1),
}
"""Signs of the articles' and of the classical account, about the vertical in contact."""


def partition_table(evidence: Evidence, flight: dict[str, FloatArray]) -> pd.DataFrame:
    """Opposition index of every partition in stance and flight.

    Parameters
    ----------
    evidence : Evidence
    flight : dict of (S, 101, G) arrays
        Vertical angular momentum in flight by rule of the roles; NaN where there is no flight.
        Every one of them is mechanically implied and never part of a test.
    """
    import pandas as pd

    stance = evidence.steps.momentum[:, 0, :, :, UPWARD]
    phases = {"stance": stance} | {f"flight {rule}": one for rule, one in flight.items()}
    rows = [row for phase, one in phases.items() for row in _partition_rows(evidence, phase, one)]
    return pd.DataFrame(rows, columns=list(PARTITIONS))


def flight_momenta(
    steps: StepEvidence, foot_velocity: FloatArray, rules: Sequence[FlightRule]
) -> dict[str, FloatArray]:
    """Vertical angular momentum in flight by role, under every rule of who pushes there.

    Parameters
    ----------
    steps : StepEvidence
    foot_velocity : (S, 101, 2) array, m/s
        Of push and swing foot, forward relative to the pelvis.
    rules : sequence of str
        As in `aqbio.mechanics.gait.role_options.FlightRule`.

    Returns
    -------
    dict of (S, 101, G) arrays
    """
    plain = steps.momentum[:, 1, :, :, UPWARD]
    legs = [ROLE_GROUPS.index("push_leg"), ROLE_GROUPS.index("swing_leg")]
    later = np.broadcast_to(np.linspace(0.0, 1.0, plain.shape[1]) > MIDDLE, plain.shape[:2])
    exchanged = {
        "R1": np.zeros(plain.shape[:2], dtype=bool),
        "R2": later,
        "R3": foot_velocity[..., 1] < foot_velocity[..., 0],
    }
    found: dict[str, FloatArray] = {}
    for rule in rules:
        momentum = plain.copy()
        momentum[..., legs] = np.where(
            exchanged[rule][..., None], plain[..., legs[::-1]], plain[..., legs]
        )
        found[rule] = momentum
    return found


def _partition_rows(
    evidence: Evidence, phase: str, momentum: FloatArray
) -> Iterator[dict[str, Any]]:
    names = partition_names()
    by_step = opposition(momentum, names)
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
    estimate = mean_estimate(known)
    low, high = estimate.interval(0.95)
    return {name: estimate.value, "ci_low": low, "ci_high": high, "n_athletes": len(known)}
