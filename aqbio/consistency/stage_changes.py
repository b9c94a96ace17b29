"""What the fit changed, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from aqbio.consistency.balance import adjusted_loads
from aqbio.consistency.changes import (
    Change,
    Way,
    body_changes,
    displacement_changes,
    leg_shares,
    marker_changes,
    motion_changes,
    standing_changes,
)
from aqbio.consistency.findings import contact_window
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.session import Session
from aqbio.consistency.session_inputs import static_stances
from aqbio.consistency.stances import Standing
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.recordings.prepared import foot_loads, loads_with_toes
from aqbio.vectors import BoolArray

Row = dict[str, Any]


LEGS = ("leg_left", "leg_right")


def legs_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Segments of each leg that the model has."""
    groups = study.model_map.groups
    return {name: tuple(groups[name]) for name in LEGS if name in groups}


def change_rows(
    study: Study,
    participant_id: str,
    trials: Mapping[str, SolvedTrial],
    fitted: Session,
) -> Iterator[Row]:
    """Rows of the table ``fit_changes``: of the body, and of every trial whose fit is accepted."""
    accepted = fitted.accepted
    if accepted:
        fit = fitted.fits[accepted[0]]
        bodies = fit.runner.skeleton, fit.skeleton
        yield from _rows(None, body_changes(*bodies))
        yield from _rows(None, leg_shares(*bodies, legs_of(study)))
        yield from standing_rows(study, participant_id, bodies, fitted.standing)
    for name in accepted:
        yield from _rows(name, trial_changes(study, trials[name], fitted.fits[name]))


def standing_rows(
    study: Study,
    participant_id: str,
    bodies: tuple[Skeleton, Skeleton],
    standing: Mapping[str, Standing],
) -> Iterator[Row]:
    """Rows of static postures, also of a body that was fitted without them."""
    stature = study.participant(participant_id).height_m
    for name, stance in static_stances(study, participant_id, bodies[0]).items():
        yield from _rows(name, standing_changes(*bodies, stance, standing[name], stature))


def _rows(trial_id: str | None, changes: Iterator[Change]) -> Iterator[Row]:
    for one in changes:
        yield {"trial_id": trial_id, **asdict(one)}


def trial_changes(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """What the fit changed of one trial, over its contacts and the flights between them."""
    height = float(trial.prepared.attrs["surface_height"])
    plain = foot_loads(study, trial.prepared)
    loads = plain, adjusted_loads(plain, trial.time, fit.values)
    before, after = (
        _way(study, skeleton, motion, own, height)
        for skeleton, motion, own in (
            (fit.runner.skeleton, fit.observations.plain, loads[0]),
            (fit.skeleton, fit.motion, loads[1]),
        )
    )
    frames = contact_window(trial) & fit.observations.measured & _known((*loads[0], *loads[1]))
    if frames.sum() < 3:
        return
    yield from motion_changes(before, after, study.model_map.groups, frames)
    yield from marker_changes(fit, frames)
    yield from displacement_changes(fit, frames)


def _known(loads: Sequence[ExternalLoad]) -> BoolArray:
    known = [np.isfinite(one.force + one.moment).all(axis=1) for one in loads]
    return np.asarray(np.all(known, axis=0))


def _way(
    study: Study,
    skeleton: Skeleton,
    motion: Motion,
    loads: Sequence[ExternalLoad],
    height: float,
) -> Way:
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return Way(skeleton, moves, loads_with_toes(study.model_map, skeleton, moves, loads, height))
