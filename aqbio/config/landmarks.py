"""Landmarks of the body: what laboratories call them and which segment they are on."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Segment = Literal["pelvis", "torso", "thigh", "shank", "foot", "toes", "upper_arm", "forearm"]
"""Parts of the body that markers are put on, whatever a model calls its bodies."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Landmark(_Strict):
    """A place on the body that markers are put on."""

    segment: Segment
    sided: bool = Field(default=False, description="Whether there is one on each side.")
    cluster: bool = Field(
        default=False, description="A marker without a place of its own: it only tracks."
    )
    weight: Annotated[float, Field(gt=0)] = 1.0
    position: tuple[float, float, float] | None = Field(
        default=None,
        description="On the right body of the sprint model, m, where the model has no marker.",
    )
    beside: str | None = Field(
        default=None,
        description="Landmark whose body a marker of a cluster sits on, where a model has a body "
        "for it: a shoulder blade, a head.",
    )
    names: tuple[str, ...]
    words: tuple[str, ...] = Field(
        default=(), description="Words by which a label with a side names the segment."
    )


class UnusedMarkers(_Strict):
    """Labels that are known and left out."""

    why: str
    sided: bool = False
    names: tuple[str, ...]


class LandmarkTable(_Strict):
    """Every landmark, and the labels that are left out on purpose."""

    landmarks: dict[str, Landmark]
    unused: tuple[UnusedMarkers, ...]

    def clusters(self) -> dict[tuple[Segment, bool], str]:
        """The first cluster of each segment, by segment and whether it has sides."""
        return {
            (entry.segment, entry.sided): name
            for name, entry in reversed(self.landmarks.items())
            if entry.cluster
        }

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for sided in (False, True):
            known = [one.names for one in self.landmarks.values() if one.sided == sided]
            known += [one.names for one in self.unused if one.sided == sided]
            names = [name for entry in known for name in entry]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"names {twice} belong to more than one landmark")
        return self
