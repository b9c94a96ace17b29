"""The filter of a force is found once for the same force, by whichever worker meets it first.

`aqbio new`, `aqbio check` and stage prepare each look for it, and dozens of tests alter the markers
of one recording and leave its forces alone: a quarter of what they compute. The function is pure
(the same numbers in, the same out); its own tests call it as it is.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def remember_filters(patched: pytest.MonkeyPatch, folder: Path) -> None:
    """Let stage prepare keep in a folder which filter a force went through."""
    from aqbio.prepare import trial

    find = trial.find_low_pass
    folder.mkdir(exist_ok=True)

    def remembered_filter(vertical: np.ndarray, rate: float) -> Any:
        content = np.ascontiguousarray(vertical)
        description = f"{content.dtype} {content.shape} {rate!r} ".encode()
        path = folder / hashlib.sha256(description + content.tobytes()).hexdigest()
        if not path.is_file():
            partial = path.with_name(f"{path.name}.{os.getpid()}")
            partial.write_bytes(pickle.dumps(find(vertical, rate)))
            partial.replace(path)
        return pickle.loads(path.read_bytes())

    patched.setattr(trial, "find_low_pass", remembered_filter)
