"""Sizes of what recordings of one person share, and faults of sessions, planted.

``python -m validation.session_faults STUDY.yaml ...`` prints, laboratory (study) by laboratory and
over all, the differences between every two recordings of a person: rows of
``aqbio/prepare/people.tsv`` from "length of legs" on. Root mean squares over the differences of a
laboratory, then over laboratories, so that one with many people counts as one.
Faults are planted by ``python -m validation.confusion``.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations

import numpy as np

from aqbio.config import Participant
from aqbio.errors import Finding
from aqbio.prepare.session import WALKING_M_S, Session, limb_of, session_remarks
from tests.planted_sessions import planted, plants
from validation.captured import captured
from validation.planting import NEAR, OTHER, RIGHT, SILENT, SOUND, Outcome

SEED = 80

NOT_KNOWN = float("nan")


def remarks(session: Session) -> tuple[Finding, ...]:
    """Remarks on a session."""
    person = Participant(participant_id="P1")
    return session_remarks(session, person, (), ("participants.tsv", "trials.tsv"))


def outcomes(name: str, session: Session) -> Iterator[Outcome]:
    """Remarks on a session as it is, and on every plant."""
    rng = np.random.default_rng(SEED)
    yield _outcome(name, SOUND, "", NOT_KNOWN, remarks(session))
    for fault, trial, size in plants(session):
        found = remarks(planted(session, fault, trial, size, rng))
        yield _outcome(name, fault, trial, size, found)


def _outcome(
    name: str, fault: str, trial: str, size: float, findings: Collection[Finding]
) -> Outcome:
    """Outcome of a plant: right if the only remark has its rule and names its trial."""
    named = " or ".join(sorted(f"{x.rule} {x.trial}".strip() for x in findings)) or SOUND
    on_trial = [x for x in findings if trial in re.split(r"[ ,:.]+", x.what) or not trial]
    if not findings:
        verdict = RIGHT if fault == SOUND else SILENT
    elif len(findings) == 1 and fault in [x.rule for x in on_trial]:
        verdict = RIGHT
    else:
        is_near = any(fault == x.rule or fault.replace("-", " ") in x.what for x in on_trial)
        verdict = NEAR if is_near else OTHER
    return Outcome(
        "sessions", name, fault, trial, size, NOT_KNOWN, NOT_KNOWN, verdict, named, NOT_KNOWN,
        NOT_KNOWN, NOT_KNOWN,
    )  # fmt: skip


def sizes(session: Session) -> dict[str, list[float]]:
    """Sizes of the differences between every two recordings of a person, by row of the table."""
    found, each = defaultdict[str, list[float]](list), np.eye(len(session.trials), dtype=np.bool_)
    for those, others in combinations(each, 2):
        slowest = min(session.speeds[those].max(), session.speeds[others].max())
        how = "moving" if slowest >= WALKING_M_S else "standing"
        for row in session.differences(those, others):
            limb = limb_of(row.part)
            found[f"length of {limb}, {how}"].append(abs(row.change))
            found[f"placing on {limb}, {how}"].append(row.scatter)
        found[f"move of a marker, {how}"] += session.displacements(those, others).values()
    return found


def print_scales(laboratories: Mapping[str, Iterable[Session]]) -> None:
    """Print root mean squares over laboratories, with how many they and their people are."""
    table: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for laboratory, sessions in laboratories.items():
        for session in sessions:
            for quantity, values in sizes(session).items():
                table[quantity][laboratory].append(values)
    for quantity, rows in sorted(table.items()):
        pooled = {name: np.concatenate(values) for name, values in rows.items()}
        rms = {name: float(np.sqrt(np.mean(values**2))) for name, values in pooled.items()}
        over_all = np.sqrt(np.mean(np.square([*rms.values()])))
        largest, people = max(map(max, pooled.values())), sum(map(len, rows.values()))
        each = ", ".join(f"{name} {value:.2g}" for name, value in rms.items())
        print(f"{quantity}\t{over_all:.2g}\t{people} people\t{each}\tlargest {largest:.2g}")


def main() -> None:
    """Print scales."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    laboratories = defaultdict[str, list[Session]](list)
    for name, session in captured(parser.parse_args().studies).sessions.items():
        laboratories[name.rpartition(" ")[0]].append(session)
    print_scales(laboratories)


if __name__ == "__main__":
    main()
