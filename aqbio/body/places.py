"""Where the markers of a laboratory are believed to be on a template, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aqbio.body.fitted_parts import Parts, part_kind
from aqbio.body.priors import LANDMARK_SD, PLACED_SD
from aqbio.body.shape import MarkerPlaces
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import FloatArray

ASIDE = {"thigh": 0.04, "shank": 0.03, "upper_arm": 0.03, "forearm": 0.02}
"""Clusters are worn on the outside of a limb: believed distance from its axis, m."""

ACROSS_SD = {"thigh": 0.06, "shank": 0.04, "upper_arm": 0.04, "forearm": 0.03, "foot": 0.04}
OTHER_ACROSS_SD = 0.12
"""How far a cluster's marker may be from there across the part, m."""

ALONG_SHARE, SHORTEST_ALONG = 0.3, 0.05
"""How far it may be along the part: share of its length, at least so many m."""


@dataclass(frozen=True, slots=True)
class Label:
    """A marker of a laboratory as its marker set describes it."""

    name: str
    """The laboratory's label."""
    body: str
    """The model's body that carries it."""
    place: tuple[float, float, float] | None
    """tuple of 3 float or None. In the frame of the generic model's body, m; None of a cluster's
    marker, which is anywhere on its part."""
    palpated: bool
    """The place is a landmark of the model, not a statement of the marker set."""


def believed_places(
    skeleton: Skeleton, parts: Parts, labels: Mapping[str, Label]
) -> tuple[MarkerPlaces, FloatArray]:
    """Places of K labels on a template, and their standard deviations (K, 3), m."""
    bodies, places, sds = [], [], []
    for label in labels.values():
        body = skeleton.bodies.index(label.body)
        if label.place is None:
            place, sd = _cluster_place(skeleton, parts, body)
        else:
            place = np.array(label.place)
            sd = np.full(3, LANDMARK_SD if label.palpated else PLACED_SD)
        bodies.append(body)
        places.append(place)
        sds.append(sd)
    markers = MarkerPlaces(
        tuple(labels), np.array(bodies, dtype=np.int64), np.array(places).reshape(-1, 3)
    )
    return markers, np.array(sds).reshape(-1, 3)


def _cluster_place(skeleton: Skeleton, parts: Parts, body: int) -> tuple[FloatArray, FloatArray]:
    """Where a marker of a cluster is expected on a body, and its deviation, m.

    On the outside of the middle of its part; of pelvis, torso and other short or branching parts,
    about the middle of what hangs on it.
    """
    name = parts.names[parts.of_body[body]]
    kind = part_kind(name)
    end = part_end(skeleton, parts, body)
    length = np.linalg.norm(end)
    along = end / length if length > 0.0 else np.array([0.0, 1.0, 0.0])
    across = ACROSS_SD.get(kind, OTHER_ACROSS_SD)
    side = {"right": 1.0, "left": -1.0}.get(name.rpartition("_")[2], 0.0)
    place = 0.5 * end + np.array([0.0, 0.0, side * ASIDE.get(kind, 0.0)])
    widest = max(ALONG_SHARE * float(length), SHORTEST_ALONG)
    return place, np.sqrt((widest * along) ** 2 + across**2 * (1.0 - along**2))


def part_end(skeleton: Skeleton, parts: Parts, body: int) -> FloatArray:
    """Mean of the joints at which other parts leave a body, m, or twice the way to its centre."""
    own = parts.of_body[body]
    leaving = [
        child
        for child in range(len(skeleton.bodies))
        if skeleton.parent[child] == body and parts.of_body[child] != own
    ]
    if body not in parts.first and not leaving:
        return np.zeros(3)
    if not leaving or skeleton.parent[body] == GROUND:
        return np.asarray(2.0 * skeleton.com[body])
    return np.asarray(skeleton.parent_position[leaving].mean(axis=0))
