"""Draws from the posterior of a runner's body, and the motion that markers give with each.

Markers determine the pose of their segment; the position of its centre of mass relative to them
depends on sizes, marker positions and hinge axes. More frames of the same markers do not determine
it better: given the calibration, its errors and those of the motion are independent.

A draw of inertia stretches, shifts and scales the mass distribution of a segment as a whole. An
affine map of a mass distribution is a mass distribution, so that masses are positive and moments of
inertia satisfy the triangle inequality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.derivatives import BodyMarkers
from aqbio.body.fit import laplace
from aqbio.body.priors import MIRRORED, Priors
from aqbio.body.problem import Problem
from aqbio.body.shape import ChosenFrames, State, Template, TemplateMarkers
from aqbio.filters import low_pass
from aqbio.multibody.jacobians import TENSOR_ENTRIES, TENSOR_INDICES
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import STRIDE_RATE_HZ
from aqbio.vectors import BoolArray, FloatArray, IntArray, square_root

UNOBSERVED_WEIGHT = 1e-6
"""Weight of a coordinate's current value relative to the markers', which regularises coordinates
that no marker determines."""

AVERAGED_FRAMES = 24
"""Approximate number of frames over which centres of mass relative to markers are averaged."""


def centre_slopes(template: Template, q: FloatArray, weight: FloatArray) -> FloatArray:
    """(3 B, P): derivatives of centres of mass, segment axes, by shape, given the markers.

    ``δx = (∂x/∂θ + ∂x/∂q dq/dθ) δθ`` with ``dq/dθ = −(Jᵀ W J + ε)⁻¹ Jᵀ W ∂p/∂θ`` for markers p;
    averaged over the frames of q (F, C). Errors of the inertia tables are not included.
    """
    skeleton, free = template.skeleton, template.skeleton.free
    markers = BodyMarkers(template).derivatives(template.shape(), q)
    rows = markers.by_pose[..., free].reshape(len(q), -1, len(free))
    normal, weighted = regularised_normal(rows, weight)
    by_marker = weighted.reshape(*weighted.shape[:2], -1, 3)
    by_offset = (by_marker.swapaxes(1, 2) @ markers.by_offset).swapaxes(1, 2)
    pulls = np.empty((*weighted.shape[:2], sum(template.sizes)))
    pulls[..., template.common] = weighted @ markers.by_body.reshape(*rows.shape[:2], -1)
    sizes, offsets = template.sizes[:2]
    pulls[..., sizes : sizes + offsets] = by_offset.reshape(*by_offset.shape[:2], -1)
    follow = -np.linalg.solve(normal, pulls)
    bodies = np.arange(len(skeleton.bodies))
    mass_centres = TemplateMarkers(tuple(map(str, bodies)), bodies, skeleton.com)
    points = replace(template, markers=mass_centres, sliding=template.sliding[:0])
    centres = BodyMarkers(points).derivatives(points.shape(), q)
    by_pose = centres.by_pose[..., free]
    slopes = (by_pose.reshape(len(q), -1, len(free)) @ follow).reshape(*by_pose.shape[:3], -1)
    stretched = centres.by_body
    slopes[..., template.common[: stretched.shape[-1]]] += stretched
    mean = (np.swapaxes(centres.by_offset, 2, 3) @ slopes).mean(axis=0)
    return np.asarray(mean.reshape(3 * len(bodies), -1))


def regularised_normal(rows: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``Jᵀ W J + ε`` (F, N, N) of inverse kinematics, and ``Jᵀ W``."""
    weighted = np.swapaxes(rows * np.repeat(weight, 3)[:, None], 1, 2)
    normal: FloatArray = weighted @ rows
    count = normal.shape[-1]
    largest = np.trace(normal, axis1=1, axis2=2)[:, None, None] / count
    normal += (UNOBSERVED_WEIGHT * largest + np.finfo(float).tiny) * np.eye(count)
    return normal, weighted


HARMONICS = 4
"""Number of harmonics of the stride frequency in simulated soft-tissue movement, up to 8 Hz:
filters remove higher frequencies."""


