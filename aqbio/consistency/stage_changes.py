"""What the fit changed, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from aqbio.consistency.balance import adjusted_loads
from aqbio.consistency.changes import (
    Change,
    Way,
    body_changes,
    displacement_changes,
    height_spread,
    landing_delay,
    leg_shares,
    marker_changes,
    motion_changes,
    share_spread,
    spectral_changes,
    standing_changes,
)
from aqbio.consistency.findings import contact_window
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.session import Session
from aqbio.consistency.session_inputs import static_stances
from aqbio.consistency.stances import Standing
from aqbio.gait.step_files import trial_contacts
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.recordings.clock import force_delay
from aqbio.recordings.prepared import foot_loads, loads_with_toes
from aqbio.vectors import BoolArray, FloatArray

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
    """Rows of the table ``fit_changes``: of the body, and of every trial whose fit is accepted.

    The standard deviation of the height of the centre of mass is the fastest one's.
    """
    accepted = [name for name in fitted.accepted if not fitted.suspicions[name]]
    if accepted:
        fit = fitted.fits[accepted[0]]
        bodies = fit.runner.skeleton, fit.skeleton
        yield from _rows(None, body_changes(*bodies))
        shares = list(leg_shares(*bodies, legs_of(study)))
        yield from _rows(None, iter((*shares, *share_spread(fitted.estimates, shares))))
        yield from standing_rows(study, participant_id, bodies, fitted.standing)
    for name in accepted:
        yield from _rows(name, trial_changes(study, trials[name], fitted.fits[name]))
    if accepted:
        name = max(accepted, key=lambda one: fitted.speeds[one])
        fit = fitted.fits[name]
        yield from _rows(name, height_spread(fit))


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
    yield from spectral_changes(fit, frames)
    yield from _clocks(study, trial, fit, (before, after), frames)


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


def _clocks(
    study: Study, trial: SolvedTrial, fit: TrialFit, ways: tuple[Way, Way], frames: BoolArray
) -> Iterator[Change]:
    """How late the forces are, s: by the fit, by the vertical force, by feet that land."""
    change = Change("clock", "", "", "late", np.nan, np.nan, "s")
    clock = next(one for one in fit.estimates if one.name == "clock_offset")
    yield replace(change, part="fit", after=float(clock.estimate))
    for end in ("low", "high"):
        yield replace(change, part="fit", statistic=end, after=float(getattr(clock, end)))
    up = trial.prepared["foot_force"].values[..., 1].sum(axis=1)
    skeleton = fit.runner.skeleton
    asked = [_asked(way) for way in ways]
    weight = float(skeleton.mass.sum() * np.linalg.norm(skeleton.gravity))
    time = trial.time[frames]
    late = [force_delay(time, up[frames], weight * one[frames]) for one in asked]
    yield replace(change, part="vertical force", before=late[0], after=late[1])
    labels = [str(one) for one in trial.prepared["marker"].values]
    for side in SIDES:
        own = getattr(study.marker_set.feet, side)
        chosen = [labels.index(one) for one in (own.heel, *own.toe) if one in labels]
        touchdowns = [one.touchdown for one in trial_contacts(trial.prepared) if one.side == side]
        markers = trial.prepared["marker_raw"].values[:, chosen]
        seen = landing_delay(trial.time, markers, touchdowns) if chosen else np.nan
        yield replace(change, part=f"landing {side} foot", before=seen)


def _asked(way: Way) -> FloatArray:
    """(T,) vertical force that a motion asks for, body weights."""
    acceleration = centre_of_mass(segment_motion(way.skeleton, way.moves))[2][:, 1]
    return np.asarray(1.0 + acceleration / float(np.linalg.norm(way.skeleton.gravity)))
