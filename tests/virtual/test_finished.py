"""A small study of which every stage is done: what it was, and what others compute of its files.

Every column of steps.tsv, quality.tsv and the contributions, computed again by an outsider
(`tests.outsider` imports nothing of the program); the library on results. Fitted trials are in
`test_consistency_stage`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import aqbio
from aqbio.gait.step_files import step_file
from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_columns, read_table
from aqbio.virtual.demo import demo_run
from tests.golden import differences, digest
from tests.outsider import check
from tests.outsider.signals import Results
from tests.refusal import refused
from tests.small_study import write_small_study
from tests.virtual.made_study import PEOPLE, SPEEDS
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]

OUTCOME = ["level", "source", "target", "axis", "phase", "statistic", "unit"]
WHO, TRIAL = PEOPLE[0], "run2"


def test_tables_and_figures_of_a_finished_study(finished):
    """Of two athletes who run alike, without the fit."""
    tables, figures = (
        {one.stem: read_table(one) for one in finished.root.glob(f"{name}/*.tsv")}
        for name in ("tables", "figures")
    )
    lines = [*digest(tables), *digest(figures, texts=False)]
    assert differences("finished", lines) == []


# computed again by an outsider --------------------------------------------------------------------


def _table(study, name: str, trial: str = "") -> pd.DataFrame:
    rows = pd.read_csv(study.table(f"{name}.tsv"), sep="\t", na_values="n/a", keep_default_na=False)
    own = rows[rows["participant_id"] == RUNNER.name]
    return (own[own["trial_id"] == trial] if trial else own).reset_index(drop=True)


@pytest.mark.parametrize("name", SPEEDS)
def test_every_number_of_steps_is_an_outsiders(finished, name):
    trial = Results(finished.root / "participants" / RUNNER.name, name)
    steps = _table(finished, "steps", name)
    rows = read_columns(step_file(finished, RUNNER.name, "contributions"))
    rows = rows[rows["trial_id"] == name]
    assert set(steps["side"]) == {"left", "right"}
    assert set(steps["status"]) == {"ok", "incomplete"}
    check.check_events(trial, steps)
    sheet = pd.Series({"condition": finished.trial(RUNNER.name, name).condition})
    check.check_words(trial, steps, sheet, finished.settings)
    check.check_steps(trial, steps, set(rows["step"]))
    check.check_quality(trial, _table(finished, "quality", name), steps)
    check.check_files_of_tests()
    assert set(rows["phase"]) == {"stance", "flight", "braking", "propulsion"}
    for number, own in rows.groupby("step"):
        check.check_contributions(trial, trial.step(steps.set_index("step").loc[number]), own)


def test_means_of_contributions(finished):
    """The table that people read, of the rows that machines keep."""
    rows = read_columns(step_file(finished, RUNNER.name, "contributions"))
    sides = _table(finished, "steps")[["trial_id", "step", "side", "condition"]]
    rows = rows.astype({"trial_id": object}).merge(sides, on=["trial_id", "step"])
    told = _table(finished, "contribution_means").set_index(["condition", "side", *OUTCOME])
    by = rows.astype(dict.fromkeys(OUTCOME, object)).groupby(["condition", "side", *OUTCOME])
    assert len(told) == len(by)
    expected = pd.DataFrame(
        {"mean": by["value"].mean(), "sd": by["value"].std(), "low": by["low"].mean(),
         "high": by["high"].mean(), "steps": by["value"].count()}
    ).loc[told.index]  # fmt: skip
    for name in expected:
        np.testing.assert_allclose(told[name], expected[name], rtol=1e-4, atol=1e-12, err_msg=name)


# the library on results ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(finished):
    return aqbio.open_study(finished.file.parent)


def test_everything_is_there_by_its_name(opened, finished):
    assert opened.participants == PEOPLE
    assert opened.trials(WHO) == ("run1", "run2")
    for tables, folder in ((opened.tables, "tables"), (opened.figures, "figures")):
        files = {path.stem: path for path in (finished.root / folder).glob("*.tsv")}
        assert set(tables) == set(files)
        for name, path in files.items():
            assert tables[name].equals(read_table(path))
    data = read_dataset(finished.folder(WHO, "contributions") / f"{TRIAL}.nc")
    assert opened.model(WHO).mass.sum() == pytest.approx(data.attrs["mass"])


def _balance(opened, run):
    loads = aqbio.ground_reactions(run.feet, run.force, run.cop, run.free_moment)
    kinematics = aqbio.segment_kinematics(run.skeleton, run.q, run.u, run.udot)
    found = aqbio.levels(run.skeleton, kinematics, loads, run.on_ground, opened.anatomy)
    return found.mechanics.balance


def test_the_library_computes_from_results_what_they_hold(opened, monkeypatch):
    """Force, centre of pressure and free moment are the wrench that the stage computed with, but
    moments of feet in the air; forces that were not measured stay unknown."""
    run, trial = opened.run(WHO, TRIAL), opened.trial(WHO, TRIAL)
    balance, parts = _balance(opened, run), opened.anatomy.groups
    momentum = aqbio.group_sum(balance.momentum, aqbio.membership(parts, run.skeleton.bodies))
    for name, values, tolerance in (
        ("group_angular_momentum", momentum, 2e-6),
        ("residual_moment", balance.residual_moment, 0.1),
    ):
        written = trial[name].sel(axis="y").values
        known = np.isfinite(written)
        assert known.mean() > 0.9
        np.testing.assert_allclose(values[..., 1][known], written[known], atol=tolerance)
    data, on_ground = opened.motion(WHO, TRIAL), int(run.on_ground[:, 0].argmax())
    data["foot_force"][on_ground, 0] = np.nan
    monkeypatch.setattr(type(opened), "motion", lambda *_: data)
    run = opened.run(WHO, TRIAL)
    assert np.isnan(run.force[on_ground, 0]).all()
    unknown = np.isnan(_balance(opened, run).residual_moment).any(axis=1)
    assert np.flatnonzero(unknown).tolist() == [on_ground]


def test_curves_of_steps_are_those_of_the_study(opened):
    """The same cut of the same signal, labelled; the study's file keeps 1e-4 kg m²/s."""
    trial, steps = opened.trial(WHO, TRIAL), opened.steps(WHO, TRIAL)
    cut = aqbio.step_curves(trial["group_angular_momentum"], steps)
    own = opened.curves
    own = own.isel(step=(own["participant_id"] == WHO).values & (own["trial_id"] == TRIAL).values)
    assert cut["step"].values.tolist() == own["number"].values.tolist()
    assert cut["side"].values.tolist() == own["side"].values.tolist()
    stored = own["angular_momentum"].sel(group=["torso", "pelvis"])
    np.testing.assert_allclose(cut.sel(group=["torso", "pelvis"]), stored, atol=2e-4)
    assert cut.attrs["units"] == "kg m2/s"
    force = xr.DataArray(np.zeros((9, 3)), {"time": np.arange(9.0)}, ("time", "axis"))
    step = aqbio.Step(1, "left", 2.0, 4.0, 6.0, status="ok", reason="")
    with pytest.raises(ValueError, match="how its vectors reflect"):
        aqbio.step_curves(force, [step])
    assert aqbio.step_curves(force, [step], "polar").sizes["percent"] == 101


def test_what_is_not_there_is_said(opened, tmp_path):
    with refused("results-trial", "has no trial run9"):
        opened.trial(WHO, "run9")
    with refused("participant-unknown", "did you mean"):
        opened.model(WHO + "s")
    with refused("results-missing", "no results yet"):
        aqbio.open_study(write_small_study(tmp_path / "small"))
    for asked in (("V99", 3, "normal"), ("V06", 0, "restricted_arms")):
        with refused("demo-gait", "the demo study has no gait") as caught:
            demo_run(*asked)
        assert "V06" in caught.value.fix
