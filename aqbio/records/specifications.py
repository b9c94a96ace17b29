"""Arms of the multiverse: the choices under which every estimate is computed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aqbio.config.settings import StudySettings
from aqbio.errors import Finding
from aqbio.mechanics.recordings.filters import lowest_rate

Consistency = Literal["default", "loose", "off"]
"""`default`: the study's own weights; `loose`: forces and moments trusted a third; `off`: plain."""

BodyTable = Literal["model", "de_leva", "dumas"]

DEFAULT = "default"
"""Name of the arm with the study's own settings."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to compute a trial anew from its cached kinematics.

    Attributes
    ----------
    name : str
        What differs from the study's settings, for example ``cutoff=15``.
    factor : str
        The choice that is varied, as the registry names it; empty for the default, two names for
        a corner.
    consistency : {"default", "loose", "off"}
    cutoff_hz : float
        Matched low-pass cut-off of motion and forces, Hz.
    threshold_n : float
        Vertical force that starts and ends a contact, N; 0 keeps the study's.
    body : {"model", "de_leva", "dumas"}
        Where the segments' inertia comes from.
    """

    name: str
    factor: str
    consistency: Consistency
    cutoff_hz: float
    threshold_n: float
    body: BodyTable


def lower_rate(prepared: Mapping[str, Any]) -> float:
    """Lower rate of a prepared trial's markers and, where there are any, forces, Hz.

    Parameters
    ----------
    prepared : mapping
        Attributes of the prepared trial.
    """
    markers, forces = float(prepared["marker_rate"]), float(prepared["force_rate"])
    return min(markers, forces) if forces else markers


def carried(arm: Arm, rate: float) -> bool:
    """Whether a trial of a rate, Hz, can be computed under the cut-off of an arm."""
    return rate > lowest_rate(arm.cutoff_hz)


def arms_left_out(
    arms: Sequence[Arm], rates: Mapping[str, float], participant_id: str
) -> Iterator[Finding]:
    """Say once which arms the rates of a participant's trials do not carry.

    Parameters
    ----------
    arms : sequence of Arm
    rates : mapping
        The lower rate of markers and forces by trial, Hz.
    participant_id : str
    """
    for hertz in sorted(
        {rate for rate in rates.values() if not all(carried(a, rate) for a in arms)}
    ):
        names = [arm.name for arm in arms if not carried(arm, hertz)]
        trials = [trial for trial, rate in rates.items() if rate == hertz]
        needed = min(lowest_rate(arm.cutoff_hz) for arm in arms if arm.name in names)
        yield Finding(
            rule="arms-left-out",
            severity="warning",
            what=f"{len(names)} of the {len(arms)} specifications of the multiverse are left out "
            f"({', '.join(names)}): their cut-offs need a rate of more than {needed:g} Hz, and "
            f"{', '.join(trials)} {'has' if len(trials) == 1 else 'have'} {hertz:g} Hz.",
            participant=participant_id,
            number=hertz,
            limit=needed,
            unit="Hz",
            fix="choose lower multiverse.cutoffs_hz in study.yaml, or leave it so: verdicts are "
            "then robust over the specifications that remain.",
        )


def recomputed_arms(settings: StudySettings, *, consistent: bool) -> tuple[Arm, ...]:
    """Arms that need the trial's momentum again, the default first.

    Parameters
    ----------
    settings : StudySettings
        Section ``multiverse`` lists the alternatives of every choice.
    consistent : bool
        Whether the study makes motion and forces consistent; without that there is only the plain
        way. A single trial that stays plain has all arms (`aqbio.stages.evidence.cached`), so that
        an arm is about the same trials as the default.

    Returns
    -------
    tuple of Arm
        One choice varied at a time, then the corners of the first two choices.
    """
    own = Arm(DEFAULT, "", "default", settings.prepare.cutoff_hz, 0.0, "model")
    if not settings.multiverse.enabled:
        return (own,)
    ways = settings.multiverse.consistency if consistent else ()
    consistencies = [
        replace(own, name=f"consistency={way}", factor="consistency", consistency=way)
        for way in ways
        if way != "default"
    ]
    cutoffs = [
        replace(own, name=f"cutoff={value:g}", factor="cutoff_hz", cutoff_hz=value)
        for value in settings.multiverse.cutoffs_hz
        if value != own.cutoff_hz
    ]
    corners = [
        replace(
            cutoff,
            name=f"{way.name} {cutoff.name}",
            factor="consistency cutoff_hz",
            consistency=way.consistency,
        )
        for way in consistencies
        for cutoff in cutoffs
    ]
    return (own, *consistencies, *cutoffs, *corners, *_other_arms(settings, own))


def _other_arms(settings: StudySettings, own: Arm) -> Iterator[Arm]:
    """Event thresholds and tables of body segments."""
    usual = settings.prepare.event_threshold_overground_n
    for value in settings.multiverse.event_thresholds_n:
        if value != usual:
            yield replace(
                own, name=f"threshold={value:g}", factor="event_threshold_n", threshold_n=value
            )
    for table in settings.multiverse.bodies:
        if table != "model":
            yield replace(own, name=f"body={table}", factor="body_segments", body=table)