@dataclass(frozen=True, eq=False)
class BodySpread:
    """Uncertainty of an athlete's body about the model's."""

    template: Template
    """The athlete's own model with the K markers that inverse kinematics followed; its shape is
    zero."""
    covariance: FloatArray
    """(P, P) array. Of log factors, offsets, tilts and slides about that, in the order of
    `Shape.vector`."""
    skin_sd: FloatArray
    """(K,) array, m. SD of each marker on moving skin, each axis."""
    common: float
    """Share of the soft-tissue variance common to the markers of a part."""
    noise_sd: FloatArray | None = None
    """(K,) array, m. Of each marker from frame to frame, beyond sound ones; None of none."""
    cutoff: float = 0.0
    """Of the low-pass of the motion, Hz: noise below it is left in it."""

    def shapes(self, count: int, generator: np.random.Generator) -> FloatArray:
        """(count, P) array: shapes drawn with the covariance."""
        root = square_root(self.covariance)
        shapes: FloatArray = generator.standard_normal((count, len(root))) @ root
        return shapes

    def com_posterior_covariance(self, q: FloatArray, weight: FloatArray) -> FloatArray:
        """(3 B, 3 B) m²: covariance of the centres of mass after the calibration.

        The pose follows markers with weights (K,) at coordinates q (F, C).
        """
        slopes = centre_slopes(self.template, q, weight)
        covariance: FloatArray = slopes @ self.covariance @ slopes.T
        return covariance

    def skin(self, time: FloatArray, count: int, generator: np.random.Generator) -> FloatArray:
        """(count, T, K, 3) m: simulated soft-tissue movement and noise of the markers, body axes.

        Sines of the stride's frequency and its multiples, amplitudes inverse to the frequency,
        phases uniform.
        """
        part = self.template.parts.of_body[self.template.markers.body]
        number = np.arange(1, HARMONICS + 1)
        angle = 2.0 * np.pi * STRIDE_RATE_HZ * np.multiply.outer(time - time[0], number)
        waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        waves *= np.tile(1.0 / number, 2) / np.sqrt((1.0 / number**2).sum())
        shape = (waves.shape[1], count, len(self.template.parts.names), 3)
        common = generator.standard_normal(shape)[:, :, part]
        independent = generator.standard_normal((*shape[:2], len(part), 3))
        mixed = np.sqrt(self.common) * common + np.sqrt(1.0 - self.common) * independent
        amplitude = (self.skin_sd[:, None] * mixed).reshape(len(mixed), -1)
        moved: FloatArray = (waves @ amplitude).reshape(len(time), *mixed.shape[1:])
        if self.noise_sd is not None:
            noise = self.noise_sd[:, None] * generator.standard_normal(moved.shape)
            moved = moved + low_pass(noise, (len(time) - 1) / np.ptp(time), self.cutoff)
        return moved.swapaxes(0, 1)


@dataclass(frozen=True, eq=False)
class DrawnBodies:
    """Drawn bodies and skin movements, and the coordinates that the same markers give with each."""

    skeletons: tuple[Skeleton, ...]
    """Tuple of D Skeleton."""
    by_shape: FloatArray
    by_skin: FloatArray
    """by_shape, by_skin: (D, T, C) and (S, T, C) arrays, rad or m. Changes of the coordinates with
    each body and each skin movement; zero for those that are not free."""


