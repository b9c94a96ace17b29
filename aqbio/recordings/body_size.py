"""What trials say about the size of the body, against the sheet and the plates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from aqbio.body.statements import Measurement, Statement, contradiction
from aqbio.config import MarkerSet, Participant
from aqbio.errors import Finding, listed
from aqbio.io.netcdf import read_dataset
from aqbio.io.recording import Recording
from aqbio.io.study import Study
from aqbio.names import GRAVITY, SIDES
from aqbio.recordings.segment_lengths import (
    OTHER,
    Lengths,
    compared_lengths,
    one_person_each,
)
from aqbio.recordings.stage_axes import label_mean
from aqbio.recordings.trial import PreparedTrial
from aqbio.vectors import FloatArray

PELVIS_SHARE = 0.555
"""Height of the pelvis markers above those of the feet as a share of stature: 0.570 of subject01 of
Rajagopal et al. (2016), 0.538 and 0.571 of the sprint models."""

PELVIS_ERROR = 0.08
"""Legs are long or short by less than this share of stature: iliac crests over stature spread by
2.2 % (standard deviation of 6,068 people, ANSUR II, Gordon et al. 2014), three of which make 6.6 %
beside the 3 % of markers that sit apart."""

STANCE_SHARE, STANCE_ERROR = 0.94, 0.09
"""Distance from pelvis to foot, median of a contact, over its height while standing: 0.914 to 0.972
in 142 virtual sprints and 7 real runs at 2 to 9.5 m/s; with the spread of legs, 9 % of stature."""

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


def stance_height(prepared: PreparedTrial, marker_set: MarkerSet) -> float | None:
    """Height of the pelvis that a run shows: its distance from the foot that stands, m.

    Returns
    -------
    float or None
        Median over the contacts, as if standing; None where pelvis or feet are not seen.
    """
    recording = Recording(prepared.labels, prepared.markers, prepared.rate)
    hips = label_mean(recording, (*marker_set.pelvis.front, *marker_set.pelvis.back))
    feet = [getattr(marker_set.feet, side) for side in SIDES]
    soles = [label_mean(recording, (foot.heel, *foot.toe)) for foot in feet]
    found = []
    for one in prepared.contacts:
        inside = (prepared.time >= one.touchdown) & (prepared.time <= one.toe_off)
        distance = np.linalg.norm(hips[inside] - soles[one.foot][inside], axis=1)
        found.append(distance[np.isfinite(distance)])
    medians = [float(np.median(one)) for one in found if len(one)]
    return float(np.median(medians)) / STANCE_SHARE if medians else None


def measured_stature(trials: Iterable[Mapping[str, Any]]) -> Measurement | None:
    """Stature that legs of this length belong to; None where no trial shows them.

    Parameters
    ----------
    trials : iterable of mapping
        What the manifest says about each trial; the static one counts before the runs.
    """
    trials = list(trials)
    standing = [done["pelvis_height_m"] for done in trials if done.get("pelvis_height_m")]
    running = [done["stance_height_m"] for done in trials if done.get("stance_height_m")]
    if standing:
        pelvis, error = standing[0], PELVIS_ERROR
        source = f"the pelvis, which stands {pelvis:.2f} m above the feet"
    elif running:
        pelvis, error = float(np.median(running)), STANCE_ERROR
        source = f"the pelvis, {pelvis:.2f} m above the foot in stance"
    else:
        return None
    stature = pelvis / PELVIS_SHARE
    return Measurement(stature, error * stature, source)


def person_findings(
    study: Study, person: Participant, trials: Collection[str]
) -> Iterator[Finding]:
    """Find prepared trials in which the segments are another person's.

    Parameters
    ----------
    trials : collection of str
        Names of those that could be prepared.
    """
    own = (one for one in study.trials if one.participant_id == person.participant_id)
    names = [one.trial_id for one in own if one.trial_id in trials and one.file]
    lengths = []
    for name in names:
        data = read_dataset(study.folder(person.participant_id, "prepare") / f"{name}.nc")
        known = [
            label for label in data.marker.values.tolist() if label in study.marker_set.markers
        ]
        lengths.append(Lengths.of(known, data.marker_raw.sel(marker=known).values))
    ratio, differs = compared_lengths(lengths)
    first, *others = one_person_each(ratio, differs) or [[]]
    for other in others:
        longer = float(np.nanmedian(ratio[np.ix_(first, other)]))
        rest = listed([names[one] for one in first])
        yield Finding(
            rule="another-person",
            severity="error",
            what=f"in {listed([names[one] for one in other])}, the distances between the markers "
            f"of each segment are {longer:.3f} times what they are in {rest}: another person's, or "
            f"in another unit. Trials of one person agree within {OTHER:.1%}.",
            participant=person.participant_id,
            trial=names[other[0]],
            number=longer,
            limit=1.0 + OTHER,
            file=study.settings.files.trials,
            fix="correct their participant_id or file in the sheet of trials, or set include = no; "
            "where it is the same person, correct the unit of the markers.",
        )


def size_findings(
    person: Participant, shown: Measurement | None, mass: float | None, sheet: str
) -> Iterator[Finding]:
    """Findings where stature or body mass do not fit the legs that the trials show.

    Parameters
    ----------
    shown : Measured or None
        From `measured_stature`, m.
    mass : float or None
        Body mass that is used, kg.
    sheet : str
        Name of the sheet, for messages.
    """
    where = f"participant {person.participant_id}, column "
    stated = person.height_m
    if stated is not None and shown is not None:
        statement = Statement(
            "height-implausible",
            "the sheet says a stature of",
            stated,
            "m",
            file=sheet,
            where=where + "height_m",
            fix=f"check the sheet; if it is right, lengths are {shown.value / stated:.2f} times "
            "what they should be, and momentum with them: check unit and calibration of the "
            "markers.",
        )
        if found := contradiction(statement, [shown], ""):
            yield replace(found, participant=person.participant_id)
    stature = stated or (shown.value if shown else None)
    if mass is None or stature is None or shown is None:
        return
    index = mass / stature**2
    if not MASS_INDEX[0] <= index <= MASS_INDEX[1]:
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
    """Findings where the largest load on the plates is not that of a person of this mass.

    Parameters
    ----------
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
