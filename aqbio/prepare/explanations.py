"""Explanations of a recording that compete: redundant statements, faults, and their search.

What a recording states (signs, units, clocks, places, labels) physics and anatomy make redundant.
What is wrong with it is the explanation that, undone, makes its statements agree best, at the price
of its rarity; "sound" is one of them. Explanations that are near each other are undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from aqbio.vectors import FloatArray

Recorded = TypeVar("Recorded")

MIN_LOG_ODDS = 3.0
"""An explanation that leaves nothing unusual is told from another one that is this much less
probable (natural logarithm)."""

MAX_USUAL_RATIO = 5.0
"""Sizes up to this multiple of the usual one are parameters of a laboratory, and no faults."""

MAX_OBSERVATIONS = 24.0
"""Independent observations that one redundancy counts for, at most: what the scales of a few people
leave open is the same in all windows of a long trial."""


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Size that a redundant statement's disagreement has in recordings of people."""

    scale: float
    """In sound recordings: root mean square over people, in its own unit."""
    strange: float
    """In recordings whose parts do not belong together."""
    observations: float
    """Independent observations in each of its values."""


Scales = Mapping[str, Redundancy]
"""Redundancies by name."""


@cache
def _people() -> Mapping[str, tuple[FloatArray, FloatArray]]:
    """Speeds (2R,), m/s, and scale, strange and observations there (2R, 3), by redundancy."""
    text = files("aqbio.prepare").joinpath("redundancies.tsv").read_text(encoding="utf-8")
    table = pd.read_csv(StringIO(text), sep="\t", comment="#")
    return {
        str(name): (
            rows[["from_mps", "to_mps"]].to_numpy().ravel(),
            np.repeat(rows[["scale", "strange", "observations"]].to_numpy(), 2, axis=0),
        )
        for name, rows in table.groupby("redundancy", sort=False)
    }


@cache
def people_scales(speed: float) -> Scales:
    """Scales over people who move at a speed, m/s; those of the fastest where that is not known."""
    return {name: people_scale(name, speed) for name in _people()}


@cache
def people_scale(name: str, speed: float) -> Redundancy:
    """One of them; between the speeds of people, logarithms of scales are interpolated."""
    speeds, sizes = _people()[name]
    at = speed if np.isfinite(speed) else float(speeds[-2])
    scale, strange = (float(np.exp(np.interp(at, speeds, np.log(x)))) for x in sizes.T[:2])
    return Redundancy(scale, strange, float(np.interp(at, speeds, sizes[:, 2])))


def kind_of(name: str) -> str:
    """Kind of a redundancy, without its plate and recording."""
    return name.partition(" of ")[0].rstrip("0123456789 ")


Disagreements = Mapping[str, FloatArray]
"""Sizes of disagreement by redundancy, (W,) each: in W windows, contacts or plates."""


ALL = "all"
"""Scope of a fault that is not confined."""

NOTHING: Disagreements = MappingProxyType({})


def improbability(
    disagreements: Disagreements, scales: Scales, observed: Disagreements = NOTHING
) -> float:
    """Negative logarithm of the probability of disagreements, up to a constant.

    ``Σ n/2 log(1 + (r/σ)²)`` with n observations in every value. What hides evidence explains
    nothing: where fewer values are left than were ``observed``, the others are as large as the
    largest of those, and where none is left, as those of parts that do not belong together.
    """
    names = [*dict.fromkeys((*disagreements, *observed))]  # in one order: sums round
    if not names:
        return 0.0
    sizes = [
        _with_hidden(disagreements.get(name, NO_SIZES), observed.get(name, NO_SIZES), scales[name])
        for name in names
    ]
    counts = [len(values) for values in sizes]
    usual = np.repeat([scales[name].scale for name in names], counts)
    logs = np.log1p((np.concatenate(sizes) / usual) ** 2)
    total, start = 0.0, 0
    for name, count in zip(names, counts, strict=True):
        weight = min(scales[name].observations, MAX_OBSERVATIONS / count)
        of_name = logs[start : start + count].sum() if count > 1 else logs[start]
        total += 0.5 * weight * float(of_name)
        start += count
    return total


NO_SIZES = np.zeros(0)


def _with_hidden(values: FloatArray, before: FloatArray, redundancy: Redundancy) -> FloatArray:
    """Sizes of disagreement, with those that are hidden of the ones ``before``."""
    if not len(values):
        return np.full(len(before), redundancy.strange)
    if len(values) < len(before):
        return np.append(values, np.sort(before)[len(values) :])
    return values


