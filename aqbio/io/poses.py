"""Poses of segments in place of markers, as Theia3D and Visual3D write them into C3D files.

A pose is a 4 x 4 matrix of axes and origin. Origins of limb segments are joint centres. Axes are
not trusted: directions in a segment come from the other origins, over the whole recording, and the
calibration finds where the points that stand for the axes lie on the body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from aqbio.config import read_yaml
from aqbio.config.pose_table import PoseTable
from aqbio.errors import AqbioError, Finding, listed
from aqbio.names import shipped
from aqbio.vectors import FloatArray, finite_medians, rotate, transpose

MAX_AXES_ERROR = 0.05
"""Axes differ from unit vectors at right angles by less than this: what damage, or a matrix of
zeros for a segment that was not seen, does not."""

MIN_FRAMES = 20
"""Frames in which a segment is seen, from which directions in it are taken."""

POSE_LABEL = re.compile(r"_Pose\d+$")
"""End of the labels of points that stand for the axes of a pose."""


def is_pose_label(label: str) -> bool:
    """Tell whether a label is that of a point that stands for the axes of a pose."""
    return POSE_LABEL.search(label) is not None


NEEDED = ("pelvis", "thigh", "shank", "foot", "toes")
"""Segments without which no step can be computed."""

SIDES = {"r": "R", "l": "L"}
"""Sides in names of segments, and in labels of points."""

EXPORT_FIX = (
    "export the skeleton poses of one person from Theia3D again, with pelvis and both legs to the "
    "toes, over the whole run (names of segments: models/poses.yaml)."
)


@cache
def pose_table() -> PoseTable:
    """Read ``models/poses.yaml``."""
    return read_yaml(shipped("models") / "poses.yaml", PoseTable)


@dataclass(frozen=True, slots=True)
class Pose:
    """Axes (T, 3, 3) and origin (T, 3) of a segment; NaN where it was not seen."""

    axes: FloatArray
    origin: FloatArray

    def local(self, vector: FloatArray) -> FloatArray:
        """Median of a laboratory vector (T, 3) in the segment's axes; NaN where never seen."""
        inside: FloatArray = finite_medians(rotate(transpose(self.axes), vector))
        return inside

    def point(self, position: FloatArray) -> FloatArray:
        """Path (T, 3) of a point at a position in the segment."""
        path: FloatArray = self.origin + rotate(self.axes, position)
        return path


Poses = Mapping[tuple[str, str], Pose]
"""Poses by segment and side, the side empty on the midline."""


@dataclass(frozen=True, slots=True)
class PosePoints:
    """Points that stand for poses; none of them was measured as a marker."""

    labels: tuple[str, ...]
    positions: FloatArray
    """(T, K, 3) array, in the file's unit."""
    findings: tuple[Finding, ...]


def pose_points(
    names: Sequence[str], matrices: FloatArray, length_unit_m: float, file: str
) -> PosePoints:
    """Points in place of poses: matrices (T, N, 4, 4) of N named segments, of one person."""
    segments = [_segment(name) for name in names]
    _refuse_people(names, segments, file)
    poses: dict[tuple[str, str], Pose] = {}
    left_out = []
    for column, (name, segment) in enumerate(zip(names, segments, strict=True)):
        if segment is None:
            left_out.append(f"segment {column + 1}")
        elif segment in poses:
            left_out.append(_plain(name))
        elif segment[0]:
            poses[segment] = _pose(matrices[:, column])
    frame_counts = {key: int(np.isfinite(pose.origin[:, 0]).sum()) for key, pose in poses.items()}
    _refuse_unseen(frame_counts, len(matrices), file)
    poses = {key: pose for key, pose in poses.items() if frame_counts[key] >= MIN_FRAMES}
    left_out += [_words(key) for key in frame_counts if key not in poses]
    points = dict(_points(poses, length_unit_m))
    points = {label: path for label, path in points.items() if np.isfinite(path).any()}
    findings = _findings(poses, left_out, len(points), file)
    return PosePoints(tuple(points), np.stack(list(points.values()), axis=1), tuple(findings))


PERSON = re.compile(r"^(.*:|[a-z]*\d+[\W_]+)|(?<=4x4)[\W_]*[a-z]*\d*$")
"""What names a person in the name of a segment: ``Ann:pelvis``, ``P2_pelvis``, ``pelvis_4X4_2``."""


