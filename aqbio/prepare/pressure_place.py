"""Position of the foot's pressure on each plate and in each trial, compared with the others.

From the middle of a contact on, a runner presses on the forefoot: within a session the centre of
pressure then lies at the same place under the toe markers, whatever the plate. A plate whose origin
or corners are declared elsewhere displaces it; so do all plates of a trial whose header says other
corners than those of the other trials.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aqbio.errors import Finding, distinct
from aqbio.prepare.contact_findings import LOADED_SHARE
from aqbio.prepare.contacts import RIGHT
from aqbio.prepare.trial import PreparedTrial
from aqbio.vectors import FloatArray, dot

LEVEL = np.array([1.0, 0.0, 1.0])

MIN_FRAMES = 3
"""Smallest number of frames from which a position of pressure is taken."""

LIMITS_M = {"along": (0.026, 0.022), "across": (0.034, 0.030)}
"""Distance of a plate from the others beyond which it is called misplaced, m, of one contact and of
several: sound ones are along the foot at most 16 mm apart (8 plates of a runway, two belts of 11
treadmills), across it 24 mm on the runway."""

BELTS_ACROSS_M = 0.045
"""The same across the foot where there are two plates, each with a foot of its own, m: feet differ
by 42 mm on one treadmill and by 21 mm at most on the others."""

MIN_OTHER_CONTACTS = 1
"""Contacts on other plates that a plate must be compared with."""

TRIAL_LIMITS_M = {"along": 0.035, "across": 0.015}
"""Distance of a trial from a person's others beyond which its plates are called misplaced, m: of
ten people at 2 to 5 m/s on a treadmill, and a jog and a sprint on a runway, at most 23 mm along the
foot (6 mm farther forward for each m/s) and 10 mm to the right, by the mean of both feet."""

MILLIMETRES = 1e3


def foot_pressure_positions(prepared: PreparedTrial, feet: FloatArray) -> list[dict[str, Any]]:
    """Place of the centre of pressure under the foot in every whole contact on one plate.

    ``along`` the foot and ``across`` it towards its outside, m, from the mean of the toe markers
    of ``feet`` (T, 2, K, 3), heel first: medians of the second half of the loaded frames.
    ``right`` is 1 for the right foot and -1 for the left one.
    """
    loads, plates, time = prepared.loads, prepared.plates, prepared.time
    if loads is None or plates is None:
        return []
    sample, sites = plates.samples_of(time), list[dict[str, Any]]()
    for contact in loads.contacts:
        if not contact.complete or len(contact.plates) != 1:
            continue
        heel, toes = feet[:, contact.foot, 0], feet[:, contact.foot, 1:].mean(axis=1)
        away, axis = (loads.cop[sample, contact.foot] - toes) * LEVEL, (toes - heel) * LEVEL
        used = (time >= contact.touchdown) & (time <= contact.toe_off) & (sample >= 0)
        used &= loads.event_force[sample, contact.foot] >= LOADED_SHARE * contact.peak
        used &= np.isfinite((away + axis).sum(axis=1))
        frames = np.flatnonzero(used)
        frames = frames[len(frames) // 2 :]
        if len(frames) < MIN_FRAMES:
            continue
        forward = axis[frames] / np.linalg.norm(axis[frames], axis=1, keepdims=True)
        right = np.stack([-forward[:, 2], 0.0 * forward[:, 1], forward[:, 0]], axis=1)
        outward = right if contact.foot == RIGHT else -right
        sites.append(
            {
                "plate": plates.numbers[contact.plates[0]],
                "along_m": float(np.median(dot(away[frames], forward))),
                "across_m": float(np.median(dot(away[frames], outward))),
                "right": 1 if contact.foot == RIGHT else -1,
            }
        )
    return sites


def misplaced_plates(
    participant_id: str, trials: Sequence[Mapping[str, Any]], file: str
) -> Iterator[Finding]:
    """Findings of plates on which the feet press elsewhere than on the others.

    In most trials, or in the files of some only: moments of trials with contacts on them do not
    count.
    """
    for direction in LIMITS_M:
        single = _in_single_files(trials, direction)
        for name, plates in single.items():
            for misplaced in plates:
                yield _misplaced_finding(participant_id, misplaced, file, name)
        other_trials = [trial for trial in trials if trial["trial_id"] not in single]
        for misplaced in _misplaced(other_trials, direction):
            stepped_on = _trials_on(other_trials, misplaced.plate)
            is_everywhere = all(
                trial["trial_id"] in stepped_on for trial in other_trials if _sites(trial)
            )
            for name in ("",) if is_everywhere else stepped_on:
                yield _misplaced_finding(participant_id, misplaced, file, name)


def _in_single_files(
    trials: Sequence[Mapping[str, Any]], direction: str
) -> dict[str, list[Misplaced]]:
    """Plates that are misplaced in one trial, or in at most half of those that stepped on them."""
    per_plate: dict[int, dict[str, Misplaced]] = defaultdict(dict)
    for trial in trials:
        for misplaced in _misplaced([trial], direction):
            per_plate[misplaced.plate][str(trial["trial_id"])] = misplaced
    by_trial: dict[str, list[Misplaced]] = defaultdict(list)
    for plate, trials_of_plate in per_plate.items():
        if len(trials_of_plate) == 1 or 2 * len(trials_of_plate) <= len(_trials_on(trials, plate)):
            for name, misplaced in trials_of_plate.items():
                by_trial[name].append(misplaced)
    return by_trial


def _sites(trial: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Places of pressure of a trial's contacts; none of one that was not prepared."""
    return trial.get("pressure_places") or ()


