"""Lines of the tables of athletes and trials on the first page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aqbio.config import Participant
from aqbio.figures.numbers import shown
from aqbio.pages.sections import rows

UNKNOWN = "n/a"

AGREED = {"ok": "within limits", "fail": "outside", "not_testable": "not testable"}
"""Whether motion and forces agree, in words."""


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A trial on the first page."""

    participant_id: str
    trial_id: str
    page: str
    """Address of its replay; empty where it has none."""
    condition: str
    speed: str
    kept: int
    rejected: int
    state: str
    before: str
    after: str
    """before, after: Whether motion and forces agree, before the fit and after it."""
    reason: str


@dataclass(frozen=True, slots=True)
class AthleteLine:
    """An athlete on the first page."""

    participant_id: str
    sex: str
    mass: str
    height: str
    trials: int
    failed: int
    kept: int
    fastest: str
    before: str
    """In how many of the trials motion and forces disagree before the fit."""


def people_table(people: Iterable[Participant]) -> pd.DataFrame:
    """The participants sheet as a table."""
    names = ("participant_id", "sex", "mass_kg", "height_m")
    sheet = [[getattr(one, name) for name in names] for one in people]
    return pd.DataFrame(sheet, columns=list(names)).astype({"mass_kg": float, "height_m": float})


def trial_lines(trials: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> list[TrialLine]:
    """Lines of the table of trials."""
    return [_trial_line(row, replayed) for row in rows(trials)]


def _trial_line(row: dict[str, Any], replayed: Collection[tuple[str, str]]) -> TrialLine:
    who, what = str(row["participant_id"]), str(row["trial_id"])
    return TrialLine(
        participant_id=who,
        trial_id=what,
        page=f"trials/{who}/{what}.html" if (who, what) in replayed else "",
        condition=_words(row["condition"]).replace("_", " "),
        speed=shown(float(row["speed_mps"]), "m/s"),
        kept=_whole(row["steps_ok"]),
        rejected=_whole(row["steps_rejected"]),
        state=_words(row["state"]),
        before=AGREED.get(str(row["agreement_before"]), ""),
        after=AGREED.get(str(row["agreement_after"]), ""),
        reason=_words(row["reason"]),
    )


def athlete_lines(people: pd.DataFrame, trials: pd.DataFrame) -> list[AthleteLine]:
    """Lines of the table of athletes."""
    own = {str(who): rows_ for who, rows_ in trials.groupby("participant_id", sort=False)}
    return [
        _athlete_line(row, own.get(str(row["participant_id"]), trials.iloc[:0]))
        for row in rows(people)
    ]


def _athlete_line(row: dict[str, Any], trials: pd.DataFrame) -> AthleteLine:
    known = trials["agreement_before"].dropna()
    known = known[known != "not_testable"]
    speed = trials["speed_mps"].max() if len(trials) else float("nan")
    return AthleteLine(
        participant_id=str(row["participant_id"]),
        sex=_words(row["sex"]),
        mass=shown(float(row["mass_kg"])),
        height=shown(float(row["height_m"]), "m"),
        trials=len(trials),
        failed=int((trials["status"] != "ok").sum()),
        kept=int(trials["steps_ok"].fillna(0).sum()),
        fastest=shown(float(speed), "m/s"),
        before=f"{int((known == 'fail').sum())} of {len(known)}" if len(known) else "",
    )


def _words(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _whole(value: Any) -> int:
    return 0 if value is None or value != value else int(value)
