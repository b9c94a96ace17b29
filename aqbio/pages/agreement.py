"""Do motion, forces and body agree? What the consistency fit found and changed, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aqbio.consistency.parameters import CENTRES_BELIEVED as BELIEVED
from aqbio.consistency.parameters import HALF_WIDTH
from aqbio.figures.numbers import shown
from aqbio.pages.quality import AFTER, BEFORE, Residual

PARAMETER_WORDS = {
    "clock_offset": ("Forces late by", "ms", 1e3),
    "drag_area": ("Drag area (frontal area × drag coefficient)", "m²", 1.0),
    "mass": ("Body mass, change", "%", 100.0),
    "leg_share": ("Mass of both legs, change (taken from the torso)", "%", 100.0),
    "pelvis_share": ("Mass of the pelvis, change (taken from the torso)", "%", 100.0),
    "cop_offset_x": ("Centre of pressure forward", "mm", 1e3),
    "cop_offset_z": ("Centre of pressure to the right", "mm", 1e3),
}
"""Words, unit on the page and factor to it, of every global parameter."""

DIRECTIONS = {"x": "forward", "y": "up", "z": "to the right"}
"""Of a segment's axes."""


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """One global parameter of a session, in the page's unit."""

    label: str
    unit: str
    prior: str
    estimate: float
    """As in the manifest."""
    text: str
    """The estimate on the page."""
    interval: str
    limits: str
    words: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What the fit did to one trial."""

    trial_id: str
    status: str
    reason: str
    """Why it was not fitted."""
    suspect: bool
    numbers: Mapping[str, Any]
    """As in the manifest; empty for a trial that was not fitted."""
    before: Residual | None
    after: Residual | None
    """before, after: As in the table of quality."""


@dataclass(frozen=True, slots=True)
class SessionAgreement:
    """A participant's session."""

    participant_id: str
    parameters: tuple[ParameterLine, ...]
    """Empty where no trial was fitted."""
    trials: tuple[TrialLine, ...]
    standing: str
    """What the static trial says of the adjusted body."""


def sessions(
    manifests: Iterable[Mapping[str, Any]], found: Iterable[Residual]
) -> list[SessionAgreement]:
    """Arrange the manifests of stage consistency for the page."""
    by_trial = {(one.participant_id, one.trial_id, one.version): one for one in found}
    return [
        SessionAgreement(
            participant_id=one["participant_id"],
            parameters=(
                *(parameter_line(given) for given in one.get("parameters", ())),
                *(centre_line(given) for given in one.get("centres", ()) if _told(given)),
            ),
            trials=tuple(
                _trial(done, one["participant_id"], by_trial)
                for done in one["trials"]
                if done["status"] == "ok"
            ),
            standing=_standing(one.get("standing", ())),
        )
        for one in manifests
    ]


def _standing(standing: Sequence[Mapping[str, Any]]) -> str:
    """How far the centre of mass is from the centre of pressure in still postures."""
    if not standing:
        return "No static trial on a plate was used."
    apart = (
        f"{shown(1e3 * math.hypot(*one['fitted_m']), 'mm')} mm in {one['trial_id']}"
        for one in standing
    )
    return f"The adjusted body's centre of mass is from the centre of pressure: {', '.join(apart)}."


def _trial(
    done: Mapping[str, Any],
    participant_id: str,
    found: Mapping[tuple[str, str, str], Residual],
) -> TrialLine:
    return TrialLine(
        trial_id=done["trial_id"],
        status=done.get("motion", "plain"),
        reason=done.get("motion_reason", ""),
        suspect=bool(done.get("suspect")),
        numbers=done if "marker_rms_before_m" in done else {},
        before=found.get((participant_id, done["trial_id"], BEFORE)),
        after=found.get((participant_id, done["trial_id"], AFTER)),
    )


def parameter_line(given: Mapping[str, Any]) -> ParameterLine:
    """Write one parameter in the page's unit."""
    length = (given["name"], "mm", 1e3)
    other = length if given["unit"] == "m" else (given["name"], given["unit"], 1.0)
    label, unit, factor = PARAMETER_WORDS.get(given["name"], other)

    def words(name: str) -> str:
        return shown(given[name] * factor, unit)

    prior, fitted = words("prior"), given["fitted"]
    return ParameterLine(
        label=label,
        unit=unit,
        prior=f"{prior}\xa0±\xa0{words('prior_sd')}" if fitted else prior,
        estimate=given["estimate"],
        text=words("estimate"),
        interval=f"{words('low')}\xa0to\xa0{words('high')}" if fitted else "fixed",
        limits=f"{words('lowest')}\xa0to\xa0{words('highest')}",
        words=_said(given),
        beyond=bool(given["beyond_limit"]),
    )


TOLD = 0.25
"""Share of the belief's variance that forces must take away for a place of mass to be told."""


def _told(given: Mapping[str, Any]) -> bool:
    """Whether the forces tell where a segment's centre of mass is along an axis."""
    return bool(given["sd"] ** 2 < (1.0 - TOLD) * given["prior_sd"] ** 2)


def centre_line(given: Mapping[str, Any]) -> ParameterLine:
    """Write the place of a segment's centre of mass along one of its axes."""
    estimate, prior_sd = given["estimate"], given["prior_sd"]
    return parameter_line(
        {
            "name": f"Centre of mass of {given['segment']} {DIRECTIONS[given['axis']]}",
            "unit": "m",
            "fitted": True,
            "prior": 0.0,
            "prior_sd": prior_sd,
            "estimate": estimate,
            "low": estimate - HALF_WIDTH * given["sd"],
            "high": estimate + HALF_WIDTH * given["sd"],
            "lowest": -BELIEVED * prior_sd,
            "highest": BELIEVED * prior_sd,
            "beyond_limit": abs(estimate) > BELIEVED * prior_sd,
        }
    )


def _said(given: Mapping[str, Any]) -> str:
    if not given["fitted"]:
        return "held at its prior"
    if given["beyond_limit"]:
        return "beyond what is believed: the fit is not used"
    if given["low"] <= given["prior"] <= given["high"]:
        return "not told apart from the prior"
    return "moved by the data"
