"""Uncertainty of level C: induced accelerations with disturbed bodies, motions, plates and feet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, groupby

import numpy as np

from aqbio.body.draws import BodySpread, drawn_bodies, drawn_skeleton, twins
from aqbio.gait.drawn_steps import stance_frames
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
    states_by_tree,
)
from aqbio.intervals.uncertainty import (
    DrawnOutcomes,
    Parts,
    Spread,
    body_outcomes,
    joined_outcomes,
    state_outcomes,
)
from aqbio.multibody.dynamics import RESIDUAL, ExternalLoad, newton_euler
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import STRIDE_RATE_HZ, MarkerNoise, coordinate_covariance, range_sd
from aqbio.rotation.hub import coordinate_sources
from aqbio.rotation.induced import InducedAccelerations, MovingBody, foot_contact
from aqbio.rotation.levels import Anatomy, Levels, causes
from aqbio.signals import quintic_spline
from aqbio.vectors import BoolArray, FloatArray, IntArray

TOE_JOINT = "mtp"
"""Reported name of the joints at the ball of the foot, without their side."""


@dataclass(frozen=True, slots=True)
class LoadedMotion:
    """One motion with its loads: the arguments of :func:`.levels.levels`."""

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


def state_causes(batches: Iterable[States], run: LoadedMotion) -> dict[str, DrawnCauses]:
    """Level C of states, one draw each, by contact model."""
    draws: dict[str, DrawnCauses] = {}
    for _, group in groupby(batches, key=lambda state: state.skeleton.coordinate_locked.tobytes()):
        states = joined_states(tuple(group))
        joined_run = replace(
            run,
            skeleton=states.skeleton,
            kinematics=states.kinematics,
            loads=states.loads,
            touching=np.tile(run.touching, (len(states.sources), 1)),
        )
        group_draws = _causes_by_state(states, _causes(joined_run))
        draws = joined_causes(draws, group_draws) if draws else group_draws
    return draws


def stiff_foot_causes(run: LoadedMotion) -> dict[str, DrawnCauses]:
    """Level C with feet that do not bend at the ball, one draw; empty without such a joint.

    Foot and toes are then one body, as in models without the joint. Level C with feet that must not
    turn (C3) depends on this more than on all other sources.
    """
    skeleton, names = run.skeleton, run.anatomy.joints.items()
    toes = {name: joint for name, joint in names if name.rpartition("_")[0] == TOE_JOINT}
    coordinates = coordinate_sources(skeleton, toes, run.anatomy.root, RESIDUAL)
    stiffened = np.isin(
        np.arange(len(skeleton.coordinates)), [n for joint in toes for n in coordinates[joint]]
    )
    if not stiffened[skeleton.free].any():
        return {}
    stiff = replace(skeleton, coordinate_locked=skeleton.coordinate_locked | stiffened)
    state = States(
        (CONTACT,), stiff, run.kinematics, tuple(load.on_first_segment for load in run.loads)
    )
    return _causes_by_state(state, _causes(replace(run, skeleton=stiff, loads=state.loads)))


def joined_causes(
    first: Mapping[str, DrawnCauses], then: Mapping[str, DrawnCauses]
) -> dict[str, DrawnCauses]:
    """Concatenate two sets of draws of the same frames."""
    names = [field_of_draws.name for field_of_draws in fields(DrawnCauses)][1:]
    return {
        model: DrawnCauses(
            draws.sources,
            *(np.concatenate([getattr(draws, name), getattr(then[model], name)]) for name in names),
        )
        for model, draws in first.items()
    }


def _causes(run: LoadedMotion) -> Mapping[str, InducedAccelerations]:
    """Level C by contact model."""
    skeleton, anatomy = run.skeleton, run.anatomy
    feet = [
        foot_contact(load, touching, surface_height=run.surface_height)
        for load, touching in zip(run.loads, run.touching.T, strict=True)
    ]
    tau = newton_euler(skeleton, run.kinematics, run.loads)
    coordinates = coordinate_sources(skeleton, anatomy.joints, anatomy.root, RESIDUAL)
    groups = membership(anatomy.groups, skeleton.bodies)
    pelvis = skeleton.bodies.index(anatomy.groups["pelvis"][0])
    body = MovingBody(skeleton, run.kinematics, groups, pelvis)
    return causes(body, tau, coordinates, feet)


def _causes_by_state(
    states: States, caused: Mapping[str, InducedAccelerations]
) -> dict[str, DrawnCauses]:
    return {
        model: DrawnCauses(
            sources=induced.sources,
            ground_force=states.by_state(induced.force.sum(axis=2)),
            group_rate=states.by_state(induced.group_rate),
            pelvis_acceleration=states.by_state(induced.pelvis_acceleration),
        )
        for model, induced in caused.items()
    }


def unobserved_roots(covariance: FloatArray, unseen: BoolArray) -> FloatArray:
    """Matrix root of the covariance of all coordinates due to unobserved ones, given the markers.

    Of their covariance (T, C, C): ``Σ_cu L⁻ᵀ`` with ``Σ_uu = L Lᵀ``; 0 for observed coordinates.
    """
    roots, unobserved = np.zeros_like(covariance), np.flatnonzero(unseen)
    lower = np.linalg.cholesky(covariance[:, unobserved[:, None], unobserved])
    across = np.linalg.solve(lower, covariance[:, unobserved])
    roots[:, :, unobserved] = np.swapaxes(across, 1, 2)
    return roots


def unobserved_swings(
    time: FloatArray, roots: FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Draw deviations of unobserved coordinates from their assumed course, (D, T, C), rad or m.

    ``R (a cos ωt + b sin ωt)`` at the frequency of strides with normal a and b and the roots R (T,
    C, C): of covariance ``R Rᵀ`` at every instant, and ``(2π STRIDE_RATE_HZ)²`` times that in
    speed. Momentum depends on the speed of unobserved mass more than on its position: the legs' H
    of a sprinter whose arms are assumed at rest errs by up to 0.9 kg m²/s.
    """
    phase = 2.0 * np.pi * STRIDE_RATE_HZ * (time - time[0])
    cosine, sine = generator.standard_normal((2, count, 1, roots.shape[1]))
    swings = cosine * np.cos(phase)[:, None] + sine * np.sin(phase)[:, None]
    return np.asarray((roots @ swings[..., None])[..., 0])


