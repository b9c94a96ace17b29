"""Pages against their tables: whole, linked, harmless, every sentence what its rows say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from aqbio.figures.stage import FIGURES, study_results
from aqbio.figures.words import digits
from aqbio.io.tables import read_table
from aqbio.names import TRIAL_STATES
from aqbio.pages.address import plain
from aqbio.pages.filters import MENU
from aqbio.pages.stance import (
    UNIT,
    carried_words,
    driven_words,
    effect_columns,
    headline,
    source_words,
    speed_columns,
)
from aqbio.pages.summary import sample_words, state_words, step_words, trial_state
from aqbio.pages.verdicts import FAMILIES, verdict_section
from aqbio.pages.words import LABELS
from aqbio.report.page import StudyContent
from aqbio.report.stage import write_one_file
from aqbio.stats.registry import study_registry
from tests.figures.made_study import FAILED, REGISTRY, STEP_HYPOTHESES
from tests.pages import pages_text, visible_words, words_of
from tests.report.conftest import made_pages, make_pages

pytestmark = pytest.mark.xdist_group("page")


WORDS = {"index": 500, "athletes": 600, "results": 1300}
"""Most words that are visible at first, by page."""


@pytest.fixture
def content(made_study) -> StudyContent:
    return made_study.content


def numbers(sentence: str) -> list[str]:
    """Numbers of a sentence, as they are written."""
    return re.findall(r"(?<![\w.])−?\d+(?:\.\d+)?", sentence)


class Elements(HTMLParser):
    """Addresses, identifiers, images and values of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.addresses, self.ids, self.images, self.values = text, [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        self.addresses += [attributes[name] for name in ("href", "src") if attributes.get(name)]
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.images += [attributes] if tag == "img" else []
        self.values |= {attributes["value"]} if tag == "data" else set()


@pytest.fixture
def pages(made_study) -> dict[Path, Elements]:
    elements = {
        path: Elements(path.read_text("utf-8")) for path in made_study.report.rglob("*.html")
    }
    assert len(elements) == len(MENU) + 1 + len(made_study.study.participants)
    return elements


def test_every_page_is_whole_linked_short_and_harmless(made_study, pages):
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids))
        for address in (
            address_of for address_of in page.addresses if not address_of.startswith("data:")
        ):
            assert not re.match(r"[a-z]+:|//", address), address
            file, _, fragment = unquote(address).partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), (path.name, address)
            assert target.is_relative_to(made_study.study.root.resolve())
            assert not fragment or fragment in pages[target].ids, (path.name, address)
        assert "is missing</h2>" not in page.text, path.name
        words = words_of(page.text)
        assert not re.search(r"\b(nan|None|undefined)\b|in 0 of 0", words), path.name
        assert " ." not in words
        if path.name == "one_file.html":
            continue
        assert not re.search(r"\sdata-(href|src)=", page.text), path.name
        # What gets into a page by mistake is refused by its policy: scripts and styles are files.
        assert "unsafe" not in page.text
        assert "script-src &#39;self&#39; file:;" in page.text
        assert re.findall(r"<script(?! src=)|<style|\sstyle=|\son\w+=", page.text) == []
        limit = WORDS.get("athletes" if path.parent.name == "athletes" else path.stem, 1500)
        assert len(visible_words(page.text)) <= limit, path.name
        to_root = "../" if path.parent.name == "athletes" else ""
        assert {f"{to_root}{name}.html" for name in MENU} <= set(page.addresses)


def test_the_page_that_is_one_file(made_study, pages):
    """Nothing from elsewhere, an image for every figure, text of files escaped, and again."""
    path = made_study.report / "one_file.html"
    page, text = pages[path], pages[path].text
    figures = json.loads((made_study.study.root / "figures" / "figures.json").read_text("utf-8"))
    assert len(page.images) == len(figures["figures"])
    for image in page.images:
        assert image["src"].startswith("data:image/svg+xml;base64,")
        assert len(image["alt"]) > 80
    assert "arker &lt;LTOE&gt; is off by 41 mm." in text
    assert "<LTOE>" not in text
    if made_study.name != "one" and made_study.name != "none":
        failed = f"Failed: {FAILED[0]}, {FAILED[1]} {FAILED[2]}"
        assert failed in words_of(text.partition('id="carried"')[0])
    words = re.sub(r"<style>.*?</style>|data:[^\"]*", "", text, flags=re.DOTALL).lower()
    for banned in ("refuted", "proves", "proved", "confirms", "significant", "is false", "aq is"):
        assert not re.search(rf"\b{banned}\b", words), banned
    assert ("No whole step was kept" in text) == (made_study.name == "none")
    write_one_file(made_study.study, lambda _: None)
    assert path.read_text(encoding="utf-8") == text


