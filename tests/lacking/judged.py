"""Whether an altered run is right, masked or refused with the true cause, or red."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from aqbio.gait.step_files import STEADY_SPEED_CHANGE
from aqbio.names import PARTLY, USABLE
from tests.lacking.alterations import Alteration
from tests.lacking.outcome import Outcome

NAME = ["level", "source", "target", "statistic", "phase", "axis", "unit"]
"""Columns that name a contribution of a step."""

OUTCOME = ["level", "source", "target", "axis"]

OF_THE_RUN = ("residual", "remainder")
"""Sources that say what a run leaves unexplained: no two runs need agree on them."""

ONE_OF_MANY = 3.29 / 1.96
"""Of thousands of contributions one in twenty lies outside its 95 % interval; one in a thousand is
outside this many half-widths. What steps.tsv states is held against the 95 %."""

RATES = {"exact": (0.0, 1.0), "interval": (0.05, ONE_OF_MANY), "contribution": (0.001, 2.0)}
"""Share of the numbers of a kind that may be outside, and by how many times: of right 95 %
intervals one in twenty."""

SAME_STANCE = 0.005
"""A stance whose begin and end are this far off has means of its own, s."""

ALTOGETHER = 1e6
"""By how much of its limit a side differs that is the other one, or a step that is none."""

GROSS = 3.0
"""Extremes and the like may differ by this many times what their outcome varies in the step."""

NEGLIGIBLE = {
    "kg m2/s": 0.1, "N m": 0.5, "N m s": 0.05, "N": 2.0, "N s": 0.2, "J": 0.5, "1": 0.005,
    "rad/s2": 1.0,
}  # fmt: skip
"""Differences that no reader would see, by unit: about a hundredth of what is reported."""

SAME_CONTACT = 0.06
"""Touchdowns within this are of the same contact, s."""

WITHIN = {
    "speed_mps": (0.0, 0.02),
    "step_frequency_hz": (0.0, 0.05),
    "step_length_m": (0.0, 0.05),
    "peak_vertical_force_bw": (0.02, 0.02),
    "mean_vertical_force_bw": (0.02, 0.02),
    "heading_change_deg": (1.0, 0.0),
    "lateral_force_bw": (0.03, 0.0),
    "mass_kg": (0.0, 0.02),
    "height_m": (0.0, 1e-9),
}
"""What numbers of a step without an interval may differ, in their unit and as a share."""

INSTANTS = ("touchdown_s", "toe_off_s", "next_touchdown_s")

TIMES = (*INSTANTS, "contact_s", "flight_s")
"""Columns whose error is ``contact_error_s``."""

EVENT = 0.010
"""Least of what an event may differ, s."""

CLAIMS = {"exchange": r"exchang|swap|ghost", "gap": r"fill the gaps", "mass": r"no body mass"}
"""Causes that are false wherever anything says them, in whatever part of a sentence, unless they
are true of the alteration or it names what was altered."""

BLAMES = {
    "delay": r"forces? (come|comes|are|is|seem)\b.*\b(late|early|later|earlier)\b|"
    r"\bclocks?\b.*\b(differ|apart|contradict|drift)",
    "filter": r"low-?passed|(were|was|are) (filtered|smoothed)",
    "sign": r"wrong sign|signs?\b.*\brevers|^the signs? of [^:]*\bflipped",
    "mirror": r"mirrored|left-handed",
    "rate": r"the rate is|by the fall|the header says .* Hz",
    "unit": r"unit\b.*\b(not|wrong)|\b10+ times\b|values are (in|of)",
    "frames": r"frames are lost|frame is written twice",
    "wear": r"\bwear markers|\bput markers",
    "person": r"another person|other person|two people|different people",
    "frozen": r"frozen|cop(y|ies) of",
}
"""The same in the first sentence of a warning or an error, which says what is wrong."""

NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Verdict:
    """What became of an alteration."""

    kind: str
    """right, masked, refused, doubted, unseen; or red: broken, outside, unnamed, false cause."""
    details: tuple[str, ...] = ()
    trials: frozenset[str] = frozenset()
    """Those with numbers that are off."""

    @property
    def red(self) -> bool:
        """Whether this must not happen."""
        return self.kind not in KINDS


KINDS = ("right", "masked", "refused", "doubted", "unseen")
"""What may happen. Doubted: numbers are off, but the cause is named and the trial called so;
unseen: numbers are off, and nothing in the recording shows why."""

OUTSIDE = "outside"
"""Numbers are off, and nothing says so."""


def verdict(sound: Outcome, altered: Outcome, alteration: Alteration, hidden: set[str]) -> Verdict:
    """Compare an altered run with the unaltered one, under every true shift of its trials' clocks.

    Forces whose lag was undone are on the clock of the markers, others on their own.
    """
    trial = dict(getattr(alteration, "parameters", ())).get("trial", "")
    moved = [trial] if trial in altered.trials else altered.trials
    verdicts = [
        _verdict(
            sound, _shifted(altered, dict(zip(moved, shifts, strict=True))), alteration, hidden
        )
        for shifts in product(alteration.shifts, repeat=len(moved))
    ]
    return min(
        verdicts,
        key=lambda candidate: (candidate.red, (*KINDS, candidate.kind).index(candidate.kind)),
    )


def _shifts_of(trials: Sequence[str], shifts: Sequence[float]) -> Iterator[dict[str, float]]:
    """Every way in which trials may be shifted."""
    for chosen in product(shifts, repeat=len(trials)):
        yield dict(zip(trials, chosen, strict=True))


def _shifted(altered: Outcome, shifts: Mapping[str, float]) -> Outcome:
    """The same with the steps of trials earlier by so many seconds."""
    if not any(shifts.values()) or not len(altered.steps):
        return altered
    by = altered.steps["trial_id"].map(shifts).fillna(0.0)
    instants = [name for name in INSTANTS if name in altered.steps]
    earlier = {name: altered.steps[name] - by for name in instants}
    return replace(altered, steps=altered.steps.assign(**earlier))


def _verdict(sound: Outcome, altered: Outcome, alteration: Alteration, hidden: set[str]) -> Verdict:
    if altered.broken:
        return Verdict("broken", tuple(altered.broken))
    new = _new(sound, altered)
    if false := _false(new, alteration, hidden):
        return Verdict("false cause", tuple(false))
    pairs, lost_steps, reasons = _pairs(sound.steps, altered)
    compared = _all_compared(sound, altered, pairs)
    finite = [item for item in compared if np.isfinite(item[1])]
    missing, count = len(compared) - len(finite), len(compared)
    outside = _outside(finite) + _invented(sound.steps, altered)
    if outside:
        share = f"{len(outside)} of {len(finite)} numbers, {missing} n/a"
        details = (share, *(f"{by:.1f} x: {text}" for by, text in outside))
        warned = _warned(new, alteration, hidden)
        doubted = bool(warned) and alteration.wounded and not _trusted(altered, finite)
        if doubted:
            return Verdict("doubted", (share, warned[0]))
        return Verdict(OUTSIDE, details, frozenset(text.split(" ")[0] for _, text in outside))
    if pairs and not lost_steps and not missing:
        return Verdict("right")
    naming = [
        text for text in (*(text for _, text in new), *reasons) if alteration.names(text, hidden)
    ]
    summary = f"{lost_steps} steps and {missing} of {count} numbers of {len(pairs)} steps are n/a"
    if not naming:
        return Verdict(
            "unnamed", (summary, *(text for severity, text in new if severity != "info"))
        )
    return Verdict("masked" if pairs else "refused", (summary, naming[0]))


def _all_compared(
    sound: Outcome, altered: Outcome, pairs: list[tuple[pd.Series, pd.Series]]
) -> list[tuple[str, float, str]]:
    """Every number of pairs of steps: its kind, by how much of its limit it differs, and words."""
    return [
        item
        for step, altered_step in pairs
        for item in _compared(sound, altered, step, altered_step)
    ]


def jumps(first: Outcome, second: Outcome, later: float, share: float = 1.0) -> list[str]:
    """What differs between two outcomes of one motion, whose clocks begin so many seconds apart.

    Numbers beyond their intervals, or beyond a share of each; numbers and steps that only one has.
    """
    instants = [name for name in INSTANTS if name in second.steps]
    shifted = second.steps.assign(**{name: second.steps[name] + later for name in instants})
    second = replace(second, steps=shifted)
    pairs, lost_steps, _ = _pairs(first.steps, second)
    compared = _all_compared(first, second, pairs)
    lost = [f"{text} is n/a" for _, by, text in compared if not np.isfinite(by)]
    finite = [item for item in compared if np.isfinite(item[1])]
    apart = _outside(finite) if share >= 1.0 else [(by, x) for _, by, x in finite if by > share]
    outside = sorted(apart, reverse=True) + _invented(first.steps, second)
    return (
        [f"{lost_steps} steps are lost"] * (lost_steps > 0)
        + lost
        + [f"{by:.3g} x: {text}" for by, text in outside]
    )


def _false(new: list[tuple[str, str]], alteration: Alteration, hidden: set[str]) -> list[str]:
    """Sentences that name a cause which is none."""
    sentences = []
    for severity, text in new:
        claims = [name for name, words in CLAIMS.items() if re.search(words, text)]
        if severity != "info":
            claims += [
                name for name, words in BLAMES.items() if re.search(words, _first_sentence(text))
            ]
        false = set(claims) - alteration.true
        plain = not alteration.true  # of what only lacks something any such word is false
        if false and ((plain and false & CLAIMS.keys()) or not alteration.names(text, hidden)):
            sentences.append(f"{', '.join(sorted(false))}: {text}")
    return sentences


def _warned(new: list[tuple[str, str]], alteration: Alteration, hidden: set[str]) -> list[str]:
    """Warnings and errors that name what was altered as what is wrong, not only among advice."""
    return [
        text
        for severity, text in new
        if severity != "info" and alteration.names(_first_sentence(text), hidden)
    ]


def _first_sentence(text: str) -> str:
    """First part of a finding's text, after its rule: what is wrong."""
    return text.split(" · ")[1] if " · " in text else text


