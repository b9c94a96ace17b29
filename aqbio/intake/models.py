"""Models of a new study: scaled to a person or generic, and the map of a foreign one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from aqbio.body.anatomy import BodyPlan, body_plan, stands_upright
from aqbio.config import ModelMap, closest, read_yaml
from aqbio.errors import AqbioError
from aqbio.io.opensim_xml import bone_scales, model_markers, model_mass, model_names
from aqbio.io.study import MODELS
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.opensim.child_process import with_model
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton

REPORTED_JOINTS = ("hip", "knee", "ankle", "mtp", "lumbar", "shoulder", "elbow")

PLEASE_FILL = "please fill"
"""Beginning of a line that only a person can complete."""


@dataclass(frozen=True, slots=True)
class ProposedMap:
    """Proposal for a map file."""

    text: str
    """The file."""
    to_complete: tuple[str, ...]
    """Entries that a person must fill in, each with the reason."""
    remarks: tuple[str, ...]
    """Remarks that a person should check."""


def proposed_map(model: Path) -> ProposedMap:
    """Propose the map of an ``.osim`` model."""
    with quiet(level="Off"):
        skeleton = with_model(model, lambda: read_skeleton(model))
    return map_of_skeleton(skeleton, model.stem)


def map_of_skeleton(skeleton: Skeleton, name: str) -> ProposedMap:
    """Propose the map of a model from how its skeleton stands and moves."""
    plan = body_plan(skeleton)
    unclear = dict(plan.undetermined)
    if not stands_upright(skeleton):
        unclear["model"] = (
            "in its default pose the model does not stand upright with its right side at +z: sides "
            "and signs may be wrong"
        )
    unclear["source"] = "citation of the model"
    remarks = [f"the map has no {group}" for group in ANATOMICAL_GROUPS if group not in plan.groups]
    remarks += [
        f"joint {name} is not in the model" for name in REPORTED_JOINTS if name not in plan.joints
    ]
    return ProposedMap(
        text="\n".join(_lines(name, plan, unclear)) + "\n",
        to_complete=tuple(f"{entry}: {why}" for entry, why in unclear.items()),
        remarks=tuple(remarks),
    )


def _lines(name: str, plan: BodyPlan, unclear: Mapping[str, str]) -> Iterator[str]:
    yield "# What the bodies and joints of this model mean, as aqbio understands them from how the"
    yield "# model moves. Please look through it; lines with “please fill” need a person."
    for entry, why in unclear.items():
        yield f"# {PLEASE_FILL}: {entry}: {why}"
    yield f"name: {name}"
    yield f'source: "{PLEASE_FILL}: citation of the model"'
    yield "groups:"
    for group in (group for group in ANATOMICAL_GROUPS if group in plan.groups):
        yield f"  {group}: [{', '.join(plan.groups[group])}]"
    if set(plan.feet) == {"left", "right"}:
        yield f"feet: {_sides(plan.feet)}"
    else:
        yield f"# {PLEASE_FILL}: feet: {{left: ..., right: ...}}"
    yield "joints:"
    for joint in REPORTED_JOINTS:
        if sided_names := plan.joints.get(joint):
            yield f"  {joint}: {_sides(sided_names)}"
    body, moved = plan.pelvis
    yield f"pelvis: {{body: {body}, joint: {moved}}}"
    yield "flexion: {" + ", ".join(f"{j}: {s}" for j, s in plan.flexion.items()) + "}"
    yield "sagittal:"
    for joint in REPORTED_JOINTS:
        if sided_names := plan.sagittal.get(joint):
            yield f"  {joint}: {_sides(sided_names)}"
    yield "marker_set: markers.yaml"


def _sides(sided_names: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{side}: {name}" for side, name in sided_names.items()) + "}"


MIN_BONE_SCALES = 5
"""Smallest number of bone scales in a model scaled to a person.

