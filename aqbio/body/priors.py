"""Priors of a body: sizes of people, positions of markers, postures, soft tissue.

Every number has its source beneath it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType
from typing import Literal

import numpy as np

from aqbio.body.shape import Parts, Template, TemplateMarkers, part_kind
from aqbio.config import MarkerSet, ModelMap
from aqbio.config.model_map import Sides
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.names import SIDES
from aqbio.vectors import BoolArray, FloatArray, IntArray

Sex = Literal["female", "male"]


@dataclass(frozen=True, eq=False)
class SizeStatistics:
    """Logarithms of body sizes of one sex, multivariate normal."""

    names: tuple[str, ...]
    """tuple of N str. ``stature`` and ``mass`` among them."""
    mean: FloatArray
    """(N,) array. Of logarithms of m and kg."""
    covariance: FloatArray
    """(N, N) array."""

    def conditional(self, sizes: Mapping[str, float]) -> tuple[FloatArray, FloatArray]:
        """Mean and covariance of all logarithms, conditional on sizes by name (m or kg)."""
        chosen = [self.names.index(name) for name in sizes]
        if not chosen:
            return self.mean, self.covariance
        among = self.covariance[np.ix_(chosen, chosen)]
        slope = np.linalg.solve(among, self.covariance[chosen]).T
        gap = np.log(list(sizes.values())) - self.mean[chosen]
        return self.mean + slope @ gap, self.covariance - slope @ self.covariance[chosen]


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the sheet describes them."""

    sex: Sex | None = None
    """{"female", "male"} or None."""
    stature: float | None = None
    """float, m, or None."""
    mass: float | None = None
    """float, kg, or None."""

    @property
    def sizes(self) -> dict[str, float]:
        """Sizes that are known, by the names of the statistics."""
        sizes = {"stature": self.stature, "mass": self.mass}
        return {name: size for name, size in sizes.items() if size is not None}


