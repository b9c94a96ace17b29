"""The generic model of a new study and the map that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aqbio.config import ModelMap, closest, read_yaml
from aqbio.errors import AqbioError
from aqbio.io.osim_markers import model_markers, model_names
from aqbio.io.study import MODELS

SPRINT = "sprint"


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A generic model and what is known about it.

    Attributes
    ----------
    file, map : str
        As study.yaml names them.
    model_map : ModelMap
    own : dict
        Body of each of its markers.
    """

    file: str
    map: str
    model_map: ModelMap
    own: dict[str, str]

    @property
    def sprint(self) -> bool:
        """Whether it is our own model."""
        return self.file == SPRINT


def chosen_model(model: Path | None) -> ChosenModel:
    """Give our sprint model, or a model that a person names with the map that fits it.

    Raises
    ------
    AqbioError
        When no map of ours fits the model.
    """
    if model is None:
        folder = MODELS / SPRINT
        own = model_markers(folder / "sprint_male.osim")
        return ChosenModel(SPRINT, SPRINT, read_yaml(folder / "map.yaml", ModelMap), own)
    names = model_names(model)
    maps = {path.parent.name: read_yaml(path, ModelMap) for path in MODELS.glob("*/map.yaml")}
    fitting = sorted(name for name, found in maps.items() if not _unknown_names(found, names))
    if not fitting:
        raise AqbioError(
            f"no map in models/ fits this model (there are {', '.join(sorted(maps))}).",
            file=str(model),
            fix=f"run `aqbio map-model {model} --out map.yaml` first, look through that file, make "
            "the study without --model, and name model.file and model.map in study.yaml.",
            rule="model-map",
        )
    best = closest(model.stem, fitting) or fitting[0]
    return ChosenModel(str(model.resolve()), best, maps[best], model_markers(model))


def _unknown_names(model_map: ModelMap, names: frozenset[str]) -> set[str]:
    """Bodies, joints and coordinates of a map that a model does not have."""
    asked = {body for members in model_map.groups.values() for body in members}
    asked |= set(model_map.joints.by_name().values())
    asked |= {name for place in model_map.sagittal.values() for name in place.model_dump().values()}
    return asked - names
