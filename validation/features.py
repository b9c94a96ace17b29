"""Features of athletes, laboratories and designs, of which studies are drawn by a seed.

Nothing here knows how a statistic is computed: a feature says what is so among the athletes and
what the laboratory does to it. What that makes of every sentence is in `validation.studies`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Random = np.random.Generator

SMALLEST = {
    "caused": 0.05,
    "lag_slope": -0.01,
    "spread_slope": -0.1,
    "arms_cost": 0.01,
    "arms_lateral": 0.05,
    "imbalance_cost": 0.25,
    "lateral_gain": -0.2,
    "flight_gain": -0.2,
    "drive_gain": 0.2,
}
"""Effects, and the smallest that is of interest, in the direction of the sentence."""


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the athletes that differs from the others: a sex, a laboratory, a shoe."""

    share: float = 0.0
    speed: float = 0.0
    """Difference of the highest speed that nothing else here explains, m/s."""
    gap: float = 0.0
    """How much more unequal their sides are: standard deviation of what one side has more and the
    other less, in standard deviations of strength."""
    test_error: float = 0.0
    """Errors of a test of strength on top of `Features.reliability`, standard deviations."""
    lateral: float = 0.0
    flight: float = 0.0
    drive: float = 0.0
    """lateral, flight, drive: Differences of the logarithm of what `People` vary in."""
    stated: bool = True
    """Whether the participants' sheet says who belongs to it."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is true of athletes, and how they are recorded."""

    athletes: int = 12

    # effects; those of `SMALLEST` have the mean over athletes
    pattern: str = "arms_against_legs"
    """arms_against_legs, swing_leg_alone, or random_phases: who turns against whom about the
    vertical."""
    alone_share: float = 0.0
    """Share of athletes with the pattern swing_leg_alone whatever the others do."""
    caused: float = 0.0
    """Share of the vertical impulse that moments of swing leg, arms and trunk cause at the highest
    speed."""
    contact_models: tuple[float, ...] = (0.0, 0.0, 0.0)
    """What contact models C1, C2 and C3 add to that."""
    lag_slope: float = 0.0
    """Change of the lag of the swing leg's peak, share of the step per m/s."""
    spread_slope: float = 0.0
    """Change of the logarithm of that lag's spread from step to step, per m/s."""
    arms_cost: float = 0.0
    """Share of the speed that restricted arms cost."""
    arms_lateral: float = 0.0
    """Relative change of the lateral share at equal speed that they make."""
    imbalance_cost: float = 0.0
    """Cost of unequal strengths over benefit of their mean."""
    lateral_gain: float = 0.0
    flight_gain: float = 0.0
    drive_gain: float = 0.0
    """lateral_gain, flight_gain, drive_gain: Highest speed, in its own standard deviations, per
    standard deviation of what athletes do at equal speed."""

    # athletes
    tails: str = "normal"
    """Differences of athletes in an effect: normal, heavy (t, 3 degrees of freedom) or skewed
    (exponential)."""
    differences: float = 1.0
    """Their size, relative to the usual one."""
    uneven: float = 0.0
    """Standard deviation of the logarithm of athletes' scatter from step to step."""
    growth_sd: float = 0.1
    """How much the powers of speed differ with which athletes' groups of segments turn faster."""
    lateral_power: float = 0.0
    lateral_power_sd: float = 0.1
    """lateral_power, lateral_power_sd: Power of speed of the lateral share, and its spread."""
    own_limit: float = 0.0
    """1: contact, flight and joint moments depend on speed over the own highest one; 0: on
    speed."""
    groups: tuple[Group, ...] = (Group(), Group(), Group())
    """Sex, laboratory and footwear."""
    injured: int = 0
    """Athletes who are `INJURED_SPEED` slower, with one side that is `INJURED_GAP` weaker."""
    explained: float = 0.6
    """Share of the variance of highest speeds that strengths explain."""

    # recording
    levels: int = 4
    steps: int = 12
    """levels, steps: Speeds from 5 m/s to the highest one, and steps of a trial."""
    trials: tuple[int, int] = (1, 1)
    """At the slowest and at the highest speed."""
    follow: float = 0.0
    """How much shorter the trials of the athlete with the smallest effect are, share; others in
    between."""
    missing: float = 0.0
    """Share of steps that are lost at random."""
    errors: float = 1.0
    """Errors of measurement, relative to those found in whole runs of virtual sprinters."""
    misstated: float = 1.0
    """The errors that trials report over the true ones."""
    shared: float = 0.0
    """An error that all athletes share, in the smallest effects of what is measured in steps."""
    drift: float = 0.0
    """Change of the lag within a trial at the lowest speed, share of the step; none at the
    highest."""
    wrong_peaks: tuple[float, float] = (0.0, 0.0)
    """Share of steps with another peak, at the lowest and the highest speed."""
    clock_s: float = 0.0
    """Cameras behind the plates, s."""
    tilt_deg: float = 0.0
    """The laboratory's vertical against the true one."""
    reliability: float = 0.9
    tests: int = 2
    """reliability, tests: Of a test of strength, and how many there are."""

    # sprints
    sprints: int = 3
    """In each condition."""
    order: str = "alternating"
    """alternating, random, restricted_last, one_first (the others run restricted last)."""
    fatigue: float = 0.0
    """Share of the speed that a sprint costs the next."""


