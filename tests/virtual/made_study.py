"""Small studies of virtual athletes, written to a folder, and one of which every stage is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aqbio.hypotheses.preregistration import record_registry
from aqbio.io.study import Study, load_study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES, stage_module
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.recording import Laboratory, RecordedRun, RunPlan, recorded_run, recorded_static
from aqbio.virtual.study import write_c3d
from tests.planted import plant
from tests.virtual.runners import RUNNER

PLAIN = "consistency: off\n"
SPEEDS = {"run1": 7.0, "run2": 8.5}
PEOPLE = (RUNNER.name, "twin")
SETTINGS = """\
consistency: off
contributions: {draws: 0}
multiverse: {cutoffs_hz: [15], event_thresholds_n: [], bodies: [], pelvis: [out]}
figures: {widths_mm: [89], formats: [svg]}
"""


def write_made_study(
    folder: Path,
    athlete: Athlete,
    runs: dict[str, RecordedRun],
    laboratory: Laboratory,
    disturbances: Disturbances | None = None,
    settings: str = PLAIN,
    *,
    body_known: bool = False,
    postures: Mapping[str, Mapping[str, float]] | None = None,
) -> Study:
    """Write static trial and runs as C3D files with their sheets."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    errors = disturbances or Disturbances()
    write_c3d(data / "static.c3d", recorded_static(athlete, laboratory), laboratory)
    rows = [f"{athlete.name}\tstatic\tstatic\tstatic.c3d"]
    for name, posture in (postures or {}).items():
        write_c3d(data / f"{name}.c3d", recorded_static(athlete, laboratory, posture), laboratory)
        rows.append(f"{athlete.name}\t{name}\tstatic\t{name}.c3d")
    for number, (name, run) in enumerate(runs.items()):
        recording = disturbed(run.recording, errors, np.random.default_rng(number))
        write_c3d(data / f"{name}.c3d", recording, laboratory)
        rows.append(f"{athlete.name}\t{name}\trun\t{name}.c3d")
    (folder / "study.yaml").write_text(
        f"name: made\nresults: {folder.as_posix()}/results\n{settings}", encoding="utf-8"
    )
    model = {"model_file": _written_model(folder, athlete)} if body_known else {}
    columns = {
        "participant_id": athlete.name, "sex": athlete.sex, "mass_kg": athlete.mass,
        "height_m": athlete.stature, **model, "static_trial": "static",
    }  # fmt: skip
    (folder / "participants.tsv").write_text(
        "\t".join(columns) + "\n" + "\t".join(map(str, columns.values())) + "\n", encoding="utf-8"
    )
    header = "participant_id\ttrial_id\ttask\tfile\n"
    (folder / "trials.tsv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return load_study(folder / "study.yaml")


def _written_model(folder: Path, athlete: Athlete) -> str:
    """Write the athlete's true body as an OpenSim model; its name."""
    from aqbio.opensim.session import quiet
    from models.sprint.make_model import build_sprint_model

    file = f"{athlete.name}.osim"
    with quiet(folder / "opensim.log"):
        build_sprint_model(
            folder / "data" / file,
            athlete.sex,
            mass=athlete.mass,
            stature=athlete.stature,
            form=athlete.form,
        )
    return file


def run_stages(study: Study, stages: tuple[str, ...], people: tuple[str, ...] = PEOPLE) -> None:
    for stage in stages:
        module = stage_module(stage)
        if stage in PARTICIPANT_STAGES:
            for name in people:
                getattr(module, f"{stage}_participant")(study, name, lambda _: None)
        else:
            getattr(module, f"{stage}_study")(study, lambda _: None)


def finished_study(folder: Path, gait_of) -> Study:
    """Two participants, who run alike, with two runs each; every stage done."""
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in SPEEDS.items()
    }
    write_made_study(folder, RUNNER, runs, Laboratory(), settings=SETTINGS)
    for sheet in ("participants.tsv", "trials.tsv"):
        header, *rows = (folder / sheet).read_text(encoding="utf-8").splitlines()
        twins = [row.replace(RUNNER.name, PEOPLE[1], 1) for row in rows]
        (folder / sheet).write_text("\n".join([header, *rows, *twins]) + "\n", encoding="utf-8")
    plant(folder)
    study = load_study(folder / "study.yaml")
    record_registry(study)
    run_stages(study, STAGES)
    return study
