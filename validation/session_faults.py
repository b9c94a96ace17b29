"""Faults of sessions, planted, and what the search names of them.

``python -m validation.session_faults STUDY.yaml ...`` prints the sizes of every redundancy in the
sessions as they are: the rows of ``aqbio/prepare/redundancies.tsv`` from "length leg" on.
Faults are planted by ``python -m validation.confusion``.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from aqbio.prepare.explanations import kind_of, search, unresolved
from aqbio.prepare.session import WALKING_M_S, Session
from aqbio.prepare.session_faults import LENGTHS, session_candidates
from tests.planted_sessions import planted, plants
from validation.captured import captured
from validation.planting import Outcome, Plant, Searched

SEED = 80


def stated(session: Session) -> Session:
    """A session whose sheet states what the recordings show, so that it can be mistyped."""
    sheet_kg = session.sheet_kg if np.isfinite(session.sheet_kg) else session.mass
    sheet_m = session.sheet_m if np.isfinite(session.sheet_m) else session.stature
    return replace(session, sheet_kg=sheet_kg, sheet_m=sheet_m)


def searched(session: Session) -> Searched[Session]:
    """What the search makes of a session."""
    scales = session.scales(session.disagreements())
    explanations = search(session, Session.disagreements, session_candidates, scales)
    open_ones = frozenset(x.faults for x in unresolved(explanations))
    return Searched(Session.disagreements, scales, explanations, open_ones)


def outcomes(name: str, recorded: Session) -> Iterator[Outcome]:
    """What is named for the session as it is, and for every plant."""
    session, rng = stated(recorded), np.random.default_rng(SEED)
    sound = searched(session)
    yield sound.as_recorded("sessions", name)
    for fault, scope, where, size in plants(session):
        changed = planted(fault, session, where, size, rng)
        for undo in session_candidates(changed):
            if (undo.fault, undo.scope) == (fault.name, scope):
                plant = Plant(fault.name, scope, size, changed, undo)
                yield plant.outcome("sessions", name, searched(changed), sound)


def _speeds(session: Session, name: str) -> str:
    """Class of speed of a redundancy: lengths of who stands and of who moves are apart."""
    trial = name.partition(" of ")[2]
    if kind_of(name) not in LENGTHS:
        return "\t0\tinf"
    speed = session.distances.compared_speeds[session.trials.index(trial)]
    return "\t1\tinf" if speed >= WALKING_M_S else "\t0\t0"


def print_scales(sessions: Iterable[Session]) -> None:
    """Print the root mean squares of all redundancies over people."""
    sizes: dict[str, list[float]] = defaultdict(list)
    for session in sessions:
        of_person: dict[str, list[float]] = defaultdict(list)
        for name, values in session.disagreements().items():
            of_person[kind_of(name) + _speeds(session, name)] += values.tolist()
        for kind, of_kind in of_person.items():
            sizes[kind].append(float(np.sqrt(np.mean(np.square(of_kind)))))
    for kind, means in sorted(sizes.items()):
        rms = float(np.sqrt(np.mean(np.square(means))))
        print(f"{kind}\t{rms:.3g}\tmedian {np.median(means):.3g}\t{len(means)} people")


def main() -> None:
    """Print scales."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    print_scales(captured(parser.parse_args().studies).sessions.values())


if __name__ == "__main__":
    main()
