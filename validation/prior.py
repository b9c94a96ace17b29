"""Worlds at random, so that nothing can be tuned to a list."""

from __future__ import annotations

import numpy as np

from validation.settings import Design, Errors, People
from validation.worlds import World

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
