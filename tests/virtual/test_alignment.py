"""Cameras that are misaligned with the plates: recovered where planted, none made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.force_plates.alignment import ALIGNMENT, Alignment
from aqbio.inverse_dynamics.findings import MIN_MISALIGNMENT_SD
from aqbio.inverse_dynamics.parameters import PARAMETERS, ParameterEstimate, centre_parameters
from aqbio.inverse_dynamics.session_inputs import parameters
from aqbio.inverse_dynamics.stances import determines_alignment, planted_feet
from benchmarks.consistency_truth import SETTINGS, observed, recorded
from tests.one_session import fit_session
from validation.recordings.known_run import KnownRun, known_runner

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("alignment")]

USUAL = SETTINGS[2]
SPRINTERS, DRAWS = 4, 5
PRIOR_SD = {one.name: one.prior_sd for one in PARAMETERS}


@pytest.fixture(scope="module")
def runs() -> list[KnownRun]:
    """One sprint each, with all usual errors of markers, plates, clock and body."""
    return [recorded(USUAL, seed) for seed in range(SPRINTERS)]


def _found(made: KnownRun, values: dict[str, float]) -> dict[str, ParameterEstimate]:
    """Parameters of a run whose cameras see everything turned, displaced and scaled."""
    seen = replace(made, markers=Alignment.of(values).placed(made.markers))
    runner = known_runner(made)
    every = (*parameters(0.45, align_plates=True), *centre_parameters(len(runner.centres)))
    session = fit_session(runner, [observed(USUAL, seen)], parameters=every)
    return {one.name: one for one in session.estimates}


def test_planted_misalignments_are_recovered(runs):
    """Drawn from the prior: within the 90 % intervals in 18 of 20 at least."""
    inside = []
    for number in range(SPRINTERS * DRAWS):
        random = np.random.default_rng([number, 47])
        truth = {name: PRIOR_SD[name] * random.standard_normal() for name in ALIGNMENT}
        found = _found(runs[number % SPRINTERS], truth)
        inside.append([found[one].low <= truth[one] <= found[one].high for one in ALIGNMENT])
    held = dict(zip(ALIGNMENT, np.sum(inside, axis=0), strict=True))
    assert min(held.values()) >= 18, held  # of roll and displacements hardly less than the prior's


def test_feet_tell_it_where_each_is_planted_twice(runs):
    made, seen = runs[0], observed(USUAL, runs[0])
    assert determines_alignment(planted_feet(known_runner(made), [seen]))
    once = replace(seen, contacts=seen.contacts[:2], left=seen.left[:2])
    assert not determines_alignment(planted_feet(known_runner(made), [once]))


def test_nothing_is_made_up_where_there_is_none(runs):
    for made in runs:
        found = _found(made, {})
        assert all(
            abs(found[one].estimate) < MIN_MISALIGNMENT_SD * found[one].sd for one in ALIGNMENT
        )
