"""Strength of legs: errors of its tests, legs against each other, and changes over sessions.

Numbers of a leg are compared as natural logarithms of ratios (right over left, after over before):
0.10 is 10 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from aqbio.config import Strength
from aqbio.vectors import BoolArray, FloatArray

Role = Literal["push", "swing"]

ROLES: tuple[Role, ...] = ("push", "swing")

MEASURE = ["movement", "contraction", "angle_deg", "velocity_deg_s", "device"]
"""Columns that name tests which can be compared."""


def strength_tests(rows: Sequence[Strength]) -> pd.DataFrame:
    """Tests, one row per participant, session, side and `MEASURE`, from attempts.

    ``value`` is the mean of the ``attempts``, in ``unit``; ``error`` the standard error of its
    logarithm: the standard deviation of attempts' logarithms within tests, pooled over all tests of
    the movement and contraction (``error_df`` degrees of freedom), over the root of the number of
    attempts. NaN where no test of them was repeated. Errors from session to session, of the
    position of device and joint, are not in it. ``pain`` is what was noted, empty without any.
    """
    names = ["participant_id", "session", "side", *MEASURE, "unit", "role"]
    attempts: dict[tuple[object, ...], list[Strength]] = defaultdict(list)
    for row in rows:
        of_leg = (row.participant_id, row.session, row.side)
        attempts[*of_leg, *row.measure, row.si[1], row.role].append(row)
    squares: dict[tuple[str, str], float] = defaultdict(float)
    freedom: dict[tuple[str, str], int] = defaultdict(int)
    for of_test in attempts.values():
        logs = np.log([row.si[0] for row in of_test])
        kind = (of_test[0].movement, of_test[0].contraction)
        squares[kind] += float(((logs - logs.mean()) ** 2).sum())
        freedom[kind] += len(logs) - 1
    table = []
    for test, of_test in attempts.items():
        kind = (of_test[0].movement, of_test[0].contraction)
        df, count = freedom[kind], len(of_test)
        error = np.sqrt(squares[kind] / df / count) if df else np.nan
        pain = "; ".join(dict.fromkeys(row.pain for row in of_test if row.pain and row.hurt))
        value = float(np.mean([row.si[0] for row in of_test]))
        table.append((*test, value, count, error, df, pain))
    return pd.DataFrame(table, columns=[*names, "value", "attempts", "error", "error_df", "pain"])


def leg_ratios(tests: pd.DataFrame) -> pd.DataFrame:
    """Logarithm of right over left, of tests that both legs made in one session.

    Columns: participant_id, session, `MEASURE`, unit, role, ``left``, ``right``, ``ratio``,
    ``error`` (standard error of the ratio, of attempts that scatter independently), ``error_df``
    and ``pain`` (of either leg).
    """
    key = ["participant_id", "session", *MEASURE, "unit", "role"]
    rows = []
    for names, group in tests.groupby(key, dropna=False, sort=False):
        legs = {str(row["side"]): row for row in group.to_dict("records")}
        if not {"left", "right"} <= set(legs):
            continue
        left, right = legs["left"], legs["right"]
        pain = "; ".join(f"{side}: {leg['pain']}" for side, leg in legs.items() if leg["pain"])
        rows.append(
            dict(zip(key, names, strict=True))
            | {
                "left": left["value"],
                "right": right["value"],
                "ratio": float(np.log(right["value"] / left["value"])),
                "error": float(np.hypot(left["error"], right["error"])),
                "error_df": left["error_df"],
                "pain": pain,
            }
        )
    columns = [*key, "left", "right", "ratio", "error", "error_df", "pain"]
    return pd.DataFrame(rows, columns=columns)


def stated_of_legs(
    rows: Sequence[Strength], preferred: Mapping[str, str | None]
) -> dict[str, list[float]]:
    """Columns of evidence by athlete, in the order of ``preferred`` (legs by participant).

    ``preferred`` (1 the right leg, -1 the left one, NaN not stated); ``hurt`` (1: pain or an injury
    was noted, 0: none, NaN: not stated of every test).
    """
    return {
        "preferred": [
            {"right": 1.0, "left": -1.0}.get(str(leg), np.nan) for leg in preferred.values()
        ],
        "hurt": [_hurt(row.hurt for row in rows if row.participant_id == n) for n in preferred],
    }


def session_changes(tests: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Changes of the tests that a person made in two sessions, rows of two participants.

    ``side``, `MEASURE`, ``unit``, ``role``, values ``before`` and ``after``, ``change`` (logarithm
    of after over before), its standard ``error`` from both sessions' attempts, ``error_df``.
    """
    key = ["side", *MEASURE, "unit", "role"]
    sessions = (tests[tests["participant_id"] == name] for name in (first, last))
    earlier, later = (session[[*key, "value", "error", "error_df"]] for session in sessions)
    paired = earlier.merge(later, on=key, suffixes=("_before", "_after"))
    return paired[key].assign(
        before=paired["value_before"],
        after=paired["value_after"],
        change=np.log(paired["value_after"] / paired["value_before"]),
        error=np.hypot(paired["error_before"], paired["error_after"]),
        error_df=paired["error_df_before"],
    )


