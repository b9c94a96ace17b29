"""Files are the same on every write and have the size that a journal asks for."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from aqbio.figures.style import STYLES, journal_style, save_figure, sheet


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


def test_axes_are_placed_on_a_grid(tmp_path: Path) -> None:
    """The solver's last bits differ from run to run; identifiers in the SVG are made from them."""
    figure = _drawing()
    save_figure(figure, tmp_path / "figure", ("svg",))
    for part in figure.axes[0].get_position().bounds:
        assert part == pytest.approx(round(part, 6), abs=1e-15)


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


def test_style_ends_with_the_block() -> None:
    before = mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]
    with journal_style():
        assert mpl.rcParams["font.size"] == 7
    assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == before


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


def test_push_and_swing_differ_by_colour_and_by_dash() -> None:
    for role in ("side", "leg"):
        push, swing = STYLES[f"push_{role}"], STYLES[f"swing_{role}"]
        assert (push.colour, push.dash) == ("#0072B2", "solid")
        assert swing.colour == "#D55E00"
        assert swing.dash != "solid"


def test_no_two_groups_share_a_dash_pattern_and_lightness() -> None:
    """Without colour, a line is told apart by its dashes or by a clear step in lightness."""
    groups = ("push_leg", "swing_leg", "arms", "torso", "pelvis", "total")
    for number, one in enumerate(groups):
        for other in groups[number + 1 :]:
            if STYLES[one].dash == STYLES[other].dash:
                difference = abs(_luminance(one) - _luminance(other))
                assert difference > 0.1, (one, other)


def _luminance(name: str) -> float:
    """Relative luminance of the Web Content Accessibility Guidelines."""
    rgb = np.array(to_rgb(STYLES[name].colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
