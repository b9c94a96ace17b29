"""Late forces on virtual sprinters: a session of two speeds tells how late they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.observations import GroundWrench, Observations
from aqbio.consistency.parameters import Runner
from benchmarks.consistency_truth import SETTINGS, recorded
from tests.one_session import fit_session
from validation.recordings.known_run import known_observations, known_runner

SHIFTS = np.array([-8.0, 0.0, 8.0]) * 1e-3
USUAL, SLOW = SETTINGS[2], replace(SETTINGS[2], level=0)
CUTOFFS = (20.0, 15.0)


def later(seen: Observations, late: float) -> Observations:
    """Let the forces come later, s."""
    wrench = seen.wrench
    moved = GroundWrench(wrench.time + late, wrench.force, wrench.moment)
    return replace(seen, wrench=moved)


def offsets(runner: Runner, trials: list[Observations]) -> np.ndarray:
    """Clock offsets of a session, s, with the forces shifted by `SHIFTS`."""
    found = []
    for shift in SHIFTS:
        session = fit_session(runner, [later(one, shift) for one in trials])
        found.append(next(e for e in session.estimates if e.name == "clock_offset").estimate)
    return np.array(found)


@pytest.fixture(scope="module")
def session() -> tuple[Runner, list[Observations], float]:
    """A sprint and a run at 5 m/s of one sprinter, with the same errors of plates and body."""
    made = [recorded(setting, 1) for setting in (USUAL, SLOW)]
    late = {one.errors.clock_offset_s for one in made}
    assert len(late) == 1
    trials = [known_observations(m, c) for m, c in zip(made, CUTOFFS, strict=True)]
    return known_runner(made[0]), trials, late.pop()


def test_shifts_of_the_forces_are_followed(session):
    """Slope 0.9 at least: the prior of 3 ms keeps some 6 %. The offset itself to 3 SD, 2.5 ms."""
    runner, trials, late = session
    found = offsets(runner, trials)
    assert np.polyfit(SHIFTS, found, 1)[0] >= 0.9
    assert found[1] == pytest.approx(late, abs=2.5e-3)
