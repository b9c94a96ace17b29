"""Negative controls on JA1's sprint: a fault ends with its name, not bent into shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.records import ParticipantModel
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import Runner
from aqbio.consistency.session import Session
from aqbio.consistency.session_inputs import open_session
from aqbio.consistency.suspicion import doubts
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.skeleton import load_skeleton
from aqbio.vectors import cross

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.xdist_group("ja1")]

Fault = Callable[[GroundWrench], GroundWrench]


def _signs(force: tuple[int, int, int], moment: tuple[int, int, int]) -> Fault:
    return lambda wrench: replace(
        wrench, force=wrench.force * np.array(force), moment=wrench.moment * np.array(moment)
    )


NAMED: dict[str, tuple[Fault, float, str]] = {
    "sideways force turned round": (_signs((1, 1, -1), (1, 1, 1)), 1.0, "force_z_sign"),
    "fore-aft force turned round": (_signs((-1, 1, 1), (1, 1, 1)), 1.0, "force_x_sign"),
    "moment about the vertical turned round": (
        _signs((1, 1, 1), (1, -1, 1)), 1.0, "moment_y_sign",
    ),
    "forces 8 ms later": (lambda w: replace(w, time=w.time + 0.008), 1.0, "clock"),
    "a body that is too light": (lambda wrench: wrench, 0.8, "mass"),
}  # fmt: skip


@pytest.fixture(scope="module", params=["ja1", "ja1_sprint"])
def session(request, run_study) -> Session:
    """The session of stage inverse_dynamics, each trial by itself; nothing is wrong with it."""
    study = run_study(request.param).study
    skeleton = load_skeleton(ParticipantModel.of(study, "JA1").table)
    trials = [SolvedTrial.read(study, "JA1", name) for name in ("jog", "sprint")]
    found = open_session(study, skeleton, trials)
    found.fit_alone()
    return found


def test_sound_recordings_are_not_suspected(session):
    assert [doubts(fit) for fit in session.single_fits.values()] == [(), ()]


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("session", ["ja1_sprint"], indirect=True)
def test_faults_are_named(session, name: str):
    fault, factor, cause = NAMED[name]
    seen, body = session.observations["sprint"], session.runner.skeleton
    seen = replace(seen, wrench=fault(seen.wrench))
    body = replace(body, mass=factor * body.mass, inertia=factor * body.inertia)
    fit = fit_trial(Runner(body, session.runner.groups), seen)
    assert cause in {one.cause for one in doubts(fit)}


@pytest.mark.parametrize("session", ["ja1_sprint"], indirect=True)
def test_a_shift_of_the_plates_hides_behind_the_clock(session):
    """Silent in one trial: 2 cm along the run move the clock offset by 1 ms or more instead."""
    seen, runner = session.observations["sprint"], session.runner
    shift = np.array([[0.02, 0.0, 0.0]])
    moment = seen.wrench.moment + cross(shift, seen.wrench.force)
    moved = replace(seen, wrench=replace(seen.wrench, moment=moment))
    sound, fit = (fit_trial(Runner(runner.skeleton, runner.groups), one) for one in (seen, moved))
    assert doubts(fit) == ()
    assert sound.values["clock_offset"] - fit.values["clock_offset"] > 0.001