def drawn_bodies(
    spread: BodySpread,
    time: FloatArray,
    q: FloatArray,
    weight: FloatArray,
    generator: np.random.Generator,
    *,
    bodies: int,
    skins: int,
    centres_known: bool = False,
) -> DrawnBodies:
    """Draw D `bodies` and S `skins` (soft tissue), and the motion q (T, C) that IK gives with each.

    On a body of another shape θ the model's markers are elsewhere by ``Δp = p(θ, q) − p(0, q)``,
    with soft tissue displaced by s by ``Δp = R s``; linearised inverse kinematics answers with ``δq
    = −(Jᵀ W J + ε)⁻¹ Jᵀ W Δp``. With ``centres_known``, centres of mass keep their positions
    relative to the markers: they are drawn elsewhere, and must not be drawn twice.
    """
    template, frames = spread.template, len(q)
    markers, free = BodyMarkers(template), template.skeleton.free
    vectors, skeletons = drawn_shapes(
        spread, q, weight, generator, bodies, centres_known=centres_known
    )
    position, by_coordinate = markers.by_coordinate(template.shape(), q)
    rotation = segment_poses(template.skeleton, q).rotation[:, template.markers.body]
    skin = rotation @ spread.skin(time, skins, generator).transpose(1, 2, 3, 0)
    moved = [markers.positions(template.shape(vector), q) - position for vector in vectors]
    rows = np.moveaxis(by_coordinate[free], 0, -1).reshape(frames, -1, len(free))
    normal, weighted = regularised_normal(rows, weight)
    change = np.zeros((bodies + skins, frames, q.shape[1]))
    displacements = np.concatenate([np.stack(moved, axis=-1), skin], axis=-1)
    right = weighted @ displacements.reshape(frames, -1, bodies + skins)
    change[..., free] = -np.linalg.solve(normal, right).transpose(2, 0, 1)
    return DrawnBodies(skeletons, change[:bodies], change[bodies:])


