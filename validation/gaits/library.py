"""The gait library as a file: how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aqbio.io.atomic import atomic_path
from aqbio.virtual.gait import Gait
from aqbio.virtual.library import GaitName, moved_joints

CONDITIONS = ("normal", "restricted_arms")


def save_library(path: Path, gaits: Mapping[GaitName, Gait]) -> None:
    """Write solved gaits; the same gaits always give the same bytes."""
    some = list(gaits.values())
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            names=np.array([str(name) for name in gaits]),
            joints=np.array(
                [gait.joints[moved_joints(gait.athlete)] for gait in some], dtype=np.float32
            ),
            stance=np.array([gait.stance for gait in some]),
            flight=np.array([gait.flight for gait in some]),
            com=np.array([gait.com for gait in some]),
            drag=np.array([gait.drag for gait in some]),
            timeline=np.array(
                [
                    (gait.timeline.contact, gait.timeline.flight, gait.timeline.length)
                    for gait in some
                ]
            ),
        )
