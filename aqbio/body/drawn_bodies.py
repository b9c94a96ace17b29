"""Bodies that an athlete might have, and how the motion that markers gave follows each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.body import BodyMarkers
from aqbio.body.fit import laplace
from aqbio.body.open_centres import FRAMES, centre_slopes, held_normal
from aqbio.body.priors import Priors
from aqbio.body.problem import Problem
from aqbio.body.shape import Template
from aqbio.body.unknowns import ChosenFrames, State
from aqbio.multibody.covariances import square_root
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import STRIDES
from aqbio.vectors import FloatArray

HARMONICS = 4
"""Skin moves at up to so many times the stride's frequency, 8 Hz: beyond, filters take it away."""


@dataclass(frozen=True, eq=False)
class BodySpread:
    """How far an athlete's body may be from the model's."""

    template: Template
    """The athlete's own model with the K markers that the motion was solved with; its shape is
    zero."""
    covariance: FloatArray
    """(P, P) array. Of log factors, offsets, tilts and slides about that, in the order of
    `Shape.vector`."""
    skin_sd: FloatArray
    """(K,) array, m. Of each marker on moving skin about its position, each axis."""
    common: float
    """Share of the skin's variance that the markers of a part have in common."""

    def shapes(self, count: int, generator: np.random.Generator) -> FloatArray:
        """(count, P) array: shapes that are as likely as the covariance says."""
        root = square_root(self.covariance)
        drawn: FloatArray = generator.standard_normal((count, len(root))) @ root
        return drawn

    def open_centres(self, q: FloatArray, weight: FloatArray) -> FloatArray:
        """(3 B, 3 B) array, m²: covariance of centres of mass by the body's posterior.

        Segment axes, seen from markers of weights (K,) in frames q, (F, C).
        """
        slopes = centre_slopes(self.template, q, weight)
        covariance: FloatArray = slopes @ self.covariance @ slopes.T
        return covariance

    def skin(self, time: FloatArray, count: int, generator: np.random.Generator) -> FloatArray:
        """(count, T, K, 3) array, m: soft-tissue displacements of markers, body axes.

        Harmonics of the stride's frequency, amplitudes falling as one over the frequency, random
        phases.
        """
        part = self.template.parts.of_body[self.template.markers.body]
        number = np.arange(1, HARMONICS + 1)
        angle = 2.0 * np.pi * STRIDES * np.multiply.outer(time - time[0], number)
        waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        waves *= np.tile(1.0 / number, 2) / np.sqrt((1.0 / number**2).sum())
        shape = (waves.shape[1], count, len(self.template.parts.names), 3)
        common = generator.standard_normal(shape)[:, :, part]
        own = generator.standard_normal((*shape[:2], len(part), 3))
        mixed = np.sqrt(self.common) * common + np.sqrt(1.0 - self.common) * own
        amplitude = (self.skin_sd[:, None] * mixed).reshape(len(mixed), -1)
        moved: FloatArray = (waves @ amplitude).reshape(len(time), *mixed.shape[1:])
        return moved.swapaxes(0, 1)


@dataclass(frozen=True, eq=False)
class DrawnBodies:
    """Bodies, skins, and what the coordinates of the same markers are with each."""

    skeletons: tuple[Skeleton, ...]
    """Tuple of D Skeleton."""
    by_shape: FloatArray
    by_skin: FloatArray
    """by_shape, by_skin: (D, T, C) and (S, T, C) arrays, rad or m. To be added to the model's
    coordinates on each body, and where skin moved; zero for those that are not free."""


def drawn_bodies(
    spread: BodySpread,
    time: FloatArray,
    q: FloatArray,
    weight: FloatArray,
    counts: tuple[int, int],
    generator: np.random.Generator,
    *,
    centres_known: bool = False,
) -> DrawnBodies:
    """Draw D bodies and S soft-tissue displacements, with the changes of q (T, C).

    `weight` (K,) of the markers in inverse kinematics. With `centres_known`, centres of mass stay
    where the markers have them on the model: they are drawn elsewhere from what forces leave open
    and must not be drawn twice.

    On a body of another shape θ the model's markers are elsewhere by ``Δp = p(θ, q) − p(0, q)``,
    with soft tissue displaced by s by ``Δp = R s``; linearised inverse kinematics answers with ``δq
    = −(Jᵀ W J + ε)⁻¹ Jᵀ W Δp``. Where ``centres_known``, centres of mass stay where the markers
    have them on the model, because they are drawn elsewhere: they must not be drawn twice.
    """
    template, frames, (count, skins) = spread.template, len(q), counts
    markers, free = BodyMarkers(template), template.skeleton.free
    vectors = spread.shapes(count, generator)
    shapes = [template.shape(one) for one in vectors]
    position, by_coordinate = markers.by_coordinate(template.shape(), q)
    rotation = segment_poses(template.skeleton, q).rotation[:, template.markers.body]
    skin = rotation @ spread.skin(time, skins, generator).transpose(1, 2, 3, 0)
    moved = [markers.positions(shape, q) - position for shape in shapes]
    rows = np.moveaxis(by_coordinate[free], 0, -1).reshape(frames, -1, len(free))
    normal, weighted = held_normal(rows, weight)
    change = np.zeros((count + skins, frames, q.shape[1]))
    every = np.concatenate([np.stack(moved, axis=-1), skin], axis=-1)
    right = weighted @ every.reshape(frames, -1, count + skins)
    change[..., free] = -np.linalg.solve(normal, right).transpose(2, 0, 1)
    skeletons = tuple(template.skeleton_of(shape) for shape in shapes)
    if centres_known:
        some = q[:: max(1, frames // FRAMES)]
        away = vectors @ centre_slopes(template, some, weight).T
        skeletons = tuple(
            replace(body, com=body.com - apart.reshape(-1, 3))
            for body, apart in zip(skeletons, away, strict=True)
        )
    return DrawnBodies(skeletons, change[:count], change[count:])


def about_model(covariance: FloatArray, template: Template, offset: FloatArray) -> FloatArray:
    """Covariance (P, P) of a body's shape about its calibrated model instead of the generic one.

    The calibrated model's markers ``a' = s a + d`` stretch with it, offsets d (K, 3), m, do not:
    ``s a eᵟ + d + δd = a' eᵟ + δd'`` gives ``δd' = δd − d δ`` axis by axis.
    """
    turn = np.eye(len(covariance))
    part = template.parts.of_body[template.markers.body]
    axis = np.arange(3)
    rows = template.sizes[0] + np.arange(offset.size).reshape(-1, 3)
    turn[rows, 3 * part[:, None] + axis] = -offset
    about: FloatArray = turn @ covariance @ turn.T
    return about


def standing_spread(template: Template, priors: Priors) -> BodySpread:
    """Spread of a body about a model that was fitted elsewhere, after one static trial.

    Laplace's approximation of the calibration whose only recording is the model standing in its
    default pose with its markers in place, and whose priors' means are the model's own.
    """
    skeleton, shape = template.skeleton, template.shape()
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    position = BodyMarkers(template).positions(shape, q)
    one, first = np.ones(1), np.zeros(1, dtype=np.int64)
    frames = ChosenFrames(position, np.ones(1, dtype=bool), one, first, first)
    problem = Problem(template, frames, priors)
    state = State(np.concatenate([shape.vector, q[0, problem.free]]), q[:, problem.free])
    covariance = laplace(problem, state, np.ones(position.shape[:2])).covariance
    size = problem.shape_size
    shapes = covariance[:size, :size]
    return BodySpread(template, shapes, priors.skin_sd, priors.common)