def _trusted(altered: Outcome, finite: list[tuple[str, float, str]]) -> list[tuple[float, str]]:
    """What is outside of trials that are called usable all the same."""
    usable = [
        name for name in altered.trials if altered.states.get(name, USABLE) in (USABLE, PARTLY)
    ]
    return _outside([item for item in finite if item[2].split(" ")[0] in usable])


def _invented(sound: pd.DataFrame, altered: Outcome) -> list[tuple[float, str]]:
    """Steps of the altered run where the unaltered one has none, whole or rejected.

    Foot markers show contacts before the first plate and behind the last one too.
    """
    invented = []
    for _, step in _not_rejected(altered.steps).iterrows():
        sound_steps = sound[sound["trial_id"] == step["trial_id"]] if len(sound) else sound
        late = sound_steps["touchdown_s"] - step["touchdown_s"] if len(sound_steps) else np.zeros(0)
        beyond = np.all(late > SAME_CONTACT) or np.all(late < -SAME_CONTACT)
        if not np.any(np.abs(late) < SAME_CONTACT) and not (
            step.get("events") == "kinematic" and beyond and len(sound_steps)
        ):
            text = f"{step['trial_id']} {step['step']} at {step['touchdown_s']:.3f} s is no step"
            invented.append((ALTOGETHER, text))
    return invented


