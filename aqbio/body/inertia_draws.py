"""Bodies that a runner might have: draws of segment inertia around a model's.

Every draw is a possible body. A segment's mass distribution is stretched, shifted and made heavier
or lighter as a whole; an affine map of a mass distribution is again one, so that masses are
positive and moments of inertia obey the triangle inequality without being forced to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.multibody.covariances import square_root
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray

_TENSOR = [4, 7, 8, 7, 5, 9, 8, 9, 6]
"""Places of xx, xy, xz, xy, yy, yz, xz, yz, zz among the parameters."""


@dataclass(frozen=True, slots=True)
class InertiaSpread:
    """How far segments may be from the model's: standard deviations.

    Two tables, de Leva (1996) and Dumas et al. (2007), are taken for two draws. Over thigh, shank,
    upper arm and forearm of women and men they differ by the square root of two times 0.07, 0.12
    and 0.15 (RMS; `aqbio.body.dumas`). A scale is good to 0.5 %.
    """

    mass: float = 0.07
    """Of a segment's mass, relative, before the body is made as heavy as measured."""
    centre: float = 0.12
    """Of each coordinate of its centre of mass, relative to its largest radius of gyration."""
    size: float = 0.15
    """Of its extent along each axis, relative; radii of gyration follow."""
    body: float = 0.005
    """Of the measured mass of the whole body, relative."""
    side_correlation: float = 0.8
    """Between a segment and its twin on the other side: a table is wrong on both."""


def twins(bodies: Sequence[str], groups: Mapping[str, Sequence[str]]) -> IntArray:
    """Index (B,) of each segment's twin on the other side, its own where there is none.

    Groups ``<name>_left`` and ``<name>_right`` list their segments in the same order.
    """
    other = np.arange(len(bodies))
    names = list(bodies)
    for group, members in groups.items():
        if group.endswith("_left"):
            partners = groups.get(f"{group.removesuffix('_left')}_right", ())
            for one, two in zip(members, partners, strict=True):
                first, second = names.index(one), names.index(two)
                other[first], other[second] = second, first
    return other


def centre_covariance(skeleton: Skeleton, spread: InertiaSpread, twin: IntArray) -> FloatArray:
    """Covariance (3 B, 3 B), m², segment axes, of centres of mass before any fit."""
    reach, bodies = _reach(skeleton), np.arange(len(twin))
    alike = np.where(twin == bodies, 0.0, spread.side_correlation)
    covariance = np.zeros((len(twin), 3, len(twin), 3))
    for axis, mirrored in enumerate((1.0, 1.0, -1.0)):
        covariance[bodies, axis, twin, axis] = mirrored * alike * reach * reach[twin]
        covariance[bodies, axis, bodies, axis] = reach**2
    return spread.centre**2 * covariance.reshape(3 * len(twin), -1)


def _reach(skeleton: Skeleton) -> FloatArray:
    """(B,) array, m: largest radius of gyration of every segment."""
    weight = np.where(skeleton.mass > 0, skeleton.mass, 1.0)
    reach: FloatArray = np.sqrt(np.linalg.eigvalsh(skeleton.inertia)[:, -1] / weight)
    return reach


def inertia_draws(
    skeleton: Skeleton,
    spread: InertiaSpread,
    twin: IntArray,
    count: int,
    generator: np.random.Generator,
    centres: FloatArray | None = None,
) -> FloatArray:
    """Draw inertial parameters (K, B, 10) of all segments, in the order of `regressor.PARAMETERS`.

    The skeleton's are the medians; massless segments stay massless. `twin` (B,) from :func:`twins`:
    segments of both sides have mirrored frames. `centres` (3 B, 3 B), m², segment axes: covariance
    of the centres of mass after a fit of motion and forces, instead of the spread's.

    With ``Σ = ∫ (x − c)(x − c)ᵀ dm = tr(I)/2 1 − I`` the draw is ``m' = m eˢ``, ``c' = c + t`` and
    ``Σ' = eˢ S Σ S`` with ``S = exp(E)``, E symmetric: its diagonal entries have the spread of the
    size, the others half of it. Then all masses are scaled to the body's (Wensing PM, Kim S,
    Slotine JJE 2018, IEEE Robotics and Automation Letters 3, 60-67).
    """
    bodies = len(skeleton.bodies)
    second = 0.5 * np.trace(skeleton.inertia, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    second = second - skeleton.inertia
    normal = _twin_normals(generator, (count, bodies), twin, spread.side_correlation)
    factor = np.exp(spread.mass * normal[..., 0])
    mass = skeleton.mass * factor
    body = 1.0 + spread.body * generator.standard_normal(count)
    scale = body * skeleton.mass.sum() / mass.sum(axis=1)
    mass = mass * scale[:, None]
    shift = spread.centre * _reach(skeleton)[:, None] * normal[..., 1:4]
    if centres is not None:
        root = square_root(centres)
        shift = generator.standard_normal((count, len(root))) @ root
    com = skeleton.com + shift.reshape(count, bodies, 3)
    stretch = _stretches(spread.size * normal[..., 4:])
    spun = stretch @ second @ stretch * (factor * scale[:, None])[..., None, None]
    return _parameters(mass, com, spun)


def drawn_skeleton(skeleton: Skeleton, parameters: FloatArray) -> Skeleton:
    """The skeleton with the inertia of one draw (B, 10); every segment has mass."""
    mass = parameters[:, 0]
    com = parameters[:, 1:4] / mass[:, None]
    tensor = parameters[:, _TENSOR].reshape(-1, 3, 3)
    square = (com**2).sum(axis=1)[:, None, None] * np.eye(3)
    arm = mass[:, None, None] * (square - com[:, :, None] * com[:, None, :])
    return replace(skeleton, mass=mass, com=com, inertia=tensor - arm)


def _twin_normals(
    generator: np.random.Generator, shape: tuple[int, int], twin: IntArray, correlation: float
) -> FloatArray:
    """(K, B, 10) normals, twins mirrored: log mass, centre, log size xx, yy, zz, xy, xz, yz."""
    own = generator.standard_normal((*shape, 10))
    shared = generator.standard_normal((*shape, 10))
    first = np.minimum(twin, np.arange(len(twin)))
    common = shared[:, first]
    second_of_pair = first < np.arange(len(twin))
    reflect = np.array([1.0, 1, 1, -1, 1, 1, 1, 1, -1, -1])
    common = np.where(second_of_pair[:, None], common * reflect, common)
    mixed: FloatArray = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    return mixed


def _stretches(logs: FloatArray) -> FloatArray:
    """(K, B, 3, 3) symmetric positive matrices ``exp(E)``."""
    exponent = np.zeros((*logs.shape[:2], 3, 3))
    for index, (row, column) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))):
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
    entries = [tensor[..., r, c] for r, c in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    first = mass[..., None] * com
    return np.concatenate([mass[..., None], first, np.stack(entries, axis=-1)], axis=-1)
