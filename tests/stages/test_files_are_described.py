"""Every variable that a stage writes is in the dictionary, whether a trial has steps or not.

Files of the stages from solve to contributions are looked at in
tests/virtual/test_consistency_stage.py, where they are written.
"""

from __future__ import annotations

import pytest

from aqbio.gait.roles import RoleScheme
from aqbio.io.dictionary import described, files
from aqbio.multiverse import stage as evidence
from aqbio.steps.stage import curves_dataset
from tests.stages import made_run


def undescribed(dataset) -> set[str]:
    """Variables without a meaning, and vectors of which the mirror image is not known."""
    bare = {name for name in dataset.variables if "long_name" not in dataset[name].attrs}
    vectors = {name for name in dataset.data_vars if "axis" in dataset[name].dims}
    return bare | {name for name in vectors if "reflection" not in dataset[name].attrs}


@pytest.mark.parametrize(
    ("stage", "empty"),
    [
        ("multiverse", lambda: evidence.curves_dataset([])),
        ("steps", lambda: curves_dataset([], RoleScheme())),
    ],
)
def test_evidence_and_curves(stage, empty):
    assert not undescribed(described(empty(), stage))
    assert undescribed(empty())  # the words come from nowhere else


def test_prepared_trials(prepared_study):
    made_run.write_c3d_run(prepared_study.data / "run.c3d")
    made_run.write_static(prepared_study.data / "static.c3d")
    trials = ["static\tstatic\tstatic.c3d\tn/a\tn/a", "run\trun\trun.c3d\tn/a\tn/a"]
    found = prepared_study(trials)
    assert not undescribed(found.trial("run"))
    assert files()["prepare"].frame in found.trial("run")["foot_force"].attrs["frame"]