def gains_of_strength(
    rows: Sequence[Strength], sessions: Mapping[str, str | None]
) -> dict[str, list[float]]:
    """Columns of evidence on two sessions, by athlete in the order of ``sessions``.

    ``sessions``: the last session's participant of every first one's, None without another.
    ``<role>_gain``: mean logarithm of after over before of the role's tests, both legs;
    ``<role>_ratio_gain``: that of right legs less that of left ones; each with ``_error``, ``_df``
    and ``_per_day`` (`aqbio.stats.units`). NaN for who lacks a movement that others have.
    ``ever_hurt``: as ``hurt`` of `stated_of_legs`, of both sessions. ``lost_strength``,
    ``leg_lost_strength``: 1 where a side, or a leg, lost strength beyond `LOSS_SDS` standard
    errors: an injury, an illness or a pause weakens it and slows for itself, whether or not
    somebody noted it.
    """
    tests = strength_tests(rows)
    changes = {
        first: session_changes(tests, first, last)
        for first, last in sessions.items()
        if last is not None
    }
    columns: dict[str, list[float]] = {}
    for role in ROLES:
        of_role = {name: table[table["role"] == role] for name, table in changes.items()}
        movements = {movement for table in of_role.values() for movement in table["movement"]}
        for ending, reduce in (("gain", _mean_change), ("ratio_gain", _ratio_change)):
            numbers = []
            for name in sessions:
                table = of_role.get(name)
                if table is None or table.empty or set(table["movement"]) != movements:
                    numbers.append((np.nan, np.nan, 0.0, np.nan))
                else:
                    numbers.append((*reduce(table), np.sqrt(2.0 / len(table))))
            for column, suffix in enumerate(("", "_error", "_df", "_per_day")):
                columns[f"{role}_{ending}{suffix}"] = [number[column] for number in numbers]
    columns["ever_hurt"] = [
        _hurt(row.hurt for row in rows if row.participant_id in (first, last))
        for first, last in sessions.items()
    ]
    columns["lost_strength"] = [_lost(changes.get(name), ["role"]) for name in sessions]
    columns["leg_lost_strength"] = [_lost(changes.get(name), ["role", "side"]) for name in sessions]
    return columns


DAY_ERRORS = (0.033, 0.07)
"""Range of the relative standard error of measurement of a test of strength between days: six
movements of the hip, hand-held (Denton, Jones and Saunders 2014, Aust Med Stud J 5(1):66-70)."""

LOSS_SDS = 1.645
"""Standard errors below 0 from which a gain of strength is a loss (one-sided, 95 %)."""


def is_loss(change: FloatArray, error: FloatArray, tests: FloatArray | float) -> BoolArray:
    """Mark changes of strength that are losses; without repeated tests by `DAY_ERRORS`."""
    of_days = DAY_ERRORS[1] * np.sqrt(2.0 / tests)
    lost: BoolArray = change < -LOSS_SDS * np.where(np.isfinite(error), error, of_days)
    return lost


def _lost(changes: pd.DataFrame | None, parts: list[str]) -> float:
    """1 where some part of a person lost strength in the mean of its tests, otherwise 0."""
    if changes is None or changes.empty:
        return np.nan
    by_part = changes.assign(square=changes["error"] ** 2).groupby(parts)
    count = by_part.size()
    error = by_part["square"].sum(min_count=1).pow(0.5) / count
    change = by_part["change"].mean().to_numpy(dtype=float)
    tests = np.asarray(count, dtype=np.float64)
    lost = is_loss(change, error.to_numpy(dtype=float), tests)
    return float(lost.any())


