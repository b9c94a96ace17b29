"""Without a free moment: whatever is told does not depend on what it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.contributions.dataset import (
    contributions_dataset,
    free_moment_findings,
    without_free_moment,
)
from aqbio.contributions.stage import trial_contributions
from aqbio.io.study import load_study
from aqbio.multibody.motion import Motion
from aqbio.observed.mask import Observed
from aqbio.observed.parts import ObservedParts
from tests.mechanics.levels_case import smooth_run
from tests.small_study import write_small_study
from tests.stages.made_levels import RIGHT, grounded, prepared_of

NEARLY = {"joint_moment_coordinate", "joint_power", "other_power"}
"""Little of a free moment is in flexion moments, and in powers: they are kept."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def told(study):
    """Contributions with a free moment and with 8 N m more, whole and without it."""
    case, time = smooth_run(60)
    held = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    case = grounded(case, held)
    more = held[:, :, None] * np.array([0.0, 8.0, 0.0])
    loads = zip(case.loads, more.swapaxes(0, 1), strict=True)
    turned = replace(case, loads=tuple(replace(x, moment=x.moment + y) for x, y in loads))
    parts = ObservedParts(
        Observed.everything(case.skeleton.bodies, 60), case.skeleton, study.model_map
    )
    found = []
    for one in (case, turned):
        data = prepared_of(one, time, np.ones(60, dtype=bool))
        result = trial_contributions(study, one.skeleton, data, Motion(*one.motion))
        found.append(contributions_dataset(result, data, 0.0))
    return found, [without_free_moment(one, parts) for one in found]


def test_what_is_told_does_not_depend_on_it(told):
    _, (one, other) = told
    for name, variable in one.data_vars.items():
        if variable.dtype.kind == "f" and name not in NEARLY:
            size = np.nanmax(np.abs(variable.values), initial=0.0)
            np.testing.assert_allclose(
                other[name].values, variable.values, rtol=0, atol=1e-6 * size, err_msg=str(name)
            )


def test_the_danger_is_there_and_the_rest_is_kept(told):
    (one, other), (kept, _) = told
    for name, part in (("joint_moment", {"joint": "hip_right"}), ("residual_moment", {})):
        change = (other[name] - one[name]).sel(part)
        assert np.abs(change.sel(axis="y")).max() == pytest.approx(8.0, abs=1e-9)
        assert kept[name].sel(part).sel(axis="y").isnull().all()
        assert kept[name].sel(part).sel(axis=["x", "z"]).notnull().all()
    for name in ("group_angular_momentum", "group_angular_momentum_rate", "moment_of_force"):
        np.testing.assert_array_equal(kept[name], one[name])
    lumbar = kept["joint_moment"].sel(joint=["lumbar", "shoulder_left"])
    assert lumbar.notnull().all()


def test_what_is_not_told_is_said():
    [finding] = free_moment_findings("run")
    assert (finding.rule, finding.severity, finding.trial) == (
        "free-moment-missing",
        "warning",
        "run",
    )
    assert "level C are n/a" in finding.what
