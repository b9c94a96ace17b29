"""One figure at a time: of the study, or of one's own from figures.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from aqbio.config import closest, read_yaml
from aqbio.config.figure_file import FigureFile, OwnFigure
from aqbio.errors import AqbioError
from aqbio.figures.claims import claim
from aqbio.figures.content import FigureContent
from aqbio.figures.files import save_figure
from aqbio.figures.letters import counted, panel_words
from aqbio.figures.own import combined, restyle
from aqbio.io.atomic import write_text
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.records.internal import Parts
from aqbio.records.manifest import Report
from aqbio.stages.figures.stage import STAGE, study_drawings

LayOut = Callable[[], list[FigureContent]]
"""Lays a figure out."""

FOLDER = "own_figures"
"""Beside the results of stages: nothing reads what is in it."""

FILE = "figures.yaml"
RULE = "own-figure"


def own_figures(study: Study) -> FigureFile:
    """Content of figures.yaml beside study.yaml; nothing in it where there is none."""
    path = study.file.parent / FILE
    return read_yaml(path, FigureFile) if path.is_file() else FigureFile()


def draw_own_figure(study: Study, name: str, report: Report) -> list[Path]:
    """Draw one figure into ``own_figures``: files, numbers of its parts, and its words.

    Parameters
    ----------
    name : str
        Of a figure in figures.yaml, or of the study.

    Returns
    -------
    list of Path
        The drawings.

    Raises
    ------
    AqbioError
        Where there is no such figure, or nothing to draw of a part of it.
    """
    chosen = own_figures(study)
    wanted = chosen.figures.get(name) or OwnFigure(of=(name,))
    contents = _contents(study, wanted.of, sorted(chosen.figures))
    figure, panels = combined(contents, wanted.width_mm)
    restyle(figure, wanted.style or chosen.style)
    folder = study.root / FOLDER
    files = save_figure(figure, folder / name, wanted.formats)
    titles = [claim(one.name, one.numbers) or one.title for one in contents]
    words = [text for one in contents for text in (one.caption, counted(one.numbers)) if text]
    told = {
        "name": name,
        "of": list(wanted.of),
        "title": wanted.title or ". ".join(titles),
        "caption": " ".join([*words, panel_words(panels)]).strip(),
        "panels": panels,
        "tables": [f"{name}_{one.name}.tsv" for one in contents],
    }
    for one, table in zip(contents, told["tables"], strict=True):
        write_table(one.numbers, folder / table, one.columns, {"stage": STAGE, "figure": name})
    write_text(folder / f"{name}.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    for path in files:
        report(str(path))
    return files


def _contents(study: Study, names: tuple[str, ...], own: list[str]) -> list[FigureContent]:
    """Lay out figures of the study by name."""
    parts = Parts(study, STAGE)
    with study_drawings(study, parts) as drawings:
        return _laid_out(study, dict(drawings.drawings), names, own)


def _laid_out(
    study: Study, known: dict[str, LayOut], names: tuple[str, ...], own: list[str]
) -> list[FigureContent]:
    """Lay out some of the figures that are known."""
    found = []
    for name in names:
        if name not in known:
            near = closest(name, [*known, *own])
            raise AqbioError(
                f"there is no figure {name}.",
                file=str(study.file.parent / FILE),
                fix=f"did you mean {near}?" if near else f"known are {', '.join(known)}.",
                rule=RULE,
            )
        made = known[name]()
        if not made:
            raise AqbioError(
                f"there is nothing to draw in {name}.",
                file=str(study.file),
                fix="docs/figures.md says what each figure takes.",
                rule=RULE,
            )
        found += made
    return found
