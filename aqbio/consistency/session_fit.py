"""The fit of a session: from files to the fit, faulty trials left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.consistency.fit import Start, TrialFit, fit_trial
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    centre_parameters,
    pivot_parameters,
)
from aqbio.consistency.posterior import CentreEstimates, centre_estimates
from aqbio.consistency.problem import Place, Problem
from aqbio.consistency.session import (
    SessionFit,
    Standing,
    StaticStance,
    fit_session,
    planted_feet,
    stepped_session,
    tells_alignment,
)
from aqbio.consistency.session_inputs import (
    observations,
    open_centres,
    parameters,
    trial_speed,
    trial_weights,
)
from aqbio.consistency.suspicion import (
    Suspicion,
    evidence,
    static_suspicions,
    suspicions,
)
from aqbio.gait.steps import EDGE_DISTANCE_M
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.recordings.prepared import foot_loads
from aqbio.vectors import FloatArray

NUMERICAL = (np.linalg.LinAlgError, ValueError, FloatingPointError)
"""What a fit raises whose equations cannot be solved."""


@dataclass(frozen=True)
class FittedSession:
    """What became of the trials of a session."""

    estimates: tuple[ParameterEstimate, ...]
    """Of the session; empty when no trial was fitted."""
    covariance: FloatArray
    """(P, P) array. Of those that are on."""
    fits: Mapping[str, TrialFit]
    """Fit by trial, accepted or suspect."""
    suspicions: Mapping[str, tuple[Suspicion, ...]]
    """By trial that was fitted; an empty tuple where the fit is accepted."""
    plain: Mapping[str, str]
    """Why a trial was not fitted, by trial."""
    speeds: Mapping[str, float]
    """Speed by trial, m/s."""
    standing: Mapping[str, Standing]
    """Static postures by trial; empty where no plate carried the standing runner."""

    @property
    def static_suspicions(self) -> tuple[Suspicion, ...]:
        """Doubt that still postures cast on the whole session."""
        return static_suspicions(self.standing)

    @property
    def centres(self) -> CentreEstimates:
        """Places of the segments' centres of mass, where any trial was fitted."""
        runner = next(iter(self.fits.values())).runner
        return centre_estimates(runner, self.estimates, self.covariance)

    @property
    def accepted(self) -> tuple[str, ...]:
        """Trials whose fit is used."""
        return tuple(name for name in self.fits if not self.suspicions[name])


@dataclass(frozen=True)
class OpenSession:
    """Trials that can be fitted together, before they are."""

    runner: Runner
    seen: Mapping[str, Observations]
    """What was measured by trial."""
    weights: Mapping[str, Weights]
    """How much it weighs by trial."""
    parameters: tuple[Parameter, ...]
    """What may be a little wrong in all of them."""
    plain: Mapping[str, str]
    """Why other trials cannot be fitted."""


def open_session(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
) -> OpenSession:
    """The trials of a participant as they are fitted."""
    groups, settings = study.model_map.groups, study.settings.consistency
    found = {one.trial_id: observations(skeleton, one, groups, EDGE_DISTANCE_M) for one in trials}
    seen = {name: one for name, one in found.items() if isinstance(one, Observations)}
    fitted, runner = [one for one in trials if one.trial_id in seen], Runner(skeleton, groups)
    if fitted:
        participant = str(fitted[0].prepared.attrs["participant_id"])
        runner = Runner(skeleton, groups, open_centres(study, participant, skeleton, fitted))
    feet = planted_feet(runner, [*seen.values()])
    aligns = settings.align_plates and tells_alignment(feet)
    chosen = parameters(settings.drag_area_m2, align_plates=aligns)
    if aligns:
        chosen += pivot_parameters(feet.point.mean(axis=0))
    return OpenSession(
        runner=runner,
        seen=seen,
        weights={one.trial_id: trial_weights(one) for one in fitted},
        parameters=(*chosen, *centre_parameters(len(runner.centres))),
        plain={name: one for name, one in found.items() if isinstance(one, str)},
    )


