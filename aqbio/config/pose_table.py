"""Table of the segments whose poses files hold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoseSegment(_Strict):
    """A segment whose pose files hold, and the points that stand for it."""

    names: tuple[str, ...] = Field(description="Names of the segment; `{}` is r or l.")
    centre: str = Field(default="", description="Label of its origin, if a joint centre.")
    next: str = Field(default="", description="Segment whose origin is its other end.")
    half_width: float = Field(default=0.0, description="Distance of further points, m.")

    @property
    def sided(self) -> bool:
        """True if there is one on each side."""
        return "{}" in self.names[0]


class PoseTable(_Strict):
    """Segments, those that are left out, and a foot's ends."""

    segments: dict[str, PoseSegment]
    unused: tuple[str, ...]
    heel: tuple[float, float]
    tip: tuple[float, float]
