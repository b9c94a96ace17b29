"""Maps of models: what bodies, joints and markers mean, and where landmarks are on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from aqbio.names import ANATOMICAL_GROUPS

Segment = Literal["pelvis", "torso", "thigh", "shank", "foot", "toes", "upper_arm", "forearm"]
"""Parts of the body that carry markers, whatever the model's names."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Origin = Literal["skin", "cluster", "joint_centre", "bone_axis", "other"]
"""Where a point comes from: a marker on a palpated landmark, one of a cluster that only tracks, a
joint centre of video or other software, an axis or origin of a bone, or something else."""


class Landmark(_Strict):
    """A place on the body that labels name."""

    segment: Segment
    sided: bool = Field(default=False, description="Whether there is one on each side.")
    origin: Origin = Field(default="skin", description="Where points of these names come from.")
    weight: Annotated[float, Field(gt=0)] = 1.0
    position: tuple[float, float, float] | None = Field(
        default=None,
        description="On the right body of the sprint model, m, where the model has no marker.",
    )
    beside: str | None = Field(
        default=None,
        description="Landmark whose body a marker of a cluster sits on, where a model has a body "
        "for it: a shoulder blade, a head. Of a point of video, the landmark that replaces it.",
    )
    joint: str | None = Field(
        default=None, description="Joint of the map of which it is the centre."
    )
    names: tuple[str, ...]
    video: tuple[str, ...] = Field(
        default=(), description="Names of the place in systems that find it in video."
    )
    words: tuple[str, ...] = Field(
        default=(), description="Words by which a label with a side names the segment."
    )

    @property
    def cluster(self) -> bool:
        """Whether a marker of it has no place of its own: it only tracks."""
        return self.origin == "cluster"


class UnusedMarkers(_Strict):
    """Labels that are known and left out."""

    why: str
    origin: Origin = "other"
    sided: bool = False
    names: tuple[str, ...]


class LandmarkTable(_Strict):
    """Every landmark, and the labels that are left out on purpose."""

    landmarks: dict[str, Landmark]
    video_signs: tuple[str, ...] = Field(
        description="Names beside those of hips and knees by which labels are those of video."
    )
    unused: tuple[UnusedMarkers, ...]

    def clusters(self) -> dict[tuple[Segment, bool], str]:
        """The first cluster of each segment, by segment and whether it has sides."""
        return {
            (entry.segment, entry.sided): name
            for name, entry in reversed(self.landmarks.items())
            if entry.cluster
        }

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for sided in (False, True):
            entries = [one.names for one in self.landmarks.values() if one.sided == sided]
            entries += [one.names for one in self.unused if one.sided == sided]
            names = [name for entry in entries for name in entry]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"names {twice} belong to more than one landmark")
        return self


Weight = Annotated[float, Field(ge=0)]


class Sides(_Strict):
    """A name on each side of the body."""

    left: str
    right: str


class Centre(_Strict):
    """A name on the midline of the body."""

    centre: str


class MappedJoints(_Strict):
    """Joints whose moments are reported."""

    hip: Sides
    knee: Sides
    ankle: Sides
    mtp: Sides | None = None
    lumbar: Centre | None = None
    shoulder: Sides | None = None
    elbow: Sides | None = None

    def by_name(self) -> dict[str, str]:
        """The model's joint for every reported joint, for example ``hip_left``."""
        names: dict[str, str] = {}
        for joint in type(self).model_fields:
            place = getattr(self, joint)
            if isinstance(place, Sides):
                names[f"{joint}_left"] = place.left
                names[f"{joint}_right"] = place.right
            elif isinstance(place, Centre):
                names[joint] = place.centre
        return names


class Pelvis(_Strict):
    """The root of the model."""

    body: str
    joint: str


class Size(_Strict):
    """Stature and mass of the person whom a generic model was made for."""

    height_m: Annotated[float, Field(gt=1.0, lt=2.5)]
    mass_kg: Annotated[float, Field(gt=20.0, lt=250.0)]


