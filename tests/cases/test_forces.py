"""Inputs whose forces do not fit the feet, by a user's steps."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from aqbio.intake.new import new_study_from
from aqbio.io.netcdf import read_dataset
from tests.real.staged import run_stages

pytestmark = pytest.mark.case


def prepared(cases, tmp_path, name):
    """Findings and prepared sprint of a case, and what `aqbio new` says."""
    folder = tmp_path / "study"
    said = new_study_from(folder, cases / name / "recordings", None, lambda line: None)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"results: {(tmp_path / 'results').as_posix()}\n")
    sheet = folder / "participants.tsv"
    with sheet.open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file, delimiter="\t")
    row["sex"] = "male"
    sheet.write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n", encoding="utf-8")
    study = run_stages(folder / "study.yaml", until="prepare")
    trials = study.read_manifest("S01", "prepare")["trials"]
    found = {one["rule"]: one["what"] for entry in trials for one in entry["findings"]}
    return found, read_dataset(study.folder("S01", "prepare") / "sprint.nc"), said


def test_dead_plate_is_named_and_its_step_stays(cases, tmp_path):
    found, trial, said = prepared(cases, tmp_path, "c3d_one_plate_dead")
    silent = found["plate-silent"]
    assert silent.startswith(
        "the right foot stands on plate 2 from 0.35 to 0.47 s and plate 2 measures nothing (all "
        "samples 0)"
    )
    assert silent in said
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    force = trial["foot_force"].sel(axis="y")
    assert np.isnan(force.sel(time=slice(0.36, 0.46))).all()
    assert float(force.sel(time=slice(0.58, 0.70)).max()) > 2000.0


def test_moments_in_newton_metres_are_read_as_such(cases, tmp_path):
    found, trial, _ = prepared(cases, tmp_path, "c3d_moments_Nm_labelled_Nmm")
    what = found["force-units"]
    assert what.startswith("plates 2, 4, 7, 8: the moments put every centre of pressure at the ")
    assert "1000 times too small: N m, not N mm" in what
    assert "pressure-outside" not in found
    assert trial.attrs["free_moment"] == "measured"
    assert list(trial["contact_plates"].values) == ["2", "4", "7", "8"]