def excess(disagreements: Disagreements, scales: Scales) -> float:
    """Improbability of disagreements beyond that of usual ones: what undoing faults may gain."""
    usual = {name: np.full(len(x), scales[name].scale) for name, x in disagreements.items()}
    larger = {name: np.maximum(x, usual[name]) for name, x in disagreements.items()}
    return improbability(larger, scales) - improbability(usual, scales)


def strangeness(disagreements: Disagreements, scales: Scales) -> float:
    """Excess of improbability of disagreements beyond those of any sound recording.

    As `MAX_USUAL_RATIO` times the usual ones are: they are not of one recording.
    """
    wide = {
        name: replace(scales[name], scale=MAX_USUAL_RATIO * scales[name].scale)
        for name in disagreements
    }
    return excess(disagreements, wide)


def touched(before: Disagreements, after: Disagreements) -> Disagreements:
    """What disagrees after a fault is undone, of the redundancies that this changes."""
    return {
        name: values
        for name, values in after.items()
        if len(values) != len(before.get(name, ())) or not np.allclose(values, before[name])
    }


def created(before: Disagreements, after: Disagreements, scales: Scales) -> float:
    """Excess of improbability in what disagrees more than before: nothing, of a fault undone."""
    shared = [name for name in before if len(before[name]) and len(after.get(name, ()))]
    return sum(
        max(excess({name: after[name]}, scales) - excess({name: before[name]}, scales), 0.0)
        for name in shared
    )


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes that a fault may have."""

    grid: tuple[float, ...]
    """Sizes that are tried; between neighbours of the best one it is refined."""
    usual: float
    """Scale of the sizes that sound recordings have: a parameter of every laboratory."""
    unit: str
    far_excess: float = float("inf")
    """Excess of a recording from which on the whole grid is tried, wherever the slope at none of it
    leads: evidence may have several valleys over the sizes."""

    @property
    def near(self) -> tuple[float, ...]:
        """The grid thinned out to where the slope at none leads, and as far as any size."""
        beyond = self.most_usual
        far = tuple(size for size in self.grid[::4] if abs(size) > 2.0 * beyond)
        return tuple(sorted((*far, -2.0 * beyond, -beyond, 0.0, beyond, 2.0 * beyond)))

    told_from: float = 0.0
    """Largest size that sound recordings have, where that is less than they are priced for; 0 where
    it is not."""

    @property
    def most_usual(self) -> float:
        """Sizes beyond this one are faults."""
        return self.told_from or MAX_USUAL_RATIO * self.usual

    written: str = ""
    """Unit in which people write them; the same if empty."""
    to_written: Callable[[float], float] = float
    from_written: Callable[[float], float] = float
    """to_written, from_written: A size as people write it, and back."""
    apparent: float = 0.0
    """Size that sound recordings seem to have, though they have none: root mean square over people.
    It is part of the error of every size."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Recorded]):
    """A fault at one scope, as it is tried on a recording."""

    fault: str
    """Name of its row in the table of faults."""
    scope: str
    """All, or what it is confined to, in words."""
    rarity: float
    """Logarithm of how much rarer it is than no fault."""
    undo: Callable[[Recorded, float], Recorded]
    """The recording without the fault of some size."""
    sizes: Sizes | None = None
    """None of a fault that has no size."""
    shows: frozenset[str] = frozenset()
    """Redundancies in which it shows; in any if empty."""
    freed: float = 0.0
    """Part of the rarity: improbability of values that undoing it takes out of the comparison."""

    def may_explain(self, left: Disagreements, scales: Scales) -> bool:
        """Tell whether more disagrees than it is rare, and where it shows enough to be accepted.

        A fault of one plate makes its own loads disagree more than is usual; one of all may make
        all disagree as much as is usual, where nothing else does.
        """
        shown = {name: x for name, x in left.items() if not self.shows or name in self.shows}
        if self.scope != ALL:
            return excess(shown, scales) > self.rarity - self.freed
        return (
            excess(left, scales) > self.rarity
            and improbability(shown, scales) > self.rarity + MIN_LOG_ODDS
        )


