"""The files of a participant's model: scaled, or made to fit the forces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aqbio.io.study import Study


@dataclass(frozen=True, slots=True)
class ParticipantModel:
    """Files of a participant's model; they exist when stage scale succeeded."""

    participant_id: str
    osim: Path
    table: Path

    @classmethod
    def of(cls, study: Study, participant_id: str) -> ParticipantModel:
        """The places of a participant's model."""
        return cls._within(study.folder(participant_id, "scale"), participant_id)

    @classmethod
    def adjusted(cls, study: Study, participant_id: str) -> ParticipantModel:
        """The places of the model that stage consistency made to fit the forces."""
        return cls._within(study.folder(participant_id, "inverse_dynamics"), participant_id)

    @classmethod
    def _within(cls, folder: Path, participant_id: str) -> ParticipantModel:
        return cls(
            participant_id,
            folder / f"{participant_id}.osim",
            folder / f"{participant_id}.skeleton.npz",
        )


SCALED, ADJUSTED = "scaled", "adjusted"
"""Whose inertia a trial is computed with: the scaled model's, or that of the session's fit."""


def final_model(study: Study, participant_id: str) -> ParticipantModel:
    """The participant's model: the adjusted one where stage consistency made one."""
    adjusted = study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]
    of = ParticipantModel.adjusted if adjusted else ParticipantModel.of
    return of(study, participant_id)
