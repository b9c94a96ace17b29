"""Specifications of the multiverse: the choices under which every estimate is recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aqbio.config.settings import ConsistencyWay, StudySettings
from aqbio.errors import Finding
from aqbio.gait.roles import PelvisMember
from aqbio.signals import lowest_rate

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
    """The choice that is varied, as the registry names it; empty for the default."""
    consistency: ConsistencyWay
    """default: the study's own weights; loose: forces and moments trusted a third; off: plain."""
    cutoff_hz: float
    """Matched low-pass cut-off of motion and forces, Hz."""
    threshold_n: float
    """Vertical force that starts and ends a contact, N; 0 keeps the study's."""
    body: BodyTable
    """{"model", "de_leva", "dumas"}. Where the segments' inertia comes from."""


def lower_rate(prepared: Mapping[str, Any]) -> float:
    """Lower rate of a prepared trial's markers and, where there are any, forces, Hz."""
    markers, forces = float(prepared["marker_rate"]), float(prepared["force_rate"])
    return min(markers, forces) if forces else markers


def is_computable(specification: Specification, rate: float) -> bool:
    """Whether a trial of a rate, Hz, can be computed under the cut-off of a specification."""
    return rate > lowest_rate(specification.cutoff_hz)


def left_out_findings(
    specifications: Sequence[Specification], rates: Mapping[str, float], participant_id: str
) -> Iterator[Finding]:
    """Say once which specifications the rates (Hz) of a participant's trials do not permit."""
    for hertz in sorted(
        {rate for rate in rates.values() if not all(is_computable(a, rate) for a in specifications)}
    ):
        names = [
            specification.name
            for specification in specifications
            if not is_computable(specification, hertz)
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


def every_specification(settings: StudySettings, *, consistent: bool) -> tuple[Specification, ...]:
    """Specifications that need a recomputed trial: the default, and one choice at a time.

    Where the study does not fit (not `consistent`) there is only the plain version. A single trial
    that stays plain has all specifications, so that each is about the same trials as the default.
    """
    own = Specification(DEFAULT, "", "default", settings.prepare.cutoff_hz, 0.0, "model")
    if not settings.multiverse.enabled:
        return (own,)
    ways = settings.multiverse.consistency if consistent else ()
    consistencies = [
        replace(own, name=f"consistency={way}", factor="consistency", consistency=way)
        for way in ways
        if way != DEFAULT
    ]
    cutoffs = [
        replace(own, name=f"cutoff={value:g}", factor="cutoff_hz", cutoff_hz=value)
        for value in settings.multiverse.cutoffs_hz
        if value != own.cutoff_hz
    ]
    return (own, *consistencies, *cutoffs, *_others(settings, own))


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
