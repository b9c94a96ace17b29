"""Masses on springs: closed forms of the integration, and what they do in a sprint."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.vectors import rotate
from aqbio.virtual.demo import GaitName
from aqbio.virtual.recording import Laboratory, RecordedRun, RunPlan, recorded_run
from validation.gaits.individual import individual_gait
from validation.recordings.known_run import drawn_errors, known_run
from validation.recordings.springs import FeltMotion, Springs, displacements, sprung_tissue

STEP = 1e-3
STIFFNESS = np.full((1, 3), (2.0 * np.pi * 11.0) ** 2)


def _felt(acceleration, turn=None, turn_rate=None) -> FeltMotion:
    """Of one mass, (N, 3) each."""
    none = np.zeros_like(acceleration)
    parts = (acceleration, none if turn is None else turn, none if turn_rate is None else turn_rate)
    return FeltMotion(*(part[:, None] for part in parts))


def _half_steps(duration: float) -> np.ndarray:
    return 0.5 * STEP * np.arange(2 * round(duration / STEP) + 1)


def test_a_driven_mass_answers_as_the_closed_form_says():
    """Amplitude a / |k - w² + i c w| and its lag, when what it began with has died."""
    wave, damping, time = 2.0 * np.pi * 7.0, 30.0, _half_steps(2.0)
    drive = np.outer(np.cos(wave * time), [100.0, -40.0, 5.0])
    found = displacements(STEP, STIFFNESS, np.full((1, 3), damping), _felt(drive))[:, 0]
    gain = -1.0 / (STIFFNESS[0] - wave**2 + 1j * damping * wave)
    expected = np.real(np.exp(1j * wave * time[::2])[:, None] * gain * [100.0, -40.0, 5.0])
    late = time[::2] > 1.2
    np.testing.assert_allclose(found[late], expected[late], atol=1e-7)
    assert np.abs(expected).max() > 0.02


def test_a_turning_segment_flings_its_mass_outward():
    """At rest in steady rotation: (k - Ω²) d = -a; without the centrifugal part a fifth less."""
    spin, time = np.sqrt(0.2 * STIFFNESS[0, 0]), _half_steps(2.5)
    drive = np.tile([-50.0, 0.0, 0.0], (len(time), 1))
    turn = np.tile([0.0, 0.0, spin], (len(time), 1))
    found = displacements(STEP, STIFFNESS, np.full((1, 3), 40.0), _felt(drive, turn))[-1, 0]
    assert found[0] == pytest.approx(50.0 / (STIFFNESS[0, 0] - spin**2), rel=1e-6)
    assert found[0] > 1.2 * 50.0 / STIFFNESS[0, 0]
    assert np.abs(found[1:]).max() < 1e-6


def test_a_mass_does_not_know_the_axes_that_it_is_told_in():
    """On springs alike along all axes, seen from a segment that turns faster and faster."""
    wave, own, time = 2.0 * np.pi * 4.0, np.sqrt(STIFFNESS[0, 0]), _half_steps(0.5)
    angle, spin, faster = 5.0 * time + 20.0 * time**2, 5.0 + 40.0 * time, 40.0
    matrix = np.zeros((len(time), 3, 3))
    matrix[:, 0, 0], matrix[:, 0, 1] = np.cos(angle), -np.sin(angle)
    matrix[:, 1, 0], matrix[:, 1, 1], matrix[:, 2, 2] = np.sin(angle), np.cos(angle), 1.0
    drive = np.outer(np.sin(wave * time), [80.0, 30.0, -20.0])
    axis = np.array([0.0, 0.0, 1.0])
    felt = _felt(
        rotate(matrix.swapaxes(1, 2), drive),
        np.outer(spin, axis),
        np.tile(faster * axis, (len(time), 1)),
    )
    found = displacements(STEP, STIFFNESS, np.zeros((1, 3)), felt)[:, 0]
    swing = np.sin(wave * time[::2]) - wave / own * np.sin(own * time[::2])
    expected = -np.outer(swing / (own**2 - wave**2), [80.0, 30.0, -20.0])
    np.testing.assert_allclose(rotate(matrix[::2], found), expected, atol=2e-6)
    assert np.abs(expected).max() > 0.015


@pytest.fixture(scope="module")
def run() -> RecordedRun:
    gait = individual_gait(GaitName("V02", "normal", 3)).gait
    return recorded_run(gait, RunPlan(first_contact=0), Laboratory())


@pytest.fixture(scope="module")
def tissue(run) -> tuple[np.ndarray, np.ndarray]:
    return sprung_tissue(run, Springs(), np.random.default_rng(2))


def test_tissue_moves_as_far_as_published(run, tissue):
    """Thighs by 10 to 25 mm (peaks of their mean), the trunk less; head and feet not at all."""
    markers, segments = tissue
    peak = dict(
        zip(run.recording.bodies, np.linalg.norm(segments, axis=2).max(axis=0), strict=True)
    )
    for side in "rl":
        assert 0.010 < peak[f"femur_{side}"] < 0.035
        assert peak["torso"] < peak[f"femur_{side}"]
        assert peak[f"foot_{side}"] == 0.0
    still = [
        label
        for label, one in zip(run.recording.labels, markers.any(axis=(0, 2)), strict=True)
        if not one
    ]
    assert {"RFHD", "LBHD"} <= set(still)
    assert "RTH1" not in still


def test_the_spectrum_is_no_wave_of_the_step(run, tissue):
    """A third and more of the thigh's motion is near its natural frequency, as no sum of the
    generator's three harmonics with falling amplitudes has it, and markers of a segment differ."""
    femur = run.recording.bodies.index("femur_r")
    back = run.recording.rotation[:, femur].swapaxes(1, 2)
    moved = rotate(back, tissue[1][:, femur])
    taper = np.hanning(len(moved))[:, None]
    power = (np.abs(np.fft.rfft((moved - moved.mean(axis=0)) * taper, axis=0)) ** 2).sum(axis=1)
    frequency = np.fft.rfftfreq(len(moved), 1.0 / run.recording.marker_rate)
    near = (frequency > 6.0) & (frequency < 13.0)
    assert power[near].sum() > 0.33 * power.sum()
    own = [run.recording.labels.index(name) for name in ("RTH1", "RTH2")]
    one, other = (tissue[0][:, marker] for marker in own)
    assert np.sqrt(((one - other) ** 2).mean()) > 0.1 * np.sqrt((one**2).mean())


def test_a_recording_may_have_them(run):
    """Errors of any size; the momentum that soft masses carry is the truth's."""
    random = np.random.default_rng(3)
    errors = drawn_errors(0.5, random, Springs())
    assert errors.skin == Springs(size=0.5)
    made = known_run(run.truth.gait, errors, random)
    assert np.abs(made.soft.rate.sum(axis=1)).max() < 1e-9
    assert np.abs(made.soft.rate).max() > 1.0
