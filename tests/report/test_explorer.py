"""Every step as a point: the packed numbers are the table's, and a browser draws and opens them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.explorer import MEASURES, channel_name, explorer_content, explorer_script
from aqbio.pages.packed import unpack
from tests.chromium import chromium, heard, sync_api

pytestmark = pytest.mark.xdist_group("page")


KEY = ["participant_id", "trial_id", "step"]


@pytest.fixture(scope="module")
def steps(study: Study) -> pd.DataFrame:
    """The table of steps, and the rates as a reader of the curves' files integrates them."""
    table = read_table(study.table("steps.tsv"))
    rows = []
    for path in sorted(study.root.glob("participants/*/steps/curves.nc")):
        with xr.open_dataset(path) as curves:
            rates = curves["angular_momentum_rate"].sel(phase="stance").load()
            for number, step in enumerate(curves["number"].values):
                own = rates.isel(step=number).integrate("percent") / 100.0
                place = {name: str(curves[name].values[number]) for name in KEY[:2]}
                told = own.to_series().items()
                values = {f"dH_{part}_{axis}_stance_mean_Nm": value for (part, axis), value in told}
                rows.append(place | {"step": step} | values)
    return table.merge(pd.DataFrame(rows), on=KEY, how="left")


@pytest.fixture(scope="module")
def made(study: Study) -> dict[str, object]:
    text = (study.root / "report" / "explorer-data.js").read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text.removeprefix("globalThis.EXPLORER=").strip(";\n"))
    return found


def test_every_number_is_that_of_the_table(steps: pd.DataFrame, made: dict) -> None:
    kept = steps[steps["status"] != "rejected"]
    assert made["number"] == kept["step"].tolist()
    assert [made["trials"][one][:2] for one in made["trial"]] == kept[
        ["participant_id", "trial_id"]
    ].values.tolist()
    assert [bool(one) for one in made["left"]] == kept["side"].eq("left").tolist()
    numbers, told = unpack(made["packed"]), 0
    for measure in MEASURES:
        for part in measure.parts or ("",):
            for axis in measure.axes or ("",):
                name = channel_name(measure, part, axis)
                column = kept[measure.column.format(part=part, axis=axis)].to_numpy(float)
                if name in numbers:
                    told += 1
                    np.testing.assert_allclose(numbers[name], column, atol=0.51 * measure.step)
                else:
                    assert np.isnan(column).all()
    assert told >= 20
    np.testing.assert_allclose(numbers["start"], kept["touchdown_fitted_s"], atol=6e-5)


def test_rejected_steps_and_columns_without_a_number_are_left_out(steps: pd.DataFrame) -> None:
    some = steps.assign(status=["rejected", *["ok"] * (len(steps) - 1)], flight_s=np.nan)
    found = explorer_content(some, frozenset())
    assert len(found["number"]) == len(steps) - 1
    assert "flight" not in {one["name"] for one in found["measures"]}
    assert {one[3] for one in found["trials"]} == {0}  # nobody has a page
    assert explorer_content(steps[:0], frozenset())["measures"] == []


def test_text_of_the_user_does_not_end_the_script(steps: pd.DataFrame) -> None:
    planted = steps.assign(condition="</script><script>alert(1)</script>")
    text = explorer_script(planted, frozenset())
    assert "<" not in text
    found = json.loads(text.removeprefix("globalThis.EXPLORER=").strip(";\n"))
    assert found["trials"][0][2].startswith("</script>")


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with chromium() as found:
        yield found


@pytest.mark.browser
def test_steps_are_chosen_by_keys_and_filtered(
    study: Study, browser: sync_api.Browser, made: dict
) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    said, _ = heard(page)
    page.goto((study.root / "report" / "explorer.html").resolve().as_uri())
    status = page.locator("#explorer [role=status]")
    everything = len(made["number"])
    page.wait_for_function("document.querySelector('#explorer [role=status]').textContent")
    assert status.inner_text().startswith(f"{everything} of {everything} steps of 2 athletes")
    page.select_option("[name=side]", "1")
    left = sum(made["left"])
    assert status.inner_text().startswith(f"{left} of {everything} steps")
    assert "right foot" not in status.inner_text()
    second = sum(left and one == 2 for left, one in zip(made["left"], made["number"], strict=True))
    page.select_option("[name=number]", "2")
    assert status.inner_text().startswith(f"{second} of {everything} steps")
    page.select_option("[name=number]", "")
    page.select_option("[name=side]", "")
    speeds = unpack(made["packed"])["speed  "]
    for name, value in (("slowest", 5.0), ("fastest", 7.5)):
        page.locator(f"[name={name}]").fill(str(value))
        page.locator(f"[name={name}]").press("Tab")
    within = int(((speeds >= 5.0) & (speeds <= 7.5)).sum())
    assert 0 < within < everything
    assert status.inner_text().startswith(f"{within} of {everything} steps")
    for name in ("slowest", "fastest"):
        page.locator(f"[name={name}]").fill("")
        page.locator(f"[name={name}]").press("Tab")
    page.select_option("[name=side]", "1")
    page.locator("#explorer canvas").focus()
    page.keyboard.press("ArrowRight")
    told = page.locator("#explorer output").inner_text()
    assert "left foot" in told
    assert "push leg, angular momentum" in told
    page.select_option("[name=y]", "contact")
    assert page.locator("[name=y-part]").is_hidden()
    assert "contact time" in page.locator("#explorer output").inner_text()
    assert said == []
    page.close()
