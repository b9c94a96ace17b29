"""A fixture of many tests: a made-up study, prepared."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.prepare.stage import prepare_participant
from tests import made_run

PROVENANCE = ("inputs", "settings", "versions", "commit")
HEADER = "participant_id\ttrial_id\ttask\tfile\tforce_file\tbelt_speed_mps\tfix"


@pytest.fixture
def prepared_study(tmp_path, monkeypatch):
    """Give a function that writes a study of given trials and prepares one participant."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "study" / "data"
    data.mkdir(parents=True)
    (tmp_path / "study" / "markers.yaml").write_text(made_run.MARKER_SET, encoding="utf-8")

    def run(rows, settings="", mass="n/a", participant="P1"):
        static = next((row.split("\t")[0] for row in rows if "\tstatic\t" in row), "n/a")
        folder = tmp_path / "study"
        (folder / "study.yaml").write_text(
            f"name: made\nmodel: {{markers: markers.yaml}}\n{settings}", encoding="utf-8"
        )
        (folder / "participants.tsv").write_text(
            "participant_id\tsex\tmass_kg\theight_m\tstatic_trial\n"
            f"{participant}\tmale\t{mass}\tn/a\t{static}\n",
            encoding="utf-8",
        )
        lines = [HEADER, *(f"{participant}\t{row}" for row in rows)]
        (folder / "trials.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        loaded = load_study(folder / "study.yaml")
        messages: list[str] = []
        prepare_participant(loaded, participant, messages.append)
        return Prepared(loaded, participant, messages)

    run.data = data
    return run


class Prepared:
    """Results of the stage."""

    def __init__(self, study, participant, messages):
        self.folder = study.folder(participant, "prepare")
        self.manifest = json.loads(study.manifest(participant, "prepare").read_text("utf-8"))
        self.messages = messages

    def trial(self, name):
        return read_dataset(self.folder / f"{name}.nc")

    def entry(self, name):
        return next(entry for entry in self.manifest["trials"] if entry["trial_id"] == name)

    def lines(self, name) -> Iterator[str]:
        """Findings about a trial and its participant, and the texts of its dataset."""
        entry = self.entry(name)
        for finding in (*self.manifest["findings"], *entry["findings"]):
            number = finding.get("number")
            text_of_finding = " · ".join(
                str(text) for name, text in finding.items() if text and name != "number"
            )
            yield text_of_finding if number is None else f"{text_of_finding} · {number:.8e}"
        yield f"{entry['status']}: {entry['reason']}"
        if entry["status"] == "ok":
            trial = self.trial(name)
            attrs = {
                attribute: trial.attrs[attribute]
                for attribute in trial.attrs
                if attribute not in PROVENANCE
            }
            content = {**trial.variables, **attrs}
            values = {
                name_of_content: np.ravel(
                    getattr(content[name_of_content], "values", content[name_of_content])
                )
                for name_of_content in content
            }
            numbers = {
                name_of_content: array
                for name_of_content, array in values.items()
                if array.dtype.kind in "biuf"
            }
            yield from (
                f"{name_of_content}: {' '.join(values[name_of_content])}"
                for name_of_content in values
                if name_of_content not in numbers
            )
