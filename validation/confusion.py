"""``python -m validation.confusion STUDY.yaml ...``: planted faults, and what is named.

Every row of every table of faults (forces, sides, labels, sessions) is planted, at several sizes,
in the recordings of some studies, and what the searches name is counted. It writes
``docs/validation/planted_faults.tsv``, a row per plant, and the tables of the page beside it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from validation import force_faults, label_faults, session_faults, side_faults
from validation.captured import Captured, captured
from validation.planting import NEAR, OTHER, RIGHT, SOUND, UNDECIDED, USUAL, VERDICTS, Outcome

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
TABLE, PAGE = FOLDER / "planted_faults.tsv", FOLDER / "planted_faults.md"
TABLES = ("forces", "sides", "labels", "sessions")

BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
"""What is between them on the page is written by the command."""


def works(recordings: Captured) -> Iterator[Callable[[], Iterator[Outcome]]]:
    """Searches in every recording as it is, and with every plant in it."""
    for forces in recordings.forces.values():
        yield partial(force_faults.outcomes, forces)
    for sides in recordings.sides.values():
        yield partial(side_faults.outcomes, sides)
    for labels in recordings.labels.values():
        yield partial(label_faults.outcomes, labels)
    for name, session in recordings.sessions.items():
        yield partial(session_faults.outcomes, name, session)


WORKS: list[Callable[[], Iterator[Outcome]]] = []
"""Searches that forked processes take from their parent."""


def outcomes(recordings: Captured, jobs: int) -> list[Outcome]:
    """What is named for every recording as it is, and for every plant in it."""
    WORKS[:] = works(recordings)
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        return [outcome for named in pool.map(_named, range(len(WORKS))) for outcome in named]


def _named(number: int) -> list[Outcome]:
    return [*WORKS[number]()]


def written(every: Iterable[Outcome]) -> pd.DataFrame:
    """A row per plant; numbers with the digits that they bear."""
    rows = pd.DataFrame([asdict(outcome) for outcome in every])
    for name in ("evidence", "lead"):
        rows[name] = rows[name].round(1)
    for name in ("size", "named_size", "named_sd", "own_size"):
        rows[name] = [float(f"{value:.3g}") for value in rows[name]]
    return rows


def read(table: Path) -> list[Outcome]:
    """Outcomes of a table that was written."""
    rows = pd.read_csv(table, sep="\t", na_values="n/a", keep_default_na=False)
    return [Outcome(*row) for row in rows[list(Outcome.__annotations__)].itertuples(index=False)]


def lines_of(title: str, groups: dict[str, list[Outcome]]) -> Iterator[str]:
    """A table of verdicts by group."""
    yield f"| {title} | {' | '.join(VERDICTS)} | sizes within |"
    yield f"|{' --- |' * (len(VERDICTS) + 2)}"
    for name, group in groups.items():
        counts, sized = Counter(x.verdict for x in group), [x for x in group if x.is_sized]
        within = f"{sum(x.is_sum_within for x in sized)} of {len(sized)}" if sized else ""
        yield f"| {name} | {' | '.join(str(counts[x]) for x in VERDICTS)} | {within} |"


def grouped(every: Sequence[Outcome], key: Callable[[Outcome], str]) -> dict[str, list[Outcome]]:
    """Outcomes by a key, in the order in which they come."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in every:
        groups.setdefault(key(outcome), []).append(outcome)
    return groups


def row_of(outcome: Outcome) -> str:
    """Fault with its size, or the labels that are exchanged: a row of the page."""
    if outcome.table == "labels":
        return f"{outcome.fault} {outcome.scope}"
    size = f" {outcome.size:g}" if np.isfinite(outcome.size) else ""
    return f"{outcome.fault}{size}"


def page_tables(every: Sequence[Outcome]) -> str:
    """What the page shows of all plants."""
    lines = [*shares(every), ""]
    for table in TABLES:
        of_table = [x for x in every if x.table == table and x.fault != SOUND]
        groups = {
            "all plants": of_table,
            "that show": [x for x in of_table if x.is_shown],
            "that are told apart": [x for x in of_table if x.is_told],
            "as recorded": [x for x in every if x.table == table and x.fault == SOUND],
        }
        lines += [f"## {table.capitalize()}", "", *lines_of("", groups), ""]
        lines += [*lines_of("planted", grouped(of_table, row_of)), ""]
        lines += [*lines_of("recording", grouped(of_table, lambda x: x.recording)), ""]
    return "\n".join(lines)


def shares(every: Sequence[Outcome]) -> Iterator[str]:
    """Shares that are asked for, over all tables."""
    planted = [x for x in every if x.fault != SOUND]
    told = [x for x in planted if x.is_told or x.table == "labels"]
    shown = [x for x in planted if x.is_shown or x.table == "labels"]
    sized = [x for x in planted if x.is_sized]

    def share(those: Sequence[Outcome], *verdicts: str) -> str:
        return _of(sum(x.verdict in verdicts for x in those), len(those))

    yield "| | plants | asked |"
    yield "| --- | --- | --- |"
    yield f"| told apart: named rightly | {share(told, RIGHT, USUAL)} | 97 % |"
    yield f"| show: named rightly | {share(shown, RIGHT, USUAL)} | |"
    among = share(shown, RIGHT, USUAL, NEAR)
    yield f"| show: named rightly, or among those that are near | {among} | |"
    yield f"| all: something else is named | {share(planted, OTHER, UNDECIDED)} | 1 % |"
    within = _of(sum(x.is_size_within for x in sized), len(sized))
    yield f"| sizes within two standard deviations of the planted one | {within} | 95 % |"
    within = _of(sum(x.is_sum_within for x in sized), len(sized))
    yield f"| sizes within two of that and the recording's own | {within} | |"


def _of(count: int, total: int) -> str:
    return f"{count} of {total} ({count / max(total, 1):.1%})"


def with_tables(page: str, every: Sequence[Outcome]) -> str:
    """A page with the tables of some outcomes."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{page_tables(every)}\n{END}{after}"


def main() -> None:
    """Plant, and write table and page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", help="STUDY.yaml, or STUDY.yaml:PERSON:PERSON")
    parser.add_argument(
        "--trials", default="", help="only trials whose name has one of these words"
    )
    parser.add_argument("--jobs", type=int, default=1, help="recordings at once")
    options = parser.parse_args()
    words = [word for word in options.trials.split(",") if word]
    every = outcomes(captured(options.studies).of_trials(words), options.jobs)
    written(every).to_csv(TABLE, sep="\t", index=False, na_rep="n/a")
    page = with_tables(PAGE.read_text(encoding="utf-8"), read(TABLE))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
