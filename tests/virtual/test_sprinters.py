"""Virtual sprinters: their body, the demo study's gaits and files, plates and disturbances."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from aqbio.io.study import load_study
from aqbio.names import GRAVITY
from aqbio.vectors import cross
from aqbio.virtual.demo import DATA, SPRINTERS, GaitName, load_library
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import (
    Laboratory,
    RunPlan,
    contacts_on_row,
    moved_loads,
    plate_loads,
    recorded_run,
)
from aqbio.virtual.study import LIBRARY, MIN_STEPS, planned_trials
from aqbio.virtual.truth import run_truth
from tests.golden import differences, sizes
from tests.virtual.runners import RUNNER
from validation.gaits.individual import sheets

ATHLETES = {one.athlete.name: one.athlete for one in SPRINTERS}
LABORATORY = Laboratory()


@pytest.fixture(scope="module")
def gaits() -> dict[GaitName, Gait]:
    return load_library(DATA / LIBRARY, ATHLETES)


def test_every_gait_of_the_library_obeys_newton(gaits):
    """Ballistic flights, and contacts whose impulse carries the weight; every 7 ms of a period."""
    for name, gait in gaits.items():
        truth = run_truth(gait, np.arange(0.0, gait.timeline.period, 0.007))
        side, _ = gait.stance_foot(truth.gait_time)
        flight = side == 0
        fall = truth.com_acceleration[flight] + [0.0, GRAVITY, 0.0]
        weight = gait.athlete.mass * GRAVITY
        assert np.abs(fall).max() * gait.athlete.mass < 1e-8 * weight, name
        turning = truth.momentum_rate[flight].sum(axis=1)
        assert np.abs(turning).max() < 1e-3 * weight * gait.athlete.stature, name
        assert truth.loads.force[..., 1].min() > -1e-6 * weight, name


def test_sheets_are_those_of_the_code_with_ten_steps_of_every_gait(gaits):
    """Steps from touchdown to the next one, both on the plates, none of them twice."""
    trials = planned_trials(gaits)
    for name, text in sheets(trials).items():
        assert (DATA / name).read_text(encoding="utf-8") == text, "run validation.gaits.regenerate"
    loaded = load_study(DATA / "study.yaml")
    assert [p.participant_id for p in loaded.participants] == list(ATHLETES)
    assert len(loaded.trials) == len(trials)
    row, place = LABORATORY.plates, RunPlan(0).first_contact_x
    for name, gait in gaits.items():
        steps: list[int] = []
        for trial in (one for one in trials if one.gait == name):
            numbers = contacts_on_row(gait, trial.first_contact, place, row)
            steps += [one for one, _ in pairwise(numbers)]
        assert len(steps) == len(set(steps)) >= MIN_STEPS, name


@pytest.fixture(scope="module")
def run(gait_of):
    return recorded_run(gait_of(RUNNER, 7.0).gait, RunPlan(1), LABORATORY)


def test_plates_add_up_to_the_feet(run):
    """Wrench of all plates about the ground's origin, while the runner is on the row."""
    row, loads = LABORATORY.plates, moved_loads(run.force_truth.loads, run.shift)
    force, moment = plate_loads(loads, row)
    about = moment + cross(np.broadcast_to(row.centres(), force.shape), force)
    along = np.nanmax(loads.cop(5.0)[0][..., 0], axis=1, initial=-np.inf)
    on = (along > row.start + 0.05) & (along < row.end - 0.05)
    assert on.sum() > 300
    for ours, theirs in ((force, loads.force), (about, loads.moment)):
        atol = max(1e-9, 1e-12 * np.abs(theirs).max())
        np.testing.assert_allclose(ours[on].sum(axis=1), theirs[on].sum(axis=1), rtol=0, atol=atol)


DISTURBED = {
    "noise": {"marker_noise_m": 1e-3, "force_noise_n": 5.0, "moment_noise_nm": 1.0},
    "offset": {"plate_offset_n": 2.0},
    "soft tissue": {"soft_tissue_m": 0.014},
    "gaps": {"gaps": 5, "gap_frames": 6},
    "exchanged labels": {"swaps": 2},
}
PLANNED = {"late forces": {"clock_offset_s": 0.004}, "shifted plates": {"cop_bias_m": 0.005}}


def test_what_disturbances_add_is_what_it_was(run, gait_of):
    """They were held against their words: size of noise, harmonics of the step, frames of gaps."""
    plain, gait = run.recording, gait_of(RUNNER, 7.0).gait
    made = {
        name: disturbed(plain, Disturbances(**given), np.random.default_rng(7))
        for name, given in DISTURBED.items()
    } | {
        name: recorded_run(gait, RunPlan(1, **given), LABORATORY).recording
        for name, given in PLANNED.items()
    }
    lines = [
        f"{name} {part}: {sizes((getattr(one, part) - getattr(plain, part)).ravel())}"
        for name, one in made.items()
        for part in ("markers", "force", "moment")
    ]
    assert differences("disturbed", lines) == []
