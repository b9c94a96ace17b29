"""Numbers of a fit for the manifest: what changed, and the parameters with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from aqbio.mechanics.consistency.fit import TrialFit
from aqbio.mechanics.consistency.parameters import CENTRES, ParameterEstimate
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.records.solved_trial import SolvedTrial
from aqbio.session.centres import centre_numbers
from aqbio.session.fit import FittedSession
from aqbio.session.observed import trial_speed
from aqbio.steps.contacts import trial_contacts


def estimate_numbers(fitted: FittedSession | None) -> dict[str, Any]:
    """Parameters of a session, ready for JSON."""
    if fitted is None:
        none = {"static_distance_m": None, "static_given_m": None}
        return {"parameters": [], "centres": [], **none, "within_limits": True}
    standing, given = fitted.static_distance, fitted.static_given
    named = [one for one in fitted.estimates if not one.name.startswith(CENTRES)]
    centres: list[dict[str, Any]] = []
    if fitted.fits:
        segments = next(iter(fitted.fits.values())).skeleton.bodies
        centres = centre_numbers(fitted.centres, segments)
    return {
        "parameters": [_estimate(one) for one in named],
        "centres": centres,
        "static_distance_m": None if standing is None else standing.tolist(),
        "static_given_m": None if given is None else given.tolist(),
        "within_limits": not any(one.beyond_limit for one in fitted.estimates),
    }


def _estimate(one: ParameterEstimate) -> dict[str, Any]:
    given = one.parameter
    return {
        "name": one.name,
        "unit": given.unit,
        "fitted": given.on,
        "prior": given.prior,
        "prior_sd": given.prior_sd,
        "estimate": float(one.estimate),
        "sd": float(one.sd),
        "low": float(one.low),
        "high": float(one.high),
        "lowest": given.lowest,
        "highest": given.highest,
        "beyond_limit": bool(one.beyond_limit),
    }


def fit_numbers(trial: SolvedTrial, fit: TrialFit, held_out: dict[str, Any]) -> dict[str, Any]:
    """What the fit of a trial changed, over the contacts' window, ready for JSON.

    Residuals are told by the table of quality, from the motion that is used.
    """
    window = contact_window(trial)
    known = fit.observations.measured
    return {
        "speed_mps": trial_speed(trial),
        "marker_rms_before_m": _rms(fit.marker_error_before[window]),
        "marker_rms_alone_m": _rms(fit.marker_error_alone[window]),
        "marker_rms_after_m": _rms(fit.marker_error_after[window]),
        "markers_moved_m": _rms(fit.markers_moved[window]),
        "iterations": len(fit.cost) - 1,
        "frames_with_forces": int(known.sum()),
        "within_limits": not any(one.beyond_limit for one in fit.estimates),
        **_joint_changes(fit, window),
        **held_out,
    }


def contact_window(trial: SolvedTrial) -> BoolArray:
    """(T,) bool: frames from the first touchdown to the last toe-off."""
    contacts = list(trial_contacts(trial.prepared))
    first = min(one.touchdown for one in contacts)
    last = max(one.toe_off for one in contacts)
    return np.asarray((trial.time >= first) & (trial.time <= last))


def _joint_changes(fit: TrialFit, window: BoolArray) -> dict[str, float | str]:
    """RMS change of the fitted joint angles, degrees.

    Against the plain motion, whose markers weigh alike and which is low-passed; and what the forces
    have done of it: against splines that follow the markers alone with the same weights.
    """
    skeleton, numbers = fit.skeleton, dict[str, float | str]()
    angles = [c for c in fit.coordinates if skeleton.coordinate_is_rotation[c]]
    for name, other in (("change", fit.observations.plain.q), ("change_forces", fit.q_alone)):
        change = (fit.motion.q - other)[window][:, angles]
        degrees = np.degrees(np.sqrt((change**2).mean(axis=0)))
        numbers |= {
            f"joint_{name}_median_deg": float(np.median(degrees)),
            f"joint_{name}_max_deg": float(degrees.max()),
            f"joint_{name}_max_name": skeleton.coordinates[angles[int(np.argmax(degrees))]],
        }
    return numbers


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.nanmean(np.square(values))))
