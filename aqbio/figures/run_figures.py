"""Figures of recordings and of fastest runs: which there are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from aqbio.figures import force_sources, joint_work, recording_quality
from aqbio.figures.agreement import AGREEMENT_COLUMNS
from aqbio.figures.content import FigureContent
from aqbio.figures.fastest_runs import force_source_numbers, joint_work_numbers
from aqbio.figures.phase_means import PHASE_MEANS
from aqbio.figures.step_figures import Drawing
from aqbio.io.study import Study

if TYPE_CHECKING:
    import pandas as pd


def run_figures(study: Study, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    """Figures of what single runs show."""
    yield force_sources.NAME, partial(_force_sources, study, tables["steps"])
    yield joint_work.NAME, partial(_joint_work, study, tables["steps"])
    yield recording_quality.NAME, partial(_recording, tables["quality"], tables["trials"])


def _force_sources(study: Study, outcomes: pd.DataFrame) -> list[FigureContent]:
    numbers = force_source_numbers(study, outcomes)
    if numbers.empty:
        return []
    return [
        FigureContent(
            force_sources.NAME,
            force_sources.TITLE,
            force_sources.force_sources_caption(numbers),
            force_sources.force_sources_alternative(numbers),
            partial(force_sources.force_sources_figure, numbers),
            numbers,
            PHASE_MEANS,
        )
    ]


def _joint_work(study: Study, outcomes: pd.DataFrame) -> list[FigureContent]:
    numbers = joint_work_numbers(study, outcomes)
    if numbers.empty:
        return []
    return [
        FigureContent(
            joint_work.NAME,
            joint_work.TITLE,
            joint_work.joint_work_caption(numbers),
            joint_work.joint_work_alternative(numbers),
            partial(joint_work.joint_work_figure, numbers),
            numbers,
            PHASE_MEANS,
        )
    ]


def _recording(quality: pd.DataFrame, trials: pd.DataFrame) -> list[FigureContent]:
    numbers = recording_quality.recording_numbers(quality, trials)
    if numbers.empty:
        return []
    return [
        FigureContent(
            recording_quality.NAME,
            recording_quality.TITLE,
            recording_quality.recording_caption(),
            recording_quality.recording_alternative(numbers),
            partial(recording_quality.recording_figure, numbers),
            numbers,
            AGREEMENT_COLUMNS,
        )
    ]
