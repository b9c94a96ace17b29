"""What a figure shows, as one sentence with its numbers: the title over it.

A claim is said where the drawn numbers carry it; without one the figure keeps the name of what it
draws.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from aqbio.figures.cause_words import TOGETHER, source_label
from aqbio.figures.force_sources import LOOKS, MEASURED
from aqbio.figures.numbers import shown
from aqbio.figures.partition_ranking import ARTICLES, partition_words
from aqbio.figures.side_ratio import powers_of_speed, ratio_means
from aqbio.figures.sprints import sprint_changes
from aqbio.names import NORMAL

SUMS = (TOGETHER, "push_side", "swing_side")


def claim(name: str, numbers: pd.DataFrame) -> str:
    """The claim of a figure by its numbers; empty where they make none."""
    make = CLAIMS.get(name)
    return make(numbers) if make is not None and len(numbers) else ""


def _fastest(numbers: pd.DataFrame) -> pd.DataFrame:
    """Rows of the fastest column of the usual condition."""
    usual = numbers[numbers["condition"].isin(["", NORMAL]) | numbers["condition"].isna()]
    own = usual if len(usual) else numbers
    fastest: pd.DataFrame = own[own["speed_mps"] == own["speed_mps"].max()]
    return fastest


def _stance(numbers: pd.DataFrame, row: str) -> pd.Series[float]:
    own = numbers[(numbers["row"] == row) & (numbers["phase"] == "stance")]
    return own.groupby("line")["mean"].mean()


def _momentum(numbers: pd.DataFrame) -> str:
    signs = []
    for _, column in numbers.groupby(["condition", "speed_mps"], dropna=False):
        means = _stance(column, "angular_momentum_y_groups")
        if not {"push_leg", "swing_leg", "arms"} <= set(means.index):
            return ""
        signs.append(tuple(np.sign(means[["push_leg", "swing_leg", "arms"]])))
    if len(set(signs)) != 1:
        return ""
    push, swing, arms = signs[0]
    if push == swing == -arms:
        return "Over stance both legs turn one way about the vertical, the arms the other"
    if push == arms == -swing:
        return "In mean stance the arms turn with the push leg, against the swing leg"
    return ""


def _hub(numbers: pd.DataFrame) -> str:
    column = _fastest(numbers)
    shares = _stance(column, "odd_one_out_y").dropna()
    if shares.empty:
        return ""
    words = {"leg_push": "the push leg", "leg_swing": "the swing leg"}
    name = str(shares.idxmax())
    speed = shown(float(column["speed_mps"].iloc[0]), "m/s")
    return (
        f"Most often {words.get(name, 'the upper body')} opposes the other two at the pelvis "
        f"({shares.max():.0f} % of stance at {speed} m/s)"
    )


def _caused(numbers: pd.DataFrame) -> str:
    """The largest single cause at the fastest speed, if all contact models agree on it."""
    column = _fastest(numbers)
    own = column[(column["panel"] == column["panel"].iloc[0]) & ~column["source"].isin(SUMS)]
    own = own.dropna(subset=["mean"])
    largest = [
        rows.loc[rows["mean"].abs().sort_values().index[-1]]
        for _, rows in own.groupby("variant", sort=False)
    ]
    if len({(str(one["source"]), float(np.sign(one["mean"]))) for one in largest}) != 1:
        return ""
    unit = str(column["unit"].iloc[0])
    what = "the rotation of the push side" if unit == "N m" else "the upward impulse"
    speed = shown(float(column["speed_mps"].iloc[0]), "m/s")
    first = largest[0]
    return (
        f"{source_label(str(first['source'])).capitalize()}: the largest single cause of {what}, "
        f"{shown(float(first['mean']), unit)} {unit} at {speed} m/s under {first['variant']}"
    )


def _athletes(numbers: pd.DataFrame) -> str:
    passed = numbers[numbers["gates"] == "passed"]
    count = passed.groupby("hypothesis").agg(n=("value", "size"), k=("n_showing", "first"))
    if count.empty:
        return ""
    every, none = int((count["k"] == count["n"]).sum()), int((count["k"] == 0).sum())
    return (
        f"Of {len(count)} hypotheses whose gates pass {every} are shown by every athlete, "
        f"{none} by none"
    )


def _ranking(numbers: pd.DataFrame) -> str:
    stance = numbers[numbers["phase"] == "stance"].dropna(subset=["opposition"])
    order = list(stance.sort_values("opposition", ascending=False)["partition"])
    if ARTICLES not in order:
        return ""
    best = partition_words(order[0], str(stance["arms"].iloc[0]))
    place = order.index(ARTICLES) + 1
    return (
        f"Best balanced in stance: {best} against the rest; the swing leg alone is {place} of "
        f"{len(order)}"
    )


def _signs(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["level"] == "momentum"]
    pair = own[own[["first", "second"]].isin(["arms", "push_leg"]).all(axis=1)]
    if pair.empty or not np.isfinite(value := float(pair["cosine"].iloc[0])):
        return ""
    way = "against each other" if value < 0 else "together"
    return f"Arms and push leg turn {way} about the vertical (cosine {shown(value)})"


def _specifications(numbers: pd.DataFrame) -> str:
    known = numbers[numbers["estimate"].notna() & (numbers["gates"] == "passed")]
    several = known.groupby("hypothesis").filter(lambda own: len(own) > 1)
    if several.empty:
        return ""
    same = several.groupby("hypothesis")["verdict"].agg(lambda own: len(set(own)) == 1)
    return (
        f"{int(same.sum())} of {len(same)} verdicts are the same under every choice that passes "
        "its gates"
    )


def _sides(numbers: pd.DataFrame) -> str:
    means = ratio_means(numbers)
    push, swing = (powers_of_speed(means, f"{side}_index") for side in ("push", "swing"))
    if not (len(push) and len(swing)):
        return ""
    return (
        f"Joint moments of the swing side rise with speed to the power {shown(swing.mean())}, "
        f"those of the push side to {shown(push.mean())}"
    )


def _sprints(numbers: pd.DataFrame) -> str:
    changes = sprint_changes(numbers)["change"]
    if changes.empty:
        return ""
    way = "slower" if changes.mean() < 0 else "faster"
    size = shown(abs(float(changes.mean())), "m/s")
    who = "one athlete was" if len(changes) == 1 else f"{len(changes)} athletes were"
    return f"With restricted arms {who} {size} % {way}"


def _forces(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["quantity"] == "y"].groupby("line")["mean"].mean()
    push = sum(own.get(name, 0.0) for name in LOOKS if name.endswith("_push"))
    if MEASURED not in own:
        return ""
    share = 100.0 * push / own[MEASURED]
    return f"Joints of the push leg make {share:.0f} % of the upward force (contact model C2)"


def _work(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["quantity"] == "power"]
    if own["mean"].dropna().empty:
        return ""
    best = own.sort_values("mean", na_position="first").iloc[-1]
    joint, role = str(best["line"]).split("_")
    return f"The {joint} of the {role} leg has the largest power, {best['mean']:.0f} W/kg"


def _agreement(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["panel"] == "moment"]
    keys = ["participant_id", "trial_id"]
    effects = own[~own["what"].str.startswith("residual")].groupby(keys)["value"].min()
    before = own[own["what"] == "residual_before"].set_index(keys)["value"]
    share = (before / effects).dropna()
    if share.empty:
        return ""
    return (
        "Before the fit the residual is as large as the smallest effect in "
        f"{int((share >= 1.0).sum())} of {len(share)} trials"
    )


def _recording(numbers: pd.DataFrame) -> str:
    own = numbers[(numbers["what"] == "before") & numbers["limit"].notna()]
    if own.empty:
        return ""
    beyond = own[own["value"].abs() > own["limit"]]
    trials, bad = (
        part[["participant_id", "trial_id"]].drop_duplicates().shape[0] for part in (own, beyond)
    )
    return f"{trials - bad} of {trials} trials were recorded within all limits"


CLAIMS: dict[str, Callable[[pd.DataFrame], str]] = {
    "angular_momentum": _momentum,
    "hub_torques": _hub,
    "caused_rotation": _caused,
    "caused_force": _caused,
    "athletes": _athletes,
    "partition_ranking": _ranking,
    "partition_ranking_arms": _ranking,
    "sign_patterns": _signs,
    "specification_curve": _specifications,
    "side_ratio": _sides,
    "restricted_arms": _sprints,
    "ground_force_sources": _forces,
    "joint_work": _work,
    "agreement": _agreement,
    "recording_quality": _recording,
}
"""What makes the claim of a figure, by its name."""
