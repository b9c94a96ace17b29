"""Intervals of level C: what every joint moment causes, drawn anew with masses, plates, bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.mechanics.contributions.contact_models import CONTACT_ROWS
from aqbio.mechanics.gait.roles import by_role
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.drawn_causes import DrawnCauses, Run, drawn_causes
from aqbio.mechanics.intervals.uncertainty import Motions
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_SIDES
from aqbio.stages.levels.b_and_c import PRIMARY
from aqbio.stages.levels.intervals import Row, outcome_rows, seen, time_mean
from aqbio.stages.levels.signals import source_matrix
from aqbio.stages.levels.trial_draws import TrialDraws

NORMAL_95 = 1.959964
"""Standard deviations on both sides of the mean that hold 95 % of a normal distribution."""

SHARE = 6
"""Every draw of level C solves the equations of motion anew: a sixth of the draws must do."""


Stances = Mapping[Step, Mapping[str, DrawnCauses]]
"""Draws of level C by step and contact model."""


def drawn_stances(draws: TrialDraws, steps: Sequence[Step]) -> Stances:
    """Level C of other masses, plates and bodies for several stances at once.

    Parameters
    ----------
    draws : TrialDraws
        A sixth of its draws is used, at least 8.
    steps : sequence of Step
    """
    mechanics = draws.found.mechanics
    chosen = [draws.frames(step) for step in steps]
    frames = np.concatenate([np.arange(one.start, one.stop, one.step) for one in chosen])
    run = Run(
        skeleton=mechanics.skeleton,
        kinematics=mechanics.kinematics.picked(frames),
        loads=[load.frames(frames) for load in mechanics.loads],
        touching=draws.touching[frames],
        anatomy=draws.anatomy,
        surface_height=mechanics.surface_height,
    )
    generator = np.random.default_rng(draws.sampling.seed)
    count = max(draws.sampling.count // SHARE, 8)
    moved = _moved(draws, chosen, count)
    found = drawn_causes(run, draws.spread, count, generator, tuple(CONTACT_ROWS), moved)
    stances, first = {}, 0
    for step, one in zip(steps, chosen, strict=True):
        last = first + len(draws.time[one])
        stances[step] = {model: _cut(drawn, slice(first, last)) for model, drawn in found.items()}
        first = last
    return stances


def cause_rows(
    draws: TrialDraws, step: Step, drawn: Mapping[str, DrawnCauses] | None = None
) -> Iterator[Row]:
    """95 % intervals of stance means of level C of one step, under every contact model.

    Parameters
    ----------
    draws : TrialDraws
    step : Step
    drawn : mapping, optional
        Of the step, from :func:`drawn_stances`, where they are known already.

    Yields
    ------
    dict
        As from `aqbio.stages.levels.intervals.interval_rows`; low and high are 1.96 standard
        deviations from the undisturbed value.
    """
    causes = drawn or drawn_stances(draws, [step])[step]
    frames = draws.frames(step)
    time = draws.time[frames]
    for model, one in causes.items():
        induced = draws.found.induced[model]
        own = DrawnCauses(
            sources=induced.sources,
            ground_force=induced.force[None, frames].sum(axis=3),
            group_rate=induced.group_rate[None, frames],
            pelvis_acceleration=induced.pelvis_acceleration[None, frames],
        )
        every = (_by_role(draws, step, some, time, primary=model == PRIMARY) for some in (one, own))
        for (told, values), (_, value) in zip(*every, strict=True):
            spread = values.std(axis=0, ddof=1)
            bounds = (value[0] - NORMAL_95 * spread, value[0] + NORMAL_95 * spread)
            yield from outcome_rows((f"C ({model})", *told), value[0], bounds, spread)


def _cut(causes: DrawnCauses, frames: slice) -> DrawnCauses:
    return replace(
        causes,
        ground_force=causes.ground_force[:, frames],
        group_rate=causes.group_rate[:, frames],
        pelvis_acceleration=causes.pelvis_acceleration[:, frames],
    )


def _moved(draws: TrialDraws, chosen: Sequence[slice], count: int) -> Motions | None:
    """Motions of other bodies in several stances, as many as there are draws at most."""
    if draws.moved is None:
        return None
    motions = [draws.moved_motions(one) for one in chosen]
    every = (
        np.concatenate([getattr(one, name)[:count] for one in motions], axis=1)
        for name in ("q", "u", "udot")
    )
    return Motions(draws.moved.skeletons[:count], *every)


def _by_role(
    draws: TrialDraws, step: Step, causes: DrawnCauses, time: FloatArray, *, primary: bool
) -> Iterator[tuple[tuple[str, str, str, str], FloatArray]]:
    """Source, target, statistic, unit and (K, 3) values of every outcome, canonical.

    Under the primary contact model also what turns the pelvis, and sums with half of the lumbar
    moment: what `aqbio.stages.levels.signals` tells of it.
    """
    names = causes.sources
    force = seen(draws, step, time_mean(causes.ground_force, time), "polar")
    rate = seen(draws, step, time_mean(causes.group_rate, time))
    turn = seen(draws, step, time_mean(causes.pelvis_acceleration, time))
    roles, matrix = draws.roles.known(step.side, draws.found.groups)
    sources, weights = source_matrix(names, step.side, halves=primary)
    force, rate, turn = (by_role(values, weights) for values in (force, rate, turn))
    on_roles = by_role(rate, matrix, axis=2)
    for place, source in enumerate(sources):
        yield (source, "ground", "force_mean", "N"), force[:, place]
        yield (source, "whole_body", "moment_mean", "N m"), rate[:, place].sum(axis=1)
        for side in [one for one in ROLE_SIDES if one in roles]:
            value = on_roles[:, place, roles.index(side)]
            yield (source, side, "moment_mean", "N m"), value
        if primary:
            told = (source, "pelvis", "angular_acceleration_mean", "rad/s2")
            yield told, turn[:, place]
