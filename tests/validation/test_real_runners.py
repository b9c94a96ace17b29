"""Pages of the public runners: marks between which words stand, and what is published."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aqbio.io.tables import read_table
from aqbio.names import REFERENCE_TABLE
from docs import gather_pages
from validation.published import rows
from validation.real_runners import MARK, with_words

ROOT = Path(__file__).parents[2]


def test_words_stand_between_their_marks_and_replace_earlier_ones():
    begin, end = MARK.format("begin"), MARK.format("end")
    text = f"before\n{begin}\nold\n{end}\nafter\n"
    page = with_words(text, "new")
    assert page == f"before\n{begin}\nnew\n{end}\nafter\n"
    assert with_words(page, "new") == page
    with pytest.raises(ValueError, match="lacks the marks"):
        with_words("before", "new")


@pytest.mark.parametrize("page", ["README.md", "docs/claims.md"])
def test_pages_have_words_of_the_public_runners(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    words = text.partition(MARK.format("begin"))[2].partition(MARK.format("end"))[0]
    assert "not supported" in words or "supported" in words


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_the_page_readme_and_claims_say_the_same():
    """Estimate and interval of H1 and H4, wherever they stand."""
    page = (ROOT / "docs/real_runners.md").read_text(encoding="utf-8")
    claims = (ROOT / "docs/claims.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("H1", "H4"):
        cells = re.search(rf"^\| {name} \| \*\*(.+?)\*\* \| (.+?) \((.+?) to (.+?)\)", page, re.M)
        assert cells is not None
        verdict, *numbers = cells.groups()
        assert f"| {name} | {verdict} | {numbers[0]} ({numbers[1]} to {numbers[2]})" in claims
        assert f"{numbers[0]}, 95 % {numbers[1]} to {numbers[2]}" in readme


def test_the_page_has_the_numbers_of_the_shipped_reference():
    """An outsider's mean and standard deviation of the table against the page's first table."""
    table = read_table(REFERENCE_TABLE)
    about_vertical = table[(table["axis"] == "y") & (table["surface"] == "treadmill")]
    nominal = about_vertical["trial_id"].str.removeprefix("run").astype(float)
    page = (ROOT / "docs/real_runners.md").read_text(encoding="utf-8")
    for part in ("push leg", "swing leg", "arms", "torso"):
        line = re.search(rf"^\| {part} \| (.+?) \|$", page, re.M)
        assert line is not None
        for speed, cell in zip((2, 3, 4, 5), line[1].split(" | "), strict=False):
            values = about_vertical[
                (about_vertical["part"] == part.replace(" ", "_")) & (nominal == speed)
            ]["mean_kgm2ps"]
            mean, sd = map(_number, cell.split(" ± "))
            assert mean == pytest.approx(values.mean(), abs=0.0051)
            assert sd == pytest.approx(values.std(ddof=1), abs=0.0051)


def test_rows_of_published_files_are_size_and_checksum(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a.trc").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert list(rows(tmp_path, "lab", "x")) == [f"x/one/a.trc\tlab\tone/a.trc\t3\t{digest}"]


# what is published -------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path):
    """A site of one page and two studies with a replay each."""
    site = tmp_path / "site"
    site.mkdir()
    link = "studies/public_runners/report/index.html"
    (site / "index.html").write_text(f'<a href="{link}">x</a>', encoding="utf-8")
    for name in gather_pages.STUDIES:
        report = tmp_path / "results" / name / "report"
        (report / "trials/P1").mkdir(parents=True)
        text = (
            '<a href="trials/P1/run.html">r</a><a href="../tables/">t</a><a href="https://x">w</a>'
        )
        (report / "index.html").write_text(text, encoding="utf-8")
        replay = '<a href="../../index.html">b</a><script src="run.js"></script>'
        (report / "trials/P1/run.html").write_text(replay, encoding="utf-8")
        (report / "trials/P1/run.js").write_text("markers", encoding="utf-8")
        (report / "compare.html").write_text("<p>", encoding="utf-8")
        (report / "compare-data.js").write_text("trials", encoding="utf-8")
        for part in ("tables", "figures"):
            (tmp_path / "results" / name / part).mkdir()
            (tmp_path / "results" / name / part / "a&b.tsv").write_text("x", encoding="utf-8")
    target = tmp_path / "address"
    gather_pages.gather(tmp_path / "results", site, target, list(gather_pages.STUDIES))
    return target


def test_published_site_has_no_dead_link_and_an_index_in_each_folder(site):
    assert list(gather_pages.dead_links(site)) == []
    listing = site / "studies/virtual_sprinters/tables/index.html"
    assert "a&amp;b.tsv" in listing.read_text(encoding="utf-8")


def test_replays_of_recordings_without_licence_are_withheld(site):
    published, withheld = (site / "studies" / name / "report" for name in gather_pages.STUDIES)
    assert (published / "trials/P1/run.js").is_file()
    assert not list(withheld.rglob("run.js"))
    assert not (withheld / "compare-data.js").exists()
    page = (withheld / "trials/P1/run.html").read_text(encoding="utf-8")
    assert "not published" in page
    assert 'href="../../index.html"' in page


def test_a_dead_link_is_named(site):
    (site / "index.html").write_text('<img src="nowhere.svg">', encoding="utf-8")
    assert list(gather_pages.dead_links(site)) == ["index.html: nowhere.svg"]
