"""Worlds: what could be true about sprinting, named in data/virtual_sprinters or drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from aqbio.errors import AqbioError
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import SEED, SPRINTERS
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.library import DATA
from aqbio.virtual.study import Recipe
from validation.recordings.faults import FAULTS
from validation.settings import Design, Errors, People, changed

Pattern = Literal["arms_against_legs", "swing_leg_alone", "random_phases"]
PATTERNS = ("arms_against_legs", "swing_leg_alone", "random_phases")
SPEED_LAWS = ("additive", "minimum", "push", "swing", "log_sum", "capped")
PARTS = {
    "steps": ("H1", "H2", "H3e", "H4", "H5a", "H5b"),
    "sprints": ("H7", "H7b"),
    "survey": ("H3b", "H8a", "H8b", "H9"),
}
"""What a study is made of (athletes' steps, their sprints, and a survey of more athletes), and the
hypotheses that are judged by it."""
TESTED = tuple(name for names in PARTS.values() for name in names)
SEGMENTS = ("pelvis", "torso", "femur", "tibia", "foot", "toes", "humerus", "radius")


@dataclass(frozen=True, slots=True)
class World:
    """What is true in a made-up world.

    Attributes
    ----------
    name, about : str
    pattern : {"arms_against_legs", "swing_leg_alone", "random_phases"}
        How the groups share the angular momentum about the vertical.
    aq_share : float
        Share of athletes who run with the pattern swing_leg_alone whatever the others do.
    speed_law : {"additive", "minimum", "push", "swing", "log_sum", "capped"}
        Whether the mean, the smaller one or one alone of both sides' capacities sets the highest
        speed, or the logarithm of their sum, or their sum with no use of push beyond +1 SD.
    explained : float
        Share of the variance of highest speeds that capacities explain.
    weak_share, weak_sd : float
        Share of athletes whose swing side is weaker, and by how many standard deviations.
    weak_growth : float
        Change of the power of speed with which these athletes' swing-side joint moments grow.
    growth_sd : float
        How much athletes differ in the power of speed with which each side's joint moments grow.
    restricted, restricted_sd : float
        Relative change of speed with restricted arms, and how much athletes differ in it.
    restricted_lateral : float
        Relative change of the lateral share of the impulse with restricted arms.
    amplification : float
        Share of the vertical impulse of a contact that swing leg, arms and torso add.
    contact_models : tuple of float
        What the contact models C1, C2 and C3 make of it: added to that share.
    arms_power, torso_power : float
        Powers of speed with which their angular momentum grows; that of the legs is 1.2.
    taker : {"torso", "arms", "swing_leg", ""}
        Who takes up what the total demands; empty: who does in that pattern.
    lag_slope : float
        Change of the lag between swing leg and force, as a share of the step, per m/s.
    lag_sd_slope : float
        Relative change of that lag's standard deviation per m/s.
    next_step_slope : float
        Effect of a step's net yaw impulse, by how far it is from usual to either side, on how
        irregular the next step is: about the standardised slope that it gives.
    lateral_leak, flight_cost, drive_gain : float
        Standardised effects on the highest speed of the lateral share of force, of vertical force
        at equal speed, and of the swing leg's drive at equal speed.
    disturbances : Disturbances
        Of recordings (G-phys).
    segment_mass_error : float
        Standard deviation of the segments' masses against the model's, relative (G-phys).
    faults : tuple of str
        Of recordings, one at a time (G-phys): see `aqbio.virtual.recordings.faults`.
    errors : Errors
    people : People
    design : Design
    judges : tuple of str
        Hypotheses that the world is about; the others of a study are those of W0.
    """

    name: str
    about: str
    pattern: Pattern = "arms_against_legs"
    aq_share: float = 0.0
    speed_law: Literal["additive", "minimum", "push", "swing", "log_sum", "capped"] = "additive"
    explained: float = 0.75
    weak_share: float = 0.0
    weak_sd: float = 0.0
    weak_growth: float = 0.0
    growth_sd: float = 0.05
    restricted: float = -0.016
    restricted_sd: float = 0.010
    restricted_lateral: float = 0.0
    amplification: float = 0.0
    contact_models: tuple[float, ...] = (0.0, 0.0, -0.07)
    arms_power: float = 1.2
    torso_power: float = 1.2
    taker: Literal["torso", "arms", "swing_leg", ""] = ""
    lag_slope: float = 0.0
    lag_sd_slope: float = 0.0
    next_step_slope: float = 0.0
    lateral_leak: float = 0.0
    flight_cost: float = 0.0
    drive_gain: float = 0.0
    disturbances: Disturbances = field(default_factory=Disturbances)
    segment_mass_error: float = 0.0
    faults: tuple[str, ...] = ()
    errors: Errors = field(default_factory=Errors)
    people: People = field(default_factory=People)
    design: Design = field(default_factory=Design)
    judges: tuple[str, ...] = TESTED

    def __post_init__(self) -> None:
        """Refuse words and shares that mean nothing."""
        if self.pattern not in PATTERNS or self.speed_law not in SPEED_LAWS:
            raise ValueError(f"{self.name}: {self.pattern}, {self.speed_law} is no world.")
        if not 0.0 <= self.weak_share <= 1.0:
            raise ValueError(f"{self.name}: weak_share lies between 0 and 1.")
        if unknown := set(self.judges) - set(TESTED):
            raise ValueError(f"{self.name}: judges {sorted(unknown)}, which are not tested.")
        between = self.lateral_leak**2 + self.flight_cost**2 + self.drive_gain**2
        if self.explained + between > 1.0:
            raise ValueError(f"{self.name}: more of the highest speed is explained than there is.")
        if unknown := set(self.faults) - set(FAULTS):
            raise ValueError(f"{self.name}: faults {sorted(unknown)} are unknown.")


FURTHER = DATA / "study_worlds.yaml"
"""Worlds that only studies of tables are drawn in."""


def judged_by(world: World, part: str) -> tuple[str, ...]:
    """Hypotheses that a world is about and that a part of a study is judged by."""
    return tuple(name for name in PARTS[part] if name in world.judges)


def worlds(path: Path = DATA / "worlds.yaml") -> dict[str, World]:
    """Read all worlds of a file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: _world(name, values, path) for name, values in content.items()}


