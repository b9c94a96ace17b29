"""One folder per stage, named like its command: `stage.py` reads, computes and writes.

prepare
    axes, plates, contacts, markers and files of one trial
scale
    the body calibrated from all recordings
solve
    joint angles as input, what is written, checks of the forces
fitting
    of `consistency`: beliefs, the session, what became of its trials
levels
    of `contributions`: levels A, B and C as a dataset, outcomes, rows and intervals
stepping
    of `steps` and `tables`: columns, rows of contributions, quality
arms
    of `evidence`: one trial under every choice of method
verdicts
    of `hypotheses`: evidence of the study, multiverse, exported tables
figures
    which trials and tables are drawn
report
    the page
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def stage_module(stage: str) -> ModuleType:
    """Import the module that holds ``<stage>_participant`` or ``<stage>_study``."""
    name = f"aqbio.stages.{stage}"
    spec = find_spec(name)
    package = spec is not None and spec.submodule_search_locations is not None
    return import_module(f"{name}.stage" if package else name)
