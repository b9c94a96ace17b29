"""How sure curves are: nothing from nothing, a closed form for plates, the same in a mirror."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency.data_errors import LoadSpread
from aqbio.contributions.intervals import ITEMS, KNOTS, intervals_dataset
from aqbio.gait.steps import Contact
from aqbio.intervals.trial_draws import Sampling
from aqbio.steps.stage import kept_curves
from tests.mechanics.levels_case import smooth_run
from tests.stages.contributions.test_intervals import PLATES, STEP, _draws
from tests.stages.made_contributions import made_trial
from tests.steps.cut import cut_steps
from tests.steps.test_steps import _steps


@pytest.fixture(scope="module")
def run():
    return smooth_run(60)


def _dataset(draws, step=STEP):
    """Curves of a step whose next touchdown, of the other foot, makes its flight."""
    contacts = [Contact(step.side, step.touchdown, step.toe_off, True, 0.2)]
    if np.isfinite(step.next_touchdown):
        other, start = ("left", "right")[step.side == "left"], step.next_touchdown
        contacts.append(Contact(other, start, start + 0.05, False, 0.2))
    return intervals_dataset(draws, contacts, 0.3)


def test_plates_make_the_external_moment_as_unsure_as_they_are(run):
    """Var M_y = Σ over feet of (gain M_y)² + place² (F_x² + F_z²); the residual likewise."""
    case, time = run
    draws = _draws(case, time, PLATES, Sampling(1, 1, 8))
    frames = draws.frames(STEP)
    balance, spread = draws.levels.mechanics.balance, LoadSpread()
    moment = (balance.moment_of_force + balance.free_moment)[frames, :, 1]
    force = balance.force[frames]
    variance = (spread.gain * moment) ** 2
    variance += spread.position**2 * (force[..., 0] ** 2 + force[..., 2] ** 2)
    expected = np.sqrt(variance.sum(axis=1))
    at = (time[frames] - STEP.touchdown) / STEP.contact
    found = _dataset(draws).sel(stance_foot="right", phase="stance", axis="y")
    for name in ("external_moment", "residual_moment"):
        ours = found[f"sd_{name}"].values
        np.testing.assert_allclose(ours, np.interp(KNOTS, at, expected), rtol=1e-6)
    assert np.nanmax(found["sd_angular_momentum"].values) < 1e-6


def test_bands_travel_to_the_step_curves(run):
    """The knots of stage contributions are the 101 points of the study's file."""
    trial, drawn = made_trial(), _dataset(_draws(*run, PLATES, Sampling(8, 1, 8)))
    steps = _steps(trial)[:2]
    trial = trial.merge(drawn)
    row = dict.fromkeys(
        ("participant_id", "trial_id", "condition", "side", "speed_mps", "contact_s", "flight_s",
         "mass_kg", "height_m"),
        0.0,
    )  # fmt: skip
    rows = [row | {"step": step.number} for step in steps]
    data = kept_curves(cut_steps(trial, steps), rows)
    for name in ITEMS:
        if name in data:
            assert data[f"{name}_sd"].dims == data[name].dims
    ours = data["external_moment_sd"].isel(step=0).sel(phase="stance").values
    knots = drawn["sd_external_moment"].sel(stance_foot="right", phase="stance").values
    np.testing.assert_allclose(ours[::5], knots, rtol=1e-6)
    assert np.isnan(data["external_moment_sd"].isel(step=1)).all()
    assert np.isnan(cut_steps(made_trial(), steps)["hub_moment_sd"]).all()
