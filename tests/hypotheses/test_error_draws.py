"""Shares that joints cause and errors in all worlds: by hand, and one way against the other."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.contributions.without_plates import STATED_ERROR_SDS
from aqbio.hypotheses import measurement_draws
from aqbio.hypotheses.contact_models import caused_shares, shares_on_other_models
from aqbio.hypotheses.measurement_draws import (
    SHARED,
    caused_draws,
    lag_draws,
    shared_draws,
    trial_draws,
)
from aqbio.intervals.worlds import SCOPES, WORLDS
from aqbio.io.study import load_study
from aqbio.names import AXES
from tests.small_study import write_small_study

FORCES = {"hip_swing": 300.0, "lumbar": 150.0, "elbow_push": -50.0, "hip_push": 500.0,
    "gravity": 100.0, "push_side": 650.0, "swing_side": 300.0}  # fmt: skip
"""Vertical forces of single sources, and of both sides, which are sums of them: 0.4 of 1000 N."""

TOTALS = ("push_side", "swing_side")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two people of one laboratory, in one session."""
    return load_study(write_small_study(tmp_path_factory.mktemp("small") / "study"))


def _table(forces_by_step: list[dict[str, float]], level: str = "C (C2)") -> pd.DataFrame:
    """Rows of contributions, with rows of other things that are in newtons too."""
    right = {"phase": "stance", "axis": "y", "level": level, "statistic": "force_mean",
             "target": "ground"}  # fmt: skip
    wrong = ({"phase": "flight"}, {"axis": "x"}, {"level": "C (C9)"}, {"statistic": "force_peak"},
             {"target": "pelvis"})  # fmt: skip
    rows = [
        right | difference | {"participant_id": "P1", "trial_id": f"run{step // 2}", "step": step,
                         "source": source, "value": value * (1.0 + 7.0 * len(difference))}
        for step, forces in enumerate(forces_by_step)
        for difference in ({}, *wrong)
        for source, value in forces.items()
        if not difference or source == "hip_swing"
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_share_is_that_of_single_joints_of_swing_leg_arms_and_trunk():
    """Of steps in any order; under a contact model without rows there is none."""
    stronger_push = FORCES | {"hip_push": 1500.0}
    table = _table([FORCES, stronger_push, FORCES])
    for rows in (table, table[::-1]):
        shares = caused_shares([rows, _table([stronger_push], "C (C3)")], ("C1", "C2", "C3"))
        assert set(shares) == {"C2", "C3"}
        share_of_step = {key: float(value) for key, value in shares["C2"].items()}
        assert share_of_step == pytest.approx({("P1", "run0", 0): 0.4, ("P1", "run0", 1): 0.2,
                                      ("P1", "run1", 2): 0.4})  # fmt: skip
        assert shares["C3"].tolist() == pytest.approx([0.2])


def test_a_share_moves_in_a_world_as_that_of_the_moved_forces():
    """Three steps in six worlds; a source that a step lacks has no part in it."""
    random, names = np.random.default_rng(2), list(FORCES)
    value = np.tile([FORCES[name] for name in names], (3, 1)) + random.normal(0, 20, (3, 7))
    deviation = random.normal(0, 30, (6, 3, 7))
    value[1, names.index("gravity")] = np.nan
    vectors = [np.full((*vertical.shape, 3), 1e4) for vertical in (value, deviation)]
    for vector, vertical in zip(vectors, (value, deviation), strict=True):
        vector[..., AXES.index("y")] = vertical
    data = xr.Dataset(
        {
            "value": (("step", "outcome", "axis"), np.concatenate([vectors[0]] * 2, axis=1)),
            "deviation": (
                ("draw", "step", "outcome", "axis"),
                np.concatenate([vectors[1], 3.0 * vectors[1]], axis=2),
            ),
        },
        {"source": ("outcome", names * 2), "level": ("outcome", ["C (C2)"] * 7 + ["C (C1)"] * 7)},
    )

    def shares(forces: np.ndarray) -> np.ndarray:
        rows = [dict(zip(names, step, strict=True)) for step in forces]
        share = caused_shares([_table(rows)], ("C2",))["C2"]
        return share.to_numpy()

    draws = caused_draws(data, "C (C2)")
    for world, moved in enumerate(deviation):
        expected = shares(value + moved) - shares(value)
        assert np.abs(expected).min() > 1e-5
        np.testing.assert_allclose(draws[world], expected, rtol=1e-9)
    silent = data.assign(value=data["value"].where(data["step"] != 2))
    assert np.isnan(caused_draws(silent, "C (C2)")[:, 2]).all()


def test_another_body_changes_a_share_by_the_means_of_all_steps():
    """Three steps with 100 of 1000 N and one with 500 have 0.2; on the other body 0.3."""
    rows = [
        {"participant_id": participant, "model": "other", "level": "C (C2)", "statistic": statistic,
         "target": "ground", "axis": axis, "source": source, "steps": steps, "own": force,
         "other": other_force}
        for participant, axis, statistic in (("P1", "y", "force_mean"), ("P2", "x", "force_mean"),
                                     ("P3", "y", "force_peak"))
        for steps, forces in ((3, {"knee_swing": (100.0, 300.0), "knee_push": (900.0, 700.0),
                                   "push_side": (900.0, 700.0)}),
                              (1, {"knee_swing": (500.0, 300.0), "knee_push": (500.0, 700.0)}))
        for source, (force, other_force) in forces.items()
    ]  # fmt: skip
    changes = shares_on_other_models([pd.DataFrame(rows)], ["C1", "C2"])
    assert {body: list(models) for body, models in changes.items()} == {"other": ["C2"]}
    assert changes["other"]["C2"] == pytest.approx({"P1": 0.1})


STATES = {"motion": [0.02, -0.01, 0.03], "clock": [0.03, -0.03], "frames": [0.05]}
NONE = {"motion": [], "clock": [], "frames": [0.0]}


@pytest.mark.parametrize(
    ("entry", "sd", "shared"),
    [
        ({"lag_states": NONE | {"motion": STATES["motion"]}}, np.sqrt(14 / 3) / 100, 0.0),
        ({"lag_states": NONE | {"clock": STATES["clock"]}}, 0.03, 0.03),
        ({"lag_states": NONE | {"frames": STATES["frames"]}}, 0.05, 0.0),
        ({"lag_states": NONE, "model_deviations": [{"lag": 0.04}, {"other": 1.0}]}, 0.04, 0.04),
        ({"lag_states": NONE}, 0.0, 0.0),
    ],
)  # fmt: skip
def test_a_lag_is_as_unsure_as_its_states_and_shares_what_is_not_its_own(study, entry, sd, shared):
    """Root mean square of the states; a clock is the laboratory's, a model everybody's."""
    trials = {("P1", "fast"): entry, ("P2", "slow"): entry, ("P1", "slow"): {"lag_states": None}}
    for scopes, expected in ((SCOPES, sd), (SHARED, shared)):
        draws = lag_draws(study, trials, scopes)
        assert set(draws) == {("P1", "fast"), ("P2", "slow")}
        of_first, of_second = draws.values()
        assert of_first.std() == pytest.approx(expected, abs=1e-12)
        assert of_first.mean() == pytest.approx(0.0, abs=1e-12)
        assert (
            np.std(of_first - of_second) < 1e-12
            if sd == shared
            else np.std(of_first - of_second) >= expected
        )


def test_a_contact_too_long_is_a_flight_too_short(study):
    """By one error of all trials whose events are found alike, and another one of others."""
    steps = pd.DataFrame(
        [
            ("P1", "fast", "plates", 0.002), ("P1", "fast", "plates", 0.004),
            ("P2", "fast", "plates", 0.006), ("P2", "slow", "kinematic", 0.006),
            ("P1", "slow", "plates", np.nan),
        ],
        columns=["participant_id", "trial_id", "events", "contact_error_s"],
    )  # fmt: skip
    draws = shared_draws(study, ["contact_s", "flight_s", "speed_mps"], steps)
    assert set(draws) == {"contact_s", "flight_s"}
    contact = draws["contact_s"].T
    np.testing.assert_allclose(contact, -draws["flight_s"].T, atol=1e-15)
    assert list(contact) == [("P1", "fast"), ("P2", "fast"), ("P2", "slow")]
    sds = contact.std(ddof=0) * STATED_ERROR_SDS
    assert sds.tolist() == pytest.approx([0.003, 0.006, 0.006])
    np.testing.assert_allclose(2.0 * contact["P1", "fast"], contact["P2", "fast"], atol=1e-15)
    assert abs(contact.corr().iloc[1, 2]) < 0.3
    assert contact.iloc[0, 0] * draws["flight_s"].iloc[0, 0] < 0.0


RECORDED = [("fast", 1), ("fast", 2), ("slow", 1), ("slow", 2), ("slow", 3)]
SIZES = {"C (C1)": 5.0, "C (C2)": 8.0, "C (C3)": 20.0}
"""How far the forces under each contact model may be off, N."""


def _study_draws(silent, _study, names, levels, scopes, *_, with_values=True) -> xr.Dataset:
    """Of two joints under three contact models, or two numbers; half as large where shared.

    Nothing is drawn at a `silent` level.
    """
    random = np.random.default_rng(7)
    forces = levels[0] in SIZES
    sources = ["hip_swing", "hip_push"] if forces else ["push_leg_offset", "other"]
    pairs = [(level, source) for level in (SIZES if forces else ("H1",)) for source in sources]
    deviation = random.standard_normal((WORLDS, len(RECORDED), len(pairs), 3))
    deviation *= np.array([SIZES.get(level, 0.1) for level, _ in pairs])[:, None]
    deviation[:, -1] = np.nan
    deviation[:, :, [level == silent for level, _ in pairs]] = np.nan
    value = np.full(deviation.shape[1:], np.nan)
    value[...] = np.tile([400.0, 600.0], len(pairs) // 2)[:, None] if with_values else np.nan
    trials, numbers = zip(*RECORDED, strict=True)
    return xr.Dataset(
        {
            "value": (("step", "outcome", "axis"), value),
            "deviation": (
                ("draw", "step", "outcome", "axis"),
                deviation * (0.5 if scopes == SHARED else 1.0),
            ),
        },
        {
            "trial_id": ("step", list(trials)), "number": ("step", list(numbers)),
            "participant_id": ("step", names * len(RECORDED)),
            "level": ("outcome", [level for level, _ in pairs]),
            "source": ("outcome", [source for _, source in pairs]),
        },
    )  # fmt: skip


@pytest.mark.parametrize("silent", ["", "C (C3)"])
def test_trials_have_the_mean_errors_of_their_steps_that_count(study, monkeypatch, silent):
    """Of known steps and what athletes share; of a share under every contact model drawn."""
    drawn_data = partial(_study_draws, silent)
    monkeypatch.setattr(measurement_draws, "study_draws", drawn_data)
    steps = pd.DataFrame(
        [("P1", "fast", 1), ("P1", "fast", 2), ("P1", "slow", 1), ("P1", "slow", 3)],
        columns=["participant_id", "trial_id", "step"],
    )
    draws = trial_draws(study, steps, {})
    forces = drawn_data(study, ["P1"], list(SIZES), SHARED)
    numbers = drawn_data(study, ["P1"], ["H1"], SHARED)["deviation"].values[..., 1]
    expected_by_name = {"push_leg_offset": numbers[..., 0]}
    for level in SIZES:
        chosen = np.flatnonzero(forces["level"].values == level)
        moved = forces["deviation"].values[:, :, chosen, 1] + np.array([400.0, 600.0])
        expected_by_name[f"caused_share_{level[3:5]}"] = moved[..., 0] / moved.sum(axis=-1) - 0.4
    for name, by_step in expected_by_name.items():
        if silent and name.endswith(silent[3:5]):
            assert draws[name].empty
            continue
        assert draws[name].index.tolist() == [("P1", "fast"), ("P1", "slow")]
        expected = [(by_step[:, 0] + by_step[:, 1]) / 2.0, by_step[:, 2]]
        np.testing.assert_allclose(draws[name], expected, atol=1e-12)
    assert draws["lag"].empty
