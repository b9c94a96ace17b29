"""The room's index names every module once."""

from __future__ import annotations

import re
from pathlib import Path

import aqbio.mechanics


def test_index_names_every_module_once():
    folder = Path(aqbio.mechanics.__file__).parent
    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    lines = (aqbio.mechanics.__doc__ or "").splitlines()
    listed = sorted(re.findall(r"\w+", " ".join(line for line in lines if line.startswith("    "))))
    assert listed == modules
