"""Draws of level C: what every joint moment causes, with other masses, plates and bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.mechanics.contributions.contact_models import CONTACT_ROWS
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.drawn_causes import DrawnCauses, Run, drawn_causes
from aqbio.mechanics.intervals.uncertainty import Motions
from aqbio.stages.contributions.trial_draws import TrialDraws

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
