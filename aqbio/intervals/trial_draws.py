"""How sure level C is: induced accelerations of other bodies, motions, plates and feet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, groupby

import numpy as np

from aqbio.body.draws import BodySpread, drawn_bodies, drawn_skeleton, twins
from aqbio.contributions.hub import coordinate_sources
from aqbio.contributions.induced import InducedAccelerations, foot_contact
from aqbio.contributions.levels import Anatomy, Levels, causes
from aqbio.gait.roles import RoleScheme, membership
from aqbio.gait.steps import Step
from aqbio.intervals.sources import (
    BODY,
    CLOCK,
    CONTACT,
    SKIN,
    UNSEEN,
    Motions,
    States,
    generator_of,
    inertia_sources,
    joined_states,
    motion_states,
    plate_states,
)
from aqbio.intervals.uncertainty import (
    DrawnOutcomes,
    Parts,
    Spread,
    body_outcomes,
    joined_outcomes,
    state_outcomes,
)
from aqbio.multibody.dynamics import RESIDUAL, ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import STRIDE_RATE_HZ, MarkerNoise, coordinate_covariance, range_sd
from aqbio.signals import quintic_spline
from aqbio.vectors import BoolArray, FloatArray, IntArray

TOES = "mtp"
"""What the joints at the ball of the foot are reported as, before their side."""


@dataclass(frozen=True, slots=True)
class Run:
    """One motion and its loads: the arguments of :func:`.levels.levels`."""

    skeleton: Skeleton
    kinematics: SegmentKinematics
    loads: Sequence[ExternalLoad]
    """Sequence of F ExternalLoad."""
    touching: BoolArray
    """(T, F) bool array."""
    anatomy: Anatomy
    surface_height: float = 0.0
    """Of the ground that feet touch, m."""


@dataclass(frozen=True, slots=True)
class DrawnCauses:
    """Draws of level C under one contact model."""

    sources: tuple[str, ...]
    """Tuple of S names."""
    ground_force: FloatArray
    """(K, T, S, 3) array, N. Of both feet together."""
    group_rate: FloatArray
    """(K, T, S, G, 3) array, N m. Rate of each group's angular momentum about the whole body's
    centre of mass."""
    pelvis_acceleration: FloatArray
    """(K, T, S, 3) array, rad/s². Angular acceleration of the pelvis."""


def state_causes(every: Iterable[States], run: Run) -> dict[str, DrawnCauses]:
    """Level C of states, one draw each, by contact model; the same free joints at once."""
    found: dict[str, DrawnCauses] = {}
    for _, alike in groupby(every, key=lambda one: one.skeleton.coordinate_locked.tobytes()):
        states = joined_states(tuple(alike))
        again = replace(
            run,
            skeleton=states.skeleton,
            kinematics=states.kinematics,
            loads=states.loads,
            touching=np.tile(run.touching, (len(states.sources), 1)),
        )
        own = _drawn(states, _causes(again))
        found = joined_causes(found, own) if found else own
    return found


def stiff_foot_causes(run: Run) -> dict[str, DrawnCauses]:
    """Level C with feet that do not bend at the ball, one draw; empty where they bend nowhere.

    Foot and toes are one body then, as in models without such a joint. What the ground prevents of
    this body, a heel that rises above resting toes included, depends on it more than on all else
    that is drawn, if a foot must not turn (C3).
    """
    skeleton, names = run.skeleton, run.anatomy.joints.items()
    toes = {name: joint for name, joint in names if name.rpartition("_")[0] == TOES}
    owned = coordinate_sources(skeleton, toes, run.anatomy.root, RESIDUAL)
    held = np.isin(np.arange(len(skeleton.coordinates)), [n for one in toes for n in owned[one]])
    if not held[skeleton.free].any():
        return {}
    stiff = replace(skeleton, coordinate_locked=skeleton.coordinate_locked | held)
    state = States((CONTACT,), stiff, run.kinematics, tuple(load.whole for load in run.loads))
    return _drawn(state, _causes(replace(run, skeleton=stiff, loads=state.loads)))


def joined_causes(
    first: Mapping[str, DrawnCauses], then: Mapping[str, DrawnCauses]
) -> dict[str, DrawnCauses]:
    """Draws of the same frames, those of one set behind those of another."""
    names = [one.name for one in fields(DrawnCauses)][1:]
    return {
        model: DrawnCauses(
            one.sources,
            *(np.concatenate([getattr(one, name), getattr(then[model], name)]) for name in names),
        )
        for model, one in first.items()
    }


def _causes(run: Run) -> Mapping[str, InducedAccelerations]:
    """Level C by contact model."""
    skeleton, anatomy = run.skeleton, run.anatomy
    feet = [
        foot_contact(load, held, surface_height=run.surface_height)
        for load, held in zip(run.loads, run.touching.T, strict=True)
    ]
    tau = inverse_dynamics(skeleton, run.kinematics, run.loads)
    coordinates = coordinate_sources(skeleton, anatomy.joints, anatomy.root, RESIDUAL)
    groups = membership(anatomy.groups, skeleton.bodies)
    pelvis = skeleton.bodies.index(anatomy.groups["pelvis"][0])
    return causes(skeleton, run.kinematics, tau, coordinates, feet, (groups, pelvis))


def _drawn(states: States, caused: Mapping[str, InducedAccelerations]) -> dict[str, DrawnCauses]:
    return {
        model: DrawnCauses(
            sources=induced.sources,
            ground_force=states.each(induced.force.sum(axis=2)),
            group_rate=states.each(induced.group_rate),
            pelvis_acceleration=states.each(induced.pelvis_acceleration),
        )
        for model, induced in caused.items()
    }


def unobserved_roots(covariance: FloatArray, unseen: BoolArray) -> FloatArray:
    """How all coordinates move with the unobserved ones given the markers, per unit normal.

    Of their covariance (T, C, C): ``Σ_cu L⁻ᵀ`` with ``Σ_uu = L Lᵀ``; 0 for observed coordinates.
    """
    roots, own = np.zeros_like(covariance), np.flatnonzero(unseen)
    lower = np.linalg.cholesky(covariance[:, own[:, None], own])
    across = np.linalg.solve(lower, covariance[:, own])
    roots[:, :, own] = np.swapaxes(across, 1, 2)
    return roots


def unobserved_swings(
    time: FloatArray, roots: FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Draw how unobserved coordinates may differ from where they are assumed, (D, T, C), rad or m.

    ``R (a cos ωt + b sin ωt)`` at the frequency of strides with normal a and b and the roots R (T,
    C, C): of covariance ``R Rᵀ`` at every instant, and ``(2π STRIDE_RATE_HZ)²`` times that in
    speed. Momentum depends on the speed of the unseen mass more than on its position: legs' H of a
    sprinter whose arms are assumed at rest is off by up to 0.9 kg m²/s.
    """
    phase = 2.0 * np.pi * STRIDE_RATE_HZ * (time - time[0])
    cosine, sine = generator.standard_normal((2, count, 1, roots.shape[1]))
    swings = cosine * np.cos(phase)[:, None] + sine * np.sin(phase)[:, None]
    return np.asarray((roots @ swings[..., None])[..., 0])


