"""Virtual sprinters: their body, the demo study's gaits and files, plates and disturbances."""

from __future__ import annotations

from itertools import groupby, pairwise

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
from tests.virtual.runners import RUNNER
from validation.gaits.individual import sheets

ATHLETES = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
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
    row, first_contact_x = LABORATORY.plates, RunPlan(0).first_contact_x
    for name, gait in gaits.items():
        steps: list[int] = []
        for trial in (trial_of for trial_of in trials if trial_of.gait == name):
            numbers = contacts_on_row(gait, trial.first_contact, first_contact_x, row)
            steps += [number for number, _ in pairwise(numbers)]
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


def _added(plain, changed):
    """Change of markers, forces and moments by a disturbance."""
    return {
        part: getattr(changed, part) - getattr(plain, part)
        for part in ("markers", "force", "moment")
    }


@pytest.mark.parametrize("name", DISTURBED)
def test_disturbances_are_as_large_as_they_say(name, run):
    """Noise by its deviation, offsets by plate, gaps by frames, exchanges by their markers."""
    plain = run.recording
    disturbed_run = disturbed(plain, Disturbances(**DISTURBED[name]), np.random.default_rng(7))
    added = _added(plain, disturbed_run)
    changed = {part for part, change in added.items() if np.nan_to_num(change, nan=1.0).any()}
    if name == "noise":
        for part, size in (("markers", 1e-3), ("force", 5.0), ("moment", 1.0)):
            assert added[part].std() == pytest.approx(size, rel=0.02)
            assert abs(added[part].mean()) < 4.0 * size / np.sqrt(added[part].size)
        return
    assert changed == {"force" if name == "offset" else "markers"}
    if name == "offset":
        np.testing.assert_allclose(np.ptp(added["force"], axis=0), 0.0, atol=1e-9)
        assert 0.3 < added["force"][0].std() / 2.0 < 1.7
    elif name == "soft tissue":
        distance = np.linalg.norm(added["markers"], axis=2)
        assert 0.002 < np.sqrt(np.mean(distance**2)) < 0.014 * np.sqrt(3.0)
        rigid = np.abs(added["markers"]).max(axis=(0, 2))
        assert (rigid > 0.0).any()
    elif name == "gaps":
        missing = np.isnan(added["markers"]).any(axis=2)
        assert 0 < missing.sum() <= 5 * 6
        assert np.nanmax(np.abs(added["markers"])) == 0.0
        lengths = [
            len(list(run)) for path in missing.T for is_missing, run in groupby(path) if is_missing
        ]
        assert len(lengths) == 5
        assert max(lengths) <= 6
    else:
        moved = np.abs(added["markers"]).any(axis=2)
        assert moved.any()
        np.testing.assert_allclose(  # the same places, by other names
            np.sort(disturbed_run.markers, axis=1), np.sort(plain.markers, axis=1)
        )


def test_planned_disturbances(run, gait_of):
    """A late clock moves forces in time; plates elsewhere change moments by bias times force."""
    plain, gait = run.recording, gait_of(RUNNER, 7.0).gait
    recordings = {
        name: recorded_run(gait, RunPlan(1, **plan), LABORATORY).recording
        for name, plan in PLANNED.items()
    }
    for recording in recordings.values():
        np.testing.assert_array_equal(recording.markers, plain.markers)
    samples = round(0.004 * len(plain.force) / len(plain.markers) * plain.marker_rate)
    errors = [
        np.abs(
            recordings["late forces"].force[20:-20] - np.roll(plain.force, way, axis=0)[20:-20]
        ).mean()
        for way in (samples, -samples, 0)
    ]
    assert min(errors[:2]) < 0.1 * errors[2]
    shifted = _added(plain, recordings["shifted plates"])
    np.testing.assert_allclose(shifted["force"], 0.0, atol=1e-9)
    loaded = plain.force[..., 1] > 200.0
    arm = np.abs(shifted["moment"])[loaded].max(axis=1) / plain.force[..., 1][loaded]
    np.testing.assert_allclose(arm, 0.005, rtol=0.3)