def test_the_sample_is_counted(content):
    steps, trials = content.tables["steps"], content.tables["trials"]
    valid_steps = steps[steps["status"] == "ok"]
    sentence = plain(sample_words(content.people, trials, steps))
    if valid_steps.empty:
        assert sentence == (
            f"No step of {len(content.names)} athlete in {len(trials)} trials was kept: the "
            "motion could not be analysed."
        )
        return
    ends = [
        digits(speed, "m/s")
        for speed in (valid_steps["speed_mps"].min(), valid_steps["speed_mps"].max())
    ]
    assert numbers(sentence) == [str(len(valid_steps)), str(len(content.names)), *ends]


def test_trials_are_counted_by_state_with_the_measures_that_decide(content):
    trials = content.tables["trials"]
    sentence = plain(state_words(trials))
    assert numbers(sentence)[0] == str(len(trials))
    for state in TRIAL_STATES:
        count = int((trials["state"] == state).sum())
        assert (re.search(rf"\b{count} {state}(?! without)", sentence) is not None) == (count > 0)
    doubtful = int((trials["outside"] == "hidden_rates").sum())
    assert (
        f"the markers were smoothed until their accelerations were smaller in {doubtful}"
        in sentence
    ) == (doubtful > 0)
    states = {trial_state(row).partition(":")[0] for row in trials.to_dict("records")}
    assert states == set(trials["state"])


def test_contacts_add_up(content):
    steps = content.tables["steps"]
    all_contacts, *parts = map(int, numbers(plain(step_words(steps))))
    assert all_contacts == sum(parts) == len(steps)


def test_momentum_sentence_is_that_of_stance_means(content):
    means = read_table(content.study.root / "figures" / "stance_means.tsv")
    sentence = plain(carried_words(speed_columns(means)))
    if means.empty:
        assert sentence == ""
        return
    fastest = means[means["speed_mps"] == means["speed_mps"].max()]
    fastest = fastest[
        (fastest["quantity"] == "angular_momentum") & (fastest["axis"] == "y")
    ].set_index("source")
    if fastest["mean"][["push_side", "swing_side"]].isna().any():
        assert "angular momentum of both sides could not be determined" in sentence
        assert UNIT not in sentence
        return
    ends = ["mean", "low", "high"]
    finite = [
        fastest.loc[carrier, ends].dropna() for carrier in ("push_side", "swing_side", "total")
    ]
    expected = [digits(value, UNIT) for values in finite for value in values]
    assert [number for number in numbers(sentence) if number != "95"][-len(expected) :] == expected
    push, swing = (set(np.sign(values)) for values in finite[:2])
    assert ("in opposite directions" in sentence) == (
        push | swing == {1.0, -1.0} and len(push) == 1
    )


@pytest.mark.parametrize("compared", [False, True])
def test_a_joint_is_named_only_where_direction_and_rank_are_sure(content, compared: bool):
    table = content.numbers_of("caused_rotation")
    means = read_table(content.study.root / "figures" / "stance_means.tsv")
    speeds = speed_columns(means)
    sentence = plain(driven_words(headline(effect_columns(table, speeds, compared=compared))))
    if table.empty:
        assert sentence.startswith("The joints that drive the rotation could not be determined")
        return
    fastest = table[table["speed_mps"] == table["speed_mps"].max()]
    for panel, side in (("push_side_y", "push side"), ("swing_side_y", "swing side")):
        rows = fastest[
            (fastest["panel"] == panel) & fastest["source"].str.contains("push$|swing$|lumbar")
        ]
        rows = rows[~rows["source"].isin(["push_side", "swing_side"])]
        primary = rows[rows["variant"] == "C2"].set_index("source")
        if primary.empty:
            continue
        largest = primary["mean"].abs().idxmax()
        variants = rows[rows["source"] == largest]
        ends = pd.concat(
            [variants["mean"], primary.loc[[largest], "low"], primary.loc[[largest], "high"]]
        )
        low, high = primary["low"], primary["high"]
        smallest = pd.concat([low.abs(), high.abs()], axis=1).min(axis=1).where(low * high > 0, 0.0)
        largest_end = pd.concat([low.abs(), high.abs()], axis=1).max(axis=1)
        first = (largest_end.drop(largest) <= smallest[largest]).all()
        sure = bool(compared and first and ((ends > 0).all() or (ends < 0).all()))
        assert (f"contributes most to the {side}" in sentence) == sure
        assert (f"for the {side}, where the {source_words(largest)}" in sentence) != sure
        assert digits(primary.loc[largest, "mean"], "N m") in sentence


