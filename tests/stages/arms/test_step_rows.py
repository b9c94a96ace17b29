"""Evidence of a step: arms one by one, by role, and seen in a mirror for left contacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.mechanics.gait.steps import Step
from aqbio.names import ANATOMICAL_GROUPS, ROLE_GROUPS
from aqbio.stages.arms.step_rows import ARM_ROLES, step_rows
from aqbio.stages.arms.trial_state import TrialState

FRAMES = 201
TIME = np.linspace(0.0, 1.0, FRAMES)


def _state(groups=ANATOMICAL_GROUPS):
    """Momenta that are straight lines in time: splines give them back to round-off."""
    random = np.random.default_rng(1)
    start, rate = random.standard_normal((2, len(groups), 3))
    steps = (
        Step(1, "left", 0.1, 0.25, 0.4, "ok", ""),
        Step(2, "right", 0.4, 0.55, 0.7, "ok", ""),
    )
    one = np.ones((FRAMES, 3))
    return TrialState(
        time=TIME,
        groups=groups,
        momentum=start + TIME[:, None, None] * rate,
        relative_force=np.ones((FRAMES, len(groups), 3)),
        force=np.ones((FRAMES, 2, 3)),
        external_moment=one,
        position=one,
        velocity=one,
        sagittal=np.ones((FRAMES, 2, 3)),
        mass=70.0,
        steps=steps,
    )


@pytest.mark.parametrize(("place", "sides", "sign"), [(0, "lr", -1.0), (1, "rl", 1.0)])
def test_an_arm_is_named_after_the_leg_of_its_side(place, sides, sign):
    state = _state()
    row = list(step_rows(state))[place]
    at = row.step.touchdown + 0.15 * np.linspace(0.0, 1.0, 101)
    for column, side in enumerate(sides):
        name = {"l": "arm_left", "r": "arm_right"}[side]
        values = state.momentum[:, state.groups.index(name), 1]
        expected = sign * np.interp(at, TIME, values)
        np.testing.assert_allclose(row.arm_momentum[0, :, column, 1], expected, atol=1e-9)


def test_both_arms_add_up():
    for row in step_rows(_state()):
        both = row.momentum[:, :, ROLE_GROUPS.index("arms")]
        np.testing.assert_allclose(row.arm_momentum.sum(axis=2), both, atol=1e-9)


def test_a_model_without_arms_has_none():
    legs = tuple(name for name in ANATOMICAL_GROUPS if not name.startswith("arm"))
    for row in step_rows(_state(legs)):
        assert row.arm_momentum.shape == (2, 101, len(ARM_ROLES), 3)
        assert np.isnan(row.arm_momentum).all()
        assert np.isfinite(row.momentum[:, :, ROLE_GROUPS.index("push_leg")]).all()


def test_the_index_of_the_swing_leg_is_that_of_hip_and_knee():
    """Moments of 3, 4 and 12 N m at hip, knee and ankle: 13 for the push leg, 5 for the other."""
    state = replace(_state(), sagittal=np.tile([3.0, 4.0, 12.0], (FRAMES, 2, 1)))
    for row in step_rows(state):
        assert row.numbers["push_index"] == pytest.approx(13.0)
        assert row.numbers["swing_index"] == pytest.approx(5.0)
