"""Whether an altered run is right, masked or refused with the true cause, or red."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.lacking.alterations import Alteration
from tests.lacking.outcome import Outcome

NAME = ["level", "source", "target", "statistic", "phase", "axis"]
"""Columns that name a contribution of a step."""

OUTCOME = ["level", "source", "target", "axis"]

STATED = 1.0
"""A value is inside where its difference is at most this many combined half-widths of the two 95 %
intervals."""

LEAST = {"kg m2/s": 0.1, "N m": 0.5, "N m s": 0.05, "N": 2.0, "J": 0.5}
"""Differences that no reader would see, by unit."""

SAME_CONTACT = 0.06
"""Touchdowns within this are of the same contact, s."""

WITHIN = {
    "speed_mps": (0.0, 0.02),
    "step_frequency_hz": (0.0, 0.05),
    "step_length_m": (0.0, 0.05),
    "peak_vertical_force_bw": (0.02, 0.02),
    "mean_vertical_force_bw": (0.02, 0.02),
    "speed_change_mps": (0.1, 0.0),
    "heading_change_deg": (1.0, 0.0),
    "lateral_force_bw": (0.03, 0.0),
    "mass_kg": (0.0, 0.02),
    "height_m": (0.0, 1e-9),
}
"""What numbers of a step without an interval may differ, in their unit and as a share."""

TIMES = ("touchdown_s", "toe_off_s", "next_touchdown_s", "contact_s", "flight_s")
"""Columns whose error is ``contact_error_s``."""

EVENT = 0.010
"""Least of what an event may differ, s."""

CHANGED = ("exchang", "swap", "ghost", "fill the gaps", "correct it there")
"""What was not done to a recording that only lacks something: where it is said, it is false."""

NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Verdict:
    """What became of an alteration."""

    kind: str
    """right, masked, refused; or red: broken, outside, unnamed, false cause."""
    details: tuple[str, ...] = ()

    @property
    def red(self) -> bool:
        """Whether this must not happen."""
        return self.kind not in ("right", "masked", "refused")


def verdict(sound: Outcome, altered: Outcome, alteration: Alteration, hidden: set[str]) -> Verdict:
    """Compare an altered run with the unaltered one.

    Parameters
    ----------
    hidden : set of str
        Labels that were taken away.
    """
    if altered.broken:
        return Verdict("broken", tuple(altered.broken))
    new = _new(sound, altered)
    if false := [text for _, text in new if any(word in text for word in CHANGED)]:
        return Verdict("false cause", tuple(false))
    pairs, lost = _pairs(sound.steps, altered)
    outside, missing, count = [], 0, 0
    for one, other in pairs:
        more, gone, number = _compared(sound, altered, one, other)
        outside += more
        missing += gone
        count += number
    if outside:
        outside.sort(key=lambda item: -item[0])
        share = f"{len(outside)} of {count - missing} numbers, {missing} n/a"
        return Verdict("outside", (share, *(f"{by:.1f} x: {text}" for by, text in outside)))
    if pairs and not lost and not missing:
        return Verdict("right")
    naming = [text for _, text in new if alteration.names(text, hidden)]
    what = f"{lost} steps and {missing} of {count} numbers of {len(pairs)} steps are n/a"
    if not naming:
        return Verdict("unnamed", (what, *(text for severity, text in new if severity != "info")))
    return Verdict("masked" if pairs else "refused", (what, naming[0]))


def _new(sound: Outcome, altered: Outcome) -> list[tuple[str, str]]:
    """What only the altered run says; numbers aside."""
    known = {NUMBER.sub("#", text) for _, text in sound.said}
    return [one for one in altered.said if NUMBER.sub("#", one[1]) not in known]


def _whole(steps: pd.DataFrame) -> pd.DataFrame:
    return steps[steps["status"] == "ok"] if len(steps) else steps


def _pairs(sound: pd.DataFrame, altered: Outcome) -> tuple[list[tuple[pd.Series, ...]], int]:
    """Steps of both, and how many of the trials that are left the altered run has not."""
    pairs = []
    ours, theirs = _whole(sound[sound["trial_id"].isin(altered.trials)]), _whole(altered.steps)
    for _, one in theirs.iterrows():
        same = ours[ours["trial_id"] == one["trial_id"]]
        apart = (same["touchdown_fitted_s"] - one["touchdown_fitted_s"]).abs()
        if len(apart) and apart.min() < SAME_CONTACT:
            pairs.append((same.loc[apart.idxmin()], one))
    return pairs, len(ours) - len(pairs)


def _compared(
    sound: Outcome, altered: Outcome, one: pd.Series, other: pd.Series
) -> tuple[list[tuple[float, str]], int, int]:
    """Numbers of a step that are outside, by how much, how many are n/a, and how many there are."""
    place = f"{one['trial_id']} {one['step']}"
    found = list(_numbers(one, other))
    found += list(_contributions(_of(sound.rows, one), _of(altered.rows, other)))
    outside, gone = [], 0
    for name, (before, after, limit) in found:
        if not np.isfinite(after):
            gone += 1
        elif abs(after - before) > limit:
            by = abs(after - before) / limit
            outside.append((by, f"{place} {name} {after:.4g} for {before:.4g} ± {limit:.2g}"))
    return outside, gone, len(found)


Compared = tuple[str, tuple[float, float, float]]
"""A number's name; its value before and after, and what it may differ."""


def _numbers(one: pd.Series, other: pd.Series) -> Iterator[Compared]:
    """Numbers of steps.tsv."""
    times = EVENT + float(one["contact_error_s"]) + float(other["contact_error_s"])
    for name in one.index:
        if name in TIMES:
            limit = times
        elif name in WITHIN:
            absolute, share = WITHIN[name]
            limit = absolute + share * abs(float(one[name]))
        elif name.startswith("H_") and "_sd_" not in name:
            sd = name.replace("_mean_", "_mean_sd_")
            limit = max(LEAST["kg m2/s"], 1.96 * np.hypot(float(one[sd]), float(other[sd])))
        else:
            continue
        before = float(one[name])
        if np.isfinite(before):
            yield name, (before, float(other[name]), limit)


def _of(rows: pd.DataFrame, step: pd.Series) -> pd.DataFrame:
    own = rows[(rows["trial_id"] == step["trial_id"]) & (rows["step"] == step["step"])]
    return own.set_index(NAME)


def _contributions(one: pd.DataFrame, other: pd.DataFrame) -> Iterator[Compared]:
    """Contributions with an interval, of both runs."""
    both = one.join(other, rsuffix="_other", how="left")
    both = both[np.isfinite(both["value"])]
    half = 0.5 * np.hypot(both["high"] - both["low"], both["high_other"] - both["low_other"])
    half = half.where(np.isfinite(half), 0.5 * (both["high"] - both["low"]))
    widest = half.groupby(level=OUTCOME).transform("max")
    limit = half.where(np.isfinite(half), 2.0 * widest)
    least = both["unit"].map(LEAST).fillna(0.0)
    limit = np.maximum(limit, least).where(np.isfinite(limit), np.inf)
    for name, before, after, own in zip(
        both.index, both["value"], both["value_other"], limit, strict=True
    ):
        yield " ".join(map(str, name)), (float(before), float(after), float(own))
