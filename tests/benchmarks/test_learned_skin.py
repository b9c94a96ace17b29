"""Skin that is learnt: what a fit leaves tells how markers' errors last."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.consistency.fit import TrialFit, fit_trial
from aqbio.mechanics.consistency.weights import Weights
from benchmarks.consistency_truth import SETTINGS, fit_errors, observed, recorded
from benchmarks.learned_skin import HELD, SHOWN, LearnedSkin, held_contacts, relaxed, table
from validation.recordings.known_observations import known_runner
from validation.recordings.known_run import KnownRun

USUAL, SPRINTER = SETTINGS[2], 1


@pytest.fixture(scope="module")
def made() -> KnownRun:
    return recorded(USUAL, SPRINTER)


@pytest.fixture(scope="module")
def fit(made) -> TrialFit:
    return fit_trial(known_runner(made), observed(USUAL, made), Weights())


@pytest.fixture(scope="module")
def skin(fit) -> LearnedSkin:
    return LearnedSkin(fit)


def test_modes_are_rigid_and_orthonormal(skin):
    for modes in skin.modes:
        flat = modes.reshape(-1, modes.shape[2])
        np.testing.assert_allclose(flat.T @ flat, np.eye(flat.shape[1]), atol=1e-12)
        assert flat.shape[1] == {1: 3, 2: 5}.get(len(modes), 6)


def test_what_skin_does_and_does_not_is_found(fit, skin):
    """This skin swings with steps: every second harmonic of the stride, up to the sixth. Of a
    thigh's marker its own waves are 5.8 mm along an axis in the second, at 16 mm in all."""
    bodies = fit.runner.skeleton.bodies
    markers = fit.problem.markers.tracking.body
    thigh = list(np.unique(markers)).index(bodies.index("femur_r"))
    size = 1e3 * np.sqrt(skin.sizes[0][thigh, 1::2])
    assert size[1] == pytest.approx(5.8, rel=0.35)
    assert size[[0, 2, 4, 6]].max() < 0.25 * size[1]


def test_nearer_to_the_truth_and_to_contacts_that_were_left_out(made, fit, skin):
    """Of this sprinter; the table has eight."""
    today, learnt = (fit_errors(one, made) for one in (fit, relaxed(fit, skin)))
    for name in ("torso", "dleg", "dtorso"):
        assert learnt[name] < 0.85 * today[name]
    plain, before, after = next(held_contacts(fit, skin))[:, HELD.index("force_rms")]
    assert after < 0.7 * plain < before


def test_the_table_has_shares_of_the_plain_way():
    import pandas as pd

    rows = [
        {"setting": "one", "seed": 0, "way": way} | dict.fromkeys(SHOWN, size)
        for way, size in (("plain", 2.0), ("fit", 1.0))
    ]
    text = table(pd.DataFrame(rows))
    assert "| one | 1 | fit | 0.50 |" in text
