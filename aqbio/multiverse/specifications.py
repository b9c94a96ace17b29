"""Specifications of the multiverse: choices under which every estimate is recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aqbio.config.settings import ConsistencyWay, StudySettings
from aqbio.errors import Finding
from aqbio.filters import lowest_rate
from aqbio.gait.roles import PelvisMember

BodyTable = Literal["model", "de_leva", "dumas"]

PELVIS = "pelvis_membership"
"""Factor: group that the pelvis is counted with, as named in the registry."""

BODY = "body_segments"
"""Factor: inertia of the body, from tables of segments or another model."""

DEFAULT = "default"
"""Name of the specification with the study's own settings."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to compute a trial anew from its cached kinematics."""

    name: str
    """Difference from the study's settings, for example ``cutoff=15``."""
    factor: str
    """The choice that is varied, as the registry names it; empty for the default."""
    consistency: ConsistencyWay
    """default: the study's own weights; loose: forces and moments trusted a third; off: plain."""
    cutoff_hz: float
    """Matched low-pass cut-off of motion and forces, Hz."""
    threshold_n: float
    """Vertical force that starts and ends a contact, N; 0 keeps the study's."""
    body: BodyTable
    """{"model", "de_leva", "dumas"}. Source of the segments' inertia."""


def lower_rate(prepared: Mapping[str, Any]) -> float:
    """Lower rate of a prepared trial's markers and, where there are any, forces, Hz."""
    markers, forces = float(prepared["marker_rate"]), float(prepared["force_rate"])
    return min(markers, forces) if forces else markers


def is_computable(specification: Specification, rate: float) -> bool:
    """Tell whether a trial of a rate, Hz, can be computed under the cut-off of a specification."""
    return rate > lowest_rate(specification.cutoff_hz)


def left_out_findings(
    specifications: Sequence[Specification], rates: Mapping[str, float], participant_id: str
) -> Iterator[Finding]:
    """Findings on specifications that the rates (Hz) of a participant's trials do not permit."""
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


def all_specifications(settings: StudySettings, *, consistent: bool) -> tuple[Specification, ...]:
    """Specifications that need a recomputed trial: the default, and one choice at a time.

    Where the study does not fit (not `consistent`) there is only the plain version. A single trial
    that stays plain has all specifications, so that each is about the same trials as the default.
    """
    default = Specification(DEFAULT, "", "default", settings.prepare.cutoff_hz, 0.0, "model")
    if not settings.multiverse.enabled:
        return (default,)
    ways = settings.multiverse.consistency if consistent else ()
    consistencies = [
        replace(default, name=f"consistency={way}", factor="consistency", consistency=way)
        for way in ways
        if way != DEFAULT
    ]
    cutoffs = [
        replace(default, name=f"cutoff={value:g}", factor="cutoff_hz", cutoff_hz=value)
        for value in settings.multiverse.cutoffs_hz
        if value != default.cutoff_hz
    ]
    return (default, *consistencies, *cutoffs, *_thresholds_and_bodies(settings, default))


def _thresholds_and_bodies(
    settings: StudySettings, default: Specification
) -> Iterator[Specification]:
    """Specifications of event thresholds and tables of body segments."""
    usual = settings.prepare.event_threshold_overground_n
    for value in settings.multiverse.event_thresholds_n:
        if value != usual:
            yield replace(
                default, name=f"threshold={value:g}", factor="event_threshold_n", threshold_n=value
            )
    for table in settings.multiverse.bodies:
        if table != "model":
            yield replace(default, name=f"body={table}", factor=BODY, body=table)


def pelvis_members(settings: StudySettings) -> tuple[PelvisMember, ...]:
    """Groups other than the torso that the pelvis is counted with."""
    multiverse = settings.multiverse
    return (
        tuple(member for member in multiverse.pelvis if member != "torso")
        if multiverse.enabled
        else ()
    )
