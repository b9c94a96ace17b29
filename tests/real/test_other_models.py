"""JA1 on two models in one study: what the choice of the model adds, recomputed by pandas alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.gait.step_files import step_file
from aqbio.io.study import load_study
from aqbio.io.tables import read_columns
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
    folder, own = tmp_path_factory.mktemp("models"), run_study("ja1_sprint")
    shutil.copytree(own.results, folder / "results" / "both")
    for file in own.study.file.parent.glob("*.*"):
        shutil.copy(file, folder)
    shutil.copy(HERE / "ja1" / "markers.yaml", folder / "rajagopal.yaml")
    file = folder / "study.yaml"
    settings = re.sub("results: .*", f"results: {folder / 'results'}", file.read_text()) + OTHER
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


def test_differences_are_those_of_two_studies(study, apart):
    table = pd.read_csv(study.table("model_differences.tsv"), sep="\t", na_values="n/a")
    assert set(table["model"]) == {"rajagopal"}
    assert set(table["trial_id"]) == {"jog", "sprint"}
    rows = ~table["level"].str.startswith("C alone") & ~table["level"].isin(["H1", "H2"])
    told = table[rows].set_index([*OUTCOME, "trial_id"])  # those of contributions
    both = pd.concat({"own": apart[0]["value"], "other": apart[1]["value"]}, axis=1).dropna()
    both["square"] = (both["other"] - both["own"]) ** 2
    means = both.groupby([*OUTCOME, "trial_id"]).mean()
    assert set(told.index) == set(means.index)
    means = means.reindex(told.index)
    means["rms"] = np.sqrt(means["square"])
    for name in ("own", "other", "rms"):
        np.testing.assert_allclose(told[name], means[name], rtol=1e-4, atol=1e-6)


def test_intervals_hold_the_choice_of_the_model(study, apart):
    """Root mean square difference of the two studies over all nine steps, by outcome and axis."""
    off = (apart[1]["value"] - apart[0]["value"]).dropna()
    rms = np.sqrt((off**2).groupby(OUTCOME).mean())
    now = _stances(step_file(study, "JA1", "contributions"))
    before = apart[0].reindex(now.index)
    np.testing.assert_allclose(now["value"], before["value"], rtol=1e-9)  # the estimate stays
    told = now["half"].notna() & ~now.index.get_level_values("level").isin(["C"])
    added = rms.reindex(now.index.droplevel(["trial_id", "step"])).fillna(0.0).to_numpy()
    expected = np.hypot(before["half"], 1.959964 * added)[told]
    assert told.sum() > 2000
    np.testing.assert_allclose(now["half"][told], expected, rtol=1e-5, atol=1e-7)


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
