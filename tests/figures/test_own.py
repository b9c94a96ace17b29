"""Figures of one's own: chosen, combined and restyled by figures.yaml, one at a time."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.text import Text
from pydantic import ValidationError

from aqbio.config.figure_file import FigureFile, FigureStyle
from aqbio.errors import AqbioError
from aqbio.figures.own import combined, restyle
from aqbio.figures.style import BLUE, pale
from aqbio.io.tables import read_table
from aqbio.stages.figures.own import _contents, draw_own_figure
from tests.figures.made_results import write_made_results
from tests.refusal import refused


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = write_made_results(tmp_path_factory.mktemp("own"))
    (made.file.parent / "figures.yaml").write_text(
        "style: {letters: 1.2}\n"
        "figures:\n"
        "  speed:\n"
        "    of: [timing, restricted_arms]\n"
        "    width_mm: 120\n"
        "    formats: [svg]\n"
        '    style: {colours: {"#0072B2": "#112233"}, lines: 2.0}\n',
        encoding="utf-8",
    )
    return made


@pytest.fixture(scope="module")
def contents(study):
    return _contents(study, ("timing", "restricted_arms"), [])


def test_a_figure_of_figures_yaml_is_written_with_numbers_and_words(study):
    [drawing] = draw_own_figure(study, "speed", lambda _: None)
    assert drawing == study.root / "own_figures" / "speed.svg"
    assert 'width="340.' in drawing.read_text(encoding="utf-8")  # 120 mm are 340.2 points
    told = json.loads(drawing.with_suffix(".json").read_text(encoding="utf-8"))
    assert list(told["panels"]) == ["a", "b", "c"]
    assert "Panels: a, Lag" in told["caption"]
    for table in told["tables"]:
        assert len(read_table(drawing.parent / table))


def test_a_figure_of_the_study_needs_no_file(study):
    names = [path.name for path in draw_own_figure(study, "timing", lambda _: None)]
    assert names == ["timing.pdf", "timing.svg"]


def test_an_unknown_figure_is_refused_with_the_nearest_one(study):
    with pytest.raises(AqbioError) as raised:
        draw_own_figure(study, "timin", lambda _: None)
    assert raised.value.fix == "did you mean timing?"


def test_what_has_nothing_to_draw_is_said(study):
    with refused("own-figure", "nothing to draw in misdirection"):
        draw_own_figure(study, "misdirection", lambda _: None)


def test_parts_have_the_height_that_they_have_alone(contents):
    figure, panels = combined(contents, 120.0)
    heights = [content.draw(120.0).get_figheight() for content in contents]
    assert figure.get_figheight() == pytest.approx(sum(heights))
    assert len(panels) == sum(len(place.axes) for place in figure.subfigs)
    parts = [place.bbox.height / figure.bbox.height for place in figure.subfigs]
    np.testing.assert_allclose(parts, np.array(heights) / sum(heights), rtol=1e-6)


def test_restyling_changes_all_of_a_colour_and_its_pale_one(contents):
    figure, _ = combined(contents[:1], 120.0)
    before = [(one.get_linewidth(), to_hex(one.get_color())) for one in figure.findobj(Line2D)]
    sizes = [text.get_fontsize() for text in figure.findobj(Text)]
    restyle(figure, FigureStyle(letters=1.5, lines=2.0, colours={BLUE: "#112233"}))
    after = [(one.get_linewidth(), to_hex(one.get_color())) for one in figure.findobj(Line2D)]
    changed = {BLUE.lower(): "#112233", to_hex(pale(BLUE)): to_hex(pale("#112233"))}
    assert {colour for _, colour in before} & set(changed)
    assert after == [(2.0 * width, changed.get(colour, colour)) for width, colour in before]
    np.testing.assert_allclose(
        [t.get_fontsize() for t in figure.findobj(Text)], 1.5 * np.array(sizes)
    )


@pytest.mark.parametrize(
    "given",
    [
        {"figures": {"x": {"of": []}}},
        {"figures": {"x": {"of": ["timing", "timing"]}}},
        {"figures": {"../x": {"of": ["timing"]}}},
        {"figures": {"x": {"of": ["timing"], "width_mm": 0}}},
        {"style": {"colours": {"blue": "#000000"}}},
        {"figure": {}},
    ],
)
def test_what_cannot_be_meant_is_refused(given):
    with pytest.raises(ValidationError):
        FigureFile.model_validate(given)


def test_just_inside_is_taken():
    given = {"figures": {"x": {"of": ["timing"], "width_mm": 0.1}}}
    assert FigureFile.model_validate(given).figures["x"].width_mm == 0.1
