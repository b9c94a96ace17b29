"""Stage figures: from step curves and prepared trials to PDF, SVG and the numbers drawn."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from aqbio.figures import captions
from aqbio.figures.agreement import (
    AGREEMENT_COLUMNS,
    TrialAgreement,
    agreement_figure,
    agreement_numbers,
    trial_agreements,
)
from aqbio.figures.bar_chart import bar_chart_figure
from aqbio.figures.bars import BAR_COLUMNS, BarChart, bar_numbers
from aqbio.figures.causes import (
    caused_force_chart,
    caused_rotation_chart,
    caused_sequence_chart,
    force_shares_chart,
)
from aqbio.figures.curves import NUMBER_COLUMNS, PhaseGrid, drawn_numbers
from aqbio.figures.ground_forces import (
    FORCE_COLUMNS,
    ground_force_numbers,
    ground_forces_figure,
    trial_ground_forces,
)
from aqbio.figures.hub_torques import hub_torques_grid
from aqbio.figures.joint_moments import flexion_moments_grid, vertical_joint_moments_grid
from aqbio.figures.momentum import angular_momentum_grid, angular_momentum_rate_grid
from aqbio.figures.phase_grid import phase_grid_figure
from aqbio.figures.stance_means import COLUMNS as MEAN_COLUMNS
from aqbio.figures.stance_means import kept_steps, stance_means
from aqbio.figures.step_columns import step_columns
from aqbio.figures.style import save_figure
from aqbio.io.atomic import write_text
from aqbio.io.netcdf import read_dataset
from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.io.tables import Columns, read_table, write_table
from aqbio.stages.manifest import OK, Report
from aqbio.stages.verdicts.illustrations import TABLES, HypothesisFigure, hypothesis_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import xarray as xr

STAGE = "figures"
MANIFEST = "figures.json"
MEANS = "stance_means.tsv"


@dataclass(frozen=True, slots=True)
class Illustration:
    """One figure on disk and the words that belong to it.

    Attributes
    ----------
    name : str
        File name without width and suffix.
    title, caption, alternative_text : str
    table : str
        File with the numbers drawn.
    files : dict
        File name by width in mm, then by format.
    participant_id, trial_id : str
        Empty where the figure shows the whole study.
    """

    name: str
    title: str
    caption: str
    alternative_text: str
    table: str
    files: dict[str, dict[str, str]]
    participant_id: str = ""
    trial_id: str = ""


def figures_study(study: Study, report: Report) -> None:
    """Draw every figure of a study.

    Writes ``figures/<name>_<width>mm.pdf`` and ``.svg``, ``figures/<name>.tsv`` with the numbers
    drawn, and ``figures/figures.json`` last.
    """
    tables = ("step_curves.nc", "steps.tsv", "contributions.tsv", "trials.tsv", "quality.tsv")
    inputs = [study.table(name) for name in tables]
    steps = read_dataset(inputs[0])
    outcomes, contributions = read_table(inputs[1]), read_table(inputs[2])
    contributions = contributions.dropna(subset=["value"])  # not measured: no part in a mean
    means = stance_means(outcomes, contributions, _edges(study))
    source = provenance(STAGE, inputs, study.stage_settings(STAGE))
    write_table(means, study.root / STAGE / MEANS, MEAN_COLUMNS, source)
    illustrations = []
    for illustration in _step_illustrations(study, steps):
        illustrations.append(illustration)
        report(f"{illustration.name}: done")
    for chart in _bar_charts(study, outcomes, contributions):
        illustrations.append(_bar_illustration(study, chart))
        report(f"{chart.name}: done")
    inputs += [study.table(f"{name}.tsv") for name in TABLES]
    for found in hypothesis_figures(study):
        illustrations.append(_hypothesis_illustration(study, found))
        report(f"{found.name}: done")
    agreements = trial_agreements(steps, read_table(inputs[4]), study.settings.quality)
    if agreements:
        illustrations.append(_agreement_illustration(study, agreements))
        report("agreement: done")
    trials, count = read_table(inputs[3]), study.settings.figures.ground_force_trials
    for participant in study.participants:
        measured = trials[trials["trial_id"].isin(_on_plates(study, participant.participant_id))]
        chosen = drawn_trials(measured, participant.participant_id, count)
        for trial_id, mass in _trials_with_forces(study, participant.participant_id, chosen):
            place = (participant.participant_id, trial_id)
            prepared = study.folder(place[0], "prepare") / f"{trial_id}.nc"
            inputs.append(prepared)
            illustrations += _force_illustration(study, place, read_dataset(prepared), mass)
        report(f"{participant.participant_id}: ground reaction forces done")
    content = {
        "roles": str(steps.attrs["roles"]),
        "figures": [asdict(illustration) for illustration in illustrations],
        "provenance": provenance(STAGE, inputs, study.stage_settings(STAGE)),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_text(study.root / STAGE / MANIFEST, text)


def _step_illustrations(study: Study, steps: xr.Dataset) -> Iterator[Illustration]:
    """Draw the figures of curves over the step; none without a step."""
    whole = steps.isel(step=np.flatnonzero(np.isfinite(steps["flight_s"])))
    columns = step_columns(whole, _edges(study))
    if not columns:
        return
    positive = str(steps["joint_flexion_moment"].attrs.get("positive", "extension"))
    roles = str(steps.attrs["roles"])
    for grid in (angular_momentum_grid(whole, columns), angular_momentum_rate_grid(whole, columns)):
        yield _grid_illustration(study, grid, captions.grid_caption(grid, roles=roles))
    grid = vertical_joint_moments_grid(whole, columns)
    yield _grid_illustration(study, grid, captions.grid_caption(grid))
    grid = flexion_moments_grid(whole, columns)
    caption = captions.grid_caption(grid, captions.flexion_signs(positive))
    yield _grid_illustration(study, grid, caption)
    if np.isfinite(whole["hub_moment"]).any():
        grid = hub_torques_grid(whole, columns)
        yield _grid_illustration(study, grid, captions.grid_caption(grid))


def _bar_charts(
    study: Study, outcomes: pd.DataFrame, contributions: pd.DataFrame
) -> Iterator[BarChart]:
    """Lay out the figures of bars; none without a step."""
    steps = kept_steps(outcomes)
    if not len(steps):
        return
    charts = (caused_rotation_chart, caused_sequence_chart, caused_force_chart, force_shares_chart)
    for chart in charts:
        found = chart(contributions, steps, _edges(study))
        told = tuple(row for row in found.rows if any(row.panels))
        if told:  # a model without arms has no push side that could be turned
            yield replace(found, rows=told)


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
    study: Study, place: tuple[str, str], prepared: xr.Dataset, mass_kg: float | None
) -> list[Illustration]:
    """Draw a trial's ground reaction forces; nothing where no foot met a plate."""
    forces = trial_ground_forces(prepared, mass_kg)
    if not forces.contacts:
        return []
    participant_id, trial_id = place
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


