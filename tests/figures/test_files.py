"""Files are the same on every write and have the size that a journal asks for."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from aqbio.figures.files import save_figure
from aqbio.figures.style import journal_style, sheet


def _drawing(width_mm: float = 85) -> Figure:
    with journal_style():
        figure = sheet(width_mm, 50)
        axes = figure.subplots()
        axes.fill_between([0, 1, 2], [0, 1, 0], [1, 2, 1], hatch="//")
        axes.plot([0.123456789, 1, 2], [0, 1, 0], label="a")
        axes.set_title("$H_y$ (kg m²/s)")
        figure.legend()
    return figure


def test_same_figure_gives_same_bytes(tmp_path: Path) -> None:
    first = save_figure(_drawing(), tmp_path / "first")
    assert [path.suffix for path in first] == [".pdf", ".svg"]
    kept = []
    for number in range(4):
        # Other objects in memory change the order in which the arrangement is solved.
        kept.append([object()] * 10**number)
        again = save_figure(_drawing(), tmp_path / "again")
        for one, other in zip(first, again, strict=True):
            assert one.read_bytes() == other.read_bytes()


def test_files_carry_no_date(tmp_path: Path) -> None:
    pdf, svg = save_figure(_drawing(), tmp_path / "figure")
    assert b"CreationDate" not in pdf.read_bytes()
    assert "dc:date" not in svg.read_text(encoding="utf-8")


@pytest.mark.parametrize("width_mm", [85.0, 180.0])
def test_width_on_paper(tmp_path: Path, width_mm: float) -> None:
    pdf, svg = save_figure(_drawing(width_mm), tmp_path / "figure")
    points = width_mm / 25.4 * 72
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf.read_bytes())
    assert box is not None
    width = re.search(r'<svg[^>]* width="([\d.]+)pt"', svg.read_text(encoding="utf-8"))
    assert width is not None
    # Both formats write the width to six decimals of a point or better.
    assert float(box.group(1)) == pytest.approx(points, abs=1e-5)
    assert float(width.group(1)) == pytest.approx(points, abs=1e-5)


def test_pdf_embeds_fonts_as_text(tmp_path: Path) -> None:
    pdf = save_figure(_drawing(), tmp_path / "figure", ("pdf",))[0].read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf


def test_only_path_data_is_rounded(tmp_path: Path) -> None:
    svg = save_figure(_drawing(), tmp_path / "figure", ("svg",))[0].read_text(encoding="utf-8")
    data = re.findall(r'\sd="([^"]*)"', svg)
    decimals = [len(number) for text in data for number in re.findall(r"\.(\d+)", text)]
    assert decimals
    assert max(decimals) <= 2
    assert re.search(r'<t(ext|span) [^>]*x="\d+\.\d{3,}"', svg)


def test_settings_of_the_machine_do_not_change_the_figure(tmp_path: Path) -> None:
    plain = save_figure(_drawing(), tmp_path / "plain", ("svg",))[0].read_bytes()
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.fonttype": "path"}):
        other = save_figure(_drawing(), tmp_path / "other", ("svg",))[0].read_bytes()
    assert plain == other


def test_words_of_a_drawing_can_be_edited(tmp_path: Path) -> None:
    """They are text in a typeface that other machines have, not outlines."""
    figure = _drawing()
    figure.suptitle("kg m² < x")
    drawn = save_figure(figure, tmp_path / "one", ("svg",))[0].read_text(encoding="utf-8")
    assert ">kg m² &lt; x</text>" in drawn
    assert "font-family: 'DejaVu Sans', Verdana, sans-serif" in drawn
    assert "aqbio DejaVu" not in drawn


def test_formats_that_are_drawn_together_are_as_drawn_alone(tmp_path: Path) -> None:
    """Paths, markers, words of one and of two lines, pictures: nothing is upside down."""

    def drawing() -> Figure:
        figure = _drawing()
        place = figure.axes[0]
        place.imshow([[0.0, 1.0], [1.0, 1.0]], extent=(0.0, 1.0, 0.0, 1.0), aspect="auto")
        place.plot([0.5, 1.5], [1.0, 0.5], "o")
        place.text(0.2, 0.3, "low")
        place.text(1.2, 1.4, "two\nlines")
        return figure

    pdf, svg = save_figure(drawing(), tmp_path / "both")
    for both, suffix in ((pdf, "pdf"), (svg, "svg")):
        [alone] = save_figure(drawing(), tmp_path / "alone", (suffix,))
        if suffix == "pdf":
            assert both.read_bytes() == alone.read_bytes()
            continue
        places, expected = (_places(path) for path in (both, alone))
        assert len(places) == len(expected) > 300
        # Each format measures letters in its own way; of a line of 7 points they differ by 0.24.
        assert places == pytest.approx(expected, abs=0.3)


def _places(svg: Path) -> list[float]:
    """Every number in the drawing, but for names."""
    text = re.sub(r'(id|href|clip-path)="[^"]*"|#\w+|base64,[^"]*', "", svg.read_text("utf-8"))
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def test_words_of_several_lines_stay_within_the_figure(tmp_path: Path) -> None:
    """Beside narrow numbers, in one line with words beside wide ones, they would begin outside."""
    with journal_style():
        figure = sheet(85.0, 100.0)
        upper, middle, lower = figure.subplots(3, 1)
        upper.plot([0.0012345, 0.0012355])
        upper.set_ylabel("wide")
        middle.plot([0.0012345, 0.0012355])
        middle.set_ylabel("also")
        lower.plot([0, 1])
        lower.set_ylabel("words that take\nthree lines of\na narrow panel")
        upper.ticklabel_format(useOffset=False)
        middle.ticklabel_format(useOffset=False)
    save_figure(figure, tmp_path / "figure", ("svg",))
    boxes = [axes.yaxis.label.get_window_extent() for axes in (upper, middle, lower)]
    assert min(box.x0 for box in boxes) >= 0.0
    assert boxes[0].x0 == pytest.approx(boxes[1].x0)
    numbers = [label.get_window_extent() for label in lower.get_yticklabels()]
    assert boxes[2].x1 < min(box.x0 for box in numbers)
