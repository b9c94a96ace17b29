"""Sudden changes of moments, and sides that are alike, by hand: planted moments of both legs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.inverse_dynamics import sudden
from aqbio.inverse_dynamics.sudden import MAX_RESIDUAL_SHARE, better_than_plain, sudden_change

RATE = 100.0
TIME = np.arange(200) / RATE
JOINTS = ("hip_l", "hip_r", "lumbar", "knee_r", "knee_l")
NAMES = ("pelvis_tx", "pelvis_tilt", *JOINTS, "patella_tx")
CONTACTS = np.array([[0.1, 0.3], [0.5, 0.7], [0.9, 1.1], [1.3, 1.5]])
LEFT = np.array([True, False, True, False])
SHAPE = {"hip_l": 80.0, "hip_r": 80.0, "lumbar": 40.0, "knee_r": -60.0, "knee_l": -60.0}


def moments(**excess: float) -> np.ndarray:
    """Half a sine in the stances of a joint's own side, of some size more than usual."""
    values = np.zeros((len(TIME), len(JOINTS)))
    for (start, end), left in zip(CONTACTS, LEFT, strict=True):
        share = (TIME - start) / (end - start)
        wave = np.where((share >= 0.0) & (share <= 1.0), np.sin(np.pi * share), 0.0)
        for column, name in enumerate(JOINTS):
            of_stance_side = name == "lumbar" or name.endswith("_l" if left else "_r")
            values[:, column] += of_stance_side * (SHAPE[name] + excess.get(name, 0.0)) * wave
            values[:, column] += (not of_stance_side) * 500.0 * wave  # in the other side's stance
    return values


@pytest.fixture
def planted(monkeypatch):
    """Give a maker of fits with these moments, and a share of the residual that is left."""

    def make(plain, fitted, share=0.01):
        observations = SimpleNamespace(
            time=TIME, rate=RATE, contacts=CONTACTS, left=LEFT,
            contact_window=(TIME >= 0.1) & (TIME <= 1.5),
        )  # fmt: skip
        rotation = np.array([not name.endswith("_tx") for name in NAMES])
        root = np.array([name.startswith("pelvis") for name in NAMES])
        skeleton = SimpleNamespace(
            coordinates=NAMES, free=np.arange(len(NAMES)), coordinate_is_rotation=rotation
        )
        residual = np.ones((len(TIME), 3))
        monkeypatch.setattr(sudden, "joint_moments", lambda *_: (plain, fitted))
        return SimpleNamespace(
            observations=observations, skeleton=skeleton, measured=np.ones(len(TIME), dtype=bool),
            runner=SimpleNamespace(root=root), before=SimpleNamespace(force=residual),
            after=SimpleNamespace(force=share * residual),
        )  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("plain", "fitted", "alike"),
    [
        ({"hip_l": 30.0}, {"hip_l": 10.0}, True),
        ({"hip_l": 10.0}, {"hip_l": 30.0}, False),
        ({"hip_r": 30.0}, {"hip_l": 20.0}, True),
        ({"knee_l": -30.0}, {"knee_r": 20.0}, True),
        ({"knee_l": -30.0}, {"knee_l": 40.0}, False),
        ({"hip_l": 20.0, "knee_l": 20.0}, {"hip_r": 27.0}, True),  # root mean squares
        ({"hip_l": 20.0, "knee_l": 20.0}, {"hip_r": 29.0}, False),
        ({"hip_l": 25.0, "hip_r": 25.0}, {"hip_l": 10.0}, False),  # both sides alike
        ({"hip_l": 10.0}, {"lumbar": 90.0}, True),  # has no other side
    ],
)
def test_a_better_fit_has_sides_that_are_more_alike_than_before(planted, plain, fitted, alike):
    """Each leg in its own stances, and a tenth of the residual."""
    plain, fitted = moments(**plain), moments(**fitted)
    assert better_than_plain(planted(plain, fitted), ()) == alike
    assert better_than_plain(planted(plain, fitted, 0.99 * MAX_RESIDUAL_SHARE), ()) == alike
    assert not better_than_plain(planted(plain, fitted, 1.01 * MAX_RESIDUAL_SHARE), ())


@pytest.mark.parametrize("frame", [20, 101, 140])
@pytest.mark.parametrize(
    ("joint", "usual"), [("knee_l", "knee_r"), ("hip_r", "hip_l"), ("hip_r", "hip_r")]
)
def test_a_change_that_either_side_makes_is_no_sudden_one(planted, joint, usual, frame):
    """The excess over that of both sides, and a limit by the range of either."""
    plain, fitted = np.zeros((2, len(TIME), len(JOINTS)))
    plain[60:, JOINTS.index(usual)] = 100.0
    fitted[frame:, JOINTS.index(joint)] = 140.0
    change = sudden_change(planted(plain, fitted), ["a load"])
    assert change.joint == joint
    assert change.excess == pytest.approx(40.0)
    assert change.limit == pytest.approx(25.0)
    assert change.time == pytest.approx(TIME[frame - 2])
    fitted[:, JOINTS.index(joint)] = 0.0
    fitted[frame:, JOINTS.index("lumbar")] = 140.0  # a joint without another side
    change = sudden_change(planted(plain, fitted), ["a load"])
    assert (change.joint, change.excess, change.limit) == ("lumbar", 140.0, 15.0)


def test_the_joint_that_is_farthest_beyond_its_limit_is_named(planted):
    """Not that of the largest change: a hip may change by more than a knee."""
    plain, fitted = np.zeros((2, len(TIME), len(JOINTS)))
    plain[60:, JOINTS.index("hip_l")] = np.linspace(0.0, 200.0, len(TIME) - 60)
    fitted[80:, JOINTS.index("hip_l")] = 45.0
    fitted[90:, JOINTS.index("knee_l")] = 40.0
    change = sudden_change(planted(plain, fitted), ["a load"])
    assert (change.joint, change.excess, change.limit) == ("knee_l", 40.0, 15.0)
    assert change.time == pytest.approx(0.88)