def expected_sizes(
    statistics: Mapping[str, SizeStatistics], person: Person
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Names, mean and covariance of the logarithms of a person's sizes.

    Without a sex, women and men have equal weight, and the difference of their means adds to the
    covariance.
    """
    sexes = [person.sex] if person.sex else sorted(statistics)
    by_sex = [statistics[sex].conditional(person.sizes) for sex in sexes]
    mean = np.mean([centre for centre, _ in by_sex], axis=0)
    within = np.mean([spread for _, spread in by_sex], axis=0)
    between = np.mean([np.outer(centre - mean, centre - mean) for centre, _ in by_sex], axis=0)
    return statistics[sexes[0]].names, mean, within + between


@lru_cache(maxsize=1)
def body_sizes() -> MappingProxyType[str, SizeStatistics]:
    """Logarithms of body sizes by sex, from ANSUR II (`scripts/body_sizes.py`)."""
    content = json.loads(
        files("aqbio.body").joinpath("body_sizes.json").read_text(encoding="utf-8")
    )
    return MappingProxyType(
        {
            sex: SizeStatistics(
                tuple(content["sizes"]),
                np.array(content[sex]["mean"]),
                np.array(content[sex]["covariance"]),
            )
            for sex in ("female", "male")
        }
    )


SIZES = {
    "pelvis": ("pelvis_breadth", "pelvis_breadth", "pelvis_breadth"),
    "torso": ("torso_depth", "torso_height", "torso_breadth"),
    "thigh": ("thigh_girth", "thigh_length", "thigh_girth"),
    "shank": ("shank_girth", "shank_length", "malleolar_breadth"),
    "foot": ("foot_length", "foot_height", "foot_breadth"),
    "toes": ("toes_length", "foot_height", "foot_breadth"),
    "upper_arm": ("upper_arm_girth", "upper_arm_length", "upper_arm_girth"),
    "forearm": ("forearm_girth", "forearm_length", "forearm_girth"),
}
"""Measure of ANSUR II that best predicts each part along x (forward), y (up) and z (right)."""

MODEL_SD = {"pelvis": 0.04}
OTHER_MODEL_SD = 0.02
"""Joint centres of a model against the bony landmarks of the survey, log factor; of the pelvis
only the breadth was measured."""

SIDE_SD = 0.012
"""Standard deviation of the difference of left and right log factors: leg lengths differ by 5 mm
on average (Knutson GA 2005, Chiropr Osteopat 13:11)."""

LANDMARK_SD = 0.012
"""Markers on a palpated landmark relative to its position on the model, m (della Croce U et al.
1999, Med Biol Eng Comput 37:155-161: 6 to 21 mm between examiners)."""

STATED_POSITION_SD = 0.025
"""Markers relative to the position that a marker set states, m."""

TWIN_CORRELATION = 0.75
"""Between a landmark's marker and its twin on the other side, of their mirrored displacements from
the model's landmarks: the hand that palpates, the model and the person's shape are the same on both
sides. Of ten runners of one laboratory 0.73 (0.53 to 0.91), of one runner each of two others 0.86
and 0.66 (`validation.twin_landmarks`)."""

TWIN_DISTANCE_M = 0.01
"""Landmarks of a model that mirror each other within this are twins, m."""

SKIN_SD = {
    "pelvis": 0.009, "torso": 0.011, "thigh": 0.014, "shank": 0.008, "foot": 0.005, "toes": 0.006,
    "upper_arm": 0.009, "forearm": 0.007,
}  # fmt: skip
"""Marker on moving skin against the bone, each axis, m (Leardini A et al. 2005, Gait Posture
21:212-225; Peters A et al. 2010, Gait Posture 31:1-8)."""

STILL_SD = 0.004
"""Marker of a quietly standing person about its mean position, each axis, m."""

VIDEO_SD = {
    "pelvis": 0.025, "torso": 0.02, "thigh": 0.025, "shank": 0.015, "foot": 0.015, "toes": 0.015,
    "upper_arm": 0.015, "forearm": 0.015,
}  # fmt: skip
"""Points of video about their position in a person, each axis, m. Systematic differences from joint
centres of markers are 30 to 50 mm at hip and knee, 1 to 15 mm at the ankle (Needham L et al. 2021,
Sci Rep 11:20673); root mean square differences 36 mm at the hip and less than 25 mm at the other
joints (Kanko RM et al. 2021, J Biomech 127:110665); three axes share them. The direction differs
between systems, so that the bias is part of the spread."""

VIDEO_NOISE = 0.010
"""Points of video about that position from frame to frame, each axis, m: limits of agreement of 10
to 30 mm about the bias (Needham et al. 2021), three axes."""

COMMON_SHARE = 0.4
"""Share of the soft-tissue variance common to the markers of a part: soft tissue moves as a
whole (Andersen MS et al. 2012, Gait Posture 35:606-611)."""

TILT_SD = np.radians(3.0)
"""Hinge axes of knee and ankle against the template's, each direction, rad (Churchill DL et al.
1998, Clin Orthop 356:111-118: 3 degrees)."""

SLIDE_SD = {"thigh": 0.015, "shank": 0.007}
"""Sliding of the skin by a right angle of flexion of the knee, each axis, m (Cappozzo A et al.
1996, Clin Biomech 11:90-100)."""

RANGE_EXCESS_SD = np.radians(4.0)
"""Standard deviation of the prior beyond a range of motion, rad."""

SYMMETRY_SD = np.radians(4.0)
"""Difference of the mean postures of left and right joints in running, rad."""

RUNNING = {
    "pelvis_tilt": (-60, 40, -8, 12, 10), "pelvis_list": (-30, 30, 0, 8, 4),
    "hip": (-40, 130, 22, 35, 12), "hip_adduction": (-35, 30, 0, 8, 5),
    "hip_rotation": (-40, 40, 0, 12, 10), "knee": (-3, 150, 50, 40, 12),
    "ankle": (-60, 45, 0, 20, 10), "subtalar_angle": (-35, 35, 0, 8, 8),
    "mtp_angle": (-25, 60, 5, 12, 10),
    "lumbar_extension": (-50, 45, -5, 12, 12), "lumbar_bending": (-35, 35, 0, 10, 4),
    "lumbar_rotation": (-60, 60, 0, 18, 5), "arm_flex": (-110, 120, -5, 40, 20),
    "arm_add": (-120, 50, -15, 20, 12), "arm_rot": (-100, 100, 10, 40, 30),
    "elbow": (-3, 155, 80, 35, 25), "pro_sup": (-10, 170, 80, 30, 30),
    "forearm_pronation": (-90, 90, 0, 25, 25), "clavicle_elevation": (-15, 50, 3, 8, 8),
    "clavicle_protraction": (-30, 30, 0, 8, 8), "neck_extension": (-60, 75, 10, 12, 15),
    "neck_bending": (-45, 45, 0, 10, 6), "neck_rotation": (-80, 80, 0, 15, 8),
}  # fmt: skip
"""Degrees by coordinate, or by joint for its flexion: range, mean, standard deviation of a frame
about a person's mean, and of the person's mean. Ranges: American Academy of Orthopaedic Surgeons
(1965), Joint Motion, wider where sprinters exceed them (Novacheck TF 1998, Gait Posture 7:77-95);
of the clavicle Ludewig PM et al. (2009), J Bone Joint Surg 91A:378-389 (10 degrees up and 13 back
as the arm is raised), about its orientation with a hanging arm. Means and deviations are wide
enough for running from 2 to 11 m/s."""

STANDING = {
    "pelvis_tilt": (-3, 8), "pelvis_list": (0, 4), "hip": (3, 9), "hip_adduction": (-2, 6),
    "hip_rotation": (0, 12), "knee": (4, 7), "ankle": (3, 7), "subtalar_angle": (0, 6),
    "mtp_angle": (0, 8), "lumbar_extension": (0, 10), "lumbar_bending": (0, 5),
    "lumbar_rotation": (0, 6), "arm_flex": (5, 40), "arm_add": (-30, 45), "arm_rot": (0, 45),
    "elbow": (15, 30), "pro_sup": (60, 50), "forearm_pronation": (0, 50),
    "clavicle_elevation": (3, 15), "clavicle_protraction": (0, 12), "neck_extension": (0, 12),
    "neck_bending": (0, 6), "neck_rotation": (0, 12),
}  # fmt: skip
"""Degrees by coordinate: mean and standard deviation of quiet standing, arms anywhere."""


RIGHT = 2
"""Axis of the ground to the right: x is forward, y up."""


def size_prior(
    parts: Parts, statistics: Mapping[str, SizeStatistics], person: Person, template: Person
) -> tuple[FloatArray, FloatArray]:
    """Mean (3 U,) and covariance of the log factors of a template's parts, for one person."""
    names, mean, covariance = expected_sizes(statistics, person)
    _, reference, _ = expected_sizes(statistics, template)
    measures = [names.index(SIZES[kind][axis]) for kind in parts.kinds for axis in range(3)]
    prior = covariance[np.ix_(measures, measures)].copy()
    kinds = np.repeat(parts.kinds, 3)
    axes = np.tile(np.arange(3), len(parts.names))
    model = np.array([MODEL_SD.get(kind, OTHER_MODEL_SD) for kind in kinds])
    same_measure = (kinds[:, None] == kinds) & (axes[:, None] == axes)
    prior += same_measure * np.outer(model, model)
    paired = same_measure.sum(axis=1) > 1
    prior += np.diag(np.where(paired, SIDE_SD**2 / 2.0, 0.0))
    return (mean - reference)[measures], prior


