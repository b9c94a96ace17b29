"""Every problem of a settings file is said once, in words, with its line and the way out.

`aqbio.config.validation` finds them, `aqbio.config.settings` and `aqbio.config.model_map` say what
is right.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from aqbio.boundary import WRITTEN
from aqbio.config import SHEETS, MarkerSet, ModelMap, StudySettings, expand_environment, read_yaml
from aqbio.config.model_map import MappedMarker, Size
from aqbio.config.settings import CONSTANTS, REMOVED
from tests.config.test_settings import SETTINGS
from tests.golden import differences
from tests.refusal import refused
from tests.said import said

EVERY = """\
name: two words
laboratory:
  surfce: auto
  ignore_plates: [1, x]
prepare:
  cutoff_hz: fast
  max_gap_frames: -1
model:
  corrections:
    unclamp: maybe
contributions: 5
figures:
  formats: [pdf, png]
  widths_mm: 85
report:
  title: 2026
"""
TWICE = "name: a\nprepare:\n  cutoff_hz: 15\n  max_gap_s: 0.1\n  cutoff_hz: 20\nname: b\n"
AXES = (
    "sideways",
    "7",
    "[+x, +y]",
    "{forward: +x}",
    "{forward: +x, up: -x}",
    "{forward: +q, up: +y}",
    "{forward: +x, up: +y, right: +z}",
    "{forward: +x, up: +y}",
    "auto",
)
TEXTS = {
    "sound": "\ufeff# für alle\nname: a\nprepare: {cutoff_hz: 15}\n",
    "an unknown key": "name: a\nprepare:\n  event_cutoff_hz: 120\n  cutof_hz: 15\n",
    "every kind of value": EVERY,
    **{f"axes {axes}": f"name: a\nlaboratory:\n  axes: {axes}\n" for axes in AXES},
    **{f"cutoff {one}": f"name: a\nprepare: {{cutoff_hz: {one}}}\n"
       for one in (".nan", ".inf", "-.inf", "0")},
    **{f"no settings: {text!r}": text for text in ("- a", "words", "7", "false", "[]", "")},
    "keys twice": TWICE,
    "keys twice and an unknown one": "name: a\nname: a\nsolv: {}\n",
    "it contains itself": "name: a\nfiles: &x [*x]\n",
    "it contains itself many times": "b0: &b0 [x, x]\n" + "".join(
        f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 7)),
    "indented": "name: a\n  b: c\n",
    "tab": "name: a\tb: c\n",
    "open list": "name: [a\n",
    "code": "name: a\nx: !!python/object:os.system 5\n",
    "a day that is none": "name: a\nx: 2024-02-31\n",
    "a sign that is none": "name: a\x00b\n",
    "a number that is none": "name: !!int twelve\n",
    "without end": "x: " + 5000 * "[",
    **{f"removed {name}": "name: a\n{}:\n  {}: 1\n".format(*name.split("."))
       for name in (*REMOVED, *CONSTANTS)},
    **{f"consistency {one}": f"name: short\nconsistency: {one}\n" for one in ("off", "on", "so")},
    **{f"arms {one}": f"name: x\nmultiverse: {{consistency: [default, {one}]}}\n"
       for one in ("off", "'off'", '"off"', "of")},
}  # fmt: skip
MAP = """\
name: m
source: s
groups: {pelvis: [p], leg_left: [l], leg_right: [r]}
feet: {left: l, right: r}
joints: {hip: {left: a, right: b}, knee: {left: a, right: b}, ankle: {left: a, right: b}}
pelvis: {body: p, joint: j}
"""
MARKERS = """\
name: m
source: s
markers: {A: {body: b}, B: {body: b}}
feet: {left: {heel: B, toe: [B]}, right: {heel: A, toe: [B]}}
pelvis: {front: [A], back: [B]}
"""
OTHERS = {
    "map": (ModelMap, MAP),
    "map with a body twice": (ModelMap, MAP.replace("[p]", "[p, l]")),
    "map with an unknown group": (ModelMap, MAP.replace("pelvis: [p]", "hips: [p]")),
    "markers": (MarkerSet, MARKERS),
    "markers without a label of a foot": (MarkerSet, MARKERS.replace("heel: B", "heel: C")),
    "markers with an item missing": (
        MarkerSet, "name: a\nsource: none\nmarkers:\n  A: {body: b, position: [0, 0]}\n"),
}  # fmt: skip


def told(path: Path, model: type[BaseModel] = StudySettings) -> list[str]:
    """What is read that is not by default, and what is wrong with a file."""
    return [f"{name}: {one}" for name, one in read_yaml(path, model) if name in given(path, model)]


def given(path: Path, model: type[BaseModel]) -> set[str]:
    return read_yaml(path, model).model_fields_set


def test_what_is_said_of_settings_is_what_it_was(tmp_path):
    path, lines = tmp_path / "study.yaml", []
    texts = {name: (StudySettings, text) for name, text in TEXTS.items()} | OTHERS
    for name, (model, text) in texts.items():
        path.write_text(text, encoding="utf-8")
        lines += said(name, lambda model=model: told(path, model), tmp_path)
    path.write_bytes("name: Läufer\n".encode("latin-1"))
    lines += said("latin letters", lambda: told(path), tmp_path)
    lines += said("a folder", lambda: told(tmp_path), tmp_path)
    lines += said("nothing", lambda: told(tmp_path / "none.yaml"), tmp_path)
    for name, size in (("a byte too many", WRITTEN + 1), ("as large as may be", WRITTEN)):
        with path.open("wb") as file:
            file.truncate(size - 1)
            file.seek(0, 2)
            file.write(b"\xff")
        lines += said(name, lambda: told(path), tmp_path)
    assert differences("config/settings", lines) == []


ENDS = {"Gt": (False, 1), "Ge": (True, 1), "Lt": (False, -1), "Le": (True, -1)}
"""Limits of numbers: whether the end itself is meant, and on which side the others are."""
LIMITS = [
    (model, name, getattr(limit, type(limit).__name__.lower()), *ENDS[type(limit).__name__])
    for model in (*SETTINGS, *SHEETS.values(), Size, MappedMarker)
    for name, field in model.model_fields.items()
    for limit in field.metadata
    if type(limit).__name__ in ENDS
]


@pytest.mark.parametrize(
    ("model", "name", "end", "meant", "side"), LIMITS, ids=lambda one: getattr(one, "__name__", one)
)
def test_a_number_is_taken_up_to_its_limit_and_not_beyond(model, name, end, meant, side):
    """Just inside, at the end itself, and just outside; whatever else holds of other settings."""
    whole = "int" in str(model.model_fields[name].annotation)
    step = side * (1 if whole else max(abs(end), 1.0) * 1e-9)

    def fits(value):
        try:
            model.model_validate({name: value})
        except ValidationError as error:
            return not any(one["loc"][:1] == (name,) for one in error.errors())
        return True

    assert [fits(end - step), fits(end), fits(end + step)] == [False, meant, True]


def test_environment_variables(monkeypatch):
    monkeypatch.setenv("AQBIO_TEST_FOLDER", "/some/where")
    assert expand_environment("${AQBIO_TEST_FOLDER}/x", file="f") == "/some/where/x"
    assert expand_environment("$AQBIO_TEST_FOLDER", file="f") == "$AQBIO_TEST_FOLDER"
    monkeypatch.delenv("AQBIO_TEST_FOLDER")
    with refused("environment-variable", "AQBIO_TEST_FOLDER is not set") as raised:
        expand_environment("${AQBIO_TEST_FOLDER}/x", file="study.yaml")
    assert raised.value.file == "study.yaml"
    assert "export AQBIO_TEST_FOLDER=" in raised.value.fix
