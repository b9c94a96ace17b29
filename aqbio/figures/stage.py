"""Stage figures: from step curves and tables to PDF, SVG and the numbers drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from aqbio.contributions.without_plates import ESTIMATED
from aqbio.figures.athletes import ATHLETES
from aqbio.figures.bars import BAR_FIGURES, Means
from aqbio.figures.beside_others import MOMENTUM_SPEED
from aqbio.figures.condition_curves import CONDITION_CURVES
from aqbio.figures.counted import counted_rows, is_counted
from aqbio.figures.curves import CURVE_FIGURES
from aqbio.figures.figure import Figure, Results, letter_panels
from aqbio.figures.files import save_figure
from aqbio.figures.marks import KEPT, PRESENT, marked, plain, spots, where
from aqbio.figures.partitions import PARTITIONS, SIGNS
from aqbio.figures.quality import AGREEMENT, RECORDING
from aqbio.figures.reliability import RELIABILITY
from aqbio.figures.runs import JOINT_WORK, fastest_runs, run_files
from aqbio.figures.specification import SPECIFICATIONS
from aqbio.figures.speed import TIMING
from aqbio.figures.step_means import MEAN_COLUMNS
from aqbio.figures.words import WHO, averaged
from aqbio.gait.step_files import CURVES, kept_steps, participant_rows, step_inputs, study_curves
from aqbio.intervals.study_draws import study_draws
from aqbio.intervals.worlds import interval
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.names import AXES, WITHOUT_FORCES
from aqbio.study.findings import write_findings
from aqbio.study.internal import Parts
from aqbio.study.manifest import Report, study_stage

STAGE = "figures"
MANIFEST = "figures.json"
MEANS = "stance_means.tsv"

FIGURES: tuple[Figure, ...] = (
    *CURVE_FIGURES, *BAR_FIGURES, ATHLETES, PARTITIONS, SIGNS, SPECIFICATIONS, TIMING,
    MOMENTUM_SPEED, JOINT_WORK, RECORDING, AGREEMENT, RELIABILITY, CONDITION_CURVES,
)  # fmt: skip
"""Every figure of a study, in the order of the page."""

TABLES = (
    "verdicts", "multiverse", "partitions", "sign_patterns", "hypotheses_steps",
    "hypotheses_athletes", "sprints",
)  # fmt: skip
"""Tables of stage hypotheses that figures are drawn from."""


@contextmanager
def study_results(study: Study) -> Iterator[Results]:
    """Open the results that figures are drawn from; curve files are open until the block ends."""
    with study_curves(study) as curves:
        results = Results(study, curves)

        def rows() -> Iterator[pd.DataFrame]:
            for participant in study.participants:
                stored = participant_rows(study, participant.participant_id, "contributions")
                yield counted_rows(stored, results.invalidated)

        steps = results["steps"]
        steps = steps[is_counted(steps, "momentum", results.invalidated)]
        results.means = Means(steps, rows, partial(momentum_halves, study))
        yield results


@study_stage(STAGE)
def figures_study(study: Study, report: Report, cores: int = 1) -> None:
    """Draw every figure of a study.

    Writes ``figures/<name>_<width>mm.pdf`` and ``.svg``, ``figures/<name>.tsv`` with the numbers
    drawn, and ``figures/figures.json`` last. A figure that cannot be drawn is left out with a
    finding. Figures are drawn in as many processes as there are ``cores``.
    """
    parts = Parts(study, STAGE)
    with study_results(study) as results:
        of_steps = step_inputs(study, CURVES, "contributions")
        of_steps += [study.table(f"{name}.tsv") for name in ("steps", "trials", "quality")]
        runs = run_files(study, fastest_runs(results["steps"]))
        inputs = [*of_steps, *(study.table(f"{name}.tsv") for name in TABLES)]
        inputs += [path for path in runs if path.is_file()]
        empty = pd.DataFrame(columns=list(MEAN_COLUMNS))
        means = parts.part("means", lambda: results.means.stance, empty)
        source = study_provenance(study, STAGE, of_steps)
        write_table(means, study.root / STAGE / MEANS, MEAN_COLUMNS, source)
        illustrations = _draw_all(results, parts, report, cores)
        content = {
            "roles": str(results.curves.attrs["roles"]),
            "figures": illustrations,
            "provenance": study_provenance(study, STAGE, inputs),
        }
    write_findings(study, STAGE, parts.findings)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_text(study.root / STAGE / MANIFEST, text)


def _draw_all(results: Results, parts: Parts, report: Report, cores: int) -> list[dict[str, Any]]:
    """Draw every figure that has rows; a failure does not stop the others."""
    illustrations = []
    drawings = [(figure.name, partial(_illustration, results, figure)) for figure in FIGURES]
    fallback: dict[str, Any] | None = None
    for figure, illustration in zip(
        FIGURES, parts.side_by_side(drawings, fallback, cores), strict=True
    ):
        illustrations += [illustration] if illustration is not None else []
        report(f"{figure.name}: {'nothing to draw' if illustration is None else 'done'}")
    return illustrations


def momentum_halves(study: Study, steps: pd.DataFrame) -> dict[tuple[int, str, str], float]:
    """Half of the 95 % interval of the measurement of mean angular momenta over athletes.

    By number of the column of ``steps`` (kept steps), carrier and axis. Errors that athletes share
    do not average out (`study_draws`). A column in which a step was not drawn has none.
    """
    draws = study_draws(study, levels={"A"}, statistics={"momentum_mean"}, with_values=False)
    deviations = draws["deviation"].isel(outcome=draws["target"].values == "whole_body")
    names = zip(*(draws[name].values.tolist() for name in DRAWN_STEP), strict=True)
    positions = {name: position for position, name in enumerate(names)}
    halves: dict[tuple[int, str, str], float] = {}
    for column in sorted(set(steps["column"].astype(int).tolist())):
        rows = steps[steps["column"] == column]
        by_athlete = []
        for _, athlete_rows in rows.groupby("participant_id", observed=True):
            names = zip(*(athlete_rows[name].tolist() for name in KEPT_STEP), strict=True)
            by_athlete.append([positions.get(name, -1) for name in names])
        if any(position < 0 for indices in by_athlete for position in indices):
            continue
        means = [
            deviations.isel(step=indices).mean("step", skipna=False).values
            for indices in by_athlete
        ]
        low, high = interval(np.mean(means, axis=0))
        for source, ends in zip(
            deviations["source"].values.tolist(), 0.5 * (high - low), strict=True
        ):
            by_axis = zip(AXES, ends.tolist(), strict=True)
            halves |= {(column, str(source), axis): half for axis, half in by_axis}
    return halves


DRAWN_STEP = ("participant_id", "trial_id", "number")
KEPT_STEP = ("participant_id", "trial_id", "step")
"""DRAWN_STEP, KEPT_STEP: Names of a step's identifiers in draws and in steps.tsv."""