@dataclass(frozen=True, eq=False)
class PosturePrior:
    """Prior of C coordinates, rad or m."""

    low: FloatArray
    high: FloatArray
    """low, high: (C,) arrays. Ranges of motion; infinite if there is no prior."""
    mean: FloatArray
    mean_sd: FloatArray
    """mean, mean_sd: (C,) arrays. A person's mean in running; the deviation is infinite without
    a prior."""
    frame_sd: FloatArray
    """(C,) array. Of a frame about the person's mean."""
    standing: FloatArray
    standing_sd: FloatArray
    """standing, standing_sd: (C,) arrays. In quiet standing."""
    mean_covariance: FloatArray
    """(C, C) array. Covariance of the person's mean posture, left and right correlated; 0 for
    coordinates without a prior."""


def posture_prior(skeleton: Skeleton, model_map: ModelMap) -> PosturePrior:
    """Prior of the postures of a model: by its map, then by usual names, else by its ranges."""
    flexing = _named_coordinates(skeleton) | _flexing(model_map)
    rows = [_row(skeleton, index, flexing) for index in range(len(skeleton.coordinates))]
    low, high, mean, frame, spread, standing, standing_sd = np.array(rows).T
    bounded = np.where(np.isfinite(spread), spread, 0.0)
    covariance = np.diag(bounded**2)
    for left, right in _pairs(skeleton):
        tie = bounded[left] ** 2 - 0.5 * min(SYMMETRY_SD, bounded[left]) ** 2
        covariance[left, right] = covariance[right, left] = tie * (mean[left] == mean[right])
    return PosturePrior(low, high, mean, spread, frame, standing, standing_sd, covariance)


