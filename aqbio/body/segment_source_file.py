"""What others measured of segments, as it comes with the package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml

from aqbio.body.segment_sources import SegmentNumbers, Source, in_joint_frame
from aqbio.vectors import FloatArray


@lru_cache(maxsize=1)
def segment_sources() -> Mapping[str, Source]:
    """Every source by its key, limbs in the common frame."""
    text = files("aqbio.body").joinpath("segment_sources.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    return MappingProxyType({key: _source(key, words) for key, words in content.items()})


def _source(key: str, words: Mapping[str, Any]) -> Source:
    segments = {
        sex: {name: _numbers(row) for name, row in rows.items()}
        for sex, rows in words["segments"].items()
    }
    told = {name: value for name, value in words.items() if name != "segments"}
    return Source(key=key, segments=segments, **told)


def _numbers(row: Mapping[str, Any]) -> SegmentNumbers:
    """One segment; a model's body is turned into the frame of its joint centres."""
    centre, radii = _three(row.get("centre")), _three(row.get("radii"))
    if "place" in row:
        ends = np.array(row["proximal"]), np.array(row["distal"])
        place, moments = np.array(row["place"]), np.array(row["moments"])
        centre, radii = in_joint_frame(place, moments, row["kilograms"], ends)
    return SegmentNumbers(
        mass=row["mass"],
        centre=centre,
        radii=radii,
        products=_three(row.get("products")),
        mass_spread=row.get("mass_spread", np.nan),
        along_spread=row.get("along_spread", np.nan),
    )


def _three(values: list[float | None] | None) -> FloatArray:
    """Three numbers, NaN where there is none."""
    return np.array([np.nan if x is None else x for x in values or (None,) * 3], dtype=float)
