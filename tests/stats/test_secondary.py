"""Secondary statistics: flight always marked, chains, steps against steps, and what is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aqbio.names import NORMAL, RESTRICTED
from aqbio.stats.balance import limb_compensation
from aqbio.stats.curve_means import curve_means, odd_one_out
from aqbio.stats.others import (
    _permuted_slopes,
    phase_rows,
    restriction_rows,
    utilisation_rows,
)
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import read_registry
from aqbio.stats.rows import secondary_rows

REGISTRY = read_registry()


def _rows(evidence, draws):
    return secondary_rows(evidence, curve_means(evidence), draws=draws)


def _named(rows):
    return {(row.hypothesis, row.name, row.phase, row.axis): row for row in rows}


@pytest.fixture(scope="module")
def rows(drawn):
    return _rows(drawn("W0"), 40)


def test_all_of_flight_is_marked_as_implied(rows):
    flight = [row for row in rows if row.phase == "flight"]
    assert flight
    assert all("mechanically implied" in row.note for row in flight)
    assert not any(row.note == "mechanically implied" for row in rows if row.phase == "stance")


def test_nothing_pools_stance_and_flight(rows):
    assert {row.phase for row in rows} == {"stance", "flight", "step", "none"}
    whole = {row.name for row in rows if row.phase == "step"}
    assert not any("opposition" in name or "cosine" in name for name in whole)


def test_parts_agree_with_the_primary(drawn, rows):
    named = _named(rows)
    primary = outcome(drawn("W0"), REGISTRY["H1"]).estimate
    alone = named["H1", "opposition_swing_alone", "stance", "y"].estimate
    legs = named["H1", "opposition_both_legs", "stance", "y"].estimate
    assert alone - legs == pytest.approx(primary, rel=1e-9)
    shifted = named["H1", "opposition_difference_shifted", "stance", "y"].estimate
    corrected = named["H1", "opposition_difference_corrected", "stance", "y"].estimate
    assert corrected == pytest.approx(primary - shifted, rel=1e-9)
    cosine = named["H2", "cosine_arms_push_leg_momentum", "stance", "y"].estimate
    assert cosine == pytest.approx(outcome(drawn("W0"), REGISTRY["H2"]).estimate, rel=1e-9)


def test_sides_that_mirror_each_other_have_no_phase(drawn):
    """The swing leg against the rest: 0 where they cancel at every instant, not half a stride."""
    evidence = drawn("W0", athletes=3)

    def mirrored(name):
        curves = evidence.curves(name)
        momentum = curves["angular_momentum"].copy()
        swing = momentum.sel(group="swing_leg").values
        momentum.loc[{"group": ["arms", "torso", "pelvis"]}] = 0.0
        momentum.loc[{"group": "push_leg"}] = -swing
        return curves.assign(angular_momentum=momentum)

    [phase, *_] = phase_rows(replace(evidence, curves=mirrored))
    assert phase.name == "cross_spectral_phase"
    assert phase.estimate == pytest.approx(0.0, abs=1e-9)


def test_the_deliberate_demonstration(rows):
    """The correlation with the rest is what the total forces, and -1 in flight."""
    named = _named(rows)
    for phase in ("stance", "flight"):
        found = named["H1", "correlation_with_rest", phase, "y"].estimate
        forced = named["H1", "correlation_forced_by_total", phase, "y"].estimate
        assert found == pytest.approx(forced, abs=1e-9)
    assert found == pytest.approx(-1.0, abs=1e-9)


def test_same_seed_same_rows(drawn, rows):
    assert repr(_rows(drawn("W0"), 40)) == repr(rows)


def test_what_was_not_measured_is_left_out(drawn, rows):
    named = _named(rows)
    assert not any("odd_one_out" in name or "hub_torque" in name for _, name, _, _ in named)
    assert not any("wrist" in name for _, name, _, _ in named)
    assert all(np.isfinite(row.estimate) for row in rows)


def test_more_is_told_where_more_was_measured(drawn):
    evidence = drawn("W0")
    torque = np.ones((101, 1)) * np.array([1.0, -3.0, 2.0])
    chains = ["leg_push", "leg_swing", "upper_body"]

    def curves(name):
        own = evidence.curves(name)
        every = np.broadcast_to(torque, (own.sizes["step"], *torque.shape))
        return own.assign(hub_moment=(("step", "percent", "chain"), every), chain=chains)

    steps = evidence.steps.assign(caused_share_C2=0.1, line_rate_cosine=-1.0)
    more = replace(evidence, steps=steps, curves=curves)
    named = _named(_rows(more, 5))
    assert named["H1", "odd_one_out_swing", "stance", "y"].estimate == 1.0
    assert named["H1", "odd_one_out_swing_minus_best_other", "stance", "y"].estimate == 1.0
    assert named["H4", "caused_share_C2", "stance", "y"].estimate == pytest.approx(0.1)
    assert named["H2", "cosine_wrist_line_ankle_line_rate", "stance", "y"].estimate == -1.0


def test_odd_one_out_by_chance_is_a_third():
    """Independent signs in thirds: of eight patterns six have an odd one, two each."""
    torque = np.random.default_rng(1).standard_normal((40_000, 3))
    np.testing.assert_allclose(odd_one_out(torque), 0.25, atol=0.01)
    balanced = torque - torque.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(odd_one_out(balanced), 1.0 / 3.0, atol=0.01)


def test_regulation_is_seen_only_where_it_is(drawn):
    regulated, _ = limb_compensation(drawn("W7_regulated"), 5, 0)
    free, drawn_free = limb_compensation(drawn("W7_free"), 50, 0)
    assert regulated.mean() < -0.3
    assert abs(free.mean()) < 0.15
    assert abs(drawn_free.mean()) < 0.05


def test_one_athlete_and_one_speed(drawn):
    """Little data give few rows, and no warning."""
    evidence = drawn("W0")
    first = evidence.steps["participant_id"] == evidence.athletes.index[0]
    named = _named(_rows(evidence.where(first & (evidence.steps["level"] == 3)), 5))
    assert np.isnan(named["H1", "opposition_swing_alone", "stance", "y"].ci_low)
    assert ("H5a", "slope_p_permuted", "step", "y") not in named


def test_dealt_speeds_of_two_levels_give_the_slope_or_its_opposite(drawn):
    """Speeds of an athlete are exchanged as a whole: with two of them, half of the time."""
    evidence = drawn("W1")
    steps = evidence.steps
    first = (steps["participant_id"] == evidence.athletes.index[0]) & steps["level"].isin([0, 3])
    own = steps[first]
    speeds = own.groupby("level")["speed_mps"].transform("mean")
    slope = stats.linregress(speeds, own["lag"]).slope
    found = _permuted_slopes(own, 200, np.random.default_rng(1))
    np.testing.assert_allclose(np.abs(found), abs(slope), rtol=1e-9)
    assert 60 < np.count_nonzero(found * slope > 0) < 140


def test_utilisation_tells_which_side_is_used_more(drawn):
    """The larger of both is alike in two of three; one athlete's swing side was not tested."""
    evidence = drawn("W0")
    rest = [np.nan] * (len(evidence.athletes) - 3)
    used = evidence.athletes.assign(
        push_utilisation=[0.9, 0.5, 0.7, *rest], swing_utilisation=[0.4, 0.9, np.nan, *rest]
    )
    named = _named(utilisation_rows(replace(evidence, athletes=used)))
    assert named["H3b", "push_side_used_more", "stance", "none"].estimate == 0.5
    assert named["H3b", "spread_of_larger_utilisation", "stance", "none"].estimate == 0.0
    push = named["H3b", "push_utilisation", "stance", "none"]
    assert (push.estimate, push.n_athletes) == (pytest.approx(0.7), 2)
    assert list(utilisation_rows(evidence)) == []


