"""Links and sentences of an athlete's page beside its tables."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.pages.address import plain, with_addresses
from aqbio.pages.athlete import (
    FORCES,
    estimated_forces,
    fastest_trial,
    left_right_address,
    maximal_words,
    uncompared_conditions,
    uncompared_sessions,
)
from aqbio.pages.differences import MAX_SPEED_RATIO
from aqbio.pages.filters import CITATION, template
from aqbio.pages.record_next import DoubtfulTrials
from aqbio.pages.words import DOUBTS
from tests.pages import words_of
from tests.report.conftest import made_pages
from validation.address_pages import read_page
from validation.address_tables import Tables
from validation.addresses import problem

ROOT = Path(__file__).parents[2]
STEPS = pd.DataFrame(
    {
        "participant_id": "A b",
        "trial_id": ["slow", "slow", "fast", "fast", "arms", "arms"],
        "condition": ["normal"] * 4 + ["restricted_arms"] * 2,
        "side": ["left", "right"] * 3,
        "status": "ok",
        "speed_mps": [5.0, 5.0, 9.0, 9.0, 8.5, 8.5],
    }
)
ALL_TRIALS = {("A b", name) for name in ("slow", "fast", "arms")}


def test_the_fastest_trial_of_a_condition_that_can_be_replayed():
    assert fastest_trial(STEPS, "normal", ALL_TRIALS) == ("A b", "fast")
    assert fastest_trial(STEPS, "restricted_arms", ALL_TRIALS) == ("A b", "arms")
    assert fastest_trial(STEPS, "normal", ALL_TRIALS - {("A b", "fast")}) == ("A b", "slow")
    assert fastest_trial(STEPS, "normal", set()) is None
    assert left_right_address(STEPS, ALL_TRIALS) == "a=A%20b/fast@left&b=A%20b/fast@right&mirror=a"


def _study(*sessions):
    people = {f"P{number}": SimpleNamespace(session=name) for number, name in enumerate(sessions)}
    return SimpleNamespace(participant=people.__getitem__, sessions_of=lambda _name: tuple(people))


def test_sessions_that_are_not_compared_are_named_with_the_rule():
    study = _study("autumn", "winter", None)
    assert uncompared_sessions(study, "P0") == ""
    assert uncompared_sessions(study, "P1").startswith("Session winter against session autumn: not")
    last = plain(uncompared_sessions(study, "P2"))
    assert last.startswith("Session P2 against session autumn and winter: not compared.")
    [per_cent] = re.findall(r"(\d+) %", last)
    assert float(per_cent) == pytest.approx(100.0 * (MAX_SPEED_RATIO - 1.0))


def test_conditions_that_are_not_compared_are_named():
    assert uncompared_conditions(STEPS, ()).startswith("Restricted arms against normal: not")
    row = {"condition": "restricted_arms"}
    compared = SimpleNamespace(differences=[SimpleNamespace(row=row)])
    assert uncompared_conditions(STEPS, [compared]) == ""
    assert uncompared_conditions(STEPS[STEPS["condition"] == "normal"], ()) == ""


def test_doubtful_trial_has_plain_words_and_a_folded_measure():
    trial = DoubtfulTrials(
        "A", ("fast <1>", "again"), DOUBTS["hidden_rates"].seems,
        "outside the limit: slip of the foot", "joint moments", 3,
        {"Repair the files": ("Correct LMT5.",)}, named=False, size=3,
    )  # fmt: skip
    page = template("doubtful.html.j2").render(doubtful=[trial], participant="A", root="../")
    assert 'href="../trials/A/fast &lt;1&gt;.html"' in page
    visible = plain(words_of(re.sub(r"<details.*?</details>", "", page, flags=re.S)))
    assert f"fast <1>, again: {DOUBTS['hidden_rates'].seems}" in visible
    assert plain(trial.returned) in visible
    assert "No finding names the cause" in visible
    assert "Repair the files" in visible
    assert "Correct LMT5." in visible
    assert "limit" not in visible
    assert "Outside the limit: slip of the foot." in words_of(page)
    assert template("doubtful.html.j2").render(doubtful=[], participant="A", root="") == ""


def test_every_page_says_how_to_cite_as_the_citation_file_does(folder):
    pages = made_pages("whole", folder / "whole")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["title"] in CITATION
    assert f"version {citation['version']}" in CITATION
    assert CITATION.startswith(citation["authors"][0]["name"])
    for path in pages.report.rglob("*.html"):
        assert f"How to cite: {CITATION}" in words_of(path.read_text("utf-8")), path.name


def test_estimated_forces_are_means_over_the_shown_steps_of_a_foot(folder):
    """By hand: steps 1 and 3 on the left, 2 on the right; step 4 is not shown, level A is no force.

    The same step numbers of another trial, whose left and right foot have a step each.
    """
    steps = pd.DataFrame(
        {"trial_id": ["a", "a", "a", "b", "b"], "step": [1, 2, 3, 1, 2],
         "side": ["left", "right", "left", "right", "left"]}
    )  # fmt: skip
    values = {("a", 1): 100.0, ("a", 2): 250.0, ("a", 3): 300.0, ("a", 4): 9000.0,
              ("b", 1): 500.0, ("b", 2): 700.0}  # fmt: skip
    contributions = pd.DataFrame(
        [
            {"participant_id": "S1", "trial_id": trial, "step": step, "level": level,
             "phase": phase, "value": value + offset + wrong, "low": value + offset - 40.0,
             "high": value + offset + 60.0}
            for (trial, step), value in values.items()
            for level, wrong in ((ESTIMATED, 0.0), ("A", 7777.0))
            for phase, offset in (("stance", 0.0), ("braking", -900.0), ("propulsion", 10.0))
        ]
    )  # fmt: skip
    line_of = {
        (line["trial"], line["foot"]): line for line in estimated_forces(contributions, steps)
    }
    means = {("a", "left"): 200, ("a", "right"): 250, ("b", "left"): 700, ("b", "right"): 500}
    assert set(line_of) == set(means)
    for key, mean in means.items():
        for (words, _), phase_offset in zip(FORCES.values(), (0, -900, 10), strict=True):
            numbers = [
                float(number.replace("−", "-"))
                for number in re.findall(r"−?[\d.]+", plain(line_of[key][words]))
            ]
            assert numbers == pytest.approx([mean + phase_offset + off for off in (0, -40, 60)])
    assert estimated_forces(contributions, steps[:0]) == []
    page = folder / "forces.html"
    cells = "".join(f"<td>{cell}</td>" for line in line_of.values() for cell in line.values())
    page.write_text(with_addresses(f"<main><table>{cells}</table></main>"), encoding="utf-8")
    tables = Tables(folder)
    tables.read["contributions"] = contributions
    addresses, _ = read_page(page, "forces.html")
    assert len(addresses) == 3 * 3 * len(means)
    assert not any(problem(address, tables) for address in addresses)


def test_the_own_loss_of_speed_is_over_usable_sprints_at_maximal_effort():
    rows = [("n1", "normal", 8.0, "usable"), ("n2", "normal", 8.5, "usable"),
            ("n3", "normal", 6.0, "usable"), ("n4", "normal", 9.9, "doubtful"),
            ("r1", "restricted_arms", 8.1, "usable")]  # fmt: skip
    trials = pd.DataFrame(rows, columns=["trial_id", "condition", "speed_mps", "state"])
    trials["participant_id"] = "S1"
    sheet = [
        SimpleNamespace(trial_id=name, effort="submaximal" if name == "n3" else "maximal")
        for name in trials["trial_id"]
    ]
    assert plain(maximal_words(sheet, trials)) == (
        "Mean speed at maximal effort: normal 8.25 m/s (2 sprints); "
        "restricted arms 8.10 m/s (1 sprint)."
    )
    assert maximal_words(sheet, trials[:4]) == ""
    assert maximal_words(sheet[:4], trials) == ""


class _Visible(HTMLParser):
    """Words of a page outside of what is folded, drawn or of its menu."""

    UNSEEN = ("svg", "script", "style", "nav", "footer")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "link", "img", "br", "input", "source"):
            return
        folded = bool(self.open) and self.open[-1][0] == "details" and tag != "summary"
        self.open.append((tag, tag in self.UNSEEN or folded or "hidden" in dict(attrs)))
        if tag not in ("data", "span", "strong", "a"):
            self.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self.open]
        if "main" in names and not any(unseen for _, unseen in self.open):
            self.text.append(data)


MOST_WORDS = 250
"""Of an athlete's page before anything is unfolded."""


@pytest.mark.parametrize("name", ["whole", "one"])
def test_a_page_says_the_main_things_in_few_words(folder, name):
    for page in sorted((made_pages(name, folder / name).report / "athletes").glob("*.html")):
        reader = _Visible()
        reader.feed(page.read_text(encoding="utf-8"))
        words = "".join(reader.text).split()
        assert page.stem in words
        assert len(words) <= MOST_WORDS, (page.stem, len(words))
