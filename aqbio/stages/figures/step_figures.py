"""Figures of curves over the step, of agreement and of ground forces: which there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.figures import captions
from aqbio.figures.agreement import (
    AGREEMENT_COLUMNS,
    agreement_figure,
    agreement_numbers,
    study_agreements,
)
from aqbio.figures.content import FigureContent
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
from aqbio.figures.step_columns import StepColumn, step_columns
from aqbio.io.netcdf import read_dataset
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.records.internal import Parts
from aqbio.stages.figures import drawn_trials as drawn

if TYPE_CHECKING:
    import pandas as pd

Drawing = tuple[str, Callable[[], list[FigureContent]]]
"""Name of a figure, and what lays it out; where there is nothing to draw, none."""


def curve_figures(study: Study, steps: StudyCurves, parts: Parts) -> Iterator[Drawing]:
    """Figures of curves over the step; none without a step."""
    whole = steps.where("flight_s")
    edges = study.settings.figures.speed_edges_mps
    columns = parts.part("columns", lambda: step_columns(whole, edges), tuple[StepColumn, ...]())
    if not columns:
        return
    positive = str(steps["joint_flexion_moment"].attrs["positive"])
    roles = str(steps.attrs["roles"])

    def laid_out(
        layout: Callable[..., PhaseGrid], caption: Callable[[PhaseGrid], str]
    ) -> list[FigureContent]:
        grid = layout(whole, columns)
        return [_grid_content(grid, caption(grid))] if grid.rows else []

    def with_roles(grid: PhaseGrid) -> str:
        return captions.grid_caption(grid, roles=roles)

    def with_signs(grid: PhaseGrid) -> str:
        return captions.grid_caption(grid, captions.flexion_signs(positive))

    yield "angular_momentum", partial(laid_out, angular_momentum_grid, with_roles)
    yield "angular_momentum_rate", partial(laid_out, angular_momentum_rate_grid, with_roles)
    plain = captions.grid_caption
    yield "joint_moments_vertical", partial(laid_out, vertical_joint_moments_grid, plain)
    yield "joint_moments_flexion", partial(laid_out, flexion_moments_grid, with_signs)
    yield "hub_torques", partial(laid_out, hub_torques_grid, plain)


def _grid_content(grid: PhaseGrid, caption: str) -> FigureContent:
    return FigureContent(
        grid.name,
        captions.TITLES[grid.name],
        caption,
        captions.grid_alternative_text(grid),
        partial(phase_grid_figure, grid),
        drawn_numbers(grid),
        NUMBER_COLUMNS,
    )


def agreement_content(
    study: Study, steps: StudyCurves, measures: pd.DataFrame
) -> list[FigureContent]:
    """How well motion and forces agree; nothing without a trial."""
    trials = study_agreements(steps, measures, study.settings.quality)
    if not trials:
        return []
    return [
        FigureContent(
            "agreement",
            captions.TITLES["agreement"],
            captions.agreement_caption(trials),
            captions.agreement_alternative_text(trials),
            partial(agreement_figure, trials),
            agreement_numbers(trials),
            AGREEMENT_COLUMNS,
        )
    ]


def force_figures(
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
            yield (
                f"ground_forces_{name}_{trial_id}",
                partial(_force_content, (name, trial_id), prepared, mass),
            )


def _force_content(
    place: tuple[str, str], prepared: Path, mass_kg: float | None
) -> list[FigureContent]:
    """Lay out a trial's ground reaction forces; nothing where no foot met a plate."""
    participant_id, trial_id = place
    forces = trial_ground_forces(read_dataset(prepared, keep=False), mass_kg)
    if not forces.contacts:
        return []
    return [
        FigureContent(
            f"ground_forces_{participant_id}_{trial_id}",
            f"Ground reaction forces: {participant_id}, {trial_id}",
            captions.ground_forces_caption(forces),
            captions.ground_forces_alternative_text(forces),
            partial(ground_forces_figure, forces),
            ground_force_numbers(forces),
            FORCE_COLUMNS,
            participant_id,
            trial_id,
        )
    ]
