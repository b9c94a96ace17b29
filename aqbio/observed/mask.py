"""Mask of observed segments and coordinates, by frame."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from aqbio.multibody.skeleton import Skeleton
from aqbio.signals import joined, shrunk
from aqbio.vectors import BoolArray, FloatArray

NOT_IN_MODEL = "not in the model"
NOT_SEEN = "not seen by markers"
NOT_IN_FILE = "not in the file"
SOME_FRAMES = "lost for some frames"
IMPOSSIBLE = "impossible pose"
CONTRADICTED = "markers contradict the model"
NOT_PLACED = "not placed by landmarks"

REASONS = (
    NOT_IN_MODEL, NOT_SEEN, NOT_IN_FILE, SOME_FRAMES, IMPOSSIBLE, CONTRADICTED, NOT_PLACED
)  # fmt: skip
"""Reasons for which a segment is not observed."""

MIN_OBSERVED_SHARE = 0.5
"""A coordinate or segment determined in a smaller share of the frames is not observed at all."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Mask of the observed segments of a model, by frame of a trial."""

    segments: tuple[str, ...]
    """tuple of S names."""
    mask: BoolArray
    """(T, S) bool array."""
    reason: tuple[str, ...]
    """tuple of S str. One of `REASONS` for a segment that is lost in any frame, the one of most
    of its lost frames; empty for a segment that is observed in all."""
    coordinates: tuple[str, ...] = ()
    """tuple of N names. Empty where all coordinates of observed segments are determined."""
    coordinate_mask: BoolArray = field(default_factory=lambda: np.ones((0, 0), dtype=bool))
    """(T, N) bool array. A segment's position may be determined while its rotation is not."""

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit, and losses without a reason."""
        if self.mask.ndim != 2 or self.mask.shape[1] != len(self.segments):
            raise ValueError(f"mask {self.mask.shape} is not (frames, {len(self.segments)}).")
        if len(self.reason) != len(self.segments):
            raise ValueError(f"{len(self.reason)} reasons for {len(self.segments)} segments.")
        has_reason = [bool(reason) for reason in self.reason]
        if has_reason != (~self.mask).any(axis=0).tolist() or not {*self.reason} <= {"", *REASONS}:
            raise ValueError(f"reasons {self.reason} are not those of the segments that are lost.")
        shape = len(self.mask), len(self.coordinates)
        if self.coordinates and self.coordinate_mask.shape != shape:
            raise ValueError(f"coordinates {self.coordinate_mask.shape} are not {shape}.")

    @classmethod
    def complete(cls, segments: Collection[str], frames: int) -> Observed:
        """Mask of a trial in which all segments were observed."""
        names = tuple(segments)
        return cls(names, np.ones((frames, len(names)), dtype=bool), ("",) * len(names))

    def without(
        self, segments: Iterable[str], reason: str, frames: BoolArray | None = None
    ) -> Observed:
        """Mark segments as lost, in all frames or in those given."""
        chosen = set(segments)
        lost_frames = np.ones(len(self.mask), dtype=bool) if frames is None else frames
        columns = np.array([name in chosen for name in self.segments])
        return self.losing(lost_frames[:, None] & columns, reason)

    def losing(self, lost_mask: BoolArray, reason: str) -> Observed:
        """Mark segments as lost in frames, (T, S); the reason stays that of most lost frames."""
        new = (lost_mask & self.mask).sum(axis=0)
        before = (~self.mask).sum(axis=0)
        reasons = tuple(
            reason if now > then else earlier
            for now, then, earlier in zip(new, before, self.reason, strict=True)
        )
        return replace(self, mask=self.mask & ~lost_mask, reason=reasons)

    def widened(self, margin: int) -> Observed:
        """Extend every loss by ``margin`` frames on both sides: filters mix neighbouring frames."""
        inner = np.stack([shrunk(column, margin) for column in self.mask.T], axis=1)
        if not self.coordinates:
            return replace(self, mask=inner)
        inner_coordinates = np.stack(
            [shrunk(column, margin) for column in self.coordinate_mask.T], axis=1
        )
        return replace(self, mask=inner, coordinate_mask=inner_coordinates)

    def determine(self, coordinates: Collection[str], mask: BoolArray, longest: int) -> Observed:
        """Record the determined coordinates of each frame; short gaps are filled."""
        filled = np.stack([joined(column, longest + 1) for column in mask.T], axis=1)
        return replace(self, coordinates=tuple(coordinates), coordinate_mask=filled)

    def determined(self, names: Iterable[str]) -> BoolArray:
        """Frames in which each of the named coordinates is determined, (T, P) bool."""
        all_frames = np.ones(len(self.mask), dtype=bool)
        mask_by_coordinate = dict(zip(self.coordinates, self.coordinate_mask.T, strict=True))
        return np.stack([mask_by_coordinate.get(name, all_frames) for name in names], axis=1)

    @property
    def poorly_observed(self) -> tuple[str, ...]:
        """Coordinates that are determined in less than half of the frames."""
        pairs = zip(self.coordinates, self.coordinate_mask.T, strict=True)
        return tuple(name for name, determined in pairs if determined.mean() < MIN_OBSERVED_SHARE)

    def parts(self, needs: BoolArray) -> BoolArray:
        """(T, P) bool: frames in which all segments that a part needs, (P, S), are observed."""
        return np.asarray((~self.mask).astype(int) @ needs.T.astype(int) == 0)

    def lost_segments(self, frames: BoolArray | None = None) -> tuple[str, ...]:
        """Names of the segments that are lost in any of some frames, (T,) bool; in any, if None."""
        observed = self.mask if frames is None else self.mask[frames]
        return tuple(self.segments[index] for index in np.flatnonzero(~observed.all(axis=0)))


def observed_from(segments: Collection[str], mask: BoolArray, longest: int, why: str) -> Observed:
    """Build the mask of segments that markers, or the columns of a file, determine, (T, S).

    Gaps of at most ``longest`` frames are filled and do not count; ``why`` is the reason for a
    segment that is determined in less than half of the frames.
    """
    filled = np.stack([joined(column, longest + 1) for column in mask.T], axis=1)
    unobserved = filled.mean(axis=0) < MIN_OBSERVED_SHARE
    complete = Observed.complete(segments, len(mask))
    return complete.losing(~filled & ~unobserved, SOME_FRAMES).losing(~filled & unobserved, why)


POINTS = 6
"""Number of equal point masses with a segment's centre of mass and inertia."""


def point_masses(skeleton: Skeleton) -> FloatArray:
    """Point masses equivalent to every segment, in its frame, (POINTS B, 3), m."""
    mass = np.where(skeleton.mass > 0.0, skeleton.mass, np.inf)[:, None, None]
    trace = np.trace(skeleton.inertia, axis1=1, axis2=2)[:, None, None]
    second = (trace / 2 * np.eye(3) - skeleton.inertia) / mass
    size, axes = np.linalg.eigh(second)
    arms = np.sqrt(np.maximum(3 * size, 0.0))[:, :, None] * np.swapaxes(axes, 1, 2)
    points: FloatArray = skeleton.com[:, None] + np.concatenate([arms, -arms], axis=1)
    return points.reshape(-1, 3)
