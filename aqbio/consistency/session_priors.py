"""What is believed before a session is fitted: weights and global parameters of the settings."""

from __future__ import annotations

from dataclasses import replace

from aqbio.config.consistency import Consistency, GlobalParameter, GlobalParameters
from aqbio.consistency.parameters import PARAMETERS, Parameter
from aqbio.consistency.weights import Weights, knot_spacing
from aqbio.inverse_kinematics.solution import SolvedTrial


def parameters(given: GlobalParameters) -> tuple[Parameter, ...]:
    """The global parameters as the settings have them."""
    settings: dict[str, GlobalParameter] = {
        "clock_offset": given.clock_offset,
        "drag_area": given.drag_area,
        "mass": given.mass,
        "leg_share": given.leg_share,
        "pelvis_share": given.pelvis_share,
        "cop_offset_x": given.cop_offset_x,
        "cop_offset_z": given.cop_offset_z,
    }
    return tuple(_parameter(one, settings[one.name]) for one in PARAMETERS)


def _parameter(one: Parameter, given: GlobalParameter) -> Parameter:
    return replace(
        one,
        prior=given.prior,
        prior_sd=given.prior_sd,
        lowest=given.lowest,
        highest=given.highest,
        on=given.fitted,
    )


def trial_weights(
    settings: Consistency, trial: SolvedTrial, weights: tuple[float, float] | None
) -> Weights:
    """The weights of one trial: the knots depend on its frame rate."""
    force, moment = weights or (settings.sigma_force_n, settings.sigma_moment_nm)
    rate = float(trial.prepared.attrs["marker_rate"])
    return Weights(
        sigma_force_n=force,
        sigma_moment_nm=moment,
        sigma_marker_m=settings.sigma_marker_m,
        correlation=settings.correlation,
        knot_s=knot_spacing(rate),
    )
