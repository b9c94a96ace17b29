"""Files of stage inverse dynamics: fitted or plain trials, and fitted centres of mass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.gait.postures import POINTS, posture_points
from aqbio.inverse_dynamics.balance import adjusted_loads, drag
from aqbio.inverse_dynamics.fit import TrialFit, body_kinematics, group_momentum, samples_of
from aqbio.inverse_dynamics.parameters import DRAG
from aqbio.inverse_kinematics.solution import FITTED, PLAIN, SolvedTrial
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.names import AXES, SIDES
from aqbio.observed.parts import MASK_VARIABLES
from aqbio.prepare.prepared import foot_loads, loads_with_toes
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def centres_path(study: Study, participant_id: str) -> Path:
    """File of a participant's centres of mass after an accepted fit."""
    return study.folder(participant_id, "inverse_dynamics") / f"{participant_id}_centres.nc"


def changes_path(study: Study, participant_id: str) -> Path:
    """File of the changes by the fit of a participant's session, as rows."""
    return study.folder(participant_id, "inverse_dynamics") / f"{participant_id}_changes.nc"


def centres_dataset(
    shift: FloatArray, covariance: FloatArray, segments: Sequence[str]
) -> xr.Dataset:
    """Shifts of the centres of mass, and their posterior covariance."""
    import xarray as xr

    shape = (len(segments), len(AXES), len(segments), len(AXES))
    dims = ("segment", "axis", "other_segment", "other_axis")
    return xr.Dataset(
        {
            "centre_shift": (("segment", "axis"), shift),
            "centre_covariance": (dims, covariance.reshape(shape)),
        },
        dict(zip(dims, (list(segments), list(AXES)) * 2, strict=True)),
    )


def fitted_centre_covariance(study: Study, participant_id: str) -> FloatArray | None:
    """(3 B, 3 B) array, m²: covariance after the session's fit; None without an accepted fit."""
    if not study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]:
        return None
    covariance = read_dataset(centres_path(study, participant_id))["centre_covariance"].values
    size = covariance.shape[0] * covariance.shape[1]
    matrix: FloatArray = covariance.reshape(size, size)
    return matrix


FIT_PREFIX = "fit_"
"""Prefix of attributes that hold fitted parameters."""


def fit_values(fitted: xr.Dataset) -> dict[str, float]:
    """Fitted parameter values of a trial, by name."""
    attributes = {str(name): value for name, value in fitted.attrs.items()}
    return {
        name.removeprefix(FIT_PREFIX): float(value)
        for name, value in attributes.items()
        if name.startswith(FIT_PREFIX)
    }


def fitted_dataset(study: Study, trial: SolvedTrial, fit: TrialFit) -> xr.Dataset:
    """Motion, loads and contacts (markers' clock) of a fitted trial, and residuals."""
    plain = plain_dataset(trial, "")
    skeleton, motion = fit.skeleton, fit.motion
    loads = adjusted_loads(foot_loads(study.model_map, trial.prepared), trial.time, fit.values)
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    height = float(trial.prepared.attrs["surface_height"])
    forces = newton_euler(
        skeleton, moves, loads_with_toes(study.model_map, skeleton, moves, loads, height)
    )
    area = fit.values[DRAG] * fit.observations.drag
    velocity = centre_of_mass(segment_motion(skeleton, moves))[1]
    by_axis = ("time", "axis")
    changed: dict[str, Any] = {
        name: plain[name].copy(data=values)
        for name, values in (
            ("q", motion.q),
            ("u", motion.u),
            ("udot", motion.udot),
            ("generalised_force", forces),
            ("marker_error", fit.solver.marker_errors(motion.q)),
            ("foot_force", np.stack([load.force for load in loads], axis=1)),
            ("foot_moment", np.stack([load.moment for load in loads], axis=1)),
            ("drag_force", -drag(velocity, area)),
        )
    }
    for name in ("contact_touchdown", "contact_toe_off"):
        changed[name] = plain[name] - fit.values["clock_offset"]
    for version, residual in (("before", fit.before), ("after", fit.after)):
        measured_residual = np.where(fit.observations.measured[:, None], residual.force, np.nan)
        changed[f"residual_force_{version}"] = (by_axis, measured_residual)
        measured_residual = np.where(fit.observations.measured[:, None], residual.moment, np.nan)
        changed[f"residual_moment_{version}"] = (by_axis, measured_residual)
    changed["forces_fitted"] = (("time",), fit.observations.measured)
    values = {FIT_PREFIX + name: value for name, value in fit.values.items()}
    return plain.assign(changed).assign_attrs({"motion": FITTED, "motion_reason": "", **values})


