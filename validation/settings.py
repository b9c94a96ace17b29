"""What surrounds the truth in a drawn study: errors of measurement, people, and the design."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar

Spread = Literal["normal", "heavy", "skewed"]
Order = Literal["alternating", "random", "restricted_last", "untold"]
Missing = Literal["none", "random", "late_at_top", "late_at_two_tops", "by_athlete"]


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of measurement; what they were found to be in whole-pipeline runs: docs/validation.

    Shares are relative to what is measured. Of a body: shared by all trials of an athlete; of a
    trial: shared by its steps.
    """

    step_lag: float = 0.004
    """Standard deviation of a step's lag between swing leg and force, share of the step."""
    step_lag_growth: float = 0.0
    """Power of speed with which it grows."""
    lag_shrink: float = 0.0
    """Share of the true deviation of a step's lag that smoothing takes away."""
    trial_lag: float = 0.0045
    body_lag: float = 0.003
    """trial_lag, body_lag: The same of whole trials and of a body, share of the step."""
    clock_s: float = 0.0
    """Cameras behind the plates, s."""
    event_s: float = 0.001
    """Standard deviation of a touchdown's or toe-off's instant, s."""
    step_impulse: float = 0.4
    """Of a step's impulse about the vertical, over its natural standard deviation."""
    body_momentum: float = 0.05
    trial_momentum: float = 0.01
    step_momentum: float = 0.01
    """body_momentum, trial_momentum, step_momentum: Of a group's angular momentum, share."""
    legs_mass: float = 0.0
    """Misstated mass of both legs alike, by athlete, share."""
    tilt_deg: float = 0.0
    """The laboratory's vertical against the true one."""
    trial_caused: float = 0.0055
    body_caused: float = 0.005
    """trial_caused, body_caused: Of the share of the impulse that moments cause."""
    body_moments: float = 0.04
    trial_moments: float = 0.02
    """body_moments, trial_moments: Of the indices of joint moments, share; bodies misstate both
    sides alike."""
    speed: float = 0.002
    """Of a sprint's or a trial's mean speed, share."""
    lateral: float = 0.02
    """Of an athlete's lateral share of the impulse, share (the plates' axis on that day)."""
    laboratory_lateral: float = 0.0
    """What the second laboratory adds to it."""
    reliability: float = 0.9
    """Of a single test of strength."""
    repeats: int = 1
    """Tests of each strength."""
    misstated: float = 1.0
    """The error that trials report over the true one."""
    wrong_cell: float = 0.0
    """Relative mistake in the restricted sprints of one athlete's sheet."""


@dataclass(frozen=True, slots=True)
class People:
    """How athletes differ."""

    spread: Spread = "normal"
    """Of effects over athletes: normal, t with 2 degrees of freedom, or exponential."""
    showing: float = 1.0
    """Share of athletes who have the effects at all; those who do have as much more."""
    lag_slope_sd: float = 0.004
    lag_sd_slope_sd: float = 0.05
    lag_sd: float = 0.012
    """Natural standard deviation of the lag from step to step, share of the step."""
    caused_sd: float = 0.02
    power_sd: float = 0.10
    """Of the power of speed with which an athlete's contributors grow."""
    side_impulse: float = 1.0
    side_time: float = 1.0
    """side_impulse, side_time: Right over left: impulse about the vertical, and spread of time."""
    impulse_mean: float = 3.0
    """Mean impulse about the vertical of a step over its standard deviation."""
    women: float = 0.0
    """Share of women."""
    women_speed: float = -0.9
    women_lateral: float = 0.008
    women_strength: float = 0.0
    """women_speed, women_lateral, women_strength: What they differ by, m/s, share, and standard
    deviations of both strengths."""
    second_laboratory: float = 0.0
    """Share of athletes who were recorded in another laboratory."""
    second_speed: float = -0.5
    """What these athletes' highest speed differs by, m/s."""
    outlier_speed: float = 0.0
    outlier_lateral: float = 0.0
    """outlier_speed, outlier_lateral: Of one athlete in place of the own ones, where not 0."""
    swing_surplus: float = 0.0
    """How much stronger swing sides are than running demands, standard deviations."""
    uneven: float = 0.0
    """Standard deviation of residual speed per |P - S|: who is imbalanced is harder to predict."""
    lognormal: float = 0.0
    """Standard deviation of the logarithm of strengths; 0: strengths are normal."""


@dataclass(frozen=True, slots=True)
class Design:
    """What is recorded."""

    athletes: int = 12
    levels: int = 4
    steps: int = 12
    """levels, steps: Speeds, and consecutive steps at each of them."""
    trials: int = 1
    """Trials at each speed."""
    one_speed: int = 0
    """Athletes who run all trials at almost one speed (1.5 %)."""
    speed_sd: float = 0.1
    """How much the speeds of athletes differ, m/s."""
    sprints: int = 3
    """Sprints in each condition."""
    order: Order = "alternating"
    drift: float = 0.0
    """Change of speed from sprint to sprint, share: fatigue below 0."""
    missing: Missing = "none"
    """Which steps are lost: at random, the latest swing legs at the highest speeds, or more of the
    athletes whose moments cause more."""
    missing_share: float = 0.0
    surveyed: int = 96
    """Athletes whose strengths, highest speed and directions of force are known."""
    told: bool = True
    """Whether sex and laboratory of athletes are told."""
    studies: int = 400


Group = TypeVar("Group", Errors, People, Design)


def changed(own: Group, values: dict[str, Any], where: str) -> Group:
    """Settings with other values."""
    known = {one.name for one in fields(own)}
    if unknown := sorted(set(values) - known):
        raise ValueError(
            f"{where}: {', '.join(unknown)} unknown; known: {', '.join(sorted(known))}"
        )
    return replace(own, **values)


NO_ERRORS = Errors(
    step_lag=0.0, trial_lag=0.0, body_lag=0.0, event_s=0.0, step_impulse=0.0, body_momentum=0.0,
    trial_momentum=0.0, step_momentum=0.0, trial_caused=0.0, body_caused=0.0, body_moments=0.0,
    trial_moments=0.0, speed=0.0, lateral=0.0, reliability=1.0,
)  # fmt: skip
"""A laboratory without any."""
