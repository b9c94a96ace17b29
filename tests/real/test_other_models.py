"""JA1 on two models in one study: what the choice of the model adds, recomputed by pandas alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.gait.step_files import step_file
from aqbio.io.study import load_study
from aqbio.io.tables import read_columns
from aqbio.pages.how_sure import models_words, uncertainty_budget
from aqbio.steps.stage_tables import tables_study
from tests.jobs import run_participants

pytestmark = [pytest.mark.real, pytest.mark.opensim]

HERE = Path(__file__).parent
OUTCOME = ["level", "source", "target", "axis", "statistic"]
STEP = [*OUTCOME, "trial_id", "step"]

OTHER = """
other_models:
  models:
    rajagopal:
      file: ${AQBIO_REALDATA}/ja1_dorn2012/models/rajagopal_generic_ja1markers.osim
      map: rajagopal2016
      markers: rajagopal.yaml
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory, run_study):
    """Our sprint model, with Rajagopal's beside it; what is known of the former is taken over."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(run_study("ja1_sprint").results, folder / "results" / "both")
    shutil.copytree(HERE / "ja1_sprint", folder / "study")
    shutil.copy(HERE / "ja1" / "markers.yaml", folder / "study" / "rajagopal.yaml")
    file = folder / "study" / "study.yaml"
    settings = file.read_text() + OTHER + f"results: {folder / 'results'}\n"
    file.write_text(settings.replace("name: ja1_sprint", "name: both"))
    found = load_study(file)
    for stage in ("contributions", "multiverse", "pages"):  # what the workflow would make again
        found.manifest("JA1", stage).unlink()
    assert "inverse_dynamics JA1" not in run_participants(found)
    tables_study(found, lambda _: None)
    return found


def _stances(file):
    """Values and half intervals of stance means of every step."""
    rows = read_columns(file)
    rows = rows[rows["phase"].eq("stance")].astype(dict.fromkeys([*OUTCOME, "trial_id"], str))
    rows = rows[rows["statistic"].str.endswith(("_mean", "_share"))]
    return rows.assign(half=(rows["high"] - rows["low"]) / 2).set_index(STEP)[["value", "half"]]


@pytest.fixture(scope="module")
def apart(run_study):
    """The same recordings in two studies of one model each."""
    return [
        _stances(run_study(name).results / "participants/JA1/steps/contributions.nc")
        for name in ("ja1_sprint", "ja1")
    ]


@pytest.fixture(scope="module")
def rms(apart):
    """Root mean square difference of the two studies over all nine steps, by outcome and axis."""
    own, theirs = apart
    off = (theirs["value"] - own["value"]).dropna()
    return np.sqrt((off**2).groupby(OUTCOME).mean())


def test_differences_are_those_of_two_studies(study, apart):
    table = pd.read_csv(study.table("model_differences.tsv"), sep="\t", na_values="n/a")
    assert set(table["model"]) == {"rajagopal"}
    assert set(table["trial_id"]) == {"jog", "sprint"}
    rows = ~table["level"].str.startswith("C alone") & ~table["level"].isin(["H1", "H2"])
    told = table[rows].set_index([*OUTCOME, "trial_id"])  # those of contributions
    both = (
        apart[0]
        .merge(apart[1], left_index=True, right_index=True, suffixes=("", "_other"))
        .dropna(subset=["value", "value_other"])
    )
    both["square"] = (both["value_other"] - both["value"]) ** 2
    means = both.groupby([*OUTCOME, "trial_id"]).mean()
    assert set(told.index) == set(means.index)
    means = means.reindex(told.index)
    np.testing.assert_allclose(told["own"], means["value"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(told["other"], means["value_other"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(told["rms"], np.sqrt(means["square"]), rtol=1e-4, atol=1e-6)


def test_intervals_hold_the_choice_of_the_model(study, apart, rms):
    now = _stances(step_file(study, "JA1", "contributions"))
    before = apart[0].reindex(now.index)
    np.testing.assert_allclose(now["value"], before["value"], rtol=1e-9)  # the estimate stays
    told = now["half"].notna() & ~now.index.get_level_values("level").isin(["C"])
    added = rms.reindex(now.index.droplevel(["trial_id", "step"])).fillna(0.0).to_numpy()
    expected = np.hypot(before["half"], 1.959964 * added)[told]
    assert told.sum() > 2000
    np.testing.assert_allclose(now["half"][told], expected, rtol=1e-5, atol=1e-7)


def test_steps_and_budget_tell_the_same(study, rms):
    rows = _stances(step_file(study, "JA1", "contributions"))["half"]
    steps = pd.read_csv(study.table("steps.tsv"), sep="\t", na_values="n/a")
    arms = ("A", "arms", "whole_body", "y", "momentum_mean")
    for row in steps.to_dict("records"):
        sd = rows[(*arms, row["trial_id"], row["step"])] / 1.959964
        assert row["H_arms_y_stance_mean_sd_kgm2ps"] == pytest.approx(sd, rel=1e-4)
    budget = pd.read_csv(study.table("uncertainty.tsv"), sep="\t", na_values="n/a")
    own = budget.set_index(OUTCOME).loc[arms]
    variance = (rows.xs(arms, level=OUTCOME) / 1.959964) ** 2
    assert own["share_model"] == pytest.approx(rms[arms] ** 2 / variance.mean(), rel=1e-3)
    shares = [one for one in budget.columns if one.startswith("share_")]
    assert budget[shares].sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-3)


def test_curves_of_the_total_are_less_sure_than_on_one_model(study, run_study):
    one, two = (
        read_curves(folder / "participants/JA1/steps/curves.nc")
        for folder in (run_study("ja1_sprint").results, study.root)
    )
    for name in ("angular_momentum", "angular_momentum_rate", "hub_moment"):
        stance = {"phase": "stance"}
        before, now = (data[f"{name}_sd"].sel(stance).values for data in (one, two))
        assert (now >= before * (1 - 1e-6))[np.isfinite(before)].all()
        assert np.nanmedian(now / before) > 1.02


def read_curves(path):
    """Give the curves of a participant."""
    from aqbio.io.netcdf import read_dataset

    return read_dataset(path)


def test_verdicts_are_asked_again_on_the_other_model(study, run_study):
    """An arm of the multiverse: the evidence of a study on that model, steps judged alike."""
    both, alone = (
        read_columns(folder / "participants/JA1/multiverse/steps.nc").astype({"trial_id": str})
        for folder in (study.root, run_study("ja1").results)
    )
    place = ["trial_id", "step"]
    arm = both[both["specification"] == "model=rajagopal"].set_index(place)
    own = both[both["specification"] == "default"].set_index(place)
    theirs = alone[alone["specification"] == "default"].set_index(place).reindex(arm.index)
    assert set(arm["factor"]) == {"body_segments"}
    assert set(arm.index) == set(own.index)
    numbers = [name for name in arm.select_dtypes("number") if arm[name].notna().any()]
    assert {"opposition_difference", "arms_push_cosine", "lag"} <= set(numbers)
    np.testing.assert_allclose(arm[numbers], theirs[numbers], rtol=1e-9, atol=1e-12)
    assert (arm["arms_push_cosine"] != own["arms_push_cosine"].reindex(arm.index)).all()


def test_the_page_says_which_sentences_hang_on_the_model(study):
    """Directions that our model alone calls sure: few, and none is sure when both are asked."""
    tables = (
        pd.read_csv(study.table(f"{name}.tsv"), sep="\t", na_values="n/a", keep_default_na=False)
        for name in ("uncertainty", "model_differences")
    )
    told = list(uncertainty_budget(tables[0]))
    page = Path(__file__).parents[2] / "benchmarks/results/ja1_levels.md"
    text = page.read_text(encoding="utf-8")
    for line in told:
        begin = f"| {line.quantity}: {line.part} |"
        rows = [one for one in text.splitlines() if one.startswith(begin)]
        for row in rows:
            cells = [float(one) for one in row.split("|")[2:-1]]
            assert cells[0] == pytest.approx(float(line.half), rel=0.02)
            np.testing.assert_allclose(cells[1:], [float(one) for one in line.shares], atol=1.0)
    assert text.count("| Angular momentum about the vertical, kg m²/s:") == 7
    levels = {line.quantity.split(" (")[0].split(",")[0] for line in told}
    assert {"What joints do to the push side", "H1: index of opposition"} <= levels
    (words,) = models_words(tables[1])
    assert "On the model rajagopal the same" in words
