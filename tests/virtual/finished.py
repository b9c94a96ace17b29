"""A small study of virtual sprinters of which every stage is done."""

from __future__ import annotations

from pathlib import Path

from aqbio.hypotheses.preregistration import record_registry
from aqbio.io.study import Study, load_study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES, stage_module
from aqbio.virtual.recording import Laboratory, RunPlan, recorded_run
from tests.planted import plant
from tests.virtual.made_study import write_made_study
from tests.virtual.runners import RUNNER

SPEEDS = {"run1": 7.0, "run2": 8.5}
PEOPLE = (RUNNER.name, "twin")
SETTINGS = """\
consistency: off
contributions: {draws: 0}
multiverse: {cutoffs_hz: [15], event_thresholds_n: [], bodies: [], pelvis: [out]}
figures: {widths_mm: [89], formats: [svg]}
"""


def _silent(_: str) -> None:
    pass


def run_stages(study: Study, stages: tuple[str, ...], people: tuple[str, ...] = PEOPLE) -> None:
    for stage in stages:
        module = stage_module(stage)
        if stage in PARTICIPANT_STAGES:
            for name in people:
                getattr(module, f"{stage}_participant")(study, name, _silent)
        else:
            getattr(module, f"{stage}_study")(study, _silent)


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
