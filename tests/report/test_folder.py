"""The folder of pages: whole, linked, nothing inside that may run."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.filters import MENU
from tests.report.test_page import Elements

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture(scope="module")
def pages(study: Study) -> dict[Path, Elements]:
    found = {}
    folder = study.root / "report"
    for path in (*folder.glob("*.html"), *folder.glob("athletes/*.html")):
        if path.name == "one_file.html":
            continue
        found[path] = Elements()
        found[path].feed(path.read_text(encoding="utf-8"))
    assert len(found) == len(MENU) + 2
    return found


def test_every_address_leads_to_a_file_and_a_place(
    study: Study, pages: dict[Path, Elements]
) -> None:
    for path, elements in pages.items():
        assert len(elements.ids) == len(set(elements.ids))
        for address in elements.addresses:
            if address.startswith("data:"):
                continue
            assert not re.match(r"[a-z]+:|//", address), address
            file, _, place = unquote(address).partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), (path.name, address)
            assert target.is_relative_to(study.root.resolve())
            if place:
                assert place in pages[target].ids, (path.name, address)


def test_nothing_in_a_page_may_run(pages: dict[Path, Elements]) -> None:
    """Scripts and styles are files: what gets into a page by mistake is refused by its policy."""
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert "unsafe" not in text
        assert "script-src &#39;self&#39; file:;" in text
        assert re.findall(r"<script(?! src=)|<style|\sstyle=|\son\w+=", text) == []


def test_every_kept_step_and_quality_value_is_on_a_page(
    study: Study, pages: dict[Path, Elements]
) -> None:
    values = {value for elements in pages.values() for value in elements.values}
    for table, column in (("steps", "contact_s"), ("quality", "value")):
        rows = read_table(study.table(f"{table}.tsv"))
        own = rows if table == "steps" else rows[~rows["measure"].str.startswith("closure_")]
        assert {f"{value:.15g}" for value in own[column].dropna()} <= values


def test_trials_and_athletes_are_found_from_the_first_page(study: Study) -> None:
    text = (study.root / "report" / "index.html").read_text(encoding="utf-8")
    for participant in study.participants:
        name = participant.participant_id
        assert f'href="athletes/{name}.html"' in text
        for trial in study.moving_of(name):
            row = rf'<td class="w">{name}</td><th scope="row">.*{trial.trial_id}'
            assert re.search(row, text)


def test_an_athlete_has_steps_in_trials_that_did_not_fail(study: Study) -> None:
    tables = study.root / "tables"
    steps = read_table(tables / "steps.tsv")
    for who, own in read_table(tables / "trials.tsv").groupby("participant_id"):
        kept = ((steps["participant_id"] == who) & (steps["status"] == "ok")).sum()
        whole = (own["status"] != "failed").sum()
        page = (study.root / "report" / "athletes" / f"{who}.html").read_text(encoding="utf-8")
        assert f"{kept} steps in {whole} of {len(own)} trials" in page


def test_the_first_page_is_small(study: Study) -> None:
    assert (study.root / "report" / "index.html").stat().st_size < 100_000


def test_every_page_has_the_menu(pages: dict[Path, Elements]) -> None:
    for path, elements in pages.items():
        for name in MENU:
            place = "../" if path.parent.name == "athletes" else ""
            assert f"{place}{name}.html" in elements.addresses, path.name
