"""A participant's own model held against sheet, plates and strides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from aqbio.body.stage import _weighed
from aqbio.config import Participant
from aqbio.config.settings import StudySettings
from aqbio.errors import AqbioError


@dataclass
class MadeStudy:
    """As much of a study as the weighing of a model asks for."""

    masses: dict[str, float]
    confirmed: str = "no"
    settings: StudySettings = field(default_factory=lambda: StudySettings(name="made"))

    def read_manifest(self, participant: str, stage: str) -> dict:
        return {"masses_kg": self.masses}

    def participant(self, name: str) -> Participant:
        return Participant(participant_id=name, mass_confirmed=self.confirmed)


@pytest.mark.parametrize(
    ("masses", "said"),
    [({}, []), ({"sheet": 73.6}, []), ({"sheet": 73.8}, ["warning"])],
)
def test_model_against_one_other_mass(masses, said):
    """70 kg lie inside 5 % of 73.6 and outside 5 % of 73.8."""
    found = _weighed(MadeStudy(masses), "P1", 70.0, Path("own.osim"))
    assert [one.severity for one in found] == said


def test_model_of_somebody_else_is_refused_unless_confirmed():
    masses = {"sheet": 90.0, "strides": 89.0}
    with pytest.raises(AqbioError, match=r"the participant's model weighs 70\.0 kg"):
        _weighed(MadeStudy(masses), "P1", 70.0, Path("own.osim"))
    [one] = _weighed(MadeStudy(masses, "yes"), "P1", 70.0, Path("own.osim"))
    assert one.severity == "info"
