"""Bodies with limbs of a source, and what may be believed of where their mass sits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from aqbio.io.segment_sources import segment_sources
from aqbio.mechanics.anthropometry.segment_sources import Belief, middle_sideways, people_spread
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, twins
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray
from validation.bodies import MAP

BELIEVED = "the product's belief"
BODIES = {"thigh": "femur", "shank": "tibia", "upper_arm": "humerus", "forearm": "radius"}
BEYOND = {"femur": "tibia", "tibia": "foot", "humerus": "radius", "radius": "hand"}
MASS_SD = 0.034
"""Of a segment's mass between people, relative: thighs of sprinters and others (Sado 2022)."""
SIDES_ALIKE = InertiaSpread().side_correlation


def limb_length(skeleton: Skeleton, place: int) -> float:
    """From joint centre to joint centre, m."""
    beyond = BEYOND[skeleton.bodies[place][:-2]] + skeleton.bodies[place][-2:]
    return float(np.linalg.norm(skeleton.parent_position[skeleton.bodies.index(beyond)]))


def limbs(skeleton: Skeleton) -> Iterator[tuple[int, str, float]]:
    """Place, name in the sources, and side (right: 1) of every limb segment."""
    for name, body in BODIES.items():
        for side, sign in (("r", 1.0), ("l", -1.0)):
            yield skeleton.bodies.index(f"{body}_{side}"), name, sign


def body_of(skeleton: Skeleton, key: str, sex: str, random: np.random.Generator) -> Skeleton:
    """A body with limbs of a source, and what people differ by; or one that the product expects."""
    if key == BELIEVED:
        values, directions = np.linalg.eigh(way_of(skeleton, None).covariance)
        moved = directions @ (
            np.sqrt(np.maximum(values, 0.0)) * random.standard_normal(len(values))
        )
        return replace(skeleton, com=skeleton.com + moved.reshape(-1, 3))
    table = segment_sources()[key].segments[sex]
    mass, com = skeleton.mass.copy(), skeleton.com.copy()
    inertia, limb = skeleton.inertia.copy(), np.zeros(len(mass), dtype=bool)
    whole = mass.sum()
    for place, name, sign in limbs(skeleton):
        length, own = limb_length(skeleton, place), table[name]
        limb[place] = True
        mass[place] = own.mass * whole / 100.0
        com[place] = np.nan_to_num(own.centre) * [1.0, 1.0, sign] * length / 100.0
        inertia[place] = mass[place] * np.diag((own.radii * length / 100.0) ** 2)
    rest = (whole - mass[limb].sum()) / mass[~limb].sum()
    mass[~limb] *= rest
    inertia[~limb] *= rest
    twin = twins(skeleton.bodies, MAP.groups)
    factor = np.exp(MASS_SD * _alike(random, twin)[:, 0])
    factor *= whole / (mass * factor).sum()
    reach = np.sqrt(np.linalg.eigvalsh(inertia)[:, -1] / mass)
    people = np.full((len(mass), 3), people_spread(segment_sources()))
    people[~limb, :2] = InertiaSpread().centre
    com = com + people * reach[:, None] * _alike(random, twin)
    return replace(skeleton, mass=mass * factor, com=com, inertia=inertia * factor[:, None, None])


def _alike(random: np.random.Generator, twin: IntArray) -> FloatArray:
    """(B, 3) normals that both sides share, mirrored."""
    own, shared = random.standard_normal((2, len(twin), 3))
    second = np.minimum(twin, np.arange(len(twin))) < np.arange(len(twin))
    shared = np.where(second[:, None], shared[twin] * [1.0, 1.0, -1.0], shared)
    return np.sqrt(SIDES_ALIKE) * shared + np.sqrt(1 - SIDES_ALIKE) * own


@dataclass(frozen=True, eq=False)
class Way:
    """A belief about centres: how far they are moved before the fit, and how sure that is."""

    mean: FloatArray
    """(B, 3) array, m."""
    covariance: FloatArray
    """(3 B, 3 B) array, m²."""


def way_of(skeleton: Skeleton, belief: Belief | None) -> Way:
    """The belief on a skeleton; without one, today's."""
    bodies = len(skeleton.bodies)
    mean, sd = np.zeros((bodies, 3)), np.full((bodies, 3), InertiaSpread().centre)
    if belief is not None:
        groups = membership(MAP.groups, skeleton.bodies)
        middle = groups[[list(MAP.groups).index(one) for one in ("pelvis", "torso")]].any(axis=0)
        sd[middle, 2] = middle_sideways(segment_sources())
        for place, name, sign in limbs(skeleton):
            centre, spread = belief[name]
            mean[place] = centre * [1.0, 1.0, sign] * limb_length(skeleton, place) / 100.0
            sd[place] = spread
    reach = np.sqrt(np.linalg.eigvalsh(skeleton.inertia)[:, -1] / skeleton.mass)
    twin, sd = twins(skeleton.bodies, MAP.groups), sd * reach[:, None]
    covariance = np.zeros((bodies, 3, bodies, 3))
    number = np.arange(bodies)
    alike = np.where(twin == number, 0.0, SIDES_ALIKE)
    for axis, mirrored in enumerate((1.0, 1.0, -1.0)):
        one = sd[:, axis]
        covariance[number, axis, twin, axis] = mirrored * alike * one * one[twin]
        covariance[number, axis, number, axis] = one**2
    return Way(mean, covariance.reshape(3 * bodies, -1))
