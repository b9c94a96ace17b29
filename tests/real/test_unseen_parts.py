"""A sprint without markers on the arms, or on arms and trunk: the legs are told, the rest not."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_table
from tests.real.altered import rewritten
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

ARMS = tuple(side + label for side in "LR" for label in ("ARM", "ELB", "FOREARM", "WR"))
TRUNK = ("C7", "MAN", "T7", "RSH", "LSH")
HIDDEN = {"all": ((), 1.0), "arms": (ARMS, 1.0), "trunk": (ARMS + TRUNK, 1.0), "half": (ARMS, 0.5)}


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    folder = tmp_path_factory.mktemp("unseen")
    (folder / "data").mkdir()
    source = realdata / "ja1_dorn2012" / "c3d"
    rewritten(source / "JA1Static05.c3d", folder / "data" / "static.c3d")
    for name, (hidden, share) in HIDDEN.items():
        target = folder / "data" / f"{name}.c3d"
        rewritten(source / "JA1Gait35.c3d", target, hidden=hidden, hidden_share=share)
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


@pytest.mark.parametrize("name", ["arms", "trunk"])
def test_whole_body_is_refused_and_said(study, steps, name):
    own = steps[name]
    assert len(own) == 3
    assert own["flags"].str.contains("whole_body_unknown").all()
    for role in ("arms", "push_side", "total", *(("torso",) if name == "trunk" else ())):
        columns = [f"H_{role}_{axis}_stance_mean_kgm2ps" for axis in "xyz"]
        assert own[columns].isna().to_numpy().all()
    assert own[[c for c in own.columns if c.startswith("M_residual")]].isna().to_numpy().all()
    [said] = [f for f in _scaled(study, name) if f["rule"] == "body-not-placed"]
    assert "arm" in said["what"]


def test_parts_that_come_back_are_told_from_then_on(study, steps):
    """No share of frames decides for the trial: the last step, with arms, is what it always was,
    but for a body that is calibrated from fewer frames of the arms."""
    home, own = steps["all"], steps["half"]
    assert own["flags"].str.contains("whole_body_unknown", na=False).tolist() == [True, True, False]
    columns = [c for c in own.columns if c.startswith(("H_", "M_residual_")) and "_sd_" not in c]
    columns = [c for c in columns if home[c].notna().all()]
    last, expected = own[columns].to_numpy()[-1], home[columns].to_numpy()[-1]
    np.testing.assert_allclose(last, expected, atol=0.02 * np.abs(expected).max())
    [said] = [f for f in _findings(study, "half") if f["rule"] == "parts-unseen"]
    assert said["what"].startswith("lost for some frames: arm_left, arm_right")


def _scaled(study, name):
    return study.read_manifest(name, "scale")["findings"]


def _findings(study, name):
    return [
        f for t in study.read_manifest(name, "inverse_kinematics")["trials"] for f in t["findings"]
    ]


def test_nothing_is_said_where_all_is_seen(study, steps):
    assert not steps["all"]["flags"].fillna("").str.contains("whole_body_unknown").any()
    assert study.read_manifest("all", "inverse_kinematics")["trials"][0]["unseen_groups"] == []


@pytest.mark.parametrize(("name", "limit"), [("arms", 0.04), ("trunk", 0.12)])
def test_legs_are_nearly_what_they_were(steps, name, limit):
    """Momentum of the legs hangs on the rest through the centre of mass; so does speed.

    Speed is not stated where most of the mass that is not a leg's is not observed.
    """
    home, own = steps["all"].mean(numeric_only=True), steps[name].mean(numeric_only=True)
    if name == "trunk":
        assert np.isnan(own["speed_mps"])
    else:
        assert own["speed_mps"] == pytest.approx(home["speed_mps"], rel=0.01)
    for leg in ("push_leg", "swing_leg"):
        column = f"H_{leg}_z_stance_mean_kgm2ps"
        assert own[column] == pytest.approx(home[column], rel=limit)


@pytest.mark.parametrize(("name", "share"), [("arms", 0.08), ("trunk", 0.15)])
def test_moments_of_the_legs_need_no_arms(study, name, share):
    """Newton and Euler from the foot up: hip, knee and ankle stay, lumbar and arms go.

    Each has a body of its own, calibrated from what is seen.
    """

    def moments(who):
        data = read_dataset(study.folder(who, "contributions") / "sprint.nc")
        return data["joint_moment"], data["hub_moment"]

    (home, hub), (own, own_hub) = moments("all"), moments(name)
    for joint in ("hip_left", "hip_right", "knee_left", "ankle_right"):
        one, other = home.sel(joint=joint).values, own.sel(joint=joint).values
        # the torso's markers help to pose the pelvis: without them it hangs on its own three
        assert np.nanmax(np.abs(one - other)) < share * np.nanmax(np.abs(one)), joint
    assert own.sel(joint=["lumbar", "shoulder_left", "elbow_right"]).isnull().all()
    assert own_hub.sel(chain=["upper_body", "residual"]).isnull().all()
    assert np.isfinite(own_hub.sel(chain="leg_left")).any()
    assert np.isfinite(hub.sel(chain="upper_body")).any()


def test_solved_files_have_no_moment_of_what_is_not_seen(study):
    """Poses are whole, for tools that need every coordinate; forces are not."""
    home, own = (
        read_dataset(study.folder(name, "inverse_kinematics") / "sprint.nc")
        for name in ("all", "arms")
    )
    named = ["arm_flex_r", "elbow_flex_l", "lumbar_extension", "pelvis_ty"]
    assert np.isfinite(home["generalised_force"].sel(coordinate=named)).all()
    assert own["generalised_force"].sel(coordinate=named).isnull().all()
    legs = ["hip_flexion_r", "knee_angle_l", "ankle_angle_r"]
    assert np.isfinite(own["generalised_force"].sel(coordinate=legs)).all()
    assert np.isfinite(own["q"]).all()


def test_quality_neither_passes_nor_fails(study):
    table = read_table(study.table("quality.tsv"))
    own = table[(table["participant_id"] == "arms") & table["measure"].str.startswith("residual")]
    assert (own["verdict"] == "not_testable").all()
    home = table[(table["participant_id"] == "all") & table["measure"].str.startswith("residual")]
    assert not (home["verdict"] == "not_testable").any()