def without_plates_words(steps: pd.DataFrame) -> str:
    """Count drawn steps without force plates, in words; empty for none."""
    shown_steps = kept_steps(steps)
    count = int(shown_steps["events"].isin([*WITHOUT_FORCES]).sum())
    return (
        f"{ESTIMATED.capitalize()}: events of "
        f"{marked(count, 'steps', where(**KEPT, events=[*WITHOUT_FORCES]), by='count')} of "
        f"{marked(len(shown_steps), 'steps', where(**KEPT), by='count')} steps."
        if count
        else ""
    )


def against_words(trials: pd.DataFrame) -> str:
    """Count trials that findings exclude, in words; empty for none."""
    count = int(trials["against"].notna().sum())
    if not count:
        return ""
    number = marked(count, "trials", where(against=PRESENT), by="count")
    return (
        f"Not to be relied on: {number} of {marked(len(trials), 'trials', '', by='count')} trials."
    )


def _illustration(results: Results, figure: Figure) -> dict[str, Any] | None:
    """Draw a figure in every width and write it, with its rows; None without rows."""
    rows = figure.table(results)
    if rows.empty:
        return None
    study, files = results.study, {}
    rows.attrs[WHO] = averaged(study.people)
    settings = study.settings.figures
    for width in settings.widths_mm:
        drawing = figure.draw(rows, width)
        letter_panels(drawing)
        stem = study.root / STAGE / f"{figure.name}_{width:g}mm"
        written = save_figure(drawing, stem, settings.formats)
        files[f"{width:g}"] = {path.suffix[1:]: path.name for path in written}
    table = study.root / STAGE / f"{figure.name}.tsv"
    write_table(rows, table, columns(figure.columns), {"stage": STAGE, "figure": figure.name})
    against = against_words(results["trials"])
    words = (figure.caption(rows), without_plates_words(results["steps"]), against)
    # a trial that findings exclude supports no claim
    title = (not against and figure.claim(rows)) or figure.title
    caption = " ".join(filter(None, words))
    return {
        "name": figure.name,
        "title": plain(title),
        "caption": plain(caption),
        "addresses": {"title": spots(title), "caption": spots(caption)},
        "alternative_text": plain(f"{figure.title}. {figure.alternative(rows)}"),
        "table": table.name,
        "files": files,
        "section": figure.section,
    }
