"""Unknowns of a person's body, and the skeleton that results from a template with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.config import ModelMap
from aqbio.config.model_map import Sides
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.names import SIDES
from aqbio.vectors import BoolArray, FloatArray, IntArray

MIDLINE_PARTS = ("pelvis", "torso")
LIMB_PARTS = {"leg": ("thigh", "shank", "foot", "toes"), "arm": ("upper_arm", "forearm")}
"""Parts of each limb, from the trunk outwards."""

PROXIMAL_JOINT = {
    "thigh": "hip", "shank": "knee", "foot": "ankle", "toes": "mtp",
    "upper_arm": "shoulder", "forearm": "elbow",
}  # fmt: skip
"""Joint at which each part of a limb begins."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of a person, and the bodies of a model that belong to each."""

    names: tuple[str, ...]
    """tuple of U str. Parts that the model has: ``pelvis``, ``torso``, ``thigh_right``, … Bodies
    of a part (talus and calcaneus; both forearm bones and the hand) share their scale factors."""
    of_body: IntArray
    """(B,) int array. Part of each body."""
    first: IntArray
    """(U,) int array. First body of each part, the one that its proximal joint moves."""

    def index(self, name: str) -> int:
        """Index of a part; ValueError if there is none."""
        return self.names.index(name)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Parts without their sides."""
        return tuple(part_kind(name) for name in self.names)


def part_kind(name: str) -> str:
    """Part without its side: ``upper_arm`` of ``upper_arm_left``."""
    kind, _, side = name.rpartition("_")
    return kind if side in SIDES else name


def body_parts(skeleton: Skeleton, model_map: ModelMap) -> Parts:
    """The part of a person that each body belongs to: from one joint of the map to the next.

    A body whose joint is not in the map belongs to the part that it is attached to: a kneecap to
    the thigh, a clavicle or a head to the torso.
    """
    joints = model_map.joints.by_name()
    begins = {skeleton.bodies.index(model_map.pelvis.body): "pelvis"}
    if (lumbar := joints.get("lumbar")) is not None:
        begins[skeleton.joints.index(lumbar)] = "torso"
    for side in SIDES:
        for part, joint in PROXIMAL_JOINT.items():
            if (name := joints.get(f"{joint}_{side}")) is not None:
                begins[skeleton.joints.index(name)] = f"{part}_{side}"
    ordered = sorted(begins)
    names = tuple(begins[body] for body in ordered)
    of_body = np.zeros(len(skeleton.bodies), dtype=np.int64)
    for body, parent in enumerate(skeleton.parent):
        of_body[body] = ordered.index(body) if body in begins else of_body[parent]
    return Parts(names, of_body, np.array(ordered, dtype=np.int64))


HINGES = ("knee", "ankle")
"""Joints whose axes a template has only roughly: no knee flexes about the epicondylar line."""

SLIDING_SKIN = (("thigh", "hip"), ("thigh", "knee"), ("shank", "knee"))
"""Parts whose skin slides along the bone in proportion to a joint's flexion; that of the thigh
mostly with the hip (Bonci T et al. 2014, J Biomech 47:2354-2361)."""

RIGHT_ANGLE = np.pi / 2.0
"""Flexion at which the sliding of the skin is given, rad."""


@dataclass(frozen=True, eq=False)
class TemplateMarkers:
    """Markers of the recordings on a template."""

    labels: tuple[str, ...]
    """tuple of K str. As the laboratory calls them."""
    body: IntArray
    """(K,) int array. The template's body that carries each."""
    position: FloatArray
    """(K, 3) array, m. Expected position of each on the template, body frame."""


@dataclass(frozen=True, eq=False)
class Shape:
    """The unknowns of a body."""

    log_factor: FloatArray
    """(U, 3) array. Logarithms of the scale factors of each part along the axes of its bodies."""
    offset: FloatArray
    """(K, 3) array, m. Markers less their scaled positions on the template, body frame, at straight
    knees."""
    tilt: FloatArray
    """(H, 2) array, rad. Inclination of hinge axes against the template's."""
    slide: FloatArray
    """(S, 3) array, m. Displacement of a part's skin at a right angle of flexion, body frame."""

    @property
    def vector(self) -> FloatArray:
        """All unknowns as one vector."""
        parts = (self.log_factor, self.offset, self.tilt, self.slide)
        return np.concatenate([part.ravel() for part in parts])


