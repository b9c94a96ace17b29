"""Every smallest effect and limit has one source: a changed one arrives wherever it is shown."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

import aqbio
from aqbio.figures.stage import FIGURES, figures_study, study_results
from aqbio.figures.words import digits
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.stage import report_study
from aqbio.stats.registry import DEFAULT, read_registry, study_registry
from tests.figures.made_results import write_made_results
from tests.figures.made_verdicts import OWN
from tests.pages import pages_text
from tests.undrawn import draw_nothing

PACKAGE = Path(aqbio.__file__).parent
OURS = {one.id: one.delta for one in read_registry().hypotheses if one.delta}


OF_A_LIMIT = re.compile(r"of interest|\blimits?\b|\bgates?\b|threshold", re.IGNORECASE)


def _changed_registry() -> str:
    """Every smallest effect is another, no two by the same factor."""
    content = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    for number, one in enumerate(content["hypotheses"]):
        one["delta"] *= 1.31 + 0.07 * number
    return yaml.safe_dump(content)


def _silent(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    figures = {"widths_mm": [85], "formats": ["svg"]}
    folder = tmp_path_factory.mktemp("effects")
    made = write_made_results(folder, figures=figures, registry=_changed_registry())
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        figures_study(made, _silent)
    report_study(made, _silent)
    return made


@pytest.fixture(scope="module")
def deltas(study: Study) -> dict[str, float]:
    found = {one.id: one.delta for one in study_registry(study).hypotheses if one.delta}
    assert not any(found[name] == delta for name, delta in OURS.items())
    return found


@pytest.fixture(scope="module")
def drawn(study: Study) -> dict[str, tuple[pd.DataFrame, Figure, str]]:
    """Rows, drawing and caption of the figures of verdicts."""
    with study_results(study) as results:
        rows = {one: one.table(results) for one in FIGURES if one.section == "verdicts"}
    return {
        one.name: (own, one.draw(own, 180.0), one.caption(own))
        for one, own in rows.items()
        if len(own)
    }


@pytest.fixture(scope="module")
def page(study: Study) -> str:
    return pages_text(study.root)


@pytest.mark.parametrize("name", OURS)
def test_a_smallest_effect_arrives_in_table_and_page(name, study, deltas, page):
    table = read_table(study.table("verdicts.tsv")).set_index("hypothesis")
    assert abs(table.loc[name, "smallest_effect"]) == pytest.approx(deltas[name], rel=1e-5)
    own = page[page.index(f'<article id="words-{name}"') :].partition("</article>")[0]
    assert (
        f"mallest effect of interest {digits(table.loc[name, 'smallest_effect'])}" in own
        or (table["estimate"].isna()[name])
    )


def _uprights(figure: Figure) -> list[list[float]]:
    """Places of the vertical lines, by panel."""
    return [
        [float(x[0]) for line in axes.lines if len(x := np.atleast_1d(line.get_xdata())) == 2
         and x[0] == x[1]]
        for axes in figure.axes
    ]  # fmt: skip


def test_smallest_effects_arrive_in_the_specification_curve(study, drawn, deltas):
    _, figure, _ = drawn["specification_curve"]
    for axes, places in zip(figure.axes, _uprights(figure), strict=True):
        if not (name := axes.get_title()):
            continue
        assert any(abs(place) == pytest.approx(deltas[name], rel=1e-5) for place in places)
        sides = {np.sign(place) for place in places if abs(abs(place) - deltas[name]) < 1e-4}
        assert len(sides) == 1


def test_smallest_effects_arrive_in_the_figure_of_athletes(drawn, deltas):
    rows, figure, _ = drawn["athletes"]
    numbers, places = rows.groupby("hypothesis", sort=False).first(), _uprights(figure)
    assert len(numbers) == len(OWN)
    for name, lines in zip(numbers.index, places, strict=False):
        smallest = numbers.loc[name, "smallest_effect"]
        assert abs(smallest) == pytest.approx(deltas[name], rel=1e-5)
        assert any(line == pytest.approx(smallest, rel=1e-5) for line in lines)


def test_smallest_effects_of_timing_arrive_in_the_caption(drawn, deltas):
    expected = f"({digits(-100 * deltas['H5a'])} % of the step and {digits(-deltas['H5b'])} of"
    assert expected in drawn["timing"][2]


def _stated_limits(path: Path) -> list[str]:
    """Numbers of a module that call themselves an effect, a limit or a gate."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    found = []
    for one, words in itertools.pairwise(body):
        if not (isinstance(one, ast.Assign | ast.AnnAssign) and isinstance(words, ast.Expr)):
            continue
        numbers = [
            node.value for node in ast.walk(one.value)
            if isinstance(node, ast.Constant) and type(node.value) in (int, float)
        ]  # fmt: skip
        told = re.search(
            r"of interest|\blimits?\b|\bgates?\b|threshold", ast.unparse(words).lower()
        )
        if numbers and told:
            found.append(f"{path.name}:{one.lineno}")
    return found


@pytest.mark.parametrize("room", ["figures", "pages"])
def test_what_draws_and_tells_holds_no_limit_of_its_own(room):
    """It would not follow the settings or the registry of a study."""
    assert [
        place for path in sorted((PACKAGE / room).rglob("*.py")) for place in _stated_limits(path)
    ] == []


def test_a_limit_of_its_own_would_be_seen(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text('SMALLEST = -1.0\n"""Smallest effect of interest of H7."""\n', encoding="utf-8")
    assert _stated_limits(file) == ["bad.py:1"]