TRUNK_SWING_SD_RAD = np.radians(20.0)
"""rad. Swing of an unobserved trunk on the pelvis, about each axis, at `STRIDE_RATE_HZ`.

Marked trunks have the root mean square speed of a swing of 2 to 11 degrees at 2 to 5 m/s (three men
of Hamner and Delp 2013, a sprinter on a treadmill, JA1), and of 7 to 19 degrees at 6.3 to 9.5 m/s
(three sprinters). The range of the spine's joints would be 35 to 43 degrees.
"""


def swing_sd(skeleton: Skeleton, torso: Sequence[str]) -> FloatArray:
    """(C,) rad or m: SD of the swing of unobserved coordinates: their range's, less for a trunk.

    Nobody who runs swings the trunk through the spine's range at every stride.
    """
    sd, axes = range_sd(skeleton), skeleton.axes
    of_torso = np.isin(np.array(skeleton.bodies)[axes.body], torso) & axes.is_rotation
    columns = np.unique(skeleton.driver[of_torso & (skeleton.driver >= 0)])
    sd[columns] = np.minimum(sd[columns], TRUNK_SWING_SD_RAD)
    return sd


SPLINE_REACH = 24
"""Frames over which the influence of a spline's end decays, by 0.43 a frame, to 2e-9."""

LEVEL_C_DIVISOR = 16
"""Draws of levels A and B per draw of level C, which solves the equations of motion every time."""

MIN_LEVEL_C_DRAWS = 6
"""Minimum number of draws per source in level C."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Number of draws, and of frames per stance."""

    count: int
    """Draws of masses and of centres of mass."""
    seed: int
    frames: int = 0
    """Approximate number of evenly spaced frames drawn per stance; 0: all. Few frames change means,
    but hardly their spread over draws."""
    motions: int = 60
    """Motions with redrawn soft-tissue artefact, the largest uncertainty of curves."""
    bodies: int = 60
    """Motions recomputed on redrawn bodies."""

    def __post_init__(self) -> None:
        """Refuse empty samples."""
        if min(self.count, self.motions, self.bodies) < 1 or self.frames < 0:
            raise ValueError(f"a sampling needs draws: {self}.")


