"""Joints that a model holds until a person's markers show them: neck, girdle, forearm.

Without markers on the head, its posture is a belief and no observation; with them, a head that is
held makes the trunk answer for what the neck does. So the markers decide, person by person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from aqbio.body.fit import BodyFit
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.determined import TOLD_SHARE
from aqbio.vectors import FloatArray, IntArray


def fit_of_shown(
    fit_of: Callable[[Skeleton], BodyFit],
    skeleton: Skeleton,
    held: Iterable[str],
    carriers: IntArray,
) -> BodyFit:
    """Fit a body in which those of the locked coordinates are free that the markers identify.

    The deviation of each angle in the fitted frames of movement is at most ``TOLD_SHARE`` of its
    prior's. Both sides are decided together, because a model whose arms can do different things
    makes athletes asymmetric. A joint whose body carries no marker is never tried; one of which
    markers tell too little is locked at its default, and everything fitted again.
    """
    tried = _own_body(skeleton, held, carriers)
    fit = fit_of(with_lock(skeleton, tried, locked=False))
    hidden = _hidden(fit, tried)
    if not hidden:
        return fit
    return fit_of(with_lock(skeleton, tried - hidden, locked=False))


def shown(fit: BodyFit, held: Iterable[str]) -> Iterator[str]:
    """Those of the held coordinates that a fit freed."""
    skeleton = fit.problem.template.skeleton
    for name in held:
        if not skeleton.coordinate_locked[skeleton.coordinates.index(name)]:
            yield name


def with_lock(skeleton: Skeleton, coordinates: Iterable[int], *, locked: bool) -> Skeleton:
    """A skeleton with some coordinates locked or free."""
    now = skeleton.coordinate_locked.copy()
    now[list(coordinates)] = locked
    return replace(skeleton, coordinate_locked=now)


def _own_body(skeleton: Skeleton, held: Iterable[str], carriers: IntArray) -> set[int]:
    """Held coordinates of joints whose own body carries a marker."""
    moved = np.isin(skeleton.axes.body, carriers)
    return {skeleton.coordinates.index(name) for name in held} & set(skeleton.driver[moved])


def _hidden(fit: BodyFit, tried: set[int]) -> set[int]:
    """Those of some coordinates whose joints the markers do not show."""
    skeleton = fit.problem.template.skeleton
    names = {coordinate: _of_both_sides(skeleton.coordinates[coordinate]) for coordinate in tried}
    open_share = dict(zip(fit.problem.free.tolist(), _open_share(fit), strict=True))
    unsure = set()
    for name in set(names.values()):
        same = [coordinate for coordinate in tried if names[coordinate] == name]
        if np.mean([open_share[coordinate] for coordinate in same]) > TOLD_SHARE**2:
            unsure |= set(same)
    lost = np.isin(skeleton.driver, list(unsure))
    joints = np.isin(skeleton.axes.body, skeleton.axes.body[lost])
    return {int(coordinate) for coordinate in skeleton.driver[joints]} & tried


def _of_both_sides(name: str) -> str:
    return name.removesuffix("_r").removesuffix("_l")


def _open_share(fit: BodyFit) -> FloatArray:
    """(C,) array: share of the believed variance of the free coordinates that is left open."""
    postures, free = fit.problem.priors.postures, fit.problem.free
    before = postures.frame_sd[free] ** 2 + postures.mean_sd[free] ** 2
    return np.asarray(frame_sd(fit) ** 2 / before)


def frame_sd(fit: BodyFit) -> FloatArray:
    """(C,) rad or m: standard deviation of the free coordinates in the fitted frames of movement.

    Root mean square over the frames: what the markers of a frame leave open, and what the
    uncertainty of the body adds, ``dq/dθ Cov(θ) dq/dθ'``.
    """
    problem = fit.problem
    moving = ~problem.frames.still
    chosen = moving if moving.any() else ~moving
    hessian, _ = problem.pose_blocks(fit.state, fit.weights)
    own = np.diagonal(np.linalg.inv(hessian[chosen]), axis1=1, axis2=2)
    by_theta = fit.by_theta[chosen]
    common = ((by_theta @ fit.covariance) * by_theta).sum(axis=2)
    return np.asarray(np.sqrt((own + common).mean(axis=0)))
