"""Settings: documented, generated pages in step, every key used, every stage honest."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import aqbio
from aqbio.config import SECTIONS, SHEETS, StudySettings, read_yaml
from aqbio.config.document import settings_page, settings_schema
from aqbio.config.model_map import ModelMap
from aqbio.stage_table import STAGE_TABLE, STAGES
from tests.config.settings_reads import sections_read

ROOT = Path(aqbio.__file__).parents[1]


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those nested in it."""
    yield model
    for field in model.model_fields.values():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _models(kind)


SETTINGS = list(_models(StudySettings))


def test_generated_pages_are_what_the_code_generates():
    """`make settings` writes them."""
    folder = ROOT / "config"
    assert (folder / "schema.json").read_text(encoding="utf-8") == settings_schema()
    assert (folder / "README.md").read_text(encoding="utf-8") == settings_page()


def test_schema_refuses_what_reading_refuses():
    schema = json.loads(settings_schema())
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(StudySettings.model_fields)
    assert all(part["additionalProperties"] is False for part in schema["$defs"].values())


@pytest.mark.parametrize("model", [*SETTINGS, *SHEETS.values()], ids=lambda m: m.__name__)
def test_every_setting_and_column_is_described(model):
    assert (model.__doc__ or "").strip().endswith(".")
    for name, field in model.model_fields.items():
        nested = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        if nested:
            continue
        words = field.description or ""
        assert len(words) > 10, f"{model.__name__}.{name} has no description"
        assert words[0].isupper() or words[0] in "`" or words.split()[0].islower()
        assert words.endswith("."), f"{model.__name__}.{name}: {words}"


PARAMETER_NAMES = {
    "StudySettings": "settings",
    "Quality": "limits",
    "LaboratoryAxes": "setting",
    "Multiverse": "own",
}
"""What code calls a section, other than by its name or, where it knows the section, `settings`."""


def test_every_setting_is_used():
    """Code outside aqbio.config reads it as an attribute of its section."""
    files = []
    for path in (
        module for module in (ROOT / "aqbio").rglob("*.py") if module.parent.name != "config"
    ):
        read: dict[str, set[str]] = {}
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        for node in nodes:
            if isinstance(node, ast.Attribute):
                owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
                read.setdefault(owner, set()).add(node.attr)
        mentioned = {
            node.id for node in nodes if isinstance(node, ast.Name) if node.id[0].isupper()
        }
        mentioned |= read.get("settings", set())
        files.append((read, mentioned))
    unused = []
    for model in SETTINGS:
        section_names = {
            section for section, section_model in SECTIONS.items() if section_model is model
        }
        section_names |= {re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()}
        all_names = section_names | {model.__name__}
        used: set[str] = set()
        for read, mentioned in files:
            owners = {PARAMETER_NAMES.get(model.__name__, "")} | (
                {"settings"} if mentioned & all_names else set()
            )
            used = used.union(*(read.get(owner, set()) for owner in section_names | owners))
        unused += [f"{model.__name__}.{field}" for field in model.model_fields if field not in used]
    assert unused == []


def test_sections_are_the_ones_of_study_yaml():
    nested = {
        name: field.annotation
        for name, field in StudySettings.model_fields.items()
        if field.annotation not in (str,)
    }
    assert nested == SECTIONS
    assert {name for entry in STAGE_TABLE.values() for name in entry.settings} == set(SECTIONS)


@pytest.mark.parametrize("stage", STAGES)
def test_stage_reads_the_sections_that_it_declares(stage):
    """A section that is read but not declared would not rerun the stage when it changes."""
    read, declared = sections_read(stage), set(STAGE_TABLE[stage].settings)
    assert not {name: readers for name, readers in read.items() if name not in declared}
    assert not declared - set(read)


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*/map.yaml")), ids=str)
def test_shipped_maps_are_valid(path):
    shipped = read_yaml(path, ModelMap)
    assert shipped.name == path.parent.name
    assert set(shipped.flexion) <= set(shipped.sagittal)
    segments = {body for members in shipped.groups.values() for body in members}
    assert {shipped.feet.left, shipped.feet.right, shipped.pelvis.body} <= segments