def _trials_on(trials: Sequence[Mapping[str, Any]], plate: int) -> list[str]:
    """Names of the trials with a contact on a plate."""
    return [
        str(trial["trial_id"])
        for trial in trials
        if any(site["plate"] == plate for site in _sites(trial))
    ]


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A plate on which the feet press elsewhere than on the others."""

    plate: int
    away: float
    """m. Positive forward, or to the right."""
    direction: str
    limit: float
    either: bool
    """True of two plates: which one is at fault is not known."""


def _misplaced(trials: Sequence[Mapping[str, Any]], direction: str) -> Iterator[Misplaced]:
    """Misplaced plate, at most one, over some trials together."""
    offsets: dict[int, list[float]] = defaultdict(list)
    for trial in trials:
        sites = _sites(trial)
        for site in sites:
            other_sites = [x for x in sites if x["plate"] != site["plate"]]
            if len(other_sites) >= MIN_OTHER_CONTACTS:
                key = f"{direction}_m"
                offset = site[key] - float(np.median([x[key] for x in other_sites]))
                if direction == "across":  # of the plate, not of the foot
                    offset *= site["right"]
                offsets[site["plate"]].append(offset)
    limits, two = LIMITS_M[direction], len(offsets) == 2
    middle = {plate: float(np.median(of_plate)) for plate, of_plate in offsets.items()}
    limit = {plate: limits[min(len(offsets[plate]), len(limits)) - 1] for plate in middle}
    if two and direction == "across":
        limit = dict.fromkeys(middle, BELTS_ACROSS_M)
    beyond = [plate for plate in middle if abs(middle[plate]) > limit[plate]]
    # the others are displaced against it, the other way: the farthest is at fault
    if beyond:
        plate = max(beyond, key=lambda number: abs(middle[number]))
        yield Misplaced(plate, middle[plate], direction, limit[plate], two)


def displaced_trials(
    participant_id: str, trials: Sequence[Mapping[str, Any]], file: str
) -> Iterator[Finding]:
    """Findings of trials in which the feet press elsewhere than in a person's other trials."""
    positions = {
        str(trial["trial_id"]): _trial_position(sites)
        for trial in trials
        if (sites := _sites(trial))
    }
    for column, (direction, limit) in enumerate(TRIAL_LIMITS_M.items()):
        coordinates = {name: x[column] for name, x in positions.items() if np.isfinite(x[column])}
        away = {
            name: at - float(np.median([x for trial, x in coordinates.items() if trial != name]))
            for name, at in coordinates.items()
            if len(coordinates) > 1
        }
        beyond = [name for name in away if abs(away[name]) > limit]
        if len(coordinates) > 2:  # the others are displaced against it, the other way
            beyond = sorted(beyond, key=lambda name: -abs(away[name]))[:1]
        for name in beyond:
            yield _displaced_finding(
                participant_id, name, away[name], direction, file, either=len(coordinates) == 2
            )


def _trial_position(sites: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Place of pressure along the foot and to the right of a trial, m.

    What lies to the outside of both feet is the runner's, so that to the right counts by the mean
    of both; NaN where only one was seen.
    """
    along = float(np.median([site["along_m"] for site in sites]))
    feet = [
        np.median([side * site["across_m"] for site in sites if site["right"] == side])
        for side in (1, -1)
        if any(site["right"] == side for site in sites)
    ]
    return along, float(np.mean(feet)) if len(feet) == 2 else float("nan")


WAYS = {"along": ("forward", "backward"), "across": ("to the right", "to the left")}
"""Words of a displacement by its direction: positive and negative."""


def _displaced_finding(
    participant_id: str, trial_id: str, away: float, direction: str, file: str, *, either: bool
) -> Finding:
    limit, way = TRIAL_LIMITS_M[direction], WAYS[direction][0 if away > 0.0 else 1]
    return Finding(
        rule="plate-misplaced",
        severity="warning",
        what=f"the centre of pressure lies {distinct(MILLIMETRES * abs(away), MILLIMETRES * limit)}"
        f" mm farther {way} under the feet than in the person's other "
        f"{'trial' if either else 'trials'}, more than {MILLIMETRES * limit:.0f} mm: the origin or "
        f"the corners of the plates are wrong by about that in this trial"
        f"{' or in the other one' if either else ''}, and joint moments by that times the force.",
        trial=trial_id,
        participant=participant_id,
        number=MILLIMETRES * abs(away),
        limit=MILLIMETRES * limit,
        unit="mm",
        file=file,
        fix="compare origin and corners of the plates in the files of these trials, and export "
        "again.",
        invalidates="moments",
    )


def _misplaced_finding(
    participant_id: str, misplaced: Misplaced, file: str, trial_id: str = ""
) -> Finding:
    way = WAYS[misplaced.direction][0 if misplaced.away > 0.0 else 1]
    offset_text = distinct(MILLIMETRES * abs(misplaced.away), MILLIMETRES * misplaced.limit)
    return Finding(
        rule="plate-misplaced",
        severity="warning",
        what=f"on plate {misplaced.plate} the centre of pressure lies {offset_text} mm farther "
        f"{way} under the feet than on the other {'plate' if misplaced.either else 'plates'}, more "
        f"than {MILLIMETRES * misplaced.limit:.0f} mm: the origin or the corners of that plate"
        f"{' or of the other one' if misplaced.either else ''} are wrong by about that"
        f"{' in this trial' if trial_id else ''}, and joint moments of steps on it by that times "
        "the force.",
        participant=participant_id,
        trial=trial_id,
        number=MILLIMETRES * abs(misplaced.away),
        limit=MILLIMETRES * misplaced.limit,
        unit="mm",
        file=file,
        where=f"plate {misplaced.plate}",
        label=str(misplaced.plate),
        fix="check origin and corners of the plate in the capture software, or list it in "
        "laboratory.ignore_plates.",
        invalidates="moments",
    )
