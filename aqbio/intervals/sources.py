"""Sources of uncertainty: states of a trial in which one source is disturbed at a time.

Sources are independent, so that variances add up. Each has draws of its own; how far they move a
number is the root of their mean square deviation from the undisturbed number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from aqbio.body.draws import InertiaSpread, inertia_draws
from aqbio.consistency.data_errors import LoadSpread
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.multibody.momentum import GroupMomenta
from aqbio.multibody.poses import joined
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray, cross


@dataclass(frozen=True, slots=True)
class DrawnLoads:
    """Loads on the segments, with errors that are constant over a trial."""

    bodies: tuple[str, ...]
    toes: tuple[str, ...]
    """bodies, toes: Tuples of F names. Of toes none where the body bears all."""
    share: FloatArray
    """(T, F) array. What the toes bear of each."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (K, T, F, 3) arrays, N and N m. Moment about the reference point."""

    def on(self, members: Sequence[Sequence[str]]) -> FloatArray:
        """(T, G, F) share of each load that acts on parts of the body, by their segments."""
        foot, toes = (
            np.array([[float(body in part) for body in names] for part in members])
            for names in (self.bodies, self.toes)
        )
        share = self.share[:, None]
        on: FloatArray = foot * (1.0 - share) + toes * share
        return on


