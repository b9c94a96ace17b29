"""Worlds: what could be true about sprinting, as named settings in data/virtual_sprinters."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from aqbio.errors import AqbioError
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import SEED, SPRINTERS
from aqbio.virtual.gaits.library import DATA
from aqbio.virtual.recordings.disturbances import Disturbances
from aqbio.virtual.study import Recipe
from validation.recordings.faults import FAULTS

Pattern = Literal["arms_against_legs", "swing_leg_alone", "random_phases"]
PATTERNS = ("arms_against_legs", "swing_leg_alone", "random_phases")
SPEED_LAWS = ("additive", "minimum")
SEGMENTS = ("pelvis", "torso", "femur", "tibia", "foot", "toes", "humerus", "radius")


@dataclass(frozen=True, slots=True)
class World:
    """What is true in a made-up world.

    Attributes
    ----------
    name, about : str
    pattern : {"arms_against_legs", "swing_leg_alone", "random_phases"}
        How the groups share the angular momentum about the vertical.
    speed_law : {"additive", "minimum"}
        Whether the mean or the smaller one of both sides' capacities sets the highest speed.
    weak_share, weak_sd : float
        Share of athletes whose swing side is weaker, and by how many standard deviations.
    weak_growth : float
        Change of the power of speed with which these athletes' swing-side joint moments grow.
    growth_sd : float
        How much athletes differ in the power of speed with which each side's joint moments grow.
    restricted, restricted_sd : float
        Relative change of speed with restricted arms, and how much athletes differ in it.
    amplification : float
        Share of the vertical impulse of a contact that swing leg, arms and torso add.
    lag_slope : float
        Change of the lag between swing leg and force, as a share of the step, per m/s.
    lag_sd_slope : float
        Relative change of that lag's standard deviation per m/s.
    next_step_slope : float
        Standardised effect of a step's net yaw impulse on the next step's timing.
    lateral_leak : float
        Standardised effect of the lateral share of force on the highest speed.
    regulation : float
        Share of a step's surplus of the push side that the swing leg takes away.
    disturbances : Disturbances
        Of recordings (G-phys).
    segment_mass_error : float
        Standard deviation of the segments' masses against the model's, relative (G-phys).
    faults : tuple of str
        Of recordings, one at a time (G-phys): see `aqbio.virtual.recordings.faults`.
    """

    name: str
    about: str
    pattern: Pattern = "arms_against_legs"
    speed_law: Literal["additive", "minimum"] = "additive"
    weak_share: float = 0.0
    weak_sd: float = 0.0
    weak_growth: float = 0.0
    growth_sd: float = 0.05
    restricted: float = -0.016
    restricted_sd: float = 0.010
    amplification: float = 0.0
    lag_slope: float = 0.0
    lag_sd_slope: float = 0.0
    next_step_slope: float = 0.0
    lateral_leak: float = 0.0
    regulation: float = 0.0
    disturbances: Disturbances = field(default_factory=Disturbances)
    segment_mass_error: float = 0.0
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse words and shares that mean nothing."""
        if self.pattern not in PATTERNS or self.speed_law not in SPEED_LAWS:
            raise ValueError(f"{self.name}: {self.pattern}, {self.speed_law} is no world.")
        if not (0.0 <= self.weak_share <= 1.0 and 0.0 <= self.regulation <= 1.0):
            raise ValueError(f"{self.name}: weak_share and regulation lie between 0 and 1.")
        if unknown := set(self.faults) - set(FAULTS):
            raise ValueError(f"{self.name}: faults {sorted(unknown)} are unknown.")


def worlds(path: Path = DATA / "worlds.yaml") -> dict[str, World]:
    """Read all worlds.

    Raises
    ------
    AqbioError
        When a world has a setting that does not exist.
    """
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
    if "disturbances" in given:
        given["disturbances"] = Disturbances(**given["disturbances"])
    if "faults" in given:
        given["faults"] = tuple(given["faults"])
    return World(name=name, **given)
