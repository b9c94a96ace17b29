"""The sheets of the demo study."""

from __future__ import annotations

from collections.abc import Sequence

from aqbio.virtual.demo import LEVELS, SPRINTERS, sprinter
from aqbio.virtual.library import GaitName
from aqbio.virtual.study import PlannedTrial

RESTRICTED_SPEED = 0.984
"""Speed with restricted arms over the highest normal one."""


def sheets(trials: Sequence[PlannedTrial]) -> dict[str, str]:
    """Text of the two sheets."""
    people = ["participant_id\tsex\tlaboratory\tmass_kg\theight_m\tstatic_trial\tfastest_mps"]
    for one in SPRINTERS:
        who = one.athlete
        people.append(
            f"{who.name}\t{who.sex}\tvirtual\t{who.mass:g}\t{who.stature:.2f}\tstatic\t{one.fastest:g}"
        )
    rows = ["participant_id\ttrial_id\ttask\tcondition\teffort\torder\tfile\tnominal_mps"]
    places = orders(trials)
    for trial in trials:
        speed = "n/a" if trial.gait is None else f"{gait_speed(trial.gait):g}"
        condition = "n/a" if trial.gait is None else trial.gait.condition
        task = "static" if trial.gait is None else "run"
        effort = "n/a" if trial.gait is None else _effort(trial.gait)
        order = "n/a" if trial.gait is None else str(places[trial])
        row = (trial.participant, trial.trial, task, condition, effort, order, trial.file, speed)
        rows.append("\t".join(row))
    return {"participants.tsv": "\n".join(people) + "\n", "trials.tsv": "\n".join(rows) + "\n"}


def orders(trials: Sequence[PlannedTrial]) -> dict[PlannedTrial, int]:
    """Place of every run in its athlete's session: every second athlete holds the arms still first.

    Sprints in both conditions come last and in turn, so that fatigue could be told from the arms.
    """
    places: dict[PlannedTrial, int] = {}
    for number, one in enumerate(SPRINTERS):
        runs = [trial for trial in trials if trial.participant == one.athlete.name and trial.gait]
        first = "restricted_arms" if number % 2 else "normal"

        def when(trial: PlannedTrial, first: str = first) -> tuple[bool, bool]:
            assert trial.gait is not None
            return _effort(trial.gait) == "maximal", trial.gait.condition != first

        places |= {trial: place + 1 for place, trial in enumerate(sorted(runs, key=when))}
    return places


def _effort(gait: GaitName) -> str:
    """Whether a gait is a sprint as fast as possible: the highest speed of either condition."""
    return "maximal" if gait.level == LEVELS - 1 else "submaximal"


def gait_speed(name: GaitName) -> float:
    """Nominal speed of a gait, m/s."""
    speed = sprinter(name.participant).speeds[name.level]
    return round(RESTRICTED_SPEED * speed, 2) if name.condition == "restricted_arms" else speed