def posture_sd(skeleton: Skeleton, model_map: ModelMap, marker_set: MarkerSet) -> FloatArray:
    """(C,) rad or m: SD of the posture prior that inverse kinematics applies.

    Infinite, except for the limbs and the trunk where the pelvis is tracked by hip centres alone:
    joint centres do not distinguish a trunk bent forward from one bent backward, nor the two
    directions of an elbow.
    """
    free = root_coordinates(skeleton) | (not marker_set.pelvis.hips)
    return np.where(free, np.inf, posture_prior(skeleton, model_map).frame_sd)


def root_coordinates(skeleton: Skeleton) -> BoolArray:
    """(C,) bool: coordinates of the joints between ground and model."""
    hangs = skeleton.parent[skeleton.axes.body] == GROUND
    return np.isin(np.arange(len(skeleton.coordinates)), skeleton.driver[hangs])


def _named_coordinates(skeleton: Skeleton) -> dict[str, tuple[str, int]]:
    """Prior and sign of coordinates with usual names.

    A name does not determine the sign: toes extend at negative `mtp_angle` in Rajagopal's model, at
    positive in Hamner's. The sign is that of the model's axis, to the right, in its default pose.
    """
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    poses = segment_poses(skeleton, q)
    along = poses.axis_direction[0] * poses.axis_gradient[0][:, None]
    flexing = {}
    for index, name in enumerate(skeleton.coordinates):
        axes = np.flatnonzero((skeleton.driver == index) & skeleton.axes.is_rotation)
        key = name.removesuffix("_r").removesuffix("_l")
        if key in RUNNING and len(axes):
            backward = np.abs(along[axes[0]]).argmax() == RIGHT and along[axes[0], RIGHT] < 0.0
            flexing[name] = (key, -1 if backward else 1)
    return flexing


def _flexing(model_map: ModelMap) -> dict[str, tuple[str, int]]:
    """Joint and sign of flexion by coordinate."""
    flexing: dict[str, tuple[str, int]] = {}
    for joint in ("hip", "knee", "ankle", "elbow"):
        names, sign = model_map.sagittal.get(joint), model_map.flexion.get(joint)
        if isinstance(names, Sides) and sign is not None:
            flexing |= {getattr(names, side): (joint, sign) for side in SIDES}
    return flexing


def _row(
    skeleton: Skeleton, index: int, flexing: Mapping[str, tuple[str, int]]
) -> tuple[float, ...]:
    """Range, mean, SD of a frame and of the mean in running; mean and SD in standing."""
    name = skeleton.coordinates[index]
    no_prior = (-np.inf, np.inf, 0.0, np.inf, np.inf, 0.0, np.inf)
    if not skeleton.coordinate_is_rotation[index]:
        return no_prior
    key, sign = flexing.get(name, ("", 1))
    if key in RUNNING:
        low, high, mean, frame, spread = np.radians(RUNNING[key])
        standing, standing_sd = np.radians(STANDING[key])
        ends = (low, high) if sign > 0 else (-high, -low)
        return (*ends, sign * mean, frame, spread, sign * standing, standing_sd)
    root = skeleton.axes.body[skeleton.driver == index]
    if len(root) and (skeleton.parent[root] < 0).any():
        return no_prior
    low, high = skeleton.coordinate_range[index]
    middle, sd = float(skeleton.coordinate_default[index]), float((high - low) / np.sqrt(12.0))
    return (low, high, middle, sd, sd, middle, sd)


