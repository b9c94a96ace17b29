"""Sources of uncertainty: states of a trial with one source disturbed at a time.

Sources are independent (`aqbio.intervals.worlds`), so that variances of one number add up. Each has
its states; the standard deviation of a result is the root mean square of its deviations in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from aqbio.body.draws import InertiaSpread, centre_covariance, inertia_draws
from aqbio.force_plates.ground_reactions import toes_share, toes_share_error
from aqbio.inverse_dynamics.parameters import LoadSpread
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.multibody.momentum import GroupMomenta
from aqbio.multibody.poses import join_frames
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray, cross


@dataclass(frozen=True, slots=True)
class DrawnLoads:
    """Loads on the segments, with errors that are constant over a trial."""

    bodies: tuple[str, ...]
    toes: tuple[str, ...]
    """bodies, toes: Tuples of F names. Empty names of toes where the body bears all."""
    share: FloatArray
    """(T, F) or (K, T, F) array. Share of each that the toes bear."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (K, T, F, 3) arrays, N and N m. Moment about the reference point."""

    def on(self, members: Sequence[Sequence[str]]) -> FloatArray:
        """(..., T, G, F) share of each load on parts of the body, by their segments."""
        foot, toes = (
            np.array([[float(body in part) for body in names] for part in members])
            for names in (self.bodies, self.toes)
        )
        share = self.share[..., None, :]
        on: FloatArray = foot * (1.0 - share) + toes * share
        return on


LoadErrors = tuple[FloatArray, FloatArray, FloatArray]
"""K errors of the plates under F feet: relative gain (K, F), position (K, F, 3), m, and turn about
each axis (K, F, 3), rad."""


def no_load_errors(feet: int) -> LoadErrors:
    """One set of errors, all 0."""
    return np.zeros((1, feet)), np.zeros((1, feet, 3)), np.zeros((1, feet, 3))


def load_errors(
    spread: LoadSpread, feet: int, count: int, generator: np.random.Generator
) -> LoadErrors:
    """Draw errors of the plates under the feet."""
    gain = spread.gain * generator.standard_normal((count, feet))
    shift = spread.position * generator.standard_normal((count, feet, 3)) * [1.0, 0.0, 1.0]
    turn = np.zeros_like(shift)
    if any(spread.turn):
        turn = np.array(spread.turn) * generator.standard_normal(shift.shape)
    return gain, shift, turn


def load_error_points(spread: LoadSpread, feet: int, others: int = 0) -> LoadErrors:
    """Set one error of one plate at a time, K = 3 F, or 6 F where plates may be turned.

    Loads enter levels A and B linearly: with each of n errors set to √n standard deviations, the
    mean square over the n states is the variance, free of sampling error. ``others`` of the n, the
    last ones, are not of plates.
    """
    sizes = [spread.gain, spread.position, spread.position]
    if any(spread.turn):
        sizes += spread.turn
    count = len(sizes) * feet + others
    unit = np.eye(count, len(sizes) * feet).reshape(count, feet, len(sizes))
    errors = np.sqrt(count) * unit * sizes
    shift, turn = np.zeros((count, feet, 3)), np.zeros((count, feet, 3))
    shift[..., [0, 2]] = errors[..., 1:3]
    if any(spread.turn):
        turn = errors[..., 3:]
    return errors[..., 0], shift, turn


def drawn_loads(loads: Sequence[ExternalLoad], about: FloatArray, errors: LoadErrors) -> DrawnLoads:
    """Apply plate errors to the loads on the feet, about a point (T, 3).

    ``F' = (1 + γ) (F + ω × F)`` and ``M' = (1 + γ) (M + δ × F + ω × (M − c × F) + c × (ω × F))``
    with the errors γ of the gain, δ of the position and ω of the direction about the mean centre
    of pressure c of the frames.
    """
    gain, shift, turn = errors
    force = np.stack([load.force for load in loads], axis=1)
    moment = np.stack([load.moment + cross(load.point - about, load.force) for load in loads], 1)
    repeated = np.broadcast_to(force, (len(gain), *force.shape))
    moved = moment + cross(shift[:, None], repeated)
    if turn.any():
        centre = np.broadcast_to(mean_pressure(force, moment, about), repeated.shape)
        turned = cross(turn[:, None], repeated)
        moved = moved + cross(turn[:, None], moment - cross(centre, repeated))
        moved, force = moved + cross(centre, turned), force + turned
    scale = 1.0 + gain[:, None, :, None]
    share = [np.zeros(len(about)) if load.share is None else load.share for load in loads]
    return DrawnLoads(
        bodies=tuple(load.body for load in loads),
        toes=tuple(load.toes for load in loads),
        share=np.stack(share, axis=1),
        force=scale * force,
        moment=scale * moved,
    )


