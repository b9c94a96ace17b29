"""Rows of the two sheets, filled in from a folder of recordings."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aqbio.config import SHEETS
from aqbio.config.sheets import unmodelled_force
from aqbio.intake.facts import MarkerFacts
from aqbio.intake.folder import StorageFacts
from aqbio.intake.people import trial_names

FOUND, PLEASE_FILL = "found", "please_fill"
"""Columns of the person's own: what was seen, and which cells of the row are still open."""

TO_FILL = "sex (female or male), height_m"

MASS_NEEDED = "mass_kg is needed: no plate shows it"

MASS_OPEN = "mass_kg is needed unless whole strides on plates show it: no trial was understood yet"


UNMODELLED = (
    "left out: its name says '{word}', and added masses, towing forces and slopes are not modelled;"
    " set include = yes if nothing of the kind acted on the runner"
)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A row of trials.tsv."""

    participant_id: str
    trial_id: str
    task: str
    """{"static", "run"}."""
    file: str
    """Relative to the folder of the recordings; empty where there are only coordinates."""
    force_file: str = ""
    """Empty when the forces are in the same file, or there are none."""
    coordinates_file: str = ""
    """Joint angles, where there are no markers."""
    include: str = "yes"
    """{"yes", "no"}."""
    please: str = ""
    """Cells that are still open."""
    found: str = ""
    """What was seen, in words."""

    def cells(self) -> dict[str, str]:
        """The cells that are known."""
        return {
            "participant_id": self.participant_id,
            "trial_id": self.trial_id,
            "task": self.task,
            "condition": "normal",
            "file": self.file,
            "force_file": self.force_file,
            "coordinates_file": self.coordinates_file,
            "include": self.include,
            PLEASE_FILL: self.please,
            FOUND: self.found,
        }


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of participants.tsv."""

    participant_id: str
    static_trial: str = ""
    """Empty when there is none."""
    model_file: str = ""
    """A model that is scaled to the participant already; empty without one."""
    found: str = ""
    """What was seen, in words."""

    def cells(self) -> dict[str, str]:
        """The cells that are known."""
        return {
            "participant_id": self.participant_id,
            "static_trial": self.static_trial,
            "model_file": self.model_file,
            PLEASE_FILL: ("height_m" if self.model_file else TO_FILL)
            + (", mass_kg" if "mass_kg" in self.found else ""),
            FOUND: self.found,
        }


@dataclass(frozen=True, slots=True)
class Rows:
    """Both sheets."""

    people: tuple[PersonRow, ...] = ()
    trials: tuple[TrialRow, ...] = field(default=())

    def with_found(
        self, trials: Mapping[str, str], people: Mapping[str, str], please: Mapping[str, str]
    ) -> Rows:
        """The rows with what was seen, by file and participant, and open cells by file."""
        return Rows(
            tuple(replace(row, found=people.get(row.participant_id, "")) for row in self.people),
            tuple(
                replace(
                    row,
                    found=trials.get(row.file, row.found),
                    please=please.get(row.file, row.please),
                )
                for row in self.trials
            ),
        )


def rows_of(
    markers: Sequence[MarkerFacts],
    forces: Mapping[Path, StorageFacts],
    owners: Mapping[Path, str],
) -> Rows:
    """Fill both sheets.

    Parameters
    ----------
    markers : sequence of MarkerFacts
        Recordings of one marker set.
    forces : mapping
        Force file by marker file.
    """
    people, trials = [], []
    for person in sorted(set(owners.values())):
        own = sorted((one for one in markers if owners[one.file] == person), key=_order)
        standing = [one for one in own if one.still]
        names = trial_names([one.file for one in own], [one.file for one in standing])
        static = max(standing, key=_static_rank, default=None)
        people.append(PersonRow(person, "" if static is None else names[static.file]))
        for one in own:
            force = forces.get(one.file)
            found = ""
            if one.still and static is not None and one is not static:
                found = f"another static trial; {names[static.file]} is used"
            elif not one.still and (word := unmodelled_force(one.file.as_posix())):
                found = UNMODELLED.format(word=word)
            trials.append(
                TrialRow(
                    participant_id=person,
                    trial_id=names[one.file],
                    task="static" if one.still else "run",
                    file=one.file.as_posix(),
                    force_file="" if force is None else force.cell,
                    include="no" if found else "yes",
                    found=found,
                )
            )
    return Rows(tuple(people), tuple(trials))


def sheet_text(sheet: str, rows: Sequence[TrialRow] | Sequence[PersonRow]) -> str:
    """The text of a sheet: its columns, then those of the person's own."""
    columns = list(SHEETS[sheet].model_fields)
    columns += [name for name in (PLEASE_FILL, FOUND) if rows and name in rows[0].cells()]
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")  # quotes what needs it
    writer.writerow(columns)
    writer.writerows([row.cells().get(name) or "n/a" for name in columns] for row in rows)
    return text.getvalue()


def _order(one: MarkerFacts) -> tuple[bool, Path]:
    return not one.still, one.file


def _static_rank(one: MarkerFacts) -> tuple[int, int, int]:
    """A static trial on plates before one without, then the one with most markers."""
    return int(one.plates > 0), len(one.labels), one.frames
