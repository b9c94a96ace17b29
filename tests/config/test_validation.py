"""Reading YAML: syntax, encoding, environment variables, keys that are written twice."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from aqbio.boundary import WRITTEN
from aqbio.config import MarkerSet, StudySettings, expand_environment, read_yaml
from aqbio.config.model_map import Size
from aqbio.errors import AqbioError
from tests.refusal import refused


def test_valid_file_with_comments_and_byte_order_mark(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes("\ufeff# für alle\nname: a\nprepare: {cutoff_hz: 15}\n".encode())
    settings = read_yaml(path, StudySettings)
    assert (settings.name, settings.prepare.cutoff_hz) == ("a", 15.0)
    assert settings.solve == StudySettings(name="a").solve


def test_a_key_written_twice_is_refused_at_any_depth(problems):
    text = "name: a\nprepare:\n  cutoff_hz: 15\n  max_gap_s: 0.1\n  cutoff_hz: 20\nname: b\n"
    found = {f.what: f.where for f in problems(text)}
    assert found == {
        "name is written twice, in lines 1 and 6.": "line 6",
        "prepare.cutoff_hz is written twice, in lines 3 and 5.": "line 5",
    }


def test_written_twice_comes_with_all_other_problems(problems):
    rules = [f.rule for f in problems("name: a\nname: a\nsolv: {}\n")]
    assert sorted(rules) == ["settings", "written-twice"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nfiles: &x [*x]\n", "contains itself"),
        (
            "b0: &b0 [x, x]\n"
            + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 7)),
            "its aliases",
        ),
    ],
)
def test_a_value_that_is_endless_or_nearly_so_ends(tmp_path, text, words):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AqbioError, match=words):
        read_yaml(path, StudySettings)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("name: a\n  b: c\n", "line 2, column 4"),
        ("name: a\tb: c\n", "line 1, column 8"),
        ("name: [a\n", "line 2, column 1"),
        ("name: a\nx: !!python/object:os.system 5\n", "line 2, column 4"),
    ],
)
def test_syntax_errors_name_line_and_column(tmp_path, text, where):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with refused("yaml-syntax", "not valid YAML") as raised:
        read_yaml(path, StudySettings)
    assert raised.value.where == where


@pytest.mark.parametrize(
    "text",
    ["name: a\nx: 2024-02-31\n", "name: a\x00b\n", "name: !!int twelve\n", "x: " + 5000 * "["],
    ids=["a day that is none", "a sign that is none", "a number that is none", "without end"],
)
def test_what_no_parser_takes_is_refused_in_words(tmp_path, text):
    """None of these is an error of syntax to the parser: they end in exceptions of their own."""
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with refused("yaml-syntax", "not valid YAML") as raised:
        read_yaml(path, StudySettings)
    assert raised.value.file == str(path)


def test_an_item_that_is_missing_is_where_its_list_is(problems):
    """The place of the error is beyond the end of the list."""
    text = "name: a\nsource: none\nmarkers:\n  A: {body: b, position: [0, 0]}\n"
    found = problems(text, MarkerSet)
    assert "line 4" in {finding.where for finding in found if "position" in finding.what}


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(AqbioError, match="cannot be read") as raised:
        read_yaml(tmp_path, StudySettings)
    assert raised.value.rule == "file-unreadable"


@pytest.mark.parametrize(("more", "told"), [(0, "file-encoding"), (1, "file-too-large")])
def test_a_file_that_nobody_wrote_by_hand_is_not_read(tmp_path, more, told):
    """16 MiB are read (and hold no letters here), a byte more is not."""
    path = tmp_path / "study.yaml"
    with path.open("wb") as file:
        file.truncate(WRITTEN - 1 + more)
        file.seek(0, 2)
        file.write(b"\xff")
    with refused(told) as caught:
        read_yaml(path, StudySettings)
    assert caught.value.file == str(path)
    assert more == 0 or "the file has 16 MB, too many for" in caught.value.what


def test_missing_file_and_wrong_encoding(tmp_path):
    with pytest.raises(AqbioError, match="does not exist") as missing:
        read_yaml(tmp_path / "none.yaml", StudySettings)
    assert "none.yaml" in missing.value.file
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Läufer\n".encode("latin-1"))
    with refused("file-encoding", "not UTF-8"):
        read_yaml(path, StudySettings)


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
    ("height", "mass"), [(1.01, 75.0), (2.49, 75.0), (1.7, 20.1), (1.7, 249.0)]
)
def test_a_models_person_is_as_large_as_people_are(height, mass):
    """Just inside the limits; in centimetres or pounds just outside, or far."""
    assert Size(height_m=height, mass_kg=mass).height_m == height
    wrong = {"height_m": {1.01: 1.0, 2.49: 2.51}.get(height, height)}
    wrong["mass_kg"] = {20.1: 20.0, 249.0: 250.0}.get(mass, mass)
    with pytest.raises(ValidationError):
        Size(**wrong)