def _new(sound: Outcome, altered: Outcome) -> list[tuple[str, str]]:
    """What only the altered run says; numbers aside."""
    sound_texts = {NUMBER.sub("#", text) for _, text in sound.sentences}
    return [
        sentence
        for sentence in altered.sentences
        if NUMBER.sub("#", sentence[1]) not in sound_texts
    ]


def _not_rejected(steps: pd.DataFrame) -> pd.DataFrame:
    return steps[steps["status"] != "rejected"] if len(steps) else steps


def _pairs(
    sound: pd.DataFrame, altered: Outcome
) -> tuple[list[tuple[pd.Series, pd.Series]], int, list[str]]:
    """Steps of both, how many only the unaltered run has, and why the altered one lacks any."""
    pairs, lost_steps = [], 0
    for _, step in _not_rejected(sound[sound["trial_id"].isin(altered.trials)]).iterrows():
        candidates = altered.steps
        if len(candidates):
            late = (candidates["touchdown_s"] - step["touchdown_s"]).abs()
            candidates = candidates[
                (candidates["trial_id"] == step["trial_id"]) & (late < SAME_CONTACT)
            ]
        usable = _not_rejected(candidates)
        pairs += [(step, altered_step) for _, altered_step in usable.iterrows()]
        lost_steps += not len(usable)
    reasons = altered.steps["reason"].dropna().tolist() if len(altered.steps) else []
    return pairs, lost_steps, reasons


def _outside(finite: list[tuple[str, float, str]]) -> list[tuple[float, str]]:
    """What is outside of its limit, the farthest first, of kinds of which too much is."""
    outside = []
    for kind, (share, limit) in RATES.items():
        of_kind = [(by, text) for item_kind, by, text in finite if item_kind == kind]
        beyond = [item for item in of_kind if item[0] > 1.0]
        if len(beyond) > share * len(of_kind) or any(by > limit for by, _ in beyond):
            outside += beyond
    return sorted(outside, reverse=True)


def _compared(
    sound: Outcome, altered: Outcome, step: pd.Series, altered_step: pd.Series
) -> Iterator[tuple[str, float, str]]:
    """Kind of every number of a step, by how much of its limit it differs (NaN: n/a), and words."""
    label = f"{step['trial_id']} {step['step']}"
    numbers = [
        ("interval" if x[0].startswith("H_") else "exact", *x) for x in _numbers(step, altered_step)
    ]
    if step["side"] != altered_step["side"]:
        yield (
            "exact",
            ALTOGETHER,
            f"{label} is a {altered_step['side']} step for a {step['side']} one",
        )
    events = ["touchdown_s", "toe_off_s"]
    if (step[events] - altered_step[events]).abs().max() < SAME_STANCE:
        rows = _of(sound.rows, step), _of(altered.rows, altered_step)
        contributions = _contributions(
            *rows, float(step["contact_s"]), step["motion"] == altered_step["motion"]
        )
        numbers += [("contribution", *item) for item in contributions]
    for kind, name, (before, after, limit) in numbers:
        text = f"{label} {name} {after:.4g} for {before:.4g} ± {limit:.2g}"
        yield kind, abs(after - before) / max(limit, 1e-9), text


