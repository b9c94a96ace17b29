"""A study's recordings on other models: studies of their own, whose results lie within its own."""

from __future__ import annotations

from dataclasses import replace

from aqbio.config import OtherModels
from aqbio.config.models import Model
from aqbio.io.study import Study, is_own_model

FOLDER = "other_models"
"""Folder of what was computed on other models than the study's own."""


def on_other_models(study: Study) -> dict[str, Study]:
    """The study on every other model, by name, with the compared and static trials."""
    others = study.settings.other_models
    alone = study.settings.model_copy(update={"other_models": OtherModels()})
    people = tuple(one.model_copy(update={"model_file": None}) for one in study.participants)
    trials = tuple(
        one
        for one in study.trials
        if one.task == "static" or not others.trials or one.trial_id in others.trials
    )
    return {
        name: replace(
            study,
            settings=alone.model_copy(update={"model": _with_markers(study, model)}),
            participants=people,
            trials=trials,
            within=f"{FOLDER}/{name}",
        )
        for name, model in others.models.items()
    }


def _with_markers(study: Study, model: Model) -> Model:
    """The other model's settings; bodies of our own models have the same names and markers."""
    own = study.settings.model
    if model.markers or not (is_own_model(model.file) and is_own_model(own.file)):
        return model
    return model.model_copy(update={"markers": own.markers})


def compared_studies(study: Study, participant_id: str) -> list[Study]:
    """The study on other models, where a trial of that person is compared."""
    people = study.same_person(participant_id)
    every = on_other_models(study).values()
    return [other for other in every if any(other.moving_of(one) for one in people)]
