"""A registry that was changed after the data were read: everywhere on the page where it matters."""

from __future__ import annotations

import json
import re

import pytest

from aqbio.figures.stage import figures_study
from aqbio.io.study import Study
from aqbio.pages.stage import report_study
from tests.figures.made_results import write_made_results
from tests.pages import pages_text
from tests.undrawn import draw_nothing

CHANGE = "H1\tdelta\t0.05\t0.01"


def _silent(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """H1's smallest effect was made smaller after the data were read."""
    figures = {"widths_mm": [85], "formats": ["svg"]}
    folder = tmp_path_factory.mktemp("post_hoc")
    made = write_made_results(folder, participants=1, figures=figures)
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        figures_study(made, _silent)
    verdicts = made.table("verdicts.tsv")
    lines = verdicts.read_text(encoding="utf-8").splitlines()
    assert lines[1].endswith("\tno")
    lines[1] = lines[1].removesuffix("no") + "yes"
    verdicts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    deviations = made.table("deviations.tsv")
    header = deviations.read_text(encoding="utf-8").splitlines()[0]
    deviations.write_text(f"{header}\n{CHANGE}\n", encoding="utf-8")
    record = made.root / "registry.json"
    content = json.loads(record.read_text(encoding="utf-8")) | {"hash": "0123456789ab"}
    record.write_text(json.dumps(content), encoding="utf-8")
    return made


def _section(study: Study) -> str:
    report_study(study, _silent)
    page = pages_text(study.root)
    section = page[page.index('<section id="verdicts"') :]
    section = re.sub(r"<figure.*?</figure>", "", section[: section.index("</section>")], flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section))


def test_the_page_says_what_was_changed_and_which_verdict_rests_on_it(changed: Study) -> None:
    said = _section(changed)
    assert "not supported (post hoc)" in said
    assert said.count("Post hoc: the rule, a setting or the version was changed") == 1
    assert "Registry, settings, constants and version 0123456789ab were fixed on" in said
    assert "H1, delta: 0.05 → 0.01." in said


def test_without_a_record_it_is_said_that_nothing_is_known(changed: Study) -> None:
    (changed.root / "registry.json").unlink()
    assert "registry.json is missing" in _section(changed)
