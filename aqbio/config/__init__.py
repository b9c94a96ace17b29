"""Definition of all settings, sheets and model maps."""

from aqbio.config.model_map import MappedMarker, MarkerSet, ModelMap
from aqbio.config.settings import SECTIONS, Corrections, OtherModels, StudySettings
from aqbio.config.sheets import SHEETS, Participant, Strength, Trial
from aqbio.config.validation import (
    InvalidStudyError,
    closest,
    expand_environment,
    nearest_words,
    read_yaml,
)

__all__ = [
    "SECTIONS",
    "SHEETS",
    "Corrections",
    "InvalidStudyError",
    "MappedMarker",
    "MarkerSet",
    "ModelMap",
    "OtherModels",
    "Participant",
    "Strength",
    "StudySettings",
    "Trial",
    "closest",
    "expand_environment",
    "nearest_words",
    "read_yaml",
]
