"""What is drawn is seen: nothing is cut, nothing overlaps, no letter too small, every key whole."""

from __future__ import annotations

import colorsys
import json
import re
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from aqbio.figures import files, stage
from aqbio.figures.stage import hypothesis_figures
from aqbio.figures.style import BLUE, VERMILLION, journal_style, legend_above, sheet
from tests.figures.made_results import write_made_results
from tests.report.test_verdict_words import FORBIDDEN

SMALLEST = 6.0
"""Type that journals still print, points."""


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> tuple[dict[tuple[str, float], Figure], list[dict]]:
    """Every figure of a study, as it is when it is written, by file and width; and the manifest."""
    found, save = {}, files.save_figure

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
    listed = json.loads((study.root / "figures" / "figures.json").read_text("utf-8"))["figures"]
    assert len(found) == 2 * len(listed)
    return found, listed


@pytest.fixture(scope="module")
def drawn(everything) -> dict[tuple[str, float], Figure]:
    """Every figure by file and width."""
    return everything[0]


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


def _shown(figure: Figure) -> list[Text]:
    """Words that are drawn."""
    unshown, hidden = _unshown(figure), set()
    for axes in figure.axes:
        if not axes.get_visible():
            hidden |= {id(text) for text in axes.findobj(Text)}
        elif not axes.axison:
            hidden |= {id(text) for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text)}
    return [
        text
        for text in figure.findobj(Text)
        if id(text) not in unshown | hidden and text.get_visible() and text.get_text().strip()
    ]


