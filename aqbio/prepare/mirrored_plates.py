"""Force plates in mirrored (left-handed) coordinates: where they lie to the feet, mirrored back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.force_plates.forces import PlateWrench, centre_of_pressure, plate_axes
from aqbio.io.recording import ForceRecording, Recording
from aqbio.names import SIDES
from aqbio.prepare.contacts import foot_distance
from aqbio.vectors import FloatArray

LOADED_N = 200.0
"""Force above which a plate is loaded, N."""

LOADED_SHARE = 0.5
"""Share of its largest force above which a plate is loaded."""

MAX_NAMED_DISTANCE_M = 0.10
"""Median distance of centres of pressure from the nearest foot, m, beyond which no foot is the one
that columns name: 0.03 to 0.08 in 54 runs and walks of nine laboratories."""


@dataclass(frozen=True, slots=True)
class PlateFit:
    """Distances of centres of pressure from the feet."""

    distance: float
    """Median distance from the nearest foot, m; NaN where no foot is on a plate."""
    agree: int
    differ: int
    """agree, differ: Frames in which the foot that the columns name is the nearest, and not."""

    @property
    def named_otherwise(self) -> float:
        """Share of frames in which columns name the other foot; NaN if they name none."""
        if not self.distance < MAX_NAMED_DISTANCE_M or not self.agree + self.differ:
            return float("nan")
        return self.differ / (self.agree + self.differ)


def plate_fit(
    forces: ForceRecording, recording: Recording, axes: FloatArray, feet: FloatArray
) -> PlateFit:
    """Fit of the plates to the feet (T, 2, K, 3), m, of a recording."""
    wrench = forces.wrench.rotated(axes)
    size = np.abs(wrench.force[..., 1])
    threshold = np.maximum(LOADED_N, LOADED_SHARE * size.max(axis=0, initial=0.0))
    cop = centres_of_pressure(forces, axes)
    time = np.arange(len(recording.positions)) / recording.rate
    sample = np.rint((time - forces.start) * forces.rate).astype(int)
    inside = (sample >= 0) & (sample < len(cop))
    at = feet @ axes.T
    distances: list[tuple[FloatArray, str]] = []
    for plate, foot in enumerate(forces.feet):
        on = inside.copy()
        on[inside] = size[sample[inside], plate] > threshold[plate]
        distances.append((foot_distance(at[on], cop[sample[on], plate]), foot))
    return _plate_fit(distances)


def centres_of_pressure(forces: ForceRecording, axes: FloatArray) -> FloatArray:
    """Centres of pressure (S, P, 3), m, whichever way the plates push."""
    wrench = forces.wrench.rotated(axes)
    push = np.where(wrench.force[..., 1:2] < 0.0, -1.0, 1.0)
    surface = (forces.corners @ axes.T)[..., 1].mean(axis=1)
    surface = np.where(np.isnan(surface), wrench.point[:, 1], surface)
    loads = push * wrench.force, push * wrench.moment
    return centre_of_pressure(*loads, wrench.point, surface, LOADED_N)[0]


def _plate_fit(distances: Sequence[tuple[FloatArray, str]]) -> PlateFit:
    """Fit from distances (N, 2) of each plate's centre of pressure from both feet."""
    nearest, agree, differ = [np.zeros(0)], 0, 0
    for distance, foot in distances:
        complete = distance[np.isfinite(distance).all(axis=1)]
        nearest.append(complete.min(axis=1))
        if foot:
            on_named_foot = complete[:, SIDES.index(foot)] <= complete.min(axis=1)
            agree, differ = agree + int(on_named_foot.sum()), differ + int((~on_named_foot).sum())
    all_distances = np.concatenate(nearest)
    return PlateFit(
        float(np.median(all_distances)) if len(all_distances) else np.nan, agree, differ
    )


def mirrored_forces(
    forces: ForceRecording, mirror: FloatArray, *, turned: bool = True
) -> ForceRecording:
    """Forces in coordinates ``v -> S v`` with a symmetric orthogonal matrix (3, 3).

    Moments are axial vectors: ``M -> det(S) S M``. What was recorded in the axes of plates whose
    corners are known is ``turned`` with these axes instead: mirrored corners made a left-handed
    plate of them, whose third axis points the other way.
    """
    wrench, corners = forces.wrench, forces.corners @ mirror
    handed = float(np.linalg.det(mirror))
    force, moment = wrench.force @ mirror, handed * wrench.moment @ mirror
    cornered = np.isfinite(corners).all(axis=(1, 2)) & turned
    for plate in np.flatnonzero(cornered):
        turn = plate_axes(corners[plate]) @ plate_axes(forces.corners[plate]).T
        force[:, plate] = wrench.force[:, plate] @ turn.T
        moment[:, plate] = wrench.moment[:, plate] @ turn.T
    mirrored = PlateWrench(force, moment, wrench.point @ mirror)
    lever = None if forces.lever is None else forces.lever @ mirror
    return replace(forces, wrench=mirrored, corners=corners, lever=lever)
