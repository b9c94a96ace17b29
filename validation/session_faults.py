"""``python -m validation.session_faults STUDY.yaml ...``: faults of sessions, planted.

Every row of the table is planted at several sizes in the sessions of some studies, and what the
search names is counted: right, near (among the undecided), silent, or another fault. ``--scales``
prints the sizes of every redundancy in the sessions as they are: the rows of
``aqbio/prepare/redundancies.tsv`` whose class of speed is all.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

import aqbio.prepare.stage as preparation
from aqbio.config import Participant
from aqbio.io.study import load_study
from aqbio.prepare.explanations import kind_of, search, undecided
from aqbio.prepare.session import Session
from aqbio.prepare.session_faults import session_candidates
from aqbio.prepare.session_search import ExplainedSession, explained_session
from tests.planted_sessions import planted, plants

SEED = 80


def captured(study_file: Path, people: list[str]) -> Iterator[tuple[str, Session]]:
    """Sessions of a study, as the search receives them."""
    sessions: dict[str, Session] = {}

    def keep(
        session: Session, person: Participant, kept: Collection[str], sheets: tuple[str, str]
    ) -> ExplainedSession:
        sessions[f"{study_file.parent.name} {person.participant_id}"] = session
        return explained_session(session, person, kept, sheets)

    study = load_study(study_file)
    with patch.object(preparation, "explained_session", keep):
        for person in people or [row.participant_id for row in study.participants]:
            preparation.prepare_participant(study.recorded_with(person), person, lambda _: None)
    yield from sessions.items()


def stated(session: Session) -> Session:
    """A session whose sheet states what the recordings show, so that it can be mistyped."""
    sheet_kg = session.sheet_kg if np.isfinite(session.sheet_kg) else session.mass
    sheet_m = session.sheet_m if np.isfinite(session.sheet_m) else session.stature
    return replace(session, sheet_kg=sheet_kg, sheet_m=sheet_m)


def confusion(sessions: dict[str, Session]) -> None:
    """Print what is named for every plant, and how often it is right."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    within = Counter[str]()
    rng = np.random.default_rng(SEED)
    for name, recorded in sessions.items():
        session = stated(recorded)
        tried: list[tuple[str, str, Session, float]] = [("sound", "sound", session, float("nan"))]
        tried += [
            (fault.name, f"{fault.name} {scope}", planted(fault, session, where, size, rng), size)
            for fault, scope, where, size in plants(session)
        ]
        for fault, truth, changed, size in tried:
            before = changed.disagreements()
            explanations = search(
                changed, Session.disagreements, session_candidates, changed.scales(before)
            )
            best, near = explanations[0], {x.name for x in undecided(explanations)}
            named = " and ".join(sorted(best.faults)) or "sound"
            verdict = (
                "right" if truth == named and len(near - {"sound"}) < 2
                else "near" if truth in near or best.name == truth
                else "silent" if named == "sound" else "other"
            )  # fmt: skip
            counts[fault][verdict] += 1
            if verdict == "right" and np.isfinite(size):
                [suspect] = [x for x in best.suspects if not x.is_usual]
                within["yes" if abs(suspect.size - size) < 2.0 * suspect.sd else "no"] += 1
            if verdict != "right":
                size_words = "" if np.isnan(size) else f" {size:.3g}"
                print(f"{verdict:6s} {name}: {truth}{size_words} -> {named} ({sorted(near)})")
    print("\n| planted | right | near | silent | other |\n| --- | --- | --- | --- | --- |")
    for fault, row in counts.items():
        cells = " | ".join(str(row[x]) for x in ("right", "near", "silent", "other"))
        print(f"| {fault} | {cells} |")
    total = sum(counts.values(), Counter[str]())
    print(f"\n{dict(total)}; sizes within two standard deviations: {dict(within)}")


def scales(sessions: dict[str, Session]) -> None:
    """Print the root mean squares of all redundancies over people."""
    sizes: dict[str, list[float]] = defaultdict(list)
    for session in sessions.values():
        of_person: dict[str, list[float]] = defaultdict(list)
        for name, values in session.disagreements().items():
            of_person[kind_of(name)] += values.tolist()
        for kind, of_kind in of_person.items():
            sizes[kind].append(float(np.sqrt(np.mean(np.square(of_kind)))))
    for kind, means in sorted(sizes.items()):
        rms = float(np.sqrt(np.mean(np.square(means))))
        print(f"{kind}\tinf\t{rms:.3g}\tmedian {np.median(means):.3g}\t{len(means)} people")


def main() -> None:
    """Plant faults, or print scales."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    parser.add_argument("--scales", action="store_true")
    options = parser.parse_args()
    sessions: dict[str, Session] = {}
    for argument in options.studies:
        file, *people = argument.split(":")
        sessions.update(captured(Path(file), people))
    scales(sessions) if options.scales else confusion(sessions)


if __name__ == "__main__":
    main()
