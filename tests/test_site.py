"""The documentation site: every page, offline, searchable, readable for everybody."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import aqbio
from tests.chromium import axe, beyond, chromium, heard

make_site = pytest.importorskip("docs.make_site", reason="make check installs what builds the site")

PAGES = (
    *(
        "index.html",
        "docs/tutorial.html",
        "docs/faq.html",
        "docs/methods.html",
        "docs/validation/index.html",
    ),
    "reference/contributions/aqbio.contributions.level_a.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documentation")
    assert make_site.built(folder) == 0
    return folder / "site"


def test_every_page_of_the_checkout_is_there(site):
    for page in make_site.pages():
        name = "index.html" if page.name == "README.md" else page.with_suffix(".html").name
        assert (site / page.parent / name).is_file(), page


def test_every_name_of_the_library_is_described(site):
    page = (site / "reference" / "library.html").read_text(encoding="utf-8")
    assert {name for name in aqbio.__all__ if name[0] != "_"} <= set(
        re.findall(r'id="aqbio\.(\w+)"', page)
    )


def test_equations_are_drawn_without_a_script(site):
    """MathML, in which nothing of LaTeX is left; GitHub draws the same text by itself."""
    for page in ("methods", "levels", "consistency"):
        text = (make_site.ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        made = (site / "docs" / f"{page}.html").read_text(encoding="utf-8")
        drawn = re.findall(r"<math.*?</math>", made, re.DOTALL)
        assert len(drawn) == text.count("```math") > 0
        for one in drawn:
            assert not re.search(r"[\\&](?!#)", re.sub(r"&(amp|gt|lt|#\w+);", "", one)), one[-200:]
            assert "&amp;" not in one


@pytest.mark.parametrize(
    "wrong", ["[x](nowhere.md)", "[x](methods.md#nowhere)", "![x](images/no.png)"]
)
def test_a_link_that_leads_nowhere_fails(wrong, tmp_path, monkeypatch):
    """In a site of two pages: the same settings, much sooner."""
    (tmp_path / "pages" / "docs").mkdir(parents=True)
    (tmp_path / "pages" / "docs" / "methods.md").write_text("# Methods\n", encoding="utf-8")
    page = tmp_path / "pages" / "docs" / "tutorial.md"
    shutil.copytree(make_site.ROOT / "docs" / "assets", tmp_path / "pages" / "docs" / "assets")
    nav = ["docs/tutorial.md", "docs/methods.md"]
    monkeypatch.setattr(make_site, "collected", lambda folder: folder)
    monkeypatch.setattr(make_site, "navigation", lambda told, folder: nav)
    page.write_text("[x](methods.md)\n", encoding="utf-8")
    assert make_site.built(tmp_path) == 0
    page.write_text(wrong + "\n", encoding="utf-8")
    assert make_site.built(tmp_path) != 0


def test_folders_of_the_navigation_are_spelled_out(tmp_path):
    for name in ("reference/opensim/aqbio.opensim.audit.md", "reference/library.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert make_site.navigation(["a.md", {"Reference": "reference/"}], tmp_path) == [
        "a.md",
        {
            "Reference": [
                {"library": "reference/library.md"},
                {"opensim": [{"audit": "reference/opensim/aqbio.opensim.audit.md"}]},
            ]
        },
    ]


@pytest.mark.browser
def test_search_works_from_disk_and_nothing_is_asked_of_the_network(site):
    with chromium() as browser:
        view = browser.new_page()
        _, addresses = heard(view)
        view.goto((site / "index.html").as_uri())
        view.locator(".md-search__input").fill("free moment")
        view.locator(".md-search-result__item").first.wait_for(state="attached", timeout=60_000)
        assert "free_moment" in view.locator(".md-search-result").inner_html()
    assert beyond(site, addresses) == []


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_pages_are_readable_for_everybody(site, page):
    with chromium() as browser:
        view = browser.new_page(reduced_motion="reduce")
        view.goto(Path(site / page).as_uri())
        view.wait_for_timeout(1000)
        found = axe.Axe().run(view).response["violations"]
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
