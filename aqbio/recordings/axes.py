"""Laboratory axes to ground axes: x forward, y up, z right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.vectors import FloatArray

LETTERS = "xyz"

TRAVEL_MIN = 1.0
"""Horizontal displacement of the pelvis from which the heading is taken, m."""

CLEAR_RATIO = 1.5
"""The component along the chosen axis exceeds the others by at least this factor."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What a recording shows about its axes; laboratory axes, NaN where unknown."""

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
    """How it was found, in words."""
    doubts: tuple[str, ...] = ()
    """Clues that contradict the choice."""

    def __post_init__(self) -> None:
        """Refuse anything but a right-handed signed permutation."""
        proper = np.array_equal(self.matrix @ self.matrix.T, np.eye(3))
        if not proper or not np.isclose(np.linalg.det(self.matrix), 1.0):
            raise ValueError("the axes are not a right-handed signed permutation.")


def stated_axes(forward: str, up: str) -> LaboratoryToGround:
    """Axes that a person states, for example ``+y`` forward and ``+z`` up.

    Examples
    --------
    >>> stated_axes("+y", "+z").matrix
    array([[0., 1., 0.],
           [0., 0., 1.],
           [1., 0., 0.]])
    """
    ahead, above = _unit(forward), _unit(up)
    matrix = np.array([ahead, above, np.cross(ahead, above)])
    return LaboratoryToGround(matrix, f"The settings state forward {forward} and up {up}.")


def detected_axes(clues: Clues) -> LaboratoryToGround:
    r"""Axes that the recording itself shows.

    Raises
    ------
    ValueError
        When a direction cannot be told; the message says which, and why.

    Notes
    -----
    Up: the vector from the feet to the pelvis; the plates' normals and the loaded force must lie
    along the same axis. Forward: the pelvis's displacement where it is 1 m or more, otherwise
    (static trial, treadmill) the vector from the back of the pelvis to its front.

    Examples
    --------
    >>> nothing = np.full(3, np.nan)
    >>> clues = Clues(
    ...     body=np.array([0.0, -0.1, 0.9]),
    ...     facing=np.array([0.01, 0.2, 0.05]),
    ...     travel=np.array([0.1, 12.0, 0.0]),
    ...     plate_normal=nothing,
    ...     force=nothing,
    ... )
    >>> print(detected_axes(clues).reasoning.replace(". ", ".\n"))
    Up is +z: the pelvis is 0.90 m above the feet along it.
    Forward is +y: the pelvis moves 12.00 m along it.
    """
    up, reasons, doubts = _up(clues)
    forward, words, more = _forward(clues, up)
    matrix = np.array([forward, up, np.cross(forward, up)])
    return LaboratoryToGround(matrix, f"{reasons} {words}", (*doubts, *more))


def heading(direction: FloatArray) -> float:
    """Angle about +y from +x to a horizontal direction in ground axes, rad.

    Examples
    --------
    >>> heading(np.array([1.0, 0.0, 0.0])) + 0.0
    0.0
    >>> round(heading(np.array([1.0, 0.0, -1.0])), 4)
    0.7854
    """
    return float(np.arctan2(-direction[2], direction[0]))


def displacement(path: FloatArray) -> FloatArray:
    """Displacement over a path, from the means of its first and last 5 % of known frames.

    Parameters
    ----------
    path : (T, 3) array, m
        NaN where unknown.

    Returns
    -------
    (3,) array, m
        Scaled to the whole time between first and last known frame; NaN for an unknown path.

    Examples
    --------
    >>> displacement(np.linspace(0.0, 10.0, 101)[:, None] * np.array([1.0, 0.0, 0.0]))
    array([10.,  0.,  0.])
    """
    known = np.flatnonzero(np.isfinite(path).all(axis=1))
    if len(known) < 2:
        return np.full(3, np.nan)
    share = max(len(known) // 20, 1)
    first, last = known[:share], known[-share:]
    elapsed = last.mean() - first.mean()
    change = path[last].mean(axis=0) - path[first].mean(axis=0)
    total: FloatArray = change * (known[-1] - known[0]) / elapsed
    return total


def _up(clues: Clues) -> tuple[FloatArray, str, tuple[str, ...]]:
    if not np.isfinite(clues.body).all():
        raise ValueError("up cannot be told: pelvis and foot markers are not seen together.")
    axis = _dominant(clues.body, "up: the pelvis is not clearly above the feet along one axis")
    name = _name(axis)
    letter = int(np.flatnonzero(axis)[0])
    height = float(clues.body @ axis)
    reasons = [f"the pelvis is {height:.2f} m above the feet along it"]
    doubts = []
    for clue, agrees, differs in (
        (clues.plate_normal, "the plates' normals lie along it", "the plates' normals lie along"),
        (
            clues.force,
            "the force on the plates lies along it",
            "the force on the plates lies along",
        ),
    ):
        if not np.isfinite(clue).all():
            continue
        other = int(np.argmax(np.abs(clue)))
        if other == letter:
            reasons.append(agrees)
        else:
            doubts.append(f"up is {name} by the body, but {differs} {LETTERS[other]}.")
    return axis, f"Up is {name}: {_listed(reasons)}.", tuple(doubts)


def _forward(clues: Clues, up: FloatArray) -> tuple[FloatArray, str, tuple[str, ...]]:
    level = 1.0 - np.abs(up)
    travel, facing = clues.travel * level, clues.facing * level
    distance = float(np.linalg.norm(travel))
    if np.isfinite(distance) and distance >= TRAVEL_MIN:
        axis = _dominant(travel, "forward: the pelvis moves diagonally")
        words = f"Forward is {_name(axis)}: the pelvis moves {float(travel @ axis):.2f} m along it."
        doubts: tuple[str, ...] = ()
        if np.isfinite(facing).all() and float(facing @ axis) < 0.0:
            doubts = (f"the pelvis moves along {_name(axis)} but its front faces the other way.",)
        return axis, words, doubts
    if not np.isfinite(facing).all():
        raise ValueError(
            "forward cannot be told: the pelvis stays put and its markers are missing."
        )
    axis = _dominant(facing, "forward: the pelvis stays put and faces diagonally", clear=1.0)
    words = f"Forward is {_name(axis)}: the pelvis stays put and its front faces along it."
    return axis, words, ()


def _dominant(vector: FloatArray, what: str, clear: float = CLEAR_RATIO) -> FloatArray:
    largest = int(np.argmax(np.abs(vector)))
    others = np.delete(np.abs(vector), largest).max()
    if abs(vector[largest]) < clear * others:
        numbers = ", ".join(f"{value:.2f}" for value in vector)
        raise ValueError(f"{what} ({numbers} m along x, y, z).")
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


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