class ModelMap(_Strict):
    """What the bodies and joints of a model mean."""

    name: str
    source: str = Field(description="Citation of the model.")
    groups: dict[str, tuple[str, ...]] = Field(
        description="Partition of the bodies: every body in exactly one group."
    )
    feet: Sides = Field(
        description="Bodies that receive the ground reaction force; the toes beyond mtp share it."
    )
    joints: MappedJoints
    pelvis: Pelvis
    flexion: dict[str, Literal[1, -1]] = Field(
        default_factory=dict,
        description="Sign of flexion (dorsiflexion at the ankle) of the model's sagittal "
        "coordinate, by joint: hip, knee, ankle, lumbar, elbow.",
    )
    sagittal: dict[str, Sides | Centre] = Field(
        default_factory=dict, description="Coordinate of flexion and extension by joint."
    )
    held: tuple[str, ...] = Field(
        default=(),
        description="Coordinates that the generic model locks and calibration frees in a "
        "participant whose markers show them: neck, shoulder girdle, turning of the forearm.",
    )
    marker_set: str = Field(default="markers.yaml", description="Marker set, beside the map file.")
    made_for: dict[Literal["female", "male"], Size] = Field(
        default_factory=dict,
        description="Stature and mass of the people whom the generic models were made for, by "
        "sex: what calibration holds a participant's against. Unknown: people of mean size.",
    )

    def names(self) -> set[str]:
        """Every body, joint and coordinate that the map names."""
        named = {body for members in self.groups.values() for body in members}
        named |= {self.feet.left, self.feet.right, self.pelvis.body, self.pelvis.joint}
        named |= set(self.joints.by_name().values())
        for place in self.sagittal.values():
            named |= set(place.model_dump().values())
        return named | set(self.held)

    @model_validator(mode="after")
    def _partition(self) -> Self:
        unknown = set(self.groups) - set(ANATOMICAL_GROUPS)
        if unknown:
            raise ValueError(f"groups {sorted(unknown)} are not among {list(ANATOMICAL_GROUPS)}")
        missing = {"pelvis", "leg_left", "leg_right"} - set(self.groups)
        if missing:
            raise ValueError(f"groups {sorted(missing)} are missing")
        bodies = [body for members in self.groups.values() for body in members]
        twice = sorted({body for body in bodies if bodies.count(body) > 1})
        if twice:
            raise ValueError(f"bodies {twice} are in more than one group")
        return self


class MappedMarker(_Strict):
    """Where a label of the recording sits on the model."""

    body: str
    model: str = Field(default="", description="Marker's name in the model; empty: the label.")
    position: tuple[float, float, float] | None = Field(
        default=None,
        description="Position in the body frame of the *generic* model, m; none: the model's own "
        "marker.",
    )
    weight: Weight = Field(default=1.0, description="Weight in inverse kinematics.")
    joint: str = Field(
        default="",
        description="Joint of the map, such as knee_right, at whose centre the point is.",
    )
    video: bool = Field(
        default=False,
        description="Found in video, without a marker: farther from its place and less steady.",
    )
    tracking: bool = Field(
        default=False,
        description="A marker of a cluster: anywhere on its body; calibration finds where.",
    )
    static_only: bool = Field(default=False, description="Present in the static trial only.")
    looked_at: bool = Field(
        default=False,
        description="A person looked: it sits here, although its name says another place.",
    )

    @property
    def tracked(self) -> bool:
        """Whether inverse kinematics follows the marker."""
        return self.weight > 0 and not self.static_only


FORBIDDEN = r"[\s\x00-\x1f\\*+/|]"
"""What names of OpenSim's components may not hold (`OpenSim::ComponentPath`), and ``|``, which its
tables separate names by."""


class FootLabels(_Strict):
    """Labels that show where a foot is."""

    heel: str
    toe: tuple[str, ...]


class FeetLabels(_Strict):
    """Foot labels of both sides."""

    left: FootLabels
    right: FootLabels


