"""What sheets do not tell and a comparison between conditions or athletes will ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aqbio.errors import Finding
from aqbio.io.study import Study
from aqbio.names import NORMAL, RESTRICTED
from aqbio.stats.registry import Hypothesis, study_registry


def comparison_problems(study: Study) -> Iterator[Finding]:
    """Warnings of cells that are empty, while they can still be filled from memory."""
    tested = [one for one in study_registry(study).hypotheses if one.always is None]
    yield from _conditions(study, [one for one in tested if "restricted_arms" in one.needs])
    yield from _athletes(study, [one for one in tested if one.statistic in BETWEEN])


BETWEEN = ("lateral_slope", "vertical_slope", "attack_slope")
"""Statistics that compare athletes with each other."""


def _conditions(study: Study, asking: list[Hypothesis]) -> Iterator[Finding]:
    compared = [one for one in study.trials if one.condition in (NORMAL, RESTRICTED)]
    if not asking or all(one.condition == NORMAL for one in compared):
        return
    sprints = [one for one in compared if one.effort == "maximal"]
    if {one.condition for one in sprints} != {NORMAL, RESTRICTED}:
        yield _warning(
            "effort-untold",
            f"sprints with free and with restricted arms are compared ({_names(asking)}) by those "
            "that are maximal in column effort, and there are none of one kind.",
            study.sheet("trials"),
            "column effort: write maximal for sprints as fast as possible.",
        )
    elif untold := [one for one in sprints if one.order is None]:
        yield _warning(
            "order-untold",
            f"{len(untold)} of {len(sprints)} sprints have no place in the order of their session: "
            f"what restricted arms do ({_names(asking)}) cannot be told from fatigue.",
            study.sheet("trials"),
            "column order: 1 for the first trial of the participant's session, and so on.",
        )


def _athletes(study: Study, asking: list[Hypothesis]) -> Iterator[Finding]:
    people = study.participants
    if not asking or len(people) < min(one.minimum.athletes for one in asking):
        return
    from aqbio.stats.athlete_statistics import NEEDED  # SciPy's statistics with it

    for name in sorted(NEEDED):
        untold = [one.participant_id for one in people if getattr(one, name) is None]
        if untold:
            yield _warning(
                f"{name}-untold",
                f"{name} is not told of {len(untold)} of {len(people)} participants: no slope "
                f"between athletes ({_names(asking)}) can be supported.",
                study.sheet("participants"),
                f"column {name}: fill it, also where it is the same for everybody.",
            )


def _names(asking: list[Hypothesis]) -> str:
    return ", ".join(one.id for one in asking)


def _warning(rule: str, what: str, sheet: Path, fix: str) -> Finding:
    return Finding(rule=rule, severity="warning", what=what, file=str(sheet), fix=fix)