def _plain(name: str) -> str:
    """A segment's name in small letters and digits, without its person and the ending."""
    alone = PERSON.sub("", name.casefold().strip())
    return re.sub(r"[^a-z0-9]", "", alone).removesuffix("4x4")


@cache
def _segments_by_name() -> dict[str, tuple[str, str]]:
    table = pose_table()
    names = dict.fromkeys(table.unused, ("", ""))
    for key, segment in table.segments.items():
        for side in SIDES if segment.sided else ("",):
            names |= {name.format(side): (key, side) for name in segment.names}
    return names


def _segment(name: str) -> tuple[str, str] | None:
    """Segment and side of a name, empty for one that is left out; None for an unknown one."""
    return _segments_by_name().get(_plain(name))


def _words(segment: tuple[str, str]) -> str:
    side = {"r": "right ", "l": "left ", "": ""}[segment[1]]
    return side + segment[0].replace("_", " ")


def _refuse_people(
    names: Sequence[str], segments: Sequence[tuple[str, str] | None], file: str
) -> None:
    """Refuse poses of several people, and those of which no segment is known."""
    counts = Counter(
        _plain(name) for name, segment in zip(names, segments, strict=True) if any(segment or ())
    )
    if twice := [name for name, count in counts.items() if count > 1]:
        people = max(counts.values())
        raise AqbioError(
            f"{listed(twice)}: {people} poses under each of these names, of "
            f"{people} people in one file.",
            file=file,
            fix="save each person's poses to a file of their own.",
            rule="c3d-poses",
        )
    if not any(segment and segment[0] for segment in segments):
        raise AqbioError(
            f"it holds poses of {len(names)} segments in place of markers, and aqbio knows the "
            "name of none.",
            file=file,
            fix="name the segments as Theia3D does (pelvis_4X4, l_thigh_4X4, ...: "
            "models/poses.yaml), or export markers.",
            rule="c3d-poses",
        )


def _refuse_unseen(frame_counts: Mapping[tuple[str, str], int], frames: int, file: str) -> None:
    """Refuse poses in which a segment that everything needs is not seen long enough."""
    table = pose_table()
    needed = [
        (key, side) for key in NEEDED for side in (SIDES if table.segments[key].sided else ("",))
    ]
    missing = "nothing can be computed without pelvis and legs"
    if frames < MIN_FRAMES:
        why = f"it holds poses in {frames} frames, and a step takes more"
    elif not any(frame_counts.values()):
        why = f"none of {len(frame_counts)} segments has a pose in any of {frames} frames"
    elif absent := [_words(key) for key in needed if key not in frame_counts]:
        why = f"it holds no pose of {listed(absent)}, and {missing}"
    elif brief := [key for key in needed if frame_counts[key] < MIN_FRAMES]:
        numbers = listed([f"{_words(key)} in {frame_counts[key]}" for key in brief])
        why = f"of {frames} frames, it holds poses of {numbers}, and {missing}"
    else:
        return
    raise AqbioError(f"{why}.", file=file, fix=EXPORT_FIX, rule="c3d-poses")


def _pose(matrices: FloatArray) -> Pose:
    """Pose of matrices (T, 4, 4), missing where their axes are none or nothing was filled in."""
    axes, origin = matrices[:, :3, :3], matrices[:, :3, 3]
    with np.errstate(invalid="ignore", over="ignore"):
        product = transpose(axes) @ axes
        wrong = ~(np.abs(product - np.eye(3)).max(axis=(1, 2)) < MAX_AXES_ERROR)
        wrong |= ~(np.linalg.det(np.where(np.isfinite(axes), axes, 0.0)) > 0.0)
    wrong |= ~np.isfinite(origin).all(axis=1) | ~origin.any(axis=1)
    return Pose(
        np.where(wrong[:, None, None], np.nan, axes), np.where(wrong[:, None], np.nan, origin)
    )


def _unit(vector: FloatArray) -> FloatArray:
    size = np.linalg.norm(vector, axis=-1, keepdims=True)
    direction: FloatArray = vector / np.where(size > 0.0, size, np.nan)
    return direction


def _across(vector: FloatArray, along: FloatArray) -> FloatArray:
    """Unit vector of what a vector has at right angles to another one."""
    return _unit(vector - (vector @ along) / (along @ along) * along)


