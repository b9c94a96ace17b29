"""Explanations of a recording that compete: redundant statements, faults, and their ranking.

What a recording states (signs, units, clocks, places, labels) physics and anatomy make redundant.
An explanation is a set of faults; "sound" has none. Each is as probable as what disagrees after
its faults are undone, and as its faults are rare. The ranking changes nothing that was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
"""An explanation that is this much less probable (natural logarithm) is distinguished."""

MAX_USUAL_RATIO = 5.0
"""Sizes up to this multiple of the usual one are parameters of a laboratory, and no faults."""

MIN_FREEDOM = 3.0
"""Degrees of freedom of a spread that few laboratories have shown."""

MAX_CONTACTS = 12.0
"""Independent contacts or windows of one recording, at most: how much they scatter is the
person's."""


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Spreads of a redundant statement's disagreement in sound recordings, in its own unit."""

    laboratories: float
    """Between laboratories, the mean of all included: root mean square."""
    people: float
    """Between people of one laboratory."""
    within: float
    """Between contacts or windows of one person."""
    mismatch: float
    """Size in recordings whose parts do not belong together."""
    number: float
    """Number of laboratories that show it."""
    observations: float
    """Independent ones in a value: 1 of an offset, several of the residual of a path."""

    @property
    def between(self) -> float:
        """Spread of what repeats in all contacts of one recording."""
        return float(np.hypot(self.laboratories, self.people))


Scales = Mapping[str, Redundancy]
"""Redundancies by name."""


SPREADS = ("between_laboratories", "between_people", "within_person", "mismatch")
"""Columns of spreads."""


@cache
def _people() -> Mapping[str, tuple[FloatArray, FloatArray]]:
    """Speeds (2R,), m/s, and spreads, mismatch, numbers there (2R, 6), by redundancy."""
    text = files("aqbio.prepare").joinpath("redundancies.tsv").read_text(encoding="utf-8")
    table = pd.read_csv(StringIO(text), sep="\t", comment="#")
    columns = [*SPREADS, "laboratories", "observations"]
    return {
        str(name): (
            rows[["from_mps", "to_mps"]].to_numpy().ravel(),
            np.repeat(rows[columns].to_numpy(), 2, axis=0),
        )
        for name, rows in table.groupby("redundancy", sort=False)
    }


@cache
def people_scales(speed: float) -> Scales:
    """Spreads over people who move at a speed, m/s; those of the fastest where it is not known."""
    return {name: people_scale(name, speed) for name in _people()}


@cache
def people_scale(name: str, speed: float) -> Redundancy:
    """One of them; between the speeds of people, logarithms of spreads are interpolated."""
    speeds, sizes = _people()[name]
    at = speed if np.isfinite(speed) else float(speeds[-2])
    laboratories, people, within, mismatch = (
        float(np.exp(np.interp(at, speeds, np.log(x)))) for x in sizes.T[: len(SPREADS)]
    )
    number, observations = (float(np.interp(at, speeds, x)) for x in sizes.T[len(SPREADS) :])
    return Redundancy(laboratories, people, within, mismatch, number, observations)


def kind_of(name: str) -> str:
    """Kind of a redundancy, without its plate and recording."""
    return name.partition(" of ")[0].rstrip("0123456789 ")


Disagreements = Mapping[str, FloatArray]
"""Sizes of disagreement by redundancy, (W,) each: in W windows, contacts or plates."""


ALL = "all"
"""Scope of a fault that is not confined."""

NOTHING: Disagreements = MappingProxyType({})

NO_SIZES = np.zeros(0)


def improbability(
    disagreements: Disagreements, scales: Scales, observed: Disagreements = NOTHING
) -> float:
    """Negative logarithm of the probability of disagreements, up to a constant.

    What repeats in all values of a redundancy is one observation, against the spread between
    laboratories and people; what differs between them is against that within one person. Both are
    Student's t with the degrees of freedom of the laboratories. What hides evidence explains
    nothing: where fewer values are left than were ``observed``, the others are as large as the
    largest of those, and where none is left, as those of parts that do not belong together.
    """
    names = [*dict.fromkeys((*disagreements, *observed))]  # in one order: sums round
    return sum(
        _improbability_of(
            _with_hidden(
                disagreements.get(name, NO_SIZES), observed.get(name, NO_SIZES), scales[name]
            ),
            scales[name],
        )
        for name in names
    )


