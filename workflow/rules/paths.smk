# Paths and wildcards only: what lies where, and what each stage reads.

import json
from pathlib import Path

import aqbio
from aqbio.config import STAGE_SECTIONS
from aqbio.errors import AqbioError
from aqbio.io.study import load_study
from aqbio.names import PARTICIPANT_STAGES
from snakemake.exceptions import WorkflowError

STUDY_FILE = Path((workflow.configfiles or ["data/virtual_sprinters/study.yaml"])[-1])

# Snakemake makes it absolute; a study that moves together with its results is not run again.
if STUDY_FILE.is_relative_to(Path.cwd()):
    STUDY_FILE = STUDY_FILE.relative_to(Path.cwd())

try:
    STUDY = load_study(STUDY_FILE)
    DATA = STUDY.data
    MAP_FILES = [str(STUDY.map_file), str(STUDY.marker_file)]
    REGISTRY_FILES = [str(path) for path in [STUDY.registry_file] if path is not None]
    CAPACITY_FILES = [str(path) for path in [STUDY.capacities_file] if path is not None]
    HYPOTHESIS_FILES = REGISTRY_FILES + CAPACITY_FILES
except AqbioError as error:
    raise WorkflowError(str(error)) from error

ROOT = STUDY.root.as_posix()
PAGE = f"{ROOT}/report/index.html"
PARTICIPANTS = [participant.participant_id for participant in STUDY.participants]

# One thread per process: the scheduler gives the cores.
shell.prefix("export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1; ")


wildcard_constraints:
    participant="[A-Za-z0-9][A-Za-z0-9_.-]*",
    section="[a-z]+",


def section_text(wildcards):
    """One settings section as JSON: a changed setting reruns only the stages that read it."""
    section = getattr(STUDY.settings, wildcards.section)
    return json.dumps(section.model_dump(mode="json"), indent=2, sort_keys=True)


def rows_text(wildcards):
    """A participant's rows of both sheets as JSON: a changed row reruns only that participant."""
    rows = {
        "participant": STUDY.participant(wildcards.participant).model_dump(mode="json"),
        "trials": [
            t.model_dump(mode="json") for t in STUDY.trials_of(wildcards.participant)
        ],
    }
    return json.dumps(rows, indent=2, sort_keys=True)


def settings_of(stage):
    """The settings files that a stage reads."""
    return [f"{ROOT}/settings/{section}.json" for section in STAGE_SECTIONS[stage]]


# The virtual sprinters' recordings are made from a gait library on first use.
GAIT_LIBRARY = STUDY_FILE.parent / "gait_library.npz"
VIRTUAL = GAIT_LIBRARY.is_file()


def people(wildcards):
    """The sessions of a person, who have one body; the job has the name of the first."""
    return STUDY.same_person(wildcards.participant)


def recordings(wildcards):
    """A person's files that exist; stage prepare says which ones do not."""
    if VIRTUAL:
        return [f"{DATA}/{one}/.written" for one in people(wildcards)]
    trials = [trial for one in people(wildcards) for trial in STUDY.trials_of(one)]
    found = [
        path for one in trials for path in (STUDY.recording(one), STUDY.forces(one))
    ]
    return [str(path) for path in found if path is not None and path.is_file()]


def generic_models(wildcards):
    """The generic models that exist; stage scale says why one does not."""
    found = []
    for one in people(wildcards):
        try:
            found.append(STUDY.model_file(one))
        except AqbioError:
            continue
    return sorted({str(path) for path in found if path.is_file()})


def sessions(file):
    """A file of every session of a person."""
    return lambda wildcards: expand(file, participant=people(wildcards))


def done():
    """What the job of every person writes last."""
    first = dict.fromkeys(STUDY.same_person(one)[0] for one in PARTICIPANTS)
    return expand(f"{ROOT}/participants/{{participant}}/stages.json", participant=first)