def mean_pressure(force: FloatArray, moment: FloatArray, about: FloatArray) -> FloatArray:
    """(T, F, 3) array, m: mean centre of pressure of each of F loads, from the points `about`.

    Forces, and moments about these points, (T, F, 3); on the ground at 0 height.
    """
    origin = moment + cross(np.broadcast_to(about[:, None], force.shape), force)
    total = force[..., 1].sum(axis=0)
    bears = np.where(total > 0.0, total, np.inf)
    point = np.stack(
        [origin[..., 2].sum(axis=0) / bears, 0.0 * bears, -origin[..., 0].sum(axis=0) / bears], -1
    )
    centre: FloatArray = np.nan_to_num(point) - about[:, None]
    return centre


def drawn_momentum(
    momenta: GroupMomenta, whole_body: GroupMomenta
) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of groups about the whole body's centre of mass, and its rate, (K, T, G, 3).

    From moments about the reference point o: ``H = L − c × P − Q × v + m c × v`` with the whole
    body's centre of mass c (from o) and velocity v; likewise the rate with accelerations.
    """
    mass = whole_body.mass[:, None, :, None]
    com = whole_body.first / mass

    def about_com(linear: FloatArray, angular: FloatArray, momentum: FloatArray) -> FloatArray:
        velocity = momentum / mass
        own_motion = momenta.mass[:, None, :, None] * cross(com, velocity)
        result: FloatArray = (
            angular - cross(com, linear) - cross(momenta.first, velocity) + own_motion
        )
        return result

    return (
        about_com(momenta.linear, momenta.angular, whole_body.linear),
        about_com(momenta.linear_rate, momenta.angular_rate, whole_body.linear_rate),
    )


def drawn_wrenches(
    momenta: GroupMomenta,
    loads: DrawnLoads,
    members: Sequence[Sequence[str]],
    points: FloatArray,
    gravity: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Force and moment (K, T, G, 3) of parts of the body, at given points, on the rest of it.

    Momenta are of G parts, each with all segments distal to it; points (T, G, 3) or (K, T, G, 3),
    m, from the reference point: joint centres, or the hub's centre of mass. Their negatives are
    joint moments.

    ``f = F_ext − P' + m g`` and ``W = M_ext − L' + Q × g − p × f``.
    """
    belongs = loads.on(members)
    force = belongs @ loads.force - momenta.linear_rate
    force = force + momenta.mass[:, None, :, None] * gravity
    moment = belongs @ loads.moment - momenta.angular_rate
    moment = moment + cross(momenta.first, gravity) - cross(points, force)
    return force, moment


INERTIA = "inertia"
"""Masses and moments of inertia."""

CENTRES = "centres"
"""Centres of mass."""

PLATES = "plates"
"""Force plates."""

BODY = "body"
"""Sizes, marker positions and axes of the body."""

SKIN = "skin"
"""Soft-tissue artefact."""

UNSEEN = "unseen"
"""Unobserved coordinates."""

CLOCK = "clock"
"""Clock offset between markers and forces."""

MOTION = "motion"
"""Posterior spread of the motion after a fit of motion and forces."""

CONTACT = "contact"
"""Contact model: whether a foot on the ground bends at the ball."""

EVENTS = "events"
"""Touchdown and toe-off of trials without plates."""

WEIGHED = "weighed"
"""Whether the fitted or the plain motion is the right one."""

