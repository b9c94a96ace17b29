"""JA1: an elite sprinter from C3D files to the page, on two models."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from tests.real.conftest import WORKFLOW
from tests.real.test_prepare_ja1 import CONTACTS

pytestmark = [
    pytest.mark.real,
    pytest.mark.workflow,
    pytest.mark.opensim,
    pytest.mark.xdist_group("ja1"),
]

SPEEDS = {"jog": 3.56, "sprint": 9.52}

MODELS = ["ja1", "ja1_sprint"]


@pytest.fixture(params=MODELS)
def ja1(request, run_study):
    return run_study(request.param)


THRESHOLD = 20.0
"""Vertical force of touchdown and toe-off, N (default of the settings)."""


def _crossings(prepared, contact):
    """First and last instants, s, at which the raw force of a contact's plates leaves zero and
    reaches it: a force that lingers at 20 N crosses it several times.
    """
    time = prepared["force_time"].values
    plates = str(prepared["contact_plates"].values[contact]).split("+")
    used = [str(one) in plates for one in prepared["plate"].values]
    force = prepared["plate_force_raw"].values[:, used, 1].sum(axis=1)
    above = np.flatnonzero(np.diff((force > THRESHOLD).astype(int)))
    share = (THRESHOLD - force[above]) / (force[above + 1] - force[above])
    instants = time[above] + share * (time[above + 1] - time[above])
    events = (float(prepared[f"contact_{name}"][contact]) for name in ("touchdown", "toe_off"))
    return [instants[np.abs(instants - at) < 0.005] for at in events]


@pytest.mark.parametrize("trial", CONTACTS)
def test_events_are_the_laboratorys_own(ja1, trial):
    """Within 1 ms of the raw force's crossing; the fit's clock moves the fitted times alone."""
    person = ja1.results / "participants" / "JA1"
    prepared = read_dataset(person / "prepared" / f"{trial}.nc")
    steps = ja1.table("steps.tsv")
    found = steps[steps["trial_id"] == trial].reset_index()
    offset = ja1.parameter("JA1", "clock_offset")["estimate"]
    assert abs(offset) > 1e-3  # else this shows nothing
    for contact, row in found.iterrows():
        for name, raw in zip(("touchdown", "toe_off"), _crossings(prepared, contact), strict=True):
            assert raw.min() - 1e-3 < row[f"{name}_s"] < raw.max() + 1e-3
            late = row[f"{name}_s"] - row[f"{name}_fitted_s"]
            assert late == pytest.approx(offset, abs=1e-5)  # of a table with six decimals


@pytest.mark.parametrize("trial", CONTACTS)
def test_contacts_within_4_ms_on_the_right_foot(ja1, trial):
    steps = ja1.table("steps.tsv")
    found = steps[steps["trial_id"] == trial]
    expected = CONTACTS[trial]
    assert list(found["side"]) == [side for side, *_ in expected]
    times = found[["touchdown_s", "toe_off_s"]].to_numpy()
    known = np.array([[touchdown, toe_off] for _, touchdown, toe_off, _ in expected])
    assert np.abs(times - known).max() <= 0.004 + 0.0005  # the list is rounded to 1 ms


@pytest.mark.parametrize("trial", SPEEDS)
def test_speed_within_one_percent(ja1, trial):
    steps = ja1.table("steps.tsv")
    whole = steps[(steps["trial_id"] == trial) & (steps["status"] == "ok")]
    assert len(whole) == len(CONTACTS[trial]) - 1
    assert whole["speed_mps"].mean() == pytest.approx(SPEEDS[trial], rel=0.01)


def test_mass_from_the_static_plate(ja1):
    """The model is scaled to it; the consistency fit then moves it by less than 3 %."""
    scaled = json.loads((ja1.results / "participants" / "JA1" / "scale.json").read_text("utf-8"))
    assert scaled["mass_kg"] == pytest.approx(75.95, abs=0.5)
    change = 1.0 + ja1.parameter("JA1", "mass")["estimate"]
    assert ja1.table("steps.tsv")["mass_kg"].unique() == pytest.approx([scaled["mass_kg"] * change])


@pytest.mark.parametrize(("trial", "limit"), [("jog", 0.015), ("sprint", 0.019)])
def test_marker_rms(ja1, trial, limit):
    assert ja1.quality(trial, "marker_rms") <= limit


@pytest.mark.parametrize("trial", CONTACTS)
def test_closures(ja1, trial):
    assert ja1.quality(trial, "closure_levels") <= 1e-10
    assert ja1.quality(trial, "opensim_momentum") <= 1e-8
    assert ja1.quality(trial, "opensim_inverse_dynamics") <= 1e-8


def test_nothing_to_do_when_run_again(run_study):
    ja1 = run_study(WORKFLOW)
    assert (ja1.results / "logs" / "inverse_kinematics" / "JA1.log").is_file()
    assert "Nothing to be done" in ja1.snakemake()
