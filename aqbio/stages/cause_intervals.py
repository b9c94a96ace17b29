"""Intervals of level C: what every joint moment causes, drawn anew with body, plates, markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from aqbio.mechanics.contributions.contact_models import CONTACT_ROWS
from aqbio.mechanics.contributions.source_roles import role_name, side_sum, side_weights
from aqbio.mechanics.gait.role_options import weighted_sum
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.drawn_causes import DrawnCauses, Run, drawn_causes
from aqbio.mechanics.intervals.drawn_levels import LoadSpread
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread
from aqbio.mechanics.intervals.uncertainty import Spread
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_SIDES
from aqbio.stages.level_intervals import Row, outcome_rows, seen, time_mean
from aqbio.stages.trial_draws import TrialDraws

NORMAL_95 = 1.959964
"""Standard deviations on both sides of the mean that hold 95 % of a normal distribution."""

SHARE = 6
"""Every draw of level C solves the equations of motion anew: a sixth of the draws must do."""

_EXACT = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0), marker=0.0)


def cause_rows(draws: TrialDraws, step: Step) -> Iterator[Row]:
    """95 % intervals of stance means of level C of one step, under every contact model.

    Parameters
    ----------
    draws : TrialDraws
        A sixth of its draws is used, at least 8.
    step : Step

    Yields
    ------
    dict
        As from `aqbio.stages.level_intervals.interval_rows`; low and high are 1.96 standard
        deviations from the undisturbed value.
    """
    frames = draws.frames(step)
    mechanics = draws.found.mechanics
    run = Run(
        skeleton=mechanics.skeleton,
        kinematics=mechanics.kinematics.frames(frames),
        loads=[load.frames(frames) for load in mechanics.loads],
        touching=draws.touching[frames],
        anatomy=draws.anatomy,
    )
    generator = np.random.default_rng(draws.sampling.seed)
    count = max(draws.sampling.count // SHARE, 8)
    moved = _moved(draws, frames, count)
    models = tuple(CONTACT_ROWS)
    drawn = drawn_causes(run, draws.spread, count, generator, models, moved)
    undisturbed = drawn_causes(run, _EXACT, 1, generator, models)
    time = draws.time[frames]
    for model in models:
        every = (_by_role(draws, step, one[model], time) for one in (drawn, undisturbed))
        for (told, values), (_, own) in zip(*every, strict=True):
            spread = values.std(axis=0, ddof=1)
            bounds = (own[0] - NORMAL_95 * spread, own[0] + NORMAL_95 * spread)
            yield from outcome_rows((f"C ({model})", *told), own[0], bounds, spread)


def _moved(draws: TrialDraws, frames: slice, count: int) -> list[SegmentKinematics]:
    """Motions with misplaced markers, as many as there are draws at most."""
    if draws.moved is None:
        return []
    chosen = draws.moved_motions(frames)
    few, length = chosen.q[:count], chosen.q.shape[1]
    together = (
        values[:count].reshape(len(few) * length, -1)
        for values in (chosen.q, chosen.u, chosen.udot)
    )
    every = segment_kinematics(draws.found.mechanics.skeleton, *together)
    return [every.frames(slice(n * length, (n + 1) * length)) for n in range(len(few))]


def _by_role(
    draws: TrialDraws, step: Step, causes: DrawnCauses, time: FloatArray
) -> Iterator[tuple[tuple[str, str, str, str], FloatArray]]:
    """Source, target, statistic, unit and (K, 3) values of every outcome, canonical."""
    names = causes.sources
    force = seen(draws, step, time_mean(causes.ground_force, time), "polar")
    rate = seen(draws, step, time_mean(causes.group_rate, time))
    shares = draws.roles.weights(step.side)
    for source, weights in _sources(names, step).items():
        yield (source, "ground", "force_mean", "N"), side_sum(force, names, weights)
        caused = side_sum(rate, names, weights)
        yield (source, "whole_body", "moment_mean", "N m"), caused.sum(axis=1)
        for side in ROLE_SIDES:
            value = weighted_sum(caused, draws.found.groups, shares[side])
            yield (source, side, "moment_mean", "N m"), value


def _sources(names: tuple[str, ...], step: Step) -> Mapping[str, Mapping[str, float]]:
    sides: dict[str, Mapping[str, float]] = dict(side_weights(names, step.side))
    return sides | {role_name(name, step.side): {name: 1.0} for name in names}
