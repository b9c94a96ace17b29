"""Results of a study by name: what the files hold, and what the library computes from them."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import aqbio
from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_table
from aqbio.virtual.demo import demo_run
from tests.refusal import refused
from tests.small_study import write_small_study
from tests.virtual.made_study import PEOPLE

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]
WHO, TRIAL = PEOPLE[0], "run2"
OFF = 0.1
"""Moments of feet in the air after the low-pass, which have no centre of pressure, N m."""
ROOT = Path(aqbio.__file__).parents[1]


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


def _levels(opened, run):
    loads = aqbio.ground_reactions(run.feet, run.force, run.cop, run.free_moment)
    kinematics = aqbio.segment_kinematics(run.skeleton, run.q, run.u, run.udot)
    found = aqbio.levels(run.skeleton, kinematics, loads, run.on_ground, opened.anatomy)
    return found.mechanics.balance


def test_the_library_computes_from_results_what_they_hold(opened, monkeypatch):
    """Force, centre of pressure and free moment are the wrench that the stage computed with; forces
    that were not measured stay unknown."""
    run, trial = opened.run(WHO, TRIAL), opened.trial(WHO, TRIAL)
    balance, parts = _levels(opened, run), opened.anatomy.groups
    momentum = aqbio.group_sum(balance.momentum, aqbio.membership(parts, run.skeleton.bodies))
    for name, values, tolerance in (
        ("group_angular_momentum", momentum, 2e-6),
        ("residual_moment", balance.residual_moment, OFF),
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
    assert not run.on_ground[on_ground, 0]
    unknown = np.isnan(_levels(opened, run).residual_moment).any(axis=1)
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


def test_the_page_walks_from_verdict_to_marker():
    """docs/library.md names one function of one file for every hop; `tests/outsider` recomputes."""
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    hops = re.findall(r"`(aqbio/[\w/]+\.py)`: `(\w+)`", page)
    assert len(hops) >= 10
    for place in ("verdicts.tsv", "hypotheses_athletes.tsv", "hypotheses_steps.tsv", ".c3d"):
        assert place in page
    for path, name in hops:
        module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
        source = inspect.getsourcefile(inspect.unwrap(getattr(module, name)))
        assert Path(str(source)).relative_to(ROOT).as_posix() == path