Compared = tuple[str, tuple[float, float, float]]
"""A number's name; its value before and after, and what it may differ."""


def _numbers(step: pd.Series, altered_step: pd.Series) -> Iterator[Compared]:
    """Numbers of steps.tsv."""
    times = EVENT + float(step["contact_error_s"]) + float(altered_step["contact_error_s"])
    for name in step.index:
        if name in TIMES:
            limit = times
        elif name == "speed_change_mps":  # it decides nothing but whether a step is steady
            limit = STEADY_SPEED_CHANGE * float(step["speed_mps"])
        elif name in WITHIN:
            absolute, share = WITHIN[name]
            if name == "mean_vertical_force_bw":  # over a contact that is this unsure
                share += float(altered_step["contact_error_s"]) / float(altered_step["contact_s"])
            limit = absolute + share * abs(float(step[name]))
        elif name.startswith("H_") and "_sd_" not in name:
            sd = name.replace("_mean_", "_mean_sd_")
            sd_before, sd_after = float(step[sd]), float(altered_step[sd])
            limit = 1.96 * float(
                np.nan_to_num(np.hypot(sd_before, sd_after if np.isfinite(sd_after) else sd_before))
            )
            limit = max(NEGLIGIBLE["kg m2/s"], limit)
        else:
            continue
        before = float(step[name])
        if np.isfinite(before):
            yield name, (before, float(altered_step[name]), limit)


def _of(rows: pd.DataFrame, step: pd.Series) -> pd.DataFrame:
    rows_of_step = rows[(rows["trial_id"] == step["trial_id"]) & (rows["step"] == step["step"])]
    return rows_of_step.set_index(NAME)


def _contributions(
    rows: pd.DataFrame, altered_rows: pd.DataFrame, contact: float, same_motion: bool
) -> Iterator[Compared]:
    """Contributions that say something of the person.

    What has no interval of its own (extremes, impulses, flight) is held against gross errors only;
    where the stance mean of its outcome is n/a nothing else of that stance may be there; the flight
    after it has frames of its own. Shares are quotients of forces that are compared.
    Trials without forces state no intervals: theirs are taken to be those of the unaltered run, and
    their extremes, of motions that no force made smooth, are not compared. Nor are extremes of a
    motion that is delivered as inverse kinematics has it with those of a fitted one: steps.tsv
    names it.
    """
    rows = rows[np.isfinite(rows["value"]) & ~rows.index.isin(OF_THE_RUN, level="source")]
    paired = rows.join(altered_rows[["value", "low", "high"]].add_suffix("_after"))
    has_interval = np.isfinite(paired["high"])
    bare = has_interval & np.isfinite(paired["value_after"]) & paired["high_after"].isna()
    paired = paired[has_interval | ~bare.groupby(level=OUTCOME).transform("any")]
    statistic = paired.index.get_level_values("statistic")
    extremes = statistic.str.endswith(("_min", "_max"))
    paired = paired[same_motion | ~extremes | np.isfinite(paired["high"])]
    paired = paired[paired.index.get_level_values("statistic") != "inertial_share"]
    unit = paired.index.get_level_values("unit")
    outcome = [paired.index.get_level_values(name) for name in OUTCOME]
    groups = [*outcome, unit.str.removesuffix(" s")]
    scale = np.where(unit.str.endswith(" s"), contact, 1.0)
    wide = paired["high"] - paired["low"]
    half = 0.5 * np.hypot(wide, (paired["high_after"] - paired["low_after"]).fillna(wide))
    varies = GROSS * (paired["value"] / scale).groupby(groups).transform(
        lambda values: values.max() - values.min()
    )
    widest = 2.0 * half.groupby(groups).transform("max").fillna(0.0)
    limit = (
        (ONE_OF_MANY * half)
        .fillna(scale * np.maximum(varies, widest))
        .clip(lower=unit.map(NEGLIGIBLE))
    )
    phase = paired.index.get_level_values("phase")
    unknown = (np.isfinite(paired["high"]) & paired["value_after"].isna()).groupby([*groups, phase])
    masked = unknown.transform("any") & np.isfinite(paired["value_after"])
    for name, before, after, tolerance in zip(
        paired.index, paired["value"], paired["value_after"], limit.mask(masked, 0.0), strict=True
    ):
        yield " ".join(map(str, name)), (float(before), float(after), float(tolerance))
