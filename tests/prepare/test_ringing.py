"""Free moments and pressure are judged in the band of the motion, on the clock of the markers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, Prepare
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.trial_files import read_recording
from aqbio.prepare.contact_findings import (
    MAX_FRICTION_ARM_M,
    band_loads,
    mean_friction_arm,
    pressure_distance,
)
from aqbio.prepare.ground import foot_markers
from aqbio.prepare.notes import Notes
from aqbio.prepare.trial import prepare_trial
from tests import made_run

BELT, CUTOFF_HZ, RING_HZ = made_run.SPEED, 20.0, 30.0
FREE_SHARE_M = 0.004
"""Free moment over vertical force of the made run."""

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))


def prepared(folder: Path, change=lambda time, force, point: 0.0):
    """The made run on a belt with another torque (S,) N m beside that of the file; its findings."""
    trc, mot = made_run.write_trc_run(folder, "run", BELT)
    storage = read_storage(mot)
    columns, values = list(storage.columns), storage.values.copy()
    for side in "rl":
        at = [columns.index(f"ground_force_{side}_{kind}{axis}") for kind in "vp" for axis in "xyz"]
        force, point = values[:, at[:3]], values[:, at[3:]]
        on = force[:, 1] > 0.0
        more = np.broadcast_to(change(storage.time, force, point), len(force))
        values[on, columns.index(f"ground_torque_{side}_y")] += more[on]
    write_storage(mot, columns, storage.time, values, in_degrees=False)
    notes = Notes("fast", "P1", "run.trc", "run_grf.mot")
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="run.trc")
    settings = Prepare(cutoff_hz=CUTOFF_HZ)
    run = prepare_trial(read_recording(trc, mot), trial, MARKER_SET, Laboratory(), settings, notes)
    return run, [finding for finding in notes.findings if finding.rule == "free-moment-large"]


def ring(time, force, point):
    """150 N m whatever the force, as a belt rings under it."""
    return 150.0 * np.sin(2.0 * np.pi * RING_HZ * time)


def test_a_belt_that_rings_is_no_fault_of_its_moments(tmp_path):
    """Single samples of 150 N m are up to 140 mm times the force; the motion has no such band."""
    run, said = prepared(tmp_path, ring)
    contact, loads = run.contacts[0], run.loads
    inside = (run.plates.time > contact.touchdown) & (run.plates.time < contact.toe_off)
    inside &= loads.event_force[:, contact.foot] > 0.5 * contact.peak
    moment = loads.free_moment[inside, contact.foot]
    arm = np.abs(moment) / loads.event_force[inside, contact.foot]
    assert np.percentile(arm, 95.0) > 2.0 * MAX_FRICTION_ARM_M
    assert said == []


@pytest.mark.parametrize("ringing", [False, True])
@pytest.mark.parametrize(("share", "large"), [(0.025, False), (0.027, True), (-0.035, True)])
def test_a_moment_that_no_shoe_makes_is_found_on_a_belt_that_rings_too(
    tmp_path, share, large, ringing
):
    """Beside the 4 mm that the runner has: 29 and 31 mm times the force, and as much backward."""

    def change(time, force, point):
        return share * force[:, 1] + 0.2 * ringing * ring(time, force, point)

    _, said = prepared(tmp_path, change)
    assert bool(said) == large
    if large and not ringing:
        assert said[0].number == pytest.approx(1e3 * abs(share + FREE_SHARE_M), rel=0.01)


def test_moments_about_another_origin_are_found_on_a_belt_that_rings_too(tmp_path):
    """Torque about an origin beside the belt in the columns of that about the pressure."""

    def change(time, force, point):
        about_origin = (point[:, 2] + 0.8) * force[:, 0] - point[:, 0] * force[:, 2]
        return about_origin + ring(time, force, point)

    _, said = prepared(tmp_path, change)
    assert len(said) == 2  # of both belts
    assert all("origin or the calibration" in finding.what for finding in said)


def test_a_lever_arm_in_the_mean_over_a_contact():
    """Half sines of moment and force in proportion, and an oscillation of no mean."""
    phase = np.linspace(0.0, np.pi, 200)[1:-1]
    force = 2000.0 * np.sin(phase)
    assert mean_friction_arm(0.012 * force, force) == pytest.approx(0.012)
    assert mean_friction_arm(-0.012 * force, force) == pytest.approx(0.012)
    even = 60.0 * np.sin(8.0 * phase)
    expected = 60.0 / np.sqrt(2.0) / (2000.0 / np.sqrt(2.0))
    assert mean_friction_arm(even, force) == pytest.approx(expected, rel=0.02)
    unknown = np.where(phase < 1.0, np.nan, 0.012 * force)
    assert mean_friction_arm(unknown, force) == pytest.approx(0.012)
    assert np.isnan(mean_friction_arm(np.full(3, np.nan), np.ones(3)))


@pytest.mark.parametrize("late", [0.0, 0.008, -0.006])
def test_pressure_lies_under_the_foot_on_the_clock_of_the_forces(tmp_path, late):
    """A belt of 8 m/s carries it 64 mm on in 8 ms, along the foot, in front of its toes."""
    run, _ = prepared(tmp_path)
    plates = replace(run.plates, start=run.plates.start + late)
    feet = foot_markers(run.labels, run.markers, MARKER_SET)
    contact = run.contacts[2]
    contact = replace(contact, touchdown=contact.touchdown + late, toe_off=contact.toe_off + late)

    def beside(time):
        vertical, cop, _ = band_loads(run.loads, plates, time, CUTOFF_HZ)
        of_foot = np.where(
            (time >= contact.touchdown) & (time <= contact.toe_off), vertical[:, contact.foot], 0.0
        )
        frames = of_foot >= 0.5 * of_foot.max()
        toes = feet[frames, contact.foot, 1:].mean(axis=1)
        away = cop[frames, contact.foot] - toes
        assert frames.sum() > 15
        return np.median(away[:, 0]), pressure_distance(
            cop[frames, contact.foot], feet[frames, contact.foot]
        )

    along, distance = beside(run.time + late)
    without, _ = beside(run.time)
    assert distance < 0.03
    assert without - along == pytest.approx(BELT * late, abs=0.002)
