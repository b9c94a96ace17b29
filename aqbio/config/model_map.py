"""Maps of models: what bodies, joints and markers mean, and where landmarks are on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from aqbio.config.written import WrittenModel
from aqbio.names import ANATOMICAL_GROUPS

Segment = Literal["pelvis", "torso", "thigh", "shank", "foot", "toes", "upper_arm", "forearm"]
"""Parts of the body that carry markers, whatever the model's names."""


class _StrictModel(WrittenModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Origin = Literal["skin", "cluster", "joint_centre", "bone_axis", "other"]
"""Origin of a point: a marker on a palpated landmark, one of a cluster that only tracks, a
joint centre of video or other software, an axis or origin of a bone, or something else."""


class Landmark(_StrictModel):
    """A site on the body that labels name."""

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
        """True for markers of a cluster, which only track their segment."""
        return self.origin == "cluster"


class UnusedMarkers(_StrictModel):
    """Known labels that are not used."""

    why: str
    origin: Origin = "other"
    sided: bool = False
    names: tuple[str, ...]


class LandmarkTable(_StrictModel):
    """All landmarks, and the labels that are deliberately not used."""

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
            entries = [entry.names for entry in self.landmarks.values() if entry.sided == sided]
            entries += [entry.names for entry in self.unused if entry.sided == sided]
            names = [name for entry in entries for name in entry]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"names {twice} belong to more than one landmark")
        return self


Weight = Annotated[float, Field(ge=0)]


class Sides(_StrictModel):
    """A name on each side of the body."""

    left: str
    right: str


class Centre(_StrictModel):
    """A name on the midline of the body."""

    centre: str


class MappedJoints(_StrictModel):
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
            sided_name = getattr(self, joint)
            if isinstance(sided_name, Sides):
                names[f"{joint}_left"] = sided_name.left
                names[f"{joint}_right"] = sided_name.right
            elif isinstance(sided_name, Centre):
                names[joint] = sided_name.centre
        return names


class Pelvis(_StrictModel):
    """The root of the model."""

    body: str
    joint: str


class Size(_StrictModel):
    """Stature and mass of the person whom a generic model was made for."""

    height_m: Annotated[float, Field(gt=1.0, lt=2.5)]
    mass_kg: Annotated[float, Field(gt=20.0, lt=250.0)]


class ModelMap(_StrictModel):
    """Meaning of the bodies and joints of a model."""

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
        names = {body for members in self.groups.values() for body in members}
        names |= {self.feet.left, self.feet.right, self.pelvis.body, self.pelvis.joint}
        names |= set(self.joints.by_name().values())
        for sided_name in self.sagittal.values():
            names |= set(sided_name.model_dump().values())
        return names | set(self.held)

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


class MappedMarker(_StrictModel):
    """Site of a recorded label on the model."""

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
        """True if inverse kinematics follows the marker."""
        return self.weight > 0 and not self.static_only


FORBIDDEN_SIGNS = r"[\s\x00-\x1f\\*+/|]"
"""Signs forbidden in names of OpenSim's components (`OpenSim::ComponentPath`), and ``|``, which
separates names in its tables."""


class FootLabels(_StrictModel):
    """Labels that show where a foot is."""

    heel: str
    toe: tuple[str, ...]


class FeetLabels(_StrictModel):
    """Foot labels of both sides."""

    left: FootLabels
    right: FootLabels


class PelvisLabels(_StrictModel):
    """Labels that show where the pelvis is and where it faces: spines, or else hip centres."""

    front: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    hips: tuple[str, ...] = Field(
        default=(), description="Right and left hip centre, where no spine has a label."
    )

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the pelvis."""
        return (*self.front, *self.back, *self.hips)

    @model_validator(mode="after")
    def _pelvis_has_labels(self) -> Self:
        if not (self.front and self.back) and len(self.hips) != 2:
            raise ValueError("pelvis: give labels in front and behind, or those of both hips")
        return self


def _filled_in(label: object) -> object:
    if label is None or label == "":
        raise ValueError(
            "no marker is known at this landmark, without which nothing can be computed Fix: write "
            "the label that sits there behind the colon; without any marker there these recordings "
            "cannot be analysed."
        )
    return label


class MarkerSet(_StrictModel):
    """Labels of a recording and where they sit on the model."""

    name: str
    source: str
    please_fill: dict[str, Annotated[str, BeforeValidator(_filled_in)]] = Field(
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
        """Replace names of landmarks by the labels that a person filled in."""
        answers = content.get("please_fill") if isinstance(content, dict) else None
        if not isinstance(answers, dict):
            return content
        labels_of_landmarks = {str(name): str(label) for name, label in answers.items() if label}
        labels_in_use = [
            *labels_of_landmarks.values(),
            *(set(content.get("markers") or ()) - set(labels_of_landmarks)),
        ]
        if twice := sorted(
            {label for label in labels_of_landmarks.values() if labels_in_use.count(label) > 1}
        ):
            raise ValueError(f"please_fill: {', '.join(twice)} is a marker of its own already")
        rest = {name: part for name, part in content.items() if name != "please_fill"}
        return {**_replaced(rest, labels_of_landmarks), "please_fill": answers}

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
        names = [marker.model or label for label, marker in self.markers.items()]
        return dict(zip(self.markers, opensim_names(names), strict=True))

    def model_name(self, label: str) -> str:
        """Name of a label's marker on the model, which OpenSim allows."""
        return self._model_names[label]

    def recorded_names(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Names of a recording's markers: the model's, others as OpenSim allows them."""
        unmapped_labels = [label for label in labels if label not in self.markers]
        names = dict(
            zip(
                unmapped_labels,
                opensim_names(unmapped_labels, self._model_names.values()),
                strict=True,
            )
        )
        return tuple((self._model_names | names)[label] for label in labels)

    def label_of(self, marker: str) -> str:
        """The laboratory's label of a marker of the model; its own name where it has none."""
        labels = (label for label in self.markers if self.model_name(label) == marker)
        return next(labels, marker)


def opensim_names(names: Sequence[str], reserved_names: Iterable[str] = ()) -> list[str]:
    """Names with ``_`` for the signs that OpenSim forbids; all unique and none reserved."""
    legal_names, used_names = [], {*reserved_names}
    legal = {name for name in names if not re.search(FORBIDDEN_SIGNS, name)} - used_names
    for original in names:
        name = re.sub(FORBIDDEN_SIGNS, "_", original)
        while original not in legal and name in used_names | legal:
            name += "_"
        legal_names.append(name)
        used_names.add(name)
    return legal_names


def _replaced(content: Any, names: dict[str, str]) -> Any:
    """Plain data with some keys and words replaced."""
    if isinstance(content, dict):
        return {names.get(key, key): _replaced(value, names) for key, value in content.items()}
    if isinstance(content, list):
        return [_replaced(value, names) for value in content]
    return names.get(content, content) if isinstance(content, str) else content
