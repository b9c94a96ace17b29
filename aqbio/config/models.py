"""Settings of models: the study's own, and others that it is compared with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aqbio.config.section import GivenFile, Section


class Corrections(Section):
    """Documented corrections of models; each can be switched off."""

    drop_muscles: bool = Field(
        default=True, description="Remove muscles and other forces, which inverse dynamics ignores."
    )
    unclamp: bool = Field(
        default=True,
        description="Remove the clamping of coordinates, which breaks inverse kinematics silently "
        "on long runways and beyond 120 degrees of knee flexion.",
    )
    torso_inertia: bool = Field(
        default=True,
        description="Scale the torso inertia of the Hamner, Rajagopal and Lai-Uhlrich family to "
        "the torso's mass.",
    )


class Model(Section):
    """The generic model, its map and the markers on it."""

    file: GivenFile = Field(
        default="sprint",
        description="`sprint` (our own model, by the participant's sex), `sprint_anatomical` (the "
        "same body with the joints of Rajagopal et al. 2016) or the path of a generic .osim file; "
        "relative to study.yaml, ${NAME} is replaced.",
    )
    map: GivenFile = Field(
        default="sprint",
        description="Name of a folder in models/ or path of a map file: groups, feet and joints.",
    )
    markers: GivenFile = Field(
        default="",
        description="Path of the marker set of the recordings; empty: the one of the model's map.",
    )
    corrections: Corrections = Corrections()


class OtherModels(Section):
    """Models on which the same recordings are worked through in addition to the study's own."""

    models: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], Model] = Field(
        default={},
        description="Name of each and its settings, as in section model. How far stance means and "
        "curves differ from those on the study's own model is a source of their uncertainty.",
    )
    trials: tuple[str, ...] = Field(
        default=(),
        description="Trials that are compared, by trial_id; empty: all. Their differences count "
        "for all trials of the participant: name the fastest.",
    )
