"""Stage figures: from step curves and tables to PDF, SVG and the numbers drawn."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from aqbio.figures.athletes import athletes, restricted_arms
from aqbio.figures.cause_figures import StudyContributions, bar_figures, bar_rows
from aqbio.figures.curve_figures import curve_figures
from aqbio.figures.figure import (
    Drawing,
    StudyFigure,
    Tables,
    count_words,
    letter_panels,
    panel_words,
)
from aqbio.figures.files import save_figure
from aqbio.figures.limiter import limiter
from aqbio.figures.partitions import partition_rankings, sign_patterns
from aqbio.figures.quality import agreement, recording_quality
from aqbio.figures.runs import fastest_runs, run_figures, run_files
from aqbio.figures.specification import specification_curve
from aqbio.figures.speed import side_ratio, timing
from aqbio.figures.step_means import MEAN_COLUMNS
from aqbio.gait.step_files import CURVES, participant_rows, step_inputs, study_curves
from aqbio.io.atomic import write_text
from aqbio.io.provenance import study_provenance
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.io.tables import read_table, write_table
from aqbio.study.findings import write_findings
from aqbio.study.internal import Parts
from aqbio.study.manifest import Report, study_stage

STAGE = "figures"
MANIFEST = "figures.json"
MEANS = "stance_means.tsv"

TABLES = (
    "verdicts", "multiverse", "partitions", "sign_patterns", "hypotheses_steps", "sprints",
    "hypotheses_athletes", "power",
)  # fmt: skip
"""Tables that figures of the hypotheses are drawn from."""

HYPOTHESIS_FIGURES: dict[str, Callable[[Study, Tables], Iterator[StudyFigure]]] = {
    "athletes": athletes,
    "partitions": partition_rankings,
    "signs": sign_patterns,
    "specifications": specification_curve,
    "limiter": limiter,
    "side ratio": side_ratio,
    "timing": timing,
    "sprints": restricted_arms,
}
"""What lays out the figures of one kind, in the order of the page."""


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
    section: str
    """Of the results page."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """Every figure of a study before it is laid out, and what they rest on."""

    drawings: list[Drawing]
    inputs: list[Path]
    of_steps: list[Path]
    """Those of `inputs` that steps and their means are from."""
    contributions: StudyContributions
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
    outcomes, quality = read["steps"], read["quality"]
    people = [one.participant_id for one in study.participants]

    def rows() -> Iterator[pd.DataFrame]:
        return (bar_rows(participant_rows(study, who, "contributions")) for who in people)

    edges = study.settings.figures.speed_edges_mps
    contributions = StudyContributions(outcomes, rows, edges, parts)
    inputs += [path for path in run_files(study, fastest_runs(outcomes)) if path.is_file()]
    drawings: list[Drawing] = [
        *curve_figures(study, steps, parts),
        *bar_figures(contributions),
        *_hypothesis_drawings(study, parts),
        *run_figures(study, outcomes),
        ("recording_quality", partial(recording_quality, quality, read["trials"])),
        ("agreement", partial(agreement, study, steps, quality)),
    ]
    roles = str(steps.attrs["roles"])
    return Drawings(drawings, inputs, [*of_steps, *tables.values()], contributions, roles)


def hypothesis_figures(study: Study) -> Iterator[StudyFigure]:
    """Lay out the figures of the hypotheses; none without a number to draw."""
    tables = _hypothesis_tables(study)
    for lay_out in HYPOTHESIS_FIGURES.values():
        yield from lay_out(study, tables)


def _hypothesis_tables(study: Study) -> Tables:
    return {name: read_table(study.table(f"{name}.tsv")) for name in TABLES}


def _hypothesis_drawings(study: Study, parts: Parts) -> Iterator[Drawing]:
    """Figures of the hypotheses; a kind that fails is left out with a finding."""
    tables = _hypothesis_tables(study)

    def laid_out(name: str) -> list[StudyFigure]:
        return list(HYPOTHESIS_FIGURES[name](study, tables))

    for name in HYPOTHESIS_FIGURES:
        for one in parts.part(name, partial(laid_out, name), list[StudyFigure]()):
            yield one.name, partial(lambda one: [one], one)


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
    write_table(found.contributions.means, study.root / STAGE / MEANS, MEAN_COLUMNS, source)
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


def _written(study: Study, lay_out: Callable[[], list[StudyFigure]]) -> list[Illustration]:
    """Draw figures in every width and write them, with their numbers."""
    with _without_garbage_collection():
        return [_illustration(study, figure) for figure in lay_out()]


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collect what was drawn at the end, in one go.

    The thousands of parts of a drawing refer to each other: looking for garbage while they are made
    finds none and takes a tenth of the time.
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


def _illustration(study: Study, figure: StudyFigure) -> Illustration:
    settings, files, panels = study.settings.figures, {}, {}
    for width in settings.widths_mm:
        drawn = figure.draw(width)
        panels[f"{width:g}"] = letter_panels(drawn)
        stem = study.root / STAGE / f"{figure.name}_{width:g}mm"
        written = save_figure(drawn, stem, settings.formats)
        files[f"{width:g}"] = {path.suffix[1:]: path.name for path in written}
    widest = panels[f"{max(settings.widths_mm):g}"]
    table = study.root / STAGE / f"{figure.name}.tsv"
    write_table(figure.numbers, table, figure.columns, {"stage": STAGE, "figure": figure.name})
    words = (figure.caption, count_words(figure.numbers), panel_words(widest))
    return Illustration(
        name=figure.name,
        title=figure.claim or figure.title,
        caption=" ".join(filter(None, words)),
        alternative_text=figure.alternative,
        table=table.name,
        files=files,
        panels=panels,
        section=figure.section,
    )