SPLINE_REACH = 24
"""Frames after which a spline has forgotten its end: by 0.43 a frame, to 2e-9."""

FEWER = 16
"""Every draw of level C solves the equations of motion anew: a sixteenth of the draws must do."""

LEAST = 6
"""Draws of a source in level C at least."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many draws, and of how much of a stance."""

    count: int
    """Draws of masses and of centres of mass."""
    seed: int
    frames: int = 0
    """About so many frames of a stance are drawn, evenly spread; 0: all of them. The means of few
    frames differ from those of all, what the draws change about them hardly."""
    motions: int = 60
    """Motions with other soft-tissue artefact, the largest uncertainty of curves."""
    bodies: int = 60
    """Motions recomputed on other bodies."""

    def __post_init__(self) -> None:
        """Refuse samples of nothing."""
        if min(self.count, self.motions, self.bodies) < 1 or self.frames < 0:
            raise ValueError(f"a sampling needs draws: {self}.")


@dataclass(frozen=True, slots=True)
class TrialDraws:
    """What the uncertainty of all steps of a trial is drawn from."""

    levels: Levels
    anatomy: Anatomy
    time: FloatArray
    """(T,) array, s."""
    heading: float
    """Direction of travel, rad to the left of +x."""
    touching: BoolArray
    """(T, 2) bool array. Frames between touchdown and toe-off of the left and of the right foot."""
    spread: Spread
    sampling: Sampling
    roles: RoleScheme = field(default_factory=RoleScheme)
    moved: Mapping[str, Motions] = field(default_factory=dict)
    """Mapping. Motions by source; none where the body is taken as exact."""
    first_moved: int = 0
    """Frame of the trial at which these begin."""

    @property
    def parts(self) -> Parts:
        """Groups, chains and joints that are drawn."""
        return drawn_parts(self.levels, self.anatomy)

    def moved_motions(self, source: str, frames: IntArray) -> Motions:
        """Some frames of the trial as a source may have moved them."""
        return self.moved[source].frames(frames - self.first_moved)

    def frames(self, step: Step) -> slice:
        """Frames of a stance that are drawn."""
        inside = (self.time >= step.touchdown) & (self.time <= step.toe_off)
        first, last = int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1]))
        wanted = self.sampling.frames or last - first
        return slice(first, last, max(1, (last - first) // wanted))


def with_bodies(
    draws: TrialDraws,
    spread: BodySpread,
    weight: FloatArray,
    window: slice | None = None,
    unseen: BoolArray | None = None,
    clock: float = 0.0,
) -> TrialDraws:
    """Draws of other motions too: bodies, soft tissue, unobserved coordinates, the clock.

    `weight` (K,) of the markers that inverse kinematics followed; `window` the frames that will be
    drawn with `SPLINE_REACH` more on both sides; `unseen` (C,) bool: not observed, or held by the
    model though markers move with them, and free in the draws; `clock` sd between markers and
    forces, s. Contacts are the forces': the motion is once earlier and once later by it.
    """
    inside, sampling = window or slice(0, len(draws.time)), draws.sampling
    skeleton, time = spread.template.skeleton, draws.time[inside]
    q = draws.levels.mechanics.kinematics.frames(inside).q
    drawn = drawn_bodies(
        spread, time, q, weight, (sampling.bodies, sampling.motions),
        generator_of(BODY, sampling.seed),
        centres_known=draws.spread.centres is not None,
    )  # fmt: skip
    same = (skeleton,) * sampling.motions
    change = {BODY: (drawn.skeletons, drawn.by_shape), SKIN: (same, drawn.by_skin)}
    if unseen is not None and unseen.any():
        roots = _unobserved_roots(spread, q, weight, unseen)
        free = replace(skeleton, coordinate_locked=skeleton.coordinate_locked & ~unseen)
        generator = generator_of(UNSEEN, sampling.seed)
        swings = unobserved_swings(time, roots, sampling.motions, generator)
        change[UNSEEN] = (free,) * sampling.motions, swings
    if clock > 0.0:
        spline = quintic_spline(time, q)
        shifts = np.stack([spline(time + later) - q for later in (-clock, clock)])
        change[CLOCK] = ((skeleton,) * len(shifts), shifts)
    moved = {
        source: Motions(bodies, *_splined(skeleton, time, q + by))
        for source, (bodies, by) in change.items()
    }
    return replace(draws, moved=moved, first_moved=inside.start)


def _unobserved_roots(
    spread: BodySpread, q: FloatArray, weight: FloatArray, unseen: BoolArray
) -> FloatArray:
    """How coordinates follow those that are unseen, (T, C, C), by the markers that are."""
    own, skeleton = spread.template.markers, spread.template.skeleton
    skeleton = replace(
        skeleton,
        coordinate_locked=skeleton.coordinate_locked & ~unseen,
        markers=own.labels,
        marker_body=own.body,
        marker_position=own.position,
    )
    followed, every = np.tile(weight / weight.max(), (len(q), 1)), np.arange(len(weight))
    noise = MarkerNoise.uniform(len(weight))
    prior = range_sd(skeleton)
    covariance = coordinate_covariance(skeleton, q, every, followed, prior, noise)
    return unobserved_roots(covariance, unseen & (prior > 0.0))


def _splined(
    skeleton: Skeleton, time: FloatArray, q: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coordinates (D, T, C), speeds and accelerations of D motions, from one spline of all."""
    spline = quintic_spline(time, np.moveaxis(q, 1, 0))
    rates = (np.moveaxis(spline.derivative(order)(time), 0, 1) for order in (1, 2))
    flat = (one.reshape(-1, q.shape[2]) for one in (q, *rates))
    motion = with_dependent(skeleton, Motion(*flat))
    return motion.q.reshape(q.shape), motion.u.reshape(q.shape), motion.udot.reshape(q.shape)


Undisturbed = tuple[Skeleton, SegmentKinematics, list[ExternalLoad]]


def drawn_outcomes(draws: TrialDraws, frames: slice | IntArray) -> tuple[list[str], DrawnOutcomes]:
    """Levels A and B of some frames with one source disturbed at a time, and undisturbed.

    Returns
    -------
    list of K str
        Source of every draw.
    DrawnOutcomes
        Ground axes.
    """
    frames = np.arange(len(draws.time))[frames]
    own, parts = _undisturbed(draws, frames), draws.parts
    moved = _moved(draws, own, frames)
    states = joined_states([plate_states(*own, draws.spread.loads), *moved])
    inertia = drawn_inertia(draws, own[0], draws.sampling.count)
    bodies = body_outcomes(*own, parts, np.concatenate(list(inertia.values())))
    sources = [*states.sources, *(source for source, drawn in inertia.items() for _ in drawn)]
    return sources, joined_outcomes([state_outcomes(states, parts), bodies])


def drawn_level_c(
    draws: TrialDraws, frames: slice | IntArray
) -> tuple[list[str], Mapping[str, DrawnCauses]]:
    """Level C by contact model as :func:`drawn_outcomes` has A and B, of the first of its draws."""
    frames = np.arange(len(draws.time))[frames]
    own, mechanics = _undisturbed(draws, frames), draws.levels.mechanics
    run = Run(*own, draws.touching[frames], draws.anatomy, mechanics.surface_height)
    count = max(draws.sampling.count // FEWER, LEAST)
    inertia = (
        States((source,), drawn_skeleton(own[0], one), own[1], tuple(own[2]))
        for source, drawn in drawn_inertia(draws, own[0], draws.sampling.count).items()
        for one in drawn[:count]
    )
    moved = _moved(draws, own, frames, count)
    every = [plate_states(*own, draws.spread.loads), *chain(moved, inertia)]
    sources = [source for states in every for source in states.sources]
    found = state_causes(every, run)
    if stiff := stiff_foot_causes(run):
        return [*sources, CONTACT], joined_causes(found, stiff)
    return sources, found


def _undisturbed(draws: TrialDraws, frames: IntArray) -> Undisturbed:
    mechanics = draws.levels.mechanics
    loads = [load.frames(frames) for load in mechanics.loads]
    return mechanics.skeleton, mechanics.kinematics.picked(frames), loads


def drawn_inertia(draws: TrialDraws, skeleton: Skeleton, count: int) -> dict[str, FloatArray]:
    """Draws (K, B, 10) of a trial's inertial parameters by source."""
    spread, seed = draws.spread, draws.sampling.seed
    twin = draws.parts.twin
    return inertia_sources(skeleton, spread.inertia, twin, count, seed, spread.centres)


def _moved(
    draws: TrialDraws, own: Undisturbed, frames: IntArray, count: int | None = None
) -> Iterator[States]:
    """States of other motions, of every source as many as asked for."""
    for source in draws.moved:
        motions = draws.moved_motions(source, frames)
        yield from motion_states(source, motions.first(count or len(motions.q)), own[2])


def drawn_parts(levels: Levels, anatomy: Anatomy) -> Parts:
    """Groups, chains and joints that are drawn: reported joints first, then the chains'."""
    skeleton = levels.mechanics.skeleton
    hub = levels.hubs[0][0].hub
    joints = [skeleton.joints.index(joint) for joint in anatomy.joints.values()]
    roots = [root for chain in hub.chains for root in chain.roots]
    return Parts(
        groups=membership(anatomy.groups, skeleton.bodies),
        hub=hub,
        joints=np.array(list(dict.fromkeys(joints + roots))),
        twin=twins(skeleton.bodies, anatomy.groups),
    )
