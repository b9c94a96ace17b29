"""Figures of curves over the step and of agreement: which there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from aqbio.figures import captions
from aqbio.figures.agreement import (
    AGREEMENT_COLUMNS,
    agreement_figure,
    agreement_numbers,
    study_agreements,
)
from aqbio.figures.content import FigureContent
from aqbio.figures.hub_torques import hub_torques_grid
from aqbio.figures.joint_moments import flexion_moments_grid, vertical_joint_moments_grid
from aqbio.figures.momentum import angular_momentum_grid, angular_momentum_rate_grid
from aqbio.figures.panels import NUMBER_COLUMNS, PhaseGrid, drawn_numbers
from aqbio.figures.phase_grid import phase_grid_figure
from aqbio.figures.step_columns import StepColumn, step_columns
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.study.internal import Parts

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
