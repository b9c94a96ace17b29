"""No result names a person, wherever a laboratory wrote the name down."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from tests.planted import NAME, files_with

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]


def test_no_file_of_the_results_holds_the_name(finished):
    """It is in names of files and folders, labels, headers, models and notes of this study."""
    given = [path for path in finished.file.parent.iterdir() if path.name != "results"]
    assert len([one for path in given for one in files_with(path, NAME)]) >= 7
    assert len([path for path in finished.root.rglob("*") if path.is_file()]) > 100
    assert files_with(finished.root, NAME) == []


def test_results_say_where_each_file_is_named(finished):
    record = finished.read_manifest("runner", "prepare")
    assert set(json.loads(record["provenance"]["inputs"])) >= {"file of runner run1"}


def test_the_search_sees_what_is_packed(tmp_path):
    said = f"a text about {NAME}, long enough to be packed " * 4
    packed = zlib.compress(said.encode())
    (tmp_path / "page.html").write_text(base64.b64encode(packed).decode())
    (tmp_path / "figure.pdf").write_bytes(b"stream\n" + packed + b"endstream")
    (tmp_path / "wide.osim").write_text(said, encoding="utf-16")
    assert len(files_with(tmp_path, NAME)) == 3
    assert files_with(tmp_path, "somebody else") == []
