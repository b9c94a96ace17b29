"""Levels B and C on real recordings: every identity, with the residual as a source of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aqbio.contributions.dataset import frames_in_contact, trial_levels
from aqbio.contributions.levels import Levels
from aqbio.gait.steps import Contact
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.recordings.prepared import foot_loads
from tests.mechanics.identities import identities
from tests.real.conftest import StudyRun

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.workflow]

JA1, RUN = pytest.mark.xdist_group("ja1"), pytest.mark.xdist_group("rajagopal")
TRIALS = [
    pytest.param(("ja1", "JA1", "jog"), marks=JA1, id="ja1-jog"),
    pytest.param(("ja1", "JA1", "sprint"), marks=JA1, id="ja1-sprint"),
    pytest.param(("ja1_sprint", "JA1", "sprint"), marks=JA1, id="ja1_sprint-sprint"),
    pytest.param(("rajagopal_run", "subject01", "run"), marks=RUN, id="rajagopal_run"),
]


def _contacts(prepared):
    sides = {"left": "left", "right": "right"}
    return [
        Contact(
            sides[str(one["contact_foot"].item())],
            float(one["contact_touchdown"]),
            float(one["contact_toe_off"]),
            complete=bool(one["contact_complete"]),
            edge_distance=float(one["contact_edge_distance"]),
        )
        for one in (prepared.isel(contact=i) for i in range(prepared.sizes["contact"]))
        if str(one["contact_foot"].item()) in sides
    ]


def _levels(run: StudyRun, participant: str, trial: str) -> Levels:
    study = load_study(run.study_file)
    folder = run.results / "participants" / participant
    solved = read_dataset(folder / "solved" / f"{trial}.nc")
    prepared = read_dataset(folder / "prepared" / f"{trial}.nc").sel(time=solved["time"])
    skeleton = load_skeleton(folder / "model" / f"{participant}.skeleton.npz")
    motion = (solved[name].values for name in ("q", "u", "udot"))
    touching = frames_in_contact(solved["time"].values, _contacts(prepared))
    return trial_levels(
        skeleton,
        segment_kinematics(skeleton, *motion),
        foot_loads(study, prepared),
        touching,
        study.model_map,
    )


@pytest.fixture(params=TRIALS)
def found(request: pytest.FixtureRequest, run_study: Callable[[str], StudyRun]) -> Levels:
    name, participant, trial = request.param
    return _levels(run_study(name), participant, trial)


def test_every_identity_holds_to_round_off(found):
    """Far below the tolerances: real data obey identities as well as made-up ones."""
    values = identities(found)
    assert max(*values.values(), found.closure) < 1e-11, values


def test_the_residual_is_a_source_and_not_small(found):
    """Before dynamic consistency it is of the size of what it stands beside: it must be seen."""
    kinetics, _ = found.hubs[0]
    residual = kinetics.wrench[:, kinetics.hub.sources.index("residual"), 1]
    others = np.abs(kinetics.wrench[..., 1]).sum(axis=1)
    assert np.abs(residual).max() > 0.02 * others.max()
    induced = found.induced["C2"]
    assert np.abs(induced.udot[:, induced.sources.index("residual")]).max() > 0


def test_stance_ankle_and_knee_carry_the_runner(found):
    """As in all analyses of induced accelerations of running: Hamner 2010, Dorn 2012."""
    induced = found.induced["C2"]
    for side, name in enumerate(("left", "right")):
        held = found.feet[side].touching
        vertical = induced.force[held][:, :, side, 1].mean(axis=0)
        shares = dict(zip(induced.sources, vertical / vertical.sum(), strict=True))
        foot = shares[f"ankle_{name}"] + shares[f"mtp_{name}"]  # one source: see docs/levels.md
        assert foot > 0.4
        assert 0.6 < foot + shares[f"knee_{name}"] < 1.3
        other = {"left": "right", "right": "left"}[name]
        assert abs(shares[f"hip_{other}"]) < 0.1
