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
PRIOR_SD = {parameter.name: parameter.prior_sd for parameter in PARAMETERS}


@pytest.fixture(scope="module")
def runs() -> list[KnownRun]:
    """One sprint each, with all usual errors of markers, plates, clock and body."""
    return [recorded(USUAL, seed) for seed in range(SPRINTERS)]


def _estimates(run: KnownRun, values: dict[str, float]) -> dict[str, ParameterEstimate]:
    """Parameters of a run whose cameras are rotated, displaced and scaled against the plates."""
    misaligned = replace(run, markers=Alignment.of(values).placed(run.markers))
    runner = known_runner(run)
    all_parameters = (*parameters(0.45, align_plates=True), *centre_parameters(len(runner.centres)))
    session = fit_session(runner, [observed(USUAL, misaligned)], parameters=all_parameters)
    return {estimate.name: estimate for estimate in session.estimates}


def test_planted_misalignments_are_recovered(runs):
    """Drawn from the prior: within the 90 % intervals in 18 of 20 at least."""
    inside = []
    for number in range(SPRINTERS * DRAWS):
        random = np.random.default_rng([number, 47])
        truth = {name: PRIOR_SD[name] * random.standard_normal() for name in ALIGNMENT}
        estimates = _estimates(runs[number % SPRINTERS], truth)
        inside.append(
            [
                estimates[parameter].low <= truth[parameter] <= estimates[parameter].high
                for parameter in ALIGNMENT
            ]
        )
    covered = dict(zip(ALIGNMENT, np.sum(inside, axis=0), strict=True))
    assert min(covered.values()) >= 18, (
        covered
    )  # of roll and displacements hardly less than the prior's


def test_alignment_needs_each_foot_planted_twice(runs):
    run, both_twice = runs[0], observed(USUAL, runs[0])
    assert determines_alignment(planted_feet(known_runner(run), [both_twice]))
    planted_once = replace(both_twice, contacts=both_twice.contacts[:2], left=both_twice.left[:2])
    assert not determines_alignment(planted_feet(known_runner(run), [planted_once]))


def test_aligned_runs_have_no_estimated_misalignment(runs):
    for run in runs:
        estimates = _estimates(run, {})
        assert all(
            abs(estimates[parameter].estimate) < MIN_MISALIGNMENT_SD * estimates[parameter].sd
            for parameter in ALIGNMENT
        )
