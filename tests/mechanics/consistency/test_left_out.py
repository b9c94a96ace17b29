"""Contacts that a fit was not shown: what it cannot know changes nothing, what is so is found."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest

from aqbio.consistency.fit import fit_trial
from aqbio.consistency.observations import FILTER_LEAK, GroundWrench
from aqbio.consistency.parameters import Weights
from aqbio.consistency.solver import Solver
from tests.mechanics.consistency.conftest import NONE_FITTED
from validation import fit_checks
from validation.fit_checks import left_out_contacts, wrench_error

WEIGHTS = Weights(knot_s=0.025)
CONTACTS = np.array([[0.06, 0.14], [0.24, 0.33], [0.42, 0.50]])


def _fit(made, wrench=None, contacts=CONTACTS, measured=None, parameters=NONE_FITTED):
    seen = made.observations
    seen = replace(
        seen,
        contacts=contacts + seen.time[0],
        left=np.arange(len(contacts)) % 2 == 0,
        wrench=wrench or seen.wrench,
        measured=seen.measured if measured is None else measured,
    )
    return fit_trial(made.runner, seen, WEIGHTS, parameters)


@pytest.fixture(scope="module")
def made(case):
    return case(noise=0.005)


@pytest.fixture(scope="module")
def found(made):
    return list(left_out_contacts(_fit(made)))


def test_every_contact_is_predicted_once(made, found):
    assert [one.left for one in found] == [True, False, True]
    np.testing.assert_allclose(
        [one.touchdown for one in found], CONTACTS[:, 0] + made.observations.time[0]
    )


def test_forces_that_were_left_out_change_no_prediction(made, found):
    """A wrong force in one contact changes that one's error by as much, to the newton."""
    seen = made.observations
    start, stop = CONTACTS[1] + seen.time[0]
    wrong = np.zeros_like(seen.wrench.force)
    inside = (seen.wrench.time > start) & (seen.wrench.time < stop)
    wrong[inside] = [0.0, 300.0, 0.0]
    wrench = GroundWrench(seen.wrench.time, seen.wrench.force + wrong, seen.wrench.moment)
    fit = _fit(made, wrench)
    again = list(left_out_contacts(fit))
    near = (seen.time >= start - 0.025) & (seen.time <= stop + 0.025)
    mean = wrong[near].mean(axis=0)[1]
    assert mean > 100.0
    assert again[1].after.force_mean == pytest.approx(mean, abs=2.0 * found[1].after.force_mean)
    shown = fit.after.force[near].mean(axis=0)
    assert np.linalg.norm(shown) < 0.7 * mean
    assert again[0].after.force_mean != pytest.approx(found[0].after.force_mean, rel=1e-3)


def test_what_was_not_measured_is_not_predicted(made):
    """An incomplete contact, and one beside which nothing is known."""
    seen = made.observations
    start, stop = CONTACTS[0] + seen.time[0]
    holed = seen.measured & ~((seen.time > start) & (seen.time < stop))
    assert len(list(left_out_contacts(_fit(made, measured=holed)))) == 2
    whole = np.array([[0.0, np.ptp(seen.time)]])
    assert list(left_out_contacts(_fit(made, contacts=whole))) == []


def test_a_long_trial_has_no_more_fits_than_folds(made, found, monkeypatch):
    """First and third together, the second by itself: as a fit from the beginning predicts both."""
    fit, descents = _fit(made), []
    descend = Solver.descend
    monkeypatch.setattr(fit_checks, "FOLDS", 2)
    monkeypatch.setattr(Solver, "descend", lambda one: descents.append(1) or descend(one))
    folded = list(left_out_contacts(fit))
    assert len(descents) == 2
    monkeypatch.undo()
    assert [one.touchdown for one in folded] == [one.touchdown for one in found]
    assert folded[1] == found[1]

    seen = fit.observations
    spans = CONTACTS + seen.time[0]
    near = [
        (seen.time >= start - FILTER_LEAK) & (seen.time <= stop + FILTER_LEAK)
        for start, stop in spans
    ]
    blind = replace(seen, measured=seen.measured & ~(near[0] | near[2]))
    again = fit_trial(made.runner, blind, WEIGHTS, NONE_FITTED)
    missed = fit.solver.residual(again.motion, again.values)
    for number in (0, 2):
        expected = astuple(wrench_error(missed, near[number]))
        assert astuple(folded[number].after) == pytest.approx(expected, rel=0.01)
        assert astuple(folded[number].before) == astuple(found[number].before)
    assert folded[2].after.force_mean != pytest.approx(found[2].after.force_mean, rel=0.01)
