# The study of this run: its settings, its people, the models it is computed on, where results lie.

from pathlib import Path

from aqbio.stage_table import PARTICIPANT, STUDY
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.study import on_other_models
from aqbio.io.study import load_study
from aqbio.study import jobs
from snakemake.exceptions import WorkflowError

STUDY_FILE = Path((workflow.configfiles or ["data/virtual_sprinters/study.yaml"])[-1])

# Snakemake makes it absolute; what jobs say should hold on another machine too.
if STUDY_FILE.is_relative_to(Path.cwd()):
    STUDY_FILE = STUDY_FILE.relative_to(Path.cwd())

# The virtual sprinters' recordings are made from a gait library on first use.
GAIT_LIBRARY = STUDY_FILE.parent / "gait_library.npz"
VIRTUAL = GAIT_LIBRARY.is_file()

try:
    OWN = load_study(STUDY_FILE)
    MODELS = {"": OWN}
    MODELS |= {f"{one.within}/": one for one in on_other_models(OWN).values()}
    EVERY_RECORD = [
        str(on.manifest(who, stage)) for on, who, stage in jobs.every_job(OWN)
    ]
    if workflow.is_main_process and not workflow.dryrun:
        jobs.claim_results(OWN)
        jobs.remove_unsound_records(OWN)
except (AqbioError, RunStoppedError) as error:
    raise WorkflowError(str(error)) from error

ROOT = OWN.root.as_posix()

# One thread per process: the scheduler gives the cores. A job ends with what started it.
shell.prefix(
    "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 AQBIO_STARTED_BY=$PPID; "
)


wildcard_constraints:
    participant="[A-Za-z0-9][A-Za-z0-9_.-]*",
    model="(" + "|".join(MODELS) + ")",  # empty for the study's own


def inputs(stage):
    """Records of the stages before, and files that exist: stage prepare names a missing recording."""

    def of_job(wildcards):
        study = MODELS[wildcards.get("model", "")]
        participant = wildcards.get("participant", "")
        files = [
            one
            for one in jobs.files_read(study, participant, stage.name)
            if one.is_file()
        ]
        if (
            VIRTUAL and stage.name == "prepare"
        ):  # its recordings are made first, as a whole
            files = [one for one in files if not one.is_relative_to(study.data)]
            files.append(study.data / participant)
        records = jobs.records_read(study, participant, stage.name, direct=True)
        return [str(one) for one in (*records, *files)]

    return of_job


def parameters(stage):
    """The settings that a stage reads, and the version of aqbio: a change of one runs it again."""
    return lambda wildcards: jobs.parameters(
        MODELS[wildcards.get("model", "")], wildcards.get("participant", ""), stage.name
    )


def resource(first, each):
    """Memory or time of a job: more with every trial, twice as much after a job that was killed."""

    def of_job(wildcards, attempt):
        participant = wildcards.get("participant", "")
        trials = OWN.trials_of(participant) if participant else OWN.trials
        return int((first + each * len(trials)) * 2 ** (attempt - 1))

    return of_job


def on_model(wildcards):
    """Option of a command for another model than the study's own."""
    name = Path(wildcards.model).name
    return f"--model {name}" if name else ""


IN_REPORT = {
    "figures": dict(
        patterns=["{figure}.svg"], category="Figures", caption="../report/figures.rst"
    ),
    "verdicts.tsv": dict(category="Verdicts", caption="../report/verdicts.rst"),
    "steps.tsv": dict(category="Tables", caption="../report/steps.rst"),
    "quality.tsv": dict(category="Tables", caption="../report/quality.rst"),
    "causes.tsv": dict(category="Tables", caption="../report/causes.rst"),
}


def shown(path, *, folder=False):
    """A result of the study, and what `snakemake --report` shows of it."""
    file = directory(str(path)) if folder else str(path)
    return report(file, **IN_REPORT[path.name]) if path.name in IN_REPORT else file
