"""Settings of the test of the hypotheses, and of the choices that its verdicts must survive."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from aqbio.config.section import GivenFile, Positive, Section


class Hypotheses(Section):
    """The test of the hypotheses."""

    registry: GivenFile = Field(
        default="",
        description="Path of the registry of hypotheses, relative to study.yaml; empty: "
        "hypotheses.yaml next to it where there is one, otherwise the one that comes with aqbio.",
    )
    capacities: GivenFile = Field(
        default="capacities.tsv",
        description="Sheet with strengths measured in addition to motion capture; hypotheses that "
        "need it are not testable where the file does not exist.",
    )


ConsistencyWay = Literal["default", "loose", "off"]
"""How motion and forces are made to agree."""


class Multiverse(Section):
    """Choices that a verdict must survive; each is varied by itself around the study's own."""

    enabled: bool = Field(
        default=True, description="Compute the arms; without them no verdict is called robust."
    )
    consistency: tuple[ConsistencyWay, ...] = Field(
        default=("default", "loose", "off"),
        description="How motion and forces are made to agree: the study's weights, forces trusted "
        "a third as much, or not at all. Only where the study uses the consistency stage.",
    )
    cutoffs_hz: tuple[Positive, ...] = Field(
        default=(15.0, 20.0, 30.0), description="Matched low-pass cut-offs, Hz."
    )
    event_thresholds_n: tuple[Positive, ...] = Field(
        default=(10.0, 20.0, 50.0), description="Vertical forces that start and end a contact, N."
    )
    bodies: tuple[Literal["model", "de_leva", "dumas"], ...] = Field(
        default=("model", "de_leva", "dumas"),
        description="Tables of segment inertia; de_leva and dumas exist for our sprint model.",
    )
    pelvis: tuple[Literal["torso", "out", "push_leg", "legs"], ...] = Field(
        default=("torso", "out", "push_leg", "legs"),
        description="Where the pelvis belongs: with the torso, to no side, with the push leg, half "
        "with each leg.",
    )

    @field_validator("consistency", mode="before")
    @classmethod
    def _off_is_a_word(cls, given: object) -> object:
        """Take a bare `off` in the list, which YAML reads as a boolean, for the word."""
        if isinstance(given, list | tuple):
            return ["off" if value is False else value for value in given]
        return given
