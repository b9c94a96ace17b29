"""JA1: an elite sprinter from C3D files to the page, on two models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from tests.opensim_levels import hold_against
from tests.real.conftest import DRAWN, ROOT
from tests.real.test_prepare import JA1_CONTACTS

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.xdist_group("ja1")]

SPEEDS = {"jog": 3.56, "sprint": 9.52}
MAPS = {"ja1": "rajagopal2016", "ja1_sprint": "sprint"}
"""Studies of JA1 and the maps of their models."""
RMS = {"jog": 0.015, "sprint": 0.019}
THRESHOLD = 20.0
"""Vertical force of touchdown and toe-off, N (default of the settings)."""


@pytest.fixture(params=MAPS)
def study(request):
    return request.param


@pytest.fixture
def ja1(study, run_study):
    return run_study(study)


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


@pytest.mark.parametrize("trial", SPEEDS)
def test_events_are_the_laboratorys_own(ja1, trial):
    """Within 1 ms of the raw force's crossing; the fit's clock moves the fitted times alone."""
    prepared = read_dataset(ja1.results / "participants" / "JA1" / "prepared" / f"{trial}.nc")
    steps = ja1.table("steps.tsv")
    found = steps[steps["trial_id"] == trial].reset_index()
    offset = ja1.parameter("JA1", "clock_offset")["estimate"]
    assert abs(offset) > 1e-3  # else this shows nothing
    for contact, row in found.iterrows():
        for name, raw in zip(("touchdown", "toe_off"), _crossings(prepared, contact), strict=True):
            assert raw.min() - 1e-3 < row[f"{name}_s"] < raw.max() + 1e-3
            late = row[f"{name}_s"] - row[f"{name}_fitted_s"]
            assert late == pytest.approx(offset, abs=1e-5)  # of a table with six decimals


@pytest.mark.parametrize("trial", SPEEDS)
def test_numbers_of_the_laboratory(ja1, trial):
    """Contacts within 4 ms, speed within 1 %, markers and closures within their limits."""
    expected = JA1_CONTACTS[trial]
    steps = ja1.table("steps.tsv")
    found = steps[steps["trial_id"] == trial]
    assert list(found["side"]) == [side for side, *_ in expected]
    known = np.array([[touchdown, toe_off] for _, touchdown, toe_off, _ in expected])
    times = found[["touchdown_s", "toe_off_s"]].to_numpy()
    assert np.abs(times - known).max() <= 0.004 + 0.0005  # the list is rounded to 1 ms
    whole = found[found["status"] == "ok"]
    assert len(whole) == len(expected) - 1
    assert whole["speed_mps"].mean() == pytest.approx(SPEEDS[trial], rel=0.01)
    assert ja1.quality(trial, "marker_rms") <= RMS[trial]
    assert ja1.quality(trial, "closure_levels") <= 1e-10
    assert ja1.quality(trial, "opensim_momentum") <= 1e-8
    assert ja1.quality(trial, "opensim_inverse_dynamics") <= 1e-8


@pytest.mark.parametrize("trial", SPEEDS)
def test_a_referee_who_knows_opensim_alone_finds_the_same_levels(ja1, study, trial):
    """From docs/levels.md: A, B and C."""
    folder = ja1.results / "participants" / "JA1"
    hold_against(folder, trial, ROOT / "models" / MAPS[study] / "map.yaml")


def test_mass_from_the_static_plate(ja1):
    """The model is scaled to it; the consistency fit then moves it by less than 3 %."""
    scaled = ja1.record("JA1", "scale")
    assert scaled["mass_kg"] == pytest.approx(75.95, abs=0.5)
    change = 1.0 + ja1.parameter("JA1", "mass")["estimate"]
    assert ja1.table("steps.tsv")["mass_kg"].unique() == pytest.approx([scaled["mass_kg"] * change])


def test_no_verdict_from_one_athlete(run_study):
    """Estimates, and arms but those that need tables which Rajagopal's model does not have."""
    ja1 = run_study(DRAWN)
    rows = ja1.table("verdicts.tsv").set_index("hypothesis")
    assert set(rows["verdict"]) == {"inconclusive", "not_testable", "described"}
    for name in ("H3b", "H7", "H7b"):
        assert rows.loc[name, "verdict"] == "not_testable"
    for name in ("H1", "H4", "H5a"):
        assert rows.loc[name, "verdict"] == "inconclusive"
        assert "a test takes 6" in rows.loc[name, "reason"]
        assert np.isfinite(rows.loc[name, "estimate"])
    assert set(rows["post_hoc"]) == {"no"}
    findings = ja1.table("findings.tsv")
    missing = findings[findings["rule"] == "specification-unavailable"]
    assert missing["what"].str.contains("body=de_leva").any()
    names = set(ja1.table("multiverse.tsv")["specification"])
    assert {"default", "consistency=loose", "cutoff=15", "threshold=50", "pelvis=out"} <= names
    assert not any(name.startswith("body=") for name in names)


def test_pages_keep_their_budgets(ja1):
    """Bytes of docs/pages.md: the largest of each kind."""
    report = ja1.results / "report"

    def sizes(pattern: str) -> list[int]:
        return [path.stat().st_size for path in report.glob(pattern)]

    trials: list[Path] = sorted(report.glob("trials/JA1/*.html"))
    of_trials = [one.stat().st_size + one.with_suffix(".js").stat().st_size for one in trials]
    assert max(sizes("index.html") + sizes("athletes/JA1.html")) <= 500_000
    assert max(of_trials) <= 300_000
    assert sum(sizes("assets/**/*.js") + sizes("assets/**/*.css")) <= 800_000


@pytest.mark.browser
@pytest.mark.parametrize("page", ["index", "results", "athletes/JA1", "trials/JA1/sprint"])
def test_pages_are_accessible_and_fit_a_phone(run_study, page):
    from tests.chromium import axe, chromium, heard

    file = run_study(DRAWN).results / "report" / f"{page}.html"
    with chromium() as browser:
        view = browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
        messages, _ = heard(view)
        view.goto(file.as_uri())
        if page.startswith("trials"):
            view.wait_for_selector("#replay[data-ready]", timeout=60_000)
        view.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
        assert view.evaluate("document.documentElement.scrollWidth") <= 390
        found = axe.Axe().run(view, options={"preload": False})
        assert found.violations_count == 0, found.generate_report()
        assert messages == []