@dataclass(frozen=True, eq=False)
class Template:
    """A model whose size, markers and hinge axes are free."""

    skeleton: Skeleton
    """The model at its prior size."""
    parts: Parts
    markers: TemplateMarkers
    hinges: IntArray
    """(H,) int array. Bodies whose joints have axes that may be inclined."""
    sliding: IntArray
    """(S, 3) int array. Part whose skin slides, coordinate of flexion, and sign of flexion."""

    @classmethod
    def of(cls, skeleton: Skeleton, model_map: ModelMap, markers: TemplateMarkers) -> Template:
        """Make a template of any model with a map."""
        parts, joints = body_parts(skeleton, model_map), model_map.joints.by_name()
        hinges = [
            skeleton.joints.index(joints[f"{joint}_{side}"])
            for joint in HINGES
            for side in SIDES
            if f"{joint}_{side}" in joints
        ]
        sliding = [
            (parts.index(f"{part}_{side}"), skeleton.coordinates.index(getattr(name, side)), sign)
            for part, joint in SLIDING_SKIN
            if isinstance(name := model_map.sagittal.get(joint), Sides)
            and (sign := model_map.flexion.get(joint))
            for side in SIDES
        ]
        rows = np.array(sliding, dtype=np.int64).reshape(-1, 3)
        return cls(skeleton, parts, markers, np.array(hinges, dtype=np.int64), rows)

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Numbers of log factors, offsets, tilts and slides."""
        markers = 3 * len(self.markers.labels)
        return 3 * len(self.parts.names), markers, 2 * len(self.hinges), 3 * len(self.sliding)

    @property
    def common(self) -> IntArray:
        """(N,) int array: indices of sizes, tilts and slides among all unknowns."""
        sizes, markers, *_ = self.sizes
        unknowns = np.arange(sum(self.sizes))
        return np.delete(unknowns, np.s_[sizes : sizes + markers])

    def shape(self, vector: FloatArray | None = None) -> Shape:
        """The shape of a vector of unknowns; without one, the template's own."""
        vector = np.zeros(sum(self.sizes)) if vector is None else vector
        pieces = np.split(vector, np.cumsum(self.sizes)[:-1])
        widths = (3, 3, 2, 3)
        return Shape(*(p.reshape(-1, w) for p, w in zip(pieces, widths, strict=True)))

    @cached_property
    def hinge_axes(self) -> FloatArray:
        """(H, 2, 3) array: directions about which a hinge's axis inclines, joint's parent frame."""
        axes = self.skeleton.axes
        across = []
        for body in self.hinges:
            main = axes.direction[np.flatnonzero(axes.is_rotation & (axes.body == body))[0]]
            across.append(np.linalg.svd(main[None])[2][1:])
        return np.array(across).reshape(-1, 2, 3)

    @cached_property
    def inner(self) -> FloatArray:
        """(B, 3) array, m: child frame of the joint that moves a body, in the body's frame."""
        skeleton = self.skeleton
        inner: FloatArray = -np.einsum(
            "bji,bj->bi", skeleton.child_rotation, skeleton.child_position
        )
        return inner

    def factors(self, shape: Shape) -> FloatArray:
        """(B, 3) array: scale factors of every body."""
        factors: FloatArray = np.exp(shape.log_factor)[self.parts.of_body]
        return factors

    def factors_by_body(self, shape: Shape) -> dict[str, list[float]]:
        """Scale factors (x, y, z) by the name of the body."""
        return dict(zip(self.skeleton.bodies, self.factors(shape).tolist(), strict=True))

    def skeleton_of(self, shape: Shape) -> Skeleton:
        """The person's skeleton: scaled as OpenSim scales, hinges inclined, markers moved.

        OpenSim scales joint frames with the body that carries them and the shifts of a joint with
        its parent body, axis by axis. A hinge is inclined by turning both of its frames, so that
        the bodies keep their poses at the joint's zero. The body's mass is the template's.
        """
        skeleton, factors = self.skeleton, self.factors(shape)
        mass, inertia = stretched_masses(skeleton, factors, float(skeleton.mass.sum()))
        return self.bones_of(shape).of_size(mass=mass, com=factors * skeleton.com, inertia=inertia)

    def bones_of(self, shape: Shape) -> Skeleton:
        """The person's skeleton with the template's masses: all that marker positions depend on."""
        skeleton, factors = self.skeleton, self.factors(shape)
        parent_rotation, child_rotation = (
            skeleton.parent_rotation.copy(),
            skeleton.child_rotation.copy(),
        )
        turns = hinge_turns(self.hinge_axes, shape.tilt)
        parent_rotation[self.hinges] = parent_rotation[self.hinges] @ turns
        child_rotation[self.hinges] = np.swapaxes(turns, 1, 2) @ child_rotation[self.hinges]
        carriers = np.where((skeleton.parent == GROUND)[:, None], 1.0, factors[skeleton.parent])
        positions, functions = self.markers.position, skeleton.axes.functions
        stretched = self.shift_factors(shape)[:, None, None] * functions.coefficients
        return skeleton.of_size(
            parent_rotation=parent_rotation,
            parent_position=carriers * skeleton.parent_position,
            child_rotation=child_rotation,
            child_position=-np.einsum("bij,bj->bi", child_rotation, factors * self.inner),
            axes=replace(skeleton.axes, functions=replace(functions, coefficients=stretched)),
            markers=self.markers.labels,
            marker_body=self.markers.body,
            marker_position=factors[self.markers.body] * positions + shape.offset,
        )

    def shift_factors(self, shape: Shape) -> FloatArray:
        """(A,) array: scale factor of the amount along or about each joint axis, 1 of rotations."""
        skeleton = self.skeleton
        parent = skeleton.parent[skeleton.axes.body]
        shifted = ~skeleton.axes.is_rotation & (parent != GROUND)
        along = (skeleton.axes.direction**2 * self.factors(shape)[parent]).sum(axis=1)
        return np.where(shifted, along, 1.0)

    def moving_shape(self, shape: Shape, flexion: FloatArray) -> Shape:
        """The shape with the markers on sliding skin at given flexions, (S,) rad."""
        offset = shape.offset.copy()
        for (part, _, _), slide, angle in zip(self.sliding, shape.slide, flexion, strict=True):
            offset[self.part_markers(int(part))] += slide * angle / RIGHT_ANGLE
        return replace(shape, offset=offset, slide=np.zeros_like(shape.slide))

    def part_markers(self, part: int) -> IntArray:
        """Markers on the bodies of a part."""
        return np.flatnonzero(self.parts.of_body[self.markers.body] == part)


