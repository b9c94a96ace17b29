"""`aqbio look` at poses of segments: a short study of one recording, run to its pages.

Poses have no model. The points that stand for them calibrate the sprint model, and motion, forces
and body are fitted together as in every study; intervals have the errors of markerless tracking.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import yaml

from aqbio.boundary import refuse_unwritable_name
from aqbio.errors import AqbioError, causes
from aqbio.faults import writing
from aqbio.hypotheses.preregistration import record_registry
from aqbio.intake.check import study_problems
from aqbio.intake.new import write_proposed
from aqbio.intake.rows import PersonRow, TrialRow
from aqbio.intake.study import ProposedStudy, preview_lines, proposed_study
from aqbio.io.poses import is_pose_label
from aqbio.io.study import Study, load_study
from aqbio.io.trial_files import read_recording
from aqbio.look.inputs import DEFAULT_CUTOFF_HZ, MARKER_FILES, check_cutoff, refuse_markers
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES, stage_module
from aqbio.study.jobs import every_job

SEXES = ("female", "male")

SETTINGS = """
# of one recording: no specifications beside the main one
multiverse: {{enabled: false}}
prepare: {{cutoff_hz: {cutoff:g}}}
results: {results}
"""
"""Lines of study.yaml beside those of every study."""


def is_recording(file: Path) -> bool:
    """Tell whether the first file is a recording, of poses or of markers."""
    return file.suffix.lower() in MARKER_FILES


def refuse_other_options(
    first: Path,
    second: Path | None,
    sex: str,
    mass: float,
    third: Path | None = None,
    muscles: Path | None = None,
) -> None:
    """Refuse what the first file has no use for: a model has its own body, poses no muscles."""
    if is_recording(first):
        if third is not None or muscles is not None:
            raise AqbioError(
                "poses of segments have neither a model nor muscles.",
                file=str(third or muscles),
                fix="give POSES.c3d and, if the plates are in another file, FORCES.",
                rule="look-order",
            )
    elif second is None:
        raise AqbioError(
            "a model alone does not move.",
            file=str(first),
            fix="give the files in this order: MODEL.osim MOTION.mot FORCES.mot; or POSES.c3d "
            "FORCES for poses of Theia3D or Visual3D.",
            rule="look-order",
        )
    elif sex or mass:
        raise AqbioError(
            f"--sex and --mass describe the person of poses; {first.name} has a body of its own.",
            fix="leave them out.",
            rule="look-order",
        )


def look_at_poses(
    poses: Path,
    forces: Path | None,
    folder: Path | None,
    say: Callable[[str], None],
    sex: str,
    mass: float = 0.0,
    cutoff_hz: float = DEFAULT_CUTOFF_HZ,
) -> tuple[Study, Path]:
    """Make a study of one recording of poses, run all its stages, and give it and its page."""
    folder = folder or Path(f"{poses.stem}_look")
    refuse_unwritable_name(folder.resolve())
    check_cutoff(cutoff_hz)
    if not any(map(is_pose_label, read_recording(poses, forces).labels)):
        refuse_markers(poses)
    _refuse_without_sex(sex)
    _refuse_second_study(folder)
    data = folder / "data"
    _copy_into(data, [poses, *([forces] if forces is not None else [])])
    try:
        study = _stated(proposed_study("look", data.resolve(), None, say), sex, mass, forces)
        results = yaml.safe_dump(str((folder / "results").resolve()), width=10_000).split("\n")[0]
        write_proposed(folder, study, SETTINGS.format(cutoff=cutoff_hz, results=results))
    except BaseException:
        shutil.rmtree(data)
        raise
    for line in preview_lines(study):
        say(line)
    file = folder / "study.yaml"
    _refuse_problems(file, say)
    return _run(load_study(file), say)


def _refuse_without_sex(sex: str) -> None:
    if sex not in SEXES:
        raise AqbioError(
            f"the sex is {sex or 'not stated'}: it chooses between the two sprint models.",
            fix="add --sex female or --sex male, whichever body proportions fit better.",
            rule="sex-missing",
        )


def _refuse_second_study(folder: Path) -> None:
    if (folder / "study.yaml").exists() or (folder / "data").exists():
        raise AqbioError(
            "there is a study in this folder already.",
            file=str(folder),
            fix=f"choose another one with --out; or `aqbio run {folder}` computes what is there.",
            rule="study-exists",
        )


def _copy_into(data: Path, files: list[Path]) -> None:
    with writing(data):
        data.mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, data / file.name)


def _stated(study: ProposedStudy, sex: str, mass: float, forces: Path | None) -> ProposedStudy:
    """The study with what the command states of the person and of the forces."""

    def person(row: PersonRow) -> PersonRow:
        return replace(row, sex=sex, mass_kg=f"{mass:g}" if mass else row.mass_kg)

    def trial(row: TrialRow) -> TrialRow:
        return row if forces is None else replace(row, force_file=forces.name)

    people, trials = map(person, study.rows.people), map(trial, study.rows.trials)
    return replace(study, rows=replace(study.rows, people=tuple(people), trials=tuple(trials)))


def _refuse_problems(file: Path, say: Callable[[str], None]) -> None:
    """Refuse to run a study with errors; each is said with its fix."""
    problems = causes(study_problems(file))
    errors = [problem for problem in problems if problem.first.severity == "error"]
    for problem in errors:
        say(str(problem))
    if errors:
        raise AqbioError(
            "the recording cannot be computed as it is.",
            file=str(file.parent),
            fix=f"put right what stands above in its sheets, then `aqbio run {file.parent}`.",
            rule="look-problems",
        )


def _run(study: Study, say: Callable[[str], None]) -> tuple[Study, Path]:
    """Run all stages in this process; gives the study and the page of its trial."""
    record_registry(study)
    for on, participant, stage in sorted(every_job(study), key=lambda job: STAGES.index(job[2])):
        if stage in PARTICIPANT_STAGES:
            work = getattr(stage_module(stage), f"{stage}_participant")
            work(on, participant, lambda line, stage=stage: say(f"{stage}: {line}"))
        else:
            getattr(stage_module(stage), f"{stage}_study")(on, lambda _: None)
    [trial, *_] = study.moving_of(study.participants[0].participant_id)
    name = f"{trial.participant_id}/{trial.trial_id}.html"
    return study, study.root / "report" / "trials" / name
