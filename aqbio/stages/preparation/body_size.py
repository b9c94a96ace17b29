"""What the static trial says about the size of the body, against the sheet and the plates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from aqbio.config import MarkerSet, Participant
from aqbio.errors import Finding
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import GRAVITY, SIDES

PELVIS_SHARE = 0.57
"""Height of the pelvis markers above those of the feet as a share of stature: 0.570 of subject01 of
Rajagopal et al. (2016); anterior iliac spines at 0.53 to 0.56, posterior ones above them."""

STATURE_APART = 0.12
"""Legs are long or short by less than this share of stature."""

MASS_INDEX = (14.0, 40.0)
"""Body mass over stature squared of people who sprint lies within this, kg/m²."""


PEAK = (0.7, 7.0)
"""Largest vertical force of a person in body weights: walkers reach 1.0 to 1.3, sprinters and
jumpers 3 to 5."""


def pelvis_height(
    labels: tuple[str, ...], markers: FloatArray, marker_set: MarkerSet
) -> float | None:
    """Height of the pelvis markers above those of the feet while standing, m; None if not seen.

    Parameters
    ----------
    labels : tuple of M str
    markers : (T, M, 3) array, m
        Ground axes; NaN where missing.
    marker_set : MarkerSet
    """
    feet = [getattr(marker_set.feet, side) for side in SIDES]
    hips = _median_height(labels, markers, (*marker_set.pelvis.front, *marker_set.pelvis.back))
    soles = _median_height(labels, markers, [name for one in feet for name in (one.heel, *one.toe)])
    height = hips - soles
    return None if np.isnan(height) else height


def _median_height(labels: tuple[str, ...], markers: FloatArray, names: Iterable[str]) -> float:
    columns = [labels.index(name) for name in names if name in labels]
    heights = markers[:, columns, 1]
    seen = heights[:, ~np.isnan(heights).all(axis=0)]
    return float(np.nanmedian(seen, axis=0).mean()) if seen.size else float("nan")


def size_findings(
    person: Participant, pelvis: float | None, mass: float | None, sheet: str
) -> Iterator[Finding]:
    """Say where stature or body mass do not fit the legs of the static trial.

    Parameters
    ----------
    person : Participant
    pelvis : float or None
        From `pelvis_height`, m.
    mass : float or None
        Body mass that is used, kg.
    sheet : str
        Name of the sheet, for messages.
    """
    if pelvis is None:
        return
    expected = pelvis / PELVIS_SHARE
    where = f"participant {person.participant_id}, column "
    stated = person.height_m
    if stated is not None and abs(stated - expected) > STATURE_APART * expected:
        yield Finding(
            rule="height-implausible",
            severity="warning",
            what=f"the sheet says {stated:.2f} m of stature, but the pelvis stands {pelvis:.2f} m "
            f"above the feet, as in people of about {expected:.2f} m: more than "
            f"{STATURE_APART:.0%} apart.",
            participant=person.participant_id,
            number=stated,
            limit=expected,
            unit="m",
            file=sheet,
            where=where + "height_m",
            fix="check the sheet, and the unit of the markers; normalised numbers use the sheet.",
        )
    stature = expected if stated is None else stated
    index = 0.0 if mass is None else mass / stature**2
    if mass is not None and not MASS_INDEX[0] <= index <= MASS_INDEX[1]:
        yield Finding(
            rule="mass-implausible",
            severity="warning",
            what=f"a body mass of {mass:.1f} kg at about {stature:.2f} m is {index:.1f} kg/m², "
            f"outside {MASS_INDEX[0]:g} to {MASS_INDEX[1]:g}.",
            participant=person.participant_id,
            number=mass,
            unit="kg",
            file=sheet,
            where=where + "mass_kg",
            fix="check the sheet, and the scale of the plates where the mass comes from them.",
        )


def force_findings(
    person: Participant, peak: float | None, mass: float | None, sheet: str
) -> Iterator[Finding]:
    """Say where the largest load on the plates is not that of a person of this mass.

    Parameters
    ----------
    person : Participant
    peak : float or None
        Largest vertical force of a complete contact over all trials, N.
    mass : float or None
        Body mass that is used, kg.
    sheet : str
        Name of the sheet, for messages.
    """
    if peak is None or mass is None:
        return
    weights = peak / (mass * GRAVITY)
    if not PEAK[0] <= weights <= PEAK[1]:
        yield Finding(
            rule="force-implausible",
            severity="warning",
            what=f"the largest contact of all trials reaches {peak:.0f} N, {weights:.2f} body "
            f"weights of {mass:.1f} kg, outside {PEAK[0]:g} to {PEAK[1]:g}: the plates have "
            "another unit or scale, or the body mass is wrong.",
            participant=person.participant_id,
            number=weights,
            unit="body weights",
            file=sheet,
            where=f"participant {person.participant_id}, column mass_kg",
            fix="check units and calibration of the plates, and the sheet.",
        )
