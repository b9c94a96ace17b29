"""Misfits against people's: factors of errors and odds, by hand, and the table that holds them."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.observed.invalidated import OUTCOMES
from aqbio.observed.misfit import log_odds, usual_misfits, widening

SPEEDS = (1.0, 2.0, 4.4, 9.0, float("nan"))


@pytest.mark.parametrize("speed", SPEEDS)
def test_usual_misfits_leave_errors_as_they_are(speed):
    usual = usual_misfits(speed)
    misfits = {name: size.scale for name, size in usual.items()}
    for outcome in (None, *OUTCOMES):
        assert widening(misfits, usual, outcome) == pytest.approx(1.0)
    smaller = {name: 0.5 * misfit for name, misfit in misfits.items()}
    assert {widening(smaller, usual, outcome) for outcome in OUTCOMES} == {1.0}


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("ratio", [2.0, 5.0])
def test_a_larger_misfit_widens_what_rests_on_it_and_nothing_else(speed, ratio):
    """Birge's ratio: root mean square of the misfits over their sizes."""
    usual = usual_misfits(speed)
    for name, size in usual.items():
        misfits = {other: usual[other].scale for other in usual} | {name: ratio * size.scale}
        for outcome in OUTCOMES:
            count = sum(outcome in other.outcomes for other in usual.values())
            rests = outcome in size.outcomes
            expected = np.sqrt((count - 1 + ratio**2) / count) if rests else 1.0
            assert widening(misfits, usual, outcome) == pytest.approx(expected), (name, outcome)


@pytest.mark.parametrize("speed", SPEEDS)
def test_odds_are_even_where_both_hypotheses_have_the_same_density(speed):
    """Of one misfit r: ``(S/s)^n exp(-n r² (1/s² - 1/S²) / 2)``, by the densities themselves."""
    usual = usual_misfits(speed)
    assert any(np.isfinite(size.strange) for size in usual.values())
    for name, size in usual.items():
        for misfit in np.array([0.0, 1.0, 2.0, 4.0]) * size.scale:
            odds = log_odds({name: misfit}, usual)
            if np.isnan(size.strange):
                assert odds == 0.0
                continue
            densities = [
                -size.observations * (np.log(scale) + 0.5 * (misfit / scale) ** 2)
                for scale in (size.scale, size.strange)
            ]
            assert odds == pytest.approx(densities[0] - densities[1])
    parts = [log_odds({name: size.scale}, usual) for name, size in usual.items()]
    together = log_odds({name: size.scale for name, size in usual.items()}, usual)
    assert together == pytest.approx(sum(parts))
    assert together > 10.0


def test_sizes_lie_between_those_of_neighbouring_speeds():
    """Logarithms are linear between the speeds of the table, constant beyond its ends."""
    at = {speed: usual_misfits(speed)["plain force"].scale for speed in (0.5, 1.0, 2.0, 2.5, 3.0)}
    assert at[0.5] == at[1.0]
    assert at[2.0] < at[2.5] < at[3.0]
    fastest, unknown = usual_misfits(50.0), usual_misfits(float("nan"))
    assert {name: size.scale for name, size in fastest.items()} == {
        name: size.scale for name, size in unknown.items()
    }


@pytest.mark.parametrize("seed", range(20))
def test_nothing_jumps(seed):
    """A misfit that is a hundredth larger widens errors by at most a hundredth, whatever it was."""
    random, usual = np.random.default_rng(seed), usual_misfits(SPEEDS[seed % len(SPEEDS)])
    misfits = {
        name: size.scale * float(np.exp(random.normal(0.5, 1.0))) for name, size in usual.items()
    }
    for name in usual:
        for size in (0.99, 1.0, 2.0, 4.0):  # near the usual size, and far from it
            before = misfits | {name: size * usual[name].scale}
            after = before | {name: 1.01 * before[name]}
            for outcome in OUTCOMES:
                factor = widening(after, usual, outcome) / widening(before, usual, outcome)
                assert 1.0 <= factor <= 1.01 + 1e-12
