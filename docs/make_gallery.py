"""The pictures of docs/figures.md: `python -m docs.make_gallery STUDY` draws them from results."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from aqbio.figures.figure import StudyFigure, letter_panels
from aqbio.figures.stage import STAGE, study_drawings
from aqbio.io.study import Study, load_study
from aqbio.study.internal import Parts

PAGE = Path(__file__).parent / "figures.md"
IMAGES = Path(__file__).parent / "images" / "gallery"
WIDTH_MM, DPI, COLOURS = 180.0, 80, 48
"""Of the pictures: a page's width, small enough for a page of many."""

FIRST = "## "
"""How the part of the page that is drawn begins."""


def make_gallery(study: Study) -> None:
    """Draw the figures of a study as small pictures, and the page around them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    parts = [PAGE.read_text(encoding="utf-8").partition(FIRST)[0]]
    for content in _contents(study):
        figure = content.draw(WIDTH_MM)
        letter_panels(figure)
        figure.set_dpi(DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        picture.quantize(COLOURS).save(IMAGES / f"{content.name}.png", optimize=True)
        title = content.claim or content.title
        words = content.alternative.split(". ")[0].replace('"', "")
        parts.append(
            f"## {content.name}\n{title}.\n\n![{words}](images/gallery/{content.name}.png)\n"
        )
    PAGE.write_text("\n".join(parts), encoding="utf-8", newline="\n")


def _contents(study: Study) -> Iterator[StudyFigure]:
    """Every figure of the study."""
    with study_drawings(study, Parts(study, STAGE)) as found:
        for _, lay_out in found.drawings:
            yield from lay_out()


if __name__ == "__main__":
    make_gallery(load_study(Path(sys.argv[1])))