def fitted_session(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
    still: Mapping[str, StaticStance] | None = None,
    *,
    draws: tuple[int, int] | None = None,
) -> FittedSession:
    """Fit the trials of a participant together; `draws`: number and seed of draws of every fit.

    A trial that is suspect by itself must not bend the parameters of the others: it is left out and
    the others are refitted. Its own fit, with parameters of its own, names its fault.
    """
    if missing := [name for name in ANATOMICAL_GROUPS if name not in study.model_map.groups]:
        why = f"the model has no {' and no '.join(missing)} of its own"
        return _nothing({one.trial_id: why for one in trials})
    opened = open_session(study, skeleton, trials)
    runner, seen, by_trial = opened.runner, opened.seen, opened.weights
    chosen, plain = opened.parameters, dict(opened.plain)
    still = still or {}
    if not seen:
        return _nothing(plain)

    def fit(trials: Mapping[str, Observations]) -> SessionFit:
        own = [by_trial[name] for name in trials]
        return fit_session(runner, [*trials.values()], own, chosen, [*still.values()], draws)

    try:
        session = fit(seen)
    except NUMERICAL:
        plain |= _unsolvable(runner, seen, by_trial, chosen)
        seen = {name: one for name, one in seen.items() if name not in plain}
        if not seen:
            return _nothing(plain)
        session = fit(seen)
    loads = {one.trial_id: foot_loads(study, one.prepared) for one in trials}
    fits = dict(zip(seen, session.trials, strict=True))
    doubts = _doubts(session, fits, loads)
    sound = _sound(session, dict(zip(seen, session.by_trial, strict=True)), doubts)
    if sound and len(sound) < len(seen):
        chosen_trials = {name: seen[name] for name in sound}
        session = fit(chosen_trials)
        refitted = dict(zip(chosen_trials, session.trials, strict=True))
        fits, doubts = fits | refitted, doubts | _doubts(session, refitted, loads)
        for name in set(seen) - set(sound):
            fits[name] = fit_trial(runner, seen[name], by_trial[name], tuple(chosen))
            own = suspicions(fits[name].estimates, evidence(fits[name], loads[name]))
            doubts[name] = own or doubts[name]
    speeds = {trial.trial_id: trial_speed(trial) for trial in trials}
    return FittedSession(
        estimates=session.estimates,
        covariance=session.covariance,
        fits=fits,
        suspicions=doubts,
        plain=plain,
        speeds=speeds,
        standing=dict(zip(still, session.standing, strict=True)),
    )


def _nothing(plain: Mapping[str, str]) -> FittedSession:
    """A session of which no trial was fitted, with the reasons."""
    return FittedSession((), np.zeros((0, 0)), {}, {}, plain, {}, {})


def _unsolvable(
    runner: Runner,
    seen: Mapping[str, Observations],
    weights: Mapping[str, Weights],
    chosen: Sequence[Parameter],
) -> dict[str, str]:
    """Trials whose equations cannot be solved by themselves, with the reason."""
    failures = {}
    for name, one in seen.items():
        try:
            fit_trial(runner, one, weights[name], tuple(chosen))
        except NUMERICAL as error:
            failures[name] = f"the fit failed ({error})"
    return failures


def _doubts(
    session: SessionFit,
    fits: Mapping[str, TrialFit],
    loads: Mapping[str, Sequence[ExternalLoad]],
) -> dict[str, tuple[Suspicion, ...]]:
    """Suspicions by trial."""
    return {
        name: suspicions(session.estimates, evidence(fit, loads[name]))
        for name, fit in fits.items()
    }


def _sound(
    session: SessionFit,
    alone: Mapping[str, tuple[ParameterEstimate, ...]],
    doubts: Mapping[str, tuple[Suspicion, ...]],
) -> list[str]:
    """Trials that may stay in the session: by themselves within the limits, and not suspect.

    A session whose common parameters are beyond a limit makes every trial suspect; then only the
    trials' own estimates tell which of them is at fault.
    """
    within = [name for name, own in alone.items() if not any(e.beyond_limit for e in own)]
    if any(estimate.beyond_limit for estimate in session.estimates):
        return within
    return [name for name in within if not doubts[name]]


LOOSE = 100.0, 30.0
"""Standard deviations of residual force and moment of the specification ``loose``, N and N m."""


def loose_fits(
    opened: OpenSession, still: Mapping[str, StaticStance], starts: Mapping[str, Start]
) -> dict[str, tuple[Motion, dict[str, float]]]:
    """Motions and parameters by trial with forces trusted a third as much.

    One Gauss-Newton step of the whole session from its fits `starts`: within 0.02 standard
    deviations of a refit, where the weights move momentum by up to 0.6.
    """
    problems, places = {}, []
    for name, seen in opened.seen.items():
        force, moment = LOOSE
        start, own = starts[name], opened.weights[name]
        weights = replace(own, sigma_force_n=force, sigma_moment_nm=moment)
        problem = Problem(opened.runner, seen, weights, opened.parameters, start.values)
        problems[name] = problem
        theta = np.array([start.values[one] for one in problem.on])
        places.append(Place(problem.basis.nearest(start.q[:, problem.coordinates]), theta))
    values, motions = stepped_session(tuple(problems.values()), places, tuple(still.values()))
    return {name: (motion, values) for name, motion in zip(problems, motions, strict=True)}
