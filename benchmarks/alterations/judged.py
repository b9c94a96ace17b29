"""Whether an altered run is right, masked or refused with the true cause, or wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from benchmarks.alterations.planted import Planted
from benchmarks.alterations.runs import Outcome, Said

Verdict = Literal[
    "right", "named", "masked", "refused",
    "silent", "false reason", "computed", "false alarm", "crash",
]  # fmt: skip
WRONG = ("silent", "false reason", "computed", "false alarm", "crash")
"""Verdicts that are not to happen."""

MEAN = re.compile(r"H_.+_stance_mean_kgm2ps")
DEVIATIONS, MOMENTUM, EVENT, SPEED = 2.0, 0.1, 0.010, 0.03
"""Combined standard deviations, kg m²/s, s, and of the speed: what a difference has to exceed."""
EDGE = 0.03
"""A step that ends or begins this near to a cut may be missing, s."""
SAME_CONTACT = 0.06
"""Touchdowns within this are of the same contact, s."""
NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")
CHANGED = 0.2
"""A finding that the sound run has, too, says something new if a number differs by this share."""


@dataclass(frozen=True)
class Judgement:
    """What became of an altered study.

    Attributes
    ----------
    verdict : Verdict
        ``named``: the result differs and a finding names the cause. ``computed``: it does, but what
        differs was not recorded. ``false alarm``: a harmless alteration changed something.
    differences : tuple of str
        The largest ones first.
    missing : str
        What the sound run has and the altered one has not.
    naming, others : tuple of Said
        New findings that name the cause, and other new warnings and errors.
    late : bool
        Refused from facts in files that `aqbio check` did not tell.
    """

    verdict: Verdict
    differences: tuple[str, ...]
    missing: str
    naming: tuple[Said, ...]
    others: tuple[Said, ...]
    late: bool

    @property
    def wrong(self) -> bool:
        """Whether this must not happen."""
        return self.verdict in WRONG or self.late


def judgement(sound: Outcome, altered: Outcome, planted: Planted) -> Judgement:
    """Compare an altered run with the sound one.

    Parameters
    ----------
    sound, altered : Outcome
    planted : Planted
    """
    differences, lost, expected = compared(sound.steps, altered.steps, planted)
    new = new_findings(sound.said, altered.said)
    naming = tuple(one for one in new if names_cause(one, planted))
    others = tuple(one for one in new if one not in naming and gives_a_cause(one))
    missing = f"{lost[0]} of {expected} steps" if lost[0] else ""
    missing += f"{', ' if missing else ''}{lost[1]} values" if lost[1] else ""
    verdict = _verdict(altered, planted, differences, lost, expected, naming, others)
    said_first = any(one.place == "check" for one in naming)
    late = verdict == "refused" and planted.foreseen and not said_first
    return Judgement(verdict, differences, missing, naming, others, late)


def _verdict(
    altered: Outcome,
    planted: Planted,
    differences: tuple[str, ...],
    lost: tuple[int, int],
    expected: int,
    naming: tuple[Said, ...],
    others: tuple[Said, ...],
) -> Verdict:
    """The outcome; information alone names a cause only where nothing wrong is left."""
    if altered.crash:
        return "crash"
    if not differences and not any(lost):
        return "right"
    if planted.harmless:
        return "false alarm"
    loud = [one for one in naming if one.severity != "info"]
    if differences:
        return "false reason" if others and not loud else _differing(planted, differences, loud)
    if not naming and planted.quiet:
        return "masked"
    if not naming:
        return "false reason" if others else "silent"
    return "refused" if lost[0] == expected else "masked"


def _differing(planted: Planted, differences: tuple[str, ...], loud: Sequence[Said]) -> Verdict:
    """What differs may be named, unless it hangs on something that was not recorded."""
    if not loud:
        return "silent"
    hanging = [one for one in differences if any(f" H_{group}_" in one for group in planted.gone)]
    return "computed" if hanging else "named"


def gives_a_cause(said: Said) -> bool:
    """Whether a reader would take it for the reason: steps only say what they lack."""
    return said.severity != "info" and said.place != "steps.tsv"


def names_cause(said: Said, planted: Planted) -> bool:
    """Whether the words name what was planted."""
    return any(re.search(name, said.text, re.IGNORECASE | re.DOTALL) for name in planted.names)


def new_findings(sound: tuple[Said, ...], altered: tuple[Said, ...]) -> tuple[Said, ...]:
    """What the sound run did not say, or said with other numbers."""
    return tuple(one for one in altered if not any(_alike(one, known) for known in sound))


def _numbers(text: str) -> list[float]:
    return [float(one.replace("−", "-")) for one in NUMBER.findall(text)]


def _alike(one: Said, other: Said) -> bool:
    """The same words about the same step, and about the same numbers."""
    if NUMBER.sub("#", one.text) != NUMBER.sub("#", other.text):
        return False
    pairs = zip(_numbers(one.text), _numbers(other.text), strict=True)
    near = all(abs(a - b) <= CHANGED * max(abs(a), abs(b)) for a, b in pairs)
    return near and abs(one.at - other.at) < SAME_CONTACT


def compared(
    sound: pd.DataFrame, altered: pd.DataFrame, planted: Planted
) -> tuple[tuple[str, ...], tuple[int, int], int]:
    """Differences of the steps that both have, and what the altered run has not.

    Returns
    -------
    differences : tuple of str
    lost : (steps, values)
    expected : int
        Steps that the alteration left whole.
    """
    start, stop = planted.window
    whole = _kept(sound)
    if len(whole):
        inside = (whole["touchdown_fitted_s"] > start + EDGE) & (
            whole["next_touchdown_fitted_s"] < stop - EDGE
        )
        whole = whole[inside]
    best: tuple[list[str], int, int] | None = None
    for trial_steps in _by_trial(_kept(altered)):
        for shift in planted.shifts:
            one = _matched(_kept(sound), whole, trial_steps, shift)
            if best is None or (one[1], len(one[0])) < (best[1], len(best[0])):
                best = one
    if best is None:
        return (), (len(whole), 0), len(whole)
    return tuple(best[0]), (best[1], best[2]), len(whole)


def _kept(steps: pd.DataFrame) -> pd.DataFrame:
    return steps[steps["status"] == "ok"] if len(steps) else steps


def _by_trial(steps: pd.DataFrame) -> list[pd.DataFrame]:
    """Steps of the run; of every trial where there are several."""
    return [own for _, own in steps.groupby("trial_id")] if len(steps) else []


def _matched(
    every: pd.DataFrame, expected: pd.DataFrame, altered: pd.DataFrame, shift: float
) -> tuple[list[str], int, int]:
    """Differences, lost steps and lost values for one shift of the clock."""
    differences: list[tuple[float, str]] = []
    found, values = set(), 0
    for _, own in altered.iterrows():
        at = float(own["touchdown_fitted_s"]) + shift
        apart = (every["touchdown_fitted_s"] - at).abs()
        if not len(apart) or apart.min() > SAME_CONTACT:
            differences.append((np.inf, f"a step at {at:.3f} s that the sound run has not"))
            continue
        place = apart.idxmin()
        found.add(place)
        more, lost = _step_differences(every.loc[place], own, shift)
        differences += more
        values += lost
    ranked = [text for _, text in sorted(differences, key=lambda one: -one[0])]
    return ranked, len(set(expected.index) - found), values


def _step_differences(
    sound: pd.Series, own: pd.Series, shift: float
) -> tuple[list[tuple[float, str]], int]:
    """How one step differs, by weight, and how many of its values are missing."""
    found: list[tuple[float, str]] = []
    name = f"step {sound['step']}"
    if sound["side"] != own["side"]:
        found.append((np.inf, f"{name} {own['side']} for {sound['side']}"))
    for event in ("touchdown_fitted_s", "toe_off_fitted_s"):
        late = float(own[event]) + shift - float(sound[event])
        if abs(late) > EVENT:
            found.append((abs(late) / EVENT, f"{name} {event[:-2]} {1000 * late:+.0f} ms"))
    speed = float(own["speed_mps"]) / float(sound["speed_mps"]) - 1.0
    if abs(speed) > SPEED:
        found.append((abs(speed) / SPEED, f"{name} speed {100 * speed:+.0f} %"))
    lost = 0
    for column in (one for one in sound.index if MEAN.fullmatch(one)):
        pair = float(sound[column]), float(own.get(column, np.nan))
        if np.isfinite(pair[0]) and not np.isfinite(pair[1]):
            lost += 1
        spread = column.replace("_mean_kgm2ps", "_mean_motion_sd_kgm2ps")
        combined = np.hypot(_known(sound, spread), _known(own, spread))
        limit = max(DEVIATIONS * combined, MOMENTUM)
        if abs(pair[1] - pair[0]) > limit:
            group = column.removesuffix("_stance_mean_kgm2ps")
            words = f"{name} {group} {pair[1]:.2f} for {pair[0]:.2f}"
            found.append((abs(pair[1] - pair[0]) / limit, words))
    return found, lost


def _known(row: pd.Series, column: str) -> float:
    """A standard deviation; nothing where the run gives none."""
    value = float(row.get(column, np.nan))
    return value if np.isfinite(value) else 0.0
