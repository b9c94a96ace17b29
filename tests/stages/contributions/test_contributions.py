"""Stage contributions on trials that lack something: forces, some frames of them, draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.config import ModelMap
from aqbio.contributions.dataset import (
    NEEDS_NO_FORCE,
    contributions_dataset,
    frames_in_contact,
    levels_dataset,
    trial_levels,
)
from aqbio.contributions.intervals import intervals_dataset
from aqbio.contributions.levels import Anatomy
from aqbio.contributions.stage import force_findings, group_findings, trial_contributions
from aqbio.gait.curves import step_dataset
from aqbio.intervals.step_uncertainty import stance_sds
from aqbio.intervals.trial_draws import Sampling, TrialDraws
from aqbio.intervals.uncertainty import Spread
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.steps.rows import level_rows
from tests.mechanics.identities import broken, identities
from tests.mechanics.levels_case import smooth_run
from tests.small_study import write_small_study
from tests.stages.made_levels import RIGHT, STEP, grounded, prepared_of


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(60)
    held = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return grounded(case, held), time


def _found(study, case, time, known):
    prepared = prepared_of(case, time, known)
    result = trial_contributions(study, case.skeleton, prepared, Motion(*case.motion))
    return result, contributions_dataset(result, prepared, 0.0)


@pytest.mark.parametrize("missing", ["all", "some"])
def test_without_forces_momentum_is_still_known(study, run, missing):
    case, time = run
    known = np.zeros(60, dtype=bool) if missing == "all" else np.arange(60) > 20
    whole, expected = _found(study, case, time, np.ones(60, dtype=bool))
    result, found = _found(study, case, time, known)
    assert max(whole.levels.closure, result.levels.closure) < 1e-9
    assert broken(identities(result.levels)) == set()
    for name, variable in found.data_vars.items():
        values = variable.values
        if name in NEEDS_NO_FORCE:
            np.testing.assert_array_equal(values, expected[name].values, err_msg=name)
        elif "time" in variable.dims and values.dtype.kind == "f":
            assert np.isnan(values[~known]).all(), name
            if name != "contact_point":
                np.testing.assert_array_equal(values[known], expected[name].values[known])
    assert not found["foot_held"].values[~known].any()
    assert set(found.data_vars) >= NEEDS_NO_FORCE


def test_missing_forces_are_a_finding(run):
    (finding,) = force_findings(np.arange(60) > 20, "jog", plates=True)
    assert (finding.severity, finding.number, finding.trial) == ("warning", 21, "jog")
    assert finding.rule == "forces-missing"
    assert finding.what.startswith("21 of 60 frames have no measured ground reaction force")
    assert force_findings(np.ones(60, dtype=bool), "jog", plates=True) == []


def test_groups_that_the_model_lacks_are_a_finding(study):
    groups = dict(study.model_map.groups)
    assert group_findings(groups, "P1") == []
    upper = groups.pop("arm_left"), groups.pop("arm_right")
    (finding,) = group_findings({**groups, "torso": sum(upper, groups["torso"])}, "P1")
    assert (finding.rule, finding.severity, finding.participant) == (
        "groups-missing",
        "warning",
        "P1",
    )
    assert "no arm_left and no arm_right" in finding.what


def test_a_model_without_torso_and_arms_gives_what_it_has(study, run):
    """Upper body and pelvis as one group: two chains, no lumbar joint, and rows of all levels."""
    case, time = run
    content = study.model_map.model_dump()
    upper = [
        body for name in ("torso", "arm_left", "arm_right") for body in content["groups"][name]
    ]
    groups = {name: content["groups"][name] for name in ("leg_left", "leg_right")}
    groups["pelvis"] = (*content["groups"]["pelvis"], *upper)
    joints = {**content["joints"], **dict.fromkeys(("lumbar", "shoulder", "elbow"))}
    bare = ModelMap.model_validate({**content, "groups": groups, "joints": joints})
    touching = frames_in_contact(time, [RIGHT])
    moves = segment_kinematics(case.skeleton, *case.motion)
    found = trial_levels(case.skeleton, moves, case.loads, touching, bare)
    assert broken(identities(found)) == set()
    data = levels_dataset(found, time, 0.0)
    data["ground_force"] = (("time", "foot", "axis"), found.mechanics.balance.force)
    assert set(data["chain"].values) == {"leg_left", "leg_right", "residual"}
    assert "torso_moment" not in data
    rows = pd.DataFrame(level_rows(data, STEP))
    assert {"B", "force", "C (C2)"} <= set(rows["level"])
    # As in level A: no push side without arms and torso, the swing leg is a side by itself.
    assert {"swing_side", "ground", "pelvis"} <= set(rows["target"])
    assert "push_side" not in set(rows["target"])
    shares = rows[rows["statistic"] == "inertial_share"]
    assert set(shares["source"]) == {"push_leg", "swing_leg", "pelvis", "swing_side"}
    # Joints that no name is given to are a source together.
    assert "other" in set(rows["source"])
    hub = step_dataset(data, [STEP], bare)["hub_moment"].sel(phase="stance")
    assert np.isnan(hub.sel(chain="upper_body")).all()
    assert np.isfinite(hub.sel(chain="leg_push")).all()
    anatomy = Anatomy(bare.groups, bare.joints.by_name(), bare.pelvis.joint)
    draws = TrialDraws(found, anatomy, time, 0.0, touching, Spread(), Sampling(8, 1, 8))
    assert len(stance_sds(intervals_dataset(draws, [RIGHT], 0.3), "right")) > 20
