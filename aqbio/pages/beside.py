"""Which of an athlete's trials are worth seeing side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from aqbio.figures.numbers import shown
from aqbio.names import NORMAL

if TYPE_CHECKING:
    import pandas as pd


def comparisons(steps: pd.DataFrame, replayed: Collection[str]) -> Iterator[tuple[str, str]]:
    """Words and address endings of pairs: left and right, slow and fast, other conditions."""
    own = steps[(steps["status"] == "ok") & steps["trial_id"].isin(list(replayed))]
    if own.empty:
        return
    who = str(own["participant_id"].iloc[0])
    speeds = own.groupby(["condition", "trial_id"])["speed_mps"].mean()
    conditions = sorted(speeds.index.unique("condition"), key=lambda one: (one != NORMAL, one))
    first = speeds[conditions[0]].sort_values(kind="stable")
    slowest, fastest = str(first.index[0]), str(first.index[-1])
    at = shown(float(first.iloc[-1]), "m/s")

    def ends(one: str, other: str, feet: tuple[str, str], more: str = "") -> str:
        sides = zip("ab", (one, other), feet, strict=True)
        return (
            "&".join(f"{x}={quote(who)}/{quote(trial)}@{foot}" for x, trial, foot in sides) + more
        )

    sound = own[own["trial_id"] == fastest]
    if set(sound["side"]) == {"left", "right"}:
        words = f"left step beside right step at {at} m/s"
        yield words, ends(fastest, fastest, ("left", "right"), "&mirror=a")
    if slowest != fastest:
        low = shown(float(first.iloc[0]), "m/s")
        yield f"{low} beside {at} m/s", ends(slowest, fastest, ("right", "right"))
    for condition in conditions[1:]:
        other = str(speeds[condition].idxmax())
        words = f"{conditions[0]} beside {condition} at top speed".replace("_", " ")
        yield words, ends(fastest, other, ("right", "right"))
