"""Both solvers on JA1: the batched engine and OpenSim's own tools give the same tables.

The plain way, because the consistency fit stops when a step gains less than 1e-3 of its
cost, and so forgets its start only to that degree; it starts from the coordinates of either solver.

The solvers agree on observable coordinates to 0.01 degrees (1.7e-4 rad; measured 4e-4 degrees).
Angular momentum is linear in speeds: at frequencies up to the 20 Hz cut-off a coordinate error of
7e-6 rad is a speed error below 1e-3 rad/s, which on a leg of 1 kg m² is 1e-3 kg m²/s; over a stance
mean it averages out further. Stated tolerance of the tables: 1e-3 kg m²/s and 0.1 N m.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from tests.one_each import ONE_EACH
from tests.real.staged import HERE, run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim]


PLAIN = "consistency: off\ncontributions: {draws: 0}\n" + ONE_EACH


@pytest.fixture(scope="module")
def scaled(tmp_path_factory, realdata) -> Path:
    """Folder of the study, prepared and scaled: what both solvers begin with."""
    directory = tmp_path_factory.mktemp("scaled")
    shutil.copytree(HERE / "ja1", directory / "study")
    run_stages(_settings(directory, "aqbio"), until="scale")
    return directory


def _settings(directory: Path, solver: str) -> Path:
    """Write the study's settings for a solver; their file."""
    results = f"results: {(directory / 'results').as_posix()}\nsolve: {{solver: {solver}}}\n"
    text = (HERE / "ja1" / "study.yaml").read_text(encoding="utf-8")
    study_file = directory / "study" / "study.yaml"
    study_file.write_text(text + results + PLAIN, encoding="utf-8")
    return study_file


def _plain(scaled: Path, directory: Path, solver: str) -> Study:
    shutil.copytree(scaled, directory, dirs_exist_ok=True)
    return run_stages(_settings(directory, solver), since="inverse_kinematics")


@pytest.fixture(scope="module")
def by_opensim(scaled, tmp_path_factory) -> Study:
    return _plain(scaled, tmp_path_factory.mktemp("by_opensim"), "opensim")


@pytest.fixture(scope="module")
def by_aqbio(scaled, tmp_path_factory) -> Study:
    return _plain(scaled, tmp_path_factory.mktemp("by_aqbio"), "aqbio")


def test_same_tables(by_opensim, by_aqbio):
    ours, theirs = (read_table(run.table("steps.tsv")) for run in (by_aqbio, by_opensim))
    assert list(ours["side"]) == list(theirs["side"])
    assert list(ours["status"]) == list(theirs["status"])
    events = ["touchdown_s", "toe_off_s"]
    np.testing.assert_array_equal(ours[events], theirs[events])
    momentum = [name for name in ours if name.startswith("H_")]
    residual = [name for name in ours if name.startswith("M_residual")]
    np.testing.assert_allclose(ours[momentum], theirs[momentum], rtol=0, atol=1e-3)
    np.testing.assert_allclose(ours[residual], theirs[residual], rtol=0, atol=0.1)
    np.testing.assert_allclose(ours["speed_mps"], theirs["speed_mps"], rtol=1e-5)


def test_the_solver_is_in_the_provenance(by_opensim):
    assert '"solver": "opensim"' in json.dumps(
        by_opensim.read_manifest("JA1", "inverse_kinematics")
    )