def world_recipe(world: World) -> Recipe:
    """How recordings are made in a world that is made of motion and forces."""
    return Recipe(
        disturbances=world.disturbances, faults=tuple(FAULTS[name] for name in world.faults)
    )


def world_athlete(world: World, athlete: Athlete, seed: int = SEED) -> Athlete:
    """An athlete of the demo study whose mass is distributed as it may be in a world."""
    number = [one.athlete.name for one in SPRINTERS].index(athlete.name)
    random = np.random.default_rng([seed, number])
    factors = 1.0 + world.segment_mass_error * random.standard_normal(len(SEGMENTS))
    return replace(athlete, heavier=tuple(zip(SEGMENTS, factors.tolist(), strict=True)))


def _world(name: str, values: dict[str, Any], path: Path) -> World:
    known = {one.name for one in fields(World)} - {"name"}
    if unknown := sorted(set(values) - known):
        raise AqbioError(
            f"world {name} has settings that do not exist: {', '.join(unknown)}.",
            file=str(path),
            where=name,
            fix=f"known: {', '.join(sorted(known))}.",
            rule="world-setting",
        )
    given = dict(values)
    if "judges" in given:
        given["judges"] = [one for name in given["judges"] for one in PARTS.get(name, (name,))]
    if "disturbances" in given:
        given["disturbances"] = Disturbances(**given["disturbances"])
    for key in ("faults", "judges", "contact_models"):
        if key in given:
            given[key] = tuple(given[key])
    groups: dict[str, Any] = {"errors": Errors(), "people": People(), "design": Design()}
    for key, own in groups.items():
        given[key] = changed(own, given.get(key, {}), f"world {name}, {key}")
    return World(name=name, **given)


# worlds at random ---------------------------------------------------------------------------------


WORLDS, SEED = 20, 314_159
TRUE = 0.5
"""Chance that an effect is there; its size is then uniform from nothing to four times the smallest
effect of interest, and its sign the claim's in three of four worlds."""


def random_worlds() -> list[World]:
    """Worlds of the prior, always the same."""
    return [random_world(number) for number in range(WORLDS)]


