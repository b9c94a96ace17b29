# What lies where, what waits for what, and what has to be made again: content decides that.

from pathlib import Path

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.study import load_study
from aqbio.names import STUDY_STAGES
from aqbio.pipeline import PROCESSES, study_done, workflow_started
from snakemake.exceptions import WorkflowError

STUDY_FILE = Path((workflow.configfiles or ["data/virtual_sprinters/study.yaml"])[-1])

# Snakemake makes it absolute; what jobs tell should hold on another machine too.
if STUDY_FILE.is_relative_to(Path.cwd()):
    STUDY_FILE = STUDY_FILE.relative_to(Path.cwd())

# The virtual sprinters' recordings are made from a gait library on first use.
GAIT_LIBRARY = STUDY_FILE.parent / "gait_library.npz"
VIRTUAL = GAIT_LIBRARY.is_file()

try:
    STUDY = load_study(STUDY_FILE)
    DATA = STUDY.data
    if workflow.is_main_process:
        workflow_started(STUDY, dry_run=workflow.dryrun, recorded_here=VIRTUAL)
except (AqbioError, RunStoppedError) as error:
    raise WorkflowError(str(error)) from error

ROOT = STUDY.root.as_posix()
PARTICIPANTS = [participant.participant_id for participant in STUDY.participants]

# One thread per process: the scheduler gives the cores. A job ends with what started it.
shell.prefix(
    "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 AQBIO_STARTED_BY=$PPID; "
)


wildcard_constraints:
    participant="[A-Za-z0-9][A-Za-z0-9_.-]*",
    stage="|".join(STUDY_STAGES),


def memory(first, each=0):
    """Memory of a job, MB, more with every trial; a job that was killed for more gets twice as much."""
    return lambda wildcards, attempt: int(
        (first + each * trials(wildcards)) * 2 ** (attempt - 1)
    )


def minutes(first, each=0):
    """Time of a job, longer with every trial and at every attempt."""
    return lambda wildcards, attempt: int((first + each * trials(wildcards)) * attempt)


def trials(wildcards):
    """Number of the trials that a job reads: those of a person, or all."""
    person = wildcards.get("participant")
    people = STUDY.same_person(person) if person else PARTICIPANTS
    return sum(len(STUDY.trials_of(one)) for one in people)


def recordings(wildcards):
    """Marks of the virtual sprinters' recordings; others are there, or stage prepare says so."""
    people = STUDY.same_person(wildcards.participant) if VIRTUAL else ()
    return [f"{DATA}/{one}/.written" for one in people]


def done():
    """What the job of every person writes last."""
    first = dict.fromkeys(STUDY.same_person(one)[0] for one in PARTICIPANTS)
    return expand(f"{ROOT}/participants/{{participant}}/stages.json", participant=first)


def stage_done(stage):
    """What says that a stage of the whole study is done."""
    return study_done(STUDY, stage).as_posix()


def stages_before(wildcards):
    """Marks of the stages of the study that a stage follows."""
    before = STUDY_STAGES[: STUDY_STAGES.index(wildcards.stage)]
    return [stage_done(stage) for stage in before]
