"""The page in a real Chromium, opened from disk as by a double click."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aqbio.figures.numbers import shown
from aqbio.io.study import Study
from aqbio.io.tables import read_table

axe_playwright_python = pytest.importorskip("axe_playwright_python.sync_playwright")
sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine: install the package chromium.")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def view(browser: sync_api.Browser) -> Iterator[sync_api.Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    yield page
    page.close()


@pytest.mark.parametrize("name", ["page_file", "empty_page_file"])
def test_opens_without_an_error_or_a_request(
    view: sync_api.Page, name: str, request: pytest.FixtureRequest
) -> None:
    file: Path = request.getfixturevalue(name)
    messages, addresses = [], []
    view.on("console", lambda message: messages.append(message.text))
    view.on("pageerror", lambda error: messages.append(str(error)))
    view.on("request", lambda asked: addresses.append(asked.url))
    view.goto(file.as_uri())
    view.wait_for_load_state("networkidle")
    assert messages == []
    assert [address for address in addresses if not address.startswith("data:")] == [file.as_uri()]


def test_drawings_are_shown(view: sync_api.Page, page_file: Path) -> None:
    view.goto(page_file.as_uri())
    widths = view.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    assert len(widths) == 18 + 2 * 2
    # 180 mm are 680 pixels of 1/96 inch.
    assert all(width == pytest.approx(680, abs=1) for width in widths)


@pytest.mark.parametrize("name", ["page_file", "empty_page_file"])
def test_no_accessibility_violation(
    view: sync_api.Page, name: str, request: pytest.FixtureRequest
) -> None:
    file: Path = request.getfixturevalue(name)
    view.goto(file.as_uri())
    view.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    found = axe_playwright_python.Axe().run(view)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 20


def test_numbers_on_the_page_are_those_of_the_table(
    view: sync_api.Page, study: Study, page_file: Path
) -> None:
    view.goto(page_file.as_uri())
    means = read_table(study.root / "figures" / "stance_means.tsv")
    vertical = means[(means["quantity"] == "angular_momentum") & (means["axis"] == "y")]
    rows = view.locator("#carried table").first.locator("tbody tr")
    shown_rows = {
        row.locator("th").inner_text().split(" (")[0].strip(): row.locator("td").all_inner_texts()
        for row in rows.all()
    }
    words = {
        "push_leg": "Push leg",
        "arms": "Arms",
        "swing_side": "Swing side",
        "total": "Whole body",
    }
    for source, word in words.items():
        own = vertical[vertical["source"] == source].sort_values("speed_mps")
        expected = [
            f"{shown(mean, 'kg m²/s')}\xa0±\xa0{shown(sd, 'kg m²/s')}"
            for mean, sd in zip(own["mean"], own["sd"], strict=True)
        ]
        assert shown_rows[word] == expected


def test_a_keyboard_reaches_the_content(view: sync_api.Page, page_file: Path) -> None:
    view.goto(page_file.as_uri())
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert view.locator(".skip").bounding_box()["x"] >= 0
    view.keyboard.press("Enter")
    assert view.url.endswith("#main")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_fits_the_window(view: sync_api.Page, page_file: Path, width: int) -> None:
    view.set_viewport_size({"width": width, "height": 800})
    view.goto(page_file.as_uri())
    assert view.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [420, 800, 1400])
def test_no_column_of_the_verdicts_is_cut(view: sync_api.Page, page_file: Path, width: int) -> None:
    """A table that must be scrolled hides its last column: who shows it, or what overturns it."""
    view.set_viewport_size({"width": width, "height": 800})
    view.goto(page_file.as_uri())
    table = view.locator("#verdicts .scroll").first
    assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 1
    right = table.bounding_box()["x"] + table.bounding_box()["width"]
    for cell in table.locator("td").all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= right + 1


def test_print_shows_what_is_folded(view: sync_api.Page, page_file: Path) -> None:
    view.goto(page_file.as_uri())
    opened = view.locator("details[open]").count()  # single athletes, where they are few
    assert opened <= 1 < view.locator("details").count()
    assert view.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert view.locator("details").count() == view.locator("details[open]").count() > 0


def test_print_keeps_figures_at_journal_width(view: sync_api.Page, page_file: Path) -> None:
    """Anything wider than the paper would shrink the whole print."""
    view.goto(page_file.as_uri())
    view.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    view.emulate_media(media="print")
    # 180 mm of A4 between margins of 15 mm.
    view.set_viewport_size({"width": 680, "height": 1000})
    image = view.locator("#angular_momentum img").bounding_box()
    assert image["width"] == pytest.approx(680, abs=1)
    assert view.evaluate("document.documentElement.scrollWidth") <= 680
    assert not view.locator("nav").is_visible()
