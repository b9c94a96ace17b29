"""What the page says, and that it is one self-contained, repeatable file."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.stage import write_one_file
from aqbio.stats.registry import read_registry
from tests.figures.made_results import FAILED
from tests.pages import words_of

pytestmark = pytest.mark.xdist_group("page")


class Elements(HTMLParser):
    """Collects addresses, identifiers, images and values of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        for name in ("href", "src"):
            if found.get(name):
                self.addresses.append(str(found[name]))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "img":
            self.images.append(found)
        if tag == "data":
            self.values.append(str(found["value"]))


@pytest.fixture(scope="module")
def text(page_file: Path) -> str:
    return page_file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elements(text: str) -> Elements:
    parser = Elements()
    parser.feed(text)
    return parser


def test_nothing_is_loaded_from_elsewhere(elements: Elements, page_file: Path) -> None:
    for address in elements.addresses:
        if address.startswith(("data:", "#")):
            continue
        assert not re.match(r"[a-z]+:|//", address), address
        assert (page_file.parent / address).exists(), address


def test_links_within_the_page_have_targets(elements: Elements) -> None:
    assert len(elements.ids) == len(set(elements.ids))
    for address in elements.addresses:
        if address.startswith("#"):
            assert address[1:] in elements.ids


def test_every_figure_has_words_for_those_who_cannot_see_it(
    study: Study, elements: Elements
) -> None:
    listed = json.loads((study.root / "figures" / "figures.json").read_text(encoding="utf-8"))
    assert len(elements.images) == len(listed["figures"])
    for image in elements.images:
        assert str(image["src"]).startswith("data:image/svg+xml;base64,")
        assert len(str(image["alt"])) > 80


def test_failed_trial_and_its_reason_come_before_the_results(text: str) -> None:
    participant, trial, reason = FAILED
    place = text.index(f'Failed: {participant}, {trial}</th><td class="words">{reason}')
    assert place < text.index('id="carried"')


def test_text_of_files_is_escaped(text: str) -> None:
    assert "arker &lt;LTOE&gt; is off by 41 mm." in text
    assert "<LTOE>" not in text


def test_contributions_of_joints_are_listed_with_intervals_and_doubts(
    study: Study, text: str
) -> None:
    """Numbers of the figure's table, and where no direction is stated."""
    section = text[text.index('id="driven"') : text.index('id="verdicts"')]
    numbers = read_table(study.root / "figures" / "caused_rotation.tsv")
    sprint = numbers[(numbers["speed_mps"] > 9) & (numbers["panel"] == "push_side_y")]
    hip = sprint[(sprint["source"] == "hip_push") & (sprint["variant"] == "C2")].iloc[0]
    for name in ("mean", "low", "high"):
        assert f'<data value="{hip[name]:.15g}">' in section
    assert "contact models disagree on its direction" in section
    assert "what would happen if a muscle were stronger, or after training" in section


def test_verdicts_are_passed_in_their_sections_only(text: str) -> None:
    words = re.sub(r"<style>.*?</style>|data:[^\"]*", "", text, flags=re.DOTALL).lower()
    for never in ("refuted", "proves", "proved", "confirms", "significant", "is false", "aq is"):
        assert not re.search(rf"\b{never}\b", words), never


def _told(text: str, name: str) -> str:
    """What the page says of one hypothesis, without marks."""
    return words_of(text[text.index(f'<article id="words-{name}"') :].partition("</article>")[0])


def test_every_hypothesis_is_told_once_in_the_order_of_reading(study: Study, text: str) -> None:
    """What was found, how sure that is, what would change it; then claim, literally, the rule."""
    table = read_table(study.table("verdicts.tsv")).set_index("hypothesis")
    for one in read_registry().hypotheses:
        if one.id not in table.index:
            continue
        assert text.count(f'<article id="words-{one.id}"') == 1
        told = _told(text, one.id)
        known = bool(table["estimate"].notna()[one.id])
        parts = ["How sure"] * known + ["Would change if"] * (known and one.judged)
        parts += [f"“{' '.join(one.claim.split())}”", "Taken literally"]
        places = [told.index(part) for part in parts]
        assert places == sorted(places)
    assert str(table["registry_hash"].iloc[0]) in text


def test_what_was_not_tested_is_listed_with_what_it_would_take(text: str) -> None:
    section = words_of(text[text.index('id="claims"') :])
    untested = read_registry().with_labels([]).untested
    assert f"{len(untested)} claims without a hypothesis" in section
    for one in untested:
        assert one.why in section
        assert one.any_runner in section


def test_flight_is_called_mechanically_implied(text: str) -> None:
    assert "is mechanically implied, and flight is left out" in words_of(text)


def test_again_gives_the_same_page(study: Study, page_file: Path, text: str) -> None:
    write_one_file(study, lambda line: None)
    assert page_file.read_text(encoding="utf-8") == text


def test_a_study_without_a_step_says_so(empty_page_file: Path) -> None:
    text = empty_page_file.read_text(encoding="utf-8")
    assert "No whole step was kept, so there is nothing to show here." in text