def test_verdicts_are_counted_as_in_their_table(content):
    section = verdict_section(content.verdicts)
    table, sentence = content.verdicts.verdicts, plain(section.counted)
    count = table["verdict"].value_counts()
    assert numbers(sentence)[0] == str(len(table))
    for verdict, label in LABELS.items():
        number = int(count.get(verdict, 0))
        words = f"{number} {'is' if number == 1 else 'are'} {label.partition(',')[0]}"
        assert (words in sentence) == (number > 0)
    ids = [
        verdict_of.hypothesis.id for _, verdicts_of in section.parts for verdict_of in verdicts_of
    ]
    assert sorted(ids) == sorted(table["hypothesis"])
    families = {
        verdict_of.hypothesis.family
        for _, verdicts_of in section.parts
        for verdict_of in verdicts_of
    }
    titles = [title for title, _ in section.parts if title in FAMILIES]
    assert {title.lower() for title in titles} <= families


def test_post_hoc_changes_are_stated(folder):
    """And which verdict rests on it; without a record, that nothing is known."""
    pages = made_pages("one", folder / "one")

    def section() -> str:
        page = pages.page("results")
        part = page[page.index('<section id="verdicts"') :].partition("</section>")[0]
        return words_of(re.sub(r"<figure.*?</figure>", "", part, flags=re.S))

    assert "(post hoc)" in section()
    assert section().count("Post hoc: its basis was changed after") == 1
    assert "delta (H1): 0.05 → 0.01" in section()
    record = pages.study.root / "registry.json"
    content = record.read_bytes()
    record.unlink()
    make_pages(pages.study)
    assert "registry.json is missing" in section()
    record.write_bytes(content)
    make_pages(pages.study)


def test_planted_contradictions_reach_the_prose(folder):
    """A trial that becomes doubtful, a verdict that turns, a reason that changes: prose follows."""
    pages = made_pages("whole", folder / "whole")
    tables = {name: pages.study.table(f"{name}.tsv") for name in ("trials", "verdicts")}
    originals = {path: path.read_text(encoding="utf-8") for path in tables.values()}
    before = words_of(pages_text(pages.study.root))
    count = read_table(tables["verdicts"])["verdict"].value_counts()
    trials, verdicts = originals.values()
    planted = trials.replace("hidden_rates", "hidden_motion").replace(
        FAILED[2], "exchanged labels."
    )
    tables["trials"].write_text(planted, encoding="utf-8")
    weakened = verdicts.replace("\tnot_supported\t", "\tinconclusive\t")
    tables["verdicts"].write_text(weakened, encoding="utf-8")
    make_pages(pages.study)
    after = words_of(pages_text(pages.study.root))
    for path, text in originals.items():
        path.write_text(text, encoding="utf-8")
    make_pages(pages.study)
    smoothed = "(the markers were smoothed until their accelerations were smaller in 3)"
    assert (smoothed in before, smoothed in after) == (True, False)
    assert "the markers were smoothed until their motion was smaller in 3" in after
    assert f"{count['not_supported']} are not supported" in before
    assert "not supported" not in after.partition("Who took part")[0]
    assert FAILED[2].removesuffix(".") in before
    assert "exchanged labels" in after


def test_a_changed_smallest_effect_arrives_in_every_drawing(folder):
    study = made_pages("bare", folder / "bare").study
    deltas = {
        hypothesis_of.id: hypothesis_of.delta
        for hypothesis_of in study_registry(study).hypotheses
        if hypothesis_of.delta
    }
    assert not any(
        deltas[hypothesis_of.id] == hypothesis_of.delta
        for hypothesis_of in REGISTRY.hypotheses
        if hypothesis_of.delta
    )
    with study_results(study) as results:
        rows = {
            figure_of: figure_of.table(results)
            for figure_of in FIGURES
            if figure_of.section == "verdicts"
        }
    figures = {
        figure_of.name: (figure_of, table) for figure_of, table in rows.items() if len(table)
    }
    for name in ("specification_curve", "athletes"):
        figure, rows_of_figure = figures[name]
        names = list(dict.fromkeys(rows_of_figure["hypothesis"]))
        assert name != "athletes" or names == list(STEP_HYPOTHESES)
        for hypothesis, axes in zip(names, figure.draw(rows_of_figure, 180.0).axes, strict=False):
            ends = [np.atleast_1d(line.get_xdata()) for line in axes.lines]
            verticals = [at[0] for at in ends if len(at) == 2 and at[0] == at[1]]
            smallest = REGISTRY[hypothesis].sign * deltas[hypothesis]
            assert any(at == pytest.approx(smallest, rel=1e-5) for at in verticals)
            assert not any(at == pytest.approx(-smallest, rel=1e-5) for at in verticals)
    figure, rows_of_figure = figures["timing"]
    expected = f"({digits(-100 * deltas['H5a'])} % of the step per m/s)"
    assert expected in plain(figure.caption(rows_of_figure))