INJURED_SPEED, INJURED_GAP = 2.0, 3.0
"""m/s, and standard deviations of strength."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Features that studies are drawn of."""

    name: str
    features: Features
    judges: tuple[str, ...] = ()
    """Hypotheses that are judged; none: all of the registry."""
    seed: tuple[int, ...] = field(default=())


def drawn_cell(seed: int, number: int) -> Cell:
    """A cell whose features are drawn.

    Athletes: 5 to 96, logarithms alike. An effect is there in every second cell, with up to four
    times its smallest size, three of four times in the direction of the sentence. Every other
    feature departs from the plain study in one of three cells.
    """
    random = np.random.default_rng([seed, number])
    given = _effects(random) | _athletes(random) | _recording(random) | _sprints(random)
    return Cell(f"{seed}-{number + 1:02d}", Features(**given), seed=(seed, number))


def _some(random: Random, given: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Each of some features in one of three cells."""
    return {name: draw() for name, draw in given.items() if random.random() < 1.0 / 3.0}


def _effects(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: float(smallest * random.uniform(0.0, 4.0) * (1.0 if random.random() < 0.75 else -1.0))
        for name, smallest in SMALLEST.items()
        if random.random() < 0.5
    }
    patterns = ["arms_against_legs", "swing_leg_alone", "random_phases"]
    found["pattern"] = str(random.choice(patterns, p=[0.5, 0.3, 0.2]))
    models = random.normal(0.0, 0.02, 3) - [0.0, 0.0, 0.02]
    found["contact_models"] = tuple(float(one - models.max()) for one in models)
    gains = [name for name in found if name.endswith("_gain")]
    size = sum(found[name] ** 2 for name in gains)
    for name in gains:
        found[name] *= float(min(1.0, np.sqrt(0.35 / size)))
    return found


def _athletes(random: Random) -> dict[str, Any]:
    found = _some(
        random,
        {
            "tails": lambda: str(random.choice(["heavy", "skewed"])),
            "alone_share": lambda: float(random.uniform(0.0, 0.5)),
            "uneven": lambda: float(random.uniform(0.2, 0.8)),
            "growth_sd": lambda: float(random.uniform(0.1, 0.4)),
            "lateral_power": lambda: float(random.uniform(-2.0, 0.5)),
            "lateral_power_sd": lambda: float(random.uniform(0.1, 0.5)),
            "own_limit": lambda: float(random.uniform(0.0, 1.0)),
            "injured": lambda: int(random.integers(1, 3)),
        },
    )
    found["groups"] = tuple(_group(random) for _ in range(3))
    found["athletes"] = round(float(np.exp(random.uniform(np.log(5.0), np.log(96.0)))))
    found["differences"] = float(np.exp(random.uniform(np.log(0.5), np.log(2.0))))
    found["explained"] = float(random.uniform(0.2, 0.6))
    return found


def _group(random: Random) -> Group:
    if random.random() > 1.0 / 3.0:
        return Group()
    return Group(
        share=float(random.uniform(0.15, 0.6)),
        speed=float(random.normal(0.0, 0.6)),
        gap=float(abs(random.normal(0.0, 0.8))),
        test_error=float(abs(random.normal(0.0, 0.5))),
        lateral=float(random.normal(0.0, 0.1)),
        flight=float(random.normal(0.0, 0.03)),
        drive=float(random.normal(0.0, 0.05)),
        stated=bool(random.random() < 0.8),
    )


def _recording(random: Random) -> dict[str, Any]:
    return _some(
        random,
        {
            "levels": lambda: int(random.integers(3, 6)),
            "steps": lambda: int(random.integers(8, 17)),
            "trials": lambda: (int(random.integers(1, 4)), int(random.integers(1, 4))),
            "follow": lambda: float(random.uniform(0.0, 0.5)),
            "missing": lambda: float(random.uniform(0.0, 0.25)),
            "errors": lambda: float(np.exp(random.normal(0.0, 0.6))),
            "misstated": lambda: float(np.exp(random.uniform(np.log(0.7), np.log(1.5)))),
            "shared": lambda: float(random.uniform(-0.5, 0.5)),
            "drift": lambda: float(random.normal(0.0, 0.02)),
            "wrong_peaks": lambda: tuple(random.uniform(0.0, 0.04, 2).tolist()),
            "clock_s": lambda: float(random.normal(0.0, 0.002)),
            "tilt_deg": lambda: float(random.normal(0.0, 1.5)),
            "reliability": lambda: float(random.uniform(0.6, 0.97)),
            "tests": lambda: int(random.integers(1, 4)),
        },
    )


def _sprints(random: Random) -> dict[str, Any]:
    orders = ["random", "restricted_last", "one_first"]
    return _some(
        random,
        {
            "sprints": lambda: int(random.integers(2, 5)),
            "order": lambda: str(random.choice(orders, p=[0.5, 0.2, 0.3])),
            "fatigue": lambda: float(random.normal(0.0, 0.004)),
        },
    )


# cells by name ------------------------------------------------------------------------------------


def named_cells() -> dict[str, Cell]:
    """Cells that an independent statistician's studies and earlier mistakes are remembered by."""
    survey = Features(levels=3, steps=6)
    people, plain = replace(survey, athletes=96), Features()
    slow_women = (Group(0.5, speed=-0.9, gap=0.8), Group(), Group())
    worse_tests = (Group(), Group(0.5, speed=-0.6, test_error=1.0), Group())
    falls = replace(survey, lateral_power=-1.6)
    less = replace(survey, lateral_power=-0.6)
    limit = replace(survey, own_limit=1.0)
    restless = {"arms_lateral": 0.0, "lateral_power": -1.6}
    every = {name: 2.0 * size for name, size in SMALLEST.items() if not name.endswith("_gain")}
    gains = {name: 2.0 * SMALLEST[name] for name in ("lateral_gain", "flight_gain", "drive_gain")}
    cells = [
        Cell("lateral share falls with v^-1.6, 24 athletes", replace(falls, athletes=24), ("H8a",)),
        Cell("lateral share falls with v^-1.6, 48 athletes", replace(falls, athletes=48), ("H8a",)),
        Cell("lateral share falls with v^-0.6, 48 athletes", replace(less, athletes=48), ("H8a",)),
        Cell("lateral share falls with v^-0.6, 96 athletes", replace(less, athletes=96), ("H8a",)),
        Cell("women slower beyond strength", replace(people, groups=slow_women), ("H3b",)),
        Cell("a laboratory with worse tests", replace(people, groups=worse_tests), ("H3b",)),
        Cell("two injured of 96", replace(people, injured=2), ("H3b",)),
        Cell(
            "11 of 12 restricted last, fatigue of 0.6 %",
            replace(plain, order="one_first", fatigue=0.006),
            ("H7", "H7b"),
        ),
        Cell("arms cost 3 % of speed", replace(plain, arms_cost=0.03, **restless), ("H7", "H7b")),
        Cell("arms cost 4 % of speed", replace(plain, arms_cost=0.04, **restless), ("H7", "H7b")),
        Cell("lag drifts in slow trials", replace(plain, drift=0.06), ("H5a", "H5b")),
        Cell("3 slow trials, 1 fast", replace(plain, trials=(3, 1), errors=2.7), ("H5a", "H5b")),
        Cell(
            "wrong peaks in 4 to 0 % of steps",
            replace(plain, wrong_peaks=(0.04, 0.0)),
            ("H5a", "H5b"),
        ),
        Cell("gait follows the own limit, 24 athletes", replace(limit, athletes=24), SURVEY[1:]),
        Cell("gait follows the own limit, 48 athletes", replace(limit, athletes=48), SURVEY[1:]),
        Cell("nothing is so, 12 athletes", plain),
        Cell("nothing is so, 96 athletes", people, SURVEY),
        Cell("skewed athletes", replace(plain, tails="skewed", growth_sd=0.4)),
        Cell(
            "steps follow the effect, 24 athletes",
            replace(plain, athletes=24, follow=0.6, differences=2.0, caused=0.05),
            ("H4",),
        ),
        Cell("a shared error of half the smallest effect", replace(plain, shared=0.5)),
        Cell("a vertical that is 5° off", replace(plain, tilt_deg=5.0), ("H1", "H2")),
        Cell("forces that are 16 ms late", replace(plain, clock_s=0.016), ("H5a",)),
        Cell(
            "restricted always last, fatigue of 0.6 %",
            replace(plain, order="restricted_last", fatigue=0.006),
            ("H7", "H7b"),
        ),
        Cell(
            "twice the smallest effects, 12 athletes",
            replace(plain, pattern="swing_leg_alone", **every),
        ),
    ]  # fmt: skip
    for count in (48, 96):
        cost = replace(survey, athletes=count, imbalance_cost=1.0, explained=0.75)
        cells.append(Cell(f"the weaker side limits, {count} athletes", cost, ("H3b",)))
        found = replace(survey, athletes=count, explained=0.3, **gains)
        cells.append(Cell(f"twice the smallest slopes, {count} athletes", found, SURVEY[1:]))
    once = replace(people, imbalance_cost=1.0, explained=0.75, tests=1, reliability=0.7)
    cells.append(Cell("strengths tested once, reliability 0.7", once, ("H3b",)))
    return {one.name: one for one in cells}


SURVEY = ("H3b", "H8a", "H8b", "H9")
"""Hypotheses that compare athletes."""
