"""Trials whose ground reaction forces stage figures draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aqbio.io.study import Study
from aqbio.records.manifest import OK

if TYPE_CHECKING:
    import pandas as pd


def drawn_trials(trials: pd.DataFrame, participant_id: str, count: int) -> list[str]:
    """Choose the trials of a participant whose ground reaction forces are drawn.

    Parameters
    ----------
    trials : DataFrame
        The study's table of trials.
    count : int
        How many at most: the fastest of each condition first, then the second fastest, and so on.
        Trials without a speed come last.
    """
    own = trials[trials["participant_id"] == participant_id]
    place = own.groupby("condition")["speed_mps"].rank(ascending=False, na_option="bottom")
    order = own.assign(place=place).sort_values(["place", "condition", "trial_id"])
    return [str(name) for name in order["trial_id"].head(count)]


def on_plates(study: Study, participant_id: str) -> list[str]:
    """The prepared trials whose contacts were measured by plates."""
    prepared = study.read_manifest(participant_id, "prepare")["trials"]
    return [done["trial_id"] for done in prepared if done.get("events", "plates") == "plates"]


def trials_with_forces(
    study: Study, participant_id: str, chosen: list[str]
) -> Iterator[tuple[str, float | None]]:
    """The chosen trials that were prepared and the body mass, where the model has one."""
    scale = study.read_manifest(participant_id, "scale")
    mass: Any = scale.get("mass_kg") if scale["status"] == OK else None
    for done in study.read_manifest(participant_id, "prepare")["trials"]:
        if done["status"] == OK and done["trial_id"] in chosen:
            yield done["trial_id"], None if mass is None else float(mass)


def bar_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that bars and stance means are drawn of; what was not measured has no part in a mean."""
    level = rows["level"].astype(str)
    joints = (level == "joint") & (rows["phase"] == "stance")
    wanted = level.str.startswith("C (") | (rows["statistic"] == "relative_force_mean") | joints
    drawn: pd.DataFrame = rows[wanted & rows["value"].notna()]
    return drawn
