"""Figures of recordings, of fastest runs and of chance: which there are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aqbio.figures import (
    foot_pressure,
    force_sources,
    joint_work,
    misdirection,
    recording_quality,
    surrogates,
)
from aqbio.figures.agreement import AGREEMENT_COLUMNS
from aqbio.figures.content import FigureContent
from aqbio.figures.phase_means import PHASE_MEANS
from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import GRAVITY
from aqbio.stages.figures.fastest_runs import (
    fastest_runs,
    force_source_numbers,
    joint_work_numbers,
)
from aqbio.stages.figures.foot_pressure_numbers import FOOT_PRESSURE, foot_pressure_numbers
from aqbio.stages.figures.step_figures import Drawing
from aqbio.stages.figures.surrogate_numbers import SURROGATES, surrogate_numbers

if TYPE_CHECKING:
    import pandas as pd


def run_figures(
    study: Study, curves: StudyCurves, tables: dict[str, pd.DataFrame]
) -> Iterator[Drawing]:
    """Figures of what single runs show.

    Parameters
    ----------
    tables : dict
        ``steps``, ``trials`` and ``quality`` of the study.
    """
    yield force_sources.NAME, partial(_force_sources, study, tables["steps"])
    yield joint_work.NAME, partial(_joint_work, study, tables["steps"])
    yield misdirection.NAME, partial(_misdirection, study, curves, tables["steps"])
    yield surrogates.NAME, partial(_surrogates, study, curves)
    yield foot_pressure.NAME, partial(_foot_pressure, study, tables["steps"])
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


def _misdirection(study: Study, curves: StudyCurves, outcomes: pd.DataFrame) -> list[FigureContent]:
    import pandas as pd

    athletes = misdirection.athlete_rows(read_table(study.table("hypotheses_athletes.tsv")))
    forces, steps = mean_forces(curves, outcomes)
    if not forces or athletes.empty:
        return []
    numbers = pd.concat([misdirection.force_rows(forces, steps), athletes], ignore_index=True)
    return [
        FigureContent(
            misdirection.NAME,
            misdirection.TITLE,
            misdirection.misdirection_caption(numbers),
            misdirection.misdirection_alternative(numbers),
            partial(misdirection.misdirection_figure, numbers),
            numbers.reindex(columns=list(columns("misdirection"))),
            columns("misdirection"),
        )
    ]


def mean_forces(curves: StudyCurves, outcomes: pd.DataFrame) -> tuple[dict[str, FloatArray], int]:
    """Mean ground force over the stance of the fastest run by athlete, and the number of steps.

    Returns
    -------
    dict of (101, 3) array, body weights
    """
    fastest = dict(fastest_runs(outcomes))
    masses = outcomes.groupby("participant_id")["mass_kg"].first()
    found, count = {}, 0
    for own in curves.participants:
        who = str(own["participant_id"].values[0]) if own.sizes["step"] else ""
        if who not in fastest:
            continue
        run = own.isel(step=np.flatnonzero(own["trial_id"].values == fastest[who]))
        force = run["ground_force"].sel(phase="stance").transpose("step", "percent", "axis").values
        force = force[np.isfinite(force).all(axis=(1, 2))]
        if len(force):
            found[who] = force.mean(axis=0) / (float(masses[who]) * GRAVITY)
            count += len(force)
    return found, count


def _surrogates(study: Study, curves: StudyCurves) -> list[FigureContent]:
    steps = read_table(study.table("hypotheses_steps.tsv"))
    numbers = surrogate_numbers(curves, steps)
    if numbers.empty:
        return []
    return [
        FigureContent(
            surrogates.NAME,
            surrogates.TITLE,
            surrogates.surrogates_caption(numbers),
            surrogates.surrogates_alternative(numbers),
            partial(surrogates.surrogates_figure, numbers),
            numbers,
            SURROGATES,
        )
    ]


def _foot_pressure(study: Study, outcomes: pd.DataFrame) -> list[FigureContent]:
    numbers = foot_pressure_numbers(study, outcomes)
    if not numbers["ahead_mm"].notna().any():
        return []
    return [
        FigureContent(
            foot_pressure.NAME,
            foot_pressure.TITLE,
            foot_pressure.foot_pressure_caption(numbers),
            foot_pressure.foot_pressure_alternative(numbers),
            partial(foot_pressure.foot_pressure_figure, numbers),
            numbers,
            FOOT_PRESSURE,
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
