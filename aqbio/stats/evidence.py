"""Evidence: what every statistic reads, whether it was drawn as waves or measured and solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from aqbio.config.quality import Quality
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray

CHAINS = ("stance", "swing", "upper")
"""Chains that meet at the pelvis, in the order of ``StepEvidence.hub_torque``."""


@dataclass(frozen=True, eq=False)
class StepEvidence:
    """S usable steps, canonical frame (right contact; x forward, y up, z toward the stance side).

    A number that was not measured is NaN. Steps of one trial stand in their order in time.

    Attributes
    ----------
    athlete, trial : (S,) int arrays
        Places in ``AthleteEvidence`` and ``TrialEvidence``.
    level : (S,) int array
        Speed level within the athlete: trials of about the same speed share one.
    number : (S,) int array
        Number within the trial; n and n + 1 are consecutive steps, of different feet.
    side : (S,) int array
        0 left contact, 1 right contact.
    speed, contact, flight : (S,) arrays, m/s and s
    steady : (S,) bool array
        Whether speed changed by less than 3 %.
    momentum, rate : (S, 2, 101, G, 3) arrays, kg m²/s and N m
        Contact and flight; groups as in ``aqbio.names.ROLE_GROUPS``, each about the body's centre
        of mass.
    external_moment : (S, 2, 101, 3) array, N m
    hub_torque : (S, 101, 3) array, N m
        About the vertical through the pelvis's centre of mass, in contact, by `CHAINS`.
    force_peak, swing_peak : (S,) arrays
        Instants of the peaks of vertical force and of the swing leg's |H_y|, share of the step.
    hub_share : (S,) array
        Contact impulse of swing leg, arms and torso relative to the pelvis over that of the ground
        force, upward.
    push_index, swing_index : (S,) arrays
        Joint-moment indices of both sides over the same contact, per body weight and stature.
    yaw_impulse : (S,) array
        Absolute net external moment about the vertical over the step, N m s or dimensionless.
    time_deviation : (S,) array, s
        Absolute difference between step time and the mean of that side at that level.
    lateral_ratio : (S,) array
        Absolute lateral impulse over the impulse of the whole force, in contact.
    """

    athlete: IntArray
    trial: IntArray
    level: IntArray
    number: IntArray
    side: IntArray
    speed: FloatArray
    contact: FloatArray
    flight: FloatArray
    steady: BoolArray
    momentum: FloatArray
    rate: FloatArray
    external_moment: FloatArray
    hub_torque: FloatArray
    force_peak: FloatArray
    swing_peak: FloatArray
    hub_share: FloatArray
    push_index: FloatArray
    swing_index: FloatArray
    yaw_impulse: FloatArray
    time_deviation: FloatArray
    lateral_ratio: FloatArray

    def __post_init__(self) -> None:
        """Refuse columns that do not describe the same steps."""
        count = len(self.athlete)
        for one in fields(self):
            if len(getattr(self, one.name)) != count:
                raise ValueError(
                    f"{one.name} has {len(getattr(self, one.name))} entries, expected {count}."
                )

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.athlete)

    def where(self, chosen: BoolArray) -> StepEvidence:
        """The chosen steps."""
        return replace(self, **{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


@dataclass(frozen=True, eq=False)
class TrialEvidence:
    """T trials: what the gates read.

    Attributes
    ----------
    athlete : (T,) int array
    name : tuple of T str
    recorded : (T,) int array
        Steps that were recorded whole, usable or not: the quality gate wants most of them.
    marker_rate : (T,) array, Hz
    consistent : (T,) bool array
        Whether motion and force were made to obey Newton and Euler together; without, the gate
        looks at `residual_ratio` and `residual_moment`.
    suspect : (T,) bool array
        A parameter beyond its limit, or consistency reached by changing too much.
    residual_ratio : (T,) array
        Smallest RMS of a group's yaw rate over the RMS of the residual yaw moment; NaN unknown.
    residual_moment : (T,) array, N m
        RMS of the residual yaw moment in contact.
    statistic_sd : mapping of hypothesis to (T,) array
        Posterior standard deviation of the hypothesis's statistic in that trial; NaN unknown.
    closures_pass : (T,) bool array
    """

    athlete: IntArray
    name: tuple[str, ...]
    recorded: IntArray
    marker_rate: FloatArray
    consistent: BoolArray
    suspect: BoolArray
    residual_ratio: FloatArray
    residual_moment: FloatArray
    closures_pass: BoolArray
    statistic_sd: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AthleteEvidence:
    """A athletes: one number each, or one per sprint; NaN where it was not measured.

    Attributes
    ----------
    name : tuple of A str
    fastest : (A,) array, m/s
        Highest speed that was measured.
    push_capacity, swing_capacity : (A,) arrays
        Independent measurements of both sides' strength on scales that can be compared.
    lateral_ratio, contact, vertical_excess : (A,) arrays
        At the highest speed: lateral over total impulse; contact time against what all athletes
        have at that speed (difference of logarithms); flight time over step time.
    normal, restricted : (A, R) arrays, m/s
        Speeds of R sprints with free and with restricted arms.
    """

    name: tuple[str, ...]
    fastest: FloatArray
    push_capacity: FloatArray
    swing_capacity: FloatArray
    lateral_ratio: FloatArray
    contact: FloatArray
    vertical_excess: FloatArray
    normal: FloatArray
    restricted: FloatArray


@dataclass(frozen=True)
class Presence:
    """What a study can have or lack, whatever its numbers.

    Attributes
    ----------
    arms, legs : bool
        Both were observed in a step.
    forces, capacities, restricted_arms, one_sided_loads, matched_speed, accelerating : bool
        Recordings or sheets of that kind exist.
    reasons : mapping
        Why something is lacking, by its name, where more is known than that it is.
    """

    arms: bool = True
    legs: bool = True
    forces: bool = True
    capacities: bool = False
    restricted_arms: bool = False
    one_sided_loads: bool = False
    matched_speed: bool = False
    accelerating: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that a study says about the hypotheses.

    Attributes
    ----------
    steps : StepEvidence
    trials : TrialEvidence
    athletes : AthleteEvidence
    presence : Presence
    limits : Quality
        What the gates hold trials against.
    caused_shares : mapping of contact model to (S,) array
        Share of the vertical impulse in contact that joint moments of swing side, lumbar and arms
        cause, where it was computed.
    line_rates : mapping of line to (S, 101) array, rad/s
        Rate at which the lines that join both ``wrists`` and both ``ankles`` turn about the
        vertical in contact, where it was computed.
    arm_momenta : mapping of arm to (S, 2, 101) array, in the unit of the steps' momentum
        Vertical angular momentum of ``arm_push`` and ``arm_swing``, named after the legs of their
        own sides, in contact and flight, where it was computed.
    """

    steps: StepEvidence
    trials: TrialEvidence
    athletes: AthleteEvidence
    presence: Presence = Presence()
    limits: Quality = field(default_factory=Quality)
    caused_shares: Mapping[str, FloatArray] = field(default_factory=dict)
    line_rates: Mapping[str, FloatArray] = field(default_factory=dict)
    arm_momenta: Mapping[str, FloatArray] = field(default_factory=dict)

    def where(self, chosen: BoolArray) -> Evidence:
        """The evidence of the chosen steps."""

        def of_chosen(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
            return {name: one[chosen] for name, one in columns.items()}

        return replace(
            self,
            steps=self.steps.where(chosen),
            caused_shares=of_chosen(self.caused_shares),
            line_rates=of_chosen(self.line_rates),
            arm_momenta=of_chosen(self.arm_momenta),
        )
