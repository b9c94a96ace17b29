"""The documentation site: every page, offline, searchable, readable for everybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import aqbio
from tests.chromium import axe, beyond, chromium, heard

make_site = pytest.importorskip("docs.make_site", reason="make check installs what builds the site")
pytest.importorskip("sphinx_gallery", reason="make check installs what builds the site")

PAGES = (
    *("index", "docs/tutorial", "docs/methods", "docs/validation/README"),
    *("gallery/plot_1_momentum", "reference"),
)
SEARCHES = {
    "install": ("docs/tutorial", "index"),
    "sign convention": ("docs/methods",),
    "marker set": ("models/README",),
    "static trial": ("docs/recordings", "docs/tutorial"),
    "residual": ("docs/pages", "docs/consistency"),
    "verdict": ("docs/hypotheses",),
    "slurm": ("docs/tutorial",),
    "free moment": ("docs/methods", "docs/levels"),
    "notebook": ("gallery/index", "docs/library"),
    "citation": ("index",),
}
"""Search terms of a newcomer, and the pages of which one should come first."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, its examples run on the small study, which is computed once for a checkout.

    That of `make check`, where nothing has changed since.
    """
    current = make_site.current_site()
    if current is not None:
        return current
    folder = tmp_path_factory.mktemp("documentation")
    pages = make_site.collected(folder / "pages", make_site.demo_results(make_site.BUILD))
    assert make_site.built(pages, folder / "site") == 0
    return folder / "site"


def test_every_page_name_and_example_is_there(site):
    for page in make_site.pages():
        name = Path("index.md") if page == Path("README.md") else page
        assert (site / name.with_suffix(".html")).is_file(), page
    reference = (site / "reference.html").read_text(encoding="utf-8")
    names = {name for name in aqbio.__all__ if name[0] != "_"}
    assert names <= set(re.findall(r'id="aqbio\.(\w+)"', reference))
    for example in (make_site.ROOT / "docs" / "examples").glob("plot_*.py"):
        assert "/" not in re.sub(r'"[^"]*"', "", example.read_text()).partition("open_study")[0]
        page = (site / "gallery" / f"{example.stem}.html").read_text(encoding="utf-8")
        assert f"sphx_glr_{example.stem}_001.png" in page  # its picture
        assert f"{example.stem}.ipynb" in page


def test_a_site_is_current_until_a_file_changes_that_it_follows_from(tmp_path, monkeypatch):
    examples = {
        Path("aqbio/cli.py"),
        Path("docs/conf.py"),
        Path("docs/examples/plot_1_momentum.py"),
    }
    assert make_site.sources() >= {*make_site.pages(), *examples}
    monkeypatch.setattr(make_site, "STAMP", tmp_path / "stamp")
    assert make_site.current_site() is None
    (tmp_path / "stamp").write_text(make_site.digest(), encoding="utf-8")
    assert make_site.current_site() == make_site.BUILD / "site"
    (tmp_path / "constraints.txt").touch()
    (tmp_path / "page.md").write_text("one", encoding="utf-8")
    before = make_site.digest(tmp_path)
    (tmp_path / "page.md").write_text("two", encoding="utf-8")
    assert make_site.digest(tmp_path) != before


@pytest.mark.browser
def test_search_leads_to_the_guide_and_nothing_is_asked_of_the_network(site):
    """From disk. Nine of ten: not every search term can be foreseen."""
    wrong = {}
    with chromium() as browser:
        view = browser.new_page()
        _, addresses = heard(view)
        for words, expected in SEARCHES.items():
            view.goto(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}")
            first = view.locator("#search-results ul.search li a").first
            first.wait_for(state="attached", timeout=60_000)
            page = str(first.get_attribute("href")).split(".html")[0]
            if page not in expected:
                wrong[words] = page
    assert len(wrong) <= 1, wrong
    assert beyond(site, addresses) == []


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_pages_are_readable_for_everybody(site, page):
    with chromium() as browser:
        view = browser.new_page(reduced_motion="reduce")
        view.goto((site / f"{page}.html").as_uri())
        view.wait_for_timeout(1000)
        violations = axe.Axe().run(view).response["violations"]
    assert not [
        (violation["id"], [node["html"] for node in violation["nodes"]]) for violation in violations
    ]