def _pairs(skeleton: Skeleton) -> list[tuple[int, int]]:
    names = skeleton.coordinates
    return [
        (names.index(f"{name[:-2]}_l"), index)
        for index, name in enumerate(names)
        if name.endswith("_r") and f"{name[:-2]}_l" in names
    ]


@dataclass(frozen=True, eq=False)
class Priors:
    """All priors of the fit."""

    mean: FloatArray
    """(P,) array. Of the unknowns of the shape (:attr:`Shape.vector`)."""
    precision: FloatArray
    """(P, P) array. Inverse covariance of these."""
    skin_sd: FloatArray
    """(K,) array, m. Prior SD of each marker in movement."""
    postures: PosturePrior
    still_sd: FloatArray | float = STILL_SD
    """(K,) array or float, m. SD of each marker in quiet standing."""
    common: float = COMMON_SHARE
    """Share of the soft-tissue variance common to a part's markers."""
    soft_tissue_scale: FloatArray | float = 1.0
    """(K,) array or float. Factor by which the recordings multiply ``skin_sd``."""
    size_scale: FloatArray | float = 1.0
    """(3 U,) array or float. Factor by which the recordings multiply the standard deviations of the
    sizes, by kind of part."""

    @cached_property
    def sd(self) -> FloatArray:
        """(P,) array: standard deviations of the unknowns of the shape."""
        return np.asarray(np.sqrt(np.diagonal(np.linalg.inv(self.precision))))

    @property
    def soft_tissue_sd(self) -> FloatArray:
        """(K,) array, m: SD of each marker in movement, scaled by the recordings."""
        return np.asarray(self.skin_sd * self.soft_tissue_scale)


def priors(
    template: Template,
    sizes: tuple[FloatArray, FloatArray],
    offset_sd: FloatArray,
    postures: PosturePrior,
    video: BoolArray | None = None,
    twins: Sequence[tuple[int, int]] = (),
) -> Priors:
    """Combine the priors of sizes, offsets (K, 3) and postures.

    `video`: points of video, (K,) bool; `twins`: pairs of markers whose offsets are alike.
    """
    mean = np.zeros(sum(template.sizes))
    count = len(sizes[0])
    mean[:count] = sizes[0]
    kinds = [template.parts.names[part] for part in template.sliding[:, 0]]
    slides = np.repeat([SLIDE_SD[part_kind(kind)] for kind in kinds], 3)
    variances = [offset_sd.ravel() ** 2, np.full(template.sizes[2], TILT_SD**2), slides**2]
    covariance = np.zeros((len(mean), len(mean)))
    covariance[:count, :count] = sizes[1]
    rest = np.arange(count, len(mean))
    covariance[rest, rest] = np.concatenate(variances)
    for right, left in twins:
        for axis, mirrored in enumerate(MIRRORED):
            row, column = count + 3 * right + axis, count + 3 * left + axis
            tie = mirrored * TWIN_CORRELATION * offset_sd[right, axis] * offset_sd[left, axis]
            covariance[row, column] = covariance[column, row] = tie
    parts = template.parts
    skin = [SKIN_SD[parts.kinds[parts.of_body[body]]] for body in template.markers.body]
    is_video = np.zeros(len(skin), dtype=np.bool_) if video is None else video
    noise = np.where(is_video, np.maximum(skin, VIDEO_NOISE), skin)
    still_noise = np.where(is_video, VIDEO_NOISE, STILL_SD)
    return Priors(mean, np.asarray(np.linalg.inv(covariance)), noise, postures, still_noise)


MIRRORED = (1.0, 1.0, -1.0)
"""Signs of x, y and z in a mirror between left and right."""


def landmark_twins(
    markers: TemplateMarkers, twin: IntArray, offset_sd: FloatArray, chosen: Sequence[int]
) -> list[tuple[int, int]]:
    """Pairs of markers on a landmark and on its twin on the other side, among the chosen ones.

    `twin` (B,): each body's twin; `offset_sd` (K, 3), m: clusters, which may be anywhere, have none
    or a wider one on some axis.
    """
    pairs = []
    for first, second in combinations(chosen, 2):
        mirror_offset = markers.position[first] * MIRRORED - markers.position[second]
        if (
            twin[markers.body[first]] == markers.body[second]
            and max(offset_sd[first].max(), offset_sd[second].max()) <= STATED_POSITION_SD
            and np.linalg.norm(mirror_offset) < TWIN_DISTANCE_M
        ):
            pairs.append((first, second))
    members = Counter(marker for pair in pairs for marker in pair)
    return [pair for pair in pairs if all(members[marker] == 1 for marker in pair)]