Bones of a generic model are drawn in one or two scales (2 in those of Hamner and Rajagopal),
those of a model scaled to a person in one per segment (7 to 9 in four of three laboratories)."""


@dataclass(frozen=True, slots=True)
class ScaledModel:
    """A model that was made for a person."""

    file: Path
    """Relative to the folder of the recordings."""
    why: str
    """Evidence that it is scaled."""


def scaled_models(data: Path, models: Sequence[Path]) -> tuple[ScaledModel, ...]:
    """The models that are scaled to a person, with the reason."""
    candidates = ((model, scaling_evidence(data / model)) for model in models)
    return tuple(ScaledModel(model, why) for model, why in candidates if why)


def scaling_evidence(model: Path) -> str:
    """Describe the evidence that a model is scaled to a person; empty for a generic one."""
    try:
        scale_count, mass = len(bone_scales(model)), model_mass(model)
    except AqbioError:
        return ""
    if scale_count < MIN_BONE_SCALES and not re.search(r"(?<!un)scaled", model.stem.casefold()):
        return ""
    evidence = (
        f"its bones are drawn in {scale_count} scales"
        if scale_count >= MIN_BONE_SCALES
        else "its name says so"
    )
    return f"{evidence}; {mass:.1f} kg"


def models_of_people(
    files: Mapping[str, Sequence[Path]], models: Sequence[ScaledModel]
) -> dict[str, ScaledModel]:
    """The scaled model of each participant, by folder or name; the first that fits."""
    model_of_person: dict[str, ScaledModel] = {}
    for model in models:
        plain = re.sub("[^a-z0-9]", "", model.file.stem.casefold())
        owners = [
            person
            for person in files
            if len(files) == 1
            or plain.startswith(person.casefold())
            or _lies_with(person, files, model.file)
        ]
        if len(owners) == 1:
            model_of_person.setdefault(owners[0], model)
    return model_of_person


def models_fitting_map(
    data: Path, models: Sequence[ScaledModel], model_map: ModelMap
) -> list[ScaledModel]:
    """The scaled models that have every name of a map."""
    return [model for model in models if model_map.names() <= model_names(data / model.file)]


def _lies_with(person: str, files: Mapping[str, Sequence[Path]], model: Path) -> bool:
    """Tell whether a model is in a folder with recordings of this person only."""
    folders = {parent for file in files[person] for parent in file.parents}
    other_folders = {
        parent
        for name in files
        if name != person
        for file in files[name]
        for parent in file.parents
    }
    return bool(set(model.parents) & (folders - other_folders))


SPRINT = "sprint"
MAP_FILE = "map.yaml"


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A generic model with its map and the bodies of its markers."""

    file: str
    map: str
    """file, map: As study.yaml names them."""
    model_map: ModelMap
    marker_bodies: dict[str, str]
    """Body of each of its markers."""
    map_text: str = ""
    """Map file to write into the study if no shipped map fits."""

    @property
    def sprint(self) -> bool:
        """True for the sprint model of aqbio."""
        return self.file == SPRINT

    @property
    def path(self) -> Path:
        """File of the model; of the sprint model the male one."""
        return MODELS / SPRINT / "sprint_male.osim" if self.sprint else Path(self.file)


def chosen_model(model: Path | None) -> ChosenModel:
    """Sprint model of aqbio, or the user's model with the map that fits it."""
    if model is None:
        model_map = read_yaml(MODELS / SPRINT / "map.yaml", ModelMap)
        chosen = ChosenModel(SPRINT, SPRINT, model_map, {})
        return replace(chosen, marker_bodies=model_markers(chosen.path))
    fitting = shipped_map(model_names(model), model.stem)
    if fitting is None:
        return _with_new_map(model)
    return ChosenModel(str(model.resolve()), *fitting, model_markers(model))


def shipped_map(names: Collection[str], stem: str) -> tuple[str, ModelMap] | None:
    """Name and map of a shipped model whose names a model has; the like-named of several."""
    maps = {path.parent.name: read_yaml(path, ModelMap) for path in MODELS.glob("*/map.yaml")}
    fitting = sorted(name for name, shipped in maps.items() if shipped.names() <= set(names))
    if not fitting:
        return None
    best = closest(stem, fitting) or fitting[0]
    return best, maps[best]


def _with_new_map(model: Path) -> ChosenModel:
    """A model with a map that is proposed from how it moves."""
    proposed = proposed_map(model)
    try:
        model_map = ModelMap.model_validate(yaml.safe_load(proposed.text))
    except ValidationError as error:
        raise AqbioError(
            "no map in models/ fits this model, and what aqbio proposes lacks "
            f"{'; '.join(proposed.to_complete)}.",
            file=str(model),
            fix=f"run `aqbio map-model {model} --out map.yaml`, complete that file, make the study "
            "without --model, and name model.file and model.map in study.yaml.",
            rule="model-map",
        ) from error
    marker_bodies = model_markers(model)
    return ChosenModel(str(model.resolve()), MAP_FILE, model_map, marker_bodies, proposed.text)
