"""The typeface of the figures: DejaVu Sans without the thousands of letters that none of them uses.

A PDF holds the letters that it shows, cut out of the whole typeface. From the 6253 glyphs of DejaVu
Sans that takes as long as drawing a small figure; from some hundred it takes next to no time. The
letters, their widths and the spaces between them are the same.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
from fontTools import subset
from matplotlib import font_manager

WHOLE = "DejaVu Sans"
"""Comes with matplotlib, so that figures look alike on every machine."""

_SMALL = "aqbio DejaVu Sans"
_FACES = ("DejaVuSans", "DejaVuSans-Bold")
_LETTERS = (
    *range(0x20, 0x7F),  # ASCII
    *range(0xA0, 0x180),  # letters of European languages, ² · × ± °
    *range(0x391, 0x3CA),  # Greek
    *range(0x2010, 0x2027),  # dashes, quotation marks, …
    *range(0x2070, 0x2090),  # raised and lowered digits
    *(ord(sign) for sign in "←↑→↓−≈≠≤≥"),
)
_UNUSED = ["FFTM", "GDEF", "GPOS"]
"""Tables that take most of the time of cutting; what of them counts here, the spaces between
letters, is in the table "kern" too."""

_FAMILY_NAMES = (1, 16)  # of the OpenType table "name"


@cache
def families() -> tuple[str, ...]:
    """The families to draw with: the small copy, then the whole typeface for all else."""
    folder = Path(_folder().name)
    source = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for face in _FACES:
        options = subset.Options(
            glyph_names=True,
            drop_tables=_UNUSED,
            layout_features=["liga"],
            legacy_kern=True,
        )
        font = subset.load_font(str(source / f"{face}.ttf"), options)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=_LETTERS)
        cut.subset(font)
        for record in font["name"].names:
            if record.nameID in _FAMILY_NAMES:
                record.string = _SMALL
        font.save(folder / f"{face}.ttf")
        font.close()
        font_manager.fontManager.addfont(folder / f"{face}.ttf")
    return _SMALL, WHOLE


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="aqbio_typeface_")
