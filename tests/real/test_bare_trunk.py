"""A sprint without markers on the trunk: n/a, or an interval that holds what all markers say."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.step_files import step_file
from aqbio.io.netcdf import read_dataset
from aqbio.names import NORMAL_95
from tests.real.altered import rewritten
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

TRUNK, SHOULDERS = ("C7", "T7", "MAN"), ("RSH", "LSH")
ARMS = tuple(side + name for side in "LR" for name in ("ARM", "ELB", "FOREARM", "WR"))
HIDDEN = {
    "all": (),
    "shoulders": TRUNK,
    "sternum": (*TRUNK[:2], *SHOULDERS),
    "back": (*TRUNK[1:], *SHOULDERS),
    "nothing": (*TRUNK, *SHOULDERS),
    "legs": (*TRUNK, *SHOULDERS, *ARMS),
}
GROUPS = ("torso", "arms", "push_leg", "swing_leg", "pelvis", "total")


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    folder = tmp_path_factory.mktemp("trunk")
    (folder / "data").mkdir()
    source = realdata / "ja1_dorn2012" / "c3d"
    for name, hidden in HIDDEN.items():
        for kind, file in (("static", "JA1Static05.c3d"), ("sprint", "JA1Gait35.c3d")):
            rewritten(source / file, folder / "data" / f"{name}_{kind}.c3d", hidden=hidden)
    rows = [
        f"{name}\t{kind}\t{task}\t{name}_{kind}.c3d\tn/a"
        for name in HIDDEN
        for kind, task in (("static", "static"), ("sprint", "run"))
    ]
    people = [f"{name}\tmale\t75.95\tn/a\tstatic" for name in HIDDEN]
    file = write_study(folder, people, rows, data=(folder / "data").as_posix())
    file.write_text(file.read_text().replace("draws: 0", "draws: 60"))
    return run_stages(file, until="contributions")


def _steps(study, name):
    return read_dataset(step_file(study, name, "steps"))


@pytest.mark.parametrize("name", [name for name in HIDDEN if name != "all"])
def test_values_are_missing_or_inside_their_interval(study, name):
    """A trunk that was taken for observed was up to 3.2 standard deviations off."""
    whole, bare = _steps(study, "all"), _steps(study, name)
    for group in GROUPS:
        for axis in "xyz":
            column = f"H_{group}_{axis}_stance_mean"
            off = bare[f"{column}_kgm2ps"].values - whole[f"{column}_kgm2ps"].values
            half = NORMAL_95 * bare[f"{column}_sd_kgm2ps"].values
            known = np.isfinite(off)
            assert (np.abs(off[known]) <= half[known]).all(), (group, axis)
    speeds = bare["speed_mps"].values
    known = np.isfinite(speeds)
    assert (np.abs(speeds - whole["speed_mps"].values)[known] < 0.1).all()


@pytest.mark.parametrize(("name", "given"), [("back", True), ("nothing", False), ("legs", False)])
def test_a_trunk_without_markers_has_no_numbers_and_a_reason(study, name, given):
    steps = _steps(study, name)
    columns = [f"H_{group}_y_stance_mean_kgm2ps" for group in ("torso", "total")]
    for column in (*columns, "speed_mps", "step_length_m"):
        assert bool(np.isfinite(steps[column].values).any()) == given, column
    assert np.isfinite(steps["H_push_leg_y_stance_mean_kgm2ps"].values).all()
    said = [
        one
        for stage in ("scale", "inverse_kinematics")
        for manifest in [study.read_manifest(name, stage)]
        for one in (*manifest["findings"], *(f for t in manifest["trials"] for f in t["findings"]))
        if one["rule"] in ("parts-unseen", "body-not-placed")
    ]
    assert bool(said) != given
    for one in said:
        assert "torso" in one["what"] or "trunk" in one["what"]
        assert "torso" in one["fix"] or "C7" in one["fix"]