@dataclass(frozen=True, slots=True)
class Suspect(Generic[Recorded]):
    """A candidate with the size that explains a recording best."""

    candidate: Candidate[Recorded]
    size: float
    """NaN of a fault that has no size."""
    sd: float
    """Standard deviation of the size; NaN without one."""

    @property
    def is_usual(self) -> bool:
        """Tell whether sound recordings have its size too: a parameter, and no fault."""
        sizes = self.candidate.sizes
        return sizes is not None and abs(self.size) <= sizes.most_usual

    @property
    def price(self) -> float:
        """Logarithm of how much rarer its size is than a small one, in laboratories."""
        sizes = self.candidate.sizes
        return 0.0 if sizes is None else float(np.log1p((self.size / sizes.usual) ** 2))

    @property
    def name(self) -> str:
        """Fault and scope, as they tell explanations apart."""
        return f"{self.candidate.fault} {self.candidate.scope}".strip()


@dataclass(frozen=True, slots=True)
class Explanation(Generic[Recorded]):
    """Faults that are undone, and how improbable the rest remains."""

    suspects: tuple[Suspect[Recorded], ...]
    improbability: float
    """Of what is left, with the rarity of the faults."""
    clear: float = MIN_LOG_ODDS
    """It is told from another one that is so much less probable."""

    @property
    def name(self) -> str:
        """Names of the faults, ``sound`` without any."""
        return " and ".join(sorted(suspect.name for suspect in self.suspects)) or "sound"

    @property
    def unusual(self) -> tuple[Suspect[Recorded], ...]:
        """The faults, those of usual sizes left out."""
        return tuple(suspect for suspect in self.suspects if not suspect.is_usual)

    @property
    def faults(self) -> frozenset[str]:
        """Names of the unusual ones."""
        return frozenset(suspect.name for suspect in self.unusual)

    def is_told_from(self, other: Explanation[Recorded]) -> bool:
        """Tell whether another one is clearly less probable.

        Of the same faults of all or of some, rarity alone may decide: what is left bears on both.
        """
        same = sorted(x.candidate.fault for x in self.suspects) == sorted(
            x.candidate.fault for x in other.suspects
        )
        of_all = same and all(x.candidate.scope == ALL for x in self.suspects)
        least = MIN_LOG_ODDS if of_all else self.clear
        return other.improbability >= self.improbability + least

    def undoes(self, candidate: Candidate[Recorded]) -> bool:
        """Tell whether the same fault of the same scope is undone already."""
        return any(
            (x.candidate.fault, x.candidate.scope) == (candidate.fault, candidate.scope)
            for x in self.suspects
        )

    def undone(self, recorded: Recorded) -> Recorded:
        """The recording without the faults."""
        for suspect in self.suspects:
            recorded = suspect.candidate.undo(recorded, suspect.size)
        return recorded


MAX_LEFT = 10.0
MAX_LEFT_SHARE = 0.1
"""MAX_LEFT, MAX_LEFT_SHARE: Excess of improbability that an explanation may leave, and share of
what there was: what leaves more must gain more than it leaves. By this share of what it does leave,
its difference from others counts less: disagreements that nothing explains bear on it too."""

MAX_CREATED_SHARE = 0.25
"""Share of its gain that an explanation may make disagree: what a fault hid is seen without it."""

CLEAR_GAIN = 6.0
"""Gain from which on an explanation that leaves too much shows that something is wrong; faults of
sizes that laboratories do not have gain at most 3.7 in 39 sound runs of 10 people. What is left may
be as strange as that: 1.8 at most in 44 sound runs of 7 people, 5 to 53 where the forces are those
of another run (46 pairs, but for two of one virtual person at one speed)."""

MAX_FAULTS = 2
"""Faults of one recording that are looked for at once."""


def search(
    recorded: Recorded,
    evidence: Callable[[Recorded], Disagreements],
    candidates: Callable[[Recorded], Iterable[Candidate[Recorded]]],
    scales: Scales,
) -> list[Explanation[Recorded]]:
    """Explanations of a recording, the accepted one first; "sound" is among them.

    Nothing is tried on a recording whose disagreements are usual. A second fault is looked for in
    what the best explanations with one leave, all that are not told apart; each must make the
    recording clearly more probable, and what they leave of what they touch must be usual, or less
    than what they gain, and nothing may disagree only then: otherwise "sound" is accepted. What
    makes something else disagree is a rival of another fault, and no reason to doubt "sound".
    """
    observed = evidence(recorded)
    sound: Explanation[Recorded] = Explanation((), improbability(observed, scales))
    most_left = MAX_LEFT + MAX_LEFT_SHARE * excess(observed, scales)
    explanations, accepted, best = [sound], sound, sound
    trials = [_Trial(recorded, sound, evidence, scales, observed, observed)]
    for _ in range(MAX_FAULTS):
        more = [x for trial in trials for x in trial.with_one_more(candidates)]
        explanations += more
        better = [x for x in more if x.improbability < best.improbability - MIN_LOG_ODDS]
        if not better:
            break
        best = min(better, key=lambda x: x.improbability)
        left, gain = evidence(best.undone(recorded)), sound.improbability - best.improbability
        best = replace(best, clear=MIN_LOG_ODDS + MAX_LEFT_SHARE * excess(left, scales))
        is_little = excess(touched(observed, left), scales) <= max(most_left, gain)
        if is_little and _hides_nothing(observed, left, gain, scales):
            accepted = best
        undone = [(x, x.undone(recorded)) for x in more if not best.is_told_from(x)]
        trials = [_Trial(y, x, evidence, scales, observed, evidence(y)) for x, y in undone]
    others = [x for x in explanations if x.suspects != accepted.suspects]
    if accepted is sound:
        others = [
            x for x in others
            if (gain := sound.improbability - x.improbability) < MIN_LOG_ODDS
            or _hides_nothing(observed, evidence(x.undone(recorded)), gain, scales)
        ]  # fmt: skip
    return [accepted, *sorted(others, key=lambda x: x.improbability)]


