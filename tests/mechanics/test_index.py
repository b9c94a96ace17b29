"""The room's index names every folder once."""

from __future__ import annotations

import re
from pathlib import Path

import aqbio.mechanics


def test_index_names_every_folder_once():
    room = Path(aqbio.mechanics.__file__).parent
    folders = sorted(path.parent.name for path in room.glob("*/__init__.py"))
    listed = sorted(re.findall(r"^([a-z_]+)$", aqbio.mechanics.__doc__ or "", re.MULTILINE))
    assert listed == folders
