"""The stages of the analysis: inputs, settings and results of each.

Commands and records are written from this table. The work of a stage is in the room of its
name, ``aqbio/<stage>/stage.py``. The rules of the workflow are written out in
``workflow/rules``; `tests/workflow/test_rules_and_table.py` holds them against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage, of every participant or of the whole study."""

    name: str
    does: str
    """One sentence for people."""
    reads: tuple[str, ...]
    """Stages whose records and results it reads."""
    settings: tuple[str, ...]
    """Sections of study.yaml that it reads."""
    files: tuple[str, ...] = ()
    """Kinds of given files that it reads, those of `aqbio.study.jobs.GIVEN_FILES`."""
    reads_rows: bool = False
    """True if it reads the participant's rows of the sheets; later stages find what depends on
    them in its results."""
    folders: tuple[str, ...] = ()
    """Folders that only this stage fills, in addition to its record."""
    tables: tuple[str, ...] = ()
    """Tables of the study that it writes, with their sidecars."""
    failures_of: tuple[str, ...] = ()
    """Stages whose failed trials fail here for the same reason."""
    each_model: bool = False
    """True if it also runs on every other model of the study."""
    reads_sessions: bool = False
    """True if it also reads the records of the person's other sessions."""
    compares_models: bool = False
    """True if it also reads the contributions on the study's other models."""
    parallel: bool = False
    """True if its command takes ``--cores``."""


_MOTION = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics")

PARTICIPANT = (
    Stage(
        "prepare",
        "Read recordings: axes, units, gaps, forces, events.",
        reads=(),
        settings=("files", "laboratory", "prepare", "model"),
        files=("recordings", "model", "map", "markers"),
        reads_rows=True,
        folders=("prepared",),
        each_model=True,
    ),
    Stage(
        "scale",
        "Scale and audit the participant's model.",
        reads=("prepare",),
        settings=("model",),
        files=("model", "map", "markers"),
        reads_sessions=True,
        folders=("model",),
        each_model=True,
    ),
    Stage(
        "inverse_kinematics",
        "Inverse kinematics: joint angles that follow the markers.",
        reads=("prepare", "scale"),
        failures_of=("prepare", "scale"),
        settings=("model", "solve", "prepare"),
        folders=("solved",),
        each_model=True,
    ),
    Stage(
        "inverse_dynamics",
        "Inverse dynamics: motion, forces and body made consistent, joint moments, residuals.",
        reads=("prepare", "scale", "inverse_kinematics"),
        failures_of=("inverse_kinematics",),
        settings=("model", "consistency", "random"),
        folders=("consistent",),
        each_model=True,
    ),
    Stage(
        "contributions",
        "Angular momentum, its rate and joint moments by anatomical side, and by step and role.",
        reads=_MOTION,
        failures_of=("inverse_dynamics",),
        settings=(
            "model", "other_models", "consistency", "contributions", "roles", "steps", "solve",
            "quality", "random",
        ),
        files=("registry",),
        compares_models=True,
        folders=("contributions", "steps"),
        each_model=True,
    ),
    Stage(
        "multiverse",
        "What every step says about the hypotheses, under every specification of the multiverse.",
        reads=(*_MOTION, "contributions"),
        failures_of=("contributions",),
        settings=("model", "other_models", "prepare", "consistency", "multiverse"),
        compares_models=True,
        folders=("multiverse",),
    ),
    Stage(
        "pages",
        "A page of the participant, and one of every trial on which it can be seen again.",
        reads=(*_MOTION, "contributions", "multiverse"),
        settings=("model", "roles", "hypotheses", "random"),
        files=("bones", "reference", "strength"),
        reads_sessions=True,
        failures_of=("contributions",),
        folders=("pages",),
    ),
)  # fmt: skip
"""Once per participant: all trials in one process."""

PAGES = ("pages",)
"""Those on which no number rests: only the report waits for them."""

_STAGES_WITH_NUMBERS = tuple(stage.name for stage in PARTICIPANT if stage.name not in PAGES)

STUDY = (
    Stage(
        "tables",
        "The tables of the study: steps, contributions, quality, trials, findings, faults.",
        reads=_STAGES_WITH_NUMBERS,
        settings=("roles",),
        tables=(
            "steps",
            "contribution_means",
            "quality",
            "uncertainty",
            "model_differences",
            "fit_changes",
            "findings",
            "trials",
            "faults",
        ),
    ),
    Stage(
        "hypotheses",
        "Verdicts on the hypotheses, and the tables to check them with.",
        reads=(*_STAGES_WITH_NUMBERS, "tables"),
        settings=("files", "quality", "hypotheses", "multiverse", "random"),
        files=("registry", "strength"),
        tables=(
            "hypotheses_steps",
            "hypotheses_athletes",
            "hypotheses_trials",
            "influence",
            "single_athletes",
            "power",
            "sprints",
            "partitions",
            "sign_patterns",
            "multiverse",
            "deviations",
            "verdicts",
            "findings_hypotheses",
        ),
        parallel=True,
    ),
    Stage(
        "figures",
        "Figures as PDF and SVG.",
        reads=(*_STAGES_WITH_NUMBERS, "tables", "hypotheses"),
        settings=("model", "roles", "quality", "figures", "hypotheses", "random"),
        files=("reference",),
        folders=("figures",),
        tables=("findings_figures",),
        parallel=True,
    ),
    Stage(
        "report",
        "The pages of the study.",
        reads=(*_STAGES_WITH_NUMBERS, *PAGES, "tables", "hypotheses", "figures"),
        settings=("hypotheses", "model", "report", "roles"),
        files=("strength",),
        folders=("report",),
        tables=("findings_report", "causes", "differences", "step_means"),
    ),
)
"""Once per study."""

STAGE_TABLE = {stage.name: stage for stage in (*PARTICIPANT, *STUDY)}

PARTICIPANT_STAGES = tuple(stage.name for stage in PARTICIPANT)
STUDY_STAGES = tuple(stage.name for stage in STUDY)
STAGES = (*PARTICIPANT_STAGES, *STUDY_STAGES)


def stage_module(stage: str) -> ModuleType:
    """Import the module that holds ``<stage>_participant`` or ``<stage>_study``."""
    return import_module(f"aqbio.{STAGE_TABLE[stage].name}.stage")