CLUSTER_LATERAL_M = {"thigh": 0.04, "shank": 0.03, "upper_arm": 0.03, "forearm": 0.02}
"""Clusters are worn on the lateral side of a limb: expected distance from its axis, m."""

ACROSS_SD = {"thigh": 0.06, "shank": 0.04, "upper_arm": 0.04, "forearm": 0.03, "foot": 0.04}
OTHER_ACROSS_SD = 0.12
"""SD of a cluster marker's position across the part, m."""

ALONG_SD_SHARE = 0.3
"""SD of a cluster marker's position along the part, share of the part's length."""

MIN_ALONG_SD_M = 0.05
"""Minimum of this SD, m."""


@dataclass(frozen=True, slots=True)
class Label:
    """A marker of a laboratory as its marker set describes it."""

    name: str
    """The laboratory's label."""
    body: str
    """The model's body that carries it."""
    position: tuple[float, float, float] | None
    """tuple of 3 float or None. In the frame of the generic model's body, m; None for a cluster's
    marker, which may be anywhere on its part."""
    palpated: bool
    """True if the position is a landmark of the model, not a statement of the marker set."""
    video: bool = False
    """True for a point detected in video, without a marker."""


def expected_positions(
    skeleton: Skeleton, parts: Parts, labels: Mapping[str, Label]
) -> tuple[TemplateMarkers, FloatArray]:
    """Expected positions of K labels on a template, and their standard deviations (K, 3), m."""
    bodies, positions, sds = [], [], []
    for label in labels.values():
        body = skeleton.bodies.index(label.body)
        if label.position is None:
            position, sd = _cluster_position(skeleton, parts, body)
        else:
            position = np.array(label.position)
            sd = np.full(3, LANDMARK_SD if label.palpated else STATED_POSITION_SD)
            if label.video:
                sd = np.full(3, VIDEO_SD[part_kind(parts.names[parts.of_body[body]])])
        bodies.append(body)
        positions.append(position)
        sds.append(sd)
    markers = TemplateMarkers(
        tuple(labels), np.array(bodies, dtype=np.int64), np.array(positions).reshape(-1, 3)
    )
    return markers, np.array(sds).reshape(-1, 3)


def _cluster_position(skeleton: Skeleton, parts: Parts, body: int) -> tuple[FloatArray, FloatArray]:
    """Expected position of a cluster's marker on a body, and its standard deviation, m.

    Lateral to the middle of its part; of pelvis, torso and other short or branching parts, about
    the mean of the joints at its ends.
    """
    name = parts.names[parts.of_body[body]]
    kind = part_kind(name)
    end = part_end(skeleton, parts, body)
    length = np.linalg.norm(end)
    along = end / length if length > 0.0 else np.array([0.0, 1.0, 0.0])
    across = ACROSS_SD.get(kind, OTHER_ACROSS_SD)
    side = {"right": 1.0, "left": -1.0}.get(name.rpartition("_")[2], 0.0)
    position = 0.5 * end + np.array([0.0, 0.0, side * CLUSTER_LATERAL_M.get(kind, 0.0)])
    widest = max(ALONG_SD_SHARE * float(length), MIN_ALONG_SD_M)
    return position, np.sqrt((widest * along) ** 2 + across**2 * (1.0 - along**2))


def part_end(skeleton: Skeleton, parts: Parts, body: int) -> FloatArray:
    """Mean of a body's distal joints, m; without any, twice its centre of mass."""
    part = parts.of_body[body]
    leaving = [
        child
        for child in range(len(skeleton.bodies))
        if skeleton.parent[child] == body and parts.of_body[child] != part
    ]
    if body not in parts.first and not leaving:
        return np.zeros(3)
    if not leaving or skeleton.parent[body] == GROUND:
        return np.asarray(2.0 * skeleton.com[body])
    return np.asarray(skeleton.parent_position[leaving].mean(axis=0))
