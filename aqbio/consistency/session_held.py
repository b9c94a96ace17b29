"""The session's fit with one of its choices held: arms of the multiverse at the cost of a step.

A fit knows how its parameters hang together. What the others are when one is held somewhere else
is therefore known without fitting again, and the motion follows in a step or two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from aqbio.consistency.fit import fits_held
from aqbio.consistency.parameters import CLOCK, DRAG, LEGS
from aqbio.consistency.session import drawn_along
from aqbio.consistency.session_fit import FittedSession, open_session
from aqbio.consistency.trial_fit import Start, TrialFit
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton

HELD = {"legs": LEGS, "clock": CLOCK, "air": DRAG}
"""Choices of the fit and the parameters that are held at 0: legs as heavy as the model has them,
one clock of markers and forces, no air."""

ROUGH = "rough"
"""The choice of a motion that may be less smooth."""

ROUGHER = 4.0
"""How much larger the standard deviation of its third derivative is."""


def held_values(session: FittedSession) -> dict[str, dict[str, float]]:
    """All parameters by choice, one of them held at 0.

    Parameters
    ----------
    session : FittedSession

    Returns
    -------
    dict
        Without choices that change nothing; empty without a fit that is believed.

    Notes
    -----
    Estimates and covariance are those of a normal distribution: held at a value, parameter k draws
    the others along, ``θ' = θ + C[:, k] / C[k, k] (value − θ_k)``. One that was not estimated, as
    the drag area by default, does so by the information that it shares with them.
    """
    if not session.believed:
        return {}
    values = {one.name: one.estimate for one in session.estimates}
    on = [one.name for one in session.estimates if one.parameter.on]
    drags = any(session.fits[name].observations.drag for name in session.believed)
    found = {}
    for choice, name in HELD.items():
        if values[name] == 0.0 or (name == DRAG and not drags):
            continue
        held = {**values, name: 0.0}
        if name in on:
            column = session.covariance[:, on.index(name)]
            along = column / column[on.index(name)]
        else:
            fits = [session.fits[one] for one in session.believed]
            along = drawn_along(fits, name, session.covariance)
        moved = -values[name] * along
        held |= {one: values[one] + own for one, own in zip(on, moved.tolist(), strict=True)}
        held[name] = 0.0  # whatever round-off left
        found[choice] = held
    return found | {ROUGH: values}


def held_fits(
    study: Study,
    skeleton: Skeleton,
    trials: Sequence[SolvedTrial],
    near: Mapping[str, Start],
    held: Mapping[str, Mapping[str, float]],
) -> Iterator[tuple[str, str, TrialFit]]:
    """Fits of trials with choices held.

    Parameters
    ----------
    skeleton : Skeleton
        Of the participant's scaled model.
    near : mapping of Start
        The believed fits by trial.
    held : mapping
        From :func:`held_values`.

    Yields
    ------
    trial, choice, fit
    """
    opened = open_session(study, skeleton, trials)
    for name, seen in opened.seen.items():
        weights = opened.weights[name]
        softer = replace(weights, jerk_sd=ROUGHER * weights.jerk_sd)
        sets = [(softer if one == ROUGH else weights, values) for one, values in held.items()]
        fits = fits_held(opened.runner, seen, opened.parameters, near[name], sets)
        yield from ((name, *one) for one in zip(held, fits, strict=True))
