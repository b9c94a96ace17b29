"""Draws of a trial: other masses, plates and bodies for the markers that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from aqbio.mechanics.contributions.levels import Anatomy, Levels
from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.drawn_bodies import BodySpread, drawn_bodies
from aqbio.mechanics.intervals.level_draws import drawn_parts
from aqbio.mechanics.intervals.uncertainty import (
    DrawnOutcomes,
    Motions,
    Parts,
    Spread,
    body_outcomes,
    drawn_outcomes,
)
from aqbio.mechanics.intervals.unseen_motion import unseen_swings
from aqbio.mechanics.multibody.motion import spline_motion
from aqbio.mechanics.vectors import BoolArray, FloatArray

SPLINE_REACH = 24
"""Frames after which a spline has forgotten its end: by 0.43 a frame, to 2e-9."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many draws, and of how much of a stance.

    Attributes
    ----------
    count : int
        Draws of levels A and B.
    seed : int
    frames : int
        About so many frames of a stance are drawn, evenly spread; 0: all of them. The means of few
        frames differ from those of all, what the draws change about them hardly.
    motions : int
        Motions recomputed on other bodies.
    """

    count: int
    seed: int
    frames: int = 0
    motions: int = 60

    def __post_init__(self) -> None:
        """Refuse samples of nothing."""
        if min(self.count, self.motions) < 1 or self.frames < 0:
            raise ValueError(f"a sampling needs draws: {self}.")


@dataclass(frozen=True, slots=True)
class TrialDraws:
    """What the intervals of all steps of a trial are drawn from.

    Attributes
    ----------
    found : Levels
    anatomy : Anatomy
    time : (T,) array, s
    heading : float
        Direction of travel, rad to the left of +x: rows are told along it.
    touching : (T, 2) bool array
        Frames between touchdown and toe-off of the left and of the right foot.
    parts : Parts
    spread : Spread
    sampling : Sampling
    roles : RoleScheme
    moved : Motions or None
        Of other bodies; None where the model's is taken as exact.
    first_moved : int
        Frame of the trial at which ``moved`` begins.
    """

    found: Levels
    anatomy: Anatomy
    time: FloatArray
    heading: float
    touching: BoolArray
    parts: Parts
    spread: Spread
    sampling: Sampling
    roles: RoleScheme
    moved: Motions | None = None
    first_moved: int = 0

    def moved_motions(self, frames: slice) -> Motions:
        """Give some frames of the trial on other bodies."""
        if self.moved is None:
            raise ValueError("no bodies were drawn.")
        off = self.first_moved
        return self.moved.frames(slice(frames.start - off, frames.stop - off, frames.step))

    def frames(self, step: Step) -> slice:
        """Give the frames of a stance that are drawn."""
        inside = (self.time >= step.touchdown) & (self.time <= step.toe_off)
        first, last = int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1]))
        wanted = self.sampling.frames or last - first
        return slice(first, last, max(1, (last - first) // wanted))


def trial_draws(
    found: Levels,
    anatomy: Anatomy,
    trial: tuple[FloatArray, float, BoolArray],
    spread: Spread,
    sampling: Sampling,
    roles: RoleScheme | None = None,
) -> TrialDraws:
    """Prepare the draws of a trial.

    Parameters
    ----------
    found : Levels
    anatomy : Anatomy
    trial : (time, heading, touching)
        As the attributes of `TrialDraws`.
    spread : Spread
    sampling : Sampling
    roles : RoleScheme, optional
        Without it the declared roles.
    """
    time, heading, touching = trial
    parts = drawn_parts(found, anatomy)
    scheme = roles or RoleScheme()
    return TrialDraws(found, anatomy, time, heading, touching, parts, spread, sampling, scheme)


def with_bodies(
    draws: TrialDraws,
    spread: BodySpread,
    weight: FloatArray,
    window: slice | None = None,
    unseen: FloatArray | None = None,
) -> TrialDraws:
    """Draw other bodies too: they move the whole motion; and coordinates that nobody saw.

    Parameters
    ----------
    draws : TrialDraws
    spread : BodySpread
        With the K markers that inverse kinematics followed.
    weight : (K,) array
        Of these.
    window : slice, optional
        Frames of the trial that are moved: those that will be drawn, and `SPLINE_REACH` frames
        more on both sides. Without it all frames.
    unseen : (C,) array, rad or m, optional
        Standard deviation of the coordinates that were not observed, 0 for the others.
    """
    inside, sampling = window or slice(0, len(draws.time)), draws.sampling
    skeleton, time = spread.template.skeleton, draws.time[inside]
    q = draws.found.mechanics.kinematics.frames(inside).q
    generator = np.random.default_rng(sampling.seed)
    known = draws.spread.centres is not None
    drawn = drawn_bodies(spread, time, q, weight, sampling.motions, generator, centres_known=known)
    change = drawn.change
    if unseen is not None and unseen.any():
        change = change + unseen_swings(time, unseen, sampling.motions, generator)
    changed = [spline_motion(skeleton, time, q + one) for one in change]
    moved = (np.stack([getattr(one, name) for one in changed]) for name in ("q", "u", "udot"))
    motions = Motions(drawn.skeletons, *moved)
    return replace(draws, moved=motions, first_moved=inside.start)


Outcomes = tuple[DrawnOutcomes, DrawnOutcomes]
"""Draws of some frames, and the undisturbed outcomes with K = 1; ground axes."""


def frame_outcomes(draws: TrialDraws, frames: slice) -> Outcomes:
    """Draws of some frames of the trial."""
    return outcomes_of(draws, [frames])[0]


def outcomes_of(draws: TrialDraws, chosen: Sequence[slice]) -> list[Outcomes]:
    """Draws of several runs of frames of the trial, one after the other.

    They are the same masses, plates and bodies for all frames; all are computed at once.
    """
    mechanics, count = draws.found.mechanics, draws.sampling.count
    frames = np.concatenate([np.arange(one.start, one.stop, one.step) for one in chosen])
    loads = [load.frames(frames) for load in mechanics.loads]
    kinematics = mechanics.kinematics.picked(frames)
    generator = np.random.default_rng(draws.sampling.seed)
    found = drawn_outcomes(
        mechanics.skeleton, kinematics, loads, draws.parts, draws.spread, count, generator
    )
    own = (x[None] for x in (kinematics.q, kinematics.u, kinematics.udot))
    base = body_outcomes(Motions((mechanics.skeleton,), *own), loads, draws.parts)
    if draws.moved is not None:
        moved = draws.moved.frames(frames - draws.first_moved)
        other = body_outcomes(moved, loads, draws.parts)
        found = found.changed_by(other, base, generator.integers(0, len(moved.q), count))
    ends = np.cumsum([len(range(one.start, one.stop, one.step)) for one in chosen]).tolist()
    cuts = [slice(first, last) for first, last in pairwise([0, *ends])]
    return [(found.frames(cut), base.frames(cut)) for cut in cuts]