def hinge_turns(across: FloatArray, tilt: FloatArray) -> FloatArray:
    """Rotations (H, 3, 3) that incline axes by ``tilt`` (H, 2) rad about ``across`` (H, 2, 3)."""
    if not len(tilt):
        return np.zeros((0, 3, 3))
    turns: FloatArray = Rotation.from_rotvec(np.einsum("hi,hij->hj", tilt, across)).as_matrix()
    return turns


def stretched_masses(
    skeleton: Skeleton, factors: FloatArray, total: float, *, by_volume: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Masses (B,) and inertias (B, 3, 3) of segments stretched along their axes.

    A stretched solid keeps its density everywhere: the second moments of its mass, ``S = tr(I)/2 1
    − I``, become ``D S D m'/m`` with D the factors, and ``I' = tr(S') 1 − S'`` is always that of
    some body. OpenSim's own scaling takes segments for cylinders and boxes, which differs by up to
    a third where the three factors differ. Shares of mass follow the volumes (``by_volume``) or are
    the template's: markers hardly determine girths, and the forces of a recorded sprint (JA1)
    contradict shares by volume.
    """
    volume = factors.prod(axis=1) if by_volume else np.ones(len(factors))
    heavier = volume * total / (skeleton.mass @ volume)
    half = 0.5 * np.trace(skeleton.inertia, axis1=1, axis2=2)[:, None, None]
    second = half * np.eye(3) - skeleton.inertia
    second = second * factors[:, :, None] * factors[:, None, :] * heavier[:, None, None]
    trace = np.trace(second, axis1=1, axis2=2)[:, None, None]
    return skeleton.mass * heavier, trace * np.eye(3) - second


@dataclass(frozen=True, eq=False)
class ChosenFrames:
    """Frames of a session that are fitted."""

    position: FloatArray
    """(F, K, 3) array, m, ground. NaN where a marker is not visible."""
    is_static: BoolArray
    """(F,) bool array. Quiet standing."""
    weight: FloatArray
    """(F,) array. Number of independent observations of the body that each frame counts as."""
    trial: IntArray
    frame: IntArray
    """trial, frame: (F,) int arrays. Trial and frame of the recording."""

    @property
    def visible(self) -> BoolArray:
        """(F, K) bool."""
        return np.asarray(np.isfinite(self.position).all(axis=2))

    def rows(self, rows: BoolArray | IntArray) -> ChosenFrames:
        """Some of the frames, in any order, also repeatedly."""
        return ChosenFrames(
            position=self.position[rows],
            is_static=self.is_static[rows],
            weight=self.weight[rows],
            trial=self.trial[rows],
            frame=self.frame[rows],
        )

    def repeated(self, times: int) -> ChosenFrames:
        """All frames several times, so that poses are sought from several starts at once."""
        return self.rows(np.tile(np.arange(len(self.is_static)), times))


@dataclass(frozen=True, eq=False)
class State:
    """Values of all unknowns."""

    theta: FloatArray
    """(P + C,) array. Shape, then the mean posture of the C free coordinates."""
    q: FloatArray
    """(F, C) array, rad or m. Free coordinates of every frame."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Gradient and Gauss-Newton blocks of the cost."""

    poses: FloatArray
    """(F, C, C) array."""
    across: FloatArray
    """(F, C, P) array."""
    border: FloatArray
    """(P, P) array."""
    pose_gradient: FloatArray
    """(F, C) array. Downhill."""
    border_gradient: FloatArray
    """(P,) array. Downhill."""
