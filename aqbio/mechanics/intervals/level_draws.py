"""Draws of levels A and B of a run from its levels: for those who bring their own arrays."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.contributions.levels import Anatomy, Levels
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.inertia_draws import twins
from aqbio.mechanics.intervals.uncertainty import DrawnOutcomes, Parts, Spread, drawn_outcomes


def drawn_parts(found: Levels, anatomy: Anatomy) -> Parts:
    """The parts of the body whose numbers are drawn: groups, chains and joints.

    Reported joints come first, then those that chains hang on and nobody reports.

    Parameters
    ----------
    anatomy : Anatomy
        Those of the levels.
    """
    skeleton = found.mechanics.skeleton
    hub = found.hubs[0][0].hub
    joints = [skeleton.joints.index(joint) for joint in anatomy.joints.values()]
    roots = [root for chain in hub.chains for root in chain.roots]
    return Parts(
        groups=membership(anatomy.groups, skeleton.bodies),
        hub=hub,
        joints=np.array(list(dict.fromkeys(joints + roots))),
        twin=twins(skeleton.bodies, anatomy.groups),
    )


def level_draws(
    found: Levels,
    anatomy: Anatomy,
    frames: slice,
    *,
    count: int = 200,
    seed: int = 1,
    spread: Spread | None = None,
) -> DrawnOutcomes:
    """Levels A and B of other bodies on other plates, for some frames of a run.

    Parameters
    ----------
    anatomy : Anatomy
        Those of the levels.
    frames : slice
        For example a stance, every tenth frame.
    count : int
        Number of draws.
    spread : Spread, optional
        Bodies of other shape are not drawn here: they move the motion itself, see
        `aqbio.mechanics.intervals.drawn_bodies`.

    Returns
    -------
    DrawnOutcomes
        Groups in the order of ``found.groups``, joints in that of :func:`drawn_parts`, chains in
        that of the pelvis's hub. `aqbio.mechanics.intervals.uncertainty.interval` makes intervals
        of it.
    """
    mechanics = found.mechanics
    return drawn_outcomes(
        mechanics.skeleton,
        mechanics.kinematics.frames(frames),
        [load.frames(frames) for load in mechanics.loads],
        drawn_parts(found, anatomy),
        spread or Spread(),
        count,
        np.random.default_rng(seed),
    )