def drawn_shapes(
    spread: BodySpread,
    q: FloatArray,
    weight: FloatArray,
    generator: np.random.Generator,
    count: int,
    *,
    centres_known: bool = False,
) -> tuple[FloatArray, tuple[Skeleton, ...]]:
    """Draw bodies: their shapes (D, P), in the order of `Shape.vector`, and skeletons.

    With ``centres_known``, centres of mass keep their positions relative to the markers, of
    weights (K,), on average over the motion q (T, C).
    """
    template, vectors = spread.template, spread.shapes(count, generator)
    skeletons = tuple(template.skeleton_of(template.shape(vector)) for vector in vectors)
    if centres_known:
        sampled = q[:: max(1, len(q) // AVERAGED_FRAMES)]
        away = vectors @ centre_slopes(template, sampled, weight).T
        skeletons = tuple(
            replace(body, com=body.com - shift.reshape(-1, 3))
            for body, shift in zip(skeletons, away, strict=True)
        )
    return vectors, skeletons


def about_model(covariance: FloatArray, template: Template, offset: FloatArray) -> FloatArray:
    """Covariance (P, P) of a body's shape about its calibrated model instead of the generic one.

    The calibrated model's markers ``a' = s a + d`` stretch with it, offsets of the calibration do
    not: ``s a eᵟ + d + δd = a' eᵟ + δd'`` gives ``δd' = δd − d δ`` axis by axis.
    """
    turn = np.eye(len(covariance))
    part = template.parts.of_body[template.markers.body]
    axis = np.arange(3)
    rows = template.sizes[0] + np.arange(offset.size).reshape(-1, 3)
    turn[rows, 3 * part[:, None] + axis] = -offset
    about: FloatArray = turn @ covariance @ turn.T
    return about


def standing_spread(template: Template, priors: Priors) -> BodySpread:
    """Uncertainty of a body about a model that was fitted elsewhere, after one standing trial.

    Laplace's approximation of the calibration whose only recording is the model standing in its
    default pose with the markers where the model has them.
    """
    skeleton, shape = template.skeleton, template.shape()
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    position = BodyMarkers(template).positions(shape, q)
    weight, zero = np.ones(1), np.zeros(1, dtype=np.int64)
    frames = ChosenFrames(position, np.ones(1, dtype=bool), weight, zero, zero)
    problem = Problem(template, frames, priors)
    state = State(np.concatenate([shape.vector, q[0, problem.free]]), q[:, problem.free])
    covariance = laplace(problem, state, np.ones(position.shape[:2])).covariance
    size = problem.shape_size
    shapes = covariance[:size, :size]
    return BodySpread(template, shapes, priors.skin_sd, priors.common)


@dataclass(frozen=True, slots=True)
class InertiaSpread:
    """Standard deviations of segment parameters about the model's.

    The tables of de Leva (1996) and Dumas et al. (2007) are taken for two draws: over thigh, shank,
    upper arm and forearm of women and men they differ by √2 times 0.07, 0.12 and 0.15 (RMS;
    `aqbio.body.sprint_body`). Scales are accurate to 0.5 %.
    """

    mass: float | FloatArray = 0.07
    """Of a segment's mass, relative, or of each, (B,), before all are scaled to the measured body
    mass."""
    centre: float | FloatArray = 0.12
    """Of each coordinate of its centre of mass, relative to its largest radius of gyration, or of
    each segment's coordinates, (B, 3)."""
    size: float | FloatArray = 0.15
    """Of its extent along each axis, relative, or of each segment, (B,); radii of gyration
    follow."""
    body: float = 0.005
    """Of the measured mass of the whole body, relative."""
    twin_mass: float = 0.033
    """Of the difference between a segment and its twin on the other side, relative to their mass:
    errors of a table are common to both.

    The lean mass of the legs of 55 college athletes differed by 1.29 ± 0.99 % of that of both,
    3.3 % of one leg (RMS), errors of absorptiometry included (Patterson et al. 2023, Int J Exerc
    Sci Conf Proc 16(2):98). If the halves of a segment differ from those of its twin independently,
    so that the whole differs by this, its centre of mass lies elsewhere by this times the mean
    distance of its mass from its centre (`_twin_centre_sd`): 4 mm along a thigh, 1 mm across."""
    twin_size: float = 0.02
    """Of the difference between the extents of twins, relative: 1.2 % by such halves, and legs
    whose lengths differ by 5 mm on average (Knutson 2005, Chiropr Osteopat 13:11)."""
    midline: float = 0.1
    """Variance of what a mirror image of trunk, pelvis and head would change, such as a centre
    beside the midline, relative to that of the same number of a limb: 6 mm (SD) for a trunk. A
    liver of 1.7 kg to the right makes 3; the fits of ten people scatter by 5."""


MEAN_DISTANCE = 0.86
"""Mean distance of a segment's mass from its centre along an axis, over its radius of gyration
along it: 0.87 of a uniform rod, 0.85 of a disc, 0.80 of a normal distribution."""


FOOT_MASS = 0.2
"""Standard deviation of a foot's mass, relative: without shoes 1.2 (Dumas) to 1.5 % (Dempster) of
the body's, 2.1 % in the model of Rajagopal et al. (2016), and a shoe of 0.2 kg makes one a fifth
heavier. At 9.5 m/s a kilogram of foot carries 8 kg m²/s about the transverse axis."""


LEG_CENTRE = (0.13, 0.065, 0.055)
"""`InertiaSpread.centre` of thighs and shanks forward, along and to the side of the segment:
differences of both tables, women and men, over √2 (RMS)."""


TRUNK_GYRATION_M = 0.105
"""Radius of gyration of a trunk about its long axis, m: mean of 4,082 men (0.109) and 1,986 women
(0.100) of ANSUR II by elliptic slices (`scripts/segment_masses.py`), SD between people 7 %."""


def trunk_gyration(skeleton: Skeleton, torso: Sequence[str]) -> float:
    """Radius of gyration of the trunk about its long axis, m: its heaviest segment's least one."""
    members = [skeleton.bodies.index(name) for name in torso]
    heaviest = max(members, key=lambda body: skeleton.mass[body])
    least = np.linalg.eigvalsh(skeleton.inertia[heaviest])[0]
    return float(np.sqrt(least / skeleton.mass[heaviest]))


def inertia_spread(
    skeleton: Skeleton,
    feet: Sequence[str],
    *,
    torso: Sequence[str] = (),
    centre: float | None = None,
) -> InertiaSpread:
    """The spread of segments, by the names of the feet, beyond which toes are, and of the torso.

    A trunk that is wider than people's is as uncertain in its extents as it differs from them:
    models with the inertia of head, arms and trunk in one exist. `centre`: that of all centres of
    mass, where it is another one.
    """
    size = np.full(len(skeleton.bodies), InertiaSpread().size)
    if torso:
        beside_people = abs(np.log(trunk_gyration(skeleton, torso) / TRUNK_GYRATION_M))
        trunk = [skeleton.bodies.index(name) for name in torso]
        size[trunk] = np.maximum(size[trunk], beside_people)
    index = [skeleton.bodies.index(foot) for foot in feet]
    beyond = skeleton.lineage[:, index].any(axis=1)
    legs = (skeleton.lineage[index].sum(axis=0) == 1) & ~beyond
    mass = np.where(beyond, FOOT_MASS, InertiaSpread().mass)
    centres = centre_spread(legs) if centre is None else centre
    return InertiaSpread(mass=mass, centre=centres, size=size)


def centre_spread(legs: BoolArray) -> FloatArray:
    """`InertiaSpread.centre` (B, 3) where thighs and shanks, (B,) bool, are known."""
    spread: FloatArray = np.where(legs[:, None], LEG_CENTRE, InertiaSpread().centre)
    return spread


def twins(bodies: Sequence[str], groups: Mapping[str, Sequence[str]]) -> IntArray:
    """(B,) int: each segment's twin on the other side; itself if there is none."""
    twin = np.arange(len(bodies))
    names = list(bodies)
    for group, members in groups.items():
        if group.endswith("_left"):
            partners = groups.get(f"{group.removesuffix('_left')}_right", ())
            for left, right in zip(members, partners, strict=True):
                first, second = names.index(left), names.index(right)
                twin[first], twin[second] = second, first
    return twin


def centre_covariance(skeleton: Skeleton, spread: InertiaSpread, twin: IntArray) -> FloatArray:
    """(3 B, 3 B) m², segment axes: covariance of centres of mass of :func:`inertia_draws`."""
    bodies = np.arange(len(twin))
    sd = _centre_sd(skeleton, spread)
    correlation = _twin_correlation(skeleton, spread, twin)[:, 1:4]
    covariance = np.zeros((len(twin), 3, len(twin), 3))
    midline = np.where(twin == bodies, spread.midline, 1.0)
    for axis, mirrored in enumerate(MIRRORED):
        tie = mirrored * correlation[:, axis] * sd[:, axis] * sd[twin, axis]
        covariance[bodies, axis, twin, axis] = tie
        variance = sd[:, axis] ** 2
        covariance[bodies, axis, bodies, axis] = variance * (midline if mirrored < 0.0 else 1.0)
    return covariance.reshape(3 * len(twin), -1)


def _centre_sd(skeleton: Skeleton, spread: InertiaSpread) -> FloatArray:
    """(B, 3) array, m: standard deviations of centres of mass, segment axes."""
    weight = np.where(skeleton.mass > 0, skeleton.mass, 1.0)
    largest_radius = np.sqrt(np.linalg.eigvalsh(skeleton.inertia)[:, -1] / weight)
    sd: FloatArray = largest_radius[:, None] * np.broadcast_to(spread.centre, (len(weight), 3))
    return sd


def _second_moments(skeleton: Skeleton) -> FloatArray:
    """(..., B, 3, 3) array, kg m²: ``∫ (x − c)(x − c)ᵀ dm`` of every segment about its centre."""
    trace = np.trace(skeleton.inertia, axis1=-2, axis2=-1)[..., None, None]
    moments: FloatArray = 0.5 * trace * np.eye(3) - skeleton.inertia
    return moments


def _twin_centre_sd(skeleton: Skeleton, spread: InertiaSpread) -> FloatArray:
    """(B, 3) array, m: standard deviation of the difference between twins' centres of mass.

    Halves of mass m/2 at the mean distance ±r from the centre, which differ from the twin's by
    independent shares of SD s: the mass differs by ``s / √2``, the centre by ``r s / √2``.
    """
    weight = np.where(skeleton.mass > 0, skeleton.mass, 1.0)
    moments = np.maximum(np.diagonal(_second_moments(skeleton), axis1=1, axis2=2), 0.0)
    sd: FloatArray = spread.twin_mass * MEAN_DISTANCE * np.sqrt(moments / weight[:, None])
    return sd


def _twin_correlation(skeleton: Skeleton, spread: InertiaSpread, twin: IntArray) -> FloatArray:
    """(B, 10) array: correlation of each number of :func:`_twin_normals` with the twin's.

    ``1 − d² / (2 σ²)`` with standard deviations σ of the number and d of the difference; 0 where
    this is negative, for a number without a spread, and for a segment without a twin.
    """
    bodies = len(twin)
    sd, difference = np.empty((bodies, 10)), np.empty((bodies, 10))
    sd[:, 0], difference[:, 0] = spread.mass, spread.twin_mass
    sd[:, 1:4] = _centre_sd(skeleton, spread)
    difference[:, 1:4] = _twin_centre_sd(skeleton, spread)
    sd[:, 4:], difference[:, 4:] = np.reshape(spread.size, (-1, 1)), spread.twin_size
    square = 2.0 * sd * sd[twin]
    ratio = np.divide(difference * difference[twin], square, out=np.ones_like(sd), where=square > 0)
    own_twin = (twin == np.arange(bodies))[:, None]
    correlation: FloatArray = np.where(own_twin, 0.0, np.maximum(1.0 - ratio, 0.0))
    return correlation


def inertia_draws(
    skeleton: Skeleton,
    spread: InertiaSpread,
    twin: IntArray,
    count: int,
    generator: np.random.Generator,
    centres: FloatArray | None = None,
) -> FloatArray:
    """(K, B, 10): drawn inertial parameters of all segments, in the order of `PARAMETERS`.

    With ``Σ = ∫ (x − c)(x − c)ᵀ dm = tr(I)/2 1 − I`` the draw is ``m' = m eˢ``, ``c' = c + t`` and
    ``Σ' = eˢ S Σ S`` with ``S = exp(E)``, E symmetric: its diagonal entries have the spread of the
    size, the others half of it. Then all masses are scaled so that they add up to the body's;
    massless segments stay massless. ``centres`` (3 B, 3 B), m², replaces the covariance of the
    centres of mass, after a fit of motion and forces. Source: Wensing PM, Kim S, Slotine JJE
    (2018), IEEE Robotics and Automation Letters 3, 60-67.
    """
    bodies = len(skeleton.bodies)
    second = _second_moments(skeleton)
    centre_normals = (
        None if centres is None else centre_draws(generator, count, len(centres))[:, :-OTHERS]
    )
    spreads = (spread.mass, spread.centre, spread.size)
    uncertain = np.repeat([np.any(sd) for sd in spreads], [1, 3, 6])
    columns = np.flatnonzero(uncertain)
    correlation = _twin_correlation(skeleton, spread, twin)
    normal = _twin_normals(generator, twin, correlation, columns, count)
    midline = np.flatnonzero(twin == np.arange(bodies))
    normal[:, midline] *= np.where(REFLECTED < 0.0, np.sqrt(spread.midline), 1.0)
    factor = np.exp(spread.mass * normal[..., 0])
    mass = skeleton.mass * factor
    body = 1.0 + spread.body * generator.standard_normal(count)
    scale = body * skeleton.mass.sum() / mass.sum(axis=1)
    mass = mass * scale[:, None]
    shift = _centre_sd(skeleton, spread) * normal[..., 1:4]
    if centres is not None and centre_normals is not None:
        shift = centre_normals @ square_root(centres)
    com = skeleton.com + shift.reshape(count, bodies, 3)
    stretch = _stretches(np.reshape(spread.size, (-1, 1)) * normal[..., 4:])
    spun = stretch @ second @ stretch * (factor * scale[:, None])[..., None, None]
    return _parameters(mass, com, spun)


def inertial_parameters(skeleton: Skeleton) -> FloatArray:
    """(..., B, 10): mass, first moments and inertia about the body origin, as `PARAMETERS`."""
    return _parameters(skeleton.mass, skeleton.com, _second_moments(skeleton))


def drawn_skeleton(skeleton: Skeleton, parameters: FloatArray) -> Skeleton:
    """The same skeleton with the inertia (B, 10) of one draw; every segment has mass."""
    mass = parameters[:, 0]
    com = parameters[:, 1:4] / mass[:, None]
    tensor = parameters[:, TENSOR_INDICES].reshape(-1, 3, 3)
    square = (com**2).sum(axis=1)[:, None, None] * np.eye(3)
    arm = mass[:, None, None] * (square - com[:, :, None] * com[:, None, :])
    return replace(skeleton, mass=mass, com=com, inertia=tensor - arm)


DRAWN_SHAPES = 16
"""Number of bodies of other sizes, marker places and axes that are drawn."""

DRAWN_BODIES = 64
"""Number of bodies with other masses and moments of inertia, or other centres, that are drawn."""


def orthonormal_draws(generator: np.random.Generator, count: int, size: int) -> FloatArray:
    """Draw `count` vectors of `size` numbers with mean square 1, of random orthogonal directions.

    From count = size on, linear functions of them have exactly the variance of those of independent
    standard normal numbers; with fewer, closer to it than independent vectors.
    """
    normal = generator.standard_normal((max(count, size), min(count, size)))
    directions, triangle = np.linalg.qr(normal)
    directions *= np.where(np.diagonal(triangle) < 0.0, -1.0, 1.0) * np.sqrt(len(normal))
    draws: FloatArray = directions.T if count < size else directions
    return draws


OTHERS = 7
"""Numbers of a person besides the centres of mass that a fit leaves open
(`aqbio.inverse_dynamics.posterior_states`)."""


def centre_draws(generator: np.random.Generator, count: int, size: int) -> FloatArray:
    """(K, size + `OTHERS`) draws of centres of mass along the segments' axes, and of `OTHERS`.

    The same with and without a fit.
    """
    return orthonormal_draws(generator, count, size + OTHERS)


REFLECTED = np.array([1.0, 1, 1, -1, 1, 1, 1, 1, -1, -1])
"""Signs of log mass, centre x, y, z, log size xx, yy, zz, xy, xz, yz in a mirror between left and
right."""


def _twin_normals(
    generator: np.random.Generator,
    twin: IntArray,
    correlation: FloatArray,
    columns: IntArray,
    count: int,
) -> FloatArray:
    """(K, B, 10) draws of log mass, centre x, y, z, log size xx, yy, zz, xy, xz, yz.

    0 but in `columns`; `correlation` (B, 10) between twins, which are sum and difference of two
    draws: ``z_± = √((1 + ρ)/2) s ± √((1 − ρ)/2) d``.
    """
    bodies = len(twin)
    independent = np.zeros((count, bodies, 10))
    values = orthonormal_draws(generator, count, bodies * len(columns))
    independent[..., columns] = values.reshape(count, bodies, -1)
    mixed = independent.copy()
    first = np.flatnonzero(twin > np.arange(bodies))
    second = twin[first]
    along, across = (np.sqrt(0.5 * (1.0 + sign * correlation[first])) for sign in (1.0, -1.0))
    mixed[:, first] = along * independent[:, first] + across * independent[:, second]
    mixed[:, second] = REFLECTED * (along * independent[:, first] - across * independent[:, second])
    return mixed


def _stretches(logs: FloatArray) -> FloatArray:
    """(K, B, 3, 3) symmetric positive matrices ``exp(E)``."""
    exponent = np.zeros((*logs.shape[:2], 3, 3))
    for index, (row, column) in enumerate(TENSOR_ENTRIES):
        share = 1.0 if row == column else 0.5
        exponent[..., row, column] = exponent[..., column, row] = share * logs[..., index]
    values, axes = np.linalg.eigh(exponent)
    stretch: FloatArray = (axes * np.exp(values)[..., None, :]) @ np.swapaxes(axes, -1, -2)
    return stretch


def _parameters(mass: FloatArray, com: FloatArray, second: FloatArray) -> FloatArray:
    """(K, B, 10) parameters about the body origin from central second moments."""
    about = second + mass[..., None, None] * com[..., :, None] * com[..., None, :]
    trace = np.trace(about, axis1=-2, axis2=-1)[..., None, None]
    tensor = trace * np.eye(3) - about
    entries = [tensor[..., r, c] for r, c in TENSOR_ENTRIES]
    first = mass[..., None] * com
    return np.concatenate([mass[..., None], first, np.stack(entries, axis=-1)], axis=-1)
