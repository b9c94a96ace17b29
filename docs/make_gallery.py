"""The pictures of docs/figures.md: `python -m docs.make_gallery STUDY` draws them from results."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from aqbio.figures.figure import letter_panels
from aqbio.figures.stage import FIGURES, study_results
from aqbio.io.study import Study, load_study

PAGE = Path(__file__).parent / "figures.md"
IMAGES = Path(__file__).parent / "images" / "gallery"
WIDTH_MM, DPI, COLOURS = 180.0, 80, 48
"""Of the pictures: a page's width, small enough for a page of many."""

FIRST = "## "
"""How the part of the page that is drawn begins."""


def make_gallery(study: Study) -> None:
    """Draw the figures of a study as small pictures, and the page around them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    parts = [PAGE.read_text(encoding="utf-8").partition(FIRST)[0].rstrip() + "\n"]
    with study_results(study) as results:
        tables = [(figure, figure.table(results)) for figure in FIGURES]
    for figure, rows in ((one, rows) for one, rows in tables if len(rows)):
        drawing = figure.draw(rows, WIDTH_MM)
        letter_panels(drawing)
        drawing.set_dpi(DPI)
        canvas = FigureCanvasAgg(drawing)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        picture.quantize(COLOURS).save(IMAGES / f"{figure.name}.png", optimize=True)
        picture_words = f"![{figure.title}](images/gallery/{figure.name}.png)"
        words = f"{figure.claim(rows) or figure.title}. {figure.caption(rows)}"
        parts.append(f"## {figure.name}\n{words}\n\n{picture_words}\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    make_gallery(load_study(Path(sys.argv[1])))