def _cut(figure: Figure) -> list[str]:
    """Words that reach beyond the paper."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    paper = figure.bbox.padded(1.0)
    found = []
    for text in _shown(figure):
        box = text.get_window_extent(renderer)
        if box.width and not (
            paper.x0 <= box.x0 and box.x1 <= paper.x1 and paper.y0 <= box.y0 and box.y1 <= paper.y1
        ):
            found.append(text.get_text())
    return found


def _overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of words that lie upon each other by more than a twentieth of the smaller one."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in _shown(figure)
        if text.get_rotation() % 90.0 == 0.0
    ]
    found = []
    for (one, first), (other, second) in combinations(boxes, 2):
        if {one[:4], other[:4]} & {
            "\N{NO-BREAK SPACE}" * 4
        }:  # the room that a title leaves its letter
            continue
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        smaller = min(first.width * first.height, second.width * second.height)
        if wide > 0.0 and high > 0.0 and wide * high > 0.05 * smaller:
            found.append((one, other))
    return found


def _hues(artists) -> set[int]:
    """Hues of what is drawn, in tenths of the circle; greys, black and white have none."""
    colours = []
    for one in artists:
        if isinstance(one, Line2D):
            colours += [one.get_color(), one.get_markerfacecolor()]
        elif isinstance(one, Patch):
            colours += [one.get_facecolor()[:3]]
        else:
            colours += [tuple(colour[:3]) for colour in one.get_facecolor()]
    found = set()
    for colour in (one for one in colours if one is not None and str(one) != "none"):
        hue, light, saturation = colorsys.rgb_to_hls(*to_rgb(colour))
        if saturation > 0.25 and 0.1 < light < 0.93:
            found.add(round(10.0 * hue) % 10)
    return found


def _unexplained(figure: Figure) -> set[int]:
    """Hues that neither a key nor words of that colour explain, where there are several."""
    kinds = (Line2D, Patch, Collection)
    inside = [
        one
        for axes in figure.axes
        if axes.get_visible() and not axes.images
        for one in axes.get_children()
        if isinstance(one, kinds) and one.get_visible() and one is not axes.patch
    ]
    legends = [*figure.legends, *(a.get_legend() for a in figure.axes if a.get_legend())]
    keys = [handle for legend in legends for handle in legend.legend_handles]
    words = {
        round(10.0 * colorsys.rgb_to_hls(*to_rgb(text.get_color()))[0]) % 10
        for text in _shown(figure)
    }
    drawn = _hues(inside)
    return drawn - _hues(keys) - words if len(drawn) > 1 else set()


def test_no_words_are_cut(drawn):
    assert {name: cut for name, figure in drawn.items() if (cut := _cut(figure))} == {}


def test_no_words_lie_upon_each_other(drawn):
    assert {n: pairs for n, figure in drawn.items() if (pairs := _overlapping(figure))} == {}


def test_no_space_is_lost_in_a_drawing(drawn):
    """SVG leaves out spaces at the beginning and end of a line, and all but one of several."""
    lines = {
        line
        for figure in drawn.values()
        for text in _shown(figure)
        for line in text.get_text().split("\n")
    }
    assert {line for line in lines if line != line.strip(" ") or "  " in line} == set()


def test_words_upon_each_other_are_seen():
    with journal_style():
        figure = sheet(85.0, 60.0)
        place = figure.subplots()
        for height in (0.5, 0.51):
            place.text(0.5, height, "gate", ha="center")
        figure.draw_without_rendering()
    assert _overlapping(figure) == [("gate", "gate")]


def test_every_colour_is_explained(drawn):
    assert {n: hues for n, figure in drawn.items() if (hues := _unexplained(figure))} == {}


def test_a_colour_that_no_key_explains_is_seen():
    with journal_style():
        figure = sheet(85.0, 60.0)
        place = figure.subplots()
        [blue] = place.plot([0, 1], color=BLUE, label="push side")
        place.plot([1, 0], color=VERMILLION)
        legend_above(figure, [blue], 1)
        figure.draw_without_rendering()
    assert len(_unexplained(figure)) == 1


def test_captions_name_the_panels_that_are_drawn(everything):
    """Letters on the paper, letters of the manifest, and those of the caption: the same."""
    drawn, listed = everything
    for entry in listed:
        for width, panels in entry["panels"].items():
            figure = drawn[f"{entry['name']}_{width}mm", float(width)]
            letters = [t.get_text().strip() for t in _shown(figure) if t.get_gid() == "letter"]
            assert sorted(letters) == sorted(panels), entry["name"]
            assert all(panels.values()), entry["name"]
        told = re.findall(r"(?:Panels: |; )([a-z]), ", entry["caption"])
        assert told == list(entry["panels"]["180"]), entry["name"]


def test_titles_and_captions_keep_the_rules_of_words(everything):
    """No cause, proof or effect of training where there is an association; as on the pages.

    Except for right: captions say which steps are right ones.
    """
    for entry in everything[1]:
        for text in (entry["title"], entry["caption"], entry["alternative_text"]):
            for pattern in (one for one in FORBIDDEN if not one.startswith(r"\bright")):
                assert not re.search(pattern, text, flags=re.IGNORECASE), (entry["name"], pattern)


def test_every_figure_says_of_how_many(everything):
    """Athletes, participants, steps, trials or surrogates, in the drawing or beside it."""
    drawn, listed = everything
    for entry in listed:
        words = [t.get_text() for t in _shown(drawn[f"{entry['name']}_180mm", 180.0])]
        told = " ".join((*words, entry["caption"], entry["alternative_text"]))
        counted = (
            r"\d+ (athletes?|participants?|steps?|trials?|contacts?|specifications)|\d+ of \d+"
        )
        assert re.search(counted, told) or "To measure" in told, entry["name"]


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
        for text in _shown(figure)
        if text.get_fontsize() < SMALLEST
    }
    assert small == set()


def test_keys_have_no_entry_twice_and_none_empty(drawn):
    for name, figure in drawn.items():
        for legend in (*figure.legends, *(a.get_legend() for a in figure.axes if a.get_legend())):
            labels = [text.get_text() for text in legend.get_texts()]
            assert all(labels), name
            assert len(labels) == len(set(labels)), name
