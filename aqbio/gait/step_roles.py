"""Who is who in a step: the study's roles, and their exchange in flight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.mirror import Kind
from aqbio.gait.roles import RoleScheme, exchanged_in_flight, other_side
from aqbio.gait.steps import PERCENT, PHASES, Side, Step, phase_curve
from aqbio.io.study import Study
from aqbio.names import SIDES
from aqbio.signals.gaps import resampled
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class StepRoles:
    """Roles of one step."""

    step: Step
    scheme: RoleScheme
    keeps: BoolArray
    """(101,) bool array. Samples of the flight in which the stance leg is still the push leg."""

    def curve(
        self,
        phase: str,
        time: FloatArray,
        values: Callable[[Side], FloatArray],
        kind: Kind | FloatArray = "axial",
    ) -> FloatArray:
        """Curve of a quantity by role over one phase, canonical.

        Roles may change in flight; the frame is that of the stance foot all the time, so that the
        curve of the whole body does not jump.

        Parameters
        ----------
        phase : {"stance", "flight"}
        time : (T,) array, s
        values : function
            From the foot of the push leg to the (T, ..., 3) array, roles in the same order.
        kind : {"axial", "polar"} or (..., 3) array
            As of `aqbio.gait.steps.phase_curve`.

        Returns
        -------
        (101, ..., 3) array
        """
        own = phase_curve(self.step, phase, time, values(self.step.side), kind)
        if phase == "stance" or self.keeps.all():
            return own
        other = phase_curve(self.step, phase, time, values(other_side(self.step.side)), kind)
        return np.where(self.keeps.reshape(-1, *(1,) * (own.ndim - 1)), own, other)

    def both(
        self,
        time: FloatArray,
        values: Callable[[Side], FloatArray],
        kind: Kind | FloatArray = "axial",
    ) -> FloatArray:
        """Curves over stance and flight, (2, 101, ..., 3)."""
        return np.stack([self.curve(phase, time, values, kind) for phase in PHASES])


def role_scheme(study: Study) -> RoleScheme:
    """The roles that the settings ask for."""
    roles = study.settings.roles
    return RoleScheme(pelvis=roles.pelvis, arms=roles.arms, flight=roles.flight)


def step_roles(trial: xr.Dataset, step: Step, scheme: RoleScheme) -> StepRoles:
    """Roles of one step of a trial.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions; ``foot_velocity`` is read by rule R3 only.
    """
    feet = np.zeros((len(PERCENT), len(SIDES)))
    if scheme.flight == "R3":
        velocity = trial["foot_velocity"].sel(axis="x").values
        feet = flight_feet(step, trial["time"].values, velocity)
    return StepRoles(step, scheme, ~exchanged_in_flight(scheme.flight, feet))


def flight_feet(step: Step, time: FloatArray, forward: FloatArray) -> FloatArray:
    """Forward velocity of push and swing foot relative to the pelvis in flight, (101, 2), m/s.

    Parameters
    ----------
    time : (T,) array, s
    forward : (T, 2) array, m/s
        Of the left and of the right foot.
    """
    if not np.isfinite(step.flight):
        return np.full((len(PERCENT), 2), np.nan)
    curve = resampled(time, forward, step.toe_off + PERCENT * step.flight)
    stance = SIDES.index(step.side)
    return curve[:, [stance, 1 - stance]]
