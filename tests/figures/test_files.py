"""Files are the same on every write, of the size that a journal asks for, in a small typeface."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from aqbio.figures.files import save_figure
from aqbio.figures.style import journal_style, sheet


def drawing(width_mm: float = 85) -> Figure:
    """Paths, markers, words of one and of two lines, a picture, a hatched band."""
    with journal_style():
        figure = sheet(width_mm, 50)
        axes = figure.subplots()
        axes.fill_between([0, 1, 2], [0, 1, 0], [1, 2, 1], hatch="//")
        axes.plot([0.123456789, 1, 2], [0, 1, 0], label="a")
        axes.imshow([[0.0, 1.0], [1.0, 1.0]], extent=(0.0, 1.0, 0.0, 1.0), aspect="auto")
        axes.plot([0.5, 1.5], [1.0, 0.5], "o")
        axes.text(0.2, 0.3, "kg m² < x")
        axes.text(1.2, 1.4, "two\nlines")
        axes.set_title("$H_y$ (kg m²/s)")
        figure.legend()
    return figure


@pytest.mark.parametrize("width_mm", [85.0, 180.0])
def test_files_are_what_a_journal_takes(tmp_path, width_mm):
    """The width to a thousandth of a point, no date, letters that can be edited, short numbers."""
    files = save_figure(drawing(width_mm), tmp_path / "figure")
    assert [path.suffix for path in files] == [".pdf", ".svg"]
    pdf, svg = files[0].read_bytes(), files[1].read_text(encoding="utf-8")
    widths = (
        re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf),
        re.search(r'<svg[^>]* width="([\d.]+)pt"', svg),
    )
    points = width_mm / 25.4 * 72
    assert [float(match.group(1)) for match in widths] == pytest.approx([points] * 2, abs=1e-5)
    assert b"/FontFile2" in pdf
    for absent in (b"/Type3", b"CreationDate"):
        assert absent not in pdf
    assert ">kg m² &lt; x</text>" in svg
    assert "font-family: 'DejaVu Sans', Verdana, sans-serif" in svg
    for absent in ("aqbio DejaVu", "dc:date"):
        assert absent not in svg
    data = re.findall(r'\sd="([^"]*)"', svg)
    decimals = [len(number) for text in data for number in re.findall(r"\.(\d+)", text)]
    assert max(decimals) == 2
    assert re.search(r'<t(ext|span) [^>]*x="\d+\.\d{3,}"', svg)


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    """Whatever a machine sets, and whatever else is in memory, which moves the arrangement."""
    first = save_figure(drawing(), tmp_path / "first")
    ballast = []
    for number in range(3):
        ballast.append([object()] * 10 ** (2 * number))
        with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.fonttype": "path"}):
            repeated = save_figure(drawing(), tmp_path / "again")
            assert mpl.rcParams["font.size"] == 30
        for path, repeated_path in zip(first, repeated, strict=True):
            assert path.read_bytes() == repeated_path.read_bytes()


def coordinates(svg: Path) -> list[float]:
    """Every number in the drawing, but for names."""
    text = re.sub(r'(id|href|clip-path)="[^"]*"|#\w+|base64,[^"]*', "", svg.read_text("utf-8"))
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]
