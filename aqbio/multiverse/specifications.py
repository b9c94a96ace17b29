"""Specifications of the multiverse: the choices under which every estimate is computed again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aqbio.config.hypothesis_settings import ConsistencyWay
from aqbio.config.settings import StudySettings
from aqbio.errors import Finding
from aqbio.gait.roles import PelvisMember
from aqbio.signals import lowest_rate

CORNERS = ("loose", "off")
"""Those that are varied together with the cut-off."""

BodyTable = Literal["model", "de_leva", "dumas"]

PELVIS = "pelvis_membership"
"""The choice of where the pelvis is counted, as the registry names it."""

BODY = "body_segments"
"""The choice of the body: tables of segments, or a whole other model."""

DEFAULT = "default"
"""Name of the specification with the study's own settings."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to compute a trial anew from its cached kinematics."""

    name: str
    """What differs from the study's settings, for example ``cutoff=15``."""
    factor: str
    """The choice that is varied, as the registry names it; empty for the default, two names for a
    corner."""
    consistency: ConsistencyWay
    """default: the study's own weights; loose: forces and moments trusted a third; off: plain; the
    others: one choice of the fit held (`aqbio.consistency.session_fit`)."""
    cutoff_hz: float
    """Matched low-pass cut-off of motion and forces, Hz."""
    threshold_n: float
    """Vertical force that starts and ends a contact, N; 0 keeps the study's."""
    body: BodyTable
    """{"model", "de_leva", "dumas"}. Where the segments' inertia comes from."""


def lower_rate(prepared: Mapping[str, Any]) -> float:
    """Lower rate of a prepared trial's markers and, where there are any, forces, Hz.

    Parameters
    ----------
    prepared : mapping
        Attributes of the prepared trial.
    """
    markers, forces = float(prepared["marker_rate"]), float(prepared["force_rate"])
    return min(markers, forces) if forces else markers


def carried(specification: Specification, rate: float) -> bool:
    """Whether a trial of a rate, Hz, can be computed under the cut-off of a specification."""
    return rate > lowest_rate(specification.cutoff_hz)


def left_out(
    specifications: Sequence[Specification], rates: Mapping[str, float], participant_id: str
) -> Iterator[Finding]:
    """Say once which specifications the rates of a participant's trials do not carry.

    Parameters
    ----------
    rates : mapping
        The lower rate of markers and forces by trial, Hz.
    """
    for hertz in sorted(
        {rate for rate in rates.values() if not all(carried(a, rate) for a in specifications)}
    ):
        names = [
            specification.name
            for specification in specifications
            if not carried(specification, hertz)
        ]
        trials = [trial for trial, rate in rates.items() if rate == hertz]
        needed = min(
            lowest_rate(specification.cutoff_hz)
            for specification in specifications
            if specification.name in names
        )
        yield Finding(
            rule="specifications-left-out",
            severity="warning",
            what=f"{len(names)} of the {len(specifications)} specifications of the multiverse are "
            f"left out ({', '.join(names)}): their cut-offs need a rate of more than {needed:g} "
            f"Hz, and {', '.join(trials)} {'has' if len(trials) == 1 else 'have'} {hertz:g} Hz.",
            participant=participant_id,
            number=hertz,
            limit=needed,
            unit="Hz",
            fix="choose lower multiverse.cutoffs_hz in study.yaml, or leave it so: verdicts are "
            "then robust over the specifications that remain.",
        )


def recomputed(
    settings: StudySettings, *, consistent: bool, held: Collection[str] = ()
) -> tuple[Specification, ...]:
    """Specifications that need the trial's momentum again, the default first.

    Parameters
    ----------
    settings : StudySettings
        Section ``multiverse`` lists the alternatives of every choice.
    consistent : bool
        Whether the study makes motion and forces consistent; without that there is only the plain
        way. A single trial that stays plain has all specifications
        (`aqbio.multiverse.recomputed`), so that each is about the same trials as the default.
    held : collection of str
        Choices of the fit that can be held in a participant's session.

    Returns
    -------
    tuple of Specification
        One choice varied at a time, then the corners of the first two choices.
    """
    own = Specification(DEFAULT, "", "default", settings.prepare.cutoff_hz, 0.0, "model")
    if not settings.multiverse.enabled:
        return (own,)
    ways = settings.multiverse.consistency if consistent else ()
    consistencies = [
        replace(own, name=f"consistency={way}", factor="consistency", consistency=way)
        for way in ways
        if way in (*CORNERS, *held)
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
        if way.consistency in CORNERS
        for cutoff in cutoffs
    ]
    return (own, *consistencies, *cutoffs, *corners, *_others(settings, own))


def _others(settings: StudySettings, own: Specification) -> Iterator[Specification]:
    """Event thresholds and tables of body segments."""
    usual = settings.prepare.event_threshold_overground_n
    for value in settings.multiverse.event_thresholds_n:
        if value != usual:
            yield replace(
                own, name=f"threshold={value:g}", factor="event_threshold_n", threshold_n=value
            )
    for table in settings.multiverse.bodies:
        if table != "model":
            yield replace(own, name=f"body={table}", factor=BODY, body=table)


def pelvis_members(settings: StudySettings) -> tuple[PelvisMember, ...]:
    """Where else than with the torso the pelvis is counted."""
    own = settings.multiverse
    return tuple(one for one in own.pelvis if one != "torso") if own.enabled else ()
