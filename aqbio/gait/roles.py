"""Push side and swing side: one matrix from the body's anatomy to the roles of a step.

The stance leg is the push leg, the other one the swing leg; an arm is named after the leg of its
own side. Results must be robust to other partitions of the runner: the assignment of the pelvis,
arms one by one, and the push leg in flight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.gait.steps import PERCENT, Side
from aqbio.names import ANATOMICAL_GROUPS, ROLE_GROUPS, ROLE_SIDES, SIDES
from aqbio.vectors import BoolArray, FloatArray

PelvisMember = Literal["torso", "push_leg", "swing_leg", "legs", "out"]
Arms = Literal["together", "split"]
FlightRule = Literal["R1", "R2", "R3"]
"""The last stance leg keeps its role (default); roles change in mid-flight; the foot that moves
backward pushes."""

PARTS = {
    "push_leg": ("leg_push",), "swing_leg": ("leg_swing",), "arms": ("arm_push", "arm_swing"),
    "torso": ("torso",), "pelvis": ("pelvis",),
}  # fmt: skip
"""Parts of the body, named by their own roles, in each of `aqbio.names.ROLE_GROUPS`."""

PELVIS: Mapping[PelvisMember, Mapping[str, float]] = {
    "torso": {"pelvis": 1.0},
    "out": {},
    "push_leg": {"push_leg": 1.0},
    "swing_leg": {"swing_leg": 1.0},
    "legs": {"push_leg": 0.5, "swing_leg": 0.5},
}
"""Share of the pelvis in the groups: on the torso's side it is a group of its own; with ``out`` it
belongs to neither side."""

LEG_JOINTS = ("hip", "knee", "ankle", "mtp")


# names ------------------------------------------------------------------------------------------


def other_side(side: Side) -> Side:
    """The other side."""
    return "right" if side == "left" else "left"


def role_name(name: str, stance: Side) -> str:
    """Name of a leg, arm or joint in the roles of a step.

    Parameters
    ----------
    name : str
        Anatomical, for example ``hip_left``, ``leg_right`` or ``lumbar``.
    stance : {"left", "right"}
        The stance foot. An arm is named after the leg of its own side.

    Examples
    --------
    >>> role_name("hip_left", "right"), role_name("lumbar", "right")
    ('hip_swing', 'lumbar')
    """
    part, _, side = name.rpartition("_")
    if side not in SIDES:
        return name
    return f"{part}_{'push' if side == stance else 'swing'}"


def anatomical_name(role: str, stance: Side) -> str:
    """The anatomical name behind a role: the inverse of :func:`role_name`."""
    part, _, side = role.rpartition("_")
    leg = {"push": stance, "swing": other_side(stance)}.get(side)
    return f"{part}_{leg}" if leg else role


# the matrix -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoleScheme:
    """Partition of the runner into push side and swing side.

    Examples
    --------
    >>> RoleScheme(pelvis="legs", arms="split").partition
    ('push_leg', 'swing_leg', 'arm_push', 'arm_swing', 'torso')
    """

    pelvis: PelvisMember = "torso"
    """{"torso", "push_leg", "swing_leg", "legs", "out"}. With the torso on the push side, as a
    group of its own (the declared roles); merged into one leg or half into each, no group of its
    own then; ``"out"``: a group that no side counts."""
    arms: Arms = "together"
    """{"together", "split"}. Split: ``arm_push`` and ``arm_swing``, named after the legs of their
    own sides, are reported in addition to ``arms``."""
    flight: FlightRule = "R1"
    """{"R1", "R2", "R3"}. Push leg in flight, see :func:`exchanged_in_flight`."""

    @property
    def items(self) -> tuple[str, ...]:
        """Groups, sides and total: the rows of the matrix."""
        return (*ROLE_GROUPS, *ROLE_SIDES, "total", *self._arms)

    @property
    def partition(self) -> tuple[str, ...]:
        """Groups that add up to the whole body."""
        pelvis = ("pelvis",) if self._groups()["pelvis"] else ()
        return ("push_leg", "swing_leg", *(self._arms or ("arms",)), "torso", *pelvis)

    @property
    def _arms(self) -> tuple[str, ...]:
        return ("arm_push", "arm_swing") if self.arms == "split" else ()

    def matrix(
        self, stance: Side, groups: Sequence[str] = ANATOMICAL_GROUPS, *items: str
    ) -> FloatArray:
        """Weights of anatomical groups in the roles of a step: the role matrix.

        Parameters
        ----------
        stance : {"left", "right"}
            The foot whose leg is the push leg.
        groups : sequence of G names
            Those that a model has.
        *items : str
            Rows to return, instead of all :attr:`items`.

        Returns
        -------
        (items, G) array
            NaN in rows of roles of which the model lacks a group, and of groups that the scheme
            merges: :func:`by_role` leaves them unknown. Without arms there is no push side.

        Examples
        --------
        >>> RoleScheme(pelvis="legs").matrix("right", ["pelvis", "leg_left", "leg_right"])[:2]
        array([[0.5, 0. , 1. ],
               [0.5, 1. , 0. ]])
        """
        members, group_roles = self._items(), [role_name(group, stance) for group in groups]
        rows = [members[item] for item in items or self.items]
        complete = [bool(row) and set(row) <= set(group_roles) for row in rows]
        table = np.array([[row.get(part, 0.0) for part in group_roles] for row in rows])
        return np.where(
            np.array(complete)[:, None], table.reshape(len(rows), len(group_roles)), np.nan
        )

    def items_of(self, stance: Side, groups: Sequence[str]) -> tuple[tuple[str, ...], FloatArray]:
        """Items of which a model has every group, and their rows of :meth:`matrix`."""
        matrix = self.matrix(stance, groups)
        rows = np.flatnonzero(np.isfinite(matrix).all(axis=1))
        return tuple(self.items[row] for row in rows), matrix[rows]

    def _groups(self) -> dict[str, dict[str, float]]:
        """Weights of the parts in every group of a step; none in a group that is merged."""
        groups = {name: dict.fromkeys(parts, 1.0) for name, parts in PARTS.items()}
        groups["pelvis"] = {}
        for taker, share in (PELVIS[self.pelvis] or PELVIS["torso"]).items():
            groups[taker]["pelvis"] = share
        return groups

    def _items(self) -> dict[str, dict[str, float]]:
        groups = self._groups()
        counted = [
            role for role in ROLE_SIDES["push_side"] if (role, self.pelvis) != ("pelvis", "out")
        ]
        push = {part: weight for role in counted for part, weight in groups[role].items()}
        total = {part: 1.0 for parts in PARTS.values() for part in parts}
        arms = {name: {name: 1.0} for name in self._arms}
        sides = {"push_side": push, "swing_side": groups["swing_leg"]}
        return groups | sides | {"total": total} | arms

    def words(self) -> str:
        """Describe the sides in words.

        Examples
        --------
        >>> RoleScheme(pelvis="push_leg").words()
        'Push side: push leg (with the pelvis), arms and torso; swing side: swing leg.'
        """
        legs = {"push_leg": "push leg", "swing_leg": "swing leg"}
        for leg in legs:
            if self.pelvis == leg:
                legs[leg] += " (with the pelvis)"
            elif self.pelvis == "legs":
                legs[leg] += " (with half of the pelvis)"
        torso = "torso and pelvis" if self.pelvis == "torso" else "torso"
        joint = "arms, " if self.pelvis == "torso" else "arms and "
        sides = f"Push side: {legs['push_leg']}, {joint}{torso}; swing side: {legs['swing_leg']}."
        return f"{sides} The pelvis is on neither side." if self.pelvis == "out" else sides


def named_matrix(roles: Sequence[str], names: Sequence[str], stance: Side) -> FloatArray:
    """Role matrix (R, N) of parts named after their side only; NaN where the model lacks one."""
    name_roles = [role_name(name, stance) for name in names]
    table = np.array([[float(name == role) for name in name_roles] for role in roles])
    return np.where(
        table.any(axis=1, keepdims=True), table.reshape(len(roles), len(name_roles)), np.nan
    )


def moment_matrix(
    sources: Sequence[str], stance: Side, *, lumbar_swing_share: float = 0.5
) -> FloatArray:
    """Share of each joint moment in the sums of push side and swing side.

    Parameters
    ----------
    sources : sequence of S names
        Anatomical joints; sources that are no joint moments belong to neither side.
    stance : {"left", "right"}
    lumbar_swing_share : float
        Share of the lumbar moment that counts for the swing side. Half: it turns the pelvis, which
        carries both legs, against the torso. With 0 it belongs to the push side, as the torso.

    Returns
    -------
    (2, S) array
        Push side and swing side; every joint's weights add up to one.

    Examples
    --------
    >>> moment_matrix(["hip_left", "hip_right", "lumbar", "gravity"], "right")
    array([[0. , 1. , 0.5, 0. ],
           [1. , 0. , 0.5, 0. ]])
    """
    sides = {"lumbar": lumbar_swing_share}
    sides |= {f"{joint}_{other_side(stance)}": 1.0 for joint in LEG_JOINTS}
    swing = np.array([sides.get(source, 0.0) for source in sources])
    moments = [source == "lumbar" or role_name(source, stance) != source for source in sources]
    return np.stack([np.where(moments, 1.0 - swing, 0.0), swing])


def by_role(values: FloatArray, matrix: FloatArray, axis: int = 1) -> FloatArray:
    """Sum a quantity over the parts behind every role: the only place where that is done.

    Parameters
    ----------
    values : array with N parts along ``axis``
    matrix : (R, N) array
        From :meth:`RoleScheme.matrix`, :func:`named_matrix` or :func:`moment_matrix`.

    Returns
    -------
    array with R roles along ``axis``
        NaN where the row of the matrix is, and where a part that the role needs is unknown:
        parts of weight zero may be.

    Examples
    --------
    >>> by_role(np.array([[1.0, 2.0, np.nan]]), np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    array([[ 2., nan]])
    """
    parts = np.moveaxis(values, axis, 0)
    unknown = np.isnan(parts)
    total = np.tensordot(matrix, np.where(unknown, 0.0, parts), axes=1)
    if unknown.any():
        total[np.tensordot(matrix != 0.0, unknown, axes=1)] = np.nan
    return np.moveaxis(total, 0, axis)


def with_pelvis(values: FloatArray, member: PelvisMember, axis: int = -2) -> FloatArray:
    """Groups (`ROLE_GROUPS`) along an axis, the pelvis counted in another one or in none."""
    table = np.diag([float(group != "pelvis") for group in ROLE_GROUPS])
    for taker, share in PELVIS[member].items():
        table[ROLE_GROUPS.index(taker), ROLE_GROUPS.index("pelvis")] = share
    return by_role(values, table, axis)


# flight -----------------------------------------------------------------------------------------


def exchanged_in_flight(rule: FlightRule, feet: FloatArray) -> BoolArray:
    """Mask of the samples at which push leg and swing leg have exchanged their roles in flight.

    Parameters
    ----------
    rule : {"R1", "R2", "R3"}
        In flight neither leg is loaded; R1: the last stance leg keeps its role until the next
        touchdown; R2: roles change in the middle of the flight; R3: the leg whose foot moves
        backward relative to the pelvis, the faster one if both do, is the push leg.
    feet : (..., 101, 2) array, m/s
        Forward velocity of push and swing foot relative to the pelvis; read by R3 only.

    Returns
    -------
    (..., 101) bool array
        At toe-off itself the stance leg still pushes.

    Examples
    --------
    >>> int(exchanged_in_flight("R2", np.zeros((101, 2))).sum())
    50
    """
    if rule == "R3":
        swing_pushes = feet[..., 1] < feet[..., 0]
    else:
        swing_pushes = np.broadcast_to((PERCENT > 0.5) & (rule == "R2"), feet.shape[:-1])
    exchanged: BoolArray = swing_pushes & (PERCENT > 0.0)
    return exchanged


# groups of segments -------------------------------------------------------------------------------


def membership(groups: Mapping[str, Sequence[str]], segments: Sequence[str]) -> FloatArray:
    """Matrix that sums segments into groups.

    Parameters
    ----------
    groups : mapping
        Segments of each group; a partition: every segment in exactly one group.
    segments : sequence of S names

    Returns
    -------
    (G, S) array of zeros and ones

    Raises
    ------
    ValueError
        When a segment is in no group, in two groups, or unknown.

    Examples
    --------
    >>> groups = {"arms": ["hand_l", "hand_r"], "torso": ["torso"]}
    >>> membership(groups, ["torso", "hand_r", "hand_l"])
    array([[0., 1., 1.],
           [1., 0., 0.]])
    """
    matrix = np.zeros((len(groups), len(segments)))
    for row, members in enumerate(groups.values()):
        unknown = [name for name in members if name not in segments]
        if unknown:
            raise ValueError(f"segments {unknown} are not in the model ({', '.join(segments)}).")
        for name in members:
            matrix[row, list(segments).index(name)] += 1
    counts = matrix.sum(axis=0)
    if not np.all(counts == 1):
        wrong = {name: int(n) for name, n in zip(segments, counts, strict=True) if n != 1}
        raise ValueError(f"every segment must be in exactly one group, but: {wrong}.")
    return matrix


def group_sum(values: FloatArray, matrix: FloatArray) -> FloatArray:
    """Sum of a segment quantity over each group.

    Parameters
    ----------
    values : (T, S, 3) array
    matrix : (G, S) array
        From :func:`membership`.

    Returns
    -------
    (T, G, 3) array
    """
    total: FloatArray = np.einsum("gs,tsi->tgi", matrix, values)
    return total
