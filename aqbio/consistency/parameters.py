"""Global parameters: what may be a little wrong with clocks, plates and the body's inertia."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.vectors import FloatArray

CLOCK, DRAG, MASS = "clock_offset", "drag_area", "mass"
COP = ("cop_offset_x", "cop_offset_z")
LEGS, PELVIS = "leg_share", "pelvis_share"
CENTRES = "centres_"
"""Before the number of a direction in which the segments' centres of mass are displaced."""

CENTRES_BELIEVED = 3.0
"""Standard deviations of its prior beyond which such a direction has a fault of another name."""

INDEPENDENT_EVERY = 0.2
"""Neighbouring frames are far from independent: residuals and markers of one recording count as
one independent observation of the parameters in this time, s (50 frames at 250 Hz)."""

HALF_WIDTH = 1.645
"""Standard deviations from the middle to an end of an interval of 90 %."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that may be fitted."""

    name: str
    unit: str
    prior: float
    prior_sd: float
    """prior, prior_sd: What is believed before the data."""
    lowest: float
    highest: float
    """lowest, highest: Beyond these absolute limits the data have a fault that has another name."""
    on: bool = True
    """Whether it is fitted; otherwise it is the prior."""

    def __post_init__(self) -> None:
        """Refuse a prior without width or outside its limits."""
        if not (self.prior_sd > 0.0 and self.lowest <= self.prior <= self.highest):
            raise ValueError(f"{self.name}: {self.prior} ± {self.prior_sd} is no usable prior.")


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(CLOCK, "s", 0.0, 0.003, -0.006, 0.006),
    Parameter(DRAG, "m2", 0.45, 0.15, 0.2, 0.8, on=False),
    Parameter(MASS, "relative", 0.0, 0.01, -0.03, 0.03),
    Parameter(COP[0], "m", 0.0, 0.003, -0.008, 0.008),
    Parameter(COP[1], "m", 0.0, 0.003, -0.008, 0.008),
    Parameter(LEGS, "relative", 0.0, 0.10, -0.25, 0.25),
    Parameter(PELVIS, "relative", 0.0, 0.10, -0.25, 0.25),
)
"""Every parameter but the places of the segments' centres of mass, in order.

clock_offset
    How late the forces are: the force at ``t + clock_offset`` belongs to the frame at ``t``.
drag_area
    Frontal area times drag coefficient; fixed by default, the data hardly know it.
mass
    Of the whole body, relative change.
cop_offset_x, _z
    Shift of the point of application of the ground reaction force in ground axes.
leg_share, pelvis_share
    Relative change of the mass of the legs and of the pelvis, taken from the torso.
"""

NAMES = tuple(parameter.name for parameter in PARAMETERS)


def centre_parameters(count: int) -> tuple[Parameter, ...]:
    """How far the segments' centres of mass are displaced in each of some independent directions.

    In standard deviations of what is believed (:attr:`~.runner.Runner.centres`).

    Examples
    --------
    >>> [one.name for one in centre_parameters(2)]
    ['centres_1', 'centres_2']
    """
    limit = CENTRES_BELIEVED
    names = [f"{CENTRES}{number + 1}" for number in range(count)]
    return tuple(Parameter(name, "sd", 0.0, 1.0, -limit, limit) for name in names)


def centre_direction(name: str) -> int:
    """The place of a direction among all, from 0.

    Examples
    --------
    >>> centre_direction("centres_2")
    1
    """
    return int(name.removeprefix(CENTRES)) - 1


@dataclass(frozen=True, slots=True)
class ParameterEstimate:
    """What became of a parameter."""

    parameter: Parameter
    estimate: float
    """The prior, where it is not fitted."""
    sd: float
    """Standard deviation after the data, which count as one observation in ``INDEPENDENT_EVERY``; 0
    where it is not fitted."""

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self.parameter.name

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.estimate - HALF_WIDTH * self.sd

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.estimate + HALF_WIDTH * self.sd

    @property
    def beyond_limit(self) -> bool:
        """Whether the estimate is beyond the absolute limits."""
        return not self.parameter.lowest <= self.estimate <= self.parameter.highest


def estimates(
    parameters: Sequence[Parameter], values: Mapping[str, float], covariance: FloatArray
) -> tuple[ParameterEstimate, ...]:
    """Parameters with their values and, of those that are on, standard deviations.

    Parameters
    ----------
    values : mapping
        Estimates by name, SI.
    covariance : (P, P) array
        Of the parameters that are on, in order.
    """
    spread = iter(np.sqrt(np.diag(covariance)).tolist())
    return tuple(
        ParameterEstimate(one, values[one.name], next(spread) if one.on else 0.0)
        for one in parameters
    )


def priors(parameters: Sequence[Parameter]) -> dict[str, float]:
    """The values believed before the data, by name."""
    return {parameter.name: parameter.prior for parameter in parameters}


def prior_precision(parameters: Sequence[Parameter]) -> FloatArray:
    """The inverse variances of the fitted parameters' priors, (P,)."""
    return np.array([1.0 / parameter.prior_sd**2 for parameter in parameters if parameter.on])


def discount(rate: float) -> float:
    """Frames that count as one independent observation of the parameters.

    Parameters
    ----------
    rate : float
        Frames per second, Hz.

    Examples
    --------
    >>> discount(250.0), discount(100.0)
    (50.0, 20.0)
    """
    return rate * INDEPENDENT_EVERY