@dataclass(frozen=True, slots=True)
class TrialDraws:
    """Inputs for drawing the uncertainty of all steps of a trial."""

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
    motions: Mapping[str, Motions] = field(default_factory=dict)
    """Mapping. Disturbed motions by source; empty where the body is taken as exact."""
    first_frame: int = 0
    """Frame of the trial at which these begin."""
    posterior: Mapping[str, Motions] = field(default_factory=dict)
    """Mapping. States of a fit by source, in `posterior_frames`: the motion follows body and
    forces, so that no body under another motion, and no soft-tissue artefact, is drawn again."""
    posterior_frames: IntArray = field(default_factory=lambda: np.zeros(0, dtype=int))
    """(F,) int array, ascending."""

    @property
    def parts(self) -> Parts:
        """Groups, chains and joints that are drawn."""
        return drawn_parts(self.levels, self.anatomy)

    def disturbed_motions(self, source: str, frames: IntArray) -> Motions:
        """Select frames of the trial's motions disturbed by a source."""
        if source in self.posterior:
            index = np.searchsorted(self.posterior_frames, frames)
            index = np.minimum(index, len(self.posterior_frames) - 1)
            if not np.array_equal(self.posterior_frames[index], frames):
                raise ValueError("the fit has no states in frames that are drawn.")
            return self.posterior[source].frames(index)
        return self.motions[source].frames(frames - self.first_frame)

    def frames(self, step: Step) -> slice:
        """Frames of a stance that are drawn."""
        return stance_frames(step, self.time, self.sampling.frames)


def with_bodies(
    draws: TrialDraws,
    spread: BodySpread,
    weight: FloatArray,
    window: slice | None = None,
    unseen: BoolArray | None = None,
    clock: float = 0.0,
) -> TrialDraws:
    """Add draws of motions: bodies and soft tissue, unobserved coordinates, the clock.

    Bodies and soft tissue of a motion that was not fitted.

    `weight` (K,) of the markers that inverse kinematics followed; `window` the frames that will be
    drawn with `SPLINE_REACH` more on both sides; `unseen` (C,) bool: not observed, or locked in the
    model though markers move with them, and free in the draws; `clock` sd between markers and
    forces, s. Contacts come from the forces: the motion is shifted once earlier, once later by it.
    """
    inside, sampling = window or slice(0, len(draws.time)), draws.sampling
    skeleton, time = spread.template.skeleton, draws.time[inside]
    q = draws.levels.mechanics.kinematics.frames(inside).q
    change: dict[str, tuple[tuple[Skeleton, ...], FloatArray]] = {}
    if not draws.posterior:
        drawn = drawn_bodies(
            spread, time, q, weight, generator_of(BODY, sampling.seed),
            bodies=sampling.bodies, skins=sampling.motions,
            centres_known=draws.spread.centres is not None,
        )  # fmt: skip
        change[BODY] = drawn.skeletons, drawn.by_shape
        change[SKIN] = (skeleton,) * sampling.motions, drawn.by_skin
    if unseen is not None and unseen.any():
        torso = draws.anatomy.groups.get("torso", ())
        roots = _unobserved_roots(spread, q, weight, unseen, torso)
        free = replace(skeleton, coordinate_locked=skeleton.coordinate_locked & ~unseen)
        generator = generator_of(UNSEEN, sampling.seed)
        swings = unobserved_swings(time, roots, sampling.motions, generator)
        change[UNSEEN] = (free,) * sampling.motions, swings
    if clock > 0.0:
        spline = quintic_spline(time, q)
        shifts = np.stack([spline(time + later) - q for later in (-clock, clock)])
        change[CLOCK] = ((skeleton,) * len(shifts), shifts)
    motions = {
        source: Motions(bodies, *splined(skeleton, time, q + by))
        for source, (bodies, by) in change.items()
    }
    return replace(draws, motions=motions, first_frame=inside.start)


def _unobserved_roots(
    spread: BodySpread, q: FloatArray, weight: FloatArray, unseen: BoolArray, torso: Sequence[str]
) -> FloatArray:
    """Roots (T, C, C) of :func:`unobserved_roots`, given the followed markers."""
    markers, skeleton = spread.template.markers, spread.template.skeleton
    skeleton = replace(
        skeleton,
        coordinate_locked=skeleton.coordinate_locked & ~unseen,
        markers=markers.labels,
        marker_body=markers.body,
        marker_position=markers.position,
    )
    followed, index = np.tile(weight / weight.max(), (len(q), 1)), np.arange(len(weight))
    noise = MarkerNoise.uniform(len(weight))
    prior = swing_sd(skeleton, torso)
    covariance = coordinate_covariance(skeleton, q, index, followed, prior, noise)
    return unobserved_roots(covariance, unseen & (prior > 0.0))


