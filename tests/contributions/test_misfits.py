"""Misfits of trials, and intervals that they widen."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.misfits import flight_drift, outcome_kind, widened
from aqbio.gait.steps import Contact, steps_from_contacts
from aqbio.inverse_dynamics.files import with_other_motion
from aqbio.multibody.motion import Motion
from aqbio.observed.invalidated import OUTCOMES

TIME = np.arange(0.0, 1.0, 0.005)
CONTACTS = [
    Contact("right", 0.1, 0.2, True, 0.2),
    Contact("left", 0.32, 0.42, True, 0.2),
    Contact("right", 0.54, 0.64, True, 0.2),
]
OUTCOMES_OF_STANCE = {
    ("A", "momentum_mean"): "momentum",
    ("A", "moment_mean"): "moments",
    ("joint", "moment_mean"): "moments",
    ("B", "joint_moment_mean"): "moments",
    ("C (primary)", "moment_mean"): "causes",
    ("H1", "opposition"): "momentum",
}


@pytest.mark.parametrize(("key", "kind"), OUTCOMES_OF_STANCE.items())
def test_kinds_of_outcomes(key, kind):
    assert outcome_kind(*key) == kind


def test_errors_are_multiplied_by_the_factor_of_their_kind():
    """Standard deviations, states and samples alike; nothing else changes."""
    random, levels = np.random.default_rng(1), list(OUTCOMES_OF_STANCE)
    shape = (3, 2, len(levels), 3)
    data = xr.Dataset(
        {
            "interval_sd": (("source", "stance_foot", "outcome", "axis"), random.random(shape)),
            "state_deviation": (("state", "stance_foot", "outcome", "axis"), random.random(shape)),
            "motion_deviation": (("stance", "sample", "motion_outcome", "axis"),
                                 random.random((2, 4, len(levels), 3))),
            "sd_angular_momentum": ("time", random.random(5)),
            "sd_angular_momentum_rate": ("time", random.random(5)),
            "group_angular_momentum": ("time", random.random(5)),
        },
        coords={
            f"{prefix}outcome_{name}": (f"{prefix}outcome", [key[number] for key in levels])
            for prefix in ("", "motion_")
            for name, number in (("level", 0), ("statistic", 1))
        },
    )  # fmt: skip
    factors = {outcome: 1.0 + number for number, outcome in enumerate(OUTCOMES)}
    wide = widened(data, factors)
    by_outcome = np.array([factors[kind] for kind in OUTCOMES_OF_STANCE.values()])[:, None]
    for name in ("interval_sd", "state_deviation", "motion_deviation"):
        np.testing.assert_allclose(wide[name], data[name] * by_outcome, rtol=1e-6)
    for name, kind in (
        ("sd_angular_momentum", "momentum"),
        ("sd_angular_momentum_rate", "moments"),
    ):
        np.testing.assert_allclose(wide[name], factors[kind] * data[name])
    assert wide["group_angular_momentum"].identical(data["group_angular_momentum"])
    assert {name: wide.attrs[f"widening_{name}"] for name in OUTCOMES} == factors


@pytest.mark.parametrize("rate", [0.0, 0.5, -3.0])
def test_drift_is_the_range_of_the_total_over_the_largest_group(rate):
    """Two groups against each other, and a total that changes evenly."""
    steps = steps_from_contacts(CONTACTS, maximum_flight=0.3, edge_distance=0.015)
    groups = np.zeros((len(TIME), 2, 3))
    groups[:, 0, 1], groups[:, 1, 1] = 5.0 + rate * TIME, -5.0
    data = xr.Dataset(
        {"group_angular_momentum": (("time", "group", "axis"), groups)},
        coords={"time": TIME}, attrs={"events": "plates"},
    )  # fmt: skip
    largest = max(5.0, 5.0 + rate * 0.37)
    assert flight_drift(data, steps) == pytest.approx(abs(rate) * 0.12 / largest, rel=0.06)


@pytest.mark.parametrize("share", [0.0, 0.04, 0.5])
@pytest.mark.parametrize("later", [0.0, 0.006])
def test_the_other_motion_is_a_state_by_the_root_of_its_probability(share, later):
    """Its mean square is what not knowing the better motion, body and clock adds to the variance.

    Forces that come later meet an earlier instant of the other motion.
    """
    random, time = np.random.default_rng(2), np.linspace(0.0, 0.4, 41)
    used = {name: (("time", "coordinate"), random.random((41, 3))) for name in ("q", "u", "udot")}
    speeds = {name: random.random(3) for name in used}
    other = Motion(*(time[:, None] * speeds[name] for name in used))
    inertia = random.random((2, 10))
    dataset = with_other_motion(xr.Dataset(used, {"time": time}), other, share, inertia, later)
    inside = time > later
    for name in used:
        if not share:
            assert f"other_{name}" not in dataset
            continue
        distance = (time[:, None] - later) * speeds[name] - dataset[name].values
        square = dataset[f"other_{name}"].values ** 2
        np.testing.assert_allclose(square[inside], share * distance[inside] ** 2, atol=1e-12)
    if share:
        np.testing.assert_allclose(dataset["other_inertia"], share**0.5 * inertia)