def drawn_trials(trials: pd.DataFrame, participant_id: str, count: int) -> list[str]:
    """Choose the trials of a participant whose ground reaction forces are drawn.

    Parameters
    ----------
    trials : DataFrame
        The study's table of trials.
    participant_id : str
    count : int
        How many at most: the fastest of each condition first, then the second fastest, and so on.
        Trials without a speed come last.
    """
    own = trials[trials["participant_id"] == participant_id]
    place = own.groupby("condition")["speed_mps"].rank(ascending=False, na_option="bottom")
    order = own.assign(place=place).sort_values(["place", "condition", "trial_id"])
    return [str(name) for name in order["trial_id"].head(count)]


def _on_plates(study: Study, participant_id: str) -> list[str]:
    """Give the prepared trials whose contacts were measured by plates."""
    prepared = study.read_manifest(participant_id, "prepare")["trials"]
    return [done["trial_id"] for done in prepared if done.get("events", "plates") == "plates"]


def _trials_with_forces(
    study: Study, participant_id: str, chosen: list[str]
) -> Iterator[tuple[str, float | None]]:
    """Give the chosen trials that were prepared and the body mass, where the model has one."""
    scale = study.read_manifest(participant_id, "scale")
    mass: Any = scale.get("mass_kg") if scale["status"] == OK else None
    for done in study.read_manifest(participant_id, "prepare")["trials"]:
        if done["status"] == OK and done["trial_id"] in chosen:
            yield done["trial_id"], None if mass is None else float(mass)


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
