"""Our sprint model with a marker on every place of the body, standing in several postures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from aqbio.body.anatomy import BodyPoint, joint_point, with_points
from aqbio.config import ModelMap, read_yaml
from aqbio.config.model_map import LandmarkTable
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import MODELS
from aqbio.labels.by_name import SidedLandmark, named_labels
from aqbio.labels.marker_set import model_landmarks
from aqbio.labels.motion import Segment, segment_of
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray

ABDUCTIONS_DEG = (0.0, -40.0, -85.0)
FLEXIONS_DEG = (0.0, 45.0, 85.0)
ELBOW_FLEXIONS_DEG = (0.0, 80.0)
"""Postures of the template's arms: hanging, in an A, in a T; in front; elbows bent, degrees."""


@dataclass(frozen=True, eq=False)
class Template:
    """Our sprint model standing in several postures."""

    sites: tuple[SidedLandmark, ...]
    """tuple of L SidedLandmark. Of every marker, and of points that only names tell."""
    landmarks: IntArray
    """(N,) int array. Indices of those that are landmarks with known positions."""
    postures: tuple[FloatArray, ...]
    """tuple of (L, 3) arrays, m. Arms hanging straight in the first one, straight in every second
    one."""


def _unmarked_sites(table: LandmarkTable) -> list[SidedLandmark]:
    """Places that the sprint model has no marker on, but a joint or a position."""
    return [
        SidedLandmark(name, side)
        for name, entry in table.landmarks.items()
        if entry.joint or entry.position is not None
        for side in ("right", "left")
    ]


@lru_cache(maxsize=1)
def _sprint_model() -> tuple[Skeleton, ModelMap]:
    folder = MODELS / "sprint"
    return load_skeleton(folder / "sprint_male.npz"), read_yaml(folder / "map.yaml", ModelMap)


def standing_sprinter(table: LandmarkTable) -> Skeleton:
    """Our sprint model of a man with a marker on every place."""
    skeleton, model_map = _sprint_model()
    bodies = model_landmarks({}, model_map, table).bodies
    joints = model_map.joints.by_name()
    points = []
    for site in _unmarked_sites(table):
        entry = table.landmarks[site.landmark]
        body = bodies[entry.segment, site.side]
        if entry.position is None:
            joint = skeleton.joints.index(joints[f"{entry.joint}_{site.side}"])
            points.append(joint_point(skeleton, str(site), joint, skeleton.bodies.index(body)))
        else:
            x, y, z = entry.position
            points.append(BodyPoint(str(site), body, (x, y, -z if site.side == "left" else z)))
    return with_points(skeleton, points)


def standing_template(table: LandmarkTable) -> Template:
    """Our sprint model, standing with its arms in several postures."""
    skeleton = standing_sprinter(table)
    marker_sites = {str(site): site for site in _unmarked_sites(table)}
    own = [label for label in skeleton.markers if label not in marker_sites]
    marker_sites |= named_labels(own, table).sites
    indices = [index for index, label in enumerate(skeleton.markers) if label in marker_sites]
    sites = tuple(marker_sites[skeleton.markers[index]] for index in indices)
    further = {*_unmarked_sites(table)}
    landmarks = np.array(
        [
            number
            for number, site in enumerate(sites)
            if site not in further and not table.landmarks[site.landmark].cluster
        ]
    )
    postures = []
    for abduction, flexion, elbow in product(ABDUCTIONS_DEG, FLEXIONS_DEG, ELBOW_FLEXIONS_DEG):
        q = skeleton.coordinate_default.copy()
        for name, angle in (("arm_add", abduction), ("arm_flex", flexion), ("elbow_flex", elbow)):
            for side in ("r", "l"):
                q[skeleton.coordinates.index(f"{name}_{side}")] = np.radians(angle)
        postures.append(marker_positions(skeleton, q[None])[0][indices])
    return Template(sites, landmarks, tuple(postures))


ABOVE: dict[Segment, tuple[Segment, ...]] = {("head", ""): (("torso", ""),)}
"""The neck is free: heads are anywhere about the trunk's upper end."""


def target_points(
    template: Template, laid: FloatArray, sites: Sequence[SidedLandmark], table: LandmarkTable
) -> list[FloatArray]:
    """Points (N, 3) of each place: of a cluster all of its segment, of what no point shows none."""
    segments = [segment_of(site, table) for site in template.sites]
    targets = []
    for site in sites:
        cluster = table.landmarks[site.landmark].cluster
        segment = segment_of(site, table)
        at = [
            number
            for number, candidate in enumerate(template.sites)
            if (
                segments[number] in (segment, *ABOVE.get(segment, ()))
                if cluster
                else candidate == site
            )
        ]
        targets.append(laid[at])
    return targets