class PelvisLabels(_Strict):
    """Labels that show where the pelvis is and where it faces: spines, or else hip centres."""

    front: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    hips: tuple[str, ...] = Field(
        default=(), description="Right and left hip centre, where no spine has a label."
    )

    @property
    def labels(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.front, *self.back, *self.hips)

    @model_validator(mode="after")
    def _shown(self) -> Self:
        if not (self.front and self.back) and len(self.hips) != 2:
            raise ValueError("pelvis: give labels in front and behind, or those of both hips")
        return self


def _named(label: object) -> object:
    if label is None or label == "":
        raise ValueError(
            "no marker is known at this landmark, without which nothing can be computed Fix: write "
            "the label that sits there behind the colon; without any marker there these recordings "
            "cannot be analysed."
        )
    return label


class MarkerSet(_Strict):
    """Labels of a recording and where they sit on the model."""

    name: str
    source: str
    please_fill: dict[str, Annotated[str, BeforeValidator(_named)]] = Field(
        default_factory=dict,
        description="Label of each landmark that only a person can tell: it is written once, here, "
        "and stands for the landmark's name wherever the file uses it.",
    )
    markers: dict[str, MappedMarker]
    feet: FeetLabels
    pelvis: PelvisLabels

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, content: Any) -> Any:
        """Put the labels that a person filled in where the names of their landmarks stand."""
        answers = content.get("please_fill") if isinstance(content, dict) else None
        if not isinstance(answers, dict):
            return content
        given = {str(name): str(label) for name, label in answers.items() if label}
        taken = [*given.values(), *(set(content.get("markers") or ()) - set(given))]
        if twice := sorted({label for label in given.values() if taken.count(label) > 1}):
            raise ValueError(f"please_fill: {', '.join(twice)} is a marker of its own already")
        rest = {name: part for name, part in content.items() if name != "please_fill"}
        return {**_replaced(rest, given), "please_fill": answers}

    @model_validator(mode="after")
    def _known_labels(self) -> Self:
        mapped = set(self.markers)
        labels = [
            self.feet.left.heel,
            *self.feet.left.toe,
            self.feet.right.heel,
            *self.feet.right.toe,
        ]
        labels += self.pelvis.labels
        for label in labels:
            if label not in mapped:
                raise ValueError(f"feet or pelvis: label {label} is not in markers")
        return self

    @cached_property
    def _model_names(self) -> dict[str, str]:
        """Name on the model by label."""
        named = [marker.model or label for label, marker in self.markers.items()]
        return dict(zip(self.markers, opensim_names(named), strict=True))

    def model_name(self, label: str) -> str:
        """The name that a label's marker has on the model: one that OpenSim allows."""
        return self._model_names[label]

    def recorded_names(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Names of a recording's markers: the model's, others as OpenSim allows them."""
        others = [label for label in labels if label not in self.markers]
        names = dict(zip(others, opensim_names(others, self._model_names.values()), strict=True))
        return tuple((self._model_names | names)[label] for label in labels)

    def label_of(self, marker: str) -> str:
        """The laboratory's label of a marker of the model; its own name where it has none."""
        named = (label for label in self.markers if self.model_name(label) == marker)
        return next(named, marker)


def opensim_names(names: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Names with ``_`` for the signs that OpenSim forbids, none of them taken."""
    legal_names, others = [], {*taken}
    legal = {name for name in names if not re.search(FORBIDDEN, name)} - others
    for given in names:
        name = re.sub(FORBIDDEN, "_", given)
        while given not in legal and name in others | legal:
            name += "_"
        legal_names.append(name)
        others.add(name)
    return legal_names


def _replaced(content: Any, names: dict[str, str]) -> Any:
    """Plain data with some keys and words replaced."""
    if isinstance(content, dict):
        return {names.get(key, key): _replaced(value, names) for key, value in content.items()}
    if isinstance(content, list):
        return [_replaced(value, names) for value in content]
    return names.get(content, content) if isinstance(content, str) else content