def posterior_variables(fit: TrialFit, model_map: ModelMap) -> dict[str, Any]:
    """Posterior of coordinates (sd), groups and postures (deviations of samples)."""
    if fit.draws is None:
        return {}
    estimate = _sampled(fit, model_map, fit.motion, fit.values)
    deviations, total, squares = [], np.zeros_like(fit.motion.q), np.zeros_like(fit.motion.q)
    for motion, values in samples_of(fit, fit.draws):
        sample = _sampled(fit, model_map, motion, values)
        deviations.append(
            [value - value_of_fit for value, value_of_fit in zip(sample, estimate, strict=True)]
        )
        deviation = motion.q - fit.motion.q
        total, squares = total + deviation, squares + deviation**2
    count, by_group = len(deviations), ("sample", "time", "group", "axis")
    variance = (squares - total**2 / count) / (count - 1)
    momentum, rate, points = (np.stack(samples) for samples in zip(*deviations, strict=True))
    return {
        "q_sd_posterior": (("time", "coordinate"), np.sqrt(np.maximum(variance, 0.0))),
        "group_momentum_sample": (by_group, momentum),
        "group_rate_sample": (by_group, rate),
        "posture_sample": (("sample", "time", "posture_point", "axis"), points),
        "posture_point": ("posture_point", list(POINTS)),
        "group": ("group", list(fit.runner.groups)),
    }


def _sampled(
    fit: TrialFit, model_map: ModelMap, motion: Motion, values: Mapping[str, float]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Momentum and its rate of groups, and points of postures."""
    moves, body = body_kinematics(fit, motion, values)
    momentum, rate = group_momentum(fit, moves, body)
    centre = centre_of_mass(segment_motion(body, moves))[0]
    points = posture_points(body, model_map, moves, centre)
    return momentum[:, :-1], rate[:, :-1], points


PASSED_ATTRIBUTES = (
    "surface", "surface_height", "belt_speed", "heading", "events", "marker_rate", "cutoff",
    "free_moment",
)  # fmt: skip
"""Attributes of a prepared trial that later stages need."""


FORCES_NOT_USED = "forces_not_used"
"""Attribute with the reason why a trial's forces are not used; empty where they are."""


def without_forces(dataset: xr.Dataset, why: str) -> xr.Dataset:
    """Set forces that are inconsistent with the motion to NaN, as if they were not measured."""
    names = ("foot_force", "foot_moment", "generalised_force", "contact_peak")
    unknown = {name: dataset[name].where(False) for name in names if name in dataset}  # noqa: FBT003
    return dataset.assign(unknown).assign_attrs({FORCES_NOT_USED: why})


def plain_dataset(trial: SolvedTrial, why: str) -> xr.Dataset:
    """Motion and loads of an unfitted trial, in the layout of fitted trials."""
    import xarray as xr

    solved, prepared = trial.solved, trial.prepared
    motion = {
        name: solved[name]
        for name in ("q", "u", "udot", "generalised_force", "marker_error", "marker_followed")
    }
    motion |= {name: solved[name] for name in MASK_VARIABLES if name in solved}
    contacts = [str(name) for name in prepared.variables if str(name).startswith("contact_")]
    loads = prepared[["foot_force", "foot_moment", *contacts]]
    dataset = xr.Dataset(motion).merge(
        loads.drop_vars([name for name in loads.coords if name not in ("time", "axis", "foot")]),
        join="exact",
    )
    no_drag = np.zeros((len(trial.time), len(AXES)))
    dataset["drag_force"] = (("time", "axis"), no_drag)
    attributes: dict[str, Any] = {name: prepared.attrs[name] for name in PASSED_ATTRIBUTES}
    angles = trial.solved.attrs.get("from_coordinates", "")
    return dataset.assign_coords(foot=list(SIDES)).assign_attrs(
        {**attributes, "motion": PLAIN, "motion_reason": why, "from_coordinates": angles}
    )


def forces_not_used(trial_id: str, why: str) -> Finding:
    """Finding that forces inconsistent with the motion are left out, and of the n/a results."""
    return Finding(
        rule="forces-not-used",
        severity="warning",
        what=f"the forces are not used ({why.rstrip('.')}): joint moments, residuals, peaks of "
        "force and levels B and C are n/a; contacts are still those of the plates.",
        trial=trial_id,
        fix="mend what is named in brackets.",
    )


def plain_trial(
    trial: SolvedTrial, why: str, against: Iterable[Finding]
) -> tuple[xr.Dataset, list[Finding]]:
    """Dataset of an unfitted trial, without forces inconsistent with its motion; findings."""
    dataset = plain_dataset(trial, why)
    reasons = [finding.what for finding in against if finding.spoils == "forces"]
    if not reasons or not np.isfinite(dataset["foot_force"].values).any():
        return dataset, []
    return without_forces(dataset, reasons[0]), [forces_not_used(trial.trial_id, reasons[0])]