def load_errors(
    spread: LoadSpread, feet: int, count: int, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Random errors of the feet's plates: relative gain (K, F) and position (K, F, 3), m."""
    gain = spread.gain * generator.standard_normal((count, feet))
    shift = spread.position * generator.standard_normal((count, feet, 3)) * [1.0, 0.0, 1.0]
    return gain, shift


def load_error_points(spread: LoadSpread, feet: int) -> tuple[FloatArray, FloatArray]:
    """One error of one plate at a time, as :func:`load_errors` with K = 3 F.

    Loads enter levels A and B linearly: each of n errors, √n times its standard deviation, gives as
    mean square over the n states the variance without sampling error.
    """
    count = 3 * feet
    every = np.sqrt(count) * np.eye(count).reshape(count, feet, 3)
    shift = np.zeros((count, feet, 3))
    shift[..., [0, 2]] = spread.position * every[..., 1:]
    return spread.gain * every[..., 0], shift


def drawn_loads(
    loads: Sequence[ExternalLoad], about: FloatArray, gain: FloatArray, shift: FloatArray
) -> DrawnLoads:
    """Loads on the feet as measured by plates with errors, about a point (T, 3).

    ``F' = (1 + γ) F`` and ``M' = (1 + γ) (M + δ × F)`` with the error of gain γ and of position δ.
    """
    force = np.stack([load.force for load in loads], axis=1)
    moment = np.stack([load.moment + cross(load.point - about, load.force) for load in loads], 1)
    moved = moment + cross(shift[:, None], np.broadcast_to(force, (len(gain), *force.shape)))
    scale = 1.0 + gain[:, None, :, None]
    share = [np.zeros(len(about)) if load.share is None else load.share for load in loads]
    return DrawnLoads(
        bodies=tuple(load.body for load in loads),
        toes=tuple(load.toes for load in loads),
        share=np.stack(share, axis=1),
        force=scale * force,
        moment=scale * moved,
    )


def drawn_momentum(momenta: GroupMomenta, whole: GroupMomenta) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of groups about the whole body's centre of mass, and its rate, (K, T, G, 3).

    From moments about the reference point o: ``H = L − c × P − Q × v + m c × v`` with the whole
    body's centre of mass c (from o) and velocity v; likewise the rate with accelerations.
    """
    mass = whole.mass[:, None, :, None]
    com = whole.first / mass

    def about_com(linear: FloatArray, angular: FloatArray, momentum: FloatArray) -> FloatArray:
        velocity = momentum / mass
        own = momenta.mass[:, None, :, None] * cross(com, velocity)
        result: FloatArray = angular - cross(com, linear) - cross(momenta.first, velocity) + own
        return result

    return (
        about_com(momenta.linear, momenta.angular, whole.linear),
        about_com(momenta.linear_rate, momenta.angular_rate, whole.linear_rate),
    )


def drawn_wrenches(
    momenta: GroupMomenta,
    loads: DrawnLoads,
    members: Sequence[Sequence[str]],
    points: FloatArray,
    gravity: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Force and moment (K, T, G, 3) of parts of the body, at given points, on the rest of it.

    Momenta are of G parts, each with all that hangs on it, points (T, G, 3) or (K, T, G, 3), m,
    from the reference point: joint centres, or the hub's centre of mass. The opposites are joint
    moments.

    ``f = F_ext − P' + m g`` and ``W = M_ext − L' + Q × g − p × f``.
    """
    belongs = loads.on(members)
    force = belongs @ loads.force - momenta.linear_rate
    force = force + momenta.mass[:, None, :, None] * gravity
    moment = belongs @ loads.moment - momenta.angular_rate
    moment = moment + cross(momenta.first, gravity) - cross(points, force)
    return force, moment


INERTIA, CENTRES, PLATES, BODY, SKIN, UNSEEN, CLOCK, MOTION, CONTACT, EVENTS = SOURCES = (
    "inertia", "centres", "plates", "body", "skin", "unseen", "clock", "motion", "contact",
    "events",
)  # fmt: skip
"""Masses and moments of inertia; centres of mass; force plates; sizes, marker positions and axes of
the body; skin; unobserved coordinates; the clock between markers and forces; what a fit of
motion and forces leaves open; whether a foot on the ground bends at the ball; touchdown and
toe-off of trials without plates."""

UNDISTURBED = ""
"""Source of the state in which nothing is disturbed."""


@dataclass(frozen=True, slots=True)
class Motions:
    """Several motions of the same trial, each of a body of its own."""

    skeletons: tuple[Skeleton, ...]
    """Tuple of D Skeleton."""
    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (D, T, C) arrays, rad or m, per s, per s²."""

    def frames(self, chosen: slice | IntArray) -> Motions:
        """The same for some of the frames."""
        motion = (self.q[:, chosen], self.u[:, chosen], self.udot[:, chosen])
        return Motions(self.skeletons, *motion)

    def first(self, count: int) -> Motions:
        """At most so many of the motions."""
        return Motions(self.skeletons[:count], self.q[:count], self.u[:count], self.udot[:count])


@dataclass(frozen=True, eq=False)
class States:
    """States of a trial of T frames, one after the other along the frames."""

    sources: tuple[str, ...]
    """Tuple of K names. What is disturbed in each state."""
    skeleton: Skeleton
    """Of all states, or with masses of K T frames."""
    kinematics: SegmentKinematics
    """Of K T frames."""
    loads: tuple[ExternalLoad, ...]
    """Tuple of F ExternalLoad. Of K T frames."""

    def each(self, values: FloatArray, axis: int = 0) -> FloatArray:
        """Values of K T frames along an axis, as (K, T) of them there."""
        count = len(self.sources)
        shape = (*values.shape[:axis], count, -1, *values.shape[axis + 1 :])
        return values.reshape(shape)


def joined_states(every: Sequence[States]) -> States:
    """States of several bodies as states of one tree whose masses are each state's own."""
    first = every[0]
    frames = len(first.kinematics.q) // len(first.sources)
    return States(
        sources=tuple(source for one in every for source in one.sources),
        skeleton=first.skeleton.with_inertia_of(
            [one.skeleton for one in every for _ in one.sources], frames
        ),
        kinematics=joined([one.kinematics for one in every]),
        loads=tuple(_joined_loads(own) for own in zip(*(one.loads for one in every), strict=True)),
    )


def _joined_loads(every: Sequence[ExternalLoad]) -> ExternalLoad:
    """Loads on one segment, one after the other along the frames."""
    first = every[0]
    shares = [one.share for one in every if one.share is not None]
    return replace(
        first,
        force=np.concatenate([one.force for one in every]),
        moment=np.concatenate([one.moment for one in every]),
        point=np.concatenate([np.broadcast_to(one.point, one.force.shape) for one in every]),
        share=np.concatenate(shares) if shares else None,
    )


def plate_states(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    spread: LoadSpread,
) -> States:
    """The undisturbed state, and one for every error of every plate."""
    gain, shift = (
        np.concatenate([np.zeros_like(one[:1]), one])
        for one in load_error_points(spread, len(loads))
    )
    frames = len(kinematics.q)
    drawn = drawn_loads(loads, np.zeros((frames, 3)), gain, shift)
    again = np.tile(np.arange(frames), len(gain))
    wrong = tuple(
        replace(
            load.frames(again),
            force=force.reshape(-1, 3), moment=moment.reshape(-1, 3), point=np.zeros(3),
        )
        for load, force, moment in zip(
            loads, np.moveaxis(drawn.force, 2, 0), np.moveaxis(drawn.moment, 2, 0), strict=True
        )
    )  # fmt: skip
    every = kinematics.picked(again)
    return States((UNDISTURBED, *[PLATES] * (len(gain) - 1)), skeleton, every, wrong)


def motion_states(source: str, motions: Motions, loads: Sequence[ExternalLoad]) -> Iterator[States]:
    """States of motions under the same loads (of their frames); those of one skeleton together."""
    numbers = range(len(motions.skeletons))
    for _, alike in groupby(numbers, key=lambda n: id(motions.skeletons[n])):
        chosen = list(alike)
        skeleton = motions.skeletons[chosen[0]]
        motion = (one[chosen].reshape(-1, one.shape[2]) for one in _arrays(motions))
        frames = np.tile(np.arange(motions.q.shape[1]), len(chosen))
        kinematics = segment_kinematics(skeleton, *motion)
        repeated = tuple(load.frames(frames) for load in loads)
        yield States((source,) * len(chosen), skeleton, kinematics, repeated)


def _arrays(motions: Motions) -> tuple[FloatArray, FloatArray, FloatArray]:
    return motions.q, motions.u, motions.udot


def inertia_sources(
    skeleton: Skeleton,
    spread: InertiaSpread,
    twin: IntArray,
    count: int,
    seed: int,
    centres: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Draws (K, B, 10) of the inertial parameters by source: centres of mass, and all but these."""
    parts = {
        INERTIA: (replace(spread, centre=0.0), None),
        CENTRES: (replace(spread, mass=0.0, size=0.0, body=0.0), centres),
    }
    return {
        source: inertia_draws(skeleton, one, twin, count, generator_of(source, seed), known)
        for source, (one, known) in parts.items()
    }


def generator_of(source: str, seed: int) -> np.random.Generator:
    """Random numbers of a source: those of no other, and the same with and without others."""
    return np.random.default_rng((seed, SOURCES.index(source)))


def source_sds(values: FloatArray, sources: Sequence[str]) -> FloatArray:
    """Standard deviation by source of numbers that were drawn one source at a time.

    Parameters
    ----------
    values : (K, ...) array
    sources : sequence of K str
        Source of every draw; exactly one is `UNDISTURBED`.

    Returns
    -------
    (S, ...) array
        In the order of `SOURCES`; 0 for a source that was not drawn. Squares add up to the variance
        of the whole.

    Examples
    --------
    Two draws of masses move a number by 3 up and down, two of the skin by 4:

    >>> values = np.array([10.0, 13.0, 7.0, 14.0, 6.0])
    >>> sds = source_sds(values, ["", "inertia", "inertia", "skin", "skin"])
    >>> sds.tolist(), float(np.sqrt((sds**2).sum()))
    ([3.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0], 5.0)
    """
    labels = np.asarray(sources)
    (base,) = np.flatnonzero(labels == UNDISTURBED)
    sds = np.zeros((len(SOURCES), *values.shape[1:]))
    for number, source in enumerate(SOURCES):
        if (chosen := labels == source).any():
            sds[number] = np.sqrt(((values[chosen] - values[base]) ** 2).mean(axis=0))
    return sds
