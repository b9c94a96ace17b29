"""The marker that would have helped: what is foretold of it is what it does."""

from __future__ import annotations

import pytest

from aqbio.body.posterior import (
    length_slopes,
    lengths,
    variance_reductions,
)
from aqbio.body.shape import MarkerPlaces
from tests.mechanics.calibration.made import KNEES_AND_ANKLES, fitted, made_person


@pytest.fixture(scope="module")
def foretold():
    """Give shares of the right shank's variance by landmark, without knees and ankles worn."""
    fit = fitted(made_person(0, hidden=KNEES_AND_ANKLES, still=False))
    model = fit.problem.template.skeleton
    index = [model.markers.index(name) for name in KNEES_AND_ANKLES]
    places = MarkerPlaces(KNEES_AND_ANKLES, model.marker_body[index], model.marker_position[index])
    shares = variance_reductions(fit, places, length_slopes(fit)["shank_right"][None])
    return fit, dict(zip(KNEES_AND_ANKLES, shares.tolist(), strict=True))


def test_the_variance_falls_as_foretold(foretold):
    """Fitted again with the best of them worn; postures and weights of the others change too."""
    before, shares = foretold
    assert all(0.0 <= share < 1.0 for share in shares.values())
    for landmark in ("KNL", "KNM", "ANL", "ANM"):  # the side that is asked for helps most
        assert shares[f"R{landmark}"] > shares[f"L{landmark}"], landmark
    best = max(shares, key=lambda name: shares[name])
    hidden = tuple(name for name in KNEES_AND_ANKLES if name != best)
    after = fitted(made_person(0, hidden=hidden, still=False))
    variance = [
        next(one.sd for one in lengths(fit) if one.name == "shank_right") ** 2
        for fit in (before, after)
    ]
    assert 1.0 - variance[1] / variance[0] == pytest.approx(shares[best], abs=0.15)
