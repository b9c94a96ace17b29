"""Runs without force plates, at 5.2 and 7.0 m/s, and a sprint with its plates withheld."""

from __future__ import annotations

import shutil
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.io.tables import read_columns
from aqbio.names import GRAVITY
from tests.real.conftest import ROOT, run

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.xdist_group("no_forces")]

TRIALS = """participant_id\ttrial_id\ttask\tfile
JA1\tstatic\tstatic\tc3d/JA1Static05.c3d
JA1\trun5\trun\ttrc_mot/run0500cms.trc
JA1\trun7\trun\ttrc_mot/run0700cms.trc
JA1\tsprint\trun\tc3d/JA1Gait35.c3d
JA1\twithheld\trun\ttrc_mot/sprint.trc
"""

CONTACT = {"run5": (0.17, 0.22), "run7": (0.13, 0.17)}
"""Between 0.242 s at 3.6 m/s and 0.118 s at 9.5 m/s, which plates measured of this runner, s."""

SPEED = {"run5": 5.19, "run7": 6.97}


@pytest.fixture(scope="module")
def field(tmp_path_factory, realdata):
    study = tmp_path_factory.mktemp("field")
    source = ROOT / "tests" / "real" / "ja1_sprint"
    for name in ("markers.yaml", "participants.tsv", "study.yaml"):
        shutil.copy(source / name, study / name)
    (study / "trials.tsv").write_text(TRIALS, encoding="utf-8")
    return run(study / "study.yaml")


@pytest.mark.parametrize("trial", SPEED)
def test_steps_alternate_at_the_speed_of_the_runner(field, trial):
    steps = field.table("steps.tsv")
    found = steps[steps["trial_id"] == trial]
    sides = list(found["side"])
    assert all(one != two for one, two in pairwise(sides))
    assert (found["events"] == "kinematic").all()
    whole = found[found["status"] == "ok"]
    assert len(whole) >= 4
    assert whole["speed_mps"].mean() == pytest.approx(SPEED[trial], rel=0.02)
    low, high = CONTACT[trial]
    assert whole["contact_s"].between(low, high).all()
    # one runner at one speed: less than the two frames that either event may be off
    assert whole["contact_s"].std() < 0.008


@pytest.mark.parametrize("trial", SPEED)
def test_forces_are_estimated_with_intervals_and_marked(field, trial):
    """On average the ground carries the body over the whole step."""
    steps = field.table("steps.tsv")
    whole = steps[(steps["trial_id"] == trial) & (steps["status"] == "ok")].set_index("step")
    rows = read_columns(field.results / "participants" / "JA1" / "steps" / "contributions.nc")
    rows = rows[rows["trial_id"] == trial]
    found = rows[(rows["level"] == ESTIMATED) & (rows["phase"] == "stance")].set_index("step")
    assert len(found) >= 3
    own = whole.loc[found.index]
    carried = own["mass_kg"] * GRAVITY * (own["contact_s"] + own["flight_s"]) / own["contact_s"]
    assert found["value"].mean() == pytest.approx(carried.mean(), rel=0.03)
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()


def test_intervals_hold_what_plates_say_of_the_same_sprint(field):
    """Momentum of all groups about all axes: the share that docs/without_plates.md states."""
    steps = field.table("steps.tsv").sort_values("touchdown_s")
    steps = steps[steps["status"] != "rejected"]
    ours, theirs = (steps[steps["trial_id"] == name] for name in ("withheld", "sprint"))
    both = pd.merge_asof(
        ours, theirs, on="touchdown_s", by="side", direction="nearest", tolerance=0.06,
        suffixes=("", "_plates"),
    )  # fmt: skip
    names = [name for name in steps if name.startswith("H_") and "_sd_" not in name]
    off = both[names].to_numpy(float) - both[[f"{name}_plates" for name in names]].to_numpy(float)
    sure = both[[name.replace("_kgm2ps", "_sd_kgm2ps") for name in names]].to_numpy(float)
    known = np.isfinite(off)
    assert known.sum() > 50
    assert np.isfinite(sure[known]).all()
    assert (np.abs(off) <= 1.96 * sure)[known].mean() >= 0.9
