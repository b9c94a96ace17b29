"""What is drawn is seen: nothing is cut, no letter too small, every key whole."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from aqbio.figures import style
from aqbio.figures.style import journal_style, legend_above, sheet
from aqbio.stages.figures import stage
from aqbio.stages.figures.illustrations import hypothesis_figures
from tests.figures.made_results import write_made_results

SMALLEST = 6.0
"""Type that journals still print, points."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict[tuple[str, float], Figure]:
    """Every figure of a study, as it is when it is written, by file and width."""
    found, save = {}, style.save_figure

    def kept(figure, stem, formats=()):
        found[stem.name, round(figure.get_figwidth() * 25.4)] = figure
        return save(figure, stem, formats)

    settings = {"widths_mm": [85, 180], "formats": ["svg"]}
    study = write_made_results(tmp_path_factory.mktemp("artists"), figures=settings)
    with pytest.MonkeyPatch.context() as patch:
        for module in (stage,):
            patch.setattr(module, "save_figure", kept)
        stage.figures_study(study, lambda _: None)
    assert len(found) >= 2 * len(list(hypothesis_figures(study)))
    return found


def _unshown(figure: Figure) -> set[int]:
    """Labels of ticks beyond the axis, which are there and not drawn."""
    found = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        room = 1e-6 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - room <= tick.get_loc() <= high + room:
                found |= {id(tick.label1), id(tick.label2)}
    return found


def _cut(figure: Figure) -> list[str]:
    """Words that reach beyond the paper."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    paper = figure.bbox.padded(1.0)
    found, unshown = [], _unshown(figure)
    for text in figure.findobj(Text):
        if id(text) in unshown or not text.get_visible() or not text.get_text().strip():
            continue
        box = text.get_window_extent(renderer)
        if box.width and not (
            paper.x0 <= box.x0 and box.x1 <= paper.x1 and paper.y0 <= box.y0 and box.y1 <= paper.y1
        ):
            found.append(text.get_text())
    return found


def test_no_words_are_cut(drawn):
    assert {name: cut for name, figure in drawn.items() if (cut := _cut(figure))} == {}


def test_words_that_are_cut_are_seen():
    """The key of which the paper cut both ends."""
    long = [Line2D([], [], label="foot may not turn at all " * 2) for _ in range(2)]
    with journal_style():
        figure = sheet(85.0, 60.0)
        figure.subplots()
        figure.legend(handles=long, loc="outside upper center", ncols=2)
        figure.draw_without_rendering()
    assert len(_cut(figure)) == 2


@pytest.mark.parametrize(("width", "columns"), [(85.0, 1), (180.0, 2), (300.0, 3)])
def test_a_key_has_as_many_columns_as_there_is_room_for(width, columns):
    long = [Line2D([], [], label="contact model: foot may not turn at all") for _ in range(3)]
    with journal_style():
        figure = sheet(width, 60.0)
        figure.subplots()
        legend = legend_above(figure, long, 4)
        figure.draw_without_rendering()
    assert legend._ncols == columns
    assert len(figure.legends) == 1
    assert _cut(figure) == []


def test_no_letters_are_too_small(drawn):
    small = {
        (name, text.get_text())
        for name, figure in drawn.items()
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text.get_fontsize() < SMALLEST
    }
    assert small == set()


def test_keys_have_no_entry_twice_and_none_empty(drawn):
    for name, figure in drawn.items():
        for legend in (*figure.legends, *(a.get_legend() for a in figure.axes if a.get_legend())):
            labels = [text.get_text() for text in legend.get_texts()]
            assert all(labels), name
            assert len(labels) == len(set(labels)), name