def splined(
    skeleton: Skeleton, time: FloatArray, q: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coordinates (D, T, C), speeds and accelerations of D motions, from one spline."""
    spline = quintic_spline(time, np.moveaxis(q, 1, 0))
    rates = (np.moveaxis(spline.derivative(order)(time), 0, 1) for order in (1, 2))
    flat = (values.reshape(-1, q.shape[2]) for values in (q, *rates))
    motion = with_dependent(skeleton, Motion(*flat))
    return motion.q.reshape(q.shape), motion.u.reshape(q.shape), motion.udot.reshape(q.shape)


Undisturbed = tuple[Skeleton, SegmentKinematics, list[ExternalLoad]]


def drawn_outcomes(draws: TrialDraws, frames: slice | IntArray) -> tuple[list[str], DrawnOutcomes]:
    """Draw levels A and B of frames, undisturbed and with one source disturbed at a time.

    Returns
    -------
    list of K str
        Source of every draw.
    DrawnOutcomes
        Ground axes.
    """
    frames = np.arange(len(draws.time))[frames]
    undisturbed, parts = _undisturbed(draws, frames), draws.parts
    motions = _motion_states(draws, undisturbed, frames)
    trees = states_by_tree([plate_states(*undisturbed, draws.spread.loads), *motions])
    sources = [source for states in trees for source in states.sources]
    outcomes = [state_outcomes(states, parts) for states in trees]
    if inertia := drawn_inertia(draws, undisturbed[0], draws.sampling.count):
        parameters = np.concatenate(list(inertia.values()))
        outcomes.append(body_outcomes(*undisturbed, parts, parameters))
        sources += [source for source, values in inertia.items() for _ in values]
    return sources, joined_outcomes(outcomes)


def drawn_level_c(
    draws: TrialDraws, frames: slice | IntArray
) -> tuple[list[str], Mapping[str, DrawnCauses]]:
    """Draw level C by contact model, for the first draws of :func:`drawn_outcomes`."""
    frames = np.arange(len(draws.time))[frames]
    undisturbed, mechanics = _undisturbed(draws, frames), draws.levels.mechanics
    run = LoadedMotion(
        *undisturbed, draws.touching[frames], draws.anatomy, mechanics.surface_height
    )
    count = max(draws.sampling.count // LEVEL_C_DIVISOR, MIN_LEVEL_C_DRAWS)
    inertia = (
        States(
            (source,), drawn_skeleton(undisturbed[0], draw), undisturbed[1], tuple(undisturbed[2])
        )
        for source, parameters in drawn_inertia(draws, undisturbed[0], draws.sampling.count).items()
        for draw in parameters[:count]
    )
    motions = _motion_states(draws, undisturbed, frames, count)
    disturbed_states = [plate_states(*undisturbed, draws.spread.loads), *chain(motions, inertia)]
    sources = [source for states in disturbed_states for source in states.sources]
    draws_by_model = state_causes(disturbed_states, run)
    if stiff := stiff_foot_causes(run):
        return [*sources, CONTACT], joined_causes(draws_by_model, stiff)
    return sources, draws_by_model


def _undisturbed(draws: TrialDraws, frames: IntArray) -> Undisturbed:
    mechanics = draws.levels.mechanics
    loads = [load.frames(frames) for load in mechanics.loads]
    return mechanics.skeleton, mechanics.kinematics.picked(frames), loads


def drawn_inertia(draws: TrialDraws, skeleton: Skeleton, count: int) -> dict[str, FloatArray]:
    """Draws (K, B, 10) of inertial parameters by source under one motion; none after a fit."""
    if draws.posterior:
        return {}
    spread, seed = draws.spread, draws.sampling.seed
    twin = draws.parts.twin
    return inertia_sources(skeleton, spread.inertia, twin, count, seed, spread.centres)


def _motion_states(
    draws: TrialDraws, undisturbed: Undisturbed, frames: IntArray, count: int | None = None
) -> Iterator[States]:
    """Yield states of disturbed motions, at most `count` per source."""
    for source in (*draws.motions, *draws.posterior):
        motions = draws.disturbed_motions(source, frames)
        yield from motion_states(source, motions.first(count or len(motions.q)), undisturbed[2])


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