def _hides_nothing(
    observed: Disagreements, left: Disagreements, gain: float, scales: Scales
) -> bool:
    """Tell whether next to nothing disagrees only after an explanation was undone."""
    return created(observed, left, scales) <= max(CLEAR_GAIN, MAX_CREATED_SHARE * gain)


@dataclass(eq=False)
class _Trial(Generic[Recorded]):
    """Trial of candidates on a recording from which the faults before are undone."""

    recorded: Recorded
    before: Explanation[Recorded]
    evidence: Callable[[Recorded], Disagreements]
    scales: Scales
    observed: Disagreements
    left: Disagreements

    def with_one_more(
        self, candidates: Callable[[Recorded], Iterable[Candidate[Recorded]]]
    ) -> list[Explanation[Recorded]]:
        """Explanations with one fault more."""
        tried = (
            self.of(candidate)
            for candidate in candidates(self.recorded)
            if not self.before.undoes(candidate) and candidate.may_explain(self.left, self.scales)
        )
        return [explanation for explanation in tried if explanation is not None]

    def value(self, candidate: Candidate[Recorded], size: float) -> float:
        """Improbability after a fault of some size is undone; rarity and its price included."""
        undone = candidate.undo(self.recorded, size)
        total = improbability(self.evidence(undone), self.scales, self.observed) + candidate.rarity
        total += sum(suspect.candidate.rarity for suspect in self.before.suspects)
        suspects = (Suspect(candidate, size, float("nan")), *self.before.suspects)
        return total + sum(suspect.price for suspect in suspects)

    def of(self, candidate: Candidate[Recorded]) -> Explanation[Recorded] | None:
        """The explanation with a candidate of its best size; None where none is better."""
        sizes = candidate.sizes
        if sizes is None:
            size = sd = float("nan")
            suspects = (*self.before.suspects, Suspect(candidate, size, sd))
            return Explanation(suspects, self.value(candidate, size))
        least = self.before.improbability + candidate.rarity
        if excess(self.left, self.scales) < sizes.far_excess:
            ways = (-1.0, 1.0)
            if not any(self.value(candidate, way * sizes.usual) < least for way in ways):
                return None
            sizes = replace(sizes, grid=sizes.near)
        values = [self.value(candidate, size) for size in sizes.grid]
        if not min(values) < self.before.improbability:  # a finer size gains no more than a little
            return None
        size, left, sd = _best_size(lambda x: self.value(candidate, x), sizes, values)
        return Explanation((*self.before.suspects, Suspect(candidate, size, sd)), left)


def with_best_size(
    recorded: Recorded,
    candidate: Candidate[Recorded],
    evidence: Callable[[Recorded], Disagreements],
    scales: Scales,
) -> Suspect[Recorded]:
    """A fault that is known, with the size that explains a recording best."""
    if candidate.sizes is None:
        return Suspect(candidate, float("nan"), float("nan"))
    observed = evidence(recorded)
    trial = _Trial(recorded, Explanation((), 0.0), evidence, scales, observed, observed)
    values = [trial.value(candidate, size) for size in candidate.sizes.grid]
    size, _, sd = _best_size(lambda x: trial.value(candidate, x), candidate.sizes, values)
    return Suspect(candidate, size, sd)