SOURCES = (
    INERTIA, CENTRES, PLATES, BODY, SKIN, UNSEEN, CLOCK, MOTION, CONTACT, EVENTS, WEIGHED,
)  # fmt: skip
"""Sources of one trial, in the order of results. `MODEL` is common to all trials of a participant:
its draw is compared over them before it counts."""

MODEL = "model"
"""The choice of the model: what the same recordings give on another one."""

UNDISTURBED = ""
"""Source of the undisturbed state."""


@dataclass(frozen=True, slots=True)
class Motions:
    """Several motions of the same trial, each of its own body."""

    skeletons: tuple[Skeleton, ...]
    """Tuple of D Skeleton."""
    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (D, T, C) arrays, rad or m, per s, per s²."""
    same_lengths: bool = False
    """True if the skeletons differ in masses and centres of mass only."""

    def frames(self, chosen: slice | IntArray) -> Motions:
        """Select frames."""
        motion = (self.q[:, chosen], self.u[:, chosen], self.udot[:, chosen])
        return replace(self, q=motion[0], u=motion[1], udot=motion[2])

    def first(self, count: int) -> Motions:
        """Select at most `count` motions, from the first on."""
        motion = (self.q[:count], self.u[:count], self.udot[:count])
        return Motions(self.skeletons[:count], *motion, same_lengths=self.same_lengths)


@dataclass(frozen=True, eq=False)
class States:
    """States of a trial of T frames, concatenated along the frames."""

    sources: tuple[str, ...]
    """Tuple of K names. Source disturbed in each state."""
    skeleton: Skeleton
    """Shared by all states, or with masses of K T frames."""
    kinematics: SegmentKinematics
    """Of K T frames."""
    loads: tuple[ExternalLoad, ...]
    """Tuple of F ExternalLoad. Of K T frames."""
    masses: tuple[Skeleton, ...] = ()
    """Tuple of K Skeleton. Those whose inertia the states have; empty for that of `skeleton`."""

    @property
    def bodies(self) -> tuple[Skeleton, ...]:
        """Skeleton whose inertia each state has."""
        return self.masses or (self.skeleton,) * len(self.sources)

    def by_state(self, values: FloatArray, axis: int = 0) -> FloatArray:
        """Split an axis of K T frames into (K, T)."""
        count = len(self.sources)
        shape = (*values.shape[:axis], count, -1, *values.shape[axis + 1 :])
        return values.reshape(shape)


def states_by_tree(parts: Sequence[States]) -> list[States]:
    """Join states of neighbours with the same coordinates: one item for each tree of joints."""
    groups = groupby(parts, key=lambda states: states.skeleton.coordinates)
    return [joined_states(tuple(group)) for _, group in groups]


def joined_states(parts: Sequence[States]) -> States:
    """Join states of several bodies into one tree with the masses of each state."""
    first = parts[0]
    frames = len(first.kinematics.q) // len(first.sources)
    return States(
        sources=tuple(source for states in parts for source in states.sources),
        skeleton=first.skeleton.with_inertia_of(
            [body for states in parts for body in states.bodies], frames
        ),
        kinematics=join_frames([states.kinematics for states in parts]),
        loads=tuple(
            _join_loads(loads_of_body)
            for loads_of_body in zip(*(states.loads for states in parts), strict=True)
        ),
    )


def _join_loads(loads: Sequence[ExternalLoad]) -> ExternalLoad:
    """Concatenate loads on one segment along the frames."""
    first = loads[0]
    shares = [load.share for load in loads if load.share is not None]
    return replace(
        first,
        force=np.concatenate([load.force for load in loads]),
        moment=np.concatenate([load.moment for load in loads]),
        point=np.concatenate([np.broadcast_to(load.point, load.force.shape) for load in loads]),
        share=np.concatenate(shares) if shares else None,
        ahead=None,
    )


def plate_states(
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    loads: Sequence[ExternalLoad],
    spread: LoadSpread,
) -> States:
    """Build the undisturbed state, and one for every error of every plate.

    And one for each load of which toes bear a share: it depends on where the pressure lies.
    """
    toed = {number: load.ahead for number, load in enumerate(loads) if load.ahead is not None}
    points = load_error_points(spread, len(loads), len(toed))
    gain, shift, turn = (np.concatenate([np.zeros_like(errors[:1]), errors]) for errors in points)
    frames = len(kinematics.q)
    disturbed = drawn_loads(loads, np.zeros((frames, 3)), (gain, shift, turn))
    repeated_frames = np.tile(np.arange(frames), len(gain))
    forces, moments = np.moveaxis(disturbed.force, 2, 0), np.moveaxis(disturbed.moment, 2, 0)
    disturbed_loads = [
        replace(
            load.frames(repeated_frames),
            force=force.reshape(-1, 3), moment=moment.reshape(-1, 3), point=np.zeros(3),
        )
        for load, force, moment in zip(loads, forces, moments, strict=True)
    ]  # fmt: skip
    for state, (number, ahead) in enumerate(toed.items(), start=len(gain) - len(toed)):
        share = np.tile(toes_share(ahead), (len(gain), 1))
        share[state] += np.sqrt(len(gain) - 1) * toes_share_error(ahead, spread.position)
        disturbed_loads[number] = replace(disturbed_loads[number], share=share.ravel())
    repeated = kinematics.picked(repeated_frames)
    sources = (UNDISTURBED, *[PLATES] * (len(gain) - 1))
    return States(sources, skeleton, repeated, tuple(disturbed_loads))


def motion_states(source: str, motions: Motions, loads: Sequence[ExternalLoad]) -> Iterator[States]:
    """Build states of motions under the same loads; motions of equal lengths together."""
    numbers = range(len(motions.skeletons))
    lengths = (lambda _: 0) if motions.same_lengths else (lambda n: id(motions.skeletons[n]))
    for _, group in groupby(numbers, key=lengths):
        chosen = list(group)
        skeleton = motions.skeletons[chosen[0]]
        motion = (values[chosen].reshape(-1, values.shape[2]) for values in _arrays(motions))
        frames = np.tile(np.arange(motions.q.shape[1]), len(chosen))
        kinematics = segment_kinematics(skeleton, *motion)
        repeated = tuple(load.frames(frames) for load in loads)
        masses = tuple(motions.skeletons[n] for n in chosen)
        yield States((source,) * len(chosen), skeleton, kinematics, repeated, masses)


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
    """Draw inertial parameters (K, B, 10) by source: centres of mass, and all others."""
    if centres is None:
        centres = centre_covariance(skeleton, spread, twin)
    tables = {
        INERTIA: (replace(spread, centre=0.0), None),
        CENTRES: (replace(spread, mass=0.0, size=0.0, body=0.0), centres),
    }
    return {
        source: inertia_draws(
            skeleton, source_spread, twin, count, generator_of(source, seed), covariance
        )
        for source, (source_spread, covariance) in tables.items()
    }


def generator_of(source: str, seed: int) -> np.random.Generator:
    """Random generator of a source, independent of which other sources are drawn."""
    return np.random.default_rng((seed, SOURCES.index(source)))


def source_sds(
    values: FloatArray, sources: Sequence[str], names: Sequence[str] = SOURCES
) -> FloatArray:
    """Standard deviation by source of results drawn one source at a time.

    Parameters
    ----------
    values : (K, ...) array
    sources : sequence of K str
        Source of every draw; exactly one is `UNDISTURBED`.
    names : sequence of S str
        Sources of the result; other draws do not count.

    Returns
    -------
    (S, ...) array
        In the order of `names`; 0 for a source that was not drawn. Squares add up to the variance
        of the whole.

    Examples
    --------
    Two draws of masses move a number by 3 up and down, two of the skin by 4:

    >>> values = np.array([10.0, 13.0, 7.0, 14.0, 6.0])
    >>> sds = source_sds(values, ["", "inertia", "inertia", "skin", "skin"])
    >>> sds.tolist(), float(np.sqrt((sds**2).sum()))
    ([3.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 5.0)
    """
    labels = np.asarray(sources)
    (base,) = np.flatnonzero(labels == UNDISTURBED)
    sds = np.zeros((len(names), *values.shape[1:]))
    for number, source in enumerate(names):
        if (chosen := labels == source).any():
            sds[number] = np.sqrt(((values[chosen] - values[base]) ** 2).mean(axis=0))
    return sds
