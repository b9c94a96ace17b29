"""One folder per stage, named like its command: `stage.py` reads, computes and writes.

prepare
    axes, plates, contacts, markers and files of one trial
scale
    the body calibrated from all recordings
inverse_kinematics
    joint angles as input, what is written, checks of the forces
inverse_dynamics
    priors, the session, what became of its trials
contributions
    levels A, B and C as a dataset, with rows, curves and intervals
steps
    of stage contributions, steps of a participant: columns, rows of contributions, quality
multiverse
    one trial under every specification of the multiverse
pages
    the page of a participant, and of each trial: what moves on it
tables
    the tables of the study from those of its participants
hypotheses
    evidence of the study, multiverse, exported tables
figures
    which trials and tables are drawn
report
    the page
"""

from importlib import import_module
from types import ModuleType


def stage_module(stage: str) -> ModuleType:
    """Import the module that holds ``<stage>_participant`` or ``<stage>_study``."""
    return import_module(f"aqbio.stages.{stage}.stage")