def _best_size(
    total: Callable[[float], float], sizes: Sizes, values: Sequence[float]
) -> tuple[float, float, float]:
    """Size of the least improbability, that, and its standard deviation; ``values`` at the grid.

    Sizes that sound recordings have are part of the standard deviation: of the laboratory, and of
    what the redundancies take for one.
    """
    at = int(np.argmin(values))
    low, high = (sizes.grid[min(max(at + way, 0), len(values) - 1)] for way in (-1, 1))
    refined = minimize_scalar(
        total, bounds=(low, high), method="bounded", options={"xatol": 0.02 * (high - low)}
    )
    size, least = float(refined.x), float(refined.fun)
    if values[at] < least:
        size, least = sizes.grid[at], values[at]
    reach = 0.25 * (high - low)
    rise = 0.5 * (total(size - reach) + total(size + reach)) - least
    sd = float(reach / np.sqrt(2.0 * rise)) if rise > 0.0 else float("inf")
    return size, least, float(np.linalg.norm([sd, sizes.usual, sizes.apparent]))


def unexplained(explanations: Sequence[Explanation[Recorded]]) -> Explanation[Recorded] | None:
    """The explanation that says that something is wrong, although it leaves too much; or None."""
    accepted, best = explanations[0], min(explanations, key=lambda x: x.improbability)
    clear = best.improbability < accepted.improbability - CLEAR_GAIN
    return best if clear and best.unusual else None


def undecided(explanations: Sequence[Explanation[Recorded]]) -> list[Explanation[Recorded]]:
    """Explanations that are nearly as probable as the first, which is one of them.

    The more it leaves that sound recordings do not, the less the difference counts.
    """
    best = explanations[0]
    return [x for x in explanations if not best.is_told_from(x)]


def expected(
    explanations: Sequence[Explanation[Recorded]], value: Callable[[Suspect[Recorded]], float]
) -> float:
    """Mean over explanations, each as probable as it is, of the sum of a value of its suspects."""
    improbabilities = np.array([x.improbability for x in explanations])
    odds = np.exp(improbabilities.min() - improbabilities)
    sums = np.array([sum(map(value, x.suspects)) for x in explanations], float)
    return float(odds @ sums / odds.sum())


def alike(first: Explanation[Recorded], second: Explanation[Recorded]) -> bool:
    """Tell whether one explanation has the faults of the other and one more."""
    return first.faults <= second.faults or second.faults <= first.faults


def unresolved(explanations: Sequence[Explanation[Recorded]]) -> list[Explanation[Recorded]]:
    """Explanations of which the evidence accepts none; empty where it accepts the first found."""
    best = explanations[0]
    rivals = [x for x in undecided(explanations) if x.suspects and not alike(x, best)]
    if rivals and best.unusual:
        return [best, *rivals]
    doubtful = unexplained(explanations)
    return [] if doubtful is None else [doubtful]


MAX_LISTED = 5
"""Explanations of a recording that are listed, at most."""

MAX_LISTED_LOG_ODDS = 2.0 * MIN_LOG_ODDS
"""Those that are this much less probable than the best one are listed even if "sound" is more
probable than they are."""

MIN_LISTED_EVIDENCE = 1.0
"""Logarithm of how much more probable an explanation makes the recording than those with fewer
faults do, the rarity of all apart: below, nothing in the recording speaks for what it adds."""


def came_near(
    explanations: Sequence[Explanation[Recorded]], near: Sequence[Explanation[Recorded]]
) -> list[Explanation[Recorded]]:
    """Explanations to list; of those with the same faults the most probable one.

    The accepted one first, unless there are some of which none is accepted, ``near``.
    """
    sound = next(x.improbability for x in explanations if not x.suspects)
    ordered = sorted(explanations, key=lambda x: x.improbability)
    limit = max(sound, ordered[0].improbability + MAX_LISTED_LOG_ODDS)
    others = [x for x in ordered if x.improbability < limit and _explains_more(x, explanations)]
    listed = dict[frozenset[str], Explanation[Recorded]]()
    for explanation in [*([x for x in ordered if x in near] or explanations[:1]), *others]:
        listed.setdefault(explanation.faults, explanation)
    return [*listed.values()][:MAX_LISTED]


def _explains_more(
    explanation: Explanation[Recorded], explanations: Sequence[Explanation[Recorded]]
) -> bool:
    """Tell whether the recording speaks for all that an explanation adds to others."""

    def left(x: Explanation[Recorded]) -> float:
        return x.improbability - sum(y.candidate.rarity + y.price for y in x.suspects)

    fewer = [left(x) for x in explanations if x.faults < explanation.faults]
    return not fewer or left(explanation) < min(fewer) - MIN_LISTED_EVIDENCE
