"""Shares of the body's mass that segments of people have."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np

from aqbio.body.de_leva import DE_LEVA
from aqbio.body.draws import FOOT_MASS, InertiaSpread

SEGMENTS = MappingProxyType(
    {
        "thigh": ("thigh",),
        "shank": ("shank",),
        "foot": ("foot",),
        "upper arm": ("upper_arm",),
        "forearm and hand": ("forearm", "hand"),
    }
)
"""Segments of a limb between its joints, and those of the tables that they hold."""

TABLE_SD = float(np.max(InertiaSpread().mass))
"""Standard deviation of a segment's mass between published tables, relative."""

MAX_SDS = 4.0
"""Standard deviations from the mean within which the masses of people are: the farthest of the
6,068 men and women of ANSUR II."""


@lru_cache(maxsize=1)
def segment_shares() -> MappingProxyType[str, tuple[float, float]]:
    """Least and largest share of the body's mass that each of `SEGMENTS` has in women and men.

    Means of de Leva (1996); people (`scripts/segment_masses.py`) and tables differ
    (`aqbio.body.draws`) about them.
    """
    path = files("aqbio.body").joinpath("segment_masses.json")
    people = json.loads(path.read_text(encoding="utf-8"))
    limits = {}
    for segment, parts in SEGMENTS.items():
        of_table = FOOT_MASS if segment == "foot" else TABLE_SD
        ends = []
        for sex, table in DE_LEVA.items():
            masses = np.array([table[part].mass for part in parts])
            between = np.array([people[sex]["sd"][part] for part in parts])
            sd = float(np.hypot(masses @ between / masses.sum(), of_table))
            ends += [masses.sum() * np.exp(sign * MAX_SDS * sd) for sign in (-1.0, 1.0)]
        limits[segment] = (float(min(ends)), float(max(ends)))
    return MappingProxyType(limits)
