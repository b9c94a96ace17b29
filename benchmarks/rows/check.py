"""B14: every problem of a study at once, before anything runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from aqbio.io.study import MODELS, load_study
from benchmarks.board import Row, Target, Verdict
from benchmarks.material import ROOT, Material

PEOPLE = 4
BUDGET_S = 3.0

MISTAKES = {
    "a setting that does not exist": "setting prepare.cutof_hz is unknown",
    "a number out of range": "solve.marker_rms_m must be greater than 0",
    "a plate that is not there": "names plate 99, which no recording has",
    "a label that is in no file": "label SIGH of the marker set is in no recording",
    "a body mass in grams": "mass_kg must be at most 200",
    "a static trial that is missing": "static_trial gone of P02 is not in the trials sheet",
    "a participant that is not in the sheet": "belongs to P09, who is not in",
    "a trial twice": "trial run of P01 appears 2 times",
    "two trials with one file": "name the same file",
    "a recording that is missing": "the recording does not exist",
}
"""What is planted, and what must be said."""


def of_a_study(material: Material) -> list[Row]:
    """B14: a fresh process that checks a study with ten mistakes."""
    folder = material.folder / "mistakes"
    command = (sys.executable, "-c", "from aqbio.cli import main; main()", "check", str(folder))

    def gate(mine: subprocess.CompletedProcess[str], _: object) -> Verdict:
        told = [what for what, words in MISTAKES.items() if words in mine.stderr]
        return Verdict(len(told) == len(MISTAKES), f"{len(told)} of {len(MISTAKES)} mistakes told")

    write_mistakes(material, folder)
    return [
        Row(
            "B14",
            f"`aqbio check`, a fresh process: {3 * PEOPLE} recordings, ten planted mistakes",
            partial(subprocess.run, command, capture_output=True, text=True, check=False, cwd=ROOT),
            None,
            gate,
            Target("ours_s", "<=", BUDGET_S),
        )
    ]


def write_mistakes(material: Material, folder: Path) -> None:
    """Write a study of copies of one run, with ten mistakes in it."""
    source = load_study(material.run.write(folder / "one"))
    static, run = source.trials[:2]
    data = folder / "data"
    data.mkdir()
    people = ["participant_id\tsex\tmass_kg\tstatic_trial"]
    trials = ["participant_id\ttrial_id\ttask\tcondition\tfile"]
    for number in range(PEOPLE):
        name = f"P{number + 1:02d}"
        people.append(f"{name}\tmale\tn/a\tstatic")
        for trial, original in (("static", static), ("run", run), ("again", run)):
            recording = source.recording(original)
            file = f"{name}_{trial}{recording.suffix}"
            shutil.copy(recording, data / file)
            trials.append(f"{name}\t{trial}\t{original.task}\tnormal\t{file}")
    people[1] = people[1].replace("n/a", "75000")
    people[2] = people[2].replace("\tstatic", "\tgone")
    trials.append(f"P09\trun\trun\tnormal\tP01_run{source.recording(run).suffix}")
    trials.append("P01\trun\trun\tnormal\tnowhere.c3d")
    markers = source.marker_file.read_text(encoding="utf-8")
    first = next(iter(source.marker_set.markers))
    line = f"  SIGH: {{body: {source.marker_set.markers[first].body}}}\n"
    (folder / "markers.yaml").write_text(
        markers.replace("markers:\n", f"markers:\n{line}", 1), encoding="utf-8"
    )
    (folder / "participants.tsv").write_text("\n".join(people) + "\n", encoding="utf-8")
    (folder / "trials.tsv").write_text("\n".join(trials) + "\n", encoding="utf-8")
    model = source.settings.model
    generic = (
        model.file if model.file == "sprint" else str(source.model_file(material.run.participant))
    )
    name = model.map if (MODELS / model.map).is_dir() else str(source.map_file)
    settings = [
        "name: mistakes",
        f"model: {{file: {generic}, map: {name}, markers: markers.yaml}}",
        "prepare: {cutof_hz: 15}",
        "solve: {marker_rms_m: -1}",
        "laboratory: {ignore_plates: [99]}",
    ]
    (folder / "study.yaml").write_text("\n".join(settings) + "\n", encoding="utf-8")
