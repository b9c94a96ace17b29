"""Tables of a skeleton: tree of bodies with joints, inertia and markers.

Every joint has the same form: from its parent frame F, fixed in the parent body, the child
frame M is shifted along the joint's *translation axes* (fixed in F) and then turned about its
*rotation axes*, one after another, each carried along by those before it. The amount along or
about each axis is a function of one coordinate. Pins, sliders, balls and OpenSim's custom joints
are all of this kind. The functions are constants, lines, polynomials and splines: piecewise
polynomials, so that one table and one evaluation represent all of them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from aqbio.vectors import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PiecewisePolynomials:
    """A table of F functions, each of at most P pieces and of degree at most D - 1.

    Function f in its piece p is ``Σ_d coefficients[f, p, d] (x - origins[f, p])**d``. Piece p ends
    where piece p + 1 starts; the first and last pieces reach to infinity.
    """

    starts: FloatArray
    """(F, P) array. Start of each piece: -inf for the first, +inf for pieces that a function
    does not have."""
    origins: FloatArray
    """(F, P) array. The point about which a piece is expanded."""
    coefficients: FloatArray
    """(F, P, D) array. Ascending powers; D >= 2."""

    def __post_init__(self) -> None:
        """Refuse tables of different sizes."""
        if self.coefficients.ndim != 3 or self.coefficients.shape[2] < 2:
            raise ValueError(
                f"coefficients have shape {self.coefficients.shape}, not (F, P, D>=2)."
            )
        pieces = self.coefficients.shape[:2]
        if self.starts.shape != pieces or self.origins.shape != pieces:
            raise ValueError(
                f"starts {self.starts.shape} and origins {self.origins.shape} are not {pieces}."
            )
        if (self.starts[:, :1] != -np.inf).any() or (
            self.starts[:, 1:] < self.starts[:, :-1]
        ).any():
            raise ValueError("pieces start at -inf and go on in ascending order.")

    def __len__(self) -> int:
        return len(self.coefficients)

    @cached_property
    def curved(self) -> BoolArray:
        """(F,) bool: functions that are more than one straight line."""
        several = (self.starts[:, 1:] < np.inf).any(axis=1)
        bent: BoolArray = several | (self.coefficients[:, 0, 2:] != 0).any(axis=1)
        return bent

    @cached_property
    def _curved_tables(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Starts (C, P), origins (C P,) and coefficients (D, C P) of the C curved functions."""
        powers = self.coefficients[self.curved].reshape(-1, self.coefficients.shape[2]).T
        starts, origins = self.starts[self.curved], self.origins[self.curved]
        return starts, origins.ravel(), np.ascontiguousarray(powers)

    def values(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values, first and second derivatives (T, F) of each function at x (T, F)."""
        offset, slope = self.coefficients[:, 0, 0], self.coefficients[:, 0, 1]
        first = np.empty(x.shape, order="F")
        first[:] = slope
        value = (x - self.origins[:, 0]) * slope + offset
        second = np.zeros(x.shape, order="F")
        if self.curved.any():
            bent = self._curved_values(x[:, self.curved])
            value[:, self.curved], first[:, self.curved], second[:, self.curved] = bent
        return value, first, second

    def _curved_values(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Evaluate curved functions and two derivatives by Horner's scheme."""
        starts, origins, powers = self._curved_tables
        functions, pieces = starts.shape
        row = np.zeros(x.shape, dtype=np.intp, order="F")
        row += np.arange(functions) * pieces
        for piece in range(1, pieces):
            row += x >= starts[:, piece]
        step = x - origins[row]
        value, first, second = powers[-1][row], np.zeros_like(step), np.zeros_like(step)
        for coefficient in powers[-2::-1]:
            second = second * step + 2.0 * first
            first = first * step + value
            value = value * step + coefficient[row]
        return value, first, second


def polynomial(coefficients: Sequence[float]) -> PiecewisePolynomials:
    """One polynomial; coefficients in ascending powers."""
    padded = [*coefficients, 0.0, 0.0][: max(2, len(coefficients))]
    return PiecewisePolynomials(
        np.full((1, 1), -np.inf), np.zeros((1, 1)), np.array([[padded]], dtype=float)
    )


def line(slope: float, intercept: float = 0.0) -> PiecewisePolynomials:
    """``slope x + intercept``."""
    return polynomial([intercept, slope])


def constant(value: float) -> PiecewisePolynomials:
    """Constant function."""
    return polynomial([value])


def piecewise_linear(x: FloatArray, y: FloatArray) -> PiecewisePolynomials:
    """Straight lines between points x (ascending), y (N,), extrapolated at both ends."""
    slopes = np.diff(y) / np.diff(x)
    coefficients = np.stack([y[:-1], slopes], axis=-1)
    return _pieces(np.concatenate([[-np.inf], x[1:-1]]), x[:-1], coefficients)


def cubic_spline(x: FloatArray, y: FloatArray, slope: FloatArray) -> PiecewisePolynomials:
    """Cubic pieces through points x, y (N,) with given slopes, straight lines beyond both ends.

    Hermite's form: on a piece of width h with chord slope s = Δy / h,
    ``c₂ = (3 s − 2 y'₀ − y'₁) / h``, ``c₃ = (y'₀ + y'₁ − 2 s) / h²``.
    """
    width = np.diff(x)
    chord = np.diff(y) / width
    quadratic = (3.0 * chord - 2.0 * slope[:-1] - slope[1:]) / width
    cubic = (slope[:-1] + slope[1:] - 2.0 * chord) / width**2
    inside = np.stack([y[:-1], slope[:-1], quadratic, cubic], axis=-1)
    before = [[y[0], slope[0], 0.0, 0.0]]
    after = [[y[-1], slope[-1], 0.0, 0.0]]
    return _pieces(
        np.concatenate([[-np.inf], x]),
        np.concatenate([x[:1], x]),
        np.concatenate([before, inside, after]),
    )


def scaled(functions: PiecewisePolynomials, factor: float) -> PiecewisePolynomials:
    """Multiply every function by a factor."""
    return PiecewisePolynomials(
        functions.starts, functions.origins, factor * functions.coefficients
    )


def stack(tables: Sequence[PiecewisePolynomials]) -> PiecewisePolynomials:
    """Stack the functions of several tables into one, in order."""
    pieces = max((table.coefficients.shape[1] for table in tables), default=1)
    powers = max((table.coefficients.shape[2] for table in tables), default=2)
    functions = sum(len(table) for table in tables)
    starts = np.full((functions, pieces), np.inf)
    starts[:, 0] = -np.inf
    origins = np.zeros((functions, pieces))
    coefficients = np.zeros((functions, pieces, powers))
    row = 0
    for table in tables:
        rows = slice(row, row + len(table))
        own_pieces, own_powers = table.coefficients.shape[1:]
        starts[rows, :own_pieces] = table.starts
        origins[rows, :own_pieces] = table.origins
        coefficients[rows, :own_pieces, :own_powers] = table.coefficients
        row = rows.stop
    return PiecewisePolynomials(starts, origins, coefficients)


def _pieces(
    starts: FloatArray, origins: FloatArray, coefficients: FloatArray
) -> PiecewisePolynomials:
    return PiecewisePolynomials(starts[None], origins[None], coefficients[None])


GROUND = -1
"""Parent of bodies attached to the ground."""

FIXED = -1
"""Coordinate of an axis that no coordinate moves."""

OBLIQUE = -1
"""Marks an axis parallel to none of its frame's axes."""

TOPOLOGY_PROPERTIES = ("driver", "free", "lineage", "precedes", "rotations", "translations")
"""Cached properties that depend on joints only, not on lengths."""

INERTIA_FIELDS = ("mass", "com", "inertia")
"""Fields that may differ from frame to frame."""


@dataclass(frozen=True, eq=False)
class JointAxes:
    """The A axes of all joints: grouped by body, rotations in sequence, then translations."""

    body: IntArray
    """(A,) int array. The body that the axis moves, ascending."""
    is_rotation: BoolArray
    """(A,) bool array."""
    direction: FloatArray
    """(A, 3) array. Unit vector in the joint's parent frame; for a rotation, before the preceding
    ones turn it."""
    coordinate: IntArray
    """(A,) int array. Coordinate that drives the axis; ``FIXED`` for a constant."""
    functions: PiecewisePolynomials
    """A functions: rad or m along the axis, of the coordinate."""
    simbody_carriers: BoolArray
    """(A, A) bool array. ``simbody_carriers[a, b]`` where Simbody lets axis a be carried along by
    the turning about axis b. It should be those of :attr:`carriers`, and is not in the joints named
    in docs/decisions/0004-simbody-walker-knee.md. Used by ``simbody_compat`` only."""

    def __post_init__(self) -> None:
        """Refuse tables that do not describe the same axes."""
        count = len(self.body)
        _expect_shapes(
            self,
            {"is_rotation": (count,), "direction": (count, 3), "coordinate": (count,)}
            | {"simbody_carriers": (count, count)},
        )
        if len(self.functions) != count:
            raise ValueError(f"{len(self.functions)} functions for {count} axes.")
        if (np.diff(self.body) < 0).any():
            raise ValueError("axes are not grouped by body.")
        same_body = np.diff(self.body) == 0
        if (same_body & ~self.is_rotation[:-1] & self.is_rotation[1:]).any():
            raise ValueError("a rotation axis follows a translation axis of the same joint.")
        if not np.allclose(np.linalg.norm(self.direction, axis=1), 1.0, rtol=0, atol=1e-12):
            raise ValueError("axis directions are not unit vectors.")

    def __len__(self) -> int:
        return len(self.body)

    @cached_property
    def along(self) -> tuple[int, ...]:
        """Axis of the parent frame parallel to each axis, or ``OBLIQUE``."""
        single_component = np.count_nonzero(self.direction, axis=1) == 1
        return tuple(
            np.where(single_component, np.abs(self.direction).argmax(axis=1), OBLIQUE).tolist()
        )


@dataclass(frozen=True, eq=False)
class Couplers:
    """Coordinates that are a function of another one."""

    dependent: IntArray
    independent: IntArray
    """dependent, independent: (D,) int arrays. Coordinate ``dependent[d]`` is ``functions[d]`` of
    coordinate ``independent[d]``."""
    functions: PiecewisePolynomials
    """D functions."""

    def __post_init__(self) -> None:
        """Refuse couplers that depend on each other."""
        if not len(self.dependent) == len(self.independent) == len(self.functions):
            raise ValueError("dependent, independent and functions differ in length.")
        if len(set(self.dependent.tolist())) != len(self.dependent):
            raise ValueError("a coordinate depends on more than one other.")
        if np.isin(self.independent, self.dependent).any():
            raise ValueError("a coordinate depends on one that is itself dependent.")


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A tree of B rigid bodies with C coordinates and M markers."""

    bodies: tuple[str, ...]
    joints: tuple[str, ...]
    """bodies, joints: tuples of B names. Bodies, parents before children, and the joint that moves
    each."""
    coordinates: tuple[str, ...]
    """tuple of C names. In the order of the model; every ``q``, ``u`` and ``udot`` has all of
    them."""
    markers: tuple[str, ...]
    """tuple of M names."""
    parent: IntArray
    """(B,) int array. Index of the parent body, ``GROUND`` for none."""
    parent_rotation: FloatArray
    parent_position: FloatArray
    """parent_rotation, parent_position: (B, 3, 3) and (B, 3) arrays, m. The joint's parent frame F
    in the parent body."""
    child_rotation: FloatArray
    child_position: FloatArray
    """child_rotation, child_position: (B, 3, 3) and (B, 3) arrays, m. The body frame in the joint's
    child frame M."""
    axes: JointAxes
    couplers: Couplers
    mass: FloatArray
    """(B,) array, kg."""
    com: FloatArray
    """(B, 3) array, m. Centre of mass in the body frame."""
    inertia: FloatArray
    """(B, 3, 3) array, kg m². About the centre of mass, in axes of the body frame.

    Where frames have different bodies (:meth:`with_inertia_of`), mass, com and inertia have a
    leading axis of T frames."""
    gravity: FloatArray
    """(3,) array, m/s²."""
    marker_body: IntArray
    """(M,) int array."""
    marker_position: FloatArray
    """(M, 3) array, m. In the frame of the marker's body."""
    coordinate_range: FloatArray
    """(C, 2) array, rad or m."""
    coordinate_default: FloatArray
    """(C,) array, rad or m."""
    coordinate_is_rotation: BoolArray
    coordinate_locked: BoolArray
    coordinate_clamped: BoolArray
    """coordinate_is_rotation, coordinate_locked, coordinate_clamped: (C,) bool arrays.
    ``coordinate_is_rotation`` as OpenSim has it: files give these coordinates in degrees."""

    def __post_init__(self) -> None:
        """Refuse tables that are not a tree or do not fit together."""
        bodies, coordinates, markers = len(self.bodies), len(self.coordinates), len(self.markers)
        vectors = ("parent_position", "child_position")
        matrices = ("parent_rotation", "child_rotation")
        frames = self.mass.shape[:-1]
        flags = [f"coordinate_{name}" for name in ("is_rotation", "locked", "clamped", "default")]
        _expect_shapes(
            self,
            {
                **dict.fromkeys(vectors, (bodies, 3)),
                **dict.fromkeys(matrices, (bodies, 3, 3)),
                **dict.fromkeys(flags, (coordinates,)),
                "coordinate_range": (coordinates, 2),
                "parent": (bodies,),
                "mass": (*frames, bodies),
                "com": (*frames, bodies, 3),
                "inertia": (*frames, bodies, 3, 3),
                "gravity": (3,),
                "marker_body": (markers,),
                "marker_position": (markers, 3),
            },
        )
        for kind in ("bodies", "joints", "coordinates", "markers"):
            names = getattr(self, kind)
            if len(set(names)) != len(names):
                raise ValueError(f"{kind} have names in common: {sorted(names)}.")
        if (self.parent >= np.arange(bodies)).any() or (self.parent < GROUND).any():
            raise ValueError("a body comes before its parent.")
        _expect_indices("axes.body", self.axes.body, 0, bodies)
        _expect_indices("axes.coordinate", self.axes.coordinate, FIXED, coordinates)
        _expect_indices("marker_body", self.marker_body, 0, bodies)
        _expect_indices("couplers.dependent", self.couplers.dependent, 0, coordinates)
        _expect_indices("couplers.independent", self.couplers.independent, 0, coordinates)

    @cached_property
    def free(self) -> IntArray:
        """Indices of the coordinates that are neither locked nor a function of another one."""
        moves = ~self.coordinate_locked
        moves[self.couplers.dependent] = False
        return np.flatnonzero(moves)

    @cached_property
    def driver(self) -> IntArray:
        """(A,) int: independent coordinate that drives each axis, ``FIXED`` for constants."""
        behind = np.append(np.arange(len(self.coordinates)), FIXED)
        behind[self.couplers.dependent] = self.couplers.independent
        return behind[self.axes.coordinate]

    @cached_property
    def lineage(self) -> BoolArray:
        """(B, B) bool: ``lineage[b, a]`` where body a is b itself or one of its ancestors."""
        table = np.eye(len(self.bodies), dtype=bool)
        for body, parent in enumerate(self.parent):
            if parent != GROUND:
                table[body] |= table[parent]
        return table

    def of_size(self, **changes: Any) -> Skeleton:
        """Replace lengths, axes, inertia or markers, keeping the topology."""
        resized = replace(self, **changes)
        resized.__dict__.update({name: getattr(self, name) for name in TOPOLOGY_PROPERTIES})
        return resized

    def with_inertia_of(self, skeletons: Sequence[Skeleton], frames: int) -> Skeleton:
        """Take the inertia of several skeletons in turn, each for ``frames`` frames.

        Lengths and axes stay those of this skeleton.
        """
        inertia = {
            name: np.asfortranarray(
                np.repeat([getattr(skeleton, name) for skeleton in skeletons], frames, 0)
            )
            for name in INERTIA_FIELDS
        }
        return self.of_size(**inertia)

    def in_frames(self, chosen: slice) -> Skeleton:
        """Select frames: the skeleton itself, unless its inertia differs between frames."""
        if self.mass.ndim == 1:
            return self
        return self.of_size(**{name: getattr(self, name)[chosen] for name in INERTIA_FIELDS})

    @cached_property
    def precedes(self) -> BoolArray:
        """(A, A) bool: ``precedes[a, b]`` where moving axis a carries axis b along.

        Axes of an ancestor do; in the same joint, translations carry rotations, and each rotation
        those after it.
        """
        body, turns = self.axes.body, self.axes.is_rotation
        same_joint = body[:, None] == body
        rank = np.arange(len(body)) + np.where(turns, len(body), 0)
        earlier = rank[:, None] < rank
        table: BoolArray = np.where(same_joint, earlier, self.lineage[body][:, body].T)
        return table

    @cached_property
    def rotations(self) -> tuple[tuple[int, ...], ...]:
        """The rotation axes that move each body, in sequence."""
        return self._axes_of_bodies(self.axes.is_rotation)

    @cached_property
    def translations(self) -> tuple[tuple[int, ...], ...]:
        """The translation axes that move each body."""
        return self._axes_of_bodies(~self.axes.is_rotation)

    @cached_property
    def parallel(self) -> BoolArray:
        """(B, 2) bool: the joint's parent frame is parallel to the parent body, the child to M."""
        turns = np.stack([self.parent_rotation, self.child_rotation], axis=1)
        aligned: BoolArray = (turns == np.eye(3)).all(axis=(2, 3))
        return aligned

    @cached_property
    def at_joint(self) -> tuple[bool, ...]:
        """True for bodies whose origin is their joint's centre."""
        return tuple((self.child_position == 0.0).all(axis=1).tolist())

    def _axes_of_bodies(self, chosen: BoolArray) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(np.flatnonzero(chosen & (self.axes.body == body)).tolist())
            for body in range(len(self.bodies))
        )


def _expect_shapes(table: object, shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, expected in shapes.items():
        if (shape := getattr(table, name).shape) != expected:
            raise ValueError(f"{name} has shape {shape}, expected {expected}.")


def _expect_indices(name: str, index: IntArray, low: int, high: int) -> None:
    if ((index < low) | (index >= high)).any():
        raise ValueError(f"{name} holds an index outside {low}..{high - 1}.")
