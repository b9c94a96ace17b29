"""Stage figures: from step curves and prepared trials to PDF, SVG and the numbers drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from aqbio.figures import captions
from aqbio.figures.agreement import (
    AGREEMENT_COLUMNS,
    TrialAgreement,
    agreement_figure,
    agreement_numbers,
    study_agreements,
)
from aqbio.figures.bar_chart import bar_chart_figure
from aqbio.figures.bars import BAR_COLUMNS, BarChart, bar_numbers, pooled_chart
from aqbio.figures.causes import (
    ORDER,
    caused_force_chart,
    caused_rotation_chart,
    caused_sequence_chart,
    force_shares_chart,
)
from aqbio.figures.ground_forces import (
    FORCE_COLUMNS,
    ground_force_numbers,
    ground_forces_figure,
    trial_ground_forces,
)
from aqbio.figures.hub_torques import hub_torques_grid
from aqbio.figures.joint_moments import flexion_moments_grid, vertical_joint_moments_grid
from aqbio.figures.momentum import angular_momentum_grid, angular_momentum_rate_grid
from aqbio.figures.panels import NUMBER_COLUMNS, PhaseGrid, drawn_numbers
from aqbio.figures.phase_grid import phase_grid_figure
from aqbio.figures.stance_means import COLUMNS as MEAN_COLUMNS
from aqbio.figures.stance_means import kept_steps, stance_means
from aqbio.figures.step_columns import StepColumn, step_columns
from aqbio.figures.style import save_figure
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.provenance import provenance
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.io.tables import read_table, write_table
from aqbio.records.findings import write_findings
from aqbio.records.internal import Parts
from aqbio.records.manifest import Report, study_stage
from aqbio.records.step_files import CURVES, participant_rows, step_inputs, study_curves
from aqbio.stages.figures import drawn_trials as drawn
from aqbio.stages.figures.illustrations import (
    TABLES,
    HypothesisFigure,
    hypothesis_tables,
    layouts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

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
    alternative_text: str
    table: str
    """File with the numbers drawn."""
    files: dict[str, dict[str, str]]
    """File name by width in mm, then by format."""
    participant_id: str = ""
    trial_id: str = ""
    """participant_id, trial_id: Empty where the figure shows the whole study."""


@study_stage(STAGE)
def figures_study(study: Study, report: Report, cores: int = 1) -> None:
    """Draw every figure of a study.

    Writes ``figures/<name>_<width>mm.pdf`` and ``.svg``, ``figures/<name>.tsv`` with the numbers
    drawn, and ``figures/figures.json`` last. A figure that cannot be drawn is left out with a
    finding. Figures are drawn in as many processes as there are ``cores``.
    """
    import pandas as pd

    parts = Parts(study, STAGE)
    of_steps = step_inputs(study, CURVES, "contributions")
    tables = [study.table(f"{name}.tsv") for name in ("steps", "trials", "quality")]
    inputs = [*of_steps, *tables, *(study.table(f"{one}.tsv") for one in TABLES)]
    steps, (outcomes, trials, measures) = study_curves(study), map(read_table, tables)
    people = [one.participant_id for one in study.participants]

    def contributions() -> Iterator[pd.DataFrame]:
        return (drawn.bar_rows(participant_rows(study, who, "contributions")) for who in people)

    source = provenance(STAGE, [*of_steps, *tables], study.stage_settings(STAGE))
    means = parts.part(
        "means",
        lambda: stance_means(outcomes, contributions(), _edges(study)),
        pd.DataFrame(columns=list(MEAN_COLUMNS)),
    )
    write_table(means, study.root / STAGE / MEANS, MEAN_COLUMNS, source)
    illustrations: list[Illustration] = []
    drawings = [
        *_step_illustrations(study, steps, parts),
        *_bar_illustrations(study, outcomes, contributions),
        *_hypothesis_illustrations(study, parts),
        ("agreement", lambda: _agreement_illustrations(study, steps, measures)),
        *_force_illustrations(study, trials, inputs, parts),
    ]
    for (name, _), made in zip(
        drawings, parts.side_by_side(drawings, list[Illustration](), cores), strict=True
    ):
        illustrations += made
        report(f"{name}: {'done' if made else 'nothing to draw'}")
    content = {
        "roles": str(steps.attrs["roles"]),
        "figures": [asdict(illustration) for illustration in illustrations],
        "provenance": provenance(STAGE, inputs, study.stage_settings(STAGE)),
    }
    write_findings(study, STAGE, parts.findings)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_text(study.root / STAGE / MANIFEST, text)


Drawing = tuple[str, Callable[[], list[Illustration]]]
"""A figure, or figures of the same kind: name, and what draws it."""


def _step_illustrations(study: Study, steps: StudyCurves, parts: Parts) -> Iterator[Drawing]:
    """Figures of curves over the step; none without a step."""
    whole = steps.where("flight_s")
    columns = parts.part(
        "columns", lambda: step_columns(whole, _edges(study)), tuple[StepColumn, ...]()
    )
    if not columns:
        return
    positive = str(steps["joint_flexion_moment"].attrs["positive"])
    roles = str(steps.attrs["roles"])

    def drawing(
        layout: Callable[..., PhaseGrid], caption: Callable[[PhaseGrid], str]
    ) -> Callable[[], list[Illustration]]:
        def draw() -> list[Illustration]:
            grid = layout(whole, columns)
            return [_grid_illustration(study, grid, caption(grid))] if grid.rows else []

        return draw

    def with_roles(grid: PhaseGrid) -> str:
        return captions.grid_caption(grid, roles=roles)

    def with_signs(grid: PhaseGrid) -> str:
        return captions.grid_caption(grid, captions.flexion_signs(positive))

    yield "angular momentum", drawing(angular_momentum_grid, with_roles)
    yield "its rate", drawing(angular_momentum_rate_grid, with_roles)
    yield "vertical joint moments", drawing(vertical_joint_moments_grid, captions.grid_caption)
    yield "flexion moments", drawing(flexion_moments_grid, with_signs)
    if any(np.isfinite(one["hub_moment"]).any() for one in whole.participants):
        yield "hub torques", drawing(hub_torques_grid, captions.grid_caption)


BAR_CHARTS = (caused_rotation_chart, caused_sequence_chart, caused_force_chart, force_shares_chart)


def told_chart(
    layout: Callable[..., BarChart],
    contributions: Iterable[pd.DataFrame],
    steps: pd.DataFrame,
    edges: Sequence[float],
) -> BarChart:
    """Lay out a figure of bars, without the rows of which nothing is known.

    A model without arms has no push side that could be turned.
    """
    columns = step_columns(steps, edges)
    found = pooled_chart((layout(rows, steps, columns) for rows in contributions), ORDER)
    return replace(found, rows=tuple(row for row in found.rows if any(row.panels)))


def _bar_illustrations(
    study: Study, outcomes: pd.DataFrame, contributions: Callable[[], Iterable[pd.DataFrame]]
) -> Iterator[Drawing]:
    """Figures of bars; none without a step."""
    steps = kept_steps(outcomes)
    if not len(steps):
        return

    def drawn(layout: Callable[..., BarChart]) -> list[Illustration]:
        chart = told_chart(layout, contributions(), steps, _edges(study))
        return [_bar_illustration(study, chart)] if chart.rows else []

    for layout in BAR_CHARTS:
        yield layout.__name__.removesuffix("_chart").replace("_", " "), partial(drawn, layout)


def _hypothesis_illustrations(study: Study, parts: Parts) -> Iterator[Drawing]:
    """Figures of the hypotheses."""
    tables = hypothesis_tables(study)

    def laid_out(name: str) -> list[HypothesisFigure]:
        return list(layouts()[name](study, tables))

    for name in layouts():
        for one in parts.part(name, partial(laid_out, name), list[HypothesisFigure]()):
            yield one.name, partial(lambda one: [_hypothesis_illustration(study, one)], one)


def _force_illustrations(
    study: Study, trials: pd.DataFrame, inputs: list[Path], parts: Parts
) -> Iterator[Drawing]:
    """Ground reaction forces of chosen trials of every participant."""
    count = study.settings.figures.ground_force_trials
    for participant in study.participants:
        name = participant.participant_id
        measured = trials[trials["trial_id"].isin(drawn.on_plates(study, name))]
        chosen = parts.part(name, partial(drawn.drawn_trials, measured, name, count), list[str]())
        for trial_id, mass in drawn.trials_with_forces(study, name, chosen):
            prepared = study.folder(name, "prepare") / f"{trial_id}.nc"
            inputs.append(prepared)
            place = (name, trial_id)
            yield (
                f"ground forces of {name}, {trial_id}",
                partial(_force_illustration, study, place, prepared, mass),
            )


def _bar_illustration(study: Study, chart: BarChart) -> Illustration:
    figures = {width: bar_chart_figure(chart, width) for width in _widths(study)}
    return Illustration(
        name=chart.name,
        title=captions.TITLES[chart.name],
        caption=captions.bar_caption(chart),
        alternative_text=captions.bar_alternative_text(chart),
        table=_write_numbers(study, chart.name, bar_numbers(chart), BAR_COLUMNS),
        files=_save(study, chart.name, figures),
    )


def _agreement_illustrations(
    study: Study, steps: StudyCurves, measures: pd.DataFrame
) -> list[Illustration]:
    """How well motion and forces agree; nothing without a trial."""
    trials = study_agreements(steps, measures, study.settings.quality)
    return [_agreement_illustration(study, trials)] if trials else []


def _agreement_illustration(study: Study, trials: list[TrialAgreement]) -> Illustration:
    figures = {width: agreement_figure(trials, width) for width in _widths(study)}
    name = "agreement"
    return Illustration(
        name=name,
        title=captions.TITLES[name],
        caption=captions.agreement_caption(trials),
        alternative_text=captions.agreement_alternative_text(trials),
        table=_write_numbers(study, name, agreement_numbers(trials), AGREEMENT_COLUMNS),
        files=_save(study, name, figures),
    )


def _hypothesis_illustration(study: Study, found: HypothesisFigure) -> Illustration:
    figures = {width: found.draw(width) for width in _widths(study)}
    return Illustration(
        name=found.name,
        title=found.title,
        caption=found.caption,
        alternative_text=found.alternative_text,
        table=_write_numbers(study, found.name, found.numbers, found.columns),
        files=_save(study, found.name, figures),
    )


def _grid_illustration(study: Study, grid: PhaseGrid, caption: str) -> Illustration:
    figures = {width: phase_grid_figure(grid, width) for width in _widths(study)}
    return Illustration(
        name=grid.name,
        title=captions.TITLES[grid.name],
        caption=caption,
        alternative_text=captions.grid_alternative_text(grid),
        table=_write_numbers(study, grid.name, drawn_numbers(grid), NUMBER_COLUMNS),
        files=_save(study, grid.name, figures),
    )


def _force_illustration(
    study: Study, place: tuple[str, str], prepared: Path, mass_kg: float | None
) -> list[Illustration]:
    """Draw a trial's ground reaction forces; nothing where no foot met a plate."""
    participant_id, trial_id = place
    forces = trial_ground_forces(drawn.recorded_forces(study, participant_id, prepared), mass_kg)
    if not forces.contacts:
        return []
    name = f"ground_forces_{participant_id}_{trial_id}"
    figures = {width: ground_forces_figure(forces, width) for width in _widths(study)}
    return [
        Illustration(
            name=name,
            title=f"Ground reaction forces: {participant_id}, {trial_id}",
            caption=captions.ground_forces_caption(forces),
            alternative_text=captions.ground_forces_alternative_text(forces),
            table=_write_numbers(study, name, ground_force_numbers(forces), FORCE_COLUMNS),
            files=_save(study, name, figures),
            participant_id=participant_id,
            trial_id=trial_id,
        )
    ]


def _edges(study: Study) -> tuple[float, ...]:
    return study.settings.figures.speed_edges_mps


def _widths(study: Study) -> tuple[float, ...]:
    return study.settings.figures.widths_mm


def _save(study: Study, name: str, figures: dict[float, Figure]) -> dict[str, dict[str, str]]:
    formats = study.settings.figures.formats
    files: dict[str, dict[str, str]] = {}
    for width, figure in figures.items():
        stem: Path = study.root / STAGE / f"{name}_{width:g}mm"
        written = save_figure(figure, stem, formats)
        files[f"{width:g}"] = {path.suffix[1:]: path.name for path in written}
    return files


def _write_numbers(study: Study, name: str, table: pd.DataFrame, columns: Columns) -> str:
    path = study.root / STAGE / f"{name}.tsv"
    write_table(table, path, columns, {"stage": STAGE, "figure": name})
    return path.name
