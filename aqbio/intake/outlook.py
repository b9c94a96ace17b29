"""The first page of a new study: what is in the recordings, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from aqbio.config import MarkerSet
from aqbio.errors import listed
from aqbio.gait.steps import MAX_HEADING_SWING_RAD
from aqbio.names import SIDES
from aqbio.pages.filters import ASSETS, CONTENT_SECURITY, template
from aqbio.prepare.contacts import NO_FOOT
from aqbio.prepare.trial import PreparedTrial
from aqbio.vectors import FloatArray
from aqbio.version import __version__

MAX_POINTS = 300
"""Instants of a force curve."""


@dataclass(frozen=True, slots=True)
class ContactBar:
    """A contact on the time axis of a trial."""

    side: str
    start: float
    end: float
    """start, end: s."""
    measured: bool
    """True with forces."""


@dataclass(frozen=True, slots=True)
class TrialPicture:
    """What a picture of a run shows before a model comes into play."""

    seconds: float
    speed: float
    """Of the pelvis between the first and the last touchdown, or of the belt, m/s; NaN if not
    known."""
    turn: float
    """Of the direction of the pelvis from the first touchdown to the last toe-off, degrees to the
    right; 0 where it is no more than that of a straight run, NaN if not known."""
    surface: str
    contacts: tuple[ContactBar, ...]
    force: tuple[tuple[float, float], ...]
    """Instants, s, and vertical force of all plates, N."""


def trial_picture(prepared: PreparedTrial, marker_set: MarkerSet) -> TrialPicture:
    """Contacts, speed and vertical force of a prepared run."""
    seconds = (len(prepared.markers) - 1) / prepared.rate
    bars = []
    for contact in prepared.contacts:
        start, end = (
            instant if np.isfinite(instant) else edge
            for instant, edge in ((contact.touchdown, 0.0), (contact.toe_off, seconds))
        )
        if contact.foot != NO_FOOT and end > start:
            is_measured = bool(np.isfinite(contact.peak))
            bars.append(ContactBar(SIDES[contact.foot], float(start), float(end), is_measured))
    force: list[tuple[float, float]] = []
    if prepared.plates is not None:
        time, total = prepared.plates.time, prepared.plates.vertical.sum(axis=1)
        within = np.flatnonzero((time >= 0.0) & (time <= seconds))
        chosen = within[:: max(1, len(within) // MAX_POINTS)]
        force = [(float(time[n]), float(total[n])) for n in chosen if np.isfinite(total[n])]
    pelvis = _pelvis(prepared, marker_set)
    speed = _speed(prepared, pelvis, [bar.start for bar in bars])
    turn = _turn(pelvis, prepared.rate, bars)
    return TrialPicture(seconds, speed, turn, prepared.ground.surface, tuple(bars), tuple(force))


def _pelvis(prepared: PreparedTrial, marker_set: MarkerSet) -> FloatArray:
    """(T, 2) path of the pelvis on the ground, forward and to the right; NaN where unseen."""
    names = {
        name for label in marker_set.pelvis.labels for name in (label, marker_set.model_name(label))
    }
    columns = [index for index, label in enumerate(prepared.labels) if label in names]
    path: FloatArray = prepared.markers[:, columns][..., [0, 2]].mean(axis=1)
    return path


HEADING_S = 0.1
"""Time over which a direction is taken: the pelvis sways within a step."""


def _turn(pelvis: FloatArray, rate: float, bars: Sequence[ContactBar]) -> float:
    """Change of direction from the first contact to the last one, degrees to the right."""
    if not bars:
        return float("nan")
    frames, directions = round(HEADING_S * rate), []
    for instant in (min(bar.start for bar in bars), max(bar.end for bar in bars)):
        first = min(max(round(instant * rate) - frames // 2, 0), len(pelvis) - 1 - frames)
        if first < 0:
            return float("nan")
        ahead, right = pelvis[first + frames] - pelvis[first]
        directions.append(np.arctan2(right, ahead))
    turn = float(np.angle(np.exp(1j * (directions[1] - directions[0]))))
    return float(np.degrees(turn)) if not abs(turn) <= MAX_HEADING_SWING_RAD else 0.0


def _speed(prepared: PreparedTrial, pelvis: FloatArray, touchdowns: Sequence[float]) -> float:
    """Speed of the belt, or of the pelvis from the first to the last touchdown, m/s."""
    if prepared.ground.surface == "treadmill":
        return prepared.ground.belt_speed
    complete = np.flatnonzero(np.isfinite(pelvis).all(axis=1))
    if len(touchdowns) > 1:
        ends = (min(touchdowns), max(touchdowns))
        first, last = (round(instant * prepared.rate) for instant in ends)
        complete = complete[(complete >= first) & (complete <= last)]
    if len(complete) < 2:
        return float("nan")
    first, last = complete[[0, -1]]
    return float(np.linalg.norm(pelvis[last] - pelvis[first]) * prepared.rate / (last - first))


@dataclass(frozen=True, slots=True)
class OutlookTrial:
    """A recording on the page."""

    name: str
    is_run: bool
    words: str
    warnings: Sequence[str]
    picture: TrialPicture | None


GROUPS = {
    "What will be computed": ("computed", "from joint angles"),
    "What cannot be computed, and what to record for it": ("not ",),
    "What is less sure, and what would change that": ("less sure",),
}
"""Headings of the lines of an outlook, by how they begin."""


def outlook_page(
    name: str, lines: Sequence[str], trials: Sequence[OutlookTrial], to_do: Sequence[str]
) -> str:
    """The page as HTML, complete in one file."""
    groups: dict[str, list[str]] = {heading: [] for heading in GROUPS}
    rest: list[str] = []
    for line in lines:
        begins = (heading for heading, words in GROUPS.items() if line.strip().startswith(words))
        groups.get(next(begins, ""), rest).append(line.strip())
    return template("outlook.html.j2").render(
        security=CONTENT_SECURITY["single"],
        style=Markup((ASSETS / "style.css").read_text(encoding="utf-8")),
        name=name,
        answer=_answer(trials),
        groups={heading: under for heading, under in groups.items() if under},
        rest=rest,
        trials=[_drawn(trial) for trial in trials],
        to_do=[line.strip() for line in to_do],
        version=__version__,
    )


def _answer(trials: Sequence[OutlookTrial]) -> str:
    """The recordings in one sentence."""
    pictures = [trial.picture for trial in trials if trial.picture is not None]
    contacts = [bar for picture in pictures for bar in picture.contacts]
    speeds = [picture.speed for picture in pictures if np.isfinite(picture.speed)]
    count = sum(trial.is_run for trial in trials)
    runs = f"{count} run{'s' * (count != 1)}"
    if 0 < len(pictures) < count:
        runs += f", of which {len(pictures)} could be looked at before a model"
    if not contacts:
        return f"{runs}; no contact of a foot is known yet"
    by_side = [
        f"{count} {side}" for side in SIDES if (count := sum(bar.side == side for bar in contacts))
    ]
    pace = ""
    if speeds:
        slow, fast = (f"{speed:.1f}" for speed in (min(speeds), max(speeds)))
        pace = f" at {slow}" + f" to {fast}" * (slow != fast) + " m/s"
    forces = sum(bar.measured for bar in contacts)
    return f"{runs}{pace}, {len(contacts)} contacts ({listed(by_side)}), {forces} with forces"


def _drawn(trial: OutlookTrial) -> Mapping[str, Any]:
    """Values of a trial for the template: places in per cent of its time axis."""
    picture = trial.picture
    if picture is None or picture.seconds <= 0.0:
        return {"name": trial.name, "words": trial.words, "warnings": trial.warnings}
    bars = [
        {
            "side": bar.side,
            "measured": bar.measured,
            "left": f"{100.0 * bar.start / picture.seconds:.2f}",
            "width": f"{100.0 * (bar.end - bar.start) / picture.seconds:.2f}",
            "words": f"{bar.side} foot on the ground from {bar.start:.3f} to {bar.end:.3f} s",
        }
        for bar in picture.contacts
    ]
    peak = max((force for _, force in picture.force), default=0.0)
    points = " ".join(
        f"{100.0 * time / picture.seconds:.2f},{100.0 - 96.0 * max(force, 0.0) / peak:.2f}"
        for time, force in picture.force
        if peak > 0.0
    )
    pace = f"{picture.speed:.1f} m/s" if np.isfinite(picture.speed) else "speed not known"
    if abs(picture.turn) > 0.0 and picture.surface != "treadmill":
        way = "right" if picture.turn > 0.0 else "left"
        pace += f", turning to the {way} by {abs(picture.turn):.0f} degrees"
    count = len(picture.contacts)
    return {
        "name": trial.name,
        "words": trial.words,
        "warnings": trial.warnings,
        "bars": bars,
        "points": points,
        "peak": f"{peak:.0f}",
        "seconds": f"{picture.seconds:.2f}",
        "pace": f"{pace}, {picture.surface}",
        "alternative": f"{trial.name}: {pace}, {picture.seconds:.2f} s, {count} contacts",
    }