def _points(poses: Poses, length_unit_m: float) -> Iterator[tuple[str, FloatArray]]:
    """Points of all segments, by label."""
    table = pose_table()
    hips = {side: poses["thigh", side].origin for side in SIDES}
    across = _unit(hips["r"] - hips["l"])
    middle = 0.5 * (hips["r"] + hips["l"])
    for (key, side), pose in poses.items():
        segment = table.segments[key]
        width = segment.half_width / length_unit_m
        if segment.centre:
            yield f"{SIDES[side]}{segment.centre}", pose.origin
        following = poses.get((segment.next, side))
        if not segment.sided:
            yield from _trunk_points(key, pose, _above(key, poses, middle), middle, across, width)
        elif following is not None:
            end = pose.local(following.origin - pose.origin)
            right = _across(pose.local(across), end)
            forward = np.cross(right, _unit(end))
            if key == "foot":
                yield from _foot_points(pose, following, end, right, side)
                forward = _unit(end)
            outward = right if side == "r" else -right
            name = f"{SIDES[side]}_{_label(key)}_Pose"
            for number, offset in enumerate((outward, forward, -forward), 1):
                yield f"{name}{number}", pose.point(0.5 * end + width * offset)


def _label(key: str) -> str:
    return key.title().replace("_", "")


def _above(key: str, poses: Poses, middle: FloatArray) -> FloatArray:
    """(T, 3): from what lies below pelvis, trunk or head to what lies above it."""
    shoulders = [poses[name].origin for side in SIDES if (name := ("upper_arm", side)) in poses]
    knees = 0.5 * (poses["shank", "r"].origin + poses["shank", "l"].origin)
    if key == "head":
        neck = np.mean(shoulders, axis=0) if len(shoulders) == 2 else middle
        above: FloatArray = poses["head", ""].origin - neck
        return above
    if len(shoulders) == 2:
        return np.asarray(np.mean(shoulders, axis=0) - middle)
    top = poses.get(("head", ""), poses.get(("torso", "")))
    return np.asarray((middle - knees) if top is None or key == "pelvis" else top.origin - middle)


def _trunk_points(
    key: str, pose: Pose, above: FloatArray, middle: FloatArray, across: FloatArray, width: float
) -> Iterator[tuple[str, FloatArray]]:
    """Points about the middle of pelvis, trunk or head, in front of it, behind it and beside it."""
    upward = pose.local(above)
    up = _unit(upward)
    right = _across(pose.local(across), up)
    forward = np.cross(up, right)
    base = pose.local(middle - pose.origin) if key != "head" else np.zeros(3)
    if key == "pelvis":
        for letter, outward in (("R", right), ("L", -right)):
            for number, ahead in enumerate((forward, -forward), 1):
                offset = base + width * (up + ahead + 0.5 * outward)
                yield f"{letter}_Pelvis_Pose{number}", pose.point(offset)
        return
    centre = base + 0.6 * upward if key == "torso" else width * up
    for number, direction in enumerate((forward, -forward, right, -right), 1):
        yield f"{_label(key)}_Pose{number}", pose.point(centre + width * direction)


def _foot_points(
    foot: Pose, toes: Pose, ball: FloatArray, right: FloatArray, side: str
) -> Iterator[tuple[str, FloatArray]]:
    """Heel and tip of the toes by the proportions of the model's foot, from ankle to toe joint."""
    table, up = pose_table(), np.cross(right, _unit(ball))
    length = np.linalg.norm(ball)

    def place(proportions: tuple[float, float]) -> FloatArray:
        ahead, above = proportions
        position: FloatArray = ahead * ball + above * length * up
        return position

    letter = SIDES[side]
    yield f"{letter}Heel", foot.point(place(table.heel))
    tip = toes.local(rotate(foot.axes, place(table.tip) - ball))
    yield f"{letter}BigToe", toes.point(tip)


def _findings(poses: Poses, left_out: Sequence[str], count: int, file: str) -> Iterator[Finding]:
    yield Finding(
        rule="c3d-poses",
        severity="info",
        what=f"poses of {len(poses)} segments in place of markers, as Theia3D saves them: "
        f"{count} points stand for them, with the errors of markerless tracking. Origins of limb "
        "segments are taken for joint centres; where the other axes lie in the body is found with "
        "its size; heel and tip of the toes have the proportions of the model's foot.",
        number=count,
        file=file,
    )
    if left_out:
        yield Finding(
            rule="c3d-poses-left-out",
            severity="warning",
            what=f"{listed(list(left_out))}: not used, because aqbio does not know the "
            "name (names of persons are not shown), because the segment is there under another "
            "name too, or because it is hardly ever seen.",
            number=len(left_out),
            file=file,
            fix="name segments as Theia3D does (models/poses.yaml).",
        )