def random_world(number: int) -> World:
    """One world of the prior.

    Effects: see `TRUE`. Patterns: classical in six of ten, the articles' or none in two each. Laws
    of speed alike. Sizes of errors: those found in whole-pipeline runs, times or over a factor that
    is 2 in one of three (lognormal), reported 0.7 to 1.5 times as large as they are. Asymmetries,
    orders, missing steps, laboratories, sexes, tails and numbers of athletes: as below.
    """
    random = np.random.default_rng([SEED, number])

    def effect(smallest: float, most: float = 4.0) -> float:
        sign = 1.0 if random.random() < 0.75 else -1.0
        size = smallest * random.uniform(0.0, most)
        return float(size * sign) if random.random() < TRUE else 0.0

    between = [effect(0.2, 2.5) for _ in range(3)]
    pattern = str(
        random.choice(["arms_against_legs", "swing_leg_alone", "random_phases"], p=[0.6, 0.2, 0.2])
    )
    law = str(random.choice(["additive", "minimum", "push", "swing"], p=[0.4, 0.4, 0.1, 0.1]))
    some_weak = bool(random.random() < 0.4)
    return World(
        name=f"R{number + 1:02d}",
        about="Drawn at random.",
        pattern=pattern,  # type: ignore[arg-type]
        speed_law=law,  # type: ignore[arg-type]
        explained=float(random.uniform(0.3, 0.9)) * (1.0 - float(np.square(between).sum())),
        weak_share=0.3 if some_weak else 0.0,
        weak_sd=1.5 if some_weak else 0.0,
        restricted=-effect(0.01),
        restricted_sd=float(random.uniform(0.002, 0.015)),
        restricted_lateral=effect(0.05),
        amplification=effect(0.05),
        contact_models=tuple(float(x) for x in random.normal(0.0, 0.03, 3)),
        arms_power=1.2 if random.random() < 0.6 else float(random.uniform(-0.4, 1.0)),
        torso_power=1.2 if random.random() < 0.6 else float(random.uniform(-0.4, 1.0)),
        taker="" if random.random() < 0.6 or pattern == "swing_leg_alone" else "arms",
        lag_slope=-effect(0.01),
        lag_sd_slope=-effect(0.1),
        next_step_slope=effect(0.1),
        lateral_leak=-between[0],
        flight_cost=-between[1],
        drive_gain=between[2],
        errors=_errors(random),
        people=_people(random),
        design=_design(random),
    )


def _errors(random: np.random.Generator) -> Errors:
    usual = Errors()
    times = ("step_lag", "trial_lag", "body_lag", "event_s", "step_impulse", "body_momentum",
             "trial_momentum", "step_momentum", "trial_caused", "body_caused", "body_moments",
             "trial_moments", "speed", "lateral")  # fmt: skip
    sizes = {
        name: float(getattr(usual, name) * np.exp(0.7 * random.standard_normal())) for name in times
    }
    return Errors(
        **sizes,
        step_lag_growth=float(random.uniform(-1.5, 1.0)),
        lag_shrink=float(random.uniform(0.0, 0.3)),
        clock_s=float(random.normal(0.0, 0.001)),
        legs_mass=float(random.uniform(0.0, 0.1)),
        tilt_deg=float(random.uniform(0.0, 3.0)),
        laboratory_lateral=float(random.normal(0.0, 0.008)),
        reliability=float(random.uniform(0.6, 0.97)),
        repeats=int(random.integers(1, 4)),
        misstated=float(np.exp(random.uniform(np.log(0.7), np.log(1.5)))),
    )


def _people(random: np.random.Generator) -> People:
    return People(
        spread=str(random.choice(["normal", "heavy", "skewed"], p=[0.6, 0.2, 0.2])),  # type: ignore[arg-type]
        showing=float(random.choice([1.0, 0.75, 0.5], p=[0.7, 0.15, 0.15])),
        lag_slope_sd=float(random.uniform(0.001, 0.008)),
        lag_sd_slope_sd=float(random.uniform(0.0, 0.1)),
        lag_sd=float(np.exp(random.uniform(np.log(0.0035), np.log(0.03)))),
        caused_sd=float(random.uniform(0.005, 0.04)),
        power_sd=float(random.uniform(0.02, 0.3)),
        side_impulse=float(np.exp(0.15 * random.standard_normal())),
        side_time=float(np.exp(0.2 * random.standard_normal())),
        impulse_mean=float(random.uniform(0.5, 5.0)),
        women=0.5 if random.random() < 0.4 else 0.0,
        women_strength=-1.0,
        second_laboratory=0.5 if random.random() < 0.4 else 0.0,
        second_speed=float(random.normal(0.0, 0.4)),
        swing_surplus=float(random.normal(0.0, 0.4)),
        uneven=float(random.uniform(0.0, 0.3)),
    )


def _design(random: np.random.Generator) -> Design:
    return Design(
        athletes=int(random.integers(10, 20)),
        levels=int(random.integers(4, 6)),
        steps=int(random.integers(12, 19)),
        speed_sd=float(random.uniform(0.0, 0.3)),
        sprints=int(random.integers(2, 5)),
        order=str(
            random.choice(
                ["alternating", "random", "restricted_last", "untold"], p=[0.4, 0.4, 0.1, 0.1]
            )
        ),  # type: ignore[arg-type]
        drift=float(random.normal(0.0, 0.003)),
        missing="random" if random.random() < 0.6 else "late_at_top",
        missing_share=float(random.uniform(0.0, 0.25)),
        surveyed=int(random.choice([24, 48, 96, 144])),
    )
