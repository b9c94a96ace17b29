"""Athletes: what is true of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.vectors import BoolArray, FloatArray
from validation.settings import People
from validation.worlds import World

CAPACITY_CORRELATION = 0.5
SPEED_MEAN, SPEED_SD = 8.8, 0.6
CONTACT_SD, FORCE_SD, DRIVE_SD, DRIVE_CORRELATION = 0.08, 0.04, 0.10, 0.4
"""How much athletes differ at equal speed, logarithm: contact time, mean vertical force in contact,
joint moments of both sides, and how far these go together."""
LATERAL_MEAN, LATERAL_SD = 0.10, 0.015


@dataclass(frozen=True, eq=False)
class Athletes:
    """What is true of A athletes."""

    fastest: FloatArray
    """(A,) array, m/s."""
    push: FloatArray
    swing: FloatArray
    """push, swing: (A,) arrays, capacities."""
    weak: BoolArray
    """(A,) array, whose swing side is weaker."""
    lateral: FloatArray
    """(A,) array, share of the impulse."""
    contact: FloatArray
    force: FloatArray
    push_drive: FloatArray
    swing_drive: FloatArray
    """contact, force, push_drive, swing_drive: (A,) arrays, excess at equal speed, logarithm."""
    woman: BoolArray
    second: BoolArray
    """woman, second: (A,) arrays, sex and laboratory."""

    def first(self, count: int) -> Athletes:
        """The first athletes."""
        return Athletes(**{name: column[:count] for name, column in vars(self).items()})


def drawn_athletes(world: World, count: int, random: np.random.Generator) -> Athletes:
    """Draw athletes whose highest speed follows the world's law.

    Strengths correlate by 0.5. What capacities, lateral and vertical force and the swing leg's
    drive leave of the variance of highest speeds is chance.
    """
    people = world.people
    chances = random.random((2, count))
    woman, second = chances[0] < people.women, chances[1] < people.second_laboratory
    push, swing, weak = _capacities(world, count, random)
    law = _standard(
        {
            "additive": push + swing,
            "minimum": np.minimum(push, swing + people.swing_surplus),
            "push": push,
            "swing": swing,
            "log_sum": np.log(np.maximum(push + swing + 8.0, 0.1)),
            "capped": np.minimum(push, 1.0) + swing,
        }[world.speed_law]
    )
    lateral, force, drive, other = random.standard_normal((4, count))
    mix = DRIVE_CORRELATION
    push_drive = mix * drive + np.sqrt(1.0 - mix**2) * other
    effects = (world.lateral_leak, world.flight_cost, world.drive_gain)
    rest = np.sqrt(1.0 - world.explained - np.square(effects).sum())
    chance = rest * random.standard_normal(count)
    chance *= 1.0 + people.uneven * (np.abs(push - swing) - np.abs(push - swing).mean())
    speed = np.sqrt(world.explained) * law + chance
    speed += effects[0] * lateral + effects[1] * force + effects[2] * drive
    fastest = SPEED_MEAN + SPEED_SD * speed
    fastest += people.women_speed * woman + people.second_speed * second
    share = LATERAL_MEAN + LATERAL_SD * lateral + people.women_lateral * woman
    if people.outlier_speed:
        fastest[0], share[0] = people.outlier_speed, people.outlier_lateral
    weaker = people.women_strength * woman
    return Athletes(
        fastest=np.maximum(fastest, 6.0),
        push=push + weaker,
        swing=swing + weaker,
        weak=weak,
        lateral=np.maximum(share, 0.02),
        contact=CONTACT_SD * random.standard_normal(count),
        force=FORCE_SD * force,
        push_drive=DRIVE_SD * push_drive,
        swing_drive=DRIVE_SD * drive,
        woman=woman,
        second=second,
    )


def _capacities(
    world: World, count: int, random: np.random.Generator
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Capacities of both sides, and whose swing side is weak."""
    shared, own = random.standard_normal((count, 1)), random.standard_normal((count, 2))
    true = np.sqrt(CAPACITY_CORRELATION) * shared + np.sqrt(1.0 - CAPACITY_CORRELATION) * own
    weak = random.random(count) < world.weak_share
    true[weak, 1] -= world.weak_sd
    size = world.people.lognormal
    if size:
        true = np.expm1(size * true) / size
    return true[:, 0], true[:, 1], weak


def _standard(values: FloatArray) -> FloatArray:
    standard: FloatArray = (values - values.mean()) / values.std()
    return standard


def effects(people: People, count: int, random: np.random.Generator) -> FloatArray:
    """What an effect of 1 is in each athlete, (A,): mean 1 over all who could be drawn."""
    shows = random.random(count) < people.showing
    return np.where(shows, 1.0 / people.showing, 0.0)


def differences(people: People, count: int, random: np.random.Generator) -> FloatArray:
    """How athletes differ in an effect, (A,): mean 0; standard deviation 1 but for heavy tails."""
    if people.spread == "heavy":
        heavy: FloatArray = random.standard_t(2, count)
        return heavy
    if people.spread == "skewed":
        return random.standard_exponential(count) - 1.0
    return random.standard_normal(count)
