# The study of this run: its settings, its people, the models it is computed on, where results lie.
#
# Rules have records of stages as inputs. What a laboratory gave (recordings, models, sheets) is a
# parameter, by its content: a recording that was touched, copied or comes from a computer whose clock
# runs ahead is the same recording, one with another content is not, and any path will do.

import os
import sys
from pathlib import Path

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.intake.check import refuse_errors
from aqbio.io.provenance import file_hash
from aqbio.io.study import GAIT_LIBRARY, compared_studies, load_study, on_other_models
from aqbio.study import jobs
from snakemake.exceptions import WorkflowError

# As a module of another workflow (docs/library.md): config: {"study": "my_study/study.yaml"}.
STUDY_FILE = Path(
    config.get("study")
    or (workflow.configfiles or ["data/virtual_sprinters/study.yaml"])[-1]
)

# Snakemake makes it absolute; what jobs say should hold on another machine too.
if STUDY_FILE.is_relative_to(Path.cwd()):
    STUDY_FILE = STUDY_FILE.relative_to(Path.cwd())

try:
    OWN = load_study(STUDY_FILE)
    if workflow.is_main_process:
        plan = workflow.output_settings.dryrun
        only_look = plan or not jobs.INSPECTIONS.isdisjoint(sys.argv)
        if plan or not only_look:
            refuse_errors(OWN)
        if not only_look:
            jobs.tidy_results(OWN)
    MODELS = {"": OWN}
    MODELS |= {f"{other.within}/": other for other in on_other_models(OWN).values()}
    EVERY_RECORD = [
        jobs.rule_path(on.manifest(who, stage))
        for on, who, stage in jobs.every_job(OWN)
    ]
except (AqbioError, RunStoppedError) as error:
    raise WorkflowError(str(error)) from error

# A job ends with what started it.
os.environ.update(AQBIO_STARTED_BY=str(os.getpid()))

PEOPLE = [participant.participant_id for participant in OWN.participants]

ROOT = jobs.rule_path(OWN.root)
LOGS = f"{ROOT}/logs"

# Folder of a participant's results on the study's own model, and on any of its models.
PERSON = f"{ROOT}/participants/{{participant}}"
PERSON_ON_MODEL = f"{ROOT}/{{model}}participants/{{participant}}"


wildcard_constraints:
    participant="[A-Za-z0-9][A-Za-z0-9_.-]*",
    model="(" + "|".join(MODELS) + ")",  # empty for the study's own


# Inputs ------------------------------------------------------------------------------------------


def made_recordings(wildcards):
    """The folder of a virtual sprinter's recordings; those of a laboratory are parameters."""
    return (
        f"{jobs.rule_path(OWN.data)}/{wildcards.participant}" if OWN.is_virtual else []
    )


def of_sessions(stage):
    """Records of a stage of all sessions of the person, on the same model."""

    def records(wildcards):
        study = MODELS[wildcards.get("model", "")]
        sessions = study.sessions_of(wildcards.participant)
        return [jobs.rule_path(study.manifest(one, stage)) for one in sessions]

    return records


def on_the_other_models(stage):
    """Records of a stage on the study's other models, for the study's own."""

    def records(wildcards):
        others = compared_studies(
            MODELS[wildcards.get("model", "")], wildcards.participant
        )
        return [
            jobs.rule_path(one.manifest(wildcards.participant, stage)) for one in others
        ]

    return records


def of_everyone(stage):
    """Records of a stage of all participants, on the study's own model.

    A function, because --consider-ancient of a plan takes no lists.
    """
    return lambda wildcards: expand(f"{PERSON}/{stage}.json", participant=PEOPLE)


# Parameters --------------------------------------------------------------------------------------


def content(kind):
    """Content of given files of one kind ("recordings", "model", ...): another one runs the job again."""

    def of_job(wildcards):
        study = MODELS[wildcards.get("model", "")]
        return jobs.given_content(study, wildcards.get("participant", ""), kind)

    return of_job


def settings(*sections):
    """Sections of study.yaml that a job reads, and the version: a change runs it again."""
    return lambda wildcards: jobs.settings_content(
        MODELS[wildcards.get("model", "")], sections
    )


def sheet_rows(wildcards):
    """The participant's rows of participants.tsv and trials.tsv."""
    return jobs.sheet_rows(MODELS[wildcards.model], wildcards.participant)


def gait_library(wildcards):
    """Content of the file that virtual sprinters are recorded from; empty for other studies."""
    return file_hash(STUDY_FILE.parent / GAIT_LIBRARY) if OWN.is_virtual else ""


def study_folder(wildcards, output):
    """Folder of the study; as `study_file`, for its place."""
    return str(STUDY_FILE.parent)


def study_file(wildcards, output):
    """Path of study.yaml; because of the second argument no job runs again for a study that moved."""
    return str(STUDY_FILE)


def model_option(wildcards):
    """Option of a command for another model than the study's own."""
    name = Path(wildcards.model).name
    return f"--model {name}" if name else ""


# Resources ---------------------------------------------------------------------------------------


def for_trials(first, each):
    """Memory or time of a job: more with every trial, twice as much after a job that was killed."""

    def of_job(wildcards, attempt):
        participant = wildcards.get("participant", "")
        trials = OWN.trials_of(participant) if participant else OWN.trials
        return int((first + each * len(trials)) * 2 ** (attempt - 1))

    return of_job


# Outputs, and what `snakemake --report` shows of them ---------------------------------------------


SHOWN = {
    "verdicts.tsv": dict(category="Verdicts", caption="../report/verdicts.rst"),
    "steps.tsv": dict(category="Tables", caption="../report/steps.rst"),
    "quality.tsv": dict(category="Tables", caption="../report/quality.rst"),
    "causes.tsv": dict(category="Tables", caption="../report/causes.rst"),
}


def tables(stage):
    """Tables of the study that a stage writes, with their sidecars."""
    files = []
    for path in jobs.table_files(OWN, stage):
        file = jobs.rule_path(path)
        files.append(report(file, **SHOWN[path.name]) if path.name in SHOWN else file)
    return files
