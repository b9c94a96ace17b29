"""The page in a real Chromium, opened from disk as by a double click."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aqbio.errors import Finding
from aqbio.figures.stage import figures_study
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.report.stage import report_study, write_one_file
from aqbio.study.manifest import write_manifest
from tests.chromium import LOOK_RULES, axe, beyond, chromium, heard, sync_api
from tests.figures.made_study import draw_made, write_made_page, write_made_results

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page")]


def drawn_study(folder: Path, width: int, **lacking) -> Study:
    """A study with its figures and pages, and with the page that is one file."""
    figures = {"widths_mm": [width], "formats": ["svg"]}
    study = write_made_results(folder, figures=figures, **lacking)
    with pytest.MonkeyPatch.context() as patched:
        draw_made(patched)
        figures_study(study, lambda _: None)
    for stage in (report_study, write_one_file):
        stage(study, lambda _: None)
    return study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return drawn_study(tmp_path_factory.mktemp("drawn"), 180)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("empty")
    return drawn_study(folder, 85, participants=1, steps=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def view(browser: sync_api.Browser) -> Iterator[sync_api.Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    yield page
    page.close()


PAGES = ("index", "results", "next", "compare", "quality", "methods", "athletes/S01", "one_file")
WINDOWS = {"dark": (390, 844), "light": (1280, 900)}
OPEN = "all => all.forEach(one => { one.open = true; })"


def page_of(study: Study, name: str) -> str:
    return (study.root / "report" / f"{name}.html").as_uri()


@pytest.mark.parametrize("name", [*PAGES, "empty one_file"])
def test_a_page_is_quiet_accessible_short_and_fits(
    browser: sync_api.Browser, study: Study, name: str, request: pytest.FixtureRequest
) -> None:
    """No message, nothing asked of a network, no violation; bright and wide, dark and narrow."""
    bare, _, name = name.rpartition(" ")
    shown_study: Study = request.getfixturevalue("empty") if bare else study
    for scheme, (width, height) in WINDOWS.items():
        size = {"width": width, "height": height}
        view = browser.new_page(viewport=size, color_scheme=scheme)
        messages, addresses = heard(view)
        view.goto(page_of(shown_study, name))
        view.wait_for_load_state("networkidle")
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        short = view.evaluate("document.documentElement.scrollHeight") <= 8 * 900
        assert short or scheme == "dark" or name == "one_file"
        assert messages == []  # before the checker asks for what pages do not allow
        assert beyond(shown_study.root, addresses) == []
        view.eval_on_selector_all("details", OPEN)
        options = {} if scheme == "light" else {"runOnly": LOOK_RULES}
        if name == "one_file" and not bare:  # its parts are the other pages, in the same colours
            options = {"rules": {"color-contrast": {"enabled": False}}}
        audit = axe.Axe().run(view, options=options)
        assert audit.violations_count == 0, audit.generate_report()
        assert len(audit.response["passes"]) > (20 if "runOnly" not in options else 0)
        if name == "one_file":
            assert [address for address in addresses if not address.startswith("data:")] == [
                page_of(shown_study, name)
            ]
            for other_width in (360, 768, 1440):
                view.set_viewport_size({"width": other_width, "height": 800})
                assert view.evaluate("document.documentElement.scrollWidth") <= other_width
        view.close()


def test_a_page_stays_where_it_is_while_drawings_load(view: sync_api.Page, study: Study) -> None:
    """Every drawing has its room before it is there: what is read does not jump."""
    view.goto(page_of(study, "results"))
    view.eval_on_selector_all("details", OPEN)
    boxes = "all => all.map(one => [one.naturalWidth > 0, one.clientWidth, one.clientHeight])"
    before = view.eval_on_selector_all("img", boxes)
    assert not all(loaded for loaded, _, _ in before)  # the danger is there
    for image in view.locator("img").all():
        image.scroll_into_view_if_needed()
        image.evaluate("one => one.decode()")
    after = view.eval_on_selector_all("img", boxes)
    assert all(loaded for loaded, _, _ in after)
    for (_, *room), (_, *room_before) in zip(after, before, strict=True):
        assert room == pytest.approx(room_before, abs=1)  # sizes are told in whole pixels
        assert min(room) > 100
    view.goto(page_of(study, "one_file"))
    view.set_viewport_size({"width": 1200, "height": 900})
    widths = view.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    listed = json.loads((study.root / "figures" / "figures.json").read_text(encoding="utf-8"))
    assert len(widths) == len(listed["figures"])
    # 180 mm are 680 pixels of 1/96 inch.
    assert all(width == pytest.approx(680, abs=1) for width in widths)


def test_a_keyboard_reaches_the_content(view: sync_api.Page, study: Study) -> None:
    view.goto(page_of(study, "one_file"))
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert view.locator(".skip").bounding_box()["x"] >= 0
    view.keyboard.press("Enter")
    assert view.url.endswith("#main")


def test_prints(view: sync_api.Page, study: Study) -> None:
    """Of one file what is folded, at journal width; a study's summary; an athlete on one sheet."""
    view.goto(page_of(study, "one_file"))
    assert view.locator("details[open]").count() == 0 < view.locator("details").count()
    assert view.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert view.locator("details").count() == view.locator("details[open]").count() > 0
    view.emulate_media(media="print")
    # 180 mm of A4 between margins of 15 mm: anything wider would shrink the whole print
    view.set_viewport_size({"width": 680, "height": 1000})
    image = view.locator("#figure-angular_momentum img").bounding_box()
    assert image["width"] == pytest.approx(680, abs=1)
    assert view.evaluate("document.documentElement.scrollWidth") <= 680
    assert not view.locator("nav").is_visible()
    view.goto(page_of(study, "index"))
    for part, is_visible in (("#answer", True), (".marks", True), ("#athletes", True),
                              ("#trials table", False), ("nav", False)):  # fmt: skip
        assert view.locator(part).first.is_visible() == is_visible, part
    view.goto(page_of(study, "athletes/S01"))
    assert view.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_tables_are_sorted_and_searched(view: sync_api.Page, study: Study) -> None:
    view.goto(page_of(study, "index"))
    view.locator("#trials > details > summary").click()
    table = view.locator("#trials table")
    before = table.locator("tbody tr").all_inner_texts()
    speed = table.locator("thead button", has_text="Speed")
    for name, sign in (("ascending", 1), ("descending", -1)):
        speed.focus()
        view.keyboard.press("Enter")
        assert speed.locator("..").get_attribute("aria-sort") == name
        texts = table.locator("tbody tr td:nth-child(4)").all_inner_texts()
        speeds = [float(cell) for cell in texts if cell != "n/a"]
        assert speeds == sorted(speeds, key=lambda value: sign * value)
    assert sorted(table.locator("tbody tr").all_inner_texts()) == sorted(before)
    view.get_by_role("searchbox").fill("s02 jog")
    shown_rows = [row for row in table.locator("tbody tr").all() if row.is_visible()]
    assert ["S02" in row.inner_text() for row in shown_rows] == [True]


