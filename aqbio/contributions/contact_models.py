"""Contacts of level C: which motions of the foot the ground prevents, and where.

A contact model is a set of rows of the six motions of a foot at its contact point (three of
translation, three of rotation, ground axes). The ground answers along the same rows: with force
along the translations and with moment along the rotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.vectors import BoolArray, FloatArray, cross

POINT, POINT_YAW, WELD, HINDFOOT = "C1", "C2", "C3", "C4"

CONTACT_ROWS: Mapping[str, FloatArray] = MappingProxyType(
    {
        POINT: np.eye(6)[[3, 4, 5]],
        POINT_YAW: np.eye(6)[[3, 4, 5, 1]],
        WELD: np.eye(6)[[3, 4, 5, 0, 1, 2]],
        HINDFOOT: np.eye(6)[[3, 4, 5, 1]],
    }
)
"""Rows by contact model; columns are rotation x, y, z, then translation x, y, z.

C1: the centre of pressure cannot move. C2 (primary): nor can the foot twist about the vertical;
its rows answer with every wrench that a flat ground can exert. C3: the foot cannot turn at all.
What cannot move is what bears the force: the mean of foot and toes, weighted as they bear it. C4:
as C2, with a foot that bears all of it and toes that bear nothing.
"""

CONTACT_FORCE = 20.0
"""Vertical force below which a foot has no defined centre of pressure, N."""


@dataclass(frozen=True, slots=True)
class FootConstraint:
    """One foot and the ground."""

    load: ExternalLoad
    """The measured load on the foot."""
    touching: BoolArray
    """(T,) bool array. Frames in which the foot is held by the ground."""
    point: FloatArray
    """(T, 3) array, m, ground. Contact point; anything finite where the foot is not held."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same frames."""
        frames = len(self.load.force)
        if self.touching.shape != (frames,) or self.point.shape != (frames, 3):
            raise ValueError(
                f"touching {self.touching.shape} and point {self.point.shape} do not have the "
                f"load's {frames} frames."
            )

    def frames(self, chosen: slice) -> FootConstraint:
        """The same for some of the frames."""
        return FootConstraint(self.load.frames(chosen), self.touching[chosen], self.point[chosen])

    @property
    def on_the_hindfoot(self) -> FootConstraint:
        """The same with all of the load on the foot, and nothing on the toes."""
        return replace(self, load=self.load.whole)

    @property
    def wrench(self) -> FloatArray:
        """(T, 6) measured moment about the contact point and force, N m and N."""
        arm = self.load.point - self.point
        moment = self.load.moment + cross(arm, self.load.force)
        return np.concatenate([moment, self.load.force], axis=1)


def foot_contact(
    load: ExternalLoad,
    contacts: BoolArray,
    *,
    surface_height: float = 0.0,
    minimum_force: float = CONTACT_FORCE,
) -> FootConstraint:
    """A foot's contact at its centre of pressure.

    Parameters
    ----------
    contacts : (T,) bool array
        Frames between touchdown and toe-off.
    surface_height : float
        m.
    minimum_force : float
        A foot under less vertical force is not held, N. What it feels then, and all that a filter
        leaks into flight, is an external force without a constraint.

    Examples
    --------
    >>> force, place = np.array([[100.0, 800.0, 50.0]]), np.array([[0.2, 0.0, 0.1]])
    >>> load = ExternalLoad("foot", force, np.cross(place, force), np.zeros(3))
    >>> foot_contact(load, np.array([True])).point
    array([[0.2, 0. , 0.1]])
    """
    touching = contacts & (load.force[:, 1] >= minimum_force)
    about = np.broadcast_to(load.point, load.force.shape)
    pressure, _ = centre_of_pressure(load.force, load.moment, about, surface_height, minimum_force)
    return FootConstraint(load, touching, np.where(touching[:, None], pressure, 0.0))