def test_restricted_arms_are_told_by_what_the_rest_of_the_body_does(drawn):
    """Torso 10 % more in everybody, the index 0.05 more; shoulders turn a quarter less, the ground
    twists a third more; what no sprint told is left out."""
    evidence = drawn("W0")
    names = list(evidence.athletes.index)
    rows = [
        {"participant_id": name, "trial_id": kind, "condition": kind, "speed_mps": 9.0 - at,
         "order": 1.0, "momentum_torso": (1.0 + n) * (1.0 + 0.1 * at),
         "opposition_difference": -0.3 + 0.05 * at,
         "yaw_range_shoulders": 0.8 - 0.2 * at, "free_moment_peak": (9.0 + n) * (1.0 + at / 3.0)}
        for n, name in enumerate(names)
        for at, kind in enumerate((NORMAL, RESTRICTED))
    ]  # fmt: skip
    named = _named(restriction_rows(replace(evidence, sprints=pd.DataFrame(rows))))
    torso = named["H7", "restricted_momentum_torso", "stance", "y"]
    assert (torso.estimate, torso.n_athletes) == (pytest.approx(10.0), len(names))
    index = named["H7", "restricted_opposition_difference", "stance", "y"]
    assert index.estimate == pytest.approx(0.05)
    shoulders = named["H7", "restricted_yaw_range_shoulders", "step", "y"]
    assert (shoulders.estimate, shoulders.n_athletes) == (pytest.approx(-25.0), len(names))
    twist = named["H7", "restricted_free_moment_peak", "stance", "y"]
    assert twist.estimate == pytest.approx(100.0 / 3.0)
    assert ("H7", "restricted_momentum_arms", "stance", "y") not in named
