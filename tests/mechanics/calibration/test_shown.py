"""Neck, girdles and forearms: freed by the markers on them, and only by these."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.shown import fit_of_shown, frame_sd
from tests.mechanics.calibration.made import MAP, fitted, made_person

HEAD, ACROMIA = ("RFHD", "LFHD", "RBHD", "LBHD"), ("RSHO", "LSHO")
WRISTS = ("RWRA", "RWRB", "LWRA", "LWRB")
SWINGS = 0.3


def shown_fit(person):
    """Fit a made person's body with the joints that its markers show."""

    def fit_of(skeleton):
        return fitted(replace(person, template=replace(person.template, skeleton=skeleton)))

    template = person.template
    return fit_of_shown(fit_of, template.skeleton, MAP.held, template.markers.body)


def held(fit) -> set[str]:
    skeleton = fit.problem.template.skeleton
    return {skeleton.coordinates[one] for one in np.flatnonzero(skeleton.coordinate_locked)}


@pytest.fixture(scope="module")
def swinging():
    person = made_person(1, swings=SWINGS)
    return person, shown_fit(person), fitted(person)


def test_markers_on_head_acromia_and_wrists_free_them(swinging):
    person, fit, _ = swinging
    assert held(fit) == set()
    problem = fit.problem
    moving = np.flatnonzero(~problem.frames.still)
    places = [problem.template.skeleton.coordinates.index(name) for name in MAP.held]
    frames = zip(problem.frames.trial[moving], problem.frames.frame[moving], strict=True)
    truth = np.array([person.q[trial][frame] for trial, frame in frames])[:, places]
    found = problem.full(fit.state.q)[moving][:, places]
    error = np.sqrt(((found - truth) ** 2).mean(axis=0))
    sd = frame_sd(fit)[np.searchsorted(problem.free, places)]
    assert (error < 2.5 * sd).all(), dict(zip(MAP.held, error / sd, strict=True))
    turned = np.corrcoef(found.T, truth.T)[: len(places), len(places) :]
    assert np.diag(turned).min() > 0.6


def test_a_body_that_holds_them_blames_other_markers(swinging):
    """What they are for: markers of the trunk and the arms miss by less."""
    _, fit, stiff = swinging
    shown = np.isin(fit.problem.template.markers.labels, (*HEAD, *ACROMIA, *WRISTS))
    moving = ~fit.problem.frames.still

    def missed(one):
        return np.sqrt((one.error[moving][:, shown] ** 2).sum(axis=2).mean())

    assert missed(fit) < 0.7 * missed(stiff)


def test_without_their_markers_nothing_changes():
    """Held coordinates are no unknowns: the same fit, to the last digit."""
    person = made_person(1, hidden=(*HEAD, *ACROMIA, *WRISTS))
    fit = shown_fit(person)
    assert held(fit) == set(MAP.held)
    np.testing.assert_array_equal(fit.state.theta, fitted(person).state.theta)


def test_one_marker_does_not_show_how_a_head_is_turned():
    """Joints are shown as a whole, one by one: the neck is held, girdles and forearms are free."""
    person = made_person(1, hidden=HEAD[1:])
    assert held(shown_fit(person)) == {
        f"neck_{way}" for way in ("extension", "bending", "rotation")
    }
