"""The landmarks that aqbio knows."""

from __future__ import annotations

from aqbio.config import read_yaml
from aqbio.config.landmarks import LandmarkTable
from aqbio.io.study import MODELS


def landmark_table() -> LandmarkTable:
    """Read ``models/landmarks.yaml``."""
    return read_yaml(MODELS / "landmarks.yaml", LandmarkTable)
