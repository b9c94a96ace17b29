"""Every problem of a settings file is reported once, in words, with its line and a fix.

`aqbio.config.validation` finds them, `aqbio.config.settings` and `aqbio.config.model_map` say what
is right.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from aqbio.boundary import MAX_WRITTEN_BYTES
from aqbio.config import SHEETS, MarkerSet, ModelMap, StudySettings, expand_environment, read_yaml
from aqbio.config.model_map import MappedMarker, Size
from aqbio.config.settings import valid_disk_path
from aqbio.config.sheets import Trial
from tests.config.test_settings import SETTINGS
from tests.golden import differences
from tests.outcome_lines import outcome_lines, texts
from tests.refusal import refused

FILES = texts(Path(__file__).with_name("odd_settings.txt"))
MODELS = {"settings": StudySettings, "map": ModelMap, "markers": MarkerSet}
LONG = {
    "it contains itself many times": "b0: &b0 [x, x]\n"
    + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 7)),
    "without end": "x: " + 5000 * "[",
}


def given_lines(path: Path, model: type[BaseModel] = StudySettings) -> list[str]:
    """Settings that a file gives, and findings about it."""
    return [
        f"{name}: {text}"
        for name, text in read_yaml(path, model)
        if name in given_keys(path, model)
    ]


def given_keys(path: Path, model: type[BaseModel]) -> set[str]:
    return read_yaml(path, model).model_fields_set


def test_golden_findings_about_settings(tmp_path):
    path, lines = tmp_path / "study.yaml", []
    for kind, texts_of_kind in (FILES | {"settings": FILES["settings"] | LONG}).items():
        for name, text in texts_of_kind.items():
            path.write_text(text, encoding="utf-8")
            lines += outcome_lines(
                name, lambda kind=kind: given_lines(path, MODELS[kind]), tmp_path
            )
    path.write_bytes("name: Läufer\n".encode("latin-1"))
    lines += outcome_lines("latin letters", lambda: given_lines(path), tmp_path)
    lines += outcome_lines("a folder", lambda: given_lines(tmp_path), tmp_path)
    lines += outcome_lines("nothing", lambda: given_lines(tmp_path / "none.yaml"), tmp_path)
    for name, size in (
        ("a byte too many", MAX_WRITTEN_BYTES + 1),
        ("as large as may be", MAX_WRITTEN_BYTES),
    ):
        with path.open("wb") as file:
            file.truncate(size - 1)
            file.seek(0, 2)
            file.write(b"\xff")
        lines += outcome_lines(name, lambda: given_lines(path), tmp_path)
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
    ("model", "name", "end", "allowed", "side"),
    LIMITS,
    ids=lambda limit_part: getattr(limit_part, "__name__", limit_part),
)
def test_a_number_is_taken_up_to_its_limit_and_not_beyond(model, name, end, allowed, side):
    """Just inside, at the end itself, and just outside; whatever else holds of other settings."""
    is_integer = "int" in str(model.model_fields[name].annotation)
    step = side * (1 if is_integer else max(abs(end), 1.0) * 1e-9)

    def fits(value):
        try:
            model.model_validate({name: value})
        except ValidationError as error:
            return not any(detail["loc"][:1] == (name,) for detail in error.errors())
        return True

    assert [fits(end - step), fits(end), fits(end + step)] == [False, allowed, True]


def test_environment_variables(monkeypatch):
    monkeypatch.setenv("AQBIO_TEST_FOLDER", "/some/where")
    assert expand_environment("${AQBIO_TEST_FOLDER}/x", file="f") == "/some/where/x"
    assert expand_environment("$AQBIO_TEST_FOLDER", file="f") == "$AQBIO_TEST_FOLDER"
    monkeypatch.delenv("AQBIO_TEST_FOLDER")
    with refused("environment-variable", "AQBIO_TEST_FOLDER is not set") as raised:
        expand_environment("${AQBIO_TEST_FOLDER}/x", file="study.yaml")
    assert raised.value.file == "study.yaml"
    assert "export AQBIO_TEST_FOLDER=" in raised.value.fix


@pytest.mark.parametrize(
    ("start", "end", "is_window"),
    [
        (None, 0.5, True), (0.0, 0.001, True), (1.0, 1.5, True), (2.0, None, True),
        (None, None, True), (None, 0.0, False), (1.0, 1.0, False), (1.5, 1.0, False),
    ],
)  # fmt: skip
def test_a_window_of_a_trial_ends_after_it_begins(start, end, is_window):
    """Without a start it begins with the recording."""
    row = {"participant_id": "A", "trial_id": "run", "task": "run", "file": "run.c3d"}
    row |= {"start_s": start, "end_s": end}
    if is_window:
        trial = Trial.model_validate(row)
        assert (trial.start_s, trial.end_s) == (start, end)
        return
    with pytest.raises(ValidationError, match="end_s"):
        Trial.model_validate(row)


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@pytest.mark.parametrize("letter", ["a", "é"])
@pytest.mark.parametrize("size", [254, 255, 256, 257])
def test_a_name_is_refused_where_the_disk_refuses_it(letter, size, tmp_path):
    """In bytes, not letters."""
    name = letter * (size // len(letter.encode())) + "b" * (size % len(letter.encode()))
    try:
        (tmp_path / name).touch()
    except OSError:
        with pytest.raises(ValueError, match="a name of"):
            valid_disk_path(name)
    else:
        assert valid_disk_path(name) == name


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@pytest.mark.parametrize("size", [4094, 4095, 4096])
def test_a_path_is_refused_where_the_system_refuses_it(size):
    path = ("./" * size)[:size]  # this folder, in many letters
    try:
        os.stat(path)  # noqa: PTH116, a Path would shorten it
    except OSError:
        with pytest.raises(ValueError, match=f"a path of {size}"):
            valid_disk_path(path)
    else:
        assert valid_disk_path(path) == path
