"""Laboratory axes to ground axes: x forward, y up, z right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aqbio.config import MarkerSet
from aqbio.config.settings import LaboratoryAxes
from aqbio.errors import AqbioError, distinct, listed
from aqbio.force_plates.forces import plate_axes
from aqbio.io.recording import METRES, Recording
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray, dot, finite_means

LETTERS = "xyz"

MIN_TRAVEL_M = 1.0
"""Horizontal displacement of the pelvis from which the heading is taken, m."""

CLEAR_RATIO = 1.5
"""The component along the chosen axis exceeds the others by at least this factor."""


@dataclass(frozen=True, slots=True)
class Clues:
    """Evidence of a recording about its axes; laboratory axes, NaN where unknown."""

    body: FloatArray
    """(3,) array, m. Mean vector from the feet to the pelvis."""
    facing: FloatArray
    """(3,) array, m. Mean vector from the back of the pelvis to its front."""
    travel: FloatArray
    """(3,) array, m. Displacement of the pelvis over the trial."""
    plate_normal: FloatArray
    """(3,) array. Mean of the absolute components of the plates' normals."""
    force: FloatArray
    """(3,) array, N. Mean force over loaded samples; its sign is not used."""


@dataclass(frozen=True, slots=True)
class LaboratoryToGround:
    """Signed permutation from laboratory to ground axes."""

    matrix: FloatArray
    """(3, 3) array. Rows are the ground axes x (forward), y (up), z (right) in laboratory axes."""
    reasoning: str
    """Derivation in words."""
    doubts: tuple[str, ...] = ()
    """Clues that contradict the choice."""

    def __post_init__(self) -> None:
        """Refuse anything but a right-handed signed permutation."""
        proper = np.array_equal(self.matrix @ self.matrix.T, np.eye(3))
        if not proper or not np.isclose(np.linalg.det(self.matrix), 1.0):
            raise ValueError("the axes are not a right-handed signed permutation.")


def stated_axes(forward: str, up: str) -> LaboratoryToGround:
    """Axes from the settings, for example ``+y`` forward and ``+z`` up."""
    ahead, above = _unit(forward), _unit(up)
    matrix = np.array([ahead, above, np.cross(ahead, above)])
    return LaboratoryToGround(matrix, f"The settings state forward {forward} and up {up}.")


def detected_axes(clues: Clues) -> LaboratoryToGround:
    """Detect the axes from the recording; ValueError names the direction that is unclear.

    Up: the vector from the feet to the pelvis; the plates' normals and the loaded force must lie
    along the same axis. Forward: the pelvis's displacement where it is 1 m or more, otherwise
    (static trial, treadmill) the vector from the back of the pelvis to its front.
    """
    up, reasons, doubts = _up(clues)
    forward, words = _forward(clues, up)
    matrix = np.array([forward, up, np.cross(forward, up)])
    return LaboratoryToGround(matrix, f"{reasons} {words}", doubts)


def heading(direction: FloatArray) -> float:
    """Angle about +y from +x to a horizontal direction in ground axes, rad."""
    return float(np.arctan2(-direction[2], direction[0]))