def _improbability_of(values: FloatArray, redundancy: Redundancy, least: float = 0.0) -> float:
    """Improbability of the values (W,) of a redundancy, those below ``least`` spreads alike."""
    if not len(values):
        return 0.0
    freedom = max(redundancy.number - 1.0, MIN_FREEDOM)
    common = np.mean(values)
    ratio = np.maximum(common / redundancy.between, least)
    total = _student(ratio, freedom, redundancy.observations)
    if len(values) > 1:
        apart = np.maximum(np.abs(values - common) / redundancy.within, least)
        weight = min(1.0, MAX_CONTACTS / len(values))
        total += weight * _student(apart, MIN_FREEDOM)
    return total


def _student(ratio: FloatArray, freedom: float, observations: float = 1.0) -> float:
    """Negative logarithm of Student's t density over that at one spread.

    Of independent ratios (W,) the sum; each is the root mean square of some ``observations``. A
    usual value costs about nothing: what is seen only after a fault is undone is no reproach.
    """
    sizes = (freedom + observations * ratio**2) / (freedom + observations)
    return float(0.5 * (freedom + observations) * np.sum(np.log(sizes)))


def _with_hidden(values: FloatArray, before: FloatArray, redundancy: Redundancy) -> FloatArray:
    """Sizes of disagreement, with those that are hidden of the ones ``before``."""
    if not len(values):
        return np.full(len(before), redundancy.mismatch)
    if len(values) < len(before):
        return np.append(values, np.sort(before)[len(values) :])
    return values


def excess(disagreements: Disagreements, scales: Scales) -> float:
    """Improbability of disagreements beyond that of usual ones: what undoing faults may gain."""
    return sum(_excess_of(values, scales[name]) for name, values in disagreements.items())


def _excess_of(values: FloatArray, redundancy: Redundancy) -> float:
    usual = _improbability_of(np.zeros(len(values)), redundancy, 1.0)
    return _improbability_of(values, redundancy, 1.0) - usual


