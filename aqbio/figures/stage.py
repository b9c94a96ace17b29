"""Stage figures: from step curves and prepared trials to PDF, SVG and the numbers drawn."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from aqbio.figures.bar_figures import ToldContributions, bar_figures, bar_rows
from aqbio.figures.claims import claim
from aqbio.figures.content import FigureContent
from aqbio.figures.fastest_runs import fastest_runs, run_files
from aqbio.figures.files import save_figure
from aqbio.figures.illustrations import TABLES, hypothesis_tables, layouts
from aqbio.figures.letters import counted, lettered, panel_words
from aqbio.figures.run_figures import run_figures
from aqbio.figures.stance_means import COLUMNS as MEAN_COLUMNS
from aqbio.figures.step_figures import (
    Drawing,
    agreement_content,
    curve_figures,
)
from aqbio.gait.step_files import CURVES, participant_rows, step_inputs, study_curves
from aqbio.io.atomic import write_text
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_table, write_table
from aqbio.study.findings import write_findings
from aqbio.study.internal import Parts
from aqbio.study.manifest import Report, study_stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from aqbio.io.step_curves import StudyCurves

STAGE = "figures"
MANIFEST = "figures.json"
MEANS = "stance_means.tsv"


@dataclass(frozen=True, slots=True)
class Illustration:
    """One figure on disk and the words that belong to it."""

    name: str
    """File name without width and suffix."""
    title: str
    caption: str
    """With the panels of the widest drawing."""
    alternative_text: str
    table: str
    """File with the numbers drawn."""
    files: dict[str, dict[str, str]]
    """File name by width in mm, then by format."""
    panels: dict[str, dict[str, str]]
    """What every panel shows by width in mm, then by letter."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """Every figure of a study before it is laid out, and what they rest on."""

    drawings: list[Drawing]
    inputs: list[Path]
    of_steps: list[Path]
    """Those of `inputs` that steps and their means are from."""
    told: ToldContributions
    roles: str
    """Who is on the push side and who on the swing side."""


@contextmanager
def study_drawings(study: Study, parts: Parts) -> Iterator[Drawings]:
    """List the figures of a study; their curves are open until the end of the `with`."""
    with study_curves(study) as steps:
        yield _drawings(study, steps, parts)


def _drawings(study: Study, steps: StudyCurves, parts: Parts) -> Drawings:
    """Every figure of the study's tables and its curves."""
    of_steps = step_inputs(study, CURVES, "contributions")
    tables = {name: study.table(f"{name}.tsv") for name in ("steps", "trials", "quality")}
    inputs = [*of_steps, *tables.values(), *(study.table(f"{one}.tsv") for one in TABLES)]
    read = {name: read_table(path) for name, path in tables.items()}
    outcomes = read["steps"]
    people = [one.participant_id for one in study.participants]

    def contributions() -> Iterator[pd.DataFrame]:
        return (bar_rows(participant_rows(study, who, "contributions")) for who in people)

    told = ToldContributions(outcomes, contributions, _edges(study), parts)
    inputs += [path for path in run_files(study, fastest_runs(outcomes)) if path.is_file()]
    drawings: list[Drawing] = [
        *curve_figures(study, steps, parts),
        *bar_figures(told),
        *_hypothesis_figures(study, parts),
        *run_figures(study, read),
        ("agreement", partial(agreement_content, study, steps, read["quality"])),
    ]
    roles = str(steps.attrs["roles"])
    before = [*of_steps, *tables.values()]
    return Drawings(drawings, inputs, before, told, roles)


@study_stage(STAGE)
def figures_study(study: Study, report: Report, cores: int = 1) -> None:
    """Draw every figure of a study.

    Writes ``figures/<name>_<width>mm.pdf`` and ``.svg``, ``figures/<name>.tsv`` with the numbers
    drawn, and ``figures/figures.json`` last. A figure that cannot be drawn is left out with a
    finding. Figures are drawn in as many processes as there are ``cores``.
    """
    parts = Parts(study, STAGE)
    with study_drawings(study, parts) as found:
        _draw(study, found, parts, report, cores)


def _draw(study: Study, found: Drawings, parts: Parts, report: Report, cores: int) -> None:
    """Draw figures whose curves are open."""
    source = study_provenance(study, STAGE, found.of_steps)
    write_table(found.told.means, study.root / STAGE / MEANS, MEAN_COLUMNS, source)
    illustrations: list[Illustration] = []
    written = [(name, partial(_written, study, lay_out)) for name, lay_out in found.drawings]
    for (name, _), made in zip(
        found.drawings, parts.side_by_side(written, list[Illustration](), cores), strict=True
    ):
        illustrations += made
        report(f"{name}: {'done' if made else 'nothing to draw'}")
    content = {
        "roles": found.roles,
        "figures": [asdict(illustration) for illustration in illustrations],
        "provenance": study_provenance(study, STAGE, found.inputs),
    }
    write_findings(study, STAGE, parts.findings)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_text(study.root / STAGE / MANIFEST, text)


def _hypothesis_figures(study: Study, parts: Parts) -> Iterator[Drawing]:
    """Figures of the hypotheses."""
    tables = hypothesis_tables(study)

    def laid_out(name: str) -> list[FigureContent]:
        return list(layouts()[name](study, tables))

    for name in layouts():
        for one in parts.part(name, partial(laid_out, name), list[FigureContent]()):
            yield one.name, partial(lambda one: [one], one)


def _edges(study: Study) -> tuple[float, ...]:
    return study.settings.figures.speed_edges_mps


def _written(study: Study, lay_out: Callable[[], list[FigureContent]]) -> list[Illustration]:
    """Draw figures in every width and write them, with their numbers."""
    with _uncollected():
        return [_illustration(study, content) for content in lay_out()]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let go of what was drawn at the end, in one go.

    The thousands of parts of a drawing hold each other: to look for those that nobody needs while
    they are made finds none and takes a tenth of the time.
    """
    were_collected = gc.isenabled()
    gc.disable()
    gc.freeze()  # what is there before is none of it
    try:
        yield
    finally:
        if were_collected:
            gc.enable()
        gc.collect()
        gc.unfreeze()


def _illustration(study: Study, content: FigureContent) -> Illustration:
    settings, files, panels = study.settings.figures, {}, {}
    for width in settings.widths_mm:
        figure = content.draw(width)
        panels[f"{width:g}"] = lettered(figure)
        stem = study.root / STAGE / f"{content.name}_{width:g}mm"
        written = save_figure(figure, stem, settings.formats)
        files[f"{width:g}"] = {path.suffix[1:]: path.name for path in written}
    widest = f"{max(settings.widths_mm):g}"
    table = study.root / STAGE / f"{content.name}.tsv"
    write_table(content.numbers, table, content.columns, {"stage": STAGE, "figure": content.name})
    return Illustration(
        name=content.name,
        title=claim(content.name, content.numbers) or content.title,
        caption=" ".join(
            filter(None, (content.caption, counted(content.numbers), panel_words(panels[widest])))
        ),
        alternative_text=content.alternative_text,
        table=table.name,
        files=files,
        panels=panels,
    )