def session_strengths(
    rows: Sequence[Strength], people: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Strengths of every participant who was tested: columns of sprints by participant.

    ``push_strength``, ``swing_strength``: geometric mean over both legs and the tests of the role
    that the person (``people``, by participant) made in every session with strengths; ``_error``
    (of its logarithm), ``_df``, ``_per_day`` (`aqbio.stats.units`); ``hurt``: `stated_of_legs`.
    """
    tests = strength_tests(rows)
    key = ["side", *MEASURE, "unit"]
    tests = tests.assign(person=tests["participant_id"].map(dict(people)))
    strengths: dict[str, dict[str, float]] = {}
    for role in ROLES:
        for _, of_person in tests[tests["role"] == role].groupby("person"):
            sessions = of_person["participant_id"].nunique()
            counts = of_person.groupby(key, dropna=False)["participant_id"].transform("nunique")
            for name, session in of_person[counts == sessions].groupby("participant_id"):
                error = np.sqrt((session["error"] ** 2).sum(skipna=False)) / len(session)
                strengths.setdefault(str(name), {}).update(
                    {
                        f"{role}_strength": float(np.exp(session["value"].map(np.log).mean())),
                        f"{role}_strength_error": float(error),
                        f"{role}_strength_df": float(session["error_df"].max()),
                        f"{role}_strength_per_day": 1.0 / float(np.sqrt(len(session))),
                    }
                )
    for name, columns in strengths.items():
        columns["hurt"] = _hurt(row.hurt for row in rows if row.participant_id == name)
    return strengths


def _mean_change(changes: pd.DataFrame) -> tuple[float, float, float]:
    """Mean change, its standard error and degrees of freedom."""
    error = float(np.sqrt((changes["error"] ** 2).sum(skipna=False)) / len(changes))
    return float(changes["change"].mean()), error, float(changes["error_df"].max())


def _ratio_change(changes: pd.DataFrame) -> tuple[float, float, float]:
    """Mean change of right legs less left ones over tests that both made; NaN without any."""
    key = [*MEASURE, "unit"]
    right, left = (changes[changes["side"] == side] for side in ("right", "left"))
    paired = right.merge(left, on=key, suffixes=("_right", "_left"))
    if paired.empty:
        return np.nan, np.nan, 0.0
    squares = (paired[["error_right", "error_left"]] ** 2).sum(axis=1, skipna=False)
    error = float(np.sqrt(squares.sum(skipna=False)) / len(paired))
    mean = float((paired["change_right"] - paired["change_left"]).mean())
    return mean, error, float(paired["error_df_right"].max())


def _hurt(notes: Iterable[bool | None]) -> float:
    """1 where a test has a note of pain, 0 where all say that there is none, NaN otherwise."""
    remarks = list(notes)
    if any(remarks):
        return 1.0
    return 0.0 if remarks and None not in remarks else np.nan


# legs in running ----------------------------------------------------------------------------------


def running_gains(steps: pd.DataFrame, later_steps: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """Change of the logarithm of right over left, of a leg's joint-moment index, by athlete.

    From the first session to the last, mean over speeds: of the push leg in its own contacts, of
    the swing leg in those of the other foot.
    """
    return {
        f"{role}_index_ratio_gain": running_ratio(later_steps, role) - running_ratio(steps, role)
        for role in ROLES
    }


def running_ratio(steps: pd.DataFrame, role: Role) -> pd.Series[float]:
    """Logarithm of right over left leg of its joint-moment index, mean over speeds, by athlete."""
    if steps.empty:
        return pd.Series(dtype=float)
    column = steps[f"{role}_index"].where(steps[f"{role}_index"] > 0).astype(float).map(np.log)
    keys = [steps["participant_id"].astype(str), steps["level"], steps["side"].astype(str)]
    means = column.groupby(keys).mean().unstack().reindex(columns=["left", "right"])  # noqa: PD010
    legs = means if role == "push" else means.set_axis(["right", "left"], axis=1)
    return (legs["right"] - legs["left"]).groupby(level=0).mean()