def test_scripts_in_files_are_escaped(view: sync_api.Page, study: Study, tmp_path: Path) -> None:
    """Scripts that were planted in settings and findings are words on every page."""
    evil = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    report_settings = study.settings.report.model_copy(update={"title": evil, "authors": evil})
    settings = study.settings.model_copy(
        update={"report": report_settings, "results": str(tmp_path)}
    )
    shutil.copytree(study.root, tmp_path / study.settings.name)
    planted = replace(study, settings=settings)
    for name in ("findings.tsv", "trials.tsv"):
        path = planted.table(name)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("marker <LTOE>", evil).replace("RASI", evil), encoding="utf-8")
    finding = Finding("planted", "warning", evil, "jog", "S01", fix=evil, label=evil)
    write_manifest(planted, "S01", "scale", [], findings=[finding])
    write_made_page(planted, "S01")
    planted.manifest("", "figures").unlink()
    listed = planted.root / "figures" / "figures.json"
    figure_list = json.loads(listed.read_text(encoding="utf-8"))
    figure_list["figures"] = [
        figure | {"title": evil, "caption": evil} for figure in figure_list["figures"]
    ]
    listed.write_text(json.dumps(figure_list), encoding="utf-8")
    report_study(planted, lambda _: None)
    write_one_file(planted, lambda _: None)
    for name in PAGES:
        view.goto(page_of(planted, name))
        assert view.title() != "run"
        assert view.locator("img[src=x]").count() == 0
    view.goto(page_of(planted, "athletes/S01"))
    assert view.text_content("#athlete").count(evil) == 2
    view.goto(page_of(planted, "results"))
    assert evil in view.text_content("figcaption >> nth=-1")
    view.goto(page_of(planted, "index"))
    assert evil in view.locator("h1").inner_text()


def test_an_athlete_stands_beside_the_others(view: sync_api.Page, study: Study) -> None:
    """Of what is shared by all pages, each shows its own: numbers, marks, neighbours, figures."""
    single = read_table(study.table("single_athletes.tsv"))
    for name, neighbour in (("S01", "S02"), ("S02", "S01")):
        view.goto(page_of(study, f"athletes/{name}"))
        of = set(view.eval_on_selector_all("[data-of]", "all => all.map(one => one.dataset.of)"))
        assert of == {name}
        rows = single[single["participant_id"] == name]
        numbers = view.locator(".own-number")
        assert numbers.count() == len(rows) == view.locator(".ruler .own").count() > 0
        values = view.eval_on_selector_all(".own-number data", "all => all.map(one => +one.value)")
        assert set(rows["estimate"]) <= set(values)
        assert view.locator("nav a", has_text=neighbour).count() == 1
