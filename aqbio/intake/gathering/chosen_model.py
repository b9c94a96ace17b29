"""The generic model of a new study and the map that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aqbio.config import ModelMap, closest, read_yaml
from aqbio.errors import AqbioError
from aqbio.intake.proposed_map import proposed_map
from aqbio.io.osim_markers import model_markers, model_names
from aqbio.io.study import MODELS

SPRINT = "sprint"
MAP_FILE = "map.yaml"


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A generic model and what is known about it."""

    file: str
    map: str
    """file, map: As study.yaml names them."""
    model_map: ModelMap
    own: dict[str, str]
    """Body of each of its markers."""
    map_text: str = ""
    """A map file to write into the study, where no map of ours fits."""

    @property
    def sprint(self) -> bool:
        """Whether it is our own model."""
        return self.file == SPRINT


def chosen_model(model: Path | None) -> ChosenModel:
    """Our sprint model, or a model that a person names with the map that fits it.

    Raises
    ------
    AqbioError
        When no map of ours fits the model and none can be proposed.
    """
    if model is None:
        folder = MODELS / SPRINT
        own = model_markers(folder / "sprint_male.osim")
        return ChosenModel(SPRINT, SPRINT, read_yaml(folder / "map.yaml", ModelMap), own)
    names = model_names(model)
    maps = {path.parent.name: read_yaml(path, ModelMap) for path in MODELS.glob("*/map.yaml")}
    fitting = sorted(name for name, found in maps.items() if found.names() <= names)
    if not fitting:
        return _with_new_map(model)
    best = closest(model.stem, fitting) or fitting[0]
    return ChosenModel(str(model.resolve()), best, maps[best], model_markers(model))


def _with_new_map(model: Path) -> ChosenModel:
    """A model with a map that is proposed from how it moves."""
    import yaml
    from pydantic import ValidationError

    proposed = proposed_map(model)
    try:
        model_map = ModelMap.model_validate(yaml.safe_load(proposed.text))
    except ValidationError as error:
        raise AqbioError(
            "no map in models/ fits this model, and what aqbio proposes lacks "
            f"{'; '.join(proposed.open)}.",
            file=str(model),
            fix=f"run `aqbio map-model {model} --out map.yaml`, complete that file, make the study "
            "without --model, and name model.file and model.map in study.yaml.",
            rule="model-map",
        ) from error
    own = model_markers(model)
    return ChosenModel(str(model.resolve()), MAP_FILE, model_map, own, proposed.text)