def worsened(before: Disagreements, after: Disagreements, scales: Scales) -> float:
    """Excess of improbability in what disagrees more than before: little, of a fault undone."""
    shared = [name for name in before if len(before[name]) and len(after.get(name, ()))]
    changes = (_excess_of(after[x], scales[x]) - _excess_of(before[x], scales[x]) for x in shared)
    return sum(max(change, 0.0) for change in changes)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes that a fault may have."""

    grid: tuple[float, ...]
    """Sizes that are tried; between neighbours of the best one it is refined."""
    usual: float
    """Scale of the sizes that sound recordings have: a parameter of every laboratory."""
    unit: str
    farthest: float = 0.0
    """Largest size that a sheet may state, where that is beyond the grid."""
    written: str = ""
    """Unit in which people write them; the same if empty."""
    to_written: Callable[[float], float] = float
    from_written: Callable[[float], float] = float
    """to_written, from_written: A size as people write it, and back."""

    @property
    def most_usual(self) -> float:
        """Sizes beyond this one are faults."""
        return MAX_USUAL_RATIO * self.usual


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

    def largest_gain(self, excesses: Mapping[str, float]) -> float:
        """Excess, by redundancy, where it shows, beyond its rarity: the most that undoing gains."""
        shown = (x for name, x in excesses.items() if not self.shows or name in self.shows)
        return sum(shown) - self.rarity


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
        """Logarithm of how much rarer its size is than a small one; of faults all are as rare."""
        sizes = self.candidate.sizes
        if sizes is None:
            return 0.0
        return float(np.log1p(min(abs(self.size) / sizes.usual, MAX_USUAL_RATIO) ** 2))

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


MAX_FAULTS = 2
"""Faults of one recording that are looked for at once."""

MAX_WORSENED = 6.0
MAX_WORSENED_SHARE = 0.25
"""MAX_WORSENED, MAX_WORSENED_SHARE: What an identified fault may make disagree when it is undone,
logarithm, or share of its gain if that is more: what a fault hid is seen without it."""

CLEAR_SHARE = 0.1
"""Share of what an explanation leaves beyond usual disagreements that its lead must exceed too:
what nothing explains bears on all explanations."""


@dataclass(frozen=True, eq=False)
class Ranking(Generic[Recorded]):
    """Explanations of a recording, and what they say together."""

    explanations: tuple[Explanation[Recorded], ...]
    """The most probable one first; "sound" is among them."""
    clear: float
    """The first is distinguished from those that are so much less probable."""
    explains: bool
    """The first gains more than it leaves, and makes next to nothing disagree."""

    @property
    def best(self) -> Explanation[Recorded]:
        """The most probable one."""
        return self.explanations[0]

    @property
    def sound(self) -> Explanation[Recorded]:
        """The one without a fault."""
        return next(x for x in self.explanations if not x.suspects)

    @property
    def plausible(self) -> tuple[Explanation[Recorded], ...]:
        """Explanations from which the first is not distinguished, itself included."""
        limit = self.best.improbability + self.clear
        return tuple(x for x in self.explanations if x is self.best or x.improbability < limit)

    @property
    def identified(self) -> tuple[Suspect[Recorded], ...]:
        """Faults that all plausible explanations share, with the sizes of the first."""
        if not self.explains:
            return ()
        shared = frozenset.intersection(*(x.faults for x in self.plausible))
        return tuple(x for x in self.best.unusual if x.name in shared)

    @property
    def undecided(self) -> tuple[Explanation[Recorded], ...]:
        """Plausible explanations where something is wrong and none is identified; or none."""
        if self.identified or not all(x.faults for x in self.plausible):
            return ()
        by_faults = {x.faults: x for x in reversed(self.plausible)}
        return tuple(sorted(by_faults.values(), key=lambda x: x.improbability))


def search(
    recorded: Recorded,
    evidence: Callable[[Recorded], Disagreements],
    candidates: Callable[[Recorded], Iterable[Candidate[Recorded]]],
    scales: Scales,
) -> Ranking[Recorded]:
    """Rank the explanations of a recording by one fault or two.

    Nothing is tried where disagreements are usual. A second fault is looked for in what the
    plausible explanations with one leave.
    """
    observed = evidence(recorded)
    sound: Explanation[Recorded] = Explanation((), improbability(observed, scales))
    explanations, best, clear = [sound], sound, MIN_LOG_ODDS
    trials = [_Trial(recorded, sound, evidence, scales, observed, observed)]
    for _ in range(MAX_FAULTS):
        more = [x for trial in trials for x in trial.with_one_more(candidates)]
        explanations += more
        first = min(more, key=lambda x: x.improbability, default=best)
        if not first.improbability < best.improbability - MIN_LOG_ODDS:
            break
        best = first
        clear = MIN_LOG_ODDS + CLEAR_SHARE * excess(evidence(best.undone(recorded)), scales)
        plausible = (x for x in more if x.improbability < best.improbability + clear)
        undone = [(x, x.undone(recorded)) for x in plausible]
        trials = [_Trial(y, x, evidence, scales, observed, evidence(y)) for x, y in undone]
    ordered = tuple(sorted(explanations, key=lambda x: x.improbability))
    left = evidence(ordered[0].undone(recorded))
    gain = sound.improbability - ordered[0].improbability
    explains = (
        excess(_changed(observed, left), scales) <= max(gain, MAX_WORSENED)
        and worsened(observed, left, scales) <= max(MAX_WORSENED_SHARE * gain, MAX_WORSENED)
    )  # fmt: skip
    return Ranking(ordered, clear, explains)


def _changed(before: Disagreements, after: Disagreements) -> Disagreements:
    """What disagrees after a fault is undone, of the redundancies that this changes."""
    return {
        name: values
        for name, values in after.items()
        if len(values) != len(before.get(name, ())) or not np.allclose(values, before[name])
    }


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
        excesses = {name: _excess_of(x, self.scales[name]) for name, x in self.left.items()}
        tried = (
            self.of(candidate)
            for candidate in candidates(self.recorded)
            if not self.before.undoes(candidate) and candidate.largest_gain(excesses) > 0.0
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
            suspects = (*self.before.suspects, Suspect(candidate, float("nan"), float("nan")))
            return Explanation(suspects, self.value(candidate, float("nan")))
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

    Sizes that sound recordings have are part of the standard deviation.
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
    return size, least, float(np.hypot(sd, sizes.usual))


def expected(
    explanations: Sequence[Explanation[Recorded]], value: Callable[[Suspect[Recorded]], float]
) -> float:
    """Mean over explanations, each as probable as it is, of the sum of a value of its suspects."""
    improbabilities = np.array([x.improbability for x in explanations])
    odds = np.exp(improbabilities.min() - improbabilities)
    sums = np.array([sum(map(value, x.suspects)) for x in explanations], float)
    return float(odds @ sums / odds.sum())
