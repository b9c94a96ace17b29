"""A model that OpenSim moves through given poses and speeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aqbio.multibody.motion import Motion
from aqbio.opensim.session import initialised, load_model


@dataclass(frozen=True, eq=False)
class MovedModel:
    """A model with its system, whose coordinates take any value."""

    model: Any
    state: Any
    coordinates: tuple[Any, ...]
    """Handles of all coordinates, in the order of motions."""

    @classmethod
    def read(cls, path: Path, coordinates: Sequence[str]) -> MovedModel:
        """Read a participant's model; all of its coordinates are named."""
        model = load_model(path)
        coordinate_set = model.updCoordinateSet()
        for index in range(coordinate_set.getSize()):
            coordinate_set.get(index).setDefaultLocked(False)
            coordinate_set.get(index).setDefaultClamped(False)
        state = initialised(model, file=path)
        return cls(model, state, tuple(coordinate_set.get(name) for name in coordinates))

    def move(self, motion: Motion, frame: int) -> None:
        """Bring it to the pose and the speeds of a frame."""
        for index, handle in enumerate(self.coordinates):
            handle.setValue(self.state, float(motion.q[frame, index]), False)
            handle.setSpeedValue(self.state, float(motion.u[frame, index]))
        self.model.realizeVelocity(self.state)