def displacement(path: FloatArray) -> FloatArray:
    """Displacement (3,) over a path (T, 3), m, from means over 5 % of its frames at each end."""
    finite = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(finite) < 2:
        return np.full(3, np.nan)
    share = max(len(finite) // 20, 1)
    first, last = finite[:share], finite[-share:]
    elapsed = last.mean() - first.mean()
    change = path[last].mean(axis=0) - path[first].mean(axis=0)
    return np.asarray(change * (finite[-1] - finite[0]) / elapsed)


def _up(clues: Clues) -> tuple[FloatArray, str, tuple[str, ...]]:
    if not np.isfinite(clues.body).all():
        raise ValueError("up is not known: pelvis and foot markers are not seen together.")
    axis = _dominant(clues.body, "up: the pelvis is not clearly above the feet along one axis")
    name = _name(axis)
    letter = int(np.flatnonzero(axis)[0])
    height = float(clues.body @ axis)
    reasons = [f"the pelvis is {height:.2f} m above the feet along it"]
    doubts = []
    for clue, words in (
        (clues.plate_normal, "the plates' normals lie along"),
        (clues.force, "the force on the plates lies along"),
    ):
        if not np.isfinite(clue).all():
            continue
        dominant = int(np.argmax(np.abs(clue)))
        if dominant == letter:
            reasons.append(f"{words} it")
        else:
            doubts.append(f"up is {name} by the body, but {words} {LETTERS[dominant]}.")
    return axis, f"Up is {name}: {' and '.join(reasons)}.", tuple(doubts)


def _forward(clues: Clues, up: FloatArray) -> tuple[FloatArray, str]:
    level = 1.0 - np.abs(up)
    travel, facing = clues.travel * level, clues.facing * level
    distance = float(np.linalg.norm(travel))
    if np.isfinite(distance) and distance >= MIN_TRAVEL_M:
        axis = _dominant(travel, "forward: the pelvis moves diagonally")
        way = f"moves {float(travel @ axis):.2f} m along it"
        return axis, f"Forward is {_name(axis)}: the pelvis {way}."
    if not np.isfinite(facing).all():
        pelvis_state = "stays put" if np.isfinite(distance) else "is not seen whole in any frame"
        raise ValueError(
            f"forward is unknown: the pelvis {pelvis_state}, and where it faces is not seen."
        )
    axis = _dominant(facing, "forward: the pelvis stays put and faces diagonally", clear=1.0)
    return axis, f"Forward is {_name(axis)}: the pelvis stays put and its front faces along it."


def _dominant(vector: FloatArray, description: str, clear: float = CLEAR_RATIO) -> FloatArray:
    largest = int(np.argmax(np.abs(vector)))
    second_largest = np.delete(np.abs(vector), largest).max()
    if abs(vector[largest]) < clear * second_largest:
        numbers = ", ".join(f"{value:.2f}" for value in vector)
        raise ValueError(f"{description} ({numbers} m along x, y, z).")
    axis = np.zeros(3)
    axis[largest] = np.sign(vector[largest])
    return axis


def _unit(name: str) -> FloatArray:
    axis = np.zeros(3)
    axis[LETTERS.index(name[1])] = 1.0 if name[0] == "+" else -1.0
    return axis


def _name(axis: FloatArray) -> str:
    index = int(np.flatnonzero(axis)[0])
    return ("+" if axis[index] > 0 else "-") + LETTERS[index]


MIN_LOAD_N = 100.0
"""Force of a plate that shows the direction of the ground reaction, N."""

LENGTH_UNITS = {name: METRES[name] for name in ("m", "cm", "mm", "inch")}
"""Units of length that a person may state, m."""

MAX_LEAN_DEG = 45.0
"""Largest angle between stated up and the vector from feet to pelvis, degrees: runners lean by less
than half of it."""

MAX_HEADING_ERROR_DEG = 60.0
"""Largest angle between stated forward and the direction of travel, degrees: a run across the room
is 45 degrees from an axis."""


def laboratory_axes(
    recording: Recording, marker_set: MarkerSet, choice: LaboratoryAxes | str, notes: Notes
) -> LaboratoryToGround:
    """Return stated or detected axes; raise if the body size indicates a wrong unit."""
    clues = _clues(recording, marker_set)
    _check_size(clues, recording.length_unit, notes)
    if isinstance(choice, LaboratoryAxes):
        axes = stated_axes(choice.forward, choice.up)
        check_stated(choice, axes, clues, notes.file)
    else:
        try:
            axes = detected_axes(clues)
        except ValueError as error:
            unseen = _unseen_labels(recording, marker_set) if "known" in str(error) else []
            unseen_text = f"No marker is seen of {listed(unseen)}. Therefore " if unseen else ""
            fix = "name markers of heels and pelvis that are there in the marker set"
            if not unseen:
                fix = "correct the labels of pelvis and feet in the marker set, or state "
                fix += "laboratory.axes in study.yaml, for example {forward: +y, up: +z}"
            raise AqbioError(
                f"{unseen_text}{error}", file=notes.file, fix=f"{fix}.", rule="axes-unknown"
            ) from error
    for doubt in axes.doubts:
        # stated axes would turn the markers as well
        notes.report("axes-doubt", doubt=doubt)
    return axes


def _unseen_labels(recording: Recording, marker_set: MarkerSet) -> list[str]:
    """Parts required to determine axes but never visible, with their labels."""
    pelvis, feet = marker_set.pelvis, marker_set.feet
    parts = {
        "the pelvis in front": pelvis.front,
        "the pelvis behind": pelvis.back,
        "the hips": pelvis.hips or (),
        "the left foot": (feet.left.heel, *feet.left.toe),
        "the right foot": (feet.right.heel, *feet.right.toe),
    }
    return [
        f"{part} ({', '.join(labels)})"
        for part, labels in parts.items()
        if labels and np.isnan(label_mean(recording, labels)).all()
    ]


def check_stated(
    setting: LaboratoryAxes, axes: LaboratoryToGround, clues: Clues, file: str
) -> None:
    """Refuse stated axes in which the person is upside down or lying, or runs another way."""
    forward, up, _ = axes.matrix
    lean, turn = _angle_deg(clues.body, up), _angle_deg(clues.travel, forward)
    turn = min(turn, 180.0 - turn)  # a runway is run there and back; headings are measured
    if not np.linalg.norm(clues.travel) > MIN_TRAVEL_M:
        turn = np.nan
    for away, limit, name, description in (
        (lean, MAX_LEAN_DEG, f"up: {setting.up}", "the pelvis lies from the feet"),
        (turn, MAX_HEADING_ERROR_DEG, f"forward: {setting.forward}", "the pelvis travels"),
    ):
        if away > limit:
            raise AqbioError(
                f"laboratory.axes states {name}, but {description} in a direction "
                f"{distinct(away, limit)} degrees away "
                f"from it, more than {limit:.0f}: the stated axes are not those of the file.",
                file=file,
                fix="correct laboratory.axes in study.yaml, or write auto to detect them.",
                rule="axes-contradicted",
            )


def _angle_deg(vector: FloatArray, axis: FloatArray) -> float:
    """Angle between a vector and a unit vector, degrees; NaN where unknown."""
    size = np.linalg.norm(vector)
    return float(np.degrees(np.arccos(dot(vector, axis) / size))) if size > 0.0 else float("nan")


def label_mean(recording: Recording, labels: Iterable[str]) -> FloatArray:
    """Mean path of markers, (T, 3); NaN where one that is visible in any frame is missing."""
    columns = [recording.labels.index(label) for label in labels if label in recording.labels]
    paths = recording.positions[:, columns]
    visible = ~np.isnan(paths).all(axis=(0, 2))
    if not visible.any():
        return np.full((len(recording.positions), 3), np.nan)
    return np.asarray(paths[:, visible].mean(axis=1))


def pelvis_paths(recording: Recording, marker_set: MarkerSet) -> tuple[FloatArray, FloatArray]:
    """Path of the pelvis and its facing direction, (T, 3) each.

    Without markers on the iliac spines, the toes relative to the heels give the facing direction.
    """
    pelvis, feet = marker_set.pelvis, (marker_set.feet.left, marker_set.feet.right)
    if not pelvis.hips:
        front, back = (label_mean(recording, labels) for labels in (pelvis.front, pelvis.back))
        return 0.5 * (front + back), front - back
    right, left = (label_mean(recording, (hip,)) for hip in pelvis.hips)
    heels, toes = (
        0.5 * (label_mean(recording, left) + label_mean(recording, right))
        for left, right in ([[foot.heel] for foot in feet], [foot.toe for foot in feet])
    )
    middle = 0.5 * (right + left)
    up = mean_vector(middle - 0.5 * (heels + toes))
    ahead = np.cross(up / np.linalg.norm(up), right - left)
    return middle, ahead * np.sign(mean_vector(ahead) @ mean_vector(toes - heels))


def _mean_of_present(recording: Recording, labels: Iterable[str]) -> FloatArray:
    """Mean path of the markers visible in each frame, (T, 3); NaN where none is."""
    columns = [recording.labels.index(label) for label in labels if label in recording.labels]
    return finite_means(recording.positions[:, columns], 1)


MARKER_ABSENT = "marker-absent"
"""Rule of a label of the marker set that a recording lacks."""


def missing_labels(
    recording: Recording, marker_set: MarkerSet, notes: Notes, *, moving: bool
) -> None:
    """Note the mapped labels that the recording does not have."""
    for label, marker in marker_set.markers.items():
        expected = not (moving and marker.static_only)
        if label not in recording.labels and expected:
            notes.report(MARKER_ABSENT, label=label, marker_set=marker_set.name)


def _clues(recording: Recording, marker_set: MarkerSet) -> Clues:
    path, facing = pelvis_paths(recording, marker_set)
    feet = [
        _mean_of_present(recording, (foot.heel, *foot.toe))
        for foot in (marker_set.feet.left, marker_set.feet.right)
    ]
    hips = _mean_of_present(recording, marker_set.pelvis.labels)
    normal = force = np.full(3, np.nan)
    if recording.forces is not None:
        corners = recording.forces.corners
        complete = corners[~np.isnan(corners.sum(axis=(1, 2)))]
        if len(complete):
            normal = np.mean([np.abs(plate_axes(plate)[:, 2]) for plate in complete], axis=0)
        loads = recording.forces.wrench.force.reshape(-1, 3)
        loads = loads[dot(loads, loads) > MIN_LOAD_N**2]
        if len(loads):
            force = np.abs(loads).mean(axis=0)
    return Clues(
        body=mean_vector(hips - 0.5 * (feet[0] + feet[1])),
        facing=mean_vector(facing),
        travel=displacement(path),
        plate_normal=normal,
        force=force,
    )


def mean_vector(path: FloatArray) -> FloatArray:
    """Mean (3,) of the finite frames of a path (T, 3); NaN if there are none."""
    finite = path[~np.isnan(path.sum(axis=1))]
    return np.asarray(finite.mean(axis=0)) if len(finite) else np.full(3, np.nan)


def is_of_people(body: FloatArray) -> bool:
    """Tell whether a person may be of this size, by the vector (3,), m, from feet to pelvis.

    True where that is not known.
    """
    height, (middle, bound) = float(np.linalg.norm(body)), of_people("hip height")
    return bool(np.isnan(height) or middle - bound <= height <= middle + bound)


def _check_size(clues: Clues, unit: float, notes: Notes) -> None:
    if is_of_people(clues.body):
        return
    height, (middle, bound) = float(np.linalg.norm(clues.body)), of_people("hip height")
    low, high = middle - bound, middle + bound
    fitting = {
        name: f"{name} ({height / unit * size:.2f} m)"
        for name, size in LENGTH_UNITS.items()
        if low <= height / unit * size <= high
    }
    better, stated = "", "laboratory.marker_unit"
    if fitting:
        better = f" It would fit if the positions were in {' or '.join(fitting.values())}."
        stated += f": {' or '.join(fitting)}"
    raise AqbioError(
        f"the pelvis is {height:.3g} m from the feet on average, outside {low} to {high} m: the "
        f"unit of the markers is wrong, labels are swapped or the file is damaged.{better}",
        file=notes.file,
        fix=f"state {stated} in study.yaml (auto where recordings differ and name their units), "
        "correct the unit that this file names, or correct the labels.",
        rule="marker-size",
    )
