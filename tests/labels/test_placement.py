"""A standing template over markers: any size, axis up, heading and order of a made-up person."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.labels.geometry import MAX_DISTANCE_M, distance_spreads, placement

COUNT = 24
RANDOM = np.random.default_rng(3)
STANDING = RANDOM.uniform([-0.15, 0.0, -0.3], [0.15, 1.7, 0.3], (COUNT, 3))
BENT = STANDING + RANDOM.normal(0.0, 0.12, (COUNT, 3))
UPS = [sign * np.eye(3)[axis] for axis, sign in product(range(3), (1.0, -1.0))]


def worn(up, heading, size, template=STANDING, order=None):
    """Markers of a person of some size who stands anywhere, in another order."""
    upright = Rotation.align_vectors([up], [[0.0, 1.0, 0.0]])[0].as_matrix()
    yaw = Rotation.from_rotvec(np.radians(heading) * np.asarray(up)).as_matrix()
    markers = size * template @ (yaw @ upright).T + [2.0, -1.0, 3.0]
    order = np.arange(COUNT) if order is None else order
    return markers[order]


@pytest.mark.parametrize("up", UPS)
@pytest.mark.parametrize(("heading", "size"), [(10.0, 1.0), (100.0, 0.85), (215.0, 1.2)])
def test_template_fits_in_any_axes_heading_and_size(up, heading, size):
    """Without a single name; the best posture is identified."""
    order = np.random.default_rng(1).permutation(COUNT)
    markers = worn(up, heading, size, order=order)
    fit = placement(markers, [BENT, STANDING])
    assert fit.template == 1
    np.testing.assert_array_equal(order[fit.marker], np.arange(COUNT))
    np.testing.assert_allclose(fit.landmarks, markers[fit.marker], atol=1e-9)
    np.testing.assert_allclose(fit.distance, 0.0, atol=1e-9)
    assert fit.cost == pytest.approx(0.0, abs=1e-9)


def test_few_anchors_place_the_whole_template():
    """Anchored landmarks leave nothing to chance; one without a marker counts as far away."""
    order = np.random.default_rng(2).permutation(COUNT)[3:]
    markers = worn(UPS[2], 77.0, 1.1, order=order)
    marker_of = {landmark: marker for marker, landmark in enumerate(order.tolist())}
    anchors = [(landmark, marker_of[landmark]) for landmark in order[:5].tolist()]
    fit = placement(markers, [STANDING], anchors)
    hidden = np.setdiff1d(np.arange(COUNT), order)
    assert fit.cost == pytest.approx(3 * MAX_DISTANCE_M / COUNT)
    assert (fit.marker[hidden] == -1).all()
    assert np.isnan(fit.distance[hidden]).all()
    expected = [marker_of[landmark] for landmark in range(COUNT) if landmark in marker_of]
    np.testing.assert_array_equal(fit.marker[fit.marker >= 0], expected)
    markers_of_all = worn(UPS[2], 77.0, 1.1)
    np.testing.assert_allclose(fit.landmarks, markers_of_all, atol=1e-9)
    barred = np.zeros((COUNT, len(markers)), dtype=bool)
    barred[order[7], 7] = True
    barred_fit = placement(markers, [STANDING], anchors, barred)
    assert barred_fit.marker[order[7]] != 7
    fit_of_seven = placement(markers[:7], [STANDING], anchors)
    assert fit_of_seven is None
    assert (placement(markers[:8], [STANDING], anchors).marker >= 0).sum() == 8


def test_template_is_not_mirrored_and_scaled_within_limits():
    """The best rotation of a mirror image, by SciPy; 1.3 is the largest of sizes."""
    mirrored = worn(UPS[2], 30.0, 1.0, STANDING * [1.0, 1.0, -1.0])
    anchors = [(landmark, landmark) for landmark in range(COUNT)]
    fit = placement(mirrored, [STANDING], anchors)
    ours, theirs = (points - points.mean(axis=0) for points in (fit.landmarks, mirrored))
    best = Rotation.align_vectors(theirs, STANDING - STANDING.mean(axis=0))[0]
    rotated = best.apply(STANDING - STANDING.mean(axis=0))
    size = np.linalg.norm(ours) / np.linalg.norm(rotated)
    np.testing.assert_allclose(ours, size * rotated, atol=1e-9)
    assert size == pytest.approx((theirs * rotated).sum() / (rotated**2).sum())
    assert fit.cost > 0.05
    giant = placement(worn(UPS[2], 30.0, 1.5), [STANDING], anchors)
    expected = worn(UPS[2], 30.0, 1.3)
    shift = 0.2 * (worn(UPS[2], 30.0, 1.0) - [2.0, -1.0, 3.0]).mean(axis=0)
    np.testing.assert_allclose(giant.landmarks, expected + shift, atol=1e-9)


def test_a_marker_keeps_its_distances_from_its_own_segment():
    """Median over a segment's markers of the SD of distances; from those visible often enough."""
    time = np.linspace(0.0, 1.0, 50)
    path = np.stack([np.sin(4.0 * time), 1.0 + 0.0 * time, 3.0 * time], axis=1)
    on_segment = path[:, None] + [[0.1, 0.0, 0.0], [0.0, 0.2, 0.1], [0.0, 0.1, 0.1]]
    elsewhere = np.stack(
        [path + [[0.0, 1.0, 0.0]] * (1.0 + k * time[:, None]) for k in (1, 2, 3)], 1
    )
    elsewhere[19:, 2] = np.nan
    hidden = np.where(np.arange(50)[:, None, None] < 19, on_segment, np.nan)
    spreads = distance_spreads(path, {"own": on_segment, "other": elsewhere, "hidden": hidden})
    assert set(spreads) == {"own", "other"}
    assert spreads["own"] == pytest.approx(0.0, abs=1e-12)
    assert spreads["other"] == pytest.approx(1.5 * time.std())
    elsewhere[19, 2] = 7.0
    assert distance_spreads(path, {"other": elsewhere})["other"] == pytest.approx(2.0 * time.std())
