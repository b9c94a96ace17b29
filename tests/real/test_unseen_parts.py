"""A sprint whose arms no camera saw in its first half: what is lost comes back."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.tables import read_table
from tests.real.altered import rewritten
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

ARMS = tuple(side + label for side in "LR" for label in ("ARM", "ELB", "FOREARM", "WR"))
HIDDEN = {"all": (), "half": ARMS}


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    folder = tmp_path_factory.mktemp("unseen")
    (folder / "data").mkdir()
    source = realdata / "ja1_dorn2012" / "c3d"
    rewritten(source / "JA1Static05.c3d", folder / "data" / "static.c3d")
    for name, hidden in HIDDEN.items():
        target = folder / "data" / f"{name}.c3d"
        rewritten(source / "JA1Gait35.c3d", target, hidden=hidden, hidden_share=0.5)
    file = write_study(
        folder,
        [f"{name}\tmale\tn/a\tn/a\tstatic" for name in HIDDEN],
        [
            row
            for name in HIDDEN
            for row in (
                f"{name}\tstatic\tstatic\tstatic.c3d\tn/a",
                f"{name}\tsprint\trun\t{name}.c3d\tn/a",
            )
        ],
        data=(folder / "data").as_posix(),
    )
    return run_stages(file)


@pytest.fixture(scope="module")
def steps(study):
    table = read_table(study.table("steps.tsv"))
    return dict(tuple(table[table["status"] == "ok"].groupby("participant_id")))


def test_parts_that_come_back_are_told_from_then_on(study, steps):
    """No share of frames decides for the trial: the last step, with arms, is what it always was,
    but for a body that is calibrated from fewer frames of the arms."""
    home, own = steps["all"], steps["half"]
    assert own["step_flags"].str.contains("whole_body_unknown", na=False).tolist() == [
        True,
        True,
        False,
    ]
    columns = [c for c in own.columns if c.startswith(("H_", "M_residual_")) and "_sd_" not in c]
    columns = [c for c in columns if home[c].notna().all()]
    last, expected = own[columns].to_numpy()[-1], home[columns].to_numpy()[-1]
    np.testing.assert_allclose(last, expected, atol=0.02 * np.abs(expected).max())
    [said] = [f for f in _findings(study, "half") if f["rule"] == "parts-unseen"]
    assert said["what"].startswith("lost for some frames: arm_left, arm_right")


def _findings(study, name):
    return [
        f for t in study.read_manifest(name, "inverse_kinematics")["trials"] for f in t["findings"]
    ]
