"""What stage consistency says about a session and its trials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from aqbio.errors import Finding
from aqbio.mechanics.consistency.suspicion import Suspicion
from aqbio.session.fit import FittedSession

MILLISECONDS = 1e3

DIFFERENT_SPEEDS = 1.5
"""Fastest over slowest trial from which a time can be told from a distance."""


def plain_findings(trial_id: str, why: str, fitted: FittedSession) -> Iterator[Finding]:
    """Say that a trial was not fitted, and with what it is computed."""
    yield Finding(
        rule="consistency-plain",
        severity="info",
        what=f"motion and forces were not fitted together: {why}; {_used_instead(fitted)}",
        trial=trial_id,
        fix="look at its forces, unless the trial is meant to be so.",
    )


def _used_instead(fitted: FittedSession) -> str:
    """Say what a trial that stays plain is computed with."""
    if not fitted.believed:
        return "the plain motion is used."
    late = MILLISECONDS * next(x.estimate for x in fitted.estimates if x.name == "clock_offset")
    return (
        "the plain motion is used, with the body that the other trials' fit found; its forces and "
        f"contacts stay on the clock of the plates (the others' are shifted by {late:.1f} ms)."
    )


def suspicion_findings(
    trial_id: str, doubts: Sequence[Suspicion], fitted: FittedSession
) -> Iterator[Finding]:
    """Say what is wrong with a trial whose fit is not believed, and with what it is computed."""
    instead = _used_instead(fitted)
    for doubt in doubts:
        what = f"{doubt.what} {instead[0].upper()}{instead[1:]}"
        yield replace(_suspicion(doubt, what), trial=trial_id)


def _suspicion(doubt: Suspicion, what: str) -> Finding:
    return Finding(
        rule="consistency-suspect",
        severity="error",
        what=what,
        number=doubt.number,
        limit=doubt.limit,
        unit=doubt.unit,
        where=doubt.cause,
        fix=doubt.fix,
    )


def session_findings(participant_id: str, fitted: FittedSession) -> Iterator[Finding]:
    """Say what the session found about the clocks, and what it cannot tell."""
    if not fitted.believed:
        return
    for doubt in fitted.standing:
        yield replace(_suspicion(doubt, doubt.what), participant=participant_id)
    by_name = {one.name: one for one in fitted.estimates}
    clock = by_name["clock_offset"]
    if clock.parameter.on and clock.low * clock.high > 0.0:
        late = "late" if clock.estimate > 0.0 else "early"
        yield Finding(
            rule="clock-offset",
            severity="warning",
            what=f"forces come {abs(clock.estimate) * MILLISECONDS:.1f} ms {late} (90 % interval "
            f"{clock.low * MILLISECONDS:.1f} to {clock.high * MILLISECONDS:.1f} ms); they and the "
            "contacts are shifted. An offset of the plates along the run looks the same.",
            participant=participant_id,
            number=clock.estimate,
            limit=0.0,
            unit="s",
            fix="check the synchronisation of cameras and plates, and the plates' position.",
        )
    yield from _told_apart(participant_id, fitted)


def _told_apart(participant_id: str, fitted: FittedSession) -> Iterator[Finding]:
    """Say that one speed cannot tell a late clock from misplaced plates."""
    speeds = [fitted.speeds[name] for name in fitted.believed]
    standing = fitted.static_distance is not None
    if max(speeds) >= DIFFERENT_SPEEDS * min(speeds):
        return
    yield Finding(
        rule="consistency-one-speed",
        severity="info",
        what=f"the fitted trials have about one speed ({min(speeds):.1f} to {max(speeds):.1f} "
        "m/s): an offset of the plates along the run, the clock offset and the torso's centre of "
        "mass cannot be told apart"
        + ("." if standing else ", and no static trial on a plate helps."),
        participant=participant_id,
        number=max(speeds) / min(speeds),
        limit=DIFFERENT_SPEEDS,
        unit="fastest / slowest",
        fix="record trials at two speeds, and the static trial on a plate.",
    )
