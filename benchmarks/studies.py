"""Studies that are written for a comparison: one run as often as needed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from aqbio.io.tables import MISSING, read_table


@dataclass(frozen=True, slots=True)
class OneRun:
    """A participant's static trial and first run, of a study that exists.

    Attributes
    ----------
    source : Path
        Folder of the study: settings, sheets, and ``recordings`` if its settings say so.
    participant : str
    """

    source: Path
    participant: str

    def write(
        self, folder: Path, *, runs: Mapping[str, int] | None = None, static: bool = True
    ) -> Path:
        """Write a study and give its study.yaml; results go into the same folder."""
        person, trials = (
            table[table["participant_id"] == self.participant]
            for table in map(read_table, (self._sheet("participants"), self._sheet("trials")))
        )
        if not static:
            person = person.assign(static_trial=None)
        people, rows = [], []
        for name, count in (runs or {self.participant: 1}).items():
            people.append(person.assign(participant_id=name))
            rows_of_person = [trials.iloc[[0]]] if static else []
            rows_of_person += [
                trials.iloc[[1]].assign(trial_id=f"run-{n + 1:02d}") for n in range(count)
            ]
            rows.append(pd.concat(rows_of_person).assign(participant_id=name))
        folder.mkdir(parents=True, exist_ok=True)
        for sheet, tables in (("participants", people), ("trials", rows)):
            path = folder / f"{sheet}.tsv"
            pd.concat(tables).to_csv(path, sep="\t", index=False, na_rep=MISSING)
        for file in self.source.glob("*.yaml"):
            shutil.copy(file, folder)
        settings = (self.source / "study.yaml").read_text(encoding="utf-8")
        settings = settings.replace("data: recordings", f"data: {self.source / 'recordings'}")
        settings += f"\nresults: {folder / 'results'}\n"
        (folder / "study.yaml").write_text(settings, encoding="utf-8")
        return folder / "study.yaml"

    def _sheet(self, name: str) -> Path:
        return self.source / f"{name}.tsv"
