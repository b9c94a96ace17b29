"""Shares of the body's mass that segments of people have, and widths of their trunks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np

from aqbio.body.de_leva import DE_LEVA
from aqbio.body.draws import FOOT_MASS, TRUNK_GYRATION_M, InertiaSpread, trunk_gyration
from aqbio.errors import Finding
from aqbio.multibody.skeleton import Skeleton

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


@cache
def _people() -> dict[str, Any]:
    """Statistics of people by sex, of `scripts/segment_masses.py`."""
    path = files("aqbio.body").joinpath("segment_masses.json")
    people: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return people


def trunk_findings(
    skeleton: Skeleton,
    groups: Mapping[str, Sequence[str]],
    *,
    participant: str = "",
    file: str = "",
) -> list[Finding]:
    """Finding that the model's trunk has a moment of inertia that no person's has."""
    torso = groups.get("torso", ())
    largest = max(_people()[sex]["trunk_gyration_m"]["largest"] for sex in DE_LEVA)
    if not torso or (gyration := trunk_gyration(skeleton, torso)) <= largest:
        return []
    return [
        Finding(
            rule="trunk-inertia",
            severity="warning",
            what=f"the trunk of the model has a radius of gyration of {1e3 * gyration:.0f} mm "
            f"about its long axis, the widest of 6,068 people {1e3 * largest:.0f} (mean "
            f"{1e3 * TRUNK_GYRATION_M:.0f}): models in the line of Anderson and Pandy (1999) give "
            "it the inertia of head, arms and trunk in one. Angular momentum of the torso about "
            f"the vertical is about {(gyration / TRUNK_GYRATION_M) ** 2:.1f} times a person's; "
            "intervals of studies hold it.",
            number=gyration,
            limit=largest,
            unit="m",
            fix="use the sprint model, or correct the moments of inertia of the torso.",
            participant=participant,
            file=file,
        )
    ]


@lru_cache(maxsize=1)
def segment_shares() -> MappingProxyType[str, tuple[float, float]]:
    """Least and largest share of the body's mass that each of `SEGMENTS` has in women and men.

    Means of de Leva (1996); people (`scripts/segment_masses.py`) and tables differ
    (`aqbio.body.draws`) about them.
    """
    people, limits = _people(), {}
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
