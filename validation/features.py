"""Features of athletes, laboratories and designs, of which studies are drawn by a seed.

Nothing here knows how a statistic is computed: a feature says what is so among the athletes and
what the laboratory does to it. What that makes of every sentence is in `validation.studies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Random = np.random.Generator

PATTERNS = ("arms_against_legs", "swing_leg_alone", "random_phases")
"""Who turns against whom about the vertical: arms against both legs, the swing leg against all
others, or everyone at random."""

SMALLEST = {
    "caused": 0.05,
    "lag_slope": -0.01,
    "spread_slope": -0.1,
    "arms_cost": 0.01,
    "arms_lateral": 0.05,
    "imbalance_cost": 0.5,
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
    on_sheet: bool = True
    """Whether the participants' sheet says who belongs to it."""


@dataclass(frozen=True, slots=True)
class Features:
    """True effects in athletes, and errors of their recordings."""

    athletes: int = 12

    # effects; those of `SMALLEST` have the mean over athletes
    pattern: str = "arms_against_legs"
    """One of `PATTERNS`."""
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
    """Athletes who are `INJURED_SPEED` slower, with a swing side that is `INJURED_GAP` weaker, and
    `INJURED_HABIT` more lateral force and less drive."""
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


INJURED_SPEED, INJURED_GAP, INJURED_HABIT = 2.5, 4.0, 3.0
"""m/s, standard deviations of strength, and those of the lateral share and of joint moments."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Features that studies are drawn of."""

    name: str
    features: Features
    judges: tuple[str, ...] = ()
    """Hypotheses that are judged; none: all of the registry."""


DEPARTURES: dict[str, Any] = {
    "tails": ["heavy", "skewed"],
    "alone_share": (0.0, 0.5),
    "uneven": (0.2, 0.8),
    "growth_sd": (0.1, 0.4),
    "lateral_power": (-2.0, 0.5),
    "lateral_power_sd": (0.1, 0.5),
    "own_limit": (0.0, 1.0),
    "injured": (1, 2),
    "levels": (3, 5),
    "steps": (8, 16),
    "trials": ((1, 3), (1, 3)),
    "follow": (0.0, 0.5),
    "missing": (0.0, 0.25),
    "errors": (0.5, 2.5),
    "misstated": (0.7, 1.5),
    "shared": (-0.5, 0.5),
    "drift": (-0.03, 0.03),
    "wrong_peaks": ((0.0, 0.04), (0.0, 0.04)),
    "clock_s": (-0.003, 0.003),
    "tilt_deg": (-3.0, 3.0),
    "reliability": (0.6, 0.97),
    "tests": (1, 3),
    "sprints": (2, 4),
    "order": ["random", "random", "restricted_last", "one_first"],
    "fatigue": (-0.004, 0.008),
}
"""What a drawn cell may depart in, each in one of three cells: one of a list, or from the first
number to the second, alike."""

GROUP: dict[str, Any] = {
    "share": (0.15, 0.6),
    "speed": (-1.0, 1.0),
    "gap": (0.0, 1.2),
    "test_error": (0.0, 1.0),
    "lateral": (-0.15, 0.15),
    "flight": (-0.05, 0.05),
    "drive": (-0.08, 0.08),
    "on_sheet": [True, True, True, True, False],
}
"""The same of a sex, a laboratory and a shoe, each of which is there in one of three cells."""

PRESENT = 1.0 / 3.0
MOST_GAINED = 0.35
"""Share of the variance of highest speeds that lateral share, flight and drive explain at most."""


def drawn_cell(seed: int, number: int) -> Cell:
    """A cell whose features are drawn.

    Athletes: 5 to 96, logarithms alike. Every effect is there in one of two cells, with up to four
    times its smallest size, three of four times in the direction of the sentence.
    """
    random = np.random.default_rng([seed, number])
    features = {
        name: _draw_feature(spec, random)
        for name, spec in DEPARTURES.items()
        if random.random() < PRESENT
    }
    features["groups"] = tuple(
        Group(**{name: _draw_feature(spec, random) for name, spec in GROUP.items()})
        if random.random() < PRESENT
        else Group()
        for _ in range(3)
    )
    features["athletes"] = round(float(np.exp(random.uniform(np.log(5.0), np.log(96.0)))))
    features["differences"] = float(np.exp(random.uniform(np.log(0.5), np.log(2.0))))
    features["explained"] = float(random.uniform(0.2, 1.0 - MOST_GAINED))
    return Cell(f"{seed}-{number + 1:02d}", Features(**features, **_effects(random)))


def _draw_feature(spec: Any, random: Random) -> Any:
    """One of a list, a number between two, or one of each pair."""
    if isinstance(spec, list):
        return spec[int(random.integers(len(spec)))]
    low, high = spec
    if isinstance(low, tuple):
        return tuple(_draw_feature(pair, random) for pair in spec)
    if isinstance(low, int):
        return int(random.integers(low, high + 1))
    return float(random.uniform(low, high))


def _effects(random: Random) -> dict[str, Any]:
    effects: dict[str, Any] = {
        name: float(smallest * random.uniform(0.0, 4.0) * (1.0 if random.random() < 0.75 else -1.0))
        for name, smallest in SMALLEST.items()
        if random.random() < 0.5
    }
    effects["pattern"] = str(random.choice(PATTERNS, p=[0.5, 0.3, 0.2]))
    models = random.normal(0.0, 0.02, 3)
    effects["contact_models"] = tuple((models - models.max()).tolist())
    gains = [name for name in effects if name.endswith("_gain")]
    size = sum(effects[name] ** 2 for name in gains)
    for name in gains:
        effects[name] *= min(1.0, float(np.sqrt(MOST_GAINED / size)))
    return effects


