"""A small study of one virtual athlete, written to a folder and prepared."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.io.study import Study, load_study
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.recordings.disturbances import Disturbances, disturbed
from aqbio.virtual.recordings.files import write_c3d
from aqbio.virtual.recordings.laboratory import Laboratory
from aqbio.virtual.recordings.recording import RecordedRun, recorded_static

PLAIN = "consistency: off\n"


def write_made_study(
    folder: Path,
    athlete: Athlete,
    runs: dict[str, RecordedRun],
    laboratory: Laboratory,
    disturbances: Disturbances | None = None,
    settings: str = PLAIN,
) -> Study:
    """Write static trial and runs as C3D files with their sheets.

    Settings are lines of YAML; without them the study is solved plainly. These runners have no
    skin: beliefs of skin would take exact markers for inexact ones.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    nothing = disturbances or Disturbances()
    write_c3d(data / "static.c3d", recorded_static(athlete, laboratory), laboratory)
    rows = [f"{athlete.name}\tstatic\tstatic\tstatic.c3d"]
    for number, (name, run) in enumerate(runs.items()):
        recording, _ = disturbed(run.recording, nothing, np.random.default_rng(number))
        write_c3d(data / f"{name}.c3d", recording, laboratory)
        rows.append(f"{athlete.name}\t{name}\trun\t{name}.c3d")
    (folder / "study.yaml").write_text(
        f"name: made\nresults: {folder.as_posix()}/results\n"
        f"solve: {{solver: aqbio, beliefs: false}}\n{settings}",
        encoding="utf-8",
    )
    (folder / "participants.tsv").write_text(
        "participant_id\tsex\tmass_kg\theight_m\tstatic_trial\n"
        f"{athlete.name}\t{athlete.sex}\t{athlete.mass}\t{athlete.stature}\tstatic\n",
        encoding="utf-8",
    )
    header = "participant_id\ttrial_id\ttask\tfile\n"
    (folder / "trials.tsv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return load_study(folder / "study.yaml")
