"""What the page says, and that it is one self-contained, repeatable file."""

from __future__ import annotations

import html
import itertools
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.filters import number
from aqbio.pages.stage import report_study
from aqbio.pages.stance import fastest
from aqbio.stats.registry import read_registry
from tests.figures.made_results import FAILED

pytestmark = pytest.mark.xdist_group("page")


@dataclass(frozen=True)
class _Column:
    condition: str
    speed_mps: float


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
    assert len(elements.images) == len(listed["figures"]) > 15
    for image in elements.images:
        assert str(image["src"]).startswith("data:image/svg+xml;base64,")
        assert len(str(image["alt"])) > 80


def test_figures_are_numbered_as_they_follow_each_other(text: str) -> None:
    numbers = [int(found) for found in re.findall(r"<strong>Figure (\d+)\.", text)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == text.count("<figure ")


@pytest.mark.parametrize("folded", [True, False])
def test_what_belongs_to_one_of_many_participants_is_folded(folded: bool) -> None:
    template = '{% from "fold.html.j2" import fold %}{% call fold("S01", folded) %}a{% endcall %}'
    loader = jinja2.PackageLoader("aqbio.pages")
    made = jinja2.Environment(loader=loader, autoescape=True).from_string(template)
    words = made.render(folded=folded)
    assert ("<summary>S01</summary>" in words) == ("<details>" in words) == folded
    assert ("<h3>S01</h3>" in words) != folded


def test_of_many_columns_the_fastest_of_the_first_condition_is_told() -> None:
    columns = [
        _Column("normal", 5.0),
        _Column("normal", 8.7),
        _Column("restricted_arms", 8.8),
    ]
    assert fastest(columns) is columns[1]
    assert fastest([]) is None


def test_sides_and_joints_are_told_in_words(text: str) -> None:
    carried = text[text.index('id="carried"') : text.index('id="driven"')]
    driven = text[text.index('id="driven"') : text.index("How to read this")]
    for section, words in (
        (carried, "The push side carries"),
        (driven, "the largest effects are those of"),
    ):
        assert words in section.partition("<details>")[0]


def test_failed_trial_and_its_reason_come_before_the_results(text: str) -> None:
    participant, trial, reason = FAILED
    place = text.index(f"<strong>1 trial failed</strong> ({participant}, {trial}): {reason}")
    assert place < text.index('id="carried"')


def test_large_residuals_are_plain_and_early(text: str) -> None:
    said = "the largest residual moment is 235.0 N m RMS (S01, sprint)"
    assert text.index(said) < text.index('id="carried"')
    assert '<data value="235" class="fail">235.0</data> about the sideways axis' in text
    assert "above the limit of 21" in text


def test_every_kept_step_is_on_the_page_with_its_numbers(study: Study, elements: Elements) -> None:
    steps = read_table(study.table("steps.tsv"))
    for column in (
        "touchdown_s",
        "contact_s",
        "speed_mps",
        "H_push_side_y_stance_mean_kgm2ps",
        "H_swing_side_y_stance_mean_kgm2ps",
        "M_residual_y_stance_rms_Nm",
    ):
        for value in steps[column].dropna():
            assert f"{value:.15g}" in elements.values


def test_every_quality_value_is_on_the_page(study: Study, elements: Elements) -> None:
    for value in read_table(study.table("quality.tsv"))["value"]:
        assert f"{value:.15g}" in elements.values


def test_text_of_files_is_escaped(text: str) -> None:
    assert "marker &lt;LTOE&gt; is off by 41 mm." in text
    assert "<LTOE>" not in text


def test_what_joints_cause_is_told_with_intervals_and_doubts(study: Study, text: str) -> None:
    """The largest joints in words, the numbers of the figure's table, and what they do not say."""
    section = text[text.index('id="driven"') : text.index('id="figures"')]
    numbers = read_table(study.root / "figures" / "caused_rotation.tsv")
    sprint = numbers[(numbers["speed_mps"] > 9) & (numbers["panel"] == "push_side_y")]
    hip = sprint[(sprint["source"] == "hip_push") & (sprint["variant"] == "C2")].iloc[0]
    assert "the hip of the push leg:" in section
    for name in ("mean", "low", "high"):
        assert f'<data value="{hip[name]:.15g}">' in section
    assert "contact models disagree on its direction" in section
    assert "not what would happen if a muscle were stronger, or after training" in section
    assert section.index("How to read this") < section.index("All sources at")


def test_verdicts_are_passed_in_their_section_only(text: str) -> None:
    words = re.sub(r"<style>.*?</style>|data:[^\"]*", "", text, flags=re.DOTALL).lower()
    start, end = words.index('id="verdicts"'), words.index('id="carried"')
    elsewhere = words[:start] + words[end:]
    for verdict in ("supported", "refuted", "proves", "confirms", "significant"):
        assert verdict not in elsewhere
    for never in ("refuted", "proves", "proved", "is false", "is true", "aq is"):
        assert not re.search(rf"\b{never}\b", words), never


def test_verdicts_with_the_numbers_of_the_table(study: Study, text: str) -> None:
    section = text[text.index('id="verdicts"') : text.index('id="carried"')]
    table = read_table(study.table("verdicts.tsv"))
    assert str(table["registry_hash"][0]) in section
    for row in table.to_dict("records"):
        assert f'id="verdict-{row["hypothesis"]}"' in section
        own = section[section.index(f'id="verdict-{row["hypothesis"]}"') :].partition("</tr>")[0]
        for name in NUMBERS if row["estimate"] == row["estimate"] else ("smallest_effect",):
            if row[name] == row[name]:
                assert f'<data value="{row[name]:.15g}">' in own, name
    for row in read_table(study.table("single_athletes.tsv")).to_dict("records"):
        assert f'<data value="{row["estimate"]:.15g}">' in section
    assert "supported (non-discriminating)" in section
    assert "Fragile: with a cut-off of 15 Hz, the pelvis left out instead of" in section
    assert "the verdicts rest on it, and nothing was changed" in section
    for row in read_table(study.table("power.tsv")).to_dict("records"):
        for name in ("mde", "power", "sd_between", "sd_steps"):
            assert f'<data value="{row[name]:.15g}">' in section
    assert "H8a: too few athletes for the smallest effect of interest" in section


NUMBERS = (
    "estimate", "ci_low", "ci_high", "smallest_effect", "n_showing", "share_low", "share_high",
    "p_holm", "p_against_holm", "lowest", "highest",
)  # fmt: skip
"""Columns of a verdict that stand in its row of the page."""


def _told(text: str, name: str) -> str:
    """What the page says of one hypothesis, without marks."""
    own = text[text.index(f'<article id="words-{name}"') :].partition("</article>")[0]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", own)))


def test_every_hypothesis_is_told_in_the_order_of_reading(text: str) -> None:
    """The claim, what its words say, what could have been otherwise, what was seen, the rule."""
    for one in read_registry().hypotheses:
        told = _told(text, one.id)
        parts = [f"“{one.claim}”", "Taken literally:"]
        if one.discriminating:
            parts.append(f"What could have been otherwise: {one.discriminating}.")
        places = [told.index(re.sub(r"\s+", " ", part)) for part in parts]
        assert places == sorted(places)
    told = _told(text, "H1")
    assert "Share of contact in which push leg, arms and torso together turn: 0.91 (0.81 to" in told
    for first, second in itertools.pairwise(
        ("What could have been", "Both legs against arms", "Would change if", "Statistic, decision")
    ):
        assert told.index(first) < told.index(second)
    assert "not supported: opposite found" in told
    assert "in 1 of 2 athletes (of 100 like them: 9 to 91)" in told
    assert "Another verdict without S02" in told


def test_what_was_not_tested_is_listed_with_what_it_would_take(text: str) -> None:
    section = html.unescape(re.sub(r"\s+", " ", text[text.index('id="untested"') :]))
    untested = read_registry().untested
    assert f"All {len(untested)} claims" in section
    for one in untested:
        assert f"“{one.claim}”" in section
        assert one.why in section
        assert one.any_runner in section


def test_flight_is_called_mechanically_implied(text: str) -> None:
    assert "<strong>mechanically implied</strong>" in text


def test_again_gives_the_same_page(study: Study, page_file: Path, text: str) -> None:
    report_study(study, lambda line: None)
    assert page_file.read_text(encoding="utf-8") == text


def test_a_study_without_a_step_says_so(empty_page_file: Path) -> None:
    text = empty_page_file.read_text(encoding="utf-8")
    assert "No whole step was kept, so there is nothing to show here." in text
    assert "No whole step was kept, so there are no curves over the step." in text


def test_a_number_keeps_the_value_of_the_table() -> None:
    assert number(0.0158, "mm", 1000) == '<data value="0.0158">15.8</data>'
    assert number(float("nan"), "mm") == '<data value="nan">n/a</data>'