# cells by name ------------------------------------------------------------------------------------


SURVEY = ("H3b", "H8a", "H9")
"""Hypotheses that compare athletes."""


CellOptions = tuple[tuple[str, ...], dict[str, Any]]
"""Hypotheses that judge a cell, and the features of its studies."""


def _former_mistakes() -> dict[str, CellOptions]:
    """Options of cells of mistakes that were made once."""
    return {
        "women slower beyond strength": (("H3b",), _survey(96, sex=Group(0.5, -0.9, 0.8))),
        "a laboratory with worse tests": (
            ("H3b",),
            _survey(96, laboratory=Group(0.5, -0.6, test_error=1.0)),
        ),
        "two injured of 96": (("H3b",), _survey(96, injured=2)),
        "11 of 12 restricted last, fatigue of 0.6 %": (
            ("H7", "contrast"),
            {"order": "one_first", "fatigue": 0.006},
        ),
        "restricted arms always last, with fatigue of 0.6 %": (
            ("H7", "contrast"),
            {"order": "restricted_last", "fatigue": 0.006},
        ),
        "lag drifts in slow trials": (("H5a",), {"drift": 0.06}),
        "3 slow trials, 1 fast": (("H5a",), {"trials": (3, 1), "errors": 2.7}),
        "wrong peaks in 4 to 0 % of steps": (("H5a",), {"wrong_peaks": (0.04, 0.0)}),
        "forces that are 16 ms late": (("H5a",), {"clock_s": 0.016}),
        "a vertical that is 5° off": (("H1",), {"tilt_deg": 5.0}),
        "a sex that is not stated": (
            ("H8a",),
            _survey(96, sex=Group(0.5, -0.9, lateral=0.08, on_sheet=False)),
        ),
        "steps follow the effect, 24 athletes": (
            ("H4",),
            {"athletes": 24, "follow": 0.6, "differences": 2.0, "caused": 0.05},
        ),
        "nothing is so, 12 athletes": ((), {}),
        "skewed athletes": ((), {"tails": "skewed", "growth_sd": 0.4}),
        "a shared error of half the smallest effect": ((), {"shared": 0.5}),
        "twice the smallest effects, 12 athletes": (
            (),
            {"pattern": "swing_leg_alone"}
            | {effect: 2.0 * SMALLEST[effect] for effect in [*SMALLEST][:6]},
        ),
        "strengths tested once, of reliability 0.7": (
            ("H3b",),
            _survey(96, imbalance_cost=1.0, explained=0.75, tests=1, reliability=0.7),
        ),
    }


def named_cells() -> list[Cell]:
    """Cells of mistakes that were made once, of nothing, and of effects to be found."""
    options = _former_mistakes()
    for power, count in ((-1.6, 24), (-1.6, 48), (-0.6, 48), (-0.6, 96)):
        name = f"lateral share falls with v^{power}, {count} athletes"
        options[name] = ("H8a",), _survey(count, lateral_power=power)
    for injured in (3, 6):
        options[f"{injured} injured of 96"] = SURVEY, _survey(96, injured=injured)
    options["4 injured of 48"] = SURVEY[1:], _survey(48, injured=4)
    options["heavy tails, 48 athletes"] = SURVEY[1:], _survey(48, tails="heavy", differences=2.0)
    options["women slower with another gait, 48 athletes"] = (
        SURVEY[1:], _survey(48, sex=Group(0.5, -0.9, lateral=0.15, flight=0.05, drive=-0.08)),
    )  # fmt: skip
    options |= _contrast_cells()
    gains: dict[str, Any] = {effect: 2.0 * SMALLEST[effect] for effect in [*SMALLEST][6:]}
    for count in (24, 48):
        name = f"gait follows the own limit, {count} athletes"
        options[name] = SURVEY[1:], _survey(count, own_limit=1.0)
    for count in (48, 96):
        options[f"nothing is so, {count} athletes"] = SURVEY, _survey(count)
        cost_words = f"the weaker side limits, {count} athletes"
        options[cost_words] = ("H3b",), _survey(count, imbalance_cost=1.0, explained=0.75)
        slopes = f"twice the smallest slopes, {count} athletes"
        options[slopes] = SURVEY[1:], _survey(count, explained=0.3, **gains)
    return [
        Cell(name, Features(**options_of_cell), judges)
        for name, (judges, options_of_cell) in options.items()
    ]


def _contrast_cells() -> dict[str, CellOptions]:
    """Sprints with and without restricted arms that differ in speed and fatigue alone, or more."""
    cells: dict[str, CellOptions] = {}
    for cost in (3, 4):
        cell_options: dict[str, Any] = {"arms_cost": cost / 100.0, "lateral_power": -1.6}
        cells[f"arms cost {cost} % of speed"] = ("H7", "contrast"), cell_options
    for count in (6, 8, 12, 20):
        cell_options = {
            "athletes": count,
            "arms_cost": 0.04,
            "lateral_power": -1.6,
            "fatigue": 0.006,
        }
        cell_options |= {"order": "random"}
        cells[f"a contrast of {count} athletes, nothing but speed and fatigue"] = (
            ("contrast",), cell_options
        )  # fmt: skip
        cells[f"a contrast of {count} athletes, twice the smallest effect"] = (
            ("contrast",), cell_options | {"arms_lateral": 0.10}
        )  # fmt: skip
    return cells


def _survey(
    count: int, sex: Group = Group(), laboratory: Group = Group(), **options: Any
) -> dict[str, Any]:
    """Many athletes with few steps each."""
    groups = (sex, laboratory, Group())
    return {"athletes": count, "levels": 3, "steps": 6, "groups": groups, **options}
