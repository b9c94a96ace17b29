"""Readers at the boundary: they take a path however it is written."""

from __future__ import annotations

import pytest

import aqbio
from aqbio.config import ModelMap, Participant, read_yaml
from aqbio.errors import AqbioError
from aqbio.io.c3d import read_c3d
from aqbio.io.meshes import read_mesh
from aqbio.io.mot import read_storage
from aqbio.io.mot_forces import read_external_loads, read_force_storage
from aqbio.io.sheets import read_sheet
from aqbio.io.trc import read_trc

READERS = {
    "skeleton": aqbio.read_skeleton,
    "c3d": read_c3d,
    "trc": read_trc,
    "storage": read_storage,
    "forces": read_force_storage,
    "loads": read_external_loads,
    "mesh": read_mesh,
    "sheet": lambda path: read_sheet(path, Participant),
    "yaml": lambda path: read_yaml(path, ModelMap),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("content", [None, b"\x00nothing that anybody wrote"])
def test_a_path_as_text_is_a_path(reader, content, tmp_path):
    """A file that is missing or damaged is refused for that, in the same words."""
    file = tmp_path / "file.osim"
    if content is not None:
        file.write_bytes(content)
    messages = set()
    for path in (file, str(file)):
        with pytest.raises(AqbioError, match=file.name) as refused:
            reader(path)
        messages.add(str(refused.value))
    assert len(messages) == 1
    assert "'str'" not in messages.pop()
