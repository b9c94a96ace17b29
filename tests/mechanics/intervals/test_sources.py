"""Sources of uncertainty: closed forms of what is drawn one at a time and added in variance."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency.data_errors import LoadSpread
from aqbio.intervals.sources import (
    SOURCES,
    UNDISTURBED,
    generator_of,
    load_error_points,
    load_errors,
    source_sds,
)

LABELS = [UNDISTURBED, *["inertia"] * 4000, *["skin"] * 4000]


def _linear(first, second):
    """3 a + 4 b, disturbed in a alone and in b alone."""
    return 10.0 + np.concatenate([[0.0], 3.0 * first, 4.0 * second])


def test_two_independent_sources_of_a_sum_have_their_shares():
    """Var = 9 + 16: shares 0.36 and 0.64, the whole 5; 4000 draws know a variance to 2.2 %."""
    normal = (generator_of(one, 1).standard_normal(4000) for one in ("inertia", "skin"))
    sds = source_sds(_linear(*normal), LABELS)
    share = sds**2 / (sds**2).sum()
    assert share.sum() == pytest.approx(1.0, rel=1e-15)
    assert share[SOURCES.index("inertia")] == pytest.approx(0.36, abs=0.02)
    assert share[SOURCES.index("skin")] == pytest.approx(0.64, abs=0.02)
    assert np.sqrt((sds**2).sum()) == pytest.approx(5.0, rel=0.03)
    assert (np.delete(share, [SOURCES.index("inertia"), SOURCES.index("skin")]) == 0.0).all()


def test_errors_that_two_sources_share_do_not_add_in_variance():
    """The danger: one error counted in two sources. Together 7, their root of squares says 5."""
    normal = generator_of("inertia", 1).standard_normal(4000)
    sds = source_sds(_linear(normal, normal), LABELS)
    together = (3.0 * normal + 4.0 * normal).std()
    assert together == pytest.approx(7.0, rel=0.03)
    assert np.sqrt((sds**2).sum()) < 0.75 * together


def test_points_of_plates_have_the_variances_of_random_errors():
    """Exactly: each error's mean square is its variance, and no two errors come together."""
    spread = LoadSpread(0.003, 0.005)
    gain, shift = load_error_points(spread, 2)
    np.testing.assert_allclose((gain**2).mean(axis=0), 0.005**2, rtol=1e-12)
    np.testing.assert_allclose((shift**2).mean(axis=0), [[0.003**2, 0.0, 0.003**2]] * 2, rtol=1e-12)
    every = np.concatenate([gain, shift.reshape(6, -1)], axis=1)
    assert ((every != 0.0).sum(axis=1) == 1).all()
    random = load_errors(spread, 2, 20000, np.random.default_rng(0))
    np.testing.assert_allclose(random[0].std(axis=0), 0.005, rtol=0.03)
    np.testing.assert_allclose(random[1].std(axis=0)[:, [0, 2]], 0.003, rtol=0.03)
