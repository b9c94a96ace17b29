"""Noise of markers from frame to frame: how much there is, who is named, what it widens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.filters import low_pass
from aqbio.io.recording import Recording
from aqbio.prepare.checks import note_noise
from aqbio.prepare.explanations import MAX_USUAL_RATIO
from aqbio.prepare.notes import Notes
from aqbio.prepare.signal_scales import usual_noise
from aqbio.signals import white_noise
from tests import made_run
from tests.levels_case import body_spread, sprint_run

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))
RATE = made_run.FRAME_RATE


def swinging(frames: int, markers: int) -> np.ndarray:
    """Paths as of limbs in a sprint: 0.4 m to and fro at 2 Hz, 0.02 m at 8 Hz."""
    time, phase = np.arange(frames)[:, None, None] / RATE, np.arange(3 * markers).reshape(-1, 3)
    turns = 2.0 * np.pi * time
    return 0.4 * np.sin(2.0 * turns + phase) + 0.02 * np.sin(8.0 * turns - phase)


@pytest.mark.parametrize("sd", [0.0, 0.001, 0.005, 0.02])
def test_noise_is_told_from_motion(sd):
    random, paths = np.random.default_rng(5), swinging(500, 8)
    paths += random.normal(0.0, sd, paths.shape)
    paths[::97, 3] = np.nan  # gaps
    paths[40:42, 5] += 1.0  # a jump
    np.testing.assert_allclose(white_noise(paths), sd, rtol=0.15, atol=1e-4)
    assert np.isnan(white_noise(paths[:4])).all()


def noise_findings(
    sd: float, worn: slice = slice(None), labels=made_run.LABELS, task="run"
) -> list:
    """Findings of a run of which some markers scatter."""
    points, notes = made_run.markers(), Notes("fast", "P1", "fast.trc", "fast.mot")
    points[:, worn] += np.random.default_rng(2).normal(0.0, sd, points[:, worn].shape)
    trial = Trial(participant_id="P1", trial_id="fast", task=task, file="run.c3d")
    note_noise(Recording(labels, points, RATE), trial, MARKER_SET, notes)
    return notes.findings


def test_noise_of_some_markers_is_named_with_its_size():
    limit = MAX_USUAL_RATIO * usual_noise(RATE)
    assert not noise_findings(0.0)
    assert not noise_findings(0.8 * limit)
    [finding] = noise_findings(3.0 * limit, slice(4, 6))
    assert finding.rule == "markers-noisy"
    assert finding.label == ", ".join(made_run.LABELS[4:6])
    assert finding.number == pytest.approx(3.0 * limit, rel=0.15)
    assert finding.limit == limit
    assert finding.invalidates == "moments"


def test_noise_of_a_label_that_no_model_has_costs_nothing():
    other = tuple(f"X{label}" for label in made_run.LABELS)
    assert not noise_findings(0.05, labels=other)
    assert not noise_findings(0.05, task="static")


def test_slow_cameras_pass_over_motion_and_not_over_noise():
    assert usual_noise(60.0) > 2.0 * usual_noise(200.0)
    assert usual_noise(1000.0) == pytest.approx(0.00074, rel=0.01)


def test_draws_of_a_motion_hold_the_noise_that_its_filter_leaves():
    skeleton, cutoff = sprint_run(3).skeleton, 20.0
    spread = replace(body_spread(skeleton, 0.0), skin_sd=np.zeros(len(skeleton.markers)))
    noise = np.linspace(0.0, 0.02, len(skeleton.markers))
    noisy = replace(spread, noise_sd=noise, cutoff=cutoff)
    time = np.arange(400) / 200.0
    skin = noisy.skin(time, 40, np.random.default_rng(1))
    impulse = low_pass(np.eye(400)[:, [200]], 200.0, cutoff)
    expected = noise * np.sqrt((impulse**2).sum())
    np.testing.assert_allclose(skin[:, 100:300].std(axis=(0, 1, 3)), expected, rtol=0.05)
    assert not spread.skin(time, 2, np.random.default_rng(1)).any()
