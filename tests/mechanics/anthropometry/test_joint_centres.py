"""Hip centres: invariance, mirror symmetry, and agreement with the sprint model's own pelvis."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.de_leva import REFERENCE
from aqbio.body.joint_centres import hip_centres
from aqbio.body.sprint_geometry import geometry
from aqbio.body.sprint_markers import iliac_spines

RIGHT, LEFT, BACK = np.array(
    [[0.02, 1.01, 0.13], [0.0, 1.0, -0.12], [-0.17, 1.04, 0.01]], dtype=float
)


def rotation(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q


def test_the_hips_move_with_the_pelvis():
    turn, shift = rotation(1), np.array([3.0, -1.0, 2.0])
    expected = [turn @ centre + shift for centre in hip_centres(RIGHT, LEFT, BACK)]
    moved = hip_centres(*(turn @ point + shift for point in (RIGHT, LEFT, BACK)))
    np.testing.assert_allclose(moved, expected, atol=1e-14)


def test_a_mirrored_pelvis_has_mirrored_hips():
    mirror = np.diag([1.0, 1.0, -1.0])
    right, left = hip_centres(RIGHT, LEFT, BACK)
    mirrored = hip_centres(mirror @ LEFT, mirror @ RIGHT, mirror @ BACK)
    np.testing.assert_allclose(mirrored, [mirror @ left, mirror @ right], atol=1e-15)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("stature", [1.55, 1.74, 1.95])
def test_the_sprint_models_spines_lead_back_to_its_hips(sex, stature):
    """The model's iliac spines are the regression turned round: mid-hip is its origin."""
    lengths = geometry(sex, stature)
    front, back = (np.array(place) for place in iliac_spines(lengths))
    mirror = np.array([1.0, 1.0, -1.0])
    right, left = hip_centres(front, front * mirror, back * [1, 1, 0])
    np.testing.assert_allclose(right, [0, 0, lengths.half_hip], atol=1e-12)
    np.testing.assert_allclose(left, [0, 0, -lengths.half_hip], atol=1e-12)
    assert REFERENCE[sex].stature == pytest.approx(1.74, abs=0.01)
